//! The servers of the live tests, as one thing: what they have in common is here, and differences are asked of
//! [`Server::brand`]. Each is started when a test needs it, shared by the tests that run at the same time, and ended with the
//! last of them.
#![allow(dead_code, reason = "each test binary uses its own part of this")]

pub(crate) mod certificates;
mod courier;
mod cyrus;
mod dovecot;
mod dovecot24;
mod embedded;
pub(crate) mod maildir;
mod mailutils;
mod popa3d;
pub(crate) mod process;
#[cfg(feature = "proxy")]
pub(crate) mod proxies;
mod pymap;
pub(crate) mod raw;
mod root;
mod solid_pop3d;
mod spool;
pub(crate) mod token;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use certificates::Certificates;

/// The password of every user.
pub(crate) const PASSWORD: &str = "p4ssw0rd-of-the-tests";
/// A user whose password needs every kind of quoting.
pub(crate) const NASTY_USER: &str = "nasty";
pub(crate) const NASTY_PASSWORD: &str = "q\"uote b\\ackslash {3} pässwörd%s";

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Brand {
    Courier,
    Cyrus,
    Dovecot,
    Dovecot24,
    Embedded,
    Mailutils,
    Popa3d,
    Pymap,
    SolidPop3d,
}

pub(crate) struct Server {
    pub(crate) brand: Brand,
    pub(crate) imap: u16,
    pub(crate) imaps: u16,
    pub(crate) pop3: u16,
    pub(crate) pop3s: u16,
    pub(crate) ca_pem: String,
    /// A client's certificate, and its key.
    pub(crate) client: (String, String),
    store: Box<dyn Store>,
}

/// What a server offers to the tests beside its protocols.
pub(crate) trait Store: Send + Sync {
    fn add_user(&self, name: &str, password: &str);

    /// What the server wrote so far; of the embedded one, what it read.
    fn log(&self) -> String;

    fn mail(&self) -> &dyn Mail;
}

/// Access to the mail without the client under test. A mailbox is `INBOX`, or levels divided by `/`, in UTF-8.
pub(crate) trait Mail {
    fn make_mailbox(&self, user: &str, mailbox: &str);

    /// Puts messages there as a delivery agent would; the mailbox is created if it is missing, but not by Cyrus.
    fn deliver(&self, user: &str, mailbox: &str, messages: &[Vec<u8>]);

    /// The same without a message's length in the file's name, if messages are files.
    fn deliver_unsized(&self, user: &str, mailbox: &str, messages: &[Vec<u8>]) {
        self.deliver(user, mailbox, messages);
    }

    /// Writes a quota for a user into the mail store, in the form of Maildir++, if the server looks for it there.
    fn limit(&self, _user: &str, _quota: &str) {}

    /// The bytes of all the messages there, in the order in which they came.
    fn stored(&self, user: &str, mailbox: &str) -> Vec<Vec<u8>>;
}

/// A server as its own module returns it.
pub(crate) struct Running {
    pub(crate) ports: [u16; 4],
    pub(crate) certificates: Certificates,
    pub(crate) store: Box<dyn Store>,
}

/// One user with a mail store that no other test knows.
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) password: &'static str,
    pub(crate) server: Arc<Server>,
}

impl User {
    /// Statics are never dropped, so a server belongs to its users: it ends with the last of them, even if that is a panicking
    /// test's.
    pub(crate) fn new(brand: Brand) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let name = format!("user{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let server = match brand {
            Brand::Embedded => Arc::new(Server::new(brand, embedded::start(&name))),
            _ => shared(brand),
        };
        server.store.add_user(&name, PASSWORD);
        Self { name, password: PASSWORD, server }
    }

    /// Another user of the same server.
    pub(crate) fn also(&self, name: &str) -> Self {
        self.server.store.add_user(name, PASSWORD);
        Self { name: name.to_owned(), password: PASSWORD, server: self.server.clone() }
    }

    /// The user with the difficult password, on the same server.
    pub(crate) fn nasty(&self) -> Self {
        self.server.store.add_user(NASTY_USER, NASTY_PASSWORD);
        Self { name: NASTY_USER.to_owned(), password: NASTY_PASSWORD, server: self.server.clone() }
    }

    pub(crate) fn brand(&self) -> Brand {
        self.server.brand
    }

    pub(crate) fn make_mailbox(&self, mailbox: &str) {
        self.server.store.mail().make_mailbox(&self.name, mailbox);
    }

    pub(crate) fn deliver(&self, mailbox: &str, message: &[u8]) {
        self.deliver_all(mailbox, &[message.to_vec()]);
    }

    pub(crate) fn deliver_all(&self, mailbox: &str, messages: &[Vec<u8>]) {
        self.server.store.mail().deliver(&self.name, mailbox, messages);
    }

    pub(crate) fn deliver_unsized(&self, mailbox: &str, message: &[u8]) {
        self.server.store.mail().deliver_unsized(&self.name, mailbox, &[message.to_vec()]);
    }

    pub(crate) fn limit(&self, quota: &str) {
        self.server.store.mail().limit(&self.name, quota);
    }

    pub(crate) fn stored(&self, mailbox: &str) -> Vec<Vec<u8>> {
        self.server.store.mail().stored(&self.name, mailbox)
    }

    /// What is stored after a POP3 session's QUIT. Courier says `+OK` first and removes the messages then, so the first look may
    /// come too early.
    pub(crate) async fn left(&self, count: usize) -> Vec<Vec<u8>> {
        while self.stored("INBOX").len() > count {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.stored("INBOX")
    }
}

impl Server {
    fn new(brand: Brand, running: Running) -> Self {
        let [imap, imaps, pop3, pop3s] = running.ports;
        let Certificates { ca, client } = running.certificates;
        Self { brand, imap, imaps, pop3, pop3s, ca_pem: ca, client, store: running.store }
    }

    /// What it has written.
    pub(crate) fn log(&self) -> String {
        self.store.log()
    }

    /// Whether it speaks only POP3, and neither CAPA nor TLS.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.brand, Brand::Popa3d | Brand::SolidPop3d)
    }

    /// Whether it accepts TLS from the first octet on.
    pub(crate) fn has_implicit_tls(&self) -> bool {
        !self.is_plain() && self.brand != Brand::Pymap
    }

    /// Whether its POP3 has AUTH.
    pub(crate) fn has_pop3_sasl(&self) -> bool {
        !self.is_plain() && self.brand != Brand::Mailutils
    }

    /// Whether it reports the UIDs of appended and copied messages, and expunges by UID.
    pub(crate) fn has_uidplus(&self) -> bool {
        self.brand != Brand::Mailutils
    }

    /// Whether it keeps flags that it does not know.
    pub(crate) fn has_keywords(&self) -> bool {
        !matches!(self.brand, Brand::Mailutils | Brand::Pymap)
    }

    /// The name of a mailbox as this server writes it: its levels, in the user's name space.
    pub(crate) fn mailbox(&self, levels: &[&str]) -> String {
        format!("{}{}", self.prefix(), levels.join(&self.delimiter().to_string()))
    }

    /// The prefix of the names of a user's mailboxes.
    pub(crate) fn prefix(&self) -> &'static str {
        match self.brand {
            Brand::Courier | Brand::Cyrus => "INBOX.",
            _ => "",
        }
    }

    pub(crate) fn delimiter(&self) -> char {
        match self.brand {
            Brand::Courier | Brand::Cyrus => '.',
            _ => '/',
        }
    }
}

fn shared(brand: Brand) -> Arc<Server> {
    static SHARED: [Mutex<Weak<Server>>; 8] = [const { Mutex::new(Weak::new()) }; 8];
    let (place, start): (_, fn() -> Running) = match brand {
        Brand::Courier => (0, courier::start),
        Brand::Cyrus => (1, cyrus::start),
        Brand::Dovecot => (2, dovecot::start),
        Brand::Popa3d => (3, popa3d::start),
        Brand::SolidPop3d => (4, solid_pop3d::start),
        Brand::Dovecot24 => (5, dovecot24::start),
        Brand::Mailutils => (6, mailutils::start),
        Brand::Pymap => (7, pymap::start),
        Brand::Embedded => unreachable!("not shared"),
    };
    let mut shared = SHARED[place].lock().unwrap_or_else(PoisonError::into_inner);
    let server = shared.upgrade().unwrap_or_else(|| Arc::new(Server::new(brand, start())));
    *shared = Arc::downgrade(&server);
    server
}

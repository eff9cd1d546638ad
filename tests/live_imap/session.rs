//! What the live tests begin with: a configuration for the server, a logged-in session, and messages to put into a mailbox.

use postroom::imap::Imap;
use postroom::{Config, Login};

use crate::dovecot::{Dovecot, PASSWORD, User};

/// Trusts the server's authority and no other.
pub(crate) fn config(server: &Dovecot, host: &str, port: u16) -> Config {
    Config::new(host).port(port).add_root_pem(server.ca_pem.as_bytes()).unwrap().only_added_roots()
}

pub(crate) fn login(user: &User) -> Login {
    Login::password(&user.name, PASSWORD)
}

pub(crate) async fn connect(user: &User) -> Imap {
    Imap::connect(config(&user.server, "localhost", user.server.imaps), login(user)).await.unwrap()
}

/// A small message that differs from all others by its number.
pub(crate) fn message(number: u32) -> Vec<u8> {
    format!(
        "From: Sender <sender@example.org>\r\nTo: me@example.org\r\nSubject: message {number}\r\n\
         Date: Mon, 02 Mar 2026 10:00:00 +0100\r\nMessage-ID: <{number}@example.org>\r\n\r\nThis is number {number}.\r\n"
    )
    .into_bytes()
}

/// Puts messages 1 to `count` into INBOX behind the server's back.
pub(crate) fn fill(user: &User, count: u32) {
    for number in 1..=count {
        user.deliver("", &format!("{}.{number:06}.test", 1_750_000_000 + number), &message(number));
    }
}

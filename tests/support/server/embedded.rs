//! The crate's own server, one for each user, over TCP like the others and in a thread of its own.

use std::sync::mpsc;
use std::thread::{JoinHandle, spawn};

use postroom::testing::Server;
use tokio::sync::oneshot;

use crate::server::certificates::Certificates;
use crate::server::raw::{Raw, modified_utf7};
use crate::server::{Mail, NASTY_PASSWORD, NASTY_USER, PASSWORD, Running, Store};

struct Embedded {
    server: Server,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Store for Embedded {
    fn add_user(&self, name: &str, _: &str) {
        assert!(self.server.snapshot(name).is_some(), "users are given at the start");
    }

    fn log(&self) -> String {
        self.server.commands().join("\n")
    }

    fn mail(&self) -> &dyn Mail {
        self
    }
}

impl Mail for Embedded {
    fn make_mailbox(&self, user: &str, mailbox: &str) {
        Raw::login(self.server.imap_port(), user, PASSWORD).create(&modified_utf7(mailbox));
    }

    fn deliver(&self, user: &str, mailbox: &str, messages: &[Vec<u8>]) {
        for message in messages {
            self.server.deliver(user, &modified_utf7(mailbox), message.clone(), &[]).unwrap();
        }
    }

    fn stored(&self, user: &str, mailbox: &str) -> Vec<Vec<u8>> {
        let snapshot = self.server.snapshot(user).unwrap();
        snapshot.messages(&modified_utf7(mailbox)).iter().map(|message| message.bytes.to_vec()).collect()
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        // If the thread has panicked, a test has failed already.
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

pub(crate) fn start(user: &str) -> Running {
    let builder = Server::builder().user(user, PASSWORD).user(&format!("{user}-too"), PASSWORD);
    let builder = builder.user(NASTY_USER, NASTY_PASSWORD);
    let builder = builder.quota(1 << 30, 100_000).with("QUOTASET");
    let (started, starting) = mpsc::channel();
    let (stop, stopped) = oneshot::channel();
    let thread = spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            started.send(builder.start().await.unwrap()).unwrap();
            let _ = stopped.await;
        });
    });
    let server = starting.recv().unwrap();
    let ports = [server.imap_port(), server.imaps_port(), server.pop3_port(), server.pop3s_port()];
    let certificates = Certificates { ca: server.ca_pem().to_owned(), client: Default::default() };
    Running { ports, certificates, store: Box::new(Embedded { server, stop: Some(stop), thread: Some(thread) }) }
}

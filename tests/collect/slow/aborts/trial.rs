//! One user's server and storage for one trial, and what must hold for them.

use std::path::PathBuf;

use postroom::testing::Server;

use super::child::{self, Call, Fault};
use crate::awkward_mail::{letters, maildir, mbox, sorted};
use crate::scratch::Scratch;

/// How the mail is collected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    /// Into an mbox file; otherwise into a Maildir.
    pub(crate) mbox: bool,
    pub(crate) deletes: bool,
    /// With a ledger in SQLite; otherwise in a file.
    pub(crate) sqlite: bool,
}

impl Way {
    pub(crate) const MAILDIR: Self = Self { mbox: false, deletes: true, sqlite: false };
}

pub(crate) struct Trial {
    way: Way,
    server: Server,
    dir: Scratch,
}

/// How a process has ended.
pub(crate) struct End {
    pub(crate) killed: bool,
    pub(crate) succeeded: bool,
    pub(crate) text: String,
}

impl Trial {
    pub(crate) async fn new(way: Way) -> Self {
        let server = Server::builder().user("me", "secret").start().await.unwrap();
        for letter in letters() {
            server.deliver("me", "INBOX", letter, &[]).unwrap();
        }
        let dir = Scratch::new();
        std::fs::create_dir(dir.join("home")).unwrap();
        Self { way, server, dir }
    }

    /// Collects once, and waits until the server has noticed the end of it.
    pub(crate) async fn run(&self, fault: Option<Fault>) -> End {
        let (way, port, home, trace) = (self.way, self.server.pop3_port(), self.dir.join("home"), self.trace());
        let _ = std::fs::remove_file(&trace);
        let work = move || child::run(way, port, &home, &trace, fault);
        let output = tokio::task::spawn_blocking(work).await.unwrap();
        self.server.all_closed().await;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        End { killed: output.status.code() == Some(77), succeeded: output.status.success(), text }
    }

    fn trace(&self) -> PathBuf {
        self.dir.join("trace")
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        std::fs::read_to_string(self.trace()).unwrap_or_default().lines().map(Call::parse).collect()
    }

    /// The call at which the fault of the last run occurred, if the run came that far.
    pub(crate) fn hit(&self, fault: &Fault) -> Option<Call> {
        self.calls().into_iter().filter(|call| call.kind == fault.kind).nth(fault.at - 1)
    }

    fn home(&self) -> Vec<Vec<u8>> {
        match self.way.mbox {
            true => mbox(&self.dir.join("home/mbox")),
            false => maildir(&self.dir.join("home/mail")),
        }
    }

    fn on_the_server(&self) -> Vec<Vec<u8>> {
        let snapshot = self.server.snapshot("me").unwrap();
        snapshot.messages("INBOX").iter().map(|message| message.bytes.to_vec()).collect()
    }

    /// Each message is on the server or stored, at this moment.
    pub(crate) async fn nothing_is_lost(&self, after: &Fault) {
        let mut there = [self.home(), self.on_the_server()].concat();
        for letter in letters() {
            let at = there.iter().position(|message| *message == letter);
            there.swap_remove(at.unwrap_or_else(|| panic!("{after:?} has lost a message of {} octets", letter.len())));
        }
    }

    /// Each message is stored, once and byte for byte; a further run finds nothing to do.
    pub(crate) async fn is_finished(&self, after: &Fault) {
        let home = self.home();
        let sizes = |messages: &[Vec<u8>]| messages.iter().map(Vec::len).collect::<Vec<_>>();
        let wanted = sorted(letters());
        assert!(home == wanted, "{after:?}: {:?} for {:?}", sizes(&home), sizes(&wanted));
        assert_eq!(self.on_the_server().len(), if self.way.deletes { 0 } else { wanted.len() }, "{after:?}");
        // Not after each fault: the result is always the same.
        if !after.at.is_multiple_of(4) {
            return;
        }
        let end = self.run(None).await;
        assert!(end.succeeded, "a run without work after {after:?}: {}", end.text);
        let brought = self.calls().into_iter().filter(|call| call.what.contains("RETR")).count();
        assert_eq!((brought, self.home() == wanted), (0, true), "{after:?}");
    }
}

/// The calls of a run without a fault, which is tried first.
pub(crate) async fn trace_of(way: Way) -> Vec<Call> {
    let trial = Trial::new(way).await;
    let end = trial.run(None).await;
    assert!(end.succeeded, "{}", end.text);
    let calls = trial.calls();
    trial.is_finished(&Fault { kind: child::Kind::Send, at: 0, deed: "nothing" }).await;
    calls
}

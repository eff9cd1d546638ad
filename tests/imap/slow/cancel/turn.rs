//! The harness: runs one operation for a number of steps against a server that stalls at one byte, drops it, and checks what is
//! left. It does not know the operations.

use std::pin::Pin;
use std::sync::Arc;

use postroom::imap::{Folder, Imap, Items, Uid};
use postroom::testing::{Fault, Server, Snapshot};
use postroom::{BoxFuture, Driver};
use time::OffsetDateTime;

use crate::support::{Count, Counted, alice, beside, once, plaintext};

/// The future to drop: anything that borrows a folder, and its result as text.
pub(crate) type Operation = for<'a> fn(&'a mut Folder<Imap>) -> BoxFuture<'a, String>;

pub(crate) const FIRST: &str = "Subject: one\r\n\r\nfirst\r\n";

/// A session with a folder selected, whose driver only moves when the test polls it.
pub(crate) struct Turned {
    pub(crate) server: Server,
    pub(crate) folder: Folder<Imap>,
    pub(crate) driver: Driver,
    pub(crate) count: Arc<Count>,
}

/// An undisturbed run, to which the others are compared.
pub(crate) struct Calm {
    pub(crate) before: Snapshot,
    pub(crate) after: Snapshot,
    pub(crate) value: String,
    /// Bytes that had passed when the operation began and when it ended: of the server, of the client.
    pub(crate) read: (u64, u64),
    pub(crate) written: (u64, u64),
}

pub(crate) fn server(buffer: usize) -> Server {
    let clock = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
    let server = Server::builder().clock(clock).duplex_buffer(buffer).in_memory().unwrap();
    for (text, flags) in
        [(FIRST, &["\\Seen"][..]), ("Subject: two\r\n\r\n2", &[]), ("Subject: x\r\n\r\n3", &["\\Deleted"])]
    {
        server.deliver("alice", "INBOX", text, flags).unwrap();
    }
    server
}

pub(crate) async fn turned(buffer: usize, fault: Option<Fault>) -> Turned {
    let server = server(buffer);
    fault.into_iter().for_each(|fault| server.fault(fault));
    let (stream, count) = Counted::new(server.imap_stream());
    let (imap, mut driver) = Imap::handshake(stream, plaintext(), alice()).await.unwrap();
    let folder = beside(&mut driver, imap.into_folder("INBOX").into_future()).await.unwrap();
    // An event to report, by the next command or by IDLE.
    server.set_flags("alice", "INBOX", 2, &["\\Flagged"]).unwrap();
    Turned { server, folder, driver, count }
}

pub(crate) async fn calm(operation: Operation) -> Calm {
    let mut turned = turned(64 * 1024, None).await;
    let before = turned.server.snapshot("alice").unwrap();
    let (read, written) = (turned.count.read(), turned.count.written());
    let value = beside(&mut turned.driver, operation(&mut turned.folder)).await;
    let after = turned.server.snapshot("alice").unwrap();
    Calm { before, after, value, read: (read, turned.count.read()), written: (written, turned.count.written()) }
}

/// Drops the operation after every step, at every `stride`th byte at which the server can stall, and once with a pipe so narrow that
/// every byte takes steps of its own. Returns the number of drops.
pub(crate) async fn at_every_point(operation: Operation, stride: usize) -> usize {
    let calm = calm(operation).await;
    let replies = (calm.read.0..=calm.read.1).step_by(stride).map(Fault::StallAfter);
    let commands = (calm.written.0..=calm.written.1).step_by(stride).map(Fault::StallInputAfter);
    let mut drops = 0;
    for fault in replies.chain(commands) {
        drops += after_every_step(operation, &calm, 64 * 1024, Some(fault)).await;
    }
    drops + after_every_step(operation, &calm, 16, None).await
}

async fn after_every_step(operation: Operation, calm: &Calm, buffer: usize, fault: Option<Fault>) -> usize {
    for steps in 0.. {
        let mut turned = turned(buffer, fault).await;
        let end = drop_after(&mut turned, operation, steps).await;
        if let End::Value(value) = &end {
            assert_eq!(value, &calm.value, "{fault:?}, {steps} steps");
        }
        turned.server.resume();
        turned.still_works(&format!("{fault:?}, {steps} steps")).await;
        let now = turned.server.snapshot("alice").unwrap();
        assert!(now == calm.before || now == calm.after, "{fault:?}, {steps} steps: {now:#?}");
        match end {
            End::Dropped => {}
            End::Value(_) => assert_eq!(now, calm.after, "{fault:?}, {steps} steps"),
            End::Still => {}
        }
        if !matches!(end, End::Dropped) {
            return steps;
        }
    }
    unreachable!("every operation ends or stalls")
}

pub(crate) enum End {
    /// It was still moving.
    Dropped,
    /// Nothing moves any more: further steps would change nothing.
    Still,
    Value(String),
}

/// One step polls the operation, or the driver, or lets the server's task run.
pub(crate) async fn drop_after(turned: &mut Turned, operation: Operation, steps: usize) -> End {
    let mut work = operation(&mut turned.folder);
    let (mut last, mut quiet) = ((0, 0), 0);
    for step in 0..steps {
        match step % 3 {
            0 => {
                if let Some(value) = once(work.as_mut()).await {
                    return End::Value(value);
                }
            }
            1 => drop(once(Pin::new(&mut turned.driver)).await),
            _ => tokio::task::yield_now().await,
        }
        let moved = (turned.count.read(), turned.count.written());
        quiet = if moved == last { quiet + 1 } else { 0 };
        last = moved;
        if quiet > 6 {
            return End::Still;
        }
    }
    End::Dropped
}

impl Turned {
    /// NOOP, and a FETCH with the right values.
    pub(crate) async fn still_works(&mut self, context: &str) {
        let folder = &mut self.folder;
        let work = async {
            folder.noop().await.unwrap_or_else(|error| panic!("NOOP after {context}: {error:?}"));
            let one = Uid::new(1).unwrap();
            let mut mail = folder.fetch(one, Items::MESSAGE.flags()).await.unwrap();
            let message = mail.try_next().await.unwrap_or_else(|error| panic!("FETCH after {context}: {error:?}"));
            let message = message.unwrap_or_else(|| panic!("no message after {context}"));
            assert_eq!(message.uid(), Some(one), "{context}");
            assert_eq!(message.body().as_deref(), Some(FIRST.as_bytes()), "{context}");
            let flags: Vec<String> = message.flags().unwrap().iter().map(|flag| flag.to_string()).collect();
            assert!(flags.contains(&"\\Seen".to_owned()), "{flags:?} after {context}");
            assert!(mail.try_next().await.unwrap().is_none(), "{context}");
        };
        beside(&mut self.driver, work).await;
    }
}

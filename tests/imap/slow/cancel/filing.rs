//! Calls of several commands that move messages: wherever they are dropped, every message is still in some mailbox, and the session works.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;

use postroom::imap::{Imap, Query, Uid, Uids};
use postroom::testing::{Fault, Server};
use postroom::{BoxFuture, Driver};

use crate::support::{Count, Counted, alice, beside, once, plaintext};

type Operation = for<'a> fn(&'a mut Imap) -> BoxFuture<'a, ()>;

/// What the server has at the begin of each attempt: two messages in INBOX, one in Trash.
fn server(lacks: &[&str]) -> Server {
    let builder = lacks.iter().fold(Server::builder(), |builder, name| builder.without(name));
    let server = builder.in_memory().unwrap();
    for (mailbox, text) in
        [("INBOX", "Subject: 1\r\n\r\n"), ("INBOX", "Subject: 2\r\n\r\n"), ("Trash", "Subject: 3\r\n\r\n")]
    {
        server.deliver("alice", mailbox, text, &[]).unwrap();
    }
    server
}

async fn session(server: &Server) -> (Imap, Driver, Arc<Count>) {
    let (stream, count) = Counted::new(server.imap_stream());
    let (imap, driver) = Imap::handshake(stream, plaintext(), alice()).await.unwrap();
    (imap, driver, count)
}

/// All messages, wherever they are.
fn texts(server: &Server) -> BTreeSet<Vec<u8>> {
    let snapshot = server.snapshot("alice").unwrap();
    let mailboxes = ["INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash"];
    let messages = mailboxes.iter().flat_map(|name| snapshot.messages(name));
    messages.map(|message| message.bytes.to_vec()).collect()
}

/// Returns the number of drops.
async fn loses_nothing(name: &str, lacks: &[&str], operation: Operation, stride: usize) {
    let calm = server(lacks);
    let (mut imap, mut driver, count) = session(&calm).await;
    let (read, written) = (count.read(), count.written());
    beside(&mut driver, operation(&mut imap)).await;
    let replies = (read..=count.read()).step_by(stride).map(Fault::StallAfter);
    let commands = (written..=count.written()).step_by(stride).map(Fault::StallInputAfter);
    let mut drops = 0;
    for fault in replies.chain(commands) {
        for steps in 0.. {
            drops += 1;
            if dropped_after(lacks, operation, fault, steps).await {
                break;
            }
        }
    }
    println!("{name} {lacks:?}: dropped at {drops} points");
    assert!(drops > 250, "{name}: only {drops} points");
}

/// Whether it ended, or stood still, within these steps.
async fn dropped_after(lacks: &[&str], operation: Operation, fault: Fault, steps: usize) -> bool {
    let server = server(lacks);
    let before = texts(&server);
    server.fault(fault);
    let (mut imap, mut driver, count) = session(&server).await;
    let (mut ended, mut quiet, mut last) = (false, 0, (0, 0));
    let mut work = operation(&mut imap);
    for step in 0..steps {
        match step % 3 {
            0 if once(work.as_mut()).await.is_some() => {
                ended = true;
                break;
            }
            0 => {}
            1 => drop(once(Pin::new(&mut driver)).await),
            _ => tokio::task::yield_now().await,
        }
        let moved = (count.read(), count.written());
        quiet = if moved == last { quiet + 1 } else { 0 };
        last = moved;
    }
    drop(work);
    server.resume();
    let context = format!("{fault:?}, {steps} steps");
    let work = async {
        imap.noop().await.unwrap_or_else(|error| panic!("NOOP after {context}: {error:?}"));
        let inbox = imap.select("INBOX").await.unwrap_or_else(|error| panic!("SELECT after {context}: {error:?}"));
        inbox.search(&Query::all()).await.unwrap_or_else(|error| panic!("SEARCH after {context}: {error:?}"))
    };
    beside(&mut driver, work).await;
    let missing: Vec<_> = before.difference(&texts(&server)).cloned().collect();
    assert!(missing.is_empty(), "{context}: lost {missing:?}");
    ended || quiet > 6
}

fn uids() -> Uids {
    "1:2".parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn messages_that_are_filed_are_never_lost() {
    let operations: [(&str, Operation); 3] = [
        ("archive", |imap| {
            Box::pin(async { drop(imap.select("INBOX").await.unwrap().archive(uids()).await.unwrap()) })
        }),
        ("mark_junk", |imap| {
            Box::pin(async { drop(imap.select("INBOX").await.unwrap().mark_junk(uids()).await.unwrap()) })
        }),
        ("undo", |imap| {
            Box::pin(async {
                let moved = imap.select("INBOX").await.unwrap().trash(Uid::new(2).unwrap()).await.unwrap();
                imap.undo(&moved.undo.unwrap()).await.unwrap();
            })
        }),
    ];
    for (name, operation) in operations {
        loses_nothing(name, &[], operation, 41).await;
        loses_nothing(name, &["MOVE"], operation, 59).await;
        // No new UIDs: the messages are traced.
        loses_nothing(name, &["UIDPLUS", "IMAP4rev2"], operation, 67).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_draft_is_never_lost() {
    let operation: Operation = |imap| {
        Box::pin(async {
            let trash = imap.select("Trash").await.unwrap();
            trash.save_draft(Some(Uid::new(1).unwrap()), "Subject: 3\r\n\r\n").await.unwrap();
        })
    };
    loses_nothing("save_draft", &[], operation, 7).await;
    loses_nothing("save_draft", &["REPLACE"], operation, 13).await;
}

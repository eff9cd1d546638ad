//! Every public future of a POP3 session, dropped after k polls for every k: the session still works, and the server's state is one
//! that the caller has asked for.

use postroom::pop3::Pop3;
use postroom::testing::{Fault, Server};
use postroom::{BoxFuture, Kind, Mailbox, Part};
use tokio::io::AsyncReadExt;

use crate::drop_after::drop_after;
use crate::support::{self, me, number, plaintext};

const MAILS: u32 = 5;

fn mail(at: u32) -> String {
    format!("Subject: {at}\r\n\r\n{}.\r\n", ".dots\r\n".repeat(4 * at as usize))
}

type Work = for<'a> fn(&'a mut Pop3) -> BoxFuture<'a, ()>;

const WORK: &[(&str, Work)] = &[
    ("stat", |pop3| Box::pin(async { drop(pop3.stat().await) })),
    ("list", |pop3| Box::pin(async { drop(pop3.list().await) })),
    ("list_one", |pop3| Box::pin(async { drop(pop3.list_one(number(5)).await) })),
    ("uidl_one", |pop3| Box::pin(async { drop(pop3.uidl_one(number(5)).await) })),
    ("uidl", |pop3| Box::pin(async { drop(pop3.uidl().await) })),
    ("retr", |pop3| Box::pin(async { drop(pop3.retr(number(5)).await) })),
    ("top", |pop3| Box::pin(async { drop(pop3.top(number(5), 3).await) })),
    ("dele", |pop3| Box::pin(async { drop(pop3.dele(number(5)).await) })),
    ("rset", |pop3| Box::pin(async { drop(pop3.rset().await) })),
    ("noop", |pop3| Box::pin(async { drop(pop3.noop().await) })),
    ("fetch", |pop3| {
        Box::pin(async {
            let mut stream = pop3.fetch((1..=MAILS).map(number));
            while let Ok(Some(_)) = stream.try_next().await {}
        })
    }),
    ("read", |pop3| {
        Box::pin(async {
            let Ok(mut body) = pop3.read(number(5)).await else { return };
            let _ = body.read_to_end(&mut Vec::new()).await;
        })
    }),
    ("entries", |pop3| Box::pin(async { drop(pop3.entries().await) })),
    ("mailbox fetch", |pop3| {
        Box::pin(async {
            let Ok(entries) = pop3.entries().await else { return };
            let ids: Vec<_> = entries.into_iter().map(|entry| entry.id).collect();
            let Ok(mut mail) = Mailbox::messages(pop3, &ids, Part::Header).await else { return };
            while let Ok(Some(_)) = mail.try_next().await {}
        })
    }),
    ("mailbox read", |pop3| {
        Box::pin(async {
            let Ok(entries) = pop3.entries().await else { return };
            let Ok(mut body) = Mailbox::open(pop3, &entries[4].id).await else { return };
            let _ = body.read_to_end(&mut Vec::new()).await;
        })
    }),
    ("contents", |pop3| {
        Box::pin(async {
            let Ok(entries) = pop3.entries().await else { return };
            let id = &entries[4].id;
            let Ok(contents) = pop3.contents(id).await else { return };
            let _ = pop3.read_text(id, contents.text().unwrap()).await;
        })
    }),
    ("delete", |pop3| {
        Box::pin(async {
            let Ok(entries) = pop3.entries().await else { return };
            let ids: Vec<_> = entries.into_iter().skip(1).map(|entry| entry.id).collect();
            let _ = pop3.mark_deleted(&ids).await;
        })
    }),
];

async fn session(without: &str, split: usize) -> (Server, Pop3) {
    let server = Server::builder().user("me", "secret").without_pop3(without).duplex_buffer(64).in_memory().unwrap();
    for at in 1..=MAILS {
        server.deliver("me", "INBOX", mail(at), &[]).unwrap();
    }
    server.fault(Fault::Split(split));
    let pop3 = support::session(server.pop3_stream(), plaintext(), me()).await.unwrap();
    (server, pop3)
}

#[tokio::test]
async fn every_future_can_be_dropped_after_every_poll() {
    for (without, split) in [("X", 1_000_000), ("X", 7), ("PIPELINING", 13), ("CAPA", 11), ("TOP", 17)] {
        for (name, work) in WORK {
            for polls in 0.. {
                let (server, mut pop3) = session(without, split).await;
                let done = drop_after(polls, work(&mut pop3)).await;
                pop3.noop().await.unwrap_or_else(|error| panic!("{name} after {polls}: {error}"));
                assert_eq!(pop3.retr(number(1)).await.unwrap().into_bytes(), mail(1), "{name} after {polls}");
                drop(pop3);
                assert_eq!(server.snapshot("me").unwrap().messages("INBOX").len(), MAILS as usize);
                if done {
                    break;
                }
            }
        }
    }
}

/// A session whose server stalls after this many bytes of its own, if that is after the login.
async fn stalling(after: u64) -> Option<(Server, Pop3)> {
    let server = Server::builder().user("me", "secret").duplex_buffer(64).in_memory().unwrap();
    for at in 1..=MAILS {
        server.deliver("me", "INBOX", mail(at), &[]).unwrap();
    }
    server.fault(Fault::StallAfter(after));
    let mut session = None;
    drop_after(PATIENCE, async {
        session = Pop3::handshake(server.pop3_stream(), plaintext(), me()).await.ok();
    })
    .await;
    let (pop3, driver) = session?;
    drop(tokio::spawn(driver));
    Some((server, pop3))
}

/// The number of polls after which everything that has not come is stalled.
const PATIENCE: usize = 100;

#[tokio::test]
async fn every_future_can_be_dropped_wherever_the_server_stalls() {
    let mut first = 0;
    while stalling(first).await.is_none() {
        first += 1;
    }
    let mut points = 0;
    for (name, work) in WORK {
        for polls in [1, 2, 4, 8, PATIENCE] {
            for after in first.. {
                let (server, mut pop3) = stalling(after).await.unwrap();
                let done = drop_after(polls, work(&mut pop3)).await;
                server.resume();
                pop3.noop().await.unwrap_or_else(|error| panic!("{name} after {polls} at {after}: {error}"));
                assert_eq!(
                    pop3.retr(number(1)).await.unwrap().into_bytes(),
                    mail(1),
                    "{name} after {polls} at {after}"
                );
                drop(pop3);
                assert_eq!(server.snapshot("me").unwrap().messages("INBOX").len(), MAILS as usize);
                points += 1;
                // After the last byte nothing stalls any more; few polls pass little.
                if done || after > first + if polls < PATIENCE { 40 } else { 2000 } {
                    break;
                }
            }
        }
    }
    assert!(points > 1000, "only {points} points were tried");
}

#[tokio::test]
async fn what_a_dropped_deletion_marked_is_what_commit_reports() {
    for polls in 0.. {
        let (server, mut pop3) = session("X", 7).await;
        let ids: Vec<_> = pop3.entries().await.unwrap().into_iter().map(|entry| entry.id).collect();
        let done = drop_after(polls, pop3.mark_deleted(&ids)).await;
        let committed = pop3.commit().await.unwrap();
        let left = server.snapshot("me").unwrap().messages("INBOX").len();
        assert_eq!((committed.deleted.len() + left, committed.unknown.len()), (MAILS as usize, 0));
        if done {
            assert_eq!(left, 0);
            break;
        }
    }
}

#[tokio::test]
async fn a_dropped_commit_either_never_was_or_can_be_asked_about() {
    let mut never = 0;
    for polls in 0.. {
        let (server, mut pop3) = session("X", 3).await;
        let ids: Vec<_> = pop3.entries().await.unwrap().into_iter().map(|entry| entry.id).collect();
        pop3.mark_deleted(&ids).await.unwrap();
        let done = drop_after(polls, pop3.commit()).await;
        never += usize::from(polls == 0);
        let committed = pop3.commit().await.unwrap();
        assert_eq!(committed.deleted, ids, "after {polls}");
        assert!(server.snapshot("me").unwrap().messages("INBOX").is_empty());
        assert_eq!(pop3.noop().await.unwrap_err().kind(), Kind::Closed);
        if done {
            break;
        }
    }
    assert_eq!(never, 1);
}

#[tokio::test]
async fn a_dropped_handshake_leaves_the_server_free_for_the_next() {
    for polls in 0.. {
        let server = Server::builder().user("me", "secret").in_memory().unwrap();
        let done = drop_after(polls, Pop3::handshake(server.pop3_stream(), plaintext(), me())).await;
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        drop(Pop3::handshake(server.pop3_stream(), plaintext(), me()).await.unwrap());
        if done {
            break;
        }
    }
}

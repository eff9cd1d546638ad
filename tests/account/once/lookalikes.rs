//! What else happens in the mailboxes while a reply is lost, and what the account cannot know.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use postroom::account::Account;
use postroom::imap::{Append, Query, Uid, Uids};
use postroom::testing::{Fault as ServerFault, Server, Trouble};
use postroom::{Fault, Flag, FlagChange, Kind};
use tokio::io::{AsyncRead, ReadBuf};

use super::act::{Act, count, mail};
use super::world::{Manner, account, session};
use crate::cutting::{Plan, Proxy};

/// The first connection of the account has this fault.
async fn faulty(manner: Manner, name: &'static str, trouble: Trouble) -> (Arc<Server>, Account) {
    let server = Arc::new(manner.server());
    Act::Append.prepare(&server).await;
    server.fault(ServerFault::at(name, trouble));
    let account = account(&server, &Proxy::new(Plan::default(), |_| ()));
    account.check().await.unwrap();
    (server, account)
}

/// Waits until the server has got this command.
async fn until_sent(server: &Server, name: &str) {
    while sent(server, name) == 0 {
        tokio::task::yield_now().await;
    }
}

/// How often the token is in the mailbox.
fn counted(server: &Server, place: &str, token: &str) -> usize {
    count(&server.snapshot("alice").unwrap(), place, token)
}

fn sent(server: &Server, name: &str) -> usize {
    server.commands().iter().filter(|line| line.contains(name)).count()
}

#[tokio::test(start_paused = true)]
async fn other_mail_is_not_taken_for_the_message() {
    let (server, account) = faulty(Manner::Plain, "APPEND", Trouble::Drop).await;
    let append = async { account.append("Target", mail("new", 0)).await.unwrap().unwrap() };
    let other = async {
        until_sent(&server, "APPEND").await;
        server.deliver("alice", "Target", mail("other", 0), &[]).unwrap()
    };
    let (stored, _) = tokio::join!(append, other);
    assert_eq!((counted(&server, "Target", "new"), sent(&server, "APPEND")), (1, 2));
    let after = server.snapshot("alice").unwrap();
    assert!(after.messages("Target").iter().any(|message| message.uid == stored.uid.as_u32()));
}

#[tokio::test(start_paused = true)]
async fn the_same_message_from_before_is_no_evidence() {
    let (server, account) = faulty(Manner::Plain, "APPEND", Trouble::Drop).await;
    server.deliver("alice", "Target", mail("new", 0), &[]).unwrap();
    account.append("Target", mail("new", 0)).await.unwrap();
    assert_eq!(counted(&server, "Target", "new"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_new_message_without_message_id_leaves_it_unknown() {
    let (server, account) = faulty(Manner::Plain, "APPEND", Trouble::Drop).await;
    let append = async { account.append("Target", mail("new", 0)).await.unwrap_err() };
    let other = async {
        until_sent(&server, "APPEND").await;
        server.deliver("alice", "Target", &b"Subject: x\r\n\r\ny\r\n"[..], &[]).unwrap()
    };
    let (error, _) = tokio::join!(append, other);
    assert_eq!((error.kind(), sent(&server, "APPEND")), (Kind::Unknown, 1));
    assert!(error.to_string().contains("Message-ID of all new messages were compared"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_changed_message_is_known_by_its_message_id() {
    let (server, account) = faulty(Manner::Stamps, "APPEND", Trouble::LoseReply).await;
    let stored = account.append("Target", mail("new", 0)).await.unwrap().unwrap();
    let after = server.snapshot("alice").unwrap();
    assert_eq!((count(&after, "Target", "new"), sent(&server, "APPEND")), (1, 1));
    assert_eq!(after.messages("Target").last().unwrap().uid, stored.uid.as_u32());
    assert_ne!(after.messages("Target").last().unwrap().bytes, mail("new", 0));
}

#[tokio::test(start_paused = true)]
async fn a_reader_is_read_once_and_looked_for() {
    for (trouble, is_stored) in [(Trouble::Drop, false), (Trouble::LoseReply, true)] {
        let (server, account) = faulty(Manner::Plain, "APPEND", trouble).await;
        let mail = mail("new", 0);
        let result = account.append("Target", Append::once(&mail[..], mail.len() as u64)).await;
        assert_eq!((counted(&server, "Target", "new"), sent(&server, "APPEND")), (usize::from(is_stored), 1));
        match result {
            Ok(stored) => assert!(is_stored && stored.is_some()),
            Err(error) => assert!(!is_stored && error.kind() == Kind::Closed, "{error:?}"),
        }
    }
}

/// Some octets, and then an error.
struct Broken(usize);

impl AsyncRead for Broken {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.0 += 1;
        if self.0 > 2 {
            return Poll::Ready(Err(io::ErrorKind::PermissionDenied.into()));
        }
        into.put_slice(b"Subject: broken\r\n");
        Poll::Ready(Ok(()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_cannot_be_read_is_no_lost_connection() {
    let server = Arc::new(Manner::Plain.server());
    Act::Append.prepare(&server).await;
    let account = account(&server, &Proxy::new(Plan::default(), |_| ()));
    let opened = AtomicUsize::new(0);
    let open = || {
        opened.fetch_add(1, Ordering::Relaxed);
        async { Ok(Broken(0)) }
    };
    let one = account.append("Target", Append::from_fn(100_000, open)).await.unwrap_err();
    let several = account.append_all("Target", [Append::from_fn(100_000, open)]).await.unwrap_err();
    for error in [one, several] {
        assert_eq!((error.kind(), error.fault()), (Kind::Io, Fault::Caller), "{error:?}");
    }
    assert_eq!(opened.load(Ordering::Relaxed), 2);
    account.append("Target", mail("new", 0)).await.unwrap();
    assert_eq!(counted(&server, "Target", "new"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_expunged_meanwhile_is_not_moved() {
    let (server, account) = faulty(Manner::Plain, "UID MOVE", Trouble::Drop).await;
    let inbox = account.select("INBOX").await.unwrap();
    let uids = Uids::range(Uid::new(1).unwrap(), Uid::new(2).unwrap());
    let moving = async { inbox.move_to(uids, "Target").await.unwrap() };
    let expunging = async {
        until_sent(&server, "UID MOVE").await;
        server.expunge("alice", "INBOX", 1).unwrap();
    };
    let (moved, ()) = tokio::join!(moving, expunging);
    let mapping = moved.mapping.unwrap();
    assert_eq!((mapping.from().to_string(), mapping.to().len()), ("2".to_owned(), 1));
    assert_eq!((counted(&server, "Target", "one"), counted(&server, "Target", "two")), (0, 1));
}

/// RFC 6851 §3.3: a message should not be left in both mailboxes, but may be.
#[tokio::test(start_paused = true)]
async fn what_a_lost_move_only_copied_is_removed() {
    let (server, account) = faulty(Manner::Plain, "UID MOVE", Trouble::Drop).await;
    let inbox = account.select("INBOX").await.unwrap();
    let mut other = session(&server).await;
    let other = other.select("INBOX").await.unwrap();
    let uids = || Uids::range(Uid::new(1).unwrap(), Uid::new(2).unwrap());
    let moving = async { inbox.move_to(uids(), "Target").await.unwrap() };
    let copying = async {
        until_sent(&server, "UID MOVE").await;
        other.copy(uids(), "Target").await.unwrap();
    };
    let (moved, ()) = tokio::join!(moving, copying);
    assert_eq!(moved.mapping.unwrap().from().to_string(), "1:2");
    for token in ["one", "two"] {
        assert_eq!((counted(&server, "INBOX", token), counted(&server, "Target", token)), (0, 1));
    }
    assert_eq!((counted(&server, "INBOX", "three"), sent(&server, "UID MOVE")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_that_took_the_place_of_a_deleted_one_stays() {
    let (server, account) = faulty(Manner::Old, "DELETE", Trouble::LoseReply).await;
    let other = session(&server).await;
    let deleting = async { account.delete_mailbox("Target").await.unwrap_err() };
    let creating = async {
        while server.snapshot("alice").unwrap().mailboxes.contains_key("Target") {
            tokio::task::yield_now().await;
        }
        other.create_mailbox("Target").await.unwrap();
    };
    let (error, ()) = tokio::join!(deleting, creating);
    assert_eq!(error.kind(), Kind::Unknown, "{error:?}");
    assert!(server.snapshot("alice").unwrap().mailboxes.contains_key("Target"));
}

#[tokio::test(start_paused = true)]
async fn both_mailboxes_after_a_lost_rename_are_unknown() {
    let (server, account) = faulty(Manner::Plain, "RENAME", Trouble::LoseReply).await;
    let other = session(&server).await;
    let renaming = async { account.rename_mailbox("Target", "Renamed").await.unwrap_err() };
    let creating = async {
        while server.snapshot("alice").unwrap().mailboxes.contains_key("Target") {
            tokio::task::yield_now().await;
        }
        other.create_mailbox("Target").await.unwrap();
    };
    let (error, ()) = tokio::join!(renaming, creating);
    assert_eq!(error.kind(), Kind::Unknown);
    assert!(error.to_string().contains("both mailboxes"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn somebody_elses_change_is_modified_after_a_lost_reply_too() {
    let (server, account) = faulty(Manner::Plain, "UID STORE", Trouble::Drop).await;
    let inbox = account.select("INBOX").await.unwrap();
    let modseq = inbox.info().await.unwrap().highest_modseq.unwrap();
    server.set_flags("alice", "INBOX", 1, &["\\Answered"]).unwrap();
    let all = inbox.search(&Query::all()).await.unwrap();
    let flagged = FlagChange::add([Flag::FLAGGED]);
    let stored = inbox.store(all, &flagged).unchanged_since(modseq).await.unwrap();
    assert_eq!(stored.modified.to_string(), "1");
}

/// Calls that run at once on one lease, with one connection.
#[tokio::test(start_paused = true)]
async fn calls_of_one_lease_run_at_once() {
    let (server, account) = faulty(Manner::Plain, "UID COPY", Trouble::LoseReply).await;
    let inbox = account.select("INBOX").await.unwrap();
    let one = Uid::new(1).unwrap();
    let all = Query::all();
    let (copied, again, found, stored) = tokio::join!(
        inbox.copy(one, "Target"),
        inbox.copy(Uid::new(2).unwrap(), "Target"),
        inbox.search(&all),
        inbox.append(mail("new", 0)),
    );
    copied.unwrap();
    again.unwrap();
    stored.unwrap();
    assert!(found.unwrap().len() >= 3);
    assert_eq!((counted(&server, "Target", "one"), counted(&server, "Target", "two")), (1, 1));
    assert_eq!(counted(&server, "INBOX", "new"), 1);
}

//! The common trait on a folder of a real server.

use std::time::Duration;

use postroom::imap::{Imap, Uid};
use postroom::{Flag, FlagChange, Idling, Kind, Mailbox, MessageId, Part};

use crate::dovecot::User;
use crate::live::{fill, ids, message, take_the_second};
use crate::session;

#[tokio::test]
#[ignore = "needs Dovecot; run by tests/run"]
async fn a_boxed_mailbox_lists_reads_and_deletes_on_commit() {
    let user = User::new("boxed");
    fill(&user, 3);
    let folder = session(&user).await.into_folder("INBOX").await.unwrap();
    let mut mailbox: Box<dyn Mailbox> = Box::new(folder);
    let features = mailbox.features();
    assert!(features.flags && features.folders && features.stable_ids && features.delete);
    assert_eq!(features.idle, Idling::Push);

    let second = take_the_second(&mut *mailbox).await;
    assert_eq!(user.stored("").len(), 3, "deleted before commit");
    let committed = mailbox.commit().await.unwrap();
    assert_eq!((committed.deleted, committed.unknown), (vec![second], vec![]));
    assert_eq!(user.stored(""), [message(1), message(3)]);
    assert_eq!(mailbox.entries().await.unwrap().len(), 2);
}

#[tokio::test]
#[ignore = "needs Dovecot; run by tests/run"]
async fn dropping_a_mailbox_deletes_nothing() {
    let user = User::new("kept");
    fill(&user, 3);
    let mut folder = session(&user).await.into_folder("INBOX").await.unwrap();
    take_the_second(&mut folder).await;
    drop(folder);
    let entries = session(&user).await.into_folder("INBOX").await.unwrap().entries().await.unwrap();
    assert_eq!(entries.len(), 3);
    assert!(entries.iter().all(|entry| !entry.flags.as_ref().unwrap().contains(&Flag::DELETED)));
}

#[tokio::test]
#[ignore = "needs Dovecot; run by tests/run"]
async fn commit_leaves_alone_what_another_client_marked() {
    let user = User::new("others");
    fill(&user, 3);
    let mut other = session(&user).await;
    let inbox = other.select("INBOX").await.unwrap();
    inbox.store(Uid::new(3).unwrap(), &FlagChange::add([Flag::DELETED])).await.unwrap();
    let mut folder = session(&user).await.into_folder("INBOX").await.unwrap();
    take_the_second(&mut folder).await;
    assert_eq!(folder.commit().await.unwrap().deleted.len(), 1);
    assert_eq!(user.stored(""), [message(1), message(3)]);
}

#[tokio::test]
#[ignore = "needs Dovecot; run by tests/run"]
async fn ids_outlive_the_session_and_do_not_fit_another_mailbox() {
    let user = User::new("ids");
    fill(&user, 2);
    user.make_folder(".Other");
    user.deliver(".Other", "1750000000.1.test", &message(9));
    let first = ids(&mut session(&user).await.into_folder("INBOX").await.unwrap()).await;

    let mut again = session(&user).await.into_folder("INBOX").await.unwrap();
    assert_eq!(ids(&mut again).await, first);
    let text = first[0].to_string();
    assert_eq!(text.parse::<MessageId>().unwrap(), first[0]);

    let mut other = session(&user).await.into_folder("Other").await.unwrap();
    let mailbox: &mut dyn Mailbox = &mut other;
    assert_eq!(mailbox.delete(&first).await.unwrap_err().kind(), Kind::Input);
    assert!(mailbox.commit().await.unwrap().deleted.is_empty());
}

#[tokio::test]
#[ignore = "needs Dovecot; run by tests/run"]
async fn flags_headers_and_previews_go_through_the_trait() {
    let user = User::new("trait");
    fill(&user, 1);
    let mut imap: Imap = session(&user).await;
    let mut folder = imap.select("INBOX").await.unwrap();
    let mailbox: &mut dyn Mailbox = &mut folder;
    let entries = mailbox.entries().await.unwrap();
    let ids = [entries[0].id.clone()];
    assert_eq!(entries[0].size, Some(message(1).len() as u64));
    assert!(entries[0].received.is_some());
    mailbox.flag(&ids, &FlagChange::add([Flag::FLAGGED])).await.unwrap();
    assert!(mailbox.entries().await.unwrap()[0].flags.as_ref().unwrap().contains(&Flag::FLAGGED));

    let split = message(1).windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let header = mailbox.fetch(&ids, Part::Header).await.unwrap().try_next().await.unwrap().unwrap();
    assert_eq!(header.bytes()[..], message(1)[..split]);
    let preview = mailbox.fetch(&ids, Part::Preview(1)).await.unwrap().try_next().await.unwrap().unwrap();
    assert_eq!(preview.bytes()[..], message(1)[..]);
}

#[tokio::test]
#[ignore = "needs Dovecot; run by tests/run"]
async fn idle_returns_when_mail_arrives() {
    let user = User::new("arrives");
    let mut folder = session(&user).await.into_folder("INBOX").await.unwrap();
    let other = session(&user).await;
    let mailbox: &mut dyn Mailbox = &mut folder;
    let (woken, appended) =
        tokio::join!(tokio::time::timeout(Duration::from_secs(60), mailbox.idle()), other.append("INBOX", message(1)));
    appended.unwrap();
    woken.expect("the mailbox slept on").unwrap();
}

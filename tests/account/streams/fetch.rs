//! FETCH through lost connections.

use std::sync::Arc;

use postroom::account::Account;
use postroom::imap::{Items, MessageSet, Query, Uid, Uids};
use postroom::testing::Server;
use postroom::{Kind, Mailbox, Result};

use super::{Near, account_by, block_on, cut_everywhere, flags, mail};
use crate::cutting::{How, Plan, Proxy, Side};

async fn collect(account: &Account, messages: impl Into<MessageSet>, items: Items) -> Result<Vec<String>> {
    let mut inbox = account.select("INBOX").await?;
    let mut mail = inbox.fetch(messages, items).await?;
    let mut seen = Vec::new();
    while let Some(message) = mail.try_next().await? {
        let defects: Vec<_> = message.defects().collect();
        seen.push(format!("{:?} {:?} {defects:?} {}", message.uid(), message.body(), flags(&message)));
    }
    assert!(mail.unreadable().is_empty() && mail.set_aside().is_empty());
    Ok(seen)
}

fn few() -> Server {
    let server = mail(7);
    server.expunge("alice", "INBOX", 3).unwrap();
    server
}

#[test]
fn every_message_comes_once_wherever_the_connection_is_lost() {
    let runs = cut_everywhere(few, 3, &[How::Close], async |account, _| {
        collect(&account, Uids::ALL, Items::MESSAGE.flags()).await
    });
    assert!(runs > 400, "{runs}");
    cut_everywhere(few, 17, &[How::Reset, How::Stall], async |account, _| {
        collect(&account, "2:5,7,9".parse::<Uids>()?, Items::MESSAGE).await
    });
}

#[test]
fn bulk_pieces_come_once_wherever_the_connection_is_lost() {
    cut_everywhere(
        || mail(150),
        97,
        &[How::Close],
        async |account, _| collect(&account.bulk(), Uids::ALL, Items::MESSAGE).await,
    );
}

#[test]
fn changes_since_are_the_same_after_a_loss() {
    cut_everywhere(few, 7, &[How::Close], async |account, server| {
        server.set_flags("alice", "INBOX", 5, &["\\Flagged"]);
        let mut inbox = account.select("INBOX").await?;
        let mut changed = inbox.fetch(Uids::ALL, Items::FLAGS).changed_since(3).await?;
        let mut seen = Vec::new();
        while let Some(message) = changed.try_next().await? {
            seen.push(format!("{:?} {:?}", message.uid(), flags(&message)));
        }
        Ok(seen)
    });
}

/// Mail that arrives while the connection is lost is not of this fetch.
#[test]
fn the_end_of_the_set_is_that_of_the_beginning() {
    for at in (600..1400).step_by(31) {
        let seen = block_on(async {
            let server = Arc::new(few());
            let meddled = server.clone();
            let proxy = Proxy::new(Plan::one(Side::FromServer, at, How::Close), move |_| {
                meddled.deliver("alice", "INBOX", "Subject: new\r\n\r\nnew\r\n", &[]).unwrap();
            });
            let account = account_by(Near { server, proxy: proxy.clone() }).build().unwrap();
            let mut inbox = account.select("INBOX").await.unwrap();
            let at_beginning = proxy.passed().cuts == 0;
            let mut mail = inbox.fetch(Uids::ALL, Items::FLAGS).await.unwrap();
            let mut seen = 0;
            while mail.try_next().await.unwrap().is_some() {
                seen += 1;
            }
            (at_beginning, seen)
        });
        assert_eq!(seen.1, if seen.0 { 6 } else { 7 }, "cut at {at}");
    }
}

#[tokio::test]
async fn ids_name_messages_and_results_of_one_session_are_refused() {
    let server = super::super::server().await;
    let account = super::super::account(&server).build().unwrap();
    let mut inbox = account.select("INBOX").await.unwrap();
    let ids: Vec<_> = {
        let mut folder = inbox.folder().await.unwrap();
        folder.entries().await.unwrap().into_iter().take(3).map(|entry| entry.id).collect()
    };
    let mut mail = inbox.fetch(&ids, Items::FLAGS).await.unwrap();
    let mut uids = Uids::new();
    while let Some(message) = mail.try_next().await.unwrap() {
        uids.insert(message.uid().unwrap());
    }
    assert_eq!(uids.len(), 3);
    drop(mail);

    let mut sent = account.select("Sent").await.unwrap();
    assert_eq!(sent.fetch(&ids, Items::FLAGS).await.unwrap_err().kind(), Kind::Input);

    let saved = inbox.folder().await.unwrap().search(&Query::all()).save().await.unwrap();
    assert_eq!(saved.uids(), None, "the embedded server keeps results");
    assert_eq!(inbox.fetch(&saved, Items::FLAGS).await.unwrap_err().kind(), Kind::Unsupported);
    assert!(inbox.fetch(Uid::MIN, Items::FLAGS).await.unwrap().try_next().await.unwrap().is_some());
}

/// At most 256 KiB are read to keep the session; otherwise it is closed. The next call works in both cases.
#[tokio::test]
async fn a_stream_that_is_dropped_early_keeps_its_session_if_little_is_missing() {
    for (size, sessions) in [(10_000, 1), (3_000_000, 2)] {
        let server = super::super::server().await;
        for number in 0..5 {
            let text = format!("Subject: {number}\r\n\r\n{}\r\n", "x".repeat(size));
            server.deliver("alice", "Drafts", text, &[]).unwrap();
        }
        let account = super::super::account(&server).build().unwrap();
        let mut drafts = account.select("Drafts").await.unwrap();
        let before = drafts.search(&Query::all()).await.unwrap();
        let mut mail = drafts.fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
        assert!(mail.try_next().await.unwrap().is_some());
        drop(mail);
        assert_eq!(drafts.search(&Query::all()).await.unwrap(), before);
        assert_eq!(account.stats().sessions, sessions, "{size}");
    }
}

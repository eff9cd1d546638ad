//! FETCH through lost connections.

use std::sync::Arc;

use postroom::Result;
use postroom::account::Account;
use postroom::imap::{Items, MessageSet, Uids};
use postroom::testing::Server;

use crate::cutting::{How, Plan, Proxy, Side};
use crate::near::{Near, account_by, block_on, cut_everywhere, flags, mail};

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

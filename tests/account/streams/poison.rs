//! Messages at which sessions end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use postroom::account::AccountNotice;
use postroom::imap::{Items, Uid, Uids};

use crate::near::{Dying, account_by, block_on, mail};

#[test]
fn a_message_that_ends_sessions_is_set_aside_and_the_others_come() {
    for (bulk, before) in [(false, 0), (false, 40), (true, 0), (true, 230)] {
        block_on(async {
            let server = Arc::new(mail(before));
            server.deliver("alice", "INBOX", "Subject: bad\r\n\r\nPOISON\r\n", &[]).unwrap();
            for number in 0..20 {
                server.deliver("alice", "INBOX", format!("Subject: {number}\r\n\r\nlater\r\n"), &[]).unwrap();
            }
            let connections = Arc::new(AtomicU32::new(0));
            let way = Dying { server, word: "POISON", connections: connections.clone() };
            let account = account_by(way).build().unwrap();
            let mut notices = account.notices();
            let account = if bulk { account.bulk() } else { account };
            let mut inbox = account.select("INBOX").await.unwrap();
            let mut mail = inbox.fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
            let mut uids = Uids::new();
            while let Some(message) = mail.try_next().await.unwrap() {
                assert!(message.defects().next().is_none());
                uids.insert(message.uid().unwrap());
            }
            let bad = Uid::new(before + 1).unwrap();
            assert_eq!((uids.len(), uids.contains(bad)), (u64::from(before) + 20, false));
            assert_eq!(*mail.set_aside(), bad.into());
            assert!(connections.load(Ordering::Relaxed) <= 4, "{connections:?}");
            let notice = loop {
                if let AccountNotice::SetAside { mailbox, uids, .. } = notices.next().await.unwrap() {
                    break (mailbox, uids);
                }
            };
            assert_eq!(notice, ("INBOX".try_into().unwrap(), bad.into()));
        });
    }
}

#[test]
fn a_server_that_never_answers_is_an_error_soon() {
    block_on(async {
        let connections = Arc::new(AtomicU32::new(0));
        let way = Dying { server: Arc::new(mail(50)), word: "Subject", connections: connections.clone() };
        let account = account_by(way).build().unwrap();
        let mut inbox = account.select("INBOX").await.unwrap();
        let mut mail = inbox.fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
        mail.try_next().await.unwrap_err();
        assert!(mail.try_next().await.unwrap().is_none());
        assert!(connections.load(Ordering::Relaxed) <= 10, "{connections:?}");
    });
}

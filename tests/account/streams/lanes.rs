//! Bulk work and others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use postroom::account::AccountNotice;
use postroom::imap::{Items, Uids};
use tokio::time::Instant;

use crate::cutting::{Plan, Proxy};
use crate::near::{Near, account_by, block_on, mail};

#[test]
fn interactive_work_has_the_only_session_between_two_pieces() {
    block_on(async {
        let way = Near { server: Arc::new(mail(1000)), proxy: Proxy::new(Plan::default(), |_| {}) };
        let account = account_by(way).connections(1).build().unwrap();
        let mut inbox = account.bulk().select("INBOX").await.unwrap();
        let mut mail = inbox.fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
        let done = Arc::new(AtomicBool::new(false));
        let mut count = 0;
        while mail.try_next().await.unwrap().is_some() {
            count += 1;
            if count == 50 {
                let (account, done) = (account.clone(), done.clone());
                tokio::spawn(async move {
                    account.run(|imap| Box::pin(imap.noop())).await.unwrap();
                    done.store(true, Ordering::SeqCst);
                });
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            assert!(count <= 100 || done.load(Ordering::SeqCst), "at message {count}");
        }
        assert_eq!((count, account.stats().sessions), (1000, 1));
    });
}

#[test]
fn bulk_work_stops_at_the_daily_limit_and_continues_later() {
    block_on(async {
        let way = Near { server: Arc::new(mail(1000)), proxy: Proxy::new(Plan::default(), |_| {}) };
        let account = account_by(way).daily_download(20_000).build().unwrap();
        let mut notices = account.notices();
        let began = Instant::now();
        let mut inbox = account.bulk().select("INBOX").await.unwrap();
        let mut mail = inbox.fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
        let mut count = 0;
        while mail.try_next().await.unwrap().is_some() {
            count += 1;
        }
        assert_eq!(count, 1000);
        assert!(Instant::now() - began > Duration::from_secs(24 * 60 * 60));
        loop {
            if let AccountNotice::BulkPaused { .. } = notices.next().await.unwrap() {
                break;
            }
        }
        // Interactive work does not wait.
        account.run(|imap| Box::pin(imap.noop())).await.unwrap();
    });
}

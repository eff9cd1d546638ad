//! Every stream of a lease is dropped after every poll. The lease and the account work afterwards.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use postroom::account::Lease;
use postroom::imap::{Items, Query, Section, SyncPoint, Uid, Uids};
use postroom::{BoxFuture, Result};
use tokio::io::AsyncReadExt;

use crate::cutting::{How, Plan, Proxy, Side};
use crate::near::{Near, account_by, block_on, mail};

type Operation = for<'a> fn(&'a mut Lease) -> BoxFuture<'a, Result<usize>>;

fn fetch(lease: &mut Lease) -> BoxFuture<'_, Result<usize>> {
    Box::pin(async {
        let mut mail = lease.fetch(Uids::ALL, Items::MESSAGE).await?;
        let mut count = 0;
        while mail.try_next().await?.is_some() {
            count += 1;
        }
        Ok(count)
    })
}

fn read(lease: &mut Lease) -> BoxFuture<'_, Result<usize>> {
    Box::pin(async {
        let mut text = Vec::new();
        Ok(lease.read(Uid::new(4)?, Section::WHOLE).await?.read_to_end(&mut text).await?)
    })
}

fn resume(lease: &mut Lease) -> BoxFuture<'_, Result<usize>> {
    Box::pin(async {
        let mut changes = lease.resume(&SyncPoint::default()).await?;
        let mut count = 0;
        while changes.try_next().await?.is_some() {
            count += 1;
        }
        changes.finish()?;
        Ok(count)
    })
}

fn previews(lease: &mut Lease) -> BoxFuture<'_, Result<usize>> {
    Box::pin(async { Ok(lease.previews(Uids::ALL).await?.len()) })
}

fn idle(lease: &mut Lease) -> BoxFuture<'_, Result<usize>> {
    Box::pin(async {
        let mut events = lease.idle();
        let wait = tokio::time::timeout(std::time::Duration::from_secs(1), events.try_next());
        assert!(wait.await.is_err(), "nothing happens");
        Ok(1)
    })
}

/// `None` if it was dropped after this number of polls.
async fn polled<T>(mut work: BoxFuture<'_, T>, polls: usize) -> Option<T> {
    let mut count = 0;
    poll_fn(|cx| {
        if count == polls {
            return Poll::Ready(None);
        }
        count += 1;
        work.as_mut().poll(cx).map(Some)
    })
    .await
}

#[test]
fn a_lease_works_after_any_of_its_streams_was_dropped() {
    let operations: [(&str, Operation); 5] =
        [("fetch", fetch), ("read", read), ("resume", resume), ("previews", previews), ("idle", idle)];
    for (name, operation) in operations {
        // Also with a loss in the middle, and in the bulk lane.
        for (bulk, plan) in
            [(false, Plan::default()), (true, Plan::default()), (false, Plan::one(Side::FromServer, 900, How::Close))]
        {
            let mut whole = None;
            for polls in 0..500 {
                whole = block_on(async {
                    let proxy = Proxy::new(plan.clone(), |_| {});
                    let account = account_by(Near { server: Arc::new(mail(6)), proxy }).connections(1).build().unwrap();
                    let lane = if bulk { account.bulk() } else { account.clone() };
                    let mut lease = lane.select("INBOX").await.unwrap();
                    let whole = polled(operation(&mut lease), polls).await;
                    let context = format!("{name} after {polls} polls, {plan}");
                    let found =
                        lease.search(&Query::all()).await.unwrap_or_else(|error| panic!("{context}: {error:?}"));
                    assert_eq!(found.len(), 6, "{context}");
                    assert_eq!(fetch(&mut lease).await.unwrap(), 6, "{context}");
                    drop(lease);
                    account
                        .run(|imap| Box::pin(imap.noop()))
                        .await
                        .unwrap_or_else(|error| panic!("{context}: {error:?}"));
                    whole
                });
                if whole.is_some() {
                    break;
                }
            }
            let whole = whole.expect("it ends").unwrap();
            assert!(whole > 0, "{name}");
        }
    }
}

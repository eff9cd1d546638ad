//! Watching through lost connections and for sessions that others need: no change is missed.

use std::sync::Arc;
use std::time::Duration;

use postroom::imap::Event;
use tokio::time::timeout;

use crate::cutting::{How, Passed, Plan, Proxy, Side};
use crate::near::{Near, account_by, block_on, flags, mail};

/// Reads events until they have shown that message 2 is gone, that 4 is flagged, and that there are 6 messages.
async fn watch(events: &mut postroom::account::LeasedIdle<'_>) {
    let (mut gone, mut flagged, mut count) = (false, false, 0);
    while !(gone && flagged && count == 6) {
        match events.try_next().await.unwrap().unwrap() {
            Event::Expunged { uids, unknown } => {
                assert_eq!((uids.to_string(), unknown), ("2".to_owned(), 0));
                gone = true;
            }
            Event::Fetched { uid, data } => {
                flagged |= uid.is_some_and(|uid| uid.as_u32() == 4) && flags(&data).contains("Flagged");
            }
            Event::Exists(exists) => count = exists,
            other => panic!("{other:?}"),
        }
    }
}

/// What passed until everything was reported, with a loss by this plan.
fn through(plan: &Plan) -> Passed {
    block_on(async {
        let server = Arc::new(mail(5));
        let proxy = Proxy::new(plan.clone(), |_| {});
        let account = account_by(Near { server: server.clone(), proxy: proxy.clone() }).build().unwrap();
        let mut inbox = account.select("INBOX").await.unwrap();
        let mut events = inbox.idle();
        let changes = async {
            server.received("IDLE").await;
            server.expunge("alice", "INBOX", 2).unwrap();
            tokio::task::yield_now().await;
            server.set_flags("alice", "INBOX", 4, &["\\Flagged"]).unwrap();
            for _ in 0..2 {
                tokio::time::sleep(Duration::from_millis(1)).await;
                server.deliver("alice", "INBOX", "Subject: new\r\n\r\n", &[]).unwrap();
            }
        };
        let all = timeout(Duration::from_secs(3600), async { tokio::join!(changes, watch(&mut events)) });
        all.await.unwrap_or_else(|_| panic!("an event is missing: {plan}"));
        proxy.passed()
    })
}

#[test]
fn no_change_is_missed_wherever_the_connection_is_lost() {
    let calm = through(&Plan::default());
    let from = (0..calm.from_server).step_by(5).map(|at| (Side::FromServer, at));
    let to = (0..calm.to_server).step_by(7).map(|at| (Side::ToServer, at));
    for (side, at) in from.chain(to) {
        assert_eq!(through(&Plan::one(side, at, How::Close)).cuts, 1, "{side:?} at {at}");
    }
}

#[test]
fn the_session_is_lent_and_what_happened_meanwhile_is_reported() {
    block_on(async {
        let server = Arc::new(mail(5));
        let way = Near { server: server.clone(), proxy: Proxy::new(Plan::default(), |_| {}) };
        let account = account_by(way).connections(1).build().unwrap();
        let mut inbox = account.select("INBOX").await.unwrap();
        let mut events = inbox.idle();
        let others = async {
            server.received("IDLE").await;
            for lane in [account.clone(), account.bulk()] {
                let session = lane.session().await.unwrap();
                session.noop().await.unwrap();
                // While the session is away. The second time, message 2 is gone already.
                server.expunge("alice", "INBOX", 2).unwrap_or_default();
                server.set_flags("alice", "INBOX", 4, &["\\Flagged"]).unwrap();
                server.deliver("alice", "INBOX", "Subject: new\r\n\r\n", &[]).unwrap();
                drop(session);
            }
        };
        let all = timeout(Duration::from_secs(3600), async { tokio::join!(others, watch(&mut events)) });
        all.await.expect("an event is missing");
        assert_eq!(account.stats().sessions, 1);
    });
}

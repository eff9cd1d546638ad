//! Futures that are dropped at every await: a change is made once or not at all, and the account works.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use crate::cutting::{How, Plan, Proxy, Side};
use crate::once::act::{Act, count, mail};
use crate::once::world::{Manner, account};

/// Polls the act this often, and then drops it. Returns whether it ended before.
async fn perform_partly(act: Act, account: &postroom::account::Account, polls: usize) -> bool {
    let mut acting = pin!(act.perform(account));
    let mut left = polls;
    poll_fn(move |cx| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        acting.as_mut().poll(cx).map(|_| true)
    })
    .await
}

#[test]
fn every_future_can_be_dropped() {
    for act in Act::ALL {
        // Without a loss, and with one while the reply is on its way.
        for plan in [Plan::default(), Plan::one(Side::FromServer, 1_500, How::Close)] {
            let ended = (0..200).find(|&polls| dropped_after(act, &plan, polls));
            assert!(ended.is_some(), "{act:?}");
        }
    }
}

/// Returns whether the act ended before it was dropped.
fn dropped_after(act: Act, plan: &Plan, polls: usize) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let server = Arc::new(Manner::Plain.server());
        act.prepare(&server).await;
        let account = account(&server, &Proxy::new(plan.clone(), |_| ()));
        let has_ended = perform_partly(act, &account, polls).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
        let after = server.snapshot("alice").unwrap();
        // If it is not known whether it was made, it was made once at most.
        let effects = act.effects(&after);
        assert!(effects.iter().all(|count| *count <= 1), "{act:?} after {polls} polls: {effects:?}");
        account.append("INBOX", mail("afterwards", 0)).await.unwrap();
        assert_eq!(count(&server.snapshot("alice").unwrap(), "INBOX", "afterwards"), 1);
        has_ended
    })
}

//! UID FETCH (RFC 9051 §6.4.5, §6.4.9): data of messages, as a stream. The task that consumes the stream parses the responses.

use crate::error::Result;
use crate::imap::codec::Line;
use crate::imap::plan::{Claims, Order, Plan, RequiredState, Wanted};
use crate::imap::types::{Items, Uids};

pub(crate) fn plan(selection: u64, uids: &Uids, items: &Items) -> Result<Plan> {
    plan_answered_by(uids.clone(), selection, uids, items)
}

/// The same for a set that ends in `*`, which includes the last message even if its UID is not in the set: any message in `meant` is an
/// answer.
pub(crate) fn plan_answered_by(meant: Uids, selection: u64, uids: &Uids, items: &Items) -> Result<Plan> {
    let line = Line::new("UID FETCH").uids(uids)?.items(items).finish();
    let plan = Plan::new("UID FETCH", line).order(Order::claiming(Claims::FETCH));
    Ok(plan.needs(RequiredState::Selection(selection)).streaming().wanting(Wanted::new(meant, items)))
}

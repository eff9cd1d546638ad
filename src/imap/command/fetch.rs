//! UID FETCH (RFC 9051 §6.4.5, §6.4.9): data of messages, as a stream. What the responses say is read where they are consumed.

use crate::error::Result;
use crate::imap::codec::Line;
use crate::imap::plan::{Claims, Needs, Order, Plan, Wanted};
use crate::imap::types::{Items, Uids};

pub(crate) fn plan(selection: u64, uids: &Uids, items: &Items) -> Result<Plan> {
    plan_answered_by(uids.clone(), selection, uids, items)
}

/// The same for a set that ends in `*`, which names the last message whatever its UID: answered by any of `meant`.
pub(crate) fn plan_answered_by(meant: Uids, selection: u64, uids: &Uids, items: &Items) -> Result<Plan> {
    let line = Line::new("UID FETCH").uids(uids)?.items(items).finish();
    let plan = Plan::new("UID FETCH", line).order(Order::claiming(Claims::FETCH));
    Ok(plan.needs(Needs::Selection(selection)).streaming().wanting(Wanted::new(meant, items)))
}

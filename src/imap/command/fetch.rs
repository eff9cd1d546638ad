//! UID FETCH (RFC 9051 §6.4.5, §6.4.9): data of messages, as a stream. What the responses say is read where they are consumed.

use crate::error::Result;
use crate::imap::codec::Line;
use crate::imap::plan::{Claims, Needs, Order, Plan};
use crate::imap::types::{Items, Uids};

pub(crate) fn plan(selection: u64, uids: &Uids, items: &Items) -> Result<Plan> {
    let line = Line::new("UID FETCH").uids(uids)?.items(items).finish();
    let plan = Plan::new("UID FETCH", line).order(Order::claiming(Claims::FETCH));
    Ok(plan.needs(Needs::Selection(selection)).streaming().distinct(items.ask_more_than_flags()))
}

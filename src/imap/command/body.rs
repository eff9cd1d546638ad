//! UID FETCH of one section or a window of it (RFC 9051 §6.4.5, `BODY.PEEK[s]<o.n>` and `BINARY.PEEK[s]<o.n>`). Its literal is delivered
//! while it arrives, not as part of a response.

use std::num::NonZeroU32;

use crate::error::Result;
use crate::imap::codec::Line;
use crate::imap::plan::{Claims, Order, Plan, RequiredState, SessionEffect, Wanted};
use crate::imap::types::{Items, Section, Uid, Uids};

/// The window is an offset and a length; without one, the whole section is fetched. If it is `decoded`, the server removes its transfer
/// encoding, and the window is one of the decoded octets (RFC 3516 §4.2).
pub(crate) fn plan(
    selection: u64,
    uid: Uid,
    section: &Section,
    decoded: bool,
    window: Option<(u64, NonZeroU32)>,
) -> Result<Plan> {
    let uids = Uids::from(uid);
    // The size shows whether a whole message is complete. Asking for both takes one round trip.
    let begins = window.is_some_and(|(start, _)| start == 0);
    let items = if begins && *section == Section::WHOLE { Items::SIZE } else { Items::new() };
    let items = items.text(section.clone(), decoded, window);
    let line = Line::new("UID FETCH").uids(&uids)?.items(&items).finish();
    let plan = Plan::new("UID FETCH", line).order(Order::claiming(Claims::FETCH));
    Ok(plan
        .needs(RequiredState::Selection(selection))
        .effect(SessionEffect::Body)
        .streaming()
        .wanting(Wanted::new(uids, &items)))
}

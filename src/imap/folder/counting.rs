//! Finds out how many messages a mailbox has if the server opened it without reporting EXISTS (which RFC 9051 §6.3.2
//! requires): silence does not mean that it is empty. It must not know what is done in the mailbox.

use std::future::poll_fn;

use super::existing::{Existing, Presence};
use crate::error::{Error, Kind, Result};
use crate::imap::call::{ImapLink, end_of};
use crate::imap::engine::{Counted, Request};
use crate::imap::types::Uids;
use crate::limits::Limits;

/// Whether a mailbox is selected whose number of messages is not known.
pub(super) fn is_due(link: &ImapLink) -> bool {
    link.state().selected.as_ref().is_some_and(|selected| !selected.counted)
}

/// Asks for the number if it is not known: with NOOP, which may bring EXISTS, and UID SEARCH ALL, in one round trip.
pub(super) async fn count(link: &ImapLink, limits: &Limits) -> Result<()> {
    match is_due(link) {
        // Boxed, so that the caller's future does not reserve space for this rare case.
        true => Box::pin(ask(link, limits)).await,
        false => Ok(()),
    }
}

async fn ask(link: &ImapLink, limits: &Limits) -> Result<()> {
    let state = link.state();
    let Some(selected) = state.selected.as_ref().filter(|selected| !selected.counted) else { return Ok(()) };
    let mut existing = Existing::ask(link, limits, selected.selection, Uids::ALL)?;
    let found = poll_fn(|cx| existing.poll(cx)).await?;
    if let Presence::Known(found) = &found
        && let Ok(exists) = u32::try_from(found.len())
    {
        let (selection, expunged) = (selected.selection, state.expunged);
        end_of(link.submit(Request::Counted(Counted { selection, exists, expunged }))).await?;
    }
    match found {
        _ if !is_due(link) => Ok(()),
        Presence::Known(_) => Err(unknown()),
        Presence::Unknown { why, .. } => Err(unknown().with_source(why)),
    }
}

/// The server reported the number in neither way.
pub(super) fn unknown() -> Error {
    Error::new(Kind::Missing, "the server opened the mailbox but did not report how many messages are in it")
}

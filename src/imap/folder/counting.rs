//! A mailbox that was opened without a word of how many messages are in it (RFC 9051 §6.3.2 requires EXISTS): silence is not an empty
//! mailbox, so the server is asked. It must not know what is done in the mailbox.

use std::future::poll_fn;

use super::existing::{Existing, Presence};
use crate::error::{Error, Kind, Result};
use crate::imap::call::{ImapLink, end_of};
use crate::imap::engine::{Counted, Request};
use crate::imap::types::Uids;
use crate::limits::Limits;

/// Whether a mailbox is selected that was not counted.
pub(super) fn is_due(link: &ImapLink) -> bool {
    link.state().selected.as_ref().is_some_and(|selected| !selected.counted)
}

/// Asks for the count if it is due: by NOOP, which may bring it, and by searching for all messages, in one flight.
pub(super) async fn count(link: &ImapLink, limits: &Limits) -> Result<()> {
    match is_due(link) {
        // Boxed, so that the caller's future has no room for what hardly ever happens.
        true => Box::pin(ask(link, limits)).await,
        false => Ok(()),
    }
}

async fn ask(link: &ImapLink, limits: &Limits) -> Result<()> {
    let state = link.state();
    let Some(selected) = state.selected.as_ref().filter(|selected| !selected.counted) else { return Ok(()) };
    let mut existing = Existing::ask(link, limits, selected.selection, Uids::ALL)?;
    let found = poll_fn(|cx| existing.poll(cx)).await?;
    if let Presence::There(found) = &found
        && let Ok(exists) = u32::try_from(found.len())
    {
        let (selection, expunged) = (selected.selection, state.expunged);
        end_of(link.submit(Request::Counted(Counted { selection, exists, expunged }))).await?;
    }
    match found {
        _ if !is_due(link) => Ok(()),
        Presence::There(_) => Err(unknown()),
        Presence::Unsaid { why, .. } => Err(unknown().with_source(why)),
    }
}

/// The server did not say it, whatever it was asked.
pub(super) fn unknown() -> Error {
    Error::new(Kind::Missing, "the server opened a mailbox and did not say how many messages are in it")
}

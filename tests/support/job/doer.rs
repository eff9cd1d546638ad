//! Who carries the operations out.

use std::collections::BTreeSet;

use postroom::Result;
use postroom::imap::Uid;

use super::act::Act;
use super::state::State;
use super::world::Second;

pub(crate) trait Doer {
    /// Carries this out, whatever happens to connections. UIDs and modification sequences are those of `start`.
    async fn act(&mut self, act: &Act, start: &State, second: &dyn Second) -> Result<Seen>;

    /// Ends. Returns how many messages it reports as stored twice.
    async fn end(self) -> usize;
}

/// What a call returned.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Seen {
    /// The change was made.
    Done,
    /// The change was not made for at least one message, since somebody else changed it.
    Modified,
    /// Not all messages came, and the call says so.
    Incomplete,
    /// Of messages, in the order in which they came.
    Tokens(Vec<String>),
    Uids(Vec<Uid>),
    Body(Vec<u8>),
    /// The server's names.
    Names(BTreeSet<String>),
    Count(u32),
    /// Whether the new message was seen.
    Event(bool),
}

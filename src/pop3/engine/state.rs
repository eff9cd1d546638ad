//! The state of the session: its phase, the capabilities, and which messages are marked. Published to the handles as
//! one immutable value; only the engine makes the next one.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::pop3::types::{Capabilities, Number};

/// What the handles can see.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) phase: Phase,
    /// The text after the greeting's `+OK`.
    pub(crate) greeting: Arc<str>,
    /// `None` while they are not known, or if the server has no CAPA.
    pub(crate) capabilities: Option<Arc<Capabilities>>,
    /// The messages that QUIT will delete.
    pub(crate) marks: Arc<DeletionMarks>,
    /// The state of QUIT.
    pub(crate) farewell: Farewell,
}

/// Whether QUIT was sent, and the server's reply.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Farewell {
    Unsaid,
    /// Sent, without a reply yet or for good.
    Unanswered,
    Accepted,
    Refused,
}

/// The state of RFC 1939 §3.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Phase {
    Connected,
    /// AUTHORIZATION.
    Greeted,
    /// TRANSACTION.
    LoggedIn,
    Over,
}

/// A set of message numbers, 64 per word: cheap to copy for each state that is published.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct DeletionMarks(BTreeMap<u32, u64>);

impl State {
    pub(crate) fn new() -> Self {
        let greeting = Arc::from("");
        let (marks, farewell) = (Arc::default(), Farewell::Unsaid);
        Self { phase: Phase::Connected, greeting, capabilities: None, marks, farewell }
    }
}

impl DeletionMarks {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn has(&self, number: Number) -> bool {
        self.0.get(&(number.as_u32() / 64)).is_some_and(|word| word & bit(number) != 0)
    }

    pub(crate) fn set(&mut self, number: Number) {
        *self.0.entry(number.as_u32() / 64).or_default() |= bit(number);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Number> {
        let bits = self.0.iter().flat_map(|(&high, &word)| (0..64).map(move |low| (high, low, word)));
        bits.filter(|(_, low, word)| word & (1 << low) != 0)
            // Number 0 does not exist, so bit 0 of the first word is never set.
            .filter_map(|(high, low, _)| Number::new(high * 64 + low).ok())
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

fn bit(number: Number) -> u64 {
    1 << (number.as_u32() % 64)
}

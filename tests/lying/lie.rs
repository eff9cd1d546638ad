//! A lie before and after it is told: its kind, the answer that it changes, and its random seed; then the change and whether
//! something else contradicts it. It knows no protocol.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::rng::Rng;

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Kind {
    Drop,
    Repeat,
    Truncate,
    Empty,
    Swap,
    Rename,
    Renumber,
    Interleave,
    Delay,
    Limit,
    Size,
    Validity,
    Count,
}

impl Kind {
    pub(crate) const ALL: [Self; 13] = [
        Self::Drop,
        Self::Repeat,
        Self::Truncate,
        Self::Empty,
        Self::Swap,
        Self::Rename,
        Self::Renumber,
        Self::Interleave,
        Self::Delay,
        Self::Limit,
        Self::Size,
        Self::Validity,
        Self::Count,
    ];
}

/// A lie to be told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Lie {
    pub(crate) kind: Kind,
    /// The index of the answer, among those that can carry it.
    pub(crate) nth: usize,
    /// The seed of all other choices.
    pub(crate) roll: u64,
    /// Whether every later answer that can carry it is changed too.
    pub(crate) always: bool,
}

impl Lie {
    pub(crate) fn rng(&self) -> Rng {
        Rng::new(self.roll)
    }
}

impl fmt::Display for Lie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let always = if self.always { " and all later ones" } else { "" };
        write!(f, "{:?} at answer {}{always} (roll {:#x})", self.kind, self.nth, self.roll)
    }
}

/// What one lie did to one answer.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) kind: Kind,
    /// Whether something else that the server says in the session contradicts it.
    pub(crate) detectable: bool,
    /// The command whose answer was changed, and the change.
    pub(crate) text: String,
}

/// What a layer sends to the client.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Out {
    Said(Vec<u8>),
    Wait(Duration),
    /// The same again and again, at this interval, without end.
    Chatter(Vec<u8>, Duration),
}

impl Out {
    pub(crate) fn said(text: impl Into<Vec<u8>>) -> Self {
        Self::Said(text.into())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Said(bytes) => bytes,
            _ => b"",
        }
    }
}

/// The lies of one call: each is told once, or not at all, or from some answer on.
#[derive(Default)]
pub(crate) struct Lies {
    waiting: Vec<(Lie, usize)>,
    told: Log,
}

/// The lies told so far, which can be read however the call ends.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<Told>>>);

impl Log {
    pub(crate) fn all(&self) -> Vec<Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, told: Told) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(told);
    }
}

impl Lies {
    pub(crate) fn new(lies: &[Lie], told: Log) -> Self {
        Self { waiting: lies.iter().map(|lie| (*lie, lie.nth)).collect(), told }
    }

    /// Changes an answer by the lies whose turn it is. `change` returns what it did, or `None` if the answer cannot carry the lie.
    pub(crate) fn tell(
        &mut self,
        answer: Vec<Out>,
        mut change: impl FnMut(&Lie, Vec<Out>) -> Option<(Vec<Out>, bool, String)>,
    ) -> Vec<Out> {
        let mut said = answer;
        let told = &self.told;
        self.waiting.retain_mut(|(lie, turns)| {
            let Some((changed, detectable, text)) = change(lie, said.clone()) else { return true };
            if changed == said {
                return true;
            }
            if *turns > 0 {
                *turns -= 1;
                return true;
            }
            said = changed;
            told.add(Told { kind: lie.kind, detectable, text });
            lie.always
        });
        said
    }
}

//! [`Unfinished`]: what a call of several commands had done when one of them failed, kept as the source of its error. It must not know
//! which commands they were.

use std::error::Error as StdError;
use std::fmt;

use super::command::Answer;
use super::types::Transferred;
use crate::error::Error;

/// What was done, and why no more.
pub(super) struct Unfinished<T> {
    done: T,
    failure: Error,
}

impl<T: Send + Sync + 'static> Unfinished<T> {
    /// The failure as an error of the whole call: its kind and code, with what was done in it.
    pub(super) fn after(failure: Error, text: &'static str, done: T) -> Error {
        failure.clone().with_context(text).with_source(Self { done, failure })
    }

    /// What was done, if the error says so.
    pub(super) fn of(error: &Error) -> Option<&T> {
        let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
        causes.find_map(|cause| cause.downcast_ref::<Self>()).map(|unfinished| &unfinished.done)
    }
}

impl<T> fmt::Display for Unfinished<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one of several commands failed, after others had been carried out")
    }
}

impl<T> fmt::Debug for Unfinished<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure.fmt(f)
    }
}

impl<T> StdError for Unfinished<T> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.failure)
    }
}

impl Transferred {
    /// What was copied or moved before one of several commands failed: the mapping as far as the server told it. `None` if the error is not
    /// of [`Folder::copy`](super::Folder::copy) or [`Folder::move_to`](super::Folder::move_to), or nothing is known to be done.
    pub fn before(error: &Error) -> Option<&Self> {
        Unfinished::of(error)
    }
}

impl Answer {
    /// What the commands before it said where one of several failed that together put [messages](super::Extension::append) into a
    /// mailbox: their `APPENDUID` as one. `None` if nothing was stored before.
    pub fn before(error: &Error) -> Option<&Self> {
        Unfinished::of(error)
    }
}

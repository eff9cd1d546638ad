//! [`Unfinished`]: what a call of several commands did before one of them failed, kept as the source of the call's
//! error. It must not know which commands they were.

use std::error::Error as StdError;
use std::fmt;

use super::command::Answer;
use super::types::{Appended, AppendedAll, Transferred};
use crate::error::{Error, Replay};

/// What was done, and the error that ended it.
pub(super) struct Unfinished<T> {
    done: T,
    failure: Error,
}

impl<T: Send + Sync + 'static> Unfinished<T> {
    /// The failure as an error of the whole call, with its kind and code. What was done is kept in its source, and must
    /// not be done again.
    pub(super) fn after(failure: Error, text: &'static str, done: T) -> Error {
        let cause = failure.clone().without_place();
        failure.with_context(text).after_change(Some(Replay::Verify)).with_source(Self { done, failure: cause })
    }

    /// What was done, if the error carries it.
    pub(super) fn of(error: &Error) -> Option<&T> {
        let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
        causes.find_map(|cause| cause.downcast_ref::<Self>()).map(|unfinished| &unfinished.done)
    }
}

impl<T> fmt::Display for Unfinished<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one of several commands failed after others had succeeded")
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
    /// The failure as an error of the whole call, which carries this as what was done before it.
    pub(crate) fn and_then_failed(self, failure: Error, text: &'static str) -> Error {
        Unfinished::after(failure, text, self)
    }

    /// What was copied or moved before one of several commands failed, as far as the server reported it. `None` if the
    /// error is not from [`Folder::copy`](super::Folder::copy) or [`Folder::move_to`](super::Folder::move_to), or if
    /// nothing is known to be done.
    pub fn before(error: &Error) -> Option<&Self> {
        Unfinished::of(error)
    }
}

impl Appended {
    /// The failure as an error of the whole call, which carries this as what was done before it.
    pub(crate) fn and_then_failed(self, failure: Error, text: &'static str) -> Error {
        Unfinished::after(failure, text, self)
    }

    /// The message that was stored before a later step of [`Folder::replace`](super::Folder::replace) failed: the one that it should have
    /// replaced is still there. `None` if nothing is known to be stored.
    pub fn before(error: &Error) -> Option<&Self> {
        Unfinished::of(error)
    }
}

impl AppendedAll {
    /// The failure as an error of the whole call, which carries this as what was done before it.
    pub(crate) fn and_then_failed(self, failure: Error, text: &'static str) -> Error {
        Unfinished::after(failure, text, self)
    }

    /// What became of each message, if the error is from [`Imap::append_all`](super::Imap::append_all) and some may be stored; `None` if none
    /// is.
    pub fn before(error: &Error) -> Option<&Self> {
        Unfinished::of(error)
    }
}

impl Answer {
    /// The answers to the commands that succeeded before one of several failed that together append
    /// [messages](super::Extension::append): their `APPENDUID` joined into one. `None` if nothing was stored.
    pub fn before(error: &Error) -> Option<&Self> {
        Unfinished::of(error)
    }
}

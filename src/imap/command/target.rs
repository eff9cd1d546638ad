//! The messages that a command names: a set, or the saved result of a search (`$`, RFC 5182 §2.1). It must not know a command.

use crate::error::Result;
use crate::imap::codec::Line;
use crate::imap::plan::RequiredState;
use crate::imap::types::{SavedMark, Uids};

/// The messages that a command names.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target<'a> {
    Uids(&'a Uids),
    Saved(SavedMark),
}

impl<'a> Target<'a> {
    pub(crate) fn write(self, line: Line) -> Result<Line> {
        match self {
            Self::Uids(uids) => line.uids(uids),
            Self::Saved(_) => Ok(line.checked("$")),
        }
    }

    pub(crate) fn needs(self, selection: u64) -> RequiredState {
        match self {
            Self::Uids(_) => RequiredState::Selection(selection),
            Self::Saved(mark) => RequiredState::Saved(selection, mark),
        }
    }

    /// The set. What a saved result contains is not known.
    pub(crate) fn uids(self) -> Option<&'a Uids> {
        match self {
            Self::Uids(uids) => Some(uids),
            Self::Saved(_) => None,
        }
    }
}

impl<'a> From<&'a Uids> for Target<'a> {
    fn from(uids: &'a Uids) -> Self {
        Self::Uids(uids)
    }
}

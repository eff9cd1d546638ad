//! What a fetch asks for: its messages in parts that the server accepts, its items and its modifiers. It must not know
//! what is sent when.

use std::collections::VecDeque;

use super::saved::SavedSet;
use crate::imap::command::fetch::Modifiers;
use crate::imap::types::{Items, Uids};

/// What a fetch asks for.
pub(super) struct Asked {
    pub(super) uids: Uids,
    /// Make up the set, each short enough for one line.
    pub(super) parts: VecDeque<Uids>,
    pub(super) items: Items,
    pub(super) modifiers: Modifiers,
    /// The saved result that is fetched, instead of the set.
    pub(super) saved: Option<SavedSet>,
}

impl Asked {
    /// `most` is the length of the longest set that the server accepts, in bytes.
    pub(super) fn new(uids: Uids, items: Items, most: usize) -> Self {
        let parts = uids.split(most).collect();
        Self { uids, parts, items, modifiers: Modifiers::default(), saved: None }
    }

    /// The messages of a saved result. Which they are is not known.
    pub(super) fn of_saved(saved: SavedSet, items: Items) -> Self {
        Self { saved: Some(saved), ..Self::new(Uids::ALL, items, usize::MAX) }
    }

    pub(super) fn modified(self, modifiers: Modifiers) -> Self {
        Self { modifiers, ..self }
    }

    /// The same without anything to send.
    pub(super) fn nothing(self) -> Self {
        Self { parts: VecDeque::new(), ..self }
    }

    /// The set that is sent first.
    pub(super) fn first(&self) -> Option<&Uids> {
        self.parts.front()
    }

    /// Whether one line is enough.
    pub(super) fn is_short(&self) -> bool {
        self.parts.len() <= 1
    }
}

//! The size of a notice, and the notice that replaces dropped ones. It must not know who listens.

use crate::engine::SessionNotice;
use crate::pop3::types::Notice;

impl SessionNotice for Notice {
    fn weight(&self) -> usize {
        match self {
            Self::Bye { text, .. } => text.len(),
            Self::Lagged => 0,
        }
    }

    fn lagged() -> Self {
        Self::Lagged
    }
}

//! How the engine keeps notices: what one takes up, and the one in the place of those that were dropped. It must not know who listens.

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

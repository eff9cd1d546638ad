//! [`SavedMark`]: the name of one search result that a server keeps (`$`, RFC 5182). It must not know what is in the result.

use std::sync::atomic::{AtomicU64, Ordering};

/// One saved result. A session has at most one, which each search with SAVE replaces.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct SavedMark(u64);

impl SavedMark {
    /// A mark that no other search in this process has, so that a result of another session is never taken for this one's.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

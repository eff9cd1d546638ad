//! [`PartialRange`]: a part of what a search finds or a FETCH names (RFC 9394 §3.1). It must not know what it is a part of.

use std::fmt;
use std::num::NonZeroU32;

/// So many of the first or of the last.
///
/// ```
/// use std::num::NonZeroU32;
/// use postroom::imap::PartialRange;
///
/// let (one, ten) = (NonZeroU32::MIN, NonZeroU32::MIN.saturating_add(9));
/// assert_eq!(PartialRange::first(one, ten).to_string(), "1:10");
/// assert_eq!(PartialRange::last(one, ten).to_string(), "-1:-10");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct PartialRange {
    from: NonZeroU32,
    to: NonZeroU32,
    backwards: bool,
}

impl PartialRange {
    /// From one place to the other, both included, 1 being the first.
    pub fn first(from: NonZeroU32, to: NonZeroU32) -> Self {
        Self { from: from.min(to), to: from.max(to), backwards: false }
    }

    /// From one place to the other, both included, 1 being the last. Not every server that has `CONTEXT` knows it; those with
    /// `PARTIAL` do.
    pub fn last(from: NonZeroU32, to: NonZeroU32) -> Self {
        Self { backwards: true, ..Self::first(from, to) }
    }
}

/// The wire form.
impl fmt::Display for PartialRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.backwards { "-" } else { "" };
        write!(f, "{sign}{}:{sign}{}", self.from, self.to)
    }
}

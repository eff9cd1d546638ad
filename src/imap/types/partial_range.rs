//! [`PartialRange`]: a range of positions among the messages that a search finds or a FETCH names (RFC 9394 §3.1). It must not know
//! which messages these are.

use std::fmt;
use std::num::NonZeroU32;

/// A range of positions in a result, counted from its beginning or its end (RFC 9394 §3.1).
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
    /// From one position to another, both included; 1 is the first message.
    pub fn first(from: NonZeroU32, to: NonZeroU32) -> Self {
        Self { from: from.min(to), to: from.max(to), backwards: false }
    }

    /// From one position to another, both included; 1 is the last message. Servers with `PARTIAL` support this; servers with only
    /// `CONTEXT=SEARCH` may not.
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

//! [`Items`]: what a FETCH asks for (RFC 9051 §6.4.5). It must not know which messages are asked, nor read the answer.

use std::borrow::Cow;
use std::fmt;
use std::num::NonZeroU32;
use std::ops::BitOr;

use super::fetched::Fetched;
use super::section::Section;

/// What to fetch of each message. The UID always comes along, and nothing here ever marks a message `\Seen`: bodies are asked
/// for with `BODY.PEEK`.
///
/// ```
/// use postroom::imap::{Items, Section};
///
/// assert_eq!(Items::ENVELOPE.flags().to_string(), "(UID FLAGS ENVELOPE)");
/// assert_eq!(Items::new().section(Section::HEADER).to_string(), "(UID BODY.PEEK[HEADER])");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Items {
    attributes: u8,
    sections: Cow<'static, [Wanted]>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Wanted {
    section: Section,
    window: Option<(u64, NonZeroU32)>,
}

const FLAGS: u8 = 1;
const INTERNAL_DATE: u8 = 2;
const SIZE: u8 = 4;
const ENVELOPE: u8 = 8;
const BODY_STRUCTURE: u8 = 16;

/// In the order of writing.
const ATTRIBUTES: [(u8, &str); 5] = [
    (FLAGS, "FLAGS"),
    (INTERNAL_DATE, "INTERNALDATE"),
    (SIZE, "RFC822.SIZE"),
    (ENVELOPE, "ENVELOPE"),
    (BODY_STRUCTURE, "BODYSTRUCTURE"),
];

const MESSAGE: &[Wanted] = &[Wanted { section: Section::WHOLE, window: None }];
const HEADER: &[Wanted] = &[Wanted { section: Section::HEADER, window: None }];

impl Items {
    /// The flags.
    pub const FLAGS: Self = Self::only(FLAGS);
    /// The date at which the server received the message.
    pub const INTERNAL_DATE: Self = Self::only(INTERNAL_DATE);
    /// The size of the message in bytes.
    pub const SIZE: Self = Self::only(SIZE);
    /// Date, subject, people and message ids, as the server read them from the header.
    pub const ENVELOPE: Self = Self::only(ENVELOPE);
    /// The MIME tree with types, names and sizes.
    pub const BODY_STRUCTURE: Self = Self::only(BODY_STRUCTURE);
    /// The whole message.
    pub const MESSAGE: Self = Self { attributes: 0, sections: Cow::Borrowed(MESSAGE) };
    /// The whole header.
    pub const HEADER: Self = Self { attributes: 0, sections: Cow::Borrowed(HEADER) };

    /// Only the UID, to which the other methods add.
    pub const fn new() -> Self {
        Self::only(0)
    }

    /// Adds the flags.
    #[must_use]
    pub fn flags(self) -> Self {
        self.with(FLAGS)
    }

    /// Adds the date at which the server received the message.
    #[must_use]
    pub fn internal_date(self) -> Self {
        self.with(INTERNAL_DATE)
    }

    /// Adds the size of the message in bytes.
    #[must_use]
    pub fn size(self) -> Self {
        self.with(SIZE)
    }

    /// Adds the envelope.
    #[must_use]
    pub fn envelope(self) -> Self {
        self.with(ENVELOPE)
    }

    /// Adds the MIME tree.
    #[must_use]
    pub fn body_structure(self) -> Self {
        self.with(BODY_STRUCTURE)
    }

    /// Adds the whole message.
    #[must_use]
    pub fn message(self) -> Self {
        self.section(Section::WHOLE)
    }

    /// Adds the whole header.
    #[must_use]
    pub fn header(self) -> Self {
        self.section(Section::HEADER)
    }

    /// Adds a piece of the message.
    #[must_use]
    pub fn section(self, section: Section) -> Self {
        self.wanting(Wanted { section, window: None })
    }

    /// Adds at most `len` bytes of a piece, from byte `start` (counted from 0) on.
    #[must_use]
    pub fn partial(self, section: Section, start: u64, len: NonZeroU32) -> Self {
        self.wanting(Wanted { section, window: Some((start, len)) })
    }

    /// Whether bodies or headers are asked for, and so whether answers may be large.
    pub fn has_sections(&self) -> bool {
        !self.sections.is_empty()
    }

    /// Whether this can be the answer, rather than flags that the server tells of its own accord.
    #[inline]
    pub(crate) fn are_answered_by(&self, fetched: &Fetched) -> bool {
        !self.ask_more_than_flags() || fetched.says_more_than_flags()
    }

    #[inline]
    pub(crate) fn ask_more_than_flags(&self) -> bool {
        self.attributes & !FLAGS != 0 || !self.sections.is_empty()
    }

    const fn only(attributes: u8) -> Self {
        Self { attributes, sections: Cow::Borrowed(&[]) }
    }

    fn with(self, attribute: u8) -> Self {
        Self { attributes: self.attributes | attribute, ..self }
    }

    fn wanting(mut self, wanted: Wanted) -> Self {
        if !self.sections.contains(&wanted) {
            self.sections.to_mut().push(wanted);
        }
        self
    }
}

impl Default for Items {
    fn default() -> Self {
        Self::new()
    }
}

/// Everything that either asks for.
impl BitOr for Items {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        let both = self.with(other.attributes);
        other.sections.iter().cloned().fold(both, Self::wanting)
    }
}

/// The wire form: ASCII, and one line.
impl fmt::Display for Items {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(UID")?;
        for (_, name) in ATTRIBUTES.iter().filter(|(bit, _)| self.attributes & bit != 0) {
            write!(f, " {name}")?;
        }
        for Wanted { section, window } in self.sections.iter() {
            write!(f, " BODY.PEEK[{section}]")?;
            if let Some((start, len)) = window {
                write!(f, "<{start}.{len}>")?;
            }
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uid_is_always_asked_and_nothing_twice() {
        assert_eq!(Items::new().to_string(), "(UID)");
        assert_eq!(Items::FLAGS.flags().message().message().to_string(), "(UID FLAGS BODY.PEEK[])");
        assert_eq!(
            (Items::MESSAGE | Items::SIZE | Items::HEADER).to_string(),
            "(UID RFC822.SIZE BODY.PEEK[] BODY.PEEK[HEADER])"
        );
    }

    #[test]
    fn bodies_are_peeked_at_in_windows_too() {
        let items = Items::new().partial(Section::TEXT, 4096, NonZeroU32::MIN);
        assert_eq!(items.to_string(), "(UID BODY.PEEK[TEXT]<4096.1>)");
        assert!(items.has_sections() && !Items::ENVELOPE.body_structure().internal_date().has_sections());
    }
}

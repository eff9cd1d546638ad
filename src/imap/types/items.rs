//! [`Items`]: what a FETCH asks for (RFC 9051 §6.4.5). It must not know for which messages, nor read the answer.

use std::borrow::Cow;
use std::fmt;
use std::num::NonZeroU32;
use std::ops::BitOr;

use super::capability::Capabilities;
use super::fetch_items::fetch_items;
use super::section::Section;
use super::tape::Item;
use crate::{Error, Result};

/// What to fetch of each message (RFC 9051 §6.4.5). The UID is always included. No item marks a message `\Seen`: bodies are requested
/// with `BODY.PEEK`.
///
/// ```
/// use postroom::imap::{Items, Section};
///
/// assert_eq!(Items::ENVELOPE.flags().to_string(), "(UID FLAGS ENVELOPE)");
/// assert_eq!(Items::new().section(Section::HEADER).to_string(), "(UID BODY.PEEK[HEADER])");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Items {
    attributes: u32,
    sections: Cow<'static, [Wanted]>,
}

/// One item with a section.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Wanted {
    /// The word before the brackets.
    pub(crate) item: &'static str,
    pub(crate) section: Section,
    pub(crate) window: Option<(u64, NonZeroU32)>,
}

/// Only what the server has at hand of the preview (`PREVIEW (LAZY)`).
const LAZY: u32 = 1 << 30;
/// The size that accompanies every whole message, to check that the message is complete. It is no defect if the server leaves it out.
const DECLARED: u32 = 1 << 31;
const PREVIEW: u32 = bit(Item::Preview);
const SIZE: u32 = bit(Item::Size);

/// An item without a section.
struct Attribute {
    item: Item,
    name: &'static str,
    /// Whether a server with these capabilities has it.
    has: fn(&Capabilities) -> bool,
}

macro_rules! attributes {
    ($($what:literal $adds:literal $constant:ident $method:ident $kind:ident $name:literal $read:ident $(, $has:ident)?;)*) => {
        const ATTRIBUTES: &[Attribute] = &[$(
            Attribute { item: Item::$kind, name: $name, has: |_have| true $(&& _have.$has())? },
        )*];

        impl Items {
            $(
                #[doc = $what]
                pub const $constant: Self = Self::only(bit(Item::$kind));
            )*

            $(
                #[doc = $adds]
                #[must_use]
                pub fn $method(self) -> Self {
                    self.with(bit(Item::$kind))
                }
            )*
        }
    };
}

fetch_items!(attributes);

const fn bit(item: Item) -> u32 {
    1 << item as u32
}

const BODY: &str = "BODY.PEEK";
pub(crate) const BINARY: &str = "BINARY.PEEK";
pub(crate) const BINARY_SIZE: &str = "BINARY.SIZE";

const MESSAGE: &[Wanted] = &[Wanted { item: BODY, section: Section::WHOLE, window: None }];
const HEADER: &[Wanted] = &[Wanted { item: BODY, section: Section::HEADER, window: None }];

impl Items {
    /// The whole message.
    pub const MESSAGE: Self = Self { attributes: 0, sections: Cow::Borrowed(MESSAGE) };
    /// The whole header.
    pub const HEADER: Self = Self { attributes: 0, sections: Cow::Borrowed(HEADER) };

    /// Only the UID. The other methods add to it.
    pub const fn new() -> Self {
        Self::only(0)
    }

    /// Adds what [`Fetched::contents`](super::Fetched::contents) needs: the body structure, and the header fields by which a mailing list is
    /// left.
    ///
    /// ```
    /// use postroom::imap::Items;
    ///
    /// let fields = "BODY.PEEK[HEADER.FIELDS (LIST-UNSUBSCRIBE LIST-UNSUBSCRIBE-POST)]";
    /// assert_eq!(Items::FLAGS.contents().to_string(), format!("(UID FLAGS BODYSTRUCTURE {fields})"));
    /// ```
    #[must_use]
    pub fn contents(self) -> Self {
        self.body_structure().section(Section::unsubscribe())
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

    /// Adds one section of the message.
    #[must_use]
    pub fn section(self, section: Section) -> Self {
        self.wanting(Wanted { item: BODY, section, window: None })
    }

    /// Adds at most `len` bytes of a section, starting at byte `start` (counted from 0).
    #[must_use]
    pub fn partial(self, section: Section, start: u64, len: NonZeroU32) -> Self {
        self.wanting(Wanted { item: BODY, section, window: Some((start, len)) })
    }

    /// Adds the first words of the text if the server has them at hand (`PREVIEW (LAZY)`, RFC 8970 §3.2). Without effect if
    /// [`preview`](Self::preview) is added too.
    #[must_use]
    pub fn lazy_preview(self) -> Self {
        match self.attributes & PREVIEW == 0 {
            true => Self { attributes: self.attributes | PREVIEW | LAZY, ..self },
            false => self,
        }
    }

    /// Adds one part without its transfer encoding (`BINARY`, RFC 3516). [`Section::WHOLE`] is the whole message. A window
    /// `(start, len)` limits the answer to `len` octets, starting at octet `start` (counted from 0).
    ///
    /// ```
    /// use postroom::imap::{Items, Section};
    ///
    /// let items = Items::new().binary(Section::part(&[2])?, None)?;
    /// assert_eq!(items.to_string(), "(UID BINARY.PEEK[2])");
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for a section that is a header or a text: RFC 3516 has none.
    pub fn binary(self, part: Section, window: Option<(u32, NonZeroU32)>) -> Result<Self> {
        let window = window.map(|(start, len)| (start.into(), len));
        Ok(self.wanting(Wanted { item: BINARY, section: content(part)?, window }))
    }

    /// Adds a section or a window of it, without its transfer encoding if `decoded`.
    #[must_use]
    pub(crate) fn text(self, section: Section, decoded: bool, window: Option<(u64, NonZeroU32)>) -> Self {
        self.wanting(Wanted { item: if decoded { BINARY } else { BODY }, section, window })
    }

    /// Adds the size in octets of one part without its transfer encoding (`BINARY.SIZE`, RFC 3516).
    ///
    /// ```
    /// use postroom::imap::{Items, Section};
    ///
    /// let items = Items::new().binary_size(Section::part(&[2])?)?;
    /// assert_eq!(items.to_string(), "(UID BINARY.SIZE[2])");
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The same as for [`binary`](Self::binary).
    pub fn binary_size(self, part: Section) -> Result<Self> {
        Ok(self.wanting(Wanted { item: BINARY_SIZE, section: content(part)?, window: None }))
    }

    /// Adds the size if a whole message is asked for, to check that the message is complete.
    #[must_use]
    pub(crate) fn judged(self) -> Self {
        match self.attributes & SIZE == 0 && self.has_whole() {
            true => self.with(DECLARED),
            false => self,
        }
    }

    /// Whether whole messages are asked for, not decoded and without a window.
    pub(crate) fn has_whole(&self) -> bool {
        let whole = |wanted: &Wanted| wanted.item == BODY && wanted.section == Section::WHOLE;
        self.sections.iter().any(|wanted| whole(wanted) && wanted.window.is_none())
    }

    /// The first item that the server does not support, by its capabilities.
    pub(crate) fn missing(&self, capabilities: &Capabilities, rev2: bool) -> Option<&'static str> {
        let attribute = self.asked().find(|attribute| !(attribute.has)(capabilities)).map(|attribute| attribute.name);
        // RFC 9051, appendix E: reading decoded parts is part of IMAP4rev2.
        let decoded = capabilities.binary() || rev2;
        attribute
            .or_else(|| self.sections.iter().find(|wanted| wanted.item != BODY && !decoded).map(|wanted| wanted.item))
    }

    /// Whether bodies or headers are asked for, so that answers may be large.
    pub fn has_sections(&self) -> bool {
        !self.sections.is_empty()
    }

    /// The items of a response that answer the attributes without sections.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = Item> {
        self.asked().map(|attribute| attribute.item)
    }

    /// The attributes without sections, in the order in which they are written.
    fn asked(&self) -> impl Iterator<Item = &'static Attribute> {
        let attributes = self.attributes;
        ATTRIBUTES.iter().filter(move |attribute| attributes & bit(attribute.item) != 0)
    }

    /// The sections, in the order in which they were added.
    pub(crate) fn sections(&self) -> &[Wanted] {
        &self.sections
    }

    const fn only(attributes: u32) -> Self {
        Self { attributes, sections: Cow::Borrowed(&[]) }
    }

    /// The full preview includes the lazy one.
    fn with(self, attribute: u32) -> Self {
        let lazy = if attribute == PREVIEW { LAZY } else { 0 };
        Self { attributes: (self.attributes | attribute) & !lazy, ..self }
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

/// The items of both sides.
impl BitOr for Items {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        let full = |items: &Self| items.attributes & (PREVIEW | LAZY) == PREVIEW;
        let lazy = if full(&self) || full(&other) { LAZY } else { 0 };
        let both = Self { attributes: (self.attributes | other.attributes) & !lazy, ..self };
        other.sections.iter().cloned().fold(both, Self::wanting)
    }
}

/// The wire form: one line of ASCII.
impl fmt::Display for Items {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(UID")?;
        let declared = if self.attributes & DECLARED != 0 { SIZE } else { 0 };
        for Attribute { item, name, .. } in Self::only(self.attributes | declared).asked() {
            let lazy = *item == Item::Preview && self.attributes & LAZY != 0;
            write!(f, " {name}{}", if lazy { " (LAZY)" } else { "" })?;
        }
        for Wanted { item, section, window } in self.sections.iter() {
            write!(f, " {item}[{section}]")?;
            if let Some((start, len)) = window {
                write!(f, "<{start}.{len}>")?;
            }
        }
        f.write_str(")")
    }
}

fn content(part: Section) -> Result<Section> {
    match part.is_content() {
        true => Ok(part),
        false => Err(Error::input(format!("BINARY has no section {part}: it takes the content of a part"))),
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
    fn the_size_comes_with_a_whole_message_and_is_not_waited_for() {
        let judged = Items::MESSAGE.flags().judged();
        assert_eq!(judged.to_string(), "(UID FLAGS RFC822.SIZE BODY.PEEK[])");
        assert_eq!(judged.attributes().collect::<Vec<_>>(), [Item::Flags]);
        assert_eq!(Items::MESSAGE.size().judged(), Items::MESSAGE.size());
        for items in [Items::HEADER, Items::new().partial(Section::WHOLE, 0, NonZeroU32::MIN)] {
            assert_eq!(items.clone().judged(), items);
        }
    }

    #[test]
    fn bodies_are_peeked_at_in_windows_too() {
        let items = Items::new().partial(Section::TEXT, 4096, NonZeroU32::MIN);
        assert_eq!(items.to_string(), "(UID BODY.PEEK[TEXT]<4096.1>)");
        assert!(items.has_sections() && !Items::ENVELOPE.body_structure().internal_date().has_sections());
    }

    #[test]
    fn what_the_server_does_not_have_is_named() {
        let missing =
            |items: &Items, capabilities: &str, rev2| items.missing(&Capabilities::from_text(capabilities), rev2);
        let binary = Items::FLAGS.binary(Section::part(&[1]).unwrap(), None).unwrap();
        for (items, name, capability) in [
            (Items::FLAGS.modseq(), "MODSEQ", "QRESYNC"),
            (Items::SIZE.email_id(), "EMAILID", "OBJECTID"),
            (Items::SIZE.thread_id(), "THREADID", "OBJECTID"),
            (Items::SIZE.save_date(), "SAVEDATE", "SAVEDATE"),
            (Items::SIZE.preview(), "PREVIEW", "PREVIEW"),
            (Items::SIZE.lazy_preview(), "PREVIEW", "PREVIEW"),
            (Items::SIZE.gmail_labels(), "X-GM-LABELS", "X-GM-EXT-1"),
            (binary.clone(), "BINARY.PEEK", "BINARY"),
        ] {
            assert_eq!(missing(&items, "IMAP4rev1", false), Some(name));
            assert_eq!(missing(&items, capability, false), None, "{name}");
        }
        assert_eq!(missing(&binary, "IMAP4rev1 IMAP4rev2", true), None);
        assert_eq!(
            missing(&Items::MESSAGE.flags().envelope().body_structure().internal_date().size(), "", false),
            None
        );
    }

    #[test]
    fn items_of_extensions_are_those_of_their_rfcs() {
        let items = Items::FLAGS.modseq().email_id().thread_id().save_date().lazy_preview();
        assert_eq!(items.to_string(), "(UID FLAGS MODSEQ EMAILID THREADID SAVEDATE PREVIEW (LAZY))");
        assert_eq!((items | Items::new().preview()).to_string().matches("PREVIEW").count(), 1);
        let lazy = Items::new().lazy_preview();
        assert_eq!((lazy.clone() | lazy.clone()).to_string(), "(UID PREVIEW (LAZY))");
        for full in [
            lazy.clone().preview(),
            Items::PREVIEW.lazy_preview(),
            lazy.clone() | Items::PREVIEW,
            Items::PREVIEW | lazy,
        ] {
            assert_eq!(full, Items::PREVIEW);
        }
        let gmail = Items::new().gmail_message_id().gmail_thread_id().gmail_labels();
        assert_eq!(gmail.to_string(), "(UID X-GM-MSGID X-GM-THRID X-GM-LABELS)");
        let part = |path: &[u32]| Section::part(path).unwrap();
        let binary =
            Items::new().binary(part(&[1, 2]), Some((0, NonZeroU32::MIN))).unwrap().binary_size(part(&[3])).unwrap();
        assert_eq!(binary.to_string(), "(UID BINARY.PEEK[1.2]<0.1> BINARY.SIZE[3])");
        assert!(Items::new().binary_size(Section::HEADER).is_err());
    }
}

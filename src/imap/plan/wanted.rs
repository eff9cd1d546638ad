//! What a FETCH asks for, in the form by which its answers are recognised: UID, item, section and origin (RFC 9051 §7.5.2). It examines
//! names only. It must not know earlier answers.

use crate::imap::codec::{Elided, Named, Scan, before_literal};
use crate::imap::types::{BINARY, BINARY_SIZE, Item, Items, Uid, Uids, WantedSection};

/// The bits of sections follow those of attributes. If there are more sections than bits, the rest share the last bit.
const FIRST_SECTION: u32 = 24;
const LAST_SECTION: u32 = 63;

/// The items that servers send about a message without a request.
const UNASKED: u64 = bit(Item::Uid) | bit(Item::Flags) | bit(Item::Modseq);

/// The messages and items of one FETCH.
#[derive(Debug)]
pub(crate) struct Wanted {
    uids: Uids,
    sections: Box<[WantedItem]>,
    /// One bit for each item.
    all: u64,
    /// Whether any data of these messages is an answer.
    anything: bool,
    /// How many messages there are at most, if not each of the set is wanted.
    most: Option<u64>,
}

/// One section.
#[derive(Debug)]
struct WantedItem {
    /// The section in the form that [`Section`] and most servers write.
    text: String,
    wanted: WantedSection,
    bit: u64,
}

/// What a response contains, by its names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Look {
    /// The message that it names by UID.
    pub(crate) named: LookName,
    /// The wanted items that it contains, one bit for each.
    pub(crate) found: u64,
    /// Whether it contains unwanted flags or an unwanted modification sequence, which servers send without a request.
    pub(crate) more: bool,
}

/// Whether a response names its message by UID.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LookName {
    Uid(Uid),
    /// Its UID is not valid.
    Invalid,
    /// It has a sequence number only.
    None,
}

const fn bit(item: Item) -> u64 {
    1 << item as u32
}

impl Wanted {
    pub(crate) fn new(uids: Uids, items: &Items) -> Self {
        let place = |(number, wanted): (u32, &WantedSection)| WantedItem {
            text: wanted.section.to_string(),
            wanted: wanted.clone(),
            bit: 1 << number.min(LAST_SECTION),
        };
        let sections: Box<[_]> = (FIRST_SECTION..).zip(items.sections()).map(place).collect();
        let attributes = items.attributes().fold(0, |all, item| all | bit(item));
        let all = sections.iter().fold(attributes, |all, place| all | place.bit);
        Self { uids, sections, all, anything: false, most: None }
    }

    /// Any data of these messages, any number of times.
    pub(crate) fn anything(uids: Uids) -> Self {
        Self { uids, sections: Box::default(), all: 0, anything: true, most: None }
    }

    /// At most this number of the messages: which ones, only the server knows.
    pub(crate) fn at_most(self, most: u64) -> Self {
        Self { most: Some(most), ..self }
    }

    pub(crate) fn is_bounded(&self) -> bool {
        self.most.is_some()
    }

    /// Whether this number of messages is wanted.
    pub(crate) fn wants(&self, messages: u64) -> bool {
        self.most.is_none_or(|most| messages <= most)
    }

    pub(crate) fn is_anything(&self) -> bool {
        self.anything
    }

    /// The messages.
    pub(crate) fn uids(&self) -> &Uids {
        &self.uids
    }

    /// All items, one bit for each.
    pub(crate) fn all(&self) -> u64 {
        self.all
    }

    /// The wanted items that no server sends without a request.
    pub(crate) fn only_on_request(&self) -> u64 {
        self.all & !UNASKED
    }

    /// The message, if exactly one is wanted.
    pub(crate) fn only(&self) -> Option<Uid> {
        let one = self.uids.open_from().is_none() && self.uids.len() == 1;
        self.uids.iter().next().filter(|_| one)
    }

    /// Scans a response until its message is known and all wanted items are found, or to its end.
    #[inline]
    pub(crate) fn look(&self, frame: &[u8], at: usize, elided: &[Elided]) -> Option<Look> {
        self.look_until(frame, at, elided, |look| {
            look.found == self.all && look.named != LookName::None && self.all != 0
        })
    }

    /// The bit of the item whose value is the literal that is announced at the end of `head`; 0 if it is not wanted, or not certain.
    pub(crate) fn announced(&self, head: &[u8]) -> u64 {
        before_literal(head).map_or(0, |named| self.bit_of(named))
    }

    /// Scans all received bytes of a response that continues with a literal.
    pub(crate) fn look_at_all(&self, frame: &[u8], at: usize, elided: &[Elided]) -> Option<Look> {
        self.look_until(frame, at, elided, |_| false)
    }

    #[inline]
    fn look_until(&self, frame: &[u8], at: usize, elided: &[Elided], done: impl Fn(&Look) -> bool) -> Option<Look> {
        let mut scan = Scan::new(frame, at, elided)?;
        let mut look = Look { named: LookName::None, found: 0, more: false };
        while let Some(named) = scan.next() {
            if let Named::Uid(uid) = named {
                look.named = uid.and_then(Uid::nonzero).map_or(LookName::Invalid, LookName::Uid);
            } else {
                let bit = self.bit_of(named);
                look.found |= bit;
                look.more |= bit == 0 && matches!(named, Named::Attribute(Item::Flags | Item::Modseq));
            }
            if done(&look) {
                break;
            }
        }
        Some(look)
    }

    /// The bit of the item that this answers; 0 if it is not wanted.
    #[inline]
    fn bit_of(&self, named: Named<'_>) -> u64 {
        match named {
            Named::Uid(_) => 0,
            Named::Attribute(item) => bit(item) & self.all,
            Named::Section { binary, section, origin } => {
                self.place(|place| (place.wanted.item == BINARY) == binary && place.is_at(origin), section)
            }
            Named::BinarySize(section) => self.place(|place| place.wanted.item == BINARY_SIZE, section),
        }
    }

    fn place(&self, is_kind: impl Fn(&WantedItem) -> bool, section: &[u8]) -> u64 {
        self.sections.iter().find(|place| is_kind(place) && place.is_named(section)).map_or(0, |place| place.bit)
    }
}

impl WantedItem {
    /// Some servers change letter case, quotes, and the order of header fields.
    fn is_named(&self, section: &[u8]) -> bool {
        section.eq_ignore_ascii_case(self.text.as_bytes())
            || self.text.contains("FIELDS") && self.wanted.section.is_called(section)
    }

    /// Some servers leave out `<0>`.
    fn is_at(&self, origin: Option<u32>) -> bool {
        if self.wanted.item == BINARY_SIZE {
            return false;
        }
        match self.wanted.window {
            None => origin.is_none(),
            Some((start, _)) => u64::from(origin.unwrap_or(0)) == start,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::imap::types::Section;

    fn found(items: Items, attributes: &str) -> bool {
        let wanted = Wanted::new(Uids::ALL, &items);
        let frame = format!("* 7 FETCH (UID 9 {attributes})\r\n");
        let look = wanted.look(frame.as_bytes(), "* 7 FETCH ".len(), &[]).unwrap();
        assert_eq!(look.named, LookName::Uid(Uid::nonzero(9).unwrap()));
        look.found == wanted.all()
    }

    #[test]
    fn an_item_is_answered_by_its_name_whatever_its_value() {
        assert!(found(Items::FLAGS.modseq(), "MODSEQ (7) FLAGS ()"));
        assert!(!found(Items::FLAGS.modseq(), "FLAGS ()"));
        assert!(found(Items::new().preview(), "PREVIEW NIL") && found(Items::new().lazy_preview(), "PREVIEW NIL"));
        assert!(found(Items::new().thread_id().save_date(), "THREADID NIL SAVEDATE NIL"));
        assert!(found(Items::MESSAGE.size(), "BODY[] NIL RFC822.SIZE 5"));
        assert!(!found(Items::MESSAGE.size(), "RFC822.SIZE 5"));
        assert!(found(Items::new().gmail_labels(), "X-GM-LABELS ()"));
        let items = Items::new().preview().thread_id().email_id().save_date();
        assert!(found(items.clone(), "PREVIEW NIL THREADID NIL EMAILID (M1) SAVEDATE NIL"));
        assert!(!found(items, "PREVIEW NIL THREADID NIL EMAILID (M1)"));
        assert!(found(Items::SIZE, "RFC822.SIZE -1") && found(Items::SIZE, "RFC822.SIZE x"));
        assert!(found(Items::BODY_STRUCTURE, "BODY NIL") && !found(Items::BODY_STRUCTURE, "ENVELOPE NIL"));
        assert!(!found(Items::ENVELOPE.internal_date(), "INTERNALDATE \" 4-Jul-2018 20:21:47 +0900\""));
    }

    #[test]
    fn a_section_is_answered_by_the_same_section_from_the_same_origin() {
        let window = |start| Items::new().partial(Section::WHOLE, start, NonZeroU32::MIN);
        assert!(found(window(0), "BODY[] \"x\"") && found(window(0), "BODY[]<0> \"x\""));
        assert!(found(window(0), "RFC822 \"x\"") && found(Items::MESSAGE, "RFC822 \"x\""));
        assert!(found(window(7), "BODY[]<7> \"x\"") && found(Items::MESSAGE, "BODY.PEEK[] NIL"));
        for wrong in ["BODY[]<1> \"x\"", "BODY[HEADER]<0> \"x\"", "BODY[1.MIME] \"x\"", "BINARY[] \"x\"", "BODY (x)"] {
            assert!(!found(window(0), wrong), "{wrong}");
            assert!(!found(window(7), wrong), "{wrong}");
            assert!(!found(Items::MESSAGE, wrong), "{wrong}");
        }
        assert!(!found(window(7), "BODY[] \"x\"") && !found(Items::MESSAGE, "BODY[]<100> \"x\""));
        let binary = Items::new().binary(Section::part(&[1]).unwrap(), None).unwrap();
        assert!(found(binary.clone(), "BINARY[1] \"x\"") && !found(binary, "BODY[1] \"x\""));
        let size = Items::new().binary_size(Section::part(&[1]).unwrap()).unwrap();
        assert!(found(size.clone(), "BINARY.SIZE[1] 5") && !found(size, "BINARY[1] \"x\""));
    }

    #[test]
    fn servers_repeat_sections_in_their_own_way() {
        let fields = || Items::new().section(Section::header_fields(["Date", "List-Id"]).unwrap());
        for echo in ["HEADER.FIELDS (DATE LIST-ID)", "header.fields (\"List-Id\" date)", "HEADER.FIELDS (list-id DATE)"]
        {
            assert!(found(fields(), &format!("BODY[{echo}] NIL")), "{echo}");
        }
        for other in ["HEADER.FIELDS (DATE)", "HEADER.FIELDS.NOT (DATE LIST-ID)", "HEADER", "1.HEADER"] {
            assert!(!found(fields(), &format!("BODY[{other}] NIL")), "{other}");
        }
        assert!(found(Items::HEADER, "body[header] {1}\r\nx"));
    }

    #[test]
    fn of_many_sections_each_must_come() {
        let items = (1..=60).fold(Items::new(), |items, part| items.section(Section::part(&[part]).unwrap()));
        let answer: Vec<_> = (1..=60).map(|part| format!("BODY[{part}] NIL")).collect();
        assert!(found(items.clone(), &answer.join(" ")));
        assert!(!found(items, &answer[1..].join(" ")));
    }

    #[test]
    fn the_last_name_before_a_literal_is_known() {
        let wanted = Wanted::new(Uids::ALL, &Items::MESSAGE);
        let last = |frame: &str| wanted.announced(frame.as_bytes());
        assert_eq!(last("* 7 FETCH (UID 9 BODY[] {5}\r\n"), wanted.all());
        assert_eq!(last("* 7 FETCH (BODY[] {3}\r\nabc BODY[HEADER] {5}\r\n"), 0);
        assert_eq!(last("* 7 FETCH (X-NOTE {5}\r\n"), 0);
    }
}

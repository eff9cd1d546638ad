//! LIST, STATUS and ESEARCH responses of arbitrary values: written, and compared with what was read.

use std::num::NonZeroU32;

use arbitrary::{Arbitrary, Result, Unstructured};
use postroom::imap::{Listed, MailboxName, MailboxStatus, SearchChange, SearchResult, SearchUpdate};

use super::wire::{Astring, Text, text};

/// A mailbox's name, and the form that it is sent in.
#[derive(Clone, Debug)]
pub struct Name {
    value: MailboxName,
    literal: bool,
    bare: bool,
}

/// LIST (RFC 9051 §7.3.1).
#[derive(Arbitrary, Debug)]
pub struct List {
    name: Name,
    delimiter: Option<Delimiter>,
    attributes: Vec<Attribute>,
    old_name: Option<Name>,
    child_info: Option<bool>,
}

/// STATUS (RFC 9051 §7.3.4).
#[derive(Arbitrary, Debug)]
pub struct Status {
    name: Name,
    small: [Option<u32>; 6],
    large: [Option<u64>; 4],
    id: Option<u32>,
    unknown: Option<u32>,
}

/// ESEARCH (RFC 4731 §3, RFC 5267 §4.3, RFC 6203 §5, RFC 7377 §2.1, RFC 9394 §4).
#[derive(Arbitrary, Debug)]
pub struct Esearch {
    tag: Option<u32>,
    /// Sent only with a tag.
    mailbox: Option<(Name, NonZeroU32)>,
    uid: bool,
    min_max: Option<(u32, u32)>,
    count: Option<u64>,
    modseq: Option<u64>,
    all: Set,
    partial: Option<(i16, i16, Set)>,
    relevancy: Option<Vec<u8>>,
    /// ADDTO if true, otherwise REMOVEFROM (RFC 5267 §4.3), each with positions and messages.
    updates: Vec<(bool, Vec<(u32, Set)>)>,
    lower: bool,
}

/// What separates levels.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Delimiter {
    Slash,
    Dot,
    Backslash,
    Quote,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Attribute {
    HasChildren,
    NonExistent,
    Sent,
    Unknown,
}

/// Ranges, each by its distance from the one before and its length.
#[derive(Arbitrary, Debug)]
pub struct Set(pub(super) Vec<(u16, u16)>);

const SMALL: [&str; 6] = ["MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "RECENT", "DELETED"];
const LARGE: [&str; 4] = ["SIZE", "HIGHESTMODSEQ", "APPENDLIMIT", "DELETED-STORAGE"];

impl<'a> Arbitrary<'a> for Name {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let name = text(u)?.replace(['\0', '\r', '\n'], ".");
        let value = MailboxName::new(&name).unwrap_or_else(|_| "x".parse().expect("a name"));
        Ok(Self { value, literal: u.arbitrary()?, bare: u.arbitrary()? })
    }
}

impl Name {
    /// What a reader should find.
    pub fn value(&self) -> &MailboxName {
        &self.value
    }

    /// Adds its form on the wire, in UTF-8 or in modified UTF-7.
    pub fn write(&self, utf8: bool, out: &mut Vec<u8>) {
        let bytes = self.value.to_wire(utf8).into_owned();
        let text = if self.literal { Text::Literal(bytes, false) } else { Text::Quoted(bytes) };
        Astring::new(text, self.bare).write(out);
    }
}

impl List {
    /// Adds the response.
    pub fn write(&self, out: &mut Vec<u8>) {
        let attributes: Vec<_> = self.attributes.iter().map(|attribute| attribute.name()).collect();
        let delimiter = self.delimiter.map_or("NIL", |delimiter| delimiter.form());
        out.extend_from_slice(format!("* LIST ({}) {delimiter} ", attributes.join(" ")).as_bytes());
        self.name.write(false, out);
        if self.old_name.is_some() || self.child_info.is_some() {
            out.extend_from_slice(b" (");
            if let Some(quoted) = self.child_info {
                out.extend_from_slice(if quoted {
                    b"\"CHILDINFO\" (\"SUBSCRIBED\") "
                } else {
                    b"CHILDINFO (SUBSCRIBED) "
                });
            }
            if let Some(name) = &self.old_name {
                out.extend_from_slice(b"\"OLDNAME\" (");
                name.write(false, out);
                out.push(b')');
            }
            out.push(b')');
        }
        out.extend_from_slice(b"\r\n");
    }

    /// Every value is found.
    pub fn check(&self, found: &Listed) {
        let delimiter = self.delimiter.map(Delimiter::byte);
        // If the server puts the delimiter after the name, it is no part of it.
        let trailing = delimiter.is_some_and(|byte| self.name.value.as_str().ends_with(byte));
        if !trailing {
            assert_eq!(&found.name, self.name.value());
        }
        assert_eq!(found.delimiter, delimiter);
        assert!(found.attributes.iter().eq(self.attributes.iter().map(|attribute| attribute.name())));
        assert_eq!(found.old_name.as_deref(), self.old_name.as_ref().map(Name::value));
        let below: &[&str] = if self.child_info.is_some() { &["SUBSCRIBED"] } else { &[] };
        assert!(found.child_info.iter().eq(below.iter().copied()));
    }
}

impl Status {
    /// Items that name a message or a generation are never 0 (RFC 9051 §9, `status-att-val`).
    fn small(&self) -> [Option<u32>; 6] {
        let [messages, next, validity, unseen, recent, deleted] = self.small;
        [messages, next.map(|next| next.max(1)), validity.map(|validity| validity.max(1)), unseen, recent, deleted]
    }

    /// Adds the response.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"* STATUS ");
        self.name.write(false, out);
        let small = SMALL.iter().zip(self.small()).filter_map(|(name, value)| Some(format!("{name} {}", value?)));
        let large = LARGE.iter().zip(self.large).filter_map(|(name, value)| Some(format!("{name} {}", value?)));
        let id = self.id.map(|id| format!("MAILBOXID (F{id})"));
        let unknown = self.unknown.map(|value| format!("X-NEW (a {value})"));
        let items: Vec<_> = small.chain(large).chain(id).chain(unknown).collect();
        out.extend_from_slice(format!(" ({})\r\n", items.join(" ")).as_bytes());
    }

    /// Every value is found.
    pub fn check(&self, found: &MailboxStatus) {
        assert_eq!(&found.name, self.name.value());
        let [next, validity] = [found.uid_next.map(u32::from), found.uid_validity.map(u32::from)];
        let small = [found.messages, next, validity, found.unseen, found.recent, found.deleted];
        assert_eq!(small, self.small());
        let large = [found.size, found.highest_modseq, found.append_limit, found.deleted_storage];
        assert_eq!(large, self.large);
        assert_eq!(found.mailbox_id, self.id.map(|id| format!("F{id}")));
        assert_eq!(found.other, self.unknown.map_or_else(String::new, |value| format!("X-NEW (a {value})")).as_bytes());
    }
}

impl Esearch {
    /// Adds the response.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.word("* ESEARCH").as_bytes());
        self.write_correlators(out);
        let mut items = Vec::new();
        let mut add = |name: &str, value: String| items.push(format!("{} {value}", self.word(name)));
        for (name, number) in ["MIN", "MAX"].into_iter().zip(self.min_max()) {
            number.into_iter().for_each(|number| add(name, number.to_string()));
        }
        self.count.into_iter().for_each(|count| add("COUNT", count.to_string()));
        if !self.all.0.is_empty() {
            add("ALL", self.all.form());
        }
        self.modseq.into_iter().for_each(|modseq| add("MODSEQ", modseq.to_string()));
        if let Some((first, last, set)) = self.partial_range() {
            add("PARTIAL", format!("({first}:{last} {})", set.form()));
        }
        if let Some(scores) = &self.relevancy {
            let scores: Vec<_> = scores.iter().map(u8::to_string).collect();
            add("RELEVANCY", format!("({})", scores.join(" ")));
        }
        for (added, steps) in &self.updates {
            let steps: Vec<_> = Self::said(steps).map(|(place, set)| format!("{place} {}", set.form())).collect();
            add(if *added { "ADDTO" } else { "REMOVEFROM" }, format!("({})", steps.join(" ")));
        }
        let uid = self.uid.then(|| self.word("UID"));
        for item in uid.into_iter().chain(items) {
            out.push(b' ');
            out.extend_from_slice(item.as_bytes());
        }
        out.extend_from_slice(b"\r\n");
    }

    fn write_correlators(&self, out: &mut Vec<u8>) {
        let Some(tag) = self.tag else { return };
        out.extend_from_slice(format!(" ({} \"A{tag}\"", self.word("TAG")).as_bytes());
        if let Some((name, validity)) = &self.mailbox {
            out.extend_from_slice(format!(" {} ", self.word("MAILBOX")).as_bytes());
            name.write(false, out);
            out.extend_from_slice(format!(" {} {validity}", self.word("UIDVALIDITY")).as_bytes());
        }
        out.push(b')');
    }

    fn word(&self, word: &str) -> String {
        if self.lower { word.to_ascii_lowercase() } else { word.to_owned() }
    }

    fn min_max(&self) -> [Option<u32>; 2] {
        [self.min_max.map(|both| both.0.max(1)), self.min_max.map(|both| both.1.max(1))]
    }

    /// A step about nothing is left out.
    fn said(steps: &[(u32, Set)]) -> impl Iterator<Item = &(u32, Set)> {
        steps.iter().filter(|(_, set)| !set.0.is_empty())
    }

    /// From one end, and not from both (RFC 9394 §4).
    fn partial_range(&self) -> Option<(i64, i64, &Set)> {
        let (first, last, set) = self.partial.as_ref()?;
        let sign = if *first < 0 { -1 } else { 1 };
        let place = |at: i16| sign * i64::from(at).abs().max(1);
        Some((place(*first), place(*last), set))
    }

    /// Every value is found.
    pub fn check(&self, found: &SearchResult) {
        assert_eq!((&found.tag, found.is_uid), (&self.tag.map(|tag| format!("A{tag}")), self.uid));
        let mailbox = self.mailbox.as_ref().filter(|_| self.tag.is_some());
        assert_eq!(found.mailbox.as_ref(), mailbox.map(|(name, _)| name.value()));
        assert_eq!(found.uid_validity.map(u32::from), mailbox.map(|(_, validity)| validity.get()));
        assert_eq!([found.min.map(u32::from), found.max.map(u32::from)], self.min_max());
        assert_eq!((found.count, found.modseq), (self.count, self.modseq));
        let all = found
            .all
            .as_ref()
            .map(|all| all.ranges().map(|range| (u32::from(*range.start()), u32::from(*range.end()))));
        assert_eq!(all.map(Iterator::collect), (!self.all.0.is_empty()).then(|| self.all.ranges()));
        assert_eq!(found.partial.is_some(), self.partial.is_some());
        if let (Some((first, last, set)), Some(found)) = (self.partial_range(), &found.partial) {
            assert_eq!((found.first, found.last), (first, last));
            let ranges: Vec<_> =
                found.found.ranges().map(|(first, last)| (u32::from(first), u32::from(last))).collect();
            assert_eq!(ranges, set.ranges());
        }
        assert_eq!(found.relevancy, self.relevancy.clone().unwrap_or_default());
        self.check_updates(found);
        assert!(found.order.is_none() && found.other.is_empty(), "{found:?}");
    }

    fn check_updates(&self, found: &SearchResult) {
        let steps = self.updates.iter().flat_map(|(added, steps)| Self::said(steps).map(move |step| (*added, step)));
        let said: Vec<_> = steps.map(|(added, (place, set))| (added, *place, set.ranges())).collect();
        let step = |update: SearchUpdate| {
            let ranges = update.uids.ranges().map(|(first, last)| (u32::from(first), u32::from(last))).collect();
            (update.change == SearchChange::Added, update.position, ranges)
        };
        assert_eq!(found.updates.iter().map(step).collect::<Vec<_>>(), said);
    }
}

impl Delimiter {
    /// What a reader should find.
    pub fn byte(self) -> char {
        match self {
            Self::Slash => '/',
            Self::Dot => '.',
            Self::Backslash => '\\',
            Self::Quote => '"',
        }
    }

    /// Its written form.
    pub fn form(self) -> &'static str {
        match self {
            Self::Slash => "\"/\"",
            Self::Dot => "\".\"",
            Self::Backslash => "\"\\\\\"",
            Self::Quote => "\"\\\"\"",
        }
    }
}

impl Attribute {
    fn name(self) -> &'static str {
        match self {
            Self::HasChildren => "\\HasChildren",
            Self::NonExistent => "\\NonExistent",
            Self::Sent => "\\Sent",
            Self::Unknown => "\\X-New",
        }
    }
}

impl Set {
    /// Ascending, and never adjacent; at most 500.
    pub fn ranges(&self) -> Vec<(u32, u32)> {
        let mut end = 0;
        let range = |(gap, length): &(u16, u16)| {
            let first = end + 2 + u32::from(*gap);
            end = first + u32::from(*length);
            (first, end)
        };
        self.0.iter().take(500).map(range).collect()
    }

    /// Its written form.
    pub fn form(&self) -> String {
        if self.0.is_empty() {
            return "NIL".to_owned();
        }
        let form =
            |(first, last): (u32, u32)| if first == last { first.to_string() } else { format!("{first}:{last}") };
        self.ranges().into_iter().map(form).collect::<Vec<_>>().join(",")
    }
}

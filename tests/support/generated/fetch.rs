//! FETCH responses of arbitrary values: written in any order, and compared with what was read. It must not know how a response is
//! read.

use std::num::{NonZeroU16, NonZeroU32};

use arbitrary::Arbitrary;
use postroom::Defect;
use postroom::imap::{Fetched, Section};
use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

use super::envelope::Envelope;
use super::structure::Part;
use super::wire::{Text, Word, list, nstring, same};

/// One message with any of the possible attributes.
#[derive(Arbitrary, Debug)]
pub struct Message {
    number: NonZeroU32,
    /// UIDFETCH, whose number is the UID (RFC 9586).
    by_uid: bool,
    uid: Option<NonZeroU32>,
    flags: Option<Vec<Keyword>>,
    internal: Option<DateTime>,
    saved: Option<Option<DateTime>>,
    size: Option<u64>,
    modseq: Option<u64>,
    envelope: Option<Envelope>,
    structure: Option<Part>,
    sections: Vec<(Place, Option<u32>, Option<Text>)>,
    binary_size: Option<(NonZeroU16, u64)>,
    ids: Option<(NonZeroU32, Option<NonZeroU32>)>,
    preview: Option<Option<Text>>,
    gmail: Option<(u64, u64, Vec<Text>)>,
    annotations: Vec<Annotated>,
    unknown: Option<u64>,
    /// The position of the first attribute.
    turn: u8,
    lower: bool,
}

/// An entry with its attributes and their values, at least one of them (RFC 5257 §5).
#[derive(Arbitrary, Debug)]
struct Annotated {
    entry: Word,
    first: (Word, Option<Text>),
    more: Vec<(Word, Option<Text>)>,
}

#[derive(Arbitrary, Debug)]
enum Keyword {
    Seen,
    Flagged,
    Forwarded,
    Numbered(u16),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
struct DateTime {
    year: u16,
    month: u8,
    day: u8,
    time: u32,
    zone: i16,
}

#[derive(Arbitrary, Debug)]
enum Place {
    Whole,
    Header,
    Text,
    Fields(bool),
    Part(Vec<NonZeroU16>, Option<bool>),
}

impl Message {
    /// Keeps only what can be sent.
    pub fn trim(&mut self) {
        if let Some(structure) = &mut self.structure {
            structure.trim(0);
        }
        let mut known = Vec::new();
        self.sections.retain(|(place, ..)| {
            let section = place.section();
            let new = !known.contains(&section) && known.len() < 50;
            known.push(section);
            new
        });
    }

    /// Adds the response.
    pub fn write(&self, out: &mut Vec<u8>) {
        let kind = if self.by_uid { "UIDFETCH" } else { "FETCH" };
        out.extend_from_slice(format!("* {} {} (", self.number, self.case(kind)).as_bytes());
        let mut attributes = self.attributes();
        let turn = usize::from(self.turn) % attributes.len().max(1);
        attributes.rotate_left(turn);
        out.extend_from_slice(&attributes.join(&b' '));
        out.extend_from_slice(b")\r\n");
    }

    /// Every value is found, and the only defect is that a random text has another length than a random number declares.
    pub fn check(&self, found: &Fetched) {
        let judged = |defect: &Defect| matches!(defect, Defect::Size { .. } | Defect::Missing);
        assert_eq!(found.defects().filter(|defect| !judged(defect)).collect::<Vec<_>>(), []);
        let (seq, uid) = match self.by_uid {
            true => (None, Some(self.number)),
            false => (Some(self.number), self.uid),
        };
        assert_eq!((found.seq().map(u32::from), found.uid().map(u32::from)), (seq.map(u32::from), uid.map(u32::from)));
        let flags = self.flags.as_ref().map(|flags| flags.iter().map(Keyword::name).collect::<Vec<_>>());
        assert_eq!(found.flags().map(|flags| flags.iter().map(String::from).collect()), flags);
        assert_eq!(found.internal_date(), self.internal.map(DateTime::value));
        assert_eq!(found.save_date(), self.saved.flatten().map(DateTime::value));
        assert_eq!((found.size(), found.modseq()), (self.size, self.modseq));
        match (&self.envelope, found.envelope()) {
            (Some(written), Some(found)) => written.check(found),
            (written, found) => assert!(written.is_none() && found.is_none()),
        }
        match (&self.structure, found.body_structure()) {
            (Some(written), Some(found)) => written.check(found),
            (written, found) => assert!(written.is_none() && found.is_none()),
        }
        self.check_sections(found);
        self.check_extensions(found);
    }

    fn check_sections(&self, found: &Fetched) {
        assert_eq!(found.sections().count(), self.sections.len());
        for (place, origin, content) in &self.sections {
            let section = found.section(&place.section()).expect("the section is there");
            assert_eq!(section.origin(), origin.filter(|origin| *origin < u32::MAX));
            assert_eq!(section.bytes().as_deref(), content.as_ref().map(Text::bytes));
        }
    }

    fn check_extensions(&self, found: &Fetched) {
        let sizes = self.binary_size.map(|(part, size)| (part.to_string(), size));
        assert_eq!(found.binary_sizes().map(|(part, size)| (part.into_owned(), size)).next(), sizes);
        let [email, thread] = [self.ids.map(|ids| ids.0), self.ids.and_then(|ids| ids.1)];
        assert_eq!(found.email_id().map(|id| id.to_string()), email.map(|id| format!("M{id}")));
        assert_eq!(found.thread_id().map(|id| id.to_string()), thread.map(|id| format!("T{id}")));
        assert!(same(&self.preview.clone().flatten(), found.preview()));
        let gmail = self.gmail.as_ref();
        assert_eq!(
            found.gmail_message_id().zip(found.gmail_thread_id()),
            gmail.map(|(message, thread, _)| (*message, *thread))
        );
        let labels = gmail.map(|(_, _, labels)| labels.iter().map(|label| label.bytes().to_vec()).collect::<Vec<_>>());
        assert_eq!(found.gmail_labels().map(|labels| labels.map(|label| label.bytes().into_owned()).collect()), labels);
        self.check_annotations(found);
        let unknown = self.unknown.map(|value| (self.case("X-NEW"), format!("(a \"b)\" {value})").into_bytes()));
        assert_eq!(found.unknown().map(|(name, value)| (name.into_owned(), value.to_vec())).next(), unknown);
    }

    fn check_annotations(&self, found: &Fetched) {
        let entries: Vec<_> = found.annotations().collect();
        assert_eq!(entries.len(), self.annotations.len());
        for (annotated, entry) in self.annotations.iter().zip(entries) {
            assert_eq!(entry.entry().to_string(), format!("/{}", annotated.entry.0));
            let read: Vec<_> = entry.attributes().collect();
            assert_eq!(read.len(), annotated.attributes().count());
            for ((name, value), (read, found)) in annotated.attributes().zip(read) {
                assert_eq!(read.to_string(), name.0);
                assert!(same(value, found));
            }
        }
    }

    fn write_annotations(&self, out: &mut Vec<u8>) {
        list(&self.annotations, out, " ", |annotated, out| {
            out.extend_from_slice(format!("/{} (", annotated.entry.0).as_bytes());
            for (place, (name, value)) in annotated.attributes().enumerate() {
                let blank = if place > 0 { " " } else { "" };
                out.extend_from_slice(format!("{blank}{} ", name.0).as_bytes());
                nstring(value, out);
            }
            out.push(b')');
        });
    }

    fn case(&self, name: &str) -> String {
        if self.lower { name.to_ascii_lowercase() } else { name.to_owned() }
    }

    fn attributes(&self) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        let mut add = |name: &str, write: &dyn Fn(&mut Vec<u8>)| {
            let mut attribute = format!("{} ", self.case(name)).into_bytes();
            write(&mut attribute);
            all.push(attribute);
        };
        let number = |number: u64| move |out: &mut Vec<u8>| out.extend_from_slice(number.to_string().as_bytes());
        if let Some(uid) = self.uid.filter(|_| !self.by_uid) {
            add("UID", &number(uid.get().into()));
        }
        if let Some(flags) = &self.flags {
            let names: Vec<String> = flags.iter().map(Keyword::name).collect();
            add("FLAGS", &|out| out.extend_from_slice(format!("({})", names.join(" ")).as_bytes()));
        }
        if let Some(date) = self.internal {
            add("INTERNALDATE", &|out| date.write(out));
        }
        if let Some(date) = self.saved {
            add("SAVEDATE", &|out| match date {
                Some(date) => date.write(out),
                None => out.extend_from_slice(b"NIL"),
            });
        }
        if let Some(size) = self.size {
            add("RFC822.SIZE", &number(size));
        }
        if let Some(modseq) = self.modseq {
            add("MODSEQ", &|out| out.extend_from_slice(format!("({modseq})").as_bytes()));
        }
        if let Some(envelope) = &self.envelope {
            add("ENVELOPE", &|out| envelope.write(out));
        }
        if let Some(structure) = &self.structure {
            add("BODYSTRUCTURE", &|out| structure.write(out));
        }
        for (place, origin, content) in &self.sections {
            let origin =
                origin.filter(|origin| *origin < u32::MAX).map_or_else(String::new, |origin| format!("<{origin}>"));
            add(&format!("BODY[{}]{origin}", place.section()), &|out| nstring(content, out));
        }
        if let Some((part, size)) = self.binary_size {
            add(&format!("BINARY.SIZE[{part}]"), &number(size));
        }
        if let Some((email, thread)) = self.ids {
            add("EMAILID", &|out| out.extend_from_slice(format!("(M{email})").as_bytes()));
            let thread = thread.map_or_else(|| "NIL".to_owned(), |thread| format!("(T{thread})"));
            add("THREADID", &|out| out.extend_from_slice(thread.as_bytes()));
        }
        if let Some(preview) = &self.preview {
            add("PREVIEW", &|out| nstring(preview, out));
        }
        if let Some((message, thread, labels)) = &self.gmail {
            add("X-GM-MSGID", &number(*message));
            add("X-GM-THRID", &number(*thread));
            add("X-GM-LABELS", &|out| match labels.is_empty() {
                true => out.extend_from_slice(b"()"),
                false => list(labels, out, " ", Text::write),
            });
        }
        if !self.annotations.is_empty() {
            add("ANNOTATION", &|out| self.write_annotations(out));
        }
        if let Some(value) = self.unknown {
            add("X-NEW", &|out| out.extend_from_slice(format!("(a \"b)\" {value})").as_bytes()));
        }
        all
    }
}

impl Annotated {
    fn attributes(&self) -> impl Iterator<Item = &(Word, Option<Text>)> {
        std::iter::once(&self.first).chain(&self.more)
    }
}

impl Keyword {
    fn name(&self) -> String {
        match self {
            Self::Seen => "\\Seen".into(),
            Self::Flagged => "\\Flagged".into(),
            Self::Forwarded => "$Forwarded".into(),
            Self::Numbered(number) => format!("k{number}"),
        }
    }
}

impl DateTime {
    fn value(self) -> OffsetDateTime {
        let month = Month::try_from(self.month % 12 + 1).expect("a month");
        let date = Date::from_calendar_date(i32::from(self.year % 10_000), month, self.day % 28 + 1).expect("a date");
        let [hour, minute, second] = [self.time >> 16, self.time >> 8, self.time].map(|part| part as u8);
        let time = Time::from_hms(hour % 24, minute % 60, second % 60).expect("a time");
        let zone = UtcOffset::from_whole_seconds(i32::from(self.zone % 1440) * 60).expect("a zone");
        OffsetDateTime::new_in_offset(date, time, zone)
    }

    fn write(self, out: &mut Vec<u8>) {
        out.push(b'"');
        out.extend_from_slice(super::date(self.value()).as_bytes());
        out.push(b'"');
    }
}

impl Place {
    fn section(&self) -> Section {
        match self {
            Self::Whole => Section::WHOLE,
            Self::Header => Section::HEADER,
            Self::Text => Section::TEXT,
            Self::Fields(false) => Section::header_fields(["Subject", "X-(a"]).expect("names"),
            Self::Fields(true) => Section::header_fields_not(["Received"]).expect("names"),
            Self::Part(path, what) => {
                let path: Vec<u32> = path.iter().take(20).map(|number| u32::from(number.get())).collect();
                let part = Section::part(&path).expect("numbers");
                match what {
                    None => part,
                    Some(false) => part.mime(),
                    Some(true) => part.text(),
                }
            }
        }
    }
}

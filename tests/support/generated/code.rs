//! Status responses of arbitrary values: conditions with any response code, and text for people; written, and compared with what
//! was read.

use std::num::NonZeroU32;

use arbitrary::Arbitrary;
use bytes::Bytes;
use postroom::imap::{AnnotationSize, Outcome, Response, ResponseCode, UidValidity};

use super::mailbox::Set;
use super::wire::{Line, Text, Word};
use super::{Said, response};

/// OK, NO, BAD, BYE and PREAUTH, tagged or not, and `+` (RFC 9051 §7.1).
#[derive(Arbitrary, Debug)]
pub struct Condition {
    tag: Option<Word>,
    status: u8,
    code: Option<Coded>,
    text: Line,
    lower: bool,
}

#[derive(Arbitrary, Debug)]
enum Coded {
    Bare(u8),
    Charsets(Vec<Text>),
    Capability(Vec<Word>),
    PermanentFlags(Vec<Word>, bool),
    Number(u8, NonZeroU32),
    HighestModSeq(u64),
    Modified(Set),
    AppendUid(NonZeroU32, Set),
    CopyUid(NonZeroU32, Set, u32),
    Words(u8, Vec<Word>),
    Octets(u8, u64),
    NoUpdate(Text),
    Annotations(Option<u64>, bool),
    Progress(Option<(Option<Word>, Option<u64>, Option<u64>)>),
    MessageLimit(u64, Option<NonZeroU32>),
    Unknown(Word, Option<Word>),
}

/// A selection of those without data.
const BARE: [(&str, ResponseCode); 8] = [
    ("ALERT", ResponseCode::Alert),
    ("ALREADYEXISTS", ResponseCode::AlreadyExists),
    ("AUTHENTICATIONFAILED", ResponseCode::AuthenticationFailed),
    ("CLOSED", ResponseCode::Closed),
    ("HASCHILDREN", ResponseCode::HasChildren),
    ("READ-ONLY", ResponseCode::ReadOnly),
    ("UNKNOWN-CTE", ResponseCode::UnknownCte),
    ("USEATTR", ResponseCode::UseAttr),
];

impl Set {
    fn any(&self) -> String {
        if self.0.is_empty() { "7".to_owned() } else { self.form() }
    }
}

fn joined(words: &[Word]) -> String {
    words.iter().map(|word| &*word.0).collect::<Vec<_>>().join(" ")
}

impl Coded {
    fn write(&self, out: &mut Vec<u8>) {
        let text = match self {
            Self::Bare(which) => BARE[usize::from(*which) % BARE.len()].0.to_owned(),
            Self::Charsets(charsets) if charsets.is_empty() => "BADCHARSET".to_owned(),
            Self::Charsets(charsets) => {
                out.extend_from_slice(b"BADCHARSET (");
                for (at, charset) in charsets.iter().enumerate() {
                    out.extend_from_slice(if at > 0 { b" " } else { b"" });
                    Text::Quoted(charset_of(charset).into_bytes()).write(out);
                }
                ")".to_owned()
            }
            Self::Capability(words) => format!("CAPABILITY IMAP4rev1 {}", joined(words)).trim_end().to_owned(),
            Self::PermanentFlags(words, more) => {
                format!("PERMANENTFLAGS ({})", format!("{} {}", joined(words), if *more { "\\*" } else { "" }).trim())
            }
            Self::Number(which, number) => {
                format!("{} {number}", ["UIDNEXT", "UIDVALIDITY", "UNSEEN"][usize::from(which % 3)])
            }
            Self::HighestModSeq(number) => format!("HIGHESTMODSEQ {number}"),
            Self::Modified(set) => format!("MODIFIED {}", set.any()),
            Self::AppendUid(validity, set) => format!("APPENDUID {validity} {}", set.any()),
            Self::CopyUid(validity, set, to) => {
                format!("COPYUID {validity} {} {}", set.any(), self.destination(set, *to))
            }
            Self::Words(which, words) => match which % 4 {
                0 => format!("REFERRAL imap://{}/", joined(words).replace(' ', "/")),
                1 => format!("MAILBOXID (F{})", joined(words).replace(' ', "")),
                2 => format!("BADEVENT ({})", joined(words)),
                _ => format!("URLMECH INTERNAL {}", joined(words)).trim_end().to_owned(),
            },
            Self::Octets(which, octets) => {
                format!("METADATA {} {octets}", if which % 2 == 0 { "LONGENTRIES" } else { "MAXSIZE" })
            }
            Self::NoUpdate(tag) => {
                out.extend_from_slice(b"NOUPDATE ");
                Text::Quoted(charset_of(tag).into_bytes()).write(out);
                String::new()
            }
            Self::Annotations(size, private) => {
                let size = size.map_or_else(|| "READ-ONLY".to_owned(), |size| size.to_string());
                format!("ANNOTATIONS {size}{}", if *private { "" } else { " NOPRIVATE" })
            }
            Self::Progress(None) => "INPROGRESS".to_owned(),
            Self::Progress(Some((tag, done, goal))) => {
                let number =
                    |number: &Option<u64>| number.map_or_else(|| "NIL".to_owned(), |number| number.to_string());
                let tag = tag.as_ref().map_or_else(|| "NIL".to_owned(), |tag| format!("\"{}\"", tag.0));
                format!("INPROGRESS ({tag} {} {})", number(done), number(goal))
            }
            Self::MessageLimit(limit, None) => format!("MESSAGELIMIT {limit}"),
            Self::MessageLimit(limit, Some(last)) => format!("MESSAGELIMIT {limit} {last}"),
            Self::Unknown(name, None) => format!("X-{}", name.0),
            Self::Unknown(name, Some(data)) => format!("X-{} {}", name.0, data.0),
        };
        out.extend_from_slice(text.as_bytes());
    }

    /// This number of them in one piece, from there on.
    fn destination(&self, set: &Set, to: u32) -> String {
        let count: u32 = set.ranges().iter().map(|(first, last)| last - first + 1).sum::<u32>().max(1);
        let first = (to >> 1).max(1);
        if count == 1 { first.to_string() } else { format!("{first}:{}", first + count - 1) }
    }

    fn check(&self, found: &ResponseCode) {
        let right = match (self, found) {
            (Self::Bare(which), found) => BARE[usize::from(*which) % BARE.len()].1 == *found,
            (Self::Charsets(charsets), ResponseCode::BadCharset(found)) => {
                found.iter().eq(&charsets.iter().map(charset_of).collect::<Vec<_>>())
            }
            (Self::Capability(words), ResponseCode::Capability(found)) => {
                found.iter().skip(1).map(str::to_owned).eq(words.iter().map(|word| word.0.to_ascii_uppercase()))
            }
            (Self::PermanentFlags(words, more), ResponseCode::PermanentFlags(found)) => {
                let flags = words.iter().map(|word| &*word.0);
                found.iter().take(words.len()).eq(flags) && found.len() == words.len() + usize::from(*more)
            }
            (Self::Number(which, number), found) => match (which % 3, found) {
                (0, ResponseCode::UidNext(found)) => found.map(u32::from) == Some(number.get()),
                (1, ResponseCode::UidValidity(found)) => found.map(u32::from) == Some(number.get()),
                (2, ResponseCode::Unseen(found)) => found.map(u32::from) == Some(number.get()),
                _ => false,
            },
            (Self::HighestModSeq(number), ResponseCode::HighestModSeq(found)) => number == found,
            (Self::Modified(set), ResponseCode::Modified(found)) => set.any() == found.to_string(),
            (Self::AppendUid(validity, set), ResponseCode::AppendUid(found)) => {
                set.any() == found.to_string() && found.validity() == UidValidity::new(validity.get()).ok()
            }
            (Self::CopyUid(validity, set, to), ResponseCode::CopyUid(found)) => {
                let all = found.pairs().zip(found.pairs().skip(1));
                let in_order = all.take(100).all(|((_, one), (_, next))| u32::from(next) == u32::from(one) + 1);
                set.any() == found.from().to_string()
                    && self.destination(set, *to) == found.to().to_string()
                    && found.validity() == UidValidity::new(validity.get()).ok()
                    && found.pairs().take(100).all(|(from, to)| found.destination(from) == Some(to))
                    && in_order
            }
            (Self::Words(..), found) => {
                let mut written = Vec::new();
                self.write(&mut written);
                written == format!("{} {}", found.name(), found.data()).into_bytes()
                    && !matches!(found, ResponseCode::Other(_))
            }
            (Self::Octets(which, octets), ResponseCode::MetadataLongEntries(found)) => {
                which % 2 == 0 && octets == found
            }
            (Self::Octets(which, octets), ResponseCode::MetadataMaxSize(found)) => which % 2 == 1 && octets == found,
            (Self::NoUpdate(tag), ResponseCode::NoUpdate(found)) => charset_of(tag) == *found,
            (Self::Annotations(size, private), ResponseCode::Annotations(found)) => {
                let size = size.map_or(AnnotationSize::ReadOnly, AnnotationSize::UpTo);
                found.size == size && found.no_private != *private
            }
            (Self::Progress(progress), ResponseCode::InProgress(found)) => {
                let (tag, done, goal) =
                    progress.as_ref().map_or((None, None, None), |(tag, done, goal)| (tag.as_ref(), *done, *goal));
                (found.tag.as_ref(), found.done, found.goal) == (tag.map(|tag| &tag.0), done, goal)
            }
            (Self::MessageLimit(most, lowest), ResponseCode::MessageLimit { limit, last }) => {
                most == limit && last.map(u32::from) == lowest.map(u32::from)
            }
            (Self::Unknown(name, data), ResponseCode::Other(found)) => {
                let data = data.as_ref().map_or("", |data| &data.0);
                found.name() == format!("X-{}", name.0).to_ascii_uppercase() && found.data() == data
            }
            _ => false,
        };
        assert!(right, "{self:?} is read as {found:?}");
    }
}

/// A quoted text, in which no server writes a line end.
fn charset_of(text: &Text) -> String {
    String::from_utf8_lossy(text.bytes()).replace(['\r', '\n', '\0'], ".")
}

impl Condition {
    fn status(&self) -> (Outcome, &'static str) {
        const ALL: [(Outcome, &str); 5] = [
            (Outcome::Ok, "OK"),
            (Outcome::No, "NO"),
            (Outcome::Bad, "BAD"),
            (Outcome::Bye, "BYE"),
            (Outcome::Preauth, "PREAUTH"),
        ];
        // Only the first three end a command.
        ALL[usize::from(self.status) % if self.tag.is_some() { 3 } else { 5 }]
    }

    /// Without a code before it, a text must not look like one.
    fn words(&self) -> String {
        self.text.0.replace('[', "(")
    }
}

impl Said for Condition {
    fn write(&self, out: &mut Vec<u8>) {
        let (_, status) = self.status();
        let status = if self.lower { status.to_ascii_lowercase() } else { status.to_owned() };
        out.extend_from_slice(format!("{} {status} ", self.tag.as_ref().map_or("*", |tag| &tag.0)).as_bytes());
        if let Some(code) = &self.code {
            out.push(b'[');
            code.write(out);
            out.extend_from_slice(b"] ");
        }
        out.extend_from_slice(format!("{}\r\n", self.words()).as_bytes());
    }

    fn check(&self, frame: &Bytes) {
        let found = match (&self.tag, response(frame)) {
            (None, Response::Condition(found)) => found,
            (Some(written), Response::Tagged { tag, condition }) if written.0 == tag => condition,
            (_, read) => panic!("{self:?} is read as {read:?}"),
        };
        assert_eq!(found.outcome, self.status().0);
        assert_eq!(found.text, self.words().trim_matches(|c: char| c.is_ascii_whitespace()));
        assert_eq!(found.code.is_some(), self.code.is_some(), "{}", frame.escape_ascii());
        self.code.iter().zip(&found.code).for_each(|(written, found)| written.check(found));
    }
}

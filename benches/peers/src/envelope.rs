//! Generated answers to `FETCH (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)` in the form Dovecot gives them, with the
//! checksum of their values made beside the bytes. A literal never holds a backslash: imap-proto hands out quoted strings with their
//! escapes, so its adapter could not tell the two apart.

use crate::checksum::{MULTIPART, PART, Sum};
use crate::prng::Prng;
use crate::words::{ATTACHMENT, DAY, DOMAIN, ENCODED, FAMILY, FLAG, GIVEN, MONTH, WORD, ZONE};

/// The oldest message's time: 1 January 2020.
const EPOCH: i64 = 1_577_836_800;

/// All answers, end to end.
#[derive(Debug, Default)]
pub struct Answers {
    /// The bytes of the answers.
    pub bytes: Vec<u8>,
    /// Where each answer ends.
    pub ends: Vec<usize>,
    /// The checksum over all of them.
    pub sum: Sum,
}

impl Answers {
    /// The answers for message numbers and UIDs 1 to `count`.
    pub fn generate(count: u64) -> Self {
        let mut answers = Self::default();
        for uid in 1..=count {
            let mut writer = Writer { out: &mut answers.bytes, sum: &mut answers.sum, random: Prng::of_message(1, uid) };
            writer.answer(uid);
            answers.ends.push(answers.bytes.len());
        }
        answers
    }

    /// The bytes of answers `first..=last`.
    pub fn range(&self, first: usize, last: usize) -> &[u8] {
        let start = if first <= 1 { 0 } else { self.ends[first - 2] };
        &self.bytes[start..self.ends[last - 1]]
    }
}

/// A moment as the day of the week, the day, the month, the year and the time.
pub fn date(seconds: i64) -> (&'static str, u8, &'static str, i32, String) {
    let at = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
    let weekday = DAY[seconds.div_euclid(86_400).rem_euclid(7) as usize];
    let clock = format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second());
    (weekday, at.day(), MONTH[at.month() as usize - 1], at.year(), clock)
}

/// A few words, `low` to `high` of them.
pub fn phrase(random: &mut Prng, low: u64, high: u64) -> String {
    let words: Vec<_> = (0..random.between(low, high)).map(|_| random.pick(WORD)).collect();
    words.join(" ")
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
    sum: &'a mut Sum,
    random: Prng,
}

impl Writer<'_> {
    fn answer(&mut self, uid: u64) {
        let sent = EPOCH + uid as i64 * 1_700 + self.random.below(1_500) as i64;
        self.raw(&format!("* {uid} FETCH (UID "));
        self.number(uid);
        self.raw(" FLAGS ");
        self.flags();
        self.raw(" INTERNALDATE ");
        self.internal_date(sent + 4);
        self.raw(" RFC822.SIZE ");
        let size = self.random.between(900, 90_000);
        self.number(size);
        self.raw(" ENVELOPE ");
        self.envelope(uid, sent);
        self.raw(" BODYSTRUCTURE ");
        self.structure(0);
        self.raw(")\r\n");
    }

    fn flags(&mut self) {
        let chosen: Vec<_> = FLAG.iter().enumerate().filter(|(rank, _)| self.random.chance([60, 20, 8, 2, 1, 5, 3, 10, 5][*rank])).collect();
        let chosen: Vec<_> = chosen.into_iter().map(|(_, flag)| *flag).collect();
        self.sum.count(chosen.len());
        chosen.iter().for_each(|flag| self.sum.text(flag.as_bytes()));
        self.raw(&format!("({})", chosen.join(" ")));
    }

    fn internal_date(&mut self, seconds: i64) {
        let (zone, east) = ZONE[self.random.below(ZONE.len() as u64) as usize];
        let (_, day, month, year, clock) = date(seconds + east);
        self.sum.number(seconds as u64);
        self.raw(&format!("\"{day:02}-{month}-{year} {clock} {zone}\""));
    }

    fn envelope(&mut self, uid: u64, sent: i64) {
        let (zone, east) = ZONE[self.random.below(ZONE.len() as u64) as usize];
        let (weekday, day, month, year, clock) = date(sent + east);
        self.raw("(");
        self.quoted(&format!("{weekday}, {day} {month} {year} {clock} {zone}"));
        self.raw(" ");
        self.subject();
        let from = self.address();
        let sender = if self.random.chance(8) { self.address() } else { from.clone() };
        let reply_to = if self.random.chance(10) { self.address() } else { from.clone() };
        for single in [from, sender, reply_to] {
            self.raw(" ");
            self.addresses(&[single]);
        }
        for (percent, most) in [(97, 6), (28, 4), (2, 2)] {
            self.raw(" ");
            self.recipients(percent, most);
        }
        self.raw(" ");
        if self.random.chance(45) {
            let earlier = self.random.between(1, uid);
            let id = self.message_id(earlier);
            self.quoted(&id);
        } else {
            self.nil();
        }
        self.raw(" ");
        let id = self.message_id(uid);
        self.quoted(&id);
        self.raw(")");
    }

    fn subject(&mut self) {
        match self.random.below(100) {
            0 => self.nil(),
            1 => {
                let subject = format!("Grüße an {} für {}", self.random.pick(GIVEN), phrase(&mut self.random, 1, 4));
                self.literal(&subject);
            },
            2..10 => {
                let subject = format!("{} {}", self.random.pick(ENCODED), self.random.pick(ENCODED));
                self.quoted(&subject);
            }
            10..14 => {
                let subject = format!("Re: \"{}\" on C:\\{}", phrase(&mut self.random, 1, 2), self.random.pick(WORD));
                self.quoted(&subject);
            }
            roll => {
                let subject = format!("{}{}", if roll < 50 { "Re: " } else { "" }, phrase(&mut self.random, 2, 9));
                self.quoted(&subject);
            }
        }
    }

    fn recipients(&mut self, percent: u64, most: u64) {
        if !self.random.chance(percent) {
            self.addresses(&[]);
        } else if self.random.chance(1) {
            // RFC 3501 §7.4.2: a group begins with a NIL host and ends with NIL in mailbox and host.
            let begin = Address { name: None, mailbox: Some("undisclosed-recipients".to_owned()), host: None };
            let end = Address { name: None, mailbox: None, host: None };
            self.addresses(&[begin, end]);
        } else {
            let count = 1 + self.random.below(most).min(self.random.below(most));
            let list: Vec<_> = (0..count).map(|_| self.address()).collect();
            self.addresses(&list);
        }
    }

    fn address(&mut self) -> Address {
        let (given, family) = (self.random.pick(GIVEN), self.random.pick(FAMILY));
        let name = match self.random.below(100) {
            0..18 => None,
            18..26 => Some(self.random.pick(ENCODED).to_owned()),
            26..29 => Some(format!("{given} \"{}\" {family}", &given[..2])),
            _ => Some(format!("{given} {family}")),
        };
        let mailbox = format!("{}.{}", given.to_lowercase(), family.to_lowercase());
        Address { name, mailbox: Some(mailbox), host: Some(self.random.pick(DOMAIN).to_owned()) }
    }

    fn addresses(&mut self, list: &[Address]) {
        self.sum.count(list.len());
        if list.is_empty() {
            return self.raw("NIL");
        }
        self.raw("(");
        for address in list {
            self.raw("(");
            self.nquoted(address.name.as_deref());
            self.raw(" ");
            self.nil();
            self.raw(" ");
            self.nquoted(address.mailbox.as_deref());
            self.raw(" ");
            self.nquoted(address.host.as_deref());
            self.raw(")");
        }
        self.raw(")");
    }

    fn message_id(&mut self, of: u64) -> String {
        let mut random = Prng::of_message(2, of);
        format!("<{:016x}.{of}@{}>", random.number(), random.pick(DOMAIN))
    }

    fn structure(&mut self, depth: u32) {
        let shape = self.random.below(100);
        match (depth, shape) {
            (0, 0..26) | (1, 0..45) => self.text_part("plain"),
            (0, 26..61) | (1, 45..) => self.alternative(),
            (0, _) => self.mixed(),
            _ => self.text_part("plain"),
        }
    }

    fn alternative(&mut self) {
        self.begin_multipart(2);
        self.text_part("plain");
        self.text_part("html");
        self.end_multipart("alternative");
    }

    fn mixed(&mut self) {
        let attached = 1 + self.random.below(3).min(self.random.below(3));
        let forwarded = self.random.chance(12);
        self.begin_multipart(1 + attached as usize + usize::from(forwarded));
        self.structure(1);
        (0..attached).for_each(|_| self.attachment());
        if forwarded {
            self.forwarded();
        }
        self.end_multipart("mixed");
    }

    fn begin_multipart(&mut self, parts: usize) {
        self.sum.number(MULTIPART);
        self.sum.count(parts);
        self.raw("(");
    }

    fn end_multipart(&mut self, subtype: &str) {
        self.raw(" ");
        self.token(subtype);
        let boundary = format!("----=_Part_{:020x}", self.random.number());
        self.raw(" ");
        self.parameters(&[("boundary", &boundary)]);
        self.raw(" NIL NIL NIL)");
        self.sum.nil();
        self.sum.count(0);
        self.sum.nil();
    }

    fn text_part(&mut self, subtype: &str) {
        let charset = self.random.pick(&["utf-8", "us-ascii", "iso-8859-1", "UTF-8"]);
        let encoding = self.random.pick(&["7bit", "quoted-printable", "8bit", "base64"]);
        let octets = self.random.between(100, 30_000);
        self.begin_part("text", subtype);
        self.parameters(&[("charset", charset)]);
        self.fields(None, None, encoding, octets);
        self.raw(" ");
        self.number(octets / 40);
        self.extension(None);
    }

    fn attachment(&mut self) {
        let (kind, subtype, ending) = ATTACHMENT[self.random.below(ATTACHMENT.len() as u64) as usize];
        let quote = self.random.chance(4);
        let stem = phrase(&mut self.random, 1, 3);
        let name = if quote { format!("\"{stem}\".{ending}") } else { format!("{}.{ending}", stem.replace(' ', "_")) };
        let octets = self.random.between(2_000, 3_000_000);
        let inline = self.random.chance(20);
        let id = inline.then(|| format!("<part{}@{}>", self.random.below(1 << 30), self.random.pick(DOMAIN)));
        let description = self.random.chance(10).then(|| phrase(&mut self.random, 2, 5));
        self.begin_part(kind, subtype);
        self.parameters(&[("name", &name)]);
        self.fields(id.as_deref(), description.as_deref(), "base64", octets);
        if kind == "text" {
            self.raw(" ");
            self.number(octets / 78);
        }
        let size = octets.to_string();
        self.extension(Some((if inline { "inline" } else { "attachment" }, &[("filename", &name), ("size", &size)])));
    }

    fn forwarded(&mut self) {
        let octets = self.random.between(1_000, 50_000);
        let sent = EPOCH + self.random.below(100_000_000) as i64;
        let uid = self.random.between(1, 1 << 40);
        self.begin_part("message", "rfc822");
        self.parameters(&[]);
        self.fields(None, None, "7bit", octets);
        self.raw(" ");
        self.envelope(uid, sent);
        self.raw(" ");
        self.structure(2);
        self.raw(" ");
        self.number(octets / 50);
        self.extension(Some(("attachment", &[])));
    }

    fn begin_part(&mut self, kind: &str, subtype: &str) {
        self.sum.number(PART);
        self.raw("(");
        self.token(kind);
        self.raw(" ");
        self.token(subtype);
        self.raw(" ");
    }

    fn fields(&mut self, id: Option<&str>, description: Option<&str>, encoding: &str, octets: u64) {
        self.raw(" ");
        self.nquoted(id);
        self.raw(" ");
        self.nquoted(description);
        self.raw(" ");
        self.token(encoding);
        self.raw(" ");
        self.number(octets);
    }

    fn extension(&mut self, disposition: Option<(&str, &[(&str, &str)])>) {
        self.raw(" ");
        self.nil();
        self.raw(" ");
        match disposition {
            None => self.nil(),
            Some((kind, parameters)) => {
                self.raw("(");
                self.token(kind);
                self.raw(" ");
                self.parameters(parameters);
                self.raw(")");
            }
        }
        self.raw(" ");
        if self.random.chance(5) {
            self.sum.count(1);
            self.raw("(");
            self.quoted("en");
            self.raw(")");
        } else {
            self.sum.count(0);
            self.raw("NIL");
        }
        self.raw(" ");
        self.nil();
        self.raw(")");
    }

    fn parameters(&mut self, list: &[(&str, &str)]) {
        self.sum.count(list.len());
        if list.is_empty() {
            return self.raw("NIL");
        }
        self.raw("(");
        for (rank, (name, value)) in list.iter().enumerate() {
            if rank > 0 {
                self.raw(" ");
            }
            self.token(name);
            self.raw(" ");
            self.quoted(value);
        }
        self.raw(")");
    }

    fn nquoted(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.quoted(text),
            None => self.nil(),
        }
    }

    fn quoted(&mut self, text: &str) {
        self.sum.text(text.as_bytes());
        self.out.push(b'"');
        for byte in text.bytes() {
            if matches!(byte, b'"' | b'\\') {
                self.out.push(b'\\');
            }
            self.out.push(byte);
        }
        self.out.push(b'"');
    }

    fn literal(&mut self, text: &str) {
        self.sum.text(text.as_bytes());
        self.raw(&format!("{{{}}}\r\n{text}", text.len()));
    }

    fn token(&mut self, text: &str) {
        self.sum.token(text.as_bytes());
        self.raw(&format!("\"{text}\""));
    }

    fn number(&mut self, n: u64) {
        self.sum.number(n);
        self.raw(&n.to_string());
    }

    fn nil(&mut self) {
        self.sum.nil();
        self.raw("NIL");
    }

    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }
}

#[derive(Clone)]
struct Address {
    name: Option<String>,
    mailbox: Option<String>,
    host: Option<String>,
}

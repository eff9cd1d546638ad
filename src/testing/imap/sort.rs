//! SORT and UID SORT (RFC 5256, RFC 5957), with ESORT's results (RFC 5267 §3). It shares no code with the client's own sorting, so that
//! each can test the other. It must not know other commands.

use std::cmp::Ordering;

use unicode_normalization::char::decompose_compatible;

use super::address::{self, First};
use super::args::{Args, Stop};
use super::search::{Matching, decoded, esearch, saved};
use super::view::Entry;
use super::{Answer, Session, print};
use crate::testing::mime;

const KEYS: [&str; 9] = ["ARRIVAL", "CC", "DATE", "FROM", "SIZE", "SUBJECT", "TO", "DISPLAYFROM", "DISPLAYTO"];

/// What SORT and THREAD compare of one message.
pub(super) struct Facts<'a> {
    entry: &'a Entry,
    header: &'a [u8],
}

impl Session {
    pub(super) fn sort(&mut self, tag: &str, args: &mut Args, uid: bool) -> Answer {
        let mut returns = if self.offers("ESORT") { self.returns(args, "CONTEXT=SORT")? } else { None };
        let saves = self.takes(&mut returns, "SAVE", &["SEARCHRES", "IMAP4rev2"])?;
        // Of CONTEXT=SORT, only PARTIAL is implemented.
        self.takes(&mut returns, "UPDATE", &[])?;
        let program = self.sort_program(args)?;
        args.space()?;
        self.known_charset(args)?;
        let Matching { mut found, modseq, lowest } = self.matching(args)?;
        if saves {
            self.view()?.saved = saved(&found, returns.as_ref());
        }
        found.sort_by(|(_, one), (_, other)| compare(&program, &Facts::of(one), &Facts::of(other)));
        let found: Vec<u32> = found.iter().map(|(number, entry)| if uid { entry.uid } else { *number }).collect();
        let line = match returns {
            Some(returns) => esearch(tag, uid, &returns, &found, modseq),
            None => {
                let numbers: String = found.iter().map(|number| format!(" {number}")).collect();
                let modseq = modseq.map(|modseq| format!(" (MODSEQ {modseq})")).unwrap_or_default();
                format!("* SORT{numbers}{modseq}\r\n")
            }
        };
        self.wire.push(line);
        Ok(self.limited(lowest, "SORT completed".to_owned()))
    }

    /// `(SUBJECT REVERSE DATE)`: each key, and whether it is reversed.
    fn sort_program(&self, args: &mut Args) -> Result<Vec<(String, bool)>, Stop> {
        let words = args.list(|args| args.atom().map(|word| word.to_ascii_uppercase()))?;
        let (mut program, mut reverse) = (Vec::new(), false);
        for word in words {
            let known = KEYS.contains(&&*word) && (!word.starts_with("DISPLAY") || self.offers("SORT=DISPLAY"));
            match &*word {
                "REVERSE" if !reverse => reverse = true,
                _ if known => program.push((word, std::mem::take(&mut reverse))),
                _ => return Err(Stop::bad("Unknown sort criterion")),
            }
        }
        match program.is_empty() || reverse {
            true => Err(Stop::bad("A sort criterion is missing")),
            false => Ok(program),
        }
    }
}

/// Messages that are equal in all of these stay in their order.
fn compare(program: &[(String, bool)], one: &Facts<'_>, other: &Facts<'_>) -> Ordering {
    program.iter().fold(Ordering::Equal, |order, (key, reverse)| {
        order.then_with(|| {
            let order = match &**key {
                "ARRIVAL" => one.arrived().cmp(&other.arrived()),
                "DATE" => one.sent().cmp(&other.sent()),
                "SIZE" => one.size().cmp(&other.size()),
                "SUBJECT" => one.subject().0.cmp(&other.subject().0),
                key => one.address(key).cmp(&other.address(key)),
            };
            if *reverse { order.reverse() } else { order }
        })
    })
}

impl<'a> Facts<'a> {
    pub(super) fn of(entry: &'a Entry) -> Self {
        let header = entry.content.structure().header.clone();
        Self { entry, header: entry.content.bytes.get(header).unwrap_or_default() }
    }

    pub(super) fn uid(&self) -> u32 {
        self.entry.uid
    }

    pub(super) fn field(&self, name: &str) -> Option<Vec<u8>> {
        mime::field(self.header, name)
    }

    /// The base subject as it is compared, and whether something was removed that marks a reply or a forward.
    pub(super) fn subject(&self) -> (String, bool) {
        let text = self.decoded_field("Subject");
        let (base, is_reply) = base(&text);
        (collated(&base), is_reply)
    }

    /// The sent date, or else the date of arrival (RFC 5256 §2.2), in seconds.
    pub(super) fn sent(&self) -> i64 {
        let field = self.field("Date").unwrap_or_default();
        point(&String::from_utf8_lossy(&field)).unwrap_or_else(|| self.arrived())
    }

    fn arrived(&self) -> i64 {
        self.entry.content.date.unix_timestamp()
    }

    fn size(&self) -> usize {
        self.entry.content.bytes.len()
    }

    fn address(&self, key: &str) -> String {
        let name = key.trim_start_matches("DISPLAY");
        let first = self.field(name).and_then(|value| address::first(&value));
        let Some(First { name: display, local, host }) = first else { return String::new() };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let display = display.map(|display| decoded(&[b"X: ", &display[..]].concat())).filter(|name| !name.is_empty());
        collated(&match (display, key == name) {
            (_, true) => text(&local),
            (Some(display), false) => display,
            (None, false) if host.is_empty() => text(&local),
            (None, false) => format!("{}@{}", text(&local), text(&host)),
        })
    }

    fn decoded_field(&self, name: &str) -> String {
        let is = |field: &&[u8]| mime::field_name(field).eq_ignore_ascii_case(name.as_bytes());
        let field = mime::fields(self.header).find(is);
        field.map(decoded).unwrap_or_default()
    }
}

/// The date, at midnight if there is no valid time, and in UTC if there is no valid zone (RFC 5256 §2.2). Comments are not known.
fn point(field: &str) -> Option<i64> {
    let rest = field.split_once(',').map_or(field, |(_, rest)| rest);
    let mut words = rest.split_ascii_whitespace();
    let day = format!("{}-{}-{}", words.next()?, words.next()?, words.next()?);
    let midnight = print::read_day(&day)?.midnight().assume_utc().unix_timestamp();
    let parts: Vec<i64> = words.next().unwrap_or_default().split(':').map(|part| part.parse().unwrap_or(-1)).collect();
    let time = match parts[..] {
        [hour @ 0..24, minute @ 0..60] => hour * 3600 + minute * 60,
        [hour @ 0..24, minute @ 0..60, second @ 0..=60] => hour * 3600 + minute * 60 + second,
        _ => return Some(midnight),
    };
    let zone = words.next().unwrap_or_default();
    let names = [("EDT", 4), ("EST", 5), ("CDT", 5), ("CST", 6), ("MDT", 6), ("MST", 7), ("PDT", 7), ("PST", 8)];
    if let Some((_, hours)) = names.iter().find(|(name, _)| name.eq_ignore_ascii_case(zone)) {
        return Some(midnight + time + hours * 3600);
    }
    let digits = zone.strip_prefix(['+', '-']).filter(|digits| digits.len() == 4);
    let value: i64 = digits.and_then(|digits| digits.parse().ok()).filter(|value| value % 100 < 60).unwrap_or(0);
    let ahead = value / 100 * 3600 + value % 100 * 60;
    Some(midnight + time - if zone.starts_with('-') { -ahead } else { ahead })
}

/// RFC 5256 §2.1, step by step.
fn base(subject: &str) -> (String, bool) {
    let mut text: String =
        subject.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let mut is_reply = false;
    loop {
        // (2)
        while let Some(rest) = strip_end(text.trim_end_matches(' '), "(fwd)") {
            text = rest.to_owned();
            is_reply = true;
        }
        text.truncate(text.trim_end_matches(' ').len());
        // (3), (4), (5)
        loop {
            let rest = text.trim_start_matches(' ');
            if let Some(after) = reply_mark(rest) {
                text = after.to_owned();
                is_reply = true;
            } else if let Some(after) = blob(rest).filter(|after| !after.is_empty()) {
                text = after.to_owned();
            } else {
                text = rest.to_owned();
                break;
            }
        }
        // (6)
        match strip_start(&text, "[fwd:").and_then(|inner| inner.strip_suffix(']')) {
            Some(inner) => text = inner.to_owned(),
            None => return (text, is_reply),
        }
        is_reply = true;
    }
}

/// The text after any number of blobs and `re:`, `fw:` or `fwd:`.
fn reply_mark(text: &str) -> Option<&str> {
    let mut text = text;
    while let Some(after) = blob(text) {
        text = after;
    }
    ["re", "fwd", "fw"].into_iter().find_map(|word| {
        let rest = strip_start(text, word)?.trim_start_matches(' ');
        blob(rest).unwrap_or(rest).strip_prefix(':')
    })
}

/// The text after `[...]`.
fn blob(text: &str) -> Option<&str> {
    let (inside, after) = text.strip_prefix('[')?.split_once(']')?;
    (!inside.contains('[')).then(|| after.trim_start_matches(' '))
}

fn strip_start<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let head = text.get(..start.len())?;
    text.get(start.len()..).filter(|_| head.eq_ignore_ascii_case(start))
}

fn strip_end<'a>(text: &'a str, end: &str) -> Option<&'a str> {
    let at = text.len().checked_sub(end.len())?;
    let tail = text.get(at..)?;
    text.get(..at).filter(|_| tail.eq_ignore_ascii_case(end))
}

/// `i;unicode-casemap` (RFC 5051): upper case and decomposition, repeated until nothing changes.
fn collated(text: &str) -> String {
    let mut before = text.to_owned();
    loop {
        let mut after = String::new();
        for character in before.chars() {
            let upper: Vec<char> = character.to_uppercase().collect();
            let one = if let [upper] = upper[..] { upper } else { character };
            decompose_compatible(one, |part| after.push(part));
        }
        if after == before {
            return after;
        }
        before = after;
    }
}

//! Judges by the listing, by headers and by whole messages whether they fit a [`Find`], for a mailbox whose server does not search. It must
//! not know where they come from.

use std::collections::HashMap;

use bytes::Bytes;
use time::{Date, Month};

use super::find::{Find, Found};
use super::texts;
use super::values::{Entry, Part};
use crate::message_id::MessageId;
use crate::text::date::MailDate;
use crate::text::{field, html, unfold, word};

/// The messages that may fit.
pub(super) struct Searching<'a> {
    find: &'a Find,
    /// The texts to look for in fields, in lower case.
    fields: Vec<(&'a str, String)>,
    /// Those to look for in bodies, in lower case and with single spaces.
    bodies: Vec<String>,
    candidates: Vec<Candidate>,
    places: HashMap<MessageId, usize>,
}

/// A message that nothing has excluded yet.
struct Candidate {
    id: MessageId,
    /// Whether it fits as far as it was looked at; `None` if that is not known.
    fits: Option<bool>,
    is_dated: bool,
    /// Whether it was asked for and has not come.
    is_missing: bool,
}

impl<'a> Searching<'a> {
    pub(super) fn new(find: &'a Find, entries: Vec<Entry>) -> Self {
        let candidates = entries.into_iter().map(|entry| Candidate {
            fits: by_entry(find, &entry),
            is_dated: entry.received.is_some(),
            id: entry.id,
            is_missing: false,
        });
        let candidates: Vec<Candidate> = candidates.filter(Candidate::may_fit).collect();
        let places = candidates.iter().enumerate().map(|(place, one)| (one.id.clone(), place)).collect();
        let fields = find.texts.iter().map(|(field, text)| (field.as_str(), text.to_lowercase())).collect();
        let bodies = find.bodies.iter().map(|text| html::plain_words(text, usize::MAX).to_lowercase()).collect();
        Self { find, fields, bodies, candidates, places }
    }

    /// The messages of which this part is needed next. Those that are not [added](Self::add) count as gone.
    pub(super) fn wanted(&mut self, part: Part) -> Vec<MessageId> {
        let by_header = !self.fields.is_empty();
        let by_date = self.find.since.is_some() || self.find.before.is_some();
        let by_body = !self.bodies.is_empty();
        let mut wanted = Vec::new();
        for one in self.candidates.iter_mut().filter(|one| one.may_fit()) {
            let is_wanted = match part {
                Part::Whole => by_body,
                _ => by_header || by_date && !one.is_dated,
            };
            if is_wanted {
                one.is_missing = true;
                wanted.push(one.id.clone());
            }
        }
        wanted
    }

    /// Looks at a header or a whole message. One without bytes could not be read.
    pub(super) fn add(&mut self, id: &MessageId, part: Part, bytes: &Bytes) {
        let Some(one) = self.places.get(id).and_then(|place| self.candidates.get_mut(*place)) else { return };
        one.is_missing = false;
        let shown = match part {
            _ if bytes.is_empty() => None,
            Part::Whole => Some(texts::has_all(bytes, &self.bodies)),
            _ => {
                let fields = self.fields.iter().all(|(field, text)| has(bytes, field, text));
                let date = if one.is_dated { Some(true) } else { in_time(self.find, received(bytes)) };
                both(Some(fields), date)
            }
        };
        one.fits = both(one.fits, shown);
    }

    pub(super) fn found(self) -> Found {
        let mut found = Found::default();
        for one in self.candidates.into_iter().filter(Candidate::may_fit) {
            match one.fits {
                Some(_) => found.messages.push(one.id),
                None => found.unknown.push(one.id),
            }
        }
        found
    }
}

impl Candidate {
    fn may_fit(&self) -> bool {
        self.fits != Some(false) && !self.is_missing
    }
}

/// Whether both are true, if that can be known.
fn both(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// Whether the listing shows that the message fits the conditions about size, flags and, if it has one, its date; `None` if it does not
/// show it.
fn by_entry(find: &Find, entry: &Entry) -> Option<bool> {
    let larger = find.larger.map(|limit| entry.size.map(|size| size > limit));
    let smaller = find.smaller.map(|limit| entry.size.map(|size| size < limit));
    let flags = find.flags.iter().map(|(flag, set)| Some(entry.flags.as_ref()?.contains(flag) == *set));
    let date = entry.received.map(|received| in_time(find, Some(received.date())));
    larger.into_iter().chain(smaller).chain(date).chain(flags).fold(Some(true), both)
}

/// Whether the day is one that is looked for; `None` if that is not known.
fn in_time(find: &Find, day: Option<Date>) -> Option<bool> {
    let since = find.since.map(|since| day.map(|day| day >= since));
    let before = find.before.map(|before| day.map(|day| day < before));
    since.into_iter().chain(before).fold(Some(true), both)
}

/// The day on which a message was received, as its header says: in the first `Received` field, which the last server has written (RFC 5321
/// §4.4), otherwise in `Date`.
fn received(header: &[u8]) -> Option<Date> {
    let stamp = field::value(header, "Received").and_then(|value| value.rsplit(|byte| *byte == b';').next());
    let read = |value: &[u8]| MailDate::read(&unfold(value));
    let date = stamp.and_then(read).or_else(|| read(field::value(header, "Date")?))?;
    Date::from_calendar_date(date.year.into(), Month::try_from(date.month).ok()?, date.day).ok()
}

/// Whether a field of this name has this text, which is in lower case. The header ends at the empty line.
fn has(header: &[u8], name: &str, text: &str) -> bool {
    let fields = field::whole(header).take_while(|field| !field.trim_ascii().is_empty()).filter_map(field::split);
    let mut values = fields.filter(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value);
    values.any(|value| word::decode(&unfold(value)).to_lowercase().contains(text))
}

#[cfg(test)]
mod tests {
    use time::{Time, UtcOffset};

    use super::*;

    fn day(month: Month, day: u8) -> Date {
        Date::from_calendar_date(2026, month, day).unwrap()
    }

    fn entry(key: &str, size: Option<u64>) -> Entry {
        Entry { size, ..Entry::new(MessageId::other("box", key)) }
    }

    #[test]
    fn what_is_not_shown_is_not_known() {
        let entries = vec![entry("a", Some(5)), entry("b", None), entry("c", Some(50)), entry("d", Some(6))];
        let ids: Vec<MessageId> = entries.iter().map(|entry| entry.id.clone()).collect();
        let find = Find::new().smaller(10);
        let mut sizes = Searching::new(&find, entries.clone());
        assert!(sizes.wanted(Part::Header).is_empty() && sizes.wanted(Part::Whole).is_empty());
        let found = sizes.found();
        assert_eq!(found.messages, [ids[0].clone(), ids[3].clone()]);
        assert_eq!(found.unknown, ids[1..2]);
        let find = Find::new().smaller(10).subject("X");
        let mut texts = Searching::new(&find, entries);
        assert_eq!(texts.wanted(Part::Header), [ids[0].clone(), ids[1].clone(), ids[3].clone()]);
        texts.add(&ids[0], Part::Header, &Bytes::from_static(b"Subject: x\r\n\r\n"));
        texts.add(&ids[1], Part::Header, &Bytes::from_static(b"Subject: y\r\n\r\n"));
        texts.add(&ids[3], Part::Header, &Bytes::new());
        let found = texts.found();
        assert_eq!((found.messages, found.unknown), (ids[..1].to_vec(), ids[3..].to_vec()));
    }

    #[test]
    fn whole_messages_are_needed_of_what_is_left_only() {
        let entries: Vec<Entry> = ["a", "b", "c", "d"].map(|key| entry(key, None)).to_vec();
        let ids: Vec<MessageId> = entries.iter().map(|entry| entry.id.clone()).collect();
        let find = Find::new().subject("x").body("Hello  you");
        let mut searching = Searching::new(&find, entries);
        assert_eq!(searching.wanted(Part::Header), ids);
        for (id, header) in ids.iter().zip(["Subject: x", "Subject: y", "Subject: x"]) {
            searching.add(id, Part::Header, &Bytes::from_static(header.as_bytes()));
        }
        // The second does not fit, and the fourth is gone.
        assert_eq!(searching.wanted(Part::Whole), [ids[0].clone(), ids[2].clone()]);
        searching.add(&ids[0], Part::Whole, &Bytes::from_static(b"Subject: x\r\n\r\nhello\r\nyou"));
        searching.add(&ids[2], Part::Whole, &Bytes::new());
        let found = searching.found();
        assert_eq!((found.messages, found.unknown), (ids[..1].to_vec(), ids[2..3].to_vec()));
    }

    #[test]
    fn the_day_is_that_of_the_last_server() {
        for (header, day) in [
            (
                "Received: from a by b;\r\n Mon, 2 Mar 2026 23:59:59 -0800\r\nReceived: x; 1 Mar 2026 00:00:00 +0000\r\n",
                Some(day(Month::March, 2)),
            ),
            ("Received: no date\r\nDate: Sun, 1 Mar 2026 10:00:00 +0000\r\n", Some(day(Month::March, 1))),
            ("date: 1 Mar 26\r\n", Some(day(Month::March, 1))),
            ("Date: 30 Feb 2026 10:00:00 +0000\r\n", None),
            ("Subject: x\r\n", None),
        ] {
            assert_eq!(received(header.as_bytes()), day, "{header}");
        }
    }

    #[test]
    fn a_day_of_the_listing_counts_and_an_unknown_one_is_unknown() {
        let find = Find::new().since(day(Month::March, 1)).before(day(Month::March, 2));
        let dated = |key: &str, date: Date, hour: u8, zone: i8| {
            let received = date.with_time(Time::from_hms(hour, 30, 0).unwrap());
            let received = received.assume_offset(UtcOffset::from_hms(zone, 0, 0).unwrap());
            Entry { received: Some(received), ..entry(key, None) }
        };
        let entries = vec![
            dated("before", day(Month::February, 28), 23, -8),
            dated("in", day(Month::March, 1), 23, -8),
            dated("after", day(Month::March, 2), 0, 8),
            entry("none", None),
            entry("fits", None),
        ];
        let ids: Vec<MessageId> = entries.iter().map(|entry| entry.id.clone()).collect();
        let mut searching = Searching::new(&find, entries);
        assert_eq!(searching.wanted(Part::Header), ids[3..]);
        searching.add(&ids[3], Part::Header, &Bytes::from_static(b"Subject: x\r\n"));
        searching.add(&ids[4], Part::Header, &Bytes::from_static(b"Date: 1 Mar 2026 10:00 +0000\r\n"));
        let found = searching.found();
        assert_eq!((found.messages, found.unknown), (vec![ids[1].clone(), ids[4].clone()], ids[3..4].to_vec()));
    }

    #[test]
    fn a_field_is_found_decoded_and_in_any_case() {
        let header =
            b"From: =?utf-8?q?J=C3=B6rg?= <j@example.org>\r\nodd line\r\nsubject: one\r\n two\r\n\r\nTo: body\r\n";
        for (field, text, fits) in [
            ("FROM", "jörg <j@", true),
            ("Subject", "one two", true),
            ("Subject", "", true),
            ("Subject", "three", false),
            ("To", "body", false),
            ("odd line", "", false),
        ] {
            assert_eq!(has(header, field, text), fits, "{field}: {text}");
        }
        for header in [&b""[..], b"\n", b"x", b": y", b"Subject", b"\r\n\r\nSubject: one\r\n"] {
            assert!(!has(header, "Subject", ""), "{header:?}");
        }
    }
}

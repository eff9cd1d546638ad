//! Searches without the server: whether a message matches a query, by its flags, dates, size, envelope, header fields and text. What the server
//! did not say of a message is not known, and then neither the query nor its opposite matches. It must not know how messages are fetched.

use time::{Date, Month};

use super::collation::casemapped;
use crate::error::{Error, Result};
use crate::flag::Flag;
use crate::imap::types::{Addresses, Fetched, Items, Key, Query, Section};
use crate::text::date::MailDate;
use crate::text::field;

/// A query for single messages.
pub(crate) struct Matcher<'a> {
    query: &'a Query,
    items: Items,
    /// Whether some keys look at the whole text.
    wants_text: bool,
}

/// The whole text of a message, decoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WholeText<'a> {
    pub(crate) header: &'a str,
    pub(crate) body: &'a str,
}

impl<'a> Matcher<'a> {
    /// Fails for a key that only a server can answer.
    pub(crate) fn new(query: &'a Query) -> Result<Self> {
        let mut needs = Needs { items: Items::new(), fields: Vec::new(), wants_text: false };
        needs.add(&query.0, false)?;
        let Needs { items, fields, wants_text } = needs;
        Ok(Self { query, items: fields.into_iter().fold(items, Items::section), wants_text })
    }

    /// What to fetch of each message.
    pub(crate) fn items(&self) -> Items {
        self.items.clone()
    }

    /// Whether its items may not be enough to know whether a message matches.
    pub(crate) fn wants_text(&self) -> bool {
        self.wants_text
    }

    /// Whether it matches; `None` if that is not known.
    pub(crate) fn judge(&self, message: &Fetched, text: Option<WholeText<'_>>) -> Option<bool> {
        matches(&self.query.0, message, text)
    }
}

/// What is needed to compare messages with a query.
struct Needs {
    items: Items,
    fields: Vec<Section>,
    wants_text: bool,
}

impl Needs {
    /// Adds what the key needs. Queries are nested at most 50 deep, since they were written before.
    fn add(&mut self, key: &Key, with_texts: bool) -> Result<()> {
        let items = std::mem::take(&mut self.items);
        self.items = match key {
            Key::Bare("ALL") | Key::Uids(_) => items,
            Key::Bare("ANSWERED" | "DELETED" | "DRAFT" | "FLAGGED" | "SEEN" | "UNSEEN" | "RECENT")
            | Key::Keyword(_) => items.flags(),
            Key::Date("BEFORE" | "ON" | "SINCE", _) => items.internal_date(),
            Key::Date("SENTBEFORE" | "SENTON" | "SENTSINCE", _) => items.envelope(),
            Key::Size("LARGER" | "SMALLER", _) => items.size(),
            Key::Text("FROM" | "TO" | "CC" | "BCC" | "SUBJECT", _) => items.envelope(),
            Key::Text("TEXT" | "BODY", _) if with_texts => {
                self.wants_text = true;
                items.size()
            }
            Key::Header(name, _) => {
                let section = Section::header_fields([name])?;
                if !self.fields.contains(&section) {
                    self.fields.push(section);
                }
                items
            }
            Key::Not(_) | Key::And(_) | Key::Or(_) | Key::ClientSide(..) => items,
            _ => {
                let text = format!("{} can only be searched by the server", Query(key.clone()));
                return Err(Error::unsupported(text));
            }
        };
        match key {
            Key::ClientSide(_, key) => self.add(key, true),
            Key::Not(key) => self.add(key, with_texts),
            Key::And(keys) | Key::Or(keys) => keys.iter().try_for_each(|key| self.add(key, with_texts)),
            _ => Ok(()),
        }
    }
}

/// `None` if it is not known.
fn matches(key: &Key, message: &Fetched, whole: Option<WholeText<'_>>) -> Option<bool> {
    let envelope = || message.envelope();
    let has = |flag: &Flag| message.flags().map(|flags| flags.contains(flag));
    Some(match key {
        Key::Bare("ALL") => true,
        Key::Bare("ANSWERED") => has(&Flag::ANSWERED)?,
        Key::Bare("DELETED") => has(&Flag::DELETED)?,
        Key::Bare("DRAFT") => has(&Flag::DRAFT)?,
        Key::Bare("FLAGGED") => has(&Flag::FLAGGED)?,
        Key::Bare("SEEN") => has(&Flag::SEEN)?,
        Key::Bare("UNSEEN") => !has(&Flag::SEEN)?,
        Key::Bare("RECENT") => message.flags()?.iter().any(|flag| flag.eq_ignore_ascii_case("\\Recent")),
        Key::Keyword(flag) => has(flag)?,
        Key::Uids(uids) => uids.contains(message.uid()?),
        Key::Date(name @ ("BEFORE" | "ON" | "SINCE"), day) => compare(name, message.internal_date()?.date(), *day),
        Key::Date(name, day) => match envelope()?.mail_date().and_then(day_of) {
            Some(sent) => compare(name, sent, *day),
            None => false,
        },
        Key::Size("LARGER", bytes) => message.size()? > *bytes,
        Key::Size(_, bytes) => message.size()? < *bytes,
        Key::Text("BODY", text) => holds(whole?.body, text),
        Key::Text("TEXT", text) => holds(whole?.header, text) || holds(whole?.body, text),
        Key::Text("SUBJECT", text) => envelope()?.subject().is_some_and(|subject| holds(&subject.decoded(), text)),
        Key::Text("FROM", text) => holds(&written(envelope()?.from()), text),
        Key::Text("TO", text) => holds(&written(envelope()?.to()), text),
        Key::Text("CC", text) => holds(&written(envelope()?.cc()), text),
        Key::Text("BCC", text) => holds(&written(envelope()?.bcc()), text),
        Key::Header(name, text) => {
            let section = message.section(&Section::header_fields([name]).ok()?)?.bytes()?;
            let fields = section.trim_ascii();
            !fields.is_empty() && values(fields).any(|value| holds(&value, text))
        }
        Key::ClientSide(_, key) => return matches(key, message, whole),
        Key::Not(key) => !matches(key, message, whole)?,
        Key::And(keys) => return all(keys.iter().map(|key| matches(key, message, whole))),
        Key::Or(keys) => return all(keys.iter().map(|key| Some(!matches(key, message, whole)?))).map(|none| !none),
        _ => return None,
    })
}

/// Whether all are true, as far as that is known.
fn all(mut each: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = true;
    match each.any(|one| {
        known &= one.is_some();
        one == Some(false)
    }) {
        true => Some(false),
        false => known.then_some(true),
    }
}

/// The date as it is written, without time and zone (RFC 9051 §6.4.4, SENTON).
fn day_of(date: MailDate) -> Option<Date> {
    Date::from_calendar_date(date.year.into(), Month::try_from(date.month).ok()?, date.day).ok()
}

fn compare(name: &str, date: Date, day: Date) -> bool {
    match name {
        "BEFORE" | "SENTBEFORE" => date < day,
        "ON" | "SENTON" => date == day,
        _ => date >= day,
    }
}

/// As servers compare (RFC 5256 §7, RFC 9051 §6.4.4): without regard to letter case.
fn holds(text: &str, wanted: &str) -> bool {
    casemapped(text).contains(&casemapped(wanted))
}

/// The addresses as they are in a header field.
fn written(addresses: Addresses<'_>) -> String {
    let mut out = String::new();
    for address in addresses {
        let text = |part: Option<crate::imap::types::Str<'_>>| {
            part.map(|part| part.decoded().into_owned()).unwrap_or_default()
        };
        let (name, mailbox, host) = (text(address.name), text(address.mailbox), text(address.host));
        out += &format!("{name} <{mailbox}@{host}>, ");
    }
    out
}

/// The values of header fields, decoded. A line that is no field counts as an empty value.
fn values(fields: &[u8]) -> impl Iterator<Item = String> + '_ {
    field::whole(fields).map(|field| {
        let value = field::split(field).map_or(&[][..], |(_, value)| value);
        crate::imap::types::Str::new(value.trim_ascii(), false).decoded().into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::codec;
    use crate::imap::types::Uid;
    use crate::limits::Limits;

    fn message(items: &str) -> Fetched {
        let line = format!("* 1 FETCH (UID 7 {items})\r\n").into_bytes();
        codec::fetched(line.into(), &Limits::default()).unwrap()
    }

    fn day(day: u8) -> Date {
        Date::from_calendar_date(2026, Month::March, day).unwrap()
    }

    #[test]
    fn every_key_is_true_or_false_of_a_message() {
        let header = "X-A: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nX-A: two\r\n lines\r\n\r\n";
        let whole = message(&format!(
            "FLAGS (\\Seen work) INTERNALDATE \"02-Mar-2026 23:00:00 -0800\" RFC822.SIZE 100 ENVELOPE (\"Sun, 1 Mar 2026 \
             23:00:00 -0800\" \"=?utf-8?q?Gr=C3=BC=C3=9Fe?=\" ((\"=?utf-8?q?=C3=84nne?=\" NIL \"anna\" \"x.org\")) NIL NIL \
             ((NIL NIL \"me\" \"y.org\")) NIL NIL NIL NIL) BODY[HEADER.FIELDS (X-A)] {{{}}}\r\n{header}",
            header.len()
        ));
        for (query, expected) in [
            (Query::all(), true),
            (Query::seen(), true),
            (Query::unseen(), false),
            (Query::flag(Flag::new("WORK").unwrap()), true),
            (Query::subject("GRÜß"), true),
            (Query::subject("grüss"), false),
            (Query::from("ÄNNE <anna@x"), true),
            (Query::from("zoe"), false),
            (Query::to("ME@"), true),
            (Query::cc(""), true),
            (Query::cc("x"), false),
            (Query::header("x-a", "grüße"), true),
            (Query::header("X-A", "two lines"), true),
            (Query::header("X-A", "x-a"), false),
            (Query::on(day(2)), true),
            (Query::before(day(2)), false),
            (Query::since(day(3)), false),
            (Query::sent_on(day(1)), true),
            (Query::sent_before(day(1)), false),
            (Query::larger(99), true),
            (Query::smaller(100), false),
            (Query::uids(Uid::nonzero(7).unwrap()), true),
            (Query::uids(Uid::nonzero(8).unwrap()), false),
            (Query::seen().and(Query::subject("ü")), true),
            (Query::unseen().or(Query::subject("ü")), true),
            (Query::unseen().or(Query::draft()), false),
        ] {
            assert_eq!(Matcher::new(&query).unwrap().judge(&whole, None), Some(expected), "{query}");
            let opposite = !query;
            assert_eq!(Matcher::new(&opposite).unwrap().judge(&whole, None), Some(!expected), "{opposite}");
        }
    }

    #[test]
    fn what_is_not_known_matches_nothing() {
        let bare = message("FLAGS (\\Seen)");
        for (query, expected) in [
            (Query::subject("ü"), false),
            (!Query::subject("ü"), false),
            (Query::seen().or(Query::subject("ü")), true),
            (Query::seen().and(Query::subject("ü")), false),
            (!Query::seen().or(Query::subject("ü")), false),
            (!Query::unseen().and(Query::subject("ü")), true),
        ] {
            assert_eq!(Matcher::new(&query).unwrap().judge(&bare, None) == Some(true), expected, "{query}");
        }
    }

    #[test]
    fn texts_are_compared_where_that_is_allowed() {
        let seen = message("FLAGS (\\Seen) RFC822.SIZE 5");
        let text = Some(WholeText { header: "Subject: Grüße", body: "Über allen Gipfeln" });
        for (query, without, with) in [
            (Query::body("ÜBER"), None, Some(true)),
            (Query::body("grüße"), None, Some(false)),
            (Query::text("grüße"), None, Some(true)),
            (!Query::text("ö"), None, Some(true)),
            (Query::unseen().and(Query::text("ü")), Some(false), Some(false)),
            (Query::seen().or(Query::text("ö")), Some(true), Some(true)),
            (Query::seen().and(Query::text("ö")), None, Some(false)),
        ] {
            assert!(Matcher::new(&query).is_err());
            let query = query.client_side(5);
            let matcher = Matcher::new(&query).unwrap();
            assert!(matcher.wants_text());
            assert_eq!((matcher.judge(&seen, None), matcher.judge(&seen, text)), (without, with), "{query}");
        }
        // Only the part that allows it.
        assert!(Matcher::new(&Query::text("ü").client_side(5).and(Query::body("ü"))).is_err());
    }

    #[test]
    fn some_keys_only_a_server_can_answer() {
        for query in
            [Query::body("ü"), Query::seen().or(Query::text("ü")), Query::modseq(5), Query::subject("x").fuzzy()]
        {
            assert_eq!(Matcher::new(&query).map(|_| ()).unwrap_err().kind(), crate::Kind::Unsupported, "{query}");
        }
        let items =
            Matcher::new(&Query::header("A", "ü").and(Query::header("a", "x")).or(Query::larger(1))).unwrap().items();
        assert_eq!(items.to_string(), "(UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (A)])");
    }
}

//! The arguments that several commands share: arbitrary ones, and a reader for them.

use std::num::NonZeroU32;

use arbitrary::{Arbitrary, Result, Unstructured};
use postroom::imap::{Items, MailboxName, PartialRange, SearchReturn, Section, StatusItems, Uid, Uids};
use postroom::{Flag, FlagAction};
use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

use super::reader::Reader;
use crate::generated::wire::{Word, text};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

pub(crate) fn word(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(Word::arbitrary(u)?.0)
}

pub(crate) fn mailbox(u: &mut Unstructured<'_>) -> Result<MailboxName> {
    let name = text(u)?.replace(['\0', '\r', '\n'], ".");
    Ok(MailboxName::new(&name).unwrap_or(MailboxName::INBOX))
}

pub(crate) fn number(u: &mut Unstructured<'_>) -> Result<NonZeroU32> {
    u.arbitrary()
}

/// One to three of them.
pub(crate) fn some<T>(u: &mut Unstructured<'_>, one: impl Fn(&mut Unstructured<'_>) -> Result<T>) -> Result<Vec<T>> {
    (0..=u.arbitrary::<u8>()? % 3).map(|_| one(u)).collect()
}

/// A mod-sequence: 63 bits, and not 0.
pub(crate) fn modseq(u: &mut Unstructured<'_>) -> Result<u64> {
    Ok((u.arbitrary::<u64>()? >> 1).max(1))
}

pub(crate) fn uids(u: &mut Unstructured<'_>) -> Result<Uids> {
    let uid = |u: &mut Unstructured<'_>| Ok(Uid::new(number(u)?.get()).expect("not 0"));
    let open = match u.arbitrary::<u8>()? % 8 {
        0 => return Ok(Uids::ALL),
        1 => Uids::from_uid(uid(u)?),
        _ => Uids::new(),
    };
    let ranges = some(u, |u| Ok(Uids::range(uid(u)?, uid(u)?)))?;
    Ok(ranges.iter().fold(open, |all, range| all.union(range).expect("sets of no generation")))
}

pub(crate) fn flag(u: &mut Unstructured<'_>) -> Result<Flag> {
    const KNOWN: [Flag; 6] = [Flag::SEEN, Flag::ANSWERED, Flag::DELETED, Flag::DRAFT, Flag::FLAGGED, Flag::FORWARDED];
    match u.arbitrary()? {
        true => Ok(u.choose(&KNOWN)?.clone()),
        false => Ok(Flag::new(&format!("${}", word(u)?)).expect("a keyword")),
    }
}

pub(crate) fn action(u: &mut Unstructured<'_>) -> Result<FlagAction> {
    Ok(*u.choose(&[FlagAction::Add, FlagAction::Remove, FlagAction::Set])?)
}

/// The sign before the flags of STORE.
pub(crate) fn read_action(reader: &mut Reader<'_>) -> FlagAction {
    match (reader.takes("+"), reader.takes("-")) {
        (true, false) => FlagAction::Add,
        (false, true) => FlagAction::Remove,
        _ => FlagAction::Set,
    }
}

pub(crate) fn read_flag(reader: &mut Reader<'_>) -> Flag {
    Flag::new(reader.flag()).expect("a flag")
}

pub(crate) fn day(u: &mut Unstructured<'_>) -> Result<Date> {
    let year = i32::from(u.arbitrary::<u16>()? % 10_000);
    let month = Month::try_from(u.arbitrary::<u8>()? % 12 + 1).expect("a month");
    Ok(Date::from_calendar_date(year, month, u.arbitrary::<u8>()? % 28 + 1).expect("a day"))
}

/// RFC 9051 §9, `date-text`.
pub(crate) fn read_day(text: &str) -> Date {
    let [day, month, year] = text.split('-').collect::<Vec<_>>()[..] else { panic!("{text} is not a date") };
    assert!(!day.starts_with('0') && year.len() == 4, "{text}");
    let month = MONTHS.iter().position(|known| *known == month).expect("a month") + 1;
    let month = Month::try_from(month as u8).unwrap();
    Date::from_calendar_date(year.parse().unwrap(), month, day.trim().parse().unwrap()).unwrap()
}

pub(crate) fn date_time(u: &mut Unstructured<'_>) -> Result<OffsetDateTime> {
    let clock: [u8; 3] = u.arbitrary()?;
    let time = Time::from_hms(clock[0] % 24, clock[1] % 60, clock[2] % 60).expect("a time");
    let zone = UtcOffset::from_whole_seconds(i32::from(u.arbitrary::<i16>()? % 1440) * 60).expect("a zone");
    Ok(OffsetDateTime::new_in_offset(day(u)?, time, zone))
}

/// RFC 9051 §9, `date-time`.
pub(crate) fn read_date_time(reader: &mut Reader<'_>) -> OffsetDateTime {
    let text = reader.string_text();
    assert_eq!(text.len(), 26, "{text}");
    let day = text[..11].strip_prefix([' ', '0']).unwrap_or(&text[..11]);
    let two = |at: usize| text[at..at + 2].parse::<u8>().unwrap();
    let time = Time::from_hms(two(12), two(15), two(18)).unwrap();
    let minutes = i32::from(two(22)) * 60 + i32::from(two(24));
    let minutes = if &text[21..22] == "-" { -minutes } else { minutes };
    OffsetDateTime::new_in_offset(read_day(day), time, UtcOffset::from_whole_seconds(minutes * 60).unwrap())
}

pub(crate) fn stretch(u: &mut Unstructured<'_>) -> Result<PartialRange> {
    let (from, to) = (number(u)?, number(u)?);
    Ok(if u.arbitrary()? { PartialRange::first(from, to) } else { PartialRange::last(from, to) })
}

pub(crate) fn read_stretch(reader: &mut Reader<'_>) -> PartialRange {
    let backwards = reader.takes("-");
    let number = |reader: &mut Reader<'_>| NonZeroU32::new(reader.small()).expect("not 0");
    let from = number(reader);
    reader.expect(if backwards { ":-" } else { ":" });
    let to = number(reader);
    assert!(from <= to);
    if backwards { PartialRange::last(from, to) } else { PartialRange::first(from, to) }
}

type Asking = (&'static str, fn(SearchReturn) -> SearchReturn);

const RETURNS: [Asking; 8] = [
    ("MIN", SearchReturn::min),
    ("MAX", SearchReturn::max),
    ("COUNT", SearchReturn::count),
    ("ALL", SearchReturn::all),
    ("SAVE", SearchReturn::save),
    ("RELEVANCY", SearchReturn::relevancy),
    ("UPDATE", SearchReturn::update),
    ("CONTEXT", SearchReturn::context),
];

pub(crate) fn returns(u: &mut Unstructured<'_>) -> Result<SearchReturn> {
    let asked: u8 = u.arbitrary()?;
    let chosen = RETURNS.iter().enumerate().filter(|(at, _)| asked & (1 << at) != 0);
    let returns = chosen.fold(SearchReturn::new(), |returns, (_, (_, ask))| ask(returns));
    Ok(if u.arbitrary()? { returns.partial(stretch(u)?) } else { returns })
}

pub(crate) fn read_returns(reader: &mut Reader<'_>) -> SearchReturn {
    let options = reader.list(|reader| match reader.word() {
        "PARTIAL" => {
            reader.expect(" ");
            Err(read_stretch(reader))
        }
        name => Ok(RETURNS.iter().find(|(known, _)| *known == name).expect("an option").1),
    });
    options.into_iter().fold(SearchReturn::new(), |returns, option| match option {
        Ok(ask) => ask(returns),
        Err(stretch) => returns.partial(stretch),
    })
}

const STATUS: [(&str, StatusItems); 6] = [
    ("MESSAGES", StatusItems::MESSAGES),
    ("UIDNEXT", StatusItems::UID_NEXT),
    ("UIDVALIDITY", StatusItems::UID_VALIDITY),
    ("HIGHESTMODSEQ", StatusItems::HIGHEST_MODSEQ),
    ("SIZE", StatusItems::SIZE),
    ("DELETED-STORAGE", StatusItems::DELETED_STORAGE),
];

pub(crate) fn status_items(u: &mut Unstructured<'_>) -> Result<StatusItems> {
    let items = some(u, |u| Ok(u.choose(&STATUS)?.1))?;
    Ok(items.into_iter().reduce(|all, item| all | item).expect("one item"))
}

pub(crate) fn read_status_items(reader: &mut Reader<'_>) -> StatusItems {
    let item = |reader: &mut Reader<'_>| {
        let name = reader.word();
        STATUS.iter().find(|(known, _)| *known == name).expect("an item").1
    };
    reader.list(item).into_iter().reduce(|all, item| all | item).expect("one item")
}

type Item = (&'static str, fn(Items) -> Items);

const ITEMS: [Item; 13] = [
    ("FLAGS", Items::flags),
    ("INTERNALDATE", Items::internal_date),
    ("RFC822.SIZE", Items::size),
    ("ENVELOPE", Items::envelope),
    ("BODYSTRUCTURE", Items::body_structure),
    ("MODSEQ", Items::modseq),
    ("EMAILID", Items::email_id),
    ("THREADID", Items::thread_id),
    ("SAVEDATE", Items::save_date),
    ("PREVIEW", Items::preview),
    ("X-GM-MSGID", Items::gmail_message_id),
    ("X-GM-THRID", Items::gmail_thread_id),
    ("X-GM-LABELS", Items::gmail_labels),
];

pub(crate) fn items(u: &mut Unstructured<'_>) -> Result<Items> {
    let asked: u16 = u.arbitrary()?;
    let chosen = ITEMS.iter().enumerate().filter(|(at, _)| asked & (1 << at) != 0);
    let items = chosen.fold(Items::new(), |items, (_, (_, ask))| ask(items));
    let items = if asked & 0x8000 != 0 { items.lazy_preview() } else { items };
    some(u, |u| Ok((u.arbitrary::<u8>()? % 4, section(u)?, u.arbitrary::<u32>()?, number(u)?)))?.into_iter().try_fold(
        items,
        |items, (kind, section, start, len)| {
            let path = section.path().to_vec();
            Ok(match kind {
                0 => items.section(section),
                1 => items.partial(section, start.into(), len),
                2 => items.binary(Section::part(&path).expect("a path"), Some((start, len))).expect("a path"),
                _ => items.binary_size(Section::part(&path).expect("a path")).expect("a path"),
            })
        },
    )
}

fn section(u: &mut Unstructured<'_>) -> Result<Section> {
    let field =
        |u: &mut Unstructured<'_>| Ok(format!("X{}{}", u.choose(&["", "\"", "(", "]", "\\", "{3}"])?, word(u)?));
    let path = some(u, |u| Ok(number(u)?.get()))?;
    let part = Section::part(&path).expect("a path");
    Ok(match u.arbitrary::<u8>()? % 8 {
        0 => Section::WHOLE,
        1 => Section::HEADER,
        2 => Section::header_fields(some(u, field)?).expect("fields"),
        3 => Section::header_fields_not(some(u, field)?).expect("fields"),
        4 => part.header(),
        5 => part.mime(),
        6 => part.text(),
        _ => part,
    })
}

pub(crate) fn read_items(reader: &mut Reader<'_>) -> Items {
    let read = reader.list(|reader| {
        let name = reader.word_before("[");
        if name == "PREVIEW" && reader.takes(" (LAZY)") {
            return Box::new(Items::lazy_preview) as Box<dyn Fn(Items) -> Items>;
        }
        if let Some((_, ask)) = ITEMS.iter().find(|(known, _)| *known == name) {
            return Box::new(ask);
        }
        match name {
            "UID" => Box::new(|items| items),
            "BODY.PEEK" | "BINARY.PEEK" | "BINARY.SIZE" => {
                let (section, window) = (read_section(reader), read_window(reader));
                Box::new(move |items: Items| match (name, window) {
                    ("BODY.PEEK", None) => items.section(section.clone()),
                    ("BODY.PEEK", Some((start, len))) => items.partial(section.clone(), start, len),
                    ("BINARY.PEEK", window) => {
                        let window = window.map(|(start, len)| (start.try_into().unwrap(), len));
                        items.binary(section.clone(), window).unwrap()
                    }
                    _ => items.binary_size(section.clone()).unwrap(),
                })
            }
            other => panic!("there is no item {other}"),
        }
    });
    read.into_iter().fold(Items::new(), |items, ask| ask(items))
}

fn read_window(reader: &mut Reader<'_>) -> Option<(u64, NonZeroU32)> {
    reader.takes("<").then(|| {
        let start = reader.number();
        reader.expect(".");
        let len = NonZeroU32::new(reader.small()).expect("not 0");
        reader.expect(">");
        (start, len)
    })
}

fn read_section(reader: &mut Reader<'_>) -> Section {
    reader.expect("[");
    let mut path = Vec::new();
    while reader.next().is_ascii_digit() {
        path.push(reader.small());
        if !reader.takes(".") {
            break;
        }
    }
    let part = Section::part(&path).expect("a path");
    let section = match () {
        () if reader.takes("HEADER.FIELDS.NOT ") => Section::header_fields_not(reader.list(Reader::text)).unwrap(),
        () if reader.takes("HEADER.FIELDS ") => Section::header_fields(reader.list(Reader::text)).unwrap(),
        () if reader.takes("HEADER") => part.header(),
        () if reader.takes("MIME") => part.mime(),
        () if reader.takes("TEXT") => part.text(),
        () => part,
    };
    reader.expect("]");
    section
}

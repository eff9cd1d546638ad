//! Search keys (RFC 9051 §6.4.4 and the extensions): arbitrary ones, and a reader that turns them back into the value.

use std::num::NonZeroU32;

use arbitrary::{Result, Unstructured};
use postroom::Flag;
use postroom::imap::{Query, codec};
use time::Date;

use super::field;
use super::reader::Reader;
use crate::generated::wire::text;

type Texted = (&'static str, fn(String) -> Query);
type Dated = (&'static str, fn(Date) -> Query);
type Counted = (&'static str, fn(u64) -> Query);
type Bare = (&'static str, fn() -> Query);

const BARE: [Bare; 10] = [
    ("ALL", Query::all),
    ("ANSWERED", Query::answered),
    ("DELETED", Query::deleted),
    ("DRAFT", Query::draft),
    ("FLAGGED", Query::flagged),
    ("SEEN", Query::seen),
    ("UNSEEN", Query::unseen),
    ("RECENT", Query::recent),
    ("$", Query::saved),
    ("SAVEDATESUPPORTED", Query::save_date_supported),
];

const TEXTS: [Texted; 8] = [
    ("FROM", Query::from),
    ("TO", Query::to),
    ("CC", Query::cc),
    ("BCC", Query::bcc),
    ("SUBJECT", Query::subject),
    ("BODY", Query::body),
    ("TEXT", Query::text),
    ("X-GM-RAW", Query::gmail),
];

const DATES: [Dated; 9] = [
    ("BEFORE", Query::before),
    ("ON", Query::on),
    ("SINCE", Query::since),
    ("SENTBEFORE", Query::sent_before),
    ("SENTON", Query::sent_on),
    ("SENTSINCE", Query::sent_since),
    ("SAVEDBEFORE", Query::saved_before),
    ("SAVEDON", Query::saved_on),
    ("SAVEDSINCE", Query::saved_since),
];

const COUNTS: [Counted; 8] = [
    ("LARGER", Query::larger),
    ("SMALLER", Query::smaller),
    ("X-GM-MSGID", Query::gmail_message_id),
    ("X-GM-THRID", Query::gmail_thread_id),
    ("OLDER", |number| Query::older(nonzero(number))),
    ("YOUNGER", |number| Query::younger(nonzero(number))),
    ("UIDAFTER", |number| Query::uid_after(nonzero(number).get().try_into().expect("a UID"))),
    ("UIDBEFORE", |number| Query::uid_before(nonzero(number).get().try_into().expect("a UID"))),
];

fn nonzero(number: u64) -> NonZeroU32 {
    NonZeroU32::new(number as u32).unwrap_or(NonZeroU32::MIN)
}

/// Keys within keys, to this depth.
pub(crate) fn arbitrary(u: &mut Unstructured<'_>, depth: u8) -> Result<Query> {
    let which = u.arbitrary::<u8>()? % if depth == 0 { 12 } else { 18 };
    Ok(match which {
        0 => u.choose(&BARE)?.1(),
        1..4 => u.choose(&TEXTS)?.1(text(u)?),
        4 => u.choose(&DATES)?.1(field::day(u)?),
        5 => u.choose(&COUNTS)?.1(u.arbitrary()?),
        6 => Query::header(format!("X-{}", field::word(u)?), text(u)?),
        7 => Query::flag(Flag::new(&field::word(u)?).expect("a keyword")),
        8 => Query::uids(field::uids(u)?),
        9 => match u.arbitrary::<u8>()? % 4 {
            0 => Query::modseq(u.arbitrary()?),
            1 => Query::modseq_of(field::flag(u)?, u.arbitrary()?),
            2 => Query::annotation(text(u)?, text(u)?, text(u)?),
            _ => Query::gmail_label(text(u)?),
        },
        10 => Query::filter(field::word(u)?),
        11 => match u.arbitrary()? {
            true => Query::email_id(field::word(u)?),
            false => Query::thread_id(field::word(u)?),
        },
        12 => !arbitrary(u, depth - 1)?,
        13 => arbitrary(u, depth - 1)?.fuzzy(),
        14 | 15 => arbitrary(u, depth - 1)?.and(arbitrary(u, depth - 1)?),
        _ => arbitrary(u, depth - 1)?.or(arbitrary(u, depth - 1)?),
    })
}

/// All keys up to the end of the command.
pub(crate) fn read(reader: &mut Reader<'_>) -> Query {
    let first = key(reader);
    reader.each(key).into_iter().fold(first, Query::and)
}

fn key(reader: &mut Reader<'_>) -> Query {
    if reader.next() == b'(' {
        return reader.list(key).into_iter().reduce(Query::and).expect("a key in parentheses");
    }
    let name = reader.word();
    if let Some((_, make)) = BARE.iter().find(|(bare, _)| *bare == name) {
        return make();
    }
    reader.expect(" ");
    if let Some((_, make)) = TEXTS.iter().find(|(named, _)| *named == name) {
        return make(reader.string_text());
    }
    if let Some((_, make)) = DATES.iter().find(|(named, _)| *named == name) {
        return make(field::read_day(reader.word()));
    }
    if let Some((_, make)) = COUNTS.iter().find(|(named, _)| *named == name) {
        return make(reader.number());
    }
    match name {
        "HEADER" => {
            let field = reader.text();
            reader.expect(" ");
            Query::header(field, reader.string_text())
        }
        "KEYWORD" => Query::flag(Flag::new(reader.word()).expect("a keyword")),
        "UID" => Query::uids(reader.uids()),
        "MODSEQ" if reader.next() != b'"' => Query::modseq(reader.number()),
        "MODSEQ" => {
            let entry = reader.string_text();
            reader.expect(" all ");
            let flag = entry.strip_prefix("/flags/").expect("an entry of a flag");
            Query::modseq_of(Flag::new(flag).expect("a flag"), reader.number())
        }
        "ANNOTATION" => {
            let [entry, attribute] = [(); 2].map(|()| {
                let text = reader.string_text();
                reader.expect(" ");
                text
            });
            Query::annotation(entry, attribute, reader.string_text())
        }
        "X-GM-LABELS" => Query::gmail_label(codec::mutf7::decode(&reader.string()).expect("modified UTF-7")),
        "FILTER" => Query::filter(reader.word()),
        "EMAILID" => Query::email_id(reader.word()),
        "THREADID" => Query::thread_id(reader.word()),
        "NOT" => !key(reader),
        "FUZZY" => key(reader).fuzzy(),
        "OR" => {
            let one = key(reader);
            reader.expect(" ");
            one.or(key(reader))
        }
        other => panic!("there is no search key {other}"),
    }
}

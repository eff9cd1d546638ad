//! Commands with random arguments, as a program calls them, each with what must be read from it. It must not know how one is
//! written.

use imap_codec::imap_types::core::Vec1;
use imap_codec::imap_types::fetch::{MessageDataItemName, Part, Section as Wanted};
use imap_codec::imap_types::status::StatusDataItemName;
use postroom::imap::{
    Append, Extension, Folder, Imap, Items, MailboxName, Query, QuotaResource, Section, SortKey, StatusItems, Uid, Uids,
};
use postroom::{Flag, FlagChange, Result};
use postroom_benches::prng::Prng;

use crate::read::set;

/// The number of kinds of command about mailboxes, and about messages of one.
pub const MAILBOXES: u64 = 14;
pub const MESSAGES: u64 = 8;

/// Text that tries to break out.
pub fn text(numbers: &mut Prng) -> String {
    const PIECES: [&str; 22] = [
        "\r\n",
        "\r",
        "\n",
        "\"",
        "\\",
        "{5}",
        "{5+}\r\n",
        "(",
        ")",
        " ",
        "NIL",
        "]",
        "*",
        "%",
        "~{1}",
        "A2 LOGOUT\r\n",
        "&",
        "ä",
        "漢",
        "a",
        "/",
        "\u{7f}",
    ];
    let long = if numbers.chance(2) { "long ".repeat(300) } else { String::new() };
    (0..numbers.below(6)).map(|_| numbers.pick(&PIECES)).collect::<String>() + &long
}

fn name(numbers: &mut Prng) -> MailboxName {
    MailboxName::new(&text(numbers).replace(['\r', '\n'], ".")).unwrap_or(MailboxName::INBOX)
}

fn wire(name: &MailboxName) -> String {
    String::from_utf8_lossy(&name.to_wire(false)).into_owned()
}

fn uids(numbers: &mut Prng) -> (Uids, String) {
    let uids: Uids = (0..=numbers.below(5)).flat_map(|_| Uid::new(numbers.between(1, 40) as u32)).collect();
    let text = uids.to_string();
    (uids, set(&text))
}

fn flags(numbers: &mut Prng) -> (Vec<Flag>, String) {
    let names: Vec<String> = (0..=numbers.below(3))
        .map(|_| match numbers.chance(50) {
            true => numbers.pick(&["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"]).to_owned(),
            false => format!("$k{}", numbers.below(1000)),
        })
        .collect();
    (names.iter().map(|name| Flag::new(name).expect("a flag")).collect(), names.join(" "))
}

fn query(numbers: &mut Prng, depth: u64) -> Query {
    let day = |numbers: &mut Prng| {
        let month = time::Month::try_from(numbers.between(1, 12) as u8).expect("a month");
        time::Date::from_calendar_date(numbers.between(1900, 2100) as i32, month, numbers.between(1, 28) as u8)
            .expect("a day")
    };
    match numbers.below(if depth == 0 { 14 } else { 20 }) {
        0 => Query::all(),
        1 => Query::seen(),
        2 => Query::unseen(),
        3 => Query::draft(),
        4 => Query::recent(),
        5 => Query::from(text(numbers)),
        6 => Query::subject(text(numbers)),
        7 => Query::body(text(numbers)),
        8 => Query::header("X-Field", text(numbers)),
        9 => Query::flag(Flag::new(&format!("$k{}", numbers.below(1000))).expect("a flag")),
        10 => Query::larger(numbers.below(1 << 32)),
        11 => Query::smaller(numbers.below(1 << 32)),
        12 => Query::since(day(numbers)),
        13 => Query::sent_before(day(numbers)),
        14 | 15 => !query(numbers, depth - 1),
        16 | 17 => query(numbers, depth - 1).and(query(numbers, depth - 1)),
        _ => query(numbers, depth - 1).or(query(numbers, depth - 1)),
    }
}

fn charset(query: &Query) -> &'static str {
    if format!("{query:?}").is_ascii() { "US-ASCII" } else { "UTF-8" }
}

fn list(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// One command that needs no mailbox selected.
pub async fn on_mailboxes(which: u64, imap: &Imap, numbers: &mut Prng) -> (Result<()>, Vec<String>) {
    let (mailbox, other) = (name(numbers), name(numbers));
    let (sent, also) = (wire(&mailbox), wire(&other));
    match which {
        0 => (imap.noop().await, list(&["NOOP"])),
        1 => (imap.create_mailbox(&mailbox).await, list(&["CREATE", &sent])),
        2 => (imap.delete_mailbox(&mailbox).await, list(&["DELETE", &sent])),
        3 => (imap.rename_mailbox(&mailbox, &other).await, list(&["RENAME", &sent, &also])),
        4 => (imap.subscribe(&mailbox).await, list(&["SUBSCRIBE", &sent])),
        5 => (imap.unsubscribe(&mailbox).await, list(&["UNSUBSCRIBE", &sent])),
        6 => {
            let asked = StatusItems::MESSAGES | StatusItems::UID_NEXT;
            let items = vec![StatusDataItemName::Messages, StatusDataItemName::UidNext];
            (imap.status(&mailbox, asked).await.map(drop), list(&["STATUS", &sent, &format!("{items:?}")]))
        }
        7 => (imap.list(mailbox.as_str()).await.map(drop), list(&["LIST", "", &sent])),
        8 => (imap.list_subscribed(mailbox.as_str()).await.map(drop), list(&["LSUB", "", &sent])),
        9 | 10 => {
            let ((flags, names), body) = (flags(numbers), text(numbers));
            let time = time::OffsetDateTime::from_unix_timestamp(numbers.below(1 << 32) as i64).expect("a time");
            let message = Append::from(body.clone()).flags(flags).date(time);
            let expected = list(&["APPEND", &sent, &names, &format!("{:?}", Some(time.unix_timestamp())), &body]);
            (imap.append(&mailbox, message).await.map(drop), expected)
        }
        11 => {
            let root = text(numbers);
            (imap.run(Extension::get_quota(&root)).await.map(drop), list(&["GETQUOTA", &root]))
        }
        12 => (imap.run(Extension::get_quota_root(&mailbox)).await.map(drop), list(&["GETQUOTAROOT", &sent])),
        _ => {
            let (root, limit) = (text(numbers), numbers.number() >> 1);
            let limits = [(QuotaResource::Storage, limit), (QuotaResource::Message, 7)];
            let expected = list(&["SETQUOTA", &root, &format!("STORAGE {limit} MESSAGE 7")]);
            (imap.run(Extension::set_quota(&root, &limits)).await.map(drop), expected)
        }
    }
}

/// One command about messages.
pub async fn on_messages(which: u64, inbox: &mut Folder<&mut Imap>, numbers: &mut Prng) -> (Result<()>, Vec<String>) {
    let ((uids, sent), mailbox) = (uids(numbers), name(numbers));
    let query = query(numbers, 3);
    match which {
        0 => (inbox.copy(uids, &mailbox).await.map(drop), list(&["UID COPY", &sent, &wire(&mailbox)])),
        1 => (inbox.move_to(uids, &mailbox).await.map(drop), list(&["UID MOVE", &sent, &wire(&mailbox)])),
        2 => (inbox.expunge(uids).await.map(drop), list(&["UID EXPUNGE", &sent])),
        3 => {
            let (flags, names) = flags(numbers);
            let (change, kind) = match numbers.below(3) {
                0 => (FlagChange::add(flags), "Add Silent"),
                1 => (FlagChange::remove(flags), "Remove Silent"),
                _ => (FlagChange::set(flags), "Replace Silent"),
            };
            (inbox.store(uids, &change).await.map(drop), list(&["UID STORE", &sent, kind, &names]))
        }
        4 => {
            let utf8 = (charset(&query) == "UTF-8").then(|| "UTF-8".to_owned());
            (inbox.search(&query).await.map(drop), list(&["UID SEARCH", &format!("{utf8:?}"), &format!("{query:?}")]))
        }
        5 => {
            let sort = Extension::sort(&[SortKey::SUBJECT, SortKey::DATE.reversed()], query.clone(), None);
            let expected = list(&["UID SORT", "SUBJECT DATE-", charset(&query), &format!("{query:?}")]);
            (inbox.run(sort).await.map(drop), expected)
        }
        6 => {
            let thread = Extension::thread("REFERENCES", query.clone());
            let expected = list(&["UID THREAD", "REFERENCES", charset(&query), &format!("{query:?}")]);
            (inbox.run(thread).await.map(drop), expected)
        }
        _ => {
            let (items, names) = items(numbers);
            (fetch(inbox, uids, items).await, list(&["UID FETCH", &sent, &format!("{names:?}")]))
        }
    }
}

async fn fetch(inbox: &mut Folder<&mut Imap>, uids: Uids, items: Items) -> Result<()> {
    let mut mail = inbox.fetch(uids, items).await?;
    while mail.try_next().await?.is_some() {}
    Ok(())
}

fn items(numbers: &mut Prng) -> (Items, Vec<MessageDataItemName<'static>>) {
    use MessageDataItemName as Name;
    let (mut items, mut names) = (Items::new(), vec![Name::Uid]);
    type One = (fn(Items) -> Items, Name<'static>);
    let single: [One; 5] = [
        (Items::flags, Name::Flags),
        (Items::internal_date, Name::InternalDate),
        (Items::size, Name::Rfc822Size),
        (Items::envelope, Name::Envelope),
        (Items::body_structure, Name::BodyStructure),
    ];
    for (ask, name) in single {
        if numbers.chance(50) {
            items = ask(items);
            names.push(name);
        }
    }
    let path = [numbers.between(1, 9) as u32, numbers.between(1, 9) as u32];
    let part = Section::part(&path).expect("a path");
    let number = |number: u32| std::num::NonZeroU32::new(number).expect("not 0");
    let place = || Part(Vec1::try_from(path.map(number).to_vec()).expect("a path"));
    let (section, wanted) = match numbers.below(7) {
        0 => (Section::WHOLE, None),
        1 => (Section::HEADER, Some(Wanted::Header(None))),
        2 => (Section::TEXT, Some(Wanted::Text(None))),
        3 => (part, Some(Wanted::Part(place()))),
        4 => (part.mime(), Some(Wanted::Mime(place()))),
        5 => (part.header(), Some(Wanted::Header(Some(place())))),
        _ => {
            let field = format!("X-F{}", numbers.below(100));
            let fields = Section::header_fields([&field]).expect("a field");
            let field = imap_codec::imap_types::core::AString::try_from(field).expect("a field");
            (fields, Some(Wanted::HeaderFields(None, Vec1::from(field))))
        }
    };
    let partial =
        numbers.chance(50).then(|| (numbers.below(1 << 20) as u32, number(numbers.between(1, 1 << 20) as u32)));
    items = match partial {
        Some((start, len)) => items.partial(section, start.into(), len),
        None => items.section(section),
    };
    // A whole message comes with its size, by which it is judged.
    if wanted.is_none() && partial.is_none() && !names.contains(&Name::Rfc822Size) {
        let before = |name: &Name<'_>| matches!(name, Name::Uid | Name::Flags | Name::InternalDate);
        let place = names.iter().take_while(|name| before(name)).count();
        names.insert(place, Name::Rfc822Size);
    }
    names.push(Name::BodyExt { section: wanted, partial, peek: true });
    (items, names)
}

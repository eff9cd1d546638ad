//! Whatever a caller passes, exactly one command is sent, or the call is refused before anything is sent: every
//! IMAP command that is a value, with hostile arguments, and every POP3 command.

use std::num::NonZeroU32;

use postroom::imap::codec::encode::Segment;
use postroom::imap::codec::stateful;
use postroom::imap::{
    Content, EntryName, Extension, Items, ListReturn, ListSelect, MailboxName, MetadataDepth, NewMessage, NotifyEvent,
    PartialRange, Piece, Query, QuotaResource, Rights, RightsChange, Scope, SearchReturn, Section, SortKey,
    StatusItems, Uid, UidValidity, Uids,
};
use postroom::{Flag, FlagAction, FlagChange, Kind};
use proptest::prelude::*;

use crate::framer::{end_of_command, wire};

/// The number of commands, at least; `PROPTEST_CASES` sets another.
const COMMANDS: usize = 41;

fn cases() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig::with_cases(asked.unwrap_or(10_000))
}

/// Text that tries to break out, or any text.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "\r\n",
        "\r",
        "\n",
        "\0",
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
        "&AOQ-",
        "ä",
        "a",
        "/",
        "\\Seen",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
    ]);
    prop_oneof![prop::collection::vec(pieces, 0..6).prop_map(|pieces| pieces.concat()), any::<String>()]
}

#[derive(Clone, Debug)]
struct Hostile {
    a: String,
    b: String,
    c: String,
    bytes: Vec<u8>,
    number: u64,
    uid: u32,
    mailbox: MailboxName,
    utf8: bool,
}

fn arguments() -> impl Strategy<Value = Hostile> {
    let texts = (hostile(), hostile(), hostile());
    let name = prop_oneof![
        hostile().prop_map(|name| MailboxName::new(&name).unwrap_or(MailboxName::INBOX)),
        // The name of a mailbox that a server sends is sent back to it.
        (prop::collection::vec(any::<u8>(), 1..20), any::<bool>())
            .prop_map(|(name, utf8)| MailboxName::from_wire(&name, utf8)),
    ];
    let numbers = (any::<u64>(), 1..=u32::MAX);
    (texts, prop::collection::vec(any::<u8>(), 0..40), numbers, name, any::<bool>()).prop_map(
        |((a, b, c), bytes, (number, uid), mailbox, utf8)| Hostile { a, b, c, bytes, number, uid, mailbox, utf8 },
    )
}

fn query(with: &Hostile) -> Query {
    let text = Query::subject(with.a.as_str()).and(Query::header(with.b.as_str(), with.c.as_str())).fuzzy();
    let label = Query::gmail(with.a.as_str()).and(Query::gmail_label(with.b.as_str())).and(Query::modseq(with.number));
    let seconds = NonZeroU32::new(with.uid).unwrap();
    let uid = Uid::new(with.uid).unwrap();
    match with.number % 6 {
        0 => text.or(label),
        1 => !Query::filter(with.a.as_str()).or(Query::saved()),
        2 => Query::email_id(with.a.as_str()).and(Query::thread_id(with.b.as_str())),
        3 => Query::annotation(with.a.as_str(), with.b.as_str(), with.c.as_str()),
        4 => Query::older(seconds).and(Query::uid_after(uid)).and(Query::recent()).and(label),
        _ => Flag::new(&with.a).map_or_else(|_| Query::body(with.a.as_str()), |flag| Query::modseq_of(flag, 7)),
    }
}

fn message(with: &Hostile) -> NewMessage {
    let bytes = bytes::Bytes::from(with.bytes.clone());
    let content = match with.number % 4 {
        0 => Content::Text(bytes),
        1 => Content::Binary(bytes),
        2 => Content::Utf8(bytes),
        _ => Content::Pieces(vec![Piece::Url(with.a.clone()), Piece::Text(bytes)]),
    };
    NewMessage::new(content).flags(Flag::new(&with.b)).date(time::OffsetDateTime::UNIX_EPOCH)
}

fn items(with: &Hostile) -> Items {
    let items = Items::FLAGS.preview().modseq().gmail_labels().section(Section::HEADER);
    let items = match Section::header_fields([&with.a]) {
        Ok(fields) => items.section(fields),
        Err(_) => items,
    };
    items.binary(Section::part(&[with.uid]).unwrap(), Some((0, NonZeroU32::MIN))).unwrap()
}

/// Those that a session refuses to run, and all others.
fn segments(which: usize, with: &Hostile) -> Result<Vec<Segment>, postroom::Error> {
    let Hostile { a, mailbox, number, utf8, .. } = with;
    let line = match which {
        16 => {
            let scopes = [Scope::Subtree(vec![mailbox.clone()]), Scope::Mailboxes(vec![mailbox.clone()])];
            let events = vec![NotifyEvent::MessageNew(Some(items(with))), NotifyEvent::Other(a.clone())];
            stateful::notify(true, &scopes.map(|scope| (scope, events.clone())), *utf8)
        }
        17 => Ok(stateful::notify_none()),
        18 => Ok(stateful::unauthenticate()),
        19 => Ok(stateful::compress_deflate()),
        20 => stateful::select_condstore(mailbox, *utf8),
        21 => {
            let uids = Uids::from_uid(Uid::new(with.uid).unwrap());
            stateful::select_qresync(mailbox, UidValidity::new(with.uid).unwrap(), *number, Some(&uids), *utf8)
        }
        which => return command(which, with).segments(*utf8),
    };
    line.map(|line| line.finish())
}

fn command(which: usize, with: &Hostile) -> Extension {
    let Hostile { a, b, mailbox, bytes, number, .. } = with;
    let uid = Uid::new(with.uid).unwrap();
    let uids = || Uids::from_uid(uid);
    let rights: Rights = a.parse().unwrap_or(Rights::READ);
    let entry = EntryName::new(a).unwrap_or(EntryName::SHARED_COMMENT);
    let entries = std::slice::from_ref(&entry);
    let returns = SearchReturn::ALL.save().partial(PartialRange::last(NonZeroU32::MIN, NonZeroU32::MAX));
    let scopes = [Scope::Subtree(vec![mailbox.clone()]), Scope::Mailboxes(vec![mailbox.clone()])];
    match which {
        0 => Extension::set_acl(mailbox, a, RightsChange::Add(rights)),
        1 => Extension::delete_acl(mailbox, a),
        2 => Extension::get_acl(mailbox),
        3 => Extension::list_rights(mailbox, a),
        4 => Extension::my_rights(mailbox),
        5 => Extension::get_quota(a),
        6 => Extension::get_quota_root(mailbox),
        7 => Extension::set_quota(a, &[(QuotaResource::new(b), *number), (QuotaResource::Storage, 1)]),
        8 => Extension::get_metadata(Some(mailbox), entries, MetadataDepth::All, Some(with.uid)),
        9 => Extension::set_metadata(None, &[(entry.clone(), Some(bytes.clone())), (entry, None)]),
        10 => Extension::sort(&[SortKey::SIZE.reversed()], query(with), Some(returns)),
        11 => Extension::thread(a, query(with)),
        12 => Extension::language(&[a, b]),
        13 => Extension::comparator(&[a, b]),
        14 => Extension::multi_search(&scopes, query(with), Some(returns)),
        15 => Extension::cancel_update(&[a, b]),
        22 => Extension::new("UID FETCH").uids(uids()).items(items(with)).number(*number),
        23 => Extension::new("UID STORE").uids(uids()).flag_change(FlagChange::set(Flag::new(a)), true),
        24 => Extension::append(mailbox, &[message(with), message(with)]),
        25 => Extension::replace(uid, mailbox, &message(with)),
        26 => {
            let returns = [ListReturn::Status(StatusItems::BASE), ListReturn::Metadata(entries.to_vec())];
            Extension::list_extended(&[a, b], &[ListSelect::Subscribed, ListSelect::RecursiveMatch], &returns)
        }
        27 => Extension::create_special(mailbox, &[a, b]),
        28 => Extension::fetch_annotations(uids(), entries, &[b]),
        29 => Extension::store_annotation(uids(), &entry, &[(b, Some(bytes.clone()))]),
        30 => Extension::store_labels(uids(), FlagAction::Add, &[a, b]),
        31 => Extension::generate_urls(&[(a, b)]),
        32 => Extension::reset_url_key(Some(mailbox)),
        33 => Extension::fetch_urls(&[a, b]),
        34 => Extension::jmap_access(),
        35 => Extension::new("UID SEARCH").word("CHARSET").word("UTF-8").query(query(with)),
        36 => Extension::new("X-VENDOR").word(a.as_str()),
        37 => Extension::new("X-VENDOR").text(a.as_str()).list(|list| list.string(b.as_str()).list(|list| list)),
        38 => Extension::new("X-VENDOR").pattern(a.as_str()).nstring(None::<String>).number(*number),
        39 => Extension::new("X-VENDOR").literal(bytes.clone()).binary(bytes.clone()).text("after"),
        _ => Extension::new(["", "A\r\nB", "A B\"", "X-V {5}"][which % 4]).text(a.as_str()),
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn every_command_is_exactly_one(with in arguments()) {
        for which in 0..=COMMANDS {
            match segments(which, &with) {
                Err(error) => prop_assert_eq!(error.kind(), Kind::Input),
                Ok(segments) => {
                    let mut wire = wire(&segments);
                    if with.utf8 {
                        // Quoted strings may hold UTF-8 then, which the framer reads as letters.
                        wire.iter_mut().filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = b'u');
                    }
                    prop_assert_eq!(end_of_command(&wire), Ok(wire.len()), "{}", wire.escape_ascii());
                }
            }
        }
    }

    #[test]
    fn every_pop3_line_is_exactly_one(keyword in prop::sample::select(vec!["USER", "PASS", "APOP", "LANG", "TOP"]), text in hostile()) {
        if let Ok(line) = postroom::pop3::codec::command(keyword, &[text.as_bytes()]) {
            prop_assert!(line.len() <= 255 && line.ends_with(b"\r\n"));
            let inner = &line[..line.len() - 2];
            prop_assert!(!inner.iter().any(|byte| matches!(byte, b'\r' | b'\n' | b'\0')));
        }
    }
}

#[test]
fn plain_arguments_make_all_commands() {
    let (a, b, c) = ("plain".to_owned(), "word".to_owned(), "text".to_owned());
    let with = Hostile { a, b, c, bytes: b"x".to_vec(), number: 6, uid: 1, mailbox: MailboxName::INBOX, utf8: false };
    let refused = |which: &usize| segments(*which, &with).is_err();
    // Special uses require a backslash, and the last ones are wrong by themselves.
    assert_eq!((0..COMMANDS).filter(refused).collect::<Vec<_>>(), [27, 40]);
}

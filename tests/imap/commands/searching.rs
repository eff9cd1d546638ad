//! Searches, with ESEARCH and without.

use std::num::NonZeroU32;

use postroom::imap::{
    Extension, Folder, Imap, MailboxName, PartialRange, Query, Response, Scope, SearchResult, SearchReturn, SortKey,
    ThreadAlgorithm, Uid, UidValidity, Uids,
};
use postroom::testing::{Script, Server};
use postroom::{Flag, Kind};
use time::{Date, Month};

use crate::support::{SELECT, embedded, greeted, plaintext, scripted, selected};

#[tokio::test(start_paused = true)]
async fn what_matches_is_the_same_with_esearch_and_without() {
    let mut answers = Vec::new();
    for lacks in ["", "ESEARCH"] {
        let server = Server::builder().sample_mail().without(lacks).in_memory().unwrap();
        let mut imap = embedded(&server, plaintext()).await;
        let inbox = imap.select("INBOX").await.unwrap();
        let day = Date::from_calendar_date(2024, Month::January, 5).unwrap();
        let queries = [
            Query::all(),
            Query::unseen(),
            !Query::seen(),
            Query::flag(Flag::FLAGGED).and(Query::since(day)),
            Query::subject("lunch").or(Query::subject("parcel")).or(Query::subject("Grüße")),
            Query::larger(1_000_000).or(!Query::all()),
            Query::flag(Flag::new("Work").unwrap()),
            Query::uids(Uid::new(3).unwrap()),
            Query::uids(Uids::new()),
        ];
        let mut found = Vec::new();
        for query in queries {
            let uids = inbox.search(&query).await.unwrap();
            assert_eq!(uids.validity(), inbox.info().unwrap().uid_validity);
            let numbers = inbox.search(&query).returning(SearchReturn::new().count().min().max()).await.unwrap();
            assert_eq!(numbers.count, Some(uids.len()), "{query}");
            assert_eq!((numbers.min, numbers.max), (uids.iter().next(), uids.iter().last()), "{query}");
            assert_eq!(numbers.all, None);
            found.push(uids.to_string());
        }
        answers.push(found);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0][1], answers[0][2]);
    assert_eq!((answers[0][5].as_str(), answers[0][7].as_str(), answers[0][8].as_str()), ("", "3", ""));
    assert!(!answers[0][3].is_empty() && !answers[0][4].is_empty());
}

#[tokio::test(start_paused = true)]
async fn either_answer_is_taken_for_either_question() {
    let dialogue = "
        C: {A} UID SEARCH RETURN (ALL) UNSEEN
        S: * SEARCH 2 3
        S: * SEARCH 9
        S: {A} OK done
        C: {B} UID SEARCH RETURN (MIN COUNT) UNSEEN
        S: * SEARCH 2 3 9
        S: {B} OK done
        C: {C} UID SEARCH RETURN (ALL) UNSEEN
        S: * SEARCH
        S: {C} OK done
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    assert_eq!(folder.search(&Query::unseen()).await.unwrap().to_string(), "2:3,9");
    let found = folder.search(&Query::unseen()).returning(SearchReturn::new().min().count()).await.unwrap();
    assert_eq!((found.min, found.count, found.max, found.all), (Uid::new(2).ok(), Some(3), None, None));
    assert!(folder.search(&Query::unseen()).await.unwrap().is_empty());
    script.finish().await.unwrap();
}

/// RFC 9051 §7.3.4: the tag shows which command an ESEARCH answers.
#[tokio::test(start_paused = true)]
async fn what_another_search_found_is_no_answer() {
    let dialogue = "
        C: {A} UID SEARCH RETURN (ALL) UNSEEN
        S: * ESEARCH (TAG \"B77\") UID ALL 7:9
        S: * ESEARCH (TAG \"{A}\") UID ALL 2
        S: {A} OK done
        C: {B} UID SEARCH RETURN (ALL) UNSEEN
        S: * ESEARCH (TAG \"B77\") UID ALL 7:9
        S: {B} OK done
        C: {C} UID SEARCH RETURN (ALL) UNSEEN
        S: * ESEARCH UID ALL 3
        S: {C} OK done
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    assert_eq!(folder.search(&Query::unseen()).await.unwrap().to_string(), "2");
    assert_eq!(folder.search(&Query::unseen()).await.unwrap_err().kind(), Kind::Missing);
    assert_eq!(folder.search(&Query::unseen()).await.unwrap().to_string(), "3");
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn silence_is_not_an_empty_result() {
    let dialogue = "
        C: {A} UID SEARCH RETURN (ALL) UNSEEN
        S: {A} OK nothing to say
        C: {B} UID SEARCH RETURN (ALL) UNSEEN
        S: * ESEARCH (TAG \"Z9\") UID ALL 9
        S: * SORT 9
        S: {B} OK done
        C: {C} UID SEARCH RETURN (SAVE) UNSEEN
        S: {C} OK saved
        C: {D} UID SEARCH RETURN (ALL) UNSEEN
        S: * ESEARCH (TAG \"{D}\") UID
        S: {D} OK done
    ";
    let greeting = "S: * PREAUTH [CAPABILITY IMAP4rev1 ESEARCH SEARCHRES] ready";
    let (script, imap) = scripted(&format!("{greeting}\n{SELECT}\n{dialogue}"), plaintext()).await;
    let folder = imap.unwrap().into_folder("INBOX").await.unwrap();
    for _ in 0..2 {
        assert_eq!(folder.search(&Query::unseen()).await.unwrap_err().kind(), Kind::Missing);
    }
    assert_eq!(folder.search(&Query::unseen()).returning(SearchReturn::new().save()).await.unwrap().all, None);
    assert!(folder.search(&Query::unseen()).await.unwrap().is_empty());
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_names_another_command_or_none_beside_one_that_does_is_no_answer() {
    let dialogue = "
        C: {A} UID SEARCH RETURN (ALL) UNSEEN
        S: * ESEARCH (TAG \"Z9\") UID ALL 9
        S: * SEARCH 9 10
        S: * ESEARCH (TAG \"{A}\") UID ALL 2:3
        S: {A} OK done
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    assert_eq!(folder.search(&Query::unseen()).await.unwrap().to_string(), "2:3");
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_answer_about_messages_that_were_not_asked_for_is_none() {
    let dialogue = "
        C: {A} UID SEARCH RETURN (ALL) UID 2:4 UNSEEN
        S: * SEARCH 2 7
        S: {A} OK done
        C: {B} UID SEARCH RETURN (ALL) UID 9:* UNSEEN
        S: * SEARCH 7
        S: {B} OK done
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    let among = |set: &str| Query::uids(set.parse::<Uids>().unwrap()).and(Query::unseen());
    assert_eq!(folder.search(&among("2:4")).await.unwrap_err().kind(), Kind::Missing);
    // RFC 9051 §9: the last message is part of every set that ends in `*`.
    assert_eq!(folder.search(&among("9:*")).await.unwrap().to_string(), "7");
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_charset_is_named_just_where_it_is_needed() {
    let dialogue = "
        C: {A} UID SEARCH RETURN (ALL) FROM \"anna\"
        S: * ESEARCH (TAG \"{A}\") UID
        S: {A} OK done
        C: {B} UID SEARCH RETURN (ALL) CHARSET UTF-8 FROM {6}
        S: + go on
        C-raw: J\\xc3\\xbcrg\\x20\\r\\n
        S: * ESEARCH (TAG \"{B}\") UID ALL 5
        S: {B} OK done
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    assert!(folder.search(&Query::from("anna")).await.unwrap().is_empty());
    assert_eq!(folder.search(&Query::from("Jürg ")).await.unwrap().to_string(), "5");
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_searched_for_is_refused_before_a_byte() {
    let (script, folder) = selected("", plaintext()).await;
    let stale = Uids::ALL.stamped(UidValidity::new(6).unwrap());
    for query in [Query::subject("a\0"), Query::seen().and(!Query::uids(stale)), Query::header("a b", "")] {
        assert_eq!(folder.search(&query).await.unwrap_err().kind(), Kind::Input, "{query}");
    }
    assert_eq!(folder.search(&Query::all()).returning(SearchReturn::new()).await.unwrap_err().kind(), Kind::Input);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_a_server_cannot_read_is_compared_here() {
    let dialogue = "
        C: {B} UID SEARCH RETURN (ALL) CHARSET UTF-8 UNSEEN TEXT \"x\" NOT SUBJECT {4}
        S: {B} NO [BADCHARSET (US-ASCII)] unknown
        C: {C} UID SEARCH RETURN (ALL) UNSEEN TEXT \"x\"
        S: * ESEARCH (TAG \"{C}\") UID ALL 1:3
        S: {C} OK done
        C: {D} UID FETCH 1:3 (UID ENVELOPE)
        S: * 1 FETCH (UID 1 ENVELOPE (NIL \"=?utf-8?q?F=C3=9Cr?=\" NIL NIL NIL NIL NIL NIL NIL NIL))
        S: * 2 FETCH (UID 2 ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL))
        S: * 3 FETCH (UID 3 ENVELOPE NIL)
        S: {D} OK done
        C: {E} UID SEARCH RETURN (ALL) CHARSET UTF-8 BODY {4}
        S: {E} NO [BADCHARSET (US-ASCII)] unknown
        C: {F} UID SEARCH RETURN (ALL) CHARSET UTF-8 SUBJECT {4}
        S: {F} NO [CANNOT] unknown";
    let (script, mut imap) = greeted(&format!("{SELECT}{dialogue}"), plaintext()).await;
    let folder = imap.select("INBOX").await.unwrap();
    let query = Query::unseen().and(Query::text("x")).and(!Query::subject("für"));
    assert_eq!(folder.search(&query).await.unwrap().to_string(), "2");
    let error = folder.search(&Query::body("für")).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    assert!(format!("{error:#}").contains("unknown"), "{error:#}");
    assert_eq!(folder.search(&Query::subject("für")).await.unwrap_err().kind(), Kind::Rejected);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_order_or_threads_of_other_messages_than_those_asked_about_are_no_answer() {
    let dialogue = "
        C: {A} UID SORT (DATE) US-ASCII UID 2:5 UNSEEN
        S: * SORT 9 3
        S: * SORT 5 3
        S: {A} OK done
        C: {B} UID SORT RETURN (ALL) (DATE) US-ASCII UID 2:5
        S: * ESEARCH (TAG \"{B}\") UID ALL 5,1
        S: {B} OK done
        C: {C} UID THREAD REFERENCES US-ASCII UID 2:5
        S: * THREAD (3 (5)(9))
        S: * THREAD (3 (5)(4))
        S: {C} OK done
        C: {D} UID THREAD REFERENCES US-ASCII UNSEEN
        S: * THREAD (3 (5)(9))
        S: {D} OK done
        C: {E} UID SORT (DATE) US-ASCII UID 100:*
        S: * SORT 5
        S: {E} OK done
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    let some = || Query::uids("2:5".parse::<Uids>().unwrap());
    let keys = [SortKey::DATE];
    let mut read = Vec::new();
    for (extension, text) in [
        (Extension::sort(&keys, some().and(Query::unseen()), None), "5,3"),
        (Extension::sort(&keys, some(), Some(SearchReturn::ALL)), ""),
        (Extension::thread("REFERENCES", some()), "3 5 4"),
        (Extension::thread("REFERENCES", Query::unseen()), "3 5 9"),
        (Extension::sort(&keys, Query::uids("100:*".parse::<Uids>().unwrap()), None), "5"),
    ] {
        let responses = folder.run(extension).await.unwrap().responses;
        let said = responses.iter().map(|response| match response {
            Response::Sort(sorted) => sorted.list.to_string(),
            Response::Thread(threads) => {
                threads.walk().map(|(_, one)| one.number().unwrap().to_string()).collect::<Vec<_>>().join(" ")
            }
            other => panic!("{other:?}"),
        });
        read.push((said.collect::<Vec<_>>().join(";"), text));
    }
    assert!(read.iter().all(|(said, text)| said == text), "{read:?}");
    script.finish().await.unwrap();
}

fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

/// A folder of a server with these capabilities.
async fn announced(capabilities: &str, dialogue: &str) -> (Script, Folder<Imap>) {
    let greeting = format!("S: * PREAUTH [CAPABILITY IMAP4rev1 {capabilities}] ready\n");
    let (script, imap) = scripted(&format!("{greeting}{SELECT}{dialogue}"), plaintext()).await;
    (script, imap.unwrap().into_folder("INBOX").await.unwrap())
}

/// RFC 9394 §3.1: positions are counted by a server that can, otherwise here.
#[tokio::test(start_paused = true)]
async fn positions_are_counted_by_the_server_or_here() {
    let (newest, first) = (PartialRange::last(number(1), number(2)), PartialRange::first(number(2), number(3)));
    for (capabilities, dialogue) in [
        ("", ["UID SEARCH SEEN", "SEARCH 2 4 7 8", "UID SEARCH SEEN", "SEARCH 2 4 7 8"]),
        (
            "ESEARCH",
            [
                "UID SEARCH RETURN (ALL) SEEN",
                "ESEARCH UID ALL 2,4,7:8",
                "UID SEARCH RETURN (ALL) SEEN",
                "ESEARCH UID ALL 2,4,7:8",
            ],
        ),
        (
            "ESEARCH CONTEXT=SEARCH",
            [
                "UID SEARCH RETURN (ALL) SEEN",
                "ESEARCH UID ALL 2,4,7:8",
                "UID SEARCH RETURN (PARTIAL 2:3) SEEN",
                "ESEARCH UID PARTIAL (2:3 4,7)",
            ],
        ),
        (
            "ESEARCH PARTIAL",
            [
                "UID SEARCH RETURN (PARTIAL -1:-2) SEEN",
                "ESEARCH UID PARTIAL (-1:-2 7:8)",
                "UID SEARCH RETURN (PARTIAL 2:3) SEEN",
                "ESEARCH UID PARTIAL (2:3 4,7)",
            ],
        ),
    ] {
        let [one, answer, other, reply] = dialogue;
        let dialogue =
            format!("C: {{A}} {one}\nS: * {answer}\nS: {{A}} OK x\nC: {{B}} {other}\nS: * {reply}\nS: {{B}} OK x\n");
        let (script, folder) = announced(capabilities, &dialogue).await;
        for (range, expected, bounds) in [(newest, "7:8", (-1, -2)), (first, "4,7", (2, 3))] {
            let found = folder.search(&Query::seen()).returning(SearchReturn::new().partial(range)).await.unwrap();
            assert!(found.all.is_none() && found.count.is_none(), "{capabilities}: {found:?}");
            let partial = found.partial.unwrap();
            assert_eq!((partial.first, partial.last), bounds);
            assert_eq!(partial.found.to_string(), expected, "{capabilities}");
        }
        script.finish().await.unwrap();
    }
}

/// One command must not ask for all messages and for some of them (RFC 9394 §3.1).
#[tokio::test(start_paused = true)]
async fn all_messages_and_some_of_them_are_asked_for_at_once() {
    let dialogue = "
        C: {A} UID SEARCH RETURN (COUNT ALL) SEEN
        S: * ESEARCH (TAG \"{A}\") UID COUNT 3 ALL 2,4,9
        S: {A} OK done
    ";
    let (script, folder) = announced("ESEARCH PARTIAL", dialogue).await;
    let wanted = SearchReturn::ALL.count().partial(PartialRange::first(number(3), number(7)));
    let found = folder.search(&Query::seen()).returning(wanted).await.unwrap();
    assert_eq!((found.all.unwrap().to_string(), found.count), ("2,4,9".to_owned(), Some(3)));
    assert_eq!(found.partial.unwrap().found.to_string(), "9");
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn keys_of_extensions_go_only_to_servers_that_have_them() {
    let day = Date::from_calendar_date(2024, Month::January, 5).unwrap();
    let keys = [
        (Query::older(number(60)), "WITHIN", "OLDER 60"),
        (Query::younger(number(60)), "WITHIN", "YOUNGER 60"),
        (Query::subject("x").fuzzy(), "SEARCH=FUZZY", "FUZZY SUBJECT \"x\""),
        (Query::modseq(7), "CONDSTORE", "MODSEQ 7"),
        (Query::filter("f"), "FILTERS", "FILTER f"),
        (Query::email_id("M1"), "OBJECTID", "EMAILID M1"),
        (Query::saved_on(day), "SAVEDATE", "SAVEDON 5-Jan-2024"),
        (Query::gmail("x y"), "X-GM-EXT-1", "X-GM-RAW \"x y\""),
        (!Query::gmail_label("l"), "X-GM-EXT-1", "NOT X-GM-LABELS \"l\""),
    ];
    for (query, capability, written) in keys {
        let (script, folder) = announced("SORT THREAD=REFERENCES", "").await;
        let refused = [
            folder.search(&query).await.unwrap_err(),
            folder.search(&query).returning(SearchReturn::new().count()).await.unwrap_err(),
            folder.sort(&query, [SortKey::DATE]).await.unwrap_err(),
            folder.thread(&query, ThreadAlgorithm::References).await.unwrap_err(),
        ];
        for error in refused {
            assert_eq!(error.kind(), Kind::Unsupported, "{query}");
            assert!(error.to_string().contains(capability), "{error}");
        }
        script.finish().await.unwrap();
        let dialogue = format!("C: {{A}} UID SEARCH {written}\nS: * SEARCH 2\nS: {{A}} OK done\n");
        let (script, folder) = announced(capability, &dialogue).await;
        assert_eq!(folder.search(&query).await.unwrap().to_string(), "2");
        script.finish().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_search_that_is_not_awaited_sends_nothing() {
    let (script, folder) = announced("", "C: {A} NOOP\nS: {A} OK done\n").await;
    let query = Query::seen();
    let _ = folder.search(&query);
    drop(folder.search(&query).into_future());
    drop(folder.search(&query).returning(SearchReturn::ALL).into_future());
    folder.noop().await.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn several_mailboxes_are_searched_at_once() {
    let dialogue = "
        C: {A} ESEARCH IN (personal mailboxes (Work \"a b\")) RETURN (COUNT ALL) UNSEEN
        S: * ESEARCH (TAG \"{A}\" MAILBOX \"Work\" UIDVALIDITY 5) UID COUNT 2 ALL 4,9
        S: * ESEARCH (TAG \"{A}\" MAILBOX \"a b\" UIDVALIDITY 6) UID COUNT 1 ALL 4
        S: {A} OK done
        C: {B} ESEARCH IN (inboxes) RETURN (ALL) CHARSET UTF-8 SUBJECT {4}
        S: + go on
        C-raw: f\\xc3\\xbcr\\r\\n
        S: {B} OK nothing
        C: {C} ESEARCH IN (inboxes) RETURN (ALL) SEEN
        S: * ESEARCH (TAG \"{C}\") UID ALL 4
        S: {C} OK done
    ";
    let greeting = "S: * PREAUTH [CAPABILITY IMAP4rev1 ESEARCH MULTISEARCH SEARCHRES] ready\n";
    let (script, imap) = scripted(&format!("{greeting}{dialogue}"), plaintext()).await;
    let imap = imap.unwrap();
    let names = ["Work", "a b"].map(|name| MailboxName::new(name).unwrap()).to_vec();
    let scopes = [Scope::Personal, Scope::Mailboxes(names)];
    let (wanted, inboxes) = (SearchReturn::ALL.count(), [Scope::Inboxes]);
    let found = imap.search_in(&scopes, &Query::unseen(), wanted).await.unwrap();
    let shown = |found: &SearchResult| {
        let all = found.all.as_ref().unwrap();
        format!("{} {:?} {all} {:?}", found.mailbox.as_ref().unwrap(), found.count, all.validity().map(u32::from))
    };
    assert_eq!(found.iter().map(shown).collect::<Vec<_>>(), ["Work Some(2) 4,9 Some(5)", "a b Some(1) 4 Some(6)"]);
    assert!(imap.search_in(&inboxes, &Query::subject("für"), SearchReturn::ALL).await.unwrap().is_empty());
    let error = imap.search_in(&inboxes, &Query::seen(), SearchReturn::ALL).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Missing);
    let stamped = Query::uids(Uids::ALL.stamped(UidValidity::new(5).unwrap()));
    for (scopes, query, returns, kind) in [
        (&[][..], Query::seen(), SearchReturn::ALL, Kind::Input),
        (&[Scope::Selected], Query::seen(), SearchReturn::ALL, Kind::Input),
        (&inboxes, Query::seen(), SearchReturn::new(), Kind::Input),
        (&inboxes, stamped, SearchReturn::ALL, Kind::Input),
        (&inboxes, Query::seen(), SearchReturn::ALL.save(), Kind::Unsupported),
        (&inboxes, Query::filter("f"), SearchReturn::ALL, Kind::Unsupported),
    ] {
        assert_eq!(imap.search_in(scopes, &query, returns).await.unwrap_err().kind(), kind, "{query}");
    }
    script.finish().await.unwrap();
}

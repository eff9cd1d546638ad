//! Finding messages: every kind of key, counts on servers that do not count, and texts of every kind.

use std::num::NonZeroU32;
use std::time::Duration;

use postroom::imap::{Append, Items, MailboxName, PartialRange, Query, Scope, SearchReturn, SortKey, Uid, Uids};
use postroom::{Flag, FlagChange, Kind};
use time::{Date, Month, OffsetDateTime};

use super::session;
use crate::live::{fill, label, message};
use crate::suite::Trial;

/// How long an update may take after the answer to a NOOP.
const LATE: Duration = Duration::from_millis(200);

fn day(month: Month, day: u8) -> Date {
    Date::from_calendar_date(2026, month, day).unwrap()
}

pub(crate) async fn every_key_finds_what_it_says(user: &Trial) {
    fill(user, 4);
    let mut imap = session(user).await;
    let large = format!(
        "From: Anna <anna@example.org>\r\nCc: c@example.org\r\nBcc: hidden@example.org\r\nX-Spam: yes\r\n\
        Subject: invoice\r\nDate: Sun, 01 Feb 2026 10:00:00 +0000\r\n\r\n{}needle\r\n",
        "hay ".repeat(500)
    );
    // Courier numbers delivered messages when it looks; it must look before the next one comes.
    imap.select("INBOX").await.unwrap();
    let arrived = OffsetDateTime::from_unix_timestamp(1_600_000_000).unwrap();
    imap.append("INBOX", Append::from(large).date(arrived).flags([Flag::DRAFT])).await.unwrap();
    let inbox = imap.select("INBOX").await.unwrap();
    let label = label(user, "$Label9");
    let of = |number| Uid::new(number).unwrap();
    inbox.store(of(1), &FlagChange::add([Flag::SEEN, Flag::ANSWERED])).await.unwrap();
    inbox.store(of(2), &FlagChange::add([Flag::FLAGGED, label.clone()])).await.unwrap();
    inbox.store(of(3), &FlagChange::add([Flag::DELETED])).await.unwrap();
    let some: Uids = [2, 3, 77].into_iter().flat_map(Uid::new).collect();
    let cases = [
        (Query::all(), "1:5"),
        (Query::answered(), "1"),
        (Query::deleted(), "3"),
        (Query::draft(), "5"),
        (Query::flagged(), "2"),
        (Query::seen(), "1"),
        (Query::unseen(), "2:5"),
        (Query::flag(label.clone()), "2"),
        (!Query::flag(label), "1,3:5"),
        (Query::from("anna"), "5"),
        (Query::to("me@example.org"), "1:4"),
        (Query::cc("c@example"), "5"),
        (Query::bcc("hidden"), "5"),
        (Query::subject("MESSAGE 2"), "2"),
        (Query::body("needle"), "5"),
        (Query::text("number 3."), "3"),
        (Query::header("X-Spam", "yes"), "5"),
        (Query::header("X-Spam", ""), "5"),
        (Query::before(day(Month::January, 1)), "5"),
        (!Query::since(day(Month::January, 1)), "5"),
        (Query::sent_on(day(Month::February, 1)), "5"),
        (Query::sent_since(day(Month::March, 2)), "1:4"),
        (Query::sent_before(day(Month::March, 1)), "5"),
        (Query::larger(1000), "5"),
        (Query::smaller(1000), "1:4"),
        (Query::uids(some), "2:3"),
        (Query::unseen().and(Query::smaller(1000)).and(!Query::deleted()), "2,4"),
        (Query::flagged().or(Query::answered()).or(Query::from("anna")), "1:2,5"),
        (!(Query::seen().or(Query::draft())), "2:4"),
        (Query::subject("nothing of the kind"), ""),
    ];
    let validity = inbox.info().unwrap().uid_validity;
    for (query, wanted) in cases {
        let found = inbox.search(&query).await.unwrap();
        assert_eq!(found.to_string(), wanted, "{query}");
        assert_eq!(found.validity(), validity);
    }
}

pub(crate) async fn numbers_are_told_by_the_server_or_counted_here(user: &Trial) {
    fill(user, 6);
    let mut imap = session(user).await;
    let native = imap.capabilities().esearch();
    let inbox = imap.select("INBOX").await.unwrap();
    inbox.store(Uid::new(6).unwrap(), &FlagChange::add([Flag::SEEN])).await.unwrap();
    let found = inbox.search(&Query::unseen()).returning(SearchReturn::new().count().min().max()).await.unwrap();
    assert_eq!((found.count, found.min, found.max), (Some(5), Uid::new(1).ok(), Uid::new(5).ok()));
    assert!(found.all.is_none());
    let none = inbox.search(&Query::flagged()).returning(SearchReturn::ALL.count()).await.unwrap();
    assert_eq!((none.count, none.all.map(|all| all.len())), (Some(0), Some(0)));
    assert_eq!(inbox.search(&Query::all()).returning(SearchReturn::new()).await.unwrap_err().kind(), Kind::Input);
    if !native {
        user.fallback("UID SEARCH RETURN", "no ESEARCH: counted here");
    }
}

pub(crate) async fn texts_of_every_kind_are_found_as_they_are(user: &Trial) {
    const TEXTS: [&str; 10] =
        ["{5}", "{5+}", "{0}", "\"quoted\"", "back\\slash", "(paren", "100% *", "Grüße", "日本語", "a \"b\\ {3} ü"];
    for text in TEXTS {
        let head =
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";
        user.deliver("INBOX", format!("{head}<<{text}>>\r\n").as_bytes());
    }
    let mut imap = session(user).await;
    let inbox = imap.select("INBOX").await.unwrap();
    for (place, text) in TEXTS.iter().enumerate() {
        let found = inbox.search(&Query::body(format!("<<{text}>>"))).await.unwrap();
        assert_eq!(found.to_string(), (place + 1).to_string(), "{text}");
        assert_eq!(inbox.search(&Query::subject(*text)).await.unwrap().to_string(), "", "{text}");
    }
    assert_eq!(inbox.search(&Query::body("a\0b")).await.unwrap_err().kind(), Kind::Input);
    // A literal can contain a line's end. What a server makes of it is its own affair; the rest of the session is not.
    for text in ["a\r\nb", "a\rb", "a\nA1 LOGOUT\n"] {
        match inbox.search(&Query::body(text)).await {
            Ok(found) => assert!(found.is_empty()),
            Err(error) => assert!(matches!(error.kind(), Kind::Input | Kind::Rejected), "{error:?}"),
        }
    }
    inbox.noop().await.unwrap();
}

/// What is returned is checked against the plain list, which the server makes in another way.
pub(crate) async fn parts_of_a_result_are_those_of_the_whole(user: &Trial) {
    fill(user, 9);
    let mut imap = session(user).await;
    let capabilities = imap.capabilities();
    let inbox = imap.select("INBOX").await.unwrap();
    let some: Uids = [1, 2, 5, 7, 8].into_iter().flat_map(Uid::new).collect();
    inbox.store(some.clone(), &FlagChange::add([Flag::SEEN])).await.unwrap();
    let number = |number| NonZeroU32::new(number).unwrap();
    let (seen, none) = (Query::seen(), Query::flagged());
    for (range, expected) in [
        (PartialRange::first(number(1), number(2)), "1:2"),
        (PartialRange::first(number(3), number(9)), "5,7:8"),
        (PartialRange::last(number(1), number(2)), "7:8"),
        (PartialRange::first(number(6), number(9)), ""),
    ] {
        let found = inbox.search(&seen).returning(SearchReturn::new().partial(range)).await.unwrap();
        assert_eq!(found.partial.unwrap().found.to_string(), expected, "{range}");
        let found = inbox.search(&seen).returning(SearchReturn::ALL.count().partial(range)).await.unwrap();
        assert_eq!((found.all.unwrap().to_string(), found.count), (some.to_string(), Some(5)));
        let found = inbox.sort(&seen, [SortKey::SUBJECT]).returning(SearchReturn::new().partial(range)).await.unwrap();
        assert_eq!(found.partial.unwrap().found.to_string(), expected, "{range}");
    }
    let backwards = || inbox.sort(&seen, [SortKey::SUBJECT.reversed()]);
    let found = backwards().returning(SearchReturn::ALL.min().max().count()).await.unwrap();
    assert_eq!((found.min, found.max, found.count), (Uid::new(8).ok(), Uid::new(1).ok(), Some(5)));
    assert_eq!(found.order.unwrap().to_string(), "8,7,5,2,1");
    let found = inbox.sort(&none, [SortKey::DATE]).returning(SearchReturn::ALL.min().count()).await.unwrap();
    assert_eq!((found.min, found.count, found.all.map(|all| all.len())), (None, Some(0), Some(0)));
    if !capabilities.partial() {
        user.fallback("UID SEARCH PARTIAL", "no PARTIAL: counted here");
    }
    if !capabilities.esort() {
        user.fallback("UID SORT RETURN", "no ESORT: counted here");
    }
}

/// A key goes to a server that announces it; the messages are known beforehand.
pub(crate) async fn keys_of_extensions_find_what_they_say(user: &Trial) {
    let mut imap = session(user).await;
    let old = OffsetDateTime::from_unix_timestamp(1_600_000_000).unwrap();
    imap.append("INBOX", Append::from("Subject: an old invoice\r\n\r\nx\r\n").date(old)).await.unwrap();
    imap.append("INBOX", Append::from("Subject: lunch\r\n\r\nx\r\n").date(OffsetDateTime::now_utc())).await.unwrap();
    let capabilities = imap.capabilities();
    let inbox = imap.select("INBOX").await.unwrap();
    let day = NonZeroU32::new(24 * 3600).unwrap();
    let yesterday = OffsetDateTime::now_utc().date().previous_day().unwrap();
    match inbox.search(&Query::subject("lunch")).returning(SearchReturn::new().save()).await {
        Ok(_) => assert!(capabilities.searchres()),
        Err(error) => assert!(error.kind() == Kind::Unsupported && !capabilities.searchres(), "{error}"),
    }
    for (command, announced, query, expected) in [
        ("SEARCHRES", capabilities.searchres(), Query::saved(), "2"),
        ("WITHIN", capabilities.within(), Query::older(day), "1"),
        ("WITHIN", capabilities.within(), Query::younger(day), "2"),
        ("SAVEDATE", capabilities.savedate(), Query::saved_since(yesterday), "1:2"),
        ("SAVEDATE", capabilities.savedate(), Query::saved_before(yesterday), ""),
    ] {
        match inbox.search(&query).await {
            Ok(found) => {
                assert!(announced, "{query}");
                assert_eq!(found.to_string(), expected, "{query}");
            }
            Err(error) => {
                assert!(error.kind() == Kind::Unsupported && !announced, "{query}: {error}");
                user.unsupported(command, "not announced: refused before anything is sent");
            }
        }
    }
    inbox.noop().await.unwrap();
}

/// Each effect is seen by UIDs, and in the files.
pub(crate) async fn a_saved_result_is_fetched_stored_copied_and_moved(user: &Trial) {
    fill(user, 6);
    let other = user.server.mailbox(&["Apart"]);
    let mut imap = session(user).await;
    imap.create_mailbox(&*other).await.unwrap();
    let announced = imap.capabilities().searchres();
    let mut inbox = imap.select("INBOX").await.unwrap();
    let odd: Uids = "1,3,5".parse().unwrap();
    inbox.store(odd.clone(), &FlagChange::add([Flag::DRAFT])).await.unwrap();
    let saved = inbox.search(&Query::draft()).save().await.unwrap();
    assert_eq!((saved.len(), saved.uids().is_some()), (3, !announced));
    if !announced {
        user.fallback("SEARCHRES", "no SEARCHRES: the UIDs are kept here");
    }
    let mut found = Uids::new();
    let mut mail = inbox.fetch(&saved, Items::ENVELOPE.message()).await.unwrap();
    while let Some(fetched) = mail.try_next().await.unwrap() {
        let uid = fetched.uid().unwrap();
        assert_eq!(fetched.body().unwrap()[..], message(uid.as_u32())[..]);
        found.insert(uid);
    }
    drop(mail);
    assert_eq!(found.to_string(), "1,3,5");
    inbox.store(&saved, &FlagChange::add([Flag::FLAGGED])).await.unwrap();
    assert_eq!(inbox.search(&Query::flagged()).await.unwrap().to_string(), "1,3,5");
    let within = saved.query().and(Query::subject("message 3"));
    assert_eq!(inbox.search(&within).await.unwrap().to_string(), "3");
    inbox.copy(&saved, &*other).await.unwrap();
    // GNU Mailutils copies the last one first.
    let stored = || {
        let mut stored = user.stored("Apart");
        stored.sort();
        stored
    };
    assert_eq!(stored(), [message(1), message(3), message(5)]);
    if !inbox.session().capabilities().uidplus() {
        // GNU Mailutils: without MOVE and UIDPLUS nothing can be removed.
        return;
    }
    // What is expunged leaves it.
    inbox.store(Uid::new(3).unwrap(), &FlagChange::add([Flag::DELETED])).await.unwrap();
    inbox.expunge(Uid::new(3).unwrap()).await.unwrap();
    assert_eq!(inbox.search(&saved.query()).await.unwrap().to_string(), "1,5");
    inbox.move_to(&saved, &*other).await.unwrap();
    assert_eq!(inbox.search(&Query::all()).await.unwrap().to_string(), "2,4,6");
    assert_eq!(stored(), [1, 1, 3, 5, 5].map(message));
    let gone = inbox.search(&Query::seen()).save().await.unwrap();
    assert_eq!(inbox.store(&saved, &FlagChange::add([Flag::SEEN])).await.is_err(), announced);
    assert!(gone.is_empty());
}

/// Whatever another session does, the result is what a search finds.
pub(crate) async fn an_updated_result_is_that_of_a_search(user: &Trial) {
    fill(user, 5);
    let (mut imap, mut other) = (session(user).await, session(user).await);
    let announced = imap.capabilities().context_search();
    let inbox = imap.select("INBOX").await.unwrap();
    let query = Query::flagged();
    let mut live = match inbox.search(&query).live().await {
        Ok(live) => live,
        Err(error) => {
            assert!(error.kind() == Kind::Unsupported && !announced, "{error}");
            return user.unsupported("UID SEARCH UPDATE", "not announced: refused before anything is sent");
        }
    };
    assert!(live.found().is_empty());
    let theirs = other.select("INBOX").await.unwrap();
    let uids = |text: &str| text.parse::<Uids>().unwrap();
    let (flag, unflag) = (FlagChange::add([Flag::FLAGGED]), FlagChange::remove([Flag::FLAGGED]));
    for (set, change, expected) in [("1:4", &flag, "1:4"), ("2", &unflag, "1,3:4"), ("3,5", &flag, "1,3:5")] {
        theirs.store(uids(set), change).await.unwrap();
        while live.found().to_string() != expected {
            let (told, change) = tokio::join!(inbox.noop(), tokio::time::timeout(LATE, live.try_next()));
            told.unwrap();
            let Ok(change) = change else { continue };
            assert!(change.unwrap().is_some());
        }
        assert_eq!(*live.found(), inbox.search(&query).await.unwrap());
    }
    theirs.store(uids("4"), &FlagChange::add([Flag::DELETED])).await.unwrap();
    theirs.expunge(uids("4")).await.unwrap();
    while live.found().to_string() != "1,3,5" {
        let (told, change) = tokio::join!(inbox.noop(), tokio::time::timeout(LATE, live.try_next()));
        told.unwrap();
        let Ok(change) = change else { continue };
        assert!(change.unwrap().is_some());
    }
    drop(live);
    // CANCELUPDATE is sent, and the server accepts it.
    inbox.noop().await.unwrap();
    assert_eq!(inbox.search(&query).await.unwrap().to_string(), "1,3,5");
}

pub(crate) async fn what_matches_is_among_what_matches_approximately(user: &Trial) {
    fill(user, 3);
    let mut imap = session(user).await;
    let announced = imap.capabilities().has("SEARCH=FUZZY");
    let inbox = imap.select("INBOX").await.unwrap();
    match inbox.search(&Query::subject("message 2").fuzzy()).await {
        Ok(found) => assert!(announced && found.contains(Uid::new(2).unwrap()), "{found}"),
        Err(error) if error.kind() == Kind::Unsupported && !announced => {
            user.unsupported("SEARCH=FUZZY", "not announced: refused before anything is sent");
        }
        Err(error) => panic!("{error}"),
    }
}

pub(crate) async fn several_mailboxes_are_searched_at_once(user: &Trial) {
    let mut imap = session(user).await;
    let mailbox = user.server.mailbox(&["Apart"]);
    imap.create_mailbox(&*mailbox).await.unwrap();
    for (mailbox, subject) in [("INBOX", "one"), ("INBOX", "two"), (&*mailbox, "two"), (&*mailbox, "three")] {
        imap.append(mailbox, format!("Subject: {subject}\r\n\r\nx\r\n")).await.unwrap();
    }
    let names: Vec<_> = ["INBOX", &*mailbox].iter().map(|name| MailboxName::new(name).unwrap()).collect();
    let scopes = [Scope::Mailboxes(names)];
    let found = imap.search_in(&scopes, &Query::subject("two"), SearchReturn::ALL.count()).await;
    if !imap.capabilities().multisearch() {
        assert_eq!(found.unwrap_err().kind(), Kind::Unsupported);
        return user.unsupported("ESEARCH", "no MULTISEARCH");
    }
    let found = found.unwrap();
    assert_eq!(found.len(), 2);
    // The same mailbox by mailbox.
    for found in found {
        let folder = imap.select(found.mailbox.unwrap()).await.unwrap();
        let alone = folder.search(&Query::subject("two")).await.unwrap();
        assert_eq!((found.all.unwrap(), found.count), (alone.clone(), Some(alone.len())));
    }
    assert!(imap.search_in(&scopes, &Query::subject("four"), SearchReturn::ALL).await.unwrap().is_empty());
}

//! SORT and THREAD: by a server that has them, and here if it does not.

use std::num::NonZeroU32;

use postroom::Kind;
use postroom::imap::{Folder, Imap, PartialRange, Query, SearchResult, SearchReturn, SortKey, ThreadAlgorithm, Uids};
use postroom::testing::Server;

use crate::rng::Rng;
use crate::sorted_mail::{KEYS, MESSAGES, Odd, append, beyond_ascii, shown};
use crate::support::{SELECT, embedded, plaintext, scripted};

const BOTH: [ThreadAlgorithm; 2] = [ThreadAlgorithm::OrderedSubject, ThreadAlgorithm::References];

/// The random mailbox of this seed.
async fn folder(server: &Server, seed: u64) -> Folder<Imap> {
    let imap = embedded(server, plaintext()).await;
    let mut rng = Rng::new(seed);
    for number in 1..=MESSAGES {
        imap.append("INBOX", append(&mut rng, number, Odd { dates: true, accents: true })).await.unwrap();
    }
    imap.into_folder("INBOX").await.unwrap()
}

fn without() -> Server {
    let builder = Server::builder().without("SORT").without("THREAD=ORDEREDSUBJECT").without("THREAD=REFERENCES");
    builder.in_memory().unwrap()
}

#[tokio::test(start_paused = true)]
async fn random_mailboxes_are_sorted_and_threaded_alike_there_and_here() {
    for seed in 1..=40 {
        let (has, lacks) = (Server::builder().in_memory().unwrap(), without());
        let (there, here) = (folder(&has, seed).await, folder(&lacks, seed).await);
        for query in [Query::all(), Query::flagged(), Query::uids(Uids::new())] {
            for key in KEYS {
                for keys in [vec![key], vec![key.reversed(), SortKey::SUBJECT]] {
                    let [there, here] = [&there, &here].map(|folder| folder.sort(&query, keys.clone()));
                    let (there, here) = tokio::join!(there, here);
                    assert_eq!(there.unwrap(), here.unwrap(), "seed {seed}, {query}, {keys:?}");
                }
            }
            for algorithm in BOTH {
                let theirs = there.thread(&query, algorithm).await.unwrap();
                let ours = here.thread(&query, algorithm).await.unwrap();
                assert_eq!(shown(&theirs), shown(&ours), "seed {seed}, {query}, {algorithm}");
            }
        }
        let sent = [has.commands(), lacks.commands()].map(|sent| sent.join("\n"));
        assert!(sent[0].contains("UID SORT") && sent[0].contains("UID THREAD") && !sent[0].contains("FETCH"));
        assert!(!sent[1].contains("SORT") && !sent[1].contains("THREAD") && sent[1].contains("ENVELOPE"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_at_its_limit_is_not_asked_to_sort() {
    let full = Server::builder().in_memory().unwrap();
    let limited = Server::builder().message_limit(7).in_memory().unwrap();
    let (all, some) = (folder(&full, 1).await, folder(&limited, 1).await);
    let (keys, query) = ([SortKey::SUBJECT, SortKey::DATE], Query::all());
    assert_eq!(all.sort(&query, keys).await.unwrap(), some.sort(&query, keys).await.unwrap());
    for algorithm in BOTH {
        let (all, some) = (all.thread(&query, algorithm), some.thread(&query, algorithm));
        assert_eq!(all.await.unwrap(), some.await.unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn display_names_are_sorted_here_if_the_server_does_not_sort_them() {
    let server = Server::builder().sample_mail().without("SORT=DISPLAY").in_memory().unwrap();
    let inbox = embedded(&server, plaintext()).await.into_folder("INBOX").await.unwrap();
    let query = Query::all();
    assert_eq!(inbox.sort(&query, [SortKey::DISPLAY_FROM]).await.unwrap().list.len(), 30);
    assert!(!server.commands().join("\n").contains("SORT"));
    inbox.sort(&query, [SortKey::FROM]).await.unwrap();
    assert!(server.commands().join("\n").contains("UID SORT (FROM)"));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_sorted_is_refused_before_anything_is_sent() {
    let server = Server::builder().sample_mail().in_memory().unwrap();
    let inbox = embedded(&server, plaintext()).await.into_folder("INBOX").await.unwrap();
    server.clear_commands();
    let query = Query::all();
    drop(inbox.sort(&query, [SortKey::FROM]));
    assert_eq!(inbox.sort(&query, []).await.unwrap_err().kind(), Kind::Input);
    assert_eq!(inbox.sort(&query, [SortKey::RELEVANCY]).await.unwrap_err().kind(), Kind::Unsupported);
    let elsewhere = Query::uids(Uids::ALL.stamped(postroom::imap::UidValidity::new(77).unwrap()));
    assert_eq!(inbox.sort(&elsewhere, [SortKey::DATE]).await.unwrap_err().kind(), Kind::Input);
    assert_eq!(inbox.thread(&elsewhere, ThreadAlgorithm::References).await.unwrap_err().kind(), Kind::Input);
    assert!(server.commands().is_empty(), "{:?}", server.commands());
}

#[tokio::test(start_paused = true)]
async fn silence_is_not_an_empty_order_and_split_answers_are_joined() {
    let dialogue = "
        C: {A} UID SORT (DATE) US-ASCII ALL
        S: {A} OK nothing to say
        C: {B} UID THREAD REFERENCES US-ASCII ALL
        S: {B} OK nothing to say
        C: {C} UID SORT (REVERSE DATE) US-ASCII ALL
        S: * SORT 5 4
        S: * SORT 9 (MODSEQ 7)
        S: {C} OK done
        C: {D} UID SORT (DATE) US-ASCII UID 4:5
        S: * SORT 5 4 9
        S: {D} OK done
        C: {E} UID SORT (DATE) US-ASCII ALL
        S: {E} NO [CANNOT] not today
    ";
    let greeting = "S: * PREAUTH [CAPABILITY IMAP4rev1 SORT THREAD=REFERENCES] ready\n";
    let (script, imap) = scripted(&format!("{greeting}{SELECT}{dialogue}"), plaintext()).await;
    let inbox = imap.unwrap().into_folder("INBOX").await.unwrap();
    let query = Query::all();
    assert_eq!(inbox.sort(&query, [SortKey::DATE]).await.unwrap_err().kind(), Kind::Missing);
    assert_eq!(inbox.thread(&query, ThreadAlgorithm::References).await.unwrap_err().kind(), Kind::Missing);
    let sorted = inbox.sort(&query, [SortKey::DATE.reversed()]).await.unwrap();
    assert_eq!((sorted.list.to_string(), sorted.modseq), ("5,4,9".to_owned(), Some(7)));
    let some: Uids = "4:5".parse().unwrap();
    assert_eq!(inbox.sort(&Query::uids(some), [SortKey::DATE]).await.unwrap_err().kind(), Kind::Missing);
    assert_eq!(inbox.sort(&query, [SortKey::DATE]).await.unwrap_err().kind(), Kind::Rejected);
    script.finish().await.unwrap();
}

/// An answer that comes in another order, with unreadable parts, or without some messages, is still sorted by what it shows.
#[tokio::test(start_paused = true)]
async fn what_a_message_lacks_counts_as_empty() {
    let dialogue = "
        C: {A} UID SEARCH ALL
        S: * SEARCH 1 2 3
        S: {A} OK done
        C: {B} UID FETCH 1:3 (UID ENVELOPE)
        S: * 3 FETCH (UID 3 ENVELOPE (NIL \"a\" NIL NIL NIL NIL NIL NIL NIL NIL))
        S: * 1 FETCH (UID 1 ENVELOPE (NIL \"b\" NIL NIL NIL NIL NIL NIL NIL NIL))
        S: * 2 FETCH (UID 2 ENVELOPE NIL)
        S: {B} OK done
    ";
    let greeting = "S: * PREAUTH [CAPABILITY IMAP4rev1] ready\n";
    let (script, imap) = scripted(&format!("{greeting}{SELECT}{dialogue}"), plaintext()).await;
    let inbox = imap.unwrap().into_folder("INBOX").await.unwrap();
    assert_eq!(inbox.sort(&Query::all(), [SortKey::SUBJECT]).await.unwrap().list.to_string(), "2:3,1");
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_a_sort_returns_is_the_same_with_esort_and_without() {
    let number = |number| NonZeroU32::new(number).unwrap();
    let returns = [
        SearchReturn::new().count(),
        SearchReturn::new().min().max(),
        SearchReturn::ALL.count(),
        SearchReturn::new().partial(PartialRange::first(number(3), number(9))),
        SearchReturn::ALL.min().max().count().partial(PartialRange::last(number(1), number(100))),
    ];
    for seed in 1..=5 {
        let plain = Server::builder().without("ESORT").in_memory().unwrap();
        let servers = [Server::builder().in_memory().unwrap(), plain, without()];
        let mut answers = Vec::new();
        for server in &servers {
            let folder = folder(server, seed).await;
            let mut found = Vec::new();
            for query in [Query::all(), Query::uids(Uids::new())] {
                for returns in returns {
                    found.push(folder.sort(&query, [SortKey::SUBJECT, SortKey::TO]).returning(returns).await.unwrap());
                }
            }
            let strip = |mut found: SearchResult| {
                (found.tag, found.is_uid) = (None, false);
                found
            };
            answers.push(found.into_iter().map(strip).collect::<Vec<_>>());
        }
        assert_eq!(answers[0], answers[1], "seed {seed}");
        assert_eq!(answers[0], answers[2], "seed {seed}");
        let all = &answers[0][4];
        let order: Vec<_> = all.order.as_ref().unwrap().iter().collect();
        assert_eq!((all.min, all.max, all.count), (order.first().copied(), order.last().copied(), Some(40)));
        assert_eq!(answers[0][3].partial.as_ref().unwrap().found.iter().collect::<Vec<_>>(), order[2..9]);
        assert!(servers[0].commands().join("\n").contains("UID SORT RETURN (COUNT)"));
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_sort_cannot_return_is_refused() {
    let server = Server::builder().sample_mail().without("SEARCHRES").in_memory().unwrap();
    let inbox = embedded(&server, plaintext()).await.into_folder("INBOX").await.unwrap();
    server.clear_commands();
    let query = Query::all();
    for (returns, kind) in [
        (SearchReturn::new(), Kind::Input),
        (SearchReturn::ALL.save(), Kind::Unsupported),
        (SearchReturn::ALL.relevancy(), Kind::Unsupported),
        (SearchReturn::ALL.update(), Kind::Unsupported),
    ] {
        assert_eq!(
            inbox.sort(&query, [SortKey::DATE]).returning(returns).await.unwrap_err().kind(),
            kind,
            "{returns:?}"
        );
    }
    assert!(server.commands().is_empty());
}

/// Searches of every kind of key, on a server that reads UTF-8 and on one that does not.
#[tokio::test(start_paused = true)]
async fn what_a_server_cannot_read_is_found_here() {
    for seed in 1..=10 {
        let (reads, refuses) = (Server::builder(), Server::builder().ascii_searches(true));
        let (reads, refuses) = (reads.in_memory().unwrap(), refuses.in_memory().unwrap());
        let (there, here) = (folder(&reads, seed).await, folder(&refuses, seed).await);
        for query in beyond_ascii() {
            let found = there.search(&query).await.unwrap();
            assert_eq!(found.to_string(), here.search(&query).await.unwrap().to_string(), "seed {seed}, {query}");
            let sorted = [&there, &here].map(|folder| folder.sort(&query, [SortKey::SUBJECT]));
            let [theirs, ours] = sorted.map(IntoFuture::into_future);
            assert_eq!(theirs.await.unwrap(), ours.await.unwrap(), "seed {seed}, {query}");
            let count = here.search(&query).returning(SearchReturn::new().count()).await.unwrap().count;
            assert_eq!(count, Some(found.len()));
            let theirs = there.thread(&query, ThreadAlgorithm::References).await.unwrap();
            let ours = here.thread(&query, ThreadAlgorithm::References).await.unwrap();
            assert_eq!(shown(&theirs), shown(&ours), "seed {seed}, {query}");
        }
    }
}

//! FETCH and STORE with modifiers (RFC 7162, RFC 9394): when they are sent, what they are refused for, and what their answers mean.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use postroom::imap::{Event, Fetch, Folder, Imap, Items, PartialRange, Uid, UidValidity, Uids};
use postroom::testing::{Script, Server};
use postroom::{Flag, FlagChange, Kind, Limits};
use proptest::prelude::*;

use crate::support::{SELECT, embedded, plaintext, scripted};

fn uids(text: &str) -> Uids {
    text.parse().unwrap()
}

fn first(from: u32, to: u32) -> PartialRange {
    PartialRange::first(NonZeroU32::new(from).unwrap(), NonZeroU32::new(to).unwrap())
}

fn seen() -> FlagChange {
    FlagChange::add([Flag::SEEN])
}

async fn with(capabilities: &str, dialogue: &str) -> (Script, Folder<Imap>) {
    let greeting = format!("S: * PREAUTH [CAPABILITY IMAP4rev1 {capabilities}] ready\n{SELECT}");
    let (script, imap) = scripted(&format!("{greeting}{dialogue}"), plaintext()).await;
    (script, imap.unwrap().into_folder("INBOX").await.unwrap())
}

/// With QRESYNC enabled.
async fn resyncing(dialogue: &str) -> (Script, Folder<Imap>) {
    let dialogue = format!(
        "S: * PREAUTH [CAPABILITY IMAP4rev1 ENABLE QRESYNC IDLE] ready
        C: {{E}} ENABLE CONDSTORE QRESYNC
        S: * ENABLED QRESYNC
        S: {{E}} OK done
        C: {{S}} SELECT INBOX
        S: * 3 EXISTS
        S: * OK [UIDVALIDITY 7] stable
        S: * OK [HIGHESTMODSEQ 20] last
        S: {{S}} OK [READ-WRITE] done
        {dialogue}"
    );
    let (script, imap) = scripted(&dialogue, plaintext()).await;
    let imap = imap.unwrap();
    (script, imap.into_folder("INBOX").await.unwrap())
}

async fn all(mail: &mut Fetch<'_>) -> Vec<u32> {
    let mut came = Vec::new();
    while let Some(message) = mail.try_next().await.unwrap() {
        came.push(message.uid().unwrap().as_u32());
    }
    came
}

#[tokio::test(start_paused = true)]
async fn what_a_server_lacks_is_refused_before_a_byte() {
    let (script, mut folder) = with("ENABLE CONTEXT=SEARCH", "").await;
    let fetch = folder.fetch(Uids::ALL, Items::FLAGS).changed_since(9).await;
    assert_eq!(fetch.unwrap_err().kind(), Kind::Unsupported);
    let fetch = folder.fetch(Uids::ALL, Items::FLAGS).partial(first(1, 9)).await;
    assert_eq!(fetch.unwrap_err().kind(), Kind::Unsupported);
    let stored = folder.store(uids("1"), &seen()).unchanged_since(9).await;
    assert_eq!(stored.unwrap_err().kind(), Kind::Unsupported);
    script.finish().await.unwrap();

    let (script, mut folder) = with("CONDSTORE QRESYNC PARTIAL", "").await;
    let fetch = folder.fetch(Uids::ALL, Items::FLAGS).changed_since(9).vanished().await;
    assert_eq!(fetch.unwrap_err().kind(), Kind::Unsupported, "QRESYNC is not enabled");
    for modseq in [0, 1 << 63, u64::MAX] {
        let fetch = folder.fetch(Uids::ALL, Items::FLAGS).changed_since(modseq).await;
        assert_eq!(fetch.unwrap_err().kind(), Kind::Input, "{modseq}");
    }
    let stored = folder.store(uids("1"), &seen()).unchanged_since(1 << 63).await;
    assert_eq!(stored.unwrap_err().kind(), Kind::Input);
    let scattered: Uids = (1..9000).map(|number| Uid::new(number * 2).unwrap()).collect();
    let page = folder.fetch(scattered, Items::FLAGS).partial(first(1, 9)).await;
    assert_eq!(page.unwrap_err().kind(), Kind::Input, "positions are counted in each command");
    let other = uids("1").stamped(UidValidity::new(8).unwrap());
    let stored = folder.store(other.clone(), &seen()).unchanged_since(1).await;
    assert_eq!(stored.unwrap_err().kind(), Kind::Input);
    let fetch = folder.fetch(other, Items::FLAGS).changed_since(1).await;
    assert_eq!(fetch.unwrap_err().kind(), Kind::Input);
    script.finish().await.unwrap();
}

fn sendable<T: Send>(value: T) -> T {
    value
}

/// What is not awaited is not sent; futures of several calls run in `join!` and `select!`.
#[tokio::test(start_paused = true)]
async fn nothing_is_sent_until_it_is_awaited() {
    let server = Server::builder().user("alice", "alicepw").with("PARTIAL").sample_mail().in_memory().unwrap();
    let mut folder = embedded(&server, plaintext()).await.into_folder("INBOX").await.unwrap();
    server.clear_commands();
    let change = seen();
    drop(sendable(folder.store(uids("1"), &change).unchanged_since(5)));
    drop(sendable(folder.fetch(Uids::ALL, Items::FLAGS).changed_since(5).partial(first(1, 2))));
    drop(sendable(folder.fetch(Uids::ALL, Items::FLAGS).into_future()));
    folder.noop().await.unwrap();
    assert_eq!(server.commands().len(), 1, "{:?}", server.commands());

    let (one, two) = tokio::join!(folder.store(uids("1"), &change).unchanged_since(1 << 40), folder.noop());
    assert!(one.unwrap().modified.is_empty() && two.is_ok());
    let both = [folder.store(uids("1"), &change).into_future(), folder.store(uids("2"), &change).into_future()];
    for stored in both {
        stored.await.unwrap();
    }
    let first = tokio::select! {
        stored = folder.store(uids("3"), &change) => stored,
        () = std::future::pending() => unreachable!(),
    };
    first.unwrap();
}

#[tokio::test(start_paused = true)]
async fn changes_come_with_what_vanished_and_no_number_changes() {
    let dialogue = "
        C: {A} UID FETCH 1:4294967295 (UID FLAGS MODSEQ) (CHANGEDSINCE 9 VANISHED)
        S: * VANISHED (EARLIER) 4:6,4000000000:4294967295
        S: * 2 FETCH (UID 12 FLAGS (\\Seen) MODSEQ (20))
        S: * VANISHED 11
        S: * VANISHED (EARLIER) 8
        S: * 2 FETCH (UID 13 FLAGS () MODSEQ (9223372036854775807))
        S: * 1 FETCH (UID 12 FLAGS (\\Deleted) MODSEQ (21))
        S: {A} OK done
        C: {B} IDLE
        S: + go
        C: DONE
        S: {B} OK done
        C: {D} UID FETCH 1:5 (UID FLAGS MODSEQ) (CHANGEDSINCE 9)
        S: * VANISHED (EARLIER) 3
        S: {D} OK done
    ";
    let (script, mut folder) = resyncing(dialogue).await;
    let mut mail = folder.fetch(Uids::ALL, Items::FLAGS).changed_since(9).vanished().await.unwrap();
    let one = mail.try_next().await.unwrap().unwrap();
    assert_eq!((one.uid().unwrap().as_u32(), one.modseq()), (12, Some(20)));
    let two = mail.try_next().await.unwrap().unwrap();
    assert_eq!((two.uid().unwrap().as_u32(), two.modseq()), (13, Some(i64::MAX.unsigned_abs())));
    assert!(mail.try_next().await.unwrap().is_none());
    assert_eq!(mail.vanished().to_string(), "4:6,8,4000000000:4294967295");
    assert_eq!(mail.vanished().validity(), UidValidity::new(7).ok());
    drop(mail);
    // Only VANISHED without EARLIER is about the messages that the session has.
    assert_eq!(folder.info().unwrap().exists, 2);
    let mut events = folder.idle().await.unwrap();
    let event = events.try_next().await.unwrap().unwrap();
    assert!(matches!(&event, Event::Expunged { uids, unknown: 0 } if uids.to_string() == "11"), "{event:?}");
    let event = events.try_next().await.unwrap().unwrap();
    assert!(matches!(&event, Event::Fetched { data, .. } if data.modseq() == Some(21)), "{event:?}");
    drop(events);
    let mut mail = folder.fetch(uids("1:5"), Items::FLAGS).changed_since(9).await.unwrap();
    assert!(mail.try_next().await.unwrap().is_none() && mail.vanished().is_empty());
    script.finish().await.unwrap();
}

/// A server that names many UIDs costs no more than the limit.
#[tokio::test(start_paused = true)]
async fn a_flood_of_vanished_messages_ends_the_stream() {
    let names: String = (0..5000).map(|line| format!("S: * VANISHED (EARLIER) {}\n", 2 * line + 1)).collect();
    let dialogue = format!(
        "C: {{A}} UID FETCH 1:4294967295 (UID FLAGS MODSEQ) (CHANGEDSINCE 9 VANISHED)\n{names}S: {{A}} OK done\nC: {{B}} NOOP\nS: {{B}} OK done"
    );
    let greeting = "S: * PREAUTH [CAPABILITY IMAP4rev1 ENABLE QRESYNC] ready
        C: {E} ENABLE CONDSTORE QRESYNC
        S: * ENABLED QRESYNC
        S: {E} OK done\n";
    let mut limits = Limits::default();
    limits.undelivered = 32 * 1024;
    let config = plaintext().limits(limits);
    let (script, imap) = scripted(&format!("{greeting}{SELECT}{dialogue}"), config).await;
    let mut folder = imap.unwrap().into_folder("INBOX").await.unwrap();
    let mut mail = folder.fetch(Uids::ALL, Items::FLAGS).changed_since(9).vanished().await.unwrap();
    assert_eq!(mail.try_next().await.unwrap_err().kind(), Kind::Limit);
    assert!(mail.try_next().await.unwrap().is_none());
    drop(mail);
    folder.noop().await.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_page_that_is_not_whole_is_completed() {
    let dialogue = "
        C: {A} UID FETCH 1:* (UID FLAGS) (PARTIAL -1:-2)
        S: * 3 FETCH (UID 13 FLAGS ())
        S: {A} OK done
        C: {B} NOOP
        C: {D} UID SEARCH ALL
        S: {B} OK done
        S: * SEARCH 11 12 13
        S: {D} OK done
        C: {E} UID FETCH 12 (UID FLAGS)
        S: * 2 FETCH (UID 12 FLAGS ())
        S: {E} OK done
        C: {F} UID FETCH 1:* (UID FLAGS) (PARTIAL 3:9)
        S: * 3 FETCH (UID 13 FLAGS ())
        S: {F} OK done
        C: {G} UID FETCH 1:* (UID FLAGS) (PARTIAL 1:9)
        S: * 1 FETCH (UID 11 FLAGS ())
        S: {G} OK [MESSAGELIMIT 1 11] more is left
    ";
    let (script, mut folder) = with("PARTIAL", dialogue).await;
    let last = PartialRange::last(NonZeroU32::MIN, NonZeroU32::MIN.saturating_add(1));
    let mut mail = folder.fetch(Uids::ALL, Items::FLAGS).partial(last).await.unwrap();
    assert_eq!(all(&mut mail).await, [13, 12]);
    drop(mail);
    let mut mail = folder.fetch(Uids::ALL, Items::FLAGS).partial(first(3, 9)).await.unwrap();
    assert_eq!(all(&mut mail).await, [13]);
    drop(mail);
    let mut mail = folder.fetch(Uids::ALL, Items::FLAGS).partial(first(1, 9)).await.unwrap();
    assert!(mail.try_next().await.unwrap().is_some());
    assert!(mail.try_next().await.unwrap_err().code().unwrap().is("MESSAGELIMIT"));
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_condition_that_fails_names_the_messages() {
    let dialogue = "
        C: {A} UID STORE 1:3 (UNCHANGEDSINCE 0) +FLAGS.SILENT (\\Seen)
        S: * 1 FETCH (UID 1 MODSEQ (21))
        S: {A} OK [MODIFIED 2,3,9] not all
        C: {B} UID STORE 1:3 (UNCHANGEDSINCE 9223372036854775807) +FLAGS.SILENT (\\Seen)
        S: {B} NO [MODIFIED 2] some of the messages no longer exist
        C: {D} UID STORE 1:3 (UNCHANGEDSINCE 7) +FLAGS.SILENT (\\Seen)
        S: {D} NO [MODIFIED x] odd
        C: {E} UID STORE 1:3 +FLAGS.SILENT (\\Seen)
        S: {E} OK [MODIFIED 2] odd
        C: {F} UID STORE 1:3 (UNCHANGEDSINCE 7) +FLAGS.SILENT (\\Seen)
        S: {F} OK done
    ";
    let (script, folder) = with("CONDSTORE", dialogue).await;
    let change = seen();
    let stored = folder.store(uids("1:3"), &change).unchanged_since(0).await.unwrap();
    assert_eq!((stored.modified.to_string(), stored.modified.validity()), ("2:3".into(), UidValidity::new(7).ok()));
    let stored = folder.store(uids("1:3"), &change).unchanged_since(i64::MAX.unsigned_abs()).await.unwrap();
    assert_eq!(stored.modified.to_string(), "2");
    let refused = folder.store(uids("1:3"), &change).unchanged_since(7).await;
    assert_eq!(refused.unwrap_err().kind(), Kind::Rejected);
    assert!(folder.store(uids("1:3"), &change).await.unwrap().modified.is_empty());
    assert!(folder.store(uids("1:3"), &change).unchanged_since(7).await.unwrap().modified.is_empty());
    script.finish().await.unwrap();
}

/// Sets that are too long for one line are sent in parts, and the answers are joined.
#[tokio::test(start_paused = true)]
async fn long_sets_are_split() {
    let server = Server::builder().user("alice", "alicepw").in_memory().unwrap();
    for _ in 0..20 {
        server.deliver("alice", "INBOX", "Subject: x\r\n\r\n", &[]).unwrap();
    }
    let mut imap = embedded(&server, plaintext()).await;
    imap.enable(&["QRESYNC"]).await.unwrap();
    let mut folder = imap.into_folder("INBOX").await.unwrap();
    let scattered: Uids = (0..9000).map(|number| Uid::new(number * 2 + 1).unwrap()).collect();
    let before = folder.info().unwrap().highest_modseq.unwrap();
    folder.store(uids("2:5"), &seen()).await.unwrap();
    let deleted = FlagChange::add([Flag::DELETED]);
    folder.store(uids("7"), &deleted).await.unwrap();
    folder.expunge(uids("7")).await.unwrap();

    server.clear_commands();
    let mut mail = folder.fetch(scattered.clone(), Items::FLAGS).changed_since(before).vanished().await.unwrap();
    assert_eq!(all(&mut mail).await, [3, 5]);
    assert_eq!(mail.vanished().to_string(), "7");
    drop(mail);
    assert!(server.commands().len() > 5, "{}", server.commands().len());
    server.clear_commands();
    let stored = folder.store(scattered, &FlagChange::add([Flag::FLAGGED])).unchanged_since(before).await.unwrap();
    assert_eq!(stored.modified.to_string(), "3,5");
    assert!(server.commands().len() > 5, "{}", server.commands().len());
    assert!(server.commands().iter().all(|line| line.len() < 8200));
}

/// The embedded server's changes and its own record of them.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn what_changed_is_what_was_touched(steps in prop::collection::vec((0u8..3, 1u32..12), 0..12), page in (1u32..8, 1u32..8)) {
        runtime().block_on(async {
            let server = Server::builder().user("alice", "alicepw").with("PARTIAL").in_memory().unwrap();
            for _ in 0..10 {
                server.deliver("alice", "INBOX", "Subject: x\r\n\r\n", &[]).unwrap();
            }
            let mut imap = embedded(&server, plaintext()).await;
            imap.enable(&["QRESYNC"]).await.unwrap();
            let mut folder = imap.into_folder("INBOX").await.unwrap();
            let other = embedded(&server, plaintext()).await.into_folder("INBOX").await.unwrap();
            let since = folder.info().unwrap().highest_modseq.unwrap();
            let mut there: BTreeSet<u32> = (1..=10).collect();
            let (mut changed, mut gone, mut next) = (BTreeSet::new(), BTreeSet::new(), 11);
            for (step, number) in steps {
                match step {
                    0 => {
                        server.deliver("alice", "INBOX", "Subject: y\r\n\r\n", &[]).unwrap();
                        // The server's other session knows the message from here on.
                        other.noop().await.unwrap();
                        there.insert(next);
                        changed.insert(next);
                        next += 1;
                    }
                    1 if there.contains(&number) => {
                        let turn = FlagChange::add([Flag::new(&format!("k{next}{}", changed.len())).unwrap()]);
                        let before = other.store(Uid::new(number).unwrap(), &turn).await;
                        before.unwrap();
                        changed.insert(number);
                    }
                    2 if there.remove(&number) => {
                        other.store(Uid::new(number).unwrap(), &FlagChange::add([Flag::DELETED])).await.unwrap();
                        other.expunge(Uid::new(number).unwrap()).await.unwrap();
                        changed.remove(&number);
                        gone.insert(number);
                    }
                    _ => {}
                }
            }
            folder.noop().await.unwrap();
            let mut mail = folder.fetch(Uids::ALL, Items::FLAGS).changed_since(since).vanished().await.unwrap();
            assert_eq!(all(&mut mail).await, changed.iter().copied().collect::<Vec<_>>());
            assert_eq!(mail.vanished().iter().map(Uid::as_u32).collect::<BTreeSet<_>>(), gone);
            drop(mail);
            let range = first(page.0, page.1);
            let mut mail = folder.fetch(Uids::ALL, Items::FLAGS).changed_since(since).partial(range).await.unwrap();
            let (from, to) = (page.0.min(page.1) as usize, page.0.max(page.1) as usize);
            let wanted: Vec<u32> = changed.iter().copied().skip(from - 1).take(to - from + 1).collect();
            assert_eq!(all(&mut mail).await, wanted);
            assert_eq!(folder.info().unwrap().exists as usize, there.len());
        });
    }
}

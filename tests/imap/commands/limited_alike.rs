//! Calls have the same result on a server that stops commands at its limit of messages (RFC 9738) as on one without a limit.

use postroom::imap::{Event, Imap, Items, Query, SearchReturn, Transferred, Uid, Uids};
use postroom::testing::{Builder, Server};
use postroom::{Flag, FlagChange, Mailbox};
use proptest::prelude::*;

use crate::support::{embedded, plaintext};

#[derive(Clone, Debug)]
struct Case {
    /// For each UID whether it is gone, seen, and marked for deletion.
    mail: Vec<(bool, bool, bool)>,
    sets: Vec<Uids>,
    lacks: &'static str,
    most: u32,
    untagged: bool,
}

fn uid(number: u32) -> Uid {
    Uid::new(number).unwrap()
}

fn set() -> impl Strategy<Value = Uids> {
    let closed = prop::collection::vec((1u32..30, 1u32..30), 1..4).prop_map(|ranges| {
        ranges.into_iter().fold(Uids::new(), |set, (a, b)| set.union(&Uids::range(uid(a), uid(b))).unwrap())
    });
    prop_oneof![3 => closed, 1 => (1u32..30).prop_map(|from| Uids::from_uid(uid(from))), 1 => Just(Uids::ALL)]
}

fn case() -> impl Strategy<Value = Case> {
    let mail = prop::collection::vec(any::<(bool, bool, bool)>(), 1..28);
    let lacks = prop::sample::select(vec!["", "MOVE", "ESEARCH"]);
    (mail, prop::collection::vec(set(), 7), lacks, 1u32..=7, any::<bool>())
        .prop_map(|(mail, sets, lacks, most, untagged)| Case { mail, sets, lacks, most, untagged })
}

/// A mailbox without the messages that are gone, which were there before.
async fn prepared(case: &Case, builder: Builder) -> (Server, Imap) {
    let server = builder.without(case.lacks).in_memory().unwrap();
    for (number, &(gone, seen, _)) in case.mail.iter().enumerate() {
        let flags: Vec<&str> =
            [(gone, "\\Deleted"), (seen, "\\Seen")].iter().filter(|(set, _)| *set).map(|(_, flag)| *flag).collect();
        server.deliver("alice", "INBOX", format!("Subject: {number}\r\n\r\n"), &flags);
    }
    let folder = embedded(&server, plaintext()).await.into_folder("INBOX").await.unwrap();
    let imap = folder.close().await.unwrap();
    (server, imap)
}

/// If nothing was copied, the answer to one command does not show which messages are missing, but a search may.
fn as_text(transferred: Transferred) -> String {
    let Transferred { mapping, missing, .. } = transferred;
    mapping.map(|mapping| format!("{:?}, not {missing:?}", mapping.from())).unwrap_or_default()
}

/// Everything that a program can see of it, in an order that does not depend on the limit.
async fn seen(case: &Case, builder: Builder) -> Vec<String> {
    let (server, imap) = prepared(case, builder).await;
    let mut folder = imap.into_folder("INBOX").await.unwrap();
    let [fetched, searched, stored, copied, moved, marked, expunged] = &case.sets[..] else { panic!() };
    let mut seen = Vec::new();

    let mut mail = folder.fetch(fetched.clone(), Items::FLAGS).await.unwrap();
    let mut came = Vec::new();
    while let Some(message) = mail.try_next().await.unwrap() {
        let flags: Vec<String> = message.flags().unwrap().iter().map(|flag| flag.to_string()).collect();
        came.push((message.uid().unwrap(), flags));
    }
    came.sort();
    seen.push(format!("fetched {came:?}"));

    let query = Query::uids(searched.clone()).and(Query::seen().or(Query::subject("1")));
    let found = folder.search(&query).returning(SearchReturn::ALL.count().min().max()).await.unwrap();
    seen.push(format!("found {:?} {:?} {:?} {:?}", found.all, found.count, found.min, found.max));
    let found = folder.search(&!Query::seen()).returning(SearchReturn::new().count().max()).await.unwrap();
    seen.push(format!("found {:?} {:?} {:?} {:?}", found.all, found.count, found.min, found.max));

    folder.store(stored.clone(), &FlagChange::add([Flag::FLAGGED])).await.unwrap();
    let copy = folder.copy(copied.clone(), "Archive").await.unwrap();
    seen.push(format!("copied {}", as_text(copy)));
    let moving = folder.move_to(moved.clone(), "Trash").await.unwrap();
    seen.push(format!("moved {}", as_text(moving)));

    folder.store(marked.clone(), &FlagChange::add([Flag::DELETED])).await.unwrap();
    folder.expunge(expunged.clone()).await.unwrap();
    let mut entries = Mailbox::entries(&mut folder).await.unwrap();
    entries.sort_by_key(|entry| entry.id.to_string());
    let chosen: Vec<_> =
        entries.iter().zip(&case.mail).filter(|(_, mail)| mail.2).map(|(entry, _)| entry.id.clone()).collect();
    Mailbox::mark_deleted(&mut folder, &chosen).await.unwrap();
    let mut committed: Vec<String> = folder.commit().await.unwrap().deleted.iter().map(|id| id.to_string()).collect();
    committed.sort();
    let entries: Vec<String> = entries.iter().map(|entry| format!("{} {:?}", entry.id, entry.flags)).collect();
    seen.push(format!("entries {entries:?}"));
    seen.push(format!("committed {committed:?}"));

    for name in ["INBOX", "Archive", "Trash"] {
        let snapshot = server.snapshot("alice").unwrap();
        let kept = snapshot.messages(name).iter();
        let mut kept: Vec<String> = kept.map(|mail| format!("{:?} {:?}", mail.bytes, mail.flags)).collect();
        kept.sort();
        seen.push(format!("{name} has {kept:?}"));
    }
    seen
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn a_limit_changes_no_result(case in case()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let (limited, whole) = runtime.block_on(async {
            let builder = Server::builder().message_limit(case.most).message_limit_untagged(case.untagged);
            (seen(&case, builder).await, seen(&case, Server::builder()).await)
        });
        prop_assert_eq!(limited, whole);
    }
}

/// The limit is in force: a plain program would see only a part on such a server.
#[tokio::test(start_paused = true)]
async fn the_embedded_server_stops_at_its_limit() {
    for (untagged, line) in [(false, "A3 OK [MESSAGELIMIT 2 2]"), (true, "* NO [MESSAGELIMIT 2 2]")] {
        let server =
            Server::builder().message_limit(2).message_limit_untagged(untagged).preauth(true).in_memory().unwrap();
        for number in 0..3 {
            server.deliver("alice", "INBOX", format!("{number}\r\n"), &[]);
        }
        let lines = said(
            &server,
            "A1 CAPABILITY\r\nA2 SELECT INBOX\r\nA3 UID FETCH 1:* (UID)\r\nA4 UID COPY 1:3 Trash\r\nA5 LOGOUT\r\n",
        )
        .await;
        assert!(lines.contains(" MESSAGELIMIT=2"), "{lines}");
        let (three, two) = (lines.find("(UID 3)").unwrap(), lines.find("(UID 2)").unwrap());
        assert!(three < two && !lines.contains("(UID 1)") && lines.contains(line), "{lines}");
        assert!(lines.contains("A4 NO [MESSAGELIMIT 2]"), "{lines}");
        assert!(server.snapshot("alice").unwrap().messages("Trash").is_empty());
    }
}

async fn said(server: &Server, commands: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = server.imap_stream();
    stream.write_all(commands.as_bytes()).await.unwrap();
    let mut lines = String::new();
    stream.read_to_string(&mut lines).await.unwrap();
    lines
}

#[tokio::test(start_paused = true)]
async fn messages_that_go_are_named_where_uids_are_told_in_parts() {
    for most in 1..7 {
        let server = Server::builder().message_limit(most).in_memory().unwrap();
        for number in 0..5 {
            server.deliver("alice", "INBOX", format!("{number}\r\n"), &["\\Deleted"]);
        }
        let mut folder = embedded(&server, plaintext()).await.into_folder("INBOX").await.unwrap();
        let mut events = folder.idle().await.unwrap();
        let other = embedded(&server, plaintext()).await.into_folder("INBOX").await.unwrap();
        other.expunge("2,4".parse::<Uids>().unwrap()).await.unwrap();
        let mut gone = Uids::new();
        while gone.len() < 2 {
            if let Some(Event::Expunged { uids, unknown }) = events.try_next().await.unwrap() {
                assert_eq!(unknown, 0, "{most}");
                gone = gone.union(&uids).unwrap();
            }
        }
        assert_eq!(gone.to_string(), "2,4", "{most}");
    }
}

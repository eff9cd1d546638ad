//! Threads as a mail program shows them: the same on every server, whole, in their order; and one thread in several mailboxes.

use std::collections::HashSet;

use postroom::imap::{Conversation, Folder, Imap, Items, Query, ThreadAlgorithm, Uid};
use postroom::testing::Server;
use postroom::{Flag, Kind};

use crate::rng::Rng;
use crate::sorted_mail::{MESSAGES, Odd, append};
use crate::support::{embedded, plaintext, scripted};

async fn folder(server: &Server, seed: u64) -> Folder<Imap> {
    let imap = embedded(server, plaintext()).await;
    let mut rng = Rng::new(seed);
    for number in 1..=MESSAGES {
        let message = append(&mut rng, number, Odd { dates: true, accents: true });
        let flags = if rng.once_in(3) { vec![Flag::SEEN] } else { vec![] };
        imap.append("INBOX", message.flags(flags)).await.unwrap();
    }
    imap.into_folder("INBOX").await.unwrap()
}

fn shown(threads: &[Conversation]) -> Vec<String> {
    let one = |thread: &Conversation| {
        let tree = thread.messages.iter().map(|one| format!("{}:{} ", one.depth, one.message.uid().unwrap()));
        let tree = tree.collect::<String>();
        let people: Vec<_> = thread.participants.iter().map(ToString::to_string).collect();
        format!("{tree}{:?} {people:?} {} {:?}", thread.subject, thread.unread, thread.date)
    };
    threads.iter().map(one).collect()
}

#[tokio::test(start_paused = true)]
async fn threads_are_the_same_with_thread_and_without_and_the_newest_come_first() {
    for seed in 1..=3 {
        let lacks = Server::builder().without("THREAD=ORDEREDSUBJECT").without("THREAD=REFERENCES");
        let servers = [Server::builder().in_memory().unwrap(), lacks.in_memory().unwrap()];
        for query in [Query::all(), Query::unseen(), Query::answered()] {
            let mut answers = Vec::new();
            for server in &servers {
                let folder = folder(server, seed).await;
                for algorithm in [ThreadAlgorithm::References, ThreadAlgorithm::OrderedSubject] {
                    let threads = folder.threads(&query).algorithm(algorithm).await.unwrap();
                    whole(&folder, &query, &threads).await;
                    in_parts(&folder, &query, algorithm, &threads).await;
                    answers.push(shown(&threads));
                }
            }
            assert_eq!(answers[..2], answers[2..], "seed {seed}, {query}");
        }
        let sent = servers[0].commands().join("\n");
        assert!(sent.contains("UID THREAD") && !sent.contains("REFERENCES)]"), "{sent}");
    }
}

/// Each message is there once, and the counts are right.
async fn whole(folder: &Folder<Imap>, query: &Query, threads: &[Conversation]) {
    let found: HashSet<Uid> = folder.search(query).await.unwrap().iter().collect();
    let unread = folder.search(&query.clone().and(Query::unseen())).await.unwrap().len();
    let messages = || threads.iter().flat_map(|thread| &thread.messages);
    assert_eq!(messages().count(), found.len());
    assert_eq!(messages().filter_map(|one| one.message.uid()).collect::<HashSet<_>>(), found);
    assert_eq!(threads.iter().map(|thread| thread.unread as u64).sum::<u64>(), unread);
    assert!(threads.iter().map(Conversation::newest).is_sorted_by(|one, next| one > next));
    for thread in threads {
        assert_eq!(thread.messages[0].depth, 0);
        assert!(thread.messages.windows(2).all(|pair| pair[1].depth <= pair[0].depth + 1));
    }
}

/// Three at a time, they are the same.
async fn in_parts(folder: &Folder<Imap>, query: &Query, algorithm: ThreadAlgorithm, threads: &[Conversation]) {
    let (mut parts, mut last) = (Vec::new(), None);
    loop {
        let next = folder.threads(query).algorithm(algorithm).newest(3);
        let next = if let Some(last) = last { next.older_than(last) } else { next };
        let next = next.await.unwrap();
        assert!(next.len() <= 3);
        let Some(oldest) = next.last() else { break };
        last = oldest.newest();
        parts.extend(next);
    }
    assert_eq!(shown(&parts), shown(threads));
}

#[tokio::test(start_paused = true)]
async fn the_newest_threads_cost_two_round_trips_and_items_are_added() {
    let server = Server::builder().sample_mail().in_memory().unwrap();
    let inbox = embedded(&server, plaintext()).await.into_folder("INBOX").await.unwrap();
    server.clear_commands();
    let threads = inbox.threads(&Query::all()).newest(2).items(Items::SIZE).await.unwrap();
    assert_eq!(threads.len(), 2);
    assert!(threads.iter().flat_map(|thread| &thread.messages).all(|one| one.message.size().is_some()));
    assert_eq!(server.commands().len(), 2, "{:?}", server.commands());
    server.clear_commands();
    assert!(inbox.threads(&Query::all()).newest(0).await.unwrap().is_empty());
    assert_eq!(server.commands().len(), 1);
    let refused = inbox.threads(&Query::all()).items(Items::GMAIL_LABELS).await.unwrap_err();
    assert_eq!((refused.kind(), server.commands().len()), (Kind::Unsupported, 1));
}

async fn imap(capabilities: &str, dialogue: &str) -> (postroom::testing::Script, Imap) {
    let greeting = format!("S: * PREAUTH [CAPABILITY IMAP4rev1 ESEARCH {capabilities}] ready\n");
    let (script, imap) = scripted(&format!("{greeting}{dialogue}"), plaintext()).await;
    (script, imap.unwrap())
}

const ONE: &str = "
    C: {B} EXAMINE Sent
    S: * 9 EXISTS
    S: * OK [UIDVALIDITY 4] v
    S: {B} OK [READ-ONLY] done
    C: {C} UID SEARCH RETURN (ALL) THREADID T1
    S: * ESEARCH (TAG \"{C}\") UID ALL 18
    S: {C} OK done
    C: {D} UID FETCH 18 (UID ENVELOPE)
    S: * 9 FETCH (UID 18 ENVELOPE (NIL \"Re: Lunch\" NIL NIL NIL NIL NIL NIL NIL NIL))
    S: {D} OK done
";

#[tokio::test(start_paused = true)]
async fn a_thread_is_found_in_other_mailboxes_by_its_identifier() {
    let none = "
        C: {X} EXAMINE INBOX
        S: * 1 EXISTS
        S: * OK [UIDVALIDITY 3] v
        S: {X} OK [READ-ONLY] done
        C: {Y} UID SEARCH RETURN (ALL) THREADID T1
        S: * ESEARCH (TAG \"{Y}\") UID
        S: {Y} OK done
    ";
    let both = "
        C: {A} ESEARCH IN (mailboxes (INBOX Sent)) RETURN (COUNT) THREADID T1
        S: * ESEARCH (TAG \"{A}\" MAILBOX Sent UIDVALIDITY 4) UID COUNT 1
        S: {A} OK done
    ";
    for (capabilities, dialogue) in
        [("OBJECTID", format!("{none}{ONE}")), ("OBJECTID MULTISEARCH", format!("{both}{ONE}"))]
    {
        let (script, mut imap) = imap(capabilities, &dialogue).await;
        let parts = imap.thread_across("T1", &["INBOX", "Sent"], Items::ENVELOPE).await.unwrap();
        assert_eq!(parts.len(), 1);
        assert_eq!((parts[0].mailbox.as_str(), parts[0].messages.len()), ("Sent", 1));
        assert_eq!(parts[0].messages[0].subject().unwrap(), "Re: Lunch");
        script.finish().await.unwrap();
    }
    let dialogue = ONE.replace("THREADID T1", "X-GM-THRID 17");
    let (script, mut gmail) = imap("X-GM-EXT-1", &dialogue).await;
    assert_eq!(gmail.thread_across("T1", &["Sent"], Items::ENVELOPE).await.unwrap_err().kind(), Kind::Input);
    assert_eq!(gmail.thread_across("17", &["Sent"], Items::ENVELOPE).await.unwrap().len(), 1);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_identifiers_no_other_mailbox_is_searched() {
    let (script, mut imap) = imap("MULTISEARCH", "").await;
    let error = imap.thread_across("T1", &["INBOX"], Items::ENVELOPE).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    script.finish().await.unwrap();
}

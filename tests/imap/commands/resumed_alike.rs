//! Random histories of a mailbox on the embedded server: resuming equals the difference of the two states, whatever the server has.

use std::collections::{BTreeMap, BTreeSet};

use postroom::imap::{Fetched, Folder, Imap, Resumed, SyncPoint, Uid};
use postroom::testing::Server;
use postroom::{Flag, FlagChange};
use proptest::prelude::*;

use crate::support::{Counted, alice, embedded, plaintext};

/// UIDs and flags.
type State = BTreeMap<u32, BTreeSet<String>>;

#[derive(Clone, Copy, Debug)]
enum Step {
    Deliver,
    Flag(u32, u8),
    Unflag(u32, u8),
    Expunge(u32),
    Move(u32),
}

/// The server's means, from the best one down.
const RUNGS: [(&[&str], bool); 3] = [(&[], true), (&["QRESYNC"], true), (&["CONDSTORE", "QRESYNC"], false)];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let uid = 1u32..14;
    let step = prop_oneof![
        2 => Just(Step::Deliver),
        2 => (uid.clone(), 0u8..3).prop_map(|(uid, flag)| Step::Flag(uid, flag)),
        1 => (uid.clone(), 0u8..3).prop_map(|(uid, flag)| Step::Unflag(uid, flag)),
        1 => uid.clone().prop_map(Step::Expunge),
        1 => uid.prop_map(Step::Move),
    ];
    prop::collection::vec(step, 0..12)
}

fn flag(number: u8) -> Flag {
    [Flag::SEEN, Flag::FLAGGED, Flag::ANSWERED][usize::from(number)].clone()
}

async fn act(server: &Server, other: &Folder<Imap>, step: Step) {
    let uid = |number| Uid::new(number).unwrap();
    match step {
        Step::Deliver => {
            server.deliver("alice", "INBOX", "Subject: x\r\n\r\n", &[]).unwrap();
        }
        Step::Flag(number, which) => {
            other.store(uid(number), &FlagChange::add([flag(which)])).await.unwrap();
        }
        Step::Unflag(number, which) => {
            other.store(uid(number), &FlagChange::remove([flag(which)])).await.unwrap();
        }
        Step::Expunge(number) => {
            other.store(uid(number), &FlagChange::add([Flag::DELETED])).await.unwrap();
            other.expunge(uid(number)).await.unwrap();
        }
        Step::Move(number) => {
            other.move_to(uid(number), "Archive").await.unwrap();
        }
    }
}

fn truth(server: &Server) -> State {
    let snapshot = server.snapshot("alice").unwrap();
    let messages = snapshot.messages("INBOX").iter();
    messages.map(|message| (message.uid, message.flags.iter().cloned().collect())).collect()
}

/// Without what is about the session only.
fn flags(message: &Fetched) -> BTreeSet<String> {
    let flags = message.flags().unwrap();
    flags.iter().map(|flag| flag.into_owned()).filter(|flag| flag != "\\Recent").collect()
}

/// Resumes, and applies what comes as a program would. Returns the UIDs of what changed.
async fn resume(imap: &mut Imap, point: &mut SyncPoint, copy: &mut State) -> (BTreeSet<u32>, bool) {
    let mut changes = imap.open("INBOX").resume(point).await.unwrap();
    let mut changed = BTreeSet::new();
    while let Some(change) = changes.try_next().await.unwrap() {
        match change {
            Resumed::Vanished(uids) => {
                for uid in uids.iter() {
                    assert!(copy.remove(&uid.as_u32()).is_some(), "{uid} was not known");
                }
            }
            Resumed::Changed(message) => {
                let flags = flags(&message);
                let uid = message.uid().unwrap().as_u32();
                changed.insert(uid);
                assert!(copy.insert(uid, flags).is_some(), "{uid} was not known");
            }
            Resumed::New(message) => {
                let flags = flags(&message);
                assert!(copy.insert(message.uid().unwrap().as_u32(), flags).is_none(), "{:?} was known", message.uid());
            }
            other => panic!("{other:?}"),
        }
    }
    let exact = changes.exact_changes();
    let (folder, next) = changes.finish().await.unwrap();
    assert_eq!(u64::from(folder.info().unwrap().exists), next.known.len());
    let text = next.to_string();
    *point = text.parse().unwrap();
    assert_eq!(*point, next);
    (changed, exact)
}

async fn history(without: &[&str], is_exact: bool, before: &[Step], between: &[Vec<Step>], in_one_session: bool) {
    let builder = Server::builder().user("alice", "alicepw");
    let server = without.iter().fold(builder, |builder, name| builder.without(name)).in_memory().unwrap();
    let other = embedded(&server, plaintext()).await.into_folder("INBOX").await.unwrap();
    for &step in before {
        act(&server, &other, step).await;
    }
    let (mut point, mut copy) = (SyncPoint::default(), State::new());
    let mut imap = embedded(&server, plaintext()).await;
    resume(&mut imap, &mut point, &mut copy).await;
    assert_eq!(copy, truth(&server));
    for steps in between {
        let known = copy.clone();
        let mut touched = BTreeSet::new();
        for &step in steps {
            if let Step::Flag(uid, _) | Step::Unflag(uid, _) = step {
                touched.insert(uid);
            }
            act(&server, &other, step).await;
        }
        if !in_one_session {
            imap = embedded(&server, plaintext()).await;
        }
        let (changed, exact) = resume(&mut imap, &mut point, &mut copy).await;
        let now = truth(&server);
        assert_eq!(copy, now);
        assert_eq!(exact, is_exact || known.is_empty());
        if exact {
            assert!(changed.is_subset(&touched), "{changed:?} {touched:?}");
        } else {
            let stayed: BTreeSet<u32> = known.keys().filter(|uid| now.contains_key(uid)).copied().collect();
            assert_eq!(changed, stayed);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 25, ..ProptestConfig::default() })]

    #[test]
    fn a_resumption_is_the_difference_of_the_two_states(
        before in steps(),
        between in prop::collection::vec(steps(), 1..4),
        in_one_session: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for (without, is_exact) in RUNGS {
                history(without, is_exact, &before, &between, in_one_session).await;
            }
        });
    }
}

/// One round trip after the login, with QRESYNC.
#[tokio::test(start_paused = true)]
async fn a_resumption_takes_one_flight() {
    let server = Server::builder().user("alice", "alicepw").sample_mail().in_memory().unwrap();
    let (mut point, mut copy) = (SyncPoint::default(), State::new());
    resume(&mut embedded(&server, plaintext()).await, &mut point, &mut copy).await;
    let mut imap = embedded(&server, plaintext()).await;
    server.clear_commands();
    let (changed, exact) = resume(&mut imap, &mut point, &mut copy).await;
    assert!(changed.is_empty() && exact);
    let commands = server.commands();
    assert_eq!(commands.len(), 3, "{commands:?}");
    assert!(commands[1].contains("ENABLE CONDSTORE QRESYNC") && commands[2].contains("(QRESYNC ("), "{commands:?}");
}

/// The bytes of a resumption grow with the changes, not with the mailbox.
#[tokio::test(start_paused = true)]
async fn a_resumption_brings_the_changes_alone() {
    let server = Server::builder().user("alice", "alicepw").in_memory().unwrap();
    for _ in 0..2000 {
        server.deliver("alice", "INBOX", "Subject: x\r\n\r\n", &[]).unwrap();
    }
    let (mut point, mut copy) = (SyncPoint::default(), State::new());
    resume(&mut embedded(&server, plaintext()).await, &mut point, &mut copy).await;
    let other = embedded(&server, plaintext()).await.into_folder("INBOX").await.unwrap();
    for number in 1..=20 {
        act(&server, &other, Step::Flag(number * 90, 0)).await;
    }
    let (stream, count) = Counted::new(server.imap_stream());
    let (mut imap, driver) = Imap::handshake(stream, plaintext(), alice()).await.unwrap();
    tokio::spawn(driver);
    let before = count.read();
    let (changed, exact) = resume(&mut imap, &mut point, &mut copy).await;
    assert!(changed.len() == 20 && exact);
    // What the server says of the mailbox, and a line of about 60 bytes for each change.
    let bytes = count.read() - before;
    assert!(bytes < 700 + 20 * 60, "{bytes}");
}

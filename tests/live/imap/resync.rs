//! Changes since a modification sequence, fetched and stored on that condition (RFC 7162, RFC 9394), and mailboxes that are resumed.

use std::num::NonZeroU32;

use postroom::imap::{Event, Fetch, Fetched, Imap, Items, PartialRange, Query, Resumed, SyncPoint, Uid, Uids};
use postroom::{Flag, FlagChange, Kind, Recorder};

use super::session;
use crate::live::{fill, imap_config, login, message};
use crate::suite::Trial;

fn uid(number: u32) -> Uid {
    Uid::new(number).unwrap()
}

async fn all(mail: &mut Fetch<'_>) -> Vec<u32> {
    let mut came = Vec::new();
    while let Some(message) = mail.try_next().await.unwrap() {
        assert!(message.flags().is_some() && message.modseq().is_some(), "{message:?}");
        came.push(message.uid().unwrap().as_u32());
    }
    came.sort_unstable();
    came
}

pub(crate) async fn what_changed_since_is_fetched_and_what_did_not_is_stored(user: &Trial) {
    fill(user, 6);
    let mut imap = session(user).await;
    let offered = imap.capabilities();
    let flagged = FlagChange::add([Flag::FLAGGED]);
    if !offered.condstore() {
        let mut inbox = imap.select("INBOX").await.unwrap();
        let fetch = inbox.fetch(Uids::ALL, Items::FLAGS).changed_since(1).await;
        assert_eq!(fetch.unwrap_err().kind(), Kind::Unsupported);
        let stored = inbox.store(uid(1), &flagged).unchanged_since(1).await;
        assert_eq!(stored.unwrap_err().kind(), Kind::Unsupported);
        user.unsupported("UID FETCH CHANGEDSINCE", "no CONDSTORE");
        user.unsupported("UID STORE UNCHANGEDSINCE", "no CONDSTORE");
        return;
    }
    let resyncs = offered.qresync() && imap.enable(&["QRESYNC"]).await.unwrap().qresync();
    let mut inbox = imap.select("INBOX").await.unwrap();
    let since = inbox.info().unwrap().highest_modseq.unwrap();

    let mut other = session(user).await;
    let others = other.select("INBOX").await.unwrap();
    others.store(uid(2), &FlagChange::add([Flag::ANSWERED])).await.unwrap();
    if offered.uidplus() {
        others.store(uid(4), &FlagChange::add([Flag::DELETED])).await.unwrap();
        others.expunge(uid(4)).await.unwrap();
    }
    user.deliver("INBOX", &message(7));
    others.noop().await.unwrap();
    inbox.noop().await.unwrap();

    let changed = inbox.fetch(Uids::ALL, Items::FLAGS).changed_since(since);
    let mut mail = if resyncs { changed.vanished().await.unwrap() } else { changed.await.unwrap() };
    assert_eq!(all(&mut mail).await, [2, 7]);
    assert_eq!(mail.vanished().contains(uid(4)), resyncs && offered.uidplus());
    assert!([1, 2, 3, 5, 6, 7].iter().all(|&there| !mail.vanished().contains(uid(there))), "{}", mail.vanished());
    drop(mail);
    assert_eq!(inbox.info().unwrap().exists, if offered.uidplus() { 6 } else { 7 });
    if offered.has("PARTIAL") {
        let last = PartialRange::last(NonZeroU32::MIN, NonZeroU32::MIN);
        let mut mail = inbox.fetch(Uids::ALL, Items::FLAGS).changed_since(since).partial(last).await.unwrap();
        assert_eq!(all(&mut mail).await, [7]);
    }

    // Whether the condition holds is seen by another session.
    let stored = inbox.store(Uids::range(uid(1), uid(3)), &flagged).unchanged_since(since).await.unwrap();
    assert_eq!(stored.modified.to_string(), "2");
    others.noop().await.unwrap();
    assert_eq!(others.search(&Query::flagged()).await.unwrap().iter().map(Uid::as_u32).collect::<Vec<_>>(), [1, 3]);
    let now = inbox.get(uid(2), Items::FLAGS.modseq()).await.unwrap().unwrap().modseq().unwrap();
    assert!(now > since, "{now} {since}");
    let stored = inbox.store(uid(2), &flagged).unchanged_since(now).await.unwrap();
    assert!(stored.modified.is_empty(), "{stored:?}");
    others.noop().await.unwrap();
    assert_eq!(others.search(&Query::flagged()).await.unwrap().len(), 3);
}

/// What came: the messages that are gone, changed and new, and whether there was a reset.
#[derive(Debug, Default, Eq, PartialEq)]
struct Came {
    gone: Vec<u32>,
    changed: Vec<u32>,
    new: Vec<u32>,
    resets: u32,
}

async fn resume(imap: &mut Imap, point: &mut SyncPoint) -> (Came, bool) {
    let mut changes = imap.open("INBOX").resume(point).await.unwrap();
    let mut came = Came::default();
    while let Some(change) = changes.try_next().await.unwrap() {
        let number = |message: &Fetched| {
            assert!(message.flags().is_some() && message.defects().next().is_none(), "{message:?}");
            message.uid().unwrap().as_u32()
        };
        match change {
            Resumed::Vanished(uids) => came.gone.extend(uids.iter().map(Uid::as_u32)),
            Resumed::Changed(message) => came.changed.push(number(&message)),
            Resumed::New(message) => came.new.push(number(&message)),
            Resumed::Reset => came.resets += 1,
            other => panic!("{other:?}"),
        }
    }
    came.changed.sort_unstable();
    came.new.sort_unstable();
    let exact = changes.exact_changes();
    let (folder, next) = changes.finish().await.unwrap();
    assert_eq!(u64::from(folder.info().unwrap().exists), next.known.len());
    *point = next.to_string().parse().unwrap();
    assert_eq!(*point, next);
    (came, exact)
}

pub(crate) async fn a_resumption_shows_exactly_what_happened(user: &Trial) {
    fill(user, 8);
    let mut imap = session(user).await;
    let offered = imap.capabilities();
    let (condstore, resyncs) = (offered.condstore(), offered.qresync() && offered.enable());
    if !resyncs {
        user.unsupported("SELECT QRESYNC", "no QRESYNC");
    }
    let mut point = SyncPoint::default();
    let (came, exact) = resume(&mut imap, &mut point).await;
    assert_eq!((came, exact), (Came { new: (1..=8).collect(), ..Came::default() }, true));
    assert_eq!(point.highest_modseq.is_some(), condstore, "{point}");
    assert_eq!(imap.enabled().qresync(), resyncs);

    // Another session changes flags, and expunges a message in the middle and the last one; mail arrives.
    let mut other = session(user).await;
    let others = other.select("INBOX").await.unwrap();
    others.store(uid(2), &FlagChange::add([Flag::FLAGGED])).await.unwrap();
    others.store(uid(5), &FlagChange::add([Flag::SEEN])).await.unwrap();
    others.store(Uids::from_iter([uid(4), uid(8)]), &FlagChange::add([Flag::DELETED])).await.unwrap();
    others.close().await.unwrap();
    user.deliver("INBOX", &message(9));

    let all = |exactly: &[u32], otherwise: &[u32]| if condstore { exactly.to_vec() } else { otherwise.to_vec() };
    let wanted = || Came { gone: vec![4, 8], changed: all(&[2, 5], &[1, 2, 3, 5, 6, 7]), new: vec![9], resets: 0 };
    let before = point.clone();
    // In a new session, and in the one that had the mailbox selected.
    let recorder = Recorder::new();
    let recorded = imap_config(&user.server).record(&recorder);
    let mut fresh = Imap::connect(recorded, login(user)).await.unwrap();
    assert_eq!(resume(&mut fresh, &mut point).await, (wanted(), condstore));
    assert_eq!(fresh.enabled().qresync(), resyncs);
    let transcript = recorder.transcripts().concat();
    let said = |text: &str| transcript.lines().any(|line| line.starts_with('C') && line.contains(text));
    // With QRESYNC, one flight: nothing else was asked.
    let asked = (said("(QRESYNC ("), said("UID SEARCH"), said("UID FETCH"), said("CHANGEDSINCE"));
    assert_eq!(asked, (resyncs, !resyncs && condstore, !resyncs, !resyncs && condstore), "{transcript}");
    let mut again = before.clone();
    let (came, _) = resume(&mut imap, &mut again).await;
    assert_eq!((came.gone, came.new, again.known.clone()), (vec![4, 8], vec![9], point.known.clone()));
    assert_eq!(again.known.to_string(), "1:3,5:7,9");

    // Nothing more happened.
    let (came, exact) = resume(&mut fresh, &mut point).await;
    assert_eq!((came.gone, came.new, came.resets, exact), (vec![], vec![], 0, condstore));
    assert_eq!(came.changed, all(&[], &[1, 2, 3, 5, 6, 7, 9]));

    // From a point of another UIDVALIDITY.
    let mut foreign: SyncPoint = "1/77777/1/5/1:3".parse().unwrap();
    let (came, _) = resume(&mut session(user).await, &mut foreign).await;
    assert_eq!(came, Came { new: vec![1, 2, 3, 5, 6, 7, 9], resets: 1, ..Came::default() });
    assert_eq!(foreign.validity, point.validity);

    // VANISHED is followed while the mailbox is watched.
    if resyncs {
        let mut changes = imap.open("INBOX").resume(&point).await.unwrap();
        while changes.try_next().await.unwrap().is_some() {}
        let (mut folder, _) = changes.finish().await.unwrap();
        let others = other.select("INBOX").await.unwrap();
        others.store(uid(6), &FlagChange::add([Flag::DELETED])).await.unwrap();
        others.expunge(uid(6)).await.unwrap();
        let mut events = folder.idle().await.unwrap();
        loop {
            match events.try_next().await.unwrap().unwrap() {
                Event::Expunged { uids, unknown } => break assert_eq!((uids.to_string().as_str(), unknown), ("6", 0)),
                other => assert!(matches!(other, Event::Fetched { .. }), "{other:?}"),
            }
        }
        drop(events);
        assert_eq!(folder.info().unwrap().exists, 6);
    }
}

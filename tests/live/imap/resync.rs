//! Changes since a modification sequence: fetched and stored on that condition (RFC 7162, RFC 9394).

use std::num::NonZeroU32;

use postroom::imap::{Fetch, Items, PartialRange, Query, Uid, Uids};
use postroom::{Flag, FlagChange, Kind};

use super::session;
use crate::live::{fill, message};
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

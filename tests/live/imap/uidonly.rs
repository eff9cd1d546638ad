//! UIDONLY (RFC 9586): without message numbers, the results are those of a session with them.

use postroom::imap::{Event, Extension, Folder, Imap, Items, Query, Resumed, SyncPoint, Uid, Uids};
use postroom::{Flag, FlagChange, Kind};

use super::session;
use crate::live::{fill, imap_config, login, message};
use crate::suite::Trial;

fn uid(number: u32) -> Uid {
    Uid::new(number).unwrap()
}

/// What a FETCH, searches and a STORE of a flag that is there say.
async fn seen(inbox: &mut Folder<&mut Imap>) -> Vec<String> {
    let mut all = Vec::new();
    let mut mail = inbox.fetch(Uids::ALL, Items::ENVELOPE.flags().size()).await.unwrap();
    while let Some(message) = mail.try_next().await.unwrap() {
        let flagged = message.flags().unwrap().contains(&Flag::FLAGGED);
        all.push(format!("{:?} {:?} {flagged} {:?}", message.uid(), message.size(), message.subject()));
    }
    drop(mail);
    all.sort();
    for query in [Query::all(), Query::flagged(), Query::uids(Uids::range(uid(2), uid(3)))] {
        all.push(inbox.search(&query).await.unwrap().to_string());
    }
    let body = inbox.get(uid(3), Items::MESSAGE).await.unwrap().unwrap();
    all.push(format!("{:?}", body.body()));
    all
}

pub(crate) async fn without_message_numbers_the_results_are_the_same(user: &Trial) {
    fill(user, 5);
    let mut numbered = session(user).await;
    let mut imap = Imap::connect(imap_config(&user.server).uid_only(true), login(user)).await.unwrap();
    let offered = imap.capabilities().uidonly();
    let mut inbox = imap.select("INBOX").await.unwrap();
    assert_eq!(inbox.session().enabled().uidonly(), offered);
    if !offered {
        return user.unsupported("UIDONLY", "not announced");
    }
    let mut others = numbered.select("INBOX").await.unwrap();
    others.store(uid(2), &FlagChange::add([Flag::FLAGGED])).await.unwrap();
    assert_eq!(seen(&mut inbox).await, seen(&mut others).await);

    // A dropped FETCH leaves the session in step.
    let mut mail = inbox.fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
    let first = mail.try_next().await.unwrap().unwrap();
    assert!(first.uid().is_some() && first.seq().is_none(), "{first:?}");
    drop(mail);
    let stored = inbox.store(uid(3), &FlagChange::add([Flag::DELETED])).await.unwrap();
    assert!(stored.modified.is_empty());
    inbox.expunge(uid(3)).await.unwrap();
    inbox.copy(uid(4), "INBOX").await.unwrap();
    others.noop().await.unwrap();
    assert_eq!(seen_without_body(&mut inbox).await, seen_without_body(&mut others).await);

    // What another session does comes by UID.
    let mut events = inbox.idle().await.unwrap();
    others.store(uid(5), &FlagChange::add([Flag::DELETED])).await.unwrap();
    others.expunge(uid(5)).await.unwrap();
    let gone = async {
        loop {
            match events.try_next().await.unwrap().unwrap() {
                Event::Expunged { uids, unknown: 0 } if uids.contains(uid(5)) => return,
                Event::Expunged { uids, unknown } if unknown > 0 => panic!("{uids} and {unknown}"),
                _ => {}
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), gone).await.expect("the removal is not reported");
    drop(events);

    // The server takes no message numbers from the program.
    let fetch = Extension::new("FETCH").word("1").word("FLAGS").selected().claim("FETCH");
    let refused = inbox.run(fetch).await.unwrap_err();
    assert_eq!((refused.kind(), refused.code().map(ToString::to_string)), (Kind::Bad, Some("UIDREQUIRED".to_owned())));

    // A resumption, in the same mode.
    let mut changes = imap.open("INBOX").resume(&SyncPoint::default()).await.unwrap();
    while changes.try_next().await.unwrap().is_some() {}
    let (_, point) = changes.finish().await.unwrap();
    user.deliver("INBOX", &message(9));
    others.noop().await.unwrap();
    others.store(uid(2), &FlagChange::remove([Flag::FLAGGED])).await.unwrap();
    others.store(uid(1), &FlagChange::add([Flag::DELETED])).await.unwrap();
    others.expunge(uid(1)).await.unwrap();
    let mut changes = imap.open("INBOX").resume(&point).await.unwrap();
    let (mut new, mut changed, mut vanished) = (0, Vec::new(), Uids::new());
    while let Some(change) = changes.try_next().await.unwrap() {
        match change {
            Resumed::New(_) => new += 1,
            Resumed::Changed(message) => changed.extend(message.uid()),
            Resumed::Vanished(uids) => vanished = uids,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((new, changed, vanished.to_string()), (1, vec![uid(2)], "1".to_owned()));
    drop(changes);
    imap.logout().await.unwrap();
}

async fn seen_without_body(inbox: &mut Folder<&mut Imap>) -> Vec<String> {
    let mut all = Vec::new();
    let mut mail = inbox.fetch(Uids::ALL, Items::FLAGS).await.unwrap();
    while let Some(message) = mail.try_next().await.unwrap() {
        all.push(format!("{:?}", message.uid()));
    }
    all.sort();
    all
}

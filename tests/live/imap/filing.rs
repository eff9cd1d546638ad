//! Messages moved from one mailbox to another, and ways to leave a mailbox.

use postroom::imap::{Imap, Items, Query, StatusItems, Uid, Uids};
use postroom::{Flag, FlagChange, Kind};

use super::session;
use crate::live::{fill, message};
use crate::suite::Trial;

fn uids(numbers: &[u32]) -> Uids {
    numbers.iter().copied().flat_map(Uid::new).collect()
}

async fn count(imap: &Imap, name: &str) -> u32 {
    imap.status(name, StatusItems::MESSAGES).await.unwrap().messages.unwrap()
}

pub(crate) async fn copies_are_named_by_copyuid_and_keep_their_flags(user: &Trial) {
    fill(user, 4);
    let other = user.server.mailbox(&["Kopien ä"]);
    let mut imap = session(user).await;
    imap.create_mailbox(&*other).await.unwrap();
    let inbox = imap.select("INBOX").await.unwrap();
    inbox.store(uids(&[3]), &FlagChange::add([Flag::FLAGGED])).await.unwrap();
    // One of them does not exist: it is skipped.
    let copied = inbox.copy(uids(&[1, 3, 9]), &*other).await.unwrap().mapping.unwrap();
    let pairs: Vec<_> = copied.pairs().map(|(from, to)| (from.as_u32(), to.as_u32())).collect();
    assert_eq!(pairs, [(1, 1), (3, 2)]);
    assert_eq!(inbox.search(&Query::all()).await.unwrap().len(), 4);

    let nowhere = user.server.mailbox(&["Nowhere"]);
    let error = inbox.copy(uids(&[1]), &*nowhere).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Rejected);
    assert!(error.code().is_some_and(|code| code.is("TRYCREATE")), "{error:?}");

    let folder = imap.select(&*other).await.unwrap();
    assert_eq!(copied.validity(), folder.info().unwrap().uid_validity);
    let second = folder.get(Uid::new(2).unwrap(), Items::FLAGS.message()).await.unwrap().unwrap();
    assert!(second.flags().unwrap().flagged());
    assert_eq!(second.body().unwrap()[..], message(3)[..]);
    assert_eq!(user.stored("Kopien ä"), [message(1), message(3)]);
}

pub(crate) async fn moved_messages_are_there_and_not_here_and_what_others_marked_stays(user: &Trial) {
    fill(user, 5);
    let other = user.server.mailbox(&["Archiv"]);
    let mut imap = session(user).await;
    imap.create_mailbox(&*other).await.unwrap();
    let native = imap.capabilities().move_();
    let inbox = imap.select("INBOX").await.unwrap();
    inbox.store(uids(&[1]), &FlagChange::add([Flag::DELETED])).await.unwrap();
    let moved = inbox.move_to(uids(&[2, 4, 99]), &*other).await.unwrap();
    assert_eq!(moved.missing.unwrap().to_string(), "99");
    let moved = moved.mapping.unwrap();
    let pairs: Vec<_> = moved.pairs().map(|(from, to)| (from.as_u32(), to.as_u32())).collect();
    assert_eq!(pairs, [(2, 1), (4, 2)]);
    let (all, deleted) = (Query::all(), Query::deleted());
    let (left, marked) = tokio::join!(inbox.search(&all), inbox.search(&deleted));
    assert_eq!((left.unwrap().to_string(), marked.unwrap().to_string()), ("1,3,5".into(), "1".into()));
    assert_eq!(inbox.info().unwrap().exists, 3);

    let nowhere = user.server.mailbox(&["Nowhere"]);
    assert_eq!(inbox.move_to(uids(&[3]), &*nowhere).await.unwrap_err().kind(), Kind::Rejected);
    assert_eq!(inbox.search(&Query::all()).await.unwrap().to_string(), "1,3,5");
    assert_eq!(user.stored("Archiv"), [message(2), message(4)]);
    let folder = imap.select(&*other).await.unwrap();
    assert!(folder.search(&Query::deleted()).await.unwrap().is_empty());
    if !native {
        user.fallback("UID MOVE", "no MOVE: UID SEARCH, UID COPY, UID STORE, UID EXPUNGE");
    }
}

pub(crate) async fn close_removes_what_is_marked_and_unselect_does_not(user: &Trial) {
    fill(user, 3);
    let mut imap = session(user).await;
    let native = imap.capabilities().unselect();
    let inbox = imap.select("INBOX").await.unwrap();
    inbox.store(uids(&[1, 3]), &FlagChange::add([Flag::DELETED])).await.unwrap();
    inbox.unselect().await.unwrap();
    assert_eq!(count(&imap, "INBOX").await, 3);
    assert_eq!(imap.selected_folder().unwrap_err().kind(), Kind::Closed);
    imap.examine("INBOX").await.unwrap().close().await.unwrap();
    assert_eq!(count(&imap, "INBOX").await, 3);
    imap.select("INBOX").await.unwrap().close().await.unwrap();
    assert_eq!(count(&imap, "INBOX").await, 1);
    assert_eq!(user.stored("INBOX"), [message(2)]);
    if !native {
        user.fallback("UNSELECT", "no UNSELECT: EXAMINE, CLOSE");
    }
}

pub(crate) async fn one_message_is_got_by_its_uid(user: &Trial) {
    fill(user, 2);
    let mut imap = session(user).await;
    let inbox = imap.select("INBOX").await.unwrap();
    let second = inbox.get(Uid::new(2).unwrap(), Items::ENVELOPE.message()).await.unwrap().unwrap();
    assert_eq!(second.subject().as_deref(), Some("message 2"));
    assert_eq!(second.body().unwrap()[..], message(2)[..]);
    assert!(inbox.get(Uid::new(7).unwrap(), Items::ENVELOPE).await.unwrap().is_none());
    assert!(inbox.search(&Query::seen()).await.unwrap().is_empty());
}

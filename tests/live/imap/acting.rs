//! Messages marked, filed by the role of a mailbox, moved back and deleted, on a real server.

use postroom::imap::{Imap, Query, Role, Uid, Uids};
use postroom::{Flag, FlagChange, Kind, Mailbox};

use super::session;
use crate::live::{fill, ids, message};
use crate::suite::Trial;

fn uids(text: &str) -> Uids {
    text.parse().unwrap()
}

/// The messages that another session finds in this mailbox, by their numbers in the tests.
async fn numbers(user: &Trial, mailbox: &str) -> Vec<u32> {
    let mut imap = session(user).await;
    let folder = imap.select(mailbox).await.unwrap();
    let mut found = Vec::new();
    for uid in folder.search(&Query::all()).await.unwrap().iter() {
        let fetched = folder.get(uid, postroom::imap::Items::MESSAGE).await.unwrap().unwrap();
        let body = fetched.body().unwrap();
        found.extend((1..10).find(|number| message(*number) == body[..]));
    }
    found
}

pub(crate) async fn marks_are_there_in_the_next_session(user: &Trial) {
    fill(user, 3);
    let mut inbox = session(user).await.into_folder("INBOX").await.unwrap();
    let ids = ids(&mut inbox).await;
    inbox.mark_read(uids("1:2")).await.unwrap();
    inbox.mark_unread(&ids[0]).await.unwrap();
    inbox.mark_answered(&ids[1..]).await.unwrap();
    let forwarded = match inbox.mark_forwarded(Uid::new(3).unwrap()).await {
        Err(error) => {
            assert_eq!(error.kind(), Kind::Unsupported);
            false
        }
        Ok(()) => true,
    };
    // Mailutils writes flags when the session ends.
    inbox.into_session().logout().await.unwrap();
    let mut later = session(user).await;
    let inbox = later.select("INBOX").await.unwrap();
    let found = async |query: Query| inbox.search(&query).await.unwrap().to_string();
    assert_eq!((found(Query::seen()).await, found(Query::answered()).await), ("2".into(), "2:3".into()));
    if forwarded {
        assert_eq!(found(Query::flag(Flag::FORWARDED)).await, "3");
    }
}

pub(crate) async fn messages_are_filed_and_moved_back(user: &Trial) {
    fill(user, 4);
    let mut imap: Imap = session(user).await;
    let native = imap.capabilities().move_();
    if !native && !imap.capabilities().uidplus() {
        let inbox = imap.select("INBOX").await.unwrap();
        assert_eq!(inbox.trash(Uid::new(1).unwrap()).await.unwrap_err().kind(), Kind::Unsupported);
        user.fallback("UID MOVE", "neither MOVE nor UIDPLUS: refused");
        return;
    }
    let mut inbox = imap.select("INBOX").await.unwrap();
    let ids = ids(&mut inbox).await;
    let archived = inbox.archive(&ids[0]).await.unwrap();
    let trashed = inbox.trash(uids("2:3")).await.unwrap();
    let junk = inbox.mark_junk([ids[3].clone()]).await.unwrap();
    let archive = imap.special(Role::Archive).await.unwrap();
    let (trash, spam) = (imap.special(Role::Trash).await.unwrap(), imap.special(Role::Junk).await.unwrap());
    assert!(numbers(user, "INBOX").await.is_empty());
    assert_eq!(numbers(user, archive.as_str()).await, [1]);
    assert_eq!(numbers(user, trash.as_str()).await, [2, 3]);
    assert_eq!(numbers(user, spam.as_str()).await, [4]);

    if !user.server.has_uidplus() {
        assert!(archived.undo.is_none() && trashed.undo.is_none() && junk.undo.is_none());
        return;
    }
    // Another session takes one away meanwhile.
    let undo = trashed.undo.unwrap();
    let copies = undo.messages().unwrap();
    let first = copies.iter().next().unwrap();
    session(user).await.select(&trash).await.unwrap().delete(first).await.unwrap();
    let undone = imap.undo(&undo).await.unwrap();
    assert_eq!(undone.missing.to_string(), "2");
    imap.undo(&junk.undo.unwrap()).await.unwrap();
    imap.undo(&archived.undo.unwrap()).await.unwrap();
    assert_eq!(numbers(user, "INBOX").await, [3, 4, 1]);
    for name in [&archive, &trash, &spam] {
        assert!(numbers(user, name.as_str()).await.is_empty());
    }
    let inbox = imap.select("INBOX").await.unwrap();
    assert!(inbox.search(&Query::flag(Flag::JUNK)).await.unwrap().is_empty());
    assert!(inbox.search(&Query::deleted()).await.unwrap().is_empty());
    if !native {
        user.fallback("UID MOVE", "no MOVE: UID SEARCH, UID COPY, UID STORE, UID EXPUNGE");
    }
}

pub(crate) async fn only_the_named_messages_are_deleted(user: &Trial) {
    fill(user, 3);
    let mut folder = session(user).await.into_folder("INBOX").await.unwrap();
    let entries = folder.entries().await.unwrap();
    let change = FlagChange::add([Flag::DELETED]);
    folder.store(Uid::new(3).unwrap(), &change).await.unwrap();
    let deleted = folder.delete(&entries[0].id).await;
    if !user.server.has_uidplus() {
        assert_eq!(deleted.unwrap_err().kind(), Kind::Unsupported);
        return;
    }
    deleted.unwrap();
    assert_eq!(user.stored("INBOX"), [message(2), message(3)]);
}

//! Listing, selecting, flags and expunging.

use postroom::imap::{Items, Listed, Uid, Uids};
use postroom::{Flag, FlagChange, Kind};

use super::session;
use crate::live::{fill, label};
use crate::server::Brand;
use crate::suite::Trial;

pub(crate) async fn names_beyond_ascii_are_listed_and_selected(user: &Trial) {
    for name in ["Entwürfe", "Straße", "Straße/日本語"] {
        user.make_mailbox(name);
    }
    let server = &user.server;
    let [drafts, street, japanese] =
        [&["Entwürfe"][..], &["Straße"], &["Straße", "日本語"]].map(|name| server.mailbox(name));
    let mut imap = session(user).await;
    let names = |listed: &[Listed]| listed.iter().map(|listed| listed.name.as_str().to_owned()).collect::<Vec<_>>();
    let all = names(&imap.list("*").await.unwrap());
    for name in ["INBOX", &drafts, &street, &japanese] {
        assert!(all.iter().any(|listed| listed == name), "{name} is not among {all:?}");
    }
    let top = imap.list(&server.mailbox(&["%"])).await.unwrap();
    assert!(!names(&top).contains(&japanese));
    let listed = top.iter().find(|listed| listed.name.as_str() == street).unwrap();
    assert_eq!(listed.delimiter, Some(server.delimiter()));
    assert!(listed.has("\\HasChildren") || !imap.capabilities().has("CHILDREN") && user.brand() == Brand::Mailutils);
    for name in [drafts, japanese] {
        assert_eq!(imap.select(&*name).await.unwrap().info().unwrap().name.as_str(), name);
    }
    imap.logout().await.unwrap();
}

pub(crate) async fn select_tells_the_state_and_examine_changes_nothing(user: &Trial) {
    fill(user, 3);
    let mut imap = session(user).await;
    // Courier keeps the UIDVALIDITY of a folder from the first SELECT on; before it, each EXAMINE reports an invented one.
    imap.select("INBOX").await.unwrap();
    let examined = imap.examine("INBOX").await.unwrap();
    let info = examined.info().unwrap();
    assert!(info.read_only);
    assert_eq!(info.exists, 3);
    // Courier reports UIDNEXT only in STATUS.
    assert!(user.brand() == Brand::Courier || info.uid_next.map(Uid::as_u32) == Some(4));
    // Dovecot answers OK and ignores it: the caller must not take that for success.
    let refused = examined.store(Uids::ALL, &FlagChange::add([Flag::SEEN])).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Unsupported);
    assert_eq!(examined.expunge(Uids::ALL).await.unwrap_err().kind(), Kind::Unsupported);

    let mut selected = imap.select("INBOX").await.unwrap();
    let again = selected.info().unwrap();
    assert!(!again.read_only);
    assert_eq!(again.uid_validity, info.uid_validity);
    assert!(again.flags.contains(&Flag::SEEN));
    let mut mail = selected.fetch(Uids::ALL, Items::FLAGS).await.unwrap();
    while let Some(message) = mail.try_next().await.unwrap() {
        assert!(!message.flags().unwrap().seen());
    }
    drop(mail);
    imap.logout().await.unwrap();
}

pub(crate) async fn a_mailbox_that_is_not_there_is_refused_and_the_session_lives(user: &Trial) {
    let mut imap = session(user).await;
    let error = imap.select(&*user.server.mailbox(&["Nowhere"])).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Rejected);
    imap.select("INBOX").await.unwrap();
    imap.logout().await.unwrap();
}

pub(crate) async fn stored_flags_are_there_in_the_next_session(user: &Trial) {
    fill(user, 2);
    let label = label(user, "$Label7");
    let first = Uids::from(Uid::new(1).unwrap());

    let mut imap = session(user).await;
    let inbox = imap.select("INBOX").await.unwrap();
    let add = FlagChange::add([Flag::SEEN, Flag::FLAGGED, label.clone()]);
    inbox.store(first.clone(), &add).await.unwrap();
    inbox.store(first, &FlagChange::remove([Flag::SEEN])).await.unwrap();
    inbox.store(Uid::new(2).unwrap(), &FlagChange::set([Flag::ANSWERED])).await.unwrap();
    imap.logout().await.unwrap();

    let mut imap = session(user).await;
    let mut inbox = imap.examine("INBOX").await.unwrap();
    let mut mail = inbox.fetch(Uids::ALL, Items::FLAGS).await.unwrap();
    let first = mail.try_next().await.unwrap().unwrap();
    let flags = first.flags().unwrap();
    assert!(flags.flagged() && flags.contains(&label) && !flags.seen());
    let second = mail.try_next().await.unwrap().unwrap();
    assert!(second.flags().unwrap().answered() && !second.flags().unwrap().flagged());
}

pub(crate) async fn expunge_removes_only_the_named_messages_that_are_marked(user: &Trial) {
    fill(user, 5);
    let uids = |numbers: &[u32]| numbers.iter().copied().flat_map(Uid::new).collect::<Uids>();
    let mut imap = session(user).await;
    let mut inbox = imap.select("INBOX").await.unwrap();
    inbox.store(uids(&[2, 4, 5]), &FlagChange::add([Flag::DELETED])).await.unwrap();
    inbox.expunge(uids(&[1, 2, 4])).await.unwrap();

    let mut mail = inbox.fetch(Uids::ALL, Items::FLAGS).await.unwrap();
    let mut left = Vec::new();
    while let Some(message) = mail.try_next().await.unwrap() {
        left.push((message.uid().unwrap().as_u32(), message.flags().unwrap().deleted()));
    }
    assert_eq!(left, [(1, false), (3, false), (5, true)]);
    assert_eq!(user.stored("INBOX").len(), 3);
}

pub(crate) async fn uids_of_another_uidvalidity_are_refused_before_anything_is_sent(user: &Trial) {
    fill(user, 1);
    let mut imap = session(user).await;
    let inbox = imap.select("INBOX").await.unwrap();
    let now = inbox.info().unwrap().uid_validity.unwrap();
    let other = postroom::imap::UidValidity::new(now.as_u32() + 1).unwrap();
    let error = inbox.store(Uids::ALL.stamped(other), &FlagChange::add([Flag::DELETED])).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Input);
    inbox.store(Uids::ALL.stamped(now), &FlagChange::add([Flag::SEEN])).await.unwrap();
}

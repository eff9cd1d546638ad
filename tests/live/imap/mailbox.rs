//! The common trait on a folder of a real server.

use postroom::imap::{Imap, Uid};
use postroom::{Changes, Find, Flag, FlagChange, Kind, Mailbox, MessageId, Part};
use time::{Date, Month};

use super::session;
use crate::live::{fill, ids, message, take_the_second};
use crate::suite::Trial;

pub(crate) async fn a_boxed_mailbox_lists_reads_and_deletes_on_commit(user: &Trial) {
    fill(user, 3);
    let folder = session(user).await.into_folder("INBOX").await.unwrap();
    let mut mailbox: Box<dyn Mailbox> = Box::new(folder);
    let features = mailbox.features();
    assert!(features.flags && features.folders && features.stable_ids && features.delete);
    assert_eq!(features.changes, Changes::Push);

    let second = take_the_second(&mut *mailbox).await;
    assert_eq!(user.stored("INBOX").len(), 3, "deleted before commit");
    let committed = mailbox.commit().await.unwrap();
    assert_eq!((committed.deleted, committed.unknown), (vec![second], vec![]));
    assert_eq!(user.stored("INBOX"), [message(1), message(3)]);
    assert_eq!(mailbox.entries().await.unwrap().len(), 2);
}

pub(crate) async fn dropping_a_mailbox_deletes_nothing(user: &Trial) {
    fill(user, 3);
    let mut folder = session(user).await.into_folder("INBOX").await.unwrap();
    take_the_second(&mut folder).await;
    drop(folder);
    let entries = session(user).await.into_folder("INBOX").await.unwrap().entries().await.unwrap();
    assert_eq!(entries.len(), 3);
    assert!(entries.iter().all(|entry| !entry.flags.as_ref().unwrap().contains(&Flag::DELETED)));
}

pub(crate) async fn commit_leaves_alone_what_another_client_marked(user: &Trial) {
    fill(user, 3);
    let mut other = session(user).await;
    let inbox = other.select("INBOX").await.unwrap();
    inbox.store(Uid::new(3).unwrap(), &FlagChange::add([Flag::DELETED])).await.unwrap();
    let mut folder = session(user).await.into_folder("INBOX").await.unwrap();
    take_the_second(&mut folder).await;
    assert_eq!(folder.commit().await.unwrap().deleted.len(), 1);
    assert_eq!(user.stored("INBOX"), [message(1), message(3)]);
}

pub(crate) async fn ids_outlive_the_session_and_do_not_fit_another_mailbox(user: &Trial) {
    fill(user, 2);
    user.make_mailbox("Other");
    user.deliver("Other", &message(9));
    let first = ids(&mut session(user).await.into_folder("INBOX").await.unwrap()).await;

    let mut again = session(user).await.into_folder("INBOX").await.unwrap();
    assert_eq!(ids(&mut again).await, first);
    let text = first[0].to_string();
    assert_eq!(text.parse::<MessageId>().unwrap(), first[0]);

    let mut other = session(user).await.into_folder(user.server.mailbox(&["Other"])).await.unwrap();
    let mailbox: &mut dyn Mailbox = &mut other;
    let refused = if user.server.has_uidplus() { Kind::Input } else { Kind::Unsupported };
    assert_eq!(mailbox.mark_deleted(&first).await.unwrap_err().kind(), refused);
    assert!(mailbox.commit().await.unwrap().deleted.is_empty());
}

pub(crate) async fn flags_headers_and_previews_go_through_the_trait(user: &Trial) {
    fill(user, 1);
    let mut imap: Imap = session(user).await;
    let mut folder = imap.select("INBOX").await.unwrap();
    let mailbox: &mut dyn Mailbox = &mut folder;
    let entries = mailbox.entries().await.unwrap();
    let ids = [entries[0].id.clone()];
    assert_eq!(entries[0].size, Some(message(1).len() as u64));
    assert!(entries[0].received.is_some());
    mailbox.flag(&ids, &FlagChange::add([Flag::FLAGGED])).await.unwrap();
    assert!(mailbox.entries().await.unwrap()[0].flags.as_ref().unwrap().contains(&Flag::FLAGGED));

    let split = message(1).windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let header = mailbox.messages(&ids, Part::Header).await.unwrap().try_next().await.unwrap().unwrap();
    assert_eq!(header.bytes()[..], message(1)[..split]);
    let preview = mailbox.messages(&ids, Part::Preview(1)).await.unwrap().try_next().await.unwrap().unwrap();
    assert_eq!(preview.bytes()[..], message(1)[..]);
}

pub(crate) async fn idle_returns_when_mail_arrives(user: &Trial) {
    let mut folder = session(user).await.into_folder("INBOX").await.unwrap();
    let other = session(user).await;
    let mailbox: &mut dyn Mailbox = &mut folder;
    let (woken, appended) =
        tokio::join!(tokio::time::timeout(user.patience, mailbox.changed()), other.append("INBOX", message(1)));
    appended.unwrap();
    woken.expect("the mailbox slept on").unwrap();
}

pub(crate) async fn one_door_opens_searches_and_stores(user: &Trial) {
    fill(user, 3);
    let (config, login) = (crate::live::imap_config(&user.server), crate::live::login(user));
    let mut mailbox = postroom::open(config, login).await.unwrap();
    assert!(mailbox.features().search && mailbox.features().append);
    let all = ids(&mut *mailbox).await;
    let find = Find::new().subject("MESSAGE").message_id("2@example.org").without(Flag::DELETED).smaller(100_000);
    assert_eq!(mailbox.find(&find).await.unwrap().messages, all[1..2]);
    assert_eq!(mailbox.find(&Find::new().from("nobody")).await.unwrap().messages, []);
    let day = |year| Date::from_calendar_date(year, Month::January, 1).unwrap();
    let find = Find::new().since(day(1990)).before(day(2037)).body("NUMBER 3");
    assert_eq!(mailbox.find(&find).await.unwrap().messages, all[2..]);
    assert_eq!(mailbox.find(&Find::new().since(day(2037))).await.unwrap().messages, []);
    let id = mailbox.append(&message(4), &[Flag::FLAGGED]).await.unwrap();
    assert_eq!(id.is_some(), user.server.has_uidplus());
    let now = ids(&mut *mailbox).await;
    assert_eq!((&now[..3], now.len()), (&all[..], 4), "what was stored is not listed");
    assert!(id.is_none_or(|id| now[3] == id));
    assert_eq!(user.stored("INBOX")[3], message(4));
}

//! The tree of all mailboxes and the mailboxes with a role, on a real server.

use postroom::imap::{Items, MailboxName, Role, StatusItems};

use super::session;
use crate::live::{fill, message};
use crate::suite::Trial;

pub(crate) async fn the_tree_says_what_each_mailbox_says_of_itself(user: &Trial) {
    fill(user, 3);
    let own = |levels: &[&str]| MailboxName::new(&user.server.mailbox(levels)).unwrap();
    let (work, below) = (own(&["Wörk"]), own(&["Wörk", "Below"]));
    let imap = session(user).await;
    imap.create_mailbox(&work).await.unwrap();
    imap.create_mailbox(&below).await.unwrap();
    imap.subscribe(&below).await.unwrap();
    imap.append(&below, message(7)).await.unwrap();

    let tree = imap.folders().await.unwrap();
    assert!(tree.unreadable().is_empty());
    let node = tree.find(&below).unwrap();
    assert_eq!((node.display_name(), node.messages(), node.is_subscribed()), ("Below", Some(1), true));
    let parent = node.parent().unwrap();
    assert_eq!((parent.name(), parent.display_name(), parent.is_subscribed()), (&work, "Wörk", false));
    assert_eq!(parent.children().count(), 1);
    assert_eq!(node.aliases().count(), 0);
    let inbox = tree.find(&MailboxName::INBOX).unwrap();
    assert_eq!((inbox.role(), inbox.messages(), inbox.unseen()), (Some(Role::Inbox), Some(3), Some(3)));

    // By other commands: LIST, LSUB and STATUS.
    let listed = imap.list("*").await.unwrap();
    assert!(listed.iter().all(|listed| tree.find(&listed.name).is_some_and(|node| node.is_listed())));
    assert_eq!(tree.iter().filter(|node| node.is_listed()).count(), listed.len());
    let subscribed = imap.list_subscribed("*").await.unwrap();
    // LSUB has the parents of subscribed mailboxes too, as `\Noselect` (RFC 3501 §6.3.9).
    let subscribed = subscribed.iter().filter(|listed| !listed.has("\\Noselect"));
    let subscribed: Vec<_> = subscribed.map(|listed| &listed.name).collect();
    for node in tree.iter().filter(|node| node.is_listed()) {
        assert_eq!(node.is_subscribed(), subscribed.contains(&node.name()), "{}", node.name());
    }
    for node in tree.iter().filter(|node| node.is_selectable()) {
        let status = imap.status(node.name(), StatusItems::MESSAGES | StatusItems::UNSEEN).await.unwrap();
        assert_eq!((node.messages(), node.unseen()), (status.messages, status.unseen), "{}", node.name());
    }
    if let Some(size) = inbox.size() {
        assert_eq!(size, (1..=3).map(|number| message(number).len() as u64).sum::<u64>());
    }
    if imap.capabilities().acl() {
        let rights = imap.folders().without_counts().rights().await.unwrap();
        let mine = imap.my_rights(&below).await.unwrap();
        assert_eq!(rights.find(&below).unwrap().rights(), Some(mine));
    }
    if !imap.capabilities().list_status() {
        user.fallback("LIST RETURN STATUS", "no LIST-STATUS: STATUS of each mailbox");
    }
}

pub(crate) async fn a_mailbox_for_a_role_is_made_once_and_found_again(user: &Trial) {
    for role in [Role::Sent, Role::Archive, Role::Junk, Role::Trash, Role::Drafts] {
        let name = session(user).await.special(role).await.unwrap();
        let imap = session(user).await;
        let tree = imap.folders().await.unwrap();
        let node = tree.special(role).unwrap();
        assert_eq!((node.name(), node.messages()), (&name, Some(0)), "{role}");
        assert!(node.is_selectable());
        assert_eq!(imap.special(role).await.unwrap(), name);
        // It is usable, and the user's own.
        imap.append(&name, message(1)).await.unwrap();
        assert_eq!(imap.status(&name, StatusItems::MESSAGES).await.unwrap().messages, Some(1));
    }
}

pub(crate) async fn a_message_is_found_in_every_mailbox_by_its_id(user: &Trial) {
    fill(user, 3);
    let other = user.server.mailbox(&["Other"]);
    let mut imap = session(user).await;
    imap.create_mailbox(&*other).await.unwrap();
    imap.append(&*other, message(9)).await.unwrap();
    imap.append(&*other, message(2)).await.unwrap();
    drop(imap.select("INBOX").await.unwrap());
    let located = imap.find_message_id("2@example.org").await.unwrap();
    assert!(located.unsearched.is_empty());
    let info = imap.selected_folder().unwrap().info().unwrap();
    assert!(info.name.is_inbox() && !info.read_only);
    assert_eq!(located.messages.len(), 2, "{located:?}");
    for id in &located.messages {
        let folder = imap.select(id.mailbox().unwrap()).await.unwrap();
        let found = folder.get(folder.uid(id).unwrap(), Items::MESSAGE).await.unwrap().unwrap();
        assert_eq!(found.body().unwrap()[..], message(2)[..]);
    }
    assert!(imap.find_message_id("none@example.org").await.unwrap().messages.is_empty());
}

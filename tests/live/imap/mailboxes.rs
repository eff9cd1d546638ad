//! Whole mailboxes: created, renamed, subscribed to, counted and deleted, under names of every kind.

use postroom::imap::{Imap, Listed, Query, StatusItems, Uid};
use postroom::{Error, Flag, FlagChange, Kind};

use super::session;
use crate::live::fill;
use crate::server::Brand;
use crate::suite::Trial;

/// Every character with a meaning in IMAP's grammar, in a pattern or in modified UTF-7.
const ODD: [&str; 16] = [
    "quo\"te",
    "back\\slash",
    "{5}",
    "{5+}",
    "sp ace",
    "star*",
    "percent%",
    "(paren)",
    "]bracket",
    "NIL",
    "&",
    "&-",
    "&AOQ-",
    "Grüße & mehr",
    "日本語",
    "~tilde",
];

async fn all(imap: &Imap) -> Vec<String> {
    names(&imap.list("*").await.unwrap())
}

fn names(listed: &[Listed]) -> Vec<String> {
    listed.iter().map(|listed| listed.name.as_str().to_owned()).collect()
}

pub(crate) async fn a_mailbox_is_made_renamed_with_what_is_below_and_removed(user: &Trial) {
    let [top, below, new, new_below] =
        [&["Work"][..], &["Work", "May"], &["Büro"], &["Büro", "May"]].map(|name| user.server.mailbox(name));
    let mut imap = session(user).await;
    imap.create_mailbox(&*top).await.unwrap();
    imap.create_mailbox(&*below).await.unwrap();
    assert_eq!(imap.create_mailbox(&*below).await.unwrap_err().kind(), Kind::Rejected);
    imap.append(&*below, "Subject: stays\r\n\r\n").await.unwrap();
    imap.rename_mailbox(&*top, &*new).await.unwrap();
    let now = all(&imap).await;
    assert!(now.contains(&new) && now.contains(&new_below), "{now:?}");
    assert!(!now.contains(&top) && !now.contains(&below), "{now:?}");
    assert_eq!(imap.status(&*new_below, StatusItems::MESSAGES).await.unwrap().messages, Some(1));
    assert_eq!(imap.rename_mailbox(&*top, &*below).await.unwrap_err().kind(), Kind::Rejected);

    imap.delete_mailbox(&*new_below).await.unwrap();
    imap.delete_mailbox(&*new).await.unwrap();
    let now = all(&imap).await;
    assert!(!now.contains(&new) && !now.contains(&new_below), "{now:?}");
    for error in [
        imap.delete_mailbox(&*new).await.unwrap_err(),
        imap.status(&*new, StatusItems::MESSAGES).await.map(drop).unwrap_err(),
        imap.append(&*new, "Subject: lost\r\n\r\n").await.map(drop).unwrap_err(),
        imap.select(&*new).await.map(drop).unwrap_err(),
    ] {
        assert!(error.kind() == Kind::Rejected && error.is_missing_mailbox(), "{error}");
    }
    imap.logout().await.unwrap();
}

pub(crate) async fn subscriptions_are_a_list_of_their_own(user: &Trial) {
    let name = user.server.mailbox(&["Entwürfe 1"]);
    let imap = session(user).await;
    imap.create_mailbox(&*name).await.unwrap();
    // Dovecot and Cyrus do not subscribe to mailboxes that they create, Courier does.
    imap.subscribe(&*name).await.unwrap();
    assert!(names(&imap.list_subscribed("*").await.unwrap()).contains(&name));
    imap.unsubscribe(&*name).await.unwrap();
    assert!(!names(&imap.list_subscribed("*").await.unwrap()).contains(&name));
    assert!(all(&imap).await.contains(&name));
    imap.logout().await.unwrap();
}

pub(crate) async fn status_counts_without_selecting(user: &Trial) {
    fill(user, 3);
    let mut imap = session(user).await;
    let inbox = imap.select("INBOX").await.unwrap();
    let validity = inbox.info().unwrap().uid_validity;
    inbox.store(Uid::new(2).unwrap(), &FlagChange::add([Flag::SEEN])).await.unwrap();
    inbox.unselect().await.unwrap();
    let status = imap.status("INBOX", StatusItems::BASE).await.unwrap();
    assert_eq!((status.messages, status.unseen), (Some(3), Some(2)));
    assert_eq!((status.uid_next.map(Uid::as_u32), status.uid_validity), (Some(4), validity));
    assert_eq!(
        imap.status(&*user.server.mailbox(&["Nowhere"]), StatusItems::BASE).await.unwrap_err().kind(),
        Kind::Rejected
    );
}

pub(crate) async fn status_of_size_and_modseq_are_told_or_refused_before_anything_is_sent(user: &Trial) {
    fill(user, 2);
    let size: usize = user.stored("INBOX").iter().map(Vec::len).sum();
    let imap = session(user).await;
    imap.noop().await.unwrap();
    let can_size = imap.capabilities().has("STATUS=SIZE") || imap.enabled().imap4rev2();
    match imap.status("INBOX", StatusItems::SIZE).await {
        Ok(status) => assert_eq!(status.size, Some(size as u64)),
        Err(error) => {
            assert!(!can_size && error.kind() == Kind::Unsupported, "{error:?}");
            user.unsupported("STATUS SIZE", "no STATUS=SIZE");
        }
    }
    match imap.status("INBOX", StatusItems::HIGHEST_MODSEQ).await {
        Ok(status) => assert!(status.highest_modseq.is_some_and(|modseq| modseq > 0), "{status:?}"),
        Err(error) => {
            assert!(!imap.capabilities().condstore() && error.kind() == Kind::Unsupported, "{error:?}");
            user.unsupported("STATUS HIGHESTMODSEQ", "no CONDSTORE");
        }
    }
    imap.noop().await.unwrap();
}

pub(crate) async fn namespace_tells_where_the_users_mailboxes_are(user: &Trial) {
    let imap = session(user).await;
    let spaces = imap.namespace().await.unwrap();
    let own = &spaces.personal[0];
    assert_eq!((&*own.prefix, own.delimiter), (user.server.prefix(), Some(user.server.delimiter())));
    if user.brand() == Brand::Cyrus {
        assert_eq!(spaces.others[0].prefix, "user.");
    }
}

/// Names that a server accepts come back unchanged; for the others there is a typed refusal, and the session survives.
pub(crate) async fn odd_names_come_back_as_they_were_or_are_refused(user: &Trial) {
    let mut imap = session(user).await;
    let mut taken = Vec::new();
    for odd in ODD {
        let name = user.server.mailbox(&[odd]);
        if let Err(error) = imap.create_mailbox(&*name).await {
            assert_eq!(error.kind(), Kind::Rejected, "{odd}: {error:?}");
            continue;
        }
        taken.push(odd);
        assert!(all(&imap).await.contains(&name), "{odd}: {:?}", all(&imap).await);
        // Whatever is in a pattern, the name matches itself.
        assert!(names(&imap.list(&name).await.unwrap()).contains(&name), "{odd}");
        imap.append(&*name, format!("Subject: {odd}\r\n\r\n")).await.unwrap();
        assert_eq!(imap.status(&*name, StatusItems::MESSAGES).await.unwrap().messages, Some(1), "{odd}");
        imap.subscribe(&*name).await.unwrap();
        assert!(names(&imap.list_subscribed("*").await.unwrap()).contains(&name), "{odd}");
        imap.unsubscribe(&*name).await.unwrap();
        let folder = imap.select(&*name).await.unwrap();
        assert_eq!(folder.info().unwrap().name.as_str(), name);
        let copied = folder.copy(Uid::new(1).unwrap(), &*name).await.unwrap();
        assert_eq!(copied.mapping.unwrap().to().to_string(), "2", "{odd}");
        // Courier does not see what it copied into the selected mailbox before it looks again.
        folder.noop().await.unwrap();
        assert_eq!(folder.search(&Query::all()).await.unwrap().len(), 2, "{odd}");
        folder.unselect().await.unwrap();
        let renamed = user.server.mailbox(&[&format!("{odd} renamed")]);
        imap.rename_mailbox(&*name, &*renamed).await.unwrap();
        assert!(all(&imap).await.contains(&renamed), "{odd}");
        imap.delete_mailbox(&*renamed).await.unwrap();
    }
    println!("{:?} takes {taken:?}", user.brand());
    assert!(["Grüße & mehr", "日本語", "sp ace", "&AOQ-"].iter().all(|name| taken.contains(name)), "{taken:?}");
    imap.logout().await.unwrap();
}

pub(crate) async fn names_that_no_line_can_hold_are_refused_before_anything_is_sent(user: &Trial) {
    let imap = session(user).await;
    for name in ["", "a\rb", "a\nb", "a\r\nA1 LOGOUT\r\n", "a\0b"] {
        let errors = [
            imap.create_mailbox(name).await.unwrap_err(),
            imap.delete_mailbox(name).await.unwrap_err(),
            imap.rename_mailbox("INBOX", name).await.unwrap_err(),
            imap.rename_mailbox(name, "Other").await.unwrap_err(),
            imap.subscribe(name).await.unwrap_err(),
            imap.unsubscribe(name).await.unwrap_err(),
            imap.status(name, StatusItems::BASE).await.unwrap_err(),
            imap.append(name, "x").await.unwrap_err(),
        ];
        assert!(errors.iter().all(|error| error.kind() == Kind::Input), "{name:?}: {errors:?}");
    }
    for pattern in ["a\rb", "a\nb", "a\0b"] {
        assert_eq!(imap.list(pattern).await.unwrap_err().kind(), Kind::Input);
        assert_eq!(imap.list_subscribed(pattern).await.unwrap_err().kind(), Kind::Input);
    }
    imap.logout().await.unwrap();
}

/// However the server reports it: by a code, or in its own words.
pub(crate) async fn a_missing_mailbox_is_known_in_every_command(user: &Trial) {
    let [gone, new] = [&["Gone"][..], &["New"]].map(|name| user.server.mailbox(name));
    fill(user, 1);
    let mut imap = session(user).await;
    let mut answers = vec![("SELECT", imap.select(&*gone).await.map(drop))];
    answers.push(("EXAMINE", imap.examine(&*gone).await.map(drop)));
    answers.push(("STATUS", imap.status(&*gone, StatusItems::MESSAGES).await.map(drop)));
    answers.push(("APPEND", imap.append(&*gone, "Subject: lost\r\n\r\n").await.map(drop)));
    answers.push(("DELETE", imap.delete_mailbox(&*gone).await));
    answers.push(("RENAME", imap.rename_mailbox(&*gone, &*new).await));
    let folder = imap.select("INBOX").await.unwrap();
    answers.push(("UID COPY", folder.copy(Uid::new(1).unwrap(), &*gone).await.map(drop)));
    answers.retain(|(_, answer)| !answer.as_ref().is_err_and(Error::is_missing_mailbox));
    let verbs: Vec<_> = answers.iter().map(|(verb, _)| *verb).collect();
    assert!(answers.is_empty(), "not known as missing in {}: {answers:?}", verbs.join(", "));
}

//! The calls of extensions, on every server that announces them: what a call changed is looked at by another call in another session.

use postroom::imap::{
    EntryName, Imap, ListReturn, ListSelect, MailboxStatus, MetadataDepth, QuotaResource, Rights, RightsChange,
    StatusItems, Uid, Uids,
};
use postroom::{Error, FlagAction, Kind};

use super::session;
use crate::live::{fill, message};
use crate::server::{Brand, NASTY_USER};
use crate::suite::Trial;

/// Fails unless the call was refused because the server does not announce the extension.
fn refused<T>(called: Result<T, Error>) {
    let kind = called.map(drop).unwrap_err().kind();
    assert_eq!(kind, Kind::Unsupported);
}

pub(crate) async fn rights_are_given_seen_by_another_session_and_taken_away(user: &Trial) {
    let name = user.server.mailbox(&["Shared"]);
    let (imap, other) = (session(user).await, session(user).await);
    if !imap.capabilities().acl() {
        refused(imap.acl("INBOX").await);
        refused(imap.set_acl("INBOX", "x", RightsChange::Set(Rights::NONE)).await);
        refused(imap.delete_acl("INBOX", "x").await);
        refused(imap.list_rights("INBOX", "x").await);
        refused(imap.my_rights("INBOX").await);
        user.unsupported("GETACL, SETACL, DELETEACL", "no ACL");
        return user.unsupported("LISTRIGHTS, MYRIGHTS", "no ACL");
    }
    let friend = NASTY_USER;
    imap.create_mailbox(&*name).await.unwrap();
    let delete = Rights::DELETE_MESSAGES | Rights::EXPUNGE;
    let have = async |imap: &Imap| {
        let acl = imap.acl(&*name).await.unwrap();
        assert_eq!(acl.mailbox.as_str(), name);
        acl.entries.into_iter().find(|entry| entry.identifier == friend).map(|entry| entry.rights)
    };
    assert_eq!(have(&other).await, None);
    imap.set_acl(&*name, friend, RightsChange::Set(Rights::LOOKUP | Rights::READ)).await.unwrap();
    assert_eq!(have(&other).await, Some(Rights::LOOKUP | Rights::READ));
    imap.set_acl(&*name, friend, RightsChange::Add(Rights::SEEN | delete)).await.unwrap();
    let all = have(&other).await.unwrap();
    assert!(all.contains(Rights::LOOKUP | Rights::READ | Rights::SEEN | delete), "{all}");
    assert!(!all.contains(Rights::WRITE) && !all.contains(Rights::ADMINISTER), "{all}");
    imap.set_acl(&*name, friend, RightsChange::Remove(Rights::SEEN)).await.unwrap();
    assert!(!have(&other).await.unwrap().contains(Rights::SEEN));

    let mine = other.my_rights(&*name).await.unwrap();
    assert!(mine.contains(Rights::LOOKUP | Rights::READ | Rights::INSERT | Rights::ADMINISTER), "{mine}");
    assert!(mine.contains(Rights::CREATE_MAILBOX | delete), "{mine}");
    // Courier has the rights of RFC 2086 only. It says OK to those that it does not know, and forgets them.
    let alone = imap.set_acl(&*name, friend, RightsChange::Add(Rights::DELETE_MESSAGES)).await;
    match user.brand() == Brand::Courier {
        true => refused(alone),
        false => alone.unwrap(),
    }
    assert_eq!(mine.contains(Rights::DELETE_MAILBOX), user.brand() != Brand::Courier, "{mine}");
    let rights = other.list_rights(&*name, friend).await.unwrap();
    assert_eq!(rights.identifier, friend);
    let can = rights.optional.iter().fold(rights.required, |all, &more| all | more);
    assert!(can.contains(Rights::READ | Rights::INSERT | Rights::EXPUNGE), "{can}");

    imap.delete_acl(&*name, friend).await.unwrap();
    assert_eq!(have(&other).await, None);
    // Dovecot gives its defaults for a mailbox that is not there.
    if !matches!(user.brand(), Brand::Dovecot | Brand::Dovecot24) {
        let nowhere = user.server.mailbox(&["Nowhere"]);
        assert_eq!(imap.my_rights(&*nowhere).await.unwrap_err().kind(), Kind::Rejected);
    }
    imap.noop().await.unwrap();
}

pub(crate) async fn annotations_of_a_mailbox_are_seen_by_another_session(user: &Trial) {
    let (imap, other) = (session(user).await, session(user).await);
    let (private, shared) = (EntryName::PRIVATE_COMMENT, EntryName::SHARED_COMMENT);
    if !imap.capabilities().metadata() {
        refused(imap.metadata("INBOX", std::slice::from_ref(&private), MetadataDepth::Entry, None).await);
        refused(imap.set_metadata("INBOX", &[(private, None)]).await);
        return user.unsupported("GETMETADATA, SETMETADATA", "no METADATA");
    }
    let both = [private.clone(), shared.clone()];
    let get = async |imap: &Imap| imap.metadata("INBOX", &both, MetadataDepth::Entry, None).await.unwrap();
    let none = get(&other).await;
    assert_eq!((none.value(&private), none.value(&shared), none.longest_left_out), (None, None, None));
    let values = [&b"a \"quoted\"\r\ncomment"[..], "gr\u{fc}n \\ {5}".as_bytes()];
    let set = [(private.clone(), Some(values[0].to_vec())), (shared.clone(), Some(values[1].to_vec()))];
    imap.set_metadata("INBOX", &set).await.unwrap();
    let found = get(&other).await;
    assert_eq!((found.value(&private), found.value(&shared)), (Some(values[0]), Some(values[1])));
    imap.set_metadata("INBOX", &[(shared.clone(), None)]).await.unwrap();
    let found = get(&other).await;
    assert_eq!((found.value(&private), found.value(&shared)), (Some(values[0]), None));
    let nowhere = user.server.mailbox(&["Nowhere"]);
    let missing = other.metadata(&*nowhere, &both, MetadataDepth::Entry, None).await;
    assert_eq!(missing.map(drop).unwrap_err().kind(), Kind::Rejected);
    // What the server says of itself: nobody has to have written anything.
    other.server_metadata(&[EntryName::SHARED_ADMIN], MetadataDepth::Entry, None).await.unwrap();
    other.noop().await.unwrap();
}

pub(crate) async fn long_annotations_are_left_out_and_named(user: &Trial) {
    const COMMAND: &str = "GETMETADATA, MAXSIZE and DEPTH";
    let (imap, other) = (session(user).await, session(user).await);
    if !imap.capabilities().metadata() {
        return user.unsupported(COMMAND, "no METADATA");
    }
    let [top, long] = ["/private/comment", "/private/vendor/postroom/long"].map(|name| EntryName::new(name).unwrap());
    let long = if user.brand() == Brand::Cyrus { EntryName::SHARED_COMMENT } else { long };
    let set = [(top.clone(), Some(b"short".to_vec())), (long.clone(), Some(vec![b'x'; 3000]))];
    imap.set_metadata("INBOX", &set).await.unwrap();
    let both = [top.clone(), long.clone()];
    let some = other.metadata("INBOX", &both, MetadataDepth::Entry, Some(100)).await.unwrap();
    assert_eq!((some.value(&top), some.value(&long)), (Some(&b"short"[..]), None));
    assert_eq!(some.longest_left_out, Some(3000));
    let all = [EntryName::new("/private").unwrap(), EntryName::new("/shared").unwrap()];
    let all = other.metadata("INBOX", &all, MetadataDepth::All, None).await.unwrap();
    assert_eq!((all.value(&top), all.value(&long).map(<[u8]>::len)), (Some(&b"short"[..]), Some(3000)));
    assert_eq!(all.longest_left_out, None);
}

pub(crate) async fn the_quota_counts_what_is_stored(user: &Trial) {
    let imap = session(user).await;
    if !imap.capabilities().quota() {
        refused(imap.quotas_of("INBOX").await);
        refused(imap.quota("").await);
        user.unsupported("GETQUOTAROOT", "no QUOTA");
        return user.unsupported("GETQUOTA", "no QUOTA");
    }
    limit(user).await;
    let used = async |imap: &Imap| {
        let found = imap.quotas_of("INBOX").await.unwrap();
        assert_eq!(found.roots.len(), 1, "{found:?}");
        let storage = found.quotas[0].of(&QuotaResource::Storage).unwrap();
        assert!(storage.limit >= 1000, "{storage:?}");
        (found.roots[0].clone(), storage.usage)
    };
    let (root, before) = used(&imap).await;
    imap.append("INBOX", [message(1), vec![b'x'; 100_000]].concat()).await.unwrap();
    let other = session(user).await;
    let (_, after) = used(&other).await;
    assert!((before + 97..before + 110).contains(&after), "{before} {after}");
    match other.quota(&root).await {
        Ok(quota) => assert_eq!(quota.of(&QuotaResource::Storage).unwrap().usage, after),
        Err(error) => {
            assert_eq!((error.kind(), user.brand()), (Kind::Rejected, Brand::Cyrus), "{error}");
            user.unsupported("GETQUOTA", "for administrators only");
        }
    }
}

pub(crate) async fn limits_of_a_quota_are_set_by_who_may(user: &Trial) {
    let imap = session(user).await;
    if !imap.capabilities().quota() {
        refused(imap.set_quota("", &[]).await);
        return user.unsupported("SETQUOTA", "no QUOTA");
    }
    limit(user).await;
    let root = imap.quotas_of("INBOX").await.unwrap().roots[0].clone();
    let limits = [(QuotaResource::Storage, 5000)];
    let done = match user.brand() {
        Brand::Cyrus => {
            let root = format!("user.{}", user.name);
            session(&user.also("cyrus")).await.set_quota(&root, &limits).await
        }
        _ => imap.set_quota(&root, &limits).await,
    };
    match done {
        Ok(_) => {
            let found = session(user).await.quotas_of("INBOX").await.unwrap();
            assert_eq!(found.quotas[0].of(&QuotaResource::Storage).unwrap().limit, 5000);
            assert_eq!(found.quotas[0].of(&QuotaResource::Message), None);
            let big = vec![b'x'; 6_000_000];
            let error = imap.append("INBOX", [message(1), big].concat()).await.unwrap_err();
            assert!(error.kind() == Kind::Rejected && error.code().is_some_and(|code| code.is("OVERQUOTA")), "{error}");
        }
        Err(error) => {
            assert!(!matches!(user.brand(), Brand::Cyrus | Brand::Embedded), "{error}");
            assert!(matches!(error.kind(), Kind::Rejected | Kind::Bad), "{error}");
            user.unsupported("SETQUOTA", "not by IMAP");
        }
    }
}

/// Gives the user a quota, if it takes an administrator.
async fn limit(user: &Trial) {
    match user.brand() {
        Brand::Cyrus => {
            let root = format!("user.{}", user.name);
            drop(session(user).await.noop().await);
            let admin = session(&user.also("cyrus")).await;
            let limits = [(QuotaResource::Storage, 1_000_000), (QuotaResource::Message, 1000)];
            admin.set_quota(&root, &limits).await.unwrap();
        }
        Brand::Courier => user.limit("1000000000S,100000C"),
        _ => {}
    }
}

pub(crate) async fn a_url_gives_a_message_until_its_key_is_reset(user: &Trial) {
    const COMMAND: &str = "GENURLAUTH, URLFETCH, RESETKEY";
    fill(user, 1);
    let mut imap = session(user).await;
    if !imap.capabilities().url_auth() {
        refused(imap.generate_urls(&[("imap://x/y;UID=1;URLAUTH=anonymous", "INTERNAL")]).await);
        refused(imap.fetch_urls(&["imap://x"]).await);
        refused(imap.reset_url_key("INBOX").await);
        refused(imap.reset_all_url_keys().await);
        return user.unsupported(COMMAND, "no URLAUTH");
    }
    let validity = imap.select("INBOX").await.unwrap().info().unwrap().uid_validity.unwrap();
    let host = if user.brand() == Brand::Cyrus { server_name(user) } else { "localhost".to_owned() };
    let url = format!("imap://{}@{host}/INBOX;UIDVALIDITY={validity}/;UID=1;URLAUTH=user+{}", user.name, user.name);
    let made = imap.generate_urls(&[(&url, "INTERNAL")]).await.unwrap();
    assert!(made[0].len() > url.len() + 30, "{made:?}");
    let other = session(user).await;
    let last = made[0].chars().next_back().unwrap();
    let found = other.fetch_urls(&[&made[0]]).await.unwrap();
    assert_eq!(found[0].content.as_deref(), Some(&message(1)[..]));
    // Cyrus says nothing of a URL that is not even well-formed, and takes one after it for an extra argument.
    let forged = format!("{}{}", made[0].trim_end_matches(last), if last == '0' { '1' } else { '0' });
    assert_eq!(other.fetch_urls(&[&forged]).await.unwrap()[0].content, None);
    imap.reset_url_key("INBOX").await.unwrap();
    assert_eq!(other.fetch_urls(&[&made[0]]).await.unwrap()[0].content, None);
    let made = imap.generate_urls(&[(&url, "INTERNAL")]).await.unwrap();
    assert!(other.fetch_urls(&[&made[0]]).await.unwrap()[0].content.is_some());
    imap.reset_all_url_keys().await.unwrap();
    assert_eq!(other.fetch_urls(&[&made[0]]).await.unwrap()[0].content, None);
}

/// The name that Cyrus has in its own URLs, which is in its greeting.
fn server_name(user: &Trial) -> String {
    let mut greeting = String::new();
    let stream = std::net::TcpStream::connect(("127.0.0.1", user.server.imap)).unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stream), &mut greeting).unwrap();
    greeting.split(' ').find(|word| word.starts_with("postroom-")).unwrap().to_owned()
}

pub(crate) async fn messages_are_annotated(user: &Trial) {
    const COMMAND: &str = "FETCH and STORE ANNOTATION";
    fill(user, 2);
    let (mut imap, mut other) = (session(user).await, session(user).await);
    let inbox = imap.select("INBOX").await.unwrap();
    let (comment, two) = (EntryName::new("/comment").unwrap(), Uid::new(2).unwrap());
    if !inbox.session().capabilities().annotate() {
        refused(inbox.annotations(two, std::slice::from_ref(&comment), &["value.priv"]).await);
        refused(inbox.annotate(two, &comment, &[("value.priv", None)]).await);
        return user.unsupported(COMMAND, "no ANNOTATE-EXPERIMENT-1");
    }
    let note = "gr\u{fc}n \"and\" more";
    inbox
        .annotate(two, &comment, &[("value.priv", Some(note.into())), ("value.shared", Some(b"for all".to_vec()))])
        .await
        .unwrap();
    let there = other.select("INBOX").await.unwrap();
    let read = async || {
        let attributes = ["value.priv", "value.shared"];
        let found = there
            .annotations("1:2".parse::<Uids>().unwrap(), std::slice::from_ref(&comment), &attributes)
            .await
            .unwrap();
        let of = |uid: u32, name: &str| {
            let message = found.iter().find(|message| message.uid() == Uid::new(uid).ok())?;
            let entry = message.annotations().find(|entry| entry.entry() == "/comment")?;
            entry.value(name).map(|value| value.bytes().to_vec())
        };
        [of(1, "value.priv"), of(2, "value.priv"), of(2, "value.shared")]
    };
    assert_eq!(read().await, [None, Some(note.into()), Some(b"for all".to_vec())]);
    inbox.annotate(two, &comment, &[("value.shared", None)]).await.unwrap();
    assert_eq!(read().await, [None, Some(note.into()), None]);
}

pub(crate) async fn a_mailbox_is_created_for_its_use(user: &Trial) {
    let name = user.server.mailbox(&["Old mail"]);
    let imap = session(user).await;
    if !imap.capabilities().create_special_use() {
        refused(imap.create_special(&*name, &["\\Archive"]).await);
        return user.unsupported("CREATE-SPECIAL-USE", "not announced");
    }
    imap.create_special(&*name, &["\\Archive"]).await.unwrap();
    let listed = session(user).await.list("*").await.unwrap();
    let found = listed.iter().find(|listed| listed.name.as_str() == name).unwrap();
    assert!(found.has("\\Archive"), "{found:?}");
    let error = imap.create_special(&*user.server.mailbox(&["Odd"]), &["\\Nonsense"]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Rejected, "{error}");
    assert!(!imap.list("*").await.unwrap().iter().any(|listed| listed.name.as_str().ends_with("Odd")));
}

/// Every mailbox has what the commands for one mailbox say of it in another session.
pub(crate) async fn mailboxes_are_listed_with_what_other_commands_say(user: &Trial) {
    fill(user, 3);
    let imap = session(user).await;
    let other = session(user).await;
    let names = [&["Work"][..], &["Work", "Grüße"]].map(|name| user.server.mailbox(name));
    for name in &names {
        imap.create_mailbox(&**name).await.unwrap();
    }
    imap.subscribe(&*names[1]).await.unwrap();
    imap.append(&*names[1], message(1)).await.unwrap();
    let capabilities = imap.capabilities();
    let comment = EntryName::PRIVATE_COMMENT;
    let mut returns = vec![ListReturn::Status(StatusItems::BASE), ListReturn::Subscribed];
    if capabilities.acl() {
        returns.push(ListReturn::MyRights);
    }
    if capabilities.metadata() {
        imap.set_metadata(&*names[1], &[(comment.clone(), Some(b"a \"b\"".to_vec()))]).await.unwrap();
        returns.push(ListReturn::Metadata(vec![comment.clone()]));
    }
    for (command, has, part) in [
        ("LIST RETURN STATUS", capabilities.list_status(), true),
        ("LIST RETURN MYRIGHTS", capabilities.list_myrights(), capabilities.acl()),
        ("LIST RETURN METADATA", capabilities.list_metadata(), capabilities.metadata()),
    ] {
        match (has, part) {
            (true, _) => {}
            (false, true) => user.fallback(command, "asked of each mailbox"),
            (false, false) => user.unsupported(command, "not announced"),
        }
    }
    let found = imap.list_with(&["*"], &[], &returns).await.unwrap();
    assert!(found.unreadable.is_empty() && found.mailboxes.len() >= 3, "{found:?}");
    for mailbox in &found.mailboxes {
        let name = &mailbox.listed.name;
        if !mailbox.listed.is_selectable() {
            continue;
        }
        // The UIDVALIDITY of Courier and the UIDNEXT of Mailutils are not the same in two sessions.
        let counts = |status: &MailboxStatus| (status.messages, status.unseen, status.uid_next.is_some());
        let alone = other.status(name, StatusItems::BASE).await.unwrap();
        assert_eq!(mailbox.status.as_ref().map(counts), Some(counts(&alone)), "{name}");
        if capabilities.acl() {
            assert_eq!(mailbox.rights, Some(other.my_rights(name).await.unwrap()), "{name}");
        }
        if capabilities.metadata() {
            let alone = other.metadata(name, std::slice::from_ref(&comment), MetadataDepth::Entry, None).await.unwrap();
            assert_eq!(mailbox.value(&comment), alone.value(&comment), "{name}");
        }
    }
    let of = |name: &str| found.mailboxes.iter().find(|mailbox| mailbox.listed.name.as_str() == name).unwrap();
    assert!(of(&names[1]).listed.has("\\Subscribed"), "{:?}", of(&names[1]));
    assert_eq!(of("INBOX").status.as_ref().unwrap().messages, Some(3));
    let some = imap.list_with(&["*"], &[ListSelect::Subscribed], &[]).await.unwrap();
    let listed: Vec<_> = some.mailboxes.iter().map(|mailbox| mailbox.listed.name.clone()).collect();
    // Pymap also lists the mailboxes above.
    let lsub = other.list_subscribed("*").await.unwrap().into_iter().filter(|listed| listed.is_selectable());
    let lsub: Vec<_> = lsub.map(|listed| listed.name).collect();
    let mut pair = [listed, lsub];
    pair.iter_mut().for_each(|names| names.sort());
    assert_eq!(pair[0], pair[1]);
}

pub(crate) async fn what_no_server_here_has_is_refused_before_anything_is_sent(user: &Trial) {
    fill(user, 1);
    let mut imap = session(user).await;
    let capabilities = imap.capabilities();
    assert!(!capabilities.language() && !capabilities.has("I18NLEVEL=2") && !capabilities.jmap_access());
    assert!(!capabilities.gmail());
    refused(imap.languages().await);
    refused(imap.set_language(&["de"]).await);
    refused(imap.comparator().await);
    refused(imap.set_comparator(&["i;octet"]).await);
    refused(imap.jmap_access().await);
    let inbox = imap.select("INBOX").await.unwrap();
    refused(inbox.store_labels(Uid::new(1).unwrap(), FlagAction::Add, &["x"]).await);
    for command in ["LANGUAGE", "COMPARATOR", "GETJMAPACCESS", "STORE X-GM-LABELS"] {
        user.unsupported(command, "not announced");
    }
}

//! The calls of extensions: what they send, what they return, what they refuse before anything is sent, and which answers they do not
//! take for one.

use postroom::imap::{EntryName, Folder, Imap, MetadataDepth, QuotaResource, Rights, RightsChange, Uid, Uids};
use postroom::testing::{Script, Server};
use postroom::{BoxFuture, Code, Error, FlagAction, Kind};

use crate::support::{SELECT, embedded, plaintext, scripted};

/// A session with a server that has these capabilities.
async fn having(capabilities: &str, dialogue: &str) -> (Script, Imap) {
    let greeting = format!("S: * PREAUTH [CAPABILITY IMAP4rev1 UIDPLUS {capabilities}] ready\n");
    let (script, imap) = scripted(&format!("{greeting}{dialogue}"), plaintext()).await;
    (script, imap.unwrap())
}

async fn selected(capabilities: &str, dialogue: &str) -> (Script, Folder<Imap>) {
    let (script, imap) = having(capabilities, &format!("{SELECT}{dialogue}")).await;
    (script, imap.into_folder("INBOX").await.unwrap())
}

fn entry(name: &str) -> EntryName {
    EntryName::new(name).unwrap()
}

fn kind<T>(result: Result<T, Error>) -> Kind {
    result.map(drop).unwrap_err().kind()
}

fn code<T>(result: Result<T, Error>) -> Code {
    result.map(drop).unwrap_err().code().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn rights_are_given_listed_and_taken_away() {
    let server = Server::builder().in_memory().unwrap();
    let (imap, other) = (embedded(&server, plaintext()).await, embedded(&server, plaintext()).await);
    imap.create_mailbox("Für alle").await.unwrap();
    let rights = async |identifier: &str| {
        let entries = other.acl("Für alle").await.unwrap().entries;
        entries.into_iter().find(|entry| entry.identifier == identifier).map(|entry| entry.rights.to_string())
    };
    imap.set_acl("Für alle", "b \"o\" b", RightsChange::Set(Rights::READ | Rights::LOOKUP)).await.unwrap();
    imap.set_acl("Für alle", "-böse", RightsChange::Add(Rights::EXPUNGE)).await.unwrap();
    assert_eq!((rights("b \"o\" b").await.as_deref(), rights("-böse").await.as_deref()), (Some("lr"), Some("de")));
    imap.set_acl("Für alle", "b \"o\" b", RightsChange::Remove(Rights::READ)).await.unwrap();
    imap.delete_acl("Für alle", "-böse").await.unwrap();
    assert_eq!((rights("b \"o\" b").await.as_deref(), rights("-böse").await), (Some("l"), None));
    assert!(rights("alice").await.unwrap().contains('a'));
    let mine = other.my_rights("Für alle").await.unwrap();
    assert_eq!(other.list_rights("Für alle", "alice").await.unwrap().required, mine);
    assert!(other.list_rights("Für alle", "bob").await.unwrap().required.is_empty());
    assert!(code(imap.set_acl("Für alle", "alice", RightsChange::Remove(Rights::READ)).await).is("CANNOT"));
    assert!(code(imap.my_rights("None").await).is("NONEXISTENT"));
    assert_eq!(kind(imap.set_acl("INBOX", "x", RightsChange::Add("9".parse().unwrap())).await), Kind::Bad);
}

#[tokio::test(start_paused = true)]
async fn a_server_of_rfc_2086_is_asked_in_its_words() {
    let dialogue = "
        C: {A} SETACL INBOX bob +cdl
        S: {A} OK done
        C: {B} MYRIGHTS INBOX
        S: * MYRIGHTS Other lr
        S: * MYRIGHTS INBOX lrcd
        S: {B} OK done
        C: {C} GETACL INBOX
        S: * MYRIGHTS INBOX lr
        S: {C} OK nothing
        C: {D} NOOP
        S: {D} OK done
    ";
    let (script, imap) = having("ACL", dialogue).await;
    let all = "lkte".parse().unwrap();
    imap.set_acl("INBOX", "bob", RightsChange::Add(all)).await.unwrap();
    assert_eq!(kind(imap.set_acl("INBOX", "bob", RightsChange::Add(Rights::EXPUNGE)).await), Kind::Unsupported);
    assert_eq!(imap.my_rights("INBOX").await.unwrap().to_string(), "cdeklrt");
    assert_eq!(kind(imap.acl("INBOX").await), Kind::Missing);
    imap.noop().await.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn entries_are_written_all_or_none_and_read_by_depth_and_size() {
    let server = Server::builder().in_memory().unwrap();
    let (imap, other) = (embedded(&server, plaintext()).await, embedded(&server, plaintext()).await);
    let [deep, nul] = ["/private/a/b/c", "/private/a/nul"].map(entry);
    let set = [(deep.clone(), Some(vec![b'x'; 2000])), (nul.clone(), Some(b"a\0\r\nb".to_vec()))];
    imap.set_metadata("INBOX", &set).await.unwrap();
    let get = async |name: &str, depth, size| other.metadata("INBOX", &[entry(name)], depth, size).await.unwrap();
    assert_eq!(get("/PRIVATE/a/NUL", MetadataDepth::Entry, None).await.value(&nul), Some(&b"a\0\r\nb"[..]));
    let children = get("/private/a", MetadataDepth::Children, None).await;
    assert_eq!((children.value(&nul).is_some(), children.value(&deep)), (true, None));
    let all = get("/private", MetadataDepth::All, Some(1999)).await;
    assert_eq!((all.value(&nul).is_some(), all.value(&deep), all.longest_left_out), (true, None, Some(2000)));
    assert_eq!(get("/private/a", MetadataDepth::All, None).await.value(&deep).unwrap().len(), 2000);
    let long = get("/private/a/b/c", MetadataDepth::Entry, Some(1)).await;
    assert!(long.values.is_empty() && long.longest_left_out == Some(2000));

    let big = [(nul.clone(), None), (deep.clone(), Some(vec![b'y'; 70_000]))];
    assert_eq!(code(imap.set_metadata("INBOX", &big).await).to_string(), "METADATA MAXSIZE 65536");
    let many: Vec<_> = (0..101).map(|n| (entry(&format!("/shared/many/{n}")), Some(Vec::new()))).collect();
    assert_eq!(code(imap.set_metadata("INBOX", &many).await).to_string(), "METADATA TOOMANY");
    assert_eq!(get("/private", MetadataDepth::All, None).await.values.len(), 2);
    imap.set_metadata("INBOX", &[(nul.clone(), None)]).await.unwrap();
    assert_eq!(get("/private/a/nul", MetadataDepth::Entry, None).await.values, [(nul, None)]);

    let theme = entry("/private/theme");
    imap.set_server_metadata(&[(theme.clone(), Some(b"dark".to_vec()))]).await.unwrap();
    let found = other.server_metadata(&[theme.clone(), EntryName::SHARED_ADMIN], MetadataDepth::Entry, None).await;
    let found = found.unwrap();
    assert_eq!((found.value(&theme), found.value(&EntryName::SHARED_ADMIN).is_some()), (Some(&b"dark"[..]), true));
    assert!(code(imap.set_server_metadata(&[(EntryName::SHARED_ADMIN, None)]).await).is("NOPERM"));
    assert_eq!(get("/private/theme", MetadataDepth::Entry, None).await.value(&theme), None);
    assert_eq!(kind(imap.set_metadata("INBOX", &[]).await), Kind::Input);
}

#[tokio::test(start_paused = true)]
async fn a_server_with_entries_of_its_own_only_is_asked_for_those_only() {
    let dialogue = "
        C: {A} GETMETADATA \"\" (/shared/admin)
        S: * METADATA INBOX (/shared/admin \"x\")
        S: * METADATA \"\" (/shared/admin \"mailto:a@b\")
        S: {A} OK done
        C: {B} GETMETADATA \"\" (/shared/admin)
        S: {B} OK nothing
        C: {C} NOOP
        S: {C} OK done
    ";
    let (script, imap) = having("METADATA-SERVER", dialogue).await;
    let admin = [EntryName::SHARED_ADMIN];
    assert_eq!(kind(imap.metadata("INBOX", &admin, MetadataDepth::Entry, None).await), Kind::Unsupported);
    assert_eq!(kind(imap.set_metadata("INBOX", &[(EntryName::SHARED_ADMIN, None)]).await), Kind::Unsupported);
    let found = imap.server_metadata(&admin, MetadataDepth::Entry, None).await.unwrap();
    assert_eq!((found.value(&admin[0]), found.values.len()), (Some(&b"mailto:a@b"[..]), 1));
    assert_eq!(kind(imap.server_metadata(&admin, MetadataDepth::Entry, None).await), Kind::Missing);
    imap.noop().await.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_quota_is_set_by_who_may_and_holds() {
    let server = Server::builder().quota(10_000_000, 10).with("QUOTASET").in_memory().unwrap();
    let imap = embedded(&server, plaintext()).await;
    let set = imap.set_quota("", &[(QuotaResource::Message, 1)]).await.unwrap().unwrap();
    assert_eq!((set.of(&QuotaResource::Message).unwrap().limit, set.of(&QuotaResource::Storage)), (1, None));
    imap.append("INBOX", "Subject: 1\r\n\r\n").await.unwrap();
    assert!(code(imap.append("INBOX", "Subject: 2\r\n\r\n").await).is("OVERQUOTA"));
    assert_eq!(imap.quotas_of("INBOX").await.unwrap().quotas[0].of(&QuotaResource::Message).unwrap().usage, 1);
    let plain = Server::builder().quota(10_000_000, 10).in_memory().unwrap();
    let plain = embedded(&plain, plaintext()).await;
    assert!(!plain.capabilities().quota_set());
    assert_eq!(kind(plain.set_quota("", &[]).await), Kind::Bad);
}

#[tokio::test(start_paused = true)]
async fn languages_and_comparators_are_chosen() {
    let dialogue = "
        C: {A} LANGUAGE
        S: * LANGUAGE (EN DE i-default)
        S: {A} OK done
        C: {B} LANGUAGE de-CH de
        S: * LANGUAGE (DE)
        S: * NAMESPACE ((\"\" \"/\")) ((\"Benutzer/\" \"/\" \"TRANSLATION\" (\"x\"))) NIL
        S: {B} OK gut
        C: {C} LANGUAGE fr
        S: {C} NO kein
        C: {D} LANGUAGE en
        S: * LANGUAGE (EN DE)
        S: {D} OK which
        C: {E} COMPARATOR
        S: * COMPARATOR i;unicode-casemap
        S: {E} OK done
        C: {F} COMPARATOR \"i;octet\" \"i;*\"
        S: * COMPARATOR i;octet (i;octet i;ascii-casemap)
        S: {F} OK done
    ";
    let (script, imap) = having("LANGUAGE I18NLEVEL=2", dialogue).await;
    assert_eq!(imap.languages().await.unwrap(), ["EN", "DE", "i-default"]);
    let chosen = imap.set_language(&["de-CH", "de"]).await.unwrap();
    assert_eq!((chosen.tag.as_str(), chosen.namespaces.unwrap().others.len()), ("DE", 1));
    assert_eq!(kind(imap.set_language(&["fr"]).await), Kind::Rejected);
    assert_eq!(kind(imap.set_language(&["en"]).await), Kind::Missing);
    for odd in [&[][..], &["a b"], &[""], &["de\r\n"]] {
        assert_eq!(kind(imap.set_language(odd).await), Kind::Input, "{odd:?}");
    }
    assert_eq!(imap.comparator().await.unwrap().active, "i;unicode-casemap");
    assert_eq!(imap.set_comparator(&["i;octet", "i;*"]).await.unwrap().matching.len(), 2);
    assert_eq!(kind(imap.set_comparator(&[]).await), Kind::Input);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn urls_are_made_in_order_and_fetched_one_by_one() {
    let dialogue = "
        C: {A} GENURLAUTH \"imap://a/1;URLAUTH=anonymous\" INTERNAL \"imap://a/2;URLAUTH=anonymous\" INTERNAL
        S: * GENURLAUTH \"imap://a/1;URLAUTH=anonymous:internal:12\" \"imap://a/2;URLAUTH=anonymous:internal:34\"
        S: {A} OK done
        C: {B} GENURLAUTH \"imap://a/1;URLAUTH=anonymous\" INTERNAL
        S: {B} OK nothing
        C: {C} URLFETCH \"imap://a/2\" \"imap://a/1\"
        S: * URLFETCH \"imap://a/1\" {3}
        S: abc \"imap://a/2\" NIL
        S: {C} OK done
        C: {D} URLFETCH \"imap://a/2\" \"imap://a/1\"
        S: * URLFETCH \"imap://a/1\" \"x\"
        S: {D} OK half
        C: {E} RESETKEY Sent
        S: {E} OK done
        C: {F} RESETKEY
        S: {F} OK done
        C: {G} GETJMAPACCESS
        S: * JMAPACCESS \"https://jmap.example.org/s\"
        S: {G} OK done
    ";
    let (script, imap) = having("URLAUTH JMAPACCESS", dialogue).await;
    let urls = ["imap://a/1;URLAUTH=anonymous", "imap://a/2;URLAUTH=anonymous"].map(|url| (url, "INTERNAL"));
    let made = imap.generate_urls(&urls).await.unwrap();
    assert!(made[0].ends_with("12") && made[1].ends_with("34"));
    assert_eq!(kind(imap.generate_urls(&urls[..1]).await), Kind::Missing);
    assert_eq!(kind(imap.generate_urls(&[]).await), Kind::Input);
    let found = imap.fetch_urls(&["imap://a/2", "imap://a/1"]).await.unwrap();
    assert_eq!((found[0].content.as_deref(), found[1].content.as_deref()), (None, Some(&b"abc"[..])));
    assert_eq!(kind(imap.fetch_urls(&["imap://a/2", "imap://a/1"]).await), Kind::Missing);
    imap.reset_url_key("Sent").await.unwrap();
    imap.reset_all_url_keys().await.unwrap();
    assert_eq!(imap.jmap_access().await.unwrap(), "https://jmap.example.org/s");
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn annotations_and_labels_are_about_the_messages_that_are_named() {
    let dialogue = "
        C: {A} UID FETCH 1:2 (UID ANNOTATION ((\"/comment\") (\"value.priv\")))
        S: * 1 FETCH (UID 1 ANNOTATION (/comment (value.priv NIL)))
        S: * 3 FETCH (FLAGS (\\\\Seen))
        S: * 2 FETCH (UID 2 FLAGS ())
        S: * 2 FETCH (UID 2 ANNOTATION (/comment (value.priv \"x\")))
        S: {A} OK done
        C: {B} UID STORE 2 ANNOTATION (\"/comment\" (\"value.priv\" NIL))
        S: {B} OK done
        C: {C} UID STORE 2 +X-GM-LABELS.SILENT (\"\\\\Inbox\" B&APw-ro)
        S: {C} OK done
    ";
    let (script, folder) = selected("ANNOTATE-EXPERIMENT-1 X-GM-EXT-1", dialogue).await;
    let (two, comment) = (Uid::new(2).unwrap(), entry("/comment"));
    let uids: Uids = "1:2".parse().unwrap();
    let found = folder.annotations(uids, std::slice::from_ref(&comment), &["value.priv"]).await.unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[1].annotations().next().unwrap().value("value.priv").unwrap(), "x");
    // Boxed, as another task would need them.
    let values = [("value.priv", None)];
    let calls: [BoxFuture<'_, Result<(), Error>>; 2] = [
        Box::pin(folder.annotate(two, &comment, &values)),
        Box::pin(folder.store_labels(two, FlagAction::Add, &["\\Inbox", "Büro"])),
    ];
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(kind(folder.annotations(two, &[], &["value.priv"]).await), Kind::Input);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_is_created_for_a_use_or_not_at_all() {
    let server = Server::builder().in_memory().unwrap();
    let imap = embedded(&server, plaintext()).await;
    imap.create_special("Alt", &["\\Archive"]).await.unwrap();
    assert!(imap.list("Alt").await.unwrap()[0].has("\\Archive"));
    assert!(code(imap.create_special("Neu", &["\\Flagged"]).await).is("USEATTR"));
    assert_eq!(kind(imap.create_special("Neu", &["Archive"]).await), Kind::Input);
    assert!(imap.list("Neu").await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_the_server_does_not_announce_is_refused_before_anything_is_sent() {
    let server =
        ["ACL", "METADATA", "CREATE-SPECIAL-USE"].into_iter().fold(Server::builder(), |b, name| b.without(name));
    let server = server.in_memory().unwrap();
    let mut imap = embedded(&server, plaintext()).await;
    let inbox = imap.select("INBOX").await.unwrap();
    let imap = inbox.session();
    let sent = server.commands().len();
    let (entries, uid) = ([EntryName::SHARED_COMMENT], Uid::new(1).unwrap());
    let refused = [
        kind(imap.acl("INBOX").await),
        kind(imap.set_acl("INBOX", "x", RightsChange::Set(Rights::NONE)).await),
        kind(imap.delete_acl("INBOX", "x").await),
        kind(imap.list_rights("INBOX", "x").await),
        kind(imap.my_rights("INBOX").await),
        kind(imap.metadata("INBOX", &entries, MetadataDepth::Entry, None).await),
        kind(imap.set_metadata("INBOX", &[(EntryName::SHARED_COMMENT, None)]).await),
        kind(imap.server_metadata(&entries, MetadataDepth::Entry, None).await),
        kind(imap.set_server_metadata(&[(EntryName::SHARED_COMMENT, None)]).await),
        kind(imap.quotas_of("INBOX").await),
        kind(imap.quota("").await),
        kind(imap.set_quota("", &[]).await),
        kind(imap.languages().await),
        kind(imap.set_language(&["de"]).await),
        kind(imap.comparator().await),
        kind(imap.set_comparator(&["i;octet"]).await),
        kind(imap.generate_urls(&[("imap://a", "INTERNAL")]).await),
        kind(imap.reset_url_key("INBOX").await),
        kind(imap.reset_all_url_keys().await),
        kind(imap.fetch_urls(&["imap://a"]).await),
        kind(imap.jmap_access().await),
        kind(imap.create_special("x", &["\\Archive"]).await),
        kind(inbox.annotations(uid, &entries, &["value"]).await),
        kind(inbox.annotate(uid, &entries[0], &[("value.priv", None)]).await),
        kind(inbox.store_labels(uid, FlagAction::Add, &["x"]).await),
    ];
    assert!(refused.iter().all(|kind| *kind == Kind::Unsupported), "{refused:?}");
    assert_eq!(server.commands().len(), sent);
}

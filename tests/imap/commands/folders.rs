//! The tree of all mailboxes, and the mailbox with a role: the same result on every rung of the ladder, and what is sent.

use postroom::Kind;
use postroom::imap::{FolderTree, Imap, MailboxName, Role, RoleSource, StatusItems};
use postroom::testing::{Builder, Server};

use crate::support::{embedded, plaintext, scripted};

async fn session(lacks: &[&str]) -> (Server, Imap) {
    let builder = lacks.iter().fold(Server::builder(), |builder: Builder, name| builder.without(name));
    let server = builder.sample_mail().in_memory().unwrap();
    let imap = embedded(&server, plaintext()).await;
    for name in ["Für alle/eins", "R&D"] {
        imap.create_mailbox(name).await.unwrap();
    }
    imap.subscribe("R&D").await.unwrap();
    imap.unsubscribe("Junk").await.unwrap();
    (server, imap)
}

/// Everything that the tree says, a line for each mailbox.
fn said(tree: &FolderTree) -> Vec<String> {
    assert!(tree.unreadable().is_empty());
    let line = |node: postroom::imap::FolderNode<'_>| {
        format!(
            "{}{} {:?} {} {} {:?} {:?} {:?} {:?}",
            ".".repeat(node.depth()),
            node.display_name(),
            node.role(),
            node.is_subscribed(),
            node.is_selectable(),
            node.messages(),
            node.unseen(),
            node.size(),
            node.rights().map(|rights| rights.to_string()),
        )
    };
    tree.iter().map(line).collect()
}

#[tokio::test(start_paused = true)]
async fn every_rung_of_the_ladder_makes_the_same_tree() {
    let lacks: [&[&str]; 5] =
        [&[], &["LIST-STATUS"], &["LIST-MYRIGHTS"], &["LIST-EXTENDED"], &["LIST-EXTENDED", "SPECIAL-USE"]];
    let mut wanted = Vec::new();
    for lacks in lacks {
        let (server, imap) = session(lacks).await;
        let before = server.commands().len();
        let tree = imap.folders().rights().await.unwrap();
        let sent = server.commands().len() - before;
        if lacks.is_empty() {
            assert_eq!(sent, 1, "{:?}", &server.commands()[before..]);
            wanted = said(&tree);
            assert!(wanted.iter().any(|line| line.starts_with("R&D None true true")), "{wanted:#?}");
            assert!(wanted.iter().any(|line| line.starts_with(".eins None false true")), "{wanted:#?}");
            assert!(wanted.iter().any(|line| line.starts_with("Junk Some(Junk) false true")), "{wanted:#?}");
        } else {
            assert_eq!(said(&tree), wanted, "{lacks:?}");
        }
        let source = if lacks.contains(&"SPECIAL-USE") { RoleSource::Name } else { RoleSource::SpecialUse };
        assert_eq!(tree.special(Role::Sent).unwrap().role_source(), Some(source));
        // The counts are those of STATUS, asked one by one.
        for node in tree.iter().filter(|node| node.is_selectable()) {
            let items = StatusItems::MESSAGES | StatusItems::UNSEEN | StatusItems::SIZE;
            let status = imap.status(node.name(), items).await.unwrap();
            assert_eq!((node.messages(), node.unseen(), node.size()), (status.messages, status.unseen, status.size));
        }
        let names = imap.folders().without_counts().await.unwrap();
        assert_eq!(names.len(), tree.len());
        assert!(names.iter().all(|node| node.status().is_none() && node.rights().is_none()));
    }
}

#[tokio::test(start_paused = true)]
async fn without_any_extension_five_commands_tell_all() {
    let dialogue = "
        S: * PREAUTH [CAPABILITY IMAP4rev1 XLIST] ready
        C: {A} LIST \"\" \"*\"
        S: * LIST (\\HasNoChildren) \"/\" INBOX
        S: * LIST (\\HasChildren \\Noselect) \"/\" \"[Gmail]\"
        S: * LIST (\\HasNoChildren) \"/\" \"[Gmail]/Gesendet\"
        S: * LIST (\\HasNoChildren) \"/\" \"[Gmail]/Entw&APw-rfe\"
        S: {A} OK done
        C: {B} LSUB \"\" \"*\"
        S: * LSUB () \"/\" \"[Gmail]/Gesendet\"
        S: {B} OK done
        C: {C} STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)
        C: {D} STATUS [Gmail]/Gesendet (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)
        C: {E} STATUS [Gmail]/Entw&APw-rfe (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)
        S: * STATUS INBOX (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7 UNSEEN 1)
        S: {C} OK done
        S: * STATUS \"[Gmail]/Gesendet\" (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7 UNSEEN 1)
        S: {D} OK done
        S: {E} NO [NOPERM] no
        C: {F} XLIST \"\" \"*\"
        S: * XLIST (\\HasNoChildren \\Inbox) \"/\" Posteingang
        S: * XLIST (\\HasNoChildren \\Sent) \"/\" \"[Gmail]/Gesendet\"
        S: {F} OK done
    ";
    let (script, imap) = scripted(dialogue, plaintext()).await;
    let tree = imap.unwrap().folders().await.unwrap();
    script.finish().await.unwrap();
    let lines = said(&tree);
    assert_eq!(
        lines,
        [
            "INBOX Some(Inbox) false true Some(3) Some(1) None None",
            "[Gmail] None false false None None None None",
            ".Gesendet Some(Sent) true true Some(3) Some(1) None None",
            ".Entwürfe Some(Drafts) false true None None None None",
        ]
    );
    assert_eq!(tree.special(Role::Sent).unwrap().role_source(), Some(RoleSource::Xlist));
    assert_eq!(tree.special(Role::Drafts).unwrap().role_source(), Some(RoleSource::Name));
    let inbox = tree.find(&MailboxName::INBOX).unwrap();
    assert_eq!(inbox.aliases().count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refused_xlist_leaves_the_names() {
    let dialogue = "
        S: * PREAUTH [CAPABILITY IMAP4rev1 XLIST] ready
        C: {A} LIST \"\" \"*\"
        S: * LIST () \"/\" INBOX
        S: * LIST () \"/\" Sent
        S: {A} OK done
        C: {B} LSUB \"\" \"*\"
        S: {B} OK done
        C: {C} XLIST \"\" \"*\"
        S: {C} BAD what
    ";
    let (script, imap) = scripted(dialogue, plaintext()).await;
    let tree = imap.unwrap().folders().without_counts().await.unwrap();
    script.finish().await.unwrap();
    assert_eq!(tree.special(Role::Sent).unwrap().role_source(), Some(RoleSource::Name));
}

#[tokio::test(start_paused = true)]
async fn rights_without_acl_are_refused_before_anything_is_sent() {
    let (server, imap) = session(&["ACL"]).await;
    let sent = server.commands().len();
    assert_eq!(imap.folders().rights().await.unwrap_err().kind(), Kind::Unsupported);
    assert_eq!(server.commands().len(), sent);
}

#[tokio::test(start_paused = true)]
async fn a_role_is_found_once_and_remembered() {
    let (server, imap) = session(&[]).await;
    let before = server.commands().len();
    for _ in 0..3 {
        assert_eq!(imap.special(Role::Sent).await.unwrap().as_str(), "Sent");
        assert_eq!(imap.special(Role::Inbox).await.unwrap(), MailboxName::INBOX);
    }
    assert_eq!(server.commands().len(), before + 1);
    assert_eq!(imap.special(Role::All).await.unwrap_err().kind(), Kind::Unsupported);
}

#[tokio::test(start_paused = true)]
async fn a_missing_mailbox_is_created_for_its_role_and_subscribed() {
    for lacks in [&[][..], &["CREATE-SPECIAL-USE"], &["LIST-EXTENDED"], &["NAMESPACE"]] {
        let (server, imap) = session(lacks).await;
        imap.delete_mailbox("Trash").await.unwrap();
        let name = imap.special(Role::Trash).await.unwrap();
        assert_eq!(name.as_str(), "Trash");
        let other = embedded(&server, plaintext()).await;
        let subscribed = other.list_subscribed("Trash").await.unwrap();
        assert_eq!(subscribed.len(), 1, "{lacks:?}");
        let listed = other.list("Trash").await.unwrap();
        assert_eq!(listed[0].has("\\Trash"), !lacks.contains(&"CREATE-SPECIAL-USE"), "{lacks:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_prefix_of_the_users_own_mailboxes_is_respected() {
    let dialogue = "
        S: * PREAUTH [CAPABILITY IMAP4rev1 NAMESPACE CREATE-SPECIAL-USE] ready
        C: {A} LIST \"\" \"*\"
        S: * LIST (\\HasChildren) \".\" INBOX
        S: * LIST () \".\" INBOX.Work
        S: * LIST () \".\" shared.Sent
        S: {A} OK done
        C: {B} LSUB \"\" \"*\"
        S: {B} OK done
        C: {C} NAMESPACE
        S: * NAMESPACE ((\"INBOX.\" \".\")) NIL ((\"shared.\" \".\"))
        S: {C} OK done
        C: {D} CREATE INBOX.Sent (USE (\\Sent))
        S: {D} NO [USEATTR] not here
        C: {E} CREATE INBOX.Sent
        S: {E} OK done
        C: {F} SUBSCRIBE INBOX.Sent
        S: {F} NO not allowed
    ";
    let (script, imap) = scripted(dialogue, plaintext()).await;
    let imap = imap.unwrap();
    assert_eq!(imap.special(Role::Sent).await.unwrap().as_str(), "INBOX.Sent");
    assert_eq!(imap.special(Role::Sent).await.unwrap().as_str(), "INBOX.Sent");
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_namespace_a_mailbox_is_created_beside_the_others() {
    let dialogue = "
        S: * PREAUTH [CAPABILITY IMAP4rev1] ready
        C: {A} LIST \"\" \"*\"
        S: * LIST (\\HasChildren) \".\" INBOX
        S: * LIST () \".\" INBOX.Work
        S: {A} OK done
        C: {B} LSUB \"\" \"*\"
        S: {B} OK done
        C: {C} CREATE INBOX.Archive
        S: {C} OK done
        C: {D} SUBSCRIBE INBOX.Archive
        S: {D} OK done
    ";
    let (script, imap) = scripted(dialogue, plaintext()).await;
    assert_eq!(imap.unwrap().special(Role::Archive).await.unwrap().as_str(), "INBOX.Archive");
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_another_client_creates_meanwhile_is_taken_and_a_refusal_is_reported() {
    let begin = "
        S: * PREAUTH [CAPABILITY IMAP4rev1 NAMESPACE] ready
        C: {A} LIST \"\" \"*\"
        S: * LIST () \"/\" INBOX
        S: {A} OK done
        C: {B} LSUB \"\" \"*\"
        S: {B} OK done
        C: {C} NAMESPACE
        S: * NAMESPACE ((\"\" \"/\")) NIL NIL
        S: {C} OK done
        C: {D} CREATE Junk
        S: {D} NO [ALREADYEXISTS] no
        C: {E} LIST \"\" \"*\"
        S: * LIST () \"/\" INBOX
    ";
    let end = "
        S: {E} OK done
        C: {F} LSUB \"\" \"*\"
        S: {F} OK done
    ";
    let (script, imap) = scripted(&format!("{begin}S: * LIST () \"/\" Junk\n{end}"), plaintext()).await;
    assert_eq!(imap.unwrap().special(Role::Junk).await.unwrap().as_str(), "Junk");
    script.finish().await.unwrap();
    let (script, imap) = scripted(&format!("{begin}{end}"), plaintext()).await;
    let error = imap.unwrap().special(Role::Junk).await.unwrap_err();
    assert!(error.kind() == Kind::Rejected && error.code().is_some_and(|code| code.is("ALREADYEXISTS")));
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_role_whose_mailbox_does_not_exist_is_created_under_its_name() {
    let dialogue = "
        S: * PREAUTH [CAPABILITY IMAP4rev1 LIST-EXTENDED SPECIAL-USE] ready
        C: {A} LIST \"\" \"*\" RETURN (CHILDREN SPECIAL-USE SUBSCRIBED)
        S: * LIST () \"/\" INBOX
        S: * LIST (\\NonExistent \\Sent) \"/\" Gesendet
        S: {A} OK done
        C: {B} CREATE Gesendet
        S: {B} OK done
        C: {C} SUBSCRIBE Gesendet
        S: {C} OK done
    ";
    let (script, imap) = scripted(dialogue, plaintext()).await;
    assert_eq!(imap.unwrap().special(Role::Sent).await.unwrap().as_str(), "Gesendet");
    script.finish().await.unwrap();
}

//! What a person does with messages: marked, filed by the role of a mailbox, moved back, deleted. What the server has afterwards is
//! looked at in its store, or it is a dialogue.

use postroom::imap::{Imap, Items, Query, Transferred, Uid, Uids, Undo};
use postroom::testing::{Builder, Server};
use postroom::{Flag, FlagChange, Kind, Mailbox};

use crate::support::{embedded, plaintext, scripted};

fn uid(number: u32) -> Uid {
    Uid::new(number).unwrap()
}

fn uids(text: &str) -> Uids {
    text.parse().unwrap()
}

/// INBOX has `count` messages with the subjects `1`, `2`, ...
async fn session(builder: Builder, count: u32) -> (Server, Imap) {
    let server = builder.in_memory().unwrap();
    for number in 1..=count {
        server.deliver("alice", "INBOX", format!("Subject: {number}\r\n\r\ntext\r\n"), &[]).unwrap();
    }
    let imap = embedded(&server, plaintext()).await;
    (server, imap)
}

/// The subjects in a mailbox, each with its flags.
fn stored(server: &Server, mailbox: &str) -> Vec<String> {
    let snapshot = server.snapshot("alice").unwrap();
    let line = |message: &postroom::testing::MessageSnapshot| {
        let text = String::from_utf8_lossy(&message.bytes);
        let subject = text.lines().next().unwrap().strip_prefix("Subject: ").unwrap().to_owned();
        let mut flags: Vec<&str> = message.flags.iter().map(AsRef::as_ref).collect();
        flags.sort_unstable();
        [vec![subject.as_str()], flags].concat().join(" ")
    };
    snapshot.messages(mailbox).iter().map(line).collect()
}

#[tokio::test(start_paused = true)]
async fn messages_are_marked_by_uid_and_by_id() {
    let (server, mut imap) = session(Server::builder(), 4).await;
    let mut inbox = imap.select("INBOX").await.unwrap();
    let ids: Vec<_> = inbox.entries().await.unwrap().into_iter().map(|entry| entry.id).collect();
    inbox.mark_read(uids("1:2")).await.unwrap();
    inbox.mark_read(&ids[2]).await.unwrap();
    inbox.mark_unread(&ids[..1]).await.unwrap();
    inbox.mark_answered(vec![ids[1].clone()]).await.unwrap();
    inbox.mark_forwarded([ids[3].clone()]).await.unwrap();
    assert_eq!(stored(&server, "INBOX"), ["1", "2 \\Answered \\Seen", "3 \\Seen", "4 $Forwarded"]);
    inbox.delete(&ids[1..3]).await.unwrap();
    assert_eq!(stored(&server, "INBOX"), ["1", "4 $Forwarded"]);
}

/// With and without SEARCHRES: the result is kept by the server, or here.
#[tokio::test(start_paused = true)]
async fn every_call_takes_ids_and_saved_results() {
    for builder in [Server::builder(), Server::builder().without("SEARCHRES")] {
        let (server, mut imap) = session(builder, 4).await;
        let mut inbox = imap.select("INBOX").await.unwrap();
        let ids: Vec<_> = inbox.entries().await.unwrap().into_iter().map(|entry| entry.id).collect();
        let mut mail = inbox.fetch(&ids[1..3], Items::FLAGS).await.unwrap();
        let mut fetched = Vec::new();
        while let Some(message) = mail.try_next().await.unwrap() {
            fetched.extend(message.uid().map(Uid::as_u32));
        }
        drop(mail);
        assert_eq!(fetched, [2, 3]);
        inbox.store(&ids[..2], &FlagChange::add([Flag::FLAGGED])).await.unwrap();
        inbox.copy(&ids[3], "Sent").await.unwrap();
        assert_eq!(stored(&server, "Sent"), ["4"]);
        let flagged = inbox.search(&Query::flagged()).save().await.unwrap();
        inbox.mark_read(&flagged).await.unwrap();
        assert_eq!(stored(&server, "INBOX"), ["1 \\Flagged \\Seen", "2 \\Flagged \\Seen", "3", "4"]);
        inbox.archive(&flagged).await.unwrap();
        assert_eq!(stored(&server, "Archive"), ["1 \\Flagged \\Seen", "2 \\Flagged \\Seen"]);
        inbox.move_to(&ids[2], "Sent").await.unwrap();
        inbox.delete(&inbox.search(&Query::all()).save().await.unwrap()).await.unwrap();
        assert_eq!(stored(&server, "INBOX"), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn messages_of_elsewhere_are_refused_before_anything_is_sent() {
    let (server, mut imap) = session(Server::builder(), 1).await;
    let id = imap.select("Sent").await.unwrap().message_id(uid(1));
    let inbox = imap.select("INBOX").await.unwrap();
    let other = "1".parse::<Uids>().unwrap().stamped(7.try_into().unwrap());
    let sent = server.commands().len();
    for refused in [
        inbox.mark_read(&id).await,
        inbox.delete(other.clone()).await,
        inbox.archive(&id).await.map(drop),
        inbox.trash(other).await.map(drop),
        inbox.mark_junk([id.clone()]).await.map(drop),
    ] {
        assert_eq!(refused.unwrap_err().kind(), Kind::Input);
    }
    assert_eq!(inbox.archive(Uids::new()).await.unwrap(), Transferred::default());
    assert_eq!(server.commands().len(), sent);
    let inbox = imap.examine("INBOX").await.unwrap();
    let sent = server.commands().len();
    assert_eq!(inbox.trash(uid(1)).await.unwrap_err().kind(), Kind::Unsupported);
    assert_eq!(inbox.delete(uid(1)).await.unwrap_err().kind(), Kind::Unsupported);
    assert_eq!(server.commands().len(), sent);
}

#[tokio::test(start_paused = true)]
async fn what_is_filed_comes_back() {
    for lacks in [&[][..], &["MOVE"]] {
        let builder = lacks.iter().fold(Server::builder(), |builder: Builder, name| builder.without(name));
        let (server, mut imap) = session(builder, 4).await;
        let inbox = imap.select("INBOX").await.unwrap();
        let archived = inbox.archive(uids("1,9")).await.unwrap();
        assert_eq!(archived.missing.as_ref().unwrap().to_string(), "9", "{lacks:?}");
        let trashed = inbox.trash(uids("2:3")).await.unwrap();
        let junk = inbox.mark_junk(uid(4)).await.unwrap();
        assert!(stored(&server, "INBOX").is_empty());
        assert_eq!(stored(&server, "Archive"), ["1"]);
        assert_eq!(stored(&server, "Trash"), ["2", "3"]);
        assert_eq!(stored(&server, "Junk"), ["4 $Junk"]);

        // One is removed meanwhile, another one came.
        let trash = imap.select("Trash").await.unwrap();
        trash.delete(uid(1)).await.unwrap();
        server.deliver("alice", "Trash", "Subject: new\r\n\r\n", &[]).unwrap();
        let undone = imap.undo(trashed.undo.as_ref().unwrap()).await.unwrap();
        assert_eq!(undone.missing.to_string(), "2");
        assert_eq!(undone.missing.validity(), imap.select("INBOX").await.unwrap().info().unwrap().uid_validity);
        assert_eq!(
            (stored(&server, "INBOX"), stored(&server, "Trash")),
            (vec!["3".to_owned()], vec!["new".to_owned()])
        );
        imap.undo(junk.undo.as_ref().unwrap()).await.unwrap();
        imap.undo(archived.undo.as_ref().unwrap()).await.unwrap();
        assert_eq!(stored(&server, "INBOX"), ["3", "4", "1"]);

        // Nothing is there any more; and the other way round.
        let again = imap.undo(archived.undo.as_ref().unwrap()).await.unwrap();
        assert_eq!((again.missing.to_string(), again.moved), ("1".to_owned(), Transferred::default()));
        let redo = undone.moved.undo.unwrap();
        imap.undo(&redo).await.unwrap();
        assert_eq!(stored(&server, "Trash"), ["new", "3"]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_junk_comes_to_the_inbox() {
    let (server, mut imap) = session(Server::builder(), 0).await;
    server.deliver("alice", "Junk", "Subject: 1\r\n\r\n", &["$Junk"]).unwrap();
    let moved = imap.select("Junk").await.unwrap().mark_not_junk(uid(1)).await.unwrap();
    assert_eq!(stored(&server, "INBOX"), ["1 $NotJunk"]);
    imap.undo(&moved.undo.unwrap()).await.unwrap();
    assert_eq!(stored(&server, "Junk"), ["1"]);
}

#[tokio::test(start_paused = true)]
async fn another_session_can_undo_by_the_text_and_another_account_cannot() {
    let builder = Server::builder().user("alice", "alicepw").user("me", "secret");
    let (server, mut imap) = session(builder, 1).await;
    let moved = imap.select("INBOX").await.unwrap().trash(uid(1)).await.unwrap();
    let text = moved.undo.unwrap().to_string();
    imap.logout().await.unwrap();

    let undo: Undo = text.parse().unwrap();
    assert_eq!(
        (undo.from().as_str(), undo.to().as_str(), undo.messages().unwrap().to_string()),
        ("INBOX", "Trash", "1".into())
    );
    let login = postroom::Login::password("me", "secret");
    let mut stranger = crate::support::session::imap(server.imap_stream(), plaintext(), login).await.unwrap();
    let sent = server.commands().len();
    assert_eq!(stranger.undo(&undo).await.unwrap_err().kind(), Kind::Input);
    assert_eq!(server.commands().len(), sent);

    let mut later = embedded(&server, plaintext()).await;
    assert!(later.undo(&undo).await.unwrap().missing.is_empty());
    assert_eq!(stored(&server, "INBOX"), ["1"]);

    // Another mailbox of the same name.
    let moved = later.select("INBOX").await.unwrap().trash(uid(2)).await.unwrap();
    later.delete_mailbox("Trash").await.unwrap();
    let undo = moved.undo.unwrap();
    assert_eq!(later.undo(&undo).await.unwrap_err().kind(), Kind::Rejected);
    later.create_mailbox("Trash").await.unwrap();
    server.deliver("alice", "Trash", "Subject: other\r\n\r\n", &[]).unwrap();
    assert_eq!(later.undo(&undo).await.unwrap_err().kind(), Kind::Input);
    assert_eq!(stored(&server, "Trash"), ["other"]);
}

#[tokio::test(start_paused = true)]
async fn there_is_no_undo_if_the_server_does_not_show_where_messages_went() {
    let (server, mut imap) = session(Server::builder().without("UIDPLUS").without("OBJECTID"), 2).await;
    let inbox = imap.select("INBOX").await.unwrap();
    let moved = inbox.trash(uid(1)).await.unwrap();
    assert_eq!((moved.mapping, moved.undo), (None, None));
    assert_eq!(stored(&server, "Trash"), ["1"]);
    let sent = server.commands().len();
    assert_eq!(inbox.delete(uid(2)).await.unwrap_err().kind(), Kind::Unsupported);
    assert_eq!(server.commands().len(), sent);
}

/// Copies of the same message were in the destination before, come there later, and one is taken away.
#[tokio::test(start_paused = true)]
async fn without_uids_messages_are_found_by_their_identifiers() {
    let builder = Server::builder().without("UIDPLUS").without("IMAP4rev2");
    let (server, mut imap) = session(builder, 5).await;
    let inbox = imap.select("INBOX").await.unwrap();
    inbox.copy(uids("2,4"), "Trash").await.unwrap();
    let moved = inbox.trash(uids("2:4,9")).await.unwrap();
    assert_eq!(moved.mapping, None);
    let undo: Undo = moved.undo.unwrap().to_string().parse().unwrap();
    assert_eq!(undo.messages(), None);
    assert_eq!(stored(&server, "Trash"), ["2", "4", "2", "3", "4"]);
    server.deliver("alice", "Trash", "Subject: other\r\n\r\n", &[]).unwrap();
    server.expunge("alice", "Trash", 4).unwrap();
    let undone = imap.undo(&undo).await.unwrap();
    assert_eq!(undone.missing.to_string(), "3");
    assert_eq!(
        (stored(&server, "Trash"), stored(&server, "INBOX")),
        (vec!["2".to_owned(), "4".into(), "other".into()], vec!["1".to_owned(), "5".into(), "2".into(), "4".into()],)
    );
    // And back again.
    let again = imap.undo(&undone.moved.undo.unwrap()).await.unwrap();
    assert!(again.missing.is_empty());
    assert_eq!(stored(&server, "Trash"), ["2", "4", "other", "2", "4"]);
    assert_eq!(imap.undo(&undo).await.unwrap().missing.to_string(), "3");
}

#[tokio::test(start_paused = true)]
async fn only_the_messages_that_are_named_are_deleted() {
    let (server, mut imap) = session(Server::builder(), 3).await;
    server.set_flags("alice", "INBOX", 3, &["\\Deleted"]).unwrap();
    let inbox = imap.select("INBOX").await.unwrap();
    inbox.delete(uids("1,7")).await.unwrap();
    assert_eq!(stored(&server, "INBOX"), ["2", "3 \\Deleted"]);
}

#[tokio::test(start_paused = true)]
async fn messages_are_not_filed_into_the_mailbox_where_they_are() {
    let (server, mut imap) = session(Server::builder(), 0).await;
    server.deliver("alice", "Trash", "Subject: 1\r\n\r\n", &[]).unwrap();
    let trash = imap.select("Trash").await.unwrap();
    assert_eq!(trash.trash(uid(1)).await.unwrap_err().kind(), Kind::Input);
    assert_eq!(stored(&server, "Trash"), ["1"]);
    assert!(trash.search(&Query::uids(uid(1))).await.unwrap().contains(uid(1)));
}

#[tokio::test(start_paused = true)]
async fn a_draft_takes_the_place_of_its_earlier_version() {
    for lacks in [&[][..], &["REPLACE"]] {
        let builder = lacks.iter().fold(Server::builder(), |builder: Builder, name| builder.without(name));
        let (server, mut imap) = session(builder, 0).await;
        let drafts = imap.select("Drafts").await.unwrap();
        let first = drafts.save_draft(None, "Subject: 1\r\n\r\n").await.unwrap().unwrap();
        let flagged = postroom::imap::Append::from("Subject: 2\r\n\r\n").flags([Flag::DRAFT, Flag::FLAGGED]);
        let second = drafts.save_draft(Some(first.uid), flagged).await.unwrap().unwrap();
        assert_eq!(stored(&server, "Drafts"), ["2 \\Draft \\Flagged \\Seen"], "{lacks:?}");
        assert_ne!(first.uid, second.uid);
        assert_eq!(drafts.save_draft(Some(first.uid), "Subject: 3\r\n\r\n").await.unwrap_err().kind(), Kind::Rejected);
        assert_eq!(stored(&server, "Drafts"), ["2 \\Draft \\Flagged \\Seen"], "{lacks:?}");
    }
}

/// Greeting, the mailbox, and the way to the one for spam.
fn dialogue(capabilities: &str, permanent: &str, rest: &str) -> String {
    format!(
        "
        S: * PREAUTH [CAPABILITY IMAP4rev1 MOVE UIDPLUS LIST-EXTENDED SPECIAL-USE{capabilities}] ready
        C: {{S}} SELECT INBOX
        S: * 3 EXISTS
        S: * OK [UIDVALIDITY 7] stable
        S: * OK [PERMANENTFLAGS ({permanent})] limited
        S: {{S}} OK [READ-WRITE] done
        C: {{A}} LIST \"\" \"*\" RETURN (CHILDREN SPECIAL-USE SUBSCRIBED)
        S: * LIST () \"/\" INBOX
        S: * LIST (\\Junk) \"/\" Spam
        S: * LIST (\\All) \"/\" All
        S: {{A}} OK done
        {rest}
    "
    )
}

#[tokio::test(start_paused = true)]
async fn keywords_that_are_not_kept_are_not_sent() {
    let rest = "
        C: {B} UID STORE 2 -FLAGS.SILENT ($NotJunk)
        S: {B} OK done
        C: {C} UID MOVE 2 Spam
        S: * OK [COPYUID 8 2 5] moved
        S: * 2 EXPUNGE
        S: {C} OK done
    ";
    let (script, imap) = scripted(&dialogue("", "\\Seen $NotJunk", rest), plaintext()).await;
    let inbox = imap.unwrap().into_folder("INBOX").await.unwrap();
    let moved = inbox.mark_junk(uid(2)).await.unwrap();
    assert_eq!(moved.undo.unwrap().messages().unwrap().to_string(), "5");
    assert_eq!(inbox.mark_forwarded(uid(1)).await.unwrap_err().kind(), Kind::Unsupported);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_that_is_gone_is_looked_for_again() {
    let rest = "
        C: {C} UID MOVE 2 Spam
        S: {C} NO [TRYCREATE] gone
        C: {D} LIST \"\" \"*\" RETURN (CHILDREN SPECIAL-USE SUBSCRIBED)
        S: * LIST (\\Junk) \"/\" Junk
        S: * LIST () \"/\" INBOX
        S: {D} OK done
        C: {E} UID MOVE 2 Junk
        S: {E} OK [COPYUID 8 2 5] moved
        C: {F} UID MOVE 3 Junk
        S: {F} NO [TRYCREATE] gone
        C: {G} LIST \"\" \"*\" RETURN (CHILDREN SPECIAL-USE SUBSCRIBED)
        S: * LIST (\\Junk) \"/\" Junk
        S: * LIST () \"/\" INBOX
        S: {G} OK done
        C: {H} UID MOVE 3 Junk
        S: {H} NO [TRYCREATE] gone
    ";
    let (script, imap) = scripted(&dialogue("", "\\Seen", rest), plaintext()).await;
    let inbox = imap.unwrap().into_folder("INBOX").await.unwrap();
    assert_eq!(inbox.mark_junk(uid(2)).await.unwrap().undo.unwrap().to().as_str(), "Junk");
    assert!(inbox.mark_junk(uid(3)).await.unwrap_err().is_missing_mailbox());
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn on_gmail_all_mail_is_the_archive() {
    let rest = "
        C: {C} UID MOVE 2 All
        S: {C} OK [COPYUID 8 2 5] moved
    ";
    let (script, imap) = scripted(&dialogue(" X-GM-EXT-1", "\\Seen", rest), plaintext()).await;
    let inbox = imap.unwrap().into_folder("INBOX").await.unwrap();
    assert_eq!(inbox.archive(uid(2)).await.unwrap().undo.unwrap().to().as_str(), "All");
    script.finish().await.unwrap();
}

//! The program over IMAP: the folder that owns its session, boxed, and the one that borrows it.

use std::time::Duration;

use postroom::imap::Imap;
use postroom::testing::{Server, Snapshot};
use postroom::{Changes, Flag, Kind, Mailbox, MessageId, Part};

use super::program::{delete_first, flag_first, harvest};
use crate::support::{PREAUTH, SELECT, embedded, plaintext, scripted};

fn server() -> Server {
    Server::builder().sample_mail().in_memory().unwrap()
}

async fn boxed(server: &Server) -> Box<dyn Mailbox> {
    Box::new(embedded(server, plaintext()).await.into_folder("INBOX").await.unwrap())
}

fn state(server: &Server) -> Snapshot {
    server.snapshot("alice").unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_gives_what_the_server_holds_byte_for_byte_and_changes_nothing() {
    let server = server();
    let before = state(&server);
    let mut mailbox = boxed(&server).await;
    let harvest = harvest(&mut *mailbox).await;
    let held: Vec<Vec<u8>> = before.messages("INBOX").iter().map(|message| message.bytes.to_vec()).collect();
    assert_eq!(harvest.whole, held);
    assert!(harvest.subjects.iter().filter(|subject| subject.is_some()).count() > 20);
    assert_eq!(state(&server), before, "nothing is marked as read");
}

#[tokio::test(start_paused = true)]
async fn the_guard_and_the_owner_are_the_same_to_the_program() {
    let server = server();
    let mut imap: Imap = embedded(&server, plaintext()).await;
    let mut guard = imap.select("INBOX").await.unwrap();
    let by_guard = harvest(&mut guard).await;
    assert_eq!(by_guard, harvest(&mut *boxed(&server).await).await);
}

#[tokio::test(start_paused = true)]
async fn entries_tell_size_flags_and_date() {
    let server = server();
    let mut mailbox = boxed(&server).await;
    let snapshot = state(&server);
    for (entry, message) in mailbox.entries().await.unwrap().iter().zip(snapshot.messages("INBOX")) {
        assert_eq!(entry.size, Some(message.bytes.len() as u64));
        assert_eq!(entry.received, Some(message.internal_date));
        let flags = entry.flags.as_ref().unwrap().iter().filter(|flag| *flag != "\\Recent");
        let mut flags: Vec<String> = flags.map(|flag| flag.to_string()).collect();
        flags.sort();
        assert_eq!(flags, message.flags);
    }
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_says_which_messages_are_still_there() {
    let server = server();
    let mut mailbox = boxed(&server).await;
    let ids: Vec<MessageId> = mailbox.entries().await.unwrap().into_iter().map(|entry| entry.id).collect();
    server.expunge("alice", "INBOX", 2).unwrap();
    server.clear_commands();
    let asked = [ids[3].clone(), ids[1].clone(), ids[0].clone()];
    assert_eq!(mailbox.existing(&asked).await.unwrap(), [ids[3].clone(), ids[0].clone()]);
    assert_eq!(server.commands().len(), 2, "{:?}", server.commands());
    assert!(mailbox.existing(&[]).await.unwrap().is_empty());
    let foreign = [MessageId::other("shop", "1")];
    assert_eq!(mailbox.existing(&foreign).await.unwrap_err().kind(), Kind::Input);
    assert_eq!(server.commands().len(), 2, "nothing more was sent");
}

#[tokio::test]
async fn which_are_there_is_asked_in_one_flight_and_only_an_answer_to_just_that_counts() {
    let dialogue = format!(
        "{PREAUTH}{SELECT}
        C: {{A}} NOOP
        C: {{B}} UID SEARCH RETURN (ALL) UID 5,7
        S: * 2 EXPUNGE
        S: {{A}} OK done
        S: * ESEARCH (TAG \"{{B}}\") UID ALL 7
        S: {{B}} OK done
        C: {{N}} NOOP
        C: {{M}} UID SEARCH RETURN (ALL) UID 5,7
        S: {{N}} OK done
        S: {{M}} NO not now
        C: {{O}} NOOP
        C: {{P}} UID SEARCH RETURN (ALL) UID 5,7
        S: {{O}} OK done
        S: * ESEARCH (TAG \"{{P}}\") UID ALL 6:7,9
        S: {{P}} OK done"
    );
    let (script, imap) = scripted(&dialogue, plaintext()).await;
    let mut folder = imap.unwrap().into_folder("INBOX").await.unwrap();
    let id = |uid: u32| -> MessageId { format!("postroom1:imap:alice@localhost/INBOX/7/{uid}").parse().unwrap() };
    let asked = [id(5), id(7)];
    assert_eq!(folder.existing(&asked).await.unwrap(), [id(7)]);
    assert_eq!(folder.existing(&asked).await.unwrap_err().kind(), Kind::Rejected, "a refusal is no answer");
    assert_eq!(folder.existing(&asked).await.unwrap_err().kind(), Kind::Missing, "nor is one about other messages");
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn deleting_removes_just_that_message_and_dropping_removes_none() {
    let server = server();
    // Not ours to remove: another client has marked it.
    server.set_flags("alice", "INBOX", 2, &["\\Deleted"]).unwrap();
    let before = state(&server);
    let mut mailbox = boxed(&server).await;
    let first = mailbox.entries().await.unwrap().remove(0).id;
    mailbox.mark_deleted(std::slice::from_ref(&first)).await.unwrap();
    drop(mailbox);
    server.all_closed().await;
    assert_eq!(state(&server), before);
    let mut mailbox = boxed(&server).await;
    let deleted = delete_first(&mut *mailbox).await;
    assert_eq!(deleted, first, "an id is the same in the next session");
    let uids: Vec<u32> = state(&server).messages("INBOX").iter().map(|message| message.uid).collect();
    assert_eq!(uids[..2], [2, 3]);
    assert_eq!(mailbox.entries().await.unwrap().len(), uids.len(), "an IMAP mailbox stays open");
}

#[tokio::test(start_paused = true)]
async fn features_say_beforehand_what_fails_later() {
    let server = server();
    let mut mailbox = boxed(&server).await;
    let features = mailbox.features();
    assert!(features.changes == Changes::Push && features.folders && features.stable_ids && features.delete);
    assert!(flag_first(&mut *mailbox).await);
    assert!(state(&server).messages("INBOX")[0].flags.contains(&Flag::FLAGGED.to_string()));

    let poor = Server::builder().sample_mail().without("IDLE").without("UIDPLUS").in_memory().unwrap();
    let mut mailbox = boxed(&poor).await;
    let features = mailbox.features();
    assert!(features.changes == Changes::Poll(Duration::from_secs(60)) && !features.delete);
    let first = mailbox.entries().await.unwrap().remove(0).id;
    poor.clear_commands();
    assert_eq!(mailbox.mark_deleted(&[first]).await.unwrap_err().kind(), Kind::Unsupported);
    assert_eq!(poor.commands(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn idle_returns_when_mail_comes_by_push_and_by_looking() {
    for server in [server(), Server::builder().without("IDLE").in_memory().unwrap()] {
        let mut mailbox = boxed(&server).await;
        let before = mailbox.entries().await.unwrap().len();
        let deliver = async {
            tokio::time::sleep(Duration::from_secs(600)).await;
            server.deliver("alice", "INBOX", "Subject: new\r\n\r\n", &[]).unwrap();
        };
        let (told, ()) = tokio::join!(mailbox.changed(), deliver);
        told.unwrap();
        assert_eq!(mailbox.entries().await.unwrap().len(), before + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_of_another_mailbox_is_refused_before_anything_is_sent() {
    let server = server();
    let mut imap = embedded(&server, plaintext()).await;
    let foreign = {
        let mut sent = imap.select("Sent").await.unwrap();
        let sent: &mut dyn Mailbox = &mut sent;
        sent.entries().await.unwrap().remove(0).id
    };
    let mut inbox = imap.select("INBOX").await.unwrap();
    let inbox: &mut dyn Mailbox = &mut inbox;
    server.clear_commands();
    for id in [foreign, MessageId::other("stub", "1")] {
        let ids = std::slice::from_ref(&id);
        assert_eq!(inbox.messages(ids, Part::Whole).await.unwrap_err().kind(), Kind::Input);
        assert_eq!(inbox.open(&id).await.unwrap_err().kind(), Kind::Input);
        assert_eq!(inbox.mark_deleted(ids).await.unwrap_err().kind(), Kind::Input);
    }
    assert_eq!(server.commands(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_preview_is_the_header_and_the_beginning_of_the_text() {
    let server = Server::builder().in_memory().unwrap();
    let text = "x".repeat(1000);
    server.deliver("alice", "INBOX", format!("Subject: long\r\n\r\n{text}"), &[]).unwrap();
    let mut mailbox = boxed(&server).await;
    let ids = [mailbox.entries().await.unwrap().remove(0).id];
    for (part, wanted) in [
        (Part::Header, "Subject: long\r\n\r\n".to_owned()),
        (Part::Preview(0), "Subject: long\r\n\r\n".to_owned()),
        (Part::Preview(2), format!("Subject: long\r\n\r\n{}", &text[..160])),
    ] {
        let mut messages = mailbox.messages(&ids, part).await.unwrap();
        let message = messages.try_next().await.unwrap().unwrap();
        assert_eq!(String::from_utf8_lossy(message.bytes()), wanted, "{part:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn of_messages_that_are_gone_nothing_comes() {
    let server = server();
    let mut mailbox = boxed(&server).await;
    let ids: Vec<_> = mailbox.entries().await.unwrap().into_iter().map(|entry| entry.id).collect();
    server.expunge("alice", "INBOX", 1).unwrap();
    let mut other = boxed(&server).await;
    let mut messages = other.messages(&ids[..2], Part::Header).await.unwrap();
    assert_eq!(messages.try_next().await.unwrap().unwrap().id(), &ids[1]);
    assert!(messages.try_next().await.unwrap().is_none());
    drop(messages);
    assert_eq!(other.open(&ids[0]).await.unwrap_err().kind(), Kind::Rejected);
}

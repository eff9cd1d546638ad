//! SELECT and FETCH in one round trip.

use postroom::Kind;
use postroom::imap::{Items, Uid, UidValidity, Uids};
use postroom::testing::Server;

use crate::support::{embedded, greeted, plaintext};

#[tokio::test(start_paused = true)]
async fn select_and_fetch_share_a_flight() {
    let dialogue = "
        C: {A} EXAMINE INBOX
        C: {B} UID FETCH 1:* (UID FLAGS)
        S: * 2 EXISTS
        S: * OK [UIDVALIDITY 7] stable
        S: {A} OK [READ-ONLY] done
        S: * 1 FETCH (UID 5 FLAGS ())
        S: * 2 FETCH (UID 6 FLAGS (\\Seen))
        S: {B} OK done
        C: {D} NOOP
        S: {D} OK done
    ";
    let (script, mut imap) = greeted(dialogue, plaintext()).await;
    let mut mail = imap.open("INBOX").read_only().fetch(Uids::ALL, Items::FLAGS).await.unwrap();
    let mut seen = Vec::new();
    while let Some(message) = mail.try_next().await.unwrap() {
        seen.push(message.uid().unwrap().as_u32());
    }
    assert_eq!(seen, [5, 6]);
    drop(mail);
    let inbox = imap.selected_folder().unwrap();
    assert!(inbox.info().unwrap().read_only);
    inbox.noop().await.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refused_select_is_the_error_and_nothing_is_selected() {
    let server = Server::builder().sample_mail().in_memory().unwrap();
    let mut imap = embedded(&server, plaintext()).await;
    imap.select("INBOX").await.unwrap();
    let error = imap.open("None").fetch(Uids::ALL, Items::FLAGS).await.unwrap_err();
    assert_eq!((error.kind(), error.code().unwrap().name()), (Kind::Rejected, "NONEXISTENT"));
    assert_eq!(imap.selected_folder().unwrap_err().kind(), Kind::Closed);
    imap.noop().await.unwrap();
    assert_eq!(imap.open("a\0").fetch(Uids::ALL, Items::FLAGS).await.unwrap_err().kind(), Kind::Input);
}

#[tokio::test(start_paused = true)]
async fn an_empty_mailbox_has_no_messages_whatever_the_server_thinks_of_the_question() {
    let dialogue = "
        C: {A} SELECT Empty
        C: {B} UID FETCH 1:* (UID FLAGS)
        S: * 0 EXISTS
        S: {A} OK done
        S: {B} BAD no such message
    ";
    let (script, mut imap) = greeted(dialogue, plaintext()).await;
    let mut mail = imap.open("Empty").fetch(Uids::ALL, Items::FLAGS).await.unwrap();
    assert!(mail.try_next().await.unwrap().is_none());
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stamped_set_is_not_asked_for_under_another_uidvalidity() {
    let dialogue = "
        C: {A} SELECT INBOX
        S: * 2 EXISTS
        S: * OK [UIDVALIDITY 7] stable
        S: {A} OK done
        C: {B} SELECT INBOX
        S: * 2 EXISTS
        S: * OK [UIDVALIDITY 7] stable
        S: {B} OK done
        C: {D} UID FETCH 5 (UID FLAGS)
        S: * 1 FETCH (UID 5 FLAGS ())
        S: {D} OK done
    ";
    let (script, mut imap) = greeted(dialogue, plaintext()).await;
    let uids = |validity| Uids::from(Uid::new(5).unwrap()).stamped(UidValidity::new(validity).unwrap());
    let error = imap.open("INBOX").fetch(uids(6), Items::FLAGS).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Input);
    let mut mail = imap.open("INBOX").fetch(uids(7), Items::FLAGS).await.unwrap();
    assert_eq!(mail.try_next().await.unwrap().unwrap().uid(), Uid::new(5).ok());
    assert!(mail.try_next().await.unwrap().is_none());
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn awaited_it_is_a_folder_and_one_message_can_be_had_by_itself() {
    let server = Server::builder().sample_mail().in_memory().unwrap();
    let mut imap = embedded(&server, plaintext()).await;
    let inbox = imap.open("INBOX").await.unwrap();
    let (first, second) =
        tokio::join!(inbox.get(Uid::new(1).unwrap(), Items::ENVELOPE), inbox.get(Uid::new(2).unwrap(), Items::SIZE));
    assert_eq!(first.unwrap().unwrap().subject().unwrap(), "Lunch on Thursday?");
    assert!(second.unwrap().unwrap().size().is_some());
    assert!(inbox.get(Uid::new(9999).unwrap(), Items::FLAGS).await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn dropped_at_any_poll_the_session_goes_on() {
    for polls in 0..12 {
        let server = Server::builder().sample_mail().in_memory().unwrap();
        let mut imap = embedded(&server, plaintext()).await;
        let mut work = Box::pin(imap.open("INBOX").fetch(Uids::ALL, Items::FLAGS));
        for _ in 0..polls {
            if crate::support::once(work.as_mut()).await.is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(work);
        let mut mail = imap.open("Archive").fetch(Uids::ALL, Items::FLAGS).await.unwrap();
        while mail.try_next().await.unwrap().is_some() {}
        drop(mail);
        assert_eq!(imap.selected_folder().unwrap().info().unwrap().name.as_str(), "Archive");
    }
}

//! Commands on whole mailboxes.

use postroom::Kind;
use postroom::imap::{Imap, StatusItems, Uid};
use postroom::testing::Server;

use crate::support::{embedded, greeted, plaintext};

async fn names(imap: &Imap, pattern: &str) -> Vec<String> {
    imap.list(pattern).await.unwrap().into_iter().map(|listed| listed.name.to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn mailboxes_are_made_renamed_counted_and_removed() {
    let server = Server::builder().in_memory().unwrap();
    let imap = embedded(&server, plaintext()).await;
    imap.create_mailbox("Projekte/Küche").await.unwrap();
    assert_eq!(names(&imap, "Projekte*").await, ["Projekte", "Projekte/Küche"]);
    imap.append("Projekte/Küche", "Subject: x\r\n\r\n").await.unwrap();
    imap.rename_mailbox("Projekte", "Vorhaben & Pläne").await.unwrap();
    let status = imap.status("Vorhaben & Pläne/Küche", StatusItems::BASE).await.unwrap();
    assert_eq!((status.messages, status.uid_next, status.unseen), (Some(1), Uid::new(2).ok(), Some(1)));
    imap.delete_mailbox("Vorhaben & Pläne/Küche").await.unwrap();
    assert_eq!(names(&imap, "Vorhaben*").await, ["Vorhaben & Pläne"]);

    let error = imap.create_mailbox("inbox").await.unwrap_err();
    assert_eq!((error.kind(), error.code().unwrap().name()), (Kind::Rejected, "ALREADYEXISTS"));
    assert_eq!(imap.delete_mailbox("None").await.unwrap_err().code().unwrap().name(), "NONEXISTENT");
}

#[tokio::test(start_paused = true)]
async fn subscriptions_are_kept_whether_or_not_the_server_takes_options() {
    for lacks in ["", "LIST-EXTENDED"] {
        let server = Server::builder().without(lacks).in_memory().unwrap();
        let imap = embedded(&server, plaintext()).await;
        imap.create_mailbox("Überall").await.unwrap();
        imap.subscribe("Überall").await.unwrap();
        imap.unsubscribe("Junk").await.unwrap();
        let listed = imap.list_subscribed("*").await.unwrap();
        assert!(listed.iter().any(|listed| listed.name.as_str() == "Überall"), "{lacks}");
        assert!(!listed.iter().any(|listed| listed.name.as_str() == "Junk"), "{lacks}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_from_the_server_goes_back_byte_for_byte() {
    let dialogue = "
        C: {A} LIST \"\" \"*\"
        S-raw: * LIST () \"/\" \"Entw\\xfcrfe\"\\r\\n
        S: {A} OK done
        C: {B} STATUS {8}
        S: + go on
        C-raw: Entw\\xfcrfe (MESSAGES)\\r\\n
        S: * STATUS x (MESSAGES 3)
        S: {B} OK done
    ";
    let (script, imap) = greeted(dialogue, plaintext()).await;
    let listed = imap.list("*").await.unwrap();
    let status = imap.status(&listed[0].name, StatusItems::MESSAGES).await.unwrap();
    assert_eq!(status.messages, Some(3));
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn numbers_a_server_does_not_have_are_refused_before_a_byte() {
    let (script, imap) = greeted("", plaintext()).await;
    let error = imap.status("INBOX", StatusItems::BASE | StatusItems::SIZE).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    assert!(error.to_string().contains("SIZE"), "{error}");
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn namespaces_are_told_or_found_out() {
    let server = Server::builder().in_memory().unwrap();
    let imap = embedded(&server, plaintext()).await;
    assert_eq!(imap.namespace().await.unwrap().personal[0].delimiter, Some('/'));

    let dialogue = "
        C: {A} LIST \"\" \"\"
        S: * LIST (\\Noselect) \".\" \"\"
        S: {A} OK done
    ";
    let (script, imap) = greeted(dialogue, plaintext()).await;
    let spaces = imap.namespace().await.unwrap();
    assert_eq!((spaces.personal[0].prefix.as_str(), spaces.personal[0].delimiter), ("", Some('.')));
    script.finish().await.unwrap();
}

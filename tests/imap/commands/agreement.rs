//! ID and ENABLE: the client's name, and the IMAP revision.

use postroom::Kind;
use postroom::imap::{Query, StatusItems};

use crate::support::{plaintext, scripted, selected};

const REV2: &str = "S: * PREAUTH [CAPABILITY IMAP4rev1 IMAP4rev2 ENABLE ID] ready\n";

#[tokio::test(start_paused = true)]
async fn id_and_enable_share_a_flight_and_names_are_utf8_from_there_on() {
    let dialogue = "
        C: {A} ID (\"name\" \"Mail \\\"x\\\"\")
        C: {B} ENABLE IMAP4rev2
        S: * ID (\"name\" \"Test\" \"version\" NIL)
        S: {A} OK done
        S: * ENABLED IMAP4rev2
        S: {B} OK done
        C-raw: A3\\x20STATUS\\x20\"Entw\\xc3\\xbcrfe\"\\x20(MESSAGES\\x20SIZE)\\r\\n
        S-raw: * STATUS \"Entw\\xc3\\xbcrfe\" (MESSAGES 2 SIZE 10)\\r\\n
        S: A3 OK done
        C: {D} SELECT INBOX
        S: * 1 EXISTS
        S: {D} OK done
        C: {E} UID SEARCH RETURN (ALL) CHARSET UTF-8 SUBJECT {5+}
        C-raw: f\\xc3\\xbcr\\x20\\r\\n
        S: * ESEARCH (TAG \"{E}\") UID ALL 1
        S: {E} OK done
    ";
    let config = plaintext().id([("name", "Mail \"x\"")]);
    let (script, imap) = scripted(&format!("{REV2}{dialogue}"), config).await;
    let mut imap = imap.unwrap();
    let status = imap.status("Entwürfe", StatusItems::MESSAGES | StatusItems::SIZE).await.unwrap();
    assert_eq!((status.messages, status.size), (Some(2), Some(10)));
    assert_eq!(imap.server()[0], ("name".to_owned(), Some("Test".to_owned())));
    assert!(imap.enabled().imap4rev2());
    let inbox = imap.select("INBOX").await.unwrap();
    assert_eq!(inbox.search(&Query::subject("für ")).await.unwrap().to_string(), "1");
    let error = imap.enable(&["CONDSTORE"]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Input, "not once a mailbox is selected");
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_wants_neither_is_served_all_the_same() {
    let dialogue = "
        C: {A} ID (\"name\" \"x\")
        C: {B} ENABLE IMAP4rev2
        S: {A} BAD what
        S: {B} NO no
        C: {D} STATUS Entw&APw-rfe (MESSAGES)
        S: * STATUS Entw&APw-rfe (MESSAGES 2)
        S: {D} OK done
    ";
    let (script, imap) = scripted(&format!("{REV2}{dialogue}"), plaintext().id([("name", "x")])).await;
    let imap = imap.unwrap();
    assert_eq!(imap.status("Entwürfe", StatusItems::MESSAGES).await.unwrap().messages, Some(2));
    assert!(imap.server().is_empty() && imap.enabled().is_empty());
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_ok_without_a_word_of_what_is_believed() {
    let dialogue = "
        C: {B} ENABLE IMAP4rev2
        S: {B} OK done
        C: {D} STATUS Entw&APw-rfe (MESSAGES)
        S: * STATUS Entw&APw-rfe (MESSAGES 2)
        S: {D} OK done
    ";
    let (script, imap) = scripted(&format!("{REV2}{dialogue}"), plaintext().without_id()).await;
    let imap = imap.unwrap();
    assert_eq!(imap.status("Entwürfe", StatusItems::MESSAGES).await.unwrap().messages, Some(2));
    assert!(imap.enabled().is_empty(), "not of what changes how text is read");
    script.finish().await.unwrap();

    let dialogue = "
        S: * PREAUTH [CAPABILITY IMAP4rev1 ENABLE CONDSTORE UTF8=ACCEPT] ready
        C: {B} ENABLE CONDSTORE UTF8=ACCEPT
        S: {B} OK done
        C: {A} ENABLE CONDSTORE UTF8=ACCEPT
        S: {A} OK done
    ";
    let (script, imap) = scripted(dialogue, plaintext()).await;
    let enabled = imap.unwrap().enable(&["CONDSTORE", "UTF8=ACCEPT"]).await.unwrap();
    assert!(enabled.condstore() && !enabled.utf8_accept());
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_a_session_could_not_follow_is_not_enabled() {
    let dialogue = "
        S: * PREAUTH [CAPABILITY IMAP4rev1 ENABLE CONDSTORE] ready
        C: {B} ENABLE CONDSTORE
        S: {B} NO not yet
        C: {A} ENABLE CONDSTORE X-OTHER
        S: * ENABLED CONDSTORE
        S: {A} OK done
    ";
    let (script, imap) = scripted(dialogue, plaintext()).await;
    let mut imap = imap.unwrap();
    assert_eq!(imap.enable(&["a b"]).await.unwrap_err().kind(), Kind::Input);
    let enabled = imap.enable(&["CONDSTORE", "X-OTHER"]).await.unwrap();
    assert!(enabled.condstore() && !enabled.has("X-OTHER"));
    assert_eq!(imap.id(&[("name", "x")]).await.unwrap_err().kind(), Kind::Unsupported);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_id_that_the_rfc_forbids_fails_before_a_byte() {
    let dialogue = "S: * PREAUTH [CAPABILITY IMAP4rev1 ID] ready";
    for (field, value) in [("", "x"), ("a\r\n", "x"), ("a", "x\0"), ("a", "ü"), (&*"x".repeat(31), "x")] {
        let (_, imap) = scripted(dialogue, plaintext().id([(field, value)])).await;
        assert_eq!(imap.unwrap_err().kind(), Kind::Input, "{field:?} {value:?}");
    }
    let (script, folder) = selected("", plaintext()).await;
    drop(folder);
    drop(script);
}

//! Non-synchronizing literals (RFC 7888), and synchronizing ones.

use postroom::Kind;
use postroom::imap::{Append, StatusItems};
use postroom::testing::{Script, Server};

use crate::support::{embedded, plaintext, scripted};

async fn session(capability: &str, dialogue: &str) -> (Script, postroom::imap::Imap) {
    let greeting = format!("S: * PREAUTH [CAPABILITY IMAP4rev1 {capability}] ready\n");
    let (script, imap) = scripted(&format!("{greeting}{dialogue}"), plaintext()).await;
    (script, imap.unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_small_literal_goes_at_once() {
    for capability in ["LITERAL+", "LITERAL-"] {
        let dialogue = "
            C: {A} APPEND INBOX {5+}
            C-raw: hello\\r\\n
            S: {A} OK [APPENDUID 7 1] done
        ";
        let (script, imap) = session(capability, dialogue).await;
        assert!(imap.append("INBOX", "hello").await.unwrap().is_some());
        script.finish().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_larger_one_is_asked_for_as_the_capability_has_it() {
    for (capability, size, asked) in [
        ("LITERAL-", 4096, false),
        ("LITERAL-", 4097, true),
        ("LITERAL+", 4097, false),
        ("LITERAL+", 65536, false),
        ("LITERAL+", 65537, true),
        ("", 1, true),
    ] {
        let (mark, go) = if asked { ("", "S: + go on\n") } else { ("+", "") };
        let dialogue =
            format!("C: {{A}} APPEND INBOX {{{size}{mark}}}\n{go}C-bytes: {size}\nC-raw: \\r\\n\nS: {{A}} OK done");
        let (script, imap) = session(capability, &dialogue).await;
        imap.append("INBOX", vec![b'x'; size]).await.unwrap();
        script.finish().await.unwrap_or_else(|report| panic!("{capability} {size}: {report}"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_is_answered_early_is_filled_up_with_nothing_of_the_message() {
    let dialogue = "
        C: {A} APPEND None {20+}
        C-raw: 12345
        S: {A} NO [TRYCREATE] no such mailbox
        C-raw: \\x20\\x20\\x20\\x20\\x20\\x20\\x20\\x20\\x20\\x20\\x20\\x20\\x20\\x20\\x20\\r\\n
        C: {B} NOOP
        S: {B} OK done
    ";
    let (script, imap) = session("LITERAL+", dialogue).await;
    // The reader returns five bytes and then waits for ever.
    let (mut feed, reader) = tokio::io::duplex(64);
    tokio::io::AsyncWriteExt::write_all(&mut feed, b"12345").await.unwrap();
    let error = imap.append("None", Append::once(reader, 20)).await.unwrap_err();
    assert_eq!((error.kind(), error.code().unwrap().name()), (Kind::Rejected, "TRYCREATE"));
    imap.noop().await.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_upload_sent_unasked_and_dropped_stores_nothing() {
    for lacks in ["", "LITERAL+"] {
        let server = Server::builder().without(lacks).in_memory().unwrap();
        let imap = embedded(&server, plaintext()).await;
        let (mut feed, reader) = tokio::io::duplex(64);
        tokio::io::AsyncWriteExt::write_all(&mut feed, b"Subject: ").await.unwrap();
        let append = imap.append("INBOX", Append::once(reader, 1000));
        assert!(tokio::time::timeout(std::time::Duration::from_secs(1), append).await.is_err());
        imap.noop().await.unwrap();
        assert_eq!(imap.status("INBOX", StatusItems::MESSAGES).await.unwrap().messages, Some(0));
    }
}

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

/// A message of which five octets come, and then nothing.
async fn slow(size: u64) -> (tokio::io::DuplexStream, Append<'static>) {
    let (mut feed, reader) = tokio::io::duplex(64);
    tokio::io::AsyncWriteExt::write_all(&mut feed, b"12345").await.unwrap();
    (feed, Append::once(reader, size))
}

#[tokio::test(start_paused = true)]
async fn a_refused_literal_ends_its_command_and_one_that_has_begun_the_connection() {
    const MIDWAY: &str = "S: + go on\nC-raw: 12345\n";
    // The size, what comes before the refusal and after it, and whether the session goes on.
    for (size, before, refusal, after, kind, lives) in [
        (5000, "", "* BAD line too long", "C: {B} NOOP\nS: {B} OK done\n", Kind::Bad, true),
        (5000, "", "* BAD Server is busy, try again later.", "C: {B} NOOP\nS: {B} OK x\n", Kind::Rejected, true),
        // The server asks for it all the same: nothing but the NOOP can be in what it reads.
        (5000, "", "* BAD line too long", "C: {B} NOOP\nS: + go on\neof", Kind::Bad, false),
        // What follows could complete it.
        (10, "", "* BAD line too long", "eof", Kind::Bad, false),
        (5000, MIDWAY, "* BAD line too long", "eof", Kind::Bad, false),
        (5000, MIDWAY, "{A} NO [OVERQUOTA] full", "eof", Kind::Rejected, false),
        (5000, MIDWAY, "{A} BAD too long", "eof", Kind::Bad, false),
    ] {
        let more = if lives { "C: {C} NOOP\nS: {C} OK done" } else { "" };
        let dialogue = format!("C: {{A}} APPEND INBOX {{{size}}}\n{before}S: {refusal}\n{after}\n{more}");
        let (script, imap) = session("", &dialogue).await;
        let (_feed, message) = slow(size).await;
        let error = imap.append("INBOX", message).await.unwrap_err();
        assert_eq!((error.kind(), error.replay()), (kind, None), "{dialogue}: {error}");
        let words = refusal.rsplit([']', 'D']).next().unwrap().trim();
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(error.code().is_some_and(|code| code.is("OVERQUOTA")), refusal.contains("OVERQUOTA"));
        assert_eq!(imap.noop().await.is_ok(), lives, "{dialogue}");
        script.finish().await.unwrap_or_else(|report| panic!("{dialogue}: {report}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_name_opens_no_mailbox() {
    let dialogue = "
        C: {A} SELECT {3000}
        S: * BAD no literals here
        C: {B} NOOP
        S: {B} OK done
        C: {C} SELECT INBOX
        S: * 3 EXISTS
        S: * OK [UIDVALIDITY 6] stable
        S: {C} OK done";
    let (script, mut imap) = session("", dialogue).await;
    let error = imap.select("x y".repeat(1000).as_str()).await.map(drop).unwrap_err();
    assert_eq!(error.kind(), Kind::Bad, "{error}");
    assert!(imap.selected_folder().is_err());
    assert_eq!(imap.select("INBOX").await.unwrap().info().unwrap().exists, 3);
    script.finish().await.unwrap();
}

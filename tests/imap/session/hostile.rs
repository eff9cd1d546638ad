//! Peers on an IMAP port that are no IMAP server, or a bad one: a typed error within the deadline, never
//! a panic, never a hang.

use std::time::Duration;

use postroom::imap::{Imap, Items, Uids};
use postroom::{Config, Defect, Kind, Limits};
use tokio::io::AsyncReadExt;
use tokio::time::Instant;

use crate::support::{Peer, alice, greeted, peered_folder, plaintext, selected};

const MINUTE: Duration = Duration::from_secs(60);

/// How connecting ends if the peer says this and then stays, or closes; the whole takes a minute at most.
async fn met(words: &[u8], closes: bool, config: Config) -> Kind {
    let (mut peer, stream) = Peer::new();
    peer.say(words).await;
    let peer = (!closes).then_some(peer);
    let begun = Instant::now();
    let error = Imap::handshake(stream, config, alice()).await.unwrap_err();
    assert!(begun.elapsed() <= MINUTE, "{words:?}");
    drop(peer);
    error.kind()
}

#[tokio::test(start_paused = true)]
async fn who_is_no_imap_server_is_found_out() {
    let peers: [(&[u8], Kind); 9] = [
        (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", Kind::Protocol),
        (b"220 mail.example.org ESMTP ready\r\n", Kind::Protocol),
        (b"+OK POP3 ready\r\n", Kind::Protocol),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Kind::Protocol),
        (b"<html>\n", Kind::Protocol),
        (b"A1 OK hello\r\n", Kind::Protocol),
        (b"* 3 EXISTS\r\n", Kind::Protocol),
        (b"* BYE no\r\n", Kind::Closed),
        (b"\0\x01\x02\n", Kind::Protocol),
    ];
    for (words, kind) in peers {
        for closes in [false, true] {
            assert_eq!(met(words, closes, plaintext()).await, kind, "{}", words.escape_ascii());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_or_half_a_word_is_given_up() {
    for words in [&b""[..], b"* OK no end", b"* ", b"\r\n\r\n\r\n"] {
        assert_eq!(met(words, false, plaintext()).await, Kind::Timeout, "{}", words.escape_ascii());
        assert_eq!(met(words, true, plaintext()).await, Kind::Closed, "{}", words.escape_ascii());
    }
    for closes in [false, true] {
        assert_eq!(met(b"\x15\x03\x01\x00\x02\x02\x46", closes, plaintext()).await, Kind::Protocol);
    }
}

#[tokio::test(start_paused = true)]
async fn who_answers_tls_in_clear_is_a_tls_error() {
    for words in [&b"* OK IMAP4rev1 ready\r\n"[..], b"HTTP/1.1 400 Bad Request\r\n\r\n"] {
        for closes in [false, true] {
            let kind = met(words, closes, Config::new("localhost")).await;
            // A peer that has closed does not read what we send either.
            assert!(kind == Kind::Tls || closes && kind == Kind::Io, "{kind:?}");
        }
    }
    assert_eq!(met(b"", false, Config::new("localhost")).await, Kind::Timeout);
    let closed = met(b"", true, Config::new("localhost")).await;
    assert!(matches!(closed, Kind::Tls | Kind::Io | Kind::Closed), "{closed:?}");
}

/// A linear congruential generator: garbage that is the same in every run.
fn garbage(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}

#[tokio::test(start_paused = true)]
async fn garbage_instead_of_a_greeting_is_a_typed_error() {
    for seed in 0..300 {
        let kind = met(&garbage(seed, 4000), seed % 2 == 0, plaintext()).await;
        assert!(matches!(kind, Kind::Protocol | Kind::Timeout | Kind::Limit), "{seed}: {kind:?}");
    }
}

/// Garbage made of meaningful words.
#[tokio::test(start_paused = true)]
async fn garbage_in_the_midst_of_a_session_is_a_typed_error_or_passed_over() {
    let words = [
        "* ",
        "A3 ",
        "OK ",
        "NO ",
        "BYE ",
        "FETCH ",
        "(",
        ")",
        "\"",
        "\\",
        "{3}\r\n",
        "{0}\r\n",
        "\r\n",
        "12 ",
        "EXISTS",
        "EXPUNGE",
        "UID ",
        "FLAGS ",
        "BODY[] ",
        "ENVELOPE ",
        "BODYSTRUCTURE ",
        "NIL ",
        "[",
        "]",
        "+ ",
        "\0",
        "\u{fc}",
        "4294967296 ",
        "ESEARCH ",
        "UIDVALIDITY ",
        "CLOSED",
        "CAPABILITY ",
        "~",
        "<0>",
        "-1 ",
        "{99}\r\n",
        "* 1 FETCH (UID 10 ",
        "* OK [",
    ];
    for seed in 0..400 {
        let (mut peer, mut folder) = peered_folder(plaintext()).await;
        let text: String = garbage(seed, 200).iter().map(|&byte| words[usize::from(byte) % words.len()]).collect();
        let say = async {
            peer.hear().await;
            peer.say(&text).await;
            drop(peer);
        };
        let run = async {
            let mut mail = folder.fetch(Uids::ALL, Items::ENVELOPE).await?;
            while mail.try_next().await?.is_some() {}
            drop(mail);
            folder.noop().await
        };
        let (result, ()) = tokio::join!(run, say);
        // The peer has gone: its words may have ended the fetch, never the client.
        assert!(result.is_err(), "{seed}");
        assert_eq!(folder.noop().await.unwrap_err().kind(), Kind::Closed, "{seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_endless_line_is_cut_off_by_the_limit() {
    // The data of a message is bounded by the whole response.
    let mut limits = Limits::default();
    limits.response = 1_500_000;
    for start in ["* OK ", "", "* LIST () NIL \"", "* 1 FETCH (UID 10 ENVELOPE \"", "* SEARCH "] {
        let dialogue = format!("C: {{A}} NOOP\nS-raw: {start}\nS-fill: 2000000 x");
        let (_script, imap) = greeted(&dialogue, plaintext().limits(limits.clone())).await;
        assert_eq!(imap.noop().await.unwrap_err().kind(), Kind::Limit, "{start}");
        assert_eq!(imap.noop().await.unwrap_err().kind(), Kind::Closed);
    }
}

#[tokio::test(start_paused = true)]
async fn lines_that_belong_nowhere_are_passed_over_but_not_without_end() {
    for (count, lives) in [(100, true), (101, false)] {
        let lines = "S: Service in Trouble.\n".repeat(count);
        let (_script, imap) = greeted(&format!("C: {{A}} NOOP\n{lines}S: {{A}} OK done"), plaintext()).await;
        let result = imap.noop().await;
        assert_eq!(result.is_ok(), lives, "{result:?}");
        assert!(lives || result.unwrap_err().kind() == Kind::Protocol);
    }
}

/// One literal over the limit is one defect; the stream, the command and the connection live on.
#[tokio::test(start_paused = true)]
async fn a_literal_over_the_limit_that_comes_whole_is_a_defect_of_its_message() {
    let mut limits = Limits::default();
    limits.literal = 1000;
    let dialogue = "
        C: {A} UID FETCH 1:* (UID RFC822.SIZE BODY.PEEK[])
        S-raw: * 1 FETCH (UID 10 BODY[] {3000000}\\r\\n
        S-fill: 3000000 x
        S-raw: )\\r\\n* 2 FETCH (UID 11 BODY[] {2}\\r\\nhi)\\r\\n* 3 FETCH (UID 12 BODY[] {2}\\r\\nho)\\r\\n
        S: {A} OK done
        C: {B} NOOP
        S: {B} OK done
    ";
    let (script, mut folder) = selected(dialogue, plaintext().limits(limits)).await;
    let mut mail = folder.fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
    let large = mail.try_next().await.unwrap().unwrap();
    assert_eq!(large.defects().collect::<Vec<_>>(), [Defect::TooLarge { size: 3_000_000 }]);
    assert_eq!(mail.try_next().await.unwrap().unwrap().body().as_deref(), Some(&b"hi"[..]));
    assert_eq!(mail.try_next().await.unwrap().unwrap().body().as_deref(), Some(&b"ho"[..]));
    assert!(mail.try_next().await.unwrap().is_none());
    drop(mail);
    folder.noop().await.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_literal_of_impossible_size_ends_the_connection_with_one_error() {
    for size in ["9223372036854775808", "18446744073709551616", "99999999999999999999999"] {
        let dialogue =
            format!("C: {{A}} UID FETCH 1:* (UID RFC822.SIZE BODY.PEEK[])\nS: * 1 FETCH (UID 10 BODY[] {{{size}}}");
        let (_script, mut folder) = selected(&dialogue, plaintext()).await;
        let mut mail = folder.fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
        assert_eq!(mail.try_next().await.unwrap_err().kind(), Kind::Protocol);
        assert!(mail.try_next().await.unwrap().is_none(), "an error is always the end");
    }
}

/// The server sends less than it announces.
#[tokio::test(start_paused = true)]
async fn a_huge_literal_that_never_comes_is_given_up_and_one_that_breaks_off_is_told() {
    for size in ["4294967295", "9223372036854775807"] {
        for (end, kind) in [("stall", Kind::Timeout), ("close", Kind::Closed)] {
            let dialogue = format!(
                "C: {{A}} UID FETCH 1:* (UID RFC822.SIZE BODY.PEEK[])
                S-raw: * 1 FETCH (UID 10 BODY[] {{{size}}}\\r\\n
                S-fill: 1000000 x\n{end}"
            );
            let (_script, mut folder) = selected(&dialogue, plaintext()).await;
            let mut mail = folder.fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
            // More than may be skipped of one response is not waited for.
            let kind = if size.len() > 10 { Kind::Limit } else { kind };
            assert_eq!(mail.try_next().await.unwrap_err().kind(), kind, "{size} {end}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_literal_where_none_belongs_is_not_kept_either() {
    for line in ["* LIST () \"/\" {4294967295}", "* FLAGS {4294967295}", "* NOSUCH {4294967295}"] {
        let dialogue = format!("C: {{A}} NOOP\nS: {line}");
        let (_script, imap) = greeted(&dialogue, plaintext()).await;
        assert_eq!(imap.noop().await.unwrap_err().kind(), Kind::Limit, "{line}");
    }
    // In the text of a status response a brace is a brace.
    let (_script, imap) = greeted("C: {A} NOOP\nS: * OK {4294967295}\nS: {A} OK {1}", plaintext()).await;
    imap.noop().await.unwrap();
}

/// A reader of one body with the same server.
#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_is_an_error_of_its_reader() {
    let dialogue = "
        C: {A} UID FETCH 10 (UID RFC822.SIZE BODY.PEEK[]<0.4194304>)
        S-raw: * 1 FETCH (UID 10 BODY[]<0> {9223372036854775807}\\r\\nhello
        close
    ";
    let (_script, mut folder) = selected(dialogue, plaintext()).await;
    let mut body = folder.read(postroom::imap::Uid::new(10).unwrap(), postroom::imap::Section::WHOLE).await.unwrap();
    let mut text = Vec::new();
    assert!(body.read_to_end(&mut text).await.is_err());
    assert!(body.read_to_end(&mut text).await.is_err(), "what broke off is not whole");
    assert_eq!(text, b"hello");
}

/// The smallest literals, far more than a message has, around the one that is read.
#[tokio::test(start_paused = true)]
async fn many_literals_beside_the_one_that_is_read_are_not_its_text() {
    let notes = "X-NOTE {1}\\r\\nx ".repeat(60_000);
    let dialogue = format!(
        "C: {{A}} UID FETCH 10 (UID RFC822.SIZE BODY.PEEK[]<0.4194304>)
        S-raw: * 1 FETCH (UID 10 {notes}RFC822.SIZE 5 BODY[]<0> {{5}}\\r\\nhello {notes}X 1)\\r\\n
        S: {{A}} OK done
        C: {{B}} NOOP
        S: {{B}} OK done"
    );
    let mut limits = Limits::default();
    limits.response = 4 << 20;
    for (count, ends) in [(60_000, true), (30_000, false)] {
        let dialogue = dialogue.replacen(&notes, &notes[..notes.len() / 60_000 * count], 2);
        let (_script, mut folder) = selected(&dialogue, plaintext().limits(limits.clone())).await;
        let uid = postroom::imap::Uid::new(10).unwrap();
        let mut text = Vec::new();
        let read = match folder.read(uid, postroom::imap::Section::WHOLE).await {
            Ok(mut body) => body.read_to_end(&mut text).await.map(drop).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        // One response has at most 65,536 literals.
        assert_eq!(read.is_err(), ends, "{read:?}");
        assert_eq!(text, b"hello");
    }
}

/// No more of one response is skipped than the limit allows, and every literal over the limit is a defect.
#[tokio::test(start_paused = true)]
async fn what_is_skipped_of_a_response_is_bounded() {
    for (skipped, kind) in [(3000, None), (2999, Some(Kind::Limit))] {
        let mut limits = Limits::default();
        (limits.literal, limits.skipped) = (10, skipped);
        let text = |byte: &str| format!("{{1000}}\\r\\n{}", byte.repeat(1000));
        let dialogue = format!(
            "C: {{A}} UID FETCH 1:* (UID RFC822.SIZE BODY.PEEK[])
            S-raw: * 1 FETCH (UID 10 X-A {} X-B {} BODY[] {})\\r\\n
            S-raw: * 2 FETCH (UID 11 BODY[] {})\\r\\n* 3 FETCH (UID 12 BODY[] {{2}}\\r\\nhi)\\r\\n
            S: {{A}} OK done",
            text("a"),
            text("b"),
            text("c"),
            text("d"),
        );
        let (_script, mut folder) = selected(&dialogue, plaintext().limits(limits)).await;
        let mut mail = folder.fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
        match kind {
            Some(kind) => assert_eq!(mail.try_next().await.unwrap_err().kind(), kind),
            None => {
                let first = mail.try_next().await.unwrap().unwrap();
                assert_eq!(first.defects().collect::<Vec<_>>(), [Defect::TooLarge { size: 1000 }]);
                let second = mail.try_next().await.unwrap().unwrap();
                assert_eq!(second.defects().collect::<Vec<_>>(), [Defect::TooLarge { size: 1000 }]);
                assert_eq!(mail.try_next().await.unwrap().unwrap().body().as_deref(), Some(&b"hi"[..]));
                assert!(mail.try_next().await.unwrap().is_none());
            }
        }
    }
}

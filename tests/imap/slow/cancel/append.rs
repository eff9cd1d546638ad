//! APPEND, which cannot be taken back once its literal is announced: dropped, failed or refused, it stores nothing or all.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use postroom::imap::{Append, Imap, Uid};
use postroom::testing::{Fault, Server};
use postroom::{Flag, Kind};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use super::turn::{Operation, Turned, at_every_point, calm, drop_after, turned};
use crate::support::{beside, embedded, greeted, plaintext, scripted, selected};

const KIB: u64 = 1024;
const SMALL: &str = "Subject: up\r\n\r\nand away\r\n";

/// This number of bytes; then it fails, stalls or ends.
struct Source {
    left: u64,
    then: Then,
}

#[derive(Clone, Copy)]
enum Then {
    End,
    Fail,
    Stall,
}

impl AsyncRead for Source {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let count = buf.remaining().min(self.left as usize);
        if count > 0 {
            buf.put_slice(&vec![b'x'; count]);
            self.left -= count as u64;
            return Poll::Ready(Ok(()));
        }
        match self.then {
            Then::End => Poll::Ready(Ok(())),
            Then::Fail => Poll::Ready(Err(io::Error::other("the disk is gone"))),
            Then::Stall => Poll::Pending,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_append_can_be_dropped_anywhere_and_stores_all_or_nothing() {
    let operation: Operation = |folder| {
        Box::pin(async {
            let message = Append::from(SMALL).flags([Flag::SEEN]);
            format!("{:?}", folder.session().append("Sent", message).await.unwrap())
        })
    };
    let drops = at_every_point(operation, 1).await;
    println!("append: dropped at {drops} points");
    assert!(drops > 500);
}

/// In one command with MULTIAPPEND, so that all are stored or none.
#[tokio::test(start_paused = true)]
async fn several_messages_can_be_dropped_anywhere_and_are_all_stored_or_none() {
    let operation: Operation = |folder| {
        Box::pin(async {
            let messages =
                [Append::from(SMALL).flags([Flag::SEEN]), Append::from(SMALL), Append::from("Subject: z\r\n\r\n")];
            format!("{:?}", folder.session().append_all("Sent", messages).await.unwrap())
        })
    };
    let drops = at_every_point(operation, 3).await;
    println!("append_all: dropped at {drops} points");
    assert!(drops > 300);
}

/// By REPLACE: both messages are never there together, and never none.
#[tokio::test(start_paused = true)]
async fn a_replacement_can_be_dropped_anywhere() {
    let operation: Operation =
        |folder| Box::pin(async { format!("{:?}", folder.replace(Uid::new(2).unwrap(), SMALL).await.unwrap()) });
    let drops = at_every_point(operation, 3).await;
    println!("replace: dropped at {drops} points");
    assert!(drops > 100);
}

/// By APPEND and UID EXPUNGE: the old message is only gone if the new one is there.
#[tokio::test(start_paused = true)]
async fn a_replacement_of_several_commands_can_be_dropped_anywhere_and_loses_nothing() {
    let (mut both, mut done) = (0, 0);
    for stall in (0..3000).step_by(37) {
        for fault in [Fault::StallAfter(stall), Fault::StallInputAfter(stall)] {
            let server = Server::builder().without("REPLACE").in_memory().unwrap();
            server.deliver("alice", "INBOX", "Subject: old\r\n\r\n", &[]).unwrap();
            let imap = embedded(&server, plaintext()).await;
            let folder = imap.into_folder("INBOX").await.unwrap();
            server.fault(fault);
            let work = folder.replace(Uid::new(1).unwrap(), SMALL);
            let _ = tokio::time::timeout(Duration::from_secs(5), work).await;
            server.resume();
            let _ = folder.noop().await;
            let now = server.snapshot("alice").unwrap();
            let subjects: Vec<_> = now.messages("INBOX").iter().map(|message| message.bytes.len()).collect();
            match subjects[..] {
                [old] => assert!(old == 16 || old == SMALL.len()),
                [16, new] => assert_eq!(new, SMALL.len()),
                _ => panic!("{subjects:?}"),
            }
            both += usize::from(subjects.len() == 2);
            done += usize::from(subjects == [SMALL.len()]);
        }
    }
    println!("replaced {done}, both there {both}");
    assert!(done > 0);
}

/// Across several windows: 600 KiB are less than the 1 MiB that is padded at most, so the session always survives.
#[tokio::test(start_paused = true)]
async fn a_larger_append_can_be_dropped_anywhere_and_the_session_lives() {
    let operation: Operation = |folder| {
        Box::pin(async {
            let reader = Source { left: 600 * KIB, then: Then::End };
            format!("{:?}", folder.session().append("Sent", Append::once(reader, 600 * KIB)).await.unwrap())
        })
    };
    let calm = calm(operation).await;
    let mut drops = 0;
    for stall in (calm.written.0..=calm.written.1).step_by(63 * 1024 + 1) {
        for steps in (0..80).step_by(7) {
            let mut turned = turned(64 * 1024, Some(Fault::StallInputAfter(stall))).await;
            drop_after(&mut turned, operation, steps).await;
            turned.server.resume();
            turned.still_works("a large append").await;
            let now = turned.server.snapshot("alice").unwrap();
            assert!(now == calm.before || now == calm.after, "{stall} {steps}");
            drops += 1;
        }
    }
    println!("append of 600 KiB: dropped at {drops} points");
}

/// If more than 1 MiB is missing, the connection is closed instead; a part is never stored.
#[tokio::test(start_paused = true)]
async fn an_append_of_which_too_much_is_missing_closes_the_connection_and_stores_nothing() {
    let operation: Operation = |folder| {
        Box::pin(async {
            let reader = Source { left: 3072 * KIB, then: Then::End };
            format!("{:?}", folder.session().append("Sent", Append::once(reader, 3072 * KIB)).await.unwrap())
        })
    };
    let calm = calm(operation).await;
    let (mut lived, mut closed) = (0, 0);
    for steps in (0..240).step_by(5) {
        let mut turned = turned(64 * 1024, None).await;
        let whole = matches!(drop_after(&mut turned, operation, steps).await, super::turn::End::Value(_));
        let Turned { server, folder, mut driver, .. } = turned;
        match beside(&mut driver, folder.noop()).await {
            Ok(()) => lived += 1,
            Err(error) => {
                assert_eq!(error.kind(), Kind::Closed);
                assert_eq!(server.snapshot("alice").unwrap(), calm.before);
                closed += 1;
            }
        }
        let now = server.snapshot("alice").unwrap();
        assert!(now == calm.after || now == calm.before && !whole, "{steps} steps");
    }
    println!("append of 3 MiB: lived {lived}, closed {closed}");
    assert!(lived > 0 && closed > 0);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_ends_or_fails_is_an_error_and_nothing_is_stored() {
    for (then, kind) in [(Then::End, Kind::Input), (Then::Fail, Kind::Io)] {
        for has in [0, 1, 99_999, 300_000] {
            let server = Server::builder().in_memory().unwrap();
            let before = server.snapshot("alice");
            let imap = embedded(&server, plaintext()).await;
            let message = Append::once(Source { left: has, then }, has + 1);
            assert_eq!(imap.append("INBOX", message).await.unwrap_err().kind(), kind);
            assert!(imap.noop().await.is_ok(), "{has}");
            assert_eq!(server.snapshot("alice"), before);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_stalls_can_be_dropped_and_nothing_is_stored() {
    let server = Server::builder().in_memory().unwrap();
    let before = server.snapshot("alice");
    let imap = embedded(&server, plaintext()).await;
    let message = Append::once(Source { left: 300_000, then: Then::Stall }, 400_000);
    let dropped = tokio::time::timeout(Duration::from_secs(5), imap.append("INBOX", message)).await;
    assert!(dropped.is_err());
    imap.noop().await.unwrap();
    assert_eq!(server.snapshot("alice"), before);
}

/// The server waits for us: its silence is our fault.
#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_not_the_servers_fault() {
    let server = Server::builder().in_memory().unwrap();
    let imap = embedded(&server, plaintext()).await;
    let (mut slow, reader) = tokio::io::duplex(64);
    let feed = async move {
        for piece in ["Subject: slow\r\n", "\r\n", "text\r\n"] {
            tokio::time::sleep(Duration::from_secs(600)).await;
            tokio::io::AsyncWriteExt::write_all(&mut slow, piece.as_bytes()).await.unwrap();
        }
    };
    let (stored, ()) = tokio::join!(imap.append("INBOX", Append::once(reader, 23)), feed);
    assert_eq!(stored.unwrap().unwrap().uid.as_u32(), 1);
    let snapshot = server.snapshot("alice").unwrap();
    assert_eq!(snapshot.messages("INBOX")[0].bytes.as_ref(), b"Subject: slow\r\n\r\ntext\r\n");
}

/// The end of a connection is reported though the reader delivers nothing; a message that was not sent whole took no effect.
#[tokio::test(start_paused = true)]
async fn a_lost_connection_is_told_while_the_reader_stalls() {
    let server = Server::builder().in_memory().unwrap();
    let imap = embedded(&server, plaintext()).await;
    let message = Append::once(Source { left: 10, then: Then::Stall }, 400_000);
    let lose = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        server.disconnect_all();
    };
    let append = tokio::time::timeout(Duration::from_secs(5), imap.append("INBOX", message));
    let (result, ()) = tokio::join!(append, lose);
    assert_eq!(result.expect("it waits for the reader").unwrap_err().kind(), Kind::Closed);
}

/// If the request never reached the driver, nothing was sent that would need padding.
#[tokio::test(start_paused = true)]
async fn a_large_append_that_was_not_begun_costs_nothing() {
    let mut turned = turned(64 * 1024, None).await;
    let Turned { folder, driver, count, .. } = &mut turned;
    let written = count.written();
    let reader = Source { left: 5000 * KIB, then: Then::End };
    let mut work = Box::pin(folder.session().append("Sent", Append::once(reader, 5000 * KIB)));
    assert!(crate::support::once(work.as_mut()).await.is_none());
    drop(work);
    crate::support::once(Pin::new(driver)).await;
    assert_eq!(count.written(), written);
    turned.still_works("an append that was not begun").await;
}

async fn body(imap: Imap) -> Vec<u8> {
    let mut folder = imap.into_folder("INBOX").await.unwrap();
    let uid = postroom::imap::Uid::new(1).unwrap();
    let mut text = Vec::new();
    folder.read(uid, postroom::imap::Section::WHOLE).await.unwrap().read_to_end(&mut text).await.unwrap();
    text
}

#[tokio::test(start_paused = true)]
async fn what_goes_up_comes_down_whatever_its_size() {
    for size in [1, 64 * KIB, 256 * KIB - 1, 256 * KIB, 256 * KIB + 1, 700 * KIB] {
        let server = Server::builder().in_memory().unwrap();
        let imap = embedded(&server, plaintext()).await;
        // Bytes beyond the announced size are not sent.
        let message = Append::once(Source { left: size + 5, then: Then::Stall }, size);
        imap.append("INBOX", message).await.unwrap();
        assert_eq!(body(imap).await.len() as u64, size);
    }
}

#[tokio::test(start_paused = true)]
async fn an_append_of_no_bytes_is_whatever_the_server_makes_of_it() {
    let dialogue = "
        C: {A} APPEND INBOX {0}
        S: + go ahead
        C:
        S: {A} OK [APPENDUID 7 4] done
        C: {B} NOOP
        S: {B} OK done
    ";
    let (script, imap) = greeted(dialogue, plaintext()).await;
    assert_eq!(imap.append("INBOX", "").await.unwrap().unwrap().uid.as_u32(), 4);
    imap.noop().await.unwrap();
    script.finish().await.unwrap();
    let server = Server::builder().in_memory().unwrap();
    let imap = embedded(&server, plaintext()).await;
    assert_eq!(imap.append("INBOX", "").await.unwrap_err().kind(), Kind::Rejected);
    imap.noop().await.unwrap();
}

/// Cyrus executes the bytes after a refusal as commands: a mail's body would be a command injection.
#[tokio::test(start_paused = true)]
async fn behind_an_answer_instead_of_the_plus_not_one_byte_is_sent() {
    for answer in ["NO [TRYCREATE] no such mailbox", "BAD what?"] {
        let dialogue = format!(
            "C: {{A}} APPEND None {{25}}\nS: {{A}} {answer}\nC: {{B}} NOOP\nS: {{B}} OK done\nC: {{C}} NOOP\nS: {{C}} OK done"
        );
        let (script, imap) = greeted(&dialogue, plaintext()).await;
        let error = imap.append("None", "A9 DELETE INBOX\r\n12345678").await.unwrap_err();
        assert!(matches!(error.kind(), Kind::Rejected | Kind::Bad), "{error:?}");
        imap.noop().await.unwrap();
        imap.noop().await.unwrap();
        script.finish().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_behind_the_literal_is_told_and_the_session_lives() {
    let dialogue = "
        C: {A} APPEND INBOX {3}
        S: + go ahead
        C: abc
        S: {A} NO [OVERQUOTA] no room
        C: {B} NOOP
        S: {B} OK done
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    let error = folder.session().append("INBOX", "abc").await.unwrap_err();
    assert_eq!((error.kind(), error.code().unwrap().name()), (Kind::Rejected, "OVERQUOTA"));
    folder.noop().await.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_append_dropped_before_the_plus_is_filled_up_and_spoilt_where_that_is_known_to_be_safe() {
    for name in ["Dovecot", "Cyrus IMAPD"] {
        let dialogue = format!(
            "S: * PREAUTH [CAPABILITY IMAP4rev1 ID MULTIAPPEND] ready
            C: {{I}} ID (\"name\" \"x\")
            S: * ID (\"name\" \"{name}\")
            S: {{I}} OK done
            C: {{A}} APPEND INBOX {{5}}
            S: + go ahead
            C-raw: \\x20\\x20\\x20\\x20\\x20 )\\r\\n
            S: {{A}} BAD a syntax error
            C: {{B}} NOOP
            S: {{B}} OK done"
        );
        let (script, imap) = scripted(&dialogue, plaintext().id([("name", "x")])).await;
        let imap = imap.unwrap();
        let message = Append::once(Source { left: 0, then: Then::Stall }, 5);
        assert!(tokio::time::timeout(Duration::from_secs(1), imap.append("INBOX", message)).await.is_err());
        imap.noop().await.unwrap();
        script.finish().await.unwrap();
    }
}

/// One server that announces MULTIAPPEND stored the padded message.
#[tokio::test(start_paused = true)]
async fn an_append_dropped_in_its_literal_closes_the_connection_of_a_server_that_nothing_is_known_of() {
    for answers in ["", "S: + go ahead\nC-raw: xx\n"] {
        let dialogue = format!("C: {{A}} APPEND INBOX {{5}}\n{answers}eof");
        let (script, imap) = greeted(&dialogue, plaintext()).await;
        assert!(imap.capabilities().multiappend());
        let message = Append::once(Source { left: 2, then: Then::Stall }, 5);
        let dropped = tokio::time::timeout(Duration::from_secs(1), imap.append("INBOX", message)).await;
        assert!(dropped.is_err());
        assert_eq!(imap.noop().await.unwrap_err().kind(), Kind::Closed);
        script.finish().await.unwrap();
    }
}

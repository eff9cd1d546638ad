//! `read`: one section as a stream, in windows of 4 MiB.

use postroom::imap::{Folder, Imap, Section, Uid};
use postroom::testing::Server;
use postroom::{Defect, Error, Kind};
use tokio::io::AsyncReadExt;

use crate::support::{embedded, peered_folder, plaintext, selected};

const WINDOW: usize = 4 * 1024 * 1024;
/// What two windows share.
const COMMON: usize = 1024;

async fn read(folder: &mut Folder<Imap>) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    let mut body = folder.read(Uid::new(10).unwrap(), Section::WHOLE).await?;
    match body.read_to_end(&mut text).await {
        Ok(_) => Ok(text),
        Err(error) => Err(error.into_inner().unwrap().downcast_ref::<Error>().unwrap().clone()),
    }
}

/// What the library asks when an answer has left the message out, and what the server has.
fn looked(found: &str) -> String {
    format!(
        "C: {{N}} NOOP
        C: {{Q}} UID SEARCH RETURN (ALL) UID 10
        S: {{N}} OK done
        S: * ESEARCH (TAG \"{{Q}}\") UID{found}
        S: {{Q}} OK done"
    )
}

fn asked(answer: &str) -> String {
    format!(
        "C: {{A}} UID FETCH 10 (UID RFC822.SIZE BODY.PEEK[]<0.{WINDOW}>)
        S-raw: {answer}
        S: {{A}} OK done"
    )
}

#[tokio::test(start_paused = true)]
async fn a_message_comes_as_a_literal_or_quoted() {
    for (answer, text) in [
        ("* 1 FETCH (UID 10 BODY[]<0> {5}\\r\\nhello)", "hello"),
        ("* 1 FETCH (BODY[]<0> {5}\\r\\nhello UID 10)", "hello"),
        ("* 1 FETCH (UID 10 RFC822.SIZE 5 BODY[] {5}\\r\\nhello)", "hello"),
        ("* 1 FETCH (UID 10 RFC822.SIZE 5 RFC822 {5}\\r\\nhello)", "hello"),
        ("* 1 FETCH (UID 10 BODY[]<0> \"hel\\\\\"lo\")", "hel\"lo"),
    ] {
        let dialogue = format!("{}\nC: {{B}} NOOP\nS: {{B}} OK done", asked(&format!("{answer}\\r\\n")));
        let (script, mut folder) = selected(&dialogue, plaintext()).await;
        assert_eq!(read(&mut folder).await.unwrap(), text.as_bytes(), "{answer}");
        folder.noop().await.unwrap();
        script.finish().await.unwrap();
    }
}

/// An empty text is no message, whatever size the server declares; only the server can show whether the message is gone.
#[tokio::test(start_paused = true)]
async fn a_message_without_text_is_an_error_of_the_read() {
    let empty = [
        "* 1 FETCH (UID 10 RFC822.SIZE 24 BODY[]<0> \"\")\\r\\n",
        "* 1 FETCH (UID 10 RFC822.SIZE 0 BODY[]<0> {0}\\r\\n)\\r\\n",
        "* 1 FETCH (UID 10 BODY[]<0> NIL)\\r\\n",
        "* 1 FETCH (UID 10 RFC822.SIZE 24)\\r\\n",
        "* 1 FETCH (UID 10 FLAGS (\\\\Seen))\\r\\n",
        "",
    ];
    for answer in empty {
        for (found, kind) in [(" ALL 10", Kind::Missing), ("", Kind::Rejected)] {
            let dialogue = format!("{}\n{}\nC: {{B}} NOOP\nS: {{B}} OK done", asked(answer), looked(found));
            let (script, mut folder) = selected(&dialogue, plaintext()).await;
            assert_eq!(read(&mut folder).await.unwrap_err().kind(), kind, "{answer}");
            folder.noop().await.unwrap();
            script.finish().await.unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_is_gone_if_an_expunge_says_so_even_if_the_search_is_refused() {
    for (noop, kind) in [("", Kind::Missing), ("S: * 2 EXPUNGE\n", Kind::Missing), ("S: * 1 EXPUNGE\n", Kind::Rejected)]
    {
        let dialogue = format!(
            "{}\nC: {{N}} NOOP\nC: {{Q}} UID SEARCH RETURN (ALL) UID 10\n{noop}S: {{N}} OK done\nS: {{Q}} NO not now",
            asked("* 1 FETCH (UID 10 RFC822.SIZE 24)\\r\\n")
        );
        let (script, mut folder) = selected(&dialogue, plaintext()).await;
        let error = read(&mut folder).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{noop}");
        let refused = std::error::Error::source(&error).is_some_and(|cause| cause.to_string().contains("not now"));
        assert_eq!(refused, kind == Kind::Missing, "{error:?}");
        script.finish().await.unwrap();
    }
}

/// Only the text of the requested message and section, from its beginning, is its text.
#[tokio::test(start_paused = true)]
async fn another_text_is_not_the_messages() {
    for other in [
        "* 2 FETCH (UID 11 BODY[]<0> {5}\\r\\nother)\\r\\n",
        "* 1 FETCH (UID 10 BODY[HEADER]<0> {5}\\r\\nother)\\r\\n",
        "* 1 FETCH (UID 10 BODY[1.MIME] {5}\\r\\nother)\\r\\n",
        "* 1 FETCH (UID 10 BODY[]<100> {5}\\r\\nother)\\r\\n",
        "* 1 FETCH (UID 10 X-NOTE {5}\\r\\nother)\\r\\n",
        "* 1 FETCH (UID 10 FLAGS ())\\r\\n",
    ] {
        let right = "* 1 FETCH (UID 10 RFC822.SIZE 5 BODY[]<0> {5}\\r\\nhello)\\r\\n";
        for answer in [format!("{other}{right}"), format!("{right}{other}")] {
            let (script, mut folder) = selected(&asked(&answer), plaintext()).await;
            assert_eq!(read(&mut folder).await.unwrap(), b"hello", "{answer}");
            script.finish().await.unwrap();
        }
        let dialogue = format!("{}\n{}", asked(other), looked(" ALL 10"));
        let (script, mut folder) = selected(&dialogue, plaintext()).await;
        assert_eq!(read(&mut folder).await.unwrap_err().kind(), Kind::Missing, "{other}");
        script.finish().await.unwrap();
    }
    let within = [
        "* 1 FETCH (UID 10 X-NOTE {5}\\r\\nother RFC822.SIZE 5 BODY[]<0> {5}\\r\\nhello)\\r\\n",
        "* 1 FETCH (UID 10 BODY[HEADER] {5}\\r\\nother RFC822.SIZE 5 BODY[]<0> {5}\\r\\nhello)\\r\\n",
        "* 1 FETCH (UID 10 RFC822.SIZE 5 BODY[]<0> {5}\\r\\nhello BODY[]<0> {5}\\r\\nother)\\r\\n",
    ];
    for answer in within {
        let (script, mut folder) = selected(&asked(answer), plaintext()).await;
        assert_eq!(read(&mut folder).await.unwrap(), b"hello", "{answer}");
        script.finish().await.unwrap();
    }
}

/// Servers may send the UID after the text.
#[tokio::test(start_paused = true)]
async fn a_text_that_turns_out_to_be_another_messages_has_no_end() {
    for answer in [
        "* 1 FETCH (BODY[]<0> {5}\\r\\nother UID 11)\\r\\n",
        "* 1 FETCH (BODY[]<0> {5}\\r\\nother UID 0)\\r\\n",
        "* 2 FETCH (BODY[]<0> {5}\\r\\nother)\\r\\n* 1 FETCH (UID 11 BODY[]<0> {5}\\r\\nhello)\\r\\n",
    ] {
        let dialogue = format!("{}\nC: {{B}} NOOP\nS: {{B}} OK done", asked(answer));
        let (script, mut folder) = selected(&dialogue, plaintext()).await;
        assert_eq!(read(&mut folder).await.unwrap_err().kind(), Kind::Missing, "{answer}");
        folder.noop().await.unwrap();
        script.finish().await.unwrap();
    }
    // The only response of the reply can be about nothing else.
    let (script, mut folder) = selected(&asked("* 1 FETCH (BODY[]<0> {5}\\r\\nhello)\\r\\n"), plaintext()).await;
    assert_eq!(read(&mut folder).await.unwrap(), b"hello");
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn another_length_than_declared_is_a_defect() {
    for (size, defects) in [(5, 0), (37, 1), (4, 1)] {
        let answer = format!("* 1 FETCH (UID 10 RFC822.SIZE {size} BODY[]<0> {{5}}\\r\\nhello)\\r\\n");
        let (script, mut folder) = selected(&asked(&answer), plaintext()).await;
        let mut body = folder.read(Uid::new(10).unwrap(), Section::WHOLE).await.unwrap();
        assert!(body.defects().is_empty(), "not before the end");
        let mut text = Vec::new();
        body.read_to_end(&mut text).await.unwrap();
        let expected = vec![Defect::Size { declared: size, received: 5 }; defects];
        assert_eq!((&text[..], body.defects()), (&b"hello"[..], expected));
        drop(body);
        script.finish().await.unwrap();
    }
}

/// A part may be empty; it is missing only if it does not come at all.
#[tokio::test(start_paused = true)]
async fn a_section_may_be_empty() {
    for (answer, text) in [("NIL", Some("")), ("\"\"", Some("")), ("{0}\\r\\n", Some("")), ("\"x\"", Some("x"))] {
        let dialogue = format!(
            "C: {{A}} UID FETCH 10 (UID BODY.PEEK[TEXT]<0.{WINDOW}>)
            S-raw: * 1 FETCH (UID 10 BODY[TEXT]<0> {answer})\\r\\n
            S: {{A}} OK done"
        );
        let (script, mut folder) = selected(&dialogue, plaintext()).await;
        let mut back = String::new();
        let mut body = folder.read(Uid::new(10).unwrap(), Section::TEXT).await.unwrap();
        body.read_to_string(&mut back).await.unwrap();
        assert_eq!(Some(&*back), text, "{answer}");
        drop(body);
        script.finish().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_not_there_is_known_at_once() {
    for end in ["NO no such message", "BAD no such message"] {
        let dialogue = format!(
            "C: {{A}} UID FETCH 10 (UID RFC822.SIZE BODY.PEEK[]<0.{WINDOW}>)\nS: {{A}} {end}\nC: {{B}} NOOP\nS: {{B}} OK done"
        );
        let (script, mut folder) = selected(&dialogue, plaintext()).await;
        assert!(matches!(read(&mut folder).await.unwrap_err().kind(), Kind::Rejected | Kind::Bad));
        folder.noop().await.unwrap();
        script.finish().await.unwrap();
    }
}

/// Half a message must not look like a whole one.
#[tokio::test(start_paused = true)]
async fn a_message_that_goes_between_two_windows_is_an_error_not_an_end() {
    let dialogue = format!(
        "C: {{A}} UID FETCH 10 (UID RFC822.SIZE BODY.PEEK[]<0.{WINDOW}>)
        S-raw: * 1 FETCH (UID 10 BODY[]<0> {{{WINDOW}}}\\r\\n
        S-fill: {WINDOW} x
        S: )
        S: {{A}} OK done
        C: {{B}} UID FETCH 10 (UID BODY.PEEK[]<{}.{}>)
        S: * 1 EXPUNGE
        S: {{B}} OK done
        {}",
        WINDOW - COMMON,
        WINDOW + COMMON,
        looked("")
    );
    let (script, mut folder) = selected(&dialogue, plaintext()).await;
    assert_eq!(read(&mut folder).await.unwrap_err().kind(), Kind::Rejected);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_know_windows_sends_all_at_once() {
    let size = WINDOW + 5;
    let dialogue = format!(
        "C: {{A}} UID FETCH 10 (UID RFC822.SIZE BODY.PEEK[]<0.{WINDOW}>)
        S-raw: * 1 FETCH (UID 10 BODY[] {{{size}}}\\r\\n
        S-fill: {size} x
        S: )
        S: {{A}} OK done"
    );
    let (script, mut folder) = selected(&dialogue, plaintext()).await;
    assert_eq!(read(&mut folder).await.unwrap().len(), size);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn messages_around_one_and_two_windows_come_whole() {
    for size in [WINDOW - 1, WINDOW, WINDOW + 1, 2 * WINDOW, 2 * WINDOW + 1] {
        let server = Server::builder().in_memory().unwrap();
        let text: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
        let uid = server.deliver("alice", "INBOX", text.clone(), &[]).unwrap();
        let mut folder = embedded(&server, plaintext()).await.into_folder("INBOX").await.unwrap();
        let mut back = Vec::new();
        let mut body = folder.read(Uid::new(uid).unwrap(), Section::WHOLE).await.unwrap();
        body.read_to_end(&mut back).await.unwrap();
        drop(body);
        assert!(back == text, "{size} bytes");
        let asked = server.commands().iter().filter(|line| line.contains("BODY.PEEK[]")).count();
        assert_eq!(asked, size / WINDOW + 1);
    }
}

/// Answers a read of a message as these functions say: for a window, from its offset and length, and for all. Returns what was requested.
async fn served(
    declared: usize,
    window: impl Fn(usize, usize) -> Vec<u8>,
    whole: impl Fn() -> Vec<u8>,
) -> (Result<(Vec<u8>, Vec<Defect>), Error>, Vec<String>) {
    let (mut peer, mut folder) = peered_folder(plaintext()).await;
    let server = async {
        let mut asked = Vec::new();
        loop {
            let (tag, command) = peer.hear().await;
            let (section, text) = match command.split_once("BODY.PEEK[]<") {
                Some((_, range)) => {
                    let (start, len) = range.split_once('>').unwrap().0.split_once('.').unwrap();
                    let (start, len): (usize, usize) = (start.parse().unwrap(), len.parse().unwrap());
                    (format!("BODY[]<{start}>"), window(start, len))
                }
                None if command.contains("BODY.PEEK[]") => ("BODY[]".to_owned(), whole()),
                None => break,
            };
            asked.push(command);
            peer.say(format!("* 1 FETCH (UID 10 RFC822.SIZE {declared} {section} {{{}}}\r\n", text.len())).await;
            peer.say(text).await;
            peer.say(format!(")\r\n{tag} OK done\r\n")).await;
        }
        asked
    };
    let client = async {
        let mut text = Vec::new();
        let mut body = folder.read(Uid::new(10).unwrap(), Section::WHOLE).await.unwrap();
        let end = body.read_to_end(&mut text).await;
        let defects = body.defects();
        drop(body);
        drop(folder);
        end.map(|_| (text, defects))
            .map_err(|error| error.into_inner().unwrap().downcast_ref::<Error>().unwrap().clone())
    };
    let (asked, read) = tokio::join!(server, client);
    (read, asked)
}

/// Lines that all differ.
fn numbered_lines(size: usize) -> Vec<u8> {
    let mut text: Vec<u8> = (0..size / 20).flat_map(|line| format!("{line:018}\r\n").into_bytes()).collect();
    text.resize(size, b'.');
    text
}

fn piece(text: &[u8], start: usize, len: usize) -> Vec<u8> {
    text[start.min(text.len())..(start + len).min(text.len())].to_vec()
}

/// Dovecot 2.4.1 does so with files that have CRLF and no size in their name.
#[tokio::test(start_paused = true)]
async fn windows_that_begin_elsewhere_than_asked_are_noticed_and_all_is_read_at_once() {
    let text = numbered_lines(3 * WINDOW + 5000);
    // The first window that is wrong, and by how much.
    for (from, shift) in [(1, 7), (2, 1), (3, 7)] {
        let shifted = |start: usize, len: usize| {
            let end = (start + len).min(text.len());
            match start + COMMON >= from * WINDOW && start > 0 {
                true => text[start - shift..end - shift].to_vec(),
                false => text[start..end].to_vec(),
            }
        };
        let (read, asked) = served(text.len(), shifted, || text.clone()).await;
        let (back, defects) = read.unwrap();
        assert!(back == text && defects.is_empty(), "{from} {shift}: {} {defects:?}", back.len());
        assert_eq!(asked.len(), from + 2, "{asked:?}");
        assert!(asked.last().unwrap().ends_with("(UID BODY.PEEK[])"), "{asked:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_of_which_no_two_readings_agree_is_an_error_and_no_message() {
    let text = numbered_lines(WINDOW + 5000);
    let shifted = |start: usize, len: usize| piece(&text, start.saturating_sub(7), len);
    let other: Vec<u8> = text.iter().map(|octet| octet ^ 1).collect();
    for whole in [other, text[..WINDOW - 1].to_vec(), text[..10].to_vec()] {
        let (read, asked) = served(text.len(), shifted, || whole.clone()).await;
        assert_eq!(read.unwrap_err().kind(), Kind::Missing, "{}", whole.len());
        assert_eq!(asked.len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_ends_at_a_window_has_no_more() {
    for size in [WINDOW, 2 * WINDOW] {
        let text = numbered_lines(size);
        let (read, asked) = served(size, |start, len| piece(&text, start, len), || text.clone()).await;
        let (back, defects) = read.unwrap();
        assert!(back == text && defects.is_empty() && asked.len() == size / WINDOW + 1, "{size} {asked:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unsolicited_fetch_beside_the_body_is_an_event() {
    let dialogue = format!(
        "C: {{A}} UID FETCH 10 (UID RFC822.SIZE BODY.PEEK[]<0.{WINDOW}>)
        S: * 2 FETCH (FLAGS (\\Seen))
        S-raw: * 1 FETCH (UID 10 BODY[]<0> {{5}}\\r\\nhello)\\r\\n
        S: {{A}} OK done
        {}",
        // The UID of the first is known by now.
        super::events::IDLE.replace("1:*", "2:*").replace("10:12", "11:12")
    );
    let (script, mut folder) = selected(&dialogue, plaintext()).await;
    assert_eq!(read(&mut folder).await.unwrap(), b"hello");
    let mut events = folder.idle().await.unwrap();
    assert_eq!(super::events::next(&mut events, 1).await, ["flags 0 \\Seen"]);
    script.finish().await.unwrap();
}

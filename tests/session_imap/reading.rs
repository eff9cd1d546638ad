//! `read`: one section as it comes, in windows of 4 MiB.

use postroom::imap::{Folder, Imap, Section, Uid};
use postroom::testing::Server;
use postroom::{Error, Kind};
use tokio::io::AsyncReadExt;

use crate::support::{embedded, plaintext, selected};

const WINDOW: usize = 4 * 1024 * 1024;

async fn read(folder: &mut Folder<Imap>) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    let mut body = folder.read(Uid::new(10).unwrap(), Section::WHOLE).await?;
    match body.read_to_end(&mut text).await {
        Ok(_) => Ok(text),
        Err(error) => Err(error.into_inner().unwrap().downcast_ref::<Error>().unwrap().clone()),
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_comes_as_literal_quoted_or_nothing() {
    for (answer, text) in [
        ("* 1 FETCH (UID 10 BODY[]<0> {5}\\r\\nhello)", "hello"),
        ("* 1 FETCH (BODY[]<0> {5}\\r\\nhello UID 10)", "hello"),
        ("* 1 FETCH (UID 10 BODY[]<0> \"hel\\\\\"lo\")", "hel\"lo"),
        ("* 1 FETCH (UID 10 BODY[]<0> \"\")", ""),
        ("* 1 FETCH (UID 10 BODY[]<0> {0}\\r\\n)", ""),
        ("* 1 FETCH (UID 10 BODY[]<0> NIL)", ""),
    ] {
        let dialogue = format!(
            "C: {{A}} UID FETCH 10 (UID BODY.PEEK[]<0.{WINDOW}>)\nS-raw: {answer}\\r\\n\nS: {{A}} OK done\n
             C: {{B}} NOOP\nS: {{B}} OK done"
        );
        let (script, mut folder) = selected(&dialogue, plaintext()).await;
        assert_eq!(read(&mut folder).await.unwrap(), text.as_bytes(), "{answer}");
        folder.noop().await.unwrap();
        script.finish().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_not_there_is_known_at_once() {
    for end in ["OK done", "NO no such message"] {
        let dialogue = format!(
            "C: {{A}} UID FETCH 10 (UID BODY.PEEK[]<0.{WINDOW}>)\nS: {{A}} {end}\nC: {{B}} NOOP\nS: {{B}} OK done"
        );
        let (script, mut folder) = selected(&dialogue, plaintext()).await;
        assert_eq!(read(&mut folder).await.unwrap_err().kind(), Kind::Rejected);
        folder.noop().await.unwrap();
        script.finish().await.unwrap();
    }
}

/// Half a message must not look like a whole one.
#[tokio::test(start_paused = true)]
async fn a_message_that_goes_between_two_windows_is_an_error_not_an_end() {
    let dialogue = format!(
        "C: {{A}} UID FETCH 10 (UID BODY.PEEK[]<0.{WINDOW}>)
        S-raw: * 1 FETCH (UID 10 BODY[]<0> {{{WINDOW}}}\\r\\n
        S-fill: {WINDOW} x
        S: )
        S: {{A}} OK done
        C: {{B}} UID FETCH 10 (UID BODY.PEEK[]<{WINDOW}.{WINDOW}>)
        S: * 1 EXPUNGE
        S: {{B}} OK done"
    );
    let (script, mut folder) = selected(&dialogue, plaintext()).await;
    assert_eq!(read(&mut folder).await.unwrap_err().kind(), Kind::Rejected);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_know_windows_sends_all_at_once() {
    let size = WINDOW + 5;
    let dialogue = format!(
        "C: {{A}} UID FETCH 10 (UID BODY.PEEK[]<0.{WINDOW}>)
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

#[tokio::test(start_paused = true)]
async fn an_unsolicited_fetch_beside_the_body_is_an_event() {
    let dialogue = format!(
        "C: {{A}} UID FETCH 10 (UID BODY.PEEK[]<0.{WINDOW}>)
        S: * 2 FETCH (FLAGS (\\Seen))
        S-raw: * 1 FETCH (UID 10 BODY[]<0> {{5}}\\r\\nhello)\\r\\n
        S: {{A}} OK done
        {}",
        crate::events::IDLE
    );
    let (script, mut folder) = selected(&dialogue, plaintext()).await;
    assert_eq!(read(&mut folder).await.unwrap(), b"hello");
    let mut events = folder.idle().await.unwrap();
    assert_eq!(crate::events::next(&mut events, 1).await, ["flags 0 \\Seen"]);
    script.finish().await.unwrap();
}

//! The scripted peer.

use postroom::testing::Script;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const DIALOGUE: &str = "
    # a comment
    S: * OK {1} ready
    C: {A} LOGIN {3}
    S: + \n    C-raw: a\\x00b
    C: \x20{B}
    S: {A} OK {B}
    S-raw: * 1 FETCH (BODY[] {3}\\r\\na
    S-fill: 2 x
    S: )
    C-bytes: 4
";

async fn played(script: &str, client: &str) -> (String, Result<(), String>) {
    let mut script = Script::new(script);
    let mut stream = script.stream();
    stream.write_all(client.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    drop(stream);
    (text, script.finish().await)
}

#[tokio::test]
async fn a_dialogue_is_played_to_its_end() {
    let (text, result) = played(DIALOGUE, "t7 LOGIN {3}\r\na\0b pw\r\nabcd").await;
    assert_eq!(result, Ok(()));
    assert_eq!(
        text,
        "* OK {1} ready\r\n+ \r\nt7 OK pw\r\n* 1 FETCH (BODY[] {3}\r\naxx)\r\n"
    );
}

#[tokio::test]
async fn a_report_names_the_step_and_what_came_instead() {
    for (client, report) in [
        (
            "t7 LOGIN {4}\r\n",
            "line 4: expected C: {A} LOGIN {3}, got t7 LOGIN {4}",
        ),
        (
            "t7 LOGIN {3}\n",
            "line 4: expected C: {A} LOGIN {3}, got t7 LOGIN {3}\\n",
        ),
        ("t7 LO", "line 4: expected C: {A} LOGIN {3}, got t7 LO"),
        (
            "",
            "line 4: expected C: {A} LOGIN {3}, but the client closed",
        ),
        (
            "t7 LOGIN {3}\r\nacb",
            "line 6: expected C-raw: a\\x00b, got acb",
        ),
        (
            "t7 LOGIN {3}\r\na\0b pw\r\nabcde",
            "after the last step the client sent e",
        ),
    ] {
        assert_eq!(played(DIALOGUE, client).await.1, Err(report.to_owned()));
    }
    let mut twice = Script::new("C: {A} A\nC: {A} B");
    twice.stream().write_all(b"1 A\r\n2 B\r\n").await.unwrap();
    assert_eq!(
        twice.finish().await,
        Err("line 2: expected C: {A} B, got 2 B".to_owned())
    );
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_and_a_wrong_script_are_reported() {
    let mut script = Script::new("S: hello\nC: hello");
    let _stream = script.stream();
    assert_eq!(
        script.finish().await,
        Err("line 2: expected C: hello, but nothing came".to_owned())
    );
    let mut script = Script::new("X: hello");
    let mut text = String::new();
    script.stream().read_to_string(&mut text).await.unwrap();
    assert_eq!(
        script.finish().await,
        Err("line 1: not a step: X: hello".to_owned())
    );
    assert!(
        Script::new("S: hello")
            .finish()
            .await
            .unwrap_err()
            .contains("never played")
    );
}

#[tokio::test]
async fn close_stall_and_eof_end_as_they_say() {
    let (text, result) = played("S: bye\nclose", "").await;
    assert_eq!((text.as_str(), result), ("bye\r\n", Ok(())));
    let (text, result) = played("C: a\nstall", "a\r\nb\r\n").await;
    assert_eq!((text.as_str(), result), ("", Ok(())));
    assert_eq!(played("eof", "").await.1, Ok(()));
    assert_eq!(
        played("eof", "a").await.1,
        Err("line 1: expected eof, got a".to_owned())
    );
}

#[tokio::test]
async fn a_dialogue_is_played_on_a_port() {
    let mut script = Script::new("S: hi\nC: ho");
    let mut stream = tokio::net::TcpStream::connect(script.listen().await.unwrap())
        .await
        .unwrap();
    stream.write_all(b"ho\r\n").await.unwrap();
    assert_eq!(script.finish().await, Ok(()));
}

//! CONDSTORE and QRESYNC (RFC 7162), by raw lines.

use postroom::testing::Server;
use tokio::io::DuplexStream;

use super::imap::{logged_in, selected};
use super::line::Lines;

/// Three messages, whose mod-sequences are 2, 3 and 4.
fn three() -> Server {
    let server = Server::builder().in_memory().unwrap();
    for at in 1..=3 {
        server.deliver("alice", "INBOX", format!("Subject: {at}\r\n\r\n"), &[]);
    }
    server
}

async fn resynced(server: &Server, since: &str) -> (Lines<DuplexStream>, Vec<String>) {
    let mut client = logged_in(server).await;
    assert_eq!(client.imap("ENABLE QRESYNC").await[0], "* ENABLED QRESYNC");
    let lines = client.imap(&format!("SELECT INBOX (QRESYNC (1000001 {since}))")).await;
    let reported = lines.into_iter().filter(|line| line.contains("VANISHED") || line.contains(" FETCH "));
    let reported = reported.collect();
    (client, reported)
}

#[tokio::test]
async fn every_change_has_a_higher_mod_sequence_and_select_tells_the_highest() {
    let server = three();
    let mut client = logged_in(&server).await;
    let lines = client.imap("SELECT INBOX").await;
    assert!(lines.iter().any(|line| line.starts_with("* OK [HIGHESTMODSEQ 4]")), "{lines:?}");
    assert_eq!(
        client.imap("FETCH 1:* MODSEQ").await[..3],
        ["* 1 FETCH (MODSEQ (2))", "* 2 FETCH (MODSEQ (3))", "* 3 FETCH (MODSEQ (4))"]
    );
    assert_eq!(
        client.imap("STORE 2 +FLAGS (x)").await[0],
        "* 2 FETCH (FLAGS (\\Recent x) MODSEQ (5))".replace("(\\Recent x)", "(x \\Recent)")
    );
    assert_eq!(client.imap("STORE 2 +FLAGS.SILENT (y)").await[0], "* 2 FETCH (MODSEQ (6))");
    assert_eq!(client.imap("STORE 2 +FLAGS.SILENT (y)").await[0], "* 2 FETCH (MODSEQ (6))");
    assert_eq!(client.imap("STATUS INBOX (HIGHESTMODSEQ)").await[0], "* STATUS \"INBOX\" (HIGHESTMODSEQ 6)");
    assert_eq!(
        client.imap("UID FETCH 1:* (FLAGS) (CHANGEDSINCE 4)").await[0],
        "* 2 FETCH (UID 2 FLAGS (x y \\Recent) MODSEQ (6))"
    );
    assert_eq!(client.imap("UID FETCH 1:* (FLAGS) (CHANGEDSINCE 6)").await[0], "t OK FETCH completed");
}

#[tokio::test]
async fn nothing_of_it_is_told_to_who_did_not_ask() {
    let server = three();
    let mut client = selected(&server).await;
    assert_eq!(client.imap("STORE 2 +FLAGS (x)").await[0], "* 2 FETCH (FLAGS (x \\Recent))");
    assert_eq!(client.imap("STORE 2 +FLAGS.SILENT (y)").await, ["t OK STORE completed"]);
    server.expunge("alice", "INBOX", 1).unwrap();
    assert_eq!(client.imap("NOOP").await[0], "* 1 EXPUNGE");
}

#[tokio::test]
async fn a_store_spares_what_was_changed_since_and_says_which() {
    let server = three();
    let mut client = selected(&server).await;
    server.set_flags("alice", "INBOX", 2, &["theirs"]).unwrap();
    let lines = client.imap("UID STORE 1:3 (UNCHANGEDSINCE 4) +FLAGS.SILENT (mine)").await;
    assert!(lines.last().unwrap().starts_with("t OK [MODIFIED 2] "), "{lines:?}");
    assert!(lines.contains(&"* 2 FETCH (FLAGS (theirs \\Recent) MODSEQ (5))".to_owned()), "{lines:?}");
    let snapshot = server.snapshot("alice").unwrap();
    let flags: Vec<_> = snapshot.messages("INBOX").iter().map(|message| message.flags.join(" ")).collect();
    assert_eq!(flags, ["mine", "theirs", "mine"]);
    assert!(client.imap("STORE 1,3 (UNCHANGEDSINCE 0) FLAGS (x)").await[0].starts_with("t OK [MODIFIED 1,3]"));
}

#[tokio::test]
async fn a_search_by_mod_sequence_tells_the_highest_it_found() {
    let server = three();
    let mut client = selected(&server).await;
    assert_eq!(client.imap("SEARCH MODSEQ 3").await[0], "* SEARCH 2 3 (MODSEQ 4)");
    assert_eq!(client.imap("SEARCH MODSEQ \"/flags/\\\\draft\" all 4").await[0], "* SEARCH 3 (MODSEQ 4)");
    assert_eq!(client.imap("SEARCH MODSEQ 9").await[0], "* SEARCH");
    assert_eq!(
        client.imap("UID SEARCH RETURN (COUNT ALL) OR MODSEQ 4 UID 1").await[0],
        "* ESEARCH (TAG \"t\") UID ALL 1,3 COUNT 2 MODSEQ 4"
    );
}

#[tokio::test]
async fn whoever_comes_back_is_told_what_vanished_and_what_changed() {
    let server = three();
    server.set_flags("alice", "INBOX", 1, &["x"]).unwrap();
    server.expunge("alice", "INBOX", 2).unwrap();
    let (_client, reported) = resynced(&server, "4").await;
    assert_eq!(reported, ["* VANISHED (EARLIER) 2", "* 1 FETCH (UID 1 FLAGS (x \\Recent) MODSEQ (5))"]);
    assert!(resynced(&server, "6").await.1.is_empty());
    assert_eq!(resynced(&server, "4 1,3").await.1.len(), 1);
    let (mut client, _) = resynced(&server, "6 1:3 (1,2 1,3)").await;
    assert_eq!(client.imap("UID FETCH 1:9 (UID) (CHANGEDSINCE 4 VANISHED)").await[0], "* VANISHED (EARLIER) 2");
    let mut client = logged_in(&server).await;
    assert!(client.imap("SELECT INBOX (QRESYNC (1000001 1))").await[0].starts_with("t BAD"));
}

#[tokio::test]
async fn with_qresync_messages_vanish_by_uid() {
    let server = three();
    let (mut client, _) = resynced(&server, "4").await;
    server.set_flags("alice", "INBOX", 3, &["x"]).unwrap();
    server.expunge("alice", "INBOX", 1).unwrap();
    assert_eq!(client.imap("NOOP").await[..2], ["* VANISHED 1", "* 2 FETCH (UID 3 FLAGS (x \\Recent) MODSEQ (5))"]);
    client.imap("UID STORE 2:3 +FLAGS.SILENT (\\Deleted)").await;
    assert_eq!(client.imap("EXPUNGE").await, ["* VANISHED 2:3", "t OK [HIGHESTMODSEQ 10] EXPUNGE completed"]);
    assert_eq!(client.imap("EXAMINE Sent").await[0], "* OK [CLOSED] The previous mailbox is closed");
}

#[tokio::test]
async fn without_it_nothing_of_it_is_understood() {
    let server = Server::builder().without("CONDSTORE").in_memory().unwrap();
    let mut client = Lines::new(server.imap_stream());
    let greeting = client.line().await;
    assert!(!greeting.contains("CONDSTORE") && !greeting.contains("QRESYNC"));
    client.imap("LOGIN alice alicepw").await;
    assert_eq!(client.imap("ENABLE CONDSTORE QRESYNC").await[0], "* ENABLED");
    assert!(!client.imap("SELECT INBOX").await.iter().any(|line| line.contains("MODSEQ")));
    for command in [
        "FETCH 1:* MODSEQ",
        "SEARCH MODSEQ 1",
        "STATUS INBOX (HIGHESTMODSEQ)",
        "STORE 1 (UNCHANGEDSINCE 1) FLAGS ()",
        "SELECT INBOX (CONDSTORE)",
    ] {
        assert!(client.imap(command).await.last().unwrap().starts_with("t BAD"), "{command}");
    }
}

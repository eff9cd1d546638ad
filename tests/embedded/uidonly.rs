//! UIDONLY (RFC 9586), by raw lines: no message number in either direction.

use postroom::testing::Server;

use super::imap::logged_in;

const REFUSED: &str = "t BAD [UIDREQUIRED] No message numbers once UIDONLY is enabled";

#[tokio::test]
async fn messages_are_named_by_uid_alone() {
    let server = Server::builder().in_memory().unwrap();
    for at in 1..=4 {
        server.deliver("alice", "INBOX", format!("Subject: {at}\r\n\r\n"), &[]);
    }
    server.expunge("alice", "INBOX", 1).unwrap();
    let mut client = logged_in(&server).await;
    assert_eq!(client.imap("ENABLE UIDONLY").await[0], "* ENABLED UIDONLY");
    let selected = client.imap("SELECT INBOX").await;
    assert!(selected.contains(&"* 3 EXISTS".to_owned()) && !selected.iter().any(|line| line.contains("[UNSEEN")));

    assert_eq!(client.imap("UID FETCH 3 (RFC822.SIZE)").await[0], "* 3 UIDFETCH (RFC822.SIZE 14)");
    assert_eq!(client.imap("UID FETCH 3 (UID)").await[0], "* 3 UIDFETCH (UID 3)");
    assert_eq!(client.imap("UID STORE 2 +FLAGS (x)").await[0], "* 2 UIDFETCH (FLAGS (x \\Recent))");
    assert_eq!(client.imap("UID SEARCH RETURN (ALL) UID 1:3").await[0], "* ESEARCH (TAG \"t\") UID ALL 2:3");
    server.set_flags("alice", "INBOX", 4, &["y"]).unwrap();
    server.expunge("alice", "INBOX", 2).unwrap();
    assert_eq!(client.imap("NOOP").await[..2], ["* VANISHED 2", "* 4 UIDFETCH (FLAGS (y \\Recent))"]);

    for command in [
        "FETCH 1 (FLAGS)",
        "STORE 1 +FLAGS (x)",
        "COPY 1 Sent",
        "MOVE 1 Sent",
        "SEARCH ALL",
        "SORT (SUBJECT) UTF-8 ALL",
        "THREAD REFERENCES UTF-8 ALL",
        "UID SEARCH 1:*",
        "UID SEARCH OR SEEN NOT (FLAGGED 2)",
        "UID SORT (SUBJECT) UTF-8 1",
    ] {
        assert_eq!(client.imap(command).await, [REFUSED], "{command}");
    }
    assert_eq!(server.snapshot("alice").unwrap().messages("INBOX").len(), 2);
}

#[tokio::test]
async fn it_can_be_switched_off() {
    let server = Server::builder().without("UIDONLY").in_memory().unwrap();
    let mut client = logged_in(&server).await;
    assert_eq!(client.imap("ENABLE UIDONLY").await[0], "* ENABLED");
    assert!(!client.imap("CAPABILITY").await[0].contains("UIDONLY"));
}

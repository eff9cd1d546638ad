//! Parts without their encoding (RFC 3516), previews (RFC 8970), identifiers of objects (RFC 8474), and dates of saving (RFC 8514), by
//! raw lines.

use postroom::testing::Server;

use super::imap::logged_in;

const MESSAGE: &str = "Message-ID: <1@x>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
    Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe\r\n--b\r\n\
    Content-Type: application/x\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b\r\n\
    Content-Transfer-Encoding: x-odd\r\n\r\nodd\r\n--b--\r\n";

fn server() -> Server {
    let server = Server::builder().in_memory().unwrap();
    server.deliver("alice", "INBOX", MESSAGE, &[]);
    server
}

#[tokio::test]
async fn parts_are_decoded_and_one_that_cannot_be_is_refused() {
    let server = server();
    let mut client = logged_in(&server).await;
    client.imap("SELECT INBOX").await;
    let lines = client.imap("FETCH 1 (BINARY.SIZE[1] BINARY.PEEK[1] BINARY.PEEK[2]<1.1>)").await;
    assert_eq!(lines[..2], ["* 1 FETCH (BINARY.SIZE[1] 7 BINARY[1] {7}", "Grüße BINARY[2]<1> {1}"]);
    let lines = client.imap("FETCH 1 BINARY.PEEK[2]").await;
    assert_eq!(lines[0], "* 1 FETCH (BINARY[2] ~{3}");
    for refused in ["BINARY.PEEK[3]", "BINARY.SIZE[3]", "BINARY[]"] {
        assert!(client.imap(&format!("FETCH 1 {refused}")).await[0].contains(" NO [UNKNOWN-CTE]"), "{refused}");
    }
    for wrong in ["BINARY[1.MIME]", "BINARY[TEXT]", "BINARY.SIZE[1]<0.1>"] {
        assert!(client.imap(&format!("FETCH 1 {wrong}")).await[0].contains(" BAD "), "{wrong}");
    }
    assert!(client.imap("FETCH 1 BINARY[9]").await[0].starts_with("* 1 FETCH (BINARY[9] NIL FLAGS (\\Seen"));
}

#[tokio::test]
async fn nul_is_stored_in_a_literal8_only() {
    let server = server();
    let mut client = logged_in(&server).await;
    client.send("t APPEND INBOX {4+}\r\na\0bc\r\n").await;
    assert!(client.line().await.starts_with("t BAD"));
    client.send("t APPEND INBOX ~{4+}\r\na\0bc\r\n").await;
    assert!(client.line().await.starts_with("t OK"));
    assert_eq!(&server.snapshot("alice").unwrap().messages("INBOX")[1].bytes[..], b"a\0bc");
}

#[tokio::test]
async fn objects_keep_their_identifiers() {
    let server = server();
    server.deliver("alice", "INBOX", "Message-ID: <2@x>\r\nReferences: <1@x> <3@x>\r\n\r\nHi\r\n", &[]);
    let mut client = logged_in(&server).await;
    let created = client.imap("CREATE Work").await;
    let id = created[0].split("[MAILBOXID (").nth(1).unwrap().split(')').next().unwrap().to_owned();
    client.imap("RENAME Work Play").await;
    assert_eq!(client.imap("STATUS Play (MAILBOXID)").await[0], format!("* STATUS \"Play\" (MAILBOXID ({id}))"));
    let selected = client.imap("SELECT INBOX").await;
    assert!(selected.iter().any(|line| line.contains("[MAILBOXID (F")), "{selected:?}");
    let lines = client.imap("FETCH 1:2 (EMAILID THREADID)").await;
    let ids: Vec<&str> =
        lines[..2].iter().map(|line| line.split('(').nth(2).unwrap().split(')').next().unwrap()).collect();
    let thread = |line: &str| line.split("THREADID ").nth(1).unwrap().to_owned();
    assert!(ids[0] != ids[1] && thread(&lines[0]) == thread(&lines[1]), "{lines:?}");
    assert_eq!(client.imap(&format!("SEARCH EMAILID {}", ids[1])).await[0], "* SEARCH 2");
    client.imap("COPY 1 Play").await;
    client.imap("SELECT Play").await;
    assert!(client.imap("FETCH 1 EMAILID").await[0].contains(ids[0]));
}

#[tokio::test]
async fn previews_and_dates_of_saving_are_of_the_mailbox() {
    let server = server();
    let mut client = logged_in(&server).await;
    client.imap("SELECT INBOX").await;
    assert_eq!(client.imap("FETCH 1 (PREVIEW (LAZY))").await[0], "* 1 FETCH (PREVIEW NIL)");
    let lines = client.imap("FETCH 1 (PREVIEW FLAGS)").await;
    assert_eq!(lines[..2], ["* 1 FETCH (PREVIEW {7}", "Grüße FLAGS (\\Recent))"]);
    assert_eq!(client.imap("FETCH 1 PREVIEW (LAZY)").await[0], "* 1 FETCH (PREVIEW {7}");
    assert!(client.imap("FETCH 1 SAVEDATE").await[0].starts_with("* 1 FETCH (SAVEDATE \""));
    assert_eq!(client.imap("SEARCH SAVEDSINCE 1-Jan-2020").await[0], "* SEARCH 1");
    assert_eq!(client.imap("SEARCH SAVEDBEFORE 1-Jan-2020").await[0], "* SEARCH");
}

#[tokio::test]
async fn each_can_be_switched_off() {
    for (name, item) in
        [("BINARY", "BINARY[1]"), ("PREVIEW", "PREVIEW"), ("OBJECTID", "EMAILID"), ("SAVEDATE", "SAVEDATE")]
    {
        let server = Server::builder().without(name).in_memory().unwrap();
        server.deliver("alice", "INBOX", MESSAGE, &[]);
        let mut client = logged_in(&server).await;
        let selected = client.imap("SELECT INBOX").await;
        assert_eq!(selected.iter().any(|line| line.contains("MAILBOXID")), name != "OBJECTID");
        assert!(client.imap(&format!("FETCH 1 {item}")).await[0].contains(" BAD "), "{name}");
    }
}

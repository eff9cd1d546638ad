//! IMAP's commands on messages, by raw lines over in-memory streams.

use postroom::testing::Server;
use tokio::io::DuplexStream;

use super::line::Lines;

pub(crate) fn server() -> Server {
    Server::builder().sample_mail().in_memory().unwrap()
}

pub(crate) async fn logged_in(server: &Server) -> Lines<DuplexStream> {
    let mut client = Lines::new(server.imap_stream());
    assert!(client.line().await.starts_with("* OK [CAPABILITY IMAP4rev1 "));
    assert!(client.imap("LOGIN alice alicepw").await[0].starts_with("t OK [CAPABILITY "));
    client
}

pub(crate) async fn selected(server: &Server) -> Lines<DuplexStream> {
    let mut client = logged_in(server).await;
    client.imap("SELECT INBOX").await;
    client
}

#[tokio::test]
async fn select_tells_what_the_rfc_wants() {
    let server = server();
    let mut client = logged_in(&server).await;
    let lines = client.imap("SELECT inbox").await;
    for start in ["* FLAGS (", "* 30 EXISTS", "* 0 RECENT", "* OK [UNSEEN 2]", "* OK [PERMANENTFLAGS ("] {
        assert!(lines.iter().any(|line| line.starts_with(start)), "{start} is missing in {lines:#?}");
    }
    assert!(lines.contains(&"* OK [UIDVALIDITY 1000001] UIDs valid".to_owned()));
    assert!(lines.contains(&"* OK [UIDNEXT 31] Predicted next UID".to_owned()));
    assert_eq!(lines.last().unwrap(), "t OK [READ-WRITE] SELECT completed");
}

#[tokio::test]
async fn envelope_keeps_encoded_words_and_falls_back_on_from() {
    let server = Server::builder().in_memory().unwrap();
    let mail = "From: =?UTF-8?Q?J=C3=BCrgen?= <j@example.net>\r\nTo: \"O, C\" <c@example.com>, d@example.com (Dee)\r\n\
                Cc: friends: a@x, b@y;, alone\r\nSubject: a \"b\" \\c\r\n folded\r\nDate: Mon, 1 Jan 2024 09:00:00 +0000\r\n\
                Message-ID: <1@x>\r\n\r\nhello";
    server.deliver("alice", "INBOX", mail, &[]);
    let mut client = selected(&server).await;
    let lines = client.imap("FETCH 1 ENVELOPE").await;
    let from = r#"(("=?UTF-8?Q?J=C3=BCrgen?=" NIL "j" "example.net"))"#;
    let to = r#"(("O, C" NIL "c" "example.com")("Dee" NIL "d" "example.com"))"#;
    let cc = r#"((NIL NIL "friends" NIL)(NIL NIL "a" "x")(NIL NIL "b" "y")(NIL NIL NIL NIL)(NIL NIL "alone" ""))"#;
    let subject = r#""a \"b\" \\c folded""#;
    let wanted = format!(
        r#"* 1 FETCH (ENVELOPE ("Mon, 1 Jan 2024 09:00:00 +0000" {subject} {from} {from} {from} {to} {cc} NIL NIL "<1@x>"))"#
    );
    assert_eq!(lines[0], wanted);
}

#[tokio::test]
async fn sections_are_the_bytes_of_the_message() {
    let server = Server::builder().in_memory().unwrap();
    let inner = "Subject: in\r\n\r\ninner text";
    let mail = format!(
        "Subject: out\r\nX-A: 1\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npre\r\n--b\r\nX-P: 1\r\n\r\none\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--b--\r\n"
    );
    server.deliver("alice", "INBOX", mail.clone(), &[]);
    let mut client = selected(&server).await;
    for (section, wanted) in [
        ("", mail.as_str()),
        ("1", "one"),
        ("1.MIME", "X-P: 1\r\n\r\n"),
        ("2", inner),
        ("2.HEADER", "Subject: in\r\n\r\n"),
        ("2.TEXT", "inner text"),
        ("2.1", "inner text"),
        ("HEADER.FIELDS (x-a)", "X-A: 1\r\n\r\n"),
        ("HEADER.FIELDS.NOT (X-A Content-Type)", "Subject: out\r\n\r\n"),
    ] {
        client.send(format!("t FETCH 1 BODY.PEEK[{section}]\r\n")).await;
        let text = client.until("t ").await.join("\r\n");
        let start = format!("* 1 FETCH (BODY[{section}] {{{}}}\r\n{wanted})\r\nt OK", wanted.len());
        assert!(text.starts_with(&start), "{section}: {text}");
    }
    let partial = client.imap("FETCH 1 BODY.PEEK[2]<9.6>").await.join("\r\n");
    assert!(partial.starts_with("* 1 FETCH (BODY[2]<9> {6}\r\nin\r\n\r\n)"), "{partial}");
    assert!(client.imap("FETCH 1 BODY.PEEK[3]").await[0].ends_with("BODY[3] NIL)"));
    assert!(client.imap("FETCH 1 BODY[1]").await.join("").contains("FLAGS (\\Seen \\Recent))"));
    let body = client.imap("FETCH 1 BODY").await;
    let text = r#"("TEXT" "PLAIN" ("CHARSET" "us-ascii") NIL NIL "7BIT" "#;
    let inside = r#"(NIL "in" NIL NIL NIL NIL NIL NIL NIL NIL)"#;
    let wanted = format!(
        r#"* 1 FETCH (BODY ({text}3 1)("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 25 {inside} {text}10 1) 3) "MIXED"))"#
    );
    assert_eq!(body[0], wanted);
}

#[tokio::test]
async fn append_keeps_bytes_flags_and_date() {
    let server = server();
    let mut client = logged_in(&server).await;
    client.send("t APPEND Sent (\\seen $Work) \" 7-Feb-2024 08:09:10 -0130\" {9}\r\n").await;
    assert!(client.line().await.starts_with("+ "));
    client.send("a: b\r\n\r\nc\r\n").await;
    assert_eq!(client.line().await, "t OK [APPENDUID 1000005 3] APPEND completed");
    let snapshot = server.snapshot("alice").unwrap();
    let message = snapshot.messages("Sent").last().unwrap();
    assert_eq!(message.bytes.as_ref(), b"a: b\r\n\r\nc");
    assert_eq!(message.flags, ["$Work", "\\Seen"]);
    client.imap("EXAMINE Sent").await;
    let date = &client.imap("FETCH 3 INTERNALDATE").await[0];
    assert_eq!(date, "* 3 FETCH (INTERNALDATE \" 7-Feb-2024 08:09:10 -0130\")");
}

#[tokio::test]
async fn multiappend_keeps_all_or_nothing() {
    let server = server();
    let mut client = logged_in(&server).await;
    let before = server.snapshot("alice");
    client.send("t APPEND Sent {3+}\r\none {0+}\r\n\r\n").await;
    assert!(client.until("t ").await[0].starts_with("t NO "));
    client.send("t APPEND Sent {3+}\r\none \"\r\n").await;
    assert!(client.until("t ").await[0].starts_with("t BAD "));
    assert_eq!(server.snapshot("alice"), before);
    client.send("t APPEND Sent {3+}\r\none (\\Flagged) {3+}\r\ntwo\r\n").await;
    assert_eq!(client.line().await, "t OK [APPENDUID 1000005 3:4] APPEND completed");
}

#[tokio::test]
async fn store_changes_flags_and_tells_unless_silent() {
    let server = server();
    let mut client = selected(&server).await;
    assert_eq!(client.imap("UID STORE 2 +FLAGS (\\Flagged)").await[0], "* 2 FETCH (UID 2 FLAGS (\\Flagged))");
    assert_eq!(client.imap("STORE 2 -FLAGS.SILENT \\Flagged").await.len(), 1);
    assert!(server.snapshot("alice").unwrap().messages("INBOX")[1].flags.is_empty());
    assert_eq!(client.imap("STORE 2 FLAGS ($New \\Draft)").await[0], "* 2 FETCH (FLAGS ($New \\Draft))");
    assert!(client.imap("STORE 31 FLAGS ()").await[0].starts_with("t BAD"));
    client.imap("EXAMINE INBOX").await;
    assert!(client.imap("STORE 2 FLAGS ()").await[0].starts_with("t NO [READ-ONLY]"));
}

#[tokio::test]
async fn expunge_renumbers_and_uid_expunge_spares_the_rest() {
    let server = server();
    let mut client = selected(&server).await;
    client.imap("STORE 2:4 +FLAGS.SILENT (\\Deleted)").await;
    let lines = client.imap("UID EXPUNGE 3:4,99").await;
    assert_eq!(lines, ["* 3 EXPUNGE", "* 3 EXPUNGE", "t OK UID EXPUNGE completed"]);
    assert_eq!(client.imap("EXPUNGE").await, ["* 2 EXPUNGE", "t OK EXPUNGE completed"]);
    let uids: Vec<u32> = server.snapshot("alice").unwrap().messages("INBOX").iter().map(|one| one.uid).collect();
    assert_eq!(uids[..3], [1, 5, 6]);
}

#[tokio::test]
async fn no_expunge_is_told_while_a_fetch_runs() {
    let server = server();
    let mut client = selected(&server).await;
    server.expunge("alice", "INBOX", 3);
    server.deliver("alice", "INBOX", "Subject: new\r\n\r\n", &[]);
    let lines = client.imap("FETCH 3 UID").await;
    assert_eq!(lines, ["* 3 FETCH (UID 3)", "* 31 EXISTS", "* 1 RECENT", "t OK FETCH completed"]);
    assert_eq!(client.imap("NOOP").await, ["* 3 EXPUNGE", "t OK NOOP completed"]);
    assert_eq!(client.imap("NOOP").await, ["t OK NOOP completed"]);
}

#[tokio::test]
async fn idle_tells_what_another_session_does() {
    let server = server();
    let (mut idler, mut other) = (selected(&server).await, selected(&server).await);
    idler.send("i IDLE\r\n").await;
    server.received("i IDLE").await;
    assert!(idler.line().await.starts_with("+ "));
    other.imap("STORE 2 +FLAGS.SILENT (\\Deleted)").await;
    assert_eq!(idler.line().await, "* 2 FETCH (FLAGS (\\Deleted))");
    other.imap("EXPUNGE").await;
    assert_eq!(idler.line().await, "* 2 EXPUNGE");
    other.send("t APPEND INBOX {3+}\r\nabc\r\n").await;
    assert_eq!(idler.line().await, "* 30 EXISTS");
    idler.line().await;
    idler.send("DONE\r\n").await;
    assert_eq!(idler.line().await, "i OK IDLE completed");
}

#[tokio::test]
async fn copy_and_move_tell_the_uids() {
    let server = server();
    let mut client = selected(&server).await;
    assert_eq!(client.imap("COPY 2:3 Sent").await, ["t OK [COPYUID 1000005 2:3 3:4] COPY completed"]);
    let lines = client.imap("UID MOVE 5 Trash").await;
    assert_eq!(lines, ["* OK [COPYUID 1000006 5 1] Moved", "* 5 EXPUNGE", "t OK MOVE completed"]);
    assert!(client.imap("COPY 1 None").await[0].starts_with("t NO [TRYCREATE]"));
}

#[tokio::test]
async fn search_finds() {
    let server = Server::builder().in_memory().unwrap();
    server.deliver("alice", "INBOX", "Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=\r\nFrom: bea@x\r\n\r\nOne", &["\\Seen"]);
    server.deliver("alice", "INBOX", "Subject: other\r\nDate: Mon, 1 Jan 2024 09:00:00 +0000\r\n\r\nTwo two", &[]);
    let mut client = selected(&server).await;
    for (keys, found) in [
        ("ALL", " 1 2"),
        ("UNSEEN", " 2"),
        ("OR SEEN SUBJECT other", " 1 2"),
        ("NOT (SEEN FROM BEA)", " 2"),
        ("CHARSET UTF-8 SUBJECT {6+}\r\nGr\u{fc}\u{df}e", ""),
        ("SENTON 1-Jan-2024", " 2"),
        ("LARGER 50 BODY two", " 2"),
        ("UID 2:* 1:2", " 2"),
        ("HEADER from \"\"", " 1"),
        ("SINCE 1-Jan-2020 TEXT one", " 1"),
    ] {
        let keys = if keys.contains("{6+}") {
            "CHARSET UTF-8 SUBJECT {7+}\r\nGr\u{fc}\u{df}e".to_owned()
        } else {
            keys.to_owned()
        };
        let found = if keys.contains("{7+}") { " 1" } else { found };
        assert_eq!(client.imap(&format!("SEARCH {keys}")).await[0], format!("* SEARCH{found}"), "{keys}");
    }
    let lines = client.imap("UID SEARCH RETURN (MIN COUNT ALL) ALL").await;
    assert_eq!(lines[0], "* ESEARCH (TAG \"t\") UID MIN 1 ALL 1:2 COUNT 2");
    assert!(client.imap("SEARCH CHARSET KOI8-R ALL").await[0].starts_with("t NO [BADCHARSET"));
}

#[tokio::test]
async fn a_body_of_64_mib_goes_in_and_out() {
    let server = server();
    let mut client = selected(&server).await;
    let body = vec![b'x'; 64 << 20];
    client.send(format!("t APPEND INBOX {{{}+}}\r\n", body.len())).await;
    client.send(&body).await;
    client.send("\r\n").await;
    assert!(client.until("t ").await.last().unwrap().starts_with("t OK"));
    let mut stream = client.into_inner();
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    stream.write_all(b"t FETCH 31 BODY[]\r\n").await.unwrap();
    let mut received = vec![0; body.len() + 50];
    stream.read_exact(&mut received).await.unwrap();
    let wanted = format!("* 31 FETCH (BODY[] {{{}}}\r\n", body.len());
    assert!(received.starts_with(wanted.as_bytes()));
}

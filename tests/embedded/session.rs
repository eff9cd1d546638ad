//! IMAP's sessions: logins, mailboxes, capabilities, literals, faults.

use postroom::testing::{Fault, Server};

use super::imap::{logged_in, selected, server};
use super::line::Lines;

#[tokio::test]
async fn a_refused_literal_is_read_as_commands_if_sent() {
    let server = Server::builder().literal_limit(100).in_memory().unwrap();
    let mut client = logged_in(&server).await;
    let before = server.snapshot("alice");
    client.send("t APPEND INBOX {101}\r\n").await;
    assert!(client.line().await.starts_with("t NO [TOOBIG]"));
    client.send("t APPEND None {10}\r\n").await;
    assert!(client.line().await.starts_with("t NO [TRYCREATE]"));
    assert_eq!(server.snapshot("alice"), before);
    client.send("x DELETE Junk\r\n").await;
    assert!(client.line().await.starts_with("x OK"));
    assert!(server.commands().contains(&"x DELETE Junk".to_owned()));
    client.send(format!("t APPEND INBOX {{101+}}\r\n{}\r\n", "x".repeat(101))).await;
    assert!(client.line().await.starts_with("t NO [TOOBIG]"));
    assert!(client.imap("NOOP").await[0].starts_with("t OK"));
}

#[tokio::test]
async fn what_happens_outside_is_told_and_a_lost_mailbox_ends_the_session() {
    let server = Server::builder().user("bob", "x").user("eve", "y").in_memory().unwrap();
    assert_eq!(server.deliver("bob", "Trash", "a: b\r\n\r\n", &[]), Some(1));
    assert_eq!(server.deliver("bob", "None", "", &[]), None);
    assert!(server.snapshot("eve").unwrap().messages("Trash").is_empty() && server.snapshot("alice").is_none());
    let mut client = Lines::new(server.imap_stream());
    client.line().await;
    client.imap("LOGIN bob x").await;
    client.imap("SELECT Trash").await;
    server.set_flags("bob", "Trash", 1, &["\\flagged", "New"]).unwrap();
    assert_eq!(client.imap("NOOP").await[0], "* 1 FETCH (FLAGS (New \\Flagged \\Recent))");
    client.imap("RENAME Trash Bin").await;
    assert_eq!(client.imap("UID FETCH 1 FLAGS").await[0], "* 1 FETCH (UID 1 FLAGS (New \\Flagged \\Recent))");
    assert_eq!(client.imap("DELETE Bin").await, ["* BYE The selected mailbox is gone", "t OK DELETE completed"]);
    assert_eq!(client.next().await, None);
}

#[tokio::test]
async fn mailboxes_are_made_listed_renamed_and_removed() {
    let server = server();
    let mut client = logged_in(&server).await;
    client.imap("CREATE Work/2024/May").await;
    assert_eq!(client.imap("LIST \"\" %").await.len(), 8);
    let lines = client.imap("LIST Work/ *").await;
    assert_eq!(lines[0], "* LIST (\\HasChildren) \"/\" \"Work/2024\"");
    assert_eq!(lines[1], "* LIST (\\HasNoChildren) \"/\" \"Work/2024/May\"");
    assert!(client.imap("LIST \"\" \"\"").await[0].starts_with("* LIST (\\Noselect) \"/\""));
    assert!(client.imap("LIST \"\" Sent").await[0].contains("\\Sent"));
    client.imap("RENAME Work Play").await;
    assert!(client.imap("STATUS Play/2024/May (MESSAGES UIDNEXT)").await[0].ends_with("(MESSAGES 0 UIDNEXT 1)"));
    client.imap("DELETE Play/2024").await;
    assert!(client.imap("LIST \"\" Play/2024").await[0].starts_with("* LIST (\\Noselect \\HasChildren)"));
    assert!(client.imap("SELECT Play/2024").await[0].starts_with("t NO"));
    assert!(client.imap("DELETE INBOX").await[0].starts_with("t NO"));
    client.imap("SUBSCRIBE Play/2024/May").await;
    assert!(client.imap("LSUB \"\" Play/%").await[0].starts_with("* LSUB (\\Noselect) \"/\" \"Play/2024\""));
}

#[tokio::test]
async fn what_is_not_announced_is_refused() {
    let names = ["IDLE", "UIDPLUS", "SASL-IR", "LITERAL+", "MOVE", "UNSELECT", "ESEARCH", "ENABLE", "ID", "NAMESPACE"];
    let builder = names.iter().fold(Server::builder().sample_mail(), |builder, name| builder.without(name));
    let server = builder.in_memory().unwrap();
    let mut client = Lines::new(server.imap_stream());
    let greeting = client.line().await;
    assert!(names.iter().all(|name| !greeting.contains(&format!(" {name}"))), "{greeting}");
    assert!(client.imap("AUTHENTICATE PLAIN AGFsaWNlAGFsaWNlcHc=").await[0].starts_with("t BAD"));
    client.imap("LOGIN alice alicepw").await;
    client.imap("SELECT INBOX").await;
    for command in [
        "IDLE",
        "UID EXPUNGE 1",
        "MOVE 1 Sent",
        "UNSELECT",
        "SEARCH RETURN () ALL",
        "ENABLE X",
        "ID NIL",
        "NAMESPACE",
        "XYZZY",
    ] {
        assert!(client.imap(command).await[0].starts_with("t BAD"), "{command}");
    }
    client.send("t APPEND INBOX {3+}\r\n").await;
    assert!(client.line().await.starts_with("t BAD"));
}

#[tokio::test]
async fn plain_login_works_with_and_without_initial_response() {
    let server = server();
    for command in ["t AUTHENTICATE PLAIN AGFsaWNlAGFsaWNlcHc=\r\n", "t AUTHENTICATE PLAIN\r\n"] {
        let mut client = Lines::new(server.imap_stream());
        client.line().await;
        client.send(command).await;
        if command.ends_with("PLAIN\r\n") {
            assert_eq!(client.line().await, "+ ");
            client.send("AGFsaWNlAGFsaWNlcHc=\r\n").await;
        }
        assert!(client.line().await.starts_with("t OK"));
    }
    let mut client = Lines::new(server.imap_stream());
    client.line().await;
    assert!(client.imap("LOGIN alice wrong").await[0].starts_with("t NO [AUTHENTICATIONFAILED]"));
    assert!(client.imap("SELECT INBOX").await[0].starts_with("t BAD"));
}

#[tokio::test]
async fn literals_stand_for_strings_and_small_commands_answer() {
    let server = server();
    let mut client = Lines::new(server.imap_stream());
    client.line().await;
    client.send("t LOGIN {5}\r\n").await;
    assert!(client.line().await.starts_with("+ "));
    client.send("alice {7}\r\n").await;
    assert!(client.line().await.starts_with("+ "));
    client.send("alicepw\r\n").await;
    assert!(client.line().await.starts_with("t OK"));
    for (command, wanted) in [
        ("ID (\"name\" \"x\" \"version\" NIL)", "* ID (\"name\" \"postroom testing\")"),
        ("NAMESPACE", "* NAMESPACE ((\"\" \"/\")) NIL NIL"),
        ("ENABLE X-Y", "* ENABLED"),
        ("ENABLE CONDSTORE X-Y", "* ENABLED CONDSTORE"),
        ("SELECT {5+}\r\nInBoX", "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Forwarded Work)"),
        ("CHECK", "t OK CHECK completed"),
        ("CLOSE", "t OK CLOSE completed"),
        ("CREATE \"a&b\"", "t NO [CANNOT] No mailbox can have that name"),
        ("CREATE {3+}\r\n\u{fc}x", "t BAD Mailbox names are in modified UTF-7"),
        ("NOOP x", "t BAD Unexpected arguments"),
        ("LOGOUT", "* BYE Until next time"),
    ] {
        assert_eq!(client.imap(command).await[0], wanted, "{command}");
    }
    assert_eq!(client.next().await, None);
}

#[tokio::test]
async fn logins_without_tls_can_be_refused_and_sessions_begin_logged_in() {
    let server = Server::builder().logindisabled_before_tls(true).in_memory().unwrap();
    let mut client = Lines::new(server.imap_stream());
    assert!(client.line().await.contains(" LOGINDISABLED]"));
    assert!(client.imap("LOGIN alice alicepw").await[0].starts_with("t NO [PRIVACYREQUIRED]"));
    let server = Server::builder().preauth(true).in_memory().unwrap();
    let mut client = Lines::new(server.imap_stream());
    assert!(client.line().await.starts_with("* PREAUTH "));
    assert!(client.imap("SELECT INBOX").await.last().unwrap().starts_with("t OK"));
}

#[tokio::test]
async fn a_stalled_connection_goes_on_when_resumed() {
    let server = server();
    server.fault(Fault::StallAfter(10));
    let mut client = Lines::new(server.imap_stream());
    client.send("t LOGIN alice alicepw\r\nu APPEND Sent {3+}\r\nabc\r\n").await;
    let count = || server.snapshot("alice").unwrap().messages("Sent").len();
    while count() == 2 {
        tokio::task::yield_now().await;
    }
    server.resume();
    assert!(client.line().await.starts_with("* OK [CAPA"));
    assert!(client.line().await.starts_with("t OK"));
    assert!(client.line().await.starts_with("u OK"));
}

#[tokio::test]
async fn faults_cut_and_split_and_all_connections_can_be_ended() {
    let server = server();
    server.fault(Fault::CutAfter(3));
    server.fault(Fault::Split(1));
    let mut cut = Lines::new(server.imap_stream());
    assert_eq!(cut.next().await, None);
    let mut split = selected(&server).await;
    assert!(split.imap("NOOP").await[0].starts_with("t OK"));
    server.disconnect_all();
    assert_eq!(split.next().await, None);
    selected(&server).await;
}

#[tokio::test]
async fn the_connections_of_one_user_can_be_ended() {
    let server = Server::builder().user("alice", "alicepw").user("bob", "bobpw").in_memory().unwrap();
    let mut alice = Lines::new(server.imap_stream());
    let mut bob = Lines::new(server.imap_stream());
    let mut unknown = Lines::new(server.imap_stream());
    let mut collecting = Lines::new(server.pop3_stream());
    for client in [&mut alice, &mut bob, &mut unknown, &mut collecting] {
        client.line().await;
    }
    assert!(alice.imap("LOGIN alice alicepw").await[0].starts_with("t OK"));
    assert!(bob.imap("LOGIN bob bobpw").await[0].starts_with("t OK"));
    for line in ["USER alice", "PASS alicepw"] {
        assert!(collecting.pop3(line).await.starts_with("+OK"));
    }
    server.disconnect("alice");
    assert_eq!(alice.next().await, None);
    assert_eq!(collecting.next().await, None);
    assert!(bob.imap("NOOP").await[0].starts_with("t OK"));
    assert!(unknown.imap("NOOP").await[0].starts_with("t OK"));
    assert_eq!(server.connections(), 2);
}

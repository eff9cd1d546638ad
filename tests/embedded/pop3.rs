//! POP3 by raw lines over in-memory streams.

use postroom::testing::{Fault, Server};
use tokio::io::DuplexStream;

use super::line::Lines;

async fn logged_in(server: &Server) -> Lines<DuplexStream> {
    let mut client = Lines::new(server.pop3_stream());
    assert!(client.line().await.starts_with("+OK"));
    client.pop3("USER alice").await;
    assert_eq!(client.pop3("PASS alicepw").await, "+OK Logged in");
    client
}

#[tokio::test]
async fn capabilities_and_listings() {
    let server = Server::builder().in_memory().unwrap();
    server.deliver("alice", "INBOX", "a: b\r\n\r\n.one\r\n", &[]);
    server.deliver("alice", "INBOX", "no end", &[]);
    let mut client = logged_in(&server).await;
    assert_eq!(client.pop3("CAPA").await, "+OK Capabilities follow");
    let capabilities = client.multi().await;
    for wanted in ["TOP", "UIDL", "PIPELINING", "RESP-CODES", "AUTH-RESP-CODE", "EXPIRE NEVER"] {
        assert!(capabilities.iter().any(|line| line == wanted), "{wanted}");
    }
    assert_eq!(client.pop3("STAT").await, "+OK 2 20");
    assert!(client.pop3("LIST").await.starts_with("+OK"));
    assert_eq!(client.multi().await, ["1 14", "2 6"]);
    assert_eq!(client.pop3("UIDL 2").await, "+OK 2 1000001-2");
    assert_eq!(client.pop3("RETR 1").await, "+OK 14 octets");
    assert_eq!(client.until(".").await, ["a: b", "", "..one"]);
    assert_eq!(client.line().await, ".");
    client.pop3("TOP 1 0").await;
    assert_eq!(client.multi().await, ["a: b", ""]);
    client.pop3("RETR 2").await;
    assert_eq!(client.multi().await, ["no end"]);
    for wrong in ["RETR 3", "RETR 0", "RETR x", "TOP 1", "DELE", "FROBNICATE", "USER alice"] {
        assert!(client.pop3(wrong).await.starts_with("-ERR"), "{wrong}");
    }
}

#[tokio::test]
async fn only_quit_removes_what_is_marked() {
    let server = Server::builder().sample_mail().in_memory().unwrap();
    let before = server.snapshot("alice");
    let mut client = logged_in(&server).await;
    client.pop3("DELE 1").await;
    assert!(client.pop3("RETR 1").await.starts_with("-ERR"));
    assert_eq!(server.connections(), 1);
    drop(client);
    server.all_closed().await;
    let mut client = logged_in(&server).await;
    assert_eq!(server.snapshot("alice"), before);
    client.pop3("DELE 1").await;
    client.pop3("RSET").await;
    client.pop3("DELE 2").await;
    assert!(client.pop3("QUIT").await.starts_with("+OK"));
    let uids: Vec<u32> = server.snapshot("alice").unwrap().messages("INBOX").iter().map(|one| one.uid).collect();
    assert_eq!(uids[..3], [1, 3, 4]);
}

#[tokio::test]
async fn a_quit_can_fail_or_be_lost() {
    let server = Server::builder().sample_mail().in_memory().unwrap();
    let before = server.snapshot("alice");
    server.fault(Fault::QuitError);
    let mut client = logged_in(&server).await;
    client.pop3("DELE 1").await;
    assert!(client.pop3("QUIT").await.starts_with("-ERR"));
    assert_eq!(server.snapshot("alice"), before);
    assert_eq!(client.next().await, None);
    server.fault(Fault::CutAfter(
        "+OK postroom testing server ready\r\n+OK Send PASS\r\n+OK Logged in\r\n+OK Marked\r\n+".len() as u64,
    ));
    let mut client = logged_in(&server).await;
    client.pop3("DELE 1").await;
    client.send("QUIT\r\n").await;
    assert_eq!(client.next().await, None);
    assert_eq!(server.snapshot("alice").unwrap().messages("INBOX")[0].uid, 2);
}

#[tokio::test]
async fn a_maildrop_is_open_once_and_logins_can_be_delayed() {
    let server = Server::builder().in_memory().unwrap();
    let mut first = logged_in(&server).await;
    let mut second = Lines::new(server.pop3_stream());
    second.line().await;
    second.pop3("USER alice").await;
    assert!(second.pop3("PASS alicepw").await.starts_with("-ERR [IN-USE]"));
    first.pop3("QUIT").await;
    assert_eq!(second.pop3("AUTH PLAIN AGFsaWNlAGFsaWNlcHc=").await, "+OK Logged in");

    let server = Server::builder().pop3_login_delay(60).in_memory().unwrap();
    let mut first = logged_in(&server).await;
    first.pop3("QUIT").await;
    let mut second = Lines::new(server.pop3_stream());
    second.line().await;
    assert_eq!(second.pop3("AUTH PLAIN").await, "+ ");
    assert!(second.pop3("AGFsaWNlAGFsaWNlcHc=").await.starts_with("-ERR [LOGIN-DELAY]"));
    assert!(second.pop3("AUTH PLAIN AGFsaWNlAHdyb25n").await.starts_with("-ERR [AUTH]"));
}

#[tokio::test]
async fn capa_says_what_it_was_told_to_or_nothing() {
    let server = Server::builder().with_pop3("EXPIRE 0").with_pop3("X-OWN").in_memory().unwrap();
    let mut client = logged_in(&server).await;
    client.pop3("CAPA").await;
    let lines = client.multi().await;
    assert!(lines.contains(&"EXPIRE 0".to_owned()) && lines.contains(&"X-OWN".to_owned()), "{lines:?}");
    assert!(!lines.contains(&"EXPIRE NEVER".to_owned()));
    let server = Server::builder().without_pop3("CAPA").in_memory().unwrap();
    let mut client = logged_in(&server).await;
    assert!(client.pop3("CAPA").await.starts_with("-ERR"));
    assert!(client.pop3("UIDL").await.starts_with("+OK"));
}

#[tokio::test]
async fn what_is_not_announced_is_refused() {
    let names = ["TOP", "UIDL", "SASL", "RESP-CODES", "USER", "STLS"];
    let builder = names.iter().fold(Server::builder(), |builder, name| builder.without_pop3(name));
    let server = builder.in_memory().unwrap();
    let mut client = Lines::new(server.pop3_stream());
    client.line().await;
    client.pop3("CAPA").await;
    assert_eq!(
        client.multi().await,
        ["PIPELINING", "AUTH-RESP-CODE", "EXPIRE NEVER", "IMPLEMENTATION postroom-testing"]
    );
    for command in ["USER alice", "AUTH PLAIN", "STLS", "STAT"] {
        assert!(client.pop3(command).await.starts_with("-ERR"), "{command}");
    }
}

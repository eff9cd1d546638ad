//! What `tracing` reports of sessions: spans with counts, lines of the wire, and sizes in the place of messages.

use postroom::imap::{Imap, Items, Uids};
use postroom::pop3::{Number, Pop3};
use postroom::testing::Server;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::log::Log;
use crate::session::{alice, plaintext};

const MESSAGE: &str = "Subject: seen\r\n\r\nunseen text\r\n.with a dot\r\n";

async fn imap() {
    let server = Server::builder().in_memory().unwrap();
    server.deliver("alice", "INBOX", MESSAGE, &[]).unwrap();
    let (mut imap, driver) = Imap::handshake(server.imap_stream(), plaintext(), alice()).await.unwrap();
    let driver = tokio::spawn(driver);
    let mut inbox = imap.select("INBOX").await.unwrap();
    let mut mail = inbox.fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
    mail.try_next().await.unwrap().unwrap();
    drop(mail);
    drop(inbox);
    imap.delete_mailbox("no such mailbox").await.unwrap_err();
    imap.append("INBOX", MESSAGE.as_bytes().to_vec()).await.unwrap();
    imap.logout().await.unwrap();
    driver.await.unwrap().unwrap();
}

async fn pop3() {
    let server = Server::builder().in_memory().unwrap();
    server.deliver("alice", "INBOX", MESSAGE, &[]).unwrap();
    let (pop3, driver) = Pop3::handshake(server.pop3_stream(), plaintext(), alice()).await.unwrap();
    let driver = tokio::spawn(driver);
    assert_eq!(pop3.retr(Number::new(1).unwrap()).await.unwrap().into_bytes(), MESSAGE);
    pop3.quit().await.unwrap();
    driver.await.unwrap().unwrap();
}

/// The line of the log that reports the end of a span.
fn closed<'a>(log: &'a str, span: &str) -> &'a str {
    let is_end = |line: &&str| line.contains(span) && line.contains("close");
    log.lines().find(is_end).unwrap_or_else(|| panic!("no end of {span} in\n{log}"))
}

#[tokio::test]
async fn an_imap_session_is_told_in_lines_without_its_messages() {
    let (log, _guard) = Log::of_this_thread(LevelFilter::TRACE, FmtSpan::CLOSE);
    imap().await;
    let log = log.text();
    for expected in
        ["S: * OK [CAPABILITY", "AUTHENTICATE PLAIN <secret>", "SELECT INBOX", "S: <43 bytes>", "C: <43 bytes>"]
    {
        assert!(log.contains(expected), "{expected} is not in\n{log}");
    }
    assert!(!log.contains("unseen text") && !log.contains("alicepw"), "{log}");
}

#[tokio::test]
async fn a_pop3_session_is_told_in_lines_with_headers_alone() {
    let (log, _guard) = Log::of_this_thread(LevelFilter::TRACE, FmtSpan::CLOSE);
    pop3().await;
    let log = log.text();
    for expected in ["S: +OK", "C: RETR 1", "S: Subject: seen", "S: . bytes=3", "C: QUIT"] {
        assert!(log.contains(expected), "{expected} is not in\n{log}");
    }
    assert!(!log.contains("unseen text") && !log.contains("alicepw"), "{log}");
}

#[tokio::test]
async fn connections_and_commands_are_spans_with_counts() {
    let (log, _guard) = Log::of_this_thread(LevelFilter::DEBUG, FmtSpan::CLOSE);
    imap().await;
    let imap = log.text();
    let fetch = closed(&imap, "name=\"UID FETCH\"");
    assert!(fetch.contains("connection{id=") && fetch.contains("ok=true messages=1 bytes="), "{fetch}");
    assert!(closed(&imap, "name=\"DELETE\"").contains("ok=false messages=0"), "{imap}");
    let connection = imap.lines().rev().find(|line| line.contains("sent=")).unwrap();
    assert!(connection.contains("received=") && !connection.contains("sent=0"), "{connection}");
    assert!(!imap.contains("postroom::wire"), "{imap}");

    pop3().await;
    let both = log.text();
    assert!(closed(&both, "name=\"RETR\"").contains("ok=true messages=1 bytes=43"), "{both}");
}

//! Shared by all live tests, whatever the protocol: a configuration for the server, messages to put into a mailbox, a look at the
//! wire, and one job over the common trait.
#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::error::Error as _;
use std::sync::{Arc, Mutex};

use postroom::imap::Appended;
use postroom::{Config, Error, Flag, Login, Mailbox, MessageId, Part};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::net::TcpStream;

use crate::server::{Brand, Server, User};

/// Trusts the server's authority and no other.
pub(crate) fn config(server: &Server, host: &str, port: u16) -> Config {
    Config::new(host).port(port).add_root_pem(server.ca_pem.as_bytes()).unwrap().only_added_roots()
}

/// The best way to a server by IMAP.
pub(crate) fn imap_config(server: &Server) -> Config {
    match server.has_implicit_tls() {
        true => config(server, "localhost", server.imaps),
        false => config(server, "localhost", server.imap).starttls(),
    }
}

/// The best way to a server by POP3.
pub(crate) fn pop3_config(server: &Server) -> Config {
    match server.is_plain() {
        true => config(server, "127.0.0.1", server.pop3).dangerous_plaintext(),
        false => config(server, "localhost", server.pop3s),
    }
}

pub(crate) fn login(user: &User) -> Login {
    let login = Login::password(&user.name, user.password);
    match user.brand() {
        // It offers SCRAM and CRAM-MD5 and serves neither.
        Brand::Mailutils => login.protocol_command_only(),
        // It binds to `tls-unique` only, over TLS 1.3 too.
        Brand::Cyrus => login.without_channel_binding(),
        _ => login,
    }
}

/// A keyword; if the server keeps none, the flag that is most like one.
pub(crate) fn label(user: &User, name: &str) -> Flag {
    if user.server.has_keywords() { Flag::new(name).unwrap() } else { Flag::FLAGGED }
}

/// The UID that a server with UIDPLUS reports.
pub(crate) fn told(user: &User, appended: Option<Appended>) -> Option<u32> {
    assert_eq!(appended.is_some(), user.server.has_uidplus());
    appended.map(|appended| appended.uid.as_u32())
}

/// A small message that differs from all others by its number.
pub(crate) fn message(number: u32) -> Vec<u8> {
    format!(
        "From: Sender <sender@example.org>\r\nTo: me@example.org\r\nSubject: message {number}\r\n\
         Date: Mon, 02 Mar 2026 10:00:00 +0100\r\nMessage-ID: <{number}@example.org>\r\n\r\nThis is number {number}.\r\n"
    )
    .into_bytes()
}

/// Puts messages 1 to `count` into INBOX without the server.
pub(crate) fn fill(user: &User, count: u32) {
    let messages: Vec<_> = (1..=count).map(message).collect();
    user.deliver_all("INBOX", &messages);
}

/// The error and all its causes in one text.
pub(crate) fn whole(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// A stream to the server, and what was sent over it.
pub(crate) async fn recorded(host: &str, port: u16) -> (DuplexStream, Arc<Mutex<Vec<u8>>>) {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let (from_server, to_server) = TcpStream::connect((host, port)).await.unwrap().into_split();
    let (from_client, to_client) = tokio::io::split(far);
    let sent = Arc::<Mutex<Vec<u8>>>::default();
    tokio::spawn(relay(from_client, to_server, Some(sent.clone())));
    tokio::spawn(relay(from_server, to_client, None));
    (near, sent)
}

async fn relay(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, record: Option<Arc<Mutex<Vec<u8>>>>) {
    let mut piece = vec![0; 4096];
    while let Ok(count @ 1..) = from.read(&mut piece).await {
        if let Some(record) = &record {
            record.lock().unwrap().extend_from_slice(&piece[..count]);
        }
        if to.write_all(&piece[..count]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

pub(crate) async fn ids(mailbox: &mut dyn Mailbox) -> Vec<MessageId> {
    mailbox.entries().await.unwrap().into_iter().map(|entry| entry.id).collect()
}

/// The same for any mailbox: lists, reads, deletes the second message.
pub(crate) async fn take_the_second(mailbox: &mut dyn Mailbox) -> MessageId {
    let ids = ids(mailbox).await;
    let mut mail = mailbox.messages(&ids[1..2], Part::Whole).await.unwrap();
    let second = mail.try_next().await.unwrap().unwrap();
    assert_eq!(second.bytes()[..], message(2)[..]);
    assert_eq!(second.parse().unwrap().subject(), Some("message 2"));
    assert!(mail.try_next().await.unwrap().is_none());
    drop(mail);

    let mut bytes = Vec::new();
    mailbox.open(&ids[0]).await.unwrap().read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes, message(1));

    mailbox.mark_deleted(&ids[1..2]).await.unwrap();
    ids[1].clone()
}

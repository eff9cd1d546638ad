//! Shared by the POP3 tests: sessions with the scripted peer and the embedded server over in-memory streams, and the usual requests to
//! a maildrop. It uses only the public API.

#[path = "session.rs"]
mod session;

use postroom::pop3::{Number, Pop3};
use postroom::testing::Script;
use postroom::{Error, Mailbox, Message, MessageId, Part};

pub(crate) use session::{me, plaintext, pop3 as session};

/// A login of [`me`] to a server with this answer to CAPA.
fn logged_in(capa: &str) -> String {
    format!("S: +OK\nC: CAPA\n{capa}\nC: USER me\nS: +OK\nC: PASS secret\nS: +OK\nC: CAPA\n{capa}\n")
}

/// A login to a server that announces these beside USER.
pub(crate) fn announced(capabilities: &[&str]) -> String {
    let lines: String = capabilities.iter().map(|capability| format!("S: {capability}\n")).collect();
    logged_in(&format!("S: +OK\nS: USER\n{lines}S: ."))
}

/// A login to a server without CAPA.
pub(crate) fn unannounced() -> String {
    logged_in("S: -ERR what?")
}

/// A session with the scripted peer.
pub(crate) async fn opened(script: &mut Script) -> Result<Pop3, Error> {
    session(script.stream(), plaintext(), me()).await
}

/// The same with a peer that plays this dialogue.
pub(crate) async fn scripted(dialogue: &str) -> (Pop3, Script) {
    let mut script = Script::new(dialogue);
    (opened(&mut script).await.unwrap(), script)
}

pub(crate) fn number(number: u32) -> Number {
    Number::new(number).unwrap()
}

pub(crate) async fn ids(mailbox: &mut dyn Mailbox) -> Vec<MessageId> {
    mailbox.entries().await.unwrap().into_iter().map(|entry| entry.id).collect()
}

pub(crate) async fn all(mailbox: &mut dyn Mailbox, ids: &[MessageId], part: Part) -> Vec<Message> {
    let mut mail = mailbox.messages(ids, part).await.unwrap();
    let mut messages = Vec::new();
    while let Some(message) = mail.try_next().await.unwrap() {
        messages.push(message);
    }
    messages
}

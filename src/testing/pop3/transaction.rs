//! The commands on an open maildrop (RFC 1939 §5 and §6). It must not know how it was opened.

use std::io;

use bytes::Bytes;

use super::maildrop::{Maildrop, Message};
use super::{Answer, Session};
use crate::testing::{Fault, mime};

impl Session {
    fn drop(&mut self) -> Result<&mut Maildrop, String> {
        self.drop.as_mut().ok_or_else(|| "Not before login".to_owned())
    }

    pub(super) fn stat(&mut self) -> Answer {
        let left = self.drop()?.messages.iter().filter(|message| !message.deleted);
        let (count, size) = left.fold((0, 0), |(count, size), message| (count + 1, size + message.bytes.len()));
        Ok(format!("{count} {size}"))
    }

    /// LIST and UIDL, of one message or of all.
    pub(super) fn listing(&mut self, rest: &str, show: impl Fn(&Maildrop, &Message) -> String) -> Answer {
        let drop = self.drop()?;
        if !rest.is_empty() {
            let index = drop.index(rest)?;
            let message = drop.messages.get(index).ok_or("No such message")?;
            return Ok(format!("{} {}", index + 1, show(drop, message)));
        }
        let mut text = "Listing follows\r\n".to_owned();
        for (number, message) in (1..).zip(&drop.messages).filter(|(_, message)| !message.deleted) {
            text.push_str(&format!("{number} {}\r\n", show(drop, message)));
        }
        Ok(text + ".")
    }

    pub(super) fn retr(&mut self, rest: &str) -> Result<Bytes, String> {
        let drop = self.drop()?;
        let index = drop.index(rest)?;
        drop.messages.get(index).map(|message| message.bytes.clone()).ok_or_else(|| "No such message".to_owned())
    }

    /// The header, the empty line, and this number of lines of the body (RFC 1939 §7).
    pub(super) fn top(&mut self, rest: &str) -> Result<Bytes, String> {
        let (number, lines) = rest.split_once(' ').ok_or("TOP wants two numbers")?;
        let lines: usize = lines.trim().parse().map_err(|_| "TOP wants two numbers")?;
        let bytes = self.retr(number)?;
        let body = mime::header_length(&bytes);
        let text = bytes.get(body..).unwrap_or_default();
        let end = match lines.checked_sub(1) {
            None => 0,
            Some(last) => memchr::memchr_iter(b'\n', text).nth(last).map_or(text.len(), |at| at + 1),
        };
        Ok(bytes.slice(..body + end))
    }

    pub(super) async fn message(&mut self, found: Result<Bytes, String>) -> io::Result<()> {
        match found {
            Ok(bytes) => {
                self.wire.push(format!("+OK {} octets\r\n", bytes.len()));
                self.wire.push(stuffed(&bytes));
                self.wire.push(".\r\n");
            }
            Err(text) => self.answer(Err(text)),
        }
        self.wire.relieve().await
    }

    pub(super) fn dele(&mut self, rest: &str) -> Answer {
        let drop = self.drop()?;
        let index = drop.index(rest)?;
        if let Some(message) = drop.messages.get_mut(index) {
            message.deleted = true;
        }
        Ok("Marked".to_owned())
    }

    pub(super) fn rset(&mut self) -> Answer {
        for message in &mut self.drop()?.messages {
            message.deleted = false;
        }
        Ok("Nothing is marked".to_owned())
    }

    /// The UPDATE state: removes the marked messages and the lock (RFC 1939 §6).
    pub(super) fn quit(&mut self) -> Answer {
        let Some(drop) = self.drop.take() else {
            return Ok("Until next time".to_owned());
        };
        let marked: Vec<u32> =
            drop.messages.iter().filter(|message| message.deleted).map(|message| message.uid).collect();
        if marked.is_empty() {
            return Ok("Until next time".to_owned());
        }
        if self.wire.fault() == Some(Fault::QuitError) {
            return Err("Some deleted messages were not removed".to_owned());
        }
        self.shared.store.change(&drop.user, |account| {
            if let Some(inbox) = account.by_validity(drop.validity) {
                for uid in marked {
                    inbox.remove(uid);
                }
            }
        });
        Ok("Until next time".to_owned())
    }
}

/// Adds a dot to lines that begin with one, and the last line end if it is missing (RFC 1939 §3).
fn stuffed(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 16);
    if bytes.first() == Some(&b'.') {
        out.push(b'.');
    }
    let mut from = 0;
    for at in memchr::memmem::find_iter(bytes, b"\r\n.") {
        out.extend_from_slice(bytes.get(from..at + 2).unwrap_or_default());
        out.push(b'.');
        from = at + 2;
    }
    out.extend_from_slice(bytes.get(from..).unwrap_or_default());
    if !bytes.is_empty() && !bytes.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

//! The output side: a command's line, its literals when the server asks for them, the upload that its handle feeds, and
//! the clean end of an abandoned one. It reads no answers.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;

use super::{HalfSent, MOST_PADDING, Outbox, Running, SendStage, UPLOAD_WINDOW, Upload, Wire};
use crate::engine::Id;
use crate::error::{Error, Result};
use crate::imap::codec::{Ending, Segment};
use crate::imap::plan::{Plan, SessionEffect};
use crate::imap::types::Capabilities;
use crate::login::Secret;

/// The largest literal that LITERAL- allows, in bytes (RFC 7888 §5).
const LITERAL_MINUS: u64 = 4096;
/// The largest upload that is sent without asking, in bytes: a server that refuses it must still receive it.
const LARGEST_UNASKED: u64 = 64 * 1024;
/// A literal of at most this size could be completed by the commands that follow it, in bytes.
const SHORTEST: u64 = 64;

/// A half-sent command that is not sent on.
pub(crate) struct GivenUp {
    /// Its place among the running commands.
    pub(crate) index: usize,
    /// Whether the server may still read a literal, so that no other command may follow.
    pub(crate) is_begun: bool,
}

impl Wire {
    /// Sends a command up to the first literal that the server must ask for.
    pub(crate) fn start(&mut self, id: Id, mut plan: Plan, capabilities: Option<&Capabilities>, now: Instant) {
        self.begin_line();
        self.running.push_back(Running::new(id, self.next_tag, &mut plan, now));
        let (rest, spoilable) = (plan.line.into(), plan.spoilable);
        self.half_sent = Some(HalfSent { id, rest, stage: SendStage::Text, spoilable, spoilt: false });
        self.send_on(capabilities);
    }

    /// Sends a command of the engine's own, as a part of IDLE.
    pub(super) fn start_own(&mut self, verb: &'static str, now: Instant) {
        self.begin_line();
        self.outbox.text(verb.as_bytes());
        self.outbox.text(b"\r\n");
        self.running.push_back(Running::own(self.next_tag, verb, now));
    }

    fn begin_line(&mut self) {
        self.next_tag = self.next_tag.wrapping_add(1);
        self.commands += 1;
        self.outbox.text(format!("A{} ", self.next_tag).as_bytes());
    }

    /// Sends what may be sent of the half-sent command, up to the next literal that the server must ask for.
    fn send_on(&mut self, capabilities: Option<&Capabilities>) {
        let Some(half) = &mut self.half_sent else { return };
        while let Some(segment) = half.rest.pop_front() {
            match segment {
                Segment::Text(text) => self.outbox.bytes(text),
                Segment::Secret(text) => self.outbox.secret(&text),
                Segment::Literal { bytes, secret } if must_ask(capabilities, bytes.len() as u64, u64::MAX) => {
                    self.outbox.announce(&format!("{{{}}}", bytes.len()), secret);
                    half.stage = SendStage::Literal { bytes, secret };
                    return;
                }
                Segment::Literal { bytes, secret } => {
                    self.outbox.announce(&format!("{{{}+}}", bytes.len()), secret);
                    self.outbox.literal(bytes, secret);
                    note_end(&mut self.running, half.id, &self.outbox);
                }
                // Asked for even with LITERAL+ if it is large: after `+`, a server that refuses the message has not
                // received it.
                Segment::Upload { size } if must_ask(capabilities, size, LARGEST_UNASKED) => {
                    self.outbox.text(format!("{{{size}}}\r\n").as_bytes());
                    half.stage = SendStage::Upload { size };
                    return;
                }
                Segment::Upload { size } => {
                    self.outbox.text(format!("{{{size}+}}\r\n").as_bytes());
                    half.stage = SendStage::Open(Upload { left: size, credit: 0, unasked: true });
                    return self.check_upload(capabilities);
                }
            }
        }
        note_end(&mut self.running, half.id, &self.outbox);
        self.half_sent = None;
    }

    /// A tagged answer instead of `+`: not one byte of the literal may follow, since the server would execute it as a
    /// command (Cyrus does). A command that was not sent completely cannot get OK. Returns whether the server may still
    /// read a literal that it asked for, so that no other command may follow.
    pub(crate) fn stop_sending(&mut self, index: usize, ending: Ending) -> Result<bool> {
        let answered = self.running.get(index).and_then(|run| run.id);
        let of_this = |half: &HalfSent| Some(half.id) == answered;
        let early = |half: &HalfSent| ending == Ending::Ok && !matches!(half.stage, SendStage::Open(_));
        if self.half_sent.as_ref().is_some_and(|half| of_this(half) && early(half)) {
            return Err(Error::protocol(
                "the server reported success of a command before it received the command's literal",
            ));
        }
        let Some(half) = self.half_sent.take_if(|half| of_this(half)) else { return Ok(false) };
        match half.stage {
            // The server refused before the whole upload arrived, which it may since it did not ask for it (RFC 7888
            // §4).
            SendStage::Open(upload) if upload.unasked && ending != Ending::Ok => self.pad_refused_upload(&upload),
            SendStage::Open(_) if ending != Ending::Ok => return Ok(true),
            SendStage::Open(_) => {
                // It has done something, whatever it was.
                self.running.get_mut(index).into_iter().for_each(|run| run.end = Some(0));
                return Err(Error::protocol("the server answered in the middle of a literal"));
            }
            _ => {}
        }
        Ok(false)
    }

    /// An untagged BAD while the server must ask for a literal, or while an upload is sent: gives up the half-sent
    /// command. It names no command (RFC 9051 §7.1.3), but this one gets no other answer from servers that limit the
    /// size of a command's line. Nothing of the literal follows in any case.
    pub(crate) fn give_up(&mut self) -> Option<GivenUp> {
        let half = self.half_sent.take()?;
        let index = self.running.iter().position(|run| run.id == Some(half.id))?;
        let is_begun = match half.stage {
            SendStage::Text | SendStage::Open(_) => true,
            SendStage::Literal { bytes, .. } => bytes.len() as u64 <= SHORTEST,
            SendStage::Upload { size } => size <= SHORTEST,
        };
        Some(GivenUp { index, is_begun })
    }

    /// Finds out whether the server has given up the command too: if it waits for the literal, this becomes a part of
    /// it and gets no answer. Nothing else is sent before that.
    pub(crate) fn probe(&mut self, now: Instant) {
        self.start_own("NOOP", now);
    }

    /// Whether the answer to that is due.
    pub(crate) fn is_probing(&self) -> bool {
        self.idle.is_none() && self.running.iter().any(Running::is_own)
    }

    /// The server answered an upload that it had not asked for. It still reads the announced number of bytes, so they
    /// must follow: as padding, since the message's bytes could be executed as commands.
    fn pad_refused_upload(&mut self, upload: &Upload) {
        self.outbox.padding(upload.left);
        self.outbox.text(b"\r\n");
    }

    /// `+`: sends the announced literal. `false` if none was announced.
    pub(crate) fn send_literal(&mut self, capabilities: Option<&Capabilities>) -> bool {
        let Some(half) = &mut self.half_sent else { return false };
        match std::mem::replace(&mut half.stage, SendStage::Text) {
            SendStage::Text => return false,
            open @ SendStage::Open(_) => {
                half.stage = open;
                return false;
            }
            SendStage::Literal { bytes, secret } => {
                self.outbox.literal(bytes, secret);
                note_end(&mut self.running, half.id, &self.outbox);
            }
            SendStage::Upload { size } => {
                half.stage = SendStage::Open(Upload { left: size, credit: 0, unasked: false });
                self.check_upload(capabilities);
                return true;
            }
        }
        self.send_on(capabilities);
        true
    }

    /// Lets the handle of an upload feed more, after everything before it was written.
    pub(crate) fn grant(&mut self) -> Option<(Id, usize)> {
        let half = self.half_sent.as_mut().filter(|half| !half.spoilt)?;
        let SendStage::Open(upload) = &mut half.stage else { return None };
        if upload.credit > 0 || upload.left == 0 || !self.outbox.is_empty() {
            return None;
        }
        upload.credit = UPLOAD_WINDOW.min(usize::try_from(upload.left).unwrap_or(usize::MAX));
        Some((half.id, upload.credit))
    }

    /// Sends upload bytes from the handle. More than the announced size is cut off: the server counts.
    pub(crate) fn feed(&mut self, id: Id, mut bytes: Bytes, capabilities: Option<&Capabilities>) {
        let Some(half) = self.half_sent.as_mut().filter(|half| half.id == id) else { return };
        let SendStage::Open(upload) = &mut half.stage else { return };
        bytes.truncate(usize::try_from(upload.left).unwrap_or(usize::MAX));
        upload.left -= bytes.len() as u64;
        upload.credit = upload.credit.saturating_sub(bytes.len());
        self.outbox.bytes(bytes);
        self.check_upload(capabilities);
    }

    /// The handle of the upload was dropped.
    pub(super) fn spoil(&mut self, capabilities: Option<&Capabilities>) -> Result<()> {
        let Some(half) = &mut self.half_sent else { return Ok(()) };
        half.spoilt = true;
        // RFC 3502 §5: a server with MULTIAPPEND stores nothing if anything after a message is wrong. But Courier,
        // which does not support it, and one server that announces MULTIAPPEND store a message as soon as they have
        // read it, whatever follows.
        if half.missing().is_some_and(|missing| missing > MOST_PADDING) || !half.spoilable {
            return Err(Error::closed(
                "an upload was dropped and could not be withdrawn, so the connection was closed",
            ));
        }
        self.check_upload(capabilities);
        Ok(())
    }

    /// Continues after a complete upload; pads one that was abandoned.
    fn check_upload(&mut self, capabilities: Option<&Capabilities>) {
        let Some(half) = &mut self.half_sent else { return };
        let SendStage::Open(upload) = &mut half.stage else { return };
        if half.spoilt {
            self.outbox.padding(upload.left);
            // RFC 9051 §6.3.12 requires the line to end here: the syntax error makes the server discard the message.
            self.outbox.text(b" )\r\n");
            self.half_sent = None;
        } else if upload.left == 0 {
            half.stage = SendStage::Text;
            note_end(&mut self.running, half.id, &self.outbox);
            self.send_on(capabilities);
        }
    }

    /// Answers a challenge, or cancels the exchange with `*` (RFC 9051 §6.2.2).
    pub(crate) fn answer(&mut self, id: Id, answer: Option<Secret>) {
        if !self.running.iter().any(|run| run.id == Some(id) && run.asks.effect == SessionEffect::Authenticate) {
            return;
        }
        match answer {
            Some(answer) => self.outbox.secret(answer.expose()),
            None => self.outbox.text(b"*"),
        }
        self.outbox.text(b"\r\n");
    }
}

/// The command may be executed from here on: it is complete, or its first literal is. Courier, and one server that announces MULTIAPPEND,
/// store a message as soon as they have read it, whatever follows.
fn note_end(running: &mut VecDeque<Running>, id: Id, outbox: &Outbox) {
    let run = running.iter_mut().find(|run| run.id == Some(id));
    run.into_iter().for_each(|run| run.end = run.end.or_else(|| Some(outbox.end())));
}

/// Whether the server must ask for a literal of this size (RFC 7888): with LITERAL+ if it has more than `most` bytes,
/// with LITERAL- also if it has more than 4096, otherwise always.
fn must_ask(capabilities: Option<&Capabilities>, size: u64, most: u64) -> bool {
    match capabilities {
        Some(capabilities) if capabilities.literal_plus() => size > most,
        Some(capabilities) if capabilities.literal_minus() => size > LITERAL_MINUS.min(most),
        _ => true,
    }
}

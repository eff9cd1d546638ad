//! The way out: a command's line, its literals when the server asks for them, the upload that its handle feeds, and the harmless end of
//! one that was given up. It reads no answers.

use std::time::Instant;

use bytes::Bytes;

use super::{HalfSent, MOST_FILLING, Running, Stage, UPLOAD_WINDOW, Upload, Wire};
use crate::engine::Id;
use crate::error::{Error, Result};
use crate::imap::codec::{Ending, Segment};
use crate::imap::plan::{Effect, Plan};
use crate::imap::types::Capabilities;
use crate::login::Secret;

/// The largest literal under LITERAL- (RFC 7888 §5).
const LITERAL_MINUS: u64 = 4096;
/// The largest upload that is sent unasked: a server that refuses it has it sent all the same.
const LARGEST_UNASKED: u64 = 64 * 1024;

impl Wire {
    /// Sends a command, up to the first literal that the server has to ask for.
    pub(crate) fn start(&mut self, id: Id, mut plan: Plan, capabilities: Option<&Capabilities>, now: Instant) {
        self.begin_line();
        self.running.push_back(Running::new(id, self.next_tag, &mut plan, now));
        let (rest, spoilable) = (plan.line.into(), plan.spoilable);
        self.half_sent = Some(HalfSent { id, rest, stage: Stage::Text, spoilable, spoilt: false });
        self.send_on(capabilities);
    }

    /// A command of the engine's own, in the course of an IDLE.
    pub(super) fn start_own(&mut self, verb: &'static str, now: Instant) {
        self.begin_line();
        self.outbox.text(verb.as_bytes());
        self.outbox.text(b"\r\n");
        self.running.push_back(Running::own(self.next_tag, verb, now));
    }

    fn begin_line(&mut self) {
        self.next_tag = self.next_tag.wrapping_add(1);
        self.outbox.text(format!("A{} ", self.next_tag).as_bytes());
    }

    /// Sends what may be sent of the command that is half sent, up to the next literal that has to be asked for.
    fn send_on(&mut self, capabilities: Option<&Capabilities>) {
        let Some(half) = &mut self.half_sent else { return };
        while let Some(segment) = half.rest.pop_front() {
            match segment {
                Segment::Text(text) => self.outbox.bytes(text),
                Segment::Secret(text) => self.outbox.secret(&text),
                Segment::Literal { bytes, secret } if must_ask(capabilities, bytes.len() as u64, u64::MAX) => {
                    self.outbox.announce(&format!("{{{}}}", bytes.len()), secret);
                    half.stage = Stage::Literal { bytes, secret };
                    return;
                }
                Segment::Literal { bytes, secret } => {
                    self.outbox.announce(&format!("{{{}+}}", bytes.len()), secret);
                    self.outbox.literal(bytes, secret);
                }
                Segment::Upload { size } if must_ask(capabilities, size, LARGEST_UNASKED) => {
                    self.outbox.text(format!("{{{size}}}\r\n").as_bytes());
                    half.stage = Stage::Upload { size };
                    return;
                }
                Segment::Upload { size } => {
                    self.outbox.text(format!("{{{size}+}}\r\n").as_bytes());
                    half.stage = Stage::Open(Upload { left: size, credit: 0, unasked: true });
                    return self.check_upload(capabilities);
                }
            }
        }
        self.half_sent = None;
    }

    /// An answer instead of `+`: not one byte of the literal may follow, since the server would read it as a command. To a command that
    /// was not sent whole there can be no OK.
    pub(crate) fn stop_sending(&mut self, index: usize, ending: Ending) -> Result<()> {
        let answered = self.running.get(index).and_then(|run| run.id);
        let of_this = |half: &HalfSent| Some(half.id) == answered;
        let early = |half: &HalfSent| ending == Ending::Ok && !matches!(half.stage, Stage::Open(_));
        if self.half_sent.as_ref().is_some_and(|half| of_this(half) && early(half)) {
            return Err(Error::protocol("the server reports success of a command before it has got its literal"));
        }
        let Some(half) = self.half_sent.take_if(|half| of_this(half)) else { return Ok(()) };
        match half.stage {
            Stage::Open(upload) if upload.unasked && ending != Ending::Ok => self.fill_up(&upload),
            Stage::Open(_) => return Err(Error::protocol("the server answered in the middle of a literal")),
            _ => {}
        }
        Ok(())
    }

    /// The server has answered an upload for which it was not asked. It skips what was announced, so that much must still
    /// come: not the message's bytes, which it could take for commands.
    fn fill_up(&mut self, upload: &Upload) {
        self.outbox.filling(upload.left);
        self.outbox.text(b"\r\n");
    }

    /// The server asks for the literal that was announced. `false` if none was.
    pub(crate) fn send_literal(&mut self, capabilities: Option<&Capabilities>) -> bool {
        let Some(half) = &mut self.half_sent else { return false };
        match std::mem::replace(&mut half.stage, Stage::Text) {
            Stage::Text => return false,
            open @ Stage::Open(_) => {
                half.stage = open;
                return false;
            }
            Stage::Literal { bytes, secret } => self.outbox.literal(bytes, secret),
            Stage::Upload { size } => {
                half.stage = Stage::Open(Upload { left: size, credit: 0, unasked: false });
                self.check_upload(capabilities);
                return true;
            }
        }
        self.send_on(capabilities);
        true
    }

    /// Lets the handle of an upload feed more, once what it fed before is on its way.
    pub(crate) fn grant(&mut self) -> Option<(Id, usize)> {
        let half = self.half_sent.as_mut().filter(|half| !half.spoilt)?;
        let Stage::Open(upload) = &mut half.stage else { return None };
        if upload.credit > 0 || upload.left == 0 || !self.outbox.is_empty() {
            return None;
        }
        upload.credit = UPLOAD_WINDOW.min(usize::try_from(upload.left).unwrap_or(usize::MAX));
        Some((half.id, upload.credit))
    }

    /// The handle feeds its upload. More than was announced is cut off: the announcement is what the server counts by.
    pub(crate) fn feed(&mut self, id: Id, mut bytes: Bytes, capabilities: Option<&Capabilities>) {
        let Some(half) = self.half_sent.as_mut().filter(|half| half.id == id) else { return };
        let Stage::Open(upload) = &mut half.stage else { return };
        bytes.truncate(usize::try_from(upload.left).unwrap_or(usize::MAX));
        upload.left -= bytes.len() as u64;
        upload.credit = upload.credit.saturating_sub(bytes.len());
        self.outbox.bytes(bytes);
        self.check_upload(capabilities);
    }

    /// The handle of the upload is gone.
    pub(super) fn spoil(&mut self, capabilities: Option<&Capabilities>) -> Result<()> {
        let Some(half) = &mut self.half_sent else { return Ok(()) };
        half.spoilt = true;
        // RFC 3502 §5 has the server store nothing where anything after a message is wrong. But Courier, which does not know it,
        // and one server that announces MULTIAPPEND store a message as soon as they have read it, whatever comes next.
        if half.missing().is_some_and(|missing| missing > MOST_FILLING) || !half.spoilable {
            return Err(Error::closed("an upload was abandoned that could not be brought to a harmless end"));
        }
        self.check_upload(capabilities);
        Ok(())
    }

    /// Goes on after an upload of which nothing is missing; fills up one that was abandoned.
    fn check_upload(&mut self, capabilities: Option<&Capabilities>) {
        let Some(half) = &mut self.half_sent else { return };
        let Stage::Open(upload) = &mut half.stage else { return };
        if half.spoilt {
            self.outbox.filling(upload.left);
            // A syntax error after the literal, so that the server stores nothing: RFC 9051 §6.3.12 has the line end here.
            self.outbox.text(b" )\r\n");
            self.half_sent = None;
        } else if upload.left == 0 {
            half.stage = Stage::Text;
            self.send_on(capabilities);
        }
    }

    /// Answers a challenge, or cancels the exchange (RFC 9051 §6.2.2).
    pub(crate) fn answer(&mut self, id: Id, answer: Option<Secret>) {
        if !self.running.iter().any(|run| run.id == Some(id) && run.asks.effect == Effect::Authenticate) {
            return;
        }
        match answer {
            Some(answer) => self.outbox.secret(answer.expose()),
            None => self.outbox.text(b"*"),
        }
        self.outbox.text(b"\r\n");
    }
}

/// Whether the server has to ask for a literal of that size (RFC 7888): with LITERAL+ for one over `most` bytes, with LITERAL-
/// for one over 4096, otherwise for any.
fn must_ask(capabilities: Option<&Capabilities>, size: u64, most: u64) -> bool {
    match capabilities {
        Some(capabilities) if capabilities.literal_plus() => size > most,
        Some(capabilities) if capabilities.literal_minus() => size > LITERAL_MINUS.min(most),
        _ => true,
    }
}

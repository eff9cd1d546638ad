//! The engine's input side: cuts bytes into lines and bodies, each for the first command on the wire. The answers of a
//! series in one read are delivered together. It sends no commands.

use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};

use super::incoming::{AnswerBatch, IncomingBody, ListingLines};
use super::refusal::{self, error_with_text};
use super::{Answer, Delivery, Engine, Farewell, LARGE, Phase, Running, SessionEffect, Shape};
use crate::engine::LayerChange;
use crate::engine::failure::{TEXT, check_start, excerpt};
use crate::error::{Error, Kind, Result};
use crate::pop3::codec::{self, Indicator, Reply};
use crate::pop3::types::{Notice, Retrieved, RetrievedContent};

impl Engine {
    /// Reads and handles all complete lines and bodies.
    pub(super) fn read(&mut self, input: &mut BytesMut) -> Result<()> {
        while !(self.core.is_over() || input.is_empty() && self.body.is_none()) {
            self.core.check_injection(input.len())?;
            let whole = if self.body.is_some() { self.read_body(input)? } else { self.read_line(input)? };
            if !whole {
                break;
            }
        }
        Ok(())
    }

    fn read_line(&mut self, input: &mut BytesMut) -> Result<bool> {
        let found = memchr::memchr(b'\n', input.get(self.scanned..).unwrap_or_default());
        let len = found.map_or(input.len(), |at| self.scanned + at + 1);
        let line = input.get(..len).unwrap_or_default();
        // Checked before the line ends: a server of another protocol may send no line end and wait for us.
        if !self.is_greeted() {
            check_start(line)?;
        }
        if !self.is_greeted() && !begins_a_reply(line) {
            let other = || Error::protocol(format!("the server does not speak POP3: it begins with {}", excerpt(line)));
            return Err(refusal::busy_greeting(line).unwrap_or_else(other));
        }
        // An incomplete line of the full length is too long too: its end would exceed the limit.
        if len + usize::from(found.is_none()) > self.limits.status_line {
            return Err(Error::limit("the server sent a status line longer than the limit"));
        }
        if found.is_none() {
            self.scanned = len;
            return Ok(false);
        }
        self.scanned = 0;
        let Some(reply) = codec::reply(line) else {
            return Err(Error::protocol(format!("the server sent {} instead of a status line", excerpt(line))));
        };
        self.replied(&reply)?;
        input.advance(len);
        Ok(true)
    }

    fn replied(&mut self, reply: &Reply<'_>) -> Result<()> {
        if !self.is_greeted() {
            return self.greeted(reply);
        }
        // Replies have no tags: each belongs to the oldest command without one.
        let Some(run) = self.running.front() else {
            let (text, code) = (reply.text().into_owned(), reply.code.clone());
            self.goodbye = (reply.indicator == Indicator::Err).then_some(Notice::Bye { text, code });
            return Err(unsolicited(reply));
        };
        let (id, shape, single) = (run.id, run.shape, run.number.is_none());
        match (reply.indicator, run.effect) {
            // One challenge at a time, and only within AUTH. Some servers write `+OK` for `+`, which means a challenge
            // while the client's proof is pending.
            (Indicator::Challenge, SessionEffect::Authenticate { .. })
            | (Indicator::Ok, SessionEffect::Authenticate { proof_pending: true })
                if !self.challenged =>
            {
                self.challenge(reply.rest);
            }
            (Indicator::Challenge, _) => {
                return Err(Error::protocol("the server sent a challenge outside of a login"));
            }
            (Indicator::Ok, _) if shape != Shape::Line => {
                // An empty chunk lets the reader know that the message exists.
                if shape == Shape::Stream {
                    self.core.deliver(id, Delivery::Chunk(Bytes::new()));
                }
                self.multiline.reset();
                let rest = if single { Bytes::copy_from_slice(reply.rest) } else { Bytes::new() };
                self.body = Some(IncomingBody { rest, ..IncomingBody::default() });
            }
            (Indicator::Ok, _) => {
                let rest = Bytes::copy_from_slice(reply.rest);
                self.succeeded(Answer { rest, body: Bytes::new() });
            }
            (Indicator::Err, _) => self.refused(reply),
        }
        Ok(())
    }

    fn greeted(&mut self, reply: &Reply<'_>) -> Result<()> {
        if reply.indicator != Indicator::Ok {
            return Err(error_with_text(reply, "the server refused the connection", Kind::Closed));
        }
        self.state.change().phase = Phase::Greeted;
        self.state.change().greeting = String::from_utf8_lossy(reply.rest).into();
        let id = self.core.greeted();
        self.core.deliver(id, Delivery::Done(Ok(Answer::default())));
        Ok(())
    }

    fn challenge(&mut self, text: &[u8]) {
        match self.running.front().and_then(|run| run.id) {
            Some(id) => {
                self.challenged = true;
                self.core.deliver(Some(id), Delivery::Challenge(Bytes::copy_from_slice(text)));
            }
            None => self.cancel_exchange(),
        }
    }

    /// Reads a body. `false` if more of it must arrive.
    fn read_body(&mut self, input: &mut BytesMut) -> Result<bool> {
        let (Some(body), Some(run)) = (&mut self.body, self.running.front()) else { return Ok(true) };
        let (id, shape) = (run.id, run.shape);
        let limit = if shape == Shape::Message { self.limits.literal } else { self.limits.undelivered };
        let listed = shape == Shape::Listing && id.is_some() && !body.too_large;
        // Counted before stuffed dots are removed. If the end is found after it, the lines are counted when the listing
        // is parsed.
        let lines = if listed { body.lines.read(input) } else { ListingLines::default() };
        // `scan` removes stuffed dots from the input in place.
        let cut = self.multiline.scan(input);
        body.bare_end = cut.is_none() && (input.ends_with(b"\n.\n") || input == ".\n");
        if cut.is_none() && listed {
            body.lines = lines.within(&self.limits)?;
        }
        let known = cut.map_or_else(|| self.multiline.known(), |cut| cut.body);
        let streamed = shape == Shape::Stream;
        body.too_large |= !streamed && known > limit;
        let passes = streamed || body.too_large || id.is_none();
        let piece = match cut {
            Some(cut) => cut.split(input),
            // The part found so far is taken out, so that the input does not grow with the message.
            None if passes => self.multiline.take(input),
            None => return Ok(false),
        };
        if passes {
            body.passed += piece.len() as u64;
        }
        if passes && !(streamed && id.is_some()) {
            body.skipped += piece.len() as u64;
            if body.skipped > self.limits.skipped {
                return Err(Error::limit(format!("the reply to {} is longer than what is skipped", run.verb)));
            }
        }
        if streamed && !piece.is_empty() {
            self.core.deliver(id, Delivery::Chunk(piece.clone()));
        }
        if cut.is_none() {
            return Ok(false);
        }
        // Later slices must not keep a large block in memory.
        if piece.len() > LARGE {
            *input = BytesMut::from(&input[..]);
        }
        self.finish(if passes { Bytes::new() } else { piece });
        Ok(true)
    }

    /// The reply to the first command is complete.
    fn finish(&mut self, bytes: Bytes) {
        let Some(body) = self.body.take() else { return };
        if !body.too_large {
            return self.succeeded(Answer { rest: body.rest, body: bytes });
        }
        let Some(run) = self.running.pop_front() else { return };
        match run.number {
            Some(_) => self.push(run, RetrievedContent::TooLarge { size: body.passed }),
            None => {
                let text = format!("the reply to {} has {} octets, more than the limit", run.verb, body.passed);
                self.core.deliver(run.id, Delivery::Done(Err(Error::limit(text))));
            }
        }
    }

    fn succeeded(&mut self, answer: Answer) {
        let Some(mut run) = self.running.pop_front() else { return };
        run.span.add(1, answer.body.len());
        run.span.answered(true);
        self.take_effect(&run, &answer);
        match (run.number, run.effect) {
            (Some(_), _) => self.push(run, RetrievedContent::Whole(answer.body)),
            // The driver must switch the stream to TLS first.
            (None, SessionEffect::StartTls) => self.core.agree_to(LayerChange::AddTls, run.id),
            (None, SessionEffect::Quit) => {
                self.core.deliver(run.id, Delivery::Done(Ok(answer)));
                self.end(Ok(()));
            }
            (None, _) => self.core.deliver(run.id, Delivery::Done(Ok(answer))),
        }
    }

    fn take_effect(&mut self, run: &Running, answer: &Answer) {
        match run.effect {
            SessionEffect::None => {}
            SessionEffect::Quit => self.state.change().farewell = Farewell::Accepted,
            SessionEffect::Capabilities => {
                self.state.change().capabilities = Some(codec::capabilities(&answer.body).into())
            }
            SessionEffect::Authenticate { .. } | SessionEffect::Login => {
                self.challenged = false;
                self.state.change().phase = Phase::LoggedIn;
            }
            // RFC 2595 §4: what was received before TLS is unauthenticated.
            SessionEffect::StartTls => {
                self.state.change().capabilities = None;
                self.state.change().greeting = "".into();
            }
            SessionEffect::Delete => {
                let Some((number, _)) = run.number else { return };
                std::sync::Arc::make_mut(&mut self.state.change().marks).set(number);
            }
            SessionEffect::Reset => std::sync::Arc::make_mut(&mut self.state.change().marks).clear(),
        }
    }

    fn refused(&mut self, reply: &Reply<'_>) {
        let Some(run) = self.running.pop_front() else { return };
        run.span.answered(false);
        self.challenged &= !matches!(run.effect, SessionEffect::Authenticate { .. });
        let error = self.core.named(refusal::command_refused(&run, reply).with_retry_after(self.delay(reply)));
        if run.number.is_some() {
            return self.push(run, RetrievedContent::Refused(error));
        }
        self.core.deliver(run.id, Delivery::Done(Err(error)));
        if run.effect == SessionEffect::Quit {
            self.state.change().farewell = Farewell::Refused;
            self.end(Ok(()));
        }
    }

    /// The length of a LOGIN-DELAY (RFC 2449 §6.5): some servers put it in the code, the others only in CAPA.
    fn delay(&self, reply: &Reply<'_>) -> Option<Duration> {
        let code = reply.code.as_ref().filter(|code| code.is_within("LOGIN-DELAY"))?;
        let announced = self.state.capabilities.as_ref().and_then(|capabilities| capabilities.login_delay());
        code.data().parse().ok().map(Duration::from_secs).or(announced)
    }

    /// Adds an answer of a series.
    fn push(&mut self, run: Running, content: RetrievedContent) {
        let (Some(id), Some((number, last))) = (run.id, run.number) else { return };
        // Two series can follow each other in one read.
        if self.batch.as_ref().is_some_and(|batch| batch.id != id) {
            self.flush_batch();
        }
        let batch = self.batch.get_or_insert_with(|| AnswerBatch { id, answers: Vec::new(), weight: 0 });
        batch.weight += weight(&content);
        batch.answers.push(Retrieved { number, content });
        if last {
            self.flush_batch();
            self.core.deliver(Some(id), Delivery::Done(Ok(Answer::default())));
        }
    }

    pub(super) fn flush_batch(&mut self) {
        if let Some(AnswerBatch { id, answers, weight }) = self.batch.take() {
            self.core.deliver(Some(id), Delivery::Batch { answers, weight });
        }
    }
}

/// The memory of an answer that waits. Empty ones count too; otherwise a window would hold any number of them.
fn weight(content: &RetrievedContent) -> usize {
    size_of::<Retrieved>()
        + match content {
            RetrievedContent::Whole(bytes) | RetrievedContent::Uncertain { bytes, .. } => bytes.len(),
            RetrievedContent::TooLarge { .. } | RetrievedContent::Missing => 0,
            RetrievedContent::Refused(_) => TEXT,
        }
}

/// Whether this is, or can become, a status line.
fn begins_a_reply(line: &[u8]) -> bool {
    [&b"+OK"[..], b"-ERR"].iter().any(|status| {
        let count = status.len().min(line.len());
        line.get(..count).unwrap_or_default().eq_ignore_ascii_case(status.get(..count).unwrap_or_default())
    })
}

/// A line that is no reply to a command: some servers say why they are about to close.
fn unsolicited(reply: &Reply<'_>) -> Error {
    match reply.indicator {
        Indicator::Err => error_with_text(reply, "the server ended the session", Kind::Closed),
        _ => Error::protocol("the server sent a reply without a command"),
    }
}

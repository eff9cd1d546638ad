//! The input side: passes each frame to the command that claims it, in one batch per read, or to the session. `intake`
//! finds frames, `wire` decides whose they are, and `answer.rs` knows what they mean to the session.

use bytes::{Buf, Bytes, BytesMut};

use super::condition::log_unreadable;
use super::intake::{Claimed, LiteralBytes};
use super::wire::{Claimant, Coverage, Owner, Running};
use super::{Delivery, Engine};
use crate::engine::Id;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::imap::codec::{self, Batch, Elided, Frame, Kind, Route, route, split};
use crate::imap::types::Uid;

/// Why cutting frames stopped.
enum CutEnd {
    /// All complete frames are cut.
    Dry,
    /// A literal must be streamed or skipped first.
    Literal { start: usize, size: u64 },
}

impl Engine {
    /// Cuts and handles all complete frames.
    pub(super) fn read(&mut self, input: &mut BytesMut) -> Result<()> {
        // What comes before the layers have changed is not in clear.
        while !self.core.is_upgrading() {
            let (chunk, is_through) = match self.intake.take_literal_bytes(input) {
                LiteralBytes::Complete(chunk) => (chunk, true),
                LiteralBytes::Incomplete(chunk) => (chunk, false),
            };
            chunk.into_iter().for_each(|(to, chunk)| self.deliver_chunk(to, chunk));
            if !is_through {
                return Ok(());
            }
            match self.cut(input)? {
                CutEnd::Dry => return Ok(()),
                CutEnd::Literal { start, size } => self.begin_flow(input, start, size)?,
            }
        }
        self.core.check_injection(input.len())
    }

    fn cut(&mut self, input: &mut BytesMut) -> Result<CutEnd> {
        // Claimed frames are collected and delivered as one batch per read: one wake-up of the reader for many
        // messages.
        let mut claimed: Option<Claimed<Claimant>> = None;
        let mut threshold = self.threshold();
        let mut at = 0;
        let stop = loop {
            let rest = input.get(at..).unwrap_or_default();
            let len = match self.intake.next(rest, &self.limits, threshold)? {
                Frame::Complete { len } => len,
                Frame::Partial => break CutEnd::Dry,
                Frame::Literal { start, size } => break CutEnd::Literal { start, size },
            };
            let frame = rest.get(..len).unwrap_or_default();
            let elided = self.intake.take_elided();
            let (route, content) = split(frame);
            // Every FETCH response extends the map of numbers to UIDs, also an answer that is not applied to the
            // mailbox.
            let (numbers, state) = self.mirror.numbers();
            match self.wire.owner(&route, frame, frame.len() - content.len(), &elided, numbers, || state.utf8()) {
                Owner::Command(to) => {
                    if claimed.as_ref().is_some_and(|claimed| claimed.to != to) {
                        self.flush_claimed(input, &mut at, claimed.take());
                    }
                    claimed.get_or_insert_with(|| Claimed::new(to)).push(at, at + len, elided);
                    at += len;
                }
                Owner::Nameless(to, uid) => {
                    // The frame is copied to insert the UID, so the claimed frames before it are delivered first, to
                    // keep the order.
                    let frame = with_uid(frame, uid, &elided);
                    self.flush_claimed(input, &mut at, claimed.take());
                    input.advance(len);
                    self.deliver_named(to, frame);
                }
                Owner::Nobody | Owner::Held => at += len,
                Owner::Introduction => {
                    self.introduced(frame);
                    at += len;
                }
                Owner::Mistaken(id) => {
                    self.core.refuse(id, another_message());
                    at += len;
                }
                Owner::Session => {
                    // Claimed data is delivered first, so that no tagged answer overtakes its data.
                    // The same for EXPUNGE and VANISHED: they change what the numbers in later frames mean (RFC 9051
                    // §7.5.1).
                    if !matches!(route, Route::Untagged(kind) if !matches!(kind, Kind::Expunge(_) | Kind::Vanished)) {
                        self.flush_claimed(input, &mut at, claimed.take());
                    }
                    let frame = input.get(at..at + len).unwrap_or_default();
                    self.handle_frame(frame)?;
                    at += len;
                    // Bytes after the OK to STARTTLS were not sent under TLS, and could have been injected (RFC 9051
                    // §11.1).
                    self.core.check_injection(input.len() - at)?;
                    if self.core.is_over() || self.core.is_upgrading() {
                        break CutEnd::Dry;
                    }
                    // A tagged answer may have ended the command that streams a body.
                    threshold = self.threshold();
                }
            }
        };
        self.flush_claimed(input, &mut at, claimed);
        Ok(stop)
    }

    /// The size from which literals are examined before they are kept.
    fn threshold(&self) -> usize {
        // Any literal may be the body. Otherwise only a literal over `Limits::literal` stops the framer.
        if self.wire.reads_body() { 0 } else { usize::MAX }
    }

    /// An unreadable description counts as none.
    fn introduced(&mut self, frame: &[u8]) {
        match codec::id::parse(frame) {
            Ok(fields) => self.mirror.describe_server(fields),
            Err(error) => log_unreadable(&error, frame),
        }
    }

    /// Whether the incomplete response is one that a running command claims.
    pub(super) fn is_answer(&self, input: &[u8]) -> bool {
        matches!(route(input), Route::Untagged(kind) if self.wire.claims(kind))
    }

    /// A command has ended. A STATUS under another mailbox's name is its answer only if none came under its own.
    pub(super) fn release_status(&mut self, run: &mut Running) -> Result<()> {
        match run.take_misnamed() {
            Some((frame, true)) => self.handle_frame(&frame),
            Some((frame, false)) => {
                self.deliver_alone(run, frame);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Cuts off everything before `at` as one block and delivers the claimed frames in it.
    fn flush_claimed(&mut self, input: &mut BytesMut, at: &mut usize, claimed: Option<Claimed<Claimant>>) {
        if let Some((to, batch, frames)) = Claimed::cut_off(claimed, input, at) {
            self.deliver_batch(to, batch, frames);
        }
    }

    /// Delivers the only response of an ended command, which names no message.
    pub(super) fn deliver_nameless(&mut self, run: &Running, frame: &[u8], uid: Uid) {
        let (frame, _) = with_uid(frame, uid, &[]);
        self.deliver_alone(run, frame);
    }

    fn deliver_alone(&mut self, run: &Running, frame: Bytes) {
        let mut batch = Batch::new(frame);
        batch.push(0, batch.weight());
        let weight = batch.weight();
        self.core.deliver(run.reader(), Delivery::Frames { batch, weight, coverage: Coverage::Whole });
    }

    /// Delivers a response that names its message only by number, with the UID inserted.
    fn deliver_named(&mut self, to: Claimant, (frame, elided): (Bytes, Vec<Elided>)) {
        let mut batch = Batch::new(frame);
        batch.push(0, batch.weight());
        batch.elide(0, elided);
        self.deliver_batch(to, batch, 1);
    }

    fn deliver_batch(&mut self, to: Claimant, batch: Batch, frames: usize) {
        self.core.clock.progressed();
        if self.wire.count(to, frames, batch.weight(), &self.limits) {
            let weight = if to.stream { batch.weight() } else { 0 };
            self.core.deliver(Some(to.id), Delivery::Frames { batch, weight, coverage: to.coverage });
        }
    }

    fn deliver_chunk(&mut self, to: Id, chunk: Bytes) {
        self.core.clock.progressed();
        let reader = self.wire.count_streamed(to, chunk.len());
        self.core.deliver(reader, Delivery::Chunk(chunk));
    }

    /// Decides about a literal: it is streamed to a reader of bodies, skipped, or kept with its response.
    fn begin_flow(&mut self, input: &mut BytesMut, start: usize, size: u64) -> Result<()> {
        let kept = size <= self.limits.literal as u64;
        let head = input.get(..start).unwrap_or_default();
        let (route, content) = split(head);
        let kind = match route {
            Route::Untagged(kind @ (Kind::Fetch(_) | Kind::UidFetch(_))) => kind,
            _ if kept => return self.intake.keep(&self.limits),
            _ => return Err(Error::limit("the server announced a literal larger than the limit")),
        };
        let (at, (numbers, _)) = (head.len() - content.len(), self.mirror.numbers());
        match self.wire.streams(kind, head, at, self.intake.elided(), numbers) {
            // `Some(None)`: the body's reader was dropped, so its bytes are skipped.
            Some(Some(reader)) => self.intake.pass(input, start, size, reader),
            None if kept => return self.intake.keep(&self.limits),
            Some(None) | None => self.intake.skip(start, size, &self.limits)?,
        }
        Ok(())
    }
}

/// The error of a reader that was given another message's text.
pub(super) fn another_message() -> Error {
    Error::new(ErrorKind::Missing, "the server sent another message's text")
}

/// A copy of the response with the UID as its first attribute, and what was left out of it, at its new offsets.
fn with_uid(frame: &[u8], uid: Uid, elided: &[Elided]) -> (Bytes, Vec<Elided>) {
    // `* n FETCH (`: the first parenthesis opens the list of attributes.
    let at = memchr::memchr(b'(', frame).map_or(0, |at| at + 1);
    let (head, tail) = frame.split_at(at);
    let name = format!("UID {uid} ");
    let moved = elided.iter().map(|one| Elided { at: one.at + name.len(), size: one.size }).collect();
    ([head, name.as_bytes(), tail].concat().into(), moved)
}

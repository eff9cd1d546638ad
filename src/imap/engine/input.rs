//! The engine's way in: bytes to frames, frames to whoever claims them in one batch per read, and literals that are too large
//! to keep to a stream or away. What a frame means to the session is in `answer.rs`.

use bytes::{Buf, Bytes, BytesMut};

use super::attribution::Verdict;
use super::request::Piece;
use super::{Delivery, Effect, Engine, Running};
use crate::engine::Id;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::imap::codec::{self, Batch, Elided, Frame, Kind, Route, route, split};
use crate::imap::plan::Order;
use crate::imap::types::Uid;

/// Responses of fewer bytes than this are copied out of the block in which they came.
const SMALL: usize = 4096;

/// The bytes of one literal, on their way past the frames.
#[derive(Debug)]
pub(super) enum Flow {
    /// To whoever reads them.
    Passed {
        to: Id,
        left: u64,
        /// The response before the literal, which what comes after it is joined to.
        head: BytesMut,
    },
    /// To nobody. The response before the literal ends at this offset of the input.
    Skipped { left: u64, at: usize },
}

/// What becomes of a literal.
enum Literal {
    Passed(Id),
    Skipped,
    Kept,
}

/// Frames of one command that lie in the same block.
struct Claimed {
    to: Claimant,
    frames: Vec<(usize, usize)>,
    /// What was left out of the frame that begins there.
    elided: Vec<(usize, Vec<Elided>)>,
}

/// The command that claims a frame.
#[derive(Clone, Copy, Eq, PartialEq)]
struct Claimant {
    id: Id,
    stream: bool,
    piece: Piece,
}

/// Whose a frame is.
enum Owner {
    Command(Claimant),
    /// A command's, which must be shown the message's UID.
    Nameless(Claimant, Uid),
    /// The command's that nobody waits for any more.
    Nobody,
    /// The command's if no other response comes: it is kept until then.
    Held,
    Session,
}

/// Why frames are no longer cut from this input.
enum Stop {
    /// It is all cut.
    Dry,
    /// A literal must be led past.
    Literal { start: usize, size: u64 },
}

impl Claimed {
    fn new(to: Claimant) -> Self {
        Self { to, frames: Vec::new(), elided: Vec::new() }
    }

    fn push(&mut self, start: usize, end: usize, elided: Vec<Elided>) {
        self.frames.push((start, end));
        if !elided.is_empty() {
            self.elided.push((start, elided));
        }
    }
}

impl Flow {
    pub(super) fn is_large(&self) -> bool {
        let (Self::Passed { left, .. } | Self::Skipped { left, .. }) = self;
        *left > super::LARGE as u64
    }
}

impl Engine {
    /// Cuts and handles all frames that are whole.
    pub(super) fn read(&mut self, input: &mut BytesMut) -> Result<()> {
        loop {
            if !self.lead_past(input) {
                return Ok(());
            }
            match self.cut(input)? {
                Stop::Dry => return Ok(()),
                Stop::Literal { start, size } => self.begin_flow(input, start, size)?,
            }
        }
    }

    fn cut(&mut self, input: &mut BytesMut) -> Result<Stop> {
        let mut claimed: Option<Claimed> = None;
        let mut at = 0;
        let stop = loop {
            let rest = input.get(at..).unwrap_or_default();
            let len = match self.framer.next(rest, &self.limits, self.threshold())? {
                Frame::Complete { len } => len,
                Frame::Partial => break Stop::Dry,
                Frame::Literal { start, size } => break Stop::Literal { start, size },
            };
            self.skipped = 0;
            let frame = rest.get(..len).unwrap_or_default();
            let elided = self.framer.take_elided();
            let (route, content) = split(frame);
            match self.owner(&route, frame, frame.len() - content.len(), &elided) {
                Owner::Command(to) => {
                    if claimed.as_ref().is_some_and(|claimed| claimed.to != to) {
                        self.hand_on(input, &mut at, claimed.take());
                    }
                    claimed.get_or_insert_with(|| Claimed::new(to)).push(at, at + len, elided);
                    at += len;
                }
                Owner::Nameless(to, uid) => {
                    let frame = with_uid(frame, uid, &elided);
                    self.hand_on(input, &mut at, claimed.take());
                    input.advance(len);
                    self.deliver_named(to, frame);
                }
                Owner::Nobody | Owner::Held => at += len,
                Owner::Session => {
                    // What is claimed goes out first, so that no answer overtakes its data.
                    if !matches!(route, Route::Untagged(kind) if !matches!(kind, Kind::Expunge(_))) {
                        self.hand_on(input, &mut at, claimed.take());
                    }
                    let frame = input.get(at..at + len).unwrap_or_default();
                    self.handle_frame(frame)?;
                    at += len;
                    if !self.goes_on(input.len() - at)? {
                        break Stop::Dry;
                    }
                }
            }
        };
        self.hand_on(input, &mut at, claimed);
        Ok(stop)
    }

    /// Literals over this are looked at before they are kept.
    fn threshold(&self) -> usize {
        let body = self.running.iter().any(|run| run.effect == Effect::Body);
        if body { 0 } else { usize::MAX }
    }

    /// Whose data this is: the one running command's that claims the kind, and of a FETCH only if it asked for just this.
    #[inline]
    fn owner(&mut self, route: &Route<'_>, frame: &[u8], content: usize, elided: &[Elided]) -> Owner {
        let Route::Untagged(kind) = *route else { return Owner::Session };
        let found = match kind {
            Kind::Status => {
                let asking = self.status_claimant(frame);
                if asking.is_none() && self.hold_status(frame) {
                    return Owner::Held;
                }
                asking
            }
            // Renamed by another command, and not found by LIST (RFC 9051 §6.3.9.7).
            Kind::List if self.running.len() > 1 && is_renamed(frame) => None,
            _ => self.running.iter().position(|run| run.order.claims.covers(kind)),
        };
        let Some(run) = found.and_then(|index| self.running.get_mut(index)) else { return Owner::Session };
        // What the engine itself keeps.
        let Some(id) = run.id.filter(|_| kind != Kind::Capability && !matches!(run.effect, Effect::Number { .. }))
        else {
            return Owner::Session;
        };
        if is_of_another(run, kind, frame) {
            run.mistagged = true;
            return Owner::Session;
        }
        let to = Claimant { id, stream: run.stream, piece: Piece::Whole };
        let Some(attribution) = &mut run.attribution else { return Owner::Command(to) };
        match attribution.judge(kind, frame, content, elided, &self.numbers) {
            Verdict::Answer { .. } if run.abandoned => Owner::Nobody,
            Verdict::Answer { piece, of: None } => Owner::Command(Claimant { piece, ..to }),
            Verdict::Answer { piece, of: Some(uid) } => Owner::Nameless(Claimant { piece, ..to }, uid),
            Verdict::Held => {
                attribution.hold(super::copied(frame));
                Owner::Held
            }
            Verdict::Unasked => Owner::Session,
            Verdict::Mistaken => {
                run.abandoned = true;
                self.refuse(id, another_message());
                Owner::Nobody
            }
        }
    }

    /// Whether the unfinished response is one that a running command claims.
    pub(super) fn is_answer(&self, input: &[u8]) -> bool {
        match route(input) {
            Route::Untagged(kind) => self.running.iter().any(|run| run.order.claims.covers(kind)),
            _ => false,
        }
    }

    /// The command that asked about this mailbox, or about all.
    fn status_claimant(&self, frame: &[u8]) -> Option<usize> {
        let name = codec::status::parse(frame, self.state.utf8()).ok().map(|data| data.name.subject());
        let asked = |order: Order| order.subject.is_none() || order.subject == name;
        self.running.iter().position(|run| run.order.claims.covers(Kind::Status) && asked(run.order))
    }

    /// Some servers spell a mailbox's name in another way: then nothing else comes as the answer. Of several commands the one that was
    /// sent first keeps it.
    fn hold_status(&mut self, frame: &[u8]) -> bool {
        let waits =
            |run: &&mut Running| run.order.claims.covers(Kind::Status) && run.misnamed.is_none() && run.frames == 0;
        let Some(run) = self.running.iter_mut().find(waits) else { return false };
        run.misnamed = Some(super::copied(frame));
        true
    }

    /// The command has ended. What came under another mailbox's name is its answer only if nothing came under its own.
    pub(super) fn release_status(&mut self, run: &mut Running) -> Result<()> {
        let Some(frame) = run.misnamed.take() else { return Ok(()) };
        if run.frames > 0 {
            return self.handle_frame(&frame);
        }
        self.deliver_alone(run, frame);
        Ok(())
    }

    /// Cuts everything before `at` off as one block, and delivers the frames in it that are claimed.
    fn hand_on(&mut self, input: &mut BytesMut, at: &mut usize, claimed: Option<Claimed>) {
        let len = std::mem::take(at);
        let Some(claimed) = claimed else { return input.advance(len) };
        let block = input.split_to(len).freeze();
        // A few responses must not keep all else in memory that came with them.
        let block = if len < SMALL { super::copied(&block) } else { block };
        let mut batch = Batch::new(block);
        let frames = claimed.frames.len();
        claimed.frames.into_iter().for_each(|(start, end)| batch.push(start, end));
        claimed.elided.into_iter().for_each(|(start, elided)| batch.elide(start, elided));
        self.deliver_batch(claimed.to, batch, frames);
    }

    /// Delivers the only response of a command that has ended. It names no message.
    pub(super) fn deliver_nameless(&mut self, run: &Running, frame: &[u8], uid: Uid) {
        let (frame, _) = with_uid(frame, uid, &[]);
        self.deliver_alone(run, frame);
    }

    fn deliver_alone(&mut self, run: &Running, frame: Bytes) {
        let mut batch = Batch::new(frame);
        batch.push(0, batch.weight());
        let weight = batch.weight();
        self.deliver(run.id, Delivery::Frames { batch, weight, piece: Piece::Whole });
    }

    /// Delivers a response that names its message by number only, with the UID in it.
    fn deliver_named(&mut self, to: Claimant, (frame, elided): (Bytes, Vec<Elided>)) {
        let mut batch = Batch::new(frame);
        batch.push(0, batch.weight());
        batch.elide(0, elided);
        self.deliver_batch(to, batch, 1);
    }

    fn deliver_batch(&mut self, to: Claimant, batch: Batch, frames: usize) {
        let Some(run) = self.running.iter_mut().find(|run| run.id == Some(to.id)) else { return };
        run.span.add(frames, batch.weight());
        self.clock.progressed();
        if !to.stream {
            run.frames += frames;
            run.bytes += batch.weight();
            run.over_limit |= run.frames > self.limits.untagged || run.bytes > self.limits.undelivered;
            if run.over_limit {
                return;
            }
        }
        let weight = if to.stream { batch.weight() } else { 0 };
        self.deliver(Some(to.id), Delivery::Frames { batch, weight, piece: to.piece });
    }

    /// Whether frames behind the one just handled may be read. Bytes behind the agreement to encrypt are an injection
    /// (RFC 9051 §11.1).
    fn goes_on(&self, left: usize) -> Result<bool> {
        if self.upgrade != super::Upgrade::None && left > 0 {
            return Err(Error::protocol("the server sent bytes between agreeing to TLS and beginning it"));
        }
        Ok(self.outcome.is_none())
    }

    /// A literal goes past, to a reader of bodies or to nobody, or is kept with its response.
    fn begin_flow(&mut self, input: &mut BytesMut, start: usize, size: u64) -> Result<()> {
        match self.decide(input.get(..start).unwrap_or_default(), size)? {
            Literal::Kept => return self.framer.keep(&self.limits),
            Literal::Passed(to) => {
                let rest = input.split_off(start);
                let head = std::mem::replace(input, rest);
                self.flow = Some(Flow::Passed { to, left: size, head });
            }
            Literal::Skipped => {
                self.skipped = self.skipped.saturating_add(size);
                if self.skipped > self.limits.skipped {
                    return Err(Error::limit("the server sends a response of which too much has to be skipped"));
                }
                self.flow = Some(Flow::Skipped { left: size, at: start });
            }
        }
        self.framer.elide();
        Ok(())
    }

    fn decide(&mut self, head: &[u8], size: u64) -> Result<Literal> {
        let kept = size <= self.limits.literal as u64;
        let (route, content) = split(head);
        let kind = match route {
            Route::Untagged(kind @ (Kind::Fetch(_) | Kind::UidFetch(_))) => kind,
            _ if kept => return Ok(Literal::Kept),
            _ => return Err(Error::limit("the server announced a literal over the limit")),
        };
        if let Some(run) = self.running.iter_mut().find(|run| run.effect == Effect::Body)
            && let (Some(attribution), Some(id)) = (run.attribution.as_mut(), run.id)
            && attribution.streams(kind, head, head.len() - content.len(), self.framer.elided(), &self.numbers)
        {
            return Ok(if run.abandoned { Literal::Skipped } else { Literal::Passed(id) });
        }
        Ok(if kept { Literal::Kept } else { Literal::Skipped })
    }

    /// Takes the bytes of a literal that goes past. `false` while more of them must come.
    fn lead_past(&mut self, input: &mut BytesMut) -> bool {
        match self.flow.take() {
            None => true,
            Some(Flow::Passed { to, left, head }) => self.pass(input, to, left, head),
            Some(Flow::Skipped { left, at }) => self.skip(input, left, at),
        }
    }

    fn pass(&mut self, input: &mut BytesMut, to: Id, left: u64, mut head: BytesMut) -> bool {
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
        if count > 0 {
            let chunk = input.split_to(count).freeze();
            if let Some(run) = self.running.iter_mut().find(|run| run.id == Some(to)) {
                run.span.add(0, count);
            }
            self.clock.progressed();
            self.deliver(Some(to), Delivery::Chunk(chunk));
        }
        let left = left - count as u64;
        if left > 0 {
            self.flow = Some(Flow::Passed { to, left, head });
            return false;
        }
        head.extend_from_slice(input);
        *input = head;
        true
    }

    fn skip(&mut self, input: &mut BytesMut, left: u64, at: usize) -> bool {
        let here = input.len().saturating_sub(at);
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(here);
        // What is moved is never more than one read.
        input.copy_within(at + count.., at);
        input.truncate(at + here - count);
        let left = left - count as u64;
        self.flow = (left > 0).then_some(Flow::Skipped { left, at });
        left == 0
    }
}

/// Whether an ESEARCH says that it answers another command: one whose results are kept up to date (RFC 5267 §4.3).
pub(super) fn is_of_another(run: &Running, kind: Kind, frame: &[u8]) -> bool {
    kind == Kind::Esearch && codec::search::tag(frame).is_some_and(|tag| !run.is_tagged(&tag))
}

/// Whether a LIST says which name the mailbox had before.
fn is_renamed(frame: &[u8]) -> bool {
    let extended = frame.trim_ascii_end().ends_with(b")");
    extended && codec::list::parse(frame, false).is_ok_and(|listed| listed.old_name.is_some())
}

/// What a reader is left with if the server has sent it another message's text.
pub(super) fn another_message() -> Error {
    Error::new(ErrorKind::Missing, "the server sent the text of another message")
}

/// A copy of the response with the UID as its first attribute, and what was left out of it.
fn with_uid(frame: &[u8], uid: Uid, elided: &[Elided]) -> (Bytes, Vec<Elided>) {
    let at = memchr::memchr(b'(', frame).map_or(0, |at| at + 1);
    let (head, tail) = frame.split_at(at);
    let name = format!("UID {uid} ");
    let moved = elided.iter().map(|one| Elided { at: one.at + name.len(), size: one.size }).collect();
    ([head, name.as_bytes(), tail].concat().into(), moved)
}

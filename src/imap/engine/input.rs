//! The engine's way in: bytes to frames, frames to whoever claims them in one batch per read, and literals that are too large
//! to keep to a stream or away. What a frame means to the session is in `answer.rs`.

use bytes::{Buf, Bytes, BytesMut};

use super::attribution::Verdict;
use super::request::Piece;
use super::{Delivery, Effect, Engine, Running};
use crate::engine::Id;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::imap::codec::{self, Batch, Elided, Frame, Kind, Route, route};
use crate::imap::types::Uid;

/// The bytes of one literal, on their way past the frames.
#[derive(Debug)]
pub(super) struct Flow {
    /// Who gets them; `None` where nobody does.
    to: Option<Id>,
    left: u64,
    /// The response in front of the literal, which what comes behind is joined to.
    head: BytesMut,
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
        self.left > super::LARGE as u64
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
            let frame = rest.get(..len).unwrap_or_default();
            let elided = self.framer.take_elided();
            let route = route(frame);
            match self.owner(&route, frame, &elided) {
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
    fn owner(&mut self, route: &Route<'_>, frame: &[u8], elided: &[Elided]) -> Owner {
        let Route::Untagged(kind) = *route else { return Owner::Session };
        let found = match kind {
            Kind::Status => self.status_claimant(frame),
            _ => self.running.iter().position(|run| run.order.claims.covers(kind)),
        };
        let Some(run) = found.and_then(|index| self.running.get_mut(index)) else { return Owner::Session };
        // What the engine itself keeps.
        let Some(id) = run.id.filter(|_| kind != Kind::Capability && !matches!(run.effect, Effect::Number { .. }))
        else {
            return Owner::Session;
        };
        let to = Claimant { id, stream: run.stream, piece: Piece::Whole };
        let Some(attribution) = &mut run.attribution else { return Owner::Command(to) };
        match attribution.judge(kind, frame, elided, &self.numbers) {
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

    /// Of several that run at once, the STATUS that asked about this mailbox; where the server spells its name in another way,
    /// the one that was sent first.
    fn status_claimant(&self, frame: &[u8]) -> Option<usize> {
        let name = codec::status::parse(frame, self.state.utf8()).ok().map(|data| data.name.subject());
        let asking = self.running.iter().enumerate().filter(|(_, run)| run.order.claims.covers(Kind::Status));
        let mut asking = asking.map(|(index, run)| (index, run.order.subject));
        let first = asking.clone().next();
        asking.find(|(_, subject)| *subject == name).or(first).map(|(index, _)| index)
    }

    /// Cuts everything before `at` off as one block, and delivers the frames in it that are claimed.
    fn hand_on(&mut self, input: &mut BytesMut, at: &mut usize, claimed: Option<Claimed>) {
        let len = std::mem::take(at);
        let Some(claimed) = claimed else { return input.advance(len) };
        let block = input.split_to(len).freeze();
        let mut batch = Batch::new(block);
        let frames = claimed.frames.len();
        claimed.frames.into_iter().for_each(|(start, end)| batch.push(start, end));
        claimed.elided.into_iter().for_each(|(start, elided)| batch.elide(start, elided));
        self.deliver_batch(claimed.to, batch, frames);
    }

    /// Delivers the only response of a command that has ended. It names no message.
    pub(super) fn deliver_nameless(&mut self, run: &Running, frame: &[u8], uid: Uid) {
        let (frame, _) = with_uid(frame, uid, &[]);
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

    /// A literal goes past: to a reader of bodies, or nowhere where it is over the limit.
    fn begin_flow(&mut self, input: &mut BytesMut, start: usize, size: u64) -> Result<()> {
        let fetch = match route(input) {
            Route::Untagged(kind @ (Kind::Fetch(_) | Kind::UidFetch(_))) => Some(kind),
            _ => None,
        };
        let to = fetch.and_then(|kind| self.reader_of(kind, input.get(..start).unwrap_or_default()));
        if to.is_none() && size <= self.limits.literal as u64 {
            return self.framer.keep(&self.limits);
        }
        if fetch.is_none() {
            return Err(Error::limit("the server announced a literal over the limit"));
        }
        let rest = input.split_off(start);
        let head = std::mem::replace(input, rest);
        self.framer.elide();
        self.flow = Some(Flow { to, left: size, head });
        Ok(())
    }

    /// Who gets the bytes of the literal that this response goes on with as they come.
    fn reader_of(&mut self, kind: Kind, head: &[u8]) -> Option<Id> {
        let run = self.running.iter_mut().find(|run| run.effect == Effect::Body)?;
        let attribution = run.attribution.as_mut()?;
        attribution.streams(kind, head, self.framer.elided(), &self.numbers).then_some(run.id).flatten()
    }

    /// Takes the bytes of a literal that goes past. `false` while more of them must come.
    fn lead_past(&mut self, input: &mut BytesMut) -> bool {
        let Some(flow) = &mut self.flow else { return true };
        let count = usize::try_from(flow.left).unwrap_or(usize::MAX).min(input.len());
        flow.left -= count as u64;
        let (to, left) = (flow.to, flow.left);
        match to {
            Some(id) if count > 0 => {
                if let Some(run) = self.running.iter_mut().find(|run| run.id == to) {
                    run.span.add(0, count);
                }
                let chunk = input.split_to(count).freeze();
                self.deliver(Some(id), Delivery::Chunk(chunk));
            }
            _ => input.advance(count),
        }
        if left > 0 {
            return false;
        }
        if let Some(mut flow) = self.flow.take() {
            flow.head.extend_from_slice(input);
            *input = flow.head;
        }
        true
    }
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

//! The engine's way in: bytes to frames, frames to whoever claims them in one batch per read, and literals that are too large
//! to keep to a stream or away. What a frame means to the session is in `answer.rs`.

use bytes::{Buf, BytesMut};

use super::{Delivery, Effect, Engine, Running};
use crate::engine::Id;
use crate::error::{Error, Result};
use crate::imap::codec::{self, Batch, Elided, Frame, Kind, Route, route};

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
    id: Id,
    stream: bool,
    frames: Vec<(usize, usize)>,
    /// What was left out of the frame that begins there.
    elided: Vec<(usize, Vec<Elided>)>,
}

/// Why frames are no longer cut from this input.
enum Stop {
    /// It is all cut.
    Dry,
    /// A literal must be led past.
    Literal { start: usize, size: u64 },
}

impl Claimed {
    fn new(id: Id, stream: bool) -> Self {
        Self { id, stream, frames: Vec::new(), elided: Vec::new() }
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
            match self.claimant(&route, frame) {
                Some((id, stream)) => {
                    if claimed.as_ref().is_some_and(|claimed| claimed.id != id) {
                        self.hand_on(input, &mut at, claimed.take());
                    }
                    claimed.get_or_insert_with(|| Claimed::new(id, stream)).push(at, at + len, elided);
                    at += len;
                }
                None => {
                    // What is claimed goes out first, so that no answer overtakes its data, nor an EXPUNGE the numbers before it.
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

    /// Whose data this is: the one running command that claims the kind.
    #[inline]
    fn claimant(&self, route: &Route<'_>, frame: &[u8]) -> Option<(Id, bool)> {
        let Route::Untagged(kind) = *route else { return None };
        let run = match kind {
            Kind::Status => self.status_claimant(frame)?,
            _ => self.running.iter().find(|run| run.order.claims.covers(kind))?,
        };
        // Among the answers that nobody reads there may be data that belong to the mailbox.
        if run.abandoned && run.distinct {
            return None;
        }
        // What the engine itself keeps.
        if kind == Kind::Capability || matches!(run.effect, Effect::Number { .. }) {
            return None;
        }
        Some((run.id?, run.stream))
    }

    /// Of several that run at once, the STATUS that asked about this mailbox; where the server spells its name in another way,
    /// the one that was sent first.
    fn status_claimant(&self, frame: &[u8]) -> Option<&Running> {
        let name = codec::status::parse(frame, self.state.utf8()).ok().map(|data| data.name.subject());
        let mut asking = self.running.iter().filter(|run| run.order.claims.covers(Kind::Status));
        let first = asking.clone().next();
        asking.find(|run| run.order.subject == name).or(first)
    }

    /// Cuts everything before `at` off as one block, and delivers the frames in it that are claimed.
    fn hand_on(&mut self, input: &mut BytesMut, at: &mut usize, claimed: Option<Claimed>) {
        let len = std::mem::take(at);
        let Some(claimed) = claimed else { return input.advance(len) };
        let block = input.split_to(len).freeze();
        let Some(run) = self.running.iter_mut().find(|run| run.id == Some(claimed.id)) else { return };
        run.span.add(claimed.frames.len(), block.len());
        if !claimed.stream {
            run.frames += claimed.frames.len();
            run.bytes += block.len();
            run.over_limit |= run.frames > self.limits.untagged || run.bytes > self.limits.undelivered;
            if run.over_limit {
                return;
            }
        }
        let weight = if claimed.stream { block.len() } else { 0 };
        let mut batch = Batch::new(block);
        claimed.frames.into_iter().for_each(|(start, end)| batch.push(start, end));
        claimed.elided.into_iter().for_each(|(start, elided)| batch.elide(start, elided));
        let moment = self.numbers.moment();
        self.deliver(Some(claimed.id), Delivery::Frames { batch, weight, moment });
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
        let fetch = matches!(route(input), Route::Untagged(Kind::Fetch(_) | Kind::UidFetch(_)));
        let reader = self.running.iter().find(|run| fetch && run.effect == Effect::Body);
        if reader.is_none() && size <= self.limits.literal as u64 {
            return self.framer.keep(&self.limits);
        }
        if !fetch {
            return Err(Error::limit("the server announced a literal over the limit"));
        }
        let to = reader.and_then(|run| run.id);
        let rest = input.split_off(start);
        let head = std::mem::replace(input, rest);
        self.framer.elide();
        self.flow = Some(Flow { to, left: size, head });
        Ok(())
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

//! Runs an engine by arbitrary bytes, for the fuzz targets: input in pieces, requests, cancellations and the passing of time, all chosen
//! by the data. It asserts what must hold for every engine, and must not know a protocol. It keeps little in memory, because the target
//! measures the memory of everything.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bytes::BytesMut;

use super::{Deliverable, Engine, Id, ReadHint};

/// Requests under way at once: a caller's memory, not the server's doing.
const OPEN: usize = 16;
/// Requests given up: each is kept until the server has answered what of it was sent, which is the caller's memory too.
const CANCELLED: usize = 64;

/// The request with this number.
pub(crate) enum Generated<R> {
    /// A new request, which must come to an end.
    New(R),
    /// An addition to an earlier request.
    More(R),
}

/// Plays `data` on the engine, which is asked for its greeting first, as a session does once. `generate` makes the request of
/// that number; `unread` is how much input the engine's limits let it leave unread, besides the piece just given.
pub(crate) fn play<E: Engine>(
    mut engine: E,
    start: Instant,
    greeting: E::Request,
    unread: usize,
    data: &[u8],
    mut generate: impl FnMut(u8) -> Option<Generated<E::Request>>,
) {
    let (mut now, mut input, mut watch) = (start, BytesMut::new(), Watch::new(data.len()));
    engine.handle_request(watch.begin(), greeting, now);
    let mut rest = data;
    while let [act, argument, after @ ..] = rest {
        rest = after;
        match act % 12 {
            0..=3 | 11 => {
                let (piece, after) = rest.split_at(usize::from(*argument).min(rest.len()));
                rest = after;
                input.extend_from_slice(piece);
                engine.handle_input(&mut input, now);
                assert!(input.len() <= unread + 255, "{} bytes are left unread", input.len());
            }
            4 | 5 => {
                let (id, request) = match generate(*argument) {
                    Some(Generated::New(request)) if watch.open.len() < OPEN => (Some(watch.begin()), request),
                    Some(Generated::More(request)) => (watch.pick(*argument), request),
                    _ => continue,
                };
                if let Some(id) = id {
                    engine.handle_request(id, request, now);
                }
            }
            6 if watch.cancelled < CANCELLED => {
                if let Some(id) = watch.pick(*argument) {
                    watch.cancelled += 1;
                    watch.open.remove(&id);
                    engine.handle_cancel(id, now);
                }
            }
            7 => {
                now += Duration::from_secs(u64::from(*argument));
                if engine.poll_deadline().is_some_and(|deadline| deadline <= now) {
                    engine.handle_deadline(now);
                }
            }
            8 => engine.handle_backlog(argument % 2 == 1, now),
            9 => engine.handle_written(1, now),
            _ if engine.read_hint() == ReadHint::Quiet => engine.release_memory(),
            _ => {}
        }
        watch.settle(&mut engine, now);
        // A driver would call it again and again.
        let waits = engine.outcome().is_some() || engine.poll_deadline().is_none_or(|deadline| deadline > now);
        assert!(waits || act % 12 != 7, "a deadline that stays");
    }
    engine.handle_end(None, now);
    watch.settle(&mut engine, now);
    assert!(engine.outcome().is_some(), "the end of the input is not the end");
    assert!(watch.open.is_empty(), "requests without an end: {:?}", watch.open);

    input.extend_from_slice(data);
    engine.handle_input(&mut input, now);
    if let Some(Generated::New(request)) = generate(1) {
        engine.handle_request(watch.begin(), request, now);
    }
    engine.handle_deadline(now + Duration::from_secs(3600));
    assert!(engine.poll_transmit().is_none(), "something is sent after the end");
    watch.settle(&mut engine, now);
    assert!(watch.open.is_empty(), "a request after the end has none");
}

/// The requests that have not ended.
struct Watch {
    open: BTreeSet<Id>,
    cancelled: usize,
    /// By number: whether the request came to its end.
    ended: Vec<bool>,
    /// How much may still come out of the engine before it counts as endless.
    steps: usize,
}

impl Watch {
    /// A request of two bytes may be a series of 255 commands; everything else has a byte of input for each step.
    fn new(data: usize) -> Self {
        let ended = Vec::with_capacity(data / 2 + 2);
        Self { open: BTreeSet::new(), cancelled: 0, ended, steps: 1024 * (data + 16) }
    }

    fn begin(&mut self) -> Id {
        let id = Id(self.ended.len() as u64);
        self.ended.push(false);
        self.open.insert(id);
        id
    }

    fn pick(&self, which: u8) -> Option<Id> {
        self.open.iter().nth(usize::from(which) % self.open.len().max(1)).copied()
    }

    fn settle<E: Engine>(&mut self, engine: &mut E, now: Instant) {
        while engine.poll_transmit().is_some() {
            self.step();
        }
        while let Some((id, delivery)) = engine.poll_delivery(&|_| true) {
            self.step();
            let ended = self.ended.get_mut(id.0 as usize);
            assert!(
                ended.as_ref().is_some_and(|ended| !**ended),
                "{id:?} was never asked for, or continues after its end"
            );
            if delivery.is_last() {
                self.open.remove(&id);
                ended.into_iter().for_each(|ended| *ended = true);
            }
        }
        if engine.poll_upgrade().is_some() {
            engine.handle_upgraded(now);
        }
    }

    fn step(&mut self) {
        assert!(self.steps > 0, "the engine does not come to rest");
        self.steps -= 1;
    }
}

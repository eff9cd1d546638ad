//! Turns an engine by arbitrary bytes, for the fuzz targets: input in pieces, requests, cancellations and the passing of time,
//! all chosen by the data. What must hold for every engine is asserted here; nothing here knows a protocol.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bytes::BytesMut;

use super::{Engine, Id, Parcel};

/// What a number asks for.
pub(crate) enum Ask<R> {
    /// Something of its own, which must come to an end.
    New(R),
    /// Something added to what was asked for before.
    More(R),
}

/// Plays `data` on the engine, which is asked for its greeting first, as a session does once. `ask` makes the request of
/// that number; `unread` is how much input the engine's limits let it leave unread, besides the piece just given.
pub(crate) fn play<E: Engine>(
    mut engine: E,
    start: Instant,
    greeting: E::Request,
    unread: usize,
    data: &[u8],
    mut ask: impl FnMut(u8) -> Option<Ask<E::Request>>,
) {
    let (mut now, mut input, mut watch) = (start, BytesMut::new(), Watch::default());
    engine.handle_request(watch.begin(), greeting, now);
    let mut rest = data;
    while let [act, argument, behind @ ..] = rest {
        rest = behind;
        match act % 8 {
            0..=3 => {
                let (piece, behind) = rest.split_at(usize::from(*argument).min(rest.len()));
                rest = behind;
                input.extend_from_slice(piece);
                engine.handle_input(&mut input, now);
                assert!(input.len() <= unread + 255, "{} bytes are left unread", input.len());
            }
            4 | 5 => {
                let (id, request) = match ask(*argument) {
                    Some(Ask::New(request)) => (Some(watch.begin()), request),
                    Some(Ask::More(request)) => (watch.pick(*argument), request),
                    None => continue,
                };
                if let Some(id) = id {
                    engine.handle_request(id, request, now);
                }
            }
            6 => {
                if let Some(id) = watch.pick(*argument) {
                    watch.open.remove(&id);
                    engine.handle_cancel(id, now);
                }
            }
            _ => {
                now += Duration::from_secs(u64::from(*argument));
                if engine.poll_deadline().is_some_and(|deadline| deadline <= now) {
                    engine.handle_deadline(now);
                }
            }
        }
        watch.settle(&mut engine, now);
    }
    engine.handle_end(None, now);
    watch.settle(&mut engine, now);
    assert!(engine.outcome().is_some(), "the end of the input is not the end");
    assert!(watch.open.is_empty(), "requests without an end: {:?}", watch.open);

    input.extend_from_slice(data);
    engine.handle_input(&mut input, now);
    if let Some(Ask::New(request)) = ask(1) {
        engine.handle_request(watch.begin(), request, now);
    }
    engine.handle_deadline(now + Duration::from_secs(3600));
    assert!(engine.poll_transmit().is_none(), "something is sent after the end");
    watch.settle(&mut engine, now);
    assert!(watch.open.is_empty(), "a request after the end has none");
}

/// Which requests wait for their end.
#[derive(Default)]
struct Watch {
    next: u64,
    open: BTreeSet<Id>,
    ended: BTreeSet<Id>,
}

impl Watch {
    fn begin(&mut self) -> Id {
        let id = Id(self.next);
        self.next += 1;
        self.open.insert(id);
        id
    }

    fn pick(&self, which: u8) -> Option<Id> {
        self.open.iter().nth(usize::from(which) % self.open.len().max(1)).copied()
    }

    fn settle<E: Engine>(&mut self, engine: &mut E, now: Instant) {
        while engine.poll_transmit().is_some() {}
        while let Some((id, delivery)) = engine.poll_delivery(&|_| true) {
            assert!(!self.ended.contains(&id), "{id:?} goes on behind its end");
            if delivery.is_last() {
                self.open.remove(&id);
                self.ended.insert(id);
            }
        }
        if engine.poll_upgrade() {
            engine.handle_upgraded(now);
        }
    }
}

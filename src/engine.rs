//! What a sans-IO protocol engine is to the driver that runs it: bytes, requests and instants go in by `handle_*`; bytes to send,
//! deliveries for the handles and the next deadline come out by `poll_*`. No socket, no clock, no task, no protocol.
//!
//! The calling order. After any `handle_*`, in this order: [`poll_transmit`](Engine::poll_transmit) until it returns `None` or the
//! socket takes nothing more, [`poll_delivery`](Engine::poll_delivery) until `None`, [`poll_upgrade`](Engine::poll_upgrade),
//! [`poll_deadline`](Engine::poll_deadline), [`outcome`](Engine::outcome). An engine with an outcome has ended: it has delivered an end
//! to every request it knew, takes no input, and answers each further request with the same end.

pub(crate) mod clock;
pub(crate) mod core;
pub(crate) mod failure;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
pub(crate) mod published;
pub(crate) mod span;
#[cfg(test)]
pub(crate) mod transcript;
pub(crate) mod wire_format;
pub(crate) mod words;

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use bytes::{Bytes, BytesMut};

use self::wire_format::WireFormat;
use crate::error::{Error, Result};

/// Names one request of a connection; never used twice.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct Id(pub(crate) u64);

/// How many bytes the driver should offer to read at once, and into what.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ReadHint {
    /// Nothing is expected: whatever comes is small, and the session should hold no buffer.
    Quiet,
    /// Replies are due: blocks of 64 KiB, whose slices are passed on.
    Replies,
    /// The middle of a large body: bigger blocks.
    Body,
}

/// A change of the stream's layers that the peer has agreed to, and what the bytes mean that are here already.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LayerChange {
    /// TLS begins. Bytes that are here already came in clear: they are an attack, and the engine has ended the session instead.
    AddTls,
    /// DEFLATE begins. Bytes that are here already are its first ones: the engine leaves them unread, and the driver takes them.
    AddDeflate,
    /// DEFLATE ends. Bytes that were inflated already would have come too late: the engine has ended the session instead. What the layer
    /// has not inflated is not compressed.
    RemoveDeflate,
}

/// Bytes to send, and the ranges of them that are secret: in order, without overlap.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) bytes: Bytes,
    pub(crate) secrets: Vec<Range<usize>>,
}

/// What an engine delivers to a handle.
pub(crate) trait Deliverable: Send + 'static {
    /// The bytes it counts against the window: those of streams, 0 for what belongs to a value.
    fn weight(&self) -> usize;
    /// Whether it is the last one of its request.
    fn is_last(&self) -> bool;
    /// The end of a request that has no other result than that it is done.
    fn done() -> Self;
    /// The end of a request that fails.
    fn refused(error: Error) -> Self;
}

/// What the server says to the session rather than to one call.
pub(crate) trait SessionNotice: Clone + Send + 'static {
    /// About how many bytes it keeps in memory.
    fn weight(&self) -> usize;
    /// Says that more notices came than were kept.
    fn lagged() -> Self;
}

/// A protocol without its sockets and clocks.
pub(crate) trait Engine: Send + 'static {
    /// What handles ask for.
    type Request: Send + 'static;
    /// What handles get.
    type Delivery: Deliverable;
    /// What handles may read without asking: capabilities, the selection.
    type State: Send + Sync + 'static;
    /// What the server says to the session rather than to one call.
    type Notice: SessionNotice;

    /// How the protocol looks on the wire; only the wire log and the recorder use it.
    const WIRE_FORMAT: WireFormat;

    /// A handle asks for something under a new id, or adds to a request under an old one.
    fn handle_request(&mut self, id: Id, request: Self::Request, now: Instant);
    /// The handle of this id is gone; nothing more is delivered to it.
    fn handle_cancel(&mut self, id: Id, now: Instant);
    /// Takes what it can from the front of `input`: complete frames, or pieces of a body that is streamed. What it leaves is the
    /// beginning of a frame. It gets that again with more bytes appended, and never scans a byte twice.
    fn handle_input(&mut self, input: &mut BytesMut, now: Instant);
    /// The peer will send nothing more; `error` is the reason if that was not a clean end.
    fn handle_end(&mut self, error: Option<Error>, now: Instant);
    /// The stream's layers have changed; follows a [`poll_upgrade`](Self::poll_upgrade). The input that was left unread is gone.
    fn handle_upgraded(&mut self, now: Instant);
    /// The instant that [`poll_deadline`](Self::poll_deadline) last returned has come.
    fn handle_deadline(&mut self, now: Instant);
    /// Whether reading pauses because the handles do not take what was delivered. Meanwhile no deadline for the peer runs.
    fn handle_backlog(&mut self, full: bool, now: Instant);
    /// The network took this number of the bytes to send. A slow upload is therefore not a silent peer.
    fn handle_written(&mut self, count: usize, now: Instant);

    /// The next bytes to send, in order. Called again only after the former ones were written.
    fn poll_transmit(&mut self) -> Option<Outgoing>;
    /// The next delivery. `is_drained` is whether a handle has taken all its deliveries; only streams of events ask.
    fn poll_delivery(&mut self, is_drained: &dyn Fn(Id) -> bool) -> Option<(Id, Self::Delivery)>;
    /// The next notice to the session.
    fn poll_notice(&mut self) -> Option<Self::Notice>;
    /// How the stream's layers must change now, before another byte is read or written.
    fn poll_upgrade(&mut self) -> Option<LayerChange>;
    /// When to call [`handle_deadline`](Self::handle_deadline), if nothing happens before.
    fn poll_deadline(&self) -> Option<Instant>;
    /// How to read next.
    fn read_hint(&self) -> ReadHint;
    /// Frees memory that earlier work needed and the present state does not. Called while nothing is expected.
    fn release_memory(&mut self);
    /// The present state; the same allocation until something changes.
    fn state(&self) -> Arc<Self::State>;
    /// How many commands were sent.
    fn commands(&self) -> u64;
    /// How the session ended, once it has: `Ok` after a goodbye, else the error that every later request gets.
    fn outcome(&self) -> Option<Result<()>>;
}

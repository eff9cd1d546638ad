//! What a sans-IO protocol engine is to the driver that turns it: bytes, requests and instants go in by `handle_*`; bytes to
//! send, deliveries for the handles and the next deadline come out by `poll_*`. No socket, no clock, no task, no protocol.
//!
//! The calling order. After any `handle_*`, in this order: [`poll_transmit`](Engine::poll_transmit) until it gives nothing
//! more or the socket takes nothing more, [`poll_delivery`](Engine::poll_delivery) until `None`,
//! [`poll_upgrade`](Engine::poll_upgrade), [`poll_deadline`](Engine::poll_deadline), [`outcome`](Engine::outcome). An engine
//! with an outcome is at its end: it has delivered an end to every request it knew, takes no input, and answers each further
//! request with the same end.

pub(crate) mod clock;
pub(crate) mod core;
pub(crate) mod failure;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
pub(crate) mod published;
pub(crate) mod span;
pub(crate) mod words;

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use bytes::{Bytes, BytesMut};

use crate::error::{Error, Result};

/// Names one request among those of its connection; never used twice.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct Id(pub(crate) u64);

/// How many bytes the driver should offer to read at once, and into what.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Appetite {
    /// Nothing is expected: whatever comes is small, and the session should hold no buffer.
    Resting,
    /// Replies are due: blocks of 64 KiB, whose slices are handed on.
    Replies,
    /// The middle of a large body: bigger blocks.
    Body,
}

/// How the content of messages stands among a protocol's lines, for the wire log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Content {
    /// In literals, whose size is announced.
    Literals,
    /// In lines up to one with a dot alone.
    Lines,
}

/// Bytes for the wire, and which of them are secret: ranges in order, apart from each other.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) bytes: Bytes,
    pub(crate) secrets: Vec<Range<usize>>,
}

/// One delivery on its way to a handle.
pub(crate) trait Parcel: Send + 'static {
    /// The bytes it counts against the window: those of streams, 0 for what belongs to a value.
    fn weight(&self) -> usize;
    /// Whether it is the last one for its request.
    fn is_last(&self) -> bool;
    /// The end of a request whose answer says nothing but that it is done.
    fn done() -> Self;
    /// The end of a request that fails.
    fn refused(error: Error) -> Self;
}

/// What the server says to the session rather than to one call.
pub(crate) trait Tidings: Clone + Send + 'static {
    /// The bytes it keeps, about.
    fn weight(&self) -> usize;
    /// That more was said than was kept.
    fn lagged() -> Self;
}

/// A protocol without its sockets and clocks.
pub(crate) trait Engine: Send + 'static {
    /// What handles ask for.
    type Request: Send + 'static;
    /// What handles get.
    type Delivery: Parcel;
    /// What handles may look at without asking: capabilities, the selection.
    type State: Send + Sync + 'static;

    /// What the server says to the session rather than to one call.
    type Notice: Tidings;

    /// How messages come.
    const CONTENT: Content;

    /// A handle asks for something under a new id, or adds to what it asked for under an old one.
    fn handle_request(&mut self, id: Id, request: Self::Request, now: Instant);
    /// The handle behind this id is gone; nothing more is delivered to it.
    fn handle_cancel(&mut self, id: Id, now: Instant);
    /// Takes what it can from the front of `input`: whole frames, or pieces of a body that is streamed. What it leaves is the
    /// beginning of a frame; it is offered again with more bytes behind it, and never scanned twice.
    fn handle_input(&mut self, input: &mut BytesMut, now: Instant);
    /// The peer will send nothing more; `error` says why where it was not a clean end.
    fn handle_end(&mut self, error: Option<Error>, now: Instant);
    /// The stream is encrypted from here on; follows a [`poll_upgrade`](Self::poll_upgrade) that was true.
    fn handle_upgraded(&mut self, now: Instant);
    /// The instant last given by [`poll_deadline`](Self::poll_deadline) has come.
    fn handle_deadline(&mut self, now: Instant);
    /// While the reader rests because its own side does not take deliveries, no deadline that waits for the peer runs.
    fn handle_backlog(&mut self, full: bool, now: Instant);

    /// Some of the bytes for the wire have left: the peer takes them, however long all of them need.
    fn handle_written(&mut self, now: Instant);

    /// The next bytes for the wire, in order. Called again only when the former were written.
    fn poll_transmit(&mut self) -> Option<Outgoing>;
    /// The next delivery. `hungry` says whether a handle has taken all that it was given; only event streams ask.
    fn poll_delivery(&mut self, hungry: &dyn Fn(Id) -> bool) -> Option<(Id, Self::Delivery)>;
    /// The next of what the server has said to the session.
    fn poll_notice(&mut self) -> Option<Self::Notice>;
    /// Whether the stream must now be encrypted, before another byte is read or written. An engine never asks while it holds
    /// unread input: bytes behind the agreement are an attack, and its end.
    fn poll_upgrade(&mut self) -> bool;
    /// When to call [`handle_deadline`](Self::handle_deadline), if nothing happens before.
    fn poll_deadline(&self) -> Option<Instant>;
    /// How to read next.
    fn appetite(&self) -> Appetite;
    /// Nothing is expected: what room former work took and the present state does not need is given back.
    fn rest(&mut self);
    /// The present state, the same allocation as long as nothing changed.
    fn state(&self) -> Arc<Self::State>;
    /// How the session ended, once it has: `Ok` after a goodbye, else the error that every later request will get.
    fn outcome(&self) -> Option<Result<()>>;
}

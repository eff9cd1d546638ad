//! The one future that runs an engine: it alone reads, writes, keeps time and upgrades the stream. It serves every protocol
//! and must not know any of them. All I/O of a session can be reviewed in this file.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWrite};
use tokio::time::{Instant, Sleep};

use super::layers::{Layers, read_failure};
use super::link::{DriverEnd, ToDriver};
use super::observer::Observer;
use super::tls::Tls;
use super::traffic::Traffic;
use crate::engine::{Engine, LayerChange, Outgoing, ReadHint, failure};
use crate::error::{Error, Result};

/// The block from which shared slices are cut; a kept slice pins at most this much.
const BLOCK: usize = 64 * 1024;
/// What is read at once in the middle of a large body.
const BODY_BLOCK: usize = 512 * 1024;
/// With less room than this in a block, the driver begins a new one.
const LEAST_ROOM: usize = 8 * 1024;
/// What a quiet session reads into: on the stack, so that it holds no buffer.
const SCRATCH: usize = 2 * 1024;

/// Runs `engine` over `stream` until either ends.
pub(crate) struct EngineDriver<E: Engine> {
    engine: E,
    handles: DriverEnd<E>,
    stream: Layers,
    tls: Option<Tls>,
    window: usize,
    observer: Observer,
    input: BytesMut,
    /// In the middle of a large body: the former block, for reuse once its bytes are taken.
    spare: BytesMut,
    output: Option<Outgoing>,
    unflushed: bool,
    backlog: bool,
    /// Why nothing more can be written. What the peer sent before is still read.
    write_error: Option<std::io::Error>,
    timer: Option<Pin<Box<Sleep>>>,
}

/// Why the loop stopped.
enum Stop {
    Change(LayerChange),
    SessionOver,
}

impl<E: Engine> EngineDriver<E> {
    pub(crate) fn new(
        engine: E,
        handles: DriverEnd<E>,
        stream: Layers,
        tls: Option<Tls>,
        window: usize,
        observer: Observer,
    ) -> Self {
        Self {
            engine,
            handles,
            stream,
            tls,
            window,
            observer,
            input: BytesMut::new(),
            spare: BytesMut::new(),
            output: None,
            unflushed: false,
            backlog: false,
            write_error: None,
            timer: None,
        }
    }

    /// Runs until the session ends. `Ok` after a goodbye, or when every handle was dropped.
    ///
    /// What lives as long as the session is boxed once, and the handshake and the end only while they run: a quiet session must not
    /// reserve memory for them.
    pub(crate) async fn run(mut self: Box<Self>) -> Result<()> {
        loop {
            match poll_fn(|cx| self.poll_until_stop(cx)).await {
                Stop::Change(change) => Box::pin(self.change_layers(change)).await,
                Stop::SessionOver => return Box::pin(self.end()).await,
            }
        }
    }

    fn poll_until_stop(&mut self, cx: &mut Context<'_>) -> Poll<Stop> {
        loop {
            self.take_requests(cx);
            let written = self.poll_write(cx);
            self.publish_and_deliver();
            if self.engine.outcome().is_some() || !self.handles.is_open() {
                return Poll::Ready(Stop::SessionOver);
            }
            // Nothing of the old layers may follow the change.
            let change = if written.is_ready() { self.engine.poll_upgrade() } else { None };
            if let Some(change) = change {
                return Poll::Ready(Stop::Change(change));
            }
            let read = self.poll_read(cx);
            let fired = self.poll_timer(cx);
            if read.is_pending() && fired.is_pending() {
                return Poll::Pending;
            }
        }
    }

    fn take_requests(&mut self, cx: &Context<'_>) {
        while let Some(item) = self.handles.next(cx) {
            match item {
                ToDriver::Request(id, request) => self.engine.handle_request(id, *request, now()),
                ToDriver::Cancel(id) => self.engine.handle_cancel(id, now()),
            }
        }
    }

    /// Publishes the state and the traffic, and delivers what the last input, request or deadline produced. The state comes first, so that a handle
    /// that has its answer never sees an older state.
    fn publish_and_deliver(&mut self) {
        let traffic = Traffic { commands: self.engine.commands(), ..self.observer.traffic() };
        self.handles.publish(self.engine.state(), traffic);
        self.handles.deliver(&mut self.engine);
    }

    /// Ready when nothing is left to write.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.write_error.is_some() {
                return Poll::Pending;
            }
            let Some(output) = &mut self.output else {
                self.output = self.engine.poll_transmit();
                if let Some(output) = &self.output {
                    self.observer.sent(output);
                    continue;
                }
                return self.poll_flush(cx);
            };
            match ready!(Pin::new(&mut self.stream).poll_write(cx, &output.bytes)) {
                Ok(0) => return self.write_failed(std::io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    output.bytes.advance(written);
                    self.unflushed = true;
                    if output.bytes.is_empty() {
                        self.output = None;
                    }
                    self.engine.handle_written(written, now());
                }
                Err(error) => return self.write_failed(error),
            }
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.unflushed {
            return Poll::Ready(());
        }
        match ready!(Pin::new(&mut self.stream).poll_flush(cx)) {
            Ok(()) => {
                self.unflushed = false;
                Poll::Ready(())
            }
            Err(error) => self.write_failed(error),
        }
    }

    fn write_failed(&mut self, error: std::io::Error) -> Poll<()> {
        self.output = None;
        self.unflushed = false;
        self.write_error = Some(error);
        Poll::Pending
    }

    /// Ready when the engine got input, or the end of it.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let full = self.handles.is_full(self.window);
        if full != self.backlog {
            self.backlog = full;
            self.engine.handle_backlog(full, now());
        }
        if full {
            return Poll::Pending;
        }
        let error = match (self.poll_fill(cx), self.write_error.take()) {
            (Poll::Ready(Ok(count @ 1..)), write_error) => {
                self.write_error = write_error;
                let fresh = self.input.len() - count;
                self.observer.received(self.input.get(fresh..).unwrap_or_default());
                self.engine.handle_input(&mut self.input, now());
                return Poll::Ready(());
            }
            (Poll::Pending, None) => return Poll::Pending,
            (Poll::Ready(Ok(_)), None) => None,
            (Poll::Ready(Err(error)), _) => Some(read_failure(error)),
            (_, Some(error)) => Some(error.into()),
        };
        self.observer.closed();
        self.engine.handle_end(error, now());
        Poll::Ready(())
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<usize>> {
        match self.engine.read_hint() {
            ReadHint::Quiet if self.input.is_empty() => {
                (self.input, self.spare) = Default::default();
                self.engine.release_memory();
                return self.poll_scratch(cx);
            }
            ReadHint::Quiet | ReadHint::Replies => self.make_room(BLOCK),
            ReadHint::Body if self.input.is_empty() => self.change_blocks(),
            ReadHint::Body => self.make_room(BODY_BLOCK),
        }
        pin!(self.stream.read_buf(&mut self.input)).poll(cx)
    }

    fn make_room(&mut self, block: usize) {
        if self.input.capacity() - self.input.len() < LEAST_ROOM {
            self.input.reserve(block);
        }
    }

    /// The reader of a large body copies its bytes out and keeps none, so two blocks are enough for any number of them.
    fn change_blocks(&mut self) {
        if self.input.try_reclaim(BODY_BLOCK) || self.input.capacity() >= BODY_BLOCK / 4 {
            return;
        }
        std::mem::swap(&mut self.input, &mut self.spare);
        if !self.input.try_reclaim(BODY_BLOCK) {
            self.input = BytesMut::with_capacity(BODY_BLOCK);
        }
    }

    fn poll_scratch(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<usize>> {
        let mut scratch = [0; SCRATCH];
        let count = ready!(pin!(self.stream.read(&mut scratch)).poll(cx))?;
        self.input.extend_from_slice(scratch.get(..count).unwrap_or_default());
        Poll::Ready(Ok(count))
    }

    /// Ready when a deadline has passed. Deadlines move with nearly every byte, mostly to a later instant: the timer is reset at once
    /// only for an earlier one, and otherwise after it has fired too early.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.engine.poll_deadline().map(Instant::from_std) else {
            self.timer = None;
            return Poll::Pending;
        };
        loop {
            let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
            if timer.deadline() > deadline {
                timer.as_mut().reset(deadline);
            }
            ready!(timer.as_mut().poll(cx));
            self.timer = None;
            if Instant::now() >= deadline {
                self.engine.handle_deadline(now());
                return Poll::Ready(());
            }
        }
    }

    async fn change_layers(&mut self, change: LayerChange) {
        let (stream, unread) = (std::mem::replace(&mut self.stream, Layers::closed()), self.input.len());
        let changed = match change {
            LayerChange::AddTls => match self.tls.take() {
                Some(tls) => stream.encrypt(&tls).await,
                None => Err(Error::protocol("the stream cannot be encrypted twice")),
            },
            LayerChange::AddDeflate => Ok(stream.compress(self.input.split())),
            LayerChange::RemoveDeflate => {
                let (stream, raw) = stream.decompress();
                self.input = raw;
                Ok(stream)
            }
        };
        match changed {
            Ok(stream) => {
                self.observer.changed(change, unread);
                self.handles.bind(stream.bindings());
                self.stream = stream;
                self.engine.handle_upgraded(now());
                if !self.input.is_empty() {
                    self.observer.received(&self.input);
                    self.engine.handle_input(&mut self.input, now());
                }
            }
            Err(error) => self.engine.handle_end(Some(error), now()),
        }
    }

    /// Ends every request that waits, and closes the stream if the peer lets it.
    async fn end(&mut self) -> Result<()> {
        let outcome = self.engine.outcome().unwrap_or(Ok(()));
        self.handles.close(failure::closed(&outcome));
        if outcome.is_ok() {
            let goodbye = poll_fn(|cx| Pin::new(&mut self.stream).poll_shutdown(cx));
            // The session is over: a peer that closed first or does not answer is not a failure.
            let _ = tokio::time::timeout(GOODBYE, goodbye).await;
        }
        outcome
    }
}

/// How long the end of the stream may take.
const GOODBYE: std::time::Duration = std::time::Duration::from_secs(1);

impl<E: Engine> Drop for EngineDriver<E> {
    fn drop(&mut self) {
        self.handles.close(Error::closed("the connection's driver was dropped"));
    }
}

/// The runtime's time, which a test can pause.
pub(crate) fn now() -> std::time::Instant {
    Instant::now().into_std()
}

//! The one future that turns an engine: it alone reads, writes, keeps time and upgrades the stream. It serves every protocol
//! alike and must not know any of them. All I/O of the crate can be reviewed in this file.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWrite};
use tokio::time::{Instant, Sleep};

use super::link::{Ask, Desk};
use super::stream::{Stream, read_failure};
use super::tap::Tap;
use super::tls::Tls;
use crate::engine::{Appetite, Engine, Outgoing};
use crate::error::{Error, Kind, Result};

/// The block from which shared slices are cut; a kept slice pins at most this much.
const BLOCK: usize = 64 * 1024;
/// What is read at once in the middle of a large body.
const BODY_BLOCK: usize = 512 * 1024;
/// With less room than this in a block, a new one is begun.
const LEAST_ROOM: usize = 8 * 1024;
/// What a session at rest reads into: on the stack, so that it holds no buffer.
const SCRATCH: usize = 2 * 1024;

/// Turns `engine` over `stream` until either ends; what happened is in the result.
pub(crate) struct Driver<E: Engine> {
    engine: E,
    desk: Desk<E>,
    stream: Stream,
    tls: Option<Tls>,
    window: usize,
    tap: Tap,
    input: BytesMut,
    /// In the middle of a large body: the block before, to be read into again once its bytes are taken.
    spare: BytesMut,
    output: Option<Outgoing>,
    unflushed: bool,
    backlog: bool,
    /// Why nothing more can be written; what the peer said before it stopped listening is still read.
    deaf: Option<std::io::Error>,
    alarm: Option<Pin<Box<Sleep>>>,
}

/// Why one turn ended.
enum Turn {
    Upgrade,
    Over,
}

impl<E: Engine> Driver<E> {
    pub(crate) fn new(engine: E, desk: Desk<E>, stream: Stream, tls: Option<Tls>, window: usize, tap: Tap) -> Self {
        Self {
            engine,
            desk,
            stream,
            tls,
            window,
            tap,
            input: BytesMut::new(),
            spare: BytesMut::new(),
            output: None,
            unflushed: false,
            backlog: false,
            deaf: None,
            alarm: None,
        }
    }

    /// Runs until the session ends. `Ok` after a goodbye, or when every handle was dropped.
    ///
    /// What lives as long as the session is boxed once, and what is needed for a moment only for that moment: a session at rest
    /// must not hold the room of its handshake.
    pub(crate) async fn run(mut self: Box<Self>) -> Result<()> {
        loop {
            match poll_fn(|cx| self.poll_turn(cx)).await {
                Turn::Upgrade => Box::pin(self.upgrade()).await,
                Turn::Over => return Box::pin(self.end()).await,
            }
        }
    }

    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        loop {
            self.take_asks(cx);
            let written = self.poll_write(cx);
            self.settle();
            if self.engine.outcome().is_some() || !self.desk.is_held() {
                return Poll::Ready(Turn::Over);
            }
            if written.is_ready() && self.engine.poll_upgrade() {
                return Poll::Ready(Turn::Upgrade);
            }
            let read = self.poll_read(cx);
            let rang = self.poll_alarm(cx);
            if read.is_pending() && rang.is_pending() {
                return Poll::Pending;
            }
        }
    }

    fn take_asks(&mut self, cx: &Context<'_>) {
        while let Some(ask) = self.desk.next_ask(cx) {
            match ask {
                Ask::Request(id, request) => self.engine.handle_request(id, *request, now()),
                Ask::Cancel(id) => self.engine.handle_cancel(id, now()),
            }
        }
    }

    /// Publishes and delivers what the last input, ask or alarm left behind: the state first, so that a handle with its
    /// answer in hand never sees an older one.
    fn settle(&mut self) {
        self.desk.publish(self.engine.state());
        self.desk.deliver(&mut self.engine);
    }

    /// Ready when nothing is left to write.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.deaf.is_some() {
                return Poll::Pending;
            }
            let Some(output) = &mut self.output else {
                self.output = self.engine.poll_transmit();
                if let Some(output) = &self.output {
                    self.tap.sent(output);
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
                    self.engine.handle_written(now());
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
        self.deaf = Some(error);
        Poll::Pending
    }

    /// Ready when the engine was given something.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let full = self.desk.is_full(self.window);
        if full != self.backlog {
            self.backlog = full;
            self.engine.handle_backlog(full, now());
        }
        if full {
            return Poll::Pending;
        }
        let error = match (self.poll_fill(cx), self.deaf.take()) {
            (Poll::Ready(Ok(count @ 1..)), deaf) => {
                self.deaf = deaf;
                let fresh = self.input.len() - count;
                self.tap.received(self.input.get(fresh..).unwrap_or_default());
                self.engine.handle_input(&mut self.input, now());
                return Poll::Ready(());
            }
            (Poll::Pending, None) => return Poll::Pending,
            (Poll::Ready(Ok(_)), None) => None,
            (Poll::Ready(Err(error)), _) => Some(read_failure(error)),
            (_, Some(error)) => Some(error.into()),
        };
        self.tap.closed();
        self.engine.handle_end(error, now());
        Poll::Ready(())
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<usize>> {
        match self.engine.appetite() {
            Appetite::Resting if self.input.is_empty() => {
                (self.input, self.spare) = Default::default();
                self.engine.rest();
                return self.poll_scratch(cx);
            }
            Appetite::Resting | Appetite::Replies => self.make_room(BLOCK),
            Appetite::Body if self.input.is_empty() => self.change_blocks(),
            Appetite::Body => self.make_room(BODY_BLOCK),
        }
        pin!(self.stream.read_buf(&mut self.input)).poll(cx)
    }

    fn make_room(&mut self, block: usize) {
        if self.input.capacity() - self.input.len() < LEAST_ROOM {
            self.input.reserve(block);
        }
    }

    /// Bytes of a large body are copied out by their reader and not kept, so that two blocks do for any number of them.
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

    /// Ready when a deadline has passed. The alarm is set again only for an earlier instant, since deadlines mostly move
    /// away with every byte; one that rings too early is set anew.
    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.engine.poll_deadline().map(Instant::from_std) else {
            self.alarm = None;
            return Poll::Pending;
        };
        loop {
            let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
            if alarm.deadline() > deadline {
                alarm.as_mut().reset(deadline);
            }
            ready!(alarm.as_mut().poll(cx));
            self.alarm = None;
            if Instant::now() >= deadline {
                self.engine.handle_deadline(now());
                return Poll::Ready(());
            }
        }
    }

    async fn upgrade(&mut self) {
        let upgraded = match self.tls.take() {
            Some(tls) => std::mem::replace(&mut self.stream, Stream::closed()).encrypt(&tls).await,
            None => Err(Error::protocol("the stream cannot be encrypted twice")),
        };
        match upgraded {
            Ok(stream) => {
                self.tap.encrypted();
                self.stream = stream;
                self.engine.handle_upgraded(now());
            }
            Err(error) => self.engine.handle_end(Some(error), now()),
        }
    }

    /// Tells whoever waits how it ended, and closes the stream if the peer lets it.
    async fn end(&mut self) -> Result<()> {
        let outcome = self.engine.outcome().unwrap_or(Ok(()));
        self.desk.close(match &outcome {
            Ok(()) => Error::closed("the session has ended"),
            Err(error) if error.kind() == Kind::Closed => error.clone(),
            Err(error) => Error::closed("the connection is closed after a failure").with_source(error.clone()),
        });
        if outcome.is_ok() {
            let goodbye = poll_fn(|cx| Pin::new(&mut self.stream).poll_shutdown(cx));
            // A peer that closed first, or does not answer, is no failure of a session that is over.
            let _ = tokio::time::timeout(GOODBYE, goodbye).await;
        }
        outcome
    }
}

/// How long the end of the stream may take.
const GOODBYE: std::time::Duration = std::time::Duration::from_secs(1);

impl<E: Engine> Drop for Driver<E> {
    fn drop(&mut self) {
        self.desk.close(Error::closed("the connection's driver was dropped"));
    }
}

/// The time as the runtime has it, so that a test can stop its clock.
pub(crate) fn now() -> std::time::Instant {
    Instant::now().into_std()
}

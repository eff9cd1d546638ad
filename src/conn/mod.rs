//! The only place with sockets, TLS and clocks. Whatever else in the crate needs tokio's traits or rustls names them by this
//! module. No protocol word appears here beyond the usual ports, which the configuration knows.

mod aside;
mod board;
pub(crate) mod connect;
pub(crate) mod driver;
pub(crate) mod link;
mod notices;
mod race;
mod socket;
pub(crate) mod stream;
mod tap;
pub(crate) mod tls;
mod trace;

#[cfg(test)]
#[cfg(all(feature = "testing", any(feature = "ring", feature = "aws-lc-rs")))]
mod tls_tests;

pub(crate) use aside::aside;
pub(crate) use driver::now;
pub use notices::Notices;
pub(crate) use tokio::time::sleep;
pub use tokio_rustls::rustls;

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use tracing::Instrument;

use crate::config::Config;
use crate::engine::Engine;
use crate::error::{Kind, Result};

/// The future that does a session's reading and writing: nothing moves unless it is polled.
///
/// [`handshake`](crate::imap::Imap::handshake) hands it out for a task of the caller's own; `connect` spawns it. It ends when
/// the session does, and says why. Dropping it closes the connection.
#[must_use = "a session makes no progress unless its driver is polled"]
pub struct Driver {
    /// `None` once it has ended.
    run: Option<Pin<Box<dyn Future<Output = Result<()>> + Send>>>,
    /// What the login has sent in secret; empty behind it, unless the connection is looked at.
    secrets: tap::Secrets,
    is_recorded: bool,
}

impl Driver {
    /// An engine over a stream, and the handles' end of it.
    pub(crate) fn over<E: Engine>(
        engine: E,
        stream: stream::Stream,
        upgrade: Option<tls::Tls>,
        config: &Config,
    ) -> (link::Link<E>, Self) {
        let (link, desk) = link::road(engine.state());
        let secrets = tap::Secrets::default();
        let tap = tap::Tap::new(E::CONTENT, config.recorder(), secrets.clone());
        let span = tap.span();
        let driver = Box::new(driver::Driver::new(engine, desk, stream, upgrade, config.limits.window, tap));
        (
            link,
            Self {
                run: Some(Box::pin(driver.run().instrument(span))),
                secrets,
                is_recorded: config.recorder().is_some(),
            },
        )
    }

    /// Polls itself beside a login until that is done. Where that comes upon a closed connection, the error is what closed it;
    /// where the server gave a secret back, it is not in the error.
    pub(crate) async fn beside<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let (mut work, mut cause) = (pin!(work), None);
        poll_fn(|cx| {
            if let Poll::Ready(Err(error)) = Pin::new(&mut *self).poll(cx) {
                cause = Some(error);
            }
            let result = ready!(work.as_mut().poll(cx));
            let result = result.map_err(|error| match cause.take() {
                Some(cause) if error.kind() == Kind::Closed => cause,
                _ => error,
            });
            let result = result.map_err(|error| tap::lock(&self.secrets).clean_error(error));
            tap::forget(&self.secrets, self.is_recorded);
            Poll::Ready(result)
        })
        .await
    }

    /// Runs in a task of its own from here on.
    pub(crate) fn spawn(self) {
        // How it ends is told to whoever waits for something; nobody waits for the task.
        drop(tokio::spawn(self));
    }
}

impl Future for Driver {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(run) = &mut self.run else { return Poll::Ready(Ok(())) };
        let result = ready!(run.as_mut().poll(cx));
        self.run = None;
        Poll::Ready(result)
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").finish_non_exhaustive()
    }
}

//! Sockets, TLS and clocks, which exist only here, and the driver that runs a session over them. It must not know a protocol: what the
//! wire log needs to know about one comes from its engine.

mod blocking;
mod broadcast;
pub(crate) mod connect;
pub mod connector;
mod deflate;
pub(crate) mod driver;
#[cfg(any(fuzzing, test))]
pub(crate) mod fuzzing;
mod happy_eyeballs;
pub(crate) mod layers;
pub(crate) mod link;
mod notices;
mod observer;
mod socket;
pub(crate) mod tls;
mod traffic;
mod transport;
mod waker;
mod wire_log;

pub(crate) use blocking::run_blocking_if;
pub(crate) use driver::now;
pub use notices::Notices;
pub(crate) use observer::Redaction;
pub(crate) use tokio::time::sleep;
pub use traffic::Traffic;

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
///
/// ```
/// use postroom::{Config, Imap, Login};
/// use tokio::io::{AsyncRead, AsyncWrite};
///
/// async fn over<S>(stream: S) -> postroom::Result<Imap>
/// where
///     S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
/// {
///     let (imap, driver) = Imap::handshake(stream, Config::new("imap.example.org"), Login::password("me", "secret")).await?;
///     tokio::spawn(driver);
///     Ok(imap)
/// }
/// ```
#[must_use = "a session makes no progress unless its driver is polled"]
pub struct Driver {
    /// `None` once it has ended.
    run: Option<Pin<Box<dyn Future<Output = Result<()>> + Send>>>,
    redaction: Redaction,
}

impl Driver {
    /// An engine over a stream, and the handles' end of it.
    pub(crate) fn over<E: Engine>(
        engine: E,
        stream: layers::Layers,
        upgrade: Option<tls::Tls>,
        config: &Config,
    ) -> (link::Link<E>, Self) {
        let (link, handles) = link::channel(engine.state());
        handles.bind(stream.bindings());
        let secrets = observer::Secrets::default();
        let observer = observer::Observer::new(E::WIRE_FORMAT, config.recorder(), secrets.clone());
        let span = observer.span();
        let driver =
            Box::new(driver::EngineDriver::new(engine, handles, stream, upgrade, config.limits.window, observer));
        (
            link,
            Self {
                run: Some(Box::pin(driver.run().instrument(span))),
                redaction: Redaction { secrets, is_recorded: config.recorder().is_some() },
            },
        )
    }

    /// For a later login over the connection.
    pub(crate) fn redaction(&self) -> Redaction {
        self.redaction.clone()
    }

    /// Polls itself together with a login until that is done. If the login fails on a closed connection, the error is what closed it.
    /// A secret that the server repeats is not in the error.
    pub(crate) async fn beside<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let (mut work, mut cause) = (pin!(work), None);
        poll_fn(|cx| {
            if let Poll::Ready(Err(error)) = Pin::new(&mut *self).poll(cx) {
                cause = Some(error);
            }
            let result = ready!(work.as_mut().poll(cx));
            let result = result.map_err(|error| match cause.take() {
                Some(cause) if error.kind() == Kind::Closed => cause.at_place_of(&error),
                _ => error,
            });
            let result = result.map_err(|error| self.redaction.clean(error));
            self.redaction.forget();
            Poll::Ready(result)
        })
        .await
    }

    /// Runs in a task of its own from now on.
    pub(crate) fn spawn(self) {
        // Every handle that waits gets the outcome; nobody waits for the task.
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

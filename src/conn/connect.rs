//! From a host to a stream: all its addresses tried, staggered and in turn between IPv6 and IPv4 (RFC 8305), then TLS where it
//! comes first. It does not know what is spoken on the stream.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::stream::{Io, Stream};
use super::tls::Tls;
use crate::config::{Config, Protocol, Security};
use crate::error::{Error, Kind, Result};

/// RFC 8305 §5: how long one attempt may keep the next waiting.
const STAGGER: Duration = Duration::from_millis(250);

/// Connects, and encrypts where TLS comes first. Where it comes by an upgrade the engine asks for it: [`upgrade`] makes the
/// means beforehand.
///
/// # Errors
///
/// `Kind::Input` for a configuration that cannot work, before anything is looked up; `Kind::Io` where no address takes the
/// connection, with what each said as the source; `Kind::Timeout`; and those of [`Tls::handshake`].
pub(crate) async fn connect(config: &Config, protocol: Protocol) -> Result<Stream> {
    config.check(protocol)?;
    let tls = upgrade(config)?;
    let host = config.host();
    let port = config.port_for(protocol);
    let resolve = tokio::net::lookup_host((host, port));
    let stream = within(
        config.deadlines.connect,
        host,
        port,
        resolve,
        TcpStream::connect,
    )
    .await?;
    // Only a hint to the kernel: without it the session is slower, not wrong.
    let _ = stream.set_nodelay(true);
    first_tls(Stream::Tcp(stream), config, tls).await
}

/// The same over the caller's own stream.
pub(crate) async fn adopt(stream: impl Io, config: &Config, protocol: Protocol) -> Result<Stream> {
    config.check(protocol)?;
    let tls = upgrade(config)?;
    first_tls(Stream::own(stream), config, tls).await
}

/// The means to encrypt, wherever the configuration wants encryption, now or by an upgrade.
pub(crate) fn upgrade(config: &Config) -> Result<Option<Tls>> {
    match config.security {
        Security::Implicit | Security::Upgrade => Tls::new(config).map(Some),
        Security::Plaintext => Ok(None),
    }
}

async fn first_tls(stream: Stream, config: &Config, tls: Option<Tls>) -> Result<Stream> {
    match tls {
        Some(tls) if config.security == Security::Implicit => stream.encrypt(&tls).await,
        _ => Ok(stream),
    }
}

/// Looks up and connects within one deadline.
async fn within<T, A, F>(
    deadline: Duration,
    host: &str,
    port: u16,
    resolve: impl Future<Output = io::Result<impl Iterator<Item = SocketAddr>>>,
    attempt: A,
) -> Result<T>
where
    T: Send + 'static,
    A: Fn(SocketAddr) -> F,
    F: Future<Output = io::Result<T>> + Send + 'static,
{
    let mut failures = Failures::default();
    let dial = async {
        let addresses = resolve.await.map_err(|error| {
            Error::new(Kind::Io, format!("the host {host} could not be looked up"))
                .with_source(error)
        })?;
        Ok(race(interleave(addresses), attempt, &mut failures).await)
    };
    match timeout(deadline, dial).await {
        Ok(Ok(Some(stream))) => Ok(stream),
        Ok(Ok(None)) if failures.0.is_empty() => Err(Error::new(
            Kind::Io,
            format!("the host {host} has no address"),
        )),
        Ok(Ok(None)) => Err(Error::new(
            Kind::Io,
            format!("{host} takes no connection on port {port}"),
        )
        .with_source(failures)),
        Ok(Err(error)) => Err(error),
        Err(_) => {
            let error = Error::new(
                Kind::Timeout,
                format!("no connection to {host} on port {port} within {deadline:?}"),
            );
            Err(if failures.0.is_empty() {
                error
            } else {
                error.with_source(failures)
            })
        }
    }
}

/// RFC 8305 §4: the families in turn, beginning with the one the resolver prefers.
fn interleave(addresses: impl Iterator<Item = SocketAddr>) -> VecDeque<SocketAddr> {
    let mut addresses = addresses.peekable();
    let Some(prefers_v6) = addresses.peek().map(SocketAddr::is_ipv6) else {
        return VecDeque::new();
    };
    let (mut preferred, mut others): (VecDeque<_>, VecDeque<_>) =
        addresses.partition(|address| address.is_ipv6() == prefers_v6);
    let mut order = VecDeque::with_capacity(preferred.len() + others.len());
    while !preferred.is_empty() || !others.is_empty() {
        order.extend(preferred.pop_front());
        order.extend(others.pop_front());
    }
    order
}

/// The first attempt that succeeds; the others end with it. A failed one starts the next at once.
async fn race<T, A, F>(
    mut addresses: VecDeque<SocketAddr>,
    attempt: A,
    failures: &mut Failures,
) -> Option<T>
where
    T: Send + 'static,
    A: Fn(SocketAddr) -> F,
    F: Future<Output = io::Result<T>> + Send + 'static,
{
    let mut running = JoinSet::new();
    loop {
        if let Some(address) = addresses.pop_front() {
            let attempt = attempt(address);
            running.spawn(async move { (address, attempt.await) });
        }
        let ended = match addresses.is_empty() {
            true => running.join_next().await,
            false => match timeout(STAGGER, running.join_next()).await {
                Ok(ended) => ended,
                Err(_) => continue,
            },
        };
        match ended {
            Some(Ok((_, Ok(stream)))) => return Some(stream),
            Some(Ok((address, Err(error)))) => failures.0.push((address, error)),
            // An attempt that panicked: nothing but the runtime's end does that, and there is no address to blame.
            Some(Err(_)) => {}
            None if addresses.is_empty() => return None,
            None => {}
        }
    }
}

/// What each address answered.
#[derive(Debug, Default)]
struct Failures(Vec<(SocketAddr, io::Error)>);

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (address, error)) in self.0.iter().enumerate() {
            write!(
                f,
                "{}{}: {error}",
                if position == 0 { "" } else { "; " },
                address.ip()
            )?;
        }
        Ok(())
    }
}

impl std::error::Error for Failures {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.last().and_then(|(_, error)| error.source())
    }
}

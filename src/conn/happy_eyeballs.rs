//! Tries all addresses of a host, staggered and alternating between IPv6 and IPv4 (RFC 8305), within one deadline. It does not know
//! what an attempt does.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use crate::error::{Error, Kind, Result};

/// RFC 8305 §5: how long one attempt delays the next.
const STAGGER: Duration = Duration::from_millis(250);
/// How long a lookup may take before the addresses that worked earlier are tried: the resolver of a network that is gone never answers.
const PATIENCE: Duration = Duration::from_secs(2);

/// The attempt that succeeded.
pub(super) struct Reached<T> {
    pub(super) stream: T,
    pub(super) address: SocketAddr,
    /// All addresses of the host that the race knew.
    pub(super) all: Vec<SocketAddr>,
}

/// Looks up and connects until that time, which fails with `late`. `known` are addresses at which the host was reached earlier, the
/// last one first: its family is tried first, and they are tried themselves if the lookup fails or does not answer.
///
/// # Errors
///
/// `late`, and `Kind::Io` if the lookup or all attempts fail.
pub(super) async fn connect_within<T, A, F>(
    end: Instant,
    late: Error,
    lookup: impl Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static,
    known: Vec<SocketAddr>,
    attempt: A,
) -> Result<Reached<T>>
where
    T: Send + 'static,
    A: Fn(SocketAddr) -> F,
    F: Future<Output = io::Result<T>> + Send + 'static,
{
    let mut race = Race::new(lookup, known);
    match timeout_at(end, race.run(attempt)).await {
        Ok(Some(reached)) => Ok(reached),
        Ok(None) => Err(race.failures.into_error()),
        Err(_) if race.failures.is_empty() => Err(late),
        Err(_) => Err(late.with_source(race.failures)),
    }
}

/// One lookup and the attempts at its addresses.
struct Race<T> {
    running: JoinSet<Event<T>>,
    /// The addresses to try, in order.
    waiting: VecDeque<SocketAddr>,
    /// Those that were ever to be tried.
    all: Vec<SocketAddr>,
    /// Those of earlier connections, until they are tried or the lookup has others.
    known: Vec<SocketAddr>,
    prefers_v6: Option<bool>,
    failures: Failures,
}

enum Event<T> {
    LookedUp(io::Result<Vec<SocketAddr>>),
    Attempted(SocketAddr, io::Result<T>),
    /// It is time for the next attempt.
    Pause,
}

impl<T: Send + 'static> Race<T> {
    fn new(lookup: impl Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static, known: Vec<SocketAddr>) -> Self {
        let mut running = JoinSet::new();
        running.spawn(async { Event::LookedUp(lookup.await) });
        let prefers_v6 = known.first().map(SocketAddr::is_ipv6);
        Self { running, waiting: VecDeque::new(), all: Vec::new(), known, prefers_v6, failures: Failures::default() }
    }

    /// The first attempt that succeeds; the others are dropped then. A failure starts the next attempt at once.
    async fn run<A, F>(&mut self, attempt: A) -> Option<Reached<T>>
    where
        A: Fn(SocketAddr) -> F,
        F: Future<Output = io::Result<T>> + Send + 'static,
    {
        loop {
            if let Some(address) = self.waiting.pop_front() {
                let attempt = attempt(address);
                self.running.spawn(async move { Event::Attempted(address, attempt.await) });
            }
            match self.next().await {
                Some(Event::LookedUp(Ok(found))) => {
                    // The answer holds, also if it names no address.
                    self.known.clear();
                    self.add(found);
                }
                Some(Event::LookedUp(Err(error))) => {
                    self.failures.lookup = Some(error);
                    self.fall_back();
                }
                Some(Event::Attempted(address, Ok(stream))) => {
                    return Some(Reached { stream, address, all: std::mem::take(&mut self.all) });
                }
                Some(Event::Attempted(address, Err(error))) => self.failures.attempts.push((address, error)),
                Some(Event::Pause) if self.waiting.is_empty() => self.fall_back(),
                Some(Event::Pause) => {}
                None if self.waiting.is_empty() => return None,
                None => {}
            }
        }
    }

    /// What happens next; `None` if nothing runs.
    async fn next(&mut self) -> Option<Event<T>> {
        loop {
            let pause = match (self.waiting.is_empty(), self.known.is_empty()) {
                (false, _) => Some(STAGGER),
                (true, false) => Some(PATIENCE),
                (true, true) => None,
            };
            let ended = match pause {
                Some(pause) => timeout(pause, self.running.join_next()).await,
                None => Ok(self.running.join_next().await),
            };
            match ended {
                Ok(Some(Ok(event))) => return Some(event),
                // The runtime is shutting down; there is no address to report.
                Ok(Some(Err(_))) => {}
                Ok(None) => return None,
                Err(_) => return Some(Event::Pause),
            }
        }
    }

    fn fall_back(&mut self) {
        let known = std::mem::take(&mut self.known);
        self.add(known);
    }

    fn add(&mut self, mut addresses: Vec<SocketAddr>) {
        addresses.retain(|address| !self.all.contains(address));
        self.all.extend(&addresses);
        self.waiting.extend(interleave(addresses, self.prefers_v6));
    }
}

/// RFC 8305 §4: alternates between the families, beginning with that of the last connection, else with the one that the resolver
/// prefers.
fn interleave(addresses: Vec<SocketAddr>, prefers_v6: Option<bool>) -> VecDeque<SocketAddr> {
    let Some(prefers_v6) = prefers_v6.or_else(|| addresses.first().map(SocketAddr::is_ipv6)) else {
        return VecDeque::new();
    };
    let (mut preferred, mut others): (VecDeque<_>, VecDeque<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == prefers_v6);
    let mut order = VecDeque::with_capacity(preferred.len() + others.len());
    while !preferred.is_empty() || !others.is_empty() {
        order.extend(preferred.pop_front());
        order.extend(others.pop_front());
    }
    order
}

/// Why there is no connection: the failure of the lookup, if earlier addresses were tried after it, and of each address.
#[derive(Debug, Default)]
struct Failures {
    lookup: Option<io::Error>,
    attempts: Vec<(SocketAddr, io::Error)>,
}

impl Failures {
    fn is_empty(&self) -> bool {
        self.lookup.is_none() && self.attempts.is_empty()
    }

    fn into_error(self) -> Error {
        let refused = |(_, error): &(_, io::Error)| error.kind() == io::ErrorKind::ConnectionRefused;
        let text = match (&self.lookup, self.attempts.is_empty()) {
            (None, true) => return Error::new(Kind::Io, "the host name has no address"),
            (None, false) if self.attempts.iter().all(refused) => "the connection was refused",
            (None, false) => "no connection to any of its addresses",
            (Some(_), true) => "the host name could not be looked up",
            (Some(_), false) => "the host name could not be looked up, and its earlier addresses accept no connection",
        };
        match self {
            Self { lookup: Some(lookup), attempts } if attempts.is_empty() => {
                Error::new(Kind::Io, text).with_source(lookup)
            }
            failures => Error::new(Kind::Io, text).with_source(failures),
        }
    }
}

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lookup = self.lookup.iter().map(|error| format!("lookup: {error}"));
        let attempts = self.attempts.iter().map(|(address, error)| format!("{}: {error}", address.ip()));
        f.write_str(&lookup.chain(attempts).collect::<Vec<_>>().join("; "))
    }
}

impl std::error::Error for Failures {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.attempts.last().map(|(_, error)| error).or(self.lookup.as_ref()).and_then(std::error::Error::source)
    }
}

#[cfg(test)]
#[path = "happy_eyeballs_tests.rs"]
mod tests;

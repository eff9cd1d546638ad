//! Tries all addresses of a host, staggered and alternating between IPv6 and IPv4 (RFC 8305), within one deadline. It does not know
//! what an attempt does.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::error::{Error, Kind, Result};

/// RFC 8305 §5: how long one attempt delays the next.
const STAGGER: Duration = Duration::from_millis(250);

/// Looks up and connects within one deadline.
pub(super) async fn connect_within<T, A, F>(
    deadline: Duration,
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
        let addresses = resolve
            .await
            .map_err(|error| Error::new(Kind::Io, "the host name could not be looked up").with_source(error))?;
        Ok(first_to_connect(interleave(addresses), attempt, &mut failures).await)
    };
    match timeout(deadline, dial).await {
        Ok(Ok(Some(stream))) => Ok(stream),
        Ok(Ok(None)) if failures.0.is_empty() => Err(Error::new(Kind::Io, "the host name has no address")),
        Ok(Ok(None)) => {
            let refused = failures.0.iter().all(|(_, error)| error.kind() == io::ErrorKind::ConnectionRefused);
            let text = if refused { "the connection was refused" } else { "no connection to any of its addresses" };
            Err(Error::new(Kind::Io, text).with_source(failures))
        }
        Ok(Err(error)) => Err(error),
        Err(_) => {
            let error = Error::new(Kind::Timeout, format!("no connection within {deadline:?}"));
            Err(if failures.0.is_empty() { error } else { error.with_source(failures) })
        }
    }
}

/// RFC 8305 §4: alternates between the families, beginning with the one that the resolver prefers.
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

/// The first attempt that succeeds; the others are dropped then. A failure starts the next attempt at once.
async fn first_to_connect<T, A, F>(
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
            // The runtime is shutting down; there is no address to report.
            Some(Err(_)) => {}
            None if addresses.is_empty() => return None,
            None => {}
        }
    }
}

/// The failure of each address.
#[derive(Debug, Default)]
struct Failures(Vec<(SocketAddr, io::Error)>);

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (address, error)) in self.0.iter().enumerate() {
            write!(f, "{}{}: {error}", if position == 0 { "" } else { "; " }, address.ip())?;
        }
        Ok(())
    }
}

impl std::error::Error for Failures {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.last().and_then(|(_, error)| error.source())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::Instant;

    const DEADLINE: Duration = Duration::from_secs(30);

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    /// The fate of one attempt: how long it takes, and whether it succeeds.
    type Fate = (&'static str, Duration, bool);

    /// Runs the race against these fates; who won, who was tried, and when it was over.
    async fn outcome(fates: &[Fate]) -> (Result<SocketAddr>, Vec<SocketAddr>, Duration) {
        let fates: Vec<(SocketAddr, Duration, bool)> =
            fates.iter().map(|(text, after, good)| (address(text), *after, *good)).collect();
        let tried = Arc::new(Mutex::new(Vec::new()));
        let start = Instant::now();
        let resolved = fates.iter().map(|(address, ..)| *address).collect::<Vec<_>>();
        let result = connect_within(DEADLINE, async { Ok(resolved.into_iter()) }, |address| {
            tried.lock().unwrap().push(address);
            let (_, after, good) = *fates.iter().find(|fate| fate.0 == address).unwrap();
            async move {
                tokio::time::sleep(after).await;
                if good { Ok(address) } else { Err(io::ErrorKind::ConnectionRefused.into()) }
            }
        })
        .await;
        let tried = tried.lock().unwrap().clone();
        (result, tried, start.elapsed())
    }

    const NEVER: Duration = Duration::from_secs(1_000_000);
    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn families_take_turns_and_the_resolvers_preference_leads() {
        let order = interleave(["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"].map(address).into_iter());
        assert_eq!(order, ["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"].map(address));
        let order = interleave(["1.1.1.1:1", "[::1]:1"].map(address).into_iter());
        assert_eq!(order, ["1.1.1.1:1", "[::1]:1"].map(address));
        assert!(interleave(std::iter::empty()).is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_quick_first_address_is_the_only_one_tried() {
        let (result, tried, _) = outcome(&[("[::1]:1", ms(200), true), ("1.1.1.1:1", ms(1), true)]).await;
        assert_eq!(result.unwrap(), address("[::1]:1"));
        assert_eq!(tried.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_address_delays_the_next_by_the_stagger_only() {
        let (result, tried, took) = outcome(&[("[::1]:1", NEVER, true), ("1.1.1.1:1", ms(20), true)]).await;
        assert_eq!(result.unwrap(), address("1.1.1.1:1"));
        assert_eq!(tried.len(), 2);
        assert!(took < STAGGER + ms(50), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_first_address_may_still_win() {
        let (result, tried, _) = outcome(&[("[::1]:1", ms(400), true), ("1.1.1.1:1", NEVER, true)]).await;
        assert_eq!(result.unwrap(), address("[::1]:1"));
        assert_eq!(tried.len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_starts_the_next_at_once() {
        let (result, _, took) =
            outcome(&[("[::1]:1", ms(1), false), ("1.1.1.1:1", ms(1), false), ("[::2]:1", ms(1), true)]).await;
        assert_eq!(result.unwrap(), address("[::2]:1"));
        assert!(took < STAGGER, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn every_address_is_tried_and_every_refusal_told() {
        let (result, tried, _) =
            outcome(&[("[::1]:1", ms(1), false), ("1.1.1.1:1", ms(300), false), ("2.2.2.2:1", ms(1), false)]).await;
        let error = result.unwrap_err();
        assert_eq!((error.kind(), tried.len()), (Kind::Io, 3));
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(["::1: ", "1.1.1.1: ", "2.2.2.2: "].iter().all(|part| cause.contains(part)), "{cause}");
    }

    #[tokio::test(start_paused = true)]
    async fn silence_everywhere_is_a_timeout_that_tells_the_refusals() {
        let (result, _, took) = outcome(&[("[::1]:1", ms(1), false), ("1.1.1.1:1", NEVER, true)]).await;
        let error = result.unwrap_err();
        assert_eq!(error.kind(), Kind::Timeout);
        assert!(std::error::Error::source(&error).unwrap().to_string().contains("::1"));
        assert!(took >= DEADLINE && took < DEADLINE + ms(10), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_without_addresses_and_a_silent_resolver_are_typed_errors() {
        let (result, ..) = outcome(&[]).await;
        assert_eq!(result.unwrap_err().kind(), Kind::Io);
        let silent = std::future::pending::<io::Result<std::iter::Empty<SocketAddr>>>();
        let error = connect_within(DEADLINE, silent, |_| async { Ok(()) }).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Timeout);
        let failing = async { Err::<std::iter::Empty<SocketAddr>, _>(io::Error::other("no such name")) };
        let error = connect_within(DEADLINE, failing, |_| async { Ok(()) }).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Io);
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "no such name");
    }

    #[tokio::test(start_paused = true)]
    async fn the_losers_are_dropped_with_the_race() {
        struct Alive(#[expect(dead_code, reason = "held for its count")] Arc<()>);
        let alive = Arc::new(());
        let addresses = ["[::1]:1", "1.1.1.1:1"].map(address).into_iter();
        connect_within(DEADLINE, async { Ok(addresses) }, |address| {
            let held = Alive(alive.clone());
            async move {
                if address.is_ipv6() {
                    std::future::pending::<()>().await;
                }
                drop(held);
                Ok(())
            }
        })
        .await
        .unwrap();
        tokio::time::sleep(ms(1)).await;
        assert_eq!(Arc::strong_count(&alive), 1);
    }

    #[tokio::test]
    async fn a_real_listener_is_reached_past_a_closed_port() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = listener.local_addr().unwrap();
        let closed = SocketAddr::from((
            [127, 0, 0, 1],
            TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port(),
        ));
        let addresses = async { Ok([closed, open].into_iter()) };
        let stream = connect_within(DEADLINE, addresses, TcpStream::connect).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), open);
    }
}

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
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};
    use tokio::net::{TcpListener, TcpStream};

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
        let result = within(async { Ok(resolved) }, &[], |address| {
            tried.lock().unwrap().push(address);
            let (_, after, good) = *fates.iter().find(|fate| fate.0 == address).unwrap();
            async move {
                tokio::time::sleep(after).await;
                if good { Ok(address) } else { Err(io::ErrorKind::ConnectionRefused.into()) }
            }
        })
        .await;
        let tried = tried.lock().unwrap().clone();
        (result.map(|reached| reached.stream), tried, start.elapsed())
    }

    async fn within<T, A, F>(
        lookup: impl Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static,
        known: &[&str],
        attempt: A,
    ) -> Result<Reached<T>>
    where
        T: Send + 'static,
        A: Fn(SocketAddr) -> F,
        F: Future<Output = io::Result<T>> + Send + 'static,
    {
        let known = known.iter().map(|text| address(text)).collect();
        connect_within(Instant::now() + DEADLINE, Error::new(Kind::Timeout, "late"), lookup, known, attempt).await
    }

    const NEVER: Duration = Duration::from_secs(1_000_000);
    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn families_take_turns_and_the_resolvers_preference_leads() {
        let order = interleave(["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"].map(address).into(), None);
        assert_eq!(order, ["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"].map(address));
        let order = interleave(["1.1.1.1:1", "[::1]:1"].map(address).into(), None);
        assert_eq!(order, ["1.1.1.1:1", "[::1]:1"].map(address));
        let order = interleave(["1.1.1.1:1", "[::1]:1"].map(address).into(), Some(true));
        assert_eq!(order, ["[::1]:1", "1.1.1.1:1"].map(address));
        assert_eq!(interleave(vec![address("1.1.1.1:1")], Some(true)), [address("1.1.1.1:1")]);
        assert!(interleave(Vec::new(), None).is_empty());
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
        let silent = std::future::pending();
        let error = within(silent, &[], |_| async { Ok(()) }).await.err().unwrap();
        assert_eq!(error.kind(), Kind::Timeout);
        let failing = async { Err(io::Error::other("no such name")) };
        let error = within(failing, &[], |_| async { Ok(()) }).await.err().unwrap();
        assert_eq!(error.kind(), Kind::Io);
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "no such name");
    }

    /// Connects to all addresses but these.
    async fn reach(
        lookup: impl Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'static,
        known: &[&str],
        dead: &'static [&'static str],
    ) -> (Result<String>, Duration) {
        let start = Instant::now();
        let reached = within(lookup, known, |tried| async move {
            if dead.iter().any(|dead| address(dead) == tried) {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            Ok(())
        });
        (reached.await.map(|reached| reached.address.to_string()), start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn the_family_that_worked_last_is_tried_first_and_the_lookups_answer_counts() {
        let both = || async { Ok(["[::1]:1", "1.1.1.1:1"].map(address).to_vec()) };
        assert_eq!(reach(both(), &[], &[]).await.0.unwrap(), "[::1]:1");
        // The earlier address is another one, and is not used.
        assert_eq!(reach(both(), &["9.9.9.9:1", "[::9]:1"], &[]).await.0.unwrap(), "1.1.1.1:1");
        assert_eq!(reach(both(), &["9.9.9.9:1"], &["1.1.1.1:1"]).await.0.unwrap(), "[::1]:1");
        let error = reach(both(), &["9.9.9.9:1"], &["1.1.1.1:1", "[::1]:1"]).await.0.unwrap_err();
        assert!(!error.to_string().contains("looked up"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn earlier_addresses_are_the_second_choice_after_a_failed_or_silent_lookup() {
        let failing = || async { Err(io::Error::other("no resolver")) };
        let (reached, took) = reach(failing(), &["9.9.9.9:1"], &[]).await;
        assert_eq!(reached.unwrap(), "9.9.9.9:1");
        assert!(took < ms(10), "{took:?}");
        let (reached, took) = reach(std::future::pending(), &["9.9.9.9:1"], &[]).await;
        assert_eq!(reached.unwrap(), "9.9.9.9:1");
        assert!(took >= PATIENCE && took < PATIENCE + ms(10), "{took:?}");
        let error = reach(failing(), &["9.9.9.9:1"], &["9.9.9.9:1"]).await.0.unwrap_err();
        assert_eq!(error.kind(), Kind::Io);
        let text = format!("{error:#}");
        assert!(text.contains("no resolver") && text.contains("9.9.9.9"), "{text}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_answer_of_the_lookup_is_still_used() {
        let slow = async {
            tokio::time::sleep(PATIENCE * 2).await;
            Ok(["9.9.9.9:1", "1.1.1.1:1"].map(address).to_vec())
        };
        let (reached, took) = reach(slow, &["9.9.9.9:1"], &["9.9.9.9:1"]).await;
        assert_eq!(reached.unwrap(), "1.1.1.1:1");
        assert!(took >= PATIENCE * 2 && took < PATIENCE * 2 + ms(10), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_losers_are_dropped_with_the_race() {
        struct Alive(#[expect(dead_code, reason = "held for its count")] Arc<()>);
        let alive = Arc::new(());
        let addresses = ["[::1]:1", "1.1.1.1:1"].map(address).to_vec();
        within(async { Ok(addresses) }, &[], |address| {
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
        let addresses = async move { Ok(vec![closed, open]) };
        let reached = within(addresses, &[], TcpStream::connect).await.unwrap();
        assert_eq!((reached.stream.peer_addr().unwrap(), reached.address), (open, open));
        assert_eq!(reached.all, [closed, open]);
    }
}

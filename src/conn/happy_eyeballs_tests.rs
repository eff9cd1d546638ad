//! Races of known outcome, on a paused clock.

use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use tokio::net::{TcpListener, TcpStream};

use super::*;

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

/// What becomes of a lookup.
#[derive(Clone, Debug)]
enum Lookup {
    Answers(u64, Vec<SocketAddr>),
    Fails(u64),
    Hangs,
}

/// What becomes of an attempt at an address.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Good(u64),
    Refused(u64),
    Silent,
}

const ADDRESSES: [&str; 6] = ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1", "3.3.3.3:1"];

fn some() -> impl Strategy<Value = Vec<SocketAddr>> {
    let all = ADDRESSES.map(address).to_vec();
    proptest::sample::subsequence(all, 0..=ADDRESSES.len()).prop_shuffle()
}

fn lookups() -> impl Strategy<Value = Lookup> {
    // Not at the moment at which patience ends.
    let time = prop_oneof![0..1_990_u64, 2_010..4_000_u64];
    prop_oneof![
        3 => (time.clone(), some()).prop_map(|(after, found)| Lookup::Answers(after, found)),
        1 => time.prop_map(Lookup::Fails),
        1 => Just(Lookup::Hangs),
    ]
}

fn ends() -> impl Strategy<Value = End> {
    prop_oneof![(0..3_000_u64).prop_map(End::Good), (0..3_000_u64).prop_map(End::Refused), Just(End::Silent)]
}

async fn race(lookup: Lookup, known: Vec<SocketAddr>, ends: [End; 6]) -> Result<Reached<()>> {
    let looked_up = async move {
        match lookup {
            Lookup::Answers(after, found) => {
                tokio::time::sleep(ms(after)).await;
                Ok(found)
            }
            Lookup::Fails(after) => {
                tokio::time::sleep(ms(after)).await;
                Err(io::Error::other("no resolver"))
            }
            Lookup::Hangs => std::future::pending().await,
        }
    };
    let attempt = move |tried: SocketAddr| async move {
        let place = ADDRESSES.iter().position(|text| address(text) == tried).unwrap();
        match ends[place] {
            End::Good(after) => {
                tokio::time::sleep(ms(after)).await;
                Ok(())
            }
            End::Refused(after) => {
                tokio::time::sleep(ms(after)).await;
                Err(io::ErrorKind::ConnectionRefused.into())
            }
            End::Silent => std::future::pending().await,
        }
    };
    connect_within(Instant::now() + DEADLINE, Error::new(Kind::Timeout, "late"), looked_up, known, attempt).await
}

proptest! {
    /// Whichever addresses are dead or silent and whatever the resolver does: a connection is made exactly if one is possible, and no dead
    /// address delays it by more than the stagger.
    #[test]
    fn one_good_address_is_enough(lookup in lookups(), known in some(), ends: [End; 6]) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (result, took) = runtime.block_on(async {
            let start = Instant::now();
            let result = race(lookup.clone(), known.clone(), ends).await;
            (result, start.elapsed())
        });
        // When each address may be tried at the latest, without the stagger.
        let mut tried: Vec<(SocketAddr, u64)> = Vec::new();
        let patience = PATIENCE.as_millis() as u64;
        let (second, answer) = match lookup {
            Lookup::Answers(after, found) => ((after > patience).then_some(patience), Some((after, found))),
            Lookup::Fails(after) => (Some(after.min(patience)), None),
            Lookup::Hangs => (Some(patience), None),
        };
        let hangs = answer.is_none() && second == Some(patience);
        tried.extend(second.into_iter().flat_map(|at| known.iter().map(move |address| (*address, at))));
        if let Some((at, found)) = answer {
            tried.extend(found.into_iter().map(|address| (address, at)));
        }
        let end = |address: SocketAddr| ends[ADDRESSES.iter().position(|text| self::address(text) == address).unwrap()];
        let best = tried.iter().filter_map(|(address, at)| match end(*address) {
            End::Good(after) => Some(at + after),
            _ => None,
        });
        match (result, best.min()) {
            (Ok(reached), Some(best)) => {
                prop_assert!(matches!(end(reached.address), End::Good(_)));
                prop_assert!(reached.all.contains(&reached.address));
                prop_assert!(reached.all.iter().all(|address| tried.iter().any(|(other, _)| other == address)));
                prop_assert!(took <= ms(best + 50) + STAGGER * 12, "{took:?}, {best}");
            }
            (Err(error), None) => {
                let silent = tried.iter().any(|(address, _)| end(*address) == End::Silent);
                prop_assert!(error.kind() == if silent { Kind::Timeout } else { Kind::Io } || hangs, "{error:?}");
                prop_assert!(took <= DEADLINE + ms(10));
            }
            (result, best) => prop_assert!(false, "{:?}, {best:?}", result.map(|reached| reached.address)),
        }
    }
}

impl Arbitrary for End {
    type Parameters = ();
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> Self::Strategy {
        ends().boxed()
    }
}

//! The rounds of work: one directly between client and server, and one for each seed through the proxy, each by a
//! user of its own with the same mail.

use std::collections::BTreeMap;

use postroom::imap::Imap;

use super::mail::{self, prepare};
use super::values::Values;
use super::watch::Watch;
use super::work::work;
use crate::live::{config, login};
use crate::mutator::{Ghosts, Mutator};
use crate::server::{Brand, User};
use crate::suite::Trial;

const SEEDS: std::ops::RangeInclusive<u64> = 1..=20;
/// The embedded server is fast, and reports fewer messages as gone by itself.
const SEEDS_EMBEDDED: std::ops::RangeInclusive<u64> = 1..=60;
/// How often each thing must have been done in all rounds together.
const LEAST: u32 = 5;

struct Round {
    seed: u64,
    values: Values,
    done: BTreeMap<&'static str, u32>,
    named: usize,
}

pub(crate) async fn the_same_values_come_out_through_a_mutating_proxy(trial: &Trial) {
    let direct = directly(User::new(trial.brand())).await;
    assert!(direct.0.len() > 100, "{}", direct.0.len());
    let chosen = std::env::var("POSTROOM_SEED").ok();
    let usual = if trial.brand() == Brand::Embedded { SEEDS_EMBEDDED } else { SEEDS };
    let seeds: Vec<u64> = chosen.as_deref().map_or(usual, range).collect();
    let (mut done, mut named) = (BTreeMap::<_, u32>::new(), 0);
    // In parallel: most of the time is spent waiting for servers to report changes.
    for some in seeds.chunks(5) {
        let rounds: Vec<_> = some.iter().map(|&seed| (seed, tokio::spawn(mutated(trial.brand(), seed)))).collect();
        for (seed, round) in rounds {
            let round = round.await.unwrap_or_else(|error| panic!("seed {seed} of {:?}: {error}", trial.brand()));
            compare(&direct, &round);
            named += round.named;
            round.done.into_iter().for_each(|(what, times)| *done.entry(what).or_default() += times);
        }
    }
    println!("{} values each; put in: {done:?}; ghosts named in events: {named}", direct.0.len());
    if chosen.is_none() {
        assert!(done.len() == 11 && done.values().all(|&times| times >= LEAST), "{done:?}");
        assert!(named >= LEAST as usize, "{named}");
    }
}

/// `7`, or `1-100`.
fn range(seeds: &str) -> std::ops::RangeInclusive<u64> {
    let (first, last) = seeds.split_once('-').unwrap_or((seeds, seeds));
    first.parse().unwrap()..=last.parse().unwrap()
}

async fn directly(user: User) -> Values {
    let [mut first, second] = [session(&user).await, session(&user).await];
    let other = user.server.mailbox(&["Other"]);
    prepare(&mut first, &other).await;
    first.logout().await.unwrap();
    work(session(&user).await, second, &other, &mut Watch::default()).await
}

async fn mutated(brand: Brand, seed: u64) -> Round {
    let user = User::new(brand);
    let other = user.server.mailbox(&["Other"]);
    let mut acting = session(&user).await;
    prepare(&mut acting, &other).await;
    let wild = seed.is_multiple_of(4);
    let ghosts =
        Ghosts { mailbox: "INBOX", real: mail::real(), there: mail::THERE.to_vec(), coming: mail::COMING.collect() };
    let (proxy, stream) = Mutator::connect(user.server.imap, seed, wild, ghosts).await;
    let config = config(&user.server, "127.0.0.1", user.server.imap).dangerous_plaintext();
    // The proxy counts messages by EXPUNGE, which VANISHED replaces, and knows no modification sequences.
    let config = config.assume_capability("QRESYNC", false).assume_capability("CONDSTORE", false);
    let (imap, driver) = Imap::handshake(stream, config, login(&user)).await.unwrap();
    tokio::spawn(driver);
    let mut watch = Watch::over(&proxy, wild);
    let values = work(imap, acting, &other, &mut watch).await;
    let named = watch.named;
    let log = std::mem::take(&mut proxy.change().log);
    assert_eq!(log.complaints, [""; 0], "seed {seed}");
    Round { seed, values, done: log.done, named }
}

async fn session(user: &User) -> Imap {
    let config = config(&user.server, "127.0.0.1", user.server.imap).dangerous_plaintext();
    Imap::connect(config, login(user)).await.unwrap()
}

fn compare(direct: &Values, round: &Round) {
    let seed = round.seed;
    for (value, wanted) in round.values.0.iter().zip(&direct.0) {
        assert_eq!(value, wanted, "seed {seed}");
    }
    assert_eq!(round.values.0.len(), direct.0.len(), "seed {seed}");
}

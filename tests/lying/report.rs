//! The results of many seeds: how often each kind of lie changed an answer that each call waited for, and what broke.

use std::collections::BTreeMap;

use crate::call::Call;
use crate::known::HOLDS_NOT_YET;
use crate::lie::{Kind, Told};
use crate::round::{Invariant, Outcome, Round, play};
use crate::seed::{fewest, rounds, shrunk};
use crate::watchdog;

/// No lie makes the process grow beyond this, in bytes.
const MOST_MEMORY: u64 = 512 << 20;

type Place = (Call, Kind, Invariant);

/// One seed's rounds.
pub(crate) struct Played {
    seed: u64,
    rounds: Vec<(Round, Outcome)>,
    /// The broken invariants, each with the fewest lies that still break it.
    broken: Vec<(Round, Invariant)>,
}

impl Played {
    pub(crate) fn of(seed: u64) -> Self {
        let played = |mut round: Round| loop {
            let outcome = play(&round);
            let (kind, nth) = (round.lies[0].kind, &mut round.lies[0].nth);
            if *nth == 0 || outcome.told.iter().any(|told| told.kind == kind) {
                return (round, outcome);
            }
            // Not enough answers could carry it.
            *nth /= 2;
        };
        let rounds: Vec<_> = rounds(seed).into_iter().map(played).collect();
        let all =
            rounds.iter().flat_map(|(round, outcome)| outcome.broken.iter().map(move |(wrong, _)| (round, *wrong)));
        let broken = all.map(|(round, wrong)| (fewest(round, wrong), wrong)).collect();
        Self { seed, rounds, broken }
    }
}

#[derive(Default)]
pub(crate) struct Report {
    seeds: usize,
    changed: BTreeMap<(Kind, Call), (usize, usize)>,
    /// The first seed that breaks, and how many do.
    broken: BTreeMap<Place, (u64, Round, usize)>,
}

impl Report {
    pub(crate) fn add(&mut self, played: Played) {
        self.seeds += 1;
        for (round, outcome) in played.rounds {
            for told in &outcome.told {
                let count = self.changed.entry((told.kind, round.call)).or_default();
                count.0 += 1;
                count.1 += usize::from(told.detectable);
            }
        }
        for (round, invariant) in played.broken {
            let place = place(&round, invariant);
            let first = self.broken.entry(place).or_insert_with(|| (played.seed, round.clone(), 0));
            first.2 += 1;
            if played.seed < first.0 {
                (first.0, first.1) = (played.seed, round);
            }
        }
    }

    /// Prints everything and fails if something broke that is not a known failure.
    pub(crate) fn conclude(self, is_usual: bool) {
        println!("lies that changed an answer that a call waited for, and those of them that are detectable:");
        self.print_counts();
        let (all, detectable) = self.changed.values().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
        println!("{} seeds: {all} lies, {detectable} of them detectable", self.seeds);
        let never: Vec<_> = self.never().collect();
        let mut unknown = 0;
        for ((call, kind, invariant), (seed, round, times)) in &self.broken {
            if is_known(&(*call, *kind, *invariant)) {
                continue;
            }
            unknown += 1;
            println!("{call} {kind:?} {invariant:?} {seed}; // {times} times");
            print_shrunk(round, *invariant);
        }
        for (call, kind, invariant, seed) in HOLDS_NOT_YET.iter().filter(|_| is_usual) {
            if !self.broken.contains_key(&(*call, *kind, *invariant)) {
                println!("now holds: {call} {kind:?} {invariant:?} {seed};");
            }
        }
        println!("{} of {} known failures failed", self.broken.len() - unknown, HOLDS_NOT_YET.len());
        if let Some(most) = most_memory() {
            println!("at most {} MiB in memory", most >> 20);
            assert!(most < MOST_MEMORY, "{most} bytes in memory");
        }
        assert_eq!(watchdog::panics(), 0, "something panicked, see above");
        assert!(!is_usual || never.is_empty(), "never told: {never:?}");
        assert_eq!(unknown, 0, "invariants are broken, see above; LYING_SEED=n prints everything about one seed");
    }

    fn never(&self) -> impl Iterator<Item = (Kind, Call)> {
        let pairs = Kind::ALL.iter().flat_map(|kind| Call::ALL.iter().map(|call| (*kind, *call)));
        pairs.filter(|pair| !self.changed.contains_key(pair))
    }

    fn print_counts(&self) {
        print!("{:18}", "");
        Kind::ALL.iter().for_each(|kind| print!("{:>12}", format!("{kind:?}")));
        println!();
        for call in Call::ALL {
            print!("{call:18}");
            for kind in Kind::ALL {
                let (all, detectable) = self.changed.get(&(kind, *call)).copied().unwrap_or_default();
                print!("{:>12}", format!("{all}/{detectable}"));
            }
            println!();
        }
    }
}

fn is_known(place: &Place) -> bool {
    std::env::var_os("LYING_ALL").is_none() && HOLDS_NOT_YET.iter().any(|row| (row.0, row.1, row.2) == *place)
}

/// The peak memory of this process so far, if the system reports it.
fn most_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// The place of a failure: the kind for which it is known, or the first; a round that fails without lies counts for the first kind.
fn place(round: &Round, invariant: Invariant) -> Place {
    let mut places = round.lies.iter().map(|lie| (round.call, lie.kind, invariant));
    let first = places.clone().next().unwrap_or((round.call, Kind::ALL[0], invariant));
    places.find(is_known).unwrap_or(first)
}

fn print_shrunk(round: &Round, invariant: Invariant) {
    let (round, outcome) = shrunk(round, invariant);
    for lie in &round.lies {
        println!("    {lie}");
    }
    outcome.told.iter().for_each(print_told);
    for (invariant, text) in outcome.broken {
        println!("    {invariant:?}: {text}");
    }
}

fn print_told(told: &Told) {
    println!("    {} {:?} {}", if told.detectable { "detectable" } else { "consistent" }, told.kind, told.text);
}

/// Runs one seed and prints everything.
pub(crate) fn tell(seed: u64) {
    let played = Played::of(seed);
    for (round, outcome) in &played.rounds {
        println!("{}:", round.call);
        round.lies.iter().for_each(|lie| println!("    {lie}"));
        outcome.told.iter().for_each(print_told);
        outcome.errors.iter().for_each(|error| println!("    said: {error}"));
        for (invariant, text) in &outcome.broken {
            println!("    BROKEN {invariant:?}: {text}");
            print_shrunk(round, *invariant);
        }
    }
    let mut failed: Vec<_> = played.broken.iter().map(|(round, wrong)| place(round, *wrong)).collect();
    failed.retain(|place| !is_known(place));
    assert!(failed.is_empty(), "seed {seed} breaks what must hold: {failed:?}");
}

//! The rounds of a seed, and the fewest lies that still make a failing round fail.

use crate::call::Call;
use crate::lie::{Kind, Lie};
use crate::rng::Rng;
use crate::round::{Invariant, Outcome, Round, play};

/// Lies that do not affect any other: they neither contradict nor confirm it.
const MILD: [Kind; 3] = [Kind::Delay, Kind::Size, Kind::Repeat];

/// One round for each call. Over as many seeds as there are kinds, each kind is the first lie of each call once.
pub(crate) fn rounds(seed: u64) -> Vec<Round> {
    let mut rng = Rng::new(seed);
    let one = |(at, call): (usize, &Call)| {
        let kinds = Kind::ALL.len();
        let kind = Kind::ALL[(usize::try_from(seed).unwrap_or(0) + at * 5) % kinds];
        let mut lies = vec![lie(kind, *call, &mut rng)];
        if rng.once_in(4) {
            let kind = MILD[rng.below(MILD.len())];
            let second = Lie { always: false, ..lie(kind, *call, &mut rng) };
            lies.push(second);
        }
        Round { call: *call, lies, roll: roll(&mut rng) }
    };
    Call::ALL.iter().enumerate().map(one).collect()
}

fn lie(kind: Kind, call: Call, rng: &mut Rng) -> Lie {
    let always = [Kind::Empty, Kind::Limit].contains(&kind) && rng.once_in(3);
    let (nth, roll) = (rng.below(call.answers()), roll(rng));
    let always = always || kind == Kind::Drop && !call.is_pop3() && roll % 4 == 0;
    Lie { kind, nth, roll, always }
}

fn roll(rng: &mut Rng) -> u64 {
    rng.below(1 << 32) as u64
}

/// The fewest lies with which the round still breaks the invariant.
pub(crate) fn fewest(round: &Round, invariant: Invariant) -> Round {
    let mut smallest = round.clone();
    let mut at = 0;
    while round.lies.len() > 1 && at < smallest.lies.len() {
        let mut fewer = smallest.clone();
        fewer.lies.remove(at);
        match fails(&fewer, invariant) {
            Some(_) => smallest = fewer,
            None => at += 1,
        }
    }
    smallest
}

/// The same, each lie told at the earliest answer at which the round still fails.
pub(crate) fn shrunk(round: &Round, invariant: Invariant) -> (Round, Outcome) {
    let mut smallest = fewest(round, invariant);
    for at in 0..smallest.lies.len() {
        for nth in 0..smallest.lies[at].nth {
            let mut sooner = smallest.clone();
            sooner.lies[at].nth = nth;
            if fails(&sooner, invariant).is_some() {
                smallest = sooner;
                break;
            }
        }
    }
    let outcome = play(&smallest);
    (smallest, outcome)
}

fn fails(round: &Round, invariant: Invariant) -> Option<Outcome> {
    Some(play(round)).filter(|outcome| outcome.broken.iter().any(|(broken, _)| *broken == invariant))
}

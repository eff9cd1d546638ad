//! One run: the server's manner, the losses, and the order of the operations, all from a seed. It must not know who carries them out.

use std::fmt;
use std::time::Duration;

use crate::cutting::{How, Passed, Plan, Side};
use crate::job::{ACTS, Act};
use crate::rng::Rng;

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) manner: Manner,
    pub(crate) plan: Plan,
    /// Whether the second client delivers mail at each loss, before the first can look.
    pub(crate) meddles: bool,
    pub(crate) acts: Vec<Act>,
}

/// What the server does with mail.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Manner {
    Plain,
    /// It adds a header field to each appended message.
    Stamps,
    /// It stores appended messages without Message-ID.
    StripsIds,
    /// It lacks the extensions that make changes atomic or cheap to check.
    Old,
}

impl Manner {
    pub(crate) const ALL: [Self; 4] = [Self::Plain, Self::Stamps, Self::StripsIds, Self::Old];
}

impl Case {
    /// Nothing is lost.
    pub(crate) fn calm(manner: Manner) -> Self {
        Self { manner, plan: Plan::default(), meddles: false, acts: ACTS.to_vec() }
    }

    pub(crate) fn one(manner: Manner, side: Side, at: u64, how: How) -> Self {
        Self { plan: Plan::one(side, at, how), ..Self::calm(manner) }
    }

    /// Every byte of both directions, in each of eight ways, and after that several losses by chance. `passed` is what a calm run of
    /// the same manner takes.
    pub(crate) fn of(seed: u64, passed: impl Fn(Manner) -> Passed) -> Self {
        let (way, byte) = (seed % 8, seed / 8);
        let late = |seconds| How::Late(Duration::from_secs(seconds));
        let (manner, how, meddles) = match way {
            0 => (Manner::Plain, How::Close, false),
            1 => (Manner::Plain, late(1), false),
            2 => (Manner::Stamps, How::Close, false),
            3 => (Manner::StripsIds, How::Reset, false),
            4 => (Manner::Old, How::Close, false),
            5 => (Manner::Plain, How::Stall, false),
            6 => (Manner::Plain, How::Restart, true),
            _ => (Manner::Plain, late(4), true),
        };
        let passed = passed(manner);
        match byte.checked_sub(passed.to_server) {
            None => Self { meddles, ..Self::one(manner, Side::ToServer, byte, how) },
            Some(byte) if byte < passed.from_server => {
                Self { meddles, ..Self::one(manner, Side::FromServer, byte, how) }
            }
            Some(_) => Self::random(seed, manner, passed),
        }
    }

    fn random(seed: u64, manner: Manner, passed: Passed) -> Self {
        let mut rng = Rng::new(seed);
        let plan = Plan::random(&mut rng, passed.to_server, passed.from_server);
        let mut acts = ACTS.to_vec();
        rng.shuffle(&mut acts);
        Self { manner, plan, meddles: rng.once_in(2), acts }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}, {}{}", self.manner, self.plan, if self.meddles { ", with meanwhile mail" } else { "" })
    }
}

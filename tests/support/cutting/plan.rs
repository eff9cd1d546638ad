//! Where connections are lost, and how: plain values, the same for the same seed. It must not know a connection.

use std::fmt;
use std::time::Duration;

use crate::rng::Rng;

/// A direction.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Side {
    ToServer,
    FromServer,
}

/// What happens to the connection whose byte reaches the count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum How {
    /// Both sides see an end. What was read from one side has reached the other.
    Close,
    /// The client sees an error, and loses what it had not read yet.
    Reset,
    /// No byte passes any more, and no side sees an end. It lasts until the client closes.
    Stall,
    /// The client sees an end. The server gets the rest of what the client had written after this time, and then an end.
    Late(Duration),
    /// Every connection of the proxy is closed, as if the server restarted.
    Restart,
}

/// One loss: at this byte of this direction, from 0, counted over all connections. The bytes before it pass.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Cut {
    pub(crate) side: Side,
    pub(crate) at: u64,
    pub(crate) how: How,
}

/// All losses of a run.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Plan {
    pub(crate) cuts: Vec<Cut>,
    /// After each loss, new connections are closed at once for this time.
    pub(crate) outage: Duration,
}

impl Plan {
    pub(crate) fn one(side: Side, at: u64, how: How) -> Self {
        Self { cuts: vec![Cut { side, at, how }], outage: Duration::ZERO }
    }

    /// From one to three losses within these numbers of bytes, to the server and from it. The second and third may be near the first, where
    /// the client looks what has happened.
    pub(crate) fn random(rng: &mut Rng, to_server: u64, from_server: u64) -> Self {
        let mut cuts = vec![random_cut(rng, to_server, from_server)];
        while cuts.len() < 3 && rng.once_in(2) {
            let mut cut = random_cut(rng, to_server, from_server);
            if let (true, Some(first)) = (rng.once_in(2), cuts.first()) {
                (cut.side, cut.at) = (first.side, first.at + 1 + below(rng, 400));
            }
            cuts.push(cut);
        }
        let outage = Duration::from_millis([0, 0, 50, 5_000][rng.below(4)]);
        Self { cuts, outage }
    }

    /// The longest time after a loss at which the server may get bytes that the client had written.
    pub(crate) fn lateness(&self) -> Duration {
        let late = self.cuts.iter().map(|cut| if let How::Late(time) = cut.how { time } else { Duration::ZERO });
        late.max().unwrap_or_default()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for cut in &self.cuts {
            write!(out, "{:?} {:?} at {}; ", cut.how, cut.side, cut.at)?;
        }
        write!(out, "outage {:?}", self.outage)
    }
}

fn random_cut(rng: &mut Rng, to_server: u64, from_server: u64) -> Cut {
    let (side, at) = match rng.once_in(2) {
        true => (Side::ToServer, below(rng, to_server)),
        false => (Side::FromServer, below(rng, from_server)),
    };
    let how = match rng.below(6) {
        0 | 1 => How::Close,
        2 => How::Reset,
        3 => How::Stall,
        4 => How::Late(Duration::from_millis(below(rng, 5_000))),
        _ => How::Restart,
    };
    Cut { side, at, how }
}

fn below(rng: &mut Rng, end: u64) -> u64 {
    rng.below(usize::try_from(end.max(1)).unwrap()) as u64
}

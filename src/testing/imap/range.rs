//! Positions in a result (RFC 9394 §3.1, RFC 5267 §4.4). It must not know a command.

use std::fmt;

use super::args::{Args, Stop};

/// Positions in a result: `1:10`, or from its end, `-1:-10`.
pub(super) struct Range {
    from: usize,
    to: usize,
    backwards: bool,
}

impl Range {
    pub(super) fn parse(args: &mut Args) -> Result<Self, Stop> {
        let backwards = args.take(b'-');
        let from = args.number()?;
        args.expect(b':')?;
        if backwards {
            args.expect(b'-')?;
        }
        let to = args.number()?;
        match from == 0 || to == 0 {
            true => Err(Stop::bad("Positions begin with 1")),
            false => Ok(Self { from: from.min(to) as usize, to: from.max(to) as usize, backwards }),
        }
    }

    /// Keeps what is at these positions.
    pub(super) fn cut<T>(&self, all: &mut Vec<T>) {
        let len = all.len();
        let (first, end) = match self.backwards {
            false => (self.from - 1, self.to.min(len)),
            true => (len.saturating_sub(self.to), (len + 1).saturating_sub(self.from)),
        };
        all.truncate(end);
        all.drain(..first.min(end));
    }
}

/// As it was written.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.backwards { "-" } else { "" };
        write!(f, "{sign}{}:{sign}{}", self.from, self.to)
    }
}

//! The life of one IDLE (RFC 2177): entered, renewed, ended, and imitated by NOOP where the server cannot. A state machine of
//! its own; the engine sends what it says and tells it what came.

use std::time::{Duration, Instant};

use crate::engine::Id;
use crate::limits::Deadlines;

/// RFC 2177 §3: a server may log out a client that has been idle for 30 minutes.
const LONGEST: Duration = Duration::from_secs(29 * 60);

/// The command.
pub(super) const IDLE: &str = "IDLE";

/// Somebody watches the mailbox.
#[derive(Debug)]
pub(super) struct Idle {
    pub(super) id: Id,
    step: Step,
    pushed: bool,
    /// The watcher is gone; only the end must still be reached.
    over: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    /// IDLE is sent, the `+` has not come.
    Entering,
    /// The server pushes.
    On { until: Instant },
    /// DONE is sent.
    Leaving { until: Instant },
    /// Nothing is on the wire until it is time to look again.
    Resting { until: Instant },
    /// NOOP is sent.
    Looking,
}

/// What to do next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Act {
    Nothing,
    /// Send this command, under a tag of its own.
    Command(&'static str),
    /// Send the line DONE.
    Done,
    /// It is over; the next command may go.
    End,
    /// The server does not end it.
    Fail,
}

impl Idle {
    /// Begins, by push where the server can.
    pub(super) fn begin(id: Id, pushed: bool) -> (Self, Act) {
        let step = if pushed { Step::Entering } else { Step::Looking };
        (Self { id, step, pushed, over: false }, Act::Command(if pushed { IDLE } else { "NOOP" }))
    }

    /// The `+` has come. `None` if none was due.
    pub(super) fn entered(&mut self, now: Instant, deadlines: &Deadlines) -> Option<Act> {
        if self.step != Step::Entering {
            return None;
        }
        if self.over {
            return Some(self.leave(now, deadlines));
        }
        self.step = Step::On { until: now + deadlines.idle.min(LONGEST) };
        Some(Act::Nothing)
    }

    /// The tagged OK has come.
    pub(super) fn answered(&mut self, now: Instant, deadlines: &Deadlines) -> Act {
        if self.over {
            return Act::End;
        }
        match self.step {
            Step::Leaving { .. } => {
                self.step = Step::Entering;
                Act::Command(IDLE)
            }
            // A server that ends IDLE by itself would do so again at once: it is looked at from time to time instead.
            Step::Entering | Step::On { .. } => {
                self.pushed = false;
                self.rest(now, deadlines)
            }
            Step::Looking | Step::Resting { .. } => self.rest(now, deadlines),
        }
    }

    /// The server will not, or not any more, whatever it announces: it is looked at instead, at once and then from time to time.
    pub(super) fn refused(&mut self) -> Act {
        if self.over {
            return Act::End;
        }
        self.pushed = false;
        self.step = Step::Looking;
        Act::Command("NOOP")
    }

    /// Whether the `+` is due.
    pub(super) fn is_entering(&self) -> bool {
        self.step == Step::Entering
    }

    /// The watcher is gone.
    pub(super) fn cancel(&mut self, now: Instant, deadlines: &Deadlines) -> Act {
        self.over = true;
        match self.step {
            Step::On { .. } => self.leave(now, deadlines),
            Step::Resting { .. } => Act::End,
            Step::Entering | Step::Leaving { .. } | Step::Looking => Act::Nothing,
        }
    }

    /// Whether nobody watches any more.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.step {
            Step::On { until } | Step::Leaving { until } | Step::Resting { until } => Some(until),
            Step::Entering | Step::Looking => None,
        }
    }

    pub(super) fn ring(&mut self, now: Instant, deadlines: &Deadlines) -> Act {
        if self.deadline().is_none_or(|until| until > now) {
            return Act::Nothing;
        }
        match self.step {
            Step::On { .. } => self.leave(now, deadlines),
            Step::Leaving { .. } => Act::Fail,
            Step::Resting { .. } => {
                self.step = Step::Looking;
                Act::Command("NOOP")
            }
            Step::Entering | Step::Looking => Act::Nothing,
        }
    }

    /// Whether an answer to a command is due, whose silence counts. While the server pushes it may be silent.
    pub(super) fn waits(&self) -> bool {
        matches!(self.step, Step::Entering | Step::Looking)
    }

    fn leave(&mut self, now: Instant, deadlines: &Deadlines) -> Act {
        self.step = Step::Leaving { until: now + deadlines.done };
        Act::Done
    }

    fn rest(&mut self, now: Instant, deadlines: &Deadlines) -> Act {
        self.step = Step::Resting { until: now + deadlines.poll };
        Act::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn done_is_never_sent_before_the_plus() {
        let (now, deadlines) = (Instant::now(), Deadlines::default());
        let (mut idle, act) = Idle::begin(Id(0), true);
        assert_eq!(act, Act::Command("IDLE"));
        assert_eq!(idle.cancel(now, &deadlines), Act::Nothing);
        assert_eq!(idle.entered(now, &deadlines), Some(Act::Done));
        assert_eq!(idle.answered(now, &deadlines), Act::End);
    }

    #[test]
    fn it_is_renewed_before_29_minutes_whatever_the_setting() {
        let deadlines = Deadlines { idle: Duration::from_secs(3600), ..Deadlines::default() };
        let now = Instant::now();
        let (mut idle, _) = Idle::begin(Id(0), true);
        idle.entered(now, &deadlines);
        assert_eq!(idle.deadline(), Some(now + LONGEST));
        assert_eq!(idle.ring(now + LONGEST, &deadlines), Act::Done);
        assert_eq!(idle.answered(now + LONGEST, &deadlines), Act::Command("IDLE"));
    }

    #[test]
    fn a_server_that_refuses_is_looked_at() {
        let (now, deadlines) = (Instant::now(), Deadlines::default());
        let (mut idle, _) = Idle::begin(Id(0), true);
        assert_eq!(idle.refused(), Act::Command("NOOP"));
        assert_eq!(idle.answered(now, &deadlines), Act::Nothing);
        assert_eq!(idle.ring(now + deadlines.poll, &deadlines), Act::Command("NOOP"));
        let (mut dropped, _) = Idle::begin(Id(0), true);
        assert_eq!(dropped.cancel(now, &deadlines), Act::Nothing);
        assert_eq!(dropped.refused(), Act::End);
    }

    #[test]
    fn without_push_it_looks_at_intervals() {
        let (now, deadlines) = (Instant::now(), Deadlines::default());
        let (mut idle, act) = Idle::begin(Id(0), false);
        assert_eq!(act, Act::Command("NOOP"));
        assert_eq!(idle.answered(now, &deadlines), Act::Nothing);
        assert_eq!(idle.ring(now + deadlines.poll, &deadlines), Act::Command("NOOP"));
        assert_eq!(idle.cancel(now, &deadlines), Act::Nothing);
        assert_eq!(idle.answered(now, &deadlines), Act::End);
    }

    #[test]
    fn a_server_that_does_not_let_go_is_given_up() {
        let (now, deadlines) = (Instant::now(), Deadlines::default());
        let (mut idle, _) = Idle::begin(Id(0), true);
        idle.entered(now, &deadlines);
        assert_eq!(idle.cancel(now, &deadlines), Act::Done);
        assert_eq!(idle.ring(now + deadlines.done, &deadlines), Act::Fail);
    }
}

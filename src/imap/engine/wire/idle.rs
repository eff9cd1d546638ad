//! The state machine of one IDLE (RFC 2177): entered, renewed, ended, and replaced by NOOP if the server lacks it. The
//! engine reports events to it and does what it returns.

use std::time::{Duration, Instant};

use crate::engine::Id;
use crate::limits::Deadlines;

/// RFC 2177 §3: a server may log out a client that idles for 30 minutes, so IDLE is renewed after 29.
const LONGEST: Duration = Duration::from_secs(29 * 60);

/// The command's name.
pub(super) const IDLE: &str = "IDLE";

/// A request that watches the mailbox.
#[derive(Debug)]
pub(super) struct IdleState {
    pub(super) id: Id,
    step: IdleStep,
    pushed: bool,
    /// The request was dropped; the server must still end the command.
    over: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum IdleStep {
    /// IDLE was sent, `+` has not arrived.
    Entering,
    /// IDLE is active.
    On { until: Instant },
    /// DONE was sent.
    Leaving { until: Instant, pause: bool },
    /// Nothing is on the wire until the next NOOP is due.
    Waiting { until: Instant },
    /// NOOP was sent.
    Polling,
    /// IDLE ended so that another command can be sent; it is entered again after the answer to that.
    Paused,
}

/// What the engine does next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Action {
    Nothing,
    /// Send this command under a new tag.
    Command(&'static str),
    /// Send the line DONE.
    Done,
    /// IDLE has ended; the next command may start.
    End,
    /// The server does not end IDLE.
    Fail,
}

impl IdleState {
    /// Begins with IDLE if the server supports it, otherwise with NOOP.
    pub(super) fn begin(id: Id, pushed: bool) -> (Self, Action) {
        let step = if pushed { IdleStep::Entering } else { IdleStep::Polling };
        (Self { id, step, pushed, over: false }, Action::Command(if pushed { IDLE } else { "NOOP" }))
    }

    /// `+` arrived. `None` if it was not expected.
    pub(super) fn entered(&mut self, now: Instant, deadlines: &Deadlines) -> Option<Action> {
        if self.step != IdleStep::Entering {
            return None;
        }
        if self.over {
            return Some(self.leave(now, deadlines));
        }
        self.step = IdleStep::On { until: now + deadlines.idle.min(LONGEST) };
        Some(Action::Nothing)
    }

    /// The tagged OK arrived.
    pub(super) fn answered(&mut self, now: Instant, deadlines: &Deadlines) -> Action {
        if self.over {
            return Action::End;
        }
        match self.step {
            IdleStep::Leaving { pause: true, .. } => {
                self.step = IdleStep::Paused;
                Action::Nothing
            }
            IdleStep::Leaving { pause: false, .. } => {
                self.step = IdleStep::Entering;
                Action::Command(IDLE)
            }
            // A server that ends IDLE on its own would do so again at once, so it is polled instead.
            IdleStep::Entering | IdleStep::On { .. } => {
                self.pushed = false;
                self.wait(now, deadlines)
            }
            IdleStep::Polling | IdleStep::Waiting { .. } => self.wait(now, deadlines),
            // The answer to the other command.
            IdleStep::Paused => Action::Nothing,
        }
    }

    /// Another command must be sent: ends IDLE for it, if that has been entered.
    pub(super) fn pause(&mut self, now: Instant, deadlines: &Deadlines) -> Action {
        match self.step {
            IdleStep::On { .. } => {
                self.step = IdleStep::Leaving { until: now + deadlines.done, pause: true };
                Action::Done
            }
            _ => Action::Nothing,
        }
    }

    /// Whether another command may be sent now.
    pub(super) fn is_paused(&self) -> bool {
        matches!(self.step, IdleStep::Paused | IdleStep::Waiting { .. })
    }

    /// The other command was answered.
    pub(super) fn resume(&mut self) -> Action {
        match self.step {
            IdleStep::Paused if self.over => Action::End,
            IdleStep::Paused => {
                self.step = IdleStep::Entering;
                Action::Command(IDLE)
            }
            _ => Action::Nothing,
        }
    }

    /// The server refused IDLE, even if it announces it: it is polled instead, at once and then at intervals.
    pub(super) fn refused(&mut self) -> Action {
        if self.over {
            return Action::End;
        }
        self.pushed = false;
        self.step = IdleStep::Polling;
        Action::Command("NOOP")
    }

    /// Whether `+` is expected.
    pub(super) fn is_entering(&self) -> bool {
        self.step == IdleStep::Entering
    }

    /// The request was dropped.
    pub(super) fn cancel(&mut self, now: Instant, deadlines: &Deadlines) -> Action {
        self.over = true;
        match self.step {
            IdleStep::On { .. } => self.leave(now, deadlines),
            IdleStep::Waiting { .. } => Action::End,
            IdleStep::Entering | IdleStep::Leaving { .. } | IdleStep::Polling | IdleStep::Paused => Action::Nothing,
        }
    }

    /// Whether the request was dropped.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.step {
            IdleStep::On { until } | IdleStep::Leaving { until, .. } | IdleStep::Waiting { until } => Some(until),
            IdleStep::Entering | IdleStep::Polling | IdleStep::Paused => None,
        }
    }

    pub(super) fn handle_deadline(&mut self, now: Instant, deadlines: &Deadlines) -> Action {
        if self.deadline().is_none_or(|until| until > now) {
            return Action::Nothing;
        }
        match self.step {
            IdleStep::On { .. } => self.leave(now, deadlines),
            IdleStep::Leaving { .. } => Action::Fail,
            IdleStep::Waiting { .. } => {
                self.step = IdleStep::Polling;
                Action::Command("NOOP")
            }
            IdleStep::Entering | IdleStep::Polling | IdleStep::Paused => Action::Nothing,
        }
    }

    /// Whether the server must answer soon. During IDLE it may be silent.
    pub(super) fn waits(&self) -> bool {
        matches!(self.step, IdleStep::Entering | IdleStep::Polling | IdleStep::Paused)
    }

    fn leave(&mut self, now: Instant, deadlines: &Deadlines) -> Action {
        self.step = IdleStep::Leaving { until: now + deadlines.done, pause: false };
        Action::Done
    }

    fn wait(&mut self, now: Instant, deadlines: &Deadlines) -> Action {
        self.step = IdleStep::Waiting { until: now + deadlines.poll };
        Action::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn done_is_never_sent_before_the_plus() {
        let (now, deadlines) = (Instant::now(), Deadlines::default());
        let (mut idle, action) = IdleState::begin(Id(0), true);
        assert_eq!(action, Action::Command("IDLE"));
        assert_eq!(idle.cancel(now, &deadlines), Action::Nothing);
        assert_eq!(idle.entered(now, &deadlines), Some(Action::Done));
        assert_eq!(idle.answered(now, &deadlines), Action::End);
    }

    #[test]
    fn it_is_renewed_before_29_minutes_whatever_the_setting() {
        let deadlines = Deadlines { idle: Duration::from_secs(3600), ..Deadlines::default() };
        let now = Instant::now();
        let (mut idle, _) = IdleState::begin(Id(0), true);
        idle.entered(now, &deadlines);
        assert_eq!(idle.deadline(), Some(now + LONGEST));
        assert_eq!(idle.handle_deadline(now + LONGEST, &deadlines), Action::Done);
        assert_eq!(idle.answered(now + LONGEST, &deadlines), Action::Command("IDLE"));
    }

    #[test]
    fn a_server_that_refuses_is_looked_at() {
        let (now, deadlines) = (Instant::now(), Deadlines::default());
        let (mut idle, _) = IdleState::begin(Id(0), true);
        assert_eq!(idle.refused(), Action::Command("NOOP"));
        assert_eq!(idle.answered(now, &deadlines), Action::Nothing);
        assert_eq!(idle.handle_deadline(now + deadlines.poll, &deadlines), Action::Command("NOOP"));
        let (mut dropped, _) = IdleState::begin(Id(0), true);
        assert_eq!(dropped.cancel(now, &deadlines), Action::Nothing);
        assert_eq!(dropped.refused(), Action::End);
    }

    #[test]
    fn without_push_it_looks_at_intervals() {
        let (now, deadlines) = (Instant::now(), Deadlines::default());
        let (mut idle, action) = IdleState::begin(Id(0), false);
        assert_eq!(action, Action::Command("NOOP"));
        assert_eq!(idle.answered(now, &deadlines), Action::Nothing);
        assert_eq!(idle.handle_deadline(now + deadlines.poll, &deadlines), Action::Command("NOOP"));
        assert_eq!(idle.cancel(now, &deadlines), Action::Nothing);
        assert_eq!(idle.answered(now, &deadlines), Action::End);
    }

    #[test]
    fn a_pause_lets_another_command_run_and_ends_with_the_request() {
        let (now, deadlines) = (Instant::now(), Deadlines::default());
        for dropped in 0..4 {
            let (mut idle, _) = IdleState::begin(Id(0), true);
            assert_eq!(idle.pause(now, &deadlines), Action::Nothing, "IDLE is not entered yet");
            assert_eq!(idle.entered(now, &deadlines), Some(Action::Nothing));
            assert_eq!(idle.pause(now, &deadlines), Action::Done);
            assert!(!idle.is_paused());
            if dropped == 0 {
                assert_eq!(idle.cancel(now, &deadlines), Action::Nothing);
                assert_eq!(idle.answered(now, &deadlines), Action::End);
                continue;
            }
            assert_eq!(idle.answered(now, &deadlines), Action::Nothing);
            assert!(idle.is_paused() && idle.waits());
            if dropped == 1 {
                assert_eq!(idle.cancel(now, &deadlines), Action::Nothing);
                assert_eq!(idle.resume(), Action::End);
                continue;
            }
            assert_eq!(idle.resume(), Action::Command("IDLE"));
            if dropped == 2 {
                assert_eq!(idle.cancel(now, &deadlines), Action::Nothing);
                assert_eq!(idle.entered(now, &deadlines), Some(Action::Done));
            }
        }
    }

    #[test]
    fn a_server_that_does_not_let_go_is_given_up() {
        let (now, deadlines) = (Instant::now(), Deadlines::default());
        let (mut idle, _) = IdleState::begin(Id(0), true);
        idle.entered(now, &deadlines);
        assert_eq!(idle.cancel(now, &deadlines), Action::Done);
        assert_eq!(idle.handle_deadline(now + deadlines.done, &deadlines), Action::Fail);
    }
}

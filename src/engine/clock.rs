//! The deadlines for the peer: instants go in, the next deadline comes out. It knows only whether something is waited for, not what; IDLE
//! has its own deadlines.

use std::time::{Duration, Instant};

/// The least rate of a response that has begun, in bytes per second, over the time allowed for progress.
const LEAST_RATE: u64 = 1024;

/// The deadlines of one connection.
#[derive(Debug)]
pub(crate) struct Clock {
    progress: Duration,
    /// The last instant that came in.
    now: Instant,
    /// When the last byte came or left, or the wait for an answer began.
    alive: Instant,
    /// A response is incomplete: since when, and the number of bytes received by then.
    unfinished: Option<(Instant, u64)>,
    received: u64,
    /// How long a call may go without data that belongs to it, and when the last came.
    call: Option<Duration>,
    progressed: Instant,
    /// The deadline of an answer that has one of its own: the greeting, the end of IDLE, the goodbye.
    answer: Option<Instant>,
    waiting: bool,
    paused: bool,
}

impl Clock {
    pub(crate) fn new(progress: Duration, now: Instant) -> Self {
        Self {
            progress,
            now,
            alive: now,
            unfinished: None,
            received: 0,
            call: None,
            progressed: now,
            answer: None,
            waiting: false,
            paused: false,
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    pub(crate) fn advance(&mut self, now: Instant) {
        self.now = now;
    }

    pub(crate) fn received(&mut self, bytes: usize, now: Instant) {
        self.advance(now);
        self.alive = now;
        self.received = self.received.saturating_add(bytes as u64);
    }

    /// Data of the running call came or left, or another call has begun.
    pub(crate) fn progressed(&mut self) {
        self.progressed = self.now;
    }

    /// Whether a call runs, and how long it may go without data that belongs to it.
    pub(crate) fn call_within(&mut self, within: Option<Duration>) {
        if within.is_some() && self.call.is_none() {
            self.progressed();
        }
        self.call = within;
    }

    /// Bytes were sent; the peer's silence counts from now.
    pub(crate) fn sent(&mut self) {
        self.alive = self.now;
    }

    /// Whether an answer is due, and whether one is incomplete.
    pub(crate) fn set_waiting(&mut self, waiting: bool, unfinished: bool) {
        if waiting && !self.waiting {
            self.alive = self.now;
        }
        self.waiting = waiting;
        match (unfinished, self.unfinished) {
            (true, None) => self.unfinished = Some((self.now, self.received)),
            (false, Some(_)) => self.unfinished = None,
            _ => {}
        }
    }

    /// An answer is due within its own time.
    pub(crate) fn answer_within(&mut self, within: Option<Duration>) {
        self.answer = within.map(|time| self.now + time);
    }

    /// While the driver does not read, no deadline runs: the peer cannot be blamed for the silence.
    pub(crate) fn set_paused(&mut self, paused: bool, now: Instant) {
        self.advance(now);
        self.paused = paused;
        if !paused {
            (self.alive, self.progressed) = (now, now);
            self.unfinished = self.unfinished.map(|_| (now, self.received));
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        if self.paused {
            return None;
        }
        let silence = self.waiting.then(|| self.alive + self.progress);
        let slowness = self.unfinished.map(|(since, _)| since + self.progress);
        let idleness = self.call.map(|time| self.progressed + time);
        [self.answer, silence, slowness, idleness].into_iter().flatten().min()
    }

    /// The reason if a deadline has passed.
    pub(crate) fn expired(&mut self, now: Instant) -> Option<&'static str> {
        self.advance(now);
        if self.paused {
            return None;
        }
        if self.answer.is_some_and(|deadline| deadline <= now) {
            return Some("the server did not answer in time");
        }
        if self.waiting && self.alive + self.progress <= now {
            return Some("the server has stopped answering");
        }
        if self.call.is_some_and(|time| self.progressed + time <= now) {
            return Some("the server has sent no part of the answer for too long");
        }
        let (since, before) = self.unfinished?;
        if since + self.progress > now {
            return None;
        }
        self.unfinished = Some((now, self.received));
        let enough = LEAST_RATE.saturating_mul(self.progress.as_secs());
        (self.received - before < enough).then_some("the server sends a response too slowly")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn silence_counts_only_while_an_answer_is_due() {
        let start = Instant::now();
        let mut clock = Clock::new(MINUTE, start);
        assert_eq!(clock.deadline(), None);
        clock.advance(start + MINUTE);
        clock.set_waiting(true, false);
        assert_eq!(clock.deadline(), Some(start + 2 * MINUTE));
        clock.received(1, start + 2 * MINUTE - Duration::from_secs(1));
        assert_eq!(clock.expired(start + 2 * MINUTE), None);
        assert!(clock.expired(start + 3 * MINUTE).is_some());
    }

    #[test]
    fn a_response_that_trickles_is_out_of_time() {
        let start = Instant::now();
        let mut clock = Clock::new(MINUTE, start);
        for (rate, out) in [(1024, false), (1023, true)] {
            let mut now = clock.now();
            clock.set_waiting(true, false);
            clock.set_waiting(true, true);
            for _ in 0..60 {
                now += Duration::from_secs(1);
                clock.received(rate, now);
            }
            assert_eq!(clock.expired(now).is_some(), out, "{rate} bytes a second");
        }
    }

    #[test]
    fn what_belongs_to_no_call_does_not_keep_it_waiting() {
        let start = Instant::now();
        let mut clock = Clock::new(MINUTE, start);
        clock.call_within(Some(2 * MINUTE));
        for (minute, belongs, over) in [(1, false, false), (2, true, false), (3, false, false), (4, false, true)] {
            let now = start + minute * MINUTE - Duration::from_secs(1);
            clock.received(1, now);
            if belongs {
                clock.progressed();
            }
            assert_eq!(clock.expired(start + minute * MINUTE).is_some(), over, "{minute}");
        }
        clock.set_paused(true, start + 4 * MINUTE);
        assert_eq!(clock.expired(start + 90 * MINUTE), None);
        clock.set_paused(false, start + 90 * MINUTE);
        assert_eq!(clock.deadline(), Some(start + 92 * MINUTE));
        clock.call_within(None);
        assert_eq!(clock.expired(start + 900 * MINUTE), None);
    }

    #[test]
    fn no_deadline_runs_while_the_driver_does_not_read() {
        let start = Instant::now();
        let mut clock = Clock::new(MINUTE, start);
        clock.set_waiting(true, true);
        clock.set_paused(true, start);
        assert_eq!(clock.deadline(), None);
        clock.set_paused(false, start + 10 * MINUTE);
        assert_eq!(clock.expired(start + 10 * MINUTE), None);
        assert_eq!(clock.deadline(), Some(start + 11 * MINUTE));
    }
}

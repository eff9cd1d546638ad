//! When the peer has had enough time: instants in, one next deadline out. It must not know what is waited for beyond whether
//! something is; IDLE keeps its own times.

use std::time::{Duration, Instant};

/// The least a response that has begun must come at, in bytes a second, over the time allowed for progress.
const LEAST_RATE: u64 = 1024;

/// The engine's watch over the peer.
#[derive(Debug)]
pub(crate) struct Clock {
    progress: Duration,
    /// The last instant anybody told.
    now: Instant,
    /// When the peer last gave a sign of life, or was first asked for one.
    alive: Instant,
    /// A response has begun and is not whole: since when, and how much had come then.
    unfinished: Option<(Instant, u64)>,
    received: u64,
    /// How long a call may go without anything that belongs to it, and since when it has.
    call: Option<Duration>,
    progressed: Instant,
    /// An answer that has a time of its own: the greeting, the end of IDLE, the goodbye.
    special: Option<Instant>,
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
            special: None,
            waiting: false,
            paused: false,
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    pub(crate) fn tell(&mut self, now: Instant) {
        self.now = now;
    }

    pub(crate) fn received(&mut self, bytes: usize, now: Instant) {
        self.tell(now);
        self.alive = now;
        self.received = self.received.saturating_add(bytes as u64);
    }

    /// Something came, or went, that belongs to the call that runs, or another call's turn has come.
    pub(crate) fn progressed(&mut self) {
        self.progressed = self.now;
    }

    /// Whether a call runs, and how long it may go without anything that belongs to it.
    pub(crate) fn calls(&mut self, within: Option<Duration>) {
        if within.is_some() && self.call.is_none() {
            self.progressed();
        }
        self.call = within;
    }

    /// Our own side gave the peer something; its silence counts from here.
    pub(crate) fn sent(&mut self) {
        self.alive = self.now;
    }

    /// Whether an answer is due, and whether one has begun.
    pub(crate) fn waits(&mut self, waiting: bool, unfinished: bool) {
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
    pub(crate) fn special(&mut self, within: Option<Duration>) {
        self.special = within.map(|time| self.now + time);
    }

    /// While we do not read, the peer's silence is ours.
    pub(crate) fn pause(&mut self, paused: bool, now: Instant) {
        self.tell(now);
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
        [self.special, silence, slowness, idleness].into_iter().flatten().min()
    }

    /// Why the peer is out of time, if it is.
    pub(crate) fn ring(&mut self, now: Instant) -> Option<&'static str> {
        self.tell(now);
        if self.paused {
            return None;
        }
        if self.special.is_some_and(|deadline| deadline <= now) {
            return Some("the server did not answer in time");
        }
        if self.waiting && self.alive + self.progress <= now {
            return Some("the server has stopped answering");
        }
        if self.call.is_some_and(|time| self.progressed + time <= now) {
            return Some("the server has sent nothing that belongs to the answer for too long");
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
        clock.tell(start + MINUTE);
        clock.waits(true, false);
        assert_eq!(clock.deadline(), Some(start + 2 * MINUTE));
        clock.received(1, start + 2 * MINUTE - Duration::from_secs(1));
        assert_eq!(clock.ring(start + 2 * MINUTE), None);
        assert!(clock.ring(start + 3 * MINUTE).is_some());
    }

    #[test]
    fn a_response_that_trickles_is_out_of_time() {
        let start = Instant::now();
        let mut clock = Clock::new(MINUTE, start);
        for (rate, out) in [(1024, false), (1023, true)] {
            let mut now = clock.now();
            clock.waits(true, false);
            clock.waits(true, true);
            for _ in 0..60 {
                now += Duration::from_secs(1);
                clock.received(rate, now);
            }
            assert_eq!(clock.ring(now).is_some(), out, "{rate} bytes a second");
        }
    }

    #[test]
    fn what_belongs_to_no_call_does_not_keep_it_waiting() {
        let start = Instant::now();
        let mut clock = Clock::new(MINUTE, start);
        clock.calls(Some(2 * MINUTE));
        for (minute, belongs, over) in [(1, false, false), (2, true, false), (3, false, false), (4, false, true)] {
            let now = start + minute * MINUTE - Duration::from_secs(1);
            clock.received(1, now);
            if belongs {
                clock.progressed();
            }
            assert_eq!(clock.ring(start + minute * MINUTE).is_some(), over, "{minute}");
        }
        clock.pause(true, start + 4 * MINUTE);
        assert_eq!(clock.ring(start + 90 * MINUTE), None);
        clock.pause(false, start + 90 * MINUTE);
        assert_eq!(clock.deadline(), Some(start + 92 * MINUTE));
        clock.calls(None);
        assert_eq!(clock.ring(start + 900 * MINUTE), None);
    }

    #[test]
    fn time_stands_still_while_we_do_not_read() {
        let start = Instant::now();
        let mut clock = Clock::new(MINUTE, start);
        clock.waits(true, true);
        clock.pause(true, start);
        assert_eq!(clock.deadline(), None);
        clock.pause(false, start + 10 * MINUTE);
        assert_eq!(clock.ring(start + 10 * MINUTE), None);
        assert_eq!(clock.deadline(), Some(start + 11 * MINUTE));
    }
}

//! [`Gate`]: whether a session may be opened now, from what happened to those before: a pure state machine. It must not know what a
//! session is, nor read a clock: instants come in.

use std::error::Error as _;
use std::time::Duration;

use tokio::time::Instant;

use super::back_off::BackOff;
use crate::error::{Error, Kind};
use crate::rustls;

/// When a refused login is tried again if it has worked before, because limits and throttles look like wrong passwords.
const DOUBTS: [Duration; 3] = [Duration::from_secs(60), Duration::from_secs(10 * 60), Duration::from_secs(60 * 60)];

/// Whether a session may be opened, and when.
#[derive(Debug)]
pub(super) struct Gate {
    trust: Trust,
    /// Whether this login has ever worked.
    has_worked: bool,
    attempting: usize,
    /// Failures since the last useful work.
    failures: u32,
    /// Our own wait, which ends if the network changes.
    patient_until: Option<Instant>,
    /// Whether our own wait is for the first session after a failure to do something useful. It alone may show that all is well again.
    is_proving: bool,
    /// The server's wait, or that of a doubt, which does not.
    told_until: Option<Instant>,
    back_off: BackOff,
}

#[derive(Debug)]
enum Trust {
    /// Nothing is known, or the last attempt failed: one attempt at a time.
    Unproven,
    Proven,
    /// The server refused a login that has worked.
    Doubted {
        refusals: usize,
        error: Error,
    },
    /// Nothing is tried until there is another login.
    Stopped(Error),
}

/// The answer of the gate.
#[derive(Debug)]
pub(super) enum Start {
    Now,
    At(Instant),
    /// An attempt runs, and its outcome decides.
    AfterOthers,
    Never(Error),
}

/// What a failed attempt means for the account.
#[derive(Debug, PartialEq)]
pub(super) enum Failed {
    /// It is tried again, not before then.
    Again(Instant),
    /// The login is doubted, and tried again then.
    Doubted(Instant),
    /// It is not tried again.
    Stopped,
}

impl Gate {
    pub(super) fn new(back_off: BackOff) -> Self {
        Self {
            trust: Trust::Unproven,
            has_worked: false,
            attempting: 0,
            failures: 0,
            patient_until: None,
            is_proving: false,
            told_until: None,
            back_off,
        }
    }

    pub(super) fn start(&self, now: Instant) -> Start {
        if let Trust::Stopped(error) = &self.trust {
            return Start::Never(error.clone());
        }
        match self.patient_until.max(self.told_until).filter(|&until| until > now) {
            Some(until) => Start::At(until),
            None if !matches!(self.trust, Trust::Proven) && self.attempting > 0 => Start::AfterOthers,
            None => Start::Now,
        }
    }

    /// An attempt begins.
    pub(super) fn begin(&mut self) {
        self.attempting += 1;
    }

    /// The attempt was given up by its caller.
    pub(super) fn cancelled(&mut self) {
        self.attempting = self.attempting.saturating_sub(1);
    }

    /// The login worked. The back-off stays until something useful was done: until then, or as long as it lasts, no other one begins.
    pub(super) fn succeeded(&mut self, now: Instant, random: u32) {
        self.cancelled();
        self.trust = Trust::Proven;
        self.has_worked = true;
        if self.failures > 0 && self.patient_until.is_none_or(|until| until <= now) {
            self.patient_until = Some(now + self.back_off.wait(self.failures, random));
            self.is_proving = true;
        }
    }

    pub(super) fn failed(&mut self, error: &Error, now: Instant, random: u32) -> Failed {
        self.cancelled();
        if let Trust::Stopped(_) = self.trust {
            return Failed::Stopped;
        }
        if is_refused_login(error) {
            return self.refused(error, now);
        }
        if is_final(error) {
            self.trust = Trust::Stopped(error.clone());
            return Failed::Stopped;
        }
        self.suspect();
        Failed::Again(self.wait(error.retry_after(), now, random))
    }

    /// A session ended on its own.
    pub(super) fn died(&mut self, was_useful: bool, now: Instant, random: u32) {
        if was_useful {
            self.failures = 0;
        }
        self.suspect();
        self.wait(None, now, random);
    }

    /// Sessions have ended while nobody used them: the next login runs alone.
    pub(super) fn suspect(&mut self) {
        if matches!(self.trust, Trust::Proven) {
            self.trust = Trust::Unproven;
        }
    }

    /// A call had its answer. Returns whether others have waited for that.
    pub(super) fn useful(&mut self) -> bool {
        self.failures = 0;
        if self.is_proving {
            self.patient_until = None;
        }
        std::mem::take(&mut self.is_proving)
    }

    /// The server asks to wait before the next login.
    pub(super) fn not_before(&mut self, until: Instant) {
        self.told_until = self.told_until.max(Some(until));
    }

    /// Whoever attempts with the login before must not report the outcome.
    pub(super) fn new_login(&mut self) {
        self.attempting = 0;
        self.is_proving = false;
        self.trust = Trust::Unproven;
        self.has_worked = false;
        self.failures = 0;
        (self.patient_until, self.told_until) = (None, None);
    }

    /// Another network may have another way to the server, or none in between that shows a wrong certificate.
    pub(super) fn network_changed(&mut self) {
        self.failures = 0;
        self.patient_until = None;
        self.is_proving = false;
        if matches!(&self.trust, Trust::Stopped(error) if error.kind() == Kind::Tls) {
            self.trust = Trust::Unproven;
        }
    }

    /// Whether a refused login is to be tried again.
    pub(super) fn is_doubting(&self) -> bool {
        matches!(self.trust, Trust::Doubted { .. })
    }

    /// Why the login is doubted.
    pub(super) fn doubt(&self) -> Option<&Error> {
        match &self.trust {
            Trust::Doubted { error, .. } => Some(error),
            _ => None,
        }
    }

    fn refused(&mut self, error: &Error, now: Instant) -> Failed {
        if let Some(until) = self.told_until.filter(|&until| until > now && self.is_doubting()) {
            // It began together with the one that was refused first, and says nothing new.
            return Failed::Again(until);
        }
        let refusals = match self.trust {
            Trust::Doubted { refusals, .. } => refusals,
            _ => 0,
        };
        let Some(wait) = DOUBTS.get(refusals).filter(|_| self.has_worked) else {
            self.trust = Trust::Stopped(error.clone());
            return Failed::Stopped;
        };
        self.trust = Trust::Doubted { refusals: refusals + 1, error: error.clone() };
        let until = now + *wait;
        self.not_before(until);
        Failed::Doubted(until)
    }

    /// What fails while the account waits already has failed together with what it waits for, and counts once.
    fn wait(&mut self, told: Option<Duration>, now: Instant, random: u32) -> Instant {
        if let Some(told) = told {
            self.not_before(now + told);
        }
        if self.is_proving || self.patient_until.is_none_or(|until| until <= now) {
            self.is_proving = false;
            self.patient_until = Some(now + self.back_off.wait(self.failures, random));
            self.failures = self.failures.saturating_add(1);
        }
        self.patient_until.max(self.told_until).unwrap_or(now)
    }
}

fn is_refused_login(error: &Error) -> bool {
    error.kind() == Kind::Login && !error.is_retryable()
}

/// Whether it fails again until the caller, or somebody in between, changes something. A TLS alert may be that of a busy server.
fn is_final(error: &Error) -> bool {
    match error.kind() {
        Kind::Input | Kind::Unsupported => true,
        Kind::Tls => {
            let source = error.source().and_then(|source| source.downcast_ref());
            matches!(source, None | Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: u32 = u32::MAX;

    fn gate() -> (Gate, Instant) {
        (Gate::new(BackOff { first: Duration::from_secs(1), most: Duration::from_secs(60) }), Instant::now())
    }

    fn refusal() -> Error {
        Error::new(Kind::Login, "wrong password")
    }

    fn wait_of(gate: &Gate, now: Instant) -> Duration {
        match gate.start(now) {
            Start::Now => Duration::ZERO,
            Start::At(until) => until - now,
            other => panic!("{other:?}"),
        }
    }

    fn attempt(gate: &mut Gate, outcome: Result<(), Error>, now: Instant) -> Option<Failed> {
        assert!(matches!(gate.start(now), Start::Now), "{:?}", gate.start(now));
        gate.begin();
        match outcome {
            Ok(()) => {
                gate.succeeded(now, LONGEST);
                None
            }
            Err(error) => Some(gate.failed(&error, now, LONGEST)),
        }
    }

    #[test]
    fn a_new_login_that_is_refused_is_tried_once() {
        let (mut gate, now) = gate();
        assert_eq!(attempt(&mut gate, Err(refusal()), now), Some(Failed::Stopped));
        for later in [0, 60, 1_000_000] {
            assert!(matches!(gate.start(now + Duration::from_secs(later)), Start::Never(_)));
        }
        gate.network_changed();
        assert!(matches!(gate.start(now), Start::Never(_)));
        gate.new_login();
        assert_eq!(attempt(&mut gate, Ok(()), now), None);
    }

    #[test]
    fn a_login_that_has_worked_is_doubted_slowly() {
        let (mut gate, mut now) = gate();
        attempt(&mut gate, Ok(()), now);
        let mut waits = Vec::new();
        loop {
            match attempt(&mut gate, Err(refusal()), now) {
                Some(Failed::Doubted(until)) => {
                    gate.network_changed();
                    waits.push((until - now).as_secs());
                    assert_eq!(wait_of(&gate, now), until - now);
                    now = until;
                }
                other => break assert_eq!(other, Some(Failed::Stopped)),
            }
        }
        assert_eq!(waits, [60, 600, 3600]);
    }

    #[test]
    fn a_success_ends_the_doubt() {
        let (mut gate, now) = gate();
        attempt(&mut gate, Ok(()), now);
        let Some(Failed::Doubted(until)) = attempt(&mut gate, Err(refusal()), now) else { panic!() };
        assert!(gate.is_doubting());
        attempt(&mut gate, Ok(()), until);
        assert!(!gate.is_doubting());
        assert_eq!(attempt(&mut gate, Err(refusal()), until), Some(Failed::Doubted(until + DOUBTS[0])));
    }

    #[test]
    fn the_first_login_and_the_first_after_a_failure_run_alone() {
        let (mut gate, now) = gate();
        gate.begin();
        assert!(matches!(gate.start(now), Start::AfterOthers));
        gate.succeeded(now, LONGEST);
        gate.begin();
        gate.begin();
        assert!(matches!(gate.start(now), Start::Now));
        gate.failed(&Error::closed("gone"), now, LONGEST);
        let later = now + Duration::from_secs(1);
        assert!(matches!(gate.start(later), Start::AfterOthers));
        gate.cancelled();
        assert!(matches!(gate.start(later), Start::Now));
    }

    #[test]
    fn only_useful_work_resets_the_back_off() {
        let (mut gate, mut now) = gate();
        let mut waits = Vec::new();
        for _ in 0..5 {
            attempt(&mut gate, Ok(()), now);
            gate.died(false, now, LONGEST);
            let wait = wait_of(&gate, now);
            waits.push(wait.as_secs());
            now += wait;
        }
        assert_eq!(waits, [1, 2, 4, 8, 16]);
        attempt(&mut gate, Ok(()), now);
        gate.useful();
        gate.died(true, now, LONGEST);
        assert_eq!(wait_of(&gate, now).as_secs(), 1);
    }

    #[test]
    fn sessions_that_end_together_count_as_one_failure() {
        let (mut gate, now) = gate();
        attempt(&mut gate, Ok(()), now);
        for _ in 0..50 {
            gate.died(false, now, LONGEST);
        }
        assert_eq!(wait_of(&gate, now).as_secs(), 1);
        let later = now + Duration::from_secs(1);
        for _ in 0..50 {
            gate.begin();
        }
        for _ in 0..50 {
            gate.failed(&Error::closed("gone"), later, LONGEST);
        }
        assert_eq!(wait_of(&gate, later).as_secs(), 2);
    }

    #[test]
    fn refusals_of_logins_that_began_together_count_once() {
        let (mut gate, now) = gate();
        attempt(&mut gate, Ok(()), now);
        for _ in 0..5 {
            gate.begin();
        }
        assert_eq!(gate.failed(&refusal(), now, LONGEST), Failed::Doubted(now + DOUBTS[0]));
        for _ in 0..4 {
            assert_eq!(gate.failed(&refusal(), now, LONGEST), Failed::Again(now + DOUBTS[0]));
        }
        assert_eq!(
            attempt(&mut gate, Err(refusal()), now + DOUBTS[0]),
            Some(Failed::Doubted(now + DOUBTS[0] + DOUBTS[1]))
        );
    }

    #[test]
    fn after_a_failure_the_first_session_has_to_be_useful_before_the_next_begins() {
        let (mut gate, now) = gate();
        attempt(&mut gate, Err(Error::closed("gone")), now);
        let later = now + Duration::from_secs(1);
        attempt(&mut gate, Ok(()), later);
        assert_eq!(wait_of(&gate, later).as_secs(), 2);
        assert!(gate.useful());
        assert_eq!(wait_of(&gate, later), Duration::ZERO);
    }

    #[test]
    fn the_servers_wait_counts_and_a_new_network_ends_only_our_own() {
        let (mut gate, now) = gate();
        let busy = Error::new(Kind::Rejected, "busy").with_retry_after(Some(Duration::from_secs(300)));
        attempt(&mut gate, Err(busy), now);
        assert_eq!(wait_of(&gate, now).as_secs(), 300);
        gate.network_changed();
        assert_eq!(wait_of(&gate, now).as_secs(), 300);
        let later = now + Duration::from_secs(300);
        attempt(&mut gate, Err(Error::closed("gone")), later);
        assert!(wait_of(&gate, later) > Duration::ZERO);
        gate.network_changed();
        assert_eq!(wait_of(&gate, later), Duration::ZERO);
    }

    #[test]
    fn a_wrong_certificate_stops_until_the_network_or_the_login_changes() {
        let (mut gate, now) = gate();
        attempt(&mut gate, Ok(()), now);
        assert_eq!(attempt(&mut gate, Err(Error::new(Kind::Tls, "expired")), now), Some(Failed::Stopped));
        assert!(matches!(gate.start(now), Start::Never(_)));
        gate.network_changed();
        assert!(matches!(gate.start(now), Start::Now));
    }
}

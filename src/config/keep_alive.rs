//! When a silent connection is probed, as plain values. It sets nothing on a socket; `conn` does.

use std::time::Duration;

/// When the operating system probes a silent peer (RFC 9293 §3.8.4), and when it ends the connection.
///
/// Each probe is one small packet; probes also keep routers from dropping the connection. A peer that is gone is detected after `idle` and
/// `probes` times `interval`: with the defaults after two minutes, also during IDLE. On Linux and Android, a peer that does not
/// acknowledge what was sent is detected after that time too, or after [`Deadlines::progress`](crate::Deadlines::progress) if that is
/// longer.
///
/// ```
/// use std::time::Duration;
///
/// let rare = postroom::KeepAlive::default().idle(Duration::from_secs(15 * 60)); // for a device that sleeps
/// let config = postroom::Config::new("imap.example.org").keep_alive(rare);
/// let never = postroom::Config::new("imap.example.org").keep_alive(None);
/// # drop((config, never));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
#[must_use]
pub struct KeepAlive {
    /// The silence before the first probe, in whole seconds. 60 s.
    pub idle: Duration,
    /// Between two probes that stay unanswered, in whole seconds. 15 s.
    pub interval: Duration,
    /// How many probes may stay unanswered. 4.
    pub probes: u32,
}

impl Default for KeepAlive {
    fn default() -> Self {
        Self { idle: Duration::from_secs(60), interval: Duration::from_secs(15), probes: 4 }
    }
}

impl KeepAlive {
    /// Sets [`idle`](#structfield.idle).
    pub fn idle(self, time: Duration) -> Self {
        Self { idle: time, ..self }
    }

    /// Sets [`interval`](#structfield.interval).
    pub fn interval(self, time: Duration) -> Self {
        Self { interval: time, ..self }
    }

    /// Sets [`probes`](#structfield.probes).
    pub fn probes(self, most: u32) -> Self {
        Self { probes: most, ..self }
    }

    /// After how much silence the peer is given up.
    pub(crate) fn patience(&self) -> Duration {
        self.idle.saturating_add(self.interval.saturating_mul(self.probes))
    }
}

//! The bounds that keep a hostile or broken server from bloating or hanging a client: sizes in [`Limits`], times in
//! [`Deadlines`]. Plain values; who enforces them is the engines (frames, counts, instants) and `conn` (connecting, TLS).

use std::time::Duration;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// How much one connection may cost, in bytes and counts. Every bound is inclusive: exactly the limit is still accepted.
///
/// ```
/// let limits = postroom::Limits::default().literal(16 * 1024 * 1024); // no message over 16 MiB is kept in memory
/// let config = postroom::Config::new("imap.example.org").limits(limits);
/// # drop(config);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
#[must_use]
pub struct Limits {
    /// One IMAP line of text or of anything else that is short, literals not counted. Over it the connection is closed with
    /// [`Kind::Limit`](crate::Kind::Limit), since the end of the response is not known. Lists of numbers (SEARCH, ESEARCH, SORT,
    /// THREAD, VANISHED) and the data of messages (FETCH) grow with the mailbox: those count against
    /// [`response`](Self::response) only. 1 MiB.
    pub line: usize,
    /// One POP3 status line or listing line; bodies of messages are not counted. 64 KiB.
    pub status_line: usize,
    /// One literal (or one POP3 message) kept in memory. A larger one is skipped and its message delivered with
    /// `Defect::TooLarge`. Bodies read by `read` are not counted. 64 MiB.
    pub literal: usize,
    /// What is skipped of one response: literals and messages over [`literal`](Self::literal), listings over
    /// [`undelivered`](Self::undelivered), and what comes for a caller that is gone. Over it the connection is closed with
    /// `Kind::Limit`. 4 GiB.
    pub skipped: u64,
    /// One whole response, literals included. Over it the connection is closed with `Kind::Limit`. 128 MiB.
    pub response: usize,
    /// Parentheses within parentheses of a body structure; at most 150 count. A deeper value is unreadable: a defect of its
    /// message. 100.
    pub nesting: usize,
    /// Untagged responses kept for one command that returns a value (streams are not counted), and lines of one POP3 listing, over
    /// which the connection is closed with `Kind::Limit`. 1,000,000.
    pub untagged: usize,
    /// Events kept for a mailbox that nobody watches; over it they become one `Lagged`. 10,000.
    pub events: usize,
    /// Bytes delivered to a stream and not taken yet, over which the socket is not read. What one read brings comes on top: up to
    /// 64 KiB, in the middle of a large body 512 KiB. 256 KiB.
    pub window: usize,
    /// Bytes of the answer to one command that returns a value, and of the rows or values that are made of it, over which it fails with
    /// `Kind::Limit`. A response counts for 16 bytes at least, a message of a POP3 maildrop that is made an entry for 256. 256 MiB.
    pub undelivered: usize,
    /// Whether a bare LF ends the lines of POP3's multi-line replies too, so that LF `.` LF is an end, as a few servers send it. A
    /// message with such a line in it is cut short then, and the rest of it taken for replies: only for a server that needs it. false.
    pub bare_line_feeds: bool,
    /// Bytes of the set of UIDs in one IMAP command; a longer set is sent in several commands, since servers bound their lines
    /// (RFC 7162 §4, RFC 2683 §3.2.1.5). 8000, and never more than 800 on servers that are known to take no lines over 1000.
    pub set: usize,
    /// Challenges in one authentication. 16.
    pub challenges: usize,
    /// Iterations that a server may ask of SCRAM's key derivation, which runs on tokio's threads for blocking work. Fewer than
    /// 4096 are refused whatever stands here (RFC 7677 §4). 2,000,000.
    pub scram_iterations: u32,
}

/// How long one connection may make its caller wait.
///
/// ```
/// use std::time::Duration;
///
/// let patient = postroom::Deadlines::default().progress(Duration::from_secs(300));
/// let config = postroom::Config::new("imap.example.org").deadlines(patient);
/// # drop(config);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
#[must_use]
pub struct Deadlines {
    /// For the connection to one of the host's addresses, all tried. 30 s.
    pub connect: Duration,
    /// For the TLS handshake. 30 s.
    pub tls: Duration,
    /// For the server's greeting. 30 s.
    pub greeting: Duration,
    /// Without a byte from the server or to it, while a command runs; a single response that has begun must also come at
    /// 1 KiB/s or more over this time. It rests while the caller does not take what has come. 60 s.
    pub progress: Duration,
    /// Without anything that belongs to the call that runs, however much else the server sends. Its data, `INPROGRESS` with its tag
    /// and, while it runs alone, an untagged OK without a code belong to it, the latter two for at most an hour; so do octets sent for
    /// an upload. It rests while the caller does not take what has come, and does not apply to watching a mailbox. What bounds a whole
    /// call is this, [`Limits::untagged`] and [`Limits::undelivered`] for values, and the caller's own pace for streams. 10 min.
    pub call: Duration,
    /// After which IDLE is renewed; at most 29 minutes count (RFC 2177 §3). A peer that is gone is found by then and
    /// [`done`](Self::done), whatever stream is used; on a socket of this crate's own, [`KeepAlive`](crate::KeepAlive) finds it sooner. 10 min.
    pub idle: Duration,
    /// Between two looks at a mailbox whose server cannot push. 60 s.
    pub poll: Duration,
    /// For the end of IDLE. 30 s.
    pub done: Duration,
    /// For the reply to LOGOUT or QUIT. 5 s.
    pub logout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line: MIB,
            status_line: 64 * KIB,
            literal: 64 * MIB,
            skipped: 4096 * MIB as u64,
            response: 128 * MIB,
            nesting: 100,
            untagged: 1_000_000,
            events: 10_000,
            window: 256 * KIB,
            undelivered: 256 * MIB,
            bare_line_feeds: false,
            set: 8000,
            challenges: 16,
            scram_iterations: 2_000_000,
        }
    }
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            tls: Duration::from_secs(30),
            greeting: Duration::from_secs(30),
            progress: Duration::from_secs(60),
            call: Duration::from_secs(10 * 60),
            idle: Duration::from_secs(10 * 60),
            poll: Duration::from_secs(60),
            done: Duration::from_secs(30),
            logout: Duration::from_secs(5),
        }
    }
}

/// Each changes one value; what it bounds is said at the field of the same name.
impl Limits {
    /// Sets [`line`](#structfield.line).
    pub fn line(self, most: usize) -> Self {
        Self { line: most, ..self }
    }

    /// Sets [`status_line`](#structfield.status_line).
    pub fn status_line(self, most: usize) -> Self {
        Self { status_line: most, ..self }
    }

    /// Sets [`literal`](#structfield.literal).
    pub fn literal(self, most: usize) -> Self {
        Self { literal: most, ..self }
    }

    /// Sets [`skipped`](#structfield.skipped).
    pub fn skipped(self, most: u64) -> Self {
        Self { skipped: most, ..self }
    }

    /// Sets [`response`](#structfield.response).
    pub fn response(self, most: usize) -> Self {
        Self { response: most, ..self }
    }

    /// Sets [`nesting`](#structfield.nesting).
    pub fn nesting(self, most: usize) -> Self {
        Self { nesting: most, ..self }
    }

    /// Sets [`untagged`](#structfield.untagged).
    pub fn untagged(self, most: usize) -> Self {
        Self { untagged: most, ..self }
    }

    /// Sets [`events`](#structfield.events).
    pub fn events(self, most: usize) -> Self {
        Self { events: most, ..self }
    }

    /// Sets [`window`](#structfield.window).
    pub fn window(self, most: usize) -> Self {
        Self { window: most, ..self }
    }

    /// Sets [`undelivered`](#structfield.undelivered).
    pub fn undelivered(self, most: usize) -> Self {
        Self { undelivered: most, ..self }
    }

    /// Sets [`bare_line_feeds`](#structfield.bare_line_feeds).
    pub fn bare_line_feeds(self, allowed: bool) -> Self {
        Self { bare_line_feeds: allowed, ..self }
    }

    /// Sets [`set`](#structfield.set).
    pub fn set(self, most: usize) -> Self {
        Self { set: most, ..self }
    }

    /// Sets [`challenges`](#structfield.challenges).
    pub fn challenges(self, most: usize) -> Self {
        Self { challenges: most, ..self }
    }

    /// Sets [`scram_iterations`](#structfield.scram_iterations).
    pub fn scram_iterations(self, most: u32) -> Self {
        Self { scram_iterations: most, ..self }
    }
}

/// Each changes one value; what it bounds is said at the field of the same name.
impl Deadlines {
    /// Sets [`connect`](#structfield.connect).
    pub fn connect(self, time: Duration) -> Self {
        Self { connect: time, ..self }
    }

    /// Sets [`tls`](#structfield.tls).
    pub fn tls(self, time: Duration) -> Self {
        Self { tls: time, ..self }
    }

    /// Sets [`greeting`](#structfield.greeting).
    pub fn greeting(self, time: Duration) -> Self {
        Self { greeting: time, ..self }
    }

    /// Sets [`progress`](#structfield.progress).
    pub fn progress(self, time: Duration) -> Self {
        Self { progress: time, ..self }
    }

    /// Sets [`call`](#structfield.call).
    pub fn call(self, time: Duration) -> Self {
        Self { call: time, ..self }
    }

    /// Sets [`idle`](#structfield.idle).
    pub fn idle(self, time: Duration) -> Self {
        Self { idle: time, ..self }
    }

    /// Sets [`poll`](#structfield.poll).
    pub fn poll(self, time: Duration) -> Self {
        Self { poll: time, ..self }
    }

    /// Sets [`done`](#structfield.done).
    pub fn done(self, time: Duration) -> Self {
        Self { done: time, ..self }
    }

    /// Sets [`logout`](#structfield.logout).
    pub fn logout(self, time: Duration) -> Self {
        Self { logout: time, ..self }
    }
}

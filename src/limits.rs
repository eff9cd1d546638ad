//! The bounds against a hostile or broken server: sizes in [`Limits`], times in [`Deadlines`]. They are plain values. The engines
//! enforce those of frames, counts and instants, `conn` those of connecting and TLS. It must not know a protocol.

use std::time::Duration;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// The most that one connection may cost, in bytes and counts. Every bound is inclusive: a value equal to the limit is accepted.
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
    /// Bytes of one IMAP line, without its literals. A longer line closes the connection with [`Kind::Limit`](crate::Kind::Limit),
    /// since the end of the response is not known. Lists of numbers (SEARCH, ESEARCH, SORT, THREAD, VANISHED) and the data of
    /// messages (FETCH) grow with the mailbox: they count only against [`response`](Self::response). Default: 1 MiB.
    pub line: usize,
    /// Bytes of one POP3 status line or line of a listing. Lines of messages do not count. Default: 64 KiB.
    pub status_line: usize,
    /// Bytes of one literal, or one POP3 message, that is kept in memory. A larger one is skipped, and its message is delivered with
    /// [`Defect::TooLarge`](crate::Defect::TooLarge). Bodies that are read as a stream do not count. Default: 64 MiB.
    pub literal: usize,
    /// Bytes of one POP3 message over [`literal`](Self::literal) that [`Mailbox::contents`](crate::Mailbox::contents) keeps in a temporary
    /// file. More fail the call with `Kind::Limit`; 0 allows no file. Default: 4 GiB.
    pub temporary: u64,
    /// Bytes that are skipped of one response: literals and messages over [`literal`](Self::literal), listings over
    /// [`undelivered`](Self::undelivered), and data for a call that was dropped. More close the connection with `Kind::Limit`.
    /// Default: 4 GiB.
    pub skipped: u64,
    /// Bytes of one whole response, with its literals. More close the connection with `Kind::Limit`. Default: 128 MiB.
    pub response: usize,
    /// The depth of nested parentheses in a body structure; values over 150 count as 150. A deeper structure is unreadable, which
    /// is a defect of its message. Default: 100.
    pub nesting: usize,
    /// Untagged responses that are kept for one command that returns a value (not a stream), and lines of one POP3 listing. More
    /// close the connection with `Kind::Limit`. Default: 1,000,000.
    pub untagged: usize,
    /// Events that are kept while the mailbox is not watched. More are replaced by one `Lagged`. Default: 10,000.
    pub events: usize,
    /// Bytes that were delivered to a stream and not taken yet. At this number the socket is not read any more. One read may add up
    /// to 64 KiB, or 512 KiB within a large body. Default: 256 KiB.
    pub window: usize,
    /// Bytes of the answer to one command that returns a value, and of the rows or values made of it. More fail the command with
    /// `Kind::Limit`. A response counts as 16 bytes at least, an entry of a POP3 maildrop as 256. Default: 256 MiB.
    pub undelivered: usize,
    /// Whether a bare LF ends the lines of POP3's multi-line replies too, so that LF `.` LF ends a reply. Set it only for a server that
    /// sends such ends: a message that contains such a line is cut there, and the rest of it is read as replies. Default: `false`.
    pub bare_line_feeds: bool,
    /// Bytes of the set of UIDs in one IMAP command. A longer set is sent in several commands, since servers limit the length of lines
    /// (RFC 7162 §4, RFC 2683 §3.2.1.5). Default: 8000, and at most 800 on servers that are known to accept no lines over 1000.
    pub set: usize,
    /// Challenges in one authentication. Default: 16.
    pub challenges: usize,
    /// Iterations of SCRAM's key derivation, which runs on tokio's threads for blocking work. A server that asks for fewer than 4096
    /// is refused in any case (RFC 7677 §4). Default: 2,000,000.
    pub scram_iterations: u32,
}

/// The longest that one connection may make its caller wait.
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
    /// For the connection: the lookup of the host and all its addresses together, or what [`Config::connect_by`](crate::Config::connect_by)
    /// does, such as the whole dialogue with a proxy. Default: 30 s.
    pub connect: Duration,
    /// For the TLS handshake. Default: 30 s.
    pub tls: Duration,
    /// For the server's greeting. Default: 30 s.
    pub greeting: Duration,
    /// Without a byte from the server or to it while a command runs. A single response must also arrive at 1 KiB/s or more over this
    /// time. It does not run while the caller does not take the data. Default: 60 s.
    pub progress: Duration,
    /// Without anything that belongs to the call that runs, even if the server sends other data. What belongs to it: its data, the bytes
    /// of an upload, and for at most an hour `INPROGRESS` with its tag and, if it runs alone, an untagged OK without a code. It does not
    /// run while the caller does not take the data, nor while a mailbox is watched. A whole call is bounded by this, by
    /// [`Limits::untagged`] and [`Limits::undelivered`] for values, and by the caller's own pace for streams. Default: 10 min.
    pub call: Duration,
    /// The time after which IDLE is renewed; more than 29 minutes count as 29 (RFC 2177 §3). A server that is gone is noticed after this
    /// time and [`done`](Self::done), over any stream; over a socket of this crate, [`KeepAlive`](crate::KeepAlive) notices it sooner.
    /// Default: 10 min.
    pub idle: Duration,
    /// Between two polls of a mailbox whose server cannot push. Default: 60 s.
    pub poll: Duration,
    /// For the end of IDLE. Default: 30 s.
    pub done: Duration,
    /// For the reply to LOGOUT or QUIT. Default: 5 s.
    pub logout: Duration,
    /// How long a command whose last byte was sent may still run on the server after its connection is gone. A session does not wait: it
    /// is for a program that finds out whether a change was made whose [reply was lost](crate::Error::replay). It looks, waits this long,
    /// and looks again before it makes the change again. If a proxy or a slow server may deliver commands later, set more. Default: 2 s.
    pub settle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line: MIB,
            status_line: 64 * KIB,
            literal: 64 * MIB,
            temporary: 4096 * MIB as u64,
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
            settle: Duration::from_secs(2),
        }
    }
}

/// Each method sets one value. The field of the same name describes it.
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

    /// Sets [`temporary`](#structfield.temporary).
    pub fn temporary(self, most: u64) -> Self {
        Self { temporary: most, ..self }
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

/// Each method sets one value. The field of the same name describes it.
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

    /// Sets [`settle`](#structfield.settle).
    pub fn settle(self, time: Duration) -> Self {
        Self { settle: time, ..self }
    }
}

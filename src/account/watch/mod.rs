//! [`Watch`]: what changes in the mailboxes of an account, as a stream that survives everything. A push, a poll or the clock only says that
//! a mailbox may have changed; what has changed is always found by comparison, so nothing is missed and nothing is reported twice.

mod comparing;
mod event;
mod held;
mod known;
mod outbox;
mod polling;
mod position;
mod round;
mod runner;
mod schedule;

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

pub use self::event::{WatchMethod, Watched};
use self::outbox::{Batch, Moved};
pub use self::position::WatchPosition;
use self::runner::Runner;
use self::schedule::Intervals;
use super::Account;
use super::lane::Lane;
use crate::error::{Error, Result};
use crate::imap::MailboxName;

/// What may wait for a slow reader: steps of the watch, each with at most a few events for a mailbox.
const MOST_WAITING: usize = 16;

/// The changes in some or all mailboxes of an account, from [`Account::watch`] or [`Account::watch_all`]: a stream of [`Watched`] that
/// survives lost connections. It ends only if the account is [shut down](Account::shutdown).
///
/// It begins when it is first read, in a task of its own on the current tokio runtime, and ends when it is dropped. Set it up before.
///
/// # What it reports, and how late
///
/// It uses the best method that the server has. "At once" is the time that the server takes to push a change, and two or three round trips.
///
/// | | NOTIFY | IDLE: one mailbox | IDLE: the others; STATUS only |
/// |---|---|---|---|
/// | new and expunged messages | at once | at once | at the next poll |
/// | changed flags | at once | at once | at the next poll with CONDSTORE, or if a count changes; else at the next full look |
/// | counts | at once | of messages only by what is new and gone | at the next poll |
/// | a mailbox created, deleted, renamed | at once | at the next full look | deleted: at the next poll; else at the next full look |
/// | what the server did not push | at the next full look | at the next full look | |
///
/// * A mailbox is polled every 15 seconds after a change, and less and less often while nothing changes, up to every 5 minutes
///   ([`poll`](Self::poll)). One round trip asks for up to 50 mailboxes.
/// * A full look compares every mailbox, every 10 minutes ([`full_look`](Self::full_look)), whatever the server pushes. If two of the last four
///   find something that was not pushed, the watch goes on by the next method, and the account reports
///   [`NotPushed`](super::AccountNotice::NotPushed).
/// * IDLE runs in the first mailbox that was named; if all are watched, in the busiest one, at first `INBOX`.
/// * Changes of one message between two looks are one event, or none if it came and went.
/// * Without CONDSTORE, changed flags are not found in a mailbox with more than 500,000 messages.
///
/// # Connections
///
/// NOTIFY and IDLE keep one session, in [`Lane::Watch`]. If other work waits for a session, the watch gives its own up, and polls for half
/// a minute or more. Polling needs a session only for the moment. The watch waits for sessions without end; while none can be opened, it has
/// reported [`Watched::Offline`]. Afterwards it compares all mailboxes. If the machine was asleep, it opens a new session.
///
/// # Slow readers
///
/// At most 16 steps wait. After that the watch pauses; what happens meanwhile is found in one piece when the reader goes on.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use postroom::account::{Account, Watched};
/// use postroom::{Config, Login, testing::Server};
///
/// let server = Server::builder().sample_mail().start().await?;
/// let config = Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
/// let account = Account::new(config, Login::password("alice", "alicepw")).build()?;
/// let mut changes = account.watch(["INBOX", "Sent"])?;
/// for _ in 0..2 {
///     assert!(matches!(changes.next().await, Some(Watched::Resync(_))));
/// }
/// server.deliver("alice", "Sent", "Subject: Hello\r\n\r\nHello.\r\n", &[]);
/// while let Some(change) = changes.next().await {
///     if let Watched::New { mailbox, uids } = change {
///         println!("{mailbox}: {uids}");
///         break;
///     }
/// }
/// # Ok(()) }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
pub struct Watch {
    account: Account,
    names: Option<Vec<MailboxName>>,
    intervals: Intervals,
    position: WatchPosition,
    running: Option<Running>,
    events: VecDeque<Watched>,
    /// What the position becomes once the events were taken.
    moved: Vec<Moved>,
}

/// The task, and what it hands over.
struct Running {
    receiver: mpsc::Receiver<Batch>,
    task: AbortHandle,
}

/// Watching mailboxes.
impl Account {
    /// Watches these mailboxes, the most important one first. A mailbox that does not exist is reported when it is created. Nothing is sent
    /// before the [`Watch`] is first read.
    ///
    /// ```
    /// use postroom::account::Account;
    /// use postroom::{Kind, Login};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> postroom::Result<()> {
    /// let account = Account::new("imap.example.org", Login::password("me", "secret")).build()?;
    /// let changes = account.watch(["INBOX", "Work"])?;
    /// # drop(changes);
    /// assert_eq!(account.watch(["IN\r\nBOX"]).unwrap_err().kind(), Kind::Input);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for a name that cannot be sent, and for no names.
    pub fn watch<N>(&self, mailboxes: impl IntoIterator<Item = N>) -> Result<Watch>
    where
        N: TryInto<MailboxName, Error: Into<Error>>,
    {
        let mut names: Vec<MailboxName> = Vec::new();
        for name in mailboxes {
            let name = name.try_into().map_err(Into::into)?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.is_empty() {
            return Err(Error::input("there are no mailboxes to watch"));
        }
        Ok(Watch::new(self, Some(names)))
    }

    /// Watches all mailboxes, up to 10,000, also those that are created later. Nothing is sent before the [`Watch`] is first read.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) {
    /// let mut changes = account.watch_all();
    /// while let Some(change) = changes.next().await {
    ///     println!("{change:?}");
    /// }
    /// # }
    /// ```
    pub fn watch_all(&self) -> Watch {
        Watch::new(self, None)
    }
}

impl Watch {
    fn new(account: &Account, names: Option<Vec<MailboxName>>) -> Self {
        let intervals = Intervals {
            full_look: Duration::from_secs(10 * 60),
            shortest: Duration::from_secs(15),
            longest: Duration::from_secs(5 * 60),
        };
        Self {
            account: account.in_lane(Lane::Watch),
            names,
            intervals,
            position: WatchPosition::default(),
            running: None,
            events: VecDeque::new(),
            moved: Vec::new(),
        }
    }

    /// How often all mailboxes are compared, whatever the server pushes. Default: 10 min; at least 1 s. No effect once the watch is read.
    #[must_use]
    pub fn full_look(mut self, every: Duration) -> Self {
        self.intervals.full_look = every.clamp(Duration::from_secs(1), Duration::from_secs(25 * 60));
        self
    }

    /// How often a mailbox is polled whose changes are not pushed: after a change, and at the most if it does not change. Default: 15 s and
    /// 5 min; at least 1 s. No effect once the watch is read.
    #[must_use]
    pub fn poll(mut self, shortest: Duration, longest: Duration) -> Self {
        self.intervals.shortest = shortest.max(Duration::from_secs(1));
        self.intervals.longest = longest.max(self.intervals.shortest);
        self
    }

    /// Continues from a position that was stored: what happened since then is reported first. Messages that were reported after it was stored
    /// are reported again. Without CONDSTORE the server cannot report which flags changed meanwhile: then [`Watched::Resync`] comes too. No
    /// effect once the watch is read.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account, stored: &str) -> postroom::Result<()> {
    /// let mut changes = account.watch_all().continue_from(stored.parse()?);
    /// while let Some(change) = changes.next().await {
    ///     println!("{change:?}");
    ///     let store = changes.position().to_string();
    /// #   drop(store);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn continue_from(mut self, position: WatchPosition) -> Self {
        self.position = position;
        self
    }

    /// Up to where everything was reported. An event counts once the next one is asked for: the position does not include the last one that
    /// [`next`](Self::next) returned. It never touches the wire.
    pub fn position(&self) -> &WatchPosition {
        &self.position
    }

    /// Waits for the next change; `None` once the account is shut down. Cancel-safe: dropping this future loses nothing.
    ///
    /// Panics outside a tokio runtime at the first call, which starts the task.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// let mut changes = account.watch(["INBOX"])?;
    /// while let Some(change) = changes.next().await {
    ///     println!("{change:?}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next(&mut self) -> Option<Watched> {
        poll_fn(|cx| self.poll_watched(cx)).await
    }

    fn poll_watched(&mut self, cx: &mut Context<'_>) -> Poll<Option<Watched>> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Poll::Ready(Some(event));
            }
            for moved in self.moved.drain(..) {
                moved.apply(&mut self.position);
            }
            let running = match &mut self.running {
                Some(running) => running,
                none => none.insert(Running::start(&self.account, &self.names, &self.position, self.intervals)),
            };
            let Some(batch) = ready!(running.receiver.poll_recv(cx)) else { return Poll::Ready(None) };
            (self.events, self.moved) = (batch.events, batch.moved);
        }
    }
}

impl Running {
    fn start(
        account: &Account,
        names: &Option<Vec<MailboxName>>,
        position: &WatchPosition,
        intervals: Intervals,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        let points = position.mailboxes().map(|(name, point)| (name.clone(), point.clone())).collect();
        let runner = Runner::new(account.clone(), names.clone(), points, intervals, sender);
        Self { receiver, task: tokio::spawn(runner.run()).abort_handle() }
    }
}

impl Moved {
    fn apply(self, position: &mut WatchPosition) {
        match self {
            Self::To(mailbox, point) => position.set(mailbox, point),
            Self::Renamed(from, to) => {
                if let Some(point) = position.remove(&from) {
                    position.set(to, point);
                }
            }
            Self::Gone(mailbox) => drop(position.remove(&mailbox)),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Stream for Watch {
    type Item = Watched;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Watched>> {
        self.poll_watched(cx)
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("names", &self.names).field("intervals", &self.intervals).finish_non_exhaustive()
    }
}

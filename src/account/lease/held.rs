//! [`Core`]: the session of a lease: opened when it is needed, shared by calls that run at once, taken by a stream, given away between
//! calls. It must not know what the calls do.

use std::borrow::{Borrow, BorrowMut};
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::account::Account;
use crate::account::lane::Lane;
use crate::account::pool::{Lent, Parked, Parts, Pool};
use crate::account::running::{Attempts, Next};
use crate::account::service::ImapSessions;
use crate::error::{Code, Error, Kind, Result};
use crate::imap::{Folder, FolderInfo, Imap, MailboxName, Opening, Uid, UidValidity};

/// The octets of an unfinished answer that are read to keep its session. If there are more, the session is closed.
const MOST_DRAINED: u64 = 256 * 1024;
/// How often it is looked at how much was read.
const DRAIN_LOOK: Duration = Duration::from_millis(20);

/// What a lease holds.
pub(in crate::account) struct Core {
    account: Account,
    name: MailboxName,
    read_only: bool,
    state: Mutex<State>,
    /// One call at a time opens the mailbox; the others wait for it.
    opening: tokio::sync::Mutex<()>,
}

struct State {
    session: Option<Arc<Lent<ImapSessions>>>,
    /// Whether a stream was dropped before its end: its session first has to end that answer.
    is_unfinished: bool,
    identity: Option<Identity>,
    opened: Option<Opened>,
    /// The UIDs mean other messages now, or may.
    ended: Option<Error>,
    is_dropped: bool,
}

/// What must stay the same for UIDs to mean the same messages.
#[derive(Clone, Copy, PartialEq)]
struct Identity(Option<UidValidity>);

/// What the server reported when the session opened the mailbox.
#[derive(Clone, Copy)]
struct Opened {
    uid_next: Uid,
    /// The messages, and those that the session has seen expunged.
    messages: u64,
}

/// The session of a lease, for one call. Dropping it gives others a chance; the fields are dropped in this order.
pub(in crate::account) struct Current {
    lent: Arc<Lent<ImapSessions>>,
    _offer: Offer,
}

/// Offers the session to whoever waits for one.
struct Offer(Pool<ImapSessions>);

/// The session of a lease, taken for a stream. Dropping it puts it back.
pub(in crate::account) struct Taken {
    /// `None` only while it is dropped.
    lent: Option<Lent<ImapSessions>>,
    core: Arc<Core>,
    /// Whether an answer has begun and not ended.
    is_unfinished: bool,
}

/// The session of a lease, lent in its folder, from [`Lease::folder`](super::Lease::folder). Dropping it returns it to the lease.
///
/// ```no_run
/// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
/// use postroom::account::LeasedSession;
/// use postroom::imap::Folder;
///
/// let mut inbox = account.select("INBOX").await?;
/// let folder: Folder<LeasedSession<'_>> = inbox.folder().await?;
/// println!("{:?}", folder.session().capabilities());
/// # Ok(())
/// # }
/// ```
pub struct LeasedSession<'a> {
    taken: Taken,
    lease: PhantomData<&'a mut ()>,
}

impl Core {
    pub(super) fn new(account: Account, name: MailboxName, read_only: bool) -> Arc<Self> {
        let state =
            State { session: None, is_unfinished: false, identity: None, opened: None, ended: None, is_dropped: false };
        let core =
            Arc::new(Self { account, name, read_only, state: Mutex::new(state), opening: tokio::sync::Mutex::new(()) });
        let parked: std::sync::Weak<Self> = Arc::downgrade(&core);
        core.account.pool.park(parked);
        core
    }

    pub(super) fn name(&self) -> &MailboxName {
        &self.name
    }

    pub(super) fn account(&self) -> &Account {
        &self.account
    }

    /// The session, with the mailbox open.
    pub(in crate::account) async fn current(&self) -> Result<Current> {
        if let Some(current) = self.open_session()? {
            return Ok(current);
        }
        let _opening = self.opening.lock().await;
        if let Some(current) = self.open_session()? {
            return Ok(current);
        }
        if let Some(current) = self.drained().await? {
            return Ok(current);
        }
        let (lent, info) = self.reopen().await?;
        self.hold(lent, &info)
    }

    /// The session for a stream, with the mailbox open. Nothing else may use the lease meanwhile.
    pub(in crate::account) async fn take(core: &Arc<Self>) -> Result<Taken> {
        loop {
            drop(core.current().await?);
            // It may be given away, or lost, right now.
            if let Some(lent) = core.let_go() {
                return Ok(Taken { lent: Some(lent), core: core.clone(), is_unfinished: false });
            }
        }
    }

    /// A session with the mailbox open, for one call alone. If other calls are using that of the lease, it is another one.
    pub(in crate::account) async fn alone(core: &Arc<Self>) -> Result<Taken> {
        drop(core.current().await?);
        let lent = match core.let_go() {
            Some(lent) => lent,
            None => {
                let (lent, info) = core.reopen().await?;
                core.check(lent.session(), &info)?;
                lent
            }
        };
        Ok(Taken { lent: Some(lent), core: core.clone(), is_unfinished: false })
    }

    /// Lets go of the session.
    pub(super) fn release(&self) {
        let session = self.lock().session.take();
        drop(session);
    }

    /// The lease is dropped.
    pub(super) fn end(&self) {
        let session = {
            let mut state = self.lock();
            state.is_dropped = true;
            state.session.take().map(|session| (session, state.is_unfinished))
        };
        let Some((session, is_unfinished)) = session else { return };
        let Some(lent) = Arc::into_inner(session) else { return };
        give_back(lent, is_unfinished);
    }

    /// The session, if it can be used at once.
    fn open_session(&self) -> Result<Option<Current>> {
        let mut state = self.lock();
        if let Some(error) = &state.ended {
            return Err(error.clone());
        }
        let identity = state.identity;
        let is_usable = |lent: &Arc<Lent<ImapSessions>>| !lent.is_closed() && self.is_open_in(lent.session(), identity);
        let unusable = match &state.session {
            Some(lent) if is_usable(lent) && !state.is_unfinished => {
                return Ok(Some(self.current_of(lent.clone())));
            }
            Some(lent) if is_usable(lent) => None,
            _ => state.session.take(),
        };
        drop(state);
        drop(unusable);
        Ok(None)
    }

    /// Reads what is left of the answer to a stream that was dropped, if that is little. Otherwise the session is closed.
    async fn drained(&self) -> Result<Option<Current>> {
        let lent = {
            let mut state = self.lock();
            let is_unfinished = std::mem::take(&mut state.is_unfinished);
            state.session.take_if(|_| is_unfinished)
        };
        let Some(lent) = lent.and_then(Arc::into_inner) else { return Ok(None) };
        let Some(lent) = drain(lent).await else { return Ok(None) };
        let identity = self.lock().identity;
        if lent.is_closed() || !self.is_open_in(lent.session(), identity) {
            return Ok(None);
        }
        Ok(Some(self.keep(lent)))
    }

    /// Opens the mailbox in a session of the account.
    async fn reopen(&self) -> Result<(Lent<ImapSessions>, Arc<FolderInfo>)> {
        let mut attempts = self.account.attempts();
        loop {
            let mut lent = self.account.acquire().await?;
            let opened = self.open_in(lent.session_mut()).await;
            match self.account.next(&mut attempts, &lent, opened).await {
                Ok(info) => return Ok((lent, info)),
                Err(Next::Again) => {}
                Err(Next::Verify(error) | Next::Fail(error)) => return Err(error),
            }
        }
    }

    async fn open_in(&self, imap: &mut Imap) -> Result<Arc<FolderInfo>> {
        self.opening(imap).await?.info()
    }

    fn hold(&self, lent: Lent<ImapSessions>, info: &FolderInfo) -> Result<Current> {
        self.check(lent.session(), info)?;
        Ok(self.keep(lent))
    }

    /// The lease has this session from now on.
    fn keep(&self, lent: Lent<ImapSessions>) -> Current {
        let lent = Arc::new(lent);
        let before = self.lock().session.replace(lent.clone());
        // Whoever waits for it may be given it at once, so it is not dropped while the lease is locked.
        drop(before);
        self.current_of(lent)
    }

    /// The session has opened the mailbox. It must be the same one as before.
    pub(super) fn check(&self, imap: &Imap, info: &FolderInfo) -> Result<()> {
        let identity = Identity::of(info);
        let gone = Folder::of(imap).ok().map(|folder| folder.gone());
        let messages = gone.map(|gone| u64::from(info.exists) + gone);
        let mut state = self.lock();
        state.opened = info.uid_next.zip(messages).map(|(uid_next, messages)| Opened { uid_next, messages });
        match state.identity {
            None => state.identity = Some(identity),
            // Without UIDVALIDITY nothing shows that UIDs mean the same messages as before.
            Some(before) if before == identity && identity.0.is_some() => {}
            Some(_) => {
                let error = renumbered();
                state.ended = Some(error.clone());
                return Err(error);
            }
        }
        Ok(())
    }

    /// The mailbox is about to be opened again in its session. [`check`](Self::check) follows.
    pub(super) fn opening<'a>(&self, imap: &'a mut Imap) -> Opening<&'a mut Imap> {
        self.lock().opened = None;
        let opening = imap.open(self.name.clone());
        if self.read_only { opening.read_only() } else { opening }
    }

    /// The UID of the next message, if that is known: UIDNEXT counts as long as the session has seen no mail arrive.
    pub(super) fn next_uid(&self, folder: &Folder<&Imap>) -> Option<Uid> {
        let messages = u64::from(folder.info().ok()?.exists) + folder.gone();
        self.lock().opened.filter(|opened| opened.messages == messages).map(|opened| opened.uid_next)
    }

    fn current_of(&self, lent: Arc<Lent<ImapSessions>>) -> Current {
        Current { lent, _offer: Offer(self.account.pool.clone()) }
    }

    fn put_back(&self, lent: Lent<ImapSessions>, is_unfinished: bool) {
        let mut state = self.lock();
        if state.is_dropped || state.session.is_some() {
            drop(state);
            give_back(lent, is_unfinished);
            return;
        }
        state.session = Some(Arc::new(lent));
        state.is_unfinished = is_unfinished;
        drop(state);
        self.account.pool.offer();
    }

    /// Whether the mailbox of this lease is selected there.
    fn is_open_in(&self, imap: &Imap, identity: Option<Identity>) -> bool {
        let info = Folder::of(imap).and_then(|folder| folder.info());
        let is_it = |info: &FolderInfo| identity.is_none_or(|identity| identity == Identity::of(info));
        info.is_ok_and(|info| info.name == self.name && (info.read_only || !self.read_only) && is_it(&info))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Identity {
    fn of(info: &FolderInfo) -> Self {
        Self(info.uid_validity.filter(|_| !info.uids_not_sticky))
    }
}

impl Parked<ImapSessions> for Core {
    fn give(&self) -> Option<(Parts<ImapSessions>, Lane)> {
        self.let_go().and_then(Lent::into_parts)
    }
}

impl Core {
    /// The session, unless a call is using it.
    fn let_go(&self) -> Option<Lent<ImapSessions>> {
        let mut state = self.lock();
        if state.is_unfinished {
            return None;
        }
        match Arc::try_unwrap(state.session.take()?) {
            Ok(lent) => Some(lent),
            Err(in_use) => {
                state.session = Some(in_use);
                None
            }
        }
    }
}

impl Current {
    pub(in crate::account) fn lent(&self) -> &Lent<ImapSessions> {
        &self.lent
    }

    /// Whether any mailbox is selected: only that of the lease can be.
    pub(super) fn is_selected(&self) -> bool {
        self.lent.is_closed() || Folder::of(self.lent.session()).is_ok()
    }
}

impl Drop for Offer {
    fn drop(&mut self) {
        self.0.offer();
    }
}

impl Taken {
    pub(in crate::account) fn lent(&self) -> &Lent<ImapSessions> {
        match &self.lent {
            Some(lent) => lent,
            None => unreachable!("nothing borrows what is dropped"),
        }
    }

    pub(in crate::account) fn imap(&mut self) -> &mut Imap {
        match &mut self.lent {
            Some(lent) => lent.session_mut(),
            None => unreachable!("nothing borrows what is dropped"),
        }
    }

    /// Whether the connection is lost, or the server has deselected the mailbox.
    pub(in crate::account) fn is_over(&self) -> bool {
        self.lent().is_closed() || Folder::of(self.lent().session()).is_err()
    }

    /// Counts what was transferred since the last time.
    pub(in crate::account) fn count(&mut self) {
        self.lent.iter_mut().for_each(Lent::count);
    }

    /// An answer begins that is read as a stream.
    pub(in crate::account) fn begin(&mut self) {
        self.is_unfinished = true;
    }

    /// The answer has ended.
    pub(in crate::account) fn finish(&mut self) {
        self.is_unfinished = false;
    }

    /// What follows the result of a call on this session, as [`Account::next`]. If the mailbox is no longer open here, that is a death.
    pub(in crate::account) async fn next<T>(&self, attempts: &mut Attempts, result: Result<T>) -> Result<T, Next> {
        match result {
            Err(error) if self.is_over() => Err(attempts.died(error)),
            result => self.core.account.next(attempts, self.lent(), result).await,
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some(lent) = self.lent.take() {
            self.core.put_back(lent, self.is_unfinished);
        }
    }
}

impl LeasedSession<'_> {
    pub(super) fn new(taken: Taken) -> Self {
        Self { taken, lease: PhantomData }
    }
}

impl Borrow<Imap> for LeasedSession<'_> {
    fn borrow(&self) -> &Imap {
        self.taken.lent().session()
    }
}

impl BorrowMut<Imap> for LeasedSession<'_> {
    fn borrow_mut(&mut self) -> &mut Imap {
        self.taken.imap()
    }
}

impl fmt::Debug for LeasedSession<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeasedSession").finish_non_exhaustive()
    }
}

/// Returns a session to the account. If an answer has not ended, it is read first, beside everything else.
fn give_back(lent: Lent<ImapSessions>, is_unfinished: bool) {
    match tokio::runtime::Handle::try_current() {
        _ if !is_unfinished => drop(lent),
        Ok(runtime) => drop(runtime.spawn(async move { drop(drain(lent).await) })),
        Err(_) => lent.close(),
    }
}

/// Waits until the answer that runs has ended. `None` if more than [`MOST_DRAINED`] octets came first, or the session ended.
async fn drain(lent: Lent<ImapSessions>) -> Option<Lent<ImapSessions>> {
    let began = Instant::now();
    let received = || lent.session().traffic().received;
    let most = received().saturating_add(MOST_DRAINED);
    let is_over = tokio::select! {
        answered = lent.session().noop() => answered.is_err() || received() >= most,
        () = too_much(&lent, most) => true,
    };
    tracing::trace!(elapsed = ?began.elapsed(), is_over, "a stream was dropped before its end");
    if is_over {
        lent.close();
        return None;
    }
    Some(lent)
}

async fn too_much(lent: &Lent<ImapSessions>, most: u64) {
    while lent.session().traffic().received < most {
        sleep(DRAIN_LOOK).await;
    }
}

fn renumbered() -> Error {
    let text = "the mailbox came back with another UIDVALIDITY, or none: its UIDs may mean other messages";
    Error::new(Kind::Closed, text).with_code(Some(Code::new("UIDVALIDITY", "")))
}

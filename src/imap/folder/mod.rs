//! [`Folder`]: the selected mailbox, lent by a session or owning it, and what can be done in it. How each thing is said is its
//! command's business; copying and moving are in `filing.rs`, finding in `searching.rs`; the common trait's view of a folder is in `mailbox.rs`.

mod as_mailbox;
mod copy;
mod counting;
mod existing;
mod fetch;
mod idle;
mod ids;
mod open;
mod search;
mod section_reader;

use std::borrow::{Borrow, BorrowMut};
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;

pub use self::fetch::Fetch;
pub use self::idle::Idle;
pub use self::open::Opening;
use self::section_reader::Windows;
use super::call::ImapLink;
use super::command::close::Close;
use super::command::expunge::UidExpunge;
use super::command::number::Number;
use super::command::select::Select;
use super::command::store::Store;
use super::engine::Request;
use super::limited::{Descent, Repeat};
use super::session::Imap;
use super::types::{Fetched, FolderInfo, Items, Section, SeqNum, StatusItems, Uid, Uids};
use crate::FlagChange;
use crate::body::Body;
use crate::body::reader::Reader;
use crate::error::{Error, Result};
use crate::message_id::Place;

/// Without ESEARCH a search answers with every UID: beyond so many messages the answer is not worth it.
const MOST_LISTED: u32 = 50_000;
/// A server with a limit of messages is asked for UIDs at most so often.
const MOST_SEARCHES: u64 = 50;

/// The selected mailbox. It lends its session (`Folder<&mut Imap>`, from [`Imap::select`]) or owns it (`Folder<Imap>`, from
/// [`Imap::into_folder`]); everything is the same in both.
///
/// **A call that returns a value takes `&self`, one that returns a stream takes `&mut self`**: while a stream lives no command
/// can be issued through the folder, so none can wait behind a stream that nobody reads.
///
/// Messages are named by UID. A [set of UIDs](Uids) that carries the UIDVALIDITY under which it was met is refused, before
/// anything is sent, in a mailbox with another one: there its numbers mean other messages.
///
/// A server can deselect a mailbox by itself, and it can give it another UIDVALIDITY, with which the folder ends too (the code is
/// `UIDVALIDITY`); then every call fails with [`Kind::Closed`](crate::Kind::Closed), before anything is sent. It is never
/// selected again behind the caller's back.
pub struct Folder<S = Imap> {
    session: S,
    selection: u64,
    place: Arc<Place>,
    marked: Uids,
    /// How many responses of the last listing could not be read.
    flaws: u64,
}

impl<S: Borrow<Imap>> Folder<S> {
    fn new(session: S) -> Result<Self> {
        let state = session.borrow().link().state();
        let selected = state.selected.clone().ok_or_else(|| state.unselected())?;
        if !selected.counted {
            return Err(counting::unknown());
        }
        let place = Place::Imap {
            account: session.borrow().account().as_ref().into(),
            mailbox: selected.name.as_str().into(),
            // UIDs that do not last make ids that do not (RFC 4315 §4).
            validity: selected.uid_validity.filter(|_| !selected.uids_not_sticky).map_or(0, u32::from),
        };
        Ok(Self { session, selection: selected.selection, place: Arc::new(place), marked: Uids::default(), flaws: 0 })
    }

    /// The mailbox as it is now, as far as the server has said. Never touches the wire.
    ///
    /// # Errors
    ///
    /// [`Kind::Closed`](crate::Kind::Closed) where it is no longer selected.
    pub fn info(&self) -> Result<Arc<FolderInfo>> {
        let state = self.link().state();
        let selected = state.selected.clone().filter(|selected| selected.selection == self.selection);
        selected.ok_or_else(|| state.unselected())
    }

    /// The session this folder is selected in.
    pub fn session(&self) -> &Imap {
        self.session.borrow()
    }

    /// Changes flags of these messages; one flight, several for a very long set, and one more each time the server stops at its limit
    /// of messages (MESSAGELIMIT, RFC 9738). Messages that are gone are passed over.
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Input`](crate::Kind::Input) for UIDs of another UIDVALIDITY and
    /// [`Kind::Unsupported`](crate::Kind::Unsupported) in a mailbox opened for reading only;
    /// [`Kind::Rejected`](crate::Kind::Rejected) where the server refuses, or stops and gets no further (code `MESSAGELIMIT`),
    /// [`Kind::Unknown`](crate::Kind::Unknown) where the connection ended before the answer.
    pub async fn store(&self, uids: impl Into<Uids>, change: &FlagChange) -> Result<()> {
        let uids = self.checked(uids.into())?;
        self.check_writable()?;
        for uids in uids.split(self.session().limits().set) {
            self.store_part(uids, change).await?;
        }
        Ok(())
    }

    async fn store_part(&self, mut uids: Uids, change: &FlagChange) -> Result<()> {
        let mut descent = Descent::new(self.info()?.exists.into());
        while !uids.is_empty() {
            let store = Store { selection: self.selection, uids: &uids, change };
            let ((), Some(cut)) = self.session().call_limited(store).await? else { break };
            uids = descent.below(&uids, cut)?;
        }
        Ok(())
    }

    /// Removes those of these messages that are marked `\Deleted`, and no others (UIDPLUS). One flight, several for a very
    /// long set, and one more each time the server stops at its limit of messages.
    ///
    /// # Errors
    ///
    /// [`Kind::Unsupported`](crate::Kind::Unsupported), before anything is sent, where the server has no UID EXPUNGE: it could
    /// only remove what other clients marked too. Otherwise as [`store`](Self::store).
    pub async fn expunge(&self, uids: impl Into<Uids>) -> Result<()> {
        let uids = self.checked(uids.into())?;
        self.check_expunge()?;
        for uids in uids.split(self.session().limits().set) {
            let mut repeat = self.repeat()?;
            let expunge = || UidExpunge { selection: self.selection, uids: &uids };
            while let ((), Some(cut)) = self.session().call_limited(expunge()).await? {
                repeat.again(cut, self.gone())?;
            }
        }
        Ok(())
    }

    /// What was asked for of one message; `None` if it is not there. One flight, which waits for others that fetch; two more if the
    /// server answers without the message: it is asked whether it has the message, and then for it once more. What it has and does not
    /// send has [`Defect::Missing`](crate::Defect::Missing). Nothing is ever marked as read by it. A whole message is judged as in
    /// [`fetch`](Self::fetch).
    ///
    /// # Errors
    ///
    /// [`Kind::Unsupported`](crate::Kind::Unsupported), before anything is sent, for items that the server does not announce;
    /// [`Kind::Closed`](crate::Kind::Closed) where the mailbox is no longer selected,
    /// [`Kind::Rejected`](crate::Kind::Rejected) where the server refuses, and what ends a connection.
    pub async fn get(&self, uid: Uid, items: Items) -> Result<Option<Fetched>> {
        self.session().check_items(&items)?;
        if self.info()?.exists == 0 {
            return Ok(None);
        }
        let (link, limits) = (self.link(), self.session().limits());
        let uids = Uids::from(uid);
        let mut fetch = Fetch::new(link, limits, self.selection, uids.clone(), [uids].into(), items.judged())?;
        let mut found = None;
        while let Some(fetched) = fetch.try_next().await? {
            found.get_or_insert(fetched);
        }
        Ok(found)
    }

    /// The UID that the next message gets at least. Where the server said so when the mailbox was opened this never touches the
    /// wire; where it did not, STATUS is asked, one flight, and where that does not tell either, the UID of the last message,
    /// another one. `None` where nothing tells: the mailbox is empty.
    ///
    /// # Errors
    ///
    /// [`Kind::Closed`](crate::Kind::Closed) where the mailbox is no longer selected, and what
    /// [every command](Imap#errors-of-every-command) can end in.
    pub async fn next_uid(&self) -> Result<Option<Uid>> {
        let info = self.info()?;
        if info.uid_next.is_some() {
            return Ok(info.uid_next);
        }
        match self.session().status(info.name.clone(), StatusItems::UID_NEXT).await {
            Ok(told) if told.uid_next.is_some() => return Ok(told.uid_next),
            Err(error) if !error.is_refusal() => return Err(error),
            _ => {}
        }
        if self.info()?.exists == 0 {
            return Ok(None);
        }
        // RFC 9051 §9: of a set without end that begins beyond it, the last message is part.
        let last = Uids::from_uid(Uid::MAX);
        let (link, limits) = (self.link(), self.session().limits());
        let mut fetch = Fetch::new(link, limits, self.selection, last.clone(), [last].into(), Items::new())?;
        let mut highest = None;
        while let Some(fetched) = fetch.try_next().await? {
            highest = highest.max(fetched.uid());
        }
        Ok(highest.and_then(|uid| Uid::nonzero(uid.as_u32().checked_add(1)?)))
    }

    /// Leaves the mailbox and **removes everything in it that is marked `\Deleted`, by whomever**, unless it is open for reading
    /// only. One flight, whatever the number of messages, and none of them is named. To remove just these, see
    /// [`expunge`](Self::expunge); to remove nothing, [`unselect`](Self::unselect). Gives the session back.
    ///
    /// # Errors
    ///
    /// The folder comes back with the error: [`Kind::Rejected`](crate::Kind::Rejected) where the server refuses,
    /// [`Kind::Unknown`](crate::Kind::Unknown) where the connection ended before the answer.
    pub async fn close(self) -> Result<S, NotLeft<S>> {
        let left = self.session().call(Close { selection: self.selection, expunge: true }).await;
        self.given_back(left)
    }

    /// Leaves the mailbox and removes nothing. One flight; two where the server has no UNSELECT: then the mailbox is opened
    /// once more, for reading only, and closed. Gives the session back.
    ///
    /// # Errors
    ///
    /// The folder comes back with the error, which is one that [every command](Imap#errors-of-every-command) can end in.
    pub async fn unselect(self) -> Result<S, NotLeft<S>> {
        let left = self.leave().await;
        self.given_back(left)
    }

    async fn leave(&self) -> Result<()> {
        let (info, session) = (self.info()?, self.session());
        if session.capabilities().unselect() {
            return session.call(Close { selection: self.selection, expunge: false }).await;
        }
        // RFC 3501 §6.4.2: CLOSE removes nothing where EXAMINE has opened.
        if !info.read_only {
            session.call(Select { name: info.name.clone(), read_only: true }).await?;
        }
        let state = self.link().state();
        let selected =
            state.selected.clone().filter(|selected| selected.read_only).ok_or_else(|| state.unselected())?;
        session.call(Close { selection: selected.selection, expunge: true }).await
    }

    fn given_back(self, left: Result<()>) -> Result<S, NotLeft<S>> {
        match left {
            Ok(()) => Ok(self.session),
            Err(error) => Err(NotLeft { error, folder: self }),
        }
    }

    /// Asks for nothing: lets the server say what happened. One flight.
    ///
    /// # Errors
    ///
    /// [`Kind::Closed`](crate::Kind::Closed), [`Kind::Io`](crate::Kind::Io), [`Kind::Timeout`](crate::Kind::Timeout) where the
    /// connection is gone.
    pub async fn noop(&self) -> Result<()> {
        self.session().noop().await
    }

    /// For a command that takes messages away, and is repeated where the server stops at its limit.
    fn repeat(&self) -> Result<Repeat> {
        Ok(Repeat::new(self.info()?.exists.into(), self.gone()))
    }

    /// How many messages have gone in this session.
    fn gone(&self) -> u64 {
        self.link().state().expunged
    }

    fn can_expunge(&self) -> bool {
        self.session().capabilities().uidplus()
    }

    /// Whether messages can be marked here and just the marked ones removed.
    fn check_expunge(&self) -> Result<()> {
        if !self.can_expunge() {
            return Err(Error::unsupported("the server cannot expunge just these messages (it has no UIDPLUS)"));
        }
        self.check_writable()
    }

    /// Dovecot answers OK to a STORE in a mailbox that is open for reading only, and ignores it.
    fn check_writable(&self) -> Result<()> {
        match self.info()?.read_only {
            true => Err(Error::unsupported("the mailbox is open for reading only")),
            false => Ok(()),
        }
    }

    fn place(&self) -> &Arc<Place> {
        &self.place
    }

    fn link(&self) -> &ImapLink {
        self.session().link()
    }

    /// The set, unless it was met under another UIDVALIDITY.
    fn checked(&self, uids: Uids) -> Result<Uids> {
        self.check(&uids).map(|()| uids)
    }

    fn check(&self, uids: &Uids) -> Result<()> {
        let now = self.info()?.uid_validity;
        match uids.validity() {
            Some(validity) if Some(validity) != now => {
                Err(Error::input("these UIDs are of another UIDVALIDITY: they mean other messages here"))
            }
            _ => Ok(()),
        }
    }

    /// Lets the engine learn the UIDs of messages that it does not know, so that it can tell which ones go.
    async fn number(&self) -> Result<()> {
        let compact = self.session().capabilities().esearch();
        let most = self.session().capabilities().message_limit().unwrap_or(u64::MAX).max(1);
        loop {
            let (exists, known) = (self.info()?.exists, self.link().state().numbered);
            let Some(from) = SeqNum::nonzero(known.saturating_add(1)).filter(|from| from.as_u32() <= exists) else {
                return Ok(());
            };
            let unknown = exists - known;
            if (!compact && unknown > MOST_LISTED) || u64::from(unknown).div_ceil(most) > MOST_SEARCHES {
                return Ok(());
            }
            let part = u32::try_from(most).ok().filter(|&most| most < unknown);
            let to = part.and_then(|most| SeqNum::nonzero(known.saturating_add(most)));
            self.session().call(Number { selection: self.selection, from, to, compact }).await?;
            let now = self.link().state().numbered;
            // What FETCH responses showed before does not fit what is found: all is asked for anew, once.
            let anew = now == 0 && known > 0;
            if !anew && (to.is_none() || now <= known) {
                return Ok(());
            }
        }
    }
}

impl<S: BorrowMut<Imap>> Folder<S> {
    /// Streams what was asked for of these messages. One flight, several for a very long set; the answer is parsed where it is
    /// consumed. Messages that are not there are left out, and of an empty mailbox nothing is asked. Nothing is ever marked as
    /// read by it.
    ///
    /// With whole messages their size is asked for: one of another length has [`Defect::Size`](crate::Defect::Size), one without text
    /// [`Defect::Missing`](crate::Defect::Missing), among its [`defects`](super::Fetched::defects).
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Input`](crate::Kind::Input) for UIDs of another UIDVALIDITY and
    /// [`Kind::Unsupported`](crate::Kind::Unsupported) for items that the server does not announce; the rest comes from the stream.
    pub async fn fetch(&mut self, uids: impl Into<Uids>, items: Items) -> Result<Fetch<'_>> {
        let uids = self.checked(uids.into())?;
        self.session().check_items(&items)?;
        if self.info()?.exists == 0 {
            // Perhaps it has got its first message by now; some servers refuse a set that matches nothing.
            self.noop().await?;
        }
        let empty = self.info()?.exists == 0 || uids.is_empty();
        let parts = if empty { Default::default() } else { uids.split(self.session().limits().set).collect() };
        let session = self.session.borrow_mut();
        Fetch::new(session.link(), session.limits(), self.selection, uids, parts, items.judged())
    }

    /// Reads one section of one message as it comes: `Section::WHOLE` for all of it. One flight for every 4 MiB; at most
    /// [`Limits::window`](crate::Limits::window) bytes, and those of one read, wait for a slow reader, whatever the size of the
    /// message. Dropping the reader costs the transfer of the rest of its 4 MiB. As an `AsyncBufRead` the body shows the bytes
    /// without copying them. If a whole message has another length than the server declares, [`Body::defects`] says so at the end.
    /// Each 4 MiB overlap those before them by 1 KiB: if that differs, as on Dovecot 2.4.1 with some files, all of the section is asked
    /// for once, what was read is passed over, and dropping the reader costs the transfer of the rest.
    ///
    /// # Errors
    ///
    /// If no text comes, one more flight asks whether the server has the message: [`Kind::Rejected`](crate::Kind::Rejected) if it is
    /// gone, [`Kind::Missing`](crate::Kind::Missing) if not, also for a text that turns out to be another message's, or that is another at each
    /// asking. What fails later
    /// is the reader's [`std::io::Error`], with this crate's error inside.
    pub async fn read(&mut self, uid: Uid, section: Section) -> Result<Body<'_>> {
        self.info()?;
        let selection = self.selection;
        let session = self.session.borrow_mut();
        let mut reader = Reader::new(Windows::new(session.link(), session.limits(), selection, uid, section)?);
        // So that a message that is not there is known before anything is read of it.
        poll_fn(|cx| reader.poll_begin(cx)).await?;
        Ok(Body::judged(reader))
    }

    /// Watches the mailbox: what happened since the last look comes first, then what happens, pushed by IDLE where the server
    /// has it and looked for every [`Deadlines::poll`](crate::Deadlines::poll) where not, or where it refuses IDLE. IDLE is renewed before 29 minutes,
    /// and ends by itself when the stream is dropped; the next command waits for that.
    ///
    /// Before the first time, and after new mail, one more flight asks for the UIDs of the messages, so that those which go can
    /// be named; up to 50 flights on a server that announces a limit of messages.
    ///
    /// # Errors
    ///
    /// [`Kind::Closed`](crate::Kind::Closed) where the mailbox is no longer selected, and what ends a connection.
    pub async fn idle(&mut self) -> Result<Idle<'_>> {
        self.number().await?;
        let inbox = self.link().submit(Request::Idle { selection: self.selection });
        Ok(Idle::new(inbox))
    }
}

impl<S> Folder<S> {
    /// Gives the session back. The mailbox stays selected until another one is; nothing is sent.
    pub fn into_session(self) -> S {
        self.session
    }
}

/// A mailbox that could not be left: why, and the folder, with the session in it. `?` turns it into the error.
#[non_exhaustive]
pub struct NotLeft<S = Imap> {
    /// Why.
    pub error: Error,
    /// The folder as it was. Whether its mailbox is still selected, its calls tell.
    pub folder: Folder<S>,
}

impl<S> From<NotLeft<S>> for Error {
    fn from(not: NotLeft<S>) -> Self {
        not.error
    }
}

impl<S> fmt::Display for NotLeft<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<S> fmt::Debug for NotLeft<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotLeft").field("error", &self.error).finish_non_exhaustive()
    }
}

impl<S> std::error::Error for NotLeft<S> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}

impl<S: Borrow<Imap>> fmt::Debug for Folder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Folder").field("info", &self.info().ok()).finish_non_exhaustive()
    }
}

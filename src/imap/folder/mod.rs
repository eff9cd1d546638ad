//! [`Folder`]: the selected mailbox, which borrows its session or owns it, and what can be done in it. Other files have
//! opening, leaving, copying, searching and the common trait; commands know the wire.

mod acting;
mod as_mailbox;
mod asked;
mod comparing;
mod copy;
mod counting;
mod existing;
mod fetch;
mod fetched_parts;
mod fetching;
mod idle;
mod ids;
mod joining;
mod leave;
mod live;
mod lookup;
mod message_set;
mod open;
mod parts;
mod previews;
mod replace;
mod resume;
mod saved;
mod saving;
mod search;
mod section_reader;
mod selected;
mod storing;
mod traces;
mod undoing;

use std::borrow::{Borrow, BorrowMut};
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;

use self::asked::Asked;
pub use self::fetch::Fetch;
pub use self::fetched_parts::{FetchedPart, FetchedParts};
pub use self::fetching::{Fetching, FetchingChanges};
pub use self::idle::Idle;
pub use self::leave::NotLeft;
pub use self::live::{FoundChange, LiveSearch};
pub use self::lookup::Located;
pub use self::message_set::MessageSet;
pub use self::open::Opening;
pub use self::parts::ReadingPart;
pub(crate) use self::parts::read_decoded;
pub use self::resume::{Resume, Resumed};
use self::saved::Resolved;
pub use self::saved::SavedResult;
pub use self::saving::Saving;
pub use self::search::{Search, SearchReturning};
pub(super) use self::search::{check_keys, is_charset, is_limit};
pub(crate) use self::section_reader::AskedSection;
use self::section_reader::Windows;
pub(super) use self::selected::Selected;
pub use self::storing::{Stored, Storing};
pub use self::undoing::Undone;
use super::call::ImapLink;
use super::command::Target;
use super::command::expunge::UidExpunge;
use super::limited::Repeat;
use super::session::Imap;
use super::types::{Fetched, FolderInfo, Items, Section, StatusItems, Uid, Uids};
use crate::body::Body;
use crate::body::reader::{Chunks, Reader};
use crate::error::{Error, Replay, Result};
use crate::message_id::Place;

/// The selected mailbox. It borrows its session (`Folder<&mut Imap>`, from [`Imap::select`]) or owns it
/// (`Folder<Imap>`, from [`Imap::into_folder`]); both have the same methods.
///
/// **A call that returns a value takes `&self`, one that returns a stream takes `&mut self`**: while a stream lives, no
/// command can be sent through the folder, so no command waits for a stream that is not read.
///
/// Messages are named by UID. A [set of UIDs](Uids) can carry the UIDVALIDITY under which it was obtained. In a mailbox
/// with another UIDVALIDITY, where its numbers mean other messages, such a set is refused before anything is sent.
///
/// A server can deselect a mailbox on its own, or change its UIDVALIDITY, which also ends the folder (the error's code
/// is `UIDVALIDITY`). Then every call fails with [`Kind::Closed`](crate::Kind::Closed) before anything is sent. The
/// mailbox is never selected again without the caller.
///
/// A command is sent when the call's future is first polled. Every future and stream may be dropped at any time, as
/// described at [`Imap`].
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::imap::{Items, Query};
///
/// let mut inbox = imap.select("INBOX").await?;
/// let unseen = inbox.search(&Query::unseen()).await?;
/// let mut mail = inbox.fetch(unseen, Items::ENVELOPE.flags()).await?;
/// while let Some(message) = mail.try_next().await? {
///     println!("{:?}", message.subject());
/// }
/// # Ok(())
/// # }).unwrap();
/// ```
pub struct Folder<S = Imap> {
    session: S,
    selection: u64,
    place: Arc<Place>,
    marked: Uids,
    /// The number of responses of the last listing that could not be read.
    flaws: u64,
}

impl<S: Borrow<Imap>> Folder<S> {
    /// The folder of the mailbox that is selected in this session. The session may be whatever a program keeps it in, if that borrows as
    /// an [`Imap`]. Never touches the wire.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Folder;
    ///
    /// imap.select("INBOX").await?;
    /// let inbox = Folder::of(&imap)?; // for the calls that return a value
    /// println!("{} messages", inbox.info()?.exists);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Closed`](crate::Kind::Closed) if none is selected; [`Kind::Missing`](crate::Kind::Missing) if the server has not reported
    /// how many messages are in it.
    pub fn of(session: S) -> Result<Self> {
        Self::new(session)
    }

    fn new(session: S) -> Result<Self> {
        let state = session.borrow().link().state();
        let selected = state.selected.clone().ok_or_else(|| state.unselected())?;
        if !selected.counted {
            return Err(counting::unknown());
        }
        let place = session.borrow().place_of(&selected);
        Ok(Self { session, selection: selected.selection, place: Arc::new(place), marked: Uids::default(), flaws: 0 })
    }

    /// What the server has reported about the mailbox. Never touches the wire.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// let inbox = imap.select("INBOX").await?;
    /// println!("{} messages", inbox.info()?.exists);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Closed`](crate::Kind::Closed) if it is no longer selected.
    pub fn info(&self) -> Result<Arc<FolderInfo>> {
        self.selected().info()
    }

    /// The session in which this folder is selected.
    pub fn session(&self) -> &Imap {
        self.session.borrow()
    }

    /// Expunges those of these messages (UIDs, or a [`SavedResult`]) that are marked `\Deleted`, and no others (UIDPLUS, RFC 4315). One round trip;
    /// more for a very long set, and one more each time the server stops at its limit of messages.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Uids;
    /// use postroom::{Flag, FlagChange};
    ///
    /// let inbox = imap.select("INBOX").await?;
    /// let uids: Uids = "1:3".parse()?;
    /// inbox.store(uids.clone(), &FlagChange::add([Flag::DELETED])).await?;
    /// inbox.expunge(uids).await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Unsupported`](crate::Kind::Unsupported), before anything is sent, if the server does not support UID
    /// EXPUNGE: EXPUNGE would also remove messages that other clients marked. Otherwise as for [`Storing`].
    pub async fn expunge(&self, messages: impl Into<MessageSet>) -> Result<()> {
        let named = self.selected().resolve(messages.into())?;
        self.check_expunge()?;
        let uids = match named {
            Resolved::Uids(uids) => uids,
            Resolved::Saved(saved) if saved.count == 0 => return Ok(()),
            Resolved::Saved(saved) => {
                let messages = Target::Saved(saved.mark);
                return self.session().call(UidExpunge { selection: self.selection, messages }).await;
            }
        };
        let mut done = None;
        for uids in uids.split(self.session().limits().set) {
            let expunge = UidExpunge { selection: self.selection, messages: (&uids).into() };
            self.expunge_part(expunge, &mut done).await.map_err(|error| error.after_change(done))?;
        }
        Ok(())
    }

    /// Fetches items of one message; `None` if it does not exist. Never marks a message as read. One round trip, which
    /// waits for other fetches. If the server's answer lacks the message, two more: one asks whether it exists, one
    /// fetches it again. A message that exists and is still not sent has [`Defect::Missing`](crate::Defect::Missing). A
    /// whole message is checked as in [`fetch`](Self::fetch).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::{Items, Uid};
    ///
    /// let inbox = imap.select("INBOX").await?;
    /// let uid = Uid::new(1)?;
    /// if let Some(message) = inbox.get(uid, Items::ENVELOPE).await? {
    ///     println!("{:?}", message.subject());
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Unsupported`](crate::Kind::Unsupported), before anything is sent, for items that the server does not
    /// support; [`Kind::Closed`](crate::Kind::Closed) if the mailbox is no longer selected;
    /// [`Kind::Rejected`](crate::Kind::Rejected) if the server refuses; and the errors of [every
    /// command](Imap#errors-of-every-command).
    pub async fn get(&self, uid: Uid, items: Items) -> Result<Option<Fetched>> {
        self.session().check_items(&items)?;
        if self.info()?.exists == 0 {
            return Ok(None);
        }
        let (link, limits) = (self.link(), self.session().limits());
        let uids = Uids::from(uid);
        let mut fetch = Fetch::new(link, limits, self.selection, Asked::new(uids, items.judged(), limits.set))?;
        let mut found = None;
        while let Some(fetched) = fetch.try_next().await? {
            found.get_or_insert(fetched);
        }
        Ok(found)
    }

    /// Returns the lowest UID that the next message can get; `None` if it is not known and the mailbox is empty. Never
    /// touches the wire if the server reported UIDNEXT when the mailbox was opened. Otherwise STATUS asks for it, one
    /// round trip; if that does not report it, a FETCH of the last message does, one more.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// let inbox = imap.select("INBOX").await?;
    /// println!("{:?}", inbox.next_uid().await?);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Closed`](crate::Kind::Closed) if the mailbox is no longer selected, and the errors of [every
    /// command](Imap#errors-of-every-command).
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
        // RFC 9051 §6.4.9: `n:*` includes the last message even if its UID is below `n`.
        let last = Uids::from_uid(Uid::MAX);
        let (link, limits) = (self.link(), self.session().limits());
        let mut fetch = Fetch::new(link, limits, self.selection, Asked::new(last, Items::new(), limits.set))?;
        let mut highest = None;
        while let Some(fetched) = fetch.try_next().await? {
            highest = highest.max(fetched.uid());
        }
        Ok(highest.and_then(|uid| Uid::nonzero(uid.as_u32().checked_add(1)?)))
    }

    /// Sends NOOP: lets the server report changes, which [`info`](Self::info) shows and [`idle`](Self::idle) delivers. One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// let inbox = imap.select("INBOX").await?;
    /// inbox.noop().await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// The errors of [every command](Imap#errors-of-every-command).
    pub async fn noop(&self) -> Result<()> {
        self.session().noop().await
    }

    /// Expunges until the server does not stop at its limit. `done` is what was changed.
    async fn expunge_part(&self, expunge: UidExpunge<'_>, done: &mut Option<Replay>) -> Result<()> {
        let mut repeat = self.repeat()?;
        loop {
            let ((), cut) = self.session().call_limited(expunge).await?;
            *done = Some(expunge.replay());
            let Some(cut) = cut else { return Ok(()) };
            repeat.again(cut, self.gone())?;
        }
    }

    /// For a command that removes messages and is repeated if the server stops at its limit.
    fn repeat(&self) -> Result<Repeat> {
        Ok(Repeat::new(self.info()?.exists.into(), self.gone()))
    }

    /// The number of messages that were expunged in this session.
    pub(crate) fn gone(&self) -> u64 {
        self.link().state().expunged
    }

    fn can_expunge(&self) -> bool {
        self.session().capabilities().uidplus()
    }

    /// Fails unless messages can be marked here and exactly those expunged.
    fn check_expunge(&self) -> Result<()> {
        if !self.can_expunge() {
            return Err(Error::unsupported(
                "the server cannot expunge only these messages (it does not support UIDPLUS)",
            ));
        }
        self.check_writable()
    }

    fn check_writable(&self) -> Result<()> {
        self.selected().check_writable()
    }

    fn place(&self) -> &Arc<Place> {
        &self.place
    }

    fn link(&self) -> &ImapLink {
        self.session().link()
    }
}

impl<S: BorrowMut<Imap>> Folder<S> {
    /// Reads one section of one message while it arrives; `Section::WHOLE` is all of it. One round trip for every 4
    /// MiB. At most [`Limits::window`](crate::Limits::window) bytes, plus those of one read, wait for a slow reader,
    /// whatever the size of the message. Dropping the reader costs the transfer of the rest of the current 4 MiB. As an
    /// `AsyncBufRead`, the body exposes the bytes without copying them. If a whole message has another length than the
    /// server declares, [`Body::defects`] reports it at the end.
    ///
    /// Each piece of 4 MiB overlaps the one before it by 1 KiB. If the overlap differs, as on Dovecot 2.4.1 with some
    /// files, the whole section is fetched once, and what was read already is skipped; then dropping the reader costs
    /// the transfer of the rest.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::{Section, Uid};
    /// use tokio::io::AsyncReadExt;
    ///
    /// let mut inbox = imap.select("INBOX").await?;
    /// let mut header = String::new();
    /// let uid = Uid::new(1)?;
    /// inbox.read(uid, Section::HEADER).await?.read_to_string(&mut header).await?;
    /// println!("{header}");
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// If no text arrives, one more round trip asks whether the message exists:
    /// [`Kind::Rejected`](crate::Kind::Rejected) if it does not, [`Kind::Missing`](crate::Kind::Missing) if it does;
    /// and the errors of [every command](Imap#errors-of-every-command). Later errors are [`std::io::Error`]s of the
    /// reader, with this crate's error inside; among them [`Kind::Missing`](crate::Kind::Missing) for text that turns
    /// out to be another message's, or that differs each time it is fetched.
    pub async fn read(&mut self, uid: Uid, section: Section) -> Result<Body<'_>> {
        let mut reader = Reader::new(self.windows(uid, AskedSection::new(section, false, 0))?);
        // A message that does not exist is an error here, not of the reader.
        poll_fn(|cx| reader.poll_begin(cx)).await?;
        Ok(Body::judged(reader))
    }

    /// The bytes of a section from an offset on.
    pub(crate) fn windows(&mut self, uid: Uid, asked: AskedSection) -> Result<impl Chunks + Send> {
        self.info()?;
        let selection = self.selection;
        let session: &Imap = self.session.borrow();
        Windows::new(session.link(), session.limits(), selection, uid, asked)
    }
}

impl<S> Folder<S> {
    /// Returns the session. The mailbox stays selected until another one is selected; nothing is sent.
    pub fn into_session(self) -> S {
        self.session
    }
}

impl<S: Borrow<Imap>> fmt::Debug for Folder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Folder").field("info", &self.info().ok()).finish_non_exhaustive()
    }
}

//! [`Opening`]: a mailbox that is about to be opened, and the calls of [`Imap`] that open one. SELECT and the first
//! FETCH can share one round trip. It must not know what is done in an open mailbox.

use std::borrow::BorrowMut;
use std::fmt;
use std::future::IntoFuture;

use super::asked::Asked;
use super::resume::Resume;
use super::{Fetch, Folder, counting};
use crate::error::{Error, Result};
use crate::imap::call::{call, finish};
use crate::imap::command::select::Select;
use crate::imap::command::{Command, fetch};
use crate::imap::engine::Request;
use crate::imap::plan::RequiredState;
use crate::imap::session::{Imap, mailbox_name};
use crate::imap::types::{Items, MailboxName, SyncPoint, Uids};
use crate::mailbox::BoxFuture;
#[cfg(doc)]
use crate::{Kind, imap::FolderInfo, imap::Resumed};

/// A mailbox that is about to be opened. Await it to get its [`Folder`]. Nothing is sent before that.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// let inbox = imap.open("INBOX").read_only().await?;
/// assert!(inbox.info()?.read_only);
/// # Ok(())
/// # }).unwrap();
/// ```
///
/// `S` is what the folder holds: `&mut Imap` from [`Imap::open`], or the session itself from [`Imap::into_folder`].
/// Awaiting it sends SELECT, or EXAMINE if it is [read-only](Self::read_only): one round trip. If the server does not
/// report how many messages there are, NOOP and UID SEARCH ask for it: one more. The first call of a session waits one
/// more for a name that is not plain ASCII or contains `&`: see [`Imap::connect`]. If the future is dropped while it
/// runs, the mailbox may still become selected; the session stays usable.
///
/// # Errors
///
/// [`Kind::Input`] for a name that cannot be sent; [`Kind::Rejected`] if the server refuses: then nothing is selected;
/// [`Kind::Missing`] if the server does not report how many messages there are, even when asked; and the errors of
/// [every command](Imap#errors-of-every-command).
#[must_use = "nothing is opened until it is awaited or fetched from"]
pub struct Opening<S> {
    session: S,
    name: Result<MailboxName>,
    read_only: bool,
}

/// Opening a mailbox. A session has one selected mailbox: opening another one deselects it.
impl Imap {
    /// Prepares to open a mailbox: await the [`Opening`]. [`Opening::read_only`] opens it with EXAMINE;
    /// [`Opening::fetch`] sends SELECT and FETCH in one round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::{Items, Uids};
    ///
    /// let mut mail = imap.open("INBOX").fetch(Uids::ALL, Items::ENVELOPE).await?;
    /// while let Some(message) = mail.try_next().await? {
    ///     println!("{:?}", message.subject());
    /// }
    /// drop(mail);
    /// let inbox = imap.selected_folder()?;
    /// println!("{} messages", inbox.info()?.exists);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub fn open(&mut self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Opening<&mut Self> {
        Opening::new(self, mailbox_name(name))
    }

    /// Like [`open`](Self::open), but moves the session into the folder, which can then be stored and boxed. If it
    /// fails, the session is dropped: use `open` if you expect that.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::Mailbox;
    ///
    /// let mailbox: Box<dyn Mailbox> = Box::new(imap.into_folder("INBOX").await?);
    /// println!("{:?}", mailbox.features());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub fn into_folder(self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Opening<Self> {
        Opening::new(self, mailbox_name(name))
    }

    /// Opens a mailbox for reading and writing. Short for [`open`](Self::open) and `await`: one or two round trips.
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
    /// Those of [`Opening`].
    pub async fn select(&mut self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<Folder<&mut Self>> {
        self.open(name).select().await
    }

    /// Opens a mailbox read-only. Short for [`open`](Self::open), [`read_only`](Opening::read_only) and `await`: one or
    /// two round trips. Nothing in this session changes the mailbox.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// let inbox = imap.examine("INBOX").await?;
    /// assert!(inbox.info()?.read_only);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Opening`].
    pub async fn examine(&mut self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<Folder<&mut Self>> {
        self.open(name).read_only().select().await
    }

    /// Returns the folder of the mailbox that is selected now. Never touches the wire.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// imap.select("INBOX").await?;
    /// let inbox = imap.selected_folder()?;
    /// println!("{} messages", inbox.info()?.exists);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Closed`] if none is selected; [`Kind::Missing`] if the server has not reported how many messages are in it.
    pub fn selected_folder(&mut self) -> Result<Folder<&mut Self>> {
        Folder::new(self)
    }
}

impl<S: BorrowMut<Imap>> Opening<S> {
    fn new(session: S, name: Result<MailboxName>) -> Self {
        Self { session, name, read_only: false }
    }

    /// Opens it read-only, with EXAMINE.
    pub fn read_only(self) -> Self {
        Self { read_only: true, ..self }
    }

    async fn select(self) -> Result<Folder<S>> {
        let imap = self.session.borrow();
        let select = Select::plain(self.name?, self.read_only);
        let options = imap.options_to_open(&select.name).await?;
        call(imap.link(), select, options, imap.limits()).await?;
        counting::count(imap.link(), imap.limits()).await?;
        Folder::new(self.session)
    }
}

impl<'a> Opening<&'a mut Imap> {
    /// Opens the mailbox and streams the items of these messages, as [`Folder::fetch`] does. The mailbox stays
    /// selected; [`Imap::selected_folder`] returns its folder. SELECT and FETCH are sent together: one round trip. A
    /// set of UIDs that carries a UIDVALIDITY costs a second one, since the UIDVALIDITY must be known before they are
    /// fetched. If it is the first call of a session, a name that is not plain ASCII or contains `&` costs one more,
    /// and so do items that only IMAP4rev2 has: see [`Imap::connect`].
    ///
    /// If the future is dropped, the mailbox may still become selected.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::{Items, Uids};
    ///
    /// let mut mail = imap.open("INBOX").fetch(Uids::ALL, Items::FLAGS).await?;
    /// while let Some(message) = mail.try_next().await? {
    ///     println!("{:?}: {:?}", message.uid(), message.flags());
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for a name that cannot be sent, and for UIDs of another UIDVALIDITY;
    /// [`Kind::Unsupported`](crate::Kind::Unsupported), before anything is sent, for items that the server does not
    /// support; [`Kind::Rejected`](crate::Kind::Rejected) if the server refuses to open it: then nothing is selected;
    /// [`Kind::Missing`](crate::Kind::Missing) if it does not report how many messages there are, even when one or two
    /// more round trips ask for it; and the errors of [every command](Imap#errors-of-every-command). The stream returns
    /// the others.
    pub async fn fetch(self, uids: impl Into<Uids>, items: Items) -> Result<Fetch<'a>> {
        let (uids, items) = (uids.into(), items.judged());
        if self.session.check_items(&items).is_err() {
            // IMAP4rev2 may be what they need.
            self.session.settled().await?;
            self.session.check_items(&items)?;
        }
        let stamped = uids.validity().is_some();
        let asked = Asked::new(uids.clone(), items.clone(), self.session.limits().set);
        let select = Select::plain(self.name?, self.read_only);
        let imap: &'a Imap = self.session;
        let link = imap.link();
        let options = imap.options_to_open(&select.name).await?;
        let plan = match asked.first().filter(|_| !stamped) {
            Some(first) => Some(fetch::plan(0, first, &items)?),
            None => None,
        };

        let opening = link.submit(Request::Command(select.plan(options)?));
        let selection = opening.id().0;
        let pipelined = plan.map(|plan| {
            let order = plan.order.pipelined_on_select();
            link.submit(Request::Command(plan.order(order).needs(RequiredState::Selection(selection))))
        });
        finish(opening, select, imap.limits()).await?;
        // The FETCH's data must not fill the window before the answers that are needed first.
        let pipelined = pipelined.filter(|_| !counting::is_due(link));
        counting::count(link, imap.limits()).await?;
        let folder = Folder::new(imap)?;
        folder.selected().check(&uids)?;
        let empty = folder.info()?.exists == 0;
        match pipelined {
            Some(inbox) => {
                let fetch = Fetch::begun(link, imap.limits(), selection, asked, inbox);
                Ok(if empty { fetch.of_empty_mailbox() } else { fetch })
            }
            None => {
                let asked = if empty { asked.nothing() } else { asked };
                Fetch::new(link, imap.limits(), selection, asked)
            }
        }
    }
}

impl<'a> Opening<&'a mut Imap> {
    /// Opens the mailbox and streams what happened in it since the point, in the same terms whatever the server has:
    /// messages that vanished, changed, or are new. [`Resume::finish`] returns the folder and the new point.
    ///
    /// * With **QRESYNC** (RFC 7162): one round trip, and only the changes are transferred.
    /// * With **CONDSTORE**: two round trips, the second one for the changes and a UID SEARCH of all messages.
    /// * Otherwise, the first time, and if what the server reports cannot be used: two round trips, the second one for the
    ///   flags of all messages. Then [`Resume::exact_changes`] is `false`.
    ///
    /// A SELECT that is refused with BAD because of its parameter is sent again without it, one round trip each. If the
    /// UIDVALIDITY has changed, if the UIDs of the mailbox do not last, or if UIDNEXT has fallen, all messages come as new
    /// after [`Resumed::Reset`].
    ///
    /// If the future is dropped, the mailbox may still become selected.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::{Resumed, SyncPoint};
    ///
    /// let mut changes = imap.open("INBOX").resume(&SyncPoint::default()).await?;
    /// let mut new = 0;
    /// while let Some(change) = changes.try_next().await? {
    ///     new += u32::from(matches!(change, Resumed::New(_)));
    /// }
    /// let (inbox, point) = changes.finish().await?;
    /// assert_eq!(inbox.info()?.exists, new);
    /// println!("{point}");
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for a name that cannot be sent, and for a point whose known messages end in
    /// `*`; [`Kind::Rejected`](crate::Kind::Rejected) if the server refuses to open the mailbox: then nothing is selected;
    /// and the errors of [every command](Imap#errors-of-every-command). The stream returns the others.
    pub async fn resume(self, point: &SyncPoint) -> Result<Resume<'a>> {
        Resume::open(self.session, self.name?, self.read_only, point).await
    }
}

impl<'a> IntoFuture for Opening<&'a mut Imap> {
    type Output = Result<Folder<&'a mut Imap>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.select())
    }
}

impl IntoFuture for Opening<Imap> {
    type Output = Result<Folder<Imap>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.select())
    }
}

impl<S> fmt::Debug for Opening<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening").field("name", &self.name).field("read_only", &self.read_only).finish_non_exhaustive()
    }
}

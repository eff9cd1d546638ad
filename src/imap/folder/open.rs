//! [`Opening`]: a mailbox that is about to be opened, and the calls of [`Imap`] that open one. All of them are an `Opening`. SELECT and
//! the first FETCH can share one round trip. What can be done in an open mailbox is not here.

use std::borrow::BorrowMut;
use std::collections::VecDeque;
use std::fmt;
use std::future::IntoFuture;

use super::{Fetch, Folder, counting};
use crate::error::{Error, Result};
use crate::imap::call::finish;
use crate::imap::command::select::Select;
use crate::imap::command::{Command, fetch};
use crate::imap::engine::Request;
use crate::imap::plan::Needs;
use crate::imap::session::{Imap, named};
use crate::imap::types::{Items, MailboxName, Uids};
use crate::mailbox::BoxFuture;
#[cfg(doc)]
use crate::{Kind, imap::FolderInfo};

/// A mailbox that is about to be opened. Await it to get its [`Folder`]. Nothing is sent before.
///
/// `S` is what the folder holds: `&mut Imap` from [`Imap::open`], or the session itself from [`Imap::into_folder`]. Awaiting it sends
/// SELECT, or EXAMINE if it is [read only](Self::read_only): one round trip. If the server does not report how many messages there are,
/// NOOP and UID SEARCH ask for it: one more. Dropped while it runs, the mailbox may be selected all the same; the session stays usable.
///
/// # Errors
///
/// [`Kind::Input`] for a name that cannot be sent; [`Kind::Rejected`] if the server refuses: then nothing is selected;
/// [`Kind::Missing`] if the server does not report in either way how many messages there are; and what
/// [every command](Imap#errors-of-every-command) can end in.
#[must_use = "nothing is opened until it is awaited or fetched from"]
pub struct Opening<S> {
    session: S,
    name: Result<MailboxName>,
    read_only: bool,
}

/// Opening a mailbox. A session has one selected mailbox: opening another one deselects it.
impl Imap {
    /// Opens a mailbox: an [`Opening`], to be awaited. [`Opening::read_only`] opens it by EXAMINE; [`Opening::fetch`] sends SELECT and
    /// FETCH in one round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # async fn example() -> postroom::Result<()> {
    /// # use postroom::imap::{Imap, Items, Uids};
    /// # use postroom::{Config, Login};
    /// # let server = postroom::testing::Server::builder().sample_mail().start().await?;
    /// # let config = Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
    /// let mut imap = Imap::connect(config, Login::password("alice", "alicepw")).await?;
    /// let mut mail = imap.open("INBOX").fetch(Uids::ALL, Items::ENVELOPE).await?;
    /// while let Some(message) = mail.try_next().await? {
    ///     println!("{:?}", message.subject());
    /// }
    /// let inbox = imap.selected_folder()?;
    /// println!("{} messages", inbox.info()?.exists);
    /// # Ok(())
    /// # }
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    pub fn open(&mut self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Opening<&mut Self> {
        Opening::new(self, named(name))
    }

    /// The same as [`open`](Self::open) with the session moved into the folder, which can then be stored and boxed. If it fails the
    /// session is dropped: use `open` if failure is expected.
    pub fn into_folder(self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Opening<Self> {
        Opening::new(self, named(name))
    }

    /// Opens a mailbox for reading and writing: short for [`open`](Self::open) and `await`.
    ///
    /// # Errors
    ///
    /// Those of [`Opening`].
    pub async fn select(&mut self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<Folder<&mut Self>> {
        self.open(name).select().await
    }

    /// Opens a mailbox for reading only: short for [`open`](Self::open), [`read_only`](Opening::read_only) and `await`. Nothing in
    /// this session changes the mailbox.
    ///
    /// # Errors
    ///
    /// Those of [`Opening`].
    pub async fn examine(&mut self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<Folder<&mut Self>> {
        self.open(name).read_only().select().await
    }

    /// The mailbox that is selected now, again as a folder. Never touches the wire.
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

    /// Opens it for reading only, by EXAMINE.
    pub fn read_only(self) -> Self {
        Self { read_only: true, ..self }
    }

    async fn select(self) -> Result<Folder<S>> {
        let imap = self.session.borrow();
        imap.call(Select { name: self.name?, read_only: self.read_only }).await?;
        counting::count(imap.link(), imap.limits()).await?;
        Folder::new(self.session)
    }
}

impl<'a> Opening<&'a mut Imap> {
    /// Opens the mailbox and streams what was asked for of these messages, as [`Folder::fetch`] does; the mailbox stays
    /// selected, and [`Imap::selected_folder`] is its folder. SELECT and FETCH go out together: one flight. A set of UIDs that carries a
    /// UIDVALIDITY costs a second one, since it must not be asked for under another.
    ///
    /// Dropped, the mailbox may be selected all the same.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for a name that cannot be, and for UIDs of another UIDVALIDITY;
    /// [`Kind::Unsupported`](crate::Kind::Unsupported), before anything is sent, for items that the server does not announce;
    /// [`Kind::Rejected`](crate::Kind::Rejected) where the server refuses to open it: then nothing is selected;
    /// [`Kind::Missing`](crate::Kind::Missing) if it does not say how many messages are in it, which one or two more flights ask for.
    /// The rest comes from the stream.
    pub async fn fetch(self, uids: impl Into<Uids>, items: Items) -> Result<Fetch<'a>> {
        let (uids, items) = (uids.into(), items.judged());
        self.session.check_items(&items)?;
        let parts: VecDeque<Uids> = uids.split(self.session.limits().set).collect();
        let select = Select { name: self.name?, read_only: self.read_only };
        let imap: &'a Imap = self.session;
        let link = imap.link();
        let plan = match parts.front().filter(|_| uids.validity().is_none()) {
            Some(first) => Some(fetch::plan(0, first, &items)?),
            None => None,
        };

        let opening = link.submit(Request::Command(select.plan(imap.terms())?));
        let selection = opening.id().0;
        let riding = plan.map(|plan| {
            let order = plan.order.riding();
            link.submit(Request::Command(plan.order(order).needs(Needs::Selection(selection))))
        });
        finish(opening, select, imap.limits()).await?;
        // What the FETCH brings must not fill the window before the answers that are needed first.
        let riding = riding.filter(|_| !counting::is_due(link));
        counting::count(link, imap.limits()).await?;
        let folder = Folder::new(imap)?;
        folder.check(&uids)?;
        let empty = folder.info()?.exists == 0;
        match riding {
            Some(inbox) => {
                let fetch = Fetch::begun(link, imap.limits(), selection, uids, parts, items, inbox);
                Ok(if empty { fetch.of_nothing() } else { fetch })
            }
            None => {
                let parts = if empty { VecDeque::new() } else { parts };
                Fetch::new(link, imap.limits(), selection, uids, parts, items)
            }
        }
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

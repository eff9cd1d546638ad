//! [`Opening`]: a mailbox about to be opened, so that SELECT and the first FETCH can share one flight. What comes after is
//! `folder.rs`'s business.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use super::call::finish;
use super::command::select::Select;
use super::command::{Command, fetch};
use super::counting;
use super::engine::Request;
use super::fetch::Fetch;
use super::folder::Folder;
use super::plan::Needs;
use super::session::Imap;
use super::types::{Items, MailboxName, Uids};
use crate::error::Result;

/// A mailbox about to be opened, by [`Imap::open`]. Awaited, it becomes a [`Folder`]; nothing is sent before.
#[must_use = "nothing is opened before it is awaited, or fetched from"]
pub struct Opening<'a> {
    imap: &'a mut Imap,
    name: Result<MailboxName>,
    read_only: bool,
}

impl<'a> Opening<'a> {
    pub(super) fn new(imap: &'a mut Imap, name: Result<MailboxName>) -> Self {
        Self { imap, name, read_only: false }
    }

    /// Opens it for reading only: by EXAMINE.
    pub fn read_only(self) -> Self {
        Self { read_only: true, ..self }
    }

    /// Opens the mailbox and streams what was asked for of these messages, as [`Folder::fetch`] does; the mailbox stays
    /// selected, and [`Imap::selected`] is its folder. SELECT and FETCH go out together: one flight. A set of UIDs that carries a
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
        self.imap.check_items(&items)?;
        let parts: VecDeque<Uids> = uids.split(self.imap.limits().set).collect();
        let select = Select { name: self.name?, read_only: self.read_only };
        let imap: &'a Imap = self.imap;
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

impl<'a> IntoFuture for Opening<'a> {
    type Output = Result<Folder<&'a mut Imap>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let name = self.name?;
            if self.read_only { self.imap.examine(name).await } else { self.imap.select(name).await }
        })
    }
}

impl fmt::Debug for Opening<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening").field("name", &self.name).field("read_only", &self.read_only).finish_non_exhaustive()
    }
}

//! All mailboxes as a tree, and the one with a role: [`Imap::folders`], [`Imap::special`]. It must not know how a tree is built from
//! names.

use std::fmt;
use std::future::IntoFuture;

#[cfg(doc)]
use crate::error::Kind;
use crate::error::{Error, Result};
use crate::imap::Imap;
use crate::imap::command::extension::Extension;
use crate::imap::command::list_extended::ListReturn;
use crate::imap::types::{FolderTree, Listing, MailboxName, Response, Role, RoleSource, StatusItems};
use crate::mailbox::BoxFuture;

/// A listing of all mailboxes that is about to be asked for, from [`Imap::folders`]. Await it. Nothing is sent before that.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |imap| {
/// let names = imap.folders().without_counts().await?;
/// let counted = imap.folders().rights().await?;
/// assert_eq!(names.len(), counted.len());
/// # Ok(())
/// # }).unwrap();
/// ```
///
/// # Errors
///
/// Before anything is sent, [`Kind::Unsupported`] for [rights](Self::rights) without ACL; [`Kind::Limit`] for more mailboxes than
/// [`Limits::untagged`](crate::Limits::untagged) allows; and the errors of [every command](Imap#errors-of-every-command).
#[must_use = "nothing is listed until it is awaited"]
pub struct ListingFolders<'a> {
    imap: &'a Imap,
    rights: bool,
    counts: bool,
    sizes: bool,
}

impl Imap {
    /// Lists all mailboxes of the account as a tree, with what each is for, whether the user is subscribed, its counts and its size: await
    /// the [`ListingFolders`].
    ///
    /// One round trip with LIST-EXTENDED and LIST-STATUS (RFC 5258, RFC 5819). Without LIST-STATUS, one more for each 64 mailboxes
    /// (STATUS). Without LIST-EXTENDED, LSUB takes one more, and without SPECIAL-USE XLIST takes one, if the server has it. Counting is
    /// work for the server, above all the sizes: leave out what you do not show.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// use postroom::imap::Role;
    ///
    /// let tree = imap.folders().await?;
    /// if let Some(trash) = tree.special(Role::Trash) {
    ///     println!("{}: {:?} messages", trash.name(), trash.messages());
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// A role comes from SPECIAL-USE (RFC 6154), otherwise from XLIST, otherwise from the name, which servers and phones write in many
    /// languages; [`FolderNode::role_source`](crate::imap::FolderNode::role_source) says which.
    pub fn folders(&self) -> ListingFolders<'_> {
        ListingFolders { imap: self, rights: false, counts: true, sizes: true }
    }

    /// The mailbox with this role: the one that [`FolderTree::special`] returns, otherwise a new one, which the user is subscribed to. The
    /// session remembers the answer; it never touches the wire for INBOX.
    ///
    /// One round trip to find it (more on servers without LIST-EXTENDED, see [`folders`](Self::folders)). Three more create it: NAMESPACE,
    /// CREATE with its use if the server has CREATE-SPECIAL-USE, and SUBSCRIBE. It gets the usual English name below the prefix of the
    /// user's own mailboxes, such as `INBOX.Sent` on Courier. If the future is dropped between, the mailbox may exist and not be subscribed.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::{Role, Uid};
    ///
    /// let trash = imap.special(Role::Trash).await?;
    /// imap.select("INBOX").await?.move_to(Uid::new(1)?, trash).await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Unsupported`] if there is no mailbox for [`Role::All`], [`Role::Flagged`] or [`Role::Important`]: only a server can make one;
    /// [`Kind::Rejected`] if the server refuses to create one; and the errors of [every command](Self#errors-of-every-command).
    pub async fn special(&self, role: Role) -> Result<MailboxName> {
        match self.find_special(role).await? {
            Ok(name) => Ok(name),
            Err(tree) => {
                let name = self.create_role(role, &tree).await?;
                self.special_names.learn(role, &name);
                Ok(name)
            }
        }
    }

    /// The mailbox with this role, or the tree that has none.
    pub(super) async fn find_special(&self, role: Role) -> Result<std::result::Result<MailboxName, FolderTree>> {
        let known = self.special_names.of(role);
        if let Some(name) = Some(MailboxName::INBOX).filter(|_| role == Role::Inbox).or(known) {
            return Ok(Ok(name));
        }
        let tree = self.folders().without_counts().await?;
        let found = tree.special(role).filter(|node| node.exists()).map(|node| node.name().clone());
        let Some(name) = found else { return Ok(Err(tree)) };
        self.special_names.learn(role, &name);
        Ok(Ok(name))
    }

    async fn create_role(&self, role: Role, tree: &FolderTree) -> Result<MailboxName> {
        let Some((usual, attribute)) = role.usual_name().zip(role.attribute()) else {
            return Err(Error::unsupported(format!(
                "there is no mailbox with the role {role}, and none can be created"
            )));
        };
        // The server may name one that does not exist yet.
        let name = match tree.special(role).filter(|node| node.role_source() != Some(RoleSource::Name)) {
            Some(node) => node.name().clone(),
            None => MailboxName::new(&format!("{}{usual}", self.own_prefix(tree).await?))?,
        };
        let created = match self.capabilities().create_special_use() {
            // The server may refuse the use, not the name.
            true => match self.create_special(name.clone(), &[attribute]).await {
                Err(error) if error.is_refusal() => self.create_mailbox(name.clone()).await,
                created => created,
            },
            false => self.create_mailbox(name.clone()).await,
        };
        if let Err(error) = created {
            // Another client may have created it meanwhile, or it is there without its role.
            let there = match error.is_refusal() {
                true => self.folders().without_counts().await?,
                false => return Err(error),
            };
            let there = there.find(&name).filter(|node| node.exists() && node.is_selectable());
            return there.map(|node| node.name().clone()).ok_or(error);
        }
        match self.subscribe(name.clone()).await {
            Err(error) if !error.is_refusal() => Err(error),
            _ => Ok(name),
        }
    }

    /// The prefix of the user's own mailboxes.
    async fn own_prefix(&self, tree: &FolderTree) -> Result<String> {
        if self.capabilities().namespace() {
            let namespaces = self.namespace().await?;
            return Ok(namespaces.personal.into_iter().next().map(|own| own.prefix).unwrap_or_default());
        }
        // Cyrus and Courier have all mailboxes below INBOX by default.
        let inbox = tree.find(&MailboxName::INBOX);
        let delimiter = inbox.filter(|inbox| tree.roots().count() == 1 && inbox.children().next().is_some());
        let delimiter = delimiter.and_then(|inbox| inbox.listed().delimiter);
        Ok(delimiter.map(|delimiter| format!("INBOX{delimiter}")).unwrap_or_default())
    }

    /// What XLIST says, if the server has it.
    async fn xlist(&self) -> Result<Listing> {
        let found = self.run(Extension::xlist()).await;
        match found {
            Ok(answer) => {
                let listed = answer.responses.iter().filter_map(|response| match response {
                    Response::Xlist(listed) => Some(listed),
                    _ => None,
                });
                Ok(Listing::new(listed.collect(), Vec::new()))
            }
            Err(error) if error.is_refusal() => Ok(Listing::default()),
            Err(error) => Err(error),
        }
    }
}

impl<'a> ListingFolders<'a> {
    /// Also asks for the user's rights in each mailbox (ACL, RFC 4314). With LIST-MYRIGHTS (RFC 8440) this costs nothing more, otherwise
    /// one round trip for each mailbox.
    pub fn rights(self) -> Self {
        Self { rights: true, ..self }
    }

    /// Does not ask for the sizes, which some servers have to add up.
    pub fn without_sizes(self) -> Self {
        Self { sizes: false, ..self }
    }

    /// Asks for no counts and no sizes: names, roles and subscriptions only. Without counts, [aliases](crate::imap::FolderNode::aliases)
    /// are not found.
    pub fn without_counts(self) -> Self {
        Self { counts: false, ..self }
    }

    async fn send(self) -> Result<FolderTree> {
        let imap = self.imap;
        // IMAP4rev2 decides which counts the server has, and its name whether its identifiers can be used.
        imap.introduced().await?;
        let capabilities = imap.capabilities();
        let mut returns = vec![ListReturn::Subscribed];
        returns.extend(self.counts.then(|| ListReturn::Status(self.items())));
        returns.extend(self.rights.then_some(ListReturn::MyRights));
        let found = imap.list_with(&["*"], &[], &returns).await?;
        let marked = capabilities.special_use()
            || found.mailboxes.iter().any(|mailbox| Role::of(&mailbox.listed).iter().any(|role| *role != Role::Inbox));
        let xlist = match !marked && capabilities.has("XLIST") {
            true => imap.xlist().await?,
            false => Listing::default(),
        };
        Ok(FolderTree::new(found, &xlist))
    }

    fn items(&self) -> StatusItems {
        let (capabilities, rev2) = (self.imap.capabilities(), self.imap.link().state().rev2());
        // Cyrus 3.10 sends MAILBOXID in the answer to LIST from memory that it has freed.
        let identified = !self.imap.is_named("Cyrus");
        let wanted =
            [Some(StatusItems::MAILBOX_ID).filter(|_| identified), Some(StatusItems::SIZE).filter(|_| self.sizes)];
        let offered = wanted.into_iter().flatten().filter(|item| item.missing(&capabilities, rev2).next().is_none());
        offered.fold(StatusItems::BASE, |all, item| all | item)
    }
}

impl<'a> IntoFuture for ListingFolders<'a> {
    type Output = Result<FolderTree>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl fmt::Debug for ListingFolders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("ListingFolders");
        out.field("rights", &self.rights)
            .field("counts", &self.counts)
            .field("sizes", &self.sizes)
            .finish_non_exhaustive()
    }
}

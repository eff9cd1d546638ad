//! What [`Imap`] can do with mailboxes as wholes: list, make, remove, rename, subscribe to and count them. What is in a mailbox is
//! `folder.rs`'s business.

use super::command::create::Create;
use super::command::delete::Delete;
use super::command::list::{List, Selection};
use super::command::namespace::Namespace;
use super::command::rename::Rename;
use super::command::status::Status;
use super::command::subscribe::Subscribe;
use super::session::{Imap, named};
use super::types::{Listed, MailboxName, Namespaces, StatusData, StatusItems};
use crate::error::{Error, Result};

/// Mailboxes as wholes. Names are text; what separates their levels, and below which prefix the user's own are, the server says
/// by [`list`](Imap::list) and [`namespace`](Imap::namespace).
impl Imap {
    /// The mailboxes whose names match a pattern, in which `*` stands for anything and `%` for anything within one level of
    /// the hierarchy. Also says which have children and a special use, where the server can. One flight.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for a pattern that cannot be sent, and what
    /// [every command](Self#errors-of-every-command) can end in.
    pub async fn list(&self, pattern: &str) -> Result<Vec<Listed>> {
        self.listing(pattern, Selection::All).await
    }

    /// The mailboxes that the user has subscribed to and whose names match. They need not exist any more. One flight.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list).
    pub async fn list_subscribed(&self, pattern: &str) -> Result<Vec<Listed>> {
        self.listing(pattern, Selection::Subscribed).await
    }

    /// Where the user's own mailboxes are, those of other users, and the shared ones (RFC 2342). One flight. Where the server
    /// cannot say, all are the user's own, below no prefix, with the delimiter that LIST tells.
    ///
    /// # Errors
    ///
    /// What [every command](Self#errors-of-every-command) can end in.
    pub async fn namespace(&self) -> Result<Namespaces> {
        if self.capabilities().namespace() {
            return self.call(Namespace { utf8: self.terms().utf8 }).await;
        }
        // RFC 9051 §6.3.9: the empty name asks for the delimiter alone.
        let root = self.call(List { pattern: "", selection: Selection::All, extended: None, utf8: false }).await?;
        let delimiter = root.first().and_then(|listed| listed.delimiter);
        let own = super::types::Namespace::new(String::new(), delimiter);
        Ok(Namespaces { personal: vec![own], ..Namespaces::default() })
    }

    /// Makes a mailbox; those above it, where there are none, too. One flight.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for a name that cannot be, [`Kind::Rejected`](crate::Kind::Rejected) where the server
    /// refuses (code `ALREADYEXISTS`, `CANNOT`, `NOPERM`, ...), [`Kind::Unknown`](crate::Kind::Unknown) where the connection
    /// ended before the answer.
    pub async fn create(&self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<()> {
        self.call(Create { name: named(name)? }).await
    }

    /// Removes a mailbox **with all messages in it**. Mailboxes below it stay. One flight.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create); codes `NONEXISTENT`, `HASCHILDREN`, `INUSE` and others.
    pub async fn delete(&self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<()> {
        self.call(Delete { name: named(name)? }).await
    }

    /// Gives a mailbox another name, and those below it with it. Of `INBOX` the messages move to the new mailbox, and `INBOX`
    /// stays, empty. One flight.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create); codes `NONEXISTENT`, `ALREADYEXISTS` and others.
    pub async fn rename(
        &self,
        from: impl TryInto<MailboxName, Error: Into<Error>>,
        to: impl TryInto<MailboxName, Error: Into<Error>>,
    ) -> Result<()> {
        self.call(Rename { from: named(from)?, to: named(to)? }).await
    }

    /// Puts a mailbox on the user's list of those that matter. One flight.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create); some servers refuse names that do not exist.
    pub async fn subscribe(&self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<()> {
        self.call(Subscribe { name: named(name)?, on: true }).await
    }

    /// Takes a mailbox off that list; it stays. One flight.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub async fn unsubscribe(&self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<()> {
        self.call(Subscribe { name: named(name)?, on: false }).await
    }

    /// A mailbox in numbers, without selecting it: what was asked, as far as the server tells it. One flight, shared by several
    /// of them under `join!` where they are about different mailboxes. For the server it may be work: of the selected mailbox
    /// [`Folder::info`](super::Folder::info) knows the same for nothing.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # async fn example() -> postroom::Result<()> {
    /// # use postroom::imap::{Imap, StatusItems};
    /// # use postroom::{Config, Login};
    /// # let server = postroom::testing::Server::builder().sample_mail().start().await?;
    /// # let config = Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
    /// # let imap = Imap::connect(config, Login::password("alice", "alicepw")).await?;
    /// let items = StatusItems::MESSAGES | StatusItems::UNSEEN;
    /// let (inbox, sent) = tokio::join!(imap.status("INBOX", items), imap.status("Sent", items));
    /// println!("{:?} new, {:?} sent", inbox?.unseen, sent?.messages);
    /// # Ok(())
    /// # }
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for a name that cannot be; [`Kind::Unsupported`](crate::Kind::Unsupported), before
    /// anything is sent, for a number that this server does not have; [`Kind::Rejected`](crate::Kind::Rejected) where it
    /// refuses; and what [every command](Self#errors-of-every-command) can end in.
    pub async fn status(
        &self,
        name: impl TryInto<MailboxName, Error: Into<Error>>,
        items: StatusItems,
    ) -> Result<StatusData> {
        let name = named(name)?;
        let state = self.link().state();
        if let Some(missing) = items.missing(&self.capabilities(), state.rev2()).next() {
            return Err(Error::unsupported(format!("the server cannot tell {missing} of a mailbox")));
        }
        if items.is_empty() {
            return Ok(StatusData::new(name));
        }
        self.call(Status { name, items, utf8: state.utf8() }).await
    }

    async fn listing(&self, pattern: &str, selection: Selection) -> Result<Vec<Listed>> {
        let (capabilities, state) = (self.capabilities(), self.link().state());
        let extended =
            (capabilities.list_extended() || state.rev2()).then(|| capabilities.special_use() || state.rev2());
        self.call(List { pattern, selection, extended, utf8: state.utf8() }).await
    }
}

//! What [`Imap`] can do with mailboxes as wholes: list, make, remove, rename, subscribe to and count them. What is in a mailbox is
//! `folder.rs`'s business.

use super::{Imap, named};
use crate::error::{Error, Result};
use crate::imap::command::create::Create;
use crate::imap::command::delete::Delete;
use crate::imap::command::list::{List, Options, Selection};
use crate::imap::command::namespace::Namespace;
use crate::imap::command::rename::Rename;
use crate::imap::command::status::Status;
use crate::imap::command::subscribe::Subscribe;
use crate::imap::types::{Listing, MailboxName, MailboxStatus, Namespaces, StatusItems};

/// What is known of two names, by [`Imap::same_mailbox`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum SameMailbox {
    /// They are of one mailbox.
    Same,
    /// They are of two mailboxes.
    Different,
    /// Nothing tells them apart: UIDVALIDITY and UIDNEXT are equal or not told. Two new and empty mailboxes may be so; whatever must
    /// not happen within one mailbox should not be done.
    Indistinct,
}

/// Mailboxes as wholes. Names are text; what separates their levels, and below which prefix the user's own are, the server says
/// by [`list`](Imap::list) and [`namespace`](Imap::namespace).
impl Imap {
    /// The mailboxes whose names match a pattern, in which `*` stands for anything and `%` for anything within one level of
    /// the hierarchy. Also says which have children and a special use, where the server can. A line of the answer that cannot be read
    /// whole is a mailbox with [`defects`](crate::imap::Listed::defects), or, where it names none, among
    /// [`Listing::unreadable`]. One flight.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for a pattern that cannot be sent, and what
    /// [every command](Self#errors-of-every-command) can end in.
    pub async fn list(&self, pattern: &str) -> Result<Listing> {
        self.listing(pattern, Selection::All).await
    }

    /// The mailboxes that the user has subscribed to and whose names match. They need not exist any more. One flight.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list).
    pub async fn list_subscribed(&self, pattern: &str) -> Result<Listing> {
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
        let root =
            self.call(List { pattern: "", selection: Selection::All, options: Options::None, utf8: false }).await?;
        let delimiter = root.first().and_then(|listed| listed.delimiter);
        let own = crate::imap::types::Namespace::new(String::new(), delimiter);
        Ok(Namespaces { personal: vec![own], ..Namespaces::default() })
    }

    /// Makes a mailbox; those above it, where there are none, too. One flight.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for a name that cannot be, [`Kind::Rejected`](crate::Kind::Rejected) where the server
    /// refuses (code `ALREADYEXISTS`, `CANNOT`, `NOPERM`, ...), [`Kind::Unknown`](crate::Kind::Unknown) where the connection
    /// ended before the answer.
    pub async fn create_mailbox(&self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<()> {
        self.call(Create { name: named(name)? }).await
    }

    /// Removes a mailbox **with all messages in it**. Mailboxes below it stay. One flight.
    ///
    /// # Errors
    ///
    /// As [`create_mailbox`](Self::create_mailbox); codes `NONEXISTENT`, `HASCHILDREN`, `INUSE` and others.
    pub async fn delete_mailbox(&self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<()> {
        self.call(Delete { name: named(name)? }).await
    }

    /// Gives a mailbox another name, and those below it with it. Of `INBOX` the messages move to the new mailbox, and `INBOX`
    /// stays, empty. One flight.
    ///
    /// # Errors
    ///
    /// As [`create_mailbox`](Self::create_mailbox); codes `NONEXISTENT`, `ALREADYEXISTS` and others.
    pub async fn rename_mailbox(
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
    /// As [`create_mailbox`](Self::create_mailbox); some servers refuse names that do not exist.
    pub async fn subscribe(&self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<()> {
        self.call(Subscribe { name: named(name)?, on: true }).await
    }

    /// Takes a mailbox off that list; it stays. One flight.
    ///
    /// # Errors
    ///
    /// As [`create_mailbox`](Self::create_mailbox).
    pub async fn unsubscribe(&self, name: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<()> {
        self.call(Subscribe { name: named(name)?, on: false }).await
    }

    /// A mailbox in numbers, without selecting it: what was asked, as far as the server tells it. One flight, shared by several
    /// of them under `join!` where they are about different mailboxes. For the server it may be work: of the selected mailbox
    /// [`Folder::info`](crate::imap::Folder::info) knows the same for nothing.
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
    ) -> Result<MailboxStatus> {
        let name = named(name)?;
        let state = self.link().state();
        if let Some(missing) = items.missing(&self.capabilities(), state.rev2()).next() {
            return Err(Error::unsupported(format!("the server cannot tell {missing} of a mailbox")));
        }
        if items.is_empty() {
            return Ok(MailboxStatus::new(name));
        }
        let told = self.call(Status { name: name.clone(), items, utf8: state.utf8() }).await?;
        if let Some(limit) = told.append_limit {
            self.learn_append_limit(&name, limit);
        }
        Ok(told)
    }

    /// Whether two names are of one mailbox, as `X` and `INBOX.X` are on some servers: to be asked before one is moved or copied
    /// into the other, which would go on for ever. Two flights, by MAILBOXID (OBJECTID, RFC 8474) where the server has it, else by
    /// what the numbers of both tell; three where mail may have come between.
    ///
    /// # Errors
    ///
    /// As [`status`](Self::status).
    pub async fn same_mailbox(
        &self,
        one: impl TryInto<MailboxName, Error: Into<Error>>,
        other: impl TryInto<MailboxName, Error: Into<Error>>,
    ) -> Result<SameMailbox> {
        let (one, other) = (named(one)?, named(other)?);
        if one == other {
            return Ok(SameMailbox::Same);
        }
        let mut items = StatusItems::UID_NEXT | StatusItems::UID_VALIDITY;
        let rev2 = self.link().state().rev2();
        if StatusItems::MAILBOX_ID.missing(&self.capabilities(), rev2).next().is_none() {
            items = items | StatusItems::MAILBOX_ID;
        }
        let first = self.status(&one, items).await?;
        let second = self.status(&other, items).await?;
        if let (Some(first), Some(second)) = (&first.mailbox_id, &second.mailbox_id) {
            return Ok(if first == second { SameMailbox::Same } else { SameMailbox::Different });
        }
        if first.uid_validity.zip(second.uid_validity).is_some_and(|(first, second)| first != second) {
            return Ok(SameMailbox::Different);
        }
        match (first.uid_next, second.uid_next) {
            (Some(first), Some(second)) if first > second => Ok(SameMailbox::Different),
            (Some(first), Some(second)) if first < second => {
                let third = self.status(&one, items).await?;
                let apart = third.uid_next.is_some_and(|third| third < second);
                Ok(if apart { SameMailbox::Different } else { SameMailbox::Indistinct })
            }
            _ => Ok(SameMailbox::Indistinct),
        }
    }

    /// With all the options that the server announces and has not yet refused.
    async fn listing(&self, pattern: &str, selection: Selection) -> Result<Listing> {
        let (capabilities, state) = (self.capabilities(), self.link().state());
        let announced = match (capabilities.list_extended(), capabilities.special_use() || state.rev2()) {
            (true, true) => Options::SpecialUse,
            (true, false) => Options::Children,
            (false, _) => Options::None,
        };
        let utf8 = state.utf8();
        let list = |options| self.call(List { pattern, selection, options, utf8 });
        let mut options = self.list_options().min(announced);
        let mut answer = list(options).await;
        while let (Err(error), Some(less)) = (&answer, options.less()) {
            if !error.is_refusal() || error.is_retryable() {
                break;
            }
            options = less;
            answer = list(less).await;
            if answer.is_ok() {
                self.limit_list_options(less);
            }
        }
        let mut listed = answer?;
        // strato.de leaves INBOX out where it is asked with options.
        let wanted = options != Options::None && selection == Selection::All && covers_inbox(pattern);
        if wanted && !listed.iter().any(|listed| listed.name == MailboxName::INBOX) {
            let plain = list(Options::None).await?;
            plain.into_iter().filter(|found| found.name == MailboxName::INBOX).for_each(|inbox| listed.push(inbox));
        }
        Ok(listed)
    }
}

fn covers_inbox(pattern: &str) -> bool {
    pattern == "*" || pattern == "%" || pattern.eq_ignore_ascii_case("INBOX")
}

//! [`Session`]: one session of an account, for everything that the account itself does not offer. It must not know how it was opened.

use std::fmt;
use std::ops::{Deref, DerefMut};

use super::Account;
use super::pool::Lent;
use super::service::ImapSessions;
#[cfg(doc)]
use crate::error::Kind;
use crate::error::Result;
use crate::imap::Imap;

/// A session of an account, from [`Account::session`](super::Account::session): an [`Imap`] that goes back to the account when it is
/// dropped. It does not survive its connection: if that is lost, every call fails with [`Kind::Closed`](crate::Kind::Closed).
///
/// Any mailbox may be selected in it, or none.
///
/// ```no_run
/// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
/// let session = account.session().await?;
/// println!("{:?}", session.capabilities());
/// # Ok(())
/// # }
/// ```
pub struct Session {
    lent: Lent<ImapSessions>,
}

impl Account {
    /// Lends a session, for what the account does not offer itself. It does not survive its connection.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// let mut session = account.session().await?;
    /// let mut inbox = session.select("INBOX").await?;
    /// println!("{} messages", inbox.info()?.exists);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Imap::connect`](crate::Imap::connect) if none can be opened within the
    /// [patience](super::AccountBuilder::patience); [`Kind::Busy`] if all are in use for that long.
    pub async fn session(&self) -> Result<Session> {
        Ok(Session { lent: self.acquire().await? })
    }
}

impl Deref for Session {
    type Target = Imap;

    fn deref(&self) -> &Imap {
        self.lent.session()
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Imap {
        self.lent.session_mut()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Session").field(&**self).finish()
    }
}

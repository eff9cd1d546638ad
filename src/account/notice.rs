//! [`AccountNotice`]: what a program learns about an account without having asked: the notices of its sessions, and what the account
//! itself decides. It must not know how sessions are made.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use tokio::sync::broadcast;

use super::lane::Lane;
use super::watch::WatchMethod;
use crate::error::Error;
use crate::imap::{self, MailboxName, Uids};
use crate::pop3;

/// The notices that wait for a slow reader.
const MOST_WAITING: usize = 256;

/// What an account reports, from [`Account::notices`](super::Account::notices). Each says that something has changed; nothing is repeated
/// while it stays so.
///
/// ```
/// use postroom::account::AccountNotice;
///
/// fn show(notice: &AccountNotice) {
///     match notice {
///         AccountNotice::Stopped(error) => println!("please check the login: {error}"),
///         AccountNotice::Offline(error) => println!("offline: {error}"),
///         AccountNotice::Online => println!("online"),
///         _ => {}
///     }
/// }
/// # show(&AccountNotice::Online);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "notices are few, and easier to match without a box")]
pub enum AccountNotice {
    /// The server reports something to one of the IMAP sessions.
    Imap {
        /// What the session is for.
        lane: Lane,
        /// Counts the account's sessions from 1.
        session: u64,
        /// What the server reports.
        notice: imap::Notice,
    },
    /// The server reports something to a POP3 session.
    Pop3 {
        /// Counts the account's sessions from 1.
        session: u64,
        /// What the server reports.
        notice: pop3::Notice,
    },
    /// No session can be opened at the moment. It is tried again.
    Offline(Error),
    /// A session was opened after [`Offline`](Self::Offline), [`Doubted`](Self::Doubted) or [`Stopped`](Self::Stopped).
    Online,
    /// The server refuses a login that has worked before. Limits and throttles look so. It is tried again, alone, after this time.
    Doubted {
        /// The refusal.
        error: Error,
        /// The time until the next attempt.
        again: Duration,
    },
    /// The login, the certificate or the configuration is not accepted. Nothing is tried until
    /// [`set_login`](super::Account::set_login); for a certificate, also
    /// [`network_changed`](super::Account::network_changed).
    Stopped(Error),
    /// The server accepts no more sessions: for this time the account has fewer.
    FewerConnections {
        /// The most sessions for that time.
        most: usize,
        /// How long.
        time: Duration,
    },
    /// Bulk work waits: the most octets that may be downloaded in a day are reached, or the server reports that a quota is exceeded.
    BulkPaused {
        /// Until it continues.
        time: Duration,
    },
    /// Sessions ended twice at this message. It is left out.
    SetAside {
        /// The mailbox.
        mailbox: MailboxName,
        /// The message.
        uids: Uids,
        /// How the second session ended.
        error: Error,
    },
    /// The server has changed this mailbox and not said so, although it was asked to: a [`Watch`](super::Watch) no longer relies on it.
    NotPushed {
        /// The mailbox.
        mailbox: MailboxName,
        /// How the watch goes on.
        method: WatchMethod,
    },
    /// A change took effect twice, because the server executed it after its connection was gone. Nothing is removed.
    Doubled {
        /// The mailbox with the second copies.
        mailbox: MailboxName,
        /// The second copies.
        uids: Uids,
    },
    /// Notices were lost, because more than 256 waited. The notices after this one are complete again.
    Lagged,
}

/// The notices of an account, from [`Account::notices`](super::Account::notices), from the call on. It ends when the account is dropped.
///
/// ```
/// use postroom::Login;
/// use postroom::account::{Account, AccountNotices};
///
/// let account = Account::new("imap.example.org", Login::password("me", "secret")).build()?;
/// let notices: AccountNotices = account.notices();
/// # drop(notices);
/// # Ok::<(), postroom::Error>(())
/// ```
pub struct AccountNotices(broadcast::Receiver<AccountNotice>);

/// Where notices are sent. Without a reader it costs nothing.
#[derive(Default)]
pub(super) struct Announcer(OnceLock<broadcast::Sender<AccountNotice>>);

impl AccountNotices {
    /// The next notice; `None` once the account is dropped. It never touches the wire. Cancel-safe: dropping the future loses nothing.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) {
    /// let mut notices = account.notices();
    /// tokio::spawn(async move {
    ///     while let Some(notice) = notices.next().await {
    ///         println!("{notice:?}");
    ///     }
    /// });
    /// # }
    /// ```
    pub async fn next(&mut self) -> Option<AccountNotice> {
        match self.0.recv().await {
            Ok(notice) => Some(notice),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(AccountNotice::Lagged),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

impl Announcer {
    pub(super) fn subscribe(&self) -> AccountNotices {
        AccountNotices(self.0.get_or_init(|| broadcast::channel(MOST_WAITING).0).subscribe())
    }

    pub(super) fn announce(&self, notice: AccountNotice) {
        tracing::debug!(?notice, "account");
        if let Some(sender) = self.0.get() {
            // Without a reader there is nobody to report to.
            drop(sender.send(notice));
        }
    }
}

impl fmt::Debug for AccountNotices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountNotices").finish_non_exhaustive()
    }
}

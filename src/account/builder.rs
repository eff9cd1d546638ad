//! [`AccountBuilder`]: the settings of an account, as plain values that are checked before anything is sent.

use std::time::Duration;

use super::Account;
use super::back_off::BackOff;
use super::lane::Lane;
use super::limits::ConnectionLimits;
use super::pool::{Pool, Settings};
use crate::config::{Config, Protocol};
use crate::error::{Error, Result};
use crate::login::Login;

/// The octets that Gmail lets an account download by IMAP in a day, before it locks the account (Google's help: 2,500 MB).
const GMAIL_DAILY_DOWNLOAD: u64 = 2_500_000_000;

/// The settings of an [`Account`], from [`Account::new`].
///
/// ```
/// use std::time::Duration;
///
/// use postroom::Login;
/// use postroom::account::Account;
///
/// let account = Account::new("imap.example.org", Login::password("me", "secret"))
///     .connections(3)
///     .patience(Duration::from_secs(30))
///     .build()?;
/// # drop(account);
/// # Ok::<(), postroom::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct AccountBuilder {
    settings: Settings,
    daily_download: Option<u64>,
    login: Login,
}

impl Account {
    /// Begins an account for this server and login. Nothing is sent before the first call.
    #[expect(clippy::new_ret_no_self, reason = "an account has settings")]
    pub fn new(config: impl Into<Config>, login: Login) -> AccountBuilder {
        AccountBuilder::new(config.into(), login)
    }
}

impl AccountBuilder {
    fn new(config: Config, login: Login) -> Self {
        Self { settings: Settings::new(config), daily_download: None, login }
    }

    /// The most sessions at the same time. Default: 3. Of several, one is left for interactive work.
    pub fn connections(mut self, most: usize) -> Self {
        self.settings.connections = most;
        self
    }

    /// How long a call waits for a session, through failures and back-off, before it fails with the last error. Default: 2 min. A
    /// [`check`](Account::check) tries once, and a [`watch`](Account::watch) never gives up.
    pub fn patience(mut self, time: Duration) -> Self {
        self.settings.patience = time;
        self
    }

    /// The back-off after a failed attempt or a lost session: a random time, whose bound is `first` and doubles with each failure in a row
    /// up to `most`. Only an answered call sets it back. Default: 500 ms and 5 min.
    pub fn back_off(mut self, first: Duration, most: Duration) -> Self {
        self.settings.back_off = BackOff { first, most };
        self
    }

    /// After this time without a call a session is logged out. Default: 5 min.
    pub fn idle_after(mut self, time: Duration) -> Self {
        self.settings.idle_after = time;
        self
    }

    /// The limits that this account shares with others.
    pub fn limits(mut self, limits: &ConnectionLimits) -> Self {
        self.settings.limits = Some(limits.clone());
        self
    }

    /// The octets that bulk work may download in any 24 hours; then it waits. Default: 2,500,000,000 for Gmail, otherwise no limit.
    /// Interactive work counts, but does not wait.
    pub fn daily_download(mut self, octets: u64) -> Self {
        self.daily_download = Some(octets);
        self
    }

    /// Makes the account. Never touches the network.
    ///
    /// ```
    /// use postroom::account::Account;
    /// use postroom::{Kind, Login};
    ///
    /// let wrong = Account::new("imaps://imap.example.org", Login::password("me", "secret")).build();
    /// assert_eq!(wrong.unwrap_err().kind(), Kind::Input); // a URL is to be parsed into a Config
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for a configuration or login that cannot work, and for no connections at all.
    pub fn build(mut self) -> Result<Account> {
        self.settings.config.check(Protocol::Imap)?;
        self.login.check()?;
        if self.settings.connections == 0 {
            return Err(Error::input("an account needs at least one connection"));
        }
        let usual = if is_gmail(self.settings.config.host()) { GMAIL_DAILY_DOWNLOAD } else { u64::MAX };
        self.settings.daily_download = self.daily_download.unwrap_or(usual);
        Ok(Account { pool: Pool::new(self.settings, self.login), lane: Lane::Interactive })
    }
}

impl Settings {
    /// The usual ones.
    pub(super) fn new(config: Config) -> Self {
        Self {
            config,
            connections: 3,
            patience: Duration::from_secs(2 * 60),
            back_off: BackOff::default(),
            idle_after: Duration::from_secs(5 * 60),
            daily_download: u64::MAX,
            limits: None,
        }
    }
}

fn is_gmail(host: &str) -> bool {
    ["gmail.com", "googlemail.com"]
        .iter()
        .any(|domain| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gmail_is_known_by_its_hosts() {
        for host in ["imap.gmail.com", "imap.googlemail.com", "gmail.com"] {
            assert!(is_gmail(host), "{host}");
        }
        for host in ["imap.notgmail.com", "gmail.com.example.org"] {
            assert!(!is_gmail(host), "{host}");
        }
    }
}

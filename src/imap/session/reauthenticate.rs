//! [`Imap::reauthenticate`]: another login over the same connection. It must not know how a login is written.

use super::{Imap, SpecialNames, account_of};
use crate::conn::Redaction;
#[cfg(doc)]
use crate::error::Kind;
use crate::error::{Error, Result, Step};
use crate::imap::call::{ImapLink, end_of};
use crate::imap::command::unauthenticate::Unauthenticate;
use crate::imap::command::{Command, EncodeOptions};
use crate::imap::engine::{Phase, Request};
use crate::login::Login;

/// Nobody is logged in. Unless the login succeeds, the session is closed, and what was learnt about the secrets is forgotten in any case.
struct LoggedOut {
    link: ImapLink,
    redaction: Redaction,
    is_logged_in: bool,
}

impl Imap {
    /// Logs in again over the same connection, as the same or another user, with UNAUTHENTICATE (RFC 8437): for a program that works for
    /// many users of one server. As at [`connect`](Self::connect), the strongest mechanism that the server offers is used, and ID and
    /// ENABLE go out with the next command.
    ///
    /// UNAUTHENTICATE and the login are sent together: one round trip with PLAIN or OAUTHBEARER and SASL-IR; SCRAM takes two more. So does
    /// [compression](crate::Config::compress), which ends with the old login and begins again with the new one; and a session that began
    /// logged in (PREAUTH), which must first ask what logins the server offers.
    ///
    /// Everything of the old login ends: the selected mailbox, without expunging anything; the extensions that were enabled; the language
    /// and saved searches. What [`notify`](Self::notify) asked for is asked for again. [`notices`](Self::notices) continue.
    ///
    /// A session is always logged in: **if this fails, or if its future is dropped before its end, the connection is closed**, and every
    /// later call fails with [`Kind::Closed`].
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # async fn example() -> postroom::Result<()> {
    /// use postroom::{Config, Imap, Login};
    ///
    /// let server = postroom::testing::Server::builder().user("alice", "secret").user("bob", "other").start().await?;
    /// let config = Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
    ///
    /// let mut imap = Imap::connect(config, Login::password("alice", "secret")).await?;
    /// imap.create_mailbox("Of Alice").await?;
    /// if imap.capabilities().unauthenticate() {
    ///     imap.reauthenticate(Login::password("bob", "other")).await?;
    ///     assert!(imap.list("Of *").await?.is_empty());
    /// }
    /// # Ok(())
    /// # }
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, and without closing the connection, [`Kind::Unsupported`] if the server does not announce UNAUTHENTICATE,
    /// and [`Kind::Input`] for a login that cannot work. [`Kind::Login`] if the server refuses the login; [`Kind::Rejected`] or
    /// [`Kind::Bad`] if it refuses UNAUTHENTICATE; and those of [`connect`](Self::connect) for a login.
    pub async fn reauthenticate(&mut self, login: Login) -> Result<()> {
        let state = self.link.state();
        if state.phase == Phase::Over {
            return Err(state.unselected());
        }
        if !self.capabilities().unauthenticate() {
            return Err(Error::unsupported("the server does not support UNAUTHENTICATE"));
        }
        login.check()?;
        // Boxed, as in `connect`.
        Box::pin(self.log_in_again(&login)).await
    }

    async fn log_in_again(&mut self, login: &Login) -> Result<()> {
        let mut out = LoggedOut { link: self.link.clone(), redaction: self.redaction.clone(), is_logged_in: false };
        let done = self.exchange_logins(login).await;
        let done = done.map_err(|error| out.redaction.clean(error));
        out.is_logged_in = done.is_ok();
        done
    }

    async fn exchange_logins(&mut self, login: &Login) -> Result<()> {
        // Whether names change is not known until ENABLE is answered again.
        self.asked.clear();
        let plan = Unauthenticate.plan(EncodeOptions::default())?;
        let leaving = end_of(self.link.submit(Request::Command(plan)));
        let config = self.config.clone();
        match self.before_login.clone() {
            Some(offered) => {
                let entered = self.prove(&config, login, offered).await;
                // If the server refuses UNAUTHENTICATE, the login fails too, and for that reason.
                leaving.await?;
                entered?;
            }
            None => {
                leaving.await?;
                self.know_capabilities().await?;
                let offered = self.capabilities();
                self.before_login = Some(offered.clone());
                self.prove(&config, login, offered).await?;
            }
        }
        let begin = |error: Error| error.at(Step::Begin);
        self.know_capabilities().await.map_err(begin)?;
        self.account = account_of(&config, login);
        self.append_limits().clear();
        self.special_names = SpecialNames::default();
        self.introduce(&config).await.map_err(begin)
    }
}

impl Drop for LoggedOut {
    fn drop(&mut self) {
        self.redaction.forget();
        if !self.is_logged_in {
            self.link.tell(Request::Abandon);
        }
    }
}

//! [`open`]: a mailbox of either protocol by its URL or configuration. It is the only place that knows both protocols; it must not know
//! how a session begins.

use crate::config::{Config, Protocol};
#[cfg(doc)]
use crate::error::Kind;
use crate::error::Result;
#[cfg(feature = "imap")]
use crate::imap::Imap;
use crate::login::Login;
use crate::mailbox::Mailbox;
#[cfg(feature = "pop3")]
use crate::pop3::Pop3;

/// Connects, logs in and opens a mailbox by the protocol of the URL or configuration: the mailbox that the URL names, otherwise INBOX, or the
/// maildrop. A configuration without a protocol means IMAP. See [`Mailbox`] for what each protocol can do, and
/// [`Mailbox::features`] for what this server can.
///
/// The round trips of [`Imap::connect`](crate::Imap::connect) and one more for SELECT, or those of
/// [`Pop3::connect`](crate::Pop3::connect). Dropping the future closes the connection. The server's notices, such as alerts, are those of a
/// session: to show them, connect by [`Imap`](crate::Imap) or [`Pop3`](crate::Pop3), which are mailboxes too.
///
/// ```no_run
/// use postroom::{Find, Login};
///
/// # async fn example() -> postroom::Result<()> {
/// let mut mailbox = postroom::open("imaps://imap.example.org/Invoices", Login::password("me", "secret")).await?;
/// let found = mailbox.find(&Find::new().subject("overdue")).await?;
/// println!("{} of {}", found.messages.len(), mailbox.entries().await?.len());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`Kind::Input`] for a text that is no URL or means no encryption, [`Kind::Unsupported`] for a protocol that is not compiled in, before
/// anything is sent; those of [`Imap::connect`](crate::Imap::connect) and [`Pop3::connect`](crate::Pop3::connect); and
/// [`Kind::Rejected`] if there is no such mailbox.
pub async fn open(at: impl TryIntoConfig, login: Login) -> Result<Box<dyn Mailbox>> {
    let config = at.try_into_config()?;
    match config.protocol() {
        #[cfg(feature = "pop3")]
        Some(Protocol::Pop3) => Ok(Box::new(Pop3::connect(config, login).await?)),
        #[cfg(not(feature = "pop3"))]
        Some(Protocol::Pop3) => Err(crate::error::Error::unsupported("POP3 is not compiled in (feature `pop3`)")),
        #[cfg(feature = "imap")]
        Some(Protocol::Imap) | None => {
            let name = config.mailbox().unwrap_or("INBOX").to_owned();
            Ok(Box::new(Imap::connect(config, login).await?.into_folder(name).await?))
        }
        #[cfg(not(feature = "imap"))]
        Some(Protocol::Imap) | None => {
            Err(crate::error::Error::unsupported("IMAP is not compiled in (feature `imap`)"))
        }
    }
}

/// What [`open`] accepts: a [`Config`], or the text of a URL. A host name alone is no URL, since it names no protocol.
///
/// ```
/// use postroom::TryIntoConfig;
///
/// assert_eq!("pops://mail.example.org".try_into_config()?.host(), "mail.example.org");
/// assert!("mail.example.org".try_into_config().is_err());
/// # Ok::<(), postroom::Error>(())
/// ```
pub trait TryIntoConfig {
    /// The configuration.
    ///
    /// ```
    /// use postroom::TryIntoConfig;
    ///
    /// assert_eq!("imaps://mail.example.org/Work".try_into_config()?.mailbox(), Some("Work"));
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`] if the text is no URL of a mailbox.
    fn try_into_config(self) -> Result<Config>;
}

impl TryIntoConfig for Config {
    fn try_into_config(self) -> Result<Config> {
        Ok(self)
    }
}

impl TryIntoConfig for &str {
    fn try_into_config(self) -> Result<Config> {
        self.parse()
    }
}

impl TryIntoConfig for &String {
    fn try_into_config(self) -> Result<Config> {
        self.parse()
    }
}

impl TryIntoConfig for String {
    fn try_into_config(self) -> Result<Config> {
        self.parse()
    }
}

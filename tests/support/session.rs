//! The usual beginning of a test: a configuration, a login, and a session over a stream, its driver in a task of its own. It uses only
//! the public API.
#![allow(dead_code, reason = "each test uses its own part of this")]

use postroom::imap::Imap;
use postroom::pop3::Pop3;
use postroom::{Config, Error, Login, Mailbox, Protocol};
use tokio::io::{AsyncRead, AsyncWrite};

/// Plaintext, which is fine over an in-memory stream. With the variable `POSTROOM_UIDONLY`, sessions use no message numbers if the server
/// can do without.
pub(crate) fn plaintext() -> Config {
    let config = Config::new("localhost").dangerous_plaintext();
    if std::env::var_os("POSTROOM_UIDONLY").is_some() { config.uid_only(true) } else { config }
}

/// The user of the embedded server unless a test names another.
pub(crate) fn alice() -> Login {
    Login::password("alice", "alicepw")
}

/// The user of most servers and dialogues that name their own.
pub(crate) fn me() -> Login {
    Login::password("me", "secret")
}

pub(crate) async fn imap<S>(stream: S, config: Config, login: Login) -> Result<Imap, Error>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (imap, driver) = Imap::handshake(stream, config, login).await?;
    tokio::spawn(driver);
    Ok(imap)
}

pub(crate) async fn pop3<S>(stream: S, config: Config, login: Login) -> Result<Pop3, Error>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (pop3, driver) = Pop3::handshake(stream, config, login).await?;
    tokio::spawn(driver);
    Ok(pop3)
}

/// INBOX by IMAP, or the maildrop, of [`me`].
pub(crate) async fn mailbox<S>(protocol: Protocol, stream: S) -> Result<Box<dyn Mailbox>, Error>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    Ok(match protocol {
        Protocol::Imap => Box::new(imap(stream, plaintext(), me()).await?.into_folder("INBOX").await?),
        Protocol::Pop3 => Box::new(pop3(stream, plaintext(), me()).await?),
    })
}

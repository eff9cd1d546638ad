//! IMAP's login, for the tests that both protocols share.

use postroom::imap::Imap;
use postroom::{Config, Error, Login};
use tokio::io::DuplexStream;

pub(crate) use super::logins::*;
use crate::live::imap_config;
use crate::server::Server;
use crate::suite::Trial;

/// The command that a mechanism is named in.
pub(crate) const AUTHENTICATE: &str = "AUTHENTICATE";

/// The commands that reveal a password.
pub(crate) const SHOWING: [&str; 2] = ["LOGIN", "AUTHENTICATE"];

pub(crate) fn plain_port(server: &Server) -> u16 {
    server.imap
}

pub(crate) fn tls_port(server: &Server) -> u16 {
    server.imaps
}

/// A session over this stream, which sends as few commands as possible.
pub(crate) async fn over(stream: DuplexStream, config: Config, login: Login) -> Result<(), Error> {
    let (session, driver) = Imap::handshake(stream, config, login).await?;
    tokio::spawn(driver);
    session.noop().await?;
    session.logout().await
}

pub(crate) async fn enter(config: Config, login: Login) -> Result<(), Error> {
    Imap::connect(config, login).await?.logout().await
}

pub(crate) fn secure(user: &Trial) -> Config {
    imap_config(&user.server)
}

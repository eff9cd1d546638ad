//! POP3's login, for the tests that both protocols share; and APOP.

use postroom::pop3::Pop3;
use postroom::{Config, Error, Kind, Login};
use tokio::io::DuplexStream;

pub(crate) use super::logins::*;
use crate::live::{config, login};
use crate::server::{PASSWORD, Server};
use crate::suite::Trial;

/// The command that a mechanism is named in.
pub(crate) const AUTHENTICATE: &str = "AUTH";

/// The commands that reveal a password.
pub(crate) const SHOWING: [&str; 2] = ["PASS", "AUTH"];

pub(crate) fn plain_port(server: &Server) -> u16 {
    server.pop3
}

pub(crate) fn tls_port(server: &Server) -> u16 {
    server.pop3s
}

/// A session over this stream, which sends as few commands as possible.
pub(crate) async fn over(stream: DuplexStream, config: Config, login: Login) -> Result<(), Error> {
    let (session, driver) = Pop3::handshake(stream, config, login).await?;
    tokio::spawn(driver);
    session.noop().await?;
    session.quit().await
}

pub(crate) async fn enter(config: Config, login: Login) -> Result<(), Error> {
    Pop3::connect(config, login).await?.quit().await
}

pub(crate) fn secure(user: &Trial) -> Config {
    config(&user.server, "localhost", user.server.pop3s)
}

pub(crate) async fn apop_is_taken_only_where_it_is_allowed(user: &Trial) {
    let apop = || login(user).apop().protocol_command_only();
    let (result, sent) = overheard_in_clear(user, apop()).await;
    result.unwrap();
    assert!(sent.contains(&format!("APOP {} ", user.name)) && !sent.contains(PASSWORD), "{sent}");

    enter(secure(user), apop()).await.unwrap();
    let wrong = Login::password(&user.name, "not-this-one").apop().protocol_command_only();
    assert_eq!(enter(secure(user), wrong).await.unwrap_err().kind(), Kind::Login);
}

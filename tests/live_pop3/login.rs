//! POP3's way in, for the logins that both protocols share; and APOP.

use postroom::pop3::Pop3;
use postroom::{Config, Error, Kind, Login};

use crate::live::{config, login, recorded};
pub(crate) use crate::logins::*;
use crate::server::PASSWORD;
use crate::suite::Trial;

/// The command that a mechanism is named in.
pub(crate) const AUTHENTICATE: &str = "AUTH";

pub(crate) async fn enter(config: Config, login: Login) -> Result<(), Error> {
    Pop3::connect(config, login).await?.quit().await
}

pub(crate) fn secure(user: &Trial) -> Config {
    config(&user.server, "localhost", user.server.pop3s)
}

/// All that is said to log in without encryption, where the server wants none that shows the password.
pub(crate) async fn sent_in_clear(user: &Trial, login: Login) -> String {
    let (stream, sent) = recorded("127.0.0.4", user.server.pop3).await;
    let plaintext = config(&user.server, "127.0.0.4", user.server.pop3).dangerous_plaintext();
    let (session, driver) = Pop3::handshake(stream, plaintext, login).await.unwrap();
    tokio::spawn(driver);
    session.quit().await.unwrap();
    String::from_utf8_lossy(&sent.lock().unwrap()).into_owned()
}

pub(crate) async fn apop_is_taken_only_where_it_is_allowed(user: &Trial) {
    let apop = || login(user).apop().only([""; 0]);
    let sent = sent_in_clear(user, apop()).await;
    assert!(sent.contains(&format!("APOP {} ", user.name)) && !sent.contains(PASSWORD), "{sent}");

    enter(secure(user), apop()).await.unwrap();
    let wrong = Login::password(&user.name, "not-this-one").apop().only([""; 0]);
    assert_eq!(enter(secure(user), wrong).await.unwrap_err().kind(), Kind::Login);
}

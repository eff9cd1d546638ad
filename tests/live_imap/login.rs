//! IMAP's way in, for the logins that both protocols share.

use postroom::imap::Imap;
use postroom::{Config, Error, Login};

use crate::live::{config, imap_config, recorded};
pub(crate) use crate::logins::*;
use crate::suite::Trial;

/// The command that a mechanism is named in.
pub(crate) const AUTHENTICATE: &str = "AUTHENTICATE";

pub(crate) async fn enter(config: Config, login: Login) -> Result<(), Error> {
    Imap::connect(config, login).await?.logout().await
}

pub(crate) fn secure(user: &Trial) -> Config {
    imap_config(&user.server)
}

/// All that is said to log in without encryption, where the server wants none that shows the password.
pub(crate) async fn sent_in_clear(user: &Trial, login: Login) -> String {
    let (stream, sent) = recorded("127.0.0.4", user.server.imap).await;
    let plaintext = config(&user.server, "127.0.0.4", user.server.imap).dangerous_plaintext();
    let (session, driver) = Imap::handshake(stream, plaintext, login).await.unwrap();
    tokio::spawn(driver);
    session.logout().await.unwrap();
    String::from_utf8_lossy(&sent.lock().unwrap()).into_owned()
}

//! Sessions for the examples in this crate's documentation, each with an embedded server of its own, in memory. Hidden from the
//! public documentation. It must not know what an example does.

use std::error::Error;

use crate::config::Config;
use crate::error::Result;
use crate::imap::Imap;
use crate::login::Login;
use crate::mailbox::Mailbox;
use crate::pop3::Pop3;
use crate::testing::Server;

/// Runs an example in an IMAP session on mailboxes with the sample mail.
pub fn imap(example: impl AsyncFnOnce(Imap) -> Result<()>) -> Result<()> {
    run(async {
        let server = Server::builder().sample_mail().in_memory()?;
        let (imap, driver) = Imap::handshake(server.imap_stream(), config(), login()).await?;
        tokio::spawn(driver);
        example(imap).await
    })
}

/// Runs an example on the inbox of such a session.
pub fn mailbox(example: impl AsyncFnOnce(Box<dyn Mailbox>) -> std::result::Result<(), Box<dyn Error>>) -> Result<()> {
    imap(async |imap| {
        let done = example(Box::new(imap.into_folder("INBOX").await?)).await;
        done.map_err(|error| crate::Error::input(error.to_string()))
    })
}

/// Runs an example in a POP3 session on a maildrop with the sample mail.
pub fn pop3(example: impl AsyncFnOnce(Pop3) -> Result<()>) -> Result<()> {
    run(async {
        let server = Server::builder().sample_mail().in_memory()?;
        let (pop3, driver) = Pop3::handshake(server.pop3_stream(), config(), login()).await?;
        tokio::spawn(driver);
        example(pop3).await
    })
}

/// Without TLS, since nothing leaves the process.
fn config() -> Config {
    Config::new("localhost").dangerous_plaintext()
}

fn login() -> Login {
    Login::password("alice", "alicepw")
}

fn run(example: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(example)
}

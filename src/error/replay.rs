//! [`Replay`]: whether a change whose reply was lost may be made again. It must not know a command.

/// What to do about a change of which it is not known whether the server made it, from [`Error::replay`](crate::Error::replay). Each is
/// stricter than the one before it.
///
/// A command that was sent completely may run even after its connection is gone. A program that looks for its effect should look, wait for
/// [`Deadlines::settle`](crate::Deadlines::settle), and look again before it makes the change again.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> postroom::Result<()> {
/// use postroom::testing::{Fault, Server, Trouble};
/// use postroom::{Config, Imap, Kind, Login, Replay};
///
/// let server = Server::builder().start().await?;
/// server.fault(Fault::at("SUBSCRIBE", Trouble::LoseReply));
/// let config = Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes())?;
/// let imap = Imap::connect(config.clone(), Login::password("alice", "alicepw")).await?;
/// let error = imap.subscribe("INBOX").await.unwrap_err();
/// assert_eq!(error.kind(), Kind::Unknown);
/// match error.replay() {
///     Some(Replay::Safe) => Imap::connect(config, Login::password("alice", "alicepw")).await?.subscribe("INBOX").await?,
///     Some(Replay::Verify) => println!("look first"),
///     Some(Replay::Never) | None => return Err(error),
/// }
/// # Ok(()) }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[expect(clippy::exhaustive_enums, reason = "a change may be made again, or not, or it depends")]
pub enum Replay {
    /// The change may be made again: twice has the same effect as once, in the same mailbox under the same UIDVALIDITY. STORE without a
    /// condition, UID EXPUNGE of [stamped](crate::imap::Uids::validity) UIDs, SUBSCRIBE, and setting metadata, access rights and quotas.
    Safe,
    /// Look first whether the change was made; make it again only if it was not. APPEND, REPLACE, COPY, MOVE, CREATE, RENAME, DELETE, STORE
    /// with a condition, and POP3's QUIT with marked messages.
    Verify,
    /// Do not make it again: the same command may mean other messages now, or cannot be sent in another session. CLOSE, which expunges
    /// whatever is marked by then; commands about a saved search result (`$`); and [any other command](crate::imap::Extension::changing)
    /// that does not [say](crate::imap::Extension::replay) what it is.
    Never,
}

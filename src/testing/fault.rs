//! Faults a connection can be given. It knows bytes and the names of commands, not what they do.

/// What goes wrong on a connection of the embedded server, counted in bytes of the protocol (TLS records do not
/// matter) that the server sent, greeting included, or received.
///
/// ```
/// use postroom::testing::{Fault, Server};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use tokio::io::AsyncReadExt;
///
/// let server = Server::builder().in_memory()?;
/// server.fault(Fault::CutAfter(4)); // for the next connection only
/// let mut text = String::new();
/// server.imap_stream().read_to_string(&mut text).await?;
/// assert_eq!(text, "* OK");
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// After this many bytes nothing more is sent, until [`Server::resume`](super::Server::resume). The server goes on
    /// reading and carrying out commands; its output waits.
    StallAfter(u64),
    /// After this many bytes the connection is closed. The command whose reply is cut has taken effect.
    CutAfter(u64),
    /// After this many bytes of input nothing more is read, until [`Server::resume`](super::Server::resume); what the
    /// client writes stays in the buffers between.
    StallInputAfter(u64),
    /// After this many bytes of input the connection is closed. A command that was not whole by then has no effect.
    CutInputAfter(u64),
    /// Output goes out in pieces of at most this many bytes, each flushed by itself.
    Split(usize),
    /// Output goes out at so many bytes in a second of the runtime's clock, which may be paused.
    Slow(u64),
    /// Something goes wrong at one command, once; see [`Fault::at`].
    Command {
        /// The command's name, such as `UID MOVE` or `RETR`, in any letter case; `*` is any command.
        name: &'static str,
        /// Which command of that name on the connection, from 1.
        nth: u32,
        /// What goes wrong.
        trouble: Trouble,
    },
    /// POP3: QUIT removes nothing and answers `-ERR`, as a server does that cannot write its maildrop (RFC 1939 §6).
    QuitError,
}

/// What goes wrong at one command; see [`Fault::at`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Trouble {
    /// It is not carried out, and answered NO or `-ERR`.
    No,
    /// It is not carried out, and answered BAD or `-ERR`.
    Bad,
    /// It is not carried out, and the connection is closed instead of a reply.
    Drop,
    /// It is carried out, and the connection is closed before the line that would say so: IMAP's tagged reply, POP3's reply. The
    /// untagged data before it arrive.
    LoseReply,
    /// It is carried out, and the connection is closed before any word about it.
    LoseAll,
    /// It is carried out, and its reply waits until [`Server::resume`](super::Server::resume), untagged data and all that follows.
    Stall,
}

impl Fault {
    /// That trouble at the first command of that name on the connection.
    ///
    /// ```
    /// use postroom::testing::{Fault, Server, Trouble};
    /// use postroom::pop3::Pop3;
    /// use postroom::{Config, Kind, Login};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = Server::builder().in_memory()?;
    /// server.fault(Fault::at("NOOP", Trouble::No).nth(2));
    /// let config = Config::new("localhost").dangerous_plaintext(); // nothing leaves this process
    /// let login = Login::password("alice", "alicepw");
    /// let (pop3, driver) = Pop3::handshake(server.pop3_stream(), config, login).await?;
    /// tokio::spawn(driver);
    /// pop3.noop().await?;
    /// assert_eq!(pop3.noop().await.unwrap_err().kind(), Kind::Rejected);
    /// pop3.noop().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub const fn at(name: &'static str, trouble: Trouble) -> Self {
        Self::Command { name, nth: 1, trouble }
    }

    /// The same at the `nth` command of that name, from 1. Other faults stay as they are.
    #[must_use]
    pub const fn nth(self, nth: u32) -> Self {
        match self {
            Self::Command { name, trouble, .. } => Self::Command { name, nth, trouble },
            other => other,
        }
    }
}

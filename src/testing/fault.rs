//! The faults of a connection. They are about bytes and names of commands; it must not know what the commands do.

/// A fault of a connection of the embedded server. Bytes are those of the protocol without TLS, from the greeting on.
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
    /// After this many bytes nothing more is sent until [`Server::resume`](super::Server::resume). The server continues to read and
    /// execute commands; its output waits.
    StallAfter(u64),
    /// After this many bytes the connection is closed. The command whose reply is cut has taken effect.
    CutAfter(u64),
    /// After this many bytes of input nothing more is read until [`Server::resume`](super::Server::resume). The rest of the client's
    /// bytes stays in the buffers between.
    StallInputAfter(u64),
    /// After this many bytes of input the connection is closed. An incomplete command has no effect.
    CutInputAfter(u64),
    /// Output is sent in pieces of at most this many bytes, each flushed by itself.
    Split(usize),
    /// Output is sent at this number of bytes per second, by the runtime's clock, which may be paused.
    Slow(u64),
    /// One command fails, once; see [`Fault::at`].
    Command {
        /// The command's name, such as `UID MOVE` or `RETR`, in any letter case; `*` is any command.
        name: &'static str,
        /// Which command with this name on the connection, from 1.
        nth: u32,
        /// What goes wrong.
        trouble: Trouble,
    },
    /// POP3: QUIT removes nothing and is answered by `-ERR`, as by a server that cannot write its maildrop (RFC 1939 §6).
    QuitError,
}

/// What goes wrong at one command; see [`Fault::at`].
///
/// ```
/// use postroom::testing::{Fault, Trouble};
///
/// // The second message is stored, but the client does not learn it.
/// let fault = Fault::at("APPEND", Trouble::LoseReply).nth(2);
/// # drop(fault);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Trouble {
    /// It is not executed, and answered by NO or `-ERR`.
    No,
    /// It is not executed, and answered by BAD or `-ERR`.
    Bad,
    /// It is not executed, and the connection is closed instead of a reply.
    Drop,
    /// It is executed, and the connection is closed before the line that reports it: IMAP's tagged reply, POP3's reply. The untagged
    /// data before it arrives.
    LoseReply,
    /// It is executed, and the connection is closed before any data of its answer.
    LoseAll,
    /// It is executed, and its answer, with untagged data and everything after it, waits until
    /// [`Server::resume`](super::Server::resume).
    Stall,
}

impl Fault {
    /// This trouble at the first command with this name on the connection.
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

    /// The same at the `nth` command with this name, from 1. It does not change other faults.
    #[must_use]
    pub const fn nth(self, nth: u32) -> Self {
        match self {
            Self::Command { name, trouble, .. } => Self::Command { name, nth, trouble },
            other => other,
        }
    }
}

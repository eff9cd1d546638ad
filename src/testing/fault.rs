//! Faults a connection can be given. It knows bytes of output, not protocols.

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
    /// POP3: QUIT removes nothing and answers `-ERR`, as a server does that cannot write its maildrop (RFC 1939 §6).
    QuitError,
}

//! The embedded server: its ports, its streams, its connections' tasks, and the methods by which tests inspect it. It must not know the
//! protocols.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use tokio::io::DuplexStream;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::options::Options;
use super::shared::Shared;
use super::store::{self, Content, Store};
use super::wire::{Transport, Wire};
use super::{Fault, Snapshot, cert, imap, pop3};

/// An IMAP and POP3 server inside the process, for tests.
///
/// It stores mail, answers the commands that it announces and refuses the others with BAD or `-ERR`. All its connections share the mail.
/// It runs in the tokio runtime in which it was started. Dropping it ends its connections and closes its ports.
///
/// ```
/// use postroom::testing::Server;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let server = Server::builder().user("bob", "secret").start().await?;
/// assert_ne!(server.imaps_port(), 0);
/// let uid = server.deliver("bob", "INBOX", "Subject: hello\r\n\r\nGood morning.\r\n", &["\\Flagged"]);
/// assert_eq!(uid, Some(1));
/// assert_eq!(server.snapshot("bob").unwrap().messages("INBOX")[0].flags, ["\\Flagged"]);
/// # Ok(()) }
/// ```
pub struct Server {
    shared: Arc<Shared>,
    authority: &'static cert::Authority,
    listeners: JoinSet<()>,
    ports: [u16; 4],
}

#[derive(Clone, Copy)]
enum Door {
    Imap,
    Imaps,
    Pop3,
    Pop3s,
}

impl Server {
    pub(super) fn new(store: Store, options: Options) -> io::Result<Self> {
        let shared = Shared::new(store, options);
        Ok(Self { shared: Arc::new(shared), authority: cert::authority()?, listeners: JoinSet::new(), ports: [0; 4] })
    }

    pub(super) async fn listen(&mut self) -> io::Result<()> {
        let doors = [Door::Imap, Door::Imaps, Door::Pop3, Door::Pop3s];
        for (port, door) in self.ports.iter_mut().zip(doors) {
            let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
            *port = listener.local_addr()?.port();
            self.listeners.spawn(accept(Arc::clone(&self.shared), door, listener));
        }
        Ok(())
    }

    /// The port of IMAP that begins without TLS and offers STARTTLS; 0 for a server without ports.
    #[must_use]
    pub fn imap_port(&self) -> u16 {
        self.ports[0]
    }

    /// The port of IMAP over TLS; 0 for a server without ports.
    #[must_use]
    pub fn imaps_port(&self) -> u16 {
        self.ports[1]
    }

    /// The port of POP3 that begins without TLS and offers STLS; 0 for a server without ports.
    #[must_use]
    pub fn pop3_port(&self) -> u16 {
        self.ports[2]
    }

    /// The port of POP3 over TLS; 0 for a server without ports.
    #[must_use]
    pub fn pop3s_port(&self) -> u16 {
        self.ports[3]
    }

    /// The certificate of the authority that issued the server's, in PEM. The server's names are `localhost`, `127.0.0.1` and `::1`.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.authority.pem
    }

    /// The same certificate in DER.
    #[must_use]
    pub fn ca_der(&self) -> &[u8] {
        &self.authority.der
    }

    /// A new certificate for this client by the same authority, and its private key, both in PEM; see
    /// [`Builder::ask_client_certificate`](super::Builder::ask_client_certificate).
    ///
    /// # Errors
    ///
    /// If the certificate cannot be made.
    ///
    /// ```
    /// let server = postroom::testing::Server::builder().in_memory()?;
    /// let (certificate, key) = server.client_certificate("alice")?;
    /// assert!(certificate.contains("BEGIN CERTIFICATE") && key.contains("PRIVATE KEY"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn client_certificate(&self, user: &str) -> io::Result<(String, String)> {
        self.authority.issue(user).map_err(io::Error::other)
    }

    /// The users of the client certificates that were shown so far, one for each TLS handshake with a certificate, in order.
    #[must_use]
    pub fn shown_certificates(&self) -> Vec<String> {
        self.shared.log.clients().clone()
    }

    /// A new IMAP connection in memory. It begins without TLS and offers STARTTLS. Call it inside the runtime.
    #[must_use]
    pub fn imap_stream(&self) -> DuplexStream {
        self.stream(Door::Imap)
    }

    /// A new POP3 connection in memory. It begins without TLS and offers STLS. Call it inside the runtime.
    #[must_use]
    pub fn pop3_stream(&self) -> DuplexStream {
        self.stream(Door::Pop3)
    }

    fn stream(&self, door: Door) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(self.shared.options.duplex_buffer);
        connect(&self.shared, door, Box::new(ours));
        theirs
    }

    /// The whole state of a user's mail; `None` for an unknown user.
    #[must_use]
    pub fn snapshot(&self, user: &str) -> Option<Snapshot> {
        self.shared.store.with(user, |account| Snapshot::of(account))
    }

    /// Delivers a message from outside; running sessions are informed as the protocol allows. Returns its UID, or `None` if there is
    /// no such user or mailbox.
    pub fn deliver(&self, user: &str, mailbox: &str, message: impl Into<Bytes>, flags: &[&str]) -> Option<u32> {
        let now = self.shared.options.now();
        let content = Content::new(message.into(), now);
        let flags = flags.iter().map(|name| store::flag(name)).collect();
        self.shared.store.change(user, |account| Some(account.mailbox(mailbox)?.add(content, flags, now)))?
    }

    /// Replaces the flags of a message from outside, as another program would. `None` if there is no such message.
    pub fn set_flags(&self, user: &str, mailbox: &str, uid: u32, flags: &[&str]) -> Option<()> {
        let flags = flags.iter().map(|name| store::flag(name)).collect();
        let change =
            |account: &mut store::Account| account.mailbox(mailbox)?.flag(uid, |current| *current = flags).map(|_| ());
        self.shared.store.change(user, change)?
    }

    /// Removes a message from outside. `None` if there is no such message.
    pub fn expunge(&self, user: &str, mailbox: &str, uid: u32) -> Option<()> {
        let remove = |account: &mut store::Account| account.mailbox(mailbox)?.remove(uid).then_some(());
        self.shared.store.change(user, remove)?
    }

    /// All lines that were received so far on any connection, without line ends, in order. The octets of literals are left out;
    /// passwords are included.
    #[must_use]
    pub fn commands(&self) -> Vec<String> {
        self.shared.log.lines()
    }

    /// Waits until a line that contains this text is received on any connection. A line that was received since the last
    /// [`clear_commands`](Self::clear_commands) counts. The command may not have been executed yet.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use postroom::testing::Server;
    /// use tokio::io::AsyncWriteExt;
    ///
    /// let server = Server::builder().in_memory()?;
    /// let mut client = server.imap_stream();
    /// client.write_all(b"a NOOP\r\n").await?;
    /// server.received("NOOP").await;
    /// assert_eq!(server.commands(), ["a NOOP"]);
    /// # Ok(()) }
    /// ```
    pub async fn received(&self, text: &str) {
        self.shared.log.wait(|line| line.contains(text)).await;
    }

    /// Forgets the lines that were received so far.
    pub fn clear_commands(&self) {
        self.shared.log.clear();
    }

    /// Gives the next connection this fault. A second call gives the connection after it another one.
    pub fn fault(&self, fault: Fault) {
        self.shared.faults.lock().unwrap_or_else(PoisonError::into_inner).push_back(fault);
    }

    /// Lets stalled connections send the held output, and continue without their fault.
    pub fn resume(&self) {
        self.shared.resume.send_modify(|count| *count += 1);
    }

    /// The number of open connections: those whose end the server has not seen yet.
    #[must_use]
    pub fn connections(&self) -> usize {
        *self.shared.live.borrow()
    }

    /// Waits until no connection is open. Then the server has executed all commands of clients that have gone, and a snapshot is final.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = postroom::testing::Server::builder().in_memory()?;
    /// drop(server.imap_stream());
    /// server.all_closed().await;
    /// assert_eq!(server.connections(), 0);
    /// # Ok(()) }
    /// ```
    pub async fn all_closed(&self) {
        // The sender lives as long as `self`, so this cannot fail.
        let _ = self.shared.live.subscribe().wait_for(|count| *count == 0).await;
    }

    /// Closes every connection at once, without a goodbye, as a restart does. The ports stay open.
    pub fn disconnect_all(&self) {
        if let Some(sessions) = self.shared.sessions().as_mut() {
            sessions.end_all();
        }
    }

    /// Closes every connection of this user at once, without a goodbye, as an administrator or a load balancer does.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use postroom::imap::Imap;
    /// use postroom::testing::Server;
    /// use postroom::{Config, Login};
    ///
    /// let server = Server::builder().in_memory()?;
    /// let config = Config::new("localhost").dangerous_plaintext(); // nothing leaves this process
    /// let (imap, driver) = Imap::handshake(server.imap_stream(), config, Login::password("alice", "alicepw")).await?;
    /// tokio::spawn(driver);
    /// server.disconnect("alice");
    /// assert!(imap.noop().await.is_err());
    /// # Ok(()) }
    /// ```
    pub fn disconnect(&self, user: &str) {
        if let Some(sessions) = self.shared.sessions().as_ref() {
            sessions.end_those_of(user);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        *self.shared.sessions() = None;
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &self.shared.options;
        out.debug_struct("Server").field("ports", &self.ports).field("options", options).finish_non_exhaustive()
    }
}

async fn accept(shared: Arc<Shared>, door: Door, listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        // Without it small replies wait for the peer's acknowledgement. A failure does no harm.
        let _ = stream.set_nodelay(true);
        connect(&shared, door, Box::new(stream));
    }
}

fn connect(shared: &Arc<Shared>, door: Door, stream: Box<dyn Transport>) {
    let resume = shared.resume.subscribe();
    let wire = Wire::new(stream, shared.next_fault(), resume, Arc::clone(&shared.log), shared.options.asking);
    let live = Live::begin(shared);
    let task = async move {
        serve(Arc::clone(&live.0), door, wire).await;
        drop(live);
    };
    if let Some(sessions) = shared.sessions().as_mut() {
        sessions.spawn(task);
    }
}

/// An open connection, counted until its task ends in any way.
struct Live(Arc<Shared>);

impl Live {
    fn begin(shared: &Arc<Shared>) -> Self {
        shared.live.send_modify(|count| *count += 1);
        Self(Arc::clone(shared))
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.0.live.send_modify(|count| *count -= 1);
    }
}

/// The error of a connection is ignored: its client sees it.
async fn serve(shared: Arc<Shared>, door: Door, mut wire: Wire) {
    let secure = matches!(door, Door::Imaps | Door::Pop3s);
    if secure && wire.upgrade().await.is_err() {
        return;
    }
    let _ = match door {
        Door::Imap | Door::Imaps => imap::Session::new(shared, wire, secure).run().await,
        Door::Pop3 | Door::Pop3s => pop3::Session::new(shared, wire, secure).run().await,
    };
}

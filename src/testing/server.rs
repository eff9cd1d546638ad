//! The embedded server: its ports, its streams, its connections' tasks, and the doors for tests to look in. It does not
//! know the protocols.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::io::DuplexStream;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::builder::Options;
use super::store::{self, Content, Store};
use super::wire::{Log, Transport, Wire};
use super::{Builder, Fault, Snapshot, cert, imap, pop3};

/// An IMAP and POP3 server inside the process, for tests.
///
/// It keeps what it is given, answers what it announces and refuses the rest with BAD or `-ERR`. All its connections
/// share the mail. It lives in the tokio runtime it was started in, and ends with everything it began when it is dropped.
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

/// What the connections share.
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) options: Options,
    log: Arc<Log>,
    faults: Mutex<VecDeque<Fault>>,
    resume: watch::Sender<u64>,
    /// How many connections are open.
    live: watch::Sender<usize>,
    /// The connections' tasks; none once the server is gone.
    sessions: Mutex<Option<JoinSet<()>>>,
}

#[derive(Clone, Copy)]
enum Door {
    Imap,
    Imaps,
    Pop3,
    Pop3s,
}

impl Server {
    /// A server to be.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(super) fn new(store: Store, options: Options) -> io::Result<Self> {
        let shared = Shared {
            store,
            options,
            log: Arc::default(),
            faults: Mutex::default(),
            resume: watch::Sender::new(0),
            live: watch::Sender::new(0),
            sessions: Mutex::new(Some(JoinSet::new())),
        };
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

    /// The port of IMAP without TLS at first, STARTTLS offered; 0 for a server without ports.
    #[must_use]
    pub fn imap_port(&self) -> u16 {
        self.ports[0]
    }

    /// The port of IMAP over TLS; 0 for a server without ports.
    #[must_use]
    pub fn imaps_port(&self) -> u16 {
        self.ports[1]
    }

    /// The port of POP3 without TLS at first, STLS offered; 0 for a server without ports.
    #[must_use]
    pub fn pop3_port(&self) -> u16 {
        self.ports[2]
    }

    /// The port of POP3 over TLS; 0 for a server without ports.
    #[must_use]
    pub fn pop3s_port(&self) -> u16 {
        self.ports[3]
    }

    /// The certificate of the authority behind the server's own, in PEM. Names: `localhost`, `127.0.0.1`, `::1`.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        &self.authority.pem
    }

    /// The same certificate in DER.
    #[must_use]
    pub fn ca_der(&self) -> &[u8] {
        &self.authority.der
    }

    /// A new certificate for that client by the same authority, and its private key, both in PEM; see
    /// [`Builder::ask_client_certificate`].
    ///
    /// # Errors
    ///
    /// When the certificate cannot be made.
    pub fn client_certificate(&self, user: &str) -> io::Result<(String, String)> {
        self.authority.issue(user).map_err(io::Error::other)
    }

    /// Whom the client certificates shown so far were issued to, one for each TLS handshake with one, in order.
    #[must_use]
    pub fn shown_certificates(&self) -> Vec<String> {
        self.shared.log.clients().clone()
    }

    /// A new IMAP connection in memory. To be called inside the runtime. It is plaintext that can STARTTLS.
    #[must_use]
    pub fn imap_stream(&self) -> DuplexStream {
        self.stream(Door::Imap)
    }

    /// A new POP3 connection in memory. To be called inside the runtime. It is plaintext that can STLS.
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

    /// Mail arrives from outside; running sessions learn of it as the protocol allows. Tells its UID, `None` where there
    /// is no such user or mailbox.
    pub fn deliver(&self, user: &str, mailbox: &str, message: impl Into<Bytes>, flags: &[&str]) -> Option<u32> {
        let content = Content::new(message.into(), self.shared.options.now());
        let flags = flags.iter().map(|name| store::flag(name)).collect();
        self.shared.store.change(user, |account| Some(account.mailbox(mailbox)?.add(content, flags)))?
    }

    /// Replaces the flags of a message from outside, as another program would. `None` where there is no such message.
    pub fn set_flags(&self, user: &str, mailbox: &str, uid: u32, flags: &[&str]) -> Option<()> {
        let flags = flags.iter().map(|name| store::flag(name)).collect();
        let change =
            |account: &mut store::Account| account.mailbox(mailbox)?.flag(uid, |current| *current = flags).map(|_| ());
        self.shared.store.change(user, change)?
    }

    /// Removes a message from outside. `None` where there is no such message.
    pub fn expunge(&self, user: &str, mailbox: &str, uid: u32) -> Option<()> {
        let remove = |account: &mut store::Account| account.mailbox(mailbox)?.remove(uid).then_some(());
        self.shared.store.change(user, remove)?
    }

    /// Every line received so far on any connection, without its line end, in order. The octets of literals are not
    /// among them; passwords are, as they came.
    #[must_use]
    pub fn commands(&self) -> Vec<String> {
        self.shared.log.lines()
    }

    /// Waits until a line that contains this text has been received, on any connection, or had been since the last
    /// [`clear_commands`](Self::clear_commands). The command may not have been carried out yet.
    pub async fn received(&self, text: &str) {
        self.shared.log.wait(|line| line.contains(text)).await;
    }

    /// Forgets the lines received so far.
    pub fn clear_commands(&self) {
        self.shared.log.clear();
    }

    /// Gives the next connection this fault; further calls are for the connections after it.
    pub fn fault(&self, fault: Fault) {
        self.shared.faults.lock().unwrap_or_else(PoisonError::into_inner).push_back(fault);
    }

    /// Lets stalled connections send what they held back, and go on without their fault.
    pub fn resume(&self) {
        self.shared.resume.send_modify(|count| *count += 1);
    }

    /// How many connections are open: those whose end the server has not met yet.
    #[must_use]
    pub fn connections(&self) -> usize {
        *self.shared.live.borrow()
    }

    /// Waits until no connection is open, that is until the server has done all that clients who have gone asked of
    /// it. A snapshot taken then is the last word.
    pub async fn all_closed(&self) {
        // The sender lives as long as `self`: there is no error to meet.
        let _ = self.shared.live.subscribe().wait_for(|count| *count == 0).await;
    }

    /// Ends every connection at once and without a word; the ports stay open.
    pub fn disconnect_all(&self) {
        if let Some(sessions) = self.shared.sessions().as_mut() {
            sessions.abort_all();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        *self.shared.sessions() = None;
    }
}

impl Shared {
    fn sessions(&self) -> MutexGuard<'_, Option<JoinSet<()>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_fault(&self) -> Option<Fault> {
        let next = self.faults.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        next.or(self.options.every_connection)
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
        // Without it small replies wait for the peer's acknowledgement; the connection works all the same.
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
        while sessions.try_join_next().is_some() {}
        sessions.spawn(task);
    }
}

/// An open connection, counted until its task is gone, however that ends.
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

/// A connection that fails has nobody to tell: its client sees it.
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

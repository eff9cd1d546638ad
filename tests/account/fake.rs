//! The embedded server behind a way in memory, on a paused clock, which can refuse connections as servers and networks do. It counts them.

use std::collections::VecDeque;
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use postroom::account::{Account, AccountBuilder, AccountNotice, AccountNotices};
use postroom::connector::{Connect, Stream, Target};
use postroom::testing::{Builder, Script, Server};
use postroom::{BoxFuture, Config, Login};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::time::Instant;

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Fake(Arc<Inner>);

struct Inner {
    server: Server,
    /// What connections meet, until it is changed.
    weather: Mutex<Weather>,
    /// What the next connections meet instead.
    next: Mutex<VecDeque<Weather>>,
    /// When each connection began.
    tried: Mutex<Vec<Instant>>,
    most_seen: AtomicUsize,
    /// The connections before this one are dead, and nobody knows.
    forgotten: AtomicUsize,
    /// The dialogues of scripted connections.
    scripts: Mutex<Vec<Script>>,
    /// The other ends of connections on which nothing comes.
    silent: Mutex<Vec<DuplexStream>>,
}

#[derive(Clone, Debug)]
pub(crate) enum Weather {
    Fine,
    /// No network.
    Down,
    /// The connection opens, and nothing ever comes.
    Silent,
    /// The server has no place for more than this number of connections, and says so at the login.
    Most(usize),
    /// The server speaks this dialogue.
    Says(&'static str),
    /// The connection ends after the login.
    DiesAfterLogin,
}

impl Fake {
    pub(crate) fn new(builder: Builder) -> Self {
        Self(Arc::new(Inner {
            server: builder.in_memory().unwrap(),
            weather: Mutex::new(Weather::Fine),
            next: Mutex::default(),
            tried: Mutex::default(),
            most_seen: AtomicUsize::new(0),
            forgotten: AtomicUsize::new(0),
            scripts: Mutex::default(),
            silent: Mutex::default(),
        }))
    }

    pub(crate) fn server(&self) -> &Server {
        &self.0.server
    }

    pub(crate) fn weather(&self, weather: Weather) {
        *self.0.weather.lock().unwrap() = weather;
    }

    pub(crate) fn next(&self, weather: Weather) {
        self.0.next.lock().unwrap().push_back(weather);
    }

    /// A router forgets all connections: nothing goes through them any more, in either direction.
    pub(crate) fn forget_connections(&self) {
        self.0.forgotten.store(self.tried() + 1, Ordering::Relaxed);
    }

    /// Whatever was to come, the next connections are fine.
    pub(crate) fn calm(&self) {
        self.0.next.lock().unwrap().clear();
        self.weather(Weather::Fine);
    }

    /// The connections so far.
    pub(crate) fn tried(&self) -> usize {
        self.0.tried.lock().unwrap().len()
    }

    /// The seconds between the connections.
    pub(crate) fn waits(&self) -> Vec<u64> {
        let tried = self.0.tried.lock().unwrap();
        tried.windows(2).map(|two| (two[1] - two[0]).as_secs()).collect()
    }

    /// The most connections that were open together.
    pub(crate) fn most_seen(&self) -> usize {
        self.0.most_seen.load(Ordering::Relaxed)
    }

    pub(crate) fn config(&self, host: &str) -> Config {
        Config::new(host).dangerous_plaintext().connect_by(self.clone())
    }

    pub(crate) fn account(&self) -> AccountBuilder {
        self.account_of(Login::password("alice", "alicepw"))
    }

    pub(crate) fn account_of(&self, login: Login) -> AccountBuilder {
        Account::new(self.config("localhost"), login)
    }

    fn meet(&self, target: &Target) -> io::Result<Box<dyn Stream>> {
        self.0.tried.lock().unwrap().push(Instant::now());
        let next = self.0.next.lock().unwrap().pop_front();
        let full = |most| self.0.server.connections() >= most;
        let weather = next.unwrap_or_else(|| self.0.weather.lock().unwrap().clone());
        let stream = match weather {
            Weather::Down => return Err(io::ErrorKind::NetworkUnreachable.into()),
            Weather::Silent => {
                let (ours, theirs) = tokio::io::duplex(1024);
                self.0.silent.lock().unwrap().push(ours);
                return Ok(Box::new(theirs));
            }
            Weather::Most(most) if full(most) => return Ok(self.script(TOO_MANY)),
            Weather::Says(dialogue) => return Ok(self.script(dialogue)),
            Weather::DiesAfterLogin => return Ok(self.script(DIES)),
            Weather::Fine | Weather::Most(_) if target.port() == 110 => self.0.server.pop3_stream(),
            Weather::Fine | Weather::Most(_) => self.0.server.imap_stream(),
        };
        self.0.most_seen.fetch_max(self.0.server.connections(), Ordering::Relaxed);
        Ok(Box::new(Link { stream, number: self.tried(), fake: self.clone() }))
    }

    fn script(&self, dialogue: &str) -> Box<dyn Stream> {
        let mut script = Script::new(dialogue);
        let stream = script.stream();
        self.0.scripts.lock().unwrap().push(script);
        Box::new(stream)
    }
}

/// A connection that a router may forget.
struct Link {
    stream: DuplexStream,
    number: usize,
    fake: Fake,
}

impl Link {
    fn is_forgotten(&self) -> bool {
        self.number < self.fake.0.forgotten.load(Ordering::Relaxed)
    }
}

impl AsyncRead for Link {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.is_forgotten() {
            true => Poll::Pending,
            false => Pin::new(&mut self.stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Link {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.is_forgotten() {
            true => Poll::Ready(Ok(bytes.len())),
            false => Pin::new(&mut self.stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Dovecot's words.
const TOO_MANY: &str = "
    S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
    C: {A} AUTHENTICATE PLAIN {*}
    S: {A} NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded (mail_max_userip_connections=3)
    eof
";

const DIES: &str = "
    S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
    C: {A} AUTHENTICATE PLAIN {*}
    S: {A} OK [CAPABILITY IMAP4rev1] welcome
    close
";

impl Connect for Fake {
    fn connect<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async move { self.meet(target) })
    }
}

/// What was reported so far.
pub(crate) fn reported(notices: &mut AccountNotices) -> Vec<AccountNotice> {
    let at_once = || match pin!(notices.next()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(notice) => notice,
        Poll::Pending => None,
    };
    std::iter::from_fn(at_once).collect()
}

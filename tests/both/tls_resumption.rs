//! Resumed TLS sessions, servers that do not accept them, and the end of TLS. The server is written here, and the tests compare what it
//! saw.

use std::io;
use std::sync::{Arc, Mutex};

use postroom::imap::Imap;
use postroom::rustls::HandshakeKind::{self, Full, Resumed};
use postroom::rustls::crypto::CryptoProvider;
use postroom::rustls::pki_types::PrivateKeyDer;
use postroom::rustls::server::ProducesTickets;
use postroom::rustls::{ServerConfig, SupportedProtocolVersion, version};
use postroom::{Config, Error, Kind, Login};
use rcgen::{CertificateParams, KeyPair};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::connector::By;

/// The prefix of every ticket, which makes it recognizable in a hello.
const MARK: &[u8] = b"ticket of the resumption tests";
const VERSIONS: [&SupportedProtocolVersion; 2] = [&version::TLS12, &version::TLS13];

/// How the server treats a resumed session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Mood {
    Glad,
    /// Answers the hello with an alert, as OpenSSL does without a session id context.
    BreaksEarly,
    /// Closes after the handshake.
    BreaksLate,
    /// Answers every hello but the first with an alert.
    BreaksAll,
}

/// What became of one connection; `None` if the hello was answered with an alert.
type Seen = Arc<Mutex<Vec<Option<HandshakeKind>>>>;

struct Peer {
    port: u16,
    seen: Seen,
    /// Whether each connection ended with TLS's goodbye.
    ends: watch::Receiver<Vec<bool>>,
    root: Vec<u8>,
}

#[derive(Debug)]
struct Tickets;

/// Nothing here is secret.
impl ProducesTickets for Tickets {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        3600
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        Some([MARK, plain].concat())
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        cipher.strip_prefix(MARK).map(<[u8]>::to_vec)
    }
}

fn provider() -> Arc<CryptoProvider> {
    #[cfg(feature = "aws-lc-rs")]
    return Arc::new(postroom::rustls::crypto::aws_lc_rs::default_provider());
    #[cfg(not(feature = "aws-lc-rs"))]
    return Arc::new(postroom::rustls::crypto::ring::default_provider());
}

impl Peer {
    async fn start(version: &'static SupportedProtocolVersion, mood: Mood, upgrade: bool) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .unwrap();
        config.ticketer = Arc::new(Tickets);
        let (acceptor, seen) = (TlsAcceptor::from(Arc::new(config)), Seen::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (told, ends) = watch::channel(Vec::new());
        let peer = Self { port, seen: seen.clone(), ends, root: certificate.der().to_vec() };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Some tests are about a client that breaks off.
                let end = serve(stream, &acceptor, mood, upgrade, &seen).await;
                told.send_modify(|ends| ends.push(end.is_ok()));
            }
        });
        peer
    }

    fn config(&self) -> Config {
        Config::new("localhost").port(self.port).add_root_der(&self.root).unwrap()
    }

    fn seen(&self) -> Vec<Option<HandshakeKind>> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    acceptor: &TlsAcceptor,
    mood: Mood,
    upgrade: bool,
    seen: &Seen,
) -> io::Result<()> {
    if upgrade {
        stream.write_all(b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n").await?;
        let mut line = vec![0; 13];
        stream.read_exact(&mut line).await?;
        assert_eq!(line, b"A1 STARTTLS\r\n");
        stream.write_all(b"A1 OK go on\r\n").await?;
    }
    let mut hello = vec![0; 16 * 1024];
    let count = stream.read(&mut hello).await?;
    hello.truncate(count);
    let resumes = hello.windows(MARK.len()).any(|window| window == MARK);
    let first = seen.lock().unwrap().is_empty();
    if mood == Mood::BreaksEarly && resumes || mood == Mood::BreaksAll && !first {
        seen.lock().unwrap().push(None);
        return stream.write_all(&[21, 3, 3, 0, 2, 2, 80]).await; // fatal, internal_error
    }
    let (read, write) = stream.split();
    let plain = tokio::io::join(io::Cursor::new(hello).chain(read), write);
    let stream = acceptor.accept(plain).await?;
    let kind = stream.get_ref().1.handshake_kind();
    seen.lock().unwrap().push(kind);
    if mood == Mood::BreaksLate && kind == Some(Resumed) {
        return Ok(());
    }
    converse(BufReader::new(stream), !upgrade).await
}

async fn converse(mut stream: BufReader<impl AsyncRead + AsyncWrite + Unpin>, greets: bool) -> io::Result<()> {
    if greets {
        stream.write_all(b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\r\n").await?;
    }
    stream.flush().await?;
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        let (tag, verb) = line.trim_end().split_once(' ').unwrap();
        let untagged = match verb.split(' ').next() {
            Some("CAPABILITY") => "* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN\r\n",
            Some("LOGOUT") => "* BYE\r\n",
            _ => "",
        };
        stream.write_all(format!("{untagged}{tag} OK done\r\n").as_bytes()).await?;
        stream.flush().await?;
        line.clear();
    }
    stream.shutdown().await
}

async fn session(config: Config) -> Result<(), Error> {
    Imap::connect(config, Login::password("alice", "alicepw")).await?.logout().await
}

#[tokio::test]
async fn a_session_is_resumed_among_the_clones_of_a_configuration() {
    for version in VERSIONS {
        let peer = Peer::start(version, Mood::Glad, false).await;
        let config = peer.config();
        for _ in 0..3 {
            session(config.clone()).await.unwrap();
        }
        assert_eq!(peer.seen(), [Some(Full), Some(Resumed), Some(Resumed)], "{version:?}");
    }
}

#[tokio::test]
async fn a_session_is_resumed_behind_starttls_too() {
    let peer = Peer::start(&version::TLS13, Mood::Glad, true).await;
    let config = peer.config().starttls();
    session(config.clone()).await.unwrap();
    session(config).await.unwrap();
    assert_eq!(peer.seen(), [Some(Full), Some(Resumed)]);
}

#[tokio::test]
async fn no_session_passes_to_another_trust_or_another_client_certificate() {
    for version in VERSIONS {
        let peer = Peer::start(version, Mood::Glad, false).await;
        let config = peer.config();
        session(config.clone()).await.unwrap();
        session(config.clone().only_added_roots()).await.unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
        let (chain, key) = (certificate.pem(), key.serialize_pem());
        let identified = config.clone().client_certificate_pem(chain.as_bytes(), key.as_bytes()).unwrap();
        session(identified).await.unwrap();
        assert_eq!(peer.seen(), [Some(Full); 3], "{version:?}");
    }
}

#[tokio::test]
async fn a_server_that_breaks_a_resumed_handshake_off_is_reached_all_the_same() {
    for version in VERSIONS {
        for upgrade in [false, true] {
            let peer = Peer::start(version, Mood::BreaksEarly, upgrade).await;
            let config = if upgrade { peer.config().starttls() } else { peer.config() };
            for _ in 0..3 {
                session(config.clone()).await.unwrap();
            }
            // It breaks off once; resumption is not tried again after that.
            assert_eq!(peer.seen(), [Some(Full), None, Some(Full), Some(Full)], "{version:?}");
        }
    }
}

#[tokio::test]
async fn a_server_that_closes_behind_a_resumed_handshake_is_reached_all_the_same() {
    for version in VERSIONS {
        let peer = Peer::start(version, Mood::BreaksLate, false).await;
        let config = peer.config();
        for _ in 0..3 {
            session(config.clone()).await.unwrap();
        }
        assert_eq!(peer.seen(), [Some(Full), Some(Resumed), Some(Full), Some(Full)], "{version:?}");
    }
}

#[tokio::test]
async fn it_is_tried_once_more_and_not_again() {
    let peer = Peer::start(&version::TLS13, Mood::BreaksAll, false).await;
    let config = peer.config();
    session(config.clone()).await.unwrap();
    assert_eq!(session(config.clone()).await.unwrap_err().kind(), Kind::Tls);
    assert_eq!(peer.seen(), [Some(Full), None, None]);
    // Now there is no session that could be the cause.
    assert_eq!(session(config).await.unwrap_err().kind(), Kind::Tls);
    assert_eq!(peer.seen(), [Some(Full), None, None, None]);
}

#[tokio::test]
async fn over_a_connector_it_is_as_over_tcp() {
    let expected = |mood| match mood {
        Mood::BreaksEarly => vec![Some(Full), None, Some(Full), Some(Full)],
        Mood::BreaksLate => vec![Some(Full), Some(Resumed), Some(Full), Some(Full)],
        _ => vec![Some(Full), Some(Resumed), Some(Resumed)],
    };
    for version in VERSIONS {
        for (mood, upgrade) in [
            (Mood::Glad, false),
            (Mood::Glad, true),
            (Mood::BreaksEarly, false),
            (Mood::BreaksEarly, true),
            (Mood::BreaksLate, false),
        ] {
            let peer = Peer::start(version, mood, upgrade).await;
            let by = By::port(peer.port);
            let config = if upgrade { peer.config().starttls() } else { peer.config() };
            let config = config.connect_by(by.clone());
            for _ in 0..3 {
                session(config.clone()).await.unwrap();
            }
            assert_eq!(peer.seen(), expected(mood), "{version:?}, {mood:?}, {upgrade}");
            assert_eq!(by.asked().len(), peer.seen().len());
        }
    }
}

#[tokio::test]
async fn over_a_stream_of_the_callers_own_nothing_is_resumed() {
    let peer = Peer::start(&version::TLS13, Mood::Glad, false).await;
    let config = peer.config();
    for _ in 0..2 {
        let stream = TcpStream::connect(("127.0.0.1", peer.port)).await.unwrap();
        let login = Login::password("alice", "alicepw");
        let (imap, driver) = Imap::handshake(stream, config.clone(), login).await.unwrap();
        tokio::spawn(driver);
        imap.logout().await.unwrap();
    }
    assert_eq!(peer.seen(), [Some(Full), Some(Full)]);
}

#[tokio::test]
async fn tls_ends_with_its_goodbye_whether_the_session_is_logged_out_or_dropped() {
    for version in VERSIONS {
        let mut peer = Peer::start(version, Mood::Glad, false).await;
        session(peer.config()).await.unwrap();
        drop(Imap::connect(peer.config(), Login::password("alice", "alicepw")).await.unwrap());
        let ends = peer.ends.wait_for(|ends| ends.len() == 2).await.unwrap();
        // Reading on from a stream without it is an error.
        assert_eq!(*ends, [true, true], "{version:?}");
    }
}

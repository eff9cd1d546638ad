//! From a host, or the caller's own stream, to a logged-in session: connected, encrypted if TLS comes first, and begun. It does not know
//! which protocol the session speaks.

use tokio::time::timeout;

use super::Driver;
use super::connector::{Stream, Target, Way, dial};
use super::layers::{Layers, read_failure};
use super::tls::Tls;
use crate::config::{Config, Protocol, Security};
use crate::error::{Error, Kind, Result, Step};
use crate::login::Login;
use crate::start_error::explain;

/// A session of one protocol, as the opening of one needs it.
pub(crate) trait Session: Sized + Send {
    const PROTOCOL: Protocol;

    /// Begins over a stream, up to the end of the login. `upgrade` is what an upgrade to TLS needs, if TLS comes later.
    fn begin(
        stream: Layers,
        upgrade: Option<Tls>,
        config: &Config,
        login: &Login,
    ) -> impl Future<Output = Result<(Self, Driver)>> + Send;
}

/// What a session is opened with, so that it can be opened again.
pub(crate) struct Opener {
    pub(crate) config: Config,
    pub(crate) login: Login,
}

impl Opener {
    /// # Errors
    ///
    /// `Kind::Input` for a login that cannot work.
    pub(crate) fn new(config: Config, login: Login) -> Result<Self> {
        login.check()?;
        Ok(Self { config, login })
    }

    /// Connects, encrypts if TLS comes first, and logs in. The driver runs in its own task. If the server breaks off because the client
    /// resumed a TLS session, the session is forgotten and everything is done once more.
    ///
    /// # Errors
    ///
    /// `Kind::Input` for a configuration that cannot work, before anything is looked up; those of the way to the server, such as `Kind::Io`
    /// if no address accepts the connection; `Kind::Timeout`; and those of [`Tls::handshake`] and of the session's beginning.
    pub(crate) async fn open<S: Session>(&self) -> Result<S> {
        // Boxed, so that the caller's future does not reserve space for the handshakes for its whole life.
        Box::pin(async {
            let config = &self.config;
            let begin = |stream, upgrade| S::begin(stream, upgrade, config, &self.login);
            let (session, driver) = session(config, S::PROTOCOL, begin).await?;
            driver.spawn();
            Ok(session)
        })
        .await
    }

    /// Logs in over the caller's own stream, which is encrypted first if TLS comes first. It cannot be opened a second time, so no TLS
    /// session is resumed on it.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), without those of the way to the server.
    pub(crate) async fn over<S: Session>(&self, stream: impl Stream + 'static) -> Result<(S, Driver)> {
        let (stream, upgrade) = adopt(Box::new(stream), &self.config, S::PROTOCOL).await?;
        let begun = S::begin(stream, upgrade, &self.config, &self.login).await;
        begun.map_err(|error| explain(error, &self.config, S::PROTOCOL))
    }
}

async fn session<T, F>(config: &Config, protocol: Protocol, begin: impl Fn(Layers, Option<Tls>) -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    config.check(protocol)?;
    let tls = prepare_tls(config, Tls::new)?;
    let attempt = || async {
        let (stream, upgrade) = connect(config, protocol, tls.clone()).await?;
        begin(stream, upgrade).await
    };
    let result = match attempt().await {
        Err(_) if tls.as_ref().is_some_and(Tls::was_refused) => attempt().await,
        result => result,
    };
    result.map_err(|error| explain(error, config, protocol))
}

/// The caller's own stream, encrypted if TLS comes first.
pub(super) async fn adopt(
    stream: Box<dyn Stream>,
    config: &Config,
    protocol: Protocol,
) -> Result<(Layers, Option<Tls>)> {
    config.check(protocol)?;
    let tls = prepare_tls(config, Tls::fresh)?;
    secure(Layers::own(stream), config, tls).await.map_err(|error| explain(error, config, protocol))
}

/// What TLS needs. Made before the first byte is sent, so that a configuration that cannot work fails at once.
fn prepare_tls(config: &Config, make: fn(&Config) -> Result<Tls>) -> Result<Option<Tls>> {
    match config.security {
        Security::Implicit | Security::Upgrade => make(config).map(Some),
        Security::Plaintext => Ok(None),
    }
}

/// From the host to a stream for a session.
async fn connect(config: &Config, protocol: Protocol, tls: Option<Tls>) -> Result<(Layers, Option<Tls>)> {
    let stream = reach(config, protocol).await.map_err(|error| error.at(Step::Connect))?;
    let (mut stream, upgrade) = secure(stream, config, tls.clone()).await?;
    if let Some(tls) = tls.filter(|_| stream.is_resumed()) {
        wait_for_greeting(&mut stream, &tls, config).await.map_err(|error| error.at(Step::Tls))?;
    }
    Ok((stream, upgrade))
}

async fn reach(config: &Config, protocol: Protocol) -> Result<Layers> {
    let target = Target::of(config, protocol);
    match Way::of(config) {
        Some(way) => way.connect(&target).await.map(Layers::own),
        None => dial(&target).await.map(Layers::tcp),
    }
}

async fn secure(stream: Layers, config: &Config, tls: Option<Tls>) -> Result<(Layers, Option<Tls>)> {
    match tls {
        Some(tls) if config.security == Security::Implicit => {
            let encrypted = stream.encrypt(&tls).await;
            Ok((encrypted.map_err(|error| error.at(Step::Tls))?, None))
        }
        upgrade => Ok((stream, upgrade)),
    }
}

/// Waits for the first byte of the peer, which speaks first. In TLS 1.3 the client completes the handshake before the server has
/// checked it: a server that breaks off because of the resumed session does so only here.
async fn wait_for_greeting(stream: &mut Layers, tls: &Tls, config: &Config) -> Result<()> {
    let deadline = config.deadlines.greeting;
    match timeout(deadline, stream.wait_readable()).await {
        Ok(Ok(true)) => Ok(()),
        Ok(Ok(false)) => {
            tls.refuse();
            Err(Error::closed("the server closed the connection after the TLS handshake"))
        }
        Ok(Err(error)) => {
            tls.refuse();
            Err(read_failure(error))
        }
        Err(_) => Err(Error::new(Kind::Timeout, format!("the server did not greet within {deadline:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    async fn closed_port() -> u16 {
        TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
    }

    async fn dialled(config: &Config) -> Result<(Layers, Option<Tls>)> {
        session(config, Protocol::Imap, |stream, upgrade| async { Ok((stream, upgrade)) }).await
    }

    #[tokio::test]
    async fn a_plain_connection_has_no_delay_and_no_encryption() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let config = Config::new("127.0.0.1").port(listener.local_addr().unwrap().port()).dangerous_plaintext();
        let (stream, upgrade) = dialled(&config).await.unwrap();
        assert!(!stream.is_encrypted() && upgrade.is_none());
        assert!(stream.socket().unwrap().nodelay().unwrap());
    }

    #[tokio::test]
    async fn a_closed_port_is_an_io_error_with_its_cause() {
        let config = Config::new("127.0.0.1").port(closed_port().await).dangerous_plaintext();
        let error = dialled(&config).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Io);
        assert!(error.is_retryable() && error.to_string().contains("127.0.0.1"));
        assert!(std::error::Error::source(&error).unwrap().to_string().contains("127.0.0.1: "));
    }

    #[tokio::test]
    async fn a_wrong_configuration_is_refused_before_the_lookup() {
        let config: Config = "pops://example.invalid".parse().unwrap();
        assert_eq!(dialled(&config).await.unwrap_err().kind(), Kind::Input);
    }

    #[test]
    fn connecting_may_move_between_threads() {
        fn is_send(_: impl Send) {}
        let config = Config::new("h");
        is_send(dialled(&config));
        is_send(adopt(Box::new(tokio::io::empty()), &config, Protocol::Imap));
    }

    #[tokio::test]
    async fn the_callers_own_stream_is_taken_as_it_is_where_nothing_is_to_be_encrypted() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let config = Config::new("h").dangerous_plaintext();
        let (mut stream, upgrade) = adopt(Box::new(ours), &config, Protocol::Pop3).await.unwrap();
        assert!(!stream.is_encrypted() && upgrade.is_none());
        theirs.write_all(b"+OK").await.unwrap();
        let mut greeting = [0; 3];
        stream.read_exact(&mut greeting).await.unwrap();
        assert_eq!(&greeting, b"+OK");
    }

    #[tokio::test]
    async fn a_closed_stream_is_at_its_end() {
        assert_eq!(Layers::closed().read(&mut [0; 8]).await.unwrap(), 0);
    }
}

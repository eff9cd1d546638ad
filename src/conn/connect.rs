//! From a host, or the caller's own stream, to a stream for a session: connected, and encrypted if TLS comes first. It does not know
//! which protocol the session speaks.

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::happy_eyeballs::connect_within;
use super::socket::configure_socket;
use super::stream::{Io, Stream, read_failure};
use super::tls::Tls;
use crate::config::{Config, Protocol, Security};
use crate::error::{Error, Kind, Result, Step};
use crate::start_error::explain;

/// Connects, encrypts if TLS comes first, and begins a session by `begin`, which gets what an upgrade to TLS needs if TLS comes later.
/// If the server breaks off because the client resumed a TLS session, the session is forgotten and everything is done once more.
///
/// # Errors
///
/// `Kind::Input` for a configuration that cannot work, before anything is looked up; `Kind::Io` if no address accepts the
/// connection, with the failure of each address as the source; `Kind::Timeout`; and those of [`Tls::handshake`] and of `begin`.
pub(crate) async fn session<T, F>(
    config: &Config,
    protocol: Protocol,
    begin: impl Fn(Stream, Option<Tls>) -> F,
) -> Result<T>
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

/// The caller's own stream, encrypted if TLS comes first. It cannot be opened a second time, so no TLS session is resumed on it.
///
/// # Errors
///
/// As [`session`], without those of the lookup and the connection.
pub(crate) async fn adopt(stream: impl Io, config: &Config, protocol: Protocol) -> Result<(Stream, Option<Tls>)> {
    config.check(protocol)?;
    let tls = prepare_tls(config, Tls::fresh)?;
    secure(Stream::own(stream), config, tls).await.map_err(|error| explain(error, config, protocol))
}

/// What TLS needs. Made before the first byte is sent, so that a configuration that cannot work fails at once.
fn prepare_tls(config: &Config, make: fn(&Config) -> Result<Tls>) -> Result<Option<Tls>> {
    match config.security {
        Security::Implicit | Security::Upgrade => make(config).map(Some),
        Security::Plaintext => Ok(None),
    }
}

/// From the host to a stream for a session.
async fn connect(config: &Config, protocol: Protocol, tls: Option<Tls>) -> Result<(Stream, Option<Tls>)> {
    let (host, port) = (config.host(), config.port_for(protocol));
    let resolve = tokio::net::lookup_host((host, port));
    let connected = connect_within(config.deadlines.connect, resolve, TcpStream::connect).await;
    let stream = connected.map_err(|error| error.at(Step::Connect))?;
    configure_socket(&stream, config);
    let (mut stream, upgrade) = secure(Stream::tcp(stream), config, tls.clone()).await?;
    if let Some(tls) = tls.filter(|_| stream.is_resumed()) {
        wait_for_greeting(&mut stream, &tls, config).await.map_err(|error| error.at(Step::Tls))?;
    }
    Ok((stream, upgrade))
}

async fn secure(stream: Stream, config: &Config, tls: Option<Tls>) -> Result<(Stream, Option<Tls>)> {
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
async fn wait_for_greeting(stream: &mut Stream, tls: &Tls, config: &Config) -> Result<()> {
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

    async fn dialled(config: &Config) -> Result<(Stream, Option<Tls>)> {
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
        is_send(adopt(tokio::io::empty(), &config, Protocol::Imap));
    }

    #[tokio::test]
    async fn the_callers_own_stream_is_taken_as_it_is_where_nothing_is_to_be_encrypted() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let config = Config::new("h").dangerous_plaintext();
        let (mut stream, upgrade) = adopt(ours, &config, Protocol::Pop3).await.unwrap();
        assert!(!stream.is_encrypted() && upgrade.is_none());
        theirs.write_all(b"+OK").await.unwrap();
        let mut greeting = [0; 3];
        stream.read_exact(&mut greeting).await.unwrap();
        assert_eq!(&greeting, b"+OK");
    }

    #[tokio::test]
    async fn a_closed_stream_is_at_its_end() {
        assert_eq!(Stream::closed().read(&mut [0; 8]).await.unwrap(), 0);
    }
}

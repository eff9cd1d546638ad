//! SOCKS5 (RFC 1928, RFC 1929), by tokio-socks. It must not know how the proxy is reached.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_socks::tcp::Socks5Stream;

use super::credentials::Credentials;
use super::refusal::Refusal;
use crate::conn::connector::{Stream, Target};

/// Asks for a tunnel to the target, whose name the proxy looks up.
pub(super) async fn tunnel(
    stream: Box<dyn Stream>,
    target: &Target,
    login: Option<&Credentials>,
) -> Result<Box<dyn Stream>, Refusal> {
    let stream = Flushed { stream, is_dirty: false };
    let place = (target.host(), target.port());
    let end = match login {
        Some(Credentials { user, password }) => {
            let password = std::str::from_utf8(password.expose()).unwrap_or_default();
            Socks5Stream::connect_with_password_and_socket(stream, place, user, password).await
        }
        None => Socks5Stream::connect_with_socket(stream, place).await,
    };
    match end {
        Ok(tunnel) => Ok(tunnel.into_inner().stream),
        Err(error) => Err(explain(error, target, login.is_some())),
    }
}

/// The texts of tokio-socks name neither the proxy nor the target.
fn explain(error: tokio_socks::Error, target: &Target, has_login: bool) -> Refusal {
    use tokio_socks::Error as Socks;
    let (host, port) = (target.host(), target.port());
    match error {
        Socks::Io(error) => Refusal::broken(error),
        Socks::InvalidTargetAddress("overlong domain") => Refusal::input("takes no host of more than 255 bytes"),
        Socks::NoAcceptableAuthMethods | Socks::AuthorizationRequired if !has_login => {
            Refusal::lasting("asks for a user and a password")
        }
        Socks::NoAcceptableAuthMethods | Socks::AuthorizationRequired => {
            Refusal::lasting("accepts no login by user and password")
        }
        Socks::PasswordAuthFailure(_) => Refusal::lasting("does not accept the user and the password"),
        Socks::ConnectionNotAllowedByRuleset => {
            Refusal::lasting(format!("does not allow connections to {host}:{port}"))
        }
        Socks::CommandNotSupported => Refusal::lasting("makes no tunnels"),
        Socks::AddressTypeNotSupported => Refusal::lasting(format!("does not support hosts such as {host}")),
        Socks::NetworkUnreachable | Socks::HostUnreachable | Socks::TtlExpired => {
            Refusal::passing(format!("cannot reach {host}"))
        }
        Socks::ConnectionRefused => Refusal::passing(format!("was refused a connection to {host}:{port}")),
        // The last one is also what tokio-socks makes of a reply code that RFC 1928 does not have, such as Tor's own.
        Socks::GeneralSocksServerFailure | Socks::UnknownError | Socks::UnknownAuthMethod => {
            Refusal::passing(format!("has failed to connect to {host}:{port}"))
        }
        // What else it reports is about the bytes of the proxy.
        error => Refusal::lasting("does not speak SOCKS5").caused_by(error),
    }
}

/// Flushes what was written before it reads, because tokio-socks does not: a stream of the caller's own may buffer.
struct Flushed {
    stream: Box<dyn Stream>,
    is_dirty: bool,
}

impl AsyncRead for Flushed {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.is_dirty {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.is_dirty = false;
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Flushed {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.is_dirty = true;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

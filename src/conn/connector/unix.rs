//! A Unix socket, as the way to a server on the same machine. It must not know what listens there.

use std::io;
use std::path::PathBuf;

use tokio::net::UnixStream;

use super::{Connect, Stream, Target};
use crate::error::{Error, Kind};
use crate::io::BoxFuture;

/// A Unix socket on which the server listens. The host and the port of the configuration don't matter for the way; the host is still
/// the name for which a certificate must be valid.
///
/// Nothing leaves the machine, so that [`dangerous_plaintext`](crate::Config::dangerous_plaintext) is safe if only the server can
/// create the socket there. If nobody listens, connecting fails with [`Kind::Io`], and the error names the path.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use postroom::connector::UnixSocket;
/// use postroom::{Config, Imap, Kind, Login};
///
/// let config = Config::new("localhost").dangerous_plaintext().connect_by(UnixSocket::new("/no/such/socket"));
/// let error = Imap::connect(config, Login::password("me", "secret")).await.unwrap_err();
/// assert_eq!(error.kind(), Kind::Io);
/// assert!(error.to_string().contains("/no/such/socket"));
/// # Ok(())
/// # }
/// # #[cfg(feature = "testing")]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct UnixSocket(PathBuf);

impl UnixSocket {
    /// The socket at that path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }
}

impl Connect for UnixSocket {
    fn connect<'a>(&'a self, _: &'a Target) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async {
            match UnixStream::connect(&self.0).await {
                Ok(stream) => Ok(Box::new(stream) as Box<dyn Stream>),
                Err(error) => {
                    let text = format!("no connection to the Unix socket {}", self.0.display());
                    Err(Error::new(Kind::Io, text).with_source(error).into())
                }
            }
        })
    }
}

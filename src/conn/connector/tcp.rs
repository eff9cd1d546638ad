//! TCP, the usual way to a server. It must not know what is connected.

use std::io;

use tokio::net::TcpStream;

use super::{Connect, Stream, Target};
use crate::conn::happy_eyeballs::{Reached, connect_within};
use crate::conn::socket::configure_socket;
use crate::error::Error;
use crate::io::BoxFuture;

/// TCP, as a [`Config`](crate::Config) uses it by default: for connectors that begin with it.
///
/// All addresses of the host are tried, staggered and alternating between IPv6 and IPv4 (RFC 8305), within the deadline of the target.
/// The family that worked last with this `Config` or a clone of it comes first. If the lookup fails, or takes longer than two seconds,
/// the addresses that were reached before are tried, too.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use postroom::connector::{Connect, Target, Tcp};
/// use tokio::io::AsyncReadExt;
///
/// let server = postroom::testing::Server::builder().start().await?;
/// let mut stream = Tcp.connect(&Target::new("localhost", server.imap_port())).await?;
/// let mut greeting = [0; 4];
/// stream.read_exact(&mut greeting).await?;
/// assert_eq!(&greeting, b"* OK");
/// # Ok(())
/// # }
/// # #[cfg(feature = "testing")]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a value without content")]
pub struct Tcp;

impl Connect for Tcp {
    fn connect<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async {
            let stream: Box<dyn Stream> = Box::new(dial(target).await?);
            Ok(stream)
        })
    }
}

/// A socket to the target.
///
/// # Errors
///
/// `Kind::Io` if no address accepts the connection, with the failure of each address as the source; `Kind::Timeout`.
pub(in crate::conn) async fn dial(target: &Target) -> Result<TcpStream, Error> {
    let (host, port, options) = (target.host(), target.port(), &target.options);
    let lookup = tokio::net::lookup_host((host.to_owned(), port));
    let lookup = async { lookup.await.map(|found| found.collect()) };
    let known = options.addresses.of(host, port);
    let late = target.late("no connection");
    let Reached { stream, address, all } =
        connect_within(target.end(), late, lookup, known, TcpStream::connect).await?;
    options.addresses.learn(host, address, &all);
    configure_socket(&stream, options.keep_alive.as_ref(), options.progress);
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Protocol};
    use crate::conn::connector::addresses::Addresses;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn the_clones_of_a_configuration_remember_where_the_host_was_reached() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let config = Config::new("localhost").port(here.port()).dangerous_plaintext();
        dial(&Target::of(&config.clone(), Protocol::Imap)).await.unwrap();
        let known = config.addresses().get::<Addresses>().unwrap();
        assert_eq!(known.of("localhost", here.port()).first(), Some(&here));
        assert!(Config::new("localhost").addresses().is_empty());
    }

    #[tokio::test]
    async fn its_options_go_with_the_target_to_another_place() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        for keep_alive in [None, Some(crate::KeepAlive::default())] {
            let config = Config::new("nowhere.invalid").keep_alive(keep_alive);
            let target = Target::of(&config, Protocol::Pop3).elsewhere("127.0.0.1", port);
            let socket = dial(&target).await.unwrap();
            assert!(socket.nodelay().unwrap());
            assert_eq!(socket2::SockRef::from(&socket).keepalive().unwrap(), keep_alive.is_some());
        }
    }
}

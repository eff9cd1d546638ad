//! Proxies that the tests wrote themselves: SOCKS5 (RFC 1928, RFC 1929) and HTTP CONNECT over any stream. They look up no name: where a
//! tunnel leads is up to the test.
#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::io;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postroom::connector::{Connect, Proxy, Stream, Target};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Socks5,
    Http,
}

pub(crate) const KINDS: [Kind; 2] = [Kind::Socks5, Kind::Http];
pub(crate) const USER: &str = "proxy-user";
/// With what URLs and header fields must not contain.
pub(crate) const PASSWORD: &str = "proxy s3cret:/@%\u{e4}";

/// What a proxy does, and what it was asked for.
#[derive(Clone)]
pub(crate) struct Scripted {
    pub(crate) kind: Kind,
    /// Whether it asks for the user and the password.
    pub(crate) asks: bool,
    /// Where its tunnels lead.
    pub(crate) far: Arc<dyn Connect>,
    /// The target of each tunnel, as the client wrote it.
    pub(crate) asked: Arc<Mutex<Vec<(String, u16)>>>,
}

impl Scripted {
    pub(crate) fn new(kind: Kind, asks: bool, far: impl Connect + 'static) -> Self {
        Self { kind, asks, far: Arc::new(far), asked: Arc::default() }
    }

    pub(crate) fn asked(&self) -> Vec<(String, u16)> {
        self.asked.lock().unwrap().clone()
    }

    /// The client's side, with the login that it asks for.
    pub(crate) fn client(&self, host: &str, port: u16) -> Proxy {
        let proxy = match self.kind {
            Kind::Socks5 => Proxy::socks5(host, port),
            Kind::Http => Proxy::http(host, port),
        };
        if self.asks { proxy.login(USER, PASSWORD) } else { proxy }
    }

    /// Serves one connection to its end.
    pub(crate) async fn serve(self, near: impl Stream) -> io::Result<()> {
        let mut near = BufReader::new(near);
        let far = match self.kind {
            Kind::Socks5 => self.socks5(&mut near).await?,
            Kind::Http => self.http(&mut near).await?,
        };
        match far {
            Some(mut far) => copy_bidirectional(&mut near, &mut far).await.map(drop),
            None => near.shutdown().await,
        }
    }

    async fn far(&self, host: &str, port: u16) -> io::Result<Box<dyn Stream>> {
        self.asked.lock().unwrap().push((host.to_owned(), port));
        self.far.connect(&Target::new(host, port)).await
    }

    async fn socks5(&self, near: &mut BufReader<impl Stream>) -> io::Result<Option<Box<dyn Stream>>> {
        assert_eq!(near.read_u8().await?, 5);
        let methods = counted(near).await?;
        let method = if self.asks { 2 } else { 0 };
        if !methods.contains(&method) {
            near.write_all(&[5, 0xff]).await?;
            return Ok(None);
        }
        near.write_all(&[5, method]).await?;
        if self.asks {
            assert_eq!(near.read_u8().await?, 1);
            let login = (counted(near).await?, counted(near).await?);
            let is_right = login == (USER.into(), PASSWORD.into());
            near.write_all(&[1, u8::from(!is_right)]).await?;
            if !is_right {
                return Ok(None);
            }
        }
        let mut request = [0; 4];
        near.read_exact(&mut request).await?;
        // A name, not an address that the client has looked up.
        assert_eq!(request, [5, 1, 0, 3]);
        let host = String::from_utf8(counted(near).await?).unwrap();
        let port = near.read_u16().await?;
        let far = self.far(&host, port).await.ok();
        let reply = if far.is_some() { 0 } else { 4 };
        near.write_all(&[5, reply, 0, 1, 127, 0, 0, 1, 4, 56]).await?;
        Ok(far)
    }

    async fn http(&self, near: &mut BufReader<impl Stream>) -> io::Result<Option<Box<dyn Stream>>> {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            near.read_line(&mut line).await?;
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_owned()),
            }
        }
        let place = head.first().and_then(|line| line.strip_prefix("CONNECT ")?.strip_suffix(" HTTP/1.1")).unwrap();
        assert!(head.contains(&format!("Host: {place}")), "{head:?}");
        let (host, port) = place.rsplit_once(':').unwrap();
        let login = format!("Proxy-Authorization: Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")));
        if self.asks && !head.contains(&login) {
            // With the client's own words, which must not get into an error.
            let reply = format!("HTTP/1.1 407 {PASSWORD}\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n{head:?}");
            near.write_all(reply.as_bytes()).await?;
            return Ok(None);
        }
        let far = self.far(host, port.parse().unwrap()).await.ok();
        let reply: &[u8] = match far {
            Some(_) => b"HTTP/1.0 200 Connection established\r\nProxy-Agent: of the tests\r\n\r\n",
            None => b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 5\r\n\r\nnever",
        };
        near.write_all(reply).await?;
        Ok(far)
    }
}

/// Bytes after their number.
async fn counted(near: &mut BufReader<impl Stream>) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; near.read_u8().await?.into()];
    near.read_exact(&mut bytes).await?;
    Ok(bytes)
}

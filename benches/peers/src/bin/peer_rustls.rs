//! The floor of an idle session: the socket and the rustls state alone, after the same bytes. `peer_rustls idle --port P --count N
//! --root HEX` logs in, drains the ENVELOPE job and enters IDLE `N` times, with one read buffer for all.

use std::process::ExitCode;
use std::sync::Arc;

use postroom_benches::cli::{self, Args, Result, allow_descriptors, unhex};
use postroom_benches::rss;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// The command of each session, and how its answer ends.
const DIALOGUE: [(&str, &str); 4] = [
    ("a1 LOGIN user password\r\n", "a1 OK"),
    ("a2 SELECT INBOX\r\n", "a2 OK"),
    ("a3 UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)\r\n", "a3 OK"),
    ("a4 IDLE\r\n", "* "),
];

fn main() -> ExitCode {
    cli::child(|args| tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(idle(args)))
}

async fn idle(args: &Args) -> Result<()> {
    allow_descriptors()?;
    let connector = connector(&args.need::<String>("root")?)?;
    let (port, count): (u16, usize) = (args.need("port")?, args.need("count")?);
    let mut sessions = Vec::with_capacity(count);
    let mut buffer = vec![0; 64 * 1024];
    let (mut held, mut bytes) = (0, 0);
    for session in 1..=count {
        sessions.push(rest(&connector, port, &mut buffer, &mut bytes).await?);
        if session == count / 10 {
            held = rss::resident_kib()?;
        }
    }
    println!(
        "bytes {bytes}\nsession_kib {}",
        rss::resident_kib()?.saturating_sub(held) as f64 / (count - count / 10) as f64
    );
    if args.or("arrival", 0)? == 1 {
        println!("notified {}", notified(&connector, port, &mut buffer, &mut sessions).await?);
    }
    Ok(())
}

/// Lets a message arrive: how many sessions learn of it.
async fn notified(
    connector: &TlsConnector,
    port: u16,
    buffer: &mut [u8],
    sessions: &mut [TlsStream<TcpStream>],
) -> Result<usize> {
    let (mut other, mut bytes) = (greeted(connector, port, buffer, &mut 0).await?, 0);
    for (command, end) in [DIALOGUE[0], ("a2 NOOP\r\n", "a2 OK")] {
        other.write_all(command.as_bytes()).await?;
        other.flush().await?;
        until_line(&mut other, buffer, end, &mut bytes).await?;
    }
    for session in &mut *sessions {
        until_line(session, buffer, "* ", &mut bytes).await?;
    }
    Ok(sessions.len())
}

/// As postroom configures it: the same provider, the default versions and resumption.
fn connector(root: &str) -> Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    roots.add(unhex(root)?.into())?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config).into())
}

/// One session from its connection to its IDLE.
async fn rest(connector: &TlsConnector, port: u16, buffer: &mut [u8], bytes: &mut u64) -> Result<TlsStream<TcpStream>> {
    let mut stream = greeted(connector, port, buffer, bytes).await?;
    for (command, end) in DIALOGUE {
        stream.write_all(command.as_bytes()).await?;
        stream.flush().await?;
        until_line(&mut stream, buffer, end, bytes).await?;
    }
    Ok(stream)
}

/// One session from its connection to the greeting.
async fn greeted(
    connector: &TlsConnector,
    port: u16,
    buffer: &mut [u8],
    bytes: &mut u64,
) -> Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let mut stream = connector.connect(ServerName::try_from("localhost")?, stream).await?;
    until_line(&mut stream, buffer, "* OK", bytes).await?;
    Ok(stream)
}

/// Reads until the last line there is whole and begins with `start`.
async fn until_line(stream: &mut TlsStream<TcpStream>, buffer: &mut [u8], start: &str, bytes: &mut u64) -> Result<()> {
    let mut len = 0;
    loop {
        let read = stream.read(&mut buffer[len..]).await?;
        if read == 0 {
            return Err("the server closed the connection".into());
        }
        *bytes += read as u64;
        len += read;
        let line = match memchr::memrchr(b'\n', &buffer[..len - 1]) {
            Some(at) => &buffer[at + 1..len],
            None => &buffer[..len],
        };
        if line.ends_with(b"\r\n") && line.starts_with(start.as_bytes()) {
            return Ok(());
        }
        // Only the line that is not whole yet is examined again.
        let open = line.len();
        buffer.copy_within(len - open..len, 0);
        len = open;
    }
}

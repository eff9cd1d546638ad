//! HTTP CONNECT (RFC 9110 §9.3.6), over HTTP/1.1 (RFC 9112). It must not know how the proxy is reached.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use httparse::{EMPTY_HEADER, Response, Status};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use zeroize::Zeroizing;

use super::credentials::Credentials;
use super::refusal::Refusal;
use crate::conn::connector::{Stream, Target};

/// The most bytes of all responses together, up to the beginning of the tunnel.
const MOST: usize = 16 * 1024;
/// The most header fields of one response.
const FIELDS: usize = 64;
/// How much is read at once. What comes after the response belongs to the tunnel.
const PIECE: usize = 1024;

/// Asks for a tunnel to the target, whose name the proxy looks up.
pub(super) async fn tunnel(
    mut stream: Box<dyn Stream>,
    target: &Target,
    login: Option<&Credentials>,
) -> Result<Box<dyn Stream>, Refusal> {
    let request = request(target, login)?;
    stream.write_all(&request).await.map_err(Refusal::broken)?;
    stream.flush().await.map_err(Refusal::broken)?;
    let mut reader = BufReader::with_capacity(PIECE, stream);
    let mut left = MOST;
    loop {
        let head = read_head(&mut reader, left).await?;
        left = left.saturating_sub(head.len());
        match status(&head)? {
            // A tunnel cannot begin by another protocol, which is what 101 is about (RFC 9110 §15.2).
            100 | 102..=199 => {}
            200..=299 => break,
            code => return Err(refusal(code, target, login.is_some())),
        }
    }
    Ok(match reader.buffer().is_empty() {
        true => reader.into_inner(),
        false => Box::new(reader),
    })
}

fn request(target: &Target, login: Option<&Credentials>) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let (host, port) = (target.host(), target.port());
    // A line end here would be another header field.
    if host.is_empty() || !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte)) {
        return Err(Refusal::input("takes only a name or an address as the host"));
    }
    let place = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    // Its whole size, so that no part of the password is left where it was before it grew.
    let room = login.map_or(0, |login| 2 * (login.user.len() + login.password.expose().len()));
    let mut request = Zeroizing::new(Vec::with_capacity(128 + 2 * place.len() + room));
    request.extend_from_slice(format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n").as_bytes());
    if let Some(Credentials { user, password }) = login {
        let mut plain = Zeroizing::new(Vec::with_capacity(user.len() + 1 + password.expose().len()));
        plain.extend_from_slice(user.as_bytes());
        plain.push(b':');
        plain.extend_from_slice(password.expose());
        let encoded = Zeroizing::new(STANDARD.encode(&plain));
        request.extend_from_slice(b"Proxy-Authorization: Basic ");
        request.extend_from_slice(encoded.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    Ok(request)
}

/// One response up to its empty line, of at most `most` bytes.
async fn read_head(reader: &mut BufReader<Box<dyn Stream>>, most: usize) -> Result<Vec<u8>, Refusal> {
    let mut head = Vec::new();
    loop {
        let (start, left) = (head.len(), most.saturating_sub(head.len()));
        let mut rest = (&mut *reader).take(left as u64);
        rest.read_until(b'\n', &mut head).await.map_err(Refusal::broken)?;
        match head.get(start..) {
            Some(b"\r\n" | b"\n") => return Ok(head),
            Some([.., b'\n']) => {}
            _ if head.len() >= most => return Err(Refusal::lasting("sends a response that is too long")),
            _ => return Err(Refusal::passing("closed the connection")),
        }
    }
}

/// The status of a complete response. Its fields say nothing about a tunnel: RFC 9110 §9.3.6.
fn status(head: &[u8]) -> Result<u16, Refusal> {
    let mut fields = [EMPTY_HEADER; FIELDS];
    let mut response = Response::new(&mut fields);
    match response.parse(head) {
        Ok(Status::Complete(end)) if end == head.len() => {}
        Ok(_) => return Err(Refusal::lasting("does not speak HTTP")),
        Err(error) => return Err(Refusal::lasting("does not speak HTTP").caused_by(error)),
    }
    response.code.ok_or_else(|| Refusal::lasting("does not speak HTTP"))
}

/// Without the proxy's own words, which might repeat what was sent to it.
fn refusal(code: u16, target: &Target, has_login: bool) -> Refusal {
    let (host, port) = (target.host(), target.port());
    match code {
        // tinyproxy 1.11 answers a wrong password with 401, as a server would.
        401 | 407 if has_login => Refusal::lasting(format!("does not accept the user and the password ({code})")),
        401 | 407 => Refusal::lasting(format!("asks for a user and a password ({code})")),
        403 => Refusal::lasting(format!("does not allow connections to {host}:{port} (403)")),
        408 | 429 => Refusal::passing(format!("is too busy ({code})")),
        502..=504 => Refusal::passing(format!("cannot connect to {host}:{port} ({code})")),
        500..=599 => Refusal::passing(format!("has failed ({code})")),
        _ => Refusal::lasting(format!("makes no tunnel to {host}:{port} ({code})")),
    }
}

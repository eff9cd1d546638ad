//! Hostile and broken proxies: the answer is cut, changed or stalled at every byte, and however it comes, the outcome is a stream that
//! begins with the tunnel's first byte, or one typed error without a secret, in time.

use std::io;
use std::time::Duration;

use postroom::connector::{Connect, Proxy, Stream, Target};
use postroom::{Error, Kind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{By, Counted, Open};
use crate::proxies::{KINDS, Kind as Spoken, PASSWORD, USER};

/// What the server at the end of the tunnel says.
const GREETING: &[u8] = b"* the server's own first words";

/// What a proxy sends from the beginning, and what comes after it.
#[derive(Clone)]
struct Answer {
    bytes: Vec<u8>,
    /// How many bytes it sends at once.
    piece: usize,
    then: Then,
}

#[derive(Clone, Copy, PartialEq)]
enum Then {
    Tunnel,
    Close,
    Stall,
}

fn answers(kind: Spoken) -> Vec<Vec<u8>> {
    match kind {
        Spoken::Socks5 => vec![
            [&[5, 2][..], &[1, 0], &[5, 0, 0, 1, 10, 0, 0, 1, 3, 4]].concat(),
            [&[5, 0][..], &[5, 0, 0, 3, 4], b"name", &[3, 4]].concat(),
            [&[5, 0][..], &[5, 0, 0, 4], &[0; 16], &[3, 4]].concat(),
        ],
        Spoken::Http => vec![
            b"HTTP/1.1 200 Connection established\r\n\r\n".to_vec(),
            b"HTTP/1.0 200 OK\r\nProxy-Agent: x\r\nContent-Length: 7\r\n\r\n".to_vec(),
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 \r\nA: b\r\n\r\n".to_vec(),
        ],
    }
}

/// The tunnel's first bytes, or why there is none.
async fn outcome(kind: Spoken, answer: Answer) -> Result<Vec<u8>, Error> {
    let proxy = match kind {
        Spoken::Socks5 => Proxy::socks5("proxy.invalid", 1080),
        Spoken::Http => Proxy::http("proxy.invalid", 1080),
    };
    let proxy = proxy.login(USER, PASSWORD).over(By::stream(move |_| {
        let (near, far) = tokio::io::duplex(1 << 20);
        let answer = answer.clone();
        tokio::spawn(async move {
            let (mut read, mut write) = tokio::io::split(far);
            // What the client says does not matter to it, but it reads all.
            let reading = tokio::spawn(async move { tokio::io::copy(&mut read, &mut tokio::io::sink()).await });
            for piece in answer.bytes.chunks(answer.piece) {
                write.write_all(piece).await?;
                tokio::task::yield_now().await;
            }
            match answer.then {
                Then::Tunnel => write.write_all(GREETING).await?,
                Then::Close => {}
                Then::Stall => std::future::pending().await,
            }
            write.shutdown().await?;
            reading.await?.map(drop)
        });
        near
    }));
    let stream = proxy.connect(&Target::new("nowhere.invalid", 993)).await;
    let mut stream = stream.map_err(|error| error.get_ref().unwrap().downcast_ref::<Error>().unwrap().clone())?;
    let mut first = Vec::new();
    // A stream whose tunnel is cut off is at its end.
    read_some(&mut stream, &mut first).await.unwrap();
    Ok(first)
}

async fn read_some(stream: &mut Box<dyn Stream>, into: &mut Vec<u8>) -> io::Result<()> {
    stream.take(GREETING.len() as u64).read_to_end(into).await.map(drop)
}

fn is_decent(error: &Error) {
    assert!(matches!(error.kind(), Kind::Io | Kind::Timeout), "{error:?}");
    let text = format!("{error} {error:#} {error:?}");
    assert!(text.contains("proxy.invalid:1080") && !text.contains("s3cret"), "{text}");
    assert!(!text.contains("cHJveHktdXNlc"), "the login in base64: {text}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_come_in_pieces_and_together_with_the_tunnel() {
    for kind in KINDS {
        for bytes in answers(kind) {
            for piece in 1..=bytes.len() {
                let answer = Answer { bytes: bytes.clone(), piece, then: Then::Tunnel };
                assert_eq!(outcome(kind, answer).await.unwrap(), GREETING);
            }
            // The server's words in the same packet.
            let bytes = [&bytes, GREETING].concat();
            let answer = Answer { piece: bytes.len(), bytes, then: Then::Stall };
            assert_eq!(outcome(kind, answer).await.unwrap(), GREETING);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_cut_or_stalls_anywhere_is_an_error_in_time() {
    for kind in KINDS {
        for bytes in answers(kind) {
            for end in 0..bytes.len() {
                for then in [Then::Close, Then::Stall] {
                    let start = tokio::time::Instant::now();
                    let answer = Answer { bytes: bytes[..end].to_vec(), piece: 7, then };
                    let error = outcome(kind, answer).await.unwrap_err();
                    is_decent(&error);
                    let expected = if then == Then::Stall { Kind::Timeout } else { Kind::Io };
                    assert_eq!(error.kind(), expected, "{end} of {bytes:?}");
                    assert!(error.is_retryable());
                    assert!(start.elapsed() <= Duration::from_secs(31));
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_dropped_while_its_proxy_stalls_is_closed() {
    for kind in KINDS {
        for bytes in answers(kind) {
            for end in 0..bytes.len() {
                let (open, bytes) = (Open::default(), bytes[..end].to_vec());
                let counted = open.clone();
                let by = By::stream(move |_| {
                    let (near, mut far) = tokio::io::duplex(4096);
                    let bytes = bytes.clone();
                    tokio::spawn(async move {
                        far.write_all(&bytes).await?;
                        tokio::io::copy(&mut far, &mut tokio::io::sink()).await
                    });
                    Counted { stream: near, _held: counted.hold() }
                });
                let proxy = match kind {
                    Spoken::Socks5 => Proxy::socks5("proxy.invalid", 1080),
                    Spoken::Http => Proxy::http("proxy.invalid", 1080),
                };
                let (proxy, target) = (proxy.login(USER, PASSWORD).over(by), Target::new("nowhere.invalid", 993));
                let waited = tokio::time::timeout(Duration::from_secs(1), proxy.connect(&target)).await;
                assert!(waited.is_err());
                open.none().await;
            }
        }
    }
}

/// What comes after the consent, by rules that are written a second time here; `None` if it is none.
fn tunnel(kind: Spoken, bytes: &[u8]) -> Option<&[u8]> {
    match kind {
        Spoken::Socks5 => {
            let (5, rest) = (*bytes.first()?, &bytes[1..]) else { return None };
            let rest = match rest {
                [0, rest @ ..] | [2, 1, 0, rest @ ..] => rest,
                _ => return None,
            };
            let address = match rest {
                [5, 0, 0, 1, ..] => 4,
                [5, 0, 0, 4, ..] => 16,
                [5, 0, 0, 3, length, name @ ..] => {
                    std::str::from_utf8(name.get(..(*length).into())?).ok()?;
                    1 + usize::from(*length)
                }
                _ => return None,
            };
            rest.get(4 + address + 2..)
        }
        Spoken::Http => {
            let status = bytes.strip_prefix(b"HTTP/1.1 ").or_else(|| bytes.strip_prefix(b"HTTP/1.0 "))?.get(..3)?;
            let mut rest = bytes;
            loop {
                let (line, more) = rest.split_at(rest.iter().position(|byte| *byte == b'\n')? + 1);
                rest = more;
                // A line may end without CR: RFC 9112 §2.2.
                if [&b"\r\n"[..], b"\n"].contains(&line) {
                    break;
                }
            }
            match std::str::from_utf8(status).ok()?.parse().ok()? {
                100 | 102..200 => tunnel(kind, rest),
                200..300 => Some(rest),
                _ => None,
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_wrong_byte_is_an_error_or_means_the_same() {
    for kind in KINDS {
        let mut tunnels = 0;
        for bytes in answers(kind) {
            for at in 0..bytes.len() {
                for wrong in 0..=255 {
                    let mut bytes = bytes.clone();
                    bytes[at] = wrong;
                    let sent = [&bytes, GREETING].concat();
                    let expected = tunnel(kind, &sent);
                    let answer = Answer { piece: bytes.len(), bytes, then: Then::Tunnel };
                    match outcome(kind, answer).await {
                        // The tunnel may begin earlier or later, and the session then finds no greeting.
                        Ok(first) => {
                            tunnels += 1;
                            let expected = expected.unwrap_or_else(|| panic!("{sent:?}"));
                            assert_eq!(first, expected[..expected.len().min(GREETING.len())]);
                        }
                        Err(error) => {
                            is_decent(&error);
                            // httparse refuses control characters in texts, for example.
                            assert!(kind == Spoken::Http || expected.is_none(), "{sent:?}: {error}");
                        }
                    }
                }
            }
        }
        assert!(tunnels > 1000, "{kind:?}: {tunnels}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_endless_answer_ends_with_a_bounded_error() {
    for bytes in [
        vec![b'H'; 100_000],
        b"HTTP/1.1 200 x\r\nA: ".iter().copied().chain(vec![b'b'; 100_000]).collect(),
        {
            let mut bytes = b"HTTP/1.1 200 x\r\n".to_vec();
            bytes.extend(b"A: b\r\n".repeat(65));
            bytes.extend(b"\r\n");
            bytes
        },
        b"HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000),
    ] {
        let error = outcome(Spoken::Http, Answer { bytes, piece: 4096, then: Then::Stall }).await.unwrap_err();
        is_decent(&error);
        assert_eq!(error.kind(), Kind::Io);
        assert!(!error.is_retryable());
    }
}

#[tokio::test(start_paused = true)]
async fn each_refusal_has_its_sentence_and_its_retry() {
    let socks = |code: u8| vec![5, 0, 5, code, 0, 1, 0, 0, 0, 0, 0, 0];
    let http = |code: u16| format!("HTTP/1.1 {code} {PASSWORD}\r\n\r\n{PASSWORD}").into_bytes();
    for (kind, bytes, words, retryable) in [
        (Spoken::Socks5, socks(1), "has failed to connect to nowhere.invalid:993", true),
        (Spoken::Socks5, socks(2), "does not allow connections to nowhere.invalid:993", false),
        (Spoken::Socks5, socks(3), "cannot reach nowhere.invalid", true),
        (Spoken::Socks5, socks(4), "cannot reach nowhere.invalid", true),
        (Spoken::Socks5, socks(5), "was refused a connection to nowhere.invalid:993", true),
        (Spoken::Socks5, socks(6), "cannot reach nowhere.invalid", true),
        (Spoken::Socks5, socks(7), "makes no tunnels", false),
        (Spoken::Socks5, socks(8), "does not support hosts such as nowhere.invalid", false),
        (Spoken::Socks5, socks(99), "has failed to connect", true),
        (Spoken::Socks5, vec![5, 0xff], "accepts no login by user and password", false),
        (Spoken::Socks5, vec![5, 2, 1, 1], "does not accept the user and the password", false),
        (Spoken::Socks5, b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), "does not speak SOCKS5", false),
        (Spoken::Http, http(101), "makes no tunnel to nowhere.invalid:993 (101)", false),
        (Spoken::Http, http(301), "makes no tunnel", false),
        (Spoken::Http, http(401), "does not accept the user and the password (401)", false),
        (Spoken::Http, http(403), "does not allow connections to nowhere.invalid:993 (403)", false),
        (Spoken::Http, http(404), "makes no tunnel", false),
        (Spoken::Http, http(407), "does not accept the user and the password (407)", false),
        (Spoken::Http, http(429), "is too busy (429)", true),
        (Spoken::Http, http(500), "has failed (500)", true),
        (Spoken::Http, http(503), "cannot connect to nowhere.invalid:993 (503)", true),
        (Spoken::Http, http(999), "makes no tunnel", false),
        (Spoken::Http, b"SSH-2.0-x\r\n\r\n".to_vec(), "does not speak HTTP", false),
        (Spoken::Http, b"\x05\xff\n\n".to_vec(), "does not speak HTTP", false),
    ] {
        let error = outcome(kind, Answer { bytes, piece: 4096, then: Then::Stall }).await.unwrap_err();
        is_decent(&error);
        assert_eq!(error.kind(), Kind::Io);
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(error.is_retryable(), retryable, "{error}");
    }
}

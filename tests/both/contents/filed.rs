//! Messages over `Limits::literal` by POP3: kept in a temporary file, they have the same parts with the same octets as in memory.

use postroom::{Contents, Entry, Kind, Limits, Mailbox, MimePart, PartBody, Pop3};
use tokio::io::AsyncReadExt;

use super::{longer, server};
use crate::mime_mail::broken::{Fault, broken};
use crate::mime_mail::sound;
use crate::session::{self, me, plaintext};

/// What is known of a part without its bytes; the size of base64 is estimated in a file.
fn known(part: &MimePart) -> String {
    format!(
        "{:?} {:?} {} {:?} {:?} {:?}",
        part.path(),
        part.role(),
        part.media_type(),
        part.name(),
        part.encoding(),
        part.encoded_size()
    )
}

async fn read(mut body: PartBody<'_>) -> (Vec<u8>, Vec<postroom::Defect>) {
    let mut octets = Vec::new();
    body.read_to_end(&mut octets).await.unwrap();
    (octets, body.defects())
}

async fn session(stream: tokio::io::DuplexStream, limits: Limits) -> Pop3 {
    session::pop3(stream, plaintext().limits(limits), me()).await.unwrap()
}

#[tokio::test]
async fn parts_of_a_file_are_those_of_memory() {
    let mut messages: Vec<Vec<u8>> = (0..60).map(|seed| sound(seed).bytes).collect();
    messages.extend(Fault::ALL.into_iter().flat_map(|fault| (0..6).map(move |seed| broken(seed, fault).bytes)));
    let mut large =
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\n".to_vec();
    large.extend(b"aGVsbG8gd29ybGQh\r\n".repeat(200_000));
    large.extend(b"\r\n--b\r\n\r\nlast\r\n--b--\r\n");
    messages.push(large);
    let server = server(&messages);
    let mut pop3 = session(server.pop3_stream(), Limits::default().literal(100)).await;
    let entries: Vec<Entry> = pop3.entries().await.unwrap();
    assert_eq!(entries.len(), messages.len());
    for (Entry { id, .. }, mut message) in entries.iter().zip(messages) {
        // POP3 ends the last line (RFC 1939 §3).
        let listed = message.len();
        if !message.ends_with(b"\r\n") {
            message.extend(b"\r\n");
        }
        let longer = longer(listed, message.len() - listed);
        let what = String::from_utf8_lossy(&message[..message.len().min(2000)]).into_owned();
        let (filed, memory) = (pop3.contents(id).await.unwrap(), Contents::parse(message));
        assert_eq!(filed.defects(), [memory.defects(), &longer].concat(), "{what}");
        assert_eq!(filed.list_unsubscribe(), memory.list_unsubscribe(), "{what}");
        assert_eq!(
            filed.parts().map(known).collect::<Vec<_>>(),
            memory.parts().map(known).collect::<Vec<_>>(),
            "{what}"
        );
        for (one, other) in filed.parts().zip(memory.parts()) {
            let entity = other.entity().unwrap().to_vec();
            // A message that fits has its bytes in memory.
            assert_eq!(one.entity().is_some(), memory.parts().next().unwrap().entity().unwrap().len() <= 100, "{what}");
            assert_eq!(read(PartBody::entity(one).unwrap()).await, (entity, vec![]), "{what}");
            if other.is_multipart() {
                assert_eq!(pop3.read_part(id, one).await.unwrap_err().kind(), Kind::Input, "{what}");
                continue;
            }
            let whole = read(PartBody::kept(other, 0).unwrap()).await;
            assert_eq!(read(pop3.read_part(id, one).await.unwrap()).await, whole, "{what}");
            let rest = whole.0.get(3..).unwrap_or_default();
            assert_eq!(read(pop3.read_part_from(id, one, 3).await.unwrap()).await.0, rest, "{what}");
            if other.media_type().starts_with("text/") {
                assert_eq!(pop3.read_text(id, one).await.unwrap(), pop3.read_text(id, other).await.unwrap(), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_file_has_a_limit_and_the_session_goes_on() {
    let messages = [b"Subject: a\r\n\r\n".to_vec(), [&b"\r\n"[..], &[b'x'; 4000], b"\r\n"].concat()];
    let server = server(&messages);
    for (temporary, kind) in [(4003, Some(Kind::Limit)), (0, Some(Kind::Limit)), (4004, None)] {
        let limits = Limits::default().literal(100).temporary(temporary);
        let mut pop3 = session(server.pop3_stream(), limits).await;
        let entries = pop3.entries().await.unwrap();
        let large = pop3.contents(&entries[1].id).await;
        assert_eq!(large.err().map(|error| error.kind()), kind, "{temporary}");
        assert!(pop3.contents(&entries[0].id).await.is_ok());
    }
}

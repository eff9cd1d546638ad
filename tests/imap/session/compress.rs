//! COMPRESS (RFC 4978): what is sent before, at and after it, and compressed data that hostile servers send.

use std::error::Error as _;

use flate2::{Compress, Compression, FlushCompress};
use postroom::imap::{Imap, Items, Query, Uids};
use postroom::testing::{Fault, Script, Server};
use postroom::{Config, Error, Kind, Limits, Recorder};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::support::{alice, embedded, plaintext, scripted, session};

/// A session whose server offers COMPRESS, as far as its result is due.
const OFFERED: &str = "
    S: * PREAUTH [CAPABILITY IMAP4rev1 ID ENABLE IMAP4rev2 COMPRESS=DEFLATE] ready
    C: {A} ID (\"name\" \"x\")
    C: {B} ENABLE IMAP4rev2
    S: * ID NIL
    S: {A} OK done
    S: * ENABLED IMAP4rev2
    S: {B} OK done
    C: {C} COMPRESS DEFLATE
";

fn compressing() -> Config {
    plaintext().id([("name", "x")]).compress()
}

/// These bytes, compressed, as a server flushes them.
fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut compress = Compress::new(Compression::best(), false);
    let mut out = Vec::with_capacity(bytes.len() / 2 + 1024);
    compress.compress_vec(bytes, &mut out, FlushCompress::Sync).unwrap();
    assert!(out.len() < out.capacity());
    out
}

/// A server that sends these bytes after its agreement, as often as it can, and returns how many of them it sent.
async fn flooding(mut stream: DuplexStream, bytes: Vec<u8>, times: usize) -> usize {
    let greeting = b"* PREAUTH [CAPABILITY IMAP4rev1 COMPRESS=DEFLATE] ready\r\n";
    stream.write_all(greeting).await.unwrap();
    let mut line = [0; 21];
    stream.read_exact(&mut line).await.unwrap();
    assert!(line.ends_with(b" COMPRESS DEFLATE\r\n"), "{}", line.escape_ascii());
    stream.write_all(&[&line[..2], b" OK go\r\n"].concat()).await.unwrap();
    let mut sent = 0;
    for _ in 0..times {
        if stream.write_all(&bytes).await.is_err() {
            return sent;
        }
        sent += bytes.len();
    }
    // Keeps the connection open until the client closes.
    while stream.read(&mut [0; 1024]).await.is_ok_and(|count| count > 0) {}
    sent
}

/// Why the session ended, and how many bytes the server sent.
async fn flooded(bytes: Vec<u8>, times: usize) -> (Kind, usize) {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let server = tokio::spawn(flooding(theirs, bytes, times));
    let config = plaintext().without_id().compress().limits(Limits::default().line(100_000).response(1_000_000));
    let error = match session::imap(ours, config, alice()).await {
        Ok(imap) => imap.noop().await.unwrap_err(),
        Err(error) => error,
    };
    // The call after the end is told the end as its cause.
    let cause = error.source().and_then(|cause| cause.downcast_ref::<Error>()).map(Error::kind);
    (cause.unwrap_or_else(|| error.kind()), server.await.unwrap())
}

#[tokio::test(start_paused = true)]
async fn nothing_follows_it_before_its_result_and_all_that_follows_is_compressed() {
    let dialogue = format!(
        "{OFFERED}
        S: {{C}} OK DEFLATE active
        deflate
        C: {{D}} NOOP
        S: * 3 EXISTS
        S: {{D}} OK done
        C: {{E}} LOGOUT
        S: * BYE so long
        S: {{E}} OK done
    "
    );
    let (script, imap) = scripted(&dialogue, compressing()).await;
    let imap = imap.unwrap();
    imap.noop().await.unwrap();
    imap.logout().await.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn bytes_that_come_with_the_agreement_are_compressed_ones() {
    // A stored block, and then the server's own blocks.
    let alert = "* OK [ALERT] mind the gap\\r\\n";
    let dialogue = format!(
        "S: * PREAUTH [CAPABILITY IMAP4rev1 COMPRESS=DEFLATE] ready
        C-bytes: 3
        C-raw: COMPRESS DEFLATE\\r\\n
        S-raw: A1 OK go\\r\\n\\x00\\x1b\\x00\\xe4\\xff{alert}
        deflate
        C: {{D}} NOOP
        S: {{D}} OK done"
    );
    let recorder = Recorder::new();
    let config = plaintext().without_id().compress().unprotected_alerts().record(&recorder);
    let (script, imap) = scripted(&dialogue, config).await;
    let imap = imap.unwrap();
    let mut notices = imap.notices();
    imap.noop().await.unwrap();
    assert!(notices.next().await.unwrap().text().unwrap().contains("mind the gap"));
    script.finish().await.unwrap();
    // In the transcript, they come after the change.
    let transcript = recorder.transcripts().concat();
    assert!(transcript.contains("\ndeflate\nS: * OK [ALERT] mind the gap\n"), "{transcript}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_changes_nothing() {
    for answer in ["NO [COMPRESSIONACTIVE] DEFLATE active via TLS", "BAD unknown"] {
        let dialogue = format!(
            "{OFFERED}
            S: {{C}} {answer}
            C: {{D}} NOOP
            S: {{D}} OK done"
        );
        let (script, imap) = scripted(&dialogue, compressing()).await;
        imap.unwrap().noop().await.unwrap();
        script.finish().await.unwrap();
    }
}

#[tokio::test]
async fn it_is_sent_only_if_it_is_wanted_and_offered() {
    for (server, config) in
        [(Server::builder(), plaintext()), (Server::builder().without("COMPRESS=DEFLATE"), plaintext().compress())]
    {
        let server = server.in_memory().unwrap();
        embedded(&server, config).await.logout().await.unwrap();
        assert!(!server.commands().iter().any(|line| line.contains("COMPRESS")), "{:?}", server.commands());
    }
}

/// Everything that a session does, as text.
async fn work(mut imap: Imap) -> String {
    let mut inbox = imap.select("INBOX").await.unwrap();
    let found = inbox.search(&Query::subject("e")).await;
    let mut text = format!("{found:?}");
    let mut mail = inbox.fetch(Uids::ALL, Items::MESSAGE.flags()).await.unwrap();
    while let Some(message) = mail.try_next().await.unwrap() {
        text += &format!("{:?} {:?} {:?}", message.uid(), message.flags(), message.body().map(|body| body.to_vec()));
    }
    drop(mail);
    drop(inbox);
    let large: Vec<u8> = (0..20_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    let large = [b"Subject: large\r\n\r\n", large.escape_ascii().to_string().as_bytes()].concat();
    text += &format!("{:?}", imap.append("INBOX", large).await.unwrap());
    imap.logout().await.unwrap();
    text
}

#[tokio::test]
async fn a_session_does_the_same_as_without() {
    let server = || Server::builder().sample_mail().in_memory().unwrap();
    let without = work(embedded(&server(), plaintext()).await).await;
    for fault in [None, Some(Fault::Split(1)), Some(Fault::Split(1000))] {
        let server = server();
        fault.into_iter().for_each(|fault| server.fault(fault));
        assert_eq!(work(embedded(&server, plaintext().compress()).await).await, without, "{fault:?}");
        assert!(server.commands().iter().any(|line| line.ends_with("COMPRESS DEFLATE")));
    }
}

#[tokio::test]
async fn it_goes_over_tls_and_its_transcript_can_be_played() {
    let server = Server::builder().sample_mail().start().await.unwrap();
    let recorder = Recorder::new();
    let config = Config::new("localhost").port(server.imaps_port()).add_root_pem(server.ca_pem().as_bytes()).unwrap();
    let imap = Imap::connect(config.compress().record(&recorder), alice()).await.unwrap();
    imap.noop().await.unwrap();
    imap.logout().await.unwrap();
    let transcript = recorder.transcripts().remove(0);
    assert!(transcript.contains("\ndeflate\n"), "{transcript}");

    let mut script = Script::new(&transcript);
    let config = Config::new("localhost").dangerous_plaintext();
    let imap = session::imap(script.stream(), config.compress(), alice()).await.unwrap();
    imap.noop().await.unwrap();
    imap.logout().await.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn data_that_is_not_deflate_ends_the_session() {
    for garbage in [&b"\xff\xff\xff\xff"[..], b"* OK in clear\r\n", b"\x00\x01\x00\x01\x00x"] {
        let (kind, _) = flooded(garbage.to_vec(), 1).await;
        assert_eq!(kind, Kind::Protocol, "{}", garbage.escape_ascii());
    }
    // The end of compressed data, and more after it.
    let (kind, _) = flooded(b"\x03\x00more".to_vec(), 1).await;
    assert_eq!(kind, Kind::Protocol);
}

#[tokio::test]
async fn a_line_that_little_data_becomes_reaches_the_limit_early() {
    // A kilobyte for each megabyte.
    let bomb = deflated(&vec![b'x'; 16 << 20]);
    assert!(bomb.len() < 30_000);
    let (kind, sent) = flooded(bomb, 1000).await;
    assert_eq!(kind, Kind::Limit);
    assert!(sent < 1_000_000, "{sent}");
}

#[tokio::test(start_paused = true)]
async fn data_that_becomes_nothing_is_no_progress() {
    // Empty stored blocks, each on the boundary of a byte; the runtime's clock advances once nothing else is left to do.
    let nothing = b"\x00\x00\x00\xff\xff".repeat(20_000);
    let (kind, _) = flooded(nothing, 3).await;
    assert_eq!(kind, Kind::Timeout);
}

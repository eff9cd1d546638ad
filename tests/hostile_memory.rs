//! What a hostile server can make the client hold, measured as the growth of this process. That is why this test has a process of its
//! own.
#![cfg(all(feature = "testing", target_os = "linux"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

#[path = "support/imap/mod.rs"]
mod support;

use flate2::{Compress, Compression, FlushCompress};
use postroom::imap::{Items, Uids};
use postroom::testing::Script;
use postroom::{Kind, Limits, Mailbox, Pop3};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use support::{alice, plaintext, selected, session};

const KIB: u64 = 1024;

/// One test at a time: the peak is the process's.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// A figure of this process in bytes, such as `VmHWM`, its peak memory so far.
fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * KIB
}

/// Fetches a message that announces `size` bytes, of which 32 MiB come; returns how the fetch ends.
async fn announced(size: &str) -> Kind {
    let dialogue = format!(
        "C: {{A}} UID FETCH 1:* (UID RFC822.SIZE BODY.PEEK[])
        S-raw: * 1 FETCH (UID 10 BODY[] {{{size}}}\\r\\n
        S-fill: 33554432 x
        close"
    );
    let mut limits = Limits::default();
    limits.literal = 1024 * 1024;
    let (script, mut folder) = selected(&dialogue, plaintext().limits(limits)).await;
    let mut mail = folder.fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
    let kind = mail.try_next().await.unwrap_err().kind();
    drop(mail);
    // If more would have to be skipped than is allowed, the connection is closed at once.
    assert!(script.finish().await.is_ok() || kind == Kind::Limit);
    kind
}

#[tokio::test]
async fn an_announced_literal_costs_no_memory() {
    let _alone = ALONE.lock().await;
    // The fixed cost of a session is paid before the measurement.
    assert_eq!(announced("33554433").await, Kind::Closed);
    for (size, kind) in [("4294967295", Kind::Closed), ("9223372036854775807", Kind::Limit)] {
        // Resets the peak (proc_pid_clear_refs(5)).
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
        let (resident, mapped) = (status("VmHWM"), status("VmSize"));
        assert_eq!(announced(size).await, kind);
        let grown = status("VmHWM").saturating_sub(resident);
        let more = status("VmSize").saturating_sub(mapped);
        println!("{size}: {} KiB more in memory, {} KiB more mapped", grown / KIB, more / KIB);
        assert!(grown < 1024 * KIB && more < 1024 * KIB, "{size}: {grown} {more}");
    }
}

fn deflated(compress: &mut Compress, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 100 + 1024);
    compress.compress_vec(bytes, &mut out, FlushCompress::Sync).unwrap();
    assert!(out.len() < out.capacity());
    out
}

/// A compressed session gets this, and then the answer to a NOOP.
async fn flooded(flood: &[u8], answer: &[u8]) {
    let (ours, mut theirs) = tokio::io::duplex(64 * 1024);
    let (flood, answer) = (flood.to_vec(), answer.to_vec());
    let server = tokio::spawn(async move {
        theirs.write_all(b"* PREAUTH [CAPABILITY IMAP4rev1 COMPRESS=DEFLATE] ready\r\n").await.unwrap();
        theirs.read_exact(&mut [0; 21]).await.unwrap();
        theirs.write_all(b"A1 OK go\r\n").await.unwrap();
        theirs.write_all(&flood).await.unwrap();
        theirs.read_u8().await.unwrap();
        theirs.write_all(&answer).await.unwrap();
        theirs
    });
    let mut limits = Limits::default();
    limits.literal = 1024 * 1024;
    let imap = session::imap(ours, plaintext().without_id().compress().limits(limits), alice()).await.unwrap();
    imap.noop().await.unwrap();
    drop(server.await.unwrap());
}

#[tokio::test]
async fn a_message_that_is_little_on_the_wire_costs_no_memory() {
    let _alone = ALONE.lock().await;
    let size = 64 << 20;
    let message =
        [format!("* 5 FETCH (BODY[] {{{size}}}\r\n").into_bytes(), vec![b'x'; size], b")\r\n".to_vec()].concat();
    let mut compress = Compress::new(Compression::best(), false);
    let (flood, answer) = (deflated(&mut compress, &message), deflated(&mut compress, b"A2 OK done\r\n"));
    drop(message);
    assert!(flood.len() < size / 900, "{}", flood.len());
    let mut compress = Compress::new(Compression::best(), false);
    flooded(&deflated(&mut compress, b"* 5 EXISTS\r\n"), &deflated(&mut compress, b"A2 OK done\r\n")).await;
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let resident = status("VmHWM");
    flooded(&flood, &answer).await;
    let grown = status("VmHWM").saturating_sub(resident);
    println!("{} KiB on the wire, {} KiB more in memory", flood.len() / 1024, grown / KIB);
    assert!(grown < 1024 * KIB, "{grown}");
}

/// A POP3 message of `size` octets, without a line end, is opened as contents and read.
async fn kept(size: u64) {
    let dialogue = format!(
        "S: +OK
        C: CAPA
        S: -ERR
        C: USER alice
        S: +OK
        C: PASS alicepw
        S: +OK
        C: CAPA
        S: -ERR
        C: STAT
        S: +OK 1 {}
        C: UIDL
        S: +OK
        S: 1 a
        S: .
        C: LIST
        S: +OK
        S: 1 {}
        S: .
        C: RETR 1
        S: +OK
        S:
        S-fill: {size} x
        S-raw: \\r\\n.\\r\\n",
        size + 4,
        size + 4
    );
    let mut script = Script::new(&dialogue);
    let config = plaintext().limits(Limits::default().literal(256 * 1024));
    let (mut pop3, driver) = Pop3::handshake(script.stream(), config, alice()).await.unwrap();
    tokio::spawn(driver);
    let id = pop3.entries().await.unwrap().remove(0).id;
    let contents = pop3.contents(&id).await.unwrap();
    let mut body = pop3.read_part(&id, contents.text().unwrap()).await.unwrap();
    let (mut piece, mut octets) = (vec![0; 1024], 0);
    loop {
        match body.read(&mut piece).await.unwrap() {
            0 => break,
            count => octets += count as u64,
        }
    }
    assert_eq!((octets, contents.defects()), (size + 2, &[][..]));
    drop(body);
    drop(pop3);
    script.finish().await.unwrap();
}

#[tokio::test]
async fn the_contents_of_a_large_message_cost_no_memory() {
    let _alone = ALONE.lock().await;
    kept(2 << 20).await;
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let resident = status("VmHWM");
    kept(128 << 20).await;
    let grown = status("VmHWM").saturating_sub(resident);
    println!("{} KiB more in memory", grown / KIB);
    assert!(grown < 2048 * KIB, "{grown}");
}

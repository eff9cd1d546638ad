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

use postroom::imap::{Items, Uids};
use postroom::{Kind, Limits};

use support::{plaintext, selected};

const KIB: u64 = 1024;

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

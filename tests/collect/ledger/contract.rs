//! What holds for every ledger.

use std::fmt::Debug;
use std::fs;
use std::path::PathBuf;
use std::task::{Context, Poll, Waker};

use postroom::collect::{Change, Digest, Extent, FileLedger, Ledger, MemoryLedger, State, Ticket};
use postroom::{Kind, Result};
use proptest::prelude::*;

use super::{agrees_with_a_map, at, block_on, keys, put, record, steps};
use crate::scratch::Scratch;

/// Each property, for each ledger that is a file.
macro_rules! of_each_ledger {
    ($($property:ident)*) => {
        mod in_a_file {
            $(#[tokio::test]
            async fn $property() {
                super::$property(super::FileLedger::open).await;
            })*
        }

        #[cfg(feature = "sqlite")]
        mod in_sqlite {
            $(#[tokio::test]
            async fn $property() {
                super::$property(postroom::collect::SqliteLedger::open).await;
            })*
        }
    };
}

of_each_ledger! {
    what_was_noted_is_there_again
    the_last_change_of_a_key_counts
    a_second_run_is_refused_until_the_first_has_ended
    what_a_dropped_call_began_is_over_before_the_next
    a_link_that_leads_nowhere_is_no_new_ledger
    a_link_is_followed_and_stays_one
    a_folder_that_is_not_there_is_said
    many_records_come_back
}

async fn what_was_noted_is_there_again<L: Ledger + Debug, F: Future<Output = Result<L>>>(open: impl Fn(PathBuf) -> F) {
    let scratch = Scratch::new();
    let path = scratch.join("ledger");
    let mut odd = record(&format!("50% of Größe\t{}", "x".repeat(10_000)));
    odd.size = Some(u64::MAX);
    odd.extent = Extent::Header;
    odd.other = Some(Digest::of(b"another reading"));
    let mut two = record("d");
    two.other = odd.other;
    odd.state = State::Staged(Ticket::new("1700000000.M1 P2=%").unwrap());
    let mut gone = record("");
    gone.state = State::Gone(at(1_800_000_000));
    let mut ledger = open(path.clone()).await.unwrap();
    ledger.apply("me", &[Change::Put(odd.clone()), put("b"), Change::Remove("b".into())]).await.unwrap();
    ledger.apply("", &[Change::Put(gone.clone())]).await.unwrap();
    ledger.apply("a b%\u{e4}", &[put("c")]).await.unwrap();
    ledger.apply("two", &[Change::Put(two.clone())]).await.unwrap();
    ledger.apply("me", &[]).await.unwrap();
    drop(ledger);
    let mut ledger = open(path).await.unwrap();
    assert_eq!(ledger.load("me").await.unwrap(), [odd]);
    assert_eq!(ledger.load("").await.unwrap(), [gone]);
    assert_eq!(ledger.load("a b%\u{e4}").await.unwrap(), [record("c")]);
    assert_eq!(ledger.load("two").await.unwrap(), [two]);
    assert_eq!(ledger.load("you").await.unwrap(), []);
}

async fn the_last_change_of_a_key_counts<L: Ledger + Debug, F: Future<Output = Result<L>>>(
    open: impl Fn(PathBuf) -> F,
) {
    let scratch = Scratch::new();
    let mut ledger = open(scratch.join("ledger")).await.unwrap();
    let mut later = record("a");
    later.at = at(1_900_000_000);
    let remove = || Change::Remove("a".into());
    ledger.apply("me", &[put("a"), Change::Put(later.clone())]).await.unwrap();
    assert_eq!(ledger.load("me").await.unwrap(), [later]);
    ledger.apply("me", &[put("a"), remove(), remove()]).await.unwrap();
    assert_eq!(ledger.load("me").await.unwrap(), []);
    ledger.apply("me", &[remove(), put("a")]).await.unwrap();
    assert_eq!(ledger.load("me").await.unwrap(), [record("a")]);
}

async fn a_second_run_is_refused_until_the_first_has_ended<L: Ledger + Debug, F: Future<Output = Result<L>>>(
    open: impl Fn(PathBuf) -> F,
) {
    let scratch = Scratch::new();
    let path = scratch.join("ledger");
    let first = open(path.clone()).await.unwrap();
    let error = open(path.clone()).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (Kind::Busy, true));
    drop(first);
    open(path).await.unwrap();
}

async fn what_a_dropped_call_began_is_over_before_the_next<L: Ledger + Debug, F: Future<Output = Result<L>>>(
    open: impl Fn(PathBuf) -> F,
) {
    let scratch = Scratch::new();
    let mut ledger = open(scratch.join("ledger")).await.unwrap();
    for round in 0..20 {
        let changes: Vec<_> = (0..50).map(|number| put(&format!("{round} {number}"))).collect();
        let removals: Vec<_> = (0..50).map(|number| Change::Remove(format!("{round} {number}"))).collect();
        // After one poll it is running, or it was done already.
        let mut dropped = ledger.apply("me", &changes);
        let _: Poll<_> = dropped.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        drop(dropped);
        ledger.apply("me", &removals).await.unwrap();
        assert_eq!(keys(&mut ledger, "me").await, [""; 0], "round {round}");
    }
}

async fn a_link_that_leads_nowhere_is_no_new_ledger<L: Ledger + Debug, F: Future<Output = Result<L>>>(
    open: impl Fn(PathBuf) -> F,
) {
    let scratch = Scratch::new();
    let path = scratch.join("ledger");
    std::os::unix::fs::symlink(scratch.join("elsewhere/ledger"), &path).unwrap();
    assert_eq!(open(path.clone()).await.unwrap_err().kind(), Kind::Storage);
    assert!(path.is_symlink());
}

async fn a_link_is_followed_and_stays_one<L: Ledger + Debug, F: Future<Output = Result<L>>>(
    open: impl Fn(PathBuf) -> F,
) {
    let scratch = Scratch::new();
    let (path, link) = (scratch.join("ledger"), scratch.join("link"));
    drop(open(path.clone()).await.unwrap());
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let mut ledger = open(link.clone()).await.unwrap();
    assert_eq!(open(path.clone()).await.unwrap_err().kind(), Kind::Busy);
    let changes: Vec<_> = (0..300).map(|number| put(&number.to_string())).collect();
    for _ in 0..10 {
        ledger.apply("me", &changes).await.unwrap();
    }
    drop(ledger);
    assert!(link.is_symlink());
    assert_eq!(keys(&mut open(path).await.unwrap(), "me").await.len(), 300);
}

async fn a_folder_that_is_not_there_is_said<L: Ledger + Debug, F: Future<Output = Result<L>>>(
    open: impl Fn(PathBuf) -> F,
) {
    let scratch = Scratch::new();
    let error = open(scratch.join("none/ledger")).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Storage);
    assert!(error.to_string().contains("none/ledger"), "{error}");
    fs::create_dir(scratch.join("ledger")).unwrap();
    assert_eq!(open(scratch.join("ledger")).await.unwrap_err().kind(), Kind::Storage);
}

async fn many_records_come_back<L: Ledger + Debug, F: Future<Output = Result<L>>>(open: impl Fn(PathBuf) -> F) {
    let scratch = Scratch::new();
    let path = scratch.join("ledger");
    let mut ledger = open(path.clone()).await.unwrap();
    let changes: Vec<_> = (0..20_000).map(|number| put(&format!("postroom1:pop3:me/{number:05}"))).collect();
    for batch in changes.chunks(512) {
        ledger.apply("me", batch).await.unwrap();
    }
    drop(ledger);
    let found = keys(&mut open(path).await.unwrap(), "me").await;
    assert_eq!(found.len(), 20_000);
    assert_eq!(found[12_345], "postroom1:pop3:me/12345");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_file_agrees_with_a_map(steps in steps()) {
        let scratch = Scratch::new();
        block_on(agrees_with_a_map(FileLedger::open, &scratch.join("ledger"), steps));
    }

    #[test]
    fn a_ledger_in_memory_agrees_with_a_map(steps in steps()) {
        let steps = steps.into_iter().filter(|step| matches!(step, super::Step::Apply(..))).collect();
        let open = |_| async { Ok(MemoryLedger::default()) };
        block_on(agrees_with_a_map(open, &PathBuf::new(), steps));
    }
}

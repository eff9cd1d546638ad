//! The ledgers: what was noted is there again, and a ledger that is damaged is refused rather than believed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use postroom::collect::{Change, Digest, Extent, FileLedger, Ledger, Record, State, Ticket};
use postroom::{Kind, Result};
use proptest::prelude::*;
use time::OffsetDateTime;

#[path = "support/scratch.rs"]
mod scratch;

use scratch::Scratch;

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap()
}

fn record(key: &str) -> Record {
    Record::new(key, Digest::of(key.as_bytes()), Digest::of(b"header"), at(1_700_000_000))
}

fn put(key: &str) -> Change {
    Change::Put(record(key))
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

async fn keys(ledger: &mut impl Ledger, account: &str) -> Vec<String> {
    let mut keys: Vec<_> = ledger.load(account).await.unwrap().into_iter().map(|record| record.key).collect();
    keys.sort_unstable();
    keys
}

/// A ledger of a few batches, and its bytes.
fn written(path: &Path) -> Vec<u8> {
    block_on(async {
        let mut ledger = FileLedger::open(path).await.unwrap();
        ledger.apply("me", &[put("a"), put("b")]).await.unwrap();
        ledger.apply("you", &[put("a")]).await.unwrap();
        ledger.apply("me", &[Change::Remove("a".into()), put("c")]).await.unwrap();
    });
    fs::read(path).unwrap()
}

/// Opens these bytes as a ledger.
fn reopened(path: &Path, bytes: &[u8]) -> Result<Vec<String>> {
    // A file that is overwritten is written to the disk at once (ext4); a new one is not.
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
    block_on(async {
        let mut ledger = FileLedger::open(path).await?;
        Ok(keys(&mut ledger, "me").await)
    })
}

#[tokio::test]
async fn what_was_noted_is_there_again() {
    let scratch = Scratch::new();
    let path = scratch.join("ledger");
    let mut odd = record(&format!("50% of Größe\t{}", "x".repeat(10_000)));
    odd.size = Some(u64::MAX);
    odd.extent = Extent::Header;
    odd.state = State::Staged(Ticket::new("1700000000.M1 P2=%").unwrap());
    let mut gone = record("");
    gone.state = State::Gone(at(1_800_000_000));
    let mut ledger = FileLedger::open(&path).await.unwrap();
    ledger.apply("me", &[Change::Put(odd.clone()), put("b"), Change::Remove("b".into())]).await.unwrap();
    ledger.apply("", &[Change::Put(gone.clone())]).await.unwrap();
    drop(ledger);
    let mut ledger = FileLedger::open(&path).await.unwrap();
    assert_eq!(ledger.load("me").await.unwrap(), [odd]);
    assert_eq!(ledger.load("").await.unwrap(), [gone]);
    assert_eq!(ledger.load("you").await.unwrap(), []);
}

#[tokio::test]
async fn a_second_run_is_refused_until_the_first_has_ended() {
    let scratch = Scratch::new();
    let path = scratch.join("ledger");
    let first = FileLedger::open(&path).await.unwrap();
    let error = FileLedger::open(&path).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (Kind::Busy, true));
    drop(first);
    FileLedger::open(&path).await.unwrap();
}

#[test]
fn a_ledger_that_was_cut_short_is_refused_wherever_it_was() {
    let scratch = Scratch::new();
    let path = scratch.join("ledger");
    let bytes = written(&path);
    for length in 0..bytes.len() {
        let error = reopened(&path, &bytes[..length]).expect_err(&format!("{length} bytes"));
        assert_eq!(error.kind(), Kind::Storage);
        assert!(error.to_string().contains("ledger"), "{error}");
        assert_eq!(fs::read(&path).unwrap().len(), length, "nothing is changed");
    }
}

#[test]
fn no_flipped_bit_loses_a_record() {
    let scratch = Scratch::new();
    let path = scratch.join("ledger");
    let bytes = written(&path);
    let slots = "postroom-ledger 1\n".len()
        ..bytes.len() - bytes.split(|byte| *byte == b'\n').skip(3).map(|l| l.len() + 1).sum::<usize>() + 1;
    let mut refused = 0;
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            match reopened(&path, &flipped) {
                Err(error) => {
                    assert_eq!(error.kind(), Kind::Storage);
                    refused += 1;
                }
                // One of the two slots can be spared.
                Ok(found) => {
                    assert!(slots.contains(&at), "byte {at}");
                    assert_eq!(found, ["b", "c"], "byte {at}");
                }
            }
        }
    }
    assert!(refused >= 8 * (bytes.len() - slots.len()));
}

#[test]
fn lines_that_are_missing_doubled_or_exchanged_are_noticed() {
    let scratch = Scratch::new();
    let path = scratch.join("ledger");
    let bytes = written(&path);
    let lines: Vec<_> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    for at in 3..lines.len() {
        let mut missing = lines.clone();
        missing.remove(at);
        let mut doubled = lines.clone();
        doubled.insert(at, lines[at]);
        let mut exchanged = lines.clone();
        exchanged.swap(3, at);
        for lines in [missing, doubled, exchanged].into_iter().filter(|changed| *changed != lines) {
            match reopened(&path, &lines.concat()) {
                Err(error) => assert_eq!(error.kind(), Kind::Storage),
                // The last line again is as true as it was.
                Ok(found) => assert_eq!((found, at), (vec!["b".to_owned(), "c".to_owned()], lines.len() - 2)),
            }
        }
    }
}

#[test]
fn other_files_and_versions_are_refused() {
    let scratch = Scratch::new();
    let path = scratch.join("ledger");
    let bytes = written(&path);
    let other = [&b"postroom-ledger 2\n"[..], &bytes[18..]].concat();
    let error = reopened(&path, &other).unwrap_err();
    assert!(error.to_string().contains("version 2"), "{error}");
    for other in [&b""[..], b"\n", b"SQLite format 3\0", b"From: me\n\n", &[0; 4096]] {
        assert_eq!(reopened(&path, other).unwrap_err().kind(), Kind::Storage);
    }
}

#[test]
fn an_append_that_was_cut_off_is_dropped_and_the_run_goes_on() {
    let scratch = Scratch::new();
    let path = scratch.join("ledger");
    let bytes = written(&path);
    block_on(async {
        let mut ledger = FileLedger::open(&path).await.unwrap();
        ledger.apply("me", &[put("d"), put("e")]).await.unwrap();
    });
    let after = fs::read(&path).unwrap();
    let head = after.len() - after.split(|byte| *byte == b'\n').skip(3).map(|line| line.len() + 1).sum::<usize>() + 1;
    // The old head with the new lines: what is on the disk between the append and its slot.
    for length in bytes.len()..=after.len() {
        let torn = [&bytes[..head], &after[head..length]].concat();
        let found = reopened(&path, &torn).unwrap();
        let whole = after[bytes.len()..length].iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(found, ["b", "c", "d", "e"][..2 + whole]);
        // It is as good as new.
        assert_eq!(reopened(&path, &fs::read(&path).unwrap()).unwrap(), found);
    }
    // A slot that is torn itself.
    let changed = (0..head).find(|at| bytes[*at] != after[*at]).unwrap();
    for length in changed..head {
        let torn = [&after[..length], &bytes[length..head], &after[head..]].concat();
        assert_eq!(reopened(&path, &torn).unwrap(), ["b", "c", "d", "e"]);
    }
}

#[tokio::test]
async fn superseded_lines_are_compacted_away() {
    let scratch = Scratch::new();
    let path = scratch.join("ledger");
    let mut ledger = FileLedger::open(&path).await.unwrap();
    let changes: Vec<_> = (0..100).map(|key| put(&key.to_string())).collect();
    let mut longest = 0;
    for _ in 0..40 {
        ledger.apply("me", &changes).await.unwrap();
        longest = longest.max(fs::metadata(&path).unwrap().len());
    }
    assert!(longest < 400 * 1400, "{longest}");
    ledger.apply("me", &[Change::Remove("7".into())]).await.unwrap();
    drop(ledger);
    let mut ledger = FileLedger::open(&path).await.unwrap();
    assert_eq!(keys(&mut ledger, "me").await.len(), 99);
}

#[derive(Clone, Debug)]
enum Step {
    Apply(bool, Vec<(u8, bool)>),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let apply = (any::<bool>(), prop::collection::vec((0..20_u8, any::<bool>()), 0..400))
        .prop_map(|(me, changes)| Step::Apply(me, changes));
    prop::collection::vec(prop_oneof![4 => apply, 1 => Just(Step::Reopen)], 1..12)
}

/// Where the ledger lies, and how it is opened.
async fn agrees_with_a_map<L: Ledger, F: Future<Output = Result<L>>>(
    open: impl Fn(PathBuf) -> F,
    path: &Path,
    steps: Vec<Step>,
) {
    let mut model: BTreeMap<(&str, String), Record> = BTreeMap::new();
    let mut ledger = open(path.to_owned()).await.unwrap();
    for (time, step) in (0..).zip(steps) {
        match step {
            Step::Reopen => {
                drop(ledger);
                ledger = open(path.to_owned()).await.unwrap();
            }
            Step::Apply(me, changes) => {
                let account = if me { "me" } else { "you" };
                let changes = changes.into_iter().map(|(key, put)| {
                    let mut record = record(&key.to_string());
                    record.at = at(time);
                    if put { Change::Put(record) } else { Change::Remove(record.key) }
                });
                let changes: Vec<_> = changes.collect();
                ledger.apply(account, &changes).await.unwrap();
                for change in changes {
                    match change {
                        Change::Put(record) => model.insert((account, record.key.clone()), record),
                        Change::Remove(key) => model.remove(&(account, key)),
                    };
                }
            }
        }
        for account in ["me", "you"] {
            let mut found = ledger.load(account).await.unwrap();
            found.sort_unstable_by(|one, other| one.key.cmp(&other.key));
            let expected: Vec<_> =
                model.iter().filter(|((of, _), _)| *of == account).map(|(_, record)| record.clone()).collect();
            assert_eq!(found, expected);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_file_agrees_with_a_map(steps in steps()) {
        let scratch = Scratch::new();
        block_on(agrees_with_a_map(FileLedger::open, &scratch.join("ledger"), steps));
    }
}

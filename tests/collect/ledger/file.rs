//! The ledger in a file: what makes it refuse one, and how it recovers an append that was cut off.

use std::fs;
use std::path::Path;

use postroom::collect::{Change, FileLedger, Ledger};
use postroom::{Kind, Result};

use super::{block_on, keys, put};
use crate::scratch::Scratch;

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
                // One of the two slots is enough.
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
                // The last line once more is as valid as before.
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
    // The old head with the new lines: the state of the disk between the append and its slot.
    for length in bytes.len()..=after.len() {
        let torn = [&bytes[..head], &after[head..length]].concat();
        let found = reopened(&path, &torn).unwrap();
        let whole = after[bytes.len()..length].iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(found, ["b", "c", "d", "e"][..2 + whole]);
        // The ledger works as before.
        assert_eq!(reopened(&path, &fs::read(&path).unwrap()).unwrap(), found);
    }
    // A slot that is itself torn.
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

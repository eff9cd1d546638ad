//! The ledger in SQLite: what makes it refuse a database, and that it never reads another one than was written.

use std::fs;
use std::path::Path;

use postroom::collect::{Change, Ledger, SqliteLedger};
use postroom::{Kind, Result};
use proptest::prelude::*;
use rusqlite::Connection;

use super::{agrees_with_a_map, block_on, keys, put, record, steps};
use crate::scratch::Scratch;

/// A ledger of some batches and many pages, and its bytes.
fn written(path: &Path) -> Vec<u8> {
    block_on(async {
        let mut ledger = SqliteLedger::open(path).await.unwrap();
        let many: Vec<_> = (0..60).map(|number| put(&format!("{number:03}"))).collect();
        ledger.apply("me", &many).await.unwrap();
        ledger.apply("you", &[put("a")]).await.unwrap();
        ledger.apply("me", &[Change::Remove("000".into()), put("001")]).await.unwrap();
    });
    fs::read(path).unwrap()
}

fn reopened(path: &Path, bytes: &[u8]) -> Result<Vec<String>> {
    fs::write(path, bytes).unwrap();
    block_on(async {
        let mut ledger = SqliteLedger::open(path).await?;
        let mut found = keys(&mut ledger, "me").await;
        found.extend(keys(&mut ledger, "you").await);
        Ok(found)
    })
}

fn expected() -> Vec<String> {
    (1..60).map(|number| format!("{number:03}")).chain(["a".to_owned()]).collect()
}

/// A change that another program makes to the database without the ledger.
fn changed(path: &Path, sql: &str) -> Result<Vec<String>> {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
    reopened(path, &fs::read(path).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn a_database_agrees_with_a_map(steps in steps()) {
        let scratch = Scratch::new();
        block_on(agrees_with_a_map(SqliteLedger::open, &scratch.join("ledger"), steps));
    }
}

#[test]
fn a_database_that_was_cut_short_is_refused_wherever_it_was() {
    let scratch = Scratch::new();
    let path = scratch.join("ledger");
    let bytes = written(&path);
    let steps = (0..128).chain((128..bytes.len()).step_by(191)).chain((4096..bytes.len()).step_by(4096));
    for length in steps.chain([bytes.len() - 1]) {
        let error = reopened(&path, &bytes[..length]).expect_err(&format!("{length} bytes"));
        assert_eq!(error.kind(), Kind::Storage, "{length}: {error}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        assert_eq!(fs::metadata(&path).unwrap().len(), length as u64, "nothing is changed");
    }
    assert_eq!(reopened(&path, &bytes).unwrap(), expected());
}

#[test]
fn a_flipped_bit_is_refused_or_makes_no_difference() {
    let scratch = Scratch::new();
    let path = scratch.join("ledger");
    let bytes = written(&path);
    let mut refused = 0;
    for at in (0..100).chain((100..bytes.len()).step_by(23)) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        match reopened(&path, &flipped) {
            Err(error) => {
                assert_eq!(error.kind(), Kind::Storage, "byte {at}: {error}");
                refused += 1;
            }
            Ok(found) => assert_eq!(found, expected(), "byte {at}"),
        }
        let _ = fs::remove_file(scratch.join("ledger-journal"));
    }
    assert!(refused > bytes.len() / 23 / 4, "{refused}");
}

#[test]
fn rows_that_are_missing_added_or_changed_by_others_are_noticed() {
    let scratch = Scratch::new();
    let path = scratch.join("ledger");
    let bytes = written(&path);
    for sql in [
        "DELETE FROM record",
        "DELETE FROM record WHERE key = '007'",
        "UPDATE record SET state = 'collected', gone = NULL, at = at + 1 WHERE key = '007'",
        "UPDATE record SET key = 'other' WHERE key = '007'",
        "UPDATE record SET account = 'you' WHERE key = '007'",
        "UPDATE record SET sum = (SELECT sum FROM record WHERE key = '008') WHERE key = '007'",
        "INSERT INTO record SELECT 'you', key, digest, header, size, extent, state, ticket, gone, at, sum FROM record WHERE key = '007'",
        "UPDATE total SET records = records - 1",
        "DELETE FROM total",
        "DELETE FROM record; DELETE FROM total",
        "DROP TABLE record",
        "CREATE INDEX more ON record (at)",
        "PRAGMA user_version = 0",
        "PRAGMA application_id = 0",
    ] {
        fs::write(&path, &bytes).unwrap();
        let error = changed(&path, sql).expect_err(sql);
        assert_eq!(error.kind(), Kind::Storage, "{sql}: {error}");
    }
}

#[test]
fn other_files_and_versions_are_refused_by_name() {
    let scratch = Scratch::new();
    let path = scratch.join("ledger");
    written(&path);
    let error = changed(&path, "PRAGMA user_version = 2").unwrap_err();
    assert!(error.to_string().contains("is of version 2"), "{error}");
    for other in [&b""[..], b"postroom-ledger 1\n", b"SQLite format 3\0", b"my only copy", &[0; 8192], &[b'a'; 1000]] {
        assert_eq!(reopened(&path, other).unwrap_err().kind(), Kind::Storage);
        assert_eq!(fs::read(&path).unwrap(), other, "nothing is changed");
    }
    let stranger = scratch.join("stranger");
    Connection::open(&stranger).unwrap().execute_batch("CREATE TABLE mail (id)").unwrap();
    let error = reopened(&stranger, &fs::read(&stranger).unwrap()).unwrap_err();
    assert!(error.to_string().contains("is not a ledger"), "{error}");
}

#[tokio::test]
async fn whoever_has_the_database_open_keeps_a_run_away() {
    let scratch = Scratch::new();
    let path = scratch.join("ledger");
    drop(SqliteLedger::open(&path).await.unwrap());
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(SqliteLedger::open(&path).await.unwrap_err().kind(), Kind::Busy);
    other.execute_batch("COMMIT").unwrap();
    let ledger = SqliteLedger::open(&path).await.unwrap();
    let refused = other.query_row("SELECT count(*) FROM record", (), |row| row.get::<_, i64>(0));
    assert!(refused.is_err(), "{refused:?}");
    drop(ledger);
}

/// A transaction that was killed before its end has left its journal.
#[test]
fn a_change_that_was_cut_off_is_undone_and_the_run_goes_on() {
    let scratch = Scratch::new();
    let (path, torn) = (scratch.join("ledger"), scratch.join("torn"));
    written(&path);
    let writer = Connection::open(&path).unwrap();
    // A cache this small makes it write before it commits.
    writer
        .execute_batch("PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; UPDATE record SET at = at + 1")
        .unwrap();
    let journal = fs::read(scratch.join("ledger-journal")).unwrap();
    assert!(journal.len() > 4096);
    fs::write(scratch.join("torn-journal"), journal).unwrap();
    let database = fs::read(&path).unwrap();
    assert_ne!(database, written(&scratch.join("whole")), "something was written before the end");
    assert_eq!(reopened(&torn, &database).unwrap(), expected());
}

#[test]
fn a_ledger_that_was_being_created_is_created_again() {
    let scratch = Scratch::new();
    let path = scratch.join("ledger");
    for left in [&b""[..], b"SQLite format 3\0", &[1; 5000]] {
        fs::write(scratch.join("ledger.new"), left).unwrap();
        fs::write(scratch.join("ledger-journal"), left).unwrap();
        block_on(async {
            let mut ledger = SqliteLedger::open(&path).await.unwrap();
            ledger.apply("me", &[Change::Put(record("a"))]).await.unwrap();
        });
        assert!(!scratch.join("ledger.new").exists());
        fs::remove_file(&path).unwrap();
    }
}

//! A process that is killed while it writes into a ledger: its lock is released, and every acknowledged batch is durable.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use postroom::collect::{FileLedger, Ledger};
use postroom::{Kind, Result};

use super::{block_on, keys, put};
use crate::scratch::Scratch;

/// The variable with the path of the child's ledger.
const LEDGER: &str = "POSTROOM_TEST_LEDGER";
/// Records in one batch.
const BATCH: usize = 40;

#[test]
fn a_file_outlives_its_writer() {
    outlives_its_writer("ledger::killed::a_file_outlives_its_writer", FileLedger::open);
}

#[cfg(feature = "sqlite")]
#[test]
fn a_database_outlives_its_writer() {
    outlives_its_writer("ledger::killed::a_database_outlives_its_writer", postroom::collect::SqliteLedger::open);
}

/// The test of that name starts itself once more, as the writer.
fn outlives_its_writer<L: Ledger, F: Future<Output = Result<L>>>(test: &str, open: impl Fn(PathBuf) -> F) {
    if let Some(path) = env::var_os(LEDGER) {
        return block_on(write(open(path.into())));
    }
    let scratch = Scratch::new();
    for batches in [1, 2, 3, 5, 8] {
        let path = scratch.join(format!("{batches}"));
        let acknowledged = write_and_kill(test, &path, batches, || {
            let refused = block_on(open(path.clone())).err();
            assert_eq!(refused.map(|error| error.kind()), Some(Kind::Busy));
        });
        let found = block_on(async { keys(&mut open(path.clone()).await.unwrap(), "me").await });
        assert!(found.len() >= acknowledged * BATCH, "{} records of {acknowledged} batches", found.len());
        assert!(found.iter().enumerate().all(|(number, key)| *key == name(number)), "{found:?}");
    }
}

fn name(number: usize) -> String {
    format!("{number:09}")
}

/// Writes until it is killed, and prints each batch that was acknowledged.
async fn write<L: Ledger>(opening: impl Future<Output = Result<L>>) {
    let mut ledger = opening.await.unwrap();
    for batch in 0.. {
        let changes: Vec<_> = (0..BATCH).map(|number| put(&name(batch * BATCH + number))).collect();
        ledger.apply("me", &changes).await.unwrap();
        println!("\nbatch {batch}");
    }
}

/// How many batches were acknowledged before the child was gone.
fn write_and_kill(test: &str, path: &Path, batches: usize, meanwhile: impl FnOnce()) -> usize {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "--nocapture", test]).env(LEDGER, path).stdout(Stdio::piped());
    let mut writer = command.spawn().unwrap();
    let lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    let mut acknowledged = lines.map(Result::unwrap).filter(|line| line.starts_with("batch "));
    let before = acknowledged.by_ref().take(batches).count();
    meanwhile();
    writer.kill().unwrap();
    writer.wait().unwrap();
    assert_eq!(before, batches);
    before + acknowledged.count()
}

//! The ledgers: what was recorded is there again, and a damaged ledger is refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use postroom::Result;
use postroom::collect::{Change, Digest, Ledger, Record};
use proptest::prelude::*;
use time::OffsetDateTime;

mod contract;
mod file;
mod killed;
mod shared;
#[cfg(feature = "sqlite")]
mod sqlite;

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

/// Where the ledger is, and how it is opened.
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

//! [`MemoryLedger`]: a ledger that ends with its program, for tests. It must not touch a disk.

use std::collections::{BTreeMap, HashMap};
use std::future::ready;

use super::{Change, Ledger, Record};
use crate::{BoxFuture, Result};

/// A [`Ledger`] in memory: for tests, and for a single run into a place that detects duplicates itself. It never fails.
///
/// ```
/// use postroom::collect::{Change, Digest, Ledger, MemoryLedger, Record};
/// use time::OffsetDateTime;
///
/// # async fn example() -> postroom::Result<()> {
/// let digest = Digest::of(b"Subject: hello\r\n\r\nworld\r\n");
/// let record = Record::new("1", digest, digest, OffsetDateTime::UNIX_EPOCH);
/// let mut ledger = MemoryLedger::default();
/// ledger.apply("me@example.org", &[Change::Put(record.clone())]).await?;
/// assert_eq!(ledger.load("me@example.org").await?, [record]);
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryLedger {
    accounts: HashMap<String, BTreeMap<String, Record>>,
}

impl Ledger for MemoryLedger {
    fn load<'a>(&'a mut self, account: &'a str) -> BoxFuture<'a, Result<Vec<Record>>> {
        let records = self.accounts.get(account);
        Box::pin(ready(Ok(records.into_iter().flat_map(BTreeMap::values).cloned().collect())))
    }

    fn apply<'a>(&'a mut self, account: &'a str, changes: &'a [Change]) -> BoxFuture<'a, Result<()>> {
        let records = self.accounts.entry(account.to_owned()).or_default();
        for change in changes {
            match change {
                Change::Put(record) => records.insert(record.key.clone(), record.clone()),
                Change::Remove(key) => records.remove(key),
            };
        }
        Box::pin(ready(Ok(())))
    }
}

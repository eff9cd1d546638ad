//! [`FileLedger`]: a ledger in one file of text: a [`Log`] of [`LedgerLine`]s, used on a thread for blocking work. The file format is in
//! those two.

use std::fmt;
use std::path::{Path, PathBuf};

use super::line::LedgerLine;
use super::{Change, Ledger, Record};
use crate::store::{Log, Worker, run_once};
use crate::{BoxFuture, Result};

/// A [`Ledger`] in one file: readable text, append-only, a checksum in each line, compacted when more than half of it is superseded.
///
/// Several accounts can share it. A file with `.lock` appended to its name keeps a second run out; it may stay there. An append costs two synchronisations of the file; opening reads it once, and [`load`](Ledger::load) once more. It needs about
/// 40 bytes of memory for each record, besides the records.
///
/// ```
/// use postroom::Kind;
/// use postroom::collect::{FileLedger, Ledger};
///
/// # async fn example() -> postroom::Result<()> {
/// # let folder = std::env::temp_dir().join(format!("postroom-doc-ledger-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// let mut ledger = FileLedger::open(folder.join("ledger")).await?;
/// assert!(ledger.load("me@example.org").await?.is_empty());
/// assert_eq!(FileLedger::open(folder.join("ledger")).await.unwrap_err().kind(), Kind::Busy);
/// # drop(ledger);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(example()).unwrap();
/// ```
pub struct FileLedger {
    path: PathBuf,
    log: Worker<Log<LedgerLine>>,
}

impl FileLedger {
    /// Opens the ledger, or creates an empty one if there is no such file; the folder must exist.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> postroom::Result<()> {
    /// # let dir = std::env::temp_dir().join(format!("postroom-doc-open-ledger-{}", std::process::id()));
    /// # std::fs::create_dir_all(&dir).unwrap();
    /// # let path = dir.join("ledger");
    /// let ledger = postroom::collect::FileLedger::open(&path).await?;
    /// # drop(ledger);
    /// # std::fs::remove_dir_all(&dir).unwrap();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Busy`](crate::Kind::Busy) if another run has it open. [`Kind::Storage`](crate::Kind::Storage) if it cannot be read or written,
    /// is damaged or truncated, is of another version, or is not a ledger. Then nothing is changed.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let opened = path.clone();
        let log = run_once(move || Log::open(&opened)).await?;
        Ok(Self { path, log: Worker::new(log) })
    }
}

impl Ledger for FileLedger {
    fn load<'a>(&'a mut self, account: &'a str) -> BoxFuture<'a, Result<Vec<Record>>> {
        let account = account.to_owned();
        Box::pin(async { self.log.run(move |log| load(log, &account)).await? })
    }

    fn apply<'a>(&'a mut self, account: &'a str, changes: &'a [Change]) -> BoxFuture<'a, Result<()>> {
        let line = |change: &Change| LedgerLine { account: account.to_owned(), change: change.clone() };
        let lines: Vec<_> = changes.iter().map(line).collect();
        Box::pin(async { self.log.run(move |log| log.append(&lines)).await? })
    }
}

fn load(log: &Log<LedgerLine>, account: &str) -> Result<Vec<Record>> {
    let mut records = Vec::new();
    log.for_each(|line| {
        if let (true, Change::Put(record)) = (line.account == account, line.change) {
            records.push(record);
        }
    })?;
    Ok(records)
}

impl fmt::Debug for FileLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileLedger").field("path", &self.path).finish_non_exhaustive()
    }
}

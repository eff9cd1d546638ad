//! [`SqliteLedger`]: a ledger in a SQLite database. Its content and its checks are in [`Database`], which is used here on a
//! thread for blocking work.
//!
//! ```sql
//! PRAGMA application_id = 1349481332; -- "PoSt"
//! PRAGMA user_version = 1;
//! CREATE TABLE record (account, key, digest, header, size, extent, state, ticket, gone, at, sum); -- one row a message
//! CREATE TABLE total (only, records, sum);                                                        -- one row
//! ```
//!
//! `record.sum` is the beginning of the SHA-256 of its row; `total` holds the number of rows and the exclusive or of their sums, and
//! changes in the same transaction. So opening detects a row that was changed, removed or added by others.

mod database;
mod row;

use std::fmt;
use std::path::{Path, PathBuf};

use self::database::Database;
use super::{Change, Ledger, Record};
use crate::store::{Worker, run_once};
use crate::{BoxFuture, Result};

/// A [`Ledger`] in a SQLite database, for programs that query it: what was collected, when, and of which size. With the feature `sqlite`.
///
/// Several accounts can share it. While it is open, nobody else can open it, not even to read. A file with `.lock` appended to its
/// name may stay there.
///
/// # Cost
///
/// A call of [`apply`](Ledger::apply) is one transaction, with a rollback journal and not a write-ahead log. That needs four
/// synchronisations instead of one, but everything that was acknowledged is in this one file, and a missing part is detected; a lost
/// write-ahead log would silently lose the latest runs. Opening reads the whole database twice.
///
/// # Querying it
///
/// The table `record` has a row for each message: `account`, `key` (the text form of its [`MessageId`](crate::MessageId)), `digest`
/// and `header` (SHA-256), `size`, `extent` (`whole`, `header`, or `whole=` and the digest of another reading), `state` (`staged`, `collected`, `gone`, `deleted`), and the
/// seconds since 1970 when it was collected (`at`) and when it was first missed on the server or deleted from it (`gone`). The column
/// `ticket` is the delivery's; the column `sum` and the table `total` detect damage. If another program changes a row, the ledger counts as damaged.
/// A row whose key begins with `account:` is not of a message ([`Record::key`](super::Record::key)).
///
/// # Cancellation
///
/// Work may continue after its future is dropped; the next call, and the next run, wait for it or are refused.
///
/// ```
/// use postroom::Kind;
/// use postroom::collect::{Ledger, SqliteLedger};
///
/// # async fn example() -> postroom::Result<()> {
/// # let folder = std::env::temp_dir().join(format!("postroom-doc-sqlite-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// let mut ledger = SqliteLedger::open(folder.join("ledger.sqlite")).await?;
/// assert!(ledger.load("me@example.org").await?.is_empty());
/// assert_eq!(SqliteLedger::open(folder.join("ledger.sqlite")).await.unwrap_err().kind(), Kind::Busy);
/// # drop(ledger);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(example()).unwrap();
/// ```
pub struct SqliteLedger {
    path: PathBuf,
    database: Worker<Database>,
}

impl SqliteLedger {
    /// Opens the ledger, or creates an empty one if there is no such file; the folder must exist.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> postroom::Result<()> {
    /// # let dir = std::env::temp_dir().join(format!("postroom-doc-open-ledger-{}", std::process::id()));
    /// # std::fs::create_dir_all(&dir).unwrap();
    /// # let path = dir.join("ledger.db");
    /// let ledger = postroom::collect::SqliteLedger::open(&path).await?;
    /// # drop(ledger);
    /// # std::fs::remove_dir_all(&dir).unwrap();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Busy`](crate::Kind::Busy) if another run, or another program, has it open. [`Kind::Storage`](crate::Kind::Storage) if it cannot be
    /// read or written, is damaged or truncated, is of another version, or is not a ledger.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let opened = path.clone();
        let database = run_once(move || Database::open(&opened)).await?;
        Ok(Self { path, database: Worker::new(database) })
    }
}

impl Ledger for SqliteLedger {
    fn load<'a>(&'a mut self, account: &'a str) -> BoxFuture<'a, Result<Vec<Record>>> {
        let account = account.to_owned();
        Box::pin(async { self.database.run(move |database| database.load(&account)).await? })
    }

    fn apply<'a>(&'a mut self, account: &'a str, changes: &'a [Change]) -> BoxFuture<'a, Result<()>> {
        let (account, changes) = (account.to_owned(), changes.to_vec());
        Box::pin(async { self.database.run(move |database| database.apply(&account, &changes)).await? })
    }
}

impl fmt::Debug for SqliteLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteLedger").field("path", &self.path).finish_non_exhaustive()
    }
}

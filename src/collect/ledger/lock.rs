//! The lock that keeps a ledger to one run: on a file of its own beside the ledger, since a compaction puts another file in the
//! ledger's place. It ends with the process at the latest, and the file left behind does no harm.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::{beside, storage};
use crate::{Error, Result};

/// Takes the lock of the ledger at that path; it is held as long as the file is open. [`Kind::Busy`](crate::Kind::Busy) where another
/// run has it.
pub(super) fn take(path: &Path) -> Result<File> {
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(beside(path, ".lock"));
    let lock = lock.map_err(|cause| storage(path, "cannot be locked", cause))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            Err(Error::busy(format!("the ledger {} is in use by another run", path.display())))
        }
        Err(TryLockError::Error(cause)) => Err(storage(path, "cannot be locked", cause)),
    }
}

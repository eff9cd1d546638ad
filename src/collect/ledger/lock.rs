//! The lock that keeps a ledger to one run: on a file of its own beside the ledger, since a compaction puts another file in the
//! ledger's place. It ends with the process at the latest, and the file left behind does no harm.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::{beside, storage};
use crate::{Error, Result};

/// Held as long as it lives.
pub(super) struct Lock(File);

impl Drop for Lock {
    /// Said, since closing the file is not enough: a process that was started meanwhile has a copy of the descriptor until it executes
    /// its program.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// Takes the lock of the ledger at that path. [`Kind::Busy`](crate::Kind::Busy) where another run has it.
pub(super) fn take(path: &Path) -> Result<Lock> {
    let lock = OpenOptions::new().create(true).truncate(false).write(true).open(beside(path, ".lock"));
    let lock = lock.map_err(|cause| storage(path, "cannot be locked", cause))?;
    match lock.try_lock() {
        Ok(()) => Ok(Lock(lock)),
        Err(TryLockError::WouldBlock) => Err(busy(path)),
        Err(TryLockError::Error(cause)) => Err(storage(path, "cannot be locked", cause)),
    }
}

pub(super) fn busy(path: &Path) -> Error {
    Error::busy(format!("the ledger {} is in use by another run", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    #[test]
    fn a_copy_of_the_descriptor_in_a_child_does_not_prolong_the_lock() {
        let ledger = std::env::temp_dir().join(format!("postroom-lock-{}", std::process::id()));
        let lock = take(&ledger).unwrap();
        assert_eq!(take(&ledger).err().map(|error| error.kind()), Some(Kind::Busy));
        let copy = lock.0.try_clone().unwrap();
        drop(lock);
        assert!(take(&ledger).is_ok());
        drop(copy);
        std::fs::remove_file(beside(&ledger, ".lock")).unwrap();
    }
}

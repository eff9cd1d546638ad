//! The lock that gives a durable file to one process at a time. It is on a file of its own, because a compaction replaces the durable
//! file. It ends with the process at the latest, and the lock file that remains does no harm.

use std::fs::{File, OpenOptions, TryLockError};

use super::location::Location;
use crate::error::Result;

/// Held as long as it lives.
pub(crate) struct Lock(File);

impl Lock {
    /// Takes the lock; [`Kind::Busy`](crate::Kind::Busy) if somebody else has it.
    pub(crate) fn take(location: &Location) -> Result<Self> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(location.beside(".lock"));
        let file = file.map_err(|cause| location.error("cannot be locked", cause))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(location.busy()),
            Err(TryLockError::Error(cause)) => Err(location.error("cannot be locked", cause)),
        }
    }
}

impl Drop for Lock {
    /// Unlocks explicitly, because closing the file is not enough: a child process that is being started has a copy of the descriptor until
    /// it executes its program.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    #[test]
    fn a_copy_of_the_descriptor_in_a_child_does_not_prolong_the_lock() {
        let path = std::env::temp_dir().join(format!("postroom-lock-{}", std::process::id()));
        let location = Location::resolve("file", &path).unwrap();
        let lock = Lock::take(&location).unwrap();
        assert_eq!(Lock::take(&location).err().map(|error| error.kind()), Some(Kind::Busy));
        let copy = lock.0.try_clone().unwrap();
        drop(lock);
        assert!(Lock::take(&location).is_ok());
        drop(copy);
        std::fs::remove_file(location.beside(".lock")).unwrap();
    }
}

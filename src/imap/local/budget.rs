//! A bound on the memory that sorting and threading use. It must not know what uses it.

use crate::error::{Error, Result};

/// The memory that is left, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget(usize);

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        Self(bytes)
    }

    /// Takes this number of bytes, or fails.
    pub(super) fn take(&mut self, bytes: usize) -> Result<()> {
        self.0 = self.0.checked_sub(bytes).ok_or_else(|| {
            Error::limit("sorting or threading these messages without the server takes more memory than the limit")
        })?;
        Ok(())
    }
}

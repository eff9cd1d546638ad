//! [`Temporary`]: a file without a name, which only this process can read and which ends with it. It must not know what is in it.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};

/// A file in the folder for temporary files. It has no name there, or loses it at once: nobody else can open it, and the operating system
/// removes it when it is dropped, or when the process ends in any way. All calls block the thread.
#[derive(Debug)]
pub(crate) struct Temporary(Mutex<File>);

/// A part of a file that is not written any more.
#[derive(Clone, Debug)]
pub(crate) struct Slice {
    file: Arc<Temporary>,
    range: Range<u64>,
}

impl Temporary {
    pub(crate) fn create() -> Result<Self> {
        let failed = |cause| Error::storage("no temporary file can be made", cause);
        let file = tempfile::tempfile().map_err(failed)?;
        // Others could open it through /proc if the program's umask lets them read files.
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600)).map_err(failed)?;
        Ok(Self(Mutex::new(file)))
    }

    /// Writes these bytes at the end.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.file().write_all(bytes);
        written.map_err(|cause| Error::storage("a temporary file cannot be written", cause))
    }

    /// The bytes from there on, at most this number. Fewer only at the end of the file.
    fn read(&self, at: u64, most: usize) -> std::io::Result<Vec<u8>> {
        let mut file = self.file();
        file.seek(SeekFrom::Start(at))?;
        let mut bytes = Vec::with_capacity(most);
        (&mut *file).take(most as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn file(&self) -> MutexGuard<'_, File> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slice {
    pub(crate) fn new(file: &Arc<Temporary>, range: Range<u64>) -> Self {
        Self { file: file.clone(), range }
    }

    pub(crate) fn len(&self) -> u64 {
        self.range.end.saturating_sub(self.range.start)
    }

    /// Takes bytes from the beginning, at most this number; none at the end.
    ///
    /// # Errors
    ///
    /// [`Kind::Storage`](crate::Kind::Storage) if the file cannot be read, or is shorter than it was.
    pub(crate) fn take(&mut self, most: usize) -> Result<Vec<u8>> {
        let most = usize::try_from(self.len()).unwrap_or(usize::MAX).min(most);
        let failed = |cause| Error::storage("a temporary file cannot be read", cause);
        let bytes = self.file.read(self.range.start, most).map_err(failed)?;
        if bytes.len() < most {
            return Err(failed(std::io::ErrorKind::UnexpectedEof.into()));
        }
        self.range.start += most as u64;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_read_in_pieces_and_apart() {
        let mut file = Temporary::create().unwrap();
        file.append(b"hello, ").unwrap();
        file.append(b"world").unwrap();
        let file = Arc::new(file);
        let (mut all, mut world) = (Slice::new(&file, 0..12), Slice::new(&file, 7..12));
        assert_eq!((all.take(5).unwrap(), world.take(2).unwrap()), (b"hello".to_vec(), b"wo".to_vec()));
        assert_eq!((all.take(99).unwrap(), world.take(99).unwrap()), (b", world".to_vec(), b"rld".to_vec()));
        assert_eq!((all.len(), all.take(1).unwrap()), (0, vec![]));
        assert_eq!(Slice::new(&file, 5..13).take(99).unwrap_err().kind(), crate::Kind::Storage);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_open_it() {
        use std::os::unix::fs::MetadataExt as _;
        let file = Temporary::create().unwrap();
        let metadata = file.file().metadata().unwrap();
        assert_eq!((metadata.nlink(), metadata.mode() & 0o077), (0, 0));
    }
}

//! [`Location`]: where a durable file is, and what errors call it. It must not know what is in the file.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::files::{append_to_name, parent};
use crate::error::{Error, Result};

/// The path of one durable file.
#[derive(Clone, Debug)]
pub(crate) struct Location {
    /// What the file is, for errors: "ledger".
    kind: &'static str,
    path: PathBuf,
}

impl Location {
    /// Resolves links, so that a compaction replaces the file and not a link to it, and every name of the file has the same lock.
    pub(crate) fn resolve(kind: &'static str, path: &Path) -> Result<Self> {
        let found = match fs::canonicalize(path) {
            // A dangling link more likely points to a disk that is not mounted than asks for a new file.
            Err(cause) if cause.kind() == io::ErrorKind::NotFound && !path.is_symlink() => std::path::absolute(path),
            found => found,
        };
        match found {
            Ok(path) => Ok(Self { kind, path }),
            Err(cause) => Err(Self { kind, path: path.to_owned() }.error("cannot be opened", cause)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file next to this one: `end` is appended to its name.
    pub(crate) fn beside(&self, end: &str) -> PathBuf {
        append_to_name(&self.path, end)
    }

    /// Gives a finished file this name, so that the file is there complete or not at all. It gets the permissions of the one it replaces;
    /// without one, only its owner may read it.
    pub(crate) fn replace_with(&self, new: &Path) -> io::Result<()> {
        match fs::metadata(&self.path) {
            Ok(old) => fs::set_permissions(new, old.permissions())?,
            #[cfg(unix)]
            Err(_) => fs::set_permissions(new, std::os::unix::fs::PermissionsExt::from_mode(0o600))?,
            #[cfg(not(unix))]
            Err(_) => {}
        }
        fs::rename(new, &self.path)?;
        self.sync_name()
    }

    /// Makes the name durable. Outside Unix a folder cannot be opened, and it is not needed.
    pub(crate) fn sync_name(&self) -> io::Result<()> {
        if cfg!(unix) { File::open(parent(&self.path))?.sync_all() } else { Ok(()) }
    }

    pub(crate) fn error(&self, what: &str, cause: io::Error) -> Error {
        Error::storage(format!("the {} {} {what}", self.kind, self.path.display()), cause)
    }

    pub(crate) fn damaged(&self, what: &str) -> Error {
        self.error(what, io::ErrorKind::InvalidData.into())
    }

    pub(crate) fn busy(&self) -> Error {
        Error::busy(format!("the {} {} is in use by another run", self.kind, self.path.display()))
    }
}

//! [`Home`]: a fresh folder for one collection, and a check that everything arrived in it; [`scratch`], the folder of all of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::checksum::Run;
use crate::cli::Result;
use crate::message::message;

/// What must be in a Maildir, in any order.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Wanted {
    pub(super) messages: u64,
    pub(super) bytes: u64,
    /// Of the checksums of all messages.
    sum: u64,
}

impl Wanted {
    /// The generated messages, as Unix stores them: lines end with LF.
    pub(super) fn of(messages: u64) -> Self {
        let mut wanted = Self::default();
        for index in 1..=messages {
            let mut message = message(index);
            message.retain(|byte| *byte != b'\r');
            wanted.add(&message);
        }
        wanted
    }

    fn add(&mut self, message: &[u8]) {
        let mut run = Run::default();
        run.update(message);
        self.messages += 1;
        self.bytes += message.len() as u64;
        self.sum = self.sum.wrapping_add(run.value());
    }
}

/// Where everything is written. Its caller removes it.
pub(super) fn scratch() -> Result<PathBuf> {
    Ok(std::env::var_os("POSTROOM_BENCH_DIR").ok_or("no POSTROOM_BENCH_DIR: start it by benches/run")?.into())
}

/// A folder on the disk that is measured. It stays until [`scratch`] is removed as a whole: for minutes after thousands of files were
/// deleted, ext4 checks each of their inodes again before it creates a new file near them, and that would be measured instead.
#[derive(Debug)]
pub(super) struct Home(PathBuf);

impl Home {
    /// Creates it, after the disk has finished earlier writes.
    pub(super) fn create() -> Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let path = scratch()?.join(format!("home-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        nix::unistd::sync();
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Fails unless each message is there once, byte by byte.
    pub(super) fn check(&self, wanted: &Wanted) -> Result<()> {
        let mut found = Wanted::default();
        for entry in fs::read_dir(self.0.join("new"))? {
            found.add(&fs::read(entry?.path())?);
        }
        if found == *wanted { Ok(()) } else { Err(format!("{found:?} was collected, not {wanted:?}").into()) }
    }
}

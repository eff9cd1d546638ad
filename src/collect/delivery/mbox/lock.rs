//! [`MboxLock`]: the two locks on an mbox file that mail programs agree on, `fcntl` and a dotlock. It does not know what is in the file.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use crate::store::files::{append_to_name, failed, is_at, parent, private, remove, sync_folder};
use crate::{Error, Result};

/// A dotlock that was not touched for this time belongs to a program that is gone.
const STALE: Duration = Duration::from_secs(5 * 60);
const TOUCH: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// An mbox file, opened and locked while this lives.
pub(super) struct MboxLock {
    // Dropped in this order: the lock that was taken first is released last.
    dotlock: Dotlock,
    pub(super) mbox: File,
}

/// The file by which the staging folder is held.
pub(super) struct Own {
    pub(super) path: PathBuf,
    /// Locked while this lives.
    pub(super) file: File,
}

/// `PATH.lock`, a hard link to [`Own`]: it is created in one step, also on NFS, and one that
/// remains after an abort is recognised, because nobody else can hold that folder.
struct Dotlock {
    path: PathBuf,
    own: File,
    touched: Instant,
}

impl MboxLock {
    /// Waits for both locks at most for this time; then [`Kind::Busy`](crate::Kind::Busy). `own` becomes the dotlock.
    pub(super) fn take(mbox: &Path, own: &Own, patience: Duration) -> Result<Self> {
        let end = Instant::now() + patience;
        let mut pause = FIRST_PAUSE;
        loop {
            if let Some(lock) = Self::attempt(mbox, own)? {
                return Ok(lock);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::busy(format!("`{}` is locked by another program", mbox.display())));
            }
            sleep(pause.min(left));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Takes `fcntl` first, then the dotlock; neither waits while the other is held.
    fn attempt(path: &Path, own: &Own) -> Result<Option<Self>> {
        let mbox = open(path)?;
        if !lock_file(&mbox).map_err(failed(path, "locked"))? {
            return Ok(None);
        }
        let Some(dotlock) = Dotlock::attempt(path, own)? else { return Ok(None) };
        let lock = Self { dotlock, mbox };
        // A mail reader may have replaced the file before it was locked.
        Ok(is_at(&lock.mbox, path).then_some(lock))
    }

    /// Call it now and then while the lock is held for a long time.
    pub(super) fn touch(&mut self) {
        if self.dotlock.touched.elapsed() > TOUCH {
            self.dotlock.touch();
        }
    }
}

impl Dotlock {
    fn attempt(mbox: &Path, own: &Own) -> Result<Option<Self>> {
        let path = append_to_name(mbox, ".lock");
        let file = own.file.try_clone().map_err(failed(&own.path, "opened"))?;
        let mut dotlock = Self { path: PathBuf::new(), own: file, touched: Instant::now() };
        dotlock.touch();
        if link(&own.path, &path)?
            || (is_abandoned(&own.file, &path) && remove(&path).is_ok() && link(&own.path, &path)?)
        {
            dotlock.path = path;
            return Ok(Some(dotlock));
        }
        Ok(None)
    }

    fn touch(&mut self) {
        let _ = self.own.set_modified(SystemTime::now());
        self.touched = Instant::now();
    }
}

impl Drop for Dotlock {
    fn drop(&mut self) {
        if is_at(&self.own, &self.path) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Opens the file, or creates it: mail readers remove an empty one.
pub(super) fn open(path: &Path) -> Result<File> {
    match private().open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        opened => return opened.map_err(failed(path, "opened")),
    }
    let file = private().create(true).truncate(false).open(path).map_err(failed(path, "created"))?;
    sync_folder(parent(path))?;
    Ok(file)
}

/// Takes the dotlock if it is free; whether it was.
fn link(own: &Path, path: &Path) -> Result<bool> {
    match fs::hard_link(own, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        linked => linked.map(|()| true).map_err(failed(path, "created")),
    }
}

/// Whether it remains from an abort: of this program, or of another one long ago.
fn is_abandoned(own: &File, path: &Path) -> bool {
    let is_old = |at: SystemTime| at.elapsed().is_ok_and(|age| age > STALE);
    is_at(own, path) || fs::metadata(path).is_ok_and(|found| found.modified().is_ok_and(is_old))
}

/// Takes the lock if it is free; whether it was.
#[cfg(unix)]
fn lock_file(file: &File) -> io::Result<bool> {
    use rustix::fs::{FlockOperation, fcntl_lock};
    use rustix::io::Errno;
    match fcntl_lock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(Errno::AGAIN | Errno::ACCESS) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(unix))]
fn lock_file(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(fs::TryLockError::WouldBlock) => Ok(false),
        Err(fs::TryLockError::Error(error)) => Err(error),
    }
}

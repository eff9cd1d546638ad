//! [`Spool`]: an mbox file, and next to it the folder of messages to append. It knows what an abort can leave, and repairs that without
//! changing a byte of other mail.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::super::name::FileName;
use super::super::staging::{Staging, runs};
use super::super::{Recovered, Ticket};
use super::journal::{Journal, JournalEntry};
use super::lock::{self, MboxLock, Own};
use crate::store::files::{append_to_name, create_folder, failed, parent, private, remove};
use crate::{Error, Result};

/// How long work of an earlier run may continue after the run was dropped.
const LEFTOVER: Duration = Duration::from_secs(1);
/// A staged message that no run has asked for in this time is emptied.
const STAGED_LASTS: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const BUFFER: usize = 256 << 10;

pub(super) struct Spool {
    mbox: PathBuf,
    pub(super) staging: Staging,
    journal: Journal,
    own: Own,
    /// The journal may name messages that are not appended yet.
    unsettled: bool,
    /// Staged files of messages that are in the mbox file, to be removed before the journal forgets them.
    appended: Vec<String>,
}

impl Spool {
    pub(super) fn open(path: &Path) -> Result<Self> {
        create_folder(parent(path))?;
        if path.exists() && !path.is_file() {
            return Err(failed(path, "an mbox")(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file")));
        }
        if !path.exists() {
            lock::open(path)?;
        }
        let mbox = fs::canonicalize(path).map_err(failed(path, "opened"))?;
        let folder = append_to_name(&mbox, ".postroom");
        create_folder(&folder)?;
        let own = hold(folder.join("lock"))?;
        let (staging, journal) = (Staging::new(folder.clone())?, Journal::new(folder.join("journal")));
        Ok(Self { mbox, staging, journal, own, unsettled: true, appended: Vec::new() })
    }

    /// Appends the staged messages, in order; durable when it returns. Appends all of them or, apart from those with an `Err` of
    /// their own, none.
    pub(super) fn publish(&mut self, tickets: &[Ticket], patience: Duration) -> Vec<Result<()>> {
        let found: Vec<_> = tickets.iter().map(|ticket| self.letter(ticket)).collect();
        let letters: Vec<_> = found.iter().filter_map(|letter| letter.as_ref().ok().cloned()).collect();
        let end = match letters.is_empty() {
            true => Ok(()),
            false => self.append(letters, patience),
        };
        found.into_iter().map(|letter| letter.and_then(|_| end.clone())).collect()
    }

    pub(super) fn recover(&mut self, tickets: &[Ticket], patience: Duration) -> Result<Vec<Recovered>> {
        self.staging.begin_run()?;
        self.unsettled = true;
        let was_used = self.journal.exists();
        let fate = |ticket: &Ticket| match self.staging.path(ticket.as_str()) {
            None => Recovered::Missing,
            Some(path) => match fs::metadata(path) {
                Ok(file) if file.len() == 0 => Recovered::Missing,
                Err(_) if !was_used => Recovered::Missing,
                _ => Recovered::Delivered,
            },
        };
        let fates = tickets.iter().map(fate).collect();
        let letters: Vec<_> = tickets.iter().filter_map(|ticket| self.letter(ticket).ok()).collect();
        if !letters.is_empty() || self.journal.read()?.is_some_and(|entry| !entry.is_done()) {
            self.append(letters, patience)?;
        }
        self.clean()?;
        self.throw_away(tickets)?;
        Ok(fates)
    }

    fn letter(&self, ticket: &Ticket) -> Result<(String, u64)> {
        let name = ticket.as_str();
        let Some(path) = self.staging.path(name) else {
            return Err(Error::input("this ticket is not of an mbox delivery"));
        };
        let file = fs::metadata(&path).map_err(failed(&path, "published"))?;
        match file.len() {
            0 => Err(failed(&path, "published")(io::ErrorKind::NotFound.into())),
            length => Ok((name.to_owned(), length)),
        }
    }

    fn append(&mut self, mut letters: Vec<(String, u64)>, patience: Duration) -> Result<()> {
        let mut lock = MboxLock::take(&self.mbox, &self.own, patience)?;
        if self.unsettled {
            let settled = self.settle(&mut lock)?;
            letters.retain(|(name, _)| !settled.contains(name));
        }
        match letters.is_empty() {
            true => Ok(()),
            false => self.append_locked(&mut lock, letters),
        }
    }

    /// Finishes what the journal names. Returns what is appended by that.
    fn settle(&mut self, lock: &mut MboxLock) -> Result<Vec<String>> {
        let Some(mut entry) = self.journal.read()? else {
            self.unsettled = false;
            return Ok(Vec::new());
        };
        let names: Vec<String> = entry.letters.iter().map(|(name, _)| name.clone()).collect();
        if !entry.is_done() {
            self.compare(lock, &mut entry).map_err(failed(&self.mbox, "mended"))?;
            self.journal.done(entry.done)?;
        }
        self.appended.extend(names.iter().take(entry.done).cloned());
        let rest = entry.letters.split_off(entry.done.min(entry.letters.len()));
        let rest: Vec<_> = rest.into_iter().filter(|(name, _)| self.is_staged(name)).collect();
        match rest.is_empty() {
            true => {
                self.clean()?;
                self.journal.clear()?;
                self.unsettled = false;
            }
            false => self.append_locked(lock, rest)?,
        }
        Ok(names)
    }

    fn is_staged(&self, name: &str) -> bool {
        self.staging.path(name).is_some_and(|path| fs::metadata(path).is_ok_and(|file| file.len() > 0))
    }

    /// Counts the letters that are in the mbox file where they were to be written. The beginning of the next one at the end of the file is
    /// cut off. Anything else belongs to others: nothing was written there, or a mail reader has rewritten the file.
    fn compare(&self, lock: &mut MboxLock, entry: &mut JournalEntry) -> io::Result<()> {
        let end = lock.mbox.metadata()?.len();
        let before: u64 = entry.letters.iter().take(entry.done).map(|(_, length)| length).sum();
        let mut at = entry.offset + if entry.done > 0 { entry.pad + before } else { 0 };
        while let Some((name, length)) = entry.letters.get(entry.done) {
            let Some(Ok(staged)) = self.staging.path(name).map(File::open) else { break };
            let pad = if entry.done > 0 { 0 } else { entry.pad };
            let mut whole = io::repeat(b'\n').take(pad).chain(staged);
            let same = same(&mut lock.mbox, at, &mut whole)?;
            if same < pad + length {
                if same > 0 && at + same == end {
                    lock.mbox.set_len(at)?;
                }
                break;
            }
            // Equal in the cache, but perhaps not on the disk: an fsync may have failed.
            let (_, mut staged) = whole.into_inner();
            staged.rewind()?;
            lock.mbox.seek(SeekFrom::Start(at))?;
            io::copy(&mut io::repeat(b'\n').take(pad).chain(staged), &mut lock.mbox)?;
            at += pad + length;
            entry.done += 1;
        }
        lock.mbox.sync_all()
    }

    fn append_locked(&mut self, lock: &mut MboxLock, letters: Vec<(String, u64)>) -> Result<()> {
        self.clean()?;
        let (offset, pad) = tail(&mut lock.mbox).map_err(failed(&self.mbox, "read"))?;
        let entry = JournalEntry { offset, pad, letters, done: 0 };
        self.unsettled = true;
        self.journal.begin(&entry)?;
        if let Err(error) = self.write(lock, &entry) {
            self.take_back(lock, offset);
            return Err(failed(&self.mbox, "written")(error));
        }
        let count = entry.letters.len();
        // They are delivered. If the mark fails, the next call compares.
        if self.journal.done(count).is_ok() {
            self.unsettled = false;
            self.appended.extend(entry.letters.into_iter().map(|(name, _)| name));
            let _ = self.remove_appended();
        }
        Ok(())
    }

    fn write(&self, lock: &mut MboxLock, entry: &JournalEntry) -> io::Result<()> {
        lock.mbox.seek(SeekFrom::Start(entry.offset))?;
        let mut buffer: Vec<u8> = (0..entry.pad).map(|_| b'\n').collect();
        for (name, length) in &entry.letters {
            let path = self.staging.path(name).ok_or(io::ErrorKind::InvalidInput)?;
            let mut staged = File::open(path)?.take(*length);
            let mut left = *length;
            while left > 0 {
                let read = staged.by_ref().take(BUFFER as u64).read_to_end(&mut buffer)? as u64;
                left = left.checked_sub(read).filter(|_| read > 0).ok_or(io::ErrorKind::UnexpectedEof)?;
                if buffer.len() >= BUFFER {
                    lock.mbox.write_all(&buffer)?;
                    buffer.clear();
                    lock.touch();
                }
            }
        }
        lock.mbox.write_all(&buffer)?;
        lock.mbox.sync_all()
    }

    /// After a failure: restores the length of the mbox file. If that fails too, the journal stays, and the next call repairs it.
    fn take_back(&mut self, lock: &MboxLock, offset: u64) {
        let cut = lock.mbox.set_len(offset).and_then(|()| lock.mbox.sync_all());
        if cut.is_ok() && self.journal.clear().is_ok() {
            self.unsettled = false;
        }
    }

    /// Removes what is appended from the staging folder; durable when it returns.
    fn clean(&mut self) -> Result<()> {
        self.remove_appended()?;
        self.staging.sync()?;
        self.appended.clear();
        Ok(())
    }

    fn remove_appended(&self) -> Result<()> {
        self.appended.iter().filter_map(|name| self.staging.path(name)).try_for_each(|path| remove(&path))
    }

    /// A staged file that no ticket names is an orphan if its run also made one of the tickets. Old files are emptied and not removed: a
    /// missing file counts as delivered, and the ledger of another account may name it.
    fn throw_away(&self, tickets: &[Ticket]) -> Result<()> {
        let runs = runs(tickets);
        for (path, name) in self.staging.list()? {
            let is_empty = fs::metadata(&path).is_ok_and(|file| file.len() == 0);
            match (is_empty, runs.contains(&name.run)) {
                (true, _) => {}
                (false, true) => remove(&path)?,
                (false, false) => empty_if_old(&path, name)?,
            }
        }
        Ok(())
    }
}

fn empty_if_old(path: &Path, name: FileName) -> Result<()> {
    if !name.is_older_than(STAGED_LASTS) {
        return Ok(());
    }
    private().open(path).and_then(|file| file.set_len(0)).map_err(failed(path, "emptied"))
}

/// The staging folder serves one delivery at a time.
fn hold(path: PathBuf) -> Result<Own> {
    let mut file = private().create(true).truncate(false).open(&path).map_err(failed(&path, "created"))?;
    let end = Instant::now() + LEFTOVER;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(error)) => return Err(failed(&path, "locked")(error)),
            Err(TryLockError::WouldBlock) if Instant::now() < end => sleep(Duration::from_millis(10)),
            Err(TryLockError::WouldBlock) => {
                return Err(Error::busy(format!("another run holds `{}`", path.display())));
            }
        }
    }
    // The format that programs expect in a dotlock.
    let written = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    written.map_err(failed(&path, "written"))?;
    Ok(Own { path, file })
}

/// The length of the file, and how many line ends are missing for it to end with an empty line.
fn tail(mbox: &mut File) -> io::Result<(u64, u64)> {
    let length = mbox.seek(SeekFrom::End(0))?;
    mbox.seek(SeekFrom::Start(length.saturating_sub(2)))?;
    let mut last = Vec::new();
    mbox.take(2).read_to_end(&mut last)?;
    let ends = last.iter().rev().take_while(|byte| **byte == b'\n').count() as u64;
    Ok((length, if length == 0 { 0 } else { 2 - ends }))
}

/// How many bytes at that place of the mbox file are those of `other`.
fn same(mbox: &mut File, at: u64, other: &mut impl Read) -> io::Result<u64> {
    mbox.seek(SeekFrom::Start(at))?;
    let (mut count, mut ours, mut theirs) = (0, Vec::new(), Vec::new());
    loop {
        ours.clear();
        theirs.clear();
        other.take(BUFFER as u64).read_to_end(&mut ours)?;
        mbox.take(BUFFER as u64).read_to_end(&mut theirs)?;
        let equal = ours.iter().zip(&theirs).take_while(|(a, b)| a == b).count();
        count += equal as u64;
        if equal < BUFFER {
            return Ok(count);
        }
    }
}

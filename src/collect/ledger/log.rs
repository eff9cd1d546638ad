//! The ledger's file: an append-only log of lines behind a head that says how much of it was written for certain. It knows lines and
//! files, and nothing of collecting.
//!
//! ```text
//! postroom-ledger 1
//! end SEQUENCE LENGTH SHA256 CHECK
//! end SEQUENCE LENGTH SHA256 CHECK
//! lines...
//! ```
//!
//! An append writes its lines, has them synchronised, and then puts the new length and the SHA-256 of all lines into the older one of
//! the two `end` slots, which is synchronised too. So a file that is shorter than its newest slot says, or whose lines are others, was
//! damaged; what stands behind that length is an append that was cut off and never acknowledged. Its complete lines are true, and
//! kept; the rest is dropped. A slot that was torn when it was written leaves the other one.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::line::{self, Name};
use super::{Change, Record, beside, lock, storage};
use crate::{Error, Result};

const TITLE: &str = "postroom-ledger ";
const VERSION: &str = "1";
/// `end`, two numbers of 20 digits, 64 and 16 hexadecimal digits, with spaces and line end.
const SLOT: usize = 3 + 1 + 20 + 1 + 20 + 1 + 64 + 1 + 16 + 1;
const HEAD: usize = TITLE.len() + VERSION.len() + 1 + 2 * SLOT;
/// So many superseded lines are never worth a compaction.
const SLACK: usize = 1024;
/// Longer lines are damage: no key, ticket or account comes near.
const LONGEST_LINE: u64 = 1 << 20;

pub(super) struct Log {
    path: PathBuf,
    file: File,
    /// Held as long as the log is open; the lock ends with it.
    _lock: File,
    sequence: u64,
    length: u64,
    hash: Sha256,
    /// Where the line stands that is valid for each record.
    live: HashMap<Name, u64>,
    lines: usize,
    /// A synchronisation failed: what the file holds is not known any more.
    broken: bool,
}

/// What a slot says.
struct End {
    sequence: u64,
    length: u64,
    digest: String,
}

impl Log {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let lock = lock::take(path)?;
        if !path.try_exists().map_err(|cause| storage(path, "cannot be looked for", cause))? {
            let created = write_new(path, &[], &Sha256::new()).and_then(|()| put_new(path));
            created.map_err(|cause| storage(path, "cannot be created", cause))?;
        }
        let opened = OpenOptions::new().read(true).write(true).open(path);
        let file = opened.map_err(|cause| storage(path, "cannot be opened", cause))?;
        let (live, hash) = (HashMap::new(), Sha256::new());
        let (path, length) = (path.to_owned(), HEAD as u64);
        let mut log = Self { path, file, _lock: lock, sequence: 0, length, hash, live, lines: 0, broken: false };
        log.verify()?;
        log.compact_if_due()?;
        Ok(log)
    }

    /// Reads the whole file once, and believes nothing that is not checked.
    fn verify(&mut self) -> Result<()> {
        let end = self.head()?;
        let found = self.file.metadata().map_err(|cause| self.failed("cannot be read", cause))?.len();
        if found < end.length {
            let text = format!("has {found} bytes of {}: it was cut short", end.length);
            return Err(self.damaged(&text));
        }
        self.sequence = end.sequence;
        let mut sum = None;
        if end.length == HEAD as u64 {
            sum = Some(self.sum());
        }
        let mut number = 3;
        let mut reader = BufReader::with_capacity(1 << 16, self.reader(HEAD as u64)?);
        let mut text = Vec::new();
        loop {
            number += 1;
            text.clear();
            let read = (&mut reader).take(LONGEST_LINE).read_until(b'\n', &mut text);
            if read.map_err(|cause| self.failed("cannot be read", cause))? == 0 {
                break;
            }
            let Some((account, change)) = line::read(&text) else {
                if self.length >= end.length {
                    break;
                }
                return Err(self.damaged(&format!("is damaged in line {number}")));
            };
            self.take(&account, &change, &text);
            if self.length == end.length {
                sum = Some(self.sum());
            }
        }
        if sum.as_ref() != Some(&end.digest) {
            return Err(self.damaged("is damaged: its lines are not the ones that were written"));
        }
        if found != end.length || self.length != end.length {
            self.commit().map_err(|cause| self.failed("cannot be written", cause))?;
        }
        Ok(())
    }

    /// The newest slot of the head.
    fn head(&self) -> Result<End> {
        let mut head = Vec::new();
        let read = self.reader(0)?.take(HEAD as u64).read_to_end(&mut head);
        read.map_err(|cause| self.failed("cannot be read", cause))?;
        let mut lines = head.split_inclusive(|byte| *byte == b'\n');
        let title = lines.next().unwrap_or_default();
        let version = title.strip_prefix(TITLE.as_bytes()).and_then(|rest| rest.strip_suffix(b"\n"));
        match version {
            None => return Err(self.damaged("is not a ledger, or its first line is damaged")),
            Some(version) if version != VERSION.as_bytes() => {
                let text = format!("is of version {}; this library knows {VERSION}", version.escape_ascii());
                return Err(self.damaged(&text));
            }
            Some(_) if head.len() < HEAD => return Err(self.damaged("was cut short in its head")),
            Some(_) => {}
        }
        let ends = lines.filter_map(End::read).filter(|end| end.length >= HEAD as u64);
        ends.max_by_key(|end| end.sequence).ok_or_else(|| self.damaged("is damaged in its head"))
    }

    /// The file, from that place on.
    fn at(&self, from: u64) -> io::Result<File> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(from))?;
        Ok(file)
    }

    fn reader(&self, from: u64) -> Result<File> {
        self.at(from).map_err(|cause| self.failed("cannot be read", cause))
    }

    /// Counts in a line that stands at the end.
    fn take(&mut self, account: &str, change: &Change, text: &[u8]) {
        let name = line::name(account, change);
        match change {
            Change::Put(_) => self.live.insert(name, self.length),
            Change::Remove(_) => self.live.remove(&name),
        };
        self.hash.update(text);
        self.length += text.len() as u64;
        self.lines += 1;
    }

    fn sum(&self) -> String {
        hex(&self.hash)
    }

    /// The records of that account that are valid.
    pub(super) fn load(&self, account: &str) -> Result<Vec<Record>> {
        let mut records = Vec::new();
        self.each_live(|of, change, _| {
            if let (true, Change::Put(record)) = (of == account, change) {
                records.push(record);
            }
            Ok(())
        })?;
        Ok(records)
    }

    fn each_live(&self, mut use_it: impl FnMut(&str, Change, &[u8]) -> io::Result<()>) -> Result<()> {
        self.sound()?;
        let reader = self.reader(HEAD as u64)?.take(self.length - HEAD as u64);
        let mut reader = BufReader::with_capacity(1 << 16, reader);
        let (mut at, mut text) = (HEAD as u64, Vec::new());
        loop {
            text.clear();
            let read = reader.read_until(b'\n', &mut text).map_err(|cause| self.failed("cannot be read", cause))?;
            if read == 0 {
                return Ok(());
            }
            let (account, change) = line::read(&text).ok_or_else(|| self.damaged("was changed by somebody else"))?;
            if self.live.get(&line::name(&account, &change)) == Some(&at) {
                use_it(&account, change, &text).map_err(|cause| self.failed("cannot be written", cause))?;
            }
            at += read as u64;
        }
    }

    pub(super) fn apply(&mut self, account: &str, changes: &[Change]) -> Result<()> {
        self.sound()?;
        let lines: Vec<_> = changes.iter().map(|change| line::write(account, change)).collect();
        if lines.iter().any(|line| line.len() as u64 > LONGEST_LINE) {
            return Err(Error::limit("a record of the ledger is longer than a megabyte"));
        }
        let written = self.at(self.length).and_then(|mut file| file.write_all(lines.concat().as_bytes()));
        if let Err(cause) = written {
            // What was written of it is behind the length that counts; without it the disk may have room again.
            let _ = self.file.set_len(self.length);
            return Err(self.failed("cannot be written", cause));
        }
        for (change, text) in changes.iter().zip(&lines) {
            self.take(account, change, text.as_bytes());
        }
        self.broken = true;
        self.commit().map_err(|cause| self.failed("cannot be written", cause))?;
        self.broken = false;
        self.compact_if_due()
    }

    /// Makes certain what was written up to the present length.
    fn commit(&mut self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.sync_all()?;
        self.sequence += 1;
        let end = End { sequence: self.sequence, length: self.length, digest: self.sum() };
        let slot = HEAD - SLOT * if self.sequence.is_multiple_of(2) { 2 } else { 1 };
        self.at(slot as u64)?.write_all(end.write().as_bytes())?;
        self.file.sync_data()
    }

    /// Writes the valid lines into a new file, in place of this one.
    fn compact_if_due(&mut self) -> Result<()> {
        if self.lines <= 2 * self.live.len() + SLACK {
            return Ok(());
        }
        let (mut hash, mut lines) = (Sha256::new(), Vec::new());
        self.each_live(|_, _, text| {
            hash.update(text);
            lines.extend_from_slice(text);
            Ok(())
        })?;
        if let Err(cause) = write_new(&self.path, &lines, &hash) {
            // The old one is as good as before; there may be room for a new one later.
            tracing::warn!(path = %self.path.display(), %cause, "a ledger could not be compacted");
            return Ok(());
        }
        self.broken = true;
        let opened = put_new(&self.path).and_then(|()| OpenOptions::new().read(true).write(true).open(&self.path));
        self.file = opened.map_err(|cause| self.failed("cannot be compacted", cause))?;
        self.broken = false;
        (self.sequence, self.length, self.hash) = (0, HEAD as u64, Sha256::new());
        (self.live, self.lines) = (HashMap::new(), 0);
        self.verify()
    }

    fn sound(&self) -> Result<()> {
        let cause = || io::Error::other("an earlier write has failed");
        if self.broken { Err(self.failed("has to be opened anew", cause())) } else { Ok(()) }
    }

    fn failed(&self, what: &str, cause: io::Error) -> Error {
        storage(&self.path, what, cause)
    }

    fn damaged(&self, what: &str) -> Error {
        self.failed(what, io::ErrorKind::InvalidData.into())
    }
}

impl End {
    fn read(line: &[u8]) -> Option<Self> {
        let line = str::from_utf8(line).ok()?.strip_suffix('\n')?;
        let (body, sum) = line.rsplit_once(' ')?;
        let fields: Vec<_> = body.split(' ').collect();
        let ["end", sequence, length, digest] = *fields.as_slice() else { return None };
        let whole = line.len() + 1 == SLOT && sum == line::check(body.as_bytes());
        whole.then_some(())?;
        Some(Self { sequence: sequence.parse().ok()?, length: length.parse().ok()?, digest: digest.to_owned() })
    }

    fn write(&self) -> String {
        let body = format!("end {:020} {:020} {}", self.sequence, self.length, self.digest);
        format!("{body} {}\n", line::check(body.as_bytes()))
    }
}

/// Writes a whole ledger under another name.
fn write_new(path: &Path, lines: &[u8], hash: &Sha256) -> io::Result<()> {
    let new = beside(path, ".new");
    let slot = |sequence| End { sequence, length: (HEAD + lines.len()) as u64, digest: hex(hash) }.write();
    let head = format!("{TITLE}{VERSION}\n{}{}", slot(0), slot(1));
    let written = File::create(&new).and_then(|mut file| {
        file.write_all(head.as_bytes())?;
        file.write_all(lines)?;
        file.sync_all()
    });
    written.inspect_err(|_| {
        let _ = fs::remove_file(&new);
    })
}

/// Gives it the name: the ledger is there complete, or not at all.
fn put_new(path: &Path) -> io::Result<()> {
    fs::rename(beside(path, ".new"), path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    File::open(folder)?.sync_all()
}

fn hex(hash: &Sha256) -> String {
    crate::collect::Digest::from_bytes(hash.clone().finalize().into()).to_string()
}

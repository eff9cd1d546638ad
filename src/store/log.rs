//! [`Log`]: an append-only file of lines, with a head that says how much of it was certainly written. It knows lines and files, and not
//! what a line means.
//!
//! ```text
//! TITLE VERSION
//! end SEQUENCE LENGTH SHA256 CHECK
//! end SEQUENCE LENGTH SHA256 CHECK
//! lines...
//! ```
//!
//! An append writes its lines, synchronises them, and then writes the new length and the SHA-256 of all lines into the older one of the
//! two `end` slots, and synchronises that. So a file that is shorter than its newest slot says, or whose lines differ, was damaged.
//! Lines after that length are an append that was interrupted and never acknowledged: complete ones are kept, the rest is dropped. If a
//! write tears a slot, the other one is still valid.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::location::Location;
use super::lock::Lock;
use crate::error::{Error, Result};

/// `end`, two numbers of 20 digits, 64 and 16 hexadecimal digits, with spaces and line end.
const SLOT: usize = 3 + 1 + 20 + 1 + 20 + 1 + 64 + 1 + 16 + 1;
/// A log with at most this number of superseded lines is not compacted.
const SLACK: usize = 1024;
/// A longer line is damage: no valid line comes near.
const LONGEST_LINE: u64 = 1 << 20;

/// One line of a log: it puts a value in place of the former one with its name, or removes that.
pub(crate) trait LogLine: Sized {
    /// What the file is, for errors.
    const KIND: &'static str;
    /// The first line of the file, without the version.
    const TITLE: &'static str;
    /// The version of the lines, which ends the first line.
    const VERSION: &'static str;

    /// The line, with its end.
    fn write(&self) -> String;
    /// Reads a line; `None` if it is damaged.
    fn read(line: &[u8]) -> Option<Self>;
    /// Names the value among all of the log.
    fn name(&self) -> [u8; 16];
    fn is_removal(&self) -> bool;
}

pub(crate) struct Log<L> {
    location: Location,
    file: File,
    /// Held as long as the log is open.
    _lock: Lock,
    sequence: u64,
    length: u64,
    hash: Sha256,
    /// By name, the offset of the line that is valid.
    live: HashMap<[u8; 16], u64>,
    lines: usize,
    /// A synchronisation failed, so the content of the file is unknown.
    broken: bool,
    kind: PhantomData<fn() -> L>,
}

/// The content of a slot.
struct End {
    sequence: u64,
    length: u64,
    digest: String,
}

impl<L: LogLine> Log<L> {
    const HEAD: usize = L::TITLE.len() + 1 + L::VERSION.len() + 1 + 2 * SLOT;

    /// Opens the log, or creates an empty one if there is no such file.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let location = Location::resolve(L::KIND, path)?;
        let lock = Lock::take(&location)?;
        if !location.path().try_exists().map_err(|cause| location.error("cannot be opened", cause))? {
            let created = Self::write_new(&location, &[], &Sha256::new()).and_then(|new| location.replace_with(&new));
            created.map_err(|cause| location.error("cannot be created", cause))?;
        }
        let opened = OpenOptions::new().read(true).write(true).open(location.path());
        let file = opened.map_err(|cause| location.error("cannot be opened", cause))?;
        let (live, hash, length) = (HashMap::new(), Sha256::new(), Self::HEAD as u64);
        let (sequence, lines, broken, kind) = (0, 0, false, PhantomData);
        let mut log = Self { location, file, _lock: lock, sequence, length, hash, live, lines, broken, kind };
        log.verify()?;
        // An earlier process may have ended between a write and its synchronisation.
        log.location.sync_name().map_err(|cause| log.location.error("cannot be synchronised", cause))?;
        log.compact_if_due()?;
        Ok(log)
    }

    /// Reads the whole file once and checks all of it.
    fn verify(&mut self) -> Result<()> {
        let end = self.head()?;
        let found = self.file.metadata().map_err(|cause| self.failed("cannot be read", cause))?.len();
        if found < end.length {
            let text = format!("has {found} bytes of {}: it was cut short", end.length);
            return Err(self.damaged(&text));
        }
        self.sequence = end.sequence;
        let mut sum = None;
        if end.length == Self::HEAD as u64 {
            sum = Some(self.sum());
        }
        let mut number = 3;
        let mut reader = BufReader::with_capacity(1 << 16, self.reader(Self::HEAD as u64)?);
        let mut text = Vec::new();
        loop {
            number += 1;
            text.clear();
            let read = (&mut reader).take(LONGEST_LINE).read_until(b'\n', &mut text);
            if read.map_err(|cause| self.failed("cannot be read", cause))? == 0 {
                break;
            }
            let Some(line) = L::read(&text) else {
                if self.length >= end.length {
                    break;
                }
                return Err(self.damaged(&format!("is damaged in line {number}")));
            };
            self.count_in(&line, &text);
            if self.length == end.length {
                sum = Some(self.sum());
            }
        }
        if sum.as_ref() != Some(&end.digest) {
            return Err(self.damaged("is damaged: its lines are not the ones that were written"));
        }
        let sealed = self.rewrite(end.length).and_then(|()| self.commit());
        sealed.map_err(|cause| self.failed("cannot be written", cause))
    }

    /// Writes lines again that were never acknowledged: after a synchronisation that failed, the system may believe that they are on disk.
    fn rewrite(&self, from: u64) -> io::Result<()> {
        let mut lines = Vec::new();
        self.at(from)?.take(self.length - from).read_to_end(&mut lines)?;
        self.at(from)?.write_all(&lines)
    }

    /// The newest slot of the head.
    fn head(&self) -> Result<End> {
        let mut head = Vec::new();
        let read = self.reader(0)?.take(Self::HEAD as u64).read_to_end(&mut head);
        read.map_err(|cause| self.failed("cannot be read", cause))?;
        let mut lines = head.split_inclusive(|byte| *byte == b'\n');
        let title = lines.next().and_then(|line| line.strip_prefix(L::TITLE.as_bytes())?.strip_suffix(b"\n"));
        let version = title.and_then(|rest| rest.strip_prefix(b" "));
        match version {
            None => return Err(self.damaged(&format!("is not a {}, or its first line is damaged", L::KIND))),
            Some(version) if version != L::VERSION.as_bytes() => {
                let text = format!("is of version {}; this library knows {}", version.escape_ascii(), L::VERSION);
                return Err(self.damaged(&text));
            }
            Some(_) if head.len() < Self::HEAD => return Err(self.damaged("was cut short in its head")),
            Some(_) => {}
        }
        let ends = lines.filter_map(End::read).filter(|end| end.length >= Self::HEAD as u64);
        ends.max_by_key(|end| end.sequence).ok_or_else(|| self.damaged("is damaged in its head"))
    }

    /// The file, from that offset on.
    fn at(&self, from: u64) -> io::Result<File> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(from))?;
        Ok(file)
    }

    fn reader(&self, from: u64) -> Result<File> {
        self.at(from).map_err(|cause| self.failed("cannot be read", cause))
    }

    /// Counts in the next line of the file.
    fn count_in(&mut self, line: &L, text: &[u8]) {
        match line.is_removal() {
            true => self.live.remove(&line.name()),
            false => self.live.insert(line.name(), self.length),
        };
        self.hash.update(text);
        self.length += text.len() as u64;
        self.lines += 1;
    }

    fn sum(&self) -> String {
        digest(&self.hash)
    }

    /// Calls the function with each line that is valid, in order.
    pub(crate) fn for_each(&self, mut use_line: impl FnMut(L)) -> Result<()> {
        self.for_each_text(|line, _| use_line(line))
    }

    fn for_each_text(&self, mut use_line: impl FnMut(L, &[u8])) -> Result<()> {
        self.check_usable()?;
        let reader = self.reader(Self::HEAD as u64)?.take(self.length - Self::HEAD as u64);
        let mut reader = BufReader::with_capacity(1 << 16, reader);
        let (mut at, mut text) = (Self::HEAD as u64, Vec::new());
        loop {
            text.clear();
            let read = reader.read_until(b'\n', &mut text).map_err(|cause| self.failed("cannot be read", cause))?;
            if read == 0 {
                return Ok(());
            }
            let line = L::read(&text).ok_or_else(|| self.damaged("was changed by another program"))?;
            if self.live.get(&line.name()) == Some(&at) {
                use_line(line, &text);
            }
            at += read as u64;
        }
    }

    /// Appends these lines, in order; durable when it returns.
    pub(crate) fn append(&mut self, lines: &[L]) -> Result<()> {
        self.check_usable()?;
        let texts: Vec<_> = lines.iter().map(L::write).collect();
        if texts.iter().any(|text| text.len() as u64 > LONGEST_LINE) {
            return Err(Error::limit(format!("a line of the {} is longer than a megabyte", L::KIND)));
        }
        let written = self.at(self.length).and_then(|mut file| file.write_all(texts.concat().as_bytes()));
        if let Err(cause) = written {
            // What was written of it is after the length that counts. Without it a full disk may have space again.
            let _ = self.file.set_len(self.length);
            return Err(self.failed("cannot be written", cause));
        }
        for (line, text) in lines.iter().zip(&texts) {
            self.count_in(line, text.as_bytes());
        }
        self.broken = true;
        self.commit().map_err(|cause| self.failed("cannot be written", cause))?;
        self.broken = false;
        self.compact_if_due()
    }

    /// Makes durable what was written up to the present length.
    fn commit(&mut self) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file.sync_all()?;
        self.sequence += 1;
        let end = End { sequence: self.sequence, length: self.length, digest: self.sum() };
        let slot = Self::HEAD - SLOT * if self.sequence.is_multiple_of(2) { 2 } else { 1 };
        self.at(slot as u64)?.write_all(end.write().as_bytes())?;
        self.file.sync_data()
    }

    /// Writes the valid lines into a new file, in place of this one.
    fn compact_if_due(&mut self) -> Result<()> {
        if self.lines <= 2 * self.live.len() + SLACK {
            return Ok(());
        }
        let (mut hash, mut lines) = (Sha256::new(), Vec::new());
        self.for_each_text(|_, text| {
            hash.update(text);
            lines.extend_from_slice(text);
        })?;
        let new = match Self::write_new(&self.location, &lines, &hash) {
            Ok(new) => new,
            Err(cause) => {
                // The old file is still valid. There may be space for a new one later.
                let path = self.location.path();
                tracing::warn!(path = %path.display(), %cause, "a {} cannot be compacted", L::KIND);
                return Ok(());
            }
        };
        self.broken = true;
        let opened = self.location.replace_with(&new);
        let opened = opened.and_then(|()| OpenOptions::new().read(true).write(true).open(self.location.path()));
        self.file = opened.map_err(|cause| self.failed("cannot be compacted", cause))?;
        self.broken = false;
        (self.sequence, self.length, self.hash) = (0, Self::HEAD as u64, Sha256::new());
        (self.live, self.lines) = (HashMap::new(), 0);
        self.verify()
    }

    fn check_usable(&self) -> Result<()> {
        let cause = || io::Error::other("an earlier write has failed");
        if self.broken { Err(self.failed("must be opened again", cause())) } else { Ok(()) }
    }

    fn failed(&self, what: &str, cause: io::Error) -> Error {
        self.location.error(what, cause)
    }

    fn damaged(&self, what: &str) -> Error {
        self.location.damaged(what)
    }

    /// Writes a complete log next to the present one, and returns its path.
    fn write_new(location: &Location, lines: &[u8], hash: &Sha256) -> io::Result<PathBuf> {
        let new = location.beside(".new");
        let slot = |sequence| End { sequence, length: (Self::HEAD + lines.len()) as u64, digest: digest(hash) }.write();
        let head = format!("{} {}\n{}{}", L::TITLE, L::VERSION, slot(0), slot(1));
        let written = File::create(&new).and_then(|mut file| {
            file.write_all(head.as_bytes())?;
            file.write_all(lines)?;
            file.sync_all()
        });
        match written {
            Ok(()) => Ok(new),
            Err(cause) => {
                let _ = fs::remove_file(&new);
                Err(cause)
            }
        }
    }
}

impl End {
    fn read(line: &[u8]) -> Option<Self> {
        let line = str::from_utf8(line).ok()?.strip_suffix('\n')?;
        let (body, sum) = line.rsplit_once(' ')?;
        let fields: Vec<_> = body.split(' ').collect();
        let ["end", sequence, length, digest] = *fields.as_slice() else { return None };
        let whole = line.len() + 1 == SLOT && sum == checksum(body.as_bytes());
        whole.then_some(())?;
        Some(Self { sequence: sequence.parse().ok()?, length: length.parse().ok()?, digest: digest.to_owned() })
    }

    fn write(&self) -> String {
        let body = format!("end {:020} {:020} {}", self.sequence, self.length, self.digest);
        format!("{body} {}\n", checksum(body.as_bytes()))
    }
}

/// 16 hexadecimal digits that detect damage.
pub(crate) fn checksum(bytes: &[u8]) -> String {
    hex(Sha256::digest(bytes).iter().take(8))
}

fn digest(hash: &Sha256) -> String {
    hex(hash.clone().finalize().iter())
}

fn hex<'a>(bytes: impl Iterator<Item = &'a u8>) -> String {
    bytes.fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

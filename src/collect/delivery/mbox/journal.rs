//! [`Journal`]: says what is about to be appended to an mbox file, and where, before the first byte is written. It does not know the mbox
//! file.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::Result;
use crate::store::files::{failed, parent, private, sync_folder};

const BEGIN: &str = "postroom mbox 1";

/// One file, which is overwritten each time.
pub(super) struct Journal {
    path: PathBuf,
}

/// What is, or was, about to be appended.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct JournalEntry {
    /// The length of the mbox file before.
    pub(super) offset: u64,
    /// How many line ends come first, if the file did not end with an empty line.
    pub(super) pad: u64,
    /// The staged files with their lengths, in order.
    pub(super) letters: Vec<(String, u64)>,
    /// How many of them are certainly in the mbox file.
    pub(super) done: usize,
}

impl Journal {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Whether anything was ever appended from here.
    pub(super) fn exists(&self) -> bool {
        self.path.exists()
    }

    /// What was begun last. An incomplete entry was never begun: the program ended while it was written.
    pub(super) fn read(&self) -> Result<Option<JournalEntry>> {
        match fs::read(&self.path) {
            Ok(bytes) => Ok(str::from_utf8(&bytes).ok().and_then(parse)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&self.path, "read")(error)),
        }
    }

    /// Replaces the entry; durable when it returns.
    pub(super) fn begin(&self, entry: &JournalEntry) -> Result<()> {
        let is_new = !self.exists();
        self.write(private().create(true).truncate(true), &text(entry))?;
        if is_new {
            sync_folder(parent(&self.path))?;
        }
        Ok(())
    }

    /// Says that this number of letters is in the mbox file; durable when it returns.
    pub(super) fn done(&self, count: usize) -> Result<()> {
        self.write(private().append(true), &format!("done {count}\n"))
    }

    /// Says that nothing is being appended.
    pub(super) fn clear(&self) -> Result<()> {
        self.write(private().truncate(true), "")
    }

    fn write(&self, how: &fs::OpenOptions, text: &str) -> Result<()> {
        let written = how.open(&self.path).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written.map_err(failed(&self.path, "written"))
    }
}

impl JournalEntry {
    pub(super) fn is_done(&self) -> bool {
        self.done >= self.letters.len()
    }
}

fn text(entry: &JournalEntry) -> String {
    let mut text = format!("{BEGIN}\nat {} {}\n", entry.offset, entry.pad);
    for (name, length) in &entry.letters {
        text.push_str(&format!("{name} {length}\n"));
    }
    let sum = sum(&text);
    text + "end " + &sum + "\n"
}

fn sum(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parse(text: &str) -> Option<JournalEntry> {
    let (noted, rest) = text.split_at_checked(text.find("\nend ")? + 1)?;
    let (end, marks) = rest.split_once('\n')?;
    if end.strip_prefix("end ")? != sum(noted) {
        return None;
    }
    let mut lines = noted.lines();
    if lines.next()? != BEGIN {
        return None;
    }
    let (offset, pad) = lines.next()?.strip_prefix("at ")?.split_once(' ')?;
    let letter = |line: &str| line.split_once(' ').and_then(|(name, length)| Some((name.into(), length.parse().ok()?)));
    let letters = lines.map(letter).collect::<Option<Vec<_>>>()?;
    // The last one may be torn.
    let whole = marks.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let done = whole.lines().filter_map(|line| line.strip_prefix("done ")?.parse().ok()).next_back();
    Some(JournalEntry { offset: offset.parse().ok()?, pad: pad.parse().ok()?, letters, done: done.unwrap_or(0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_entry_is_read_back() {
        let letters = vec![("1.M2P3Q4R00000000000000aa.end".to_owned(), 17), ("b".to_owned(), 0)];
        let entry = JournalEntry { offset: 5, pad: 2, letters, done: 0 };
        let whole = text(&entry);
        assert_eq!(parse(&whole), Some(entry));
        for cut in 0..whole.len() {
            assert_eq!(parse(&whole[..cut]), None, "{cut}");
            let mut damaged = whole.clone().into_bytes();
            damaged[cut] ^= 1;
            assert_eq!(str::from_utf8(&damaged).ok().and_then(parse), None, "{cut}");
        }
    }

    #[test]
    fn the_last_whole_mark_counts() {
        let letters = vec![("a".to_owned(), 1), ("b".to_owned(), 2)];
        let noted = text(&JournalEntry { letters, ..JournalEntry::default() });
        for (marks, done) in [("", 0), ("done 1\n", 1), ("done 1\ndone 2\n", 2), ("done 1\ndone 2", 1), ("don", 0)] {
            assert_eq!(parse(&format!("{noted}{marks}")).unwrap().done, done, "{marks}");
        }
    }
}

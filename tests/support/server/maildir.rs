//! Mail stores as files, a Maildir for each mailbox, written and read without the server.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::server::Mail;

pub(crate) struct Maildirs {
    /// The directory that contains a home for each user.
    pub(crate) home: PathBuf,
    pub(crate) owner: (u32, u32),
    /// Whether the files have CRLF; otherwise they have bare LF.
    pub(crate) crlf: bool,
    /// The mailbox's directory below the user's `home`.
    pub(crate) place: fn(user: &str, mailbox: &str) -> String,
}

impl Maildirs {
    /// The directory for the homes.
    pub(crate) fn make(&self) {
        self.make_dir(&self.home);
    }

    fn maildir(&self, user: &str, mailbox: &str) -> PathBuf {
        let path = self.path(user, mailbox);
        for inner in ["cur", "new", "tmp"] {
            self.make_dir(&path.join(inner));
        }
        if path.file_name().is_some_and(|name| name.to_str().unwrap().starts_with('.')) {
            // Courier recognizes a folder by this file.
            self.write(&path.join("maildirfolder"), b"");
        }
        path
    }

    /// Whether the file names contain the sizes with and without CRLF: Dovecot 2.4 counts wrong if it has to
    /// read files with CRLF.
    fn put(&self, user: &str, mailbox: &str, messages: &[Vec<u8>], sized: bool) {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let maildir = self.maildir(user, mailbox);
        for message in messages {
            // Several are listed in the order of their names.
            let size = if sized { format!(",S={0},W={0}", message.len()) } else { String::new() };
            let name = format!("{}.M1P1.test{size}", 1_750_000_000 + COUNT.fetch_add(1, Ordering::Relaxed));
            let unfinished = maildir.join("tmp").join(&name);
            self.write(&unfinished, &if self.crlf { message.clone() } else { without_returns(message) });
            fs::rename(&unfinished, maildir.join("new").join(name)).unwrap();
        }
    }

    fn path(&self, user: &str, mailbox: &str) -> PathBuf {
        self.home.join((self.place)(user, mailbox))
    }

    /// With everything in it.
    pub(crate) fn make_dir(&self, path: &Path) {
        if !path.exists() {
            self.make_dir(path.parent().unwrap());
            fs::create_dir(path).unwrap();
            chown(path, Some(self.owner.0), Some(self.owner.1)).unwrap();
        }
    }

    fn write(&self, path: &Path, bytes: &[u8]) {
        fs::write(path, bytes).unwrap();
        chown(path, Some(self.owner.0), Some(self.owner.1)).unwrap();
    }
}

impl Mail for Maildirs {
    fn make_mailbox(&self, user: &str, mailbox: &str) {
        self.maildir(user, mailbox);
    }

    fn deliver(&self, user: &str, mailbox: &str, messages: &[Vec<u8>]) {
        self.put(user, mailbox, messages, self.crlf);
    }

    fn deliver_unsized(&self, user: &str, mailbox: &str, messages: &[Vec<u8>]) {
        self.put(user, mailbox, messages, false);
    }

    fn limit(&self, user: &str, quota: &str) {
        self.write(&self.maildir(user, "INBOX").join("maildirsize"), format!("{quota}\n").as_bytes());
    }

    fn stored(&self, user: &str, mailbox: &str) -> Vec<Vec<u8>> {
        let maildir = self.path(user, mailbox);
        let mut files: Vec<PathBuf> = ["cur", "new"]
            .iter()
            .filter_map(|inner| fs::read_dir(maildir.join(inner)).ok())
            .flat_map(|files| files.map(|file| file.unwrap().path()))
            .collect();
        files.sort_by_key(|path| path.file_name().map(ToOwned::to_owned));
        let read = |path: &PathBuf| {
            let bytes = fs::read(path).unwrap();
            if self.crlf { bytes } else { with_returns(&bytes) }
        };
        files.iter().map(read).collect()
    }
}

/// The directory of a mailbox in Maildir++: below the INBOX, under a name in which a dot begins each level.
pub(crate) fn maildir_plus(user: &str, mailbox: &str) -> String {
    match mailbox {
        "INBOX" => format!("{user}/Maildir"),
        other => format!("{user}/Maildir/.{}", other.replace('/', ".")),
    }
}

/// LF for CRLF; a CR alone stays.
fn without_returns(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len());
    for (place, &byte) in message.iter().enumerate() {
        if byte != b'\r' || message.get(place + 1) != Some(&b'\n') {
            out.push(byte);
        }
    }
    out
}

/// CRLF for LF.
fn with_returns(stored: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(stored.len() + stored.len() / 32);
    for &byte in stored {
        if byte == b'\n' {
            out.push(b'\r');
        }
        out.push(byte);
    }
    out
}

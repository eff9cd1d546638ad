//! [`Maildir`]: each message a file, written in `tmp` and renamed to `new`. It must not know the ledger or a server.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::AsyncRead;

use super::encode::{Format, LineEnds};
use super::name::FileName;
use super::staging::{Staging, WRITERS, runs, stage_stream};
use super::{Delivery, Head, Letter, Recovered, Ticket, info};
use crate::store::files::{create_folder, failed, is_at, names_in, private, remove, rename_new, sync_folder};
use crate::store::{Worker, run_once};
use crate::text::mutf7;
use crate::{BoxFuture, Error, Result};

/// By the Maildir specification, any program may clean `tmp` after this time.
const TMP_LASTS: Duration = Duration::from_secs(36 * 60 * 60);

/// The longest name that file systems have, in octets.
const LONGEST_NAME: usize = 255;

/// Delivers into a Maildir: each message is written into a file in `tmp`, made durable, and renamed to `new`, where mail readers find
/// it. Any number of readers and of other deliveries may use the Maildir at the same time.
///
/// Folders are created with mode 0700 and files with 0600. Names are unique by time, process, counter, host and 64 random bits, and a file
/// is never overwritten. A message that has been read, answered, flagged or forwarded on the server (IMAP) goes to `cur` instead of `new`,
/// with these flags in its name (`:2,RS`). Lines end with LF unless [`line_ends`](Self::line_ends) says otherwise. If the time is known at which
/// the message arrived at the server (IMAP), it is the file's time of modification, which readers show.
///
/// **Cost.** One fsync for each message, by several threads at once, and for each batch one of `tmp` and one of `new`.
/// A message that comes as a stream needs about half a MiB of memory, whatever its size, and a thread while it comes.
///
/// **Cancellation.** Work continues after its future is dropped; the next call waits for it.
///
/// **After an abort** a message that is still in `tmp` is published; one that is in `new`, or in `cur` with whatever flags, is
/// delivered. One that is in neither was published and then moved or deleted by its reader, and counts as delivered too. But if
/// it was staged more than 36 hours ago, another program may have cleaned `tmp`, and it is collected again (at-least-once). Files in
/// `tmp` that no ticket names are removed if their run also made one of the tickets, or if they are older than 36 hours. Others stay: they
/// may belong to another collection that is running, or that was interrupted and has them in its ledger.
///
/// **Errors.** [`Kind::Storage`](crate::Kind::Storage), with the path in its text and the system's error as its source. A file that
/// cannot be written or made durable is removed, and the rest of the batch goes on.
///
/// ```
/// use postroom::MessageId;
/// use postroom::collect::{Delivery, Head, Letter, Maildir};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> postroom::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("postroom-doc-maildir-{}", std::process::id()));
/// let mut maildir = Maildir::open(&dir).await?;
/// let letter = Letter::new(Head::new(MessageId::other("shop", "1")), "Subject: Order\r\n\r\nThree apples\r\n");
/// for ticket in maildir.stage(&[letter]).await {
///     let ticket = ticket?; // durable; to be noted before it is published
///     for published in maildir.publish(std::slice::from_ref(&ticket)).await {
///         published?;
///     }
///     let file = std::fs::read_to_string(dir.join("new").join(ticket.as_str())).unwrap();
///     assert_eq!(file, "Subject: Order\n\nThree apples\n");
/// }
/// # std::fs::remove_dir_all(&dir).unwrap();
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use]
pub struct Maildir {
    root: PathBuf,
    worker: Worker<Folders>,
    line_ends: LineEnds,
    writers: usize,
}

struct Folders {
    staging: Staging,
    new: PathBuf,
    cur: PathBuf,
}

impl Maildir {
    /// The Maildir at that path; it, and `tmp`, `new` and `cur` in it, are created if they are missing.
    ///
    /// [`Kind::Storage`](crate::Kind::Storage) if that fails.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> postroom::Result<()> {
    /// # let dir = std::env::temp_dir().join(format!("postroom-doc-open-maildir-{}", std::process::id()));
    /// let maildir = postroom::collect::Maildir::open(&dir).await?;
    /// # drop(maildir);
    /// # std::fs::remove_dir_all(&dir).unwrap();
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open(dir: impl AsRef<Path>) -> Result<Self> {
        let dir = dir.as_ref().to_owned();
        let (root, folders) = run_once(move || Folders::open(&dir)).await?;
        Ok(Self { root, worker: Worker::new(folders), line_ends: LineEnds::default(), writers: WRITERS })
    }

    /// The Maildir of a folder in this one, as Maildir++ has it, which Dovecot, Courier and many mail programs read: the folder `INBOX/Bills`
    /// is `.INBOX.Bills` beside `tmp`, `new` and `cur`. The path is its name and those of the folders that it is in, from the outermost; an
    /// empty path is the Maildir itself. It begins at the Maildir that was [opened](Self::open), also if this is a folder of it. The folder is
    /// created if it is missing, and has the same settings.
    ///
    /// Letters beyond ASCII are in modified UTF-7 (RFC 3501 §5.1.3). Dots, slashes, percent and control characters are percent-encoded, so
    /// that two paths never give one name.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> postroom::Result<()> {
    /// # let dir = std::env::temp_dir().join(format!("postroom-doc-maildir-folder-{}", std::process::id()));
    /// let maildir = postroom::collect::Maildir::open(&dir).await?;
    /// let bills = maildir.folder(["Work", "Bills 1.2026"]).await?;
    /// assert!(dir.join(".Work.Bills 1%2E2026").join("new").is_dir());
    /// # drop(bills);
    /// # std::fs::remove_dir_all(&dir).unwrap();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for an empty name in the path, or a path of more than 255 octets;
    /// [`Kind::Storage`](crate::Kind::Storage) if the folder cannot be made.
    pub async fn folder<N: AsRef<str>>(&self, path: impl IntoIterator<Item = N>) -> Result<Self> {
        let name = folder_name(path)?;
        let dir = self.root.join(&name);
        let folders = run_once(move || {
            let (_, folders) = Folders::open(&dir)?;
            // Tells other programs that it is no Maildir of its own.
            if !name.is_empty() {
                let mark = dir.join("maildirfolder");
                private().create(true).truncate(false).open(&mark).map_err(failed(&mark, "created"))?;
            }
            Ok(folders)
        })
        .await?;
        Ok(Self {
            root: self.root.clone(),
            worker: Worker::new(folders),
            line_ends: self.line_ends,
            writers: self.writers,
        })
    }

    /// Sets how lines end in the files. The default is LF.
    pub fn line_ends(mut self, line_ends: LineEnds) -> Self {
        self.line_ends = line_ends;
        self
    }

    /// Sets the number of threads that write a batch, at least one. The default is 8. A disk makes several files durable in little more
    /// time than one.
    pub fn writers(mut self, writers: usize) -> Self {
        self.writers = writers.max(1);
        self
    }
}

impl Delivery for Maildir {
    fn recover<'a>(&'a mut self, tickets: &'a [Ticket]) -> BoxFuture<'a, Result<Vec<Recovered>>> {
        let tickets = tickets.to_vec();
        Box::pin(async move { self.worker.run(move |folders| folders.recover(&tickets)).await? })
    }

    fn stage<'a>(&'a mut self, letters: &'a [Letter]) -> BoxFuture<'a, Vec<Result<Ticket>>> {
        let (batch, format, writers) = (letters.to_vec(), Format::Plain(self.line_ends), self.writers);
        Box::pin(async move {
            let staged = self.worker.run(move |folders| folders.staging.write(&batch, format, writers)).await;
            staged.unwrap_or_else(|error| vec![Err(error); letters.len()])
        })
    }

    fn stage_stream<'a>(
        &'a mut self,
        head: &'a Head,
        body: &'a mut (dyn AsyncRead + Send + Unpin),
    ) -> BoxFuture<'a, Result<Ticket>> {
        let format = Format::Plain(self.line_ends);
        Box::pin(stage_stream(&self.worker, |folders| &mut folders.staging, format, head, body))
    }

    fn publish<'a>(&'a mut self, tickets: &'a [Ticket]) -> BoxFuture<'a, Vec<Result<()>>> {
        let batch = tickets.to_vec();
        Box::pin(async move {
            let published = self.worker.run(move |folders| folders.publish(&batch)).await;
            published.unwrap_or_else(|error| vec![Err(error); tickets.len()])
        })
    }

    fn discard<'a>(&'a mut self, tickets: &'a [Ticket]) -> BoxFuture<'a, Result<()>> {
        let tickets = tickets.to_vec();
        Box::pin(async move { self.worker.run(move |folders| folders.staging.discard(&tickets)).await? })
    }
}

impl Folders {
    /// Also returns the path without links.
    fn open(dir: &Path) -> Result<(PathBuf, Self)> {
        create_folder(dir)?;
        // The program may change its working directory.
        let dir = fs::canonicalize(dir).map_err(failed(dir, "opened"))?;
        let [tmp, new, cur] = ["tmp", "new", "cur"].map(|name| dir.join(name));
        [&tmp, &new, &cur].into_iter().try_for_each(|folder| create_folder(folder))?;
        Ok((dir, Self { staging: Staging::new(tmp)?.keeping_flags(), new, cur }))
    }

    fn publish(&self, tickets: &[Ticket]) -> Vec<Result<()>> {
        let renamed: Vec<_> = tickets.iter().map(|ticket| self.rename(ticket)).collect();
        let used =
            [&self.new, &self.cur].into_iter().filter(|folder| tickets.iter().any(|one| self.folder(one) == *folder));
        match used.into_iter().try_for_each(|folder| sync_folder(folder)) {
            Ok(()) => renamed,
            Err(error) => renamed.into_iter().map(|renamed| renamed.and(Err(error.clone()))).collect(),
        }
    }

    fn rename(&self, ticket: &Ticket) -> Result<()> {
        match self.show(ticket)? {
            true => Ok(()),
            false => {
                Err(failed(&self.folder(ticket).join(ticket.as_str()), "published")(io::ErrorKind::NotFound.into()))
            }
        }
    }

    /// `cur` for a message with flags.
    fn folder(&self, ticket: &Ticket) -> &Path {
        if info::unique(ticket.as_str()) == ticket.as_str() { &self.new } else { &self.cur }
    }

    /// Moves it out of `tmp`. Whether it is in its folder now; `false` if it is no longer in `tmp`.
    fn show(&self, ticket: &Ticket) -> Result<bool> {
        let Some(tmp) = self.staging.path(ticket.as_str()) else { return Ok(false) };
        let shown = self.folder(ticket).join(ticket.as_str());
        match rename_new(&tmp, &shown) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(shown.exists()),
            // In both after an abort, if the file system cannot rename without overwriting, or not in one step.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_same(&tmp, &shown) => {
                remove(&tmp).map(|()| true)
            }
            Err(error) => Err(failed(&shown, "published")(error)),
        }
    }

    fn recover(&mut self, tickets: &[Ticket]) -> Result<Vec<Recovered>> {
        self.staging.begin_run()?;
        let moved = tickets.iter().map(|ticket| self.show(ticket)).collect::<Result<Vec<_>>>()?;
        let rest = tickets.iter().zip(&moved).filter(|(_, moved)| !**moved);
        let rest = rest.map(|(ticket, _)| info::unique(ticket.as_str()));
        let read = self.read(rest.collect())?;
        if !tickets.is_empty() {
            // Names that an aborted run has changed may not be durable yet.
            [&self.new, &self.cur].into_iter().try_for_each(|folder| sync_folder(folder))?;
        }
        self.throw_away(tickets)?;
        let is_there = |ticket: &Ticket| {
            let name = info::unique(ticket.as_str());
            read.contains(name) || FileName::parse(name).is_some_and(|name| !name.is_older_than(TMP_LASTS))
        };
        let fates = tickets.iter().zip(moved).map(|(ticket, moved)| match moved || is_there(ticket) {
            true => Recovered::Delivered,
            false => Recovered::Missing,
        });
        Ok(fates.collect())
    }

    /// Which of these are in `new` or `cur`, with any flags. `new` is read first, because readers move messages from there to `cur`.
    fn read(&self, sought: HashSet<&str>) -> Result<HashSet<String>> {
        let mut found = HashSet::new();
        if sought.is_empty() {
            return Ok(found);
        }
        for folder in [&self.new, &self.cur] {
            let names = names_in(folder)?;
            let unique = names.iter().map(|name| info::unique(name));
            found.extend(unique.filter(|name| sought.contains(name)).map(str::to_owned));
        }
        Ok(found)
    }

    fn throw_away(&self, tickets: &[Ticket]) -> Result<()> {
        let runs = runs(tickets);
        let orphans = self.staging.list()?.into_iter();
        orphans
            .filter(|(_, name)| runs.contains(&name.run) || name.is_older_than(TMP_LASTS))
            .try_for_each(|(path, _)| remove(&path))
    }
}

/// The name of a folder in Maildir++; empty for the Maildir itself.
fn folder_name<N: AsRef<str>>(path: impl IntoIterator<Item = N>) -> Result<String> {
    let mut whole = String::new();
    for name in path {
        let name = name.as_ref();
        if name.is_empty() {
            return Err(Error::input("a folder has a name"));
        }
        let mut plain = String::new();
        for letter in name.chars() {
            match letter {
                '.' | '/' | '\\' | '%' | '\0'..='\x1f' | '\x7f' => {
                    plain.push_str(&format!("%{:02X}", u32::from(letter)))
                }
                _ => plain.push(letter),
            }
        }
        whole.push('.');
        whole.push_str(&mutf7::encode(&plain));
    }
    match whole.len() > LONGEST_NAME {
        true => Err(Error::input("the names of the folder and those around it are too long for a file system")),
        false => Ok(whole),
    }
}

fn is_same(tmp: &Path, new: &Path) -> bool {
    File::open(tmp).is_ok_and(|file| is_at(&file, new))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn folders_have_the_names_of_maildir_plus_plus() {
        for (path, name) in [
            (&[][..], ""),
            (&["INBOX"], ".INBOX"),
            (&["Work", "Größe & mehr"], ".Work.Gr&APYA3w-e &- mehr"),
            (&["..", "/etc"], ".%2E%2E.%2Fetc"),
            (&["a.b", "50%"], ".a%2Eb.50%25"),
            (&["a\0\n"], ".a%00%0A"),
        ] {
            assert_eq!(folder_name(path).unwrap(), name, "{path:?}");
        }
        assert!(folder_name(["a", ""]).is_err() && folder_name(["x".repeat(255)]).is_err());
        assert!(folder_name(["x".repeat(254)]).is_ok());
    }

    proptest! {
        #[test]
        fn two_paths_have_two_names_and_none_leaves_the_maildir(
            one in prop::collection::vec("[.%/&2Eaü\0]{1,4}", 0..3),
            other in prop::collection::vec("[.%/&2Eaü\0]{1,4}", 0..3),
        ) {
            let (name, second) = (folder_name(&one).unwrap(), folder_name(&other).unwrap());
            prop_assert_eq!(name == second, one == other);
            prop_assert!(!name.contains(['/', '\0']) && name != "." && !name.starts_with(".."));
        }
    }
}

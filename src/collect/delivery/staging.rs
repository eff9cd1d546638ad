//! [`Staging`]: a folder of messages that are stored and not yet visible, one file for each. It does not know how they become visible.

use std::collections::HashSet;
use std::fs::{self, File, FileTimes};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::SystemTime;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc;

use super::encode::{Encoder, Format};
use super::name::{FileName, FileNames};
use super::{Head, Letter, Ticket, info};
use crate::store::files::{failed, names_in, private, remove, sync_folder};
use crate::store::{Worker, join};
use crate::{Error, Result};

/// How many threads write a batch by default: a file system makes many files durable at once.
pub(super) const WRITERS: usize = 8;
/// The size of one piece of a message that comes as a stream. At most four pieces are in memory.
const PIECE: usize = 128 << 10;

pub(super) struct Staging {
    folder: PathBuf,
    names: FileNames,
    /// What a ticket has after the name of its file.
    info: fn(&Head) -> String,
}

/// Sent from the reader of a message to its writer.
enum Piece {
    Bytes(Bytes),
    /// The message is complete; without this it is not.
    End,
}

impl Staging {
    /// Uses a folder that exists.
    pub(super) fn new(folder: PathBuf) -> Result<Self> {
        Ok(Self { folder, names: FileNames::new()?, info: |_| String::new() })
    }

    /// Its tickets keep the flags of their messages.
    pub(super) fn keeping_flags(self) -> Self {
        Self { info: info::of, ..self }
    }

    pub(super) fn begin_run(&mut self) -> Result<()> {
        self.names.begin_run()
    }

    /// The path of the message of that name; `None` if the name was not made here.
    pub(super) fn path(&self, ticket: &str) -> Option<PathBuf> {
        let name = info::unique(ticket);
        FileName::parse(name).filter(|_| info::is_sound(ticket)).map(|_| self.folder.join(name))
    }

    /// Writes each message into a file, by this number of threads; durable when it returns.
    pub(super) fn write(&mut self, letters: &[Letter], format: Format, writers: usize) -> Vec<Result<Ticket>> {
        let work: Vec<_> = letters.iter().map(|letter| (self.names.next(), letter, OnceLock::new())).collect();
        let next = AtomicUsize::new(0);
        let write = || {
            let mut bytes = Vec::new();
            while let Some((name, letter, written)) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                bytes.clear();
                let _ = written.set(write_letter(&self.folder.join(name), letter, format, &mut bytes));
            }
        };
        thread::scope(|scope| {
            for _ in 1..writers.min(letters.len()) {
                // If a thread cannot be spawned, this one does its work.
                let _ = thread::Builder::new().spawn_scoped(scope, write);
            }
            write();
        });
        let written = work.into_iter().map(|(name, letter, written)| {
            written.into_inner().unwrap_or_else(|| Err(Error::closed("the message was not written")))?;
            Ticket::new(name + &(self.info)(&letter.head))
        });
        self.settle(written.collect())
    }

    /// Makes the names durable; if that fails, the files are removed.
    fn settle(&self, written: Vec<Result<Ticket>>) -> Vec<Result<Ticket>> {
        if written.iter().all(Result::is_err) {
            return written;
        }
        let Err(error) = sync_folder(&self.folder) else { return written };
        let thrown = written.into_iter().map(|ticket| {
            let _ = self.path(ticket?.as_str()).map(fs::remove_file);
            Err(error.clone())
        });
        thrown.collect()
    }

    fn write_stream(&mut self, head: &Head, format: Format, mut pieces: mpsc::Receiver<Piece>) -> Result<Ticket> {
        let (name, mut encoder, mut bytes) = (self.names.next(), Encoder::new(format, head), Vec::new());
        let path = self.folder.join(&name);
        write_file(&path, head, |file| {
            loop {
                bytes.clear();
                let end = match pieces.blocking_recv() {
                    Some(Piece::Bytes(piece)) => {
                        encoder.push(&piece, &mut bytes);
                        false
                    }
                    Some(Piece::End) => {
                        encoder.end(&mut bytes);
                        true
                    }
                    None => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                };
                file.write_all(&bytes)?;
                if end {
                    return Ok(());
                }
            }
        })?;
        self.settle(vec![Ticket::new(name + &(self.info)(head))])
            .into_iter()
            .collect::<Result<Vec<_>>>()
            .and_then(|tickets| tickets.into_iter().next().ok_or_else(|| Error::closed("the message was not written")))
    }

    pub(super) fn discard(&self, tickets: &[Ticket]) -> Result<()> {
        tickets.iter().filter_map(|ticket| self.path(ticket.as_str())).try_for_each(|path| remove(&path))
    }

    /// Makes new names and removals durable.
    pub(super) fn sync(&self) -> Result<()> {
        sync_folder(&self.folder)
    }

    /// The staged files.
    pub(super) fn list(&self) -> Result<Vec<(PathBuf, FileName)>> {
        let names = names_in(&self.folder)?;
        Ok(names.into_iter().filter_map(|name| Some((self.folder.join(&name), FileName::parse(&name)?))).collect())
    }
}

/// The runs in which these tickets were made. Between two calls of `recover` there is one run, of one account with one ledger: so a file
/// of such a run that no ticket names is an orphan.
pub(super) fn runs(tickets: &[Ticket]) -> HashSet<u64> {
    tickets.iter().filter_map(|ticket| FileName::parse(info::unique(ticket.as_str()))).map(|name| name.run).collect()
}

/// Writes `body` into a file of the staging folder while it is read.
pub(super) async fn stage_stream<S: Send + 'static>(
    worker: &Worker<S>,
    staging: impl FnOnce(&mut S) -> &mut Staging + Send + 'static,
    format: Format,
    head: &Head,
    body: &mut (dyn AsyncRead + Send + Unpin),
) -> Result<Ticket> {
    let (sender, receiver) = mpsc::channel(2);
    let head = head.clone();
    let writing = worker.start(move |state| staging(state).write_stream(&head, format, receiver)).await;
    let read = feed(body, sender).await;
    let written = join(writing).await;
    read?;
    written?
}

/// Sends the pieces until the end, or until the writer has failed.
async fn feed(body: &mut (dyn AsyncRead + Send + Unpin), pieces: mpsc::Sender<Piece>) -> Result<()> {
    loop {
        let mut piece = BytesMut::with_capacity(PIECE);
        while piece.len() < PIECE {
            let room = PIECE - piece.len();
            if body.read_buf(&mut (&mut piece).limit(room)).await? == 0 {
                if pieces.send(Piece::Bytes(piece.freeze())).await.is_ok() {
                    let _ = pieces.send(Piece::End).await;
                }
                return Ok(());
            }
        }
        if pieces.send(Piece::Bytes(piece.freeze())).await.is_err() {
            return Ok(());
        }
    }
}

fn write_letter(path: &Path, letter: &Letter, format: Format, bytes: &mut Vec<u8>) -> Result<()> {
    let mut encoder = Encoder::new(format, &letter.head);
    encoder.push(&letter.bytes, bytes);
    encoder.end(bytes);
    write_file(path, &letter.head, |file| file.write_all(bytes))
}

/// Writes a file, durable except for its name. After a failure the file is removed: after a failed fsync its content is unknown.
fn write_file(path: &Path, head: &Head, write: impl FnOnce(&mut File) -> io::Result<()>) -> Result<()> {
    let mut file = private().create_new(true).open(path).map_err(failed(path, "created"))?;
    let written = write(&mut file).and_then(|()| {
        if let Some(received) = head.received {
            // Readers show it as the time of arrival; the message is whole without it.
            let _ = file.set_times(FileTimes::new().set_modified(SystemTime::from(received)));
        }
        file.sync_all()
    });
    written.map_err(|error| {
        drop(file);
        let _ = fs::remove_file(path);
        failed(path, "written")(error)
    })
}

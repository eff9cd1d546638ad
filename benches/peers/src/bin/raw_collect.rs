//! The floor of a collection: `raw_collect pop3 --port P --user U --password P --folder DIR` copies a whole maildrop into a Maildir, with
//! 256 RETR in flight, and writes and synchronises as postroom's collection does: batches of 256 messages or 2 MiB, a batch gathered
//! while the one before is written, 8 threads, an fsync for each file; two for the ledger's lines, and one for each of `tmp` and `new`,
//! for each batch. It has no digest, no checksum, no limit, no error handling.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use memchr::{memchr, memmem};
use postroom_benches::cli::{self, Args, Result};

const IN_FLIGHT: usize = 256;
const BATCH_MESSAGES: usize = 256;
const BATCH_OCTETS: usize = 2 << 20;
const WRITERS: usize = 8;

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    cli::child(run)
}

fn run(args: &Args) -> Result<()> {
    let mut session = Session::log_in(args)?;
    let names = session.names()?;
    let mut maildir = Maildir::create(args.need("folder")?)?;
    // A channel without capacity: the sender waits until the batch before is stored.
    let (batches, received) = sync_channel(0);
    let writer = thread::spawn(move || maildir.store_all(&received));
    let gathered = session.retrieve(names, |batch| batches.send(batch).is_ok());
    drop(batches);
    let stored = writer.join().map_err(|_| "the writer panicked")?;
    let (messages, synchronisations) = stored.map_err(|failure: Failure| failure as Box<dyn std::error::Error>)?;
    gathered?;
    println!("messages {messages}\nfsync {synchronisations}");
    session.command("QUIT")
}

struct Session {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// How much of the buffer was taken already.
    taken: usize,
}

struct Letter {
    name: String,
    bytes: Vec<u8>,
}

impl Session {
    fn log_in(args: &Args) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", args.need("port")?))?;
        stream.set_nodelay(true)?;
        let mut session = Self { stream, buffer: Vec::new(), taken: 0 };
        session.answer()?;
        session.command(&format!("USER {}", args.need::<String>("user")?))?;
        session.command(&format!("PASS {}", args.need::<String>("password")?))?;
        Ok(session)
    }

    fn command(&mut self, line: &str) -> Result<()> {
        self.stream.write_all(format!("{line}\r\n").as_bytes())?;
        self.answer()
    }

    fn answer(&mut self) -> Result<()> {
        let end = self.find(b"\n")?;
        let good = self.buffer[self.taken..].starts_with(b"+OK");
        self.taken = end + 1;
        if good { Ok(()) } else { Err("the server refused".into()) }
    }

    fn names(&mut self) -> Result<Vec<String>> {
        self.stream.write_all(b"UIDL\r\n")?;
        let text = String::from_utf8(self.lines()?)?;
        Ok(text.lines().filter_map(|line| Some(line.split_once(' ')?.1.to_owned())).collect())
    }

    /// All messages in batches, the next RETRs sent as earlier messages end.
    fn retrieve(&mut self, names: Vec<String>, mut deliver: impl FnMut(Vec<Letter>) -> bool) -> Result<()> {
        let (count, mut asked, mut octets) = (names.len(), 0, 0);
        let mut batch = Vec::new();
        for (ended, name) in names.into_iter().enumerate() {
            let upto = count.min(ended + IN_FLIGHT);
            if asked == ended || upto - asked >= IN_FLIGHT / 4 || (upto == count && asked < count) {
                let lines: String = (asked + 1..=upto).map(|number| format!("RETR {number}\r\n")).collect();
                self.stream.write_all(lines.as_bytes())?;
                asked = upto;
            }
            let bytes = self.lines()?;
            octets += bytes.len();
            batch.push(Letter { name, bytes });
            if batch.len() == BATCH_MESSAGES || octets >= BATCH_OCTETS || ended + 1 == count {
                octets = 0;
                if !deliver(std::mem::take(&mut batch)) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The lines of an answer, with LF and without the stuffed dots.
    fn lines(&mut self) -> Result<Vec<u8>> {
        self.answer()?;
        // The end of the answer's first line may be that before the last dot.
        self.taken -= 2;
        let end = self.find(b"\r\n.\r\n")?;
        let mut text = &self.buffer[self.taken + 2..end + 2];
        let mut lines = Vec::with_capacity(text.len());
        while let Some(at) = memchr(b'\n', text) {
            let line = &text[..at];
            let line = line.strip_prefix(b".").unwrap_or(line);
            lines.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
            lines.push(b'\n');
            text = &text[at + 1..];
        }
        self.taken = end + 5;
        Ok(lines)
    }

    /// Where this begins in what was not taken yet.
    fn find(&mut self, end: &[u8]) -> Result<usize> {
        let mut from = self.taken;
        loop {
            if let Some(at) = memmem::find(&self.buffer[from..], end) {
                return Ok(from + at);
            }
            self.buffer.drain(..self.taken);
            from = self.buffer.len().saturating_sub(end.len());
            self.taken = 0;
            let held = self.buffer.len();
            self.buffer.resize(held + (64 << 10), 0);
            let read = self.stream.read(&mut self.buffer[held..])?;
            self.buffer.truncate(held + read);
            if read == 0 {
                return Err("the server closed the connection".into());
            }
        }
    }
}

struct Maildir {
    folder: PathBuf,
    ledger: File,
    messages: u64,
    synchronisations: AtomicU64,
}

impl Maildir {
    fn create(folder: PathBuf) -> Result<Self> {
        for name in ["tmp", "new", "cur"] {
            fs::create_dir_all(folder.join(name))?;
        }
        let ledger = File::create(folder.join("ledger"))?;
        Ok(Self { folder, ledger, messages: 0, synchronisations: AtomicU64::new(0) })
    }

    fn store_all(&mut self, batches: &Receiver<Vec<Letter>>) -> std::result::Result<(u64, u64), Failure> {
        let mut collected = VecDeque::new();
        for batch in batches {
            self.store(batch, &mut collected)?;
        }
        self.note(&collected.make_contiguous().concat())?;
        Ok((self.messages, self.synchronisations.load(Ordering::Relaxed)))
    }

    fn store(&mut self, batch: Vec<Letter>, collected: &mut VecDeque<String>) -> std::result::Result<(), Failure> {
        let [tmp, new] = ["tmp", "new"].map(|name| self.folder.join(name));
        let files: Vec<_> = (self.messages..).map(|number| format!("1.Q{number}.raw")).take(batch.len()).collect();
        let next = AtomicUsize::new(0);
        let write = || -> std::io::Result<()> {
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let (Some(file), Some(letter)) = (files.get(at), batch.get(at)) else { return Ok(()) };
                let mut file = OpenOptions::new().write(true).create_new(true).open(tmp.join(file))?;
                file.write_all(&letter.bytes)?;
                self.synchronise(&file)?;
            }
        };
        thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS).map(|_| scope.spawn(write)).collect();
            writers.into_iter().try_for_each(|writer| writer.join().map_err(|_| std::io::Error::other("panicked"))?)
        })?;
        self.synchronise_folder(&tmp)?;
        let mut lines = collected.drain(..).collect::<String>();
        for (file, letter) in files.iter().zip(&batch) {
            lines.push_str(&format!("put =me@example.org ={} staged={file} {:>200}\n", letter.name, ""));
        }
        self.note(&lines)?;
        for (file, letter) in files.iter().zip(&batch) {
            fs::rename(tmp.join(file), new.join(file))?;
            collected.push_back(format!("put =me@example.org ={} collected {:>200}\n", letter.name, ""));
        }
        self.messages += batch.len() as u64;
        Ok(self.synchronise_folder(&new)?)
    }

    fn note(&mut self, lines: &str) -> std::io::Result<()> {
        self.ledger.write_all(lines.as_bytes())?;
        self.synchronise(&self.ledger)?;
        self.synchronise(&self.ledger)
    }

    fn synchronise(&self, file: &File) -> std::io::Result<()> {
        self.synchronisations.fetch_add(1, Ordering::Relaxed);
        file.sync_all()
    }

    fn synchronise_folder(&self, folder: &Path) -> std::io::Result<()> {
        self.synchronise(&File::open(folder)?)
    }
}

//! The drain: the cost of the socket itself. It logs in, requests, and counts bytes up to the end of the answer, without looking inside.
//! `drain envelope|flags|bodies|large|body|append --port P --reps K --read BYTES` over IMAP, `drain pop3 --count N --user U --password P` with
//! 256 RETR in flight.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;
use std::time::Instant;

use memchr::memmem::Finder;
use postroom_benches::body::Body;
use postroom_benches::cli::{self, Args, Result};
use postroom_benches::rss;

/// How many RETR the POP3 drain keeps in flight.
const IN_FLIGHT: u64 = 256;
/// How many bytes of earlier reads are kept before the newest: more than the longest tagged line.
const KEPT: usize = 256;

fn main() -> ExitCode {
    cli::child(|args| match args.job.as_str() {
        "pop3" => pop3(args),
        _ => imap(args),
    })
}

/// A socket and the buffer it is read into: [`KEPT`] bytes of the past, then what was read last.
struct Socket {
    stream: TcpStream,
    buffer: Vec<u8>,
    bytes: u64,
}

impl Socket {
    fn connect(args: &Args) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", args.need("port")?))?;
        stream.set_nodelay(true)?;
        let size: usize = args.or("read", 256 * 1024)?;
        Ok(Self { stream, buffer: vec![0; KEPT + size], bytes: 0 })
    }

    /// Reads once and returns the past and the new bytes together, and where the new ones begin.
    fn read(&mut self) -> Result<&[u8]> {
        let read = self.stream.read(&mut self.buffer[KEPT..])?;
        if read == 0 {
            return Err("the server closed the connection".into());
        }
        self.bytes += read as u64;
        Ok(&self.buffer[..KEPT + read])
    }

    fn keep_tail(&mut self, len: usize) {
        self.buffer.copy_within(len - KEPT..len, 0);
    }

    /// Reads until the last line begins with `start`; only that line is examined.
    fn until_line(&mut self, start: &str) -> Result<()> {
        loop {
            let seen = self.read()?;
            let len = seen.len();
            let last = seen.strip_suffix(b"\r\n").and_then(|text| {
                let from = text.len().saturating_sub(KEPT - 2);
                Some(&text[from + memchr::memrchr(b'\n', &text[from..])? + 1..])
            });
            let done = last.is_some_and(|line| line.starts_with(start.as_bytes()));
            self.keep_tail(len);
            if done {
                return Ok(());
            }
        }
    }

    fn command(&mut self, tag: &str, text: &str) -> Result<()> {
        self.stream.write_all(format!("{tag} {text}\r\n").as_bytes())?;
        self.until_line(&format!("{tag} OK"))
    }
}

fn imap(args: &Args) -> Result<()> {
    let mut socket = Socket::connect(args)?;
    socket.buffer[..KEPT].fill(b'\n');
    socket.until_line("* OK")?;
    socket.command("drain1", "LOGIN user password")?;
    socket.command("drain2", "EXAMINE INBOX")?;
    let before = socket.bytes;
    let held = rss::resident_kib()?;
    rss::reset_peak()?;
    for _ in 0..args.or("reps", 1)? {
        match args.job.as_str() {
            "envelope" => {
                socket.command("drain3", "UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)")?
            }
            "flags" => socket.command("drain3", "UID FETCH 1:* (UID FLAGS)")?,
            "body" | "bodies" | "large" => socket.command("drain3", "UID FETCH 1:* (UID BODY.PEEK[])")?,
            "append" => append(&mut socket, &Body::new(args.need("size")?))?,
            other => return Err(format!("no job {other}").into()),
        }
    }
    println!("bytes {}", socket.bytes - before);
    println!("growth_kib {}", rss::peak_kib()?.saturating_sub(held));
    println!("peak_kib {}", rss::peak_kib()?);
    socket.command("drain4", "LOGOUT")
}

fn append(socket: &mut Socket, body: &Body) -> Result<()> {
    socket.stream.write_all(format!("drain3 APPEND INBOX {{{}+}}\r\n", body.len()).as_bytes())?;
    let mut done = 0;
    while done < body.len() {
        let piece = body.piece(done, 1 << 20);
        socket.stream.write_all(piece)?;
        done += piece.len() as u64;
    }
    socket.stream.write_all(b"\r\n")?;
    socket.until_line("drain3 OK")
}

fn pop3(args: &Args) -> Result<()> {
    let mut socket = Socket::connect(args)?;
    let (user, password): (String, String) = (args.or("user", "user".into())?, args.or("password", "password".into())?);
    socket.buffer[..KEPT].fill(b'\n');
    socket.until_line("+OK")?;
    for line in [format!("USER {user}\r\n"), format!("PASS {password}\r\n")] {
        socket.stream.write_all(line.as_bytes())?;
        socket.until_line("+OK")?;
    }
    let count: u64 = args.need("count")?;
    let before = socket.bytes;
    let began = Instant::now();
    for _ in 0..args.or("reps", 1)? {
        retrieve(&mut socket, count)?;
    }
    println!("wall_s {}", began.elapsed().as_secs_f64());
    println!("bytes {}", socket.bytes - before);
    socket.stream.write_all(b"QUIT\r\n")?;
    socket.until_line("+OK")
}

/// All messages, the next RETRs sent as earlier messages end. Each end is five bytes that are nowhere else in a stuffed message.
fn retrieve(socket: &mut Socket, count: u64) -> Result<()> {
    let end = Finder::new(b"\r\n.\r\n");
    let (mut asked, mut ended) = (0, 0);
    // Bytes of the past that may still belong to an end: those after the last one found.
    let mut open = 0;
    while ended < count {
        let upto = count.min(ended + IN_FLIGHT);
        if asked == ended || upto - asked >= IN_FLIGHT / 4 || (upto == count && asked < count) {
            let lines: String = (asked + 1..=upto).map(|n| format!("RETR {n}\r\n")).collect();
            socket.stream.write_all(lines.as_bytes())?;
            asked = upto;
        }
        let seen = socket.read()?;
        let len = seen.len();
        let mut from = KEPT - open;
        while let Some(at) = end.find(&seen[from..]) {
            from += at + 5;
            ended += 1;
        }
        open = (len - from).min(4);
        socket.keep_tail(len);
    }
    Ok(())
}

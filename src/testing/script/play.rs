//! Plays the steps of a dialogue on one connection. It must not know how they are written.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;

use super::step::{Act, Names, Step};
use crate::testing::cert::{self, Asking};
use crate::testing::deflate::{Deflated, Switch};
use crate::testing::wire::Transport;

/// The most bytes of an unexpected line in a report.
const SHOWN: usize = 200;

pub(super) struct Player {
    stream: Box<dyn Transport>,
    deflate: Option<Switch>,
    input: Vec<u8>,
    names: Names,
}

/// Why a step failed. The report names the step before it.
enum Failure {
    Got(Vec<u8>),
    Closed,
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Player {
    pub(super) fn new(stream: Box<dyn Transport>) -> Self {
        Self { stream, deflate: None, input: Vec::new(), names: Names::new() }
    }

    /// Plays all steps. Then the client must be silent until it closes or `finish` is called.
    pub(super) async fn play(
        mut self,
        steps: &[Step],
        at: &AtomicUsize,
        finish: oneshot::Receiver<()>,
    ) -> Result<(), String> {
        for (index, step) in steps.iter().enumerate() {
            at.store(index, Ordering::Relaxed);
            self = match self.act(&step.act).await {
                Ok(Some(player)) => player,
                Ok(None) => return Ok(()),
                Err(Failure::Got(bytes)) => return Err(format!("{step}, got {}", shown(&bytes))),
                Err(Failure::Closed) => return Err(format!("{step}, but the client closed")),
                Err(Failure::Io(error)) => {
                    return Err(format!("{step}, but the connection failed: {error}"));
                }
            };
        }
        self.silence(finish).await
    }

    /// Plays one step. No step can follow `close` or `stall`.
    async fn act(mut self, act: &Act) -> Result<Option<Self>, Failure> {
        match act {
            Act::Send(template) => {
                let mut line = template.print(&self.names);
                line.extend_from_slice(b"\r\n");
                self.send(&line).await?;
            }
            Act::Expect(template) => {
                let line = self.line().await?;
                let text = line.strip_suffix(b"\r\n").filter(|text| template.fits(text, &mut self.names));
                if text.is_none() {
                    return Err(Failure::Got(line));
                }
            }
            Act::SendRaw(bytes) => self.send(bytes).await?,
            Act::ExpectRaw(wanted) => self.expect(wanted).await?,
            Act::Fill(count, byte) => {
                let block = vec![*byte; 64 * 1024];
                let mut left = *count;
                while left > 0 {
                    let piece = block.get(..left.min(block.len())).unwrap_or_default();
                    self.stream.write_all(piece).await?;
                    left -= piece.len();
                }
                self.stream.flush().await?;
            }
            Act::Take(count) => self.take(*count).await?,
            Act::Tls => return self.tls().await.map(Some),
            Act::Deflate => return Ok(Some(self.deflate())),
            Act::Plain => {
                self.stream.flush().await?;
                self.deflate.take().into_iter().for_each(|switch| switch.end());
            }
            Act::Stall => {
                // A reset is an end too.
                while matches!(self.stream.read(&mut [0; 4096]).await, Ok(count) if count > 0) {}
                return Ok(None);
            }
            Act::Eof => {
                if !self.input.is_empty() || self.fill().await? {
                    return Err(Failure::Got(self.input));
                }
            }
            Act::Close => {
                self.stream.shutdown().await?;
                return if self.input.is_empty() { Ok(None) } else { Err(Failure::Got(self.input)) };
            }
        }
        Ok(Some(self))
    }

    async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Whether more input arrived.
    async fn fill(&mut self) -> io::Result<bool> {
        Ok(self.stream.read_buf(&mut self.input).await? > 0)
    }

    /// The next line with its line end.
    async fn line(&mut self) -> Result<Vec<u8>, Failure> {
        let mut scanned = 0;
        loop {
            let fresh = self.input.get(scanned..).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', fresh) {
                return Ok(self.input.drain(..=scanned + at).collect());
            }
            scanned = self.input.len();
            if !self.fill().await? {
                return Err(self.ended());
            }
        }
    }

    async fn expect(&mut self, wanted: &[u8]) -> Result<(), Failure> {
        while self.input.len() < wanted.len() && wanted.starts_with(&self.input) {
            if !self.fill().await? {
                return Err(self.ended());
            }
        }
        if !self.input.starts_with(wanted) {
            return Err(Failure::Got(std::mem::take(&mut self.input)));
        }
        self.input.drain(..wanted.len());
        Ok(())
    }

    async fn take(&mut self, count: usize) -> Result<(), Failure> {
        let mut left = count;
        loop {
            let ready = left.min(self.input.len());
            self.input.drain(..ready);
            left -= ready;
            if left == 0 {
                return Ok(());
            }
            if !self.fill().await? {
                return Err(self.ended());
            }
        }
    }

    fn ended(&mut self) -> Failure {
        match std::mem::take(&mut self.input) {
            input if input.is_empty() => Failure::Closed,
            input => Failure::Got(input),
        }
    }

    async fn tls(self) -> Result<Self, Failure> {
        if !self.input.is_empty() && self.input.first() != Some(&0x16) {
            return Err(Failure::Got(self.input));
        }
        // The client may have begun while the last plaintext was read.
        let (read, write) = tokio::io::split(self.stream);
        let plain = tokio::io::join(io::Cursor::new(self.input).chain(read), write);
        let stream = cert::authority()?.acceptor(Asking::Nothing).accept(plain).await?;
        Ok(Self { stream: Box::new(stream), deflate: None, input: Vec::new(), names: self.names })
    }

    /// What the client has sent after the line before is compressed already.
    fn deflate(self) -> Self {
        let stream = Deflated::new(self.stream, self.input.as_slice().into());
        let deflate = Some(stream.switch());
        Self { stream: Box::new(stream), deflate, input: Vec::new(), names: self.names }
    }

    async fn silence(mut self, finish: oneshot::Receiver<()>) -> Result<(), String> {
        if self.input.is_empty() {
            tokio::select! {
                biased;
                _ = self.stream.read_buf(&mut self.input) => {}
                _ = finish => {}
            }
        }
        match self.input.as_slice() {
            [] => Ok(()),
            rest => Err(format!("after the last step the client sent {}", shown(rest))),
        }
    }
}

fn shown(bytes: &[u8]) -> String {
    let text = bytes.strip_suffix(b"\r\n").map_or_else(|| escaped(bytes), escaped);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

fn escaped(bytes: &[u8]) -> String {
    bytes.iter().take(SHOWN + 1).flat_map(|&byte| std::ascii::escape_default(byte)).map(char::from).collect()
}

//! Reading of client lines from a stream: whole lines, then counted bytes if a literal was announced. And writing to it.

use std::io::{self, BufRead, BufReader, Read, Write};

use super::deflate::Compressible;

/// The longest line a client may send.
const MOST: u64 = 64 * 1024;

/// A client's stream.
#[derive(Debug)]
pub(super) struct Lines<S>(BufReader<Compressible<S>>);

impl<S: Read + Write> Lines<S> {
    /// Reads this number of bytes at once.
    pub(super) fn new(stream: S, most: usize) -> Self {
        Self(BufReader::with_capacity(most, Compressible::new(stream)))
    }

    /// Compresses everything from here on.
    pub(super) fn compress(&mut self) {
        self.0.get_mut().compress();
    }

    pub(super) fn is_compressed(&self) -> bool {
        self.0.get_ref().is_compressed()
    }

    /// Sends bytes that were compressed before.
    pub(super) fn write_as_is(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.get_mut().write_as_is(bytes)
    }

    /// Sends all of it.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let stream = self.0.get_mut();
        stream.write_all(bytes)?;
        stream.flush()
    }

    /// The next line without its end, or nothing at the end of the connection.
    pub(super) fn next(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        (&mut self.0).take(MOST).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(None);
        }
        let text = line.strip_suffix(b"\n").ok_or_else(|| io::Error::other("a line too long or cut"))?;
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        String::from_utf8(text.to_vec()).map(Some).map_err(io::Error::other)
    }

    /// Whether a further whole line is already here.
    pub(super) fn more(&self) -> bool {
        memchr::memchr(b'\n', self.0.buffer()).is_some()
    }

    /// Reads exactly `len` bytes and passes them on piece by piece.
    pub(super) fn counted(&mut self, len: u64, mut each: impl FnMut(&[u8])) -> io::Result<()> {
        let mut left = len;
        while left > 0 {
            let here = self.0.fill_buf()?;
            if here.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let taken = here.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            each(&here[..taken]);
            self.0.consume(taken);
            left -= taken as u64;
        }
        Ok(())
    }
}

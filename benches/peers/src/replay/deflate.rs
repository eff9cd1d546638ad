//! A client's stream that can be compressed from some moment on (RFC 4978).

use std::io::{self, Read, Write};

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// What is read at once of the compressed bytes of a client, which sends only short commands.
const READ: usize = 4 * 1024;

/// A stream, and what compresses it.
#[derive(Debug)]
pub(super) struct Compressible<S> {
    stream: S,
    layer: Option<Layer>,
}

#[derive(Debug)]
struct Layer {
    inflate: Decompress,
    waiting: Vec<u8>,
}

impl<S> Compressible<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, layer: None }
    }

    /// Compresses everything from here on, in both directions.
    pub(super) fn compress(&mut self) {
        self.layer = Some(Layer { inflate: Decompress::new(false), waiting: Vec::new() });
    }

    pub(super) fn is_compressed(&self) -> bool {
        self.layer.is_some()
    }

    /// Sends bytes as they are: of [`deflated`], if the stream is compressed.
    pub(super) fn write_as_is(&mut self, bytes: &[u8]) -> io::Result<()>
    where
        S: Write,
    {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }
}

/// The bytes as a part of a compressed stream. It refers to nothing before it, so it can be sent at any time, and more than once.
pub fn deflated(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut deflate = Compress::new(Compression::default(), false);
    let mut out = Vec::with_capacity(bytes.len() / 2 + 64);
    while deflate.total_in() < bytes.len() as u64 || out.len() == out.capacity() || out.is_empty() {
        out.reserve(out.capacity().max(64));
        let rest = bytes.get(deflate.total_in() as usize..).unwrap_or_default();
        deflate.compress_vec(rest, &mut out, FlushCompress::Sync).map_err(io::Error::other)?;
    }
    Ok(out)
}

impl<S: Read> Read for Compressible<S> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Some(layer) = &mut self.layer else { return self.stream.read(into) };
        loop {
            if layer.waiting.is_empty() {
                let mut block = [0; READ];
                let len = self.stream.read(&mut block)?;
                if len == 0 {
                    return Ok(0);
                }
                layer.waiting.extend_from_slice(&block[..len]);
            }
            let before = (layer.inflate.total_in(), layer.inflate.total_out());
            let status =
                layer.inflate.decompress(&layer.waiting, into, FlushDecompress::None).map_err(io::Error::other)?;
            layer.waiting.drain(..(layer.inflate.total_in() - before.0) as usize);
            let made = (layer.inflate.total_out() - before.1) as usize;
            if made > 0 || status == Status::StreamEnd {
                return Ok(made);
            }
        }
    }
}

impl<S: Write> Write for Compressible<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.layer {
            Some(_) => self.stream.write_all(&deflated(bytes)?)?,
            None => self.stream.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_any_size_follow_each_other_in_one_stream() {
        let mut stream = Vec::new();
        let mut plain = Vec::new();
        for size in [0usize, 1, 63, 64, 65, 1000, 100_000] {
            let part: Vec<u8> = (0..size).map(|at| (at * at % 251) as u8).collect();
            stream.extend(deflated(&part).unwrap());
            plain.extend(part);
        }
        let mut read = Compressible::new(&stream[..]);
        read.compress();
        let mut found = Vec::new();
        read.read_to_end(&mut found).unwrap();
        assert!(found == plain);
    }
}

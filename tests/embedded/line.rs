//! A client of lines: it sends what the test says and reads up to a tagged or final line. It knows no grammar.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

pub(crate) struct Lines<S> {
    stream: S,
    input: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Lines<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, input: Vec::new() }
    }

    pub(crate) async fn send(&mut self, text: impl AsRef<[u8]>) {
        self.stream.write_all(text.as_ref()).await.unwrap();
    }

    /// The next line, without its CRLF; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(at) = self.input.windows(2).position(|two| two == b"\r\n") {
                let line: Vec<u8> = self.input.drain(..at + 2).collect();
                return Some(String::from_utf8_lossy(&line[..at]).into_owned());
            }
            let mut block = [0; 4096];
            match self.stream.read(&mut block).await {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.input.extend_from_slice(&block[..count]),
            }
        }
    }

    pub(crate) async fn line(&mut self) -> String {
        self.next().await.expect("the server closed")
    }

    /// Every line up to the one that begins with `start`, that one included.
    pub(crate) async fn until(&mut self, start: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            lines.push(self.line().await);
            if lines.last().is_some_and(|line| line.starts_with(start)) {
                return lines;
            }
        }
    }

    /// Sends an IMAP command and reads to its tagged reply.
    pub(crate) async fn imap(&mut self, command: &str) -> Vec<String> {
        self.send(format!("t {command}\r\n")).await;
        self.until("t ").await
    }

    /// Sends a POP3 command and reads its one-line reply.
    pub(crate) async fn pop3(&mut self, command: &str) -> String {
        self.send(format!("{command}\r\n")).await;
        self.line().await
    }

    /// The lines of a multi-line reply, unchanged, without the final dot.
    pub(crate) async fn multi(&mut self) -> Vec<String> {
        let mut lines = self.until(".").await;
        while lines.last().is_some_and(|line| line != ".") {
            lines.extend(self.until(".").await);
        }
        lines.pop();
        lines
    }

    pub(crate) fn into_inner(self) -> S {
        self.stream
    }
}

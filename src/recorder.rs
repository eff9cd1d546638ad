//! Transcripts of connections, as dialogues that the scripted peer of `testing` can play. It must not know a protocol, and gets no
//! secrets.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Keeps a transcript of every connection that is made with its [`Config`](crate::Config), to be read, sent with a report, or
/// played again by `testing::Script`.
///
/// A transcript has a line for each line of the server, `S:`, and of the client, `C:`; lines with other than
/// printable characters are escaped in `S-raw:` and `C-raw:` lines, so that every byte is there. It contains what was sent within TLS, and
/// is played without TLS; an upgrade to TLS is a `tls` line, and is played as an upgrade. `{*}`, which matches anything, replaces
/// passwords, tokens and other proofs, and `<secret>` replaces them if the server repeats them. **Nothing else is left out**: mail and the
/// user's name are there. All of it is kept in memory.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use postroom::pop3::Pop3;
/// use postroom::testing::{Script, Server};
/// use postroom::{Config, Login, Recorder};
///
/// let config = Config::new("localhost").dangerous_plaintext(); // nothing leaves this process
/// let server = Server::builder().user("me", "secret").in_memory()?;
/// let recorder = Recorder::new();
/// let recorded = config.clone().record(&recorder);
/// let (pop3, driver) = Pop3::handshake(server.pop3_stream(), recorded, Login::password("me", "secret")).await?;
/// let driver = tokio::spawn(driver);
/// let stat = pop3.stat().await?;
/// pop3.quit().await?;
/// driver.await??;
///
/// let transcript = recorder.transcripts().concat();
/// assert!(transcript.contains("C: STAT") && !transcript.contains("secret\n"));
///
/// let mut script = Script::new(&transcript);
/// let (pop3, driver) = Pop3::handshake(script.stream(), config, Login::password("me", "another")).await?;
/// tokio::spawn(driver);
/// assert_eq!(pop3.stat().await?, stat);
/// # Ok(()) }
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// ```
#[derive(Clone, Default)]
pub struct Recorder(Arc<Mutex<Vec<Arc<Mutex<String>>>>>);

/// The transcript of one connection, as it grows.
pub(crate) struct Record {
    text: Arc<Mutex<String>>,
    received: Vec<u8>,
    sent: Vec<u8>,
    /// A secret has come, so the rest of the client's line is hidden.
    hidden: bool,
}

impl Recorder {
    /// An empty one; see [`Config::record`](crate::Config::record).
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The transcripts so far, one for each connection in the order in which they began.
    #[must_use]
    pub fn transcripts(&self) -> Vec<String> {
        lock(&self.0).iter().map(|text| lock(text).clone()).collect()
    }

    pub(crate) fn begin(&self) -> Record {
        let text = Arc::<Mutex<String>>::default();
        lock(&self.0).push(text.clone());
        Record { text, received: Vec::new(), sent: Vec::new(), hidden: false }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("connections", &lock(&self.0).len()).finish_non_exhaustive()
    }
}

impl Record {
    /// Whole lines of the server, or what it sent of one.
    pub(crate) fn received(&mut self, bytes: &[u8]) {
        self.finish_sent();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            match piece.ends_with(b"\n") && self.received.is_empty() {
                true => self.write("S", piece),
                false => self.received.extend_from_slice(piece),
            }
            if self.received.ends_with(b"\n") {
                self.finish_received();
            }
        }
    }

    /// What the client sent, without what is secret in it.
    pub(crate) fn sent(&mut self, bytes: &[u8]) {
        self.finish_received();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            if !self.hidden {
                self.sent.extend_from_slice(piece);
            }
            if piece.ends_with(b"\n") {
                self.finish_sent();
            }
        }
    }

    /// A secret comes here: the rest of the line is not written.
    pub(crate) fn hide(&mut self) {
        self.finish_received();
        self.hidden = true;
    }

    /// TLS begins.
    pub(crate) fn encrypted(&mut self) {
        self.finish();
        lock(&self.text).push_str("tls\n");
    }

    /// DEFLATE begins. The lines after it are written as they are within it.
    pub(crate) fn compressed(&mut self) {
        self.finish();
        lock(&self.text).push_str("deflate\n");
    }

    /// DEFLATE ends.
    pub(crate) fn decompressed(&mut self) {
        self.finish();
        lock(&self.text).push_str("plain\n");
    }

    /// The server closed.
    pub(crate) fn closed(&mut self) {
        self.finish();
        lock(&self.text).push_str("close\n");
    }

    /// Writes what is not a whole line.
    pub(crate) fn finish(&mut self) {
        self.finish_received();
        self.finish_sent();
    }

    fn finish_received(&mut self) {
        let rest = std::mem::take(&mut self.received);
        if !rest.is_empty() {
            self.write("S", &rest);
        }
    }

    fn finish_sent(&mut self) {
        let line = std::mem::take(&mut self.sent);
        if std::mem::take(&mut self.hidden) {
            let shown = if is_plain(&line) { String::from_utf8_lossy(&line) } else { "".into() };
            let _ = writeln!(lock(&self.text), "C: {shown}{{*}}");
        } else if !line.is_empty() {
            self.write("C", &line);
        }
    }

    fn write(&mut self, who: &str, line: &[u8]) {
        let mut text = lock(&self.text);
        // Writing to a String cannot fail.
        let _ = match line.strip_suffix(b"\r\n").filter(|line| is_plain(line)) {
            Some(line) => writeln!(text, "{who}: {}", String::from_utf8_lossy(line)),
            None => writeln!(text, "{who}-raw: {}", escaped(line)),
        };
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Whether a dialogue can contain the line as it is: printable, and without what a dialogue takes for a placeholder.
fn is_plain(line: &[u8]) -> bool {
    let names = line.windows(2).any(|pair| matches!(pair, [b'{', b'A'..=b'Z' | b'*']));
    !names && line.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

fn escaped(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() + 8);
    for byte in bytes {
        let _ = match byte {
            b'\r' => write!(out, "\\r"),
            b'\n' => write!(out, "\\n"),
            b'\t' => write!(out, "\\t"),
            b'\\' => write!(out, "\\\\"),
            b' '..=b'~' => write!(out, "{}", char::from(*byte)),
            _ => write!(out, "\\x{byte:02x}"),
        };
    }
    out
}

/// Every statement leaves a text valid, so a lock that a panic poisoned can still be used.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! The scripted peer: plays the server's side of one written dialogue. It sends and compares lines and bytes. It must not know a
//! protocol.

mod play;
mod step;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::DuplexStream;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::cert;
use super::wire::Transport;
use play::Player;
use step::Step;

/// The time that [`Script::finish`] waits for the client, by the runtime's clock.
const PATIENCE: Duration = Duration::from_secs(10);

/// One dialogue, written as in an RFC, and a server that plays exactly this dialogue.
///
/// Each line of the text is one step. Leading spaces, empty lines and lines that begin with `#` are ignored.
///
/// | line | what happens |
/// |---|---|
/// | `S: text` | the text and CRLF are sent |
/// | `C: text` | the client's next line must be this text and CRLF |
/// | `S-raw: text` | the text is sent without CRLF; `\r \n \t \0 \\ \xNN` are escapes |
/// | `C-raw: text` | the client's next bytes must be these, same escapes |
/// | `S-fill: n c` | the character `c` is sent `n` times |
/// | `C-bytes: n` | any `n` bytes of the client are accepted |
/// | `tls` | the client must begin TLS now; names and authority are those of [`Server`](super::Server) |
/// | `deflate` | both sides compress from here on (RFC 4978) |
/// | `plain` | they compress no longer (RFC 8437) |
/// | `stall` | nothing is sent or read until the client closes |
/// | `eof` | the client must close now |
/// | `close` | the connection is closed |
///
/// A name in braces that begins with a capital letter, such as `{A}`, matches letters, digits, `.`, `_` and `-`. The first time, in a
/// `C:` line, it takes the text that the client sent (its tag); from then on it is this text.
///
/// `{*}` at the end of a `C:` line matches anything. A [`Recorder`](https://docs.rs/postroom/latest/postroom/struct.Recorder.html) writes
/// it instead of a secret.
///
/// A step that fails ends the connection, and [`finish`](Self::finish) reports the step. After the last step the connection stays open,
/// and the client must send nothing more.
///
/// ```
/// use postroom::testing::Script;
/// use tokio::io::AsyncWriteExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let dialogue = "
///     S: * OK ready
///     C: {A} NOOP
///     S: {A} OK done
/// ";
/// let mut script = Script::new(dialogue);
/// let mut stream = script.stream();
/// stream.write_all(b"x1 NOOP\r\n").await.unwrap();
/// script.finish().await.unwrap();
///
/// let mut script = Script::new(dialogue);
/// let mut stream = script.stream();
/// stream.write_all(b"x1 LOGOUT\r\n").await.unwrap();
/// let report = script.finish().await.unwrap_err();
/// assert_eq!(report, "line 3: expected C: {A} NOOP, got x1 LOGOUT");
/// # }
/// ```
#[derive(Debug)]
pub struct Script {
    steps: Result<Arc<[Step]>, String>,
    at: Arc<AtomicUsize>,
    playing: Option<Playing>,
}

#[derive(Debug)]
struct Playing {
    task: JoinHandle<Result<(), String>>,
    /// Signals that the client will send nothing more.
    finished: oneshot::Sender<()>,
}

impl Script {
    /// Reads the dialogue. [`finish`](Self::finish) reports a mistake in the text; no step is played then.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self { steps: step::parse(text).map(Arc::from), at: Arc::default(), playing: None }
    }

    /// The client's end of an in-memory connection on which the dialogue is played, once. Call it inside the runtime. A second call
    /// returns a stream that is closed.
    pub fn stream(&mut self) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        self.play(async { Ok(Box::new(ours) as Box<dyn Transport>) });
        theirs
    }

    /// A loopback address, at which the dialogue is played for the first client that connects.
    ///
    /// # Errors
    ///
    /// If no port can be bound.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use postroom::testing::Script;
    ///
    /// let mut script = Script::new("S: * OK ready");
    /// let stream = tokio::net::TcpStream::connect(script.listen().await?).await?;
    /// drop(stream);
    /// # Ok(()) }
    /// ```
    pub async fn listen(&mut self) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let address = listener.local_addr()?;
        self.play(async move {
            let (stream, _) = listener.accept().await.map_err(|error| error.to_string())?;
            // Without it small pieces may wait. A failure does no harm.
            let _ = stream.set_nodelay(true);
            Ok(Box::new(stream) as Box<dyn Transport>)
        });
        Ok(address)
    }

    fn play(&mut self, arrives: impl Future<Output = Result<Box<dyn Transport>, String>> + Send + 'static) {
        let Ok(steps) = &self.steps else { return };
        if self.playing.is_some() {
            return;
        }
        let (steps, at) = (Arc::clone(steps), Arc::clone(&self.at));
        let (finished, finish) = oneshot::channel();
        let task = tokio::spawn(async move { Player::new(arrives.await?).play(&steps, &at, finish).await });
        self.playing = Some(Playing { task, finished });
    }

    /// Waits until every step has been played.
    ///
    /// # Errors
    ///
    /// A sentence with the step at which the client did something else, did nothing for ten seconds, or closed; or with the mistake in
    /// the text.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use postroom::testing::Script;
    ///
    /// let script = Script::new("S: * OK ready");
    /// let report = script.finish().await.unwrap_err();
    /// assert_eq!(report, "the dialogue was never played: no stream was asked for");
    /// # }
    /// ```
    pub async fn finish(mut self) -> Result<(), String> {
        let steps = self.steps.clone()?;
        let Some(Playing { mut task, finished }) = self.playing.take() else {
            return Err("the dialogue was never played: no stream was asked for".to_owned());
        };
        // The player may have ended already.
        let _ = finished.send(());
        match tokio::time::timeout(PATIENCE, &mut task).await {
            Ok(Ok(result)) => result,
            Ok(Err(error)) => Err(format!("the player broke: {error}")),
            Err(_) => {
                task.abort();
                let step = steps.get(self.at.load(Ordering::Relaxed));
                Err(step.map_or_else(|| "no client came".to_owned(), |step| format!("{step}, but nothing came")))
            }
        }
    }

    /// The certificate, in DER, of the authority of the `tls` step. Every `Server` of this process has the same.
    ///
    /// # Errors
    ///
    /// If the certificate cannot be made.
    ///
    /// ```
    /// let config = postroom::Config::new("localhost").add_root_der(postroom::testing::Script::ca_der()?)?;
    /// # drop(config);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ca_der() -> io::Result<&'static [u8]> {
        cert::authority().map(|authority| authority.der.as_slice())
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        if let Some(playing) = &self.playing {
            playing.task.abort();
        }
    }
}

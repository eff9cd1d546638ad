//! [`Mbox`]: all messages one behind the other in one file. It does not know the ledger, and no server.

mod journal;
mod lock;
mod spool;

use std::path::Path;
use std::time::Duration;

use tokio::io::AsyncRead;

use super::encode::Format;
use super::staging::{WRITERS, stage_stream};
use super::{Delivery, Head, Letter, Recovered, Ticket};
use crate::store::{Worker, run_once};
use crate::{BoxFuture, Result};
use spool::Spool;

const PATIENCE: Duration = Duration::from_secs(30);

/// Delivers into an mbox file, in the form called mboxrd: a line `From MAILER-DAEMON` with the time of arrival, or else of delivery, in
/// UTC before each message, an empty line behind it, and one `>` more before lines that begin with `From ` or with `>`s and `From `.
/// Lines end with LF: each CRLF becomes LF, and every other byte stays. A message whose last line has no end gets one.
///
/// The file is locked while it is touched, as Debian's policy has it: by `fcntl`, and by a dotlock `PATH.lock`. A dotlock that nobody
/// has touched for five minutes is removed.
///
/// Beside it lies a folder `PATH.postroom`, in which messages are staged, and which one delivery holds at a time. Files are made with mode
/// 0600 and folders with 0700.
///
/// **Cost.** One fsync for each message, by several threads at once, and five for each batch; each message is written twice, and its
/// staged file removed, which is slow where the file system is mounted with `discard`. A message that comes as a stream needs
/// about half a MiB of memory, whatever its size, and a thread while it comes.
///
/// **Cancellation.** A future that is dropped leaves its work to end by itself; the next call waits for it.
///
/// **After an abort.** What is about to be appended, and where, is noted durably before. So the next run finds it in the file, or a
/// beginning of it at the file's end, which it cuts off and writes again, or something else, whereupon it appends. No byte of other
/// mail is touched. Two things are beyond it, and both need an abort between the first byte appended and the note that all are: where another
/// program has appended mail behind a torn message, the torn part stays before it; and where a mail reader has written the file
/// anew, with a message in another place or form, it is appended once more: rather twice than never. A staged message that no run
/// has asked for in 30 days is emptied.
///
/// **Errors.** [`Kind::Storage`](crate::Kind::Storage), with the path in its text and the system's error as its source; of a batch that
/// cannot be appended nothing stays in the file. [`Kind::Busy`](crate::Kind::Busy) where another program holds a lock for longer than
/// [`patience`](Self::patience).
///
/// ```
/// use postroom::MessageId;
/// use postroom::collect::{Delivery, Head, Letter, Mbox};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> postroom::Result<()> {
/// # let dir = std::env::temp_dir().join(format!("postroom-doc-mbox-{}", std::process::id()));
/// # let path = dir.join("inbox");
/// let mut mbox = Mbox::open(&path).await?;
/// let letter = Letter::new(Head::new(MessageId::other("shop", "1")), "Subject: Order\r\n\r\nFrom the garden\r\n");
/// let tickets: Vec<_> = mbox.stage(&[letter]).await.into_iter().collect::<postroom::Result<_>>()?;
/// mbox.publish(&tickets).await.into_iter().collect::<postroom::Result<()>>()?;
/// let file = std::fs::read_to_string(&path).unwrap();
/// assert!(file.starts_with("From MAILER-DAEMON "));
/// assert!(file.ends_with("Subject: Order\n\n>From the garden\n\n"));
/// # std::fs::remove_dir_all(&dir).unwrap();
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use]
pub struct Mbox {
    worker: Worker<Spool>,
    writers: usize,
    patience: Duration,
}

impl Mbox {
    /// The mbox file at that path; it, its folder and `PATH.postroom` are made where they are missing.
    ///
    /// [`Kind::Busy`](crate::Kind::Busy) where another `Mbox` has it, [`Kind::Storage`](crate::Kind::Storage) where it is not a file or
    /// cannot be made.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let spool = run_once(move || Spool::open(&path)).await?;
        Ok(Self { worker: Worker::new(spool), writers: WRITERS, patience: PATIENCE })
    }

    /// By how many threads a batch is staged, at least one; 8 unless told otherwise.
    pub fn writers(mut self, writers: usize) -> Self {
        self.writers = writers.max(1);
        self
    }

    /// How long to wait for another program's lock on the file; 30 seconds unless told otherwise.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

impl Delivery for Mbox {
    fn recover<'a>(&'a mut self, tickets: &'a [Ticket]) -> BoxFuture<'a, Result<Vec<Recovered>>> {
        let (tickets, patience) = (tickets.to_vec(), self.patience);
        Box::pin(async move { self.worker.run(move |spool| spool.recover(&tickets, patience)).await? })
    }

    fn stage<'a>(&'a mut self, letters: &'a [Letter]) -> BoxFuture<'a, Vec<Result<Ticket>>> {
        let (batch, writers) = (letters.to_vec(), self.writers);
        Box::pin(async move {
            let staged = self.worker.run(move |spool| spool.staging.write(&batch, Format::Mboxrd, writers)).await;
            staged.unwrap_or_else(|error| vec![Err(error); letters.len()])
        })
    }

    fn stage_stream<'a>(
        &'a mut self,
        head: &'a Head,
        body: &'a mut (dyn AsyncRead + Send + Unpin),
    ) -> BoxFuture<'a, Result<Ticket>> {
        Box::pin(stage_stream(&self.worker, |spool| &mut spool.staging, Format::Mboxrd, head, body))
    }

    fn publish<'a>(&'a mut self, tickets: &'a [Ticket]) -> BoxFuture<'a, Vec<Result<()>>> {
        let (batch, patience) = (tickets.to_vec(), self.patience);
        Box::pin(async move {
            let published = self.worker.run(move |spool| spool.publish(&batch, patience)).await;
            published.unwrap_or_else(|error| vec![Err(error); tickets.len()])
        })
    }

    fn discard<'a>(&'a mut self, tickets: &'a [Ticket]) -> BoxFuture<'a, Result<()>> {
        let tickets = tickets.to_vec();
        Box::pin(async move { self.worker.run(move |spool| spool.staging.discard(&tickets)).await? })
    }
}

//! [`Mbox`]: all messages one after the other in one file. It must not know the ledger or a server.

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
/// UTC before each message, an empty line after it, and one `>` more before lines that begin with `From ` or with `>`s and `From `.
/// Lines end with LF: each CRLF becomes LF, and every other byte stays. A message whose last line has no end gets one.
///
/// The file is locked while it is used, as Debian's policy requires: by `fcntl`, and by a dotlock `PATH.lock`. A dotlock that was not
/// touched for five minutes is removed.
///
/// Messages are staged in a folder `PATH.postroom` next to it, which one delivery uses at a time. Files are made with mode
/// 0600 and folders with 0700.
///
/// **Cost.** One fsync for each message, by several threads at once, and five for each batch; each message is written twice, and its
/// staged file removed, which is slow if the file system is mounted with `discard`. A message that comes as a stream needs
/// about half a MiB of memory, whatever its size, and a thread while it comes.
///
/// **Cancellation.** Work continues after its future is dropped; the next call waits for it.
///
/// **After an abort.** A journal says durably what is about to be appended, and where. The next run finds it in the file, or finds the
/// beginning of it at the end of the file, which it cuts off and writes again, or finds something else, and appends. No byte of other
/// mail is changed. Two cases cannot be repaired; both need an abort between the first byte appended and the journal's confirmation. If
/// another program has appended mail after a torn message, the torn part stays. If a mail reader has rewritten the file with a message
/// in another place or form, it is appended again (at-least-once). A staged message that no run has asked for in 30 days is emptied.
///
/// **Errors.** [`Kind::Storage`](crate::Kind::Storage), with the path in its text and the system's error as its source; if a batch
/// cannot be appended, nothing of it stays in the file. [`Kind::Busy`](crate::Kind::Busy) if another program holds a lock for longer than
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
    /// The mbox file at that path; it, its folder and `PATH.postroom` are created if they are missing.
    ///
    /// [`Kind::Busy`](crate::Kind::Busy) if another `Mbox` has it, [`Kind::Storage`](crate::Kind::Storage) if it is not a file or
    /// cannot be created.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> postroom::Result<()> {
    /// # let dir = std::env::temp_dir().join(format!("postroom-doc-open-mbox-{}", std::process::id()));
    /// # std::fs::create_dir_all(&dir).unwrap();
    /// # let path = dir.join("inbox");
    /// let mbox = postroom::collect::Mbox::open(&path).await?;
    /// # drop(mbox);
    /// # std::fs::remove_dir_all(&dir).unwrap();
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let spool = run_once(move || Spool::open(&path)).await?;
        Ok(Self { worker: Worker::new(spool), writers: WRITERS, patience: PATIENCE })
    }

    /// Sets the number of threads that stage a batch, at least one. The default is 8.
    pub fn writers(mut self, writers: usize) -> Self {
        self.writers = writers.max(1);
        self
    }

    /// Sets how long to wait for another program's lock on the file. The default is 30 seconds.
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

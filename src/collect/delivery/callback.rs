//! [`Callback`]: passes each message to a function of the user's. It keeps nothing on disk.

use std::collections::HashMap;
use std::fmt;

use tokio::io::{AsyncRead, AsyncReadExt};

use super::{Delivery, Head, Letter, Recovered, Ticket};
use crate::{BoxFuture, Error, Result};

/// The largest message that is read into memory by default.
const LARGEST: u64 = 64 << 20;

/// Passes each message to a function, which stores it and returns once it is stored.
///
/// Messages are only in memory until the function gets them: after an abort they are [`Recovered::Missing`] and collected again. So the
/// function gets each message **at least once**: twice if the program ended, or the run was dropped, while the function was working or
/// before the ledger knew that it was done. If it recognises messages that it has stored already, by [`Head::id`] (or, if that is not
/// stable, by the [`Digest`](crate::collect::Digest) of [`Letter::bytes`]), each message is stored exactly once.
///
/// **Cost.** A batch of messages in memory, those whose size is in doubt until they are confirmed (64 MiB at most, or one message), and a
/// message that comes as a stream whole, up to [`largest`](Self::largest).
///
/// **Cancellation.** A run that is dropped drops the function's future with it.
///
/// **Errors.** Those of the function, one for each message; make them by [`Error::storage`]. [`Kind::Limit`](crate::Kind::Limit) for a
/// message that is too large.
///
/// ```
/// use postroom::collect::{Callback, Delivery, Head, Letter};
/// use postroom::MessageId;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> postroom::Result<()> {
/// let (send, mut receive) = tokio::sync::mpsc::unbounded_channel();
/// let mut delivery = Callback::new(move |letter: Letter| {
///     let send = send.clone();
///     async move {
///         // An INSERT ... ON CONFLICT DO NOTHING by `letter.head.id`, for instance.
///         let _ = send.send(letter);
///         Ok(())
///     }
/// });
/// let letter = Letter::new(Head::new(MessageId::other("shop", "1")), "Subject: Order\r\n\r\nThree apples\r\n");
/// let tickets: Vec<_> = delivery.stage(&[letter]).await.into_iter().collect::<postroom::Result<_>>()?;
/// assert!(receive.try_recv().is_err());
/// delivery.publish(&tickets).await.into_iter().collect::<postroom::Result<()>>()?;
/// assert!(receive.try_recv().is_ok());
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct Callback<F> {
    function: F,
    largest: u64,
    staged: HashMap<Ticket, Letter>,
    count: u64,
}

impl<F, Fut> Callback<F>
where
    F: FnMut(Letter) -> Fut + Send,
    Fut: Future<Output = Result<()>> + Send,
{
    /// Calls the function with each message, one after the other, in order.
    pub fn new(function: F) -> Self {
        Self { function, largest: LARGEST, staged: HashMap::new(), count: 0 }
    }

    /// Sets the largest message that is read into memory from a stream, in bytes. The default is 64 MiB.
    pub fn largest(mut self, bytes: u64) -> Self {
        self.largest = bytes;
        self
    }

    fn keep(&mut self, letter: Letter) -> Result<Ticket> {
        self.count += 1;
        let ticket = Ticket::new(format!("in-memory-{}", self.count))?;
        self.staged.insert(ticket.clone(), letter);
        Ok(ticket)
    }

    async fn read(largest: u64, body: &mut (dyn AsyncRead + Send + Unpin)) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        body.take(largest.saturating_add(1)).read_to_end(&mut bytes).await?;
        match u64::try_from(bytes.len()).is_ok_and(|size| size <= largest) {
            true => Ok(bytes),
            false => Err(Error::limit(format!("the message is larger than {largest} bytes"))),
        }
    }

    async fn hand_over(&mut self, ticket: &Ticket) -> Result<()> {
        let Some(letter) = self.staged.remove(ticket) else {
            return Err(Error::input("no message is staged by that ticket"));
        };
        (self.function)(letter).await
    }
}

impl<F, Fut> Delivery for Callback<F>
where
    F: FnMut(Letter) -> Fut + Send,
    Fut: Future<Output = Result<()>> + Send,
{
    fn recover<'a>(&'a mut self, tickets: &'a [Ticket]) -> BoxFuture<'a, Result<Vec<Recovered>>> {
        self.staged.clear();
        Box::pin(async move { Ok(vec![Recovered::Missing; tickets.len()]) })
    }

    fn stage<'a>(&'a mut self, letters: &'a [Letter]) -> BoxFuture<'a, Vec<Result<Ticket>>> {
        Box::pin(async move { letters.iter().map(|letter| self.keep(letter.clone())).collect() })
    }

    fn stage_stream<'a>(
        &'a mut self,
        head: &'a Head,
        body: &'a mut (dyn AsyncRead + Send + Unpin),
    ) -> BoxFuture<'a, Result<Ticket>> {
        Box::pin(async move {
            let bytes = Self::read(self.largest, body).await?;
            self.keep(Letter::new(head.clone(), bytes))
        })
    }

    fn publish<'a>(&'a mut self, tickets: &'a [Ticket]) -> BoxFuture<'a, Vec<Result<()>>> {
        Box::pin(async move {
            let mut published = Vec::with_capacity(tickets.len());
            for ticket in tickets {
                published.push(self.hand_over(ticket).await);
            }
            published
        })
    }

    fn discard<'a>(&'a mut self, tickets: &'a [Ticket]) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            for ticket in tickets {
                self.staged.remove(ticket);
            }
            Ok(())
        })
    }
}

impl<F> fmt::Debug for Callback<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let staged = self.staged.len();
        f.debug_struct("Callback").field("largest", &self.largest).field("staged", &staged).finish_non_exhaustive()
    }
}

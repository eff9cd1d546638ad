//! [`RetrStream`]: many messages one after the other, each checked against the size that was
//! listed. It must not know how messages are listed.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;

use super::sizes::Sizes;
use crate::conn::link::{Inbox, Link};
use crate::error::{Error, Result};
use crate::pop3::engine::{Delivery, Engine, Request, Series};
use crate::pop3::types::{Number, Retrieved, RetrievedContent};

/// A stream of the requested messages, in that order. Each is complete, or its [`RetrievedContent`] says what is wrong
/// with it.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::pop3(async |mut pop3| {
/// let numbers: Vec<_> = pop3.list().await?.into_iter().map(|(number, _)| number).collect();
/// let mut mail = pop3.fetch(numbers);
/// while let Some(message) = mail.try_next().await? {
///     if let Some(defect) = message.defect() {
///         println!("{}: {defect}", message.number);
///     }
/// }
/// # Ok(())
/// # }).unwrap();
/// ```
///
/// If the connection ends in the middle of a message, the stream returns an `Err`, which is always its end. If the
/// server sends one text for two messages of different sizes, its replies no longer belong to the commands, and the
/// session ends with [`Kind::Protocol`](crate::Kind::Protocol). The stream may be dropped early: the replies to
/// commands that were sent (at most 256) are read and discarded before the next command's.
pub struct RetrStream<'a> {
    inbox: Inbox<Engine>,
    ready: VecDeque<Retrieved>,
    asked: Asked,
    sizes: &'a Sizes,
    link: &'a Link<Engine>,
    before: Before,
}

/// The message before, by its first and last octets, which cost little to keep.
#[derive(Debug, Default)]
struct Before {
    declared: Option<u64>,
    length: usize,
    ends: Vec<u8>,
}

/// What a series requested, and so what its answers must be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::pop3) enum Asked {
    /// RETR: the whole message, as long as was listed.
    Whole,
    /// RETR, of which the header and this number of lines are kept.
    Beginning(u32),
    /// TOP: the header and this number of lines. Some servers send more, even the whole message.
    Top(u32),
    /// DELE: no text.
    Nothing,
}

impl<'a> RetrStream<'a> {
    pub(super) fn new(link: &'a Link<Engine>, series: Series, asked: Asked, sizes: &'a Sizes) -> Self {
        let inbox = link.submit(Request::Series(series));
        Self { inbox, ready: VecDeque::new(), asked, sizes, link, before: Before::default() }
    }

    /// Waits for the next message; `None` at the end. Cancel-safe: dropping this future loses no message.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::pop3(async |mut pop3| {
    /// let numbers: Vec<_> = pop3.list().await?.into_iter().map(|(number, _)| number).collect();
    /// let mut mail = pop3.fetch(numbers);
    /// while let Some(message) = mail.try_next().await? {
    ///     println!("{}", message.bytes().len());
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Those that end the session, see [every command](super::Pop3#errors-of-every-command). A message that the server
    /// refuses is not an error of the stream.
    pub async fn try_next(&mut self) -> Result<Option<Retrieved>> {
        poll_fn(|cx| self.poll_retrieved(cx)).await
    }

    fn poll_retrieved(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Retrieved>>> {
        loop {
            if let Some(retrieved) = self.ready.pop_front() {
                return Poll::Ready(Ok(Some(retrieved)));
            }
            match ready!(self.poll_answers(cx))? {
                Some(answers) => self.ready = answers.into(),
                None => return Poll::Ready(Ok(None)),
            }
        }
    }

    /// All answers in one read.
    pub(crate) fn poll_answers(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Vec<Retrieved>>>> {
        Poll::Ready(match ready!(self.inbox.poll_next(cx))? {
            Some(Delivery::Batch { mut answers, .. }) => {
                for answer in &mut answers {
                    self.check(answer)?;
                    let content = std::mem::replace(&mut answer.content, RetrievedContent::Missing);
                    answer.content = self.asked.judge(answer.number, content, self.sizes);
                }
                Ok(Some(answers))
            }
            Some(Delivery::Done(Err(error))) => Err(error),
            _ => Ok(None),
        })
    }

    /// Detects a reply that was sent twice: a text of another length than listed that equals the one before. Every
    /// later reply then belongs to another command.
    fn check(&mut self, answer: &Retrieved) -> Result<()> {
        let (RetrievedContent::Whole(bytes), Asked::Whole | Asked::Beginning(_)) = (&answer.content, self.asked) else {
            return Ok(());
        };
        let declared = self.sizes.of(answer.number);
        let doubtful = declared.is_some_and(|declared| declared != bytes.len() as u64);
        if doubtful && !bytes.is_empty() && declared != self.before.declared && self.before.is(bytes) {
            let error =
                Error::protocol("the server sent one message twice: its replies no longer belong to the commands");
            drop(self.link.submit(Request::GiveUp(error.clone())));
            return Err(error);
        }
        self.before.set(declared, bytes);
        Ok(())
    }
}

impl Before {
    fn set(&mut self, declared: Option<u64>, bytes: &[u8]) {
        (self.declared, self.length) = (declared, bytes.len());
        self.ends.clear();
        let (head, tail) = ends(bytes);
        self.ends.extend_from_slice(head);
        self.ends.extend_from_slice(tail);
    }

    fn is(&self, bytes: &[u8]) -> bool {
        let (head, tail) = ends(bytes);
        self.length == bytes.len() && self.ends.strip_prefix(head) == Some(tail)
    }
}

/// The first and the last octets of a text.
fn ends(bytes: &[u8]) -> (&[u8], &[u8]) {
    const MOST: usize = 512;
    let head = bytes.get(..MOST).unwrap_or(bytes);
    let tail = bytes.get(bytes.len().saturating_sub(MOST)..).unwrap_or_default();
    (head, tail)
}

impl Asked {
    fn judge(self, number: Number, content: RetrievedContent, sizes: &Sizes) -> RetrievedContent {
        match self {
            Self::Nothing => content,
            Self::Whole => sizes.judge(number, content),
            Self::Beginning(lines) => match sizes.judge(number, content) {
                RetrievedContent::Whole(bytes) => RetrievedContent::Whole(beginning(&bytes, lines)),
                RetrievedContent::Uncertain { bytes, declared, received } => {
                    RetrievedContent::Uncertain { bytes: beginning(&bytes, lines), declared, received }
                }
                other => other,
            },
            Self::Top(lines) => match content {
                RetrievedContent::Whole(bytes) => {
                    top(&bytes, lines).map_or(RetrievedContent::Missing, RetrievedContent::Whole)
                }
                other => other,
            },
        }
    }
}

/// The text of TOP: no more than was requested, and not empty, since TOP always includes the empty line (RFC 1939 §7).
pub(super) fn top(text: &Bytes, lines: u32) -> Option<Bytes> {
    (!text.is_empty()).then(|| beginning(text, lines))
}

/// The header, the empty line, and this number of lines after it.
fn beginning(message: &Bytes, lines: u32) -> Bytes {
    let mut start = 0;
    let mut left = None;
    for end in memchr::memchr_iter(b'\n', message).map(|at| at + 1) {
        let line = message.get(start..end).unwrap_or_default();
        start = end;
        left = match left {
            None if matches!(line, b"\r\n" | b"\n") => Some(lines),
            None => None,
            Some(left) => Some(left - 1),
        };
        if left == Some(0) {
            return message.slice(..end);
        }
    }
    message.clone()
}

impl Stream for RetrStream<'_> {
    type Item = Result<Retrieved>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_retrieved(cx).map(Result::transpose)
    }
}

impl fmt::Debug for RetrStream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetrStream").field("ready", &self.ready.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_the_header_and_so_many_lines() {
        let message = Bytes::from_static(b"a: b\r\nc: d\r\n\r\none\r\n\r\nthree");
        for (lines, length) in [(0, 14), (1, 19), (2, 21), (3, 26), (u32::MAX, 26)] {
            assert_eq!(beginning(&message, lines), message.slice(..length), "{lines} lines");
        }
        assert_eq!(&beginning(&Bytes::from_static(b"\nx\ny"), 1)[..], b"\nx\n");
        assert_eq!(&beginning(&Bytes::from_static(b"no end"), 0)[..], b"no end");
        assert!(beginning(&Bytes::new(), 5).is_empty());
    }
}

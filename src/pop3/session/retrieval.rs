//! [`RetrStream`]: many messages one after the other, each judged by the size that was listed.

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
use crate::pop3::{Retrieved, RetrievedContent};

/// A stream of the messages that were asked for, in that order; each is whole, or says what is wrong with it or why it is not there.
///
/// Only complete messages come out of it; where the connection ends in the middle of one, that is the `Err`, which is always the
/// stream's end. Where the server sends one text for two messages of different sizes, its replies no longer belong to the commands:
/// the session ends with [`Kind::Protocol`](crate::Kind::Protocol). Dropping the stream early is safe: the replies to commands that are sent already (at most 256) are read and
/// thrown away before the next command's.
pub struct RetrStream<'a> {
    inbox: Inbox<Engine>,
    ready: VecDeque<Retrieved>,
    asked: Asked,
    sizes: &'a Sizes,
    link: &'a Link<Engine>,
    before: Before,
}

/// The message that came before: by its ends, which cost little to keep.
#[derive(Debug, Default)]
struct Before {
    declared: Option<u64>,
    length: usize,
    ends: Vec<u8>,
}

/// What the messages of a series were asked for, and so what an answer has to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::pop3) enum Asked {
    /// Everything: as long as was listed.
    Whole,
    /// Everything, of which the header and so many lines are kept.
    Beginning(u32),
    /// TOP: the header and so many lines. Servers send more, some the whole message.
    Top(u32),
    /// DELE: no text.
    Nothing,
}

impl<'a> RetrStream<'a> {
    pub(super) fn new(link: &'a Link<Engine>, series: Series, asked: Asked, sizes: &'a Sizes) -> Self {
        let inbox = link.submit(Request::Series(series));
        Self { inbox, ready: VecDeque::new(), asked, sizes, link, before: Before::default() }
    }

    /// The next message; `None` at the end. Cancel-safe: no message is lost by dropping this future.
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

    /// All answers that one read brought.
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

    /// A text of another length than was listed, and word for word the one that came for the message before: the reply before came
    /// twice, and each one after it is another command's.
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
    fn judge(self, number: crate::pop3::Number, content: RetrievedContent, sizes: &Sizes) -> RetrievedContent {
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

/// What TOP has to be: no more than was asked for, and not nothing, since the empty line always comes (RFC 1939 §7).
pub(super) fn top(text: &Bytes, lines: u32) -> Option<Bytes> {
    (!text.is_empty()).then(|| beginning(text, lines))
}

/// The header, the empty line, and so many lines behind it.
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
        f.debug_struct("Retrieval").field("ready", &self.ready.len()).finish_non_exhaustive()
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

//! The common trait on a POP3 maildrop: ids for numbers, QUIT for `commit`, and a new session for each look that `idle` takes. It
//! speaks by the session's own methods.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;

use super::engine::{Farewell, Needs, Series};
use super::look::Found;
use super::names::{Names, Row};
use super::session::{Pop3, Retrieval};
use super::types::{Expire, Number};
use super::{Content, Retrieved};
use crate::body::Body;
use crate::config::{Config, Protocol};
use crate::conn::sleep;
use crate::defect::Defect;
use crate::error::{Error, Kind, Result};
use crate::flag::FlagChange;
use crate::limits::Limits;
use crate::login::Login;
use crate::mailbox::{BoxFuture, Committed, Entry, Features, Idling, Mailbox, Part};
use crate::message_id::{MessageId, Place, account};
use crate::messages::{Message, Messages, Source};

/// Ports that need not stand in an id.
const USUAL_PORTS: &[u16] = &[110, 995];

/// What the trait has to remember between calls.
pub(super) struct Maildrop {
    pub(super) limits: Limits,
    poll: Duration,
    pub(super) names: Names,
    /// Whether this session's names were asked for.
    pub(super) listed: bool,
    pub(super) found: Found,
    /// What the caller was last told, to see a change by: a hash, not to keep every listing twice.
    seen: Option<u64>,
    hash: RandomState,
    /// `idle` has ended the session, or was about to, and a new one has to begin.
    resting: bool,
}

impl Maildrop {
    pub(super) fn new(config: &Config, login: &Login) -> Self {
        let account = account(login.user(), config.host(), config.port_for(Protocol::Pop3), USUAL_PORTS);
        Self {
            limits: config.limits.clone(),
            poll: config.deadlines.poll,
            names: Names::new(Arc::new(Place::Pop3 { account })),
            listed: false,
            found: Found::default(),
            seen: None,
            hash: RandomState::new(),
            resting: false,
        }
    }

    /// Another session: numbers mean nothing any more.
    fn renew(&mut self) {
        self.names = Names::new(self.names.place().clone());
        (self.listed, self.found, self.resting) = (false, Found::default(), false);
    }

    /// The messages, as they can be recognised in another session.
    fn sight(&self, rows: &[Row]) -> u64 {
        let mut hasher = self.hash.build_hasher();
        rows.iter().for_each(|row| (self.names.lasting(row.number), row.size).hash(&mut hasher));
        hasher.finish()
    }
}

/// `entries` takes UIDL and LIST, in one flight where the server has PIPELINING. Where UIDL is missing, empty or the same for two
/// messages, the ids of those messages are good for this session only, and `features` says so from then on. A UIDL that is
/// announced, or was refused with a response code, is not missing: then `entries` fails, rather than giving every message another
/// id than yesterday's.
///
/// What the server does not announce, UIDL and TOP are tried once in a session; `-ERR` is remembered, where it is not about one
/// message.
///
/// `fetch` sends the messages in the order of their ids. One that the server refuses (`-ERR`, mostly since it is marked) is left
/// out, and the stream lives. Headers and previews come by TOP, or are cut from the whole message where the server has no TOP.
///
/// `read`, dropped early, has the rest of its message read and thrown away before the next reply; POP3 has no way to stop it.
///
/// `commit` is QUIT: whatever it returns, the maildrop is closed, and later calls say [`Kind::Closed`]. Called again after it was
/// dropped midway, it tells what became of the first. `Err` means that QUIT was never sent and nothing is deleted.
///
/// `idle` ends the session by QUIT, waits for [`Deadlines::poll`](crate::Deadlines::poll) or the server's LOGIN-DELAY, whichever is longer, begins a new session, and
/// returns when the listing is another than the caller last saw. Dropped midway, the next call begins a new session first. While
/// messages are marked it is [`Kind::Input`], since the QUIT would delete them; over a stream of the caller's own
/// [`Kind::Unsupported`].
impl Mailbox for Pop3 {
    fn features(&self) -> Features {
        let state = self.link.state();
        let capabilities = state.capabilities.as_deref();
        let collects = capabilities.and_then(|capabilities| capabilities.expire()) == Some(Expire::Days(0));
        let named = capabilities.is_some_and(|capabilities| capabilities.uidl());
        Features {
            idle: if self.connector.is_some() { Idling::Poll(self.interval()) } else { Idling::None },
            flags: false,
            folders: false,
            stable_ids: self.maildrop.names.stable().unwrap_or(named),
            delete: true,
            // Gmail, which can be told to hide or delete what was downloaded.
            hides_downloaded: collects || state.greeting.starts_with("Gpop"),
        }
    }

    fn entries(&mut self) -> BoxFuture<'_, Result<Vec<Entry>>> {
        Box::pin(async move {
            self.wake().await?;
            let rows = self.look().await?;
            self.maildrop.seen = Some(self.maildrop.sight(&rows));
            Ok(rows.iter().map(|row| self.entry(row)).collect())
        })
    }

    fn fetch<'a>(&'a mut self, ids: &'a [MessageId], part: Part) -> BoxFuture<'a, Result<Messages<'a>>> {
        Box::pin(async move {
            let found = self.find(ids).await?;
            let numbers: Vec<_> = found.iter().map(|(number, _)| *number).collect();
            let lines = match part {
                Part::Whole => None,
                Part::Header => Some(0),
                Part::Preview(lines) => Some(lines),
            };
            let (series, cut) = match lines {
                None => (Series::retrieve(numbers), None),
                Some(lines) if self.has_top(&numbers).await? => (Series::top(numbers, lines), None),
                Some(lines) => (Series::retrieve(numbers), Some(lines)),
            };
            let ids = found.into_iter().map(|(_, id)| id).collect();
            Ok(Messages::from_source(Mail { retrieval: self.retrieve(series), ids, cut }))
        })
    }

    fn read<'a>(&'a mut self, id: &'a MessageId) -> BoxFuture<'a, Result<Body<'a>>> {
        Box::pin(async move {
            match self.find(std::slice::from_ref(id)).await?.first() {
                Some((number, _)) => self.open(*number).await,
                None => Err(Error::new(Kind::Rejected, "the message is no longer in the maildrop")),
            }
        })
    }

    fn flag<'a>(&'a mut self, _: &'a [MessageId], _: &'a FlagChange) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Err(Error::unsupported("POP3 has no flags")) })
    }

    fn delete<'a>(&'a mut self, ids: &'a [MessageId]) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let found = self.find(ids).await?;
            let mut answers = self.retrieve(Series::delete(found.iter().map(|(number, _)| *number).collect()));
            let mut refused = None;
            while let Some(answer) = answers.try_next().await? {
                // What is marked already is refused, and as it should be.
                if let Content::Refused(error) = answer.content
                    && !self.link.state().marks.has(answer.number)
                {
                    refused.get_or_insert(error);
                }
            }
            refused.map_or(Ok(()), Err)
        })
    }

    fn idle(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            if self.connector.is_none() {
                return Err(Error::unsupported("this session cannot be begun anew: its stream was the caller's own"));
            }
            self.wake().await?;
            if self.maildrop.seen.is_none() {
                let rows = self.look().await?;
                self.maildrop.seen = Some(self.maildrop.sight(&rows));
            }
            loop {
                self.rest().await?;
                sleep(self.interval()).await;
                self.wake().await?;
                let rows = self.look().await?;
                let sight = Some(self.maildrop.sight(&rows));
                if self.maildrop.seen != sight {
                    self.maildrop.seen = sight;
                    return Ok(());
                }
            }
        })
    }

    fn commit(&mut self) -> BoxFuture<'_, Result<Committed>> {
        Box::pin(async move {
            if self.rests().await {
                return Ok(Committed::default());
            }
            let result = self.end(Needs::Connection).await;
            let state = self.link.state();
            let marked = state.marks.iter().map(|number| self.maildrop.names.id(number)).collect();
            match state.farewell {
                Farewell::Accepted => Ok(Committed { deleted: marked, unknown: Vec::new() }),
                Farewell::Refused | Farewell::Unanswered => Ok(Committed { deleted: Vec::new(), unknown: marked }),
                Farewell::Unsaid => Err(result.err().unwrap_or_else(|| Error::closed("the session has ended"))),
            }
        })
    }
}

impl Pop3 {
    fn entry(&self, row: &Row) -> Entry {
        let mut entry = Entry::new(self.maildrop.names.id(row.number));
        entry.size = row.size;
        entry
    }

    /// The messages of these ids that are there; nothing is sent where one of the ids is another mailbox's.
    async fn find<'a>(&mut self, ids: &'a [MessageId]) -> Result<Vec<(Number, &'a MessageId)>> {
        if let Some(foreign) = ids.iter().find(|id| id.place() != self.maildrop.names.place()) {
            return Err(Error::input(format!("{foreign} is not a message of this maildrop")));
        }
        self.wake().await?;
        if !self.maildrop.listed {
            self.look().await?;
        }
        let number = |id| self.maildrop.names.number(id).transpose().map(|number| Ok((number?, id)));
        ids.iter().filter_map(number).collect()
    }

    fn interval(&self) -> Duration {
        let state = self.link.state();
        let delay = state.capabilities.as_ref().and_then(|capabilities| capabilities.login_delay());
        self.maildrop.poll.max(delay.unwrap_or_default())
    }

    /// Ends the session, nothing being marked, to be begun anew.
    async fn rest(&mut self) -> Result<()> {
        self.maildrop.resting = true;
        let ended = self.end(Needs::NoMarks).await;
        if !self.link.state().marks.is_empty() {
            self.maildrop.resting = false;
            return ended;
        }
        // Nothing was at stake: however it ended, a new one can begin.
        Ok(())
    }

    /// Whether `idle` has ended the session. The QUIT of one that was dropped may never have been sent, or be under way, and its
    /// end is waited for.
    async fn rests(&mut self) -> bool {
        self.maildrop.resting = self.maildrop.resting && self.noop().await.is_err();
        self.maildrop.resting
    }

    /// Begins a new session where `idle` has ended the old one.
    async fn wake(&mut self) -> Result<()> {
        if self.rests().await
            && let Some(connector) = &self.connector
        {
            self.link = connector.open().await?;
            self.maildrop.renew();
        }
        Ok(())
    }
}

/// Whole messages, or their beginnings, out of what was retrieved.
struct Mail<'a> {
    retrieval: Retrieval<'a>,
    /// Of the messages that are still to come, in order.
    ids: VecDeque<&'a MessageId>,
    /// Behind the header and so many lines, the rest is cut off.
    cut: Option<u32>,
}

impl Source for Mail<'_> {
    fn poll_batch(&mut self, cx: &mut Context<'_>, out: &mut VecDeque<Message>) -> Poll<Result<bool>> {
        let Some(answers) = ready!(self.retrieval.poll_answers(cx))? else { return Poll::Ready(Ok(false)) };
        for answer in answers {
            if let Some(id) = self.ids.pop_front() {
                out.extend(message(id.clone(), answer, self.cut));
            }
        }
        Poll::Ready(Ok(true))
    }
}

fn message(id: MessageId, retrieved: Retrieved, cut: Option<u32>) -> Option<Message> {
    match retrieved.content {
        Content::Whole(bytes) => {
            Some(Message::new(id, cut.map_or_else(|| bytes.clone(), |lines| beginning(&bytes, lines))))
        }
        Content::TooLarge { size } => {
            Some(Message::new(id, Bytes::new()).with_defects(vec![Defect::TooLarge { size }]))
        }
        Content::Refused(error) => {
            tracing::warn!(message = %id, %error, "left out a message that the server refused");
            None
        }
    }
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

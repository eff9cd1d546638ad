//! The common trait for a POP3 maildrop: ids for numbers, QUIT for `commit`, and a new session for each poll of
//! `changed`. It uses the session's own methods.

use std::collections::VecDeque;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::Pop3;
use super::retrieval::{Asked, RetrStream};
use crate::body::Body;
use crate::conn::sleep;
use crate::contents::Contents;
use crate::error::{Error, Kind, Result};
use crate::flag::FlagChange;
use crate::mailbox::{self, BoxFuture, Changes, Committed, Entry, Features, Mailbox, Part};
use crate::message_id::MessageId;
use crate::messages::{Message, Messages, Source};
use crate::pop3::engine::{Farewell, RequiredState};
use crate::pop3::types::{Expire, Number};
use crate::pop3::{Retrieved, RetrievedContent};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// `entries` sends STAT, UIDL and LIST: one round trip if the server supports PIPELINING, otherwise three. If they
/// disagree about which messages exist, they are sent once more. Then every message that any of them names, or that
/// STAT alone counts, is an entry: without a size if none or two were reported, and with an id for this session if its
/// unique-id is in doubt. [`Pop3::flaws`] counts the remaining contradictions and the unreadable lines. If UIDL is not
/// supported, empty, or the same for two messages, the ids of those messages are valid for this session only, and from
/// then on `features` reports that. A UIDL that is announced, or was refused with a response code, counts as supported:
/// then `entries` fails, instead of giving every message a new id.
///
/// UIDL and TOP are tried once in a session even if the server does not announce them; a `-ERR` that is not about one
/// message is remembered.
///
/// `messages` returns the messages in the order of their ids and checks each against the size that LIST reported: one
/// of another length has [`Defect::Size`](crate::Defect::Size). One without text, or that the server refuses (`-ERR`),
/// is delivered without bytes and has [`Defect::Missing`](crate::Defect::Missing) or
/// [`Defect::Refused`](crate::Defect::Refused); the stream continues. Messages that this session has marked are left
/// out. Headers and previews use TOP. If the server does not support TOP, or refuses it for a message without a
/// response code, they are cut from the whole message, which is delivered after the others.
///
/// `search` compares here, after the listing and the headers that the conditions need were downloaded.
///
/// If the body of `open` or the future of `contents` is dropped early, the rest of the message is read and discarded before the next reply; POP3
/// cannot stop it.
///
/// `commit` sends QUIT. Whatever it returns, the maildrop is closed, and later calls fail with [`Kind::Closed`]. If it
/// was dropped midway, calling it again returns the outcome of the first call. `Err` means that QUIT was not sent and
/// nothing is deleted.
///
/// `changed` ends the session with QUIT, waits for [`Deadlines::poll`](crate::Deadlines::poll) or the server's
/// LOGIN-DELAY, whichever is longer, begins a new session, and returns when the listing differs from the one that the
/// caller saw last. If it is dropped midway, the next call begins a new session first. While messages are marked, it
/// fails with [`Kind::Input`], since QUIT would delete them; over the caller's own stream, with [`Kind::Unsupported`].
impl Mailbox for Pop3 {
    fn features(&self) -> Features {
        let state = self.link.state();
        let capabilities = state.capabilities.as_deref();
        let kept_for = match capabilities.and_then(|capabilities| capabilities.expire()) {
            Some(Expire::Days(days)) => Some(DAY * days),
            Some(Expire::Never) | None => None,
        };
        let named = capabilities.is_some_and(|capabilities| capabilities.uidl());
        Features {
            changes: if self.opener.is_some() { Changes::Poll(self.interval()) } else { Changes::None },
            flags: false,
            folders: false,
            stable_ids: self.maildrop.names.stable().unwrap_or(named),
            delete: true,
            search: false,
            append: false,
            // Gmail's greeting. Its users can set it to hide or delete what was downloaded.
            parts: false,
            may_hide_downloaded: kept_for == Some(Duration::ZERO) || state.greeting.starts_with("Gpop"),
            kept_for,
        }
    }

    fn entries(&mut self) -> BoxFuture<'_, Result<Vec<Entry>>> {
        Box::pin(async move {
            self.reconnect().await?;
            let numbers = self.take_census().await?;
            self.maildrop.seen = Some(self.maildrop.fingerprint(&numbers));
            Ok(numbers.iter().map(|number| self.entry(*number)).collect())
        })
    }

    fn messages<'a>(&'a mut self, ids: &'a [MessageId], part: Part) -> BoxFuture<'a, Result<Messages<'a>>> {
        Box::pin(async move {
            let found = self.find(ids).await?;
            let lines = match part {
                Part::Whole => None,
                Part::Header => Some(0),
                Part::Preview(lines) => Some(lines),
            };
            let asked = match lines {
                None => Asked::Whole,
                Some(lines) if self.has_top(&found).await? => Asked::Top(lines),
                Some(lines) => Asked::Beginning(lines),
            };
            Ok(Messages::from_source(Mail::new(self, asked, found.into())))
        })
    }

    fn open<'a>(&'a mut self, id: &'a MessageId) -> BoxFuture<'a, Result<Body<'a>>> {
        Box::pin(async move {
            match self.find(std::slice::from_ref(id)).await?.first() {
                Some((number, _)) => self.open_body(*number).await,
                None => Err(Error::new(Kind::Rejected, "the message is no longer in the maildrop")),
            }
        })
    }

    fn contents<'a>(&'a mut self, id: &'a MessageId) -> BoxFuture<'a, Result<Contents>> {
        Box::pin(async move {
            let limits = self.maildrop.limits.clone();
            mailbox::contents(self.open(id).await?, &limits).await
        })
    }

    fn listing_flaws(&self) -> u64 {
        let flaws = self.flaws();
        flaws.unreadable.saturating_add(flaws.disputed)
    }

    fn existing<'a>(&'a mut self, _: &'a [MessageId]) -> BoxFuture<'a, Result<Vec<MessageId>>> {
        Box::pin(async { Err(Error::unsupported("a POP3 session cannot find out which messages are gone")) })
    }

    fn flag<'a>(&'a mut self, _: &'a [MessageId], _: &'a FlagChange) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Err(Error::unsupported("POP3 has no flags")) })
    }

    fn mark_deleted<'a>(&'a mut self, ids: &'a [MessageId]) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let found = self.find(ids).await?;
            let mut answers = self.retrieve(Asked::Nothing, found.iter().map(|(number, _)| *number).collect());
            let mut refused = None;
            while let Some(answer) = answers.try_next().await? {
                // A message that is already marked is refused, as it should be.
                if let RetrievedContent::Refused(error) = answer.content
                    && !self.link.state().marks.has(answer.number)
                {
                    refused.get_or_insert(error);
                }
            }
            refused.map_or(Ok(()), Err)
        })
    }

    fn changed(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            if self.opener.is_none() {
                return Err(Error::unsupported("this session cannot reconnect: its stream was supplied by the caller"));
            }
            self.reconnect().await?;
            if self.maildrop.seen.is_none() {
                let numbers = self.take_census().await?;
                self.maildrop.seen = Some(self.maildrop.fingerprint(&numbers));
            }
            loop {
                self.end_session().await?;
                sleep(self.interval()).await;
                self.reconnect().await?;
                let numbers = self.take_census().await?;
                let fingerprint = Some(self.maildrop.fingerprint(&numbers));
                if self.maildrop.seen != fingerprint {
                    self.maildrop.seen = fingerprint;
                    return Ok(());
                }
            }
        })
    }

    fn commit(&mut self) -> BoxFuture<'_, Result<Committed>> {
        Box::pin(async move {
            if self.is_ended_by_wait().await {
                return Ok(Committed::default());
            }
            let result = self.end(RequiredState::Connection).await;
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
    fn entry(&self, number: Number) -> Entry {
        let mut entry = Entry::new(self.maildrop.names.id(number));
        entry.size = self.maildrop.sizes.of(number);
        entry
    }

    /// The messages with these ids that exist. Nothing is sent if one of the ids belongs to another mailbox.
    async fn find<'a>(&mut self, ids: &'a [MessageId]) -> Result<Vec<(Number, &'a MessageId)>> {
        if let Some(foreign) = ids.iter().find(|id| id.place() != self.maildrop.names.place()) {
            return Err(Error::input(format!("{foreign} is not a message of this maildrop")));
        }
        self.reconnect().await?;
        if !self.maildrop.listed {
            self.take_census().await?;
        }
        let number = |id| self.maildrop.names.number(id).transpose().map(|number| Ok((number?, id)));
        ids.iter().filter_map(number).collect()
    }

    fn interval(&self) -> Duration {
        let state = self.link.state();
        let delay = state.capabilities.as_ref().and_then(|capabilities| capabilities.login_delay());
        self.maildrop.poll.max(delay.unwrap_or_default())
    }

    /// Ends the session, if nothing is marked, so that a new one can begin.
    async fn end_session(&mut self) -> Result<()> {
        self.maildrop.ended_by_wait = true;
        let ended = self.end(RequiredState::NoMarks).await;
        if !self.link.state().marks.is_empty() {
            self.maildrop.ended_by_wait = false;
            return ended;
        }
        // Nothing was marked, so a new session can begin however the old one ended.
        Ok(())
    }

    /// Whether `changed` has ended the session. If it was dropped, its QUIT may not have been sent, or may still run;
    /// then this waits for its end.
    async fn is_ended_by_wait(&mut self) -> bool {
        self.maildrop.ended_by_wait = self.maildrop.ended_by_wait && self.noop().await.is_err();
        self.maildrop.ended_by_wait
    }

    /// Begins a new session if `changed` has ended the old one.
    async fn reconnect(&mut self) -> Result<()> {
        if self.is_ended_by_wait().await
            && let Some(opener) = &self.opener
        {
            let link = opener.open::<Self>().await?.link;
            self.earlier += std::mem::replace(&mut self.link, link).traffic();
            self.maildrop.reset();
        }
        Ok(())
    }
}

/// Turns retrieved messages, or their beginnings, into [`Message`]s.
struct Mail<'a> {
    session: &'a Pop3,
    retrieval: RetrStream<'a>,
    /// The ids of the messages that are still to arrive, in order.
    ids: VecDeque<(Number, &'a MessageId)>,
    asked: Asked,
    /// The messages whose TOP was refused: their beginnings are cut from the whole messages.
    refused: VecDeque<(Number, &'a MessageId)>,
}

impl<'a> Mail<'a> {
    fn new(session: &'a Pop3, asked: Asked, ids: VecDeque<(Number, &'a MessageId)>) -> Self {
        let retrieval = session.retrieve(asked, ids.iter().map(|(number, _)| *number).collect());
        Self { session, retrieval, ids, asked, refused: VecDeque::new() }
    }

    fn message(&mut self, (number, id): (Number, &'a MessageId), retrieved: Retrieved) -> Option<Message> {
        if let RetrievedContent::Refused(error) = &retrieved.content {
            // This session has marked it.
            if self.session.link.state().marks.has(number) {
                return None;
            }
            if matches!(self.asked, Asked::Top(_)) && error.code().is_none() {
                self.refused.push_back((number, id));
                return None;
            }
        }
        let defects = retrieved.defect().into_iter().collect();
        Some(Message::new(id.clone(), retrieved.into_bytes()).with_defects(defects))
    }
}

impl Source for Mail<'_> {
    fn poll_batch(&mut self, cx: &mut Context<'_>, out: &mut VecDeque<Message>) -> Poll<Result<bool>> {
        let Some(answers) = ready!(self.retrieval.poll_answers(cx))? else {
            let (Asked::Top(lines), false) = (self.asked, self.refused.is_empty()) else {
                return Poll::Ready(Ok(false));
            };
            let refused = std::mem::take(&mut self.refused);
            *self = Self::new(self.session, Asked::Beginning(lines), refused);
            return Poll::Ready(Ok(true));
        };
        for answer in answers {
            if let Some(place) = self.ids.pop_front() {
                out.extend(self.message(place, answer));
            }
        }
        Poll::Ready(Ok(true))
    }
}

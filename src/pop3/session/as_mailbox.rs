//! The common trait on a POP3 maildrop: ids for numbers, QUIT for `commit`, and a new session for each look that `idle` takes. It
//! speaks by the session's own methods.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::listing::Listing;
use super::names::Names;
use super::probe::Found;
use super::{Asked, Pop3, RetrStream, Sizes};
use crate::body::Body;
use crate::config::{Config, Protocol};
use crate::conn::sleep;
use crate::error::{Error, Kind, Result};
use crate::flag::FlagChange;
use crate::limits::Limits;
use crate::login::Login;
use crate::mailbox::{BoxFuture, Changes, Committed, Entry, Features, Mailbox, Part};
use crate::message_id::{MessageId, Place, account};
use crate::messages::{Message, Messages, Source};
use crate::pop3::engine::{Farewell, Needs};
use crate::pop3::types::{Expire, Flaws, Number};
use crate::pop3::{Retrieved, RetrievedContent};

/// Ports that need not stand in an id.
const USUAL_PORTS: &[u16] = &[110, 995];

/// What the trait has to remember between calls.
pub(super) struct Maildrop {
    pub(super) limits: Limits,
    poll: Duration,
    pub(super) names: Names,
    pub(super) sizes: Sizes,
    /// How many lines of listings could not be read.
    unreadable: AtomicU64,
    /// About how many messages the last look was contradictory.
    pub(super) disputed: u64,
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
            sizes: Sizes::default(),
            unreadable: AtomicU64::default(),
            disputed: 0,
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
        self.sizes = Sizes::default();
        (self.unreadable, self.disputed) = (AtomicU64::default(), 0);
        (self.listed, self.found, self.resting) = (false, Found::default(), false);
    }

    pub(super) fn heard<T>(&self, listing: &Listing<T>) {
        self.unreadable.fetch_add(listing.unreadable, Ordering::Relaxed);
    }

    pub(super) fn flaws(&self) -> Flaws {
        Flaws::new(self.unreadable.load(Ordering::Relaxed), self.disputed)
    }

    /// The messages, as they can be recognised in another session.
    fn sight(&self, numbers: &[Number]) -> u64 {
        let mut hasher = self.hash.build_hasher();
        numbers.iter().for_each(|number| (self.names.lasting(*number), self.sizes.of(*number)).hash(&mut hasher));
        hasher.finish()
    }
}

/// `entries` takes STAT, UIDL and LIST, in one flight where the server has PIPELINING, otherwise three round trips. Where they differ
/// about which messages there are, they are asked once more, and each message that any of them names, or STAT alone counts, is an
/// entry: without a size where none was said or two were, and with an id for this session where its unique-id is in doubt.
/// [`Pop3::flaws`] counts what is left of that, and the lines that could not be read. Where UIDL is missing, empty or the same for two
/// messages, the ids of those messages are good for this session only, and `features` says so from then on. A UIDL that is
/// announced, or was refused with a response code, is not missing: then `entries` fails, rather than giving every message another
/// id than yesterday's.
///
/// What the server does not announce, UIDL and TOP are tried once in a session; `-ERR` is remembered, where it is not about one
/// message.
///
/// `fetch` sends the messages in the order of their ids, each judged by the size that LIST said: of another length it comes with
/// [`Defect::Size`](crate::Defect::Size). One that has no text, or that the server refuses (`-ERR`), comes without bytes, with [`Defect::Missing`](crate::Defect::Missing) or
/// [`Defect::Refused`](crate::Defect::Refused), and the stream lives; what this session has marked itself is left out. Headers and previews come by TOP. Where the
/// server has no TOP, or refuses it for a message without saying why by a code, they are cut from the whole message, which comes
/// after the others.
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
            changes: if self.connector.is_some() { Changes::Poll(self.interval()) } else { Changes::None },
            flags: false,
            folders: false,
            stable_ids: self.maildrop.names.stable().unwrap_or(named),
            delete: true,
            // Gmail, which can be told to hide or delete what was downloaded.
            may_hide_downloaded: collects || state.greeting.starts_with("Gpop"),
        }
    }

    fn entries(&mut self) -> BoxFuture<'_, Result<Vec<Entry>>> {
        Box::pin(async move {
            self.wake().await?;
            let numbers = self.look().await?;
            self.maildrop.seen = Some(self.maildrop.sight(&numbers));
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

    fn listing_flaws(&self) -> u64 {
        let flaws = self.flaws();
        flaws.unreadable.saturating_add(flaws.disputed)
    }

    fn existing<'a>(&'a mut self, _: &'a [MessageId]) -> BoxFuture<'a, Result<Vec<MessageId>>> {
        Box::pin(async { Err(Error::unsupported("a POP3 session does not learn which messages are gone")) })
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
                // What is marked already is refused, and as it should be.
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
            if self.connector.is_none() {
                return Err(Error::unsupported("this session cannot be begun anew: its stream was the caller's own"));
            }
            self.wake().await?;
            if self.maildrop.seen.is_none() {
                let numbers = self.look().await?;
                self.maildrop.seen = Some(self.maildrop.sight(&numbers));
            }
            loop {
                self.rest().await?;
                sleep(self.interval()).await;
                self.wake().await?;
                let numbers = self.look().await?;
                let sight = Some(self.maildrop.sight(&numbers));
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
    fn entry(&self, number: Number) -> Entry {
        let mut entry = Entry::new(self.maildrop.names.id(number));
        entry.size = self.maildrop.sizes.of(number);
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

/// Messages, or their beginnings, out of what was retrieved.
struct Mail<'a> {
    session: &'a Pop3,
    retrieval: RetrStream<'a>,
    /// Of the messages that are still to come, in order.
    ids: VecDeque<(Number, &'a MessageId)>,
    asked: Asked,
    /// Whose TOP was refused: their beginnings are cut from the whole messages.
    refused: VecDeque<(Number, &'a MessageId)>,
}

impl<'a> Mail<'a> {
    fn new(session: &'a Pop3, asked: Asked, ids: VecDeque<(Number, &'a MessageId)>) -> Self {
        let retrieval = session.retrieve(asked, ids.iter().map(|(number, _)| *number).collect());
        Self { session, retrieval, ids, asked, refused: VecDeque::new() }
    }

    fn message(&mut self, (number, id): (Number, &'a MessageId), retrieved: Retrieved) -> Option<Message> {
        if let RetrievedContent::Refused(error) = &retrieved.content {
            // Gone, by this session's own doing.
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

//! The common trait for an IMAP folder: ids for UIDs, parts for sections. Deleting is a mark that `commit` makes final.

use std::borrow::BorrowMut;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::num::NonZeroU32;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::Folder;
use super::existing::{Existing, Presence};
use super::fetch::Fetch;
use crate::body::Body;
use crate::contents::{Contents, MimePart};
use crate::defect::Defect;
use crate::error::{Error, Kind, Result};
use crate::flag::{Flag, FlagChange};
use crate::flags::Flags;
use crate::imap::session::{Append, Imap};
use crate::imap::types::{Fetched, Items, Query, Section, Uids};
use crate::judge::Verdict;
use crate::mailbox::{BoxFuture, Changes, Committed, Entry, Features, Find, Found, Mailbox, Part};
use crate::message_id::{Key, MessageId, Place};
use crate::messages::{Message, Messages, Source};
use crate::part_body::PartBody;

/// The bytes counted for one line of a preview, since IMAP can only limit bytes.
const LINE: u32 = 80;

impl<S: BorrowMut<Imap> + Send + Sync> Mailbox for Folder<S> {
    fn features(&self) -> Features {
        let selected = self.info().ok();
        let stable = selected.as_ref().is_some_and(|info| info.uid_validity.is_some() && !info.uids_not_sticky);
        let writable = selected.is_some_and(|info| !info.read_only);
        let session = self.session();
        let changes = match session.capabilities().idle() {
            true => Changes::Push,
            false => Changes::Poll(session.poll_interval()),
        };
        Features {
            changes,
            flags: writable,
            folders: true,
            stable_ids: stable,
            delete: writable && self.can_expunge(),
            parts: true,
            search: true,
            append: writable,
            may_hide_downloaded: false,
            kept_for: None,
        }
    }

    fn entries(&mut self) -> BoxFuture<'_, Result<Vec<Entry>>> {
        Box::pin(async move {
            let place = self.place().clone();
            let mut mail = self.fetch(Uids::ALL, Items::FLAGS.internal_date().size()).await?;
            let mut entries = Vec::new();
            while let Some(fetched) = mail.try_next().await? {
                entries.extend(entry(&fetched, &place));
            }
            let flaws = mail.unreadable().len();
            self.flaws = flaws as u64;
            Ok(entries)
        })
    }

    fn listing_flaws(&self) -> u64 {
        self.flaws
    }

    fn messages<'a>(&'a mut self, ids: &'a [MessageId], part: Part) -> BoxFuture<'a, Result<Messages<'a>>> {
        Box::pin(async move {
            let place = self.place().clone();
            let uids = self.uids(ids)?;
            let fetch = Self::fetch(self, uids, items(part)).await?;
            Ok(Messages::from_source(Mail { fetch, place, part }))
        })
    }

    fn open<'a>(&'a mut self, id: &'a MessageId) -> BoxFuture<'a, Result<Body<'a>>> {
        Box::pin(async move {
            let uid = self.uid(id)?;
            Self::read(self, uid, Section::WHOLE).await
        })
    }

    fn contents<'a>(&'a mut self, id: &'a MessageId) -> BoxFuture<'a, Result<Contents>> {
        Box::pin(async move {
            let uid = self.uid(id)?;
            let gone = || Error::new(Kind::Rejected, "the message is no longer in the mailbox");
            Self::contents(self, uid).await?.ok_or_else(gone)
        })
    }

    fn read_part_from<'a>(
        &'a mut self,
        id: &'a MessageId,
        part: &'a MimePart,
        octet: u64,
    ) -> BoxFuture<'a, Result<PartBody<'a>>> {
        Box::pin(async move {
            let uid = self.uid(id)?;
            Self::read_part(self, uid, part).starting_at(octet).await
        })
    }

    fn read_text<'a>(&'a mut self, id: &'a MessageId, part: &'a MimePart) -> BoxFuture<'a, Result<String>> {
        Box::pin(async move {
            let uid = self.uid(id)?;
            Self::read_text(self, uid, part).await
        })
    }

    fn previews<'a>(&'a mut self, ids: &'a [MessageId]) -> BoxFuture<'a, Result<Vec<(MessageId, String)>>> {
        Box::pin(async move {
            let uids = self.uids(ids)?;
            let previews = Self::previews(self, uids).await?;
            Ok(previews.into_iter().map(|(uid, words)| (self.message_id(uid), words)).collect())
        })
    }

    fn existing<'a>(&'a mut self, ids: &'a [MessageId]) -> BoxFuture<'a, Result<Vec<MessageId>>> {
        Box::pin(async move {
            let uids = self.uids(ids)?;
            self.info()?;
            if uids.is_empty() {
                return Ok(Vec::new());
            }
            let asked = uids.clone();
            let mut existing = Existing::ask(self.link(), self.session().limits(), self.selection, uids)?;
            let there = match poll_fn(|cx| existing.poll(cx)).await? {
                Presence::Known(there) => there,
                Presence::Unknown { gone, why } if gone.is_empty() => return Err(why),
                Presence::Unknown { gone, .. } => asked.difference(&gone),
            };
            let is_there = |id: &&MessageId| self.uid(id).is_ok_and(|uid| there.contains(uid));
            Ok(ids.iter().filter(is_there).cloned().collect())
        })
    }

    fn find<'a>(&'a mut self, find: &'a Find) -> BoxFuture<'a, Result<Found>> {
        Box::pin(async move {
            let found = self.search(&query(find)).await?;
            Ok(Found { messages: found.iter().map(|uid| self.message_id(uid)).collect(), unknown: Vec::new() })
        })
    }

    fn append<'a>(&'a mut self, message: &'a [u8], flags: &'a [Flag]) -> BoxFuture<'a, Result<Option<MessageId>>> {
        Box::pin(async move {
            self.check_writable()?;
            let info = self.info()?;
            let message = Append::from(message).flags(flags.iter().cloned());
            let stored = self.session().append(&info.name, message).await?;
            // Courier and Mailutils do not report the new message with the answer (RFC 9051 §6.3.12).
            if self.info()?.exists == info.exists {
                self.noop().await?;
            }
            let stored = stored.filter(|stored| Some(stored.validity) == info.uid_validity);
            Ok(stored.map(|stored| self.message_id(stored.uid)))
        })
    }

    fn flag<'a>(&'a mut self, ids: &'a [MessageId], change: &'a FlagChange) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let uids = self.uids(ids)?;
            self.store(uids, change).await.map(drop)
        })
    }

    fn mark_deleted<'a>(&'a mut self, ids: &'a [MessageId]) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.check_expunge()?;
            let uids = self.uids(ids)?;
            self.marked = self.marked.union(&uids)?;
            Ok(())
        })
    }

    fn changed(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let mut events = Self::idle(self).await?;
            match events.try_next().await? {
                Some(_) => Ok(()),
                None => Err(Error::closed("the mailbox is no longer being watched")),
            }
        })
    }

    fn commit(&mut self) -> BoxFuture<'_, Result<Committed>> {
        Box::pin(async move {
            let uids = self.marked.clone();
            if uids.is_empty() {
                return Ok(Committed::default());
            }
            let named = |uids: &Uids| uids.iter().map(|uid| self.message_id(uid)).collect();
            // Either step may be the last: a message that is marked `\Deleted` still exists, and is marked again the next time.
            match self.mark_and_expunge(uids.clone()).await {
                Ok(()) => {
                    let deleted = named(&uids);
                    self.marked = Uids::default();
                    Ok(Committed { deleted, unknown: Vec::new() })
                }
                Err(error) if error.kind() == Kind::Unknown => {
                    let unknown = named(&uids);
                    self.marked = Uids::default();
                    Ok(Committed { deleted: Vec::new(), unknown })
                }
                Err(error) => Err(error),
            }
        })
    }
}

fn query(find: &Find) -> Query {
    let texts = find.texts.iter().map(|(field, text)| match field.to_ascii_lowercase().as_str() {
        // These search the envelope, which servers have at hand.
        "from" => Query::from(text),
        "to" => Query::to(text),
        "cc" => Query::cc(text),
        "subject" => Query::subject(text),
        _ => Query::header(field, text),
    });
    let sizes = [find.larger.map(Query::larger), find.smaller.map(Query::smaller)];
    let flags = find.flags.iter().map(|(flag, set)| {
        let query = Query::flag(flag.clone());
        if *set { query } else { query.not() }
    });
    let dates = [find.since.map(Query::since), find.before.map(Query::before)];
    let cheap = sizes.into_iter().chain(dates).flatten().chain(flags);
    let all = cheap.chain(texts).chain(find.bodies.iter().map(Query::body));
    all.reduce(Query::and).unwrap_or_else(Query::all)
}

fn entry(fetched: &Fetched, place: &std::sync::Arc<Place>) -> Option<Entry> {
    let mut entry = Entry::new(MessageId::new(place.clone(), Key::Number(fetched.uid()?.as_u32())));
    entry.size = fetched.size();
    entry.flags = fetched.flags().map(Flags::into_owned);
    entry.received = fetched.internal_date();
    Some(entry)
}

fn items(part: Part) -> Items {
    match part {
        Part::Header => Items::HEADER,
        // The size shows whether the text is complete.
        Part::Whole => Items::MESSAGE.size(),
        Part::Preview(lines) => match NonZeroU32::new(lines.saturating_mul(LINE)) {
            Some(len) => Items::HEADER.partial(Section::TEXT, 0, len),
            None => Items::HEADER,
        },
    }
}

/// Turns fetched messages into [`Message`]s.
struct Mail<'a> {
    fetch: Fetch<'a>,
    place: std::sync::Arc<Place>,
    part: Part,
}

impl Source for Mail<'_> {
    fn poll_batch(&mut self, cx: &mut Context<'_>, out: &mut VecDeque<Message>) -> Poll<Result<bool>> {
        loop {
            let Some(fetched) = ready!(self.fetch.poll_fetched(cx))? else { return Poll::Ready(Ok(false)) };
            out.extend(message(&fetched, &self.place, self.part));
            if self.fetch.waiting() == 0 {
                return Poll::Ready(Ok(true));
            }
        }
    }
}

fn message(fetched: &Fetched, place: &std::sync::Arc<Place>, part: Part) -> Option<Message> {
    let id = MessageId::new(place.clone(), Key::Number(fetched.uid()?.as_u32()));
    let judged = |defect: &Defect| matches!(defect, Defect::Missing | Defect::Size { .. });
    let mut defects: Vec<Defect> = fetched.defects().filter(|defect| !judged(defect)).collect();
    let bytes = match part {
        Part::Whole => fetched.body(),
        Part::Header => section(fetched, &Section::HEADER),
        Part::Preview(_) => section(fetched, &Section::HEADER).map(|header| {
            let text = section(fetched, &Section::TEXT).unwrap_or_default();
            if text.is_empty() { header } else { [header, text].concat().into() }
        }),
    };
    let received = bytes.as_ref().map(|bytes| bytes.len() as u64);
    let verdict = match part {
        Part::Whole => Verdict::of(received, fetched.size()),
        // A header may be empty.
        Part::Header | Part::Preview(_) => received.map_or(Verdict::Missing, |_| Verdict::Whole),
    };
    if !defects.iter().any(|defect| matches!(defect, Defect::TooLarge { .. })) {
        defects.extend(verdict.defect());
    }
    Some(Message::new(id, bytes.unwrap_or_default()).with_defects(defects))
}

/// The bytes of a section, if it was sent. NIL counts as empty.
fn section(fetched: &Fetched, section: &Section) -> Option<Bytes> {
    fetched.section(section).map(|found| found.bytes().unwrap_or_default())
}

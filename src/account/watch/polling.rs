//! LIST and STATUS of the watched mailboxes: which exist, and which may have changed. It must not know how the changes are found.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::task::Poll;

use tokio::time::Instant;

use super::event::{WatchMethod, Watched};
use super::held::Held;
use super::known::Known;
use super::outbox::Moved;
use super::runner::Runner;
use super::schedule::Why;
use crate::error::{Error, Result};
use crate::imap::{Imap, Listed, MailboxName, MailboxStatus, StatusItems};
use crate::mailbox::BoxFuture;

/// The most STATUS commands in one round trip.
const AT_ONCE: usize = 50;
/// The most mailboxes of an account that are watched.
const MOST_MAILBOXES: usize = 10_000;

impl Runner {
    /// Finds out which mailboxes exist.
    pub(super) async fn list(&mut self, held: &mut Held) -> Result<()> {
        let listing = held.imap().list("*").await?;
        self.online(held);
        let now = Instant::now();
        let is_watched = |listed: &&Listed| listed.is_selectable() && !listed.has("\\NonExistent");
        let there: BTreeSet<_> =
            listing.iter().filter(is_watched).map(|listed| listed.name.clone()).take(MOST_MAILBOXES).collect();
        self.is_listed = true;
        let is_first = self.known.is_empty() && self.status.is_empty();
        for name in &there {
            self.unlisted.remove(name);
            if !self.known.contains_key(name) {
                // At the first time it existed before; later it is new, or has a new name: its STATUS shows.
                if is_first {
                    self.known.insert(name.clone(), Known::default());
                }
                self.schedule.add(name.clone(), now);
            }
        }
        for name in self.known.keys().filter(|name| !there.contains(*name)) {
            // Silence proves nothing: STATUS decides.
            self.unlisted.insert(name.clone());
            self.schedule.poll_now(name, now);
        }
        Ok(())
    }

    /// The server reports that a mailbox was created, deleted or renamed.
    pub(super) fn listed(&mut self, listed: Listed, now: Instant) {
        if let Some(old) = listed.old_name.as_deref().filter(|old| self.known.contains_key(*old)).cloned() {
            self.renamed(&old, listed.name);
            return;
        }
        if self.names.is_none() {
            self.is_listed = false;
        } else {
            self.schedule.poll_now(&listed.name, now);
        }
    }

    /// Polls the mailboxes whose time it is, in one round trip; at the start and in a full look, all of them, except the one in which IDLE
    /// runs.
    pub(super) async fn poll(
        &mut self,
        held: &mut Held,
        kept: Option<&MailboxName>,
        method: WatchMethod,
    ) -> Result<()> {
        let now = Instant::now();
        let selected = held.selected();
        if let Some(kept) = kept {
            if self.is_full {
                self.schedule.polled(kept, Some(Why::Full), true, now);
            } else if selected.as_ref() != Some(kept) {
                self.schedule.signal(kept);
            }
        }
        let idling = selected.as_ref().filter(|selected| Some(*selected) == kept);
        let names = self.schedule.to_poll(now, |name| Some(name) == idling);
        // STATUS of the selected mailbox is not reliable (RFC 9051 §6.3.11).
        if selected.is_some_and(|selected| names.contains(&selected)) {
            match held.unselect().await {
                // pymap has no UNSELECT, and refuses CLOSE in a mailbox that is open read-only.
                Err(error) if !error.is_refusal() => return Err(error),
                _ => {}
            }
        }
        for names in names.chunks(AT_ONCE) {
            let answers = status(held.imap(), names).await;
            let (mut found, mut refused) = (Vec::new(), Vec::new());
            for (name, answer) in names.iter().zip(answers) {
                match answer {
                    Ok(status) => found.push((name, status)),
                    Err(error) if error.is_refusal() => refused.push((name, error)),
                    Err(error) => return Err(error),
                }
            }
            self.online(held);
            // A mailbox with a new name is found before its old name is missing.
            found.into_iter().for_each(|(name, status)| self.polled(name, status, method));
            refused.into_iter().for_each(|(name, error)| self.refused(name, &error));
        }
        Ok(())
    }

    /// Polls a mailbox that was compared just now.
    pub(super) async fn poll_one(&mut self, held: &mut Held, name: &MailboxName) -> Result<()> {
        match status(held.imap(), std::slice::from_ref(name)).await.pop() {
            Some(Ok(status)) => {
                if self.known.get(name).is_some_and(|known| known.differs(&status)) && self.is_news(name, &status) {
                    self.schedule.signal(name);
                }
                self.counts(name, status);
            }
            Some(Err(error)) if error.is_refusal() => self.refused(name, &error),
            Some(Err(error)) => return Err(error),
            None => {}
        }
        Ok(())
    }

    fn polled(&mut self, name: &MailboxName, status: MailboxStatus, method: WatchMethod) {
        let now = Instant::now();
        if let Some(old) = self.former_name(name, &status) {
            self.renamed(&old, name.clone());
        }
        let was_missing = self.missing.remove(name);
        if !self.known.contains_key(name) {
            let is_created = was_missing || self.names.is_none();
            self.known.insert(name.clone(), if is_created { Known::created() } else { Known::default() });
            if is_created {
                self.report([Watched::Created(name.clone())], []);
            }
        }
        let Some(known) = self.known.get(name) else { return };
        // Without modification sequences counts do not show changed flags.
        let is_blind = status.highest_modseq.is_none_or(|modseq| modseq == 0);
        let differs = known.differs(&status) && (self.is_news(name, &status) || known.is_unread());
        let unseen = self.status.get(name).is_some_and(|before| before.unseen != status.unseen);
        let signal = if method == WatchMethod::Status { Why::Signal } else { self.why() };
        let why = match (differs || is_blind && unseen, is_blind && self.is_full) {
            (true, _) => Some(signal),
            (false, true) => Some(Why::Full),
            (false, false) => None,
        };
        self.schedule.polled(name, why, method == WatchMethod::Notify, now);
        self.counts(name, status);
    }

    /// Whether it is not what the last STATUS had, after which the mailbox was compared.
    fn is_news(&self, name: &MailboxName, status: &MailboxStatus) -> bool {
        self.status.get(name) != Some(status)
    }

    pub(super) fn refused(&mut self, name: &MailboxName, error: &Error) {
        let now = Instant::now();
        self.schedule.set_aside(name, now);
        if error.is_retryable() || !error.is_missing_mailbox() && !self.unlisted.contains(name) {
            tracing::debug!(%error, "a mailbox cannot be watched at the moment");
            return;
        }
        self.unlisted.remove(name);
        self.status.remove(name);
        let was_known = self.known.remove(name).is_some();
        if self.names.is_none() {
            self.schedule.remove(name);
        } else {
            self.missing.insert(name.clone());
        }
        if was_known {
            self.report([Watched::Deleted(name.clone())], [Moved::Gone(name.clone())]);
        }
    }

    /// The name under which this mailbox was known, if it has another one now.
    fn former_name(&self, name: &MailboxName, status: &MailboxStatus) -> Option<MailboxName> {
        let id = status.mailbox_id.as_ref().filter(|_| !self.known.contains_key(name))?;
        let is_it = |old: &&MailboxName| self.status.get(*old).is_some_and(|old| old.mailbox_id.as_ref() == Some(id));
        self.unlisted.iter().find(is_it).cloned()
    }

    fn renamed(&mut self, from: &MailboxName, to: MailboxName) {
        self.unlisted.remove(from);
        let known = self.known.remove(from);
        self.status.remove(from);
        if self.names.as_ref().is_some_and(|names| !names.contains(&to)) {
            // It is not one of those that are watched.
            self.missing.insert(from.clone());
            self.schedule.poll_now(from, Instant::now());
        } else {
            self.schedule.rename(from, to.clone());
            self.missing.remove(&to);
            known.into_iter().for_each(|known| drop(self.known.insert(to.clone(), known)));
            self.schedule.signal(&to);
        }
        let (from, to) = (from.clone(), to);
        self.report([Watched::Renamed { from: from.clone(), to: to.clone() }], [Moved::Renamed(from, to)]);
    }

    /// Reports counts that have changed.
    fn counts(&mut self, name: &MailboxName, status: MailboxStatus) {
        let before = self.status.insert(name.clone(), status.clone());
        let counts = |status: &MailboxStatus| (status.messages, status.unseen);
        if before.is_some_and(|before| counts(&before) != counts(&status)) {
            self.report([Watched::Counts(status)], []);
        }
    }
}

/// STATUS of each of these, in one round trip.
async fn status(imap: &Imap, names: &[MailboxName]) -> Vec<Result<MailboxStatus>> {
    let capabilities = imap.capabilities();
    let mut items = StatusItems::BASE;
    if capabilities.condstore() {
        items = items | StatusItems::HIGHEST_MODSEQ;
    }
    if capabilities.objectid() {
        items = items | StatusItems::MAILBOX_ID;
    }
    let call = |name: &MailboxName| -> BoxFuture<'_, _> { Box::pin(imap.status(name.clone(), items)) };
    all(names.iter().map(call).collect()).await
}

/// The results of all, which run at the same time.
async fn all<T>(calls: Vec<BoxFuture<'_, T>>) -> Vec<T> {
    let mut calls: Vec<_> = calls.into_iter().map(Err).collect();
    poll_fn(|cx| {
        for call in &mut calls {
            if let Err(running) = call
                && let Poll::Ready(value) = running.as_mut().poll(cx)
            {
                *call = Ok(value);
            }
        }
        if calls.iter().all(Result::is_ok) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    calls.into_iter().filter_map(Result::ok).collect()
}

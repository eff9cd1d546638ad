//! [`Appending`]: messages that must be stored once. The evidence is what the mailbox has at or above its earlier UIDNEXT. It must not know
//! what the caller does with the UIDs.

use std::sync::{Arc, Mutex, PoisonError};

use super::evidence::{Compared, End, Likeness, Print, SentHeader, Traces, find, take_known};
use super::settle::{Change, Evidence, look};
use crate::account::Account;
use crate::error::{Error, Kind, Result};
use crate::imap::{Append, AppendOutcome, Appended, AppendedAll, Imap, MailboxName, Uid, Uids};
use crate::mailbox::BoxFuture;

/// Messages for one mailbox.
pub(super) struct Appending<'a> {
    mailbox: MailboxName,
    how: How,
    items: Vec<Item<'a>>,
    /// Where the mailbox ended before the first attempt. The outer `None`: not asked yet.
    end: Option<Option<End>>,
}

/// By which call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum How {
    One,
    All,
    /// In the selected mailbox, by REPLACE.
    Replacing(Uid),
}

struct Item<'a> {
    /// `None` once a reader that can be read once is being sent.
    message: Option<Append<'a>>,
    size: u64,
    header: Arc<Mutex<SentHeader>>,
    outcome: AppendOutcome,
}

impl<'a> Appending<'a> {
    pub(super) fn new(mailbox: MailboxName, how: How, messages: impl IntoIterator<Item = Append<'a>>) -> Self {
        let items = messages.into_iter().map(Item::new).collect();
        Self { mailbox, how, items, end: None }
    }

    /// What became of each message.
    pub(super) fn outcomes(&self) -> AppendedAll {
        let mut all = AppendedAll::default();
        all.messages.extend(self.items.iter().map(|item| item.outcome));
        all
    }

    /// Where the first message is, if that is known.
    pub(super) fn first(&self) -> Option<Appended> {
        self.items.first().and_then(Item::place)
    }

    /// Looks for messages of which the server did not report the UID.
    pub(super) async fn locate(&mut self, account: &Account) -> Result<()> {
        let unlocated = self.items.iter_mut().filter(|item| item.outcome == AppendOutcome::Stored(None));
        unlocated.for_each(|item| item.outcome = AppendOutcome::Unknown);
        if self.is_open() {
            look(account, self, true).await?;
        }
        for item in self.items.iter_mut().filter(|item| item.outcome == AppendOutcome::Unknown) {
            item.outcome = AppendOutcome::Stored(None);
        }
        Ok(())
    }

    async fn send(&mut self, imap: &mut Imap) -> Result<()> {
        if self.end.is_none() {
            self.end = Some(End::of(imap, &self.mailbox).await?);
        }
        if !matches!(self.how, How::Replacing(_)) {
            leave_read_only(imap, &self.mailbox).await?;
        }
        let messages = self.left().map(|item| item.open()).collect::<Result<Vec<_>>>()?;
        match self.how {
            How::All => {
                let result = imap.append_all(&self.mailbox, messages).await;
                let told = result.as_ref().map_or_else(AppendedAll::before, Some).map(|all| all.messages.clone());
                self.left().zip(told.into_iter().flatten()).for_each(|(item, told)| item.outcome = told);
                result.map(drop)
            }
            how => {
                let Some(message) = messages.into_iter().next() else { return Ok(()) };
                let result = match how {
                    How::Replacing(uid) => imap.selected_folder()?.replace(uid, message).await,
                    _ => imap.append(&self.mailbox, message).await,
                };
                let outcome = match &result {
                    Ok(stored) => AppendOutcome::Stored(*stored),
                    Err(error) if error.kind() == Kind::Unknown => AppendOutcome::Unknown,
                    Err(_) => AppendOutcome::NotStored,
                };
                self.left().for_each(|item| item.outcome = outcome);
                result.map(drop)
            }
        }
    }

    /// The messages that are not stored.
    fn left(&mut self) -> impl Iterator<Item = &mut Item<'a>> {
        self.items.iter_mut().filter(|item| item.outcome == AppendOutcome::NotStored)
    }

    async fn find(&mut self, imap: &mut Imap) -> Result<Evidence<()>> {
        let Some(end) = self.end.as_ref().and_then(Option::as_ref) else {
            return Ok(Evidence::Undecided("the server had not reported UIDNEXT and UIDVALIDITY before".into()));
        };
        let Some(mut arrivals) = end.arrivals(imap, Compared::Sent).await? else {
            return Ok(Evidence::Undecided("the mailbox is gone, or has another UIDVALIDITY now".into()));
        };
        let validity = end.validity();
        let known: Uids = self.items.iter().filter_map(Item::place).map(|place| place.uid).collect();
        take_known(&mut arrivals, |uid| known.contains(uid));
        let open = || self.items.iter().filter(|item| item.outcome == AppendOutcome::Unknown);
        let prints: Vec<Print> = open().map(Item::print).collect();
        let found = find(&mut arrivals, &prints, Compared::Sent);
        let stored = found.iter().filter(|found| found.is_ok()).count();
        // RFC 3502: one command stores all of its messages or none.
        let is_together = self.how == How::All && imap.capabilities().multiappend();
        if found.contains(&Err(Likeness::Unclear)) || (is_together && 0 < stored && stored < found.len()) {
            let text = "a message arrived since that may be this one with another header: UID, size, header and \
                        Message-ID of all new messages were compared";
            return Ok(Evidence::Undecided(text.into()));
        }
        let open = self.items.iter_mut().filter(|item| item.outcome == AppendOutcome::Unknown);
        for (item, found) in open.zip(found) {
            if let Ok(uid) = found {
                item.outcome = AppendOutcome::Stored(Some(Appended { uid, validity }));
            }
        }
        let is_stored = |item: &Item<'_>| matches!(item.outcome, AppendOutcome::Stored(_));
        Ok(if self.items.iter().all(is_stored) { Evidence::Done(()) } else { Evidence::NotDone })
    }
}

impl Change for Appending<'_> {
    type Output = ();

    fn make<'b>(&'b mut self, imap: &'b mut Imap) -> BoxFuture<'b, Result<()>> {
        Box::pin(self.send(imap))
    }

    fn look<'b>(&'b mut self, imap: &'b mut Imap, _: bool) -> BoxFuture<'b, Result<Evidence<()>>> {
        Box::pin(self.find(imap))
    }

    fn again(&mut self, lost: Error) -> Result<()> {
        for item in self.items.iter_mut().filter(|item| item.outcome == AppendOutcome::Unknown) {
            item.outcome = AppendOutcome::NotStored;
        }
        match self.left().any(|item| item.message.is_none()) {
            true => Err(unreadable().with_source(lost)),
            false => Ok(()),
        }
    }

    fn is_open(&self) -> bool {
        self.items.iter().any(|item| item.outcome == AppendOutcome::Unknown)
    }

    fn traces(&self) -> Option<Traces> {
        let end = self.end.clone().flatten()?;
        let known = self.items.iter().filter_map(Item::place).map(|place| place.uid).collect();
        let prints = self.items.iter().map(Item::print).collect();
        Some(Traces { end, compared: Compared::Sent, prints, known, reported: Uids::new() })
    }
}

impl<'a> Item<'a> {
    fn new(message: Append<'a>) -> Self {
        let size = message.size();
        Self { message: Some(message), size, header: Arc::default(), outcome: AppendOutcome::NotStored }
    }

    /// The message for one attempt, whose header is noted while it is sent.
    fn open(&mut self) -> Result<Append<'a>> {
        let again = self.message.as_ref().and_then(Append::try_clone);
        let message = again.or_else(|| self.message.take()).ok_or_else(unreadable)?;
        let header = Arc::<Mutex<SentHeader>>::default();
        self.header = header.clone();
        Ok(message.observed(move |octets| header.lock().unwrap_or_else(PoisonError::into_inner).add(octets)))
    }

    fn print(&self) -> Print {
        Print::sent(self.size, &self.header.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn place(&self) -> Option<Appended> {
        match self.outcome {
            AppendOutcome::Stored(place) => place,
            AppendOutcome::NotStored | AppendOutcome::Unknown => None,
        }
    }
}

fn unreadable() -> Error {
    Error::closed("the message is not stored, and its reader cannot be read again")
}

/// Courier refuses APPEND to the mailbox that the session has open read-only, as a look or a lease leaves it.
async fn leave_read_only(imap: &mut Imap, mailbox: &MailboxName) -> Result<()> {
    let Ok(folder) = imap.selected_folder() else { return Ok(()) };
    if folder.info().is_ok_and(|info| info.read_only && info.name == *mailbox) {
        folder.unselect().await?;
    }
    Ok(())
}

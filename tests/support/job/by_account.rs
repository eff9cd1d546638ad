//! The operations by an account: one call for each, and nothing else. What is lost, the account has to find out.

use std::time::Duration;

use postroom::account::{Account, AccountNotice, AccountNotices, Lease};
use postroom::imap::{Append, AppendOutcome, Event, Items, Listing, Query, Section, StatusItems, Uids};
use postroom::{Error, Result};
use tokio::io::AsyncReadExt;

use super::act::Act;
use super::doer::{Doer, Seen};
use super::mail::{mail, token_of};
use super::on_session::PATIENCE;
use super::state::State;
use super::world::Second;

pub(crate) struct ByAccount {
    account: Account,
    notices: AccountNotices,
    /// How long the account has at the end, to find what was doubled.
    farewell: Duration,
}

impl ByAccount {
    pub(crate) fn new(account: Account, farewell: Duration) -> Self {
        Self { notices: account.notices(), account, farewell }
    }

    /// What concerns whole mailboxes, and messages that are stored in one.
    async fn on_mailboxes(&self, act: &Act, start: &State) -> Result<Seen> {
        let account = &self.account;
        match *act {
            Act::Append { to, tokens: &[token], size } => {
                account.append(start.name(to), mail(token, size)).await?;
            }
            Act::Append { to, tokens, size } => {
                let mails = tokens.iter().map(|token| mail(token, size));
                let all = account.append_all(start.name(to), mails).await?;
                let is_stored = |outcome: &AppendOutcome| matches!(outcome, AppendOutcome::Stored(_));
                assert!(all.messages.iter().all(is_stored), "{all:?}");
            }
            Act::AppendOnce { to, token, size } => {
                let message = mail(token, size);
                let once = Append::once(&message[..], message.len() as u64);
                account.append(start.name(to), once).await?;
            }
            Act::Create { name } => account.create_mailbox(start.name(name)).await?,
            Act::Rename { from, to, .. } => account.rename_mailbox(start.name(from), start.name(to)).await?,
            Act::Delete { name, .. } => account.delete_mailbox(start.name(name)).await?,
            Act::Subscribe { name } => account.subscribe(start.name(name)).await?,
            Act::Unsubscribe { name } => account.unsubscribe(start.name(name)).await?,
            Act::List { below } => return Ok(names(account.list(&start.name(&format!("{below}*"))).await?)),
            Act::Subscriptions { below } => {
                return Ok(names(account.list_subscribed(&start.name(&format!("{below}*"))).await?));
            }
            Act::Status { of } => {
                let status = account.status(start.name(of), StatusItems::MESSAGES).await?;
                return Ok(Seen::Count(status.messages.unwrap()));
            }
            _ => unreachable!("{act:?} needs an open mailbox"),
        }
        Ok(Seen::Done)
    }
}

impl Doer for ByAccount {
    async fn act(&mut self, act: &Act, start: &State, second: &dyn Second) -> Result<Seen> {
        match *act {
            Act::Replace { at, .. }
            | Act::Copy { from: at, .. }
            | Act::Move { from: at, .. }
            | Act::Flag { at, .. }
            | Act::FlagIf { at, .. }
            | Act::Expunge { at, .. } => {
                let lease = self.account.select(start.name(at)).await?;
                change(&lease, act, start).await
            }
            Act::Fetch { at, .. } | Act::Read { at, .. } | Act::Search { at, .. } | Act::Idle { at, .. } => {
                let mut lease = self.account.select(start.name(at)).await?;
                look(&mut lease, act, start, second).await
            }
            _ => self.on_mailboxes(act, start).await,
        }
    }

    async fn end(mut self) -> usize {
        tokio::time::sleep(self.farewell).await;
        self.account.shutdown().await;
        drop(self.account);
        let mut doubled = 0;
        while let Some(notice) = self.notices.next().await {
            if let AccountNotice::Doubled { uids, .. } = notice {
                doubled += usize::try_from(uids.len()).unwrap();
            }
        }
        doubled
    }
}

async fn change(lease: &Lease, act: &Act, start: &State) -> Result<Seen> {
    match *act {
        Act::Replace { at, old, new } => {
            lease.replace(start.uid(at, old), mail(new, 0)).await?;
        }
        Act::Copy { from, tokens, to } => {
            lease.copy(start.uids(from, tokens), start.name(to)).await?;
        }
        Act::Move { from, tokens, to } => {
            lease.move_to(start.uids(from, tokens), start.name(to)).await?;
        }
        Act::Flag { at, tokens, mark } => {
            lease.store(start.uids(at, tokens), &mark.change()).await?;
        }
        Act::FlagIf { at, tokens, mark } => {
            let change = mark.change();
            let stored = lease.store(start.uids(at, tokens), &change).unchanged_since(start.modseq(at)).await?;
            if !stored.modified.is_empty() {
                return Ok(Seen::Modified);
            }
        }
        Act::Expunge { at, tokens } => lease.expunge(start.uids(at, tokens)).await?,
        _ => unreachable!("{act:?} is no change in a mailbox"),
    }
    Ok(Seen::Done)
}

async fn look(lease: &mut Lease, act: &Act, start: &State, second: &dyn Second) -> Result<Seen> {
    match *act {
        Act::Fetch { whole, .. } => {
            let items = if whole { Items::MESSAGE } else { Items::ENVELOPE };
            let mut tokens = Vec::new();
            let mut fetched = lease.fetch(Uids::ALL, items).await?;
            while let Some(message) = fetched.try_next().await? {
                tokens.push(match whole {
                    true => message.body().and_then(|body| token_of(&body)).unwrap_or_default(),
                    false => message.subject().unwrap_or_default().into_owned(),
                });
            }
            if !fetched.set_aside().is_empty() {
                return Ok(Seen::Incomplete);
            }
            Ok(Seen::Tokens(tokens))
        }
        Act::Read { at, token } => {
            let mut bytes = Vec::new();
            lease.read(start.uid(at, token), Section::WHOLE).await?.read_to_end(&mut bytes).await?;
            Ok(Seen::Body(bytes))
        }
        Act::Search { subject, .. } => Ok(Seen::Uids(lease.search(&Query::subject(subject)).await?.iter().collect())),
        Act::Idle { at, token } => {
            let before = lease.info().await?.exists;
            let mut events = lease.idle();
            let seen = async {
                while let Some(event) = events.try_next().await? {
                    // One message may have been removed meanwhile.
                    if matches!(event, Event::Exists(now) if now >= before) {
                        return Ok::<_, Error>(true);
                    }
                }
                Ok(false)
            };
            let deliver = async {
                tokio::time::sleep(second.calm()).await;
                second.deliver(at, token);
            };
            let both = async { tokio::join!(seen, deliver).0 };
            Ok(Seen::Event(tokio::time::timeout(second.calm() + PATIENCE, both).await.unwrap_or(Ok(false))?))
        }
        _ => unreachable!("{act:?} reads nothing in a mailbox"),
    }
}

fn names(listing: Listing) -> Seen {
    Seen::Names(listing.into_iter().map(|listed| listed.name.as_str().to_owned()).collect())
}

//! The operations by an account: one call for each, and nothing else. What is lost, the account has to find out.

use std::time::Duration;

use postroom::Result;
use postroom::account::{Account, AccountNotice, AccountNotices};
use postroom::imap::{Listing, Query, StatusItems};

use super::act::Act;
use super::doer::{Doer, Seen};
use super::mail::mail;
use super::on_session::in_folder;
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
            Act::Append { to, tokens: &[token], size } | Act::AppendOnce { to, token, size } => {
                let (to, mail) = (start.name(to), mail(token, size));
                account.run(|imap| Box::pin(imap.append(to.clone(), mail.clone()))).await?;
            }
            Act::Append { to, tokens, size } => {
                let (to, mails) = (start.name(to), tokens.iter().map(move |token| mail(token, size)));
                account.run(|imap| Box::pin(imap.append_all(to.clone(), mails.clone()))).await?;
            }
            Act::Create { name } => {
                let name = start.name(name);
                account.run(|imap| Box::pin(imap.create_mailbox(name.clone()))).await?;
            }
            Act::Rename { from, to, .. } => {
                let (from, to) = (start.name(from), start.name(to));
                account.run(|imap| Box::pin(imap.rename_mailbox(from.clone(), to.clone()))).await?;
            }
            Act::Delete { name, .. } => {
                let name = start.name(name);
                account.run(|imap| Box::pin(imap.delete_mailbox(name.clone()))).await?;
            }
            Act::Subscribe { name } => {
                let name = start.name(name);
                account.run(|imap| Box::pin(imap.subscribe(name.clone()))).await?;
            }
            Act::Unsubscribe { name } => {
                let name = start.name(name);
                if let Err(error) = account.run(|imap| Box::pin(imap.unsubscribe(name.clone()))).await {
                    // Some servers refuse to do it again, after a reply that was lost.
                    let Seen::Names(left) = names(account.run(|imap| Box::pin(imap.list_subscribed("*"))).await?)
                    else {
                        unreachable!("names are names")
                    };
                    if left.contains(&name) {
                        return Err(error);
                    }
                }
            }
            Act::List { below } => {
                let pattern = start.name(&format!("{below}*"));
                let list = account.run(|imap| {
                    let pattern = pattern.clone();
                    Box::pin(async move { imap.list(&pattern).await })
                });
                return Ok(names(list.await?));
            }
            Act::Subscriptions { below } => {
                let pattern = start.name(&format!("{below}*"));
                let list = account.run(|imap| {
                    let pattern = pattern.clone();
                    Box::pin(async move { imap.list_subscribed(&pattern).await })
                });
                return Ok(names(list.await?));
            }
            Act::Status { of } => {
                let name = start.name(of);
                let status = account.run(|imap| Box::pin(imap.status(name.clone(), StatusItems::MESSAGES))).await?;
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
            | Act::Expunge { at, .. }
            | Act::Fetch { at, .. }
            | Act::Read { at, .. }
            | Act::Idle { at, .. } => {
                let mut lease = self.account.select(start.name(at)).await?;
                let mut folder = lease.folder().await?;
                in_folder(&mut folder, act, start, second).await
            }
            Act::Search { at, subject } => {
                let lease = self.account.select(start.name(at)).await?;
                let found = lease.search(&Query::subject(subject)).await?;
                Ok(Seen::Uids(found.iter().collect()))
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

fn names(listing: Listing) -> Seen {
    Seen::Names(listing.into_iter().map(|listed| listed.name.as_str().to_owned()).collect())
}

//! The operations by a plain session: one call for each.

use std::borrow::BorrowMut;
use std::time::Duration;

use postroom::imap::{Append, AppendOutcome, Event, Folder, Imap, Items, Query, Section, StatusItems, Uids};
use postroom::{Error, Result};
use tokio::io::AsyncReadExt;

use super::act::Act;
use super::doer::Seen;
use super::mail::{mail, token_of};
use super::state::State;
use super::world::Second;

/// How long an event is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) async fn perform(imap: &mut Imap, act: &Act, start: &State, second: &dyn Second) -> Result<Seen> {
    match *act {
        Act::Append { to, tokens: [token], size } => {
            imap.append(start.name(to), mail(token, size)).await?;
        }
        Act::Append { to, tokens, size } => {
            let mails = tokens.iter().map(|token| mail(token, size));
            let all = imap.append_all(start.name(to), mails).await?;
            let is_stored = |outcome: &AppendOutcome| matches!(outcome, AppendOutcome::Stored(_));
            assert!(all.messages.iter().all(is_stored), "{all:?}");
        }
        Act::AppendOnce { to, token, size } => {
            let message = mail(token, size);
            let once = Append::once(&message[..], message.len() as u64);
            imap.append(start.name(to), once).await?;
        }
        Act::Create { name } => imap.create_mailbox(start.name(name)).await?,
        Act::Rename { from, to, .. } => imap.rename_mailbox(start.name(from), start.name(to)).await?,
        Act::Delete { name, .. } => imap.delete_mailbox(start.name(name)).await?,
        Act::Subscribe { name } => imap.subscribe(start.name(name)).await?,
        Act::Unsubscribe { name } => imap.unsubscribe(start.name(name)).await?,
        Act::List { below } => return Ok(names(imap.list(&start.name(&format!("{below}*"))).await?)),
        Act::Subscriptions { below } => {
            return Ok(names(imap.list_subscribed(&start.name(&format!("{below}*"))).await?));
        }
        Act::Status { of } => {
            let status = imap.status(start.name(of), StatusItems::MESSAGES).await?;
            return Ok(Seen::Count(status.messages.unwrap()));
        }
        Act::Replace { at, .. }
        | Act::Copy { from: at, .. }
        | Act::Move { from: at, .. }
        | Act::Flag { at, .. }
        | Act::FlagIf { at, .. }
        | Act::Expunge { at, .. }
        | Act::Fetch { at, .. }
        | Act::Read { at, .. }
        | Act::Search { at, .. }
        | Act::Idle { at, .. } => {
            let mut folder = imap.select(start.name(at)).await?;
            return in_folder(&mut folder, act, start, second).await;
        }
    }
    Ok(Seen::Done)
}

pub(crate) async fn in_folder<S: BorrowMut<Imap>>(
    folder: &mut Folder<S>,
    act: &Act,
    start: &State,
    second: &dyn Second,
) -> Result<Seen> {
    match act {
        Act::Fetch { .. } | Act::Read { .. } | Act::Search { .. } | Act::Idle { .. } => {
            look(folder, act, start, second).await
        }
        _ => change(folder, act, start).await,
    }
}

async fn change<S: BorrowMut<Imap>>(folder: &Folder<S>, act: &Act, start: &State) -> Result<Seen> {
    match *act {
        Act::Replace { at, old, new } => {
            folder.replace(start.uid(at, old), mail(new, 0)).await?;
        }
        Act::Copy { from, tokens, to } => {
            folder.copy(start.uids(from, tokens), start.name(to)).await?;
        }
        Act::Move { from, tokens, to } => {
            folder.move_to(start.uids(from, tokens), start.name(to)).await?;
        }
        Act::Flag { at, tokens, mark } => {
            folder.store(start.uids(at, tokens), &mark.change()).await?;
        }
        Act::FlagIf { at, tokens, mark } => {
            let change = mark.change();
            let stored = folder.store(start.uids(at, tokens), &change).unchanged_since(start.modseq(at)).await?;
            if !stored.modified.is_empty() {
                return Ok(Seen::Modified);
            }
        }
        Act::Expunge { at, tokens } => folder.expunge(start.uids(at, tokens)).await?,
        _ => unreachable!("{act:?} is no change in a mailbox"),
    }
    Ok(Seen::Done)
}

async fn look<S: BorrowMut<Imap>>(
    folder: &mut Folder<S>,
    act: &Act,
    start: &State,
    second: &dyn Second,
) -> Result<Seen> {
    match *act {
        Act::Fetch { whole, .. } => {
            let items = if whole { Items::MESSAGE } else { Items::ENVELOPE };
            let mut tokens = Vec::new();
            let mut fetched = folder.fetch(Uids::ALL, items).await?;
            while let Some(message) = fetched.try_next().await? {
                tokens.push(match whole {
                    true => message.body().and_then(|body| token_of(&body)).unwrap_or_default(),
                    false => message.subject().unwrap_or_default().into_owned(),
                });
            }
            Ok(Seen::Tokens(tokens))
        }
        Act::Read { at, token } => {
            let mut bytes = Vec::new();
            let mut body = folder.read(start.uid(at, token), Section::WHOLE).await?;
            body.read_to_end(&mut bytes).await?;
            Ok(Seen::Body(bytes))
        }
        Act::Search { subject, .. } => {
            let found = folder.search(&Query::subject(subject)).await?;
            Ok(Seen::Uids(found.iter().collect()))
        }
        Act::Idle { at, token } => {
            let before = folder.info()?.exists;
            let mut events = folder.idle().await?;
            second.deliver(at, token);
            let seen = async {
                while let Some(event) = events.try_next().await? {
                    // One message may have been removed meanwhile.
                    if matches!(event, Event::Exists(now) if now >= before) {
                        return Ok::<_, Error>(true);
                    }
                }
                Ok(false)
            };
            Ok(Seen::Event(tokio::time::timeout(PATIENCE, seen).await.unwrap_or(Ok(false))?))
        }
        _ => unreachable!("{act:?} reads nothing in a mailbox"),
    }
}

fn names(listing: postroom::imap::Listing) -> Seen {
    Seen::Names(listing.into_iter().map(|listed| listed.name.as_str().to_owned()).collect())
}

//! The calls of extensions: searches that the server keeps, and values of mailboxes. A value is compared with the one that the same call
//! returns without lies.

use postroom::imap::{
    AppendOutcome, EntryName, Folder, Imap, Items, ListReturn, MetadataDepth, NotifyEvent, Query, Scope, Section,
    SortKey, StatusItems, ThreadAlgorithm, Uid,
};
use postroom::{Error, Flag, FlagChange};

use crate::call::{Call, Seen, Task, What};
use crate::imap_calls::{drain, took, uids};

/// What is appended.
pub(crate) const LETTERS: [&str; 3] =
    ["Subject: new\r\n\r\none\r\n", "Subject: newer\r\n\r\nnumber two\r\n", "Subject: newest\r\n\r\nthe last\r\n"];

/// Makes the call in a mailbox that is opened after the lies have begun.
pub(crate) async fn make(task: &mut Task<'_>, imap: &mut Imap, seen: &mut Seen) -> Result<(), Error> {
    let mut inbox = imap.select("INBOX").await?;
    if task.asks_first {
        inbox.noop().await?;
    }
    match task.call {
        Call::SavedFetch | Call::SavedStore | Call::SavedCopy => saved(task, &mut inbox, seen).await,
        Call::Live => live(task, &inbox, seen).await,
        Call::Sort => {
            let query = Query::uids(uids(&task.some()));
            let sorted = inbox.sort(&query, [SortKey::SUBJECT, SortKey::SIZE.reversed()]).await?;
            value(seen, &sorted.list)
        }
        Call::Thread => {
            let query = Query::uids(uids(&task.some()));
            value(seen, inbox.thread(&query, ThreadAlgorithm::References).await?)
        }
        Call::Acl => value(seen, imap.acl("INBOX").await?),
        Call::Rights => value(seen, imap.my_rights("INBOX").await?),
        Call::Quota => value(seen, imap.quotas_of("INBOX").await?),
        Call::Metadata => {
            let comment = [EntryName::PRIVATE_COMMENT];
            value(seen, imap.metadata("INBOX", &comment, MetadataDepth::Entry, None).await?)
        }
        Call::ListWith => {
            let returns = [ListReturn::Status(StatusItems::MESSAGES), ListReturn::MyRights];
            value(seen, imap.list_with(&["*"], &[], &returns).await?)
        }
        Call::Notify => {
            let events = vec![NotifyEvent::MessageNew(None), NotifyEvent::MessageExpunge];
            value(seen, imap.notify(&[(Scope::Personal, events)]).await?)
        }
        Call::AppendAll => append_all(imap, seen).await,
        _ => replace(task, &inbox, seen).await,
    }
}

fn value(seen: &mut Seen, value: impl std::fmt::Debug) -> Result<(), Error> {
    seen.value = Some(format!("{value:?}"));
    Ok(())
}

fn unseen(task: &Task<'_>) -> Vec<u32> {
    task.world.mail.iter().filter(|mail| !mail.seen).map(|mail| mail.uid).collect()
}

async fn saved(task: &mut Task<'_>, inbox: &mut Folder<&mut Imap>, seen: &mut Seen) -> Result<(), Error> {
    seen.scope = unseen(task);
    let saved = inbox.search(&Query::unseen()).save().await?;
    match task.call {
        Call::SavedFetch => {
            seen.wanted = unseen(task);
            let mut mail = inbox.fetch(&saved, Items::MESSAGE.flags()).await?;
            drain(&mut mail, Some(&(Section::WHOLE, What::Whole)), seen).await
        }
        Call::SavedStore => inbox.store(&saved, &FlagChange::add([Flag::FLAGGED])).await.map(drop),
        _ => {
            took(&inbox.copy(&saved, "Archive").await?, seen);
            Ok(())
        }
    }
}

/// A flag of one message is removed in another way than the search knows, and the result follows.
async fn live(task: &mut Task<'_>, inbox: &Folder<&mut Imap>, seen: &mut Seen) -> Result<(), Error> {
    let mut live = inbox.search(&Query::unseen()).live().await?;
    let mut left = unseen(task);
    let uid = left.remove(task.rng.below(left.len()));
    seen.scope = vec![uid];
    inbox.store(Uid::new(uid).unwrap(), &FlagChange::add([Flag::SEEN])).await?;
    inbox.noop().await?;
    live.try_next().await?;
    seen.wanted = left;
    seen.found = Some(live.found().iter().map(Uid::as_u32).collect());
    Ok(())
}

async fn append_all(imap: &Imap, seen: &mut Seen) -> Result<(), Error> {
    let all = imap.append_all("Archive", LETTERS).await?;
    let stored = |outcome: &AppendOutcome| matches!(outcome, AppendOutcome::Stored(_));
    seen.filed =
        all.messages.iter().zip(LETTERS).filter(|(outcome, _)| stored(outcome)).map(|(_, text)| text).collect();
    Ok(())
}

async fn replace(task: &mut Task<'_>, inbox: &Folder<&mut Imap>, seen: &mut Seen) -> Result<(), Error> {
    let uid = task.one();
    seen.scope = vec![uid];
    seen.replaced = Some(uid);
    inbox.replace(Uid::new(uid).unwrap(), LETTERS[0]).await.map(drop)
}

/// For a truthful session: the value that has to come out.
pub(crate) async fn prepare(imap: &Imap) -> Result<(), Error> {
    imap.set_metadata("INBOX", &[(EntryName::PRIVATE_COMMENT, Some(b"a comment".to_vec()))]).await
}

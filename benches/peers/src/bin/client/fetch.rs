//! Many messages by one FETCH: envelopes, flags, small whole messages.

use postroom::imap::{Fetched, Items, PageOrder, PageRange, Query, Resumed, SortKey, SyncPoint, Uids};
use postroom_benches::checksum::Sum;
use postroom_benches::cli::{Args, Result};

use crate::values;

/// Every field of an envelope and the other items; with `--fields few` only UID, subject and first sender.
pub(crate) async fn envelope(args: &Args) -> Result<()> {
    let items = Items::new().flags().internal_date().size().envelope().body_structure();
    match args.or("fields", String::new())?.as_str() {
        "few" => fetch(args, items, values::few).await,
        _ => fetch(args, items, values::message).await,
    }
}

/// UIDs and flags.
pub(crate) async fn flags(args: &Args) -> Result<()> {
    fetch(args, Items::FLAGS, values::flags).await
}

/// Whole messages; with `--sum 0` only their lengths, as a drain counts.
pub(crate) async fn bodies(args: &Args) -> Result<()> {
    let each = if args.or("sum", 1)? == 1 { values::body } else { values::length };
    fetch(args, Items::MESSAGE, each).await
}

async fn fetch(args: &Args, items: Items, each: impl Fn(&mut Sum, &Fetched) -> Result<u64>) -> Result<()> {
    let mut imap = crate::connect(args).await?;
    let mut folder = imap.examine("INBOX").await?;
    for _ in 0..args.or("reps", 1)? {
        let (mut sum, mut messages, mut bytes) = (Sum::default(), 0u64, 0u64);
        let mut mail = folder.fetch(Uids::ALL, items.clone()).await?;
        while let Some(fetched) = mail.try_next().await? {
            bytes += each(&mut sum, &fetched)?;
            messages += 1;
        }
        drop(mail);
        println!("messages {messages}\nbytes {bytes}\nchecksum {:016x}", sum.value());
    }
    drop(folder);
    Ok(imap.logout().await?)
}

/// The first data of a mailbox, in as few round trips as possible.
pub(crate) async fn first(args: &Args) -> Result<()> {
    let mut imap = crate::connect(args).await?;
    let mut mail = imap.open("INBOX").fetch(Uids::ALL, Items::FLAGS).await?;
    let (mut sum, mut messages) = (Sum::default(), 0u64);
    while let Some(fetched) = mail.try_next().await? {
        values::flags(&mut sum, &fetched)?;
        messages += 1;
    }
    println!("messages {messages}\nchecksum {:016x}", sum.value());
    drop(mail);
    Ok(imap.logout().await?)
}

/// The newest 50 messages: by UID, or by date.
pub(crate) async fn page(args: &Args) -> Result<()> {
    let mut imap = crate::connect(args).await?;
    let folder = imap.examine("INBOX").await?;
    let order = match args.need::<String>("by")?.as_str() {
        "date" => PageOrder::by([SortKey::DATE.reversed()]),
        _ => PageOrder::NEWEST,
    };
    let page = folder.page(&Query::all(), order, PageRange::first(50)).items(Items::FLAGS).await?;
    let uids: Vec<u64> =
        page.messages.iter().filter_map(|message| message.uid()).map(|uid| uid.as_u32().into()).collect();
    println!("messages {}\nnewest {}\nsorted {}", uids.len(), uids[0], uids.is_sorted_by(|one, next| one > next));
    drop(folder);
    Ok(imap.logout().await?)
}

/// What happened in a mailbox of `--count` messages, of which `--changed` have changed: the replay server's history.
pub(crate) async fn resume(args: &Args) -> Result<()> {
    let (count, part) = (args.need::<u64>("count")?, args.need::<u64>("changed")? / 4);
    let known = format!("1:{},{}:{}", count - part, count + 1, count + part);
    let point: SyncPoint = format!("1/1577836800/{}/100000/{known}", count + part + 1).parse()?;
    let mut imap = crate::connect(args).await?;
    let mut changes = imap.open("INBOX").resume(&point).await?;
    let mut messages = 0;
    while let Some(change) = changes.try_next().await? {
        messages += match change {
            Resumed::Vanished(uids) => uids.len(),
            Resumed::Changed(_) | Resumed::New(_) => 1,
            other => return Err(format!("{other:?} is no change").into()),
        };
    }
    let (_, next) = changes.finish().await?;
    println!("messages {messages}\nknown {}", next.known.len());
    Ok(imap.logout().await?)
}

//! The program: it lists, fetches, reads, sets flags if it can, and deletes the first message. It knows no protocol.

use postroom::{Flag, FlagChange, Kind, Mailbox, MessageId, Part};
use tokio::io::AsyncReadExt;

/// What a mailbox returned, in either protocol.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Harvest {
    pub(crate) subjects: Vec<Option<String>>,
    pub(crate) whole: Vec<Vec<u8>>,
}

pub(crate) async fn harvest(mailbox: &mut dyn Mailbox) -> Harvest {
    let ids: Vec<MessageId> = mailbox.entries().await.unwrap().into_iter().map(|entry| entry.id).collect();
    let mut subjects = vec![None; ids.len()];
    let mut headers = mailbox.messages(&ids, Part::Header).await.unwrap();
    while let Some(message) = headers.try_next().await.unwrap() {
        let at = ids.iter().position(|id| id == message.id()).unwrap();
        assert!(subjects[at].is_none() && message.defects().is_empty());
        subjects[at] = message.parse().and_then(|mail| mail.subject().map(str::to_owned));
    }
    drop(headers);
    let mut whole = Vec::new();
    for id in &ids {
        let mut bytes = Vec::new();
        mailbox.open(id).await.unwrap().read_to_end(&mut bytes).await.unwrap();
        whole.push(bytes);
    }
    let mut messages = mailbox.messages(&ids, Part::Whole).await.unwrap();
    while let Some(message) = messages.try_next().await.unwrap() {
        let at = ids.iter().position(|id| id == message.id()).unwrap();
        assert_eq!(message.bytes().as_ref(), whole[at], "fetched and read are the same");
    }
    Harvest { subjects, whole }
}

/// Deletes the first message permanently.
pub(crate) async fn delete_first(mailbox: &mut dyn Mailbox) -> MessageId {
    let first = mailbox.entries().await.unwrap().remove(0).id;
    mailbox.mark_deleted(std::slice::from_ref(&first)).await.unwrap();
    let committed = mailbox.commit().await.unwrap();
    assert_eq!((committed.deleted, committed.unknown), (vec![first.clone()], Vec::new()));
    first
}

/// Flags the first message, or learns in advance that it cannot.
pub(crate) async fn flag_first(mailbox: &mut dyn Mailbox) -> bool {
    let can = mailbox.features().flags;
    let first = mailbox.entries().await.unwrap().remove(0).id;
    let change = FlagChange::add([Flag::FLAGGED]);
    match mailbox.flag(std::slice::from_ref(&first), &change).await {
        Ok(()) => assert!(can),
        Err(error) => assert!(!can && error.kind() == Kind::Unsupported, "{error:?}"),
    }
    can
}

//! The changes, each with what it needs, and how its effects are counted.

use postroom::account::Account;
use postroom::imap::{Append, Uid, Uids};
use postroom::testing::{Server, Snapshot};
use postroom::{Flag, FlagChange, Result};

use super::world::session;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Act {
    Append,
    /// Larger than what is sent without a continuation.
    AppendLarge,
    AppendOnce,
    AppendAll,
    Replace,
    Copy,
    CopyHere,
    Move,
    StoreIf,
    Store,
    Expunge,
    Create,
    Rename,
    RenameInbox,
    Delete,
    Subscribe,
}

impl Act {
    pub(super) const ALL: [Self; 16] = [
        Self::Append,
        Self::AppendLarge,
        Self::AppendOnce,
        Self::AppendAll,
        Self::Replace,
        Self::Copy,
        Self::CopyHere,
        Self::Move,
        Self::StoreIf,
        Self::Store,
        Self::Expunge,
        Self::Create,
        Self::Rename,
        Self::RenameInbox,
        Self::Delete,
        Self::Subscribe,
    ];

    /// Whether messages are sent.
    pub(super) fn sends(self) -> bool {
        matches!(self, Self::Append | Self::AppendLarge | Self::AppendOnce | Self::AppendAll | Self::Replace)
    }

    pub(super) async fn prepare(self, server: &Server) {
        session(server).await.create_mailbox("Target").await.unwrap();
        for token in ["one", "two", "three"] {
            let flags: &[&str] = if self == Self::Expunge { &["\\Deleted"] } else { &[] };
            server.deliver("alice", "INBOX", mail(token, 0), flags).unwrap();
        }
        server.deliver("alice", "Target", mail("bystander", 0), &[]).unwrap();
    }

    pub(super) async fn perform(self, account: &Account) -> Result<()> {
        let uids = || Uids::range(Uid::new(1).unwrap(), Uid::new(2).unwrap());
        let flagged = FlagChange::add([Flag::FLAGGED]);
        match self {
            Self::Append => account.append("Target", mail("new", 0)).await.map(drop),
            Self::AppendLarge => account.append("Target", mail("new", 9_000)).await.map(drop),
            Self::AppendOnce => {
                let mail = mail("new", 0);
                account.append("Target", Append::once(&mail[..], mail.len() as u64)).await.map(drop)
            }
            Self::AppendAll => {
                let mails = ["new", "newer", "newest"].map(|token| mail(token, 0));
                account.append_all("Target", mails).await.map(drop)
            }
            Self::Replace => account.select("INBOX").await?.replace(Uid::new(1)?, mail("new", 0)).await.map(drop),
            Self::Copy => account.select("INBOX").await?.copy(uids(), "Target").await.map(drop),
            Self::CopyHere => account.select("INBOX").await?.copy(uids(), "INBOX").await.map(drop),
            Self::Move => account.select("INBOX").await?.move_to(uids(), "Target").await.map(drop),
            Self::Store => account.select("INBOX").await?.store(uids(), &flagged).await.map(drop),
            Self::StoreIf => {
                let inbox = account.select("INBOX").await?;
                let modseq = inbox.info().await?.highest_modseq.unwrap_or(1_000_000);
                let stored = inbox.store(uids(), &flagged).unchanged_since(modseq).await?;
                assert!(stored.modified.is_empty(), "{stored:?}");
                Ok(())
            }
            Self::Expunge => account.select("INBOX").await?.expunge(uids()).await,
            Self::Create => account.create_mailbox("Created").await,
            Self::Rename => account.rename_mailbox("Target", "Renamed").await,
            Self::RenameInbox => account.rename_mailbox("INBOX", "Renamed").await,
            Self::Delete => account.delete_mailbox("Target").await,
            Self::Subscribe => account.subscribe("Target").await,
        }
    }

    /// How often each of its effects is there. Every other message must be where it was.
    pub(super) fn effects(self, after: &Snapshot) -> Vec<usize> {
        let count = |place: &str, token: &str| count(after, place, token);
        let inbox = ["one", "two", "three"].map(|token| count("INBOX", token));
        let is_there = |name: &str| usize::from(after.mailboxes.contains_key(name));
        let is_flagged = |uid: u32| {
            let has = |flags: &[String]| flags.iter().any(|flag| flag == "\\Flagged");
            let is_it = after.messages("INBOX").iter().any(|message| message.uid == uid && has(&message.flags));
            usize::from(is_it)
        };
        if self != Self::Rename && self != Self::Delete {
            assert_eq!(count("Target", "bystander"), 1);
        }
        if self != Self::RenameInbox {
            assert_eq!(inbox[2], 1);
        }
        match self {
            Self::Append | Self::AppendLarge | Self::AppendOnce => vec![count("Target", "new")],
            Self::AppendAll => ["new", "newer", "newest"].map(|token| count("Target", token)).to_vec(),
            Self::Replace => vec![count("INBOX", "new"), 1 - inbox[0]],
            Self::Copy => {
                assert_eq!(inbox, [1; 3]);
                vec![count("Target", "one"), count("Target", "two")]
            }
            Self::CopyHere => vec![inbox[0] - 1, inbox[1] - 1],
            Self::Move => vec![count("Target", "one"), count("Target", "two"), 1 - inbox[0], 1 - inbox[1]],
            Self::Store | Self::StoreIf => vec![is_flagged(1), is_flagged(2), 1 - is_flagged(3)],
            Self::Expunge => vec![1 - inbox[0], 1 - inbox[1]],
            Self::Create => vec![is_there("Created")],
            Self::Rename => vec![count("Renamed", "bystander"), 1 - is_there("Target")],
            Self::RenameInbox => {
                vec![count("Renamed", "one"), count("Renamed", "two"), count("Renamed", "three"), 1 - inbox[0]]
            }
            Self::Delete => vec![1 - is_there("Target")],
            Self::Subscribe => vec![usize::from(after.mailboxes["Target"].subscribed)],
        }
    }
}

/// A message that is known again by its token.
pub(super) fn mail(token: &str, size: usize) -> Vec<u8> {
    let text = "a line of text\r\n".repeat(size / 16);
    let header = format!("From: a@example.org\r\nSubject: {token}\r\nMessage-ID: <{token}@example.org>\r\n");
    format!("{header}\r\ntoken={token}.\r\n{text}").into_bytes()
}

pub(super) fn count(after: &Snapshot, place: &str, token: &str) -> usize {
    let token = format!("token={token}.");
    let has = |bytes: &[u8]| bytes.windows(token.len()).any(|part| part == token.as_bytes());
    after.messages(place).iter().filter(|message| has(&message.bytes)).count()
}

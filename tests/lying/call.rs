//! The calls whose answers are changed, and what is observed of each: bodies, lists, messages reported as missing. How a call is made is
//! in `imap_calls.rs`, `pop3_calls.rs` and `collecting.rs`.

use std::fmt;

use postroom::{Defect, Error, Message, MessageId};

use crate::mail::World;
use crate::rng::Rng;

macro_rules! calls {
    ($($name:ident),* $(,)?) => {
        #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
        pub(crate) enum Call { $($name),* }

        impl Call {
            pub(crate) const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

calls! {
    Read, ReadHeader, ReadPart, Fetch, FetchHeader, FetchPart, FetchModSeq, Get, MailboxFetch, MailboxHeader, MailboxPreview,
    MailboxRead, Entries, Search, Store, Flag, Copy, Move, MoveWithout, CollectMaildir, CollectMbox,
    PopFetch, PopRetr, PopTop, PopRead, PopListings, PopMailboxFetch, PopMailboxHeader, PopMailboxRead, PopEntries,
    PopCollectMaildir, PopCollectMbox,
    SavedFetch, SavedStore, SavedCopy, Live, Sort, Thread, Acl, Rights, Quota, Metadata, ListWith, Notify, AppendAll,
    Replace,
}

impl Call {
    pub(crate) fn is_pop3(self) -> bool {
        format!("{self:?}").starts_with("Pop")
    }

    /// Whether it deletes from the server what it has read.
    pub(crate) fn deletes(self) -> bool {
        matches!(self, Self::CollectMaildir | Self::CollectMbox | Self::PopCollectMaildir | Self::PopCollectMbox)
    }

    /// Whether it is in `extension_calls.rs`.
    pub(crate) fn is_of_extension(self) -> bool {
        self >= Self::SavedFetch
    }

    /// Whether it returns a value that does not depend on chance.
    pub(crate) fn has_value(self) -> bool {
        self >= Self::Sort && self <= Self::Notify
    }

    /// The approximate number of answers that it waits for.
    pub(crate) fn answers(self) -> usize {
        match self {
            Self::CollectMaildir | Self::CollectMbox | Self::MoveWithout => 3,
            Self::PopCollectMaildir | Self::PopCollectMbox => 12,
            _ if self.is_pop3() => 6,
            _ => 1,
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{self:?}"))
    }
}

/// The requested part of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum What {
    Whole,
    Header,
    Part,
    /// The header and the text's beginning.
    Preview,
}

/// A text that was delivered without a defect.
pub(crate) struct Text {
    /// The message; `None` if its name is not one that the server has.
    pub(crate) uid: Option<u32>,
    pub(crate) what: What,
    pub(crate) bytes: Vec<u8>,
}

/// The result of a call.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) texts: Vec<Text>,
    /// The messages that should be in the answer.
    pub(crate) wanted: Vec<u32>,
    /// The messages that were delivered or listed, with or without defects.
    pub(crate) delivered: Vec<Option<u32>>,
    /// Those of them that are reported as not delivered.
    pub(crate) lacking: Vec<u32>,
    /// The messages whose answers came unchanged.
    pub(crate) intact: Vec<u32>,
    /// Whether the call reports that this is all.
    pub(crate) complete: bool,
    pub(crate) errors: Vec<String>,
    pub(crate) found: Option<Vec<u32>>,
    /// The messages that may be changed or moved.
    pub(crate) scope: Vec<u32>,
    /// Those that became others, by the answer.
    pub(crate) copied: Option<Vec<u32>>,
    /// The requested or listed messages that are reported as gone.
    pub(crate) gone: Vec<u32>,
    /// How many messages are reported as different at each reading.
    pub(crate) differing: usize,
    /// What is durably stored.
    pub(crate) stored: Option<Vec<Vec<u8>>>,
    /// What was sent for a mailbox that had become another.
    pub(crate) stale: Vec<String>,
    /// What was requested by UIDs of a mailbox that became another before the answer was over.
    pub(crate) overtaken: Option<String>,
    /// What a call of an extension returns.
    pub(crate) value: Option<String>,
    /// What the same call returns without lies.
    pub(crate) truth: Option<String>,
    /// The texts that are reported as appended to another mailbox.
    pub(crate) filed: Vec<&'static str>,
    /// The message that another one takes the place of.
    pub(crate) replaced: Option<u32>,
    pub(crate) panicked: bool,
    /// How many lines the listings had.
    pub(crate) lines: usize,
}

impl Seen {
    pub(crate) fn failed(&mut self, error: impl Into<Error>) {
        let error = error.into();
        self.complete = false;
        self.errors.push(format!("{error:#}"));
    }

    pub(crate) fn text(&mut self, uid: Option<u32>, what: What, bytes: impl Into<Vec<u8>>) {
        self.texts.push(Text { uid, what, bytes: bytes.into() });
    }

    pub(crate) fn message(&mut self, message: &Message, what: What) {
        let uid = uid_of(message.id());
        self.delivered.push(uid);
        if message.defects().contains(&Defect::Missing) {
            self.lacking.extend(uid);
        }
        if message.defects().is_empty() {
            self.text(uid, what, message.bytes().to_vec());
        }
    }
}

/// The server's own number in an id: the UID, or what follows the hyphen of its UIDL.
pub(crate) fn uid_of(id: &MessageId) -> Option<u32> {
    let text = id.to_string();
    let key = text.rsplit('/').next()?;
    let is_imap = text.contains(":imap:");
    let number = if is_imap { key } else { key.split_once('-')?.1 };
    number.parse().ok()
}

/// The context of a call.
pub(crate) struct Task<'a> {
    pub(crate) call: Call,
    pub(crate) world: &'a World,
    /// Random choices that are not part of the lie: which message, which policy.
    pub(crate) rng: Rng,
    /// Whether a NOOP comes first, to carry what is about the mailbox.
    pub(crate) asks_first: bool,
}

impl Task<'_> {
    pub(crate) fn one(&mut self) -> u32 {
        self.world.mail[self.rng.below(self.world.mail.len())].uid
    }

    /// All messages but two.
    pub(crate) fn some(&self) -> Vec<u32> {
        self.world.mail.iter().map(|mail| mail.uid).filter(|uid| ![5, 10].contains(uid)).collect()
    }

    pub(crate) fn all(&self) -> Vec<u32> {
        self.world.mail.iter().map(|mail| mail.uid).collect()
    }
}

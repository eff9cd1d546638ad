//! The operations, as values, and the mail that each needs. Each has messages and mailboxes of its own, so that what became of one says
//! nothing about another, and any order is fine.

use postroom::{Flag, FlagChange};

/// A mailbox as the job names it: levels divided by `/`.
pub(crate) type Place = &'static str;
pub(crate) type Tokens = &'static [&'static str];

#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// One message by APPEND; several by one call that appends all.
    Append {
        to: Place,
        tokens: Tokens,
        size: usize,
    },
    /// From a reader that can be read once.
    AppendOnce {
        to: Place,
        token: &'static str,
        size: usize,
    },
    Replace {
        at: Place,
        old: &'static str,
        new: &'static str,
    },
    Copy {
        from: Place,
        tokens: Tokens,
        to: Place,
    },
    Move {
        from: Place,
        tokens: Tokens,
        to: Place,
    },
    Flag {
        at: Place,
        tokens: Tokens,
        mark: Mark,
    },
    /// On condition that nobody changed the messages since the job began.
    FlagIf {
        at: Place,
        tokens: Tokens,
        mark: Mark,
    },
    /// By UID, of messages that are marked as deleted already.
    Expunge {
        at: Place,
        tokens: Tokens,
    },
    Create {
        name: Place,
    },
    /// A mailbox with one message.
    Rename {
        from: Place,
        to: Place,
        token: &'static str,
    },
    /// A mailbox with one message.
    Delete {
        name: Place,
        token: &'static str,
    },
    Subscribe {
        name: Place,
    },
    Unsubscribe {
        name: Place,
    },
    /// The subjects of all messages, or the messages themselves.
    Fetch {
        at: Place,
        whole: bool,
    },
    /// One body as a stream.
    Read {
        at: Place,
        token: &'static str,
    },
    Search {
        at: Place,
        subject: &'static str,
    },
    List {
        below: Place,
    },
    Subscriptions {
        below: Place,
    },
    Status {
        of: Place,
    },
    /// Until the message that the second client delivers is seen.
    Idle {
        at: Place,
        token: &'static str,
    },
}

/// A change of flags.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mark {
    AddFlagged,
    RemoveSeen,
    SetDraft,
}

/// A message that is there when the job begins.
#[derive(Clone, Debug)]
pub(super) struct Needed {
    pub(super) at: Place,
    pub(super) token: &'static str,
    pub(super) flags: Vec<Flag>,
    pub(super) size: usize,
}

/// The mailbox that is only read.
const LIBRARY: &str = "Library";
/// Its messages, with their sizes.
const BOOKS: &[(&str, usize)] = &[
    ("book-1", 0),
    ("book-2", 500),
    ("book-3", 0),
    ("large", 6_000),
    ("novel-1", 0),
    ("book-4", 100),
    ("novel-2", 200),
    ("book-5", 0),
];

/// A message in each of these mailboxes that the second client may remove, before all others there.
pub(crate) const DISPOSABLE: &str = "disposable";
const WITH_DISPOSABLE: &[Place] = &["INBOX", "Target", LIBRARY];

/// Messages that nobody touches; the first is marked as deleted, and stays, since EXPUNGE names others.
const BYSTANDERS: &[(Place, &str, bool)] =
    &[("INBOX", "bystander-marked", true), ("INBOX", "bystander", false), ("Target", "bystander-there", false)];

pub(crate) const ACTS: &[Act] = &[
    Act::Append { to: "Target", tokens: &["append-1"], size: 0 },
    Act::Fetch { at: LIBRARY, whole: false },
    Act::Append { to: "INBOX", tokens: &["append-2"], size: 3_000 },
    Act::Copy { from: "INBOX", tokens: &["copy-1"], to: "Target" },
    Act::Flag { at: "INBOX", tokens: &["flag-1"], mark: Mark::AddFlagged },
    Act::Move { from: "INBOX", tokens: &["move-1"], to: "Target" },
    Act::Create { name: "Created" },
    Act::AppendOnce { to: "Target", token: "once-1", size: 300 },
    Act::Search { at: LIBRARY, subject: "novel" },
    Act::Rename { from: "Old", to: "Renamed", token: "renamed-1" },
    Act::Expunge { at: "INBOX", tokens: &["expunge-1"] },
    Act::Append { to: "Target", tokens: &["multi-1", "multi-2", "multi-3"], size: 50 },
    Act::Read { at: LIBRARY, token: "large" },
    Act::Copy { from: "INBOX", tokens: &["copy-2", "copy-3"], to: "Target" },
    Act::FlagIf { at: "INBOX", tokens: &["if-1"], mark: Mark::AddFlagged },
    Act::Delete { name: "Doomed", token: "doomed-1" },
    Act::Idle { at: "Busy", token: "arrived-1" },
    Act::Move { from: "INBOX", tokens: &["move-2", "move-3"], to: "Target" },
    Act::Subscribe { name: LIBRARY },
    Act::Replace { at: "INBOX", old: "replace-1", new: "replaced-1" },
    Act::Status { of: LIBRARY },
    Act::Flag { at: "INBOX", tokens: &["flag-2", "flag-3"], mark: Mark::RemoveSeen },
    Act::Create { name: "Shelf/Created" },
    Act::Append { to: "Target", tokens: &["append-3"], size: 0 },
    Act::List { below: "Attic" },
    Act::Copy { from: "INBOX", tokens: &["copy-4"], to: "INBOX" },
    Act::Fetch { at: LIBRARY, whole: true },
    Act::Delete { name: "Shelf/Doomed", token: "doomed-2" },
    Act::Flag { at: "INBOX", tokens: &["flag-4"], mark: Mark::SetDraft },
    Act::Expunge { at: "INBOX", tokens: &["expunge-2", "expunge-3"] },
    Act::Unsubscribe { name: "Target" },
    Act::Append { to: "INBOX", tokens: &["multi-4", "multi-5"], size: 0 },
    Act::Move { from: "Target", tokens: &["move-4"], to: "INBOX" },
    Act::FlagIf { at: "INBOX", tokens: &["if-2", "if-3"], mark: Mark::RemoveSeen },
    Act::Rename { from: "Shelf/Old", to: "Shelf/Renamed", token: "renamed-2" },
    Act::Read { at: LIBRARY, token: "book-2" },
    Act::Replace { at: "Target", old: "replace-2", new: "replaced-2" },
    Act::Subscriptions { below: "Attic" },
    Act::Idle { at: "INBOX", token: "arrived-2" },
    Act::Append { to: "Target", tokens: &["append-4"], size: 0 },
];

/// Every mailbox, besides INBOX, that is there at the beginning.
pub(super) const PLACES: &[Place] = &[
    "Target",
    LIBRARY,
    "Old",
    "Doomed",
    "Busy",
    "Shelf",
    "Shelf/Old",
    "Shelf/Doomed",
    "Attic",
    "Attic/Box",
    "Attic/Chest",
];

/// Those that are subscribed to, and no others.
pub(super) const SUBSCRIBED: &[Place] = &["Target", "Attic", "Attic/Chest"];

/// Every message that is there at the beginning.
pub(super) fn needed() -> Vec<Needed> {
    let plain = |at, token, size| Needed { at, token, flags: Vec::new(), size };
    let mut all: Vec<_> = WITH_DISPOSABLE.iter().map(|at| plain(at, DISPOSABLE, 0)).collect();
    all.extend(BOOKS.iter().map(|&(token, size)| plain(LIBRARY, token, size)));
    for &(at, token, is_marked) in BYSTANDERS {
        let flags = if is_marked { vec![Flag::DELETED] } else { Vec::new() };
        all.push(Needed { flags, ..plain(at, token, 0) });
    }
    for act in ACTS {
        match *act {
            Act::Replace { at, old, .. } => all.push(plain(at, old, 0)),
            Act::Copy { from, tokens, .. } | Act::Move { from, tokens, .. } => {
                all.extend(tokens.iter().map(|token| plain(from, token, 0)));
            }
            Act::Flag { at, tokens, mark } | Act::FlagIf { at, tokens, mark } => {
                all.extend(tokens.iter().map(|token| Needed { flags: mark.before(), ..plain(at, token, 0) }));
            }
            Act::Expunge { at, tokens } => {
                all.extend(tokens.iter().map(|token| Needed { flags: vec![Flag::DELETED], ..plain(at, token, 0) }));
            }
            Act::Rename { from: at, token, .. } | Act::Delete { name: at, token } => all.push(plain(at, token, 0)),
            _ => {}
        }
    }
    all
}

impl Mark {
    pub(crate) fn change(self) -> FlagChange {
        match self {
            Self::AddFlagged => FlagChange::add([Flag::FLAGGED]),
            Self::RemoveSeen => FlagChange::remove([Flag::SEEN]),
            Self::SetDraft => FlagChange::set([Flag::DRAFT]),
        }
    }

    fn before(self) -> Vec<Flag> {
        match self {
            Self::AddFlagged => Vec::new(),
            Self::RemoveSeen => vec![Flag::SEEN],
            Self::SetDraft => vec![Flag::ANSWERED],
        }
    }

    /// Whether these flags, sorted, show that the change was made.
    pub(super) fn is_made(self, flags: &[String]) -> bool {
        let has = |name: &str| flags.iter().any(|flag| flag.eq_ignore_ascii_case(name));
        match self {
            Self::AddFlagged => has("\\Flagged"),
            Self::RemoveSeen => !has("\\Seen"),
            Self::SetDraft => has("\\Draft") && !has("\\Answered"),
        }
    }
}

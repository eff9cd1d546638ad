//! LIST and LSUB (RFC 9051 §6.3.9, RFC 5258, RFC 3501 §6.3.9): returns the mailboxes whose names match a pattern.

use bytes::Bytes;

use super::{Command, EncodeOptions, Frames};
use crate::error::Result;
use crate::imap::codec::{self, Line};
use crate::imap::plan::{Claims, Order, Plan};
use crate::imap::types::{Condition, Listed, Listing};

pub(crate) struct List<'a> {
    pub(crate) pattern: &'a str,
    pub(crate) selection: Selection,
    pub(crate) options: Options,
    pub(crate) utf8: bool,
}

/// The return options of LIST, in ascending order: the ladder that is climbed down if a server refuses them.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Options {
    /// None: the server does not support options.
    #[default]
    None,
    /// CHILDREN.
    Children,
    /// CHILDREN and SPECIAL-USE.
    SpecialUse,
    /// These, and data of other commands: STATUS, MYRIGHTS, METADATA.
    Data,
}

impl Options {
    /// The options to try next if a server refuses these.
    pub(crate) fn less(self) -> Option<Self> {
        match self {
            Self::None => None,
            Self::Children => Some(Self::None),
            Self::SpecialUse => Some(Self::Children),
            Self::Data => Some(Self::SpecialUse),
        }
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Self::None => &[],
            Self::Children => &["CHILDREN"],
            Self::SpecialUse | Self::Data => &["CHILDREN", "SPECIAL-USE"],
        }
    }
}

/// Which mailboxes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Selection {
    All,
    Subscribed,
}

impl Command for List<'_> {
    type Output = Listing;

    const WEIGHT: usize = size_of::<Listed>();

    /// LSUB only if LIST supports no options: IMAP4rev2 has no LSUB, and Exchange refuses it there.
    fn plan(&self, options: EncodeOptions) -> Result<Plan> {
        let subscribed = self.selection == Selection::Subscribed;
        let verb = if subscribed && self.options == Options::None { "LSUB" } else { "LIST" };
        let mut line = Line::new(verb);
        if subscribed && self.options != Options::None {
            line = line.list(|list| list.atom("SUBSCRIBED"))?;
        }
        line = line.pattern("", options.utf8)?.pattern(self.pattern, options.utf8)?;
        // The empty pattern asks for the delimiter, which some servers do not return if there are options.
        let names = if self.pattern.is_empty() { &[] } else { self.options.names() };
        if !names.is_empty() {
            line = line.atom("RETURN")?.list(|list| names.iter().try_fold(list, |list, name| list.atom(name)))?;
        }
        Ok(Plan::new(verb, line.finish()).order(Order::claiming(Claims::LIST)))
    }

    /// A line from which no mailbox name can be read does not affect the others: it is kept as received.
    fn output(self, frames: impl Frames, _: Condition) -> Result<Listing> {
        let frames = frames.into_iter();
        let (mut listed, mut unreadable) = (Vec::with_capacity(frames.len()), Vec::new());
        for frame in frames {
            match codec::list::parse(&frame, self.utf8) {
                Ok(one) => listed.push(one),
                Err(error) => {
                    tracing::warn!(%error, line = %frame.escape_ascii(), "an unreadable LIST response");
                    unreadable.push(Bytes::copy_from_slice(&frame));
                }
            }
        }
        Ok(Listing::new(listed, unreadable))
    }
}

/// Whether a pattern matches INBOX whatever the namespace.
pub(crate) fn covers_inbox(pattern: &str) -> bool {
    pattern == "*" || pattern == "%" || pattern.eq_ignore_ascii_case("INBOX")
}

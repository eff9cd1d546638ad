//! LIST and LSUB (RFC 9051 §6.3.9, RFC 5258, RFC 3501 §6.3.9): the mailboxes whose names match a pattern.

use bytes::Bytes;

use super::{Command, Frames, Terms};
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

/// What LIST is to be asked for beyond names, the least first.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Options {
    /// Nothing: the server takes no options.
    #[default]
    None,
    /// Children.
    Children,
    /// Children and special uses.
    SpecialUse,
}

impl Options {
    /// What is asked for where a server refuses this.
    pub(crate) fn less(self) -> Option<Self> {
        match self {
            Self::None => None,
            Self::Children => Some(Self::None),
            Self::SpecialUse => Some(Self::Children),
        }
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Self::None => &[],
            Self::Children => &["CHILDREN"],
            Self::SpecialUse => &["CHILDREN", "SPECIAL-USE"],
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

    /// LSUB only where LIST takes no options: IMAP4rev2 has none, and Exchange refuses it then.
    fn plan(&self, terms: Terms) -> Result<Plan> {
        let subscribed = self.selection == Selection::Subscribed;
        let verb = if subscribed && self.options == Options::None { "LSUB" } else { "LIST" };
        let mut line = Line::new(verb);
        if subscribed && self.options != Options::None {
            line = line.list(|list| list.atom("SUBSCRIBED"))?;
        }
        line = line.pattern("", terms.utf8)?.pattern(self.pattern, terms.utf8)?;
        // The empty pattern asks for the delimiter, which some servers do not tell with options.
        let names = if self.pattern.is_empty() { &[] } else { self.options.names() };
        if !names.is_empty() {
            line = line.atom("RETURN")?.list(|list| names.iter().try_fold(list, |list, name| list.atom(name)))?;
        }
        Ok(Plan::new(verb, line.finish()).order(Order::claiming(Claims::LIST)))
    }

    /// A line that names no mailbox hides no other one: it is kept as it came.
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

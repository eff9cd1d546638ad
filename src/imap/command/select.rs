//! SELECT and EXAMINE (RFC 9051 §6.3.2, §6.3.3), with CONDSTORE or QRESYNC (RFC 7162 §3.1.8, §3.2.5): opens a mailbox. The engine reads the
//! mailbox's description in the answer, and publishes it as the selected mailbox.

use super::{Command, EncodeOptions, Frames};
use crate::error::Result;
use crate::imap::codec::Line;
use crate::imap::plan::{Claims, Order, Plan, SessionEffect, Wanted};
use crate::imap::types::{Condition, MailboxName, UidValidity, Uids};

pub(crate) struct Select {
    pub(crate) name: MailboxName,
    pub(crate) read_only: bool,
    pub(crate) parameter: SelectParameter,
}

/// What is asked for beside the mailbox's description.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum SelectParameter {
    None,
    /// Modification sequences.
    Condstore,
    /// What changed since, as FETCH and VANISHED (EARLIER).
    Resync {
        validity: UidValidity,
        modseq: u64,
    },
}

impl Select {
    /// Without parameters.
    pub(crate) fn plain(name: MailboxName, read_only: bool) -> Self {
        Self { name, read_only, parameter: SelectParameter::None }
    }

    fn order(&self) -> Order {
        match self.parameter {
            SelectParameter::Resync { .. } => Order { claims: Claims::FETCH.and(Claims::OPENED), ..Order::SELECT },
            SelectParameter::None | SelectParameter::Condstore => Order::SELECT,
        }
    }
}

impl SelectParameter {
    /// The extension that it needs.
    fn extension(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Condstore => Some("CONDSTORE"),
            Self::Resync { .. } => Some("QRESYNC"),
        }
    }

    fn write(self, line: Line) -> Result<Line> {
        match self {
            Self::None => Ok(line),
            Self::Condstore => line.list(|list| list.atom("CONDSTORE")),
            Self::Resync { validity, modseq } => line.list(|list| {
                list.atom("QRESYNC")?.list(|list| Ok(list.number(u32::from(validity).into()).number(modseq)))
            }),
        }
    }
}

impl Command for Select {
    type Output = ();

    fn plan(&self, options: EncodeOptions) -> Result<Plan> {
        let verb = if self.read_only { "EXAMINE" } else { "SELECT" };
        let line = self.parameter.write(Line::new(verb).mailbox(&self.name, options.utf8)?)?;
        let extension = self.parameter.extension();
        let effect = SessionEffect::Select { name: self.name.clone(), read_only: self.read_only, extension };
        let plan = Plan::new(verb, line.finish()).order(self.order()).effect(effect);
        Ok(match self.parameter {
            SelectParameter::Resync { .. } => plan.streaming().taking_vanished().wanting(Wanted::anything(Uids::ALL)),
            // Of a stream, the mailbox is delivered as it was at the tagged answer.
            SelectParameter::Condstore => plan.streaming(),
            SelectParameter::None => plan,
        })
    }

    fn output(self, _: impl Frames, _: Condition) -> Result<()> {
        Ok(())
    }
}

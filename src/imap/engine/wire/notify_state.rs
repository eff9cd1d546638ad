//! What NOTIFY asked for, so that it can be sent again: a server that has too much to report stops, as if NOTIFY NONE had been sent
//! (RFC 5465 §5.8). It must not know what the events are.

use crate::imap::codec::Segment;
use crate::imap::plan::{Order, Plan, SessionEffect};

/// The events that the server was last asked to report.
#[derive(Debug, Default)]
pub(super) struct NotifyState {
    /// The line of the last NOTIFY SET that succeeded.
    line: Option<Vec<Segment>>,
    renewal: Renewal,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Renewal {
    #[default]
    None,
    /// The server has forgotten it, and takes no NOTIFY before the next login.
    Lost,
    /// NOTIFY must be sent again.
    Due,
    /// It was sent again and is not answered.
    Sent,
}

impl NotifyState {
    /// A NOTIFY of a caller succeeded.
    pub(super) fn set(&mut self, line: Option<Vec<Segment>>) {
        *self = Self { line, renewal: Renewal::None };
    }

    /// The server has stopped. `false` if nothing was asked of it.
    pub(super) fn overflowed(&mut self) -> bool {
        if self.line.is_some() {
            self.renewal = Renewal::Due;
        }
        self.line.is_some()
    }

    /// The login has ended (RFC 8437 §4.1).
    pub(super) fn lost(&mut self) {
        self.renewal = if self.line.is_some() { Renewal::Lost } else { Renewal::None };
    }

    /// The session has agreed again with the server on the form of names.
    pub(super) fn restore(&mut self) {
        if self.renewal == Renewal::Lost {
            self.renewal = Renewal::Due;
        }
    }

    pub(super) fn is_due(&self) -> bool {
        self.renewal == Renewal::Due
    }

    /// The command to send again.
    pub(super) fn renew(&mut self) -> Option<Plan> {
        let line = self.line.clone().filter(|_| self.is_due())?;
        self.renewal = Renewal::Sent;
        let effect = SessionEffect::Notify(self.line.clone());
        Some(Plan::new("NOTIFY", line).order(Order::default()).effect(effect))
    }

    /// A NOTIFY was refused. A caller's changes nothing; without the one that was sent again, the server reports nothing any more.
    /// Returns whether it was that one.
    pub(super) fn refused(&mut self, own: bool) -> bool {
        if own {
            self.set(None);
        }
        own
    }
}

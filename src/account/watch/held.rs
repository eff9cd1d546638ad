//! [`Held`]: the session that a watch has at the moment. It must not know what is watched.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::account::pool::Lent;
use crate::account::service::ImapSessions;
use crate::error::Result;
use crate::imap::{Imap, MailboxName, Notices, NotifyEvent, Scope};

/// If the wall clock, or a sleep, was ahead by this much, the machine was asleep.
const JUMP: Duration = Duration::from_secs(60);

/// A session in use. If it is dropped while the server pushes changes of all mailboxes, it is closed: nobody else expects them.
pub(super) struct Held {
    /// `None` once it is given back.
    lent: Option<Lent<ImapSessions>>,
    /// What the server pushes, once it was asked to (NOTIFY).
    pub(super) pushed: Option<Notices>,
}

/// Notices that the machine was asleep: clocks that count that time and clocks that do not have grown apart.
pub(super) struct Jumps {
    steady: Instant,
    wall: SystemTime,
}

impl Held {
    pub(super) fn new(lent: Lent<ImapSessions>) -> Self {
        Self { lent: Some(lent), pushed: None }
    }

    pub(super) fn lent(&self) -> &Lent<ImapSessions> {
        match &self.lent {
            Some(lent) => lent,
            None => unreachable!("what was given back is not used"),
        }
    }

    pub(super) fn imap(&mut self) -> &mut Imap {
        match &mut self.lent {
            Some(lent) => lent.session_mut(),
            None => unreachable!("what was given back is not used"),
        }
    }

    /// The mailbox that is selected.
    pub(super) fn selected(&mut self) -> Option<MailboxName> {
        let info = self.imap().selected_folder().and_then(|folder| folder.info());
        info.ok().map(|info| info.name.clone())
    }

    /// Leaves the selected mailbox, if there is one.
    pub(super) async fn unselect(&mut self) -> Result<()> {
        if let Ok(folder) = self.imap().selected_folder() {
            folder.unselect().await?;
        }
        Ok(())
    }

    /// Returns the session to the account, for other work.
    pub(super) async fn give_back(mut self) {
        if self.pushed.is_none() {
            return;
        }
        // As it was at first: only the selected mailbox is reported. After NOTIFY NONE not even IDLE would report it (RFC 5465 §3.1).
        let events = vec![NotifyEvent::MessageNew(None), NotifyEvent::MessageExpunge, NotifyEvent::FlagChange];
        if self.imap().notify(&[(Scope::Selected, events)]).await.is_ok() {
            self.pushed = None;
        }
    }

    /// Ends the session: its connection may be dead.
    pub(super) fn close(mut self) {
        self.lent.take().into_iter().for_each(Lent::close);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(lent) = self.lent.take() else { return };
        match self.pushed {
            Some(_) => lent.close(),
            None => drop(lent),
        }
    }
}

impl Jumps {
    pub(super) fn new(steady: Instant, wall: SystemTime) -> Self {
        Self { steady, wall }
    }

    /// Whether the machine was asleep since the last call. `planned`: when this look should have been, at the latest.
    pub(super) fn look(&mut self, planned: Instant, steady: Instant, wall: SystemTime) -> bool {
        let counted = steady.saturating_duration_since(self.steady);
        let passed = wall.duration_since(self.wall).unwrap_or_default();
        (self.steady, self.wall) = (steady, wall);
        passed.saturating_sub(counted) > JUMP || steady.saturating_duration_since(planned) > JUMP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_of_the_machine_shows_in_either_clock_and_nothing_else_does() {
        let (steady, wall) = (Instant::now(), SystemTime::now());
        let seconds = Duration::from_secs;
        let after = |counted: u64, passed: u64, planned: u64| {
            let mut jumps = Jumps::new(steady, wall);
            jumps.look(steady + seconds(planned), steady + seconds(counted), wall + seconds(passed))
        };
        assert!(!after(600, 600, 600), "an ordinary sleep");
        assert!(!after(600, 0, 600), "the wall clock was set back, or a test's clock is paused");
        assert!(!after(601, 655, 600), "a little late");
        assert!(after(60, 3_600, 60), "the steady clock stops while the machine is asleep");
        assert!(after(3_600, 3_600, 60), "the steady clock goes on");
    }
}

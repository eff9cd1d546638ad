//! The requests: commands that wait, those that run, the bytes to be written, and IDLE. It must not know the mailbox's
//! state, nor how responses are found in the input.

mod attribution;
mod claims;
mod idle;
mod limit;
mod live;
mod notify_state;
mod outbox;
mod running;
mod sending;
mod updates;

use std::collections::VecDeque;
use std::time::Instant;

pub(crate) use self::attribution::Coverage;
pub(super) use self::claims::{Claimant, Owner};
use self::idle::{Action, IDLE, IdleState};
use self::live::LiveSearches;
pub(crate) use self::live::ResultChange;
use self::notify_state::NotifyState;
use self::outbox::{HalfSent, MOST_PADDING, Outbox, SendStage, UPLOAD_WINDOW, Upload};
pub(super) use self::running::{Running, number_of};
pub(super) use self::sending::GivenUp;
use crate::engine::{Id, Outgoing};
use crate::error::{Error, Kind, Result, Step};
use crate::imap::codec::Segment;
use crate::imap::plan::{Order, Plan, SessionEffect, may_start};
use crate::imap::types::{Capabilities, CopyUid, Progress, ResponseCode, Uids};
use crate::limits::{Deadlines, Limits};

/// The commands and what is on the wire of them.
#[derive(Default)]
pub(super) struct Wire {
    queue: VecDeque<Pending>,
    running: VecDeque<Running>,
    half_sent: Option<HalfSent>,
    idle: Option<IdleState>,
    outbox: Outbox,
    notify: NotifyState,
    searches: LiveSearches,
    next_tag: u32,
    /// How many commands were sent.
    commands: u64,
}

/// The request of a command that the engine sends on its own; nobody reads its answer.
const RENEWAL: Id = Id(u64::MAX);

/// The request of the first command that follows a login. Each of them has an id of its own; nobody reads their answers.
const INTRODUCTION: Id = Id(u64::MAX - 16);

/// A request that is not on the wire yet.
pub(super) enum Pending {
    Command(Id, Plan),
    Idle(Id, u64),
}

impl Pending {
    fn id(&self) -> Id {
        match self {
            Self::Command(id, _) | Self::Idle(id, _) => *id,
        }
    }
}

/// The requests that a changed UIDVALIDITY ends.
pub(super) struct Invalidated {
    /// The error of each.
    pub(super) ends: Vec<(Id, Error)>,
    /// Whether a command that changes messages is half sent. Its rest would change other messages, and it cannot be
    /// withdrawn.
    pub(super) half_sent: bool,
}

/// What follows for IDLE, or the NOOPs that replace it, from a tagged answer.
pub(super) enum OwnEnd {
    /// It continues or has ended.
    Settled,
    /// The server refused NOOP, which ends this request.
    Refused(Id),
}

impl Wire {
    pub(super) fn ask(&mut self, pending: Pending) {
        self.queue.push_back(pending);
    }

    /// Queues the commands that follow a login.
    pub(super) fn introduce(&mut self, plans: Vec<Plan>) {
        let ids = (INTRODUCTION.0..RENEWAL.0).map(Id);
        ids.zip(plans).for_each(|(id, plan)| self.ask(Pending::Command(id, plan)));
    }

    /// How many commands were sent.
    pub(super) fn commands(&self) -> u64 {
        self.commands
    }

    /// Whether any of them is not answered.
    pub(super) fn is_introducing(&self) -> bool {
        let running = self.running.iter().filter_map(|run| run.id);
        self.queue.iter().map(Pending::id).chain(running).any(is_introduction)
    }

    /// The next request that may start now.
    pub(super) fn next_due(&mut self) -> Option<Pending> {
        // Nothing may be sent inside a half-sent command (RFC 9051 §4.3), nor during IDLE except DONE (RFC 2177 §3).
        if self.half_sent.is_some() || self.idle.is_some() {
            return None;
        }
        let order = match self.queue.front()? {
            Pending::Command(_, plan) => plan.order,
            Pending::Idle(..) => Order::ALONE,
        };
        may_start(order, self.running.iter().map(|run| run.asks.order)).then(|| self.queue.pop_front())?
    }

    /// The server no longer reports what NOTIFY asked for. `false` if nothing was asked.
    pub(super) fn overflowed(&mut self) -> bool {
        self.notify.overflowed()
    }

    /// The login has ended, and with it what NOTIFY asked for.
    pub(super) fn forget_notify(&mut self) {
        self.notify.lost();
    }

    /// Asks again for what NOTIFY asked for before the login.
    pub(super) fn restore_notify(&mut self) {
        self.notify.restore();
    }

    pub(super) fn is_unauthenticating(&self) -> bool {
        self.running.iter().any(|run| run.asks.effect == SessionEffect::Unauthenticate)
    }

    /// A NOTIFY was answered. Returns whether the server reports nothing any more, since it refused what it had granted.
    pub(super) fn notify_ended(&mut self, run: &Running, line: Option<&Vec<Segment>>, ok: bool) -> bool {
        if ok {
            self.notify.set(line.cloned());
        }
        !ok && self.notify.refused(run.id == Some(RENEWAL))
    }

    /// Sends NOTIFY again if the server gave up on it, and CANCELUPDATE for searches that nobody reads. Leaves IDLE for
    /// that, and enters it again afterwards.
    pub(super) fn renew(&mut self, capabilities: Option<&Capabilities>, now: Instant, times: &Deadlines) -> Result<()> {
        if self.half_sent.is_some() {
            return Ok(());
        }
        let is_free = self.idle.as_ref().is_none_or(IdleState::is_paused);
        let is_due = self.notify.is_due() || self.searches.has_unread();
        let action = match (&mut self.idle, is_due) {
            (Some(idle), true) if !is_free => idle.pause(now, times),
            (Some(idle), false) if self.running.is_empty() => idle.resume(),
            (_, false) => Action::Nothing,
            // Not after LOGOUT, nor while the mailbox or the layers change.
            (_, true) if !may_start(Order::default(), self.running.iter().map(|run| run.asks.order)) => Action::Nothing,
            (_, true) => {
                if let Some(plan) = self.notify.renew().or_else(|| self.cancel_updates()) {
                    self.start(RENEWAL, plan, capabilities, now);
                    self.running.back_mut().into_iter().for_each(Running::dismiss);
                }
                Action::Nothing
            }
        };
        self.perform(action, now)
    }

    /// Whether the server must send something next. While we wait for an upload's handle, the silence is ours.
    pub(super) fn waits(&self) -> bool {
        match (&self.idle, &self.half_sent) {
            (Some(idle), _) => idle.waits(),
            (None, Some(half)) => !half.awaits_handle(),
            (None, None) => !self.running.is_empty(),
        }
    }

    pub(super) fn is_idling(&self) -> bool {
        self.idle.is_some()
    }

    /// Whether nothing is expected except unsolicited data.
    pub(super) fn is_resting(&self) -> bool {
        self.idle.is_some() || self.running.is_empty()
    }

    /// The request that watches the mailbox.
    pub(super) fn watcher(&self) -> Option<Id> {
        self.idle.as_ref().filter(|idle| !idle.is_over()).map(|idle| idle.id)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.idle.as_ref().and_then(IdleState::deadline)
    }

    pub(super) fn pop(&mut self) -> Option<Outgoing> {
        self.outbox.pop()
    }

    /// The network took this number of bytes.
    pub(super) fn wrote(&mut self, count: usize) {
        self.outbox.wrote(count);
    }

    /// Releases unused memory.
    pub(super) fn release_memory(&mut self) {
        self.queue.shrink_to_fit();
        self.running.shrink_to_fit();
        self.outbox.release_memory();
    }

    /// Ends all requests with this error; nothing more is sent. A command that changes something and was sent
    /// completely ends with [`Kind::Unknown`]: the server may have executed it.
    pub(super) fn end(&mut self, error: &Error) -> Vec<(Id, Error)> {
        let lost = |run: &Running| self.lost(run, error).unwrap_or_else(|| error.clone().at(Step::Command(run.verb())));
        let running = self.running.iter().filter_map(|run| Some((run.reader()?, lost(run))));
        let waiting = self.queue.iter().map(Pending::id).chain(self.watcher());
        let mut ends: Vec<_> = running.chain(waiting.map(|id| (id, error.clone()))).collect();
        ends.extend(self.searches.end_all().into_iter().map(|id| (id, error.clone())));
        (self.queue, self.running, self.idle, self.half_sent) = (VecDeque::new(), VecDeque::new(), None, None);
        self.outbox.clear();
        ends
    }

    /// The error of a change that the server may have made. It cannot execute a command of which it lacks bytes.
    fn lost(&self, run: &Running, error: &Error) -> Option<Error> {
        let is_sent = run.end.is_some_and(|end| self.outbox.is_written(end));
        run.lost(error).filter(|_| is_sent)
    }

    /// Removes the LOGOUT on the wire, if there is one: it needs no answer any more.
    pub(super) fn leave(&mut self) -> Option<Running> {
        let index = self.running.iter().position(|run| run.asks.effect == SessionEffect::Logout)?;
        self.running.remove(index)
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.running.iter().any(|run| run.asks.effect == SessionEffect::Logout)
    }

    /// The index of the running command with this tag.
    pub(super) fn find(&self, tag: &[u8]) -> Option<usize> {
        let number = std::str::from_utf8(tag).ok().and_then(number_of)?;
        self.running.iter().position(|run| run.tag == number)
    }

    /// Removes an answered command.
    pub(super) fn remove(&mut self, index: usize) -> Option<Running> {
        self.running.remove(index)
    }

    /// The command that the server reports progress on, and the reader of its stream.
    pub(super) fn progressing(&self, progress: &Progress) -> Option<(&'static str, Option<Id>)> {
        let tag = progress.tag.as_deref()?;
        let run = self.running.iter().find(|run| run.is_tagged(tag))?;
        Some((run.verb(), run.reader().filter(|_| run.asks.stream)))
    }

    /// Whether the server reports progress, with RFC 9585's code or as Dovecot does: `* OK Still here`. This counts for
    /// an hour.
    pub(super) fn is_progress(&self, ok: bool, code: Option<&ResponseCode>, now: Instant) -> bool {
        let alone = self.running.len() == 1;
        let meant = |run: &&Running| match code {
            Some(ResponseCode::InProgress(progress)) => match &progress.tag {
                Some(tag) => run.is_tagged(tag),
                None => alone,
            },
            None => alone && ok,
            Some(_) => false,
        };
        self.running.iter().find(meant).is_some_and(|run| run.is_believed(now))
    }

    pub(super) fn apply_copied(&mut self, copied: &CopyUid, limits: &Limits) {
        if let Some(run) = self.running.iter_mut().find(|run| run.asks.effect == SessionEffect::Move) {
            run.copied(copied, limits);
        }
    }

    /// Records an untagged APPENDUID for the REPLACE that runs.
    pub(super) fn apply_appended(&mut self, appended: &Uids) {
        if let Some(run) = self.running.iter_mut().find(|run| run.asks.effect == SessionEffect::Replace) {
            run.seen.appended = Some(appended.clone()).filter(|uids| uids.len() == 1);
        }
    }

    /// Records an ENABLED response for the command that asked.
    pub(super) fn apply_enabled(&mut self, enabled: &Capabilities) {
        let mut asking = self.running.iter_mut().filter(|run| matches!(run.asks.effect, SessionEffect::Enable(_)));
        if let Some(run) = asking.next() {
            let before = run.seen.enabled.iter().flat_map(Capabilities::iter);
            run.seen.enabled = Some(before.chain(enabled.iter()).collect());
        }
    }

    /// This SELECT leaves another mailbox: data is about that one until CLOSED arrives.
    pub(super) fn await_closed(&mut self, id: Id) {
        if let Some(run) = self.running.iter_mut().find(|run| run.id == Some(id)) {
            run.seen.awaits_closed = true;
        }
    }

    /// The mailbox that was selected before is closed.
    pub(super) fn apply_closed(&mut self) {
        self.running.iter_mut().for_each(|run| run.seen.awaits_closed = false);
    }

    /// Capabilities have arrived; running commands need not ask for them.
    pub(super) fn apply_capable(&mut self) {
        self.running.iter_mut().for_each(|run| run.seen.capable = true);
    }

    /// The mailbox has another UIDVALIDITY: ends every command that used the old UIDs. Its answer may be about other
    /// messages, and so may its change.
    pub(super) fn invalidate_uids(&mut self, error: &Error) -> Invalidated {
        let half = self.half_sent.as_ref().map(|half| half.id);
        let half_sent = self.running.iter().any(|run| run.asks.bound && run.asks.change.is_some() && run.id == half);
        let lost = |run: &Running| self.lost(run, error).unwrap_or_else(|| error.clone());
        let bound = self.running.iter().filter(|run| run.asks.bound);
        let ends = bound.filter_map(|run| Some((run.reader()?, lost(run)))).collect();
        self.running.iter_mut().filter(|run| run.asks.bound).for_each(Running::dismiss);
        Invalidated { ends, half_sent }
    }

    /// The handle of this request was dropped: brings what is half done to a clean end.
    pub(super) fn cancel(
        &mut self,
        id: Id,
        capabilities: Option<&Capabilities>,
        now: Instant,
        times: &Deadlines,
    ) -> Result<()> {
        // Not sent yet: withdrawn. On the wire: its answer is read and discarded, so that the session stays in step.
        self.queue.retain(|pending| pending.id() != id);
        if self.idle.as_ref().is_some_and(|idle| idle.id == id) {
            return self.end_idle(now, times);
        }
        if let Some(run) = self.running.iter_mut().find(|run| run.id == Some(id)) {
            run.dismiss();
        }
        self.searches.cancel(id);
        // An announced upload cannot be withdrawn: the server waits for its bytes.
        if self.half_sent.as_ref().is_some_and(|half| half.id == id && half.missing().is_some()) {
            return self.spoil(capabilities);
        }
        // An AUTHENTICATE that waits for an answer is cancelled; for other commands this does nothing.
        self.answer(id, None);
        Ok(())
    }

    /// Starts watching the mailbox, with IDLE if `pushed`.
    pub(super) fn begin_idle(&mut self, id: Id, pushed: bool, now: Instant) -> Result<()> {
        let (idle, action) = IdleState::begin(id, pushed);
        self.idle = Some(idle);
        self.perform(action, now)
    }

    /// Stops watching the mailbox.
    pub(super) fn end_idle(&mut self, now: Instant, times: &Deadlines) -> Result<()> {
        let Some(idle) = &mut self.idle else { return Ok(()) };
        let action = idle.cancel(now, times);
        self.perform(action, now)
    }

    pub(super) fn handle_idle_deadline(&mut self, now: Instant, times: &Deadlines) -> Result<()> {
        let Some(idle) = &mut self.idle else { return Ok(()) };
        let action = idle.handle_deadline(now, times);
        self.perform(action, now)
    }

    /// A command of the engine's own was answered.
    pub(super) fn own_ended(&mut self, verb: &str, ok: bool, now: Instant, times: &Deadlines) -> Result<OwnEnd> {
        let Some(idle) = &mut self.idle else { return Ok(OwnEnd::Settled) };
        let action = match ok {
            true => idle.answered(now, times),
            // Some servers announce IDLE and refuse it: NOOP replaces it.
            false if verb == IDLE => idle.refused(),
            false => {
                let id = idle.id;
                self.idle = None;
                return Ok(OwnEnd::Refused(id));
            }
        };
        self.perform(action, now)?;
        Ok(OwnEnd::Settled)
    }

    /// Handles a `+` that asks for no literal. `false` if it is not IDLE's.
    pub(super) fn enter_idle(&mut self, now: Instant, times: &Deadlines) -> Result<bool> {
        let Some(action) = self.idle.as_mut().and_then(|idle| idle.entered(now, times)) else { return Ok(false) };
        self.perform(action, now)?;
        Ok(true)
    }

    /// Gromox put IDLE's tag before its `+` in some versions.
    pub(super) fn is_tagged_plus(&self, line: &[u8]) -> bool {
        let entering = self.idle.as_ref().is_some_and(IdleState::is_entering);
        // Accepted only while IDLE waits for `+`: otherwise the line is unexpected.
        let mut tags = self.running.iter().filter(|run| run.verb() == IDLE).map(|run| format!("A{} +", run.tag));
        entering && tags.any(|start| line.starts_with(start.as_bytes()))
    }

    /// Whether a login waits for challenges, and the request that answers them.
    pub(super) fn challenged(&self) -> Option<Option<Id>> {
        self.running.iter().find(|run| run.asks.effect == SessionEffect::Authenticate).map(Running::reader)
    }

    fn perform(&mut self, action: Action, now: Instant) -> Result<()> {
        match action {
            Action::Nothing => {}
            Action::Command(verb) => self.start_own(verb, now),
            Action::Done => self.outbox.text(b"DONE\r\n"),
            Action::End => self.idle = None,
            Action::Fail => return Err(Error::new(Kind::Timeout, "the server does not end IDLE")),
        }
        Ok(())
    }
}

fn is_introduction(id: Id) -> bool {
    (INTRODUCTION.0..RENEWAL.0).contains(&id.0)
}

#[cfg(test)]
impl Wire {
    /// The tag under which a request is on the wire.
    pub(super) fn tag(&self, id: Id) -> Option<u32> {
        self.running.iter().find(|run| run.id == Some(id)).map(|run| run.tag)
    }
}

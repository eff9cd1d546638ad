//! How a selection begins and ends, and what is spoken in it: SELECT's answer, ENABLE's, messages that vanish, and a UIDVALIDITY that
//! changes under a selected mailbox (RFC 9051 §2.3.1.1). Its UIDs mean other messages then, so the selection ends, and whoever waits for
//! an answer in it is told. It must not know what the commands ask.

use std::sync::Arc;

use super::{Delivery, Engine, Event, unknown};
use crate::error::{Code, Error, Result};
use crate::imap::types::{Capabilities, Condition, ResponseCode, UidValidity, Vanished};

impl Engine {
    /// A SELECT that failed leaves nothing selected (RFC 9051 §6.3.2).
    pub(super) fn select(&mut self, done: bool, condition: &Condition) -> Result<()> {
        let opening = self.opening.take();
        self.deselect();
        self.state.left = None;
        if let Some(mut selected) = opening.filter(|_| done) {
            if !selected.counted {
                // RFC 9051 §6.3.2 requires it, and silence is not an empty mailbox.
                return Err(Error::protocol("the server opened a mailbox and did not say how many messages are in it"));
            }
            selected.read_only |= matches!(condition.code, Some(ResponseCode::ReadOnly));
            self.state.selected = Some(selected.into());
        }
        Ok(())
    }

    pub(super) fn deselect(&mut self) {
        self.state.selected = None;
        self.numbers.clear();
        self.journal.clear();
        self.changed = true;
    }

    /// Of what was asked for, what the server says is enabled. iCloud answers a bare OK: then CONDSTORE and QRESYNC are where they are
    /// announced, but nothing that changes how text is to be read.
    pub(super) fn learn_enabled(&mut self, asked: &Capabilities, told: Option<&Capabilities>) {
        let announced = self.state.capabilities.as_deref();
        let silent = |name: &&str| match *name {
            "CONDSTORE" => announced.is_some_and(Capabilities::condstore),
            "QRESYNC" => announced.is_some_and(Capabilities::qresync),
            _ => false,
        };
        let more = asked.iter().filter(|name| told.map_or_else(|| silent(name), |told| told.has(name)));
        self.state.enabled = Arc::new(self.state.enabled.iter().chain(more).collect());
        self.changed = true;
    }

    /// RFC 7162 §3.2.10: all of them are gone, and without EARLIER the count with them. Numbers from before mean nothing any more; they
    /// can be learnt again.
    pub(super) fn learn_vanished(&mut self, gone: &Vanished) {
        if self.state.selected.is_none() || self.opening.is_some() {
            return;
        }
        if !gone.earlier {
            let count = u32::try_from(gone.uids.len()).unwrap_or(u32::MAX);
            self.describe(|selected| selected.exists = selected.exists.saturating_sub(count));
            self.state.expunged += u64::from(count);
            self.numbers.clear();
            self.numbering = None;
        }
        self.journal.vanished(&gone.uids);
    }

    /// What a server says of the mailbox that it opens, or of the selected one.
    pub(super) fn learn_validity(&mut self, now: Option<UidValidity>) {
        if let Some(opening) = &mut self.opening {
            opening.uid_validity = now;
            return;
        }
        let Some(before) = self.state.selected.as_ref().map(|selected| selected.uid_validity) else { return };
        match before {
            Some(_) if before != now => self.end_selection(before, now),
            _ => self.describe(|selected| selected.uid_validity = now),
        }
    }

    fn end_selection(&mut self, before: Option<UidValidity>, now: Option<UidValidity>) {
        let error = changed(now);
        let mut events = self.take_events();
        events.push(Event::UidValidity { before, now });
        self.deselect();
        self.state.left = Some(error.clone());
        if let Some(idle) = &mut self.idle {
            let (id, act) = (idle.id, idle.cancel(self.clock.now(), &self.deadlines));
            self.deliver(Some(id), Delivery::Events(events));
            self.deliver(Some(id), Delivery::Done(Err(error.clone())));
            self.act(act);
        }
        self.overtake(&error);
    }

    /// Of what was asked by the old UIDs nothing counts any more: an answer may be of other messages, and a change may have been
    /// made to them.
    fn overtake(&mut self, error: &Error) {
        let half = self.half_sent.as_ref().map(|half| half.id);
        let bound = self.running.iter().filter(|run| run.bound && !run.overtaken);
        let ends: Vec<_> = bound.map(|run| (run.id, run.lasting.then(|| unknown(run.verb, error)))).collect();
        let unsent = self.running.iter().any(|run| run.bound && run.lasting && run.id == half);
        for (id, end) in ends {
            self.deliver(id, Delivery::Done(Err(end.unwrap_or_else(|| error.clone()))));
        }
        self.running.iter_mut().filter(|run| run.bound).for_each(|run| run.overtaken = true);
        if unsent {
            // The rest of the command would make it a command about other messages, and there is no taking it back.
            self.fail(error.clone());
        }
    }
}

fn changed(now: Option<UidValidity>) -> Error {
    let data = now.map_or(0, u32::from).to_string();
    let text =
        format!("the mailbox has another UIDVALIDITY now ({data}): UIDs from before mean other messages, or none");
    Error::closed(text).with_code(Some(Code::new("UIDVALIDITY", data)))
}

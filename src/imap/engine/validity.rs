//! A selected mailbox whose UIDVALIDITY changes while it is selected (RFC 9051 §2.3.1.1): its UIDs mean other messages now, so the
//! selection ends, whoever waits for an answer in it is told, and nothing more is said of it. It must not know what the commands ask.

use super::{Delivery, Engine, Event, unknown};
use crate::error::{Code, Error};
use crate::imap::types::UidValidity;

impl Engine {
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

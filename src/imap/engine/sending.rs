//! The engine's way out: starts commands when the order rules let them, sends their literals when the server asks, takes uploads
//! from their handles, and spoils what a dropped handle left half sent. It reads no answers.

use std::time::Instant;

use bytes::Bytes;

use super::attribution::Attribution;
use super::idle::{Act, Idle};
use super::outbox::{HalfSent, MOST_FILLING, Stage, UPLOAD_WINDOW, Upload};
use super::{Delivery, Effect, Engine, Needs, Order, Pending, Plan, Running, State};
use crate::engine::Id;
use crate::error::{Error, Kind};
use crate::imap::codec::Segment;
use crate::imap::plan::may_start;
use crate::login::Secret;

/// The largest literal under LITERAL- (RFC 7888 §5).
const LITERAL_MINUS: u64 = 4096;
/// The largest upload that is sent unasked: a server that refuses it has it sent all the same.
const LARGEST_UNASKED: u64 = 64 * 1024;

impl Engine {
    pub(super) fn start_commands(&mut self) {
        while self.half_sent.is_none() && self.idle.is_none() && self.greeting_is_over() {
            let order = match self.queue.front() {
                Some(Pending::Command(_, plan)) => plan.order,
                Some(Pending::Idle(..)) => Order::ALONE,
                None => return,
            };
            if !may_start(order, self.running.iter().map(|run| run.order)) {
                return;
            }
            match self.queue.pop_front() {
                Some(Pending::Command(id, plan)) => self.start(id, plan),
                Some(Pending::Idle(id, selection)) => self.start_idle(id, selection),
                None => return,
            }
        }
    }

    fn greeting_is_over(&self) -> bool {
        self.state.phase != super::Phase::Connected
    }

    fn start(&mut self, id: Id, plan: Plan) {
        if let Err(error) = self.allows(plan.needs, plan.order) {
            return self.refuse(id, error);
        }
        if let Effect::Select { name, read_only } = &plan.effect {
            self.opening = Some(super::Selected::new(name.clone(), *read_only, id.0));
        }
        if matches!(plan.effect, Effect::Number { .. }) {
            self.numbering = Some(Default::default());
        }
        if plan.effect == Effect::Logout {
            self.clock.special(Some(self.deadlines.logout));
        }
        self.begin_line();
        self.running.push_back(Running {
            effect: plan.effect,
            lasting: plan.lasting,
            bound: matches!(plan.needs, Needs::Selection(_)),
            stream: plan.stream,
            attribution: plan.wanted.map(Attribution::new),
            ..Running::new(Some(id), self.next_tag, plan.verb, plan.order, self.clock.now())
        });
        self.half_sent =
            Some(HalfSent { id, rest: plan.line.into(), stage: Stage::Text, spoilable: plan.spoilable, spoilt: false });
        self.send_on();
    }

    /// A command of the engine's own, in the course of an IDLE.
    fn start_own(&mut self, verb: &'static str) {
        self.begin_line();
        self.outbox.text(verb.as_bytes());
        self.outbox.text(b"\r\n");
        self.running.push_back(Running::new(None, self.next_tag, verb, Order::ALONE, self.clock.now()));
    }

    fn begin_line(&mut self) {
        self.next_tag = self.next_tag.wrapping_add(1);
        self.outbox.text(format!("A{} ", self.next_tag).as_bytes());
    }

    /// Sends what may be sent of the command that is half sent, up to the next literal that has to be asked for.
    fn send_on(&mut self) {
        let Some(half) = &mut self.half_sent else { return };
        while let Some(segment) = half.rest.pop_front() {
            match segment {
                Segment::Text(text) => self.outbox.bytes(text),
                Segment::Secret(text) => self.outbox.secret(&text),
                Segment::Literal { bytes, secret } if must_ask(&self.state, bytes.len() as u64, u64::MAX) => {
                    self.outbox.announce(&format!("{{{}}}", bytes.len()), secret);
                    half.stage = Stage::Literal { bytes, secret };
                    return;
                }
                Segment::Literal { bytes, secret } => {
                    self.outbox.announce(&format!("{{{}+}}", bytes.len()), secret);
                    self.outbox.literal(bytes, secret);
                }
                Segment::Upload { size } if must_ask(&self.state, size, LARGEST_UNASKED) => {
                    self.outbox.text(format!("{{{size}}}\r\n").as_bytes());
                    half.stage = Stage::Upload { size };
                    return;
                }
                Segment::Upload { size } => {
                    self.outbox.text(format!("{{{size}+}}\r\n").as_bytes());
                    half.stage = Stage::Open(Upload { left: size, credit: 0, unasked: true });
                    self.grant();
                    return self.check_upload();
                }
            }
        }
        self.half_sent = None;
    }

    /// The server has answered an upload for which it was not asked. It skips what was announced, so that much must still
    /// come: not the message's bytes, lest they be taken for commands.
    pub(super) fn fill_up(&mut self, half: HalfSent) {
        let Stage::Open(upload) = half.stage else { return };
        self.outbox.filling(upload.left);
        self.outbox.text(b"\r\n");
    }

    /// The server asks for the literal that was announced. `false` where none was.
    pub(super) fn send_literal(&mut self) -> bool {
        let Some(half) = &mut self.half_sent else { return false };
        match std::mem::replace(&mut half.stage, Stage::Text) {
            Stage::Text => return false,
            open @ Stage::Open(_) => {
                half.stage = open;
                return false;
            }
            Stage::Literal { bytes, secret } => self.outbox.literal(bytes, secret),
            Stage::Upload { size } => {
                half.stage = Stage::Open(Upload { left: size, credit: 0, unasked: false });
                self.grant();
                self.check_upload();
                return true;
            }
        }
        self.send_on();
        true
    }

    /// Lets the handle of an upload feed more, once what it fed before is on its way.
    pub(super) fn grant(&mut self) {
        let Some(half) = self.half_sent.as_mut().filter(|half| !half.spoilt) else { return };
        let Stage::Open(upload) = &mut half.stage else { return };
        if upload.credit > 0 || upload.left == 0 || !self.outbox.is_empty() {
            return;
        }
        upload.credit = UPLOAD_WINDOW.min(usize::try_from(upload.left).unwrap_or(usize::MAX));
        let (id, credit) = (half.id, upload.credit);
        self.deliver(Some(id), Delivery::Ready(credit));
        self.watch();
    }

    /// The handle feeds its upload. More than was announced is cut off: the announcement is what the server counts by.
    pub(super) fn feed(&mut self, id: Id, mut bytes: Bytes) {
        let Some(half) = self.half_sent.as_mut().filter(|half| half.id == id) else { return };
        let Stage::Open(upload) = &mut half.stage else { return };
        bytes.truncate(usize::try_from(upload.left).unwrap_or(usize::MAX));
        upload.left -= bytes.len() as u64;
        upload.credit = upload.credit.saturating_sub(bytes.len());
        self.outbox.bytes(bytes);
        self.check_upload();
    }

    /// Goes on behind an upload of which nothing is missing; fills up one that was abandoned.
    fn check_upload(&mut self) {
        let Some(half) = &mut self.half_sent else { return };
        let Stage::Open(upload) = &mut half.stage else { return };
        if half.spoilt {
            self.outbox.filling(upload.left);
            // A syntax error behind the literal, so that the server stores nothing: RFC 9051 §6.3.12 has the line end here.
            self.outbox.text(b" )\r\n");
            self.half_sent = None;
        } else if upload.left == 0 {
            half.stage = Stage::Text;
            self.send_on();
        }
    }

    /// The handle behind this id is gone: what is half done must still come to a clean end.
    pub(super) fn cancel(&mut self, id: Id) {
        if let Some(idle) = self.idle.as_mut().filter(|idle| idle.id == id) {
            let act = idle.cancel(self.clock.now(), &self.deadlines);
            return self.act(act);
        }
        if let Some(half) = self.half_sent.as_mut().filter(|half| half.id == id)
            && let Some(missing) = half.missing()
        {
            half.spoilt = true;
            // RFC 3502 §5 has the server store nothing where anything after a message is wrong. But Courier, which does not know it,
            // and one server that announces MULTIAPPEND store a message as soon as they have read it, whatever comes next.
            if missing > MOST_FILLING || !half.spoilable {
                return self.fail(Error::closed("an upload was abandoned that could not be brought to a harmless end"));
            }
            return self.check_upload();
        }
        if let Some(run) = self.running.iter_mut().find(|run| run.id == Some(id)) {
            run.abandoned = true;
        }
        self.answer(id, None);
    }

    /// Answers a challenge, or cancels the exchange (RFC 9051 §6.2.2).
    pub(super) fn answer(&mut self, id: Id, answer: Option<Secret>) {
        if !self.running.iter().any(|run| run.id == Some(id) && run.effect == Effect::Authenticate) {
            return;
        }
        match answer {
            Some(answer) => self.outbox.secret(answer.expose()),
            None => self.outbox.text(b"*"),
        }
        self.outbox.text(b"\r\n");
    }

    /// What happened before is told first: IDLE is entered with an empty journal.
    fn start_idle(&mut self, id: Id, selection: u64) {
        if let Err(error) = self.allows(Needs::Selection(selection), Order::ALONE) {
            return self.refuse(id, error);
        }
        if !self.journal.is_empty() {
            let events = self.take_events();
            self.deliver(Some(id), Delivery::Events(events));
        }
        let pushed = self.state.capabilities.as_ref().is_some_and(|capabilities| capabilities.idle());
        let (idle, act) = Idle::begin(id, pushed);
        self.idle = Some(idle);
        self.act(act);
    }

    pub(super) fn act(&mut self, act: Act) {
        match act {
            Act::Nothing => {}
            Act::Command(verb) => self.start_own(verb),
            Act::Done => self.outbox.text(b"DONE\r\n"),
            Act::End => self.idle = None,
            Act::Fail => self.fail(Error::new(Kind::Timeout, "the server does not end IDLE")),
        }
    }

    pub(super) fn ring_idle(&mut self, now: Instant) {
        if let Some(idle) = &mut self.idle {
            let act = idle.ring(now, &self.deadlines);
            self.act(act);
        }
    }
}

/// Whether the server has to ask for a literal of that size (RFC 7888): with LITERAL+ for one over `most` bytes, with LITERAL-
/// for one over 4096, otherwise for any.
fn must_ask(state: &State, size: u64, most: u64) -> bool {
    match &state.capabilities {
        Some(capabilities) if capabilities.literal_plus() => size > most,
        Some(capabilities) if capabilities.literal_minus() => size > LITERAL_MINUS.min(most),
        _ => true,
    }
}

//! What frames mean to the session: the greeting, tagged answers and their effects, and the untagged data that describe the
//! selected mailbox. Data that a command claimed never come here.

use std::time::Duration;

use super::condition::{
    challenge, condition, excerpt, number_of, out_of_service, outcome, read_condition, refused_to_greet, unavailable,
    unread,
};
use super::idle::{IDLE, Idle};
use super::input::{another_message, is_of_another};
use super::meaning::{self, refusal};
use super::outbox::{HalfSent, Stage};
use super::{Delivery, Effect, Engine, Phase, Running, Upgrade, copied};
use crate::engine::Id;
use crate::error::{Error, Result};
use crate::imap::codec::{self, Ending, Kind, Route, route};
use crate::imap::types::{Capabilities, Condition, CopyUid, Cut, ResponseCode, SeqNum, Status, Uids};

/// How long a call may run on the server's word alone that it makes progress.
const LONGEST_PROGRESS: Duration = Duration::from_secs(60 * 60);
/// Lines that are not IMAP, before the connection is given up.
const MOST_STRAYS: u32 = 100;
/// What a BYE is.
const CLOSED: &str = "the server closed the session";

impl Engine {
    pub(super) fn await_greeting(&mut self, id: Id) {
        match self.state.phase {
            Phase::Connected => self.greeting = Some(id),
            _ => self.deliver(Some(id), Delivery::Done(Ok(condition(Status::Ok)))),
        }
    }

    pub(super) fn handle_frame(&mut self, frame: &[u8]) -> Result<()> {
        let route = route(frame);
        if self.state.phase == Phase::Connected {
            return self.greeted(&route, frame);
        }
        match route {
            Route::Tagged { tag, status } => self.tagged(tag, status, frame),
            Route::Continuation => self.continued(frame),
            Route::Untagged(kind) => self.untagged(kind, frame),
            Route::Unknown => self.stray(frame),
        }
    }

    fn greeted(&mut self, route: &Route<'_>, frame: &[u8]) -> Result<()> {
        let phase = match route {
            Route::Untagged(Kind::Ok) => Phase::Greeted,
            Route::Untagged(Kind::Preauth) => Phase::LoggedIn,
            Route::Untagged(Kind::Bye) => {
                self.pass_on(Kind::Bye, &read_condition(frame));
                return Err(refused_to_greet(frame));
            }
            _ if unavailable(frame) => return Err(out_of_service(frame)),
            _ => {
                let foreign =
                    || Error::protocol(format!("the server does not speak IMAP: it begins with {}", excerpt(frame)));
                return Err(meaning::turned_away(frame).unwrap_or_else(foreign));
            }
        };
        let mut greeting = read_condition(frame);
        self.state.phase = phase;
        self.changed = true;
        self.pass_on_alert(&greeting);
        self.learn_code(greeting.code.as_ref());
        greeting.status = if phase == Phase::LoggedIn { Status::Preauth } else { Status::Ok };
        self.clock.special(None);
        let id = self.greeting.take();
        self.deliver(id, Delivery::Done(Ok(greeting)));
        Ok(())
    }

    fn tagged(&mut self, tag: &[u8], ending: Ending, frame: &[u8]) -> Result<()> {
        let number = std::str::from_utf8(tag).ok().and_then(number_of);
        let Some(index) = self.running.iter().position(|run| Some(run.tag) == number) else { return self.stray(frame) };
        self.stop_sending(index, ending)?;
        let mut condition = read_condition(frame);
        if let Some(ResponseCode::UidValidity(validity)) = condition.code {
            self.learn_validity(validity);
        }
        let Some(mut run) = self.running.remove(index) else { return Ok(()) };
        run.span.answered(ending == Ending::Ok);
        self.pass_on_alert(&condition);
        self.clock.progressed();
        self.learn_code(condition.code.as_ref());
        let cut = run.cut(condition.code.as_ref()).filter(|_| ending == Ending::Ok && !run.abandoned);
        condition.code = match (run.copied.take(), condition.code.take()) {
            (Some(copied), Some(ResponseCode::CopyUid(rest))) => Some(ResponseCode::CopyUid(copied.joined(&rest))),
            (Some(copied), _) => Some(ResponseCode::CopyUid(copied)),
            (None, code) => code,
        };
        if run.id.is_none() {
            return self.own_command_ended(&run, ending, &condition);
        }
        self.end_fetch(&mut run, ending);
        self.release_status(&mut run)?;
        cut.into_iter().for_each(|cut| self.deliver(run.id, Delivery::Cut(cut)));
        if let Err(error) = self.take_effect(&run, ending, &condition) {
            self.deliver(run.id, Delivery::Done(Err(error.clone())));
            return Err(error);
        }
        let answered = run.overtaken || (self.upgrade != Upgrade::None && run.effect == Effect::StartTls);
        if !answered {
            let result = outcome(&run, ending, condition);
            self.deliver(run.id, Delivery::Done(result));
        }
        Ok(())
    }

    /// Only now it is known whose a response without a UID is, and of which messages nothing has come.
    fn end_fetch(&mut self, run: &mut Running, ending: Ending) {
        let (Some(mut attribution), Some(id)) = (run.attribution.take(), run.id) else { return };
        match attribution.end() {
            Some((frame, Some(uid))) if !run.abandoned => self.deliver_nameless(run, &frame, uid),
            Some((frame, _)) => self.note_fetch(&frame),
            None => {}
        }
        if attribution.is_doubtful() {
            return self.refuse(id, another_message());
        }
        let answered = attribution.answered();
        if ending == Ending::Ok && !run.abandoned && run.effect != Effect::Body && !answered.is_empty() {
            self.deliver(Some(id), Delivery::Answered(answered));
        }
    }

    /// An answer instead of `+`: not one byte of the literal may follow, since the server would read it as a command. To a command that
    /// was not sent whole there can be no OK.
    fn stop_sending(&mut self, index: usize, ending: Ending) -> Result<()> {
        let answered = self.running.get(index).and_then(|run| run.id);
        let of_this = |half: &HalfSent| Some(half.id) == answered;
        let early = |half: &HalfSent| ending == Ending::Ok && !matches!(half.stage, Stage::Open(_));
        if self.half_sent.as_ref().is_some_and(|half| of_this(half) && early(half)) {
            return Err(Error::protocol("the server reports success of a command before it has got its literal"));
        }
        let Some(half) = self.half_sent.take_if(|half| of_this(half)) else { return Ok(()) };
        match &half.stage {
            Stage::Open(upload) if upload.unasked && ending != Ending::Ok => self.fill_up(half),
            Stage::Open(_) => return Err(Error::protocol("the server answered in the middle of a literal")),
            _ => {}
        }
        Ok(())
    }

    fn take_effect(&mut self, run: &Running, ending: Ending, condition: &Condition) -> Result<()> {
        let done = ending == Ending::Ok;
        match &run.effect {
            Effect::Authenticate | Effect::Login if done => {
                self.state.phase = Phase::LoggedIn;
                if !run.capable && !matches!(condition.code, Some(ResponseCode::Capability(_))) {
                    self.state.capabilities = None;
                }
            }
            Effect::StartTls if done => {
                self.state.capabilities = None;
                self.upgrade = run.id.map_or(Upgrade::None, Upgrade::Due);
            }
            Effect::Select { .. } => self.select(done, condition)?,
            Effect::Deselect if done => self.deselect(),
            Effect::Enable(asked) if done => self.learn_enabled(asked, run.enabled.as_ref()),
            Effect::Number { from, to } => self.number(*from, *to, done),
            Effect::Logout if done => self.end(Ok(())),
            _ => return Ok(()),
        }
        self.changed = true;
        Ok(())
    }

    /// The UIDs found are those of the messages from this number on, unless one of them went meanwhile.
    fn number(&mut self, from: SeqNum, to: Option<SeqNum>, done: bool) {
        let found = self.numbering.take().filter(|_| done && self.numbers.known() + 1 == from.as_u32());
        let Some((found, exists)) = found else { return };
        self.numbers.extend(found.ranges().map(|range| (range.start().as_u32(), range.end().as_u32())));
        if to.map_or(exists, |to| exists.min(to.as_u32())) != self.numbers.known() {
            self.numbers.clear();
        }
    }

    fn own_command_ended(&mut self, run: &Running, ending: Ending, condition: &Condition) -> Result<()> {
        let Some(idle) = &mut self.idle else { return Ok(()) };
        if ending != Ending::Ok && run.verb == IDLE {
            tracing::debug!(text = %condition.text, "IDLE is refused; the mailbox is looked at from time to time instead");
            let act = idle.refused();
            self.act(act);
            return Ok(());
        }
        if ending != Ending::Ok {
            let id = idle.id;
            self.idle = None;
            self.refuse(id, refusal(run.verb, ending, condition.clone()));
            return Ok(());
        }
        let act = idle.answered(self.clock.now(), &self.deadlines);
        self.act(act);
        Ok(())
    }

    fn continued(&mut self, frame: &[u8]) -> Result<()> {
        if self.send_literal() {
            return Ok(());
        }
        if let Some(act) = self.idle.as_mut().and_then(|idle| idle.entered(self.clock.now(), &self.deadlines)) {
            self.act(act);
            return Ok(());
        }
        match self.running.iter().find(|run| run.effect == Effect::Authenticate) {
            Some(run) => {
                let id = run.id;
                self.deliver(id, Delivery::Challenge(challenge(frame)));
                Ok(())
            }
            None => self.stray(frame),
        }
    }

    fn untagged(&mut self, kind: Kind, frame: &[u8]) -> Result<()> {
        match kind {
            Kind::Ok | Kind::No | Kind::Bad | Kind::Preauth => {
                let condition = read_condition(frame);
                self.pass_on(kind, &condition);
                self.hear_progress(kind, condition.code.as_ref());
                self.learn_code(condition.code.as_ref());
                self.hear_limit(condition.code.as_ref());
                self.learn_of_running(condition.code.as_ref());
            }
            Kind::Enabled => match codec::capability::parse(frame) {
                Ok(enabled) => {
                    let mut asking = self.running.iter_mut().filter(|run| matches!(run.effect, Effect::Enable(_)));
                    if let Some(run) = asking.next() {
                        run.enabled =
                            Some(run.enabled.iter().flat_map(Capabilities::iter).chain(enabled.iter()).collect());
                    }
                }
                Err(error) => unread(&error, frame),
            },
            Kind::Vanished => match codec::vanished::parse(frame) {
                Ok(gone) => self.learn_vanished(&gone),
                Err(error) => unread(&error, frame),
            },
            Kind::Bye => return self.goodbye(frame),
            Kind::Capability => {
                self.running.iter_mut().for_each(|run| run.capable = true);
                match codec::capability::parse(frame) {
                    Ok(capabilities) => self.learn_capabilities(capabilities),
                    Err(error) => unread(&error, frame),
                }
            }
            Kind::Exists(count) => self.learn_exists(count),
            Kind::Recent(count) => self.describe(|selected| selected.recent = count),
            Kind::Flags => match codec::flags::parse(frame) {
                Ok(flags) => self.describe(|selected| selected.flags = flags),
                Err(error) => unread(&error, frame),
            },
            Kind::Expunge(number) => self.learn_expunge(number),
            Kind::Fetch(_) | Kind::UidFetch(_) => self.note_fetch(frame),
            Kind::Search | Kind::Esearch if self.numbering.is_some() && !self.is_mistagged(kind, frame) => {
                self.learn_searched(frame);
            }
            _ => self.pass_on_data(kind, frame),
        }
        Ok(())
    }

    /// A BYE that was not asked for ends the session; some servers would say it for ever.
    fn goodbye(&mut self, frame: &[u8]) -> Result<()> {
        let condition = read_condition(frame);
        self.pass_on(Kind::Bye, &condition);
        self.part(meaning::goodbye(condition, CLOSED))
    }

    fn part(&mut self, error: Error) -> Result<()> {
        if self.running.iter().any(|run| run.effect == Effect::Logout) {
            self.goodbye = Some(error);
            return Ok(());
        }
        Err(error)
    }

    /// What is not IMAP is passed over, but not without end.
    fn stray(&mut self, frame: &[u8]) -> Result<()> {
        // Some servers send the code of an OK without the OK.
        let line = frame.strip_prefix(b"* ").unwrap_or(frame);
        if line.starts_with(b"[") {
            let (code, _) = codec::text::resp_text(line);
            self.learn_code(code.as_ref());
            self.hear_limit(code.as_ref());
            self.learn_of_running(code.as_ref());
            return Ok(());
        }
        if unavailable(frame) {
            return Err(out_of_service(frame));
        }
        if self.is_tagged_plus(frame) {
            return self.continued(b"+");
        }
        if let Some(error) = meaning::glued_goodbye(frame, CLOSED) {
            return self.part(error);
        }
        self.strays += 1;
        tracing::warn!(line = %excerpt(frame), "a line that belongs nowhere");
        if self.strays > MOST_STRAYS {
            return Err(Error::protocol(format!("the server no longer speaks IMAP: {}", excerpt(frame))));
        }
        Ok(())
    }

    /// The server is still at it, as RFC 9585 has it say or as Dovecot says: `* OK Still here`. It is believed for an hour.
    fn hear_progress(&mut self, kind: Kind, code: Option<&ResponseCode>) {
        let alone = self.running.len() == 1;
        let meant = |run: &&Running| match code {
            Some(ResponseCode::InProgress(progress)) => match &progress.tag {
                Some(tag) => run.is_tagged(tag),
                None => alone,
            },
            None => alone && kind == Kind::Ok,
            Some(_) => false,
        };
        let now = self.clock.now();
        if self.running.iter().find(meant).is_some_and(|run| now < run.began + LONGEST_PROGRESS) {
            self.clock.progressed();
        }
    }

    /// Gromox once put the tag of IDLE before its `+`.
    fn is_tagged_plus(&self, frame: &[u8]) -> bool {
        let entering = self.idle.as_ref().is_some_and(Idle::is_entering);
        let tags = self.running.iter().filter(|run| run.verb == IDLE).map(|run| format!("A{} +", run.tag));
        entering && tags.into_iter().any(|start| frame.starts_with(start.as_bytes()))
    }

    fn learn_code(&mut self, code: Option<&ResponseCode>) {
        match code {
            Some(ResponseCode::Capability(capabilities)) => self.learn_capabilities(capabilities.clone()),
            Some(ResponseCode::PermanentFlags(flags)) => {
                self.describe(|selected| selected.permanent_flags = Some(flags.clone()));
            }
            Some(ResponseCode::UidValidity(validity)) => self.learn_validity(*validity),
            Some(ResponseCode::UidNext(uid)) => self.describe(|selected| selected.uid_next = *uid),
            Some(ResponseCode::Unseen(number)) => self.describe(|selected| selected.unseen = *number),
            Some(ResponseCode::UidNotSticky) => self.describe(|selected| selected.uids_not_sticky = true),
            Some(ResponseCode::HighestModSeq(modseq)) => {
                self.describe(|selected| selected.highest_modseq = Some(*modseq));
            }
            Some(ResponseCode::Closed) if self.opening.is_none() => self.deselect(),
            _ => {}
        }
    }

    /// What an untagged response says of a running command. A tagged one speaks of its own only.
    fn learn_of_running(&mut self, code: Option<&ResponseCode>) {
        if let Some(ResponseCode::CopyUid(copied)) = code {
            self.learn_copied(copied);
        }
    }

    /// Said of a command before its answer (RFC 9738 §3.1). Of several that may be meant each counts as stopped: what was done is done
    /// again then, and nothing is passed over.
    fn hear_limit(&mut self, code: Option<&ResponseCode>) {
        let Some(cut) = Cut::of(code) else { return };
        let alone = self.running.len() == 1;
        let meant = |run: &&mut Running| run.is_limitable() && (alone || run.bound && run.order.is_about_messages());
        self.running.iter_mut().filter(meant).for_each(|run| run.cut = Some(cut.or_above(run.cut)));
    }

    fn is_mistagged(&self, kind: Kind, frame: &[u8]) -> bool {
        let mut asking = self.running.iter().filter(|run| matches!(run.effect, Effect::Number { .. }));
        asking.next().is_some_and(|run| is_of_another(run, kind, frame))
    }

    /// In the course of a MOVE (RFC 6851 §4.3), once or bit by bit.
    fn learn_copied(&mut self, copied: &CopyUid) {
        let Some(run) = self.running.iter_mut().find(|run| run.effect == Effect::Move) else { return };
        run.frames += 1;
        run.bytes += copied.size();
        run.over_limit |= run.frames > self.limits.untagged || run.bytes > self.limits.undelivered;
        if !run.over_limit {
            run.copied = Some(run.copied.take().unwrap_or_default().joined(copied));
        }
    }

    fn learn_capabilities(&mut self, capabilities: Capabilities) {
        self.state.capabilities = Some(capabilities.into());
        self.changed = true;
    }

    fn learn_exists(&mut self, count: u32) {
        let opening = self.opening.is_some();
        let before = self.state.selected.as_ref().map(|selected| selected.exists);
        self.describe(|selected| (selected.exists, selected.counted) = (count, true));
        if !opening && before.is_some_and(|before| before != count) {
            self.journal.counted();
        }
    }

    fn learn_expunge(&mut self, number: u32) {
        let Some(number) = SeqNum::new(number).filter(|_| self.opening.is_none()) else { return };
        if self.state.selected.as_ref().is_none_or(|selected| number.as_u32() > selected.exists) {
            return;
        }
        self.describe(|selected| selected.exists -= 1);
        self.state.expunged += 1;
        let uid = self.numbers.expunge(number);
        self.numbering = None;
        self.journal.expunged(uid);
    }

    fn learn_searched(&mut self, frame: &[u8]) {
        match codec::search::parse(frame) {
            Ok(found) => self.learn_numbers(found.all),
            Err(error) => unread(&error, frame),
        }
    }

    /// Mail may come before the search is over: what was found was all there was.
    fn learn_numbers(&mut self, found: Option<Uids>) {
        let exists = self.state.selected.as_ref().map_or(0, |selected| selected.exists);
        let all = self.numbering.take().zip(found).and_then(|((before, _), more)| before.union(&more).ok());
        self.numbering = all.map(|all| (all, exists));
    }

    /// Data of a message that came unasked.
    fn note_fetch(&mut self, frame: &[u8]) {
        if self.state.selected.is_none() || self.opening.is_some() {
            return;
        }
        match codec::fetched(copied(frame), &self.limits) {
            Ok(data) => {
                let uid = data.uid().or_else(|| data.seq().and_then(|number| self.numbers.uid(number)));
                self.journal.fetched(uid, data);
            }
            Err(error) => unread(&error, frame),
        }
    }

    /// Changes the mailbox that is being opened, or else the one that is selected.
    pub(super) fn describe(&mut self, change: impl FnOnce(&mut super::Selected)) {
        if let Some(opening) = &mut self.opening {
            return change(opening);
        }
        if let Some(selected) = &mut self.state.selected {
            change(std::sync::Arc::make_mut(selected));
            self.changed = true;
        }
    }
}

//! What frames mean to the session: the greeting, tagged answers and their effects, and untagged data about the
//! selected mailbox. Data that a command claims never gets here. It parses frames and gives their values to the parts
//! of the engine.

use bytes::Bytes;

use super::condition::{
    challenge, is_unavailable, log_unreadable, out_of_service, outcome, read_condition, refused_to_greet,
};
use super::input::another_message;
use super::refusal::{self, command_refused};
use super::wire::{GivenUp, OwnEnd, Running};
use super::{Delivery, Engine, Phase, SessionEffect};
use crate::engine::LayerChange;
use crate::engine::failure::excerpt;
use crate::error::{Error, Result};
use crate::imap::codec::{self, Ending, Kind, Route, Unreadable, route};
use crate::imap::types::{Condition, LimitCut, Notice, Outcome, ResponseCode, Vanished};

/// The most lines that are not IMAP before the connection is closed.
const MOST_UNEXPECTED_LINES: u32 = 100;
/// The error text of a BYE.
const CLOSED: &str = "the server closed the session";

impl Engine {
    pub(super) fn handle_frame(&mut self, frame: &[u8]) -> Result<()> {
        let route = route(frame);
        if !self.mirror.is_greeted() {
            return self.greeted(&route, frame);
        }
        match route {
            Route::Tagged { tag, status } => self.tagged(tag, status, frame),
            Route::Continuation => self.continued(frame),
            Route::Untagged(kind) => self.untagged(kind, frame),
            Route::Unknown => self.unexpected_line(frame),
        }
    }

    fn greeted(&mut self, route: &Route<'_>, frame: &[u8]) -> Result<()> {
        let phase = match route {
            Route::Untagged(Kind::Ok) => Phase::Greeted,
            Route::Untagged(Kind::Preauth) => Phase::LoggedIn,
            Route::Untagged(Kind::Bye) => {
                self.queue_notice(Kind::Bye, read_condition(frame));
                return Err(refused_to_greet(frame));
            }
            _ if is_unavailable(frame) => return Err(out_of_service(frame)),
            _ => {
                let foreign =
                    || Error::protocol(format!("the server does not speak IMAP: it begins with {}", excerpt(frame)));
                return Err(refusal::busy_greeting(frame).unwrap_or_else(foreign));
            }
        };
        let mut greeting = read_condition(frame);
        self.mirror.enter(phase);
        self.queue_alert(&greeting);
        self.apply_code(greeting.code.as_ref());
        greeting.outcome = if phase == Phase::LoggedIn { Outcome::Preauth } else { Outcome::Ok };
        let id = self.core.greeted();
        self.core.deliver(id, Delivery::Done(Ok(greeting)));
        Ok(())
    }

    fn tagged(&mut self, tag: &[u8], ending: Ending, frame: &[u8]) -> Result<()> {
        let Some(index) = self.wire.find(tag) else { return self.unexpected_line(frame) };
        // First of all: nothing of a half-sent command may follow its answer.
        let is_cut = self.wire.stop_sending(index, ending)?;
        let condition = read_condition(frame);
        // Applied before the command is removed: a changed UIDVALIDITY invalidates this command too.
        self.apply_code(condition.code.as_ref());
        self.conclude(index, ending, condition)?;
        if is_cut { Err(cut_literal()) } else { Ok(()) }
    }

    /// Ends a running command with the server's answer.
    fn conclude(&mut self, index: usize, ending: Ending, mut condition: Condition) -> Result<()> {
        let Some(mut run) = self.wire.remove(index) else { return Ok(()) };
        run.answered(ending == Ending::Ok);
        self.queue_alert(&condition);
        self.core.clock.progressed();
        // Nobody knows who is logged in now.
        if run.effect() == &SessionEffect::Unauthenticate && ending != Ending::Ok {
            let error = self.core.named(command_refused(run.verb(), ending, condition));
            self.core.deliver(run.reader(), Delivery::Done(Err(error.clone())));
            return Err(error);
        }
        if run.is_own() {
            return self.own_command_ended(&run, ending, &condition);
        }
        self.wire.settle_limit(&run, condition.code.as_ref());
        // With NO nothing was processed, so there is nothing to continue (RFC 9738 §3.1).
        let cut = run.cut(condition.code.as_ref()).filter(|_| ending == Ending::Ok);
        // RFC 6851 §4.3: MOVE sends COPYUID untagged, before its EXPUNGEs; some servers send it tagged, or both.
        condition.code = match (run.take_copied(), condition.code.take()) {
            (Some(copied), Some(ResponseCode::CopyUid(rest))) => Some(ResponseCode::CopyUid(copied.joined(&rest))),
            (Some(copied), _) => Some(ResponseCode::CopyUid(copied)),
            (None, code) => code,
        };
        // RFC 8508 §4.3: REPLACE sends APPENDUID untagged, before its EXPUNGE. Cyrus has HIGHESTMODSEQ in its OK.
        condition.code = match (run.take_appended(), condition.code.take()) {
            (_, code @ Some(ResponseCode::AppendUid(_))) => code,
            (Some(appended), _) => Some(ResponseCode::AppendUid(appended)),
            (None, code) => code,
        };
        self.end_fetch(&mut run, ending);
        self.release_status(&mut run)?;
        cut.into_iter().for_each(|cut| self.core.deliver(run.reader(), Delivery::LimitCut(cut)));
        self.apply_effect(&run, ending, &condition);
        // The driver must change the stream's layers first; then the core delivers the end.
        if !self.core.is_upgrading() {
            let outcome = outcome(&run, ending, condition).map_err(|error| self.core.named(error));
            match outcome {
                Ok(condition) if run.is_updated() => self.go_live(&run, condition),
                outcome => {
                    // The answer is over the limits, but the server updates the result.
                    if ending == Ending::Ok && run.is_updated() {
                        self.wire.leave_updates(&run, self.mirror.selection().unwrap_or_default());
                    }
                    self.core.deliver(run.reader(), Delivery::Done(outcome));
                }
            }
        }
        Ok(())
    }

    /// The server updates the result of this search from now on.
    fn go_live(&mut self, run: &Running, condition: Condition) {
        let selection = self.mirror.selection().unwrap_or_default();
        if self.wire.go_live(run, selection) {
            self.core.deliver(run.reader(), Delivery::Live(condition));
        }
    }

    /// Only now it is known which message a response without a UID is about, and which messages got no answer.
    fn end_fetch(&mut self, run: &mut Running, ending: Ending) {
        let Some(mut attribution) = run.take_attribution() else { return };
        match attribution.end() {
            Some((frame, Some(uid))) if run.reader().is_some() => self.deliver_nameless(run, &frame, uid),
            Some((frame, _)) => self.apply_unsolicited_fetch(&frame),
            None => {}
        }
        if attribution.is_doubtful() {
            self.core.deliver(run.reader(), Delivery::Done(Err(another_message())));
            return run.dismiss();
        }
        let answered = attribution.answered();
        if ending == Ending::Ok && run.effect() != &SessionEffect::Body && !answered.is_empty() {
            self.core.deliver(run.reader(), Delivery::Answered(answered));
        }
    }

    fn apply_effect(&mut self, run: &Running, ending: Ending, condition: &Condition) {
        let done = ending == Ending::Ok;
        match run.effect() {
            SessionEffect::Authenticate | SessionEffect::Login if done => {
                self.mirror.enter(Phase::LoggedIn);
                // The login may have changed the capabilities, and the server has not sent the new ones (RFC 9051
                // §6.2.2, §6.2.3).
                if !run.is_capable() && !matches!(condition.code, Some(ResponseCode::Capability(_))) {
                    self.mirror.forget_capabilities();
                }
            }
            // RFC 9051 §6.2.1: capabilities from before TLS must be discarded.
            SessionEffect::StartTls if done => {
                self.mirror.forget_capabilities();
                self.core.agree_to(LayerChange::AddTls, run.reader());
            }
            SessionEffect::Compress if done => self.core.agree_to(LayerChange::AddDeflate, run.reader()),
            SessionEffect::Unauthenticate if done => {
                // What the server has announced is for those who are logged in, unless it has just done so.
                if !run.is_capable() && !matches!(condition.code, Some(ResponseCode::Capability(_))) {
                    self.mirror.forget_capabilities();
                }
                self.wire.forget_notify();
                if self.is_compressed {
                    self.core.agree_to(LayerChange::RemoveDeflate, run.reader());
                }
            }
            SessionEffect::Select { extension, .. } => {
                if let Some(extension) = extension.filter(|_| ending == Ending::Bad) {
                    self.mirror.retract(extension);
                }
                // RFC 9051 §6.3.2: a SELECT can open a mailbox read-only too.
                let read_only = matches!(condition.code, Some(ResponseCode::ReadOnly));
                self.mirror.select(done, read_only);
                if let Some(info) = self.mirror.selected().filter(|_| done && run.is_streaming()) {
                    self.core.deliver(run.reader(), Delivery::Opened { info, closed: run.is_closed() });
                }
            }
            SessionEffect::Deselect if done => self.mirror.deselect(),
            SessionEffect::Enable(asked) if done => self.mirror.apply_enabled(asked, run.enabled()),
            SessionEffect::Number { from, to } => self.mirror.finish_numbering(*from, *to, done),
            SessionEffect::Notify(line) if self.wire.notify_ended(run, line.as_ref(), done) => {
                let Condition { text, code, .. } = condition.clone();
                self.notices.push(Notice::Warning { text, code });
            }
            SessionEffect::Logout if done => self.end(Ok(())),
            SessionEffect::Save(mark) if done => self.mirror.finish_saving(*mark),
            SessionEffect::Look => self.core.deliver(run.reader(), Delivery::Answered(self.mirror.gone().clone())),
            _ => {}
        }
    }

    fn own_command_ended(&mut self, run: &Running, ending: Ending, condition: &Condition) -> Result<()> {
        let (now, done) = (self.core.now(), ending == Ending::Ok);
        if let OwnEnd::Refused(id) = self.wire.own_ended(run.verb(), done, now, &self.core.deadlines)? {
            self.core.refuse(id, command_refused(run.verb(), ending, condition.clone()));
        }
        Ok(())
    }

    fn continued(&mut self, frame: &[u8]) -> Result<()> {
        // `+` has no tag: it belongs to the half-sent command, else to IDLE, else to AUTHENTICATE. Only one of them can
        // wait for it.
        if self.wire.send_literal(self.mirror.capabilities()) {
            return Ok(());
        }
        if self.wire.enter_idle(self.core.now(), &self.core.deadlines)? {
            return Ok(());
        }
        if self.wire.is_probing() {
            return Err(Error::protocol("the server asks for a literal that it has refused"));
        }
        let Some(reader) = self.wire.challenged() else { return self.unexpected_line(frame) };
        self.core.deliver(reader, Delivery::Challenge(challenge(frame)));
        Ok(())
    }

    fn untagged(&mut self, kind: Kind, frame: &[u8]) -> Result<()> {
        match kind {
            Kind::Ok | Kind::No | Kind::Bad | Kind::Preauth => {
                let condition = read_condition(frame);
                if self.wire.is_progress(kind == Kind::Ok, condition.code.as_ref(), self.core.now()) {
                    self.core.clock.progressed();
                }
                self.apply_untagged_code(condition.code.as_ref());
                if kind == Kind::Bad
                    && let Some(given_up) = self.wire.give_up()
                {
                    return self.literal_refused(given_up, condition);
                }
                self.queue_notice(kind, condition);
            }
            Kind::Bye => return self.goodbye(frame),
            Kind::Exists(count) => self.mirror.apply_exists(count),
            Kind::Recent(count) => self.mirror.apply_recent(count),
            Kind::Expunge(number) => self.mirror.apply_expunge(number),
            Kind::Fetch(_) | Kind::UidFetch(_) => self.apply_unsolicited_fetch(frame),
            Kind::Search | Kind::Esearch if self.mirror.is_numbering() && !self.wire.is_mistagged(kind, frame) => {
                self.apply_read(frame, codec::search::parse, |engine, found| engine.mirror.apply_found(found.all));
            }
            Kind::Esearch => match self.wire.apply_update(frame, &self.limits) {
                None => self.queue_data(kind, frame),
                Some(failed) => failed.into_iter().for_each(|(id, error)| self.core.refuse(id, error)),
            },
            Kind::Enabled => self.apply_read(frame, codec::capability::parse, |engine, enabled| {
                engine.wire.apply_enabled(&enabled);
            }),
            Kind::Vanished => self.apply_read(frame, codec::vanished::parse, Self::apply_vanished),
            // A server may send its capabilities at any time (RFC 9051 §7.2.2).
            Kind::Capability => {
                self.wire.apply_capable();
                self.apply_read(frame, codec::capability::parse, |engine, capabilities| {
                    engine.mirror.apply_capabilities(capabilities);
                });
            }
            Kind::Flags => self.apply_read(frame, codec::flags::parse, |engine, flags| {
                engine.mirror.apply_flags(flags);
            }),
            _ => self.queue_data(kind, frame),
        }
        Ok(())
    }

    /// The half-sent command ends with this BAD.
    fn literal_refused(&mut self, given_up: GivenUp, condition: Condition) -> Result<()> {
        self.conclude(given_up.index, Ending::Bad, condition)?;
        if given_up.is_begun {
            return Err(cut_literal());
        }
        self.wire.probe(self.core.now());
        Ok(())
    }

    /// With EARLIER it is the answer of a command that asks for it, and changes nothing in the mailbox.
    fn apply_vanished(&mut self, gone: Vanished) {
        let Some(run) = self.wire.takes_vanished(gone.earlier) else { return self.mirror.apply_vanished(&gone) };
        let reader = run.reader();
        if !gone.earlier {
            self.mirror.apply_vanished_early(&gone.uids);
        }
        self.core.deliver(reader, Delivery::Vanished(gone.uids));
    }

    /// Parses a frame and applies it. An unreadable frame changes nothing.
    fn apply_read<T>(
        &mut self,
        frame: &[u8],
        read: impl FnOnce(&[u8]) -> std::result::Result<T, Unreadable>,
        apply: impl FnOnce(&mut Self, T),
    ) {
        match read(frame) {
            Ok(value) => apply(self, value),
            Err(error) => log_unreadable(&error, frame),
        }
    }

    /// A BYE without a LOGOUT ends the session; some servers repeat it indefinitely, so it is not waited for.
    fn goodbye(&mut self, frame: &[u8]) -> Result<()> {
        let condition = read_condition(frame);
        self.queue_notice(Kind::Bye, condition.clone());
        self.end_unless_leaving(refusal::goodbye(condition, CLOSED))
    }

    fn end_unless_leaving(&mut self, error: Error) -> Result<()> {
        // The BYE that announces LOGOUT's end (RFC 9051 §6.1.3); its tagged OK follows.
        if self.wire.is_leaving() {
            self.goodbye = Some(error);
            return Ok(());
        }
        Err(error)
    }

    /// Skips a line that is not IMAP, up to a limit.
    fn unexpected_line(&mut self, frame: &[u8]) -> Result<()> {
        // Some servers send the response code of an OK without the OK.
        let line = frame.strip_prefix(b"* ").unwrap_or(frame);
        if line.starts_with(b"[") {
            let (code, _) = codec::text::resp_text(line);
            self.apply_untagged_code(code.as_ref());
            return Ok(());
        }
        if is_unavailable(frame) {
            return Err(out_of_service(frame));
        }
        if self.wire.is_tagged_plus(frame) {
            return self.continued(b"+");
        }
        if let Some(error) = refusal::embedded_bye(frame, CLOSED) {
            return self.end_unless_leaving(error);
        }
        self.unexpected_lines += 1;
        tracing::warn!(line = %excerpt(frame), "a line that is not IMAP");
        if self.unexpected_lines > MOST_UNEXPECTED_LINES {
            return Err(Error::protocol(format!("the server no longer speaks IMAP: {}", excerpt(frame))));
        }
        Ok(())
    }

    fn apply_code(&mut self, code: Option<&ResponseCode>) {
        if matches!(code, Some(ResponseCode::Closed)) {
            self.wire.apply_closed();
        }
        if let Some(ended) = code.and_then(|code| self.mirror.apply_code(code)) {
            self.end_selection(ended);
        }
    }

    /// Applies the code of an untagged response, which may also be about a running command. A tagged one is only about
    /// its own.
    fn apply_untagged_code(&mut self, code: Option<&ResponseCode>) {
        self.apply_code(code);
        LimitCut::of(code).into_iter().for_each(|cut| self.wire.apply_limit(cut));
        if let Some(ResponseCode::CopyUid(copied)) = code {
            self.wire.apply_copied(copied, &self.limits);
        }
        if let Some(ResponseCode::NoUpdate(tag)) = code
            && let Some(id) = self.wire.apply_no_update(tag)
        {
            self.core.refuse(id, refusal::no_update(ResponseCode::NoUpdate(tag.clone())));
        }
        if let Some(ResponseCode::AppendUid(appended)) = code {
            self.wire.apply_appended(appended);
        }
    }

    /// Applies unsolicited FETCH data.
    fn apply_unsolicited_fetch(&mut self, frame: &[u8]) {
        if !self.mirror.takes_fetched() {
            return;
        }
        match codec::fetched(Bytes::copy_from_slice(frame), &self.limits) {
            Ok(data) => self.mirror.apply_fetched(data),
            Err(error) => log_unreadable(&error, frame),
        }
    }
}

/// A literal that has begun cannot be withdrawn: nobody knows how much of it the server still reads.
fn cut_literal() -> Error {
    Error::closed("the server refused a literal before it was complete, so the connection was closed")
}

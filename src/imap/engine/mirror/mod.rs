//! The session as the server describes it: its phase, the capabilities, the selected mailbox, the UID of each message
//! number, and the journal of events. Values come in; it must not know the responses that carried them, nor who asked.

mod journal;
mod numbering;
mod selection;
mod state;

use std::sync::Arc;

use self::journal::EventJournal;
pub(crate) use self::state::{Phase, State};
use super::seq_map::SeqMap;
use crate::WordList;
use crate::engine::published::Published;
use crate::error::{Error, Result};
use crate::imap::plan::RequiredState;
use crate::imap::types::{Capabilities, Event, Fetched, FolderInfo, ResponseCode, SavedMark, Uids};
use crate::limits::Limits;

/// What the engine knows about the session.
pub(super) struct Mirror {
    state: Published<State>,
    /// The mailbox that a running SELECT is opening. Until it is answered, untagged data changes this one.
    opening: Option<FolderInfo>,
    numbers: SeqMap,
    numbering: Numbering,
    /// The last search with SAVE that was sent.
    saving: Option<SavedMark>,
    journal: EventJournal,
    /// Capabilities that the server is taken to have or to lack, whatever it announces.
    assumed: Vec<(String, bool)>,
}

/// What the search found, and the number of messages at that time; `None` if none runs, or if its result must not be
/// used.
#[derive(Debug, Default)]
struct Numbering(Option<(Uids, u32)>);

/// A selection that ended because the server changed its UIDVALIDITY.
pub(crate) struct Ended {
    /// Its events that were not taken; the last one is its end.
    pub(crate) events: Vec<Event>,
    /// The error of every request that waits for an answer in it.
    pub(crate) error: Error,
}

impl Mirror {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            state: Published::new(State::new()),
            opening: None,
            numbers: SeqMap::default(),
            numbering: Numbering::default(),
            saving: None,
            journal: EventJournal::new(limits.events, limits.undelivered),
            assumed: Vec::new(),
        }
    }

    /// The map of numbers to UIDs, which FETCH responses extend, and the state.
    pub(super) fn numbers(&mut self) -> (&mut SeqMap, &State) {
        (&mut self.numbers, &self.state)
    }

    /// The state that the handles see.
    pub(super) fn shared(&self) -> Arc<State> {
        self.state.shared()
    }

    /// Publishes the changes to the handles.
    pub(super) fn publish(&mut self) {
        // `change` copies the state for the next publication, so it is only called if something changed.
        if self.state.numbered != self.numbers.known() {
            self.state.change().numbered = self.numbers.known();
        }
        self.state.publish();
    }

    pub(super) fn is_greeted(&self) -> bool {
        self.state.phase != Phase::Connected
    }

    /// The number of the selection, if a mailbox is selected.
    pub(super) fn selection(&self) -> Option<u64> {
        self.state.selected.as_ref().map(|selected| selected.selection)
    }

    /// The error of a request about a mailbox that is no longer selected.
    pub(super) fn unselected(&self) -> Error {
        self.state.unselected()
    }

    /// Changes the phase after the greeting or a login.
    pub(super) fn enter(&mut self, phase: Phase) {
        self.state.change().phase = phase;
    }

    /// The login ends, and with it all that it selected and enabled (RFC 8437 §4.1).
    pub(super) fn log_out(&mut self) {
        self.opening = None;
        self.deselect();
        let state = self.state.change();
        (state.phase, state.left, state.settled) = (Phase::Greeted, None, false);
        (state.enabled, state.confirmed) = Default::default();
    }

    pub(super) fn end(&mut self, error: Error) {
        let state = self.state.change();
        (state.phase, state.selected, state.left) = (Phase::Over, None, Some(error));
    }

    pub(super) fn capabilities(&self) -> Option<&Capabilities> {
        self.state.capabilities.as_deref()
    }

    /// Sets what the server is taken to support, before anything was received.
    pub(super) fn assume(&mut self, assumed: &[(String, bool)]) {
        self.assumed = assumed.to_vec();
    }

    pub(super) fn apply_capabilities(&mut self, capabilities: Capabilities) {
        self.state.change().capabilities = Some(capabilities.assuming(&self.assumed).into());
    }

    /// Drops the capabilities, since they may have changed.
    pub(super) fn forget_capabilities(&mut self) {
        self.state.change().capabilities = None;
    }

    /// Records the extensions that were asked for and that the server reports as enabled. iCloud answers a bare OK:
    /// then CONDSTORE and QRESYNC count if they are announced, but nothing that changes how text is read.
    pub(super) fn apply_enabled(&mut self, asked: &Capabilities, reported: Option<&Capabilities>) {
        let announced = self.state.capabilities.as_deref();
        let silent = |name: &&str| match *name {
            "CONDSTORE" => announced.is_some_and(Capabilities::condstore),
            "QRESYNC" => announced.is_some_and(Capabilities::qresync),
            _ => false,
        };
        let more = asked.iter().filter(|name| reported.map_or_else(|| silent(name), |reported| reported.has(name)));
        let enabled = Arc::new(self.state.enabled.iter().chain(more).collect());
        let state = self.state.change();
        state.enabled = enabled;
        if let Some(reported) = reported {
            state.confirmed = Arc::new(state.confirmed.iter().chain(reported.iter()).collect());
        }
    }

    /// The server does not understand what this extension allows, which it enabled without saying so: it is not enabled.
    pub(super) fn retract(&mut self, extension: &str) {
        if self.state.enabled.has(extension) && !self.state.confirmed.has(extension) {
            let rest = self.state.enabled.iter().filter(|name| !name.eq_ignore_ascii_case(extension)).collect();
            self.state.change().enabled = Arc::new(rest);
        }
    }

    /// Whether the commands that follow a login are answered.
    pub(super) fn is_settled(&self) -> bool {
        self.state.settled
    }

    /// Sets that.
    pub(super) fn settle(&mut self, settled: bool) {
        if self.state.settled != settled {
            self.state.change().settled = settled;
        }
    }

    /// Records what the server said about itself.
    pub(super) fn describe_server(&mut self, fields: Vec<(String, Option<String>)>) {
        self.state.change().server = fields.into();
    }

    /// Applies a response code. Returns a selection that it ends.
    pub(super) fn apply_code(&mut self, code: &ResponseCode) -> Option<Ended> {
        match code {
            ResponseCode::Capability(capabilities) => self.apply_capabilities(capabilities.clone()),
            ResponseCode::PermanentFlags(flags) => {
                self.update_selected(|selected| selected.permanent_flags = Some(flags.clone()));
            }
            ResponseCode::UidValidity(validity) => return self.apply_validity(*validity),
            ResponseCode::UidNext(uid) => self.update_selected(|selected| selected.uid_next = *uid),
            ResponseCode::Unseen(number) => self.update_selected(|selected| selected.unseen = *number),
            ResponseCode::UidNotSticky => self.update_selected(|selected| selected.uids_not_sticky = true),
            ResponseCode::HighestModSeq(modseq) => {
                self.update_selected(|selected| selected.highest_modseq = Some(*modseq))
            }
            ResponseCode::Closed => self.apply_closed(),
            _ => {}
        }
        None
    }

    pub(super) fn apply_recent(&mut self, count: u32) {
        self.update_selected(|selected| selected.recent = count);
    }

    pub(super) fn apply_flags(&mut self, flags: WordList) {
        self.update_selected(|selected| selected.flags = flags);
    }

    /// A search with SAVE is sent. Whatever comes of it, it is not certain that the result before it is still there.
    pub(super) fn begin_saving(&mut self, mark: SavedMark) {
        self.saving = Some(mark);
        if self.state.saved.is_some() {
            self.state.change().saved = None;
        }
    }

    /// The search has succeeded. A later one replaces its result.
    pub(super) fn finish_saving(&mut self, mark: SavedMark) {
        if self.saving == Some(mark) {
            self.state.change().saved = Some(mark);
        }
    }

    /// Whether unsolicited FETCH data is about the selected mailbox.
    pub(super) fn takes_fetched(&self) -> bool {
        self.state.selected.is_some() && self.opening.is_none()
    }

    pub(super) fn apply_fetched(&mut self, data: Fetched) {
        if let Some((number, uid)) = data.seq().zip(data.uid()) {
            self.numbers.record(number, uid);
        }
        let uid = data.uid().or_else(|| data.seq().and_then(|number| self.numbers.uid(number)));
        self.journal.fetched(uid, data);
    }

    pub(super) fn has_events(&self) -> bool {
        !self.journal.is_empty()
    }

    /// The messages that were expunged since the events were last taken.
    pub(super) fn gone(&self) -> &Uids {
        self.journal.gone()
    }

    pub(super) fn take_events(&mut self) -> Vec<Event> {
        let exists = self.state.selected.as_ref().map_or(0, |selected| selected.exists);
        self.journal.take(exists)
    }

    /// Takes back events that were delivered to a watcher and not taken.
    pub(super) fn put_back(&mut self, events: Vec<Event>) {
        if self.state.selected.is_some() {
            self.journal.put_back(events);
        }
    }

    /// Whether a command is allowed now. One that is pipelined after a SELECT may be about the mailbox that it opens.
    pub(super) fn allows(&self, needs: RequiredState, rides: bool) -> Result<()> {
        let opening = self.opening.as_ref().filter(|_| rides).map(|opening| opening.selection);
        let selected = self.state.selected.as_ref().map(|selected| selected.selection);
        let selected = opening.or(selected);
        match (needs, self.state.phase) {
            (_, Phase::Over) => Err(self.state.unselected()),
            (RequiredState::Connection, _)
            | (RequiredState::Login, Phase::LoggedIn)
            | (RequiredState::BeforeLogin, Phase::Greeted) => Ok(()),
            (RequiredState::Selection(selection), Phase::LoggedIn) if selected == Some(selection) => Ok(()),
            (RequiredState::Saved(selection, mark), Phase::LoggedIn) if selected == Some(selection) => {
                self.check_saved(mark)
            }
            (RequiredState::Selection(_) | RequiredState::Saved(..), _) => Err(self.state.unselected()),
            (RequiredState::NoSelection, Phase::LoggedIn) if selected.is_none() => Ok(()),
            // RFC 5161 §3.1: ENABLE is only allowed before a mailbox is selected.
            (RequiredState::NoSelection, Phase::LoggedIn) => {
                Err(Error::input("this command must come before any SELECT"))
            }
            (RequiredState::Login | RequiredState::NoSelection, _) => {
                Err(Error::input("this command needs a login first"))
            }
            (RequiredState::BeforeLogin, _) => Err(Error::input("this command is only allowed before the login")),
        }
    }

    fn check_saved(&self, mark: SavedMark) -> Result<()> {
        match self.state.saved == Some(mark) {
            true => Ok(()),
            false => Err(Error::input("the saved result of the search is gone: a later search replaced it")),
        }
    }

    /// Changes the mailbox that is being opened, or otherwise the selected one.
    fn update_selected(&mut self, change: impl FnOnce(&mut FolderInfo)) {
        if let Some(opening) = &mut self.opening {
            return change(opening);
        }
        if self.state.selected.is_some()
            && let Some(selected) = &mut self.state.change().selected
        {
            change(Arc::make_mut(selected));
        }
    }
}

#[cfg(test)]
impl Mirror {
    pub(super) fn state(&self) -> &State {
        &self.state
    }

    /// The number of the selection that a test asks in.
    pub(super) fn asked_selection(&self) -> u64 {
        self.opening.as_ref().or(self.state.selected.as_deref()).map_or(0, |selected| selected.selection)
    }
}

//! Decides which running command a response belongs to: the one that claims its kind and asked for exactly what it
//! names. It must not know what happens to the response then.

use bytes::Bytes;

use super::attribution::{Attributed, Coverage};
use super::{Running, Wire, is_introduction};
use crate::engine::Id;
use crate::imap::codec::{self, Elided, Kind, Route};
use crate::imap::engine::seq_map::SeqMap;
use crate::imap::plan::{Order, SessionEffect};
use crate::imap::types::Uid;
use crate::limits::Limits;

/// The command that claims a response.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) struct Claimant {
    pub(crate) id: Id,
    pub(crate) stream: bool,
    pub(crate) coverage: Coverage,
}

/// The owner of a response.
pub(crate) enum Owner {
    Command(Claimant),
    /// A command's, but the response lacks the message's UID, which must be inserted.
    Nameless(Claimant, Uid),
    /// Nobody's: its command was dropped, or it contradicts itself.
    Nobody,
    /// The command's if no other response arrives; kept until then.
    Held,
    /// Nobody's: this command got the text of another message and must end.
    Mistaken(Id),
    /// The server's description of itself, which follows a login.
    Introduction,
    /// The session's: it changes the mailbox or the state.
    Session,
}

impl Wire {
    /// Whether a running command claims this kind of response.
    pub(crate) fn claims(&self, kind: Kind) -> bool {
        self.running.iter().any(|run| run.asks.order.claims.covers(kind))
    }

    /// The command whose answer this VANISHED is part of: with EARLIER, one that asks for it; without, a SELECT that asks
    /// for it, since no other command reads the mailbox that is being opened.
    pub(crate) fn takes_vanished(&self, earlier: bool) -> Option<&Running> {
        let opens = |run: &Running| matches!(run.asks.effect, SessionEffect::Select { .. });
        let takes = |run: &&Running| run.asks.vanished && !run.seen.awaits_closed && (earlier || opens(run));
        self.running.iter().find(takes)
    }

    /// Whether a literal of a FETCH may have to be streamed.
    pub(crate) fn reads_body(&self) -> bool {
        self.running.iter().any(|run| run.asks.effect == SessionEffect::Body)
    }

    /// Returns the owner of a response: the running command that claims the kind, for a FETCH only if it asked for
    /// exactly this. The first tokens of the response end at `at`; `utf8` returns whether mailbox names are UTF-8.
    #[inline]
    pub(crate) fn owner(
        &mut self,
        route: &Route<'_>,
        frame: &[u8],
        at: usize,
        elided: &[Elided],
        numbers: &mut SeqMap,
        utf8: impl Fn() -> bool,
    ) -> Owner {
        let Route::Untagged(kind) = *route else { return Owner::Session };
        let found = match kind {
            Kind::Status => {
                // Several STATUS may run at once; the response names the mailbox (RFC 9051 §7.3.3).
                let asking = self.status_claimant(frame, utf8());
                if asking.is_none() && self.hold_status(frame) {
                    return Owner::Held;
                }
                asking
            }
            // OLDNAME: another command renamed the mailbox; it is not a result of LIST (RFC 9051 §6.3.9.7).
            Kind::List if self.running.len() > 1 && is_renamed(frame) => None,
            _ => self.running.iter().position(|run| run.asks.order.claims.covers(kind)),
        };
        let Some(run) = found.and_then(|index| self.running.get_mut(index)) else { return Owner::Session };
        match run.is_about(kind, frame, utf8) {
            true => run.owner(kind, frame, at, elided, numbers),
            false => Owner::Session,
        }
    }

    /// Whether the next literal of a FETCH is streamed, and to which request.
    pub(crate) fn streams(
        &mut self,
        kind: Kind,
        head: &[u8],
        at: usize,
        elided: &[Elided],
        numbers: &SeqMap,
    ) -> Option<Option<Id>> {
        let run = self.running.iter_mut().find(|run| run.asks.effect == SessionEffect::Body)?;
        let streams = run.attribution.as_mut()?.streams(kind, head, at, elided, numbers);
        streams.then(|| run.reader())
    }

    /// Counts streamed bytes.
    pub(crate) fn count_streamed(&mut self, to: Id, bytes: usize) -> Option<Id> {
        let run = self.running.iter_mut().find(|run| run.id == Some(to))?;
        run.count(0, bytes);
        run.reader()
    }

    /// Counts responses for a command; `false` if they are not delivered.
    pub(crate) fn count(&mut self, to: Claimant, frames: usize, bytes: usize, limits: &Limits) -> bool {
        let Some(run) = self.running.iter_mut().find(|run| run.id == Some(to.id)) else { return false };
        run.count(frames, bytes);
        (to.stream || run.tally.add(frames, bytes, limits)) && !run.dismissed
    }

    /// Whether a search for UIDs runs and this is not its answer.
    pub(crate) fn is_mistagged(&self, kind: Kind, frame: &[u8]) -> bool {
        let mut asking = self.running.iter().filter(|run| matches!(run.asks.effect, SessionEffect::Number { .. }));
        asking.next().is_some_and(|run| run.is_mistagged(kind, frame))
    }

    /// The command that asked about this mailbox, or about all.
    fn status_claimant(&self, frame: &[u8], utf8: bool) -> Option<usize> {
        let name = codec::status::parse(frame, utf8).ok().map(|data| data.name.subject());
        let asked = |order: Order| order.subject.is_none() || order.subject == name;
        self.running.iter().position(|run| run.asks.order.claims.covers(Kind::Status) && asked(run.asks.order))
    }

    /// Some servers spell the mailbox's name differently; then no other STATUS arrives. The response is kept for the
    /// oldest command that waits for one.
    fn hold_status(&mut self, frame: &[u8]) -> bool {
        let waits = |run: &&mut Running| {
            run.asks.order.claims.covers(Kind::Status) && run.seen.misnamed.is_none() && run.tally.frames == 0
        };
        let Some(run) = self.running.iter_mut().find(waits) else { return false };
        run.seen.misnamed = Some(Bytes::copy_from_slice(frame));
        true
    }
}

impl Running {
    #[inline]
    fn owner(&mut self, kind: Kind, frame: &[u8], at: usize, elided: &[Elided], numbers: &mut SeqMap) -> Owner {
        if self.seen.awaits_closed {
            return Owner::Session;
        }
        // The engine keeps these itself.
        let Some(id) = self.id.filter(|_| kind != Kind::Capability && !self.is_numbering()) else {
            return Owner::Session;
        };
        if is_introduction(id) {
            return Owner::Introduction;
        }
        if self.is_mistagged(kind, frame) {
            self.seen.mistagged = true;
            return Owner::Session;
        }
        // Only a FETCH has an attribution: its responses look like the server's unsolicited ones.
        let to = Claimant { id, stream: self.asks.stream, coverage: Coverage::Whole };
        let Some(attribution) = &mut self.attribution else { return Owner::Command(to) };
        match attribution.judge(kind, frame, at, elided, numbers) {
            Attributed::Answer { .. } if self.dismissed => Owner::Nobody,
            Attributed::Answer { coverage, of: None } => Owner::Command(Claimant { coverage, ..to }),
            Attributed::Answer { coverage, of: Some(uid) } => Owner::Nameless(Claimant { coverage, ..to }, uid),
            Attributed::Held => {
                attribution.hold(Bytes::copy_from_slice(frame));
                Owner::Held
            }
            Attributed::Unsolicited => Owner::Session,
            Attributed::Contradicted => {
                tracing::warn!("a FETCH response's message number contradicts its UID");
                Owner::Nobody
            }
            Attributed::Mistaken if self.dismissed => Owner::Nobody,
            Attributed::Mistaken => {
                self.dismiss();
                Owner::Mistaken(id)
            }
        }
    }

    /// Whether the response is about the mailbox, root or entry that was asked for.
    #[inline]
    fn is_about(&mut self, kind: Kind, frame: &[u8], utf8: impl Fn() -> bool) -> bool {
        self.asks.topic.as_mut().is_none_or(|topic| topic.fits(kind, frame, utf8()))
    }

    fn is_numbering(&self) -> bool {
        matches!(self.asks.effect, SessionEffect::Number { .. })
    }
}

/// Whether a LIST response has OLDNAME.
fn is_renamed(frame: &[u8]) -> bool {
    let extended = frame.trim_ascii_end().ends_with(b")");
    extended && codec::list::parse(frame, false).is_ok_and(|listed| listed.old_name.is_some())
}

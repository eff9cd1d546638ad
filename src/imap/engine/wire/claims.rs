//! Which running command a response belongs to: the one that claims its kind and asked for just what it names. It must not know what
//! becomes of the response then.

use bytes::Bytes;

use super::attribution::{Piece, Verdict};
use super::{Running, Wire};
use crate::engine::Id;
use crate::imap::codec::{self, Elided, Kind, Route};
use crate::imap::engine::numbers::Numbers;
use crate::imap::plan::{Effect, Order};
use crate::imap::types::Uid;
use crate::limits::Limits;

/// The command that claims a response.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) struct Claimant {
    pub(crate) id: Id,
    pub(crate) stream: bool,
    pub(crate) piece: Piece,
}

/// Whose a response is.
pub(crate) enum Owner {
    Command(Claimant),
    /// A command's, which must be shown the message's UID.
    Nameless(Claimant, Uid),
    /// Nobody's: that of a command for which nobody waits any more, or one that contradicts itself.
    Nobody,
    /// The command's if no other response comes: it is kept until then.
    Held,
    /// Nobody's: this command was given the text of another message, and must end.
    Mistaken(Id),
    Session,
}

impl Wire {
    /// Whether a response of this kind belongs to a running command, as far as its kind tells.
    pub(crate) fn claims(&self, kind: Kind) -> bool {
        self.running.iter().any(|run| run.asks.order.claims.covers(kind))
    }

    /// Whether a literal of a FETCH may have to go out as it comes.
    pub(crate) fn reads_body(&self) -> bool {
        self.running.iter().any(|run| run.asks.effect == Effect::Body)
    }

    /// Whose data this is: the one running command's that claims the kind, and of a FETCH only if it asked for just this. The first
    /// tokens of the response end at `at`; `utf8` says whether mailbox names are UTF-8.
    #[inline]
    pub(crate) fn owner(
        &mut self,
        route: &Route<'_>,
        frame: &[u8],
        at: usize,
        elided: &[Elided],
        numbers: &mut Numbers,
        utf8: impl Fn() -> bool,
    ) -> Owner {
        let Route::Untagged(kind) = *route else { return Owner::Session };
        let found = match kind {
            Kind::Status => {
                let asking = self.status_claimant(frame, utf8());
                if asking.is_none() && self.hold_status(frame) {
                    return Owner::Held;
                }
                asking
            }
            // Renamed by another command, and not found by LIST (RFC 9051 §6.3.9.7).
            Kind::List if self.running.len() > 1 && is_renamed(frame) => None,
            _ => self.running.iter().position(|run| run.asks.order.claims.covers(kind)),
        };
        let Some(run) = found.and_then(|index| self.running.get_mut(index)) else { return Owner::Session };
        match run.is_about(kind, frame, utf8) {
            true => run.owner(kind, frame, at, elided, numbers),
            false => Owner::Session,
        }
    }

    /// Whether the next literal of a FETCH goes out as it comes, and to whom.
    pub(crate) fn streams(
        &mut self,
        kind: Kind,
        head: &[u8],
        at: usize,
        elided: &[Elided],
        numbers: &Numbers,
    ) -> Option<Option<Id>> {
        let run = self.running.iter_mut().find(|run| run.asks.effect == Effect::Body)?;
        let streams = run.attribution.as_mut()?.streams(kind, head, at, elided, numbers);
        streams.then(|| run.reader())
    }

    /// Counts bytes that go to a reader as they come.
    pub(crate) fn count_streamed(&mut self, to: Id, bytes: usize) -> Option<Id> {
        let run = self.running.iter_mut().find(|run| run.id == Some(to))?;
        run.count(0, bytes);
        run.reader()
    }

    /// Counts responses for a command; `false` if they go to nobody.
    pub(crate) fn count(&mut self, to: Claimant, frames: usize, bytes: usize, limits: &Limits) -> bool {
        let Some(run) = self.running.iter_mut().find(|run| run.id == Some(to.id)) else { return false };
        run.count(frames, bytes);
        (to.stream || run.tally.add(frames, bytes, limits)) && !run.dismissed
    }

    /// Whether a search for numbers runs whose answer this is not.
    pub(crate) fn is_mistagged(&self, kind: Kind, frame: &[u8]) -> bool {
        let mut asking = self.running.iter().filter(|run| matches!(run.asks.effect, Effect::Number { .. }));
        asking.next().is_some_and(|run| run.is_mistagged(kind, frame))
    }

    /// The command that asked about this mailbox, or about all.
    fn status_claimant(&self, frame: &[u8], utf8: bool) -> Option<usize> {
        let name = codec::status::parse(frame, utf8).ok().map(|data| data.name.subject());
        let asked = |order: Order| order.subject.is_none() || order.subject == name;
        self.running.iter().position(|run| run.asks.order.claims.covers(Kind::Status) && asked(run.asks.order))
    }

    /// Some servers spell a mailbox's name in another way: then nothing else comes as the answer. Of several commands the one that was
    /// sent first keeps it.
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
    fn owner(&mut self, kind: Kind, frame: &[u8], at: usize, elided: &[Elided], numbers: &mut Numbers) -> Owner {
        // What the engine itself keeps.
        let Some(id) = self.id.filter(|_| kind != Kind::Capability && !self.is_numbering()) else {
            return Owner::Session;
        };
        if self.is_mistagged(kind, frame) {
            self.seen.mistagged = true;
            return Owner::Session;
        }
        let to = Claimant { id, stream: self.asks.stream, piece: Piece::Whole };
        let Some(attribution) = &mut self.attribution else { return Owner::Command(to) };
        match attribution.judge(kind, frame, at, elided, numbers) {
            Verdict::Answer { .. } if self.dismissed => Owner::Nobody,
            Verdict::Answer { piece, of: None } => Owner::Command(Claimant { piece, ..to }),
            Verdict::Answer { piece, of: Some(uid) } => Owner::Nameless(Claimant { piece, ..to }, uid),
            Verdict::Held => {
                attribution.hold(Bytes::copy_from_slice(frame));
                Owner::Held
            }
            Verdict::Unasked => Owner::Session,
            Verdict::Contradicted => {
                tracing::warn!("a FETCH response whose message number is not its UID's");
                Owner::Nobody
            }
            Verdict::Mistaken if self.dismissed => Owner::Nobody,
            Verdict::Mistaken => {
                self.dismiss();
                Owner::Mistaken(id)
            }
        }
    }

    /// Whether what the response names, beside its kind and messages, is what was asked about.
    #[inline]
    fn is_about(&mut self, kind: Kind, frame: &[u8], utf8: impl Fn() -> bool) -> bool {
        self.asks.topic.as_mut().is_none_or(|topic| topic.fits(kind, frame, utf8()))
    }

    fn is_numbering(&self) -> bool {
        matches!(self.asks.effect, Effect::Number { .. })
    }
}

/// Whether a LIST says which name the mailbox had before.
fn is_renamed(frame: &[u8]) -> bool {
    let extended = frame.trim_ascii_end().ends_with(b")");
    extended && codec::list::parse(frame, false).is_ok_and(|listed| listed.old_name.is_some())
}

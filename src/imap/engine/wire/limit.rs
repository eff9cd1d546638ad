//! A MESSAGELIMIT that comes without a tag (RFC 9738 §3.1): which of the running commands it is about. What follows from it is the
//! command's business.

use super::{Running, Wire};
use crate::imap::plan::Effect;
use crate::imap::types::{Cut, ResponseCode, Uid};

impl Wire {
    /// It belongs to a command that is not answered yet: to one whose messages include the one that it names, and best to one that is
    /// shown to have dealt with none below it. If that still leaves several, each counts as stopped: what was done is done again then,
    /// and nothing is passed over.
    pub(crate) fn apply_limit(&mut self, cut: Cut) {
        let alone = self.running.len() == 1;
        let may = |run: &Running| {
            let fits = run.asks.bound && run.asks.order.is_about_messages() && run.names(cut.last);
            run.is_limitable() && (alone || fits)
        };
        // If the same comes twice, the second is about another command.
        let shown = |run: &Running| may(run) && run.shows(cut.last) && !run.seen.cuts.contains(&cut);
        let is_shown = self.running.iter().any(shown);
        let stopped = self.running.iter_mut().filter(|run| if is_shown { shown(run) } else { may(run) });
        stopped.for_each(|run| run.seen.cuts.push(cut));
    }

    /// The code of an answer shows whether what came before it was about this command: then it is not about those beside it.
    pub(crate) fn settle_limit(&mut self, ended: &Running, code: Option<&ResponseCode>) {
        let Some((cut, more)) = ended.seen.cuts.split_first() else { return };
        if !matches!(code, Some(ResponseCode::ExpungeIssued)) || more.iter().any(|other| other != cut) {
            return;
        }
        for run in &mut self.running {
            if let Some(at) = run.seen.cuts.iter().position(|other| other == cut) {
                run.seen.cuts.remove(at);
            }
        }
    }
}

impl Running {
    /// Where it was stopped, by what its answer or, before that, untagged responses say. If they differ, nothing may be passed over.
    pub(crate) fn cut(&self, code: Option<&ResponseCode>) -> Option<Cut> {
        let before = self.seen.cuts.iter().copied().max_by_key(|cut| cut.last);
        Cut::of(code).filter(|_| self.is_limitable()).or(before)
    }

    /// Whether the message is one that it was sent for, as far as that is known.
    fn names(&self, message: Option<Uid>) -> bool {
        let wanted = self.attribution.as_ref().map(|attribution| attribution.wanted());
        let asked = wanted.or(self.asks.messages.as_deref());
        message.zip(asked).is_none_or(|(message, asked)| asked.contains(message))
    }

    /// Whether the server has dealt with this message for it, and with none below.
    fn shows(&self, last: Option<Uid>) -> bool {
        let moved = self.seen.copied.as_ref().and_then(|copied| copied.from().iter().next());
        let lowest = self.attribution.as_ref().and_then(|attribution| attribution.lowest());
        last.is_some() && (moved == last || lowest == last)
    }

    /// Whether it can be about more messages than a server wants at once. CLOSE is never limited, a body is of one message, and the
    /// engine itself sees whether numbers are missing.
    fn is_limitable(&self) -> bool {
        self.id.is_some() && matches!(self.asks.effect, Effect::None | Effect::Move)
    }
}

//! An untagged MESSAGELIMIT (RFC 9738 §3.1): decides which running command it is about. The command decides what
//! follows.

use super::{Running, Wire};
use crate::imap::plan::SessionEffect;
use crate::imap::types::{LimitCut, ResponseCode, Uid};

impl Wire {
    /// Assigns it to an unanswered command: one whose messages include the one that it names, preferably one that is
    /// known to have handled none below it. If several remain, each counts as stopped: then some work is repeated, but
    /// nothing is skipped.
    pub(crate) fn apply_limit(&mut self, cut: LimitCut) {
        // The untagged code names no tag, and servers pipeline.
        let alone = self.running.len() == 1;
        let may = |run: &Running| {
            let fits = run.asks.bound && run.asks.order.is_about_messages() && run.names(cut.last);
            run.is_limitable() && (alone || fits)
        };
        // If the same one arrives twice, the second is about another command.
        let shown = |run: &Running| may(run) && run.shows(cut.last) && !run.seen.cuts.contains(&cut);
        let is_shown = self.running.iter().any(shown);
        let stopped = self.running.iter_mut().filter(|run| if is_shown { shown(run) } else { may(run) });
        stopped.for_each(|run| run.seen.cuts.push(cut));
    }

    /// The code of a tagged answer shows whether an earlier untagged one was about this command: then it is not about
    /// the others.
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
    /// Where the command was stopped, by its tagged answer or, before that, by untagged responses. If those differ, the
    /// highest counts, so that nothing is skipped.
    pub(crate) fn cut(&self, code: Option<&ResponseCode>) -> Option<LimitCut> {
        let before = self.seen.cuts.iter().copied().max_by_key(|cut| cut.last);
        LimitCut::of(code).filter(|_| self.is_limitable()).or(before)
    }

    /// Whether the command is about this message, as far as that is known.
    fn names(&self, message: Option<Uid>) -> bool {
        let wanted = self.attribution.as_ref().map(|attribution| attribution.wanted());
        let asked = wanted.or(self.asks.messages.as_deref());
        message.zip(asked).is_none_or(|(message, asked)| asked.contains(message))
    }

    /// Whether the server has handled this message for it, and none below.
    fn shows(&self, last: Option<Uid>) -> bool {
        let moved = self.seen.copied.as_ref().and_then(|copied| copied.from().iter().next());
        let lowest = self.attribution.as_ref().and_then(|attribution| attribution.lowest());
        last.is_some() && (moved == last || lowest == last)
    }

    /// Whether a limit can stop this command. CLOSE is never limited (RFC 9738 §3.1), a body is one message, and the
    /// engine notices missing numbers itself.
    fn is_limitable(&self) -> bool {
        let effect = &self.asks.effect;
        let searches = matches!(effect, SessionEffect::Save(_) | SessionEffect::Update);
        self.id.is_some() && (searches || matches!(effect, SessionEffect::None | SessionEffect::Move))
    }
}

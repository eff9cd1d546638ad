//! Decides whether a FETCH response answers the running FETCH or is unsolicited (RFC 9051 §7.5.2, RFC 7162 §3.2). Each
//! response is judged once, by its own contents: UID, items, sections and origin. It must not know what happens to the
//! response then.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::imap::codec::{Elided, Kind};
use crate::imap::engine::seq_map::SeqMap;
use crate::imap::plan::{Look, LookName, Wanted};
use crate::imap::types::{SeqNum, Spans, Uid, Uids};

/// What has arrived of one FETCH.
#[derive(Debug)]
pub(crate) struct Attribution {
    wanted: Wanted,
    answered: Spans,
    /// The messages of which only some items have arrived, and which items.
    partial: BTreeMap<Uid, u64>,
    /// The number of FETCH responses since the command was sent, answers or not.
    responses: u64,
    /// A response without a UID. It is the answer if no other response arrives.
    held: Option<Bytes>,
    streamed: Streamed,
    /// Whether the incomplete response was already examined for a literal to stream.
    examined: bool,
}

/// The state of the one literal that is streamed to a reader.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Streamed {
    Nothing,
    /// It began within the response that is still incomplete, as the value of this item.
    Within(u64),
    /// Its response was the reader's, or nothing showed otherwise.
    Done,
    /// Its response named no message. It is the reader's if no other response arrives.
    Nameless,
}

/// How much of its message a response holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Coverage {
    /// All items that were asked for, or all that can be distinguished.
    Whole,
    /// Only some items, which had not arrived before.
    Part,
    /// The items that were still missing.
    Rest,
}

/// To whom a response belongs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Attributed {
    /// To the command. `of` is the message if the response names it only by number.
    Answer { coverage: Coverage, of: Option<Uid> },
    /// Not known until the command ends.
    Held,
    /// To the mailbox: it is unsolicited.
    Unsolicited,
    /// To another message than the one whose text was already streamed.
    Mistaken,
    /// To nobody: its number and its UID name two messages. Nothing of it is used, and what it should have answered is
    /// fetched again.
    Contradicted,
}

const WHOLE: Attributed = Attributed::Answer { coverage: Coverage::Whole, of: None };

impl Attribution {
    pub(super) fn new(wanted: Wanted) -> Self {
        Self {
            wanted,
            answered: Spans::default(),
            partial: BTreeMap::new(),
            responses: 0,
            held: None,
            streamed: Streamed::Nothing,
            examined: false,
        }
    }

    /// Judges one complete response, whose first tokens end at `at`.
    #[inline]
    pub(super) fn judge(
        &mut self,
        kind: Kind,
        frame: &[u8],
        at: usize,
        elided: &[Elided],
        numbers: &mut SeqMap,
    ) -> Attributed {
        self.responses += 1;
        self.examined = false;
        let Some(look) = self.wanted.look(frame, at, elided) else {
            // The parser cannot read it either; the reader reports it as unreadable.
            return WHOLE;
        };
        // Every response with a number and a UID extends or checks the map.
        if let (Kind::Fetch(number), LookName::Uid(uid)) = (kind, look.named)
            && let Some(number) = SeqNum::nonzero(number)
            && !numbers.record(number, uid)
            && !self.wanted.is_anything()
        {
            return self.contradicted();
        }
        if let Streamed::Within(item) = self.streamed {
            return self.judge_streamed(kind, look, numbers, item);
        }
        match named(kind, look.named) {
            LookName::Uid(uid) => self.judge_named(uid, look),
            LookName::Invalid => WHOLE,
            LookName::None => self.judge_nameless(kind, look, numbers),
        }
    }

    /// The response's number belongs to another message than its UID: one of both is wrong, and perhaps the rest too.
    #[cold]
    fn contradicted(&mut self) -> Attributed {
        match std::mem::replace(&mut self.streamed, Streamed::Done) {
            Streamed::Within(_) => Attributed::Mistaken,
            before => {
                self.streamed = before;
                Attributed::Contradicted
            }
        }
    }

    /// Whether the literal that comes next is the one that a reader waits for. Only one literal of each response is
    /// examined, so that many literals do not cost more than they bring.
    pub(super) fn streams(&mut self, kind: Kind, head: &[u8], at: usize, elided: &[Elided], numbers: &SeqMap) -> bool {
        let item = self.wanted.announced(head);
        if item == 0 || self.streamed != Streamed::Nothing || std::mem::replace(&mut self.examined, true) {
            return false;
        }
        let (Some(look), Some(only)) = (self.wanted.look_at_all(head, at, elided), self.wanted.only()) else {
            return false;
        };
        // The UID may follow the literal; then the number decides, if its UID is known. What is still unknown is judged
        // at the end.
        let meant = match named(kind, look.named) {
            LookName::Uid(uid) => uid == only,
            LookName::Invalid => false,
            LookName::None => owner(kind, numbers).is_none_or(|uid| uid == only),
        };
        let streams = meant && !self.answered.contains(only);
        if streams {
            self.streamed = Streamed::Within(item);
        }
        streams
    }

    /// Keeps the response that was judged [`Attributed::Held`].
    pub(super) fn hold(&mut self, frame: Bytes) {
        self.held = Some(frame);
    }

    /// The command has ended. Returns the response without a UID and its message: the only one that was asked for, or
    /// none.
    pub(crate) fn end(&mut self) -> Option<(Bytes, Option<Uid>)> {
        let only = self.wanted.only().filter(|_| self.responses == 1);
        let held = self.held.take()?;
        if let Some(uid) = only {
            self.answered.insert(uid);
        }
        Some((held, only))
    }

    /// Whether the streamed text may be another message's.
    pub(crate) fn is_doubtful(&self) -> bool {
        match self.streamed {
            Streamed::Within(_) => true,
            Streamed::Nameless => self.responses > 1,
            Streamed::Nothing | Streamed::Done => false,
        }
    }

    /// The messages that were asked for.
    pub(super) fn wanted(&self) -> &Uids {
        self.wanted.uids()
    }

    /// The lowest message of which anything arrived.
    pub(super) fn lowest(&self) -> Option<Uid> {
        let partial = self.partial.keys().next().copied();
        self.answered.lowest().into_iter().chain(partial).min()
    }

    /// The messages of which anything arrived.
    pub(crate) fn answered(&self) -> Uids {
        let mut uids = self.answered.to_uids();
        uids.extend(self.partial.keys().copied());
        uids
    }

    #[inline]
    fn judge_named(&mut self, uid: Uid, look: Look) -> Attributed {
        if !self.wanted.uids().contains(uid) || self.is_one_too_many(uid) {
            return Attributed::Unsolicited;
        }
        // `only_on_request` are the items that servers never send unsolicited, such as ENVELOPE. FLAGS, UID and MODSEQ they do
        // send (RFC 9051 §7.5.2, RFC 7162 §3.2).
        let (all, only_on_request) = (self.wanted.all(), self.wanted.only_on_request());
        if only_on_request == 0 {
            if self.wanted.is_anything() {
                return WHOLE;
            }
            // Servers also send these items unsolicited: the response must have exactly all of them, and nothing else
            // if only the UID was asked for.
            let exact = look.found == all && !(all == 0 && look.more);
            return if exact && self.answered.insert(uid) { WHOLE } else { Attributed::Unsolicited };
        }
        if look.found == all && self.partial.is_empty() {
            return if self.answered.insert(uid) { WHOLE } else { Attributed::Unsolicited };
        }
        // A second response for the same message is unsolicited: servers repeat FLAGS after a change.
        if self.answered.contains(uid) {
            return Attributed::Unsolicited;
        }
        self.judge_partial(uid, look.found)
    }

    /// Whether as many other messages as are wanted have arrived.
    #[inline]
    fn is_one_too_many(&self, uid: Uid) -> bool {
        let known = || self.answered.contains(uid) || self.partial.contains_key(&uid);
        let more = || self.answered.len() + self.partial.len() as u64 + 1;
        self.wanted.is_bounded() && !known() && !self.wanted.wants(more())
    }

    /// Some servers leave items out, and some send the items of a message in several responses.
    #[inline(never)]
    fn judge_partial(&mut self, uid: Uid, found: u64) -> Attributed {
        let before = self.partial.get(&uid).copied().unwrap_or(0);
        if found & !before & self.wanted.only_on_request() == 0 {
            return Attributed::Unsolicited;
        }
        // A set of items as bits, one for each item that was asked for.
        let now = before | found;
        if now != self.wanted.all() {
            self.partial.insert(uid, now);
            return Attributed::Answer { coverage: Coverage::Part, of: None };
        }
        self.partial.remove(&uid);
        self.answered.insert(uid);
        let coverage = if before == 0 { Coverage::Whole } else { Coverage::Rest };
        Attributed::Answer { coverage, of: None }
    }

    #[inline(never)]
    fn judge_nameless(&mut self, kind: Kind, look: Look, numbers: &SeqMap) -> Attributed {
        if self.wanted.is_anything() {
            return match owner(kind, numbers) {
                Some(uid) if self.wanted.uids().contains(uid) => {
                    Attributed::Answer { coverage: Coverage::Whole, of: Some(uid) }
                }
                Some(_) => Attributed::Unsolicited,
                None => WHOLE,
            };
        }
        // RFC 9051 §6.4.9: an answer to UID FETCH must have the UID. Without one, only a FETCH of one message can be
        // identified.
        let Some(only) = self.wanted.only() else { return Attributed::Unsolicited };
        let answers = match self.wanted.only_on_request() {
            0 => look.found == self.wanted.all() && look.found != 0,
            only_on_request => look.found & only_on_request != 0,
        };
        match owner(kind, numbers) {
            Some(uid) if uid == only => match self.judge_named(uid, look) {
                Attributed::Answer { coverage, .. } => Attributed::Answer { coverage, of: Some(uid) },
                other => other,
            },
            None if answers && self.responses == 1 && !self.answered.contains(only) => Attributed::Held,
            _ => Attributed::Unsolicited,
        }
    }

    /// Judges the response whose literal was streamed: only now it may have named its message.
    fn judge_streamed(&mut self, kind: Kind, look: Look, numbers: &SeqMap, item: u64) -> Attributed {
        self.streamed = Streamed::Done;
        let named = match named(kind, look.named) {
            LookName::None => owner(kind, numbers).map_or(LookName::None, LookName::Uid),
            named => named,
        };
        match (named, self.wanted.only().filter(|_| look.found & item != 0)) {
            (LookName::Uid(uid), Some(only)) if uid == only => {
                self.judge_named(uid, look);
                WHOLE
            }
            (LookName::None, Some(only)) => {
                self.streamed = Streamed::Nameless;
                self.judge_named(only, look);
                WHOLE
            }
            _ => Attributed::Mistaken,
        }
    }
}

/// A UIDFETCH response has the UID in place of the number (RFC 9586 §3.3).
#[inline]
fn named(kind: Kind, named: LookName) -> LookName {
    match kind {
        Kind::UidFetch(uid) => Uid::nonzero(uid).map_or(LookName::Invalid, LookName::Uid),
        _ => named,
    }
}

fn owner(kind: Kind, numbers: &SeqMap) -> Option<Uid> {
    match kind {
        Kind::Fetch(number) => SeqNum::nonzero(number).and_then(|number| numbers.uid(number)),
        _ => None,
    }
}

//! [`Traced`]: messages that a server moved without reporting their new UIDs, by the identifiers that they keep (EMAILID, RFC 8474 §5.1). It
//! must not know a session.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::str::FromStr;

use super::copy_uid::CopyUid;
use super::uid::{Uid, UidValidity};
use super::uid_list::UidList;

/// The most characters of an identifier (RFC 8474 §7).
const LONGEST_ID: usize = 255;

/// What shows which messages of the destination are those that were moved. Its text form has the lowest UID, the UIDs of the messages as
/// they were, and their identifiers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Traced {
    /// The lowest UID that a message can have got by the move. Below it may be other copies with the same identifier.
    since: Uid,
    /// The UIDs before the move, ascending, and the identifiers.
    messages: Vec<(Uid, Box<str>)>,
}

impl Traced {
    /// `None` if there is no message, or an identifier is none.
    pub(crate) fn new(since: Uid, mut messages: Vec<(Uid, Box<str>)>) -> Option<Self> {
        messages.sort_unstable();
        messages.dedup_by_key(|message| message.0);
        let are_ids = messages.iter().all(|(_, id)| is_id(id));
        (are_ids && !messages.is_empty()).then_some(Self { since, messages })
    }

    /// The lowest UID that one of the messages can have now.
    pub(crate) fn since(&self) -> Uid {
        self.since
    }

    /// The identifiers of the messages.
    pub(crate) fn ids(&self) -> HashSet<&str> {
        self.messages.iter().map(|(_, id)| &**id).collect()
    }

    /// The UIDs that the messages had.
    pub(crate) fn originals(&self) -> impl Iterator<Item = Uid> {
        self.messages.iter().map(|(uid, _)| *uid)
    }

    /// From the copies to the messages as they were, in a mailbox of this UIDVALIDITY, if these are the UIDs and identifiers in the
    /// destination. Of several copies, the first ones are those that were moved.
    pub(crate) fn back<'a>(
        &self,
        validity: Option<UidValidity>,
        found: impl IntoIterator<Item = (Uid, &'a str)>,
    ) -> CopyUid {
        let mut found: Vec<(Uid, &str)> = found.into_iter().filter(|(uid, _)| *uid >= self.since).collect();
        found.sort_unstable();
        found.dedup_by_key(|message| message.0);
        let mut waiting: HashMap<&str, VecDeque<Uid>> = HashMap::new();
        for (uid, id) in &self.messages {
            waiting.entry(id).or_default().push_back(*uid);
        }
        let [mut copies, mut originals] = <[UidList; 2]>::default();
        for (uid, id) in found {
            if let Some(original) = waiting.get_mut(id).and_then(VecDeque::pop_front) {
                copies.push(uid, uid);
                originals.push(original, original);
            }
        }
        CopyUid::new(validity, copies, originals)
    }
}

impl fmt::Display for Traced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.since)?;
        self.messages.iter().try_for_each(|(uid, id)| write!(f, ",{uid}:{id}"))
    }
}

impl FromStr for Traced {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let uid = |text: &str| Uid::nonzero(text.parse().ok()?);
        let (since, messages) = text.split_once(',').ok_or(())?;
        let message = |text: &str| {
            let (number, id) = text.split_once(':')?;
            Some((uid(number)?, id.into()))
        };
        let messages: Option<Vec<_>> = messages.split(',').map(message).collect();
        Self::new(uid(since).ok_or(())?, messages.ok_or(())?).ok_or(())
    }
}

fn is_id(id: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uid(number: u32) -> Uid {
        Uid::new(number).unwrap()
    }

    fn traced(messages: &[(u32, &str)]) -> Option<Traced> {
        Traced::new(uid(20), messages.iter().map(|(number, id)| (uid(*number), (*id).into())).collect())
    }

    #[test]
    fn each_message_is_found_once_and_not_below_the_lowest_uid() {
        let traced = traced(&[(3, "a"), (1, "b"), (2, "a"), (9, "c")]).unwrap();
        let found = [(19, "b"), (20, "a"), (25, "d"), (22, "a"), (23, "a"), (24, "b"), (24, "b")];
        let back = traced.back(UidValidity::nonzero(7), found.map(|(number, id)| (uid(number), id)));
        let pairs: Vec<_> = back.pairs().map(|(copy, original)| (copy.as_u32(), original.as_u32())).collect();
        assert_eq!(pairs, [(20, 2), (22, 3), (24, 1)]);
        assert_eq!(back.validity(), UidValidity::nonzero(7));
    }

    #[test]
    fn the_text_form_brings_back_the_same() {
        let traced = traced(&[(3, "M-1_x"), (1, "b")]).unwrap();
        assert_eq!(traced.to_string(), "20,1:b,3:M-1_x");
        assert_eq!(traced.to_string().parse(), Ok(traced));
        for text in ["", "20", "20,", "20,1", "20,1:", "0,1:a", "20,0:a", "20,1:a b", "20,1:a,", "x,1:a"] {
            assert_eq!(text.parse::<Traced>(), Err(()), "{text}");
        }
    }

    #[test]
    fn what_is_no_identifier_traces_nothing() {
        assert!(traced(&[]).is_none() && traced(&[(1, "a"), (2, "")]).is_none() && traced(&[(1, "a/b")]).is_none());
        assert!(traced(&[(1, &"x".repeat(256))]).is_none() && traced(&[(1, &"x".repeat(255))]).is_some());
    }
}

//! The lasting names of one session's messages: which number has which id. It must not know how listings are asked for.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::message_id::{Key, MessageId, Place};
use crate::pop3::types::{Number, Uidl};

/// The names, as far as listings have told them. A number keeps its name for the whole session.
pub(super) struct Names {
    place: Arc<Place>,
    /// Another one in every session, so that no two of them mean the same by a local key.
    session: u64,
    keys: BTreeMap<Number, Key>,
    numbers: HashMap<Key, Number>,
    /// Whether every message has a name that lasts; `None` before the first listing.
    stable: Option<bool>,
}

/// One message as a listing shows it.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) number: Number,
    pub(super) size: Option<u64>,
}

impl Names {
    pub(super) fn new(place: Arc<Place>) -> Self {
        let session = RandomState::new().hash_one(());
        Self { place, session, keys: BTreeMap::new(), numbers: HashMap::new(), stable: None }
    }

    pub(super) fn place(&self) -> &Arc<Place> {
        &self.place
    }

    pub(super) fn stable(&self) -> Option<bool> {
        self.stable
    }

    /// Learns the names of these messages. Where a name is missing, or two messages share it, the session's own is given. Returns
    /// how many messages have another name now than before in this session, which they keep.
    pub(super) fn learn(&mut self, rows: &[Row], uidls: &[(Number, Uidl)]) -> u64 {
        let mut owners: HashMap<&Uidl, usize> = HashMap::with_capacity(uidls.len());
        uidls.iter().for_each(|(_, uidl)| *owners.entry(uidl).or_default() += 1);
        let mut changed = 0;
        for (number, uidl) in uidls {
            let key = Key::Text(uidl.as_bytes().into());
            changed += u64::from(self.lasting(*number).is_some_and(|known| *known != key));
            if owners.get(uidl) == Some(&1) && !self.numbers.contains_key(&key) {
                self.name(*number, key);
            }
        }
        for row in rows {
            self.name(row.number, self.local(row.number));
        }
        self.stable = Some(!self.keys.values().any(Key::is_local));
        changed
    }

    /// The first name stays.
    fn name(&mut self, number: Number, key: Key) {
        if let Entry::Vacant(vacant) = self.keys.entry(number) {
            vacant.insert(key.clone());
            self.numbers.insert(key, number);
        }
    }

    fn local(&self, number: Number) -> Key {
        let text = format!("{}{:016x}{}{number}", char::from(Key::LOCAL), self.session, char::from(Key::LOCAL));
        Key::Text(text.into_bytes().into())
    }

    pub(super) fn id(&self, number: Number) -> MessageId {
        let key = self.keys.get(&number).cloned().unwrap_or_else(|| self.local(number));
        MessageId::new(self.place.clone(), key)
    }

    /// Its key, where that lasts.
    pub(super) fn lasting(&self, number: Number) -> Option<&Key> {
        self.keys.get(&number).filter(|key| !key.is_local())
    }

    /// The message of that id in this session; `None` where it is not there.
    pub(super) fn number(&self, id: &MessageId) -> Result<Option<Number>> {
        if id.place() != &self.place {
            return Err(Error::input(format!("{id} is not a message of this maildrop")));
        }
        match self.numbers.get(id.key()) {
            Some(number) => Ok(Some(*number)),
            None if id.key().is_local() => Err(Error::input(format!("{id} was good for an earlier session only"))),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn names() -> Names {
        Names::new(Arc::new(Place::Pop3 { account: "me@h".into() }))
    }

    fn number(number: u32) -> Number {
        Number::new(number).unwrap()
    }

    fn learn(names: &mut Names, rows: &[u32], uidls: &[(u32, &str)]) {
        let rows: Vec<_> = rows.iter().map(|row| Row { number: number(*row), size: None }).collect();
        let uidls: Vec<_> = uidls.iter().map(|(n, uidl)| (number(*n), Uidl::try_from(*uidl).unwrap())).collect();
        names.learn(&rows, &uidls);
    }

    #[test]
    fn ids_by_unique_ids_are_equal_in_every_session() {
        let (mut one, mut other) = (names(), names());
        learn(&mut one, &[1, 2], &[(1, "a"), (2, "b")]);
        learn(&mut other, &[1], &[(1, "b")]);
        assert_eq!((one.stable(), other.stable()), (Some(true), Some(true)));
        assert_eq!(one.id(number(2)), other.id(number(1)));
        assert_eq!(other.number(&one.id(number(2))).unwrap(), Some(number(1)));
        assert_eq!(other.number(&one.id(number(1))).unwrap(), None);
        assert_eq!(one.id(number(1)).to_string(), "postroom1:pop3:me%40h/a");
    }

    #[test]
    fn messages_without_a_name_of_their_own_have_ids_for_one_session() {
        let mut names = names();
        learn(&mut names, &[1, 2, 3, 4], &[(1, "same"), (2, "same"), (4, "own")]);
        assert_eq!(names.stable(), Some(false));
        let ids: Vec<_> = (1..=4).map(|n| names.id(number(n))).collect();
        for (at, id) in (1..).zip(&ids) {
            assert_eq!(names.number(id).unwrap(), Some(number(at)));
            assert_eq!(names.lasting(number(at)).is_some(), at == 4);
            assert_eq!(&id.to_string().parse::<MessageId>().unwrap(), id);
        }
        let mut later = self::names();
        learn(&mut later, &[1], &[]);
        assert_ne!(later.id(number(1)), ids[0]);
        assert_eq!(later.number(&ids[0]).unwrap_err().kind(), Kind::Input);
    }

    #[test]
    fn a_name_stays_while_the_session_lasts() {
        let mut names = names();
        learn(&mut names, &[1, 2, 3], &[(1, "a"), (2, "same"), (3, "same")]);
        let before: Vec<_> = (1..=3).map(|n| names.id(number(n))).collect();
        learn(&mut names, &[3], &[(3, "same")]);
        assert_eq!((1..=3).map(|n| names.id(number(n))).collect::<Vec<_>>(), before);
        assert_eq!(names.number(&before[0]).unwrap(), Some(number(1)));
    }

    #[test]
    fn ids_of_other_maildrops_are_refused() {
        let mut names = names();
        learn(&mut names, &[1], &[(1, "a")]);
        let foreign: MessageId = "postroom1:pop3:you%40h/a".parse().unwrap();
        assert_eq!(names.number(&foreign).unwrap_err().kind(), Kind::Input);
    }
}

//! The lasting names of one session's messages: which number has which id. It must not know how listings are requested.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::message_id::{Key, MessageId, Place};
use crate::pop3::types::{Number, Uidl};

/// The names, as far as listings have reported them. A number keeps its name for the whole session.
pub(super) struct MessageNames {
    place: Arc<Place>,
    /// A random number that differs in every session, so that the local keys of two sessions are never equal.
    session: u64,
    hash: RandomState,
    /// In the order of numbers.
    keys: Vec<(Number, Key)>,
    /// Where each key is among those, by its hash.
    places: Places,
    /// Whether every message has a name that lasts; `None` before the first listing.
    stable: Option<bool>,
}

/// Hashes, each with a place, in their order: a table of what is kept elsewhere, without a copy of it.
#[derive(Default)]
struct Places(Vec<(u32, u32)>);

impl Places {
    fn of<'a>(keys: impl ExactSizeIterator<Item = &'a Key>, hash: &RandomState) -> Self {
        let mut places: Vec<_> = (0..).zip(keys).map(|(place, key)| (short(hash, key), place)).collect();
        places.sort_unstable();
        Self(places)
    }

    /// The places whose keys have that hash.
    fn at(&self, hash: u32) -> impl Iterator<Item = usize> + '_ {
        let start = self.0.partition_point(|(known, _)| *known < hash);
        let found = self.0.iter().skip(start).take_while(move |(known, _)| *known == hash);
        found.map(|(_, place)| *place as usize)
    }
}

/// The key of a message whose unique-id is no other's.
pub(super) fn key_of(uidl: &Uidl) -> Key {
    Key::Text(uidl.as_bytes().into())
}

fn short(hash: &RandomState, key: &Key) -> u32 {
    let long = hash.hash_one(key);
    (long ^ long >> 32) as u32
}

impl MessageNames {
    pub(super) fn new(place: Arc<Place>) -> Self {
        let hash = RandomState::new();
        Self { place, session: hash.hash_one(()), hash, keys: Vec::new(), places: Places::default(), stable: None }
    }

    pub(super) fn place(&self) -> &Arc<Place> {
        &self.place
    }

    pub(super) fn stable(&self) -> Option<bool> {
        self.stable
    }

    /// Records the names of these messages. A message without a name, or that shares it with another, gets a name for this session.
    /// Returns the number of messages whose reported name differs from an earlier one in this session; they keep the earlier one.
    pub(super) fn learn(&mut self, numbers: &[Number], mut uidls: Vec<(Number, Key)>) -> u64 {
        let changed = uidls.iter().filter(|(number, key)| self.lasting(*number).is_some_and(|known| known != key));
        let changed = changed.count() as u64;
        let places = Places::of(uidls.iter().map(|(_, key)| key), &self.hash);
        let alone = |key: &Key| {
            let alike = places.at(short(&self.hash, key)).filter_map(|place| uidls.get(place));
            alike.filter(|(_, other)| other == key).take(2).count() == 1
        };
        let new = |(number, key): &(Number, Key)| self.key(*number).is_none() && self.find(key).is_none() && alone(key);
        let mut new = uidls.iter().map(new).collect::<Vec<_>>().into_iter();
        uidls.retain(|_| new.next() == Some(true));
        drop(places);
        uidls.sort_unstable_by_key(|(number, _)| *number);
        let is_named = |number: &Number| {
            self.key(*number).is_some() || uidls.binary_search_by_key(number, |(named, _)| *named).is_ok()
        };
        let nameless: Vec<_> = numbers.iter().filter(|number| !is_named(number)).copied().collect();
        let mut more = uidls;
        more.reserve_exact(nameless.len());
        more.extend(nameless.into_iter().map(|number| (number, self.local(number))));
        if !more.is_empty() {
            match self.keys.is_empty() {
                true => self.keys = more,
                false => self.keys.append(&mut more),
            }
            self.keys.sort_unstable_by_key(|(number, _)| *number);
            self.keys.dedup_by_key(|(number, _)| *number);
            self.places = Places::default();
            self.places = Places::of(self.keys.iter().map(|(_, key)| key), &self.hash);
        }
        self.stable = Some(!self.keys.iter().any(|(_, key)| key.is_local()));
        changed
    }

    fn local(&self, number: Number) -> Key {
        let text = format!("{}{:016x}{}{number}", char::from(Key::LOCAL), self.session, char::from(Key::LOCAL));
        Key::Text(text.into_bytes().into())
    }

    fn key(&self, number: Number) -> Option<&Key> {
        let at = self.keys.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        self.keys.get(at).map(|(_, key)| key)
    }

    fn find(&self, key: &Key) -> Option<Number> {
        let mut alike = self.places.at(short(&self.hash, key)).filter_map(|place| self.keys.get(place));
        alike.find(|(_, known)| known == key).map(|(number, _)| *number)
    }

    pub(super) fn id(&self, number: Number) -> MessageId {
        let key = self.key(number).cloned().unwrap_or_else(|| self.local(number));
        MessageId::new(self.place.clone(), key)
    }

    /// The message's key, if it is a lasting one.
    pub(super) fn lasting(&self, number: Number) -> Option<&Key> {
        self.key(number).filter(|key| !key.is_local())
    }

    /// The message with this id in this session; `None` if it does not exist.
    pub(super) fn number(&self, id: &MessageId) -> Result<Option<Number>> {
        if id.place() != &self.place {
            return Err(Error::input(format!("{id} is not a message of this maildrop")));
        }
        match self.find(id.key()) {
            Some(number) => Ok(Some(number)),
            None if id.key().is_local() => Err(Error::input(format!("{id} was valid for an earlier session only"))),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn names() -> MessageNames {
        MessageNames::new(Arc::new(Place::Pop3 { account: "me@h".into() }))
    }

    fn number(number: u32) -> Number {
        Number::new(number).unwrap()
    }

    fn learn(names: &mut MessageNames, rows: &[u32], uidls: &[(u32, &str)]) {
        let rows: Vec<_> = rows.iter().map(|row| number(*row)).collect();
        let key = |uidl: &str| key_of(&Uidl::try_from(uidl).unwrap());
        names.learn(&rows, uidls.iter().map(|(n, uidl)| (number(*n), key(uidl))).collect());
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

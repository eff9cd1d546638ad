//! What became of an operation, by the state of the server before and after the job.

use super::act::Act;
use super::state::State;

/// What became of a change.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Fate {
    NotMade,
    Once,
    /// For some messages, or in some of its steps; no message is gone or doubled.
    Partly,
    /// A message is there more often than wanted.
    Twice,
    /// A message is nowhere.
    Gone,
}

/// `None` if the operation changes nothing.
pub(super) fn fate(act: &Act, start: &State, end: &State) -> Option<Fate> {
    Some(match *act {
        Act::Append { to, tokens, .. } => all(tokens.iter().map(|token| appended(end.count(to, token)))),
        Act::AppendOnce { to, token, .. } => appended(end.count(to, token)),
        Act::Replace { at, old, new } => moved(end.count(at, old), end.count(at, new)),
        Act::Copy { from, tokens, to } => all(tokens.iter().map(|token| copied(start, end, (from, to), token))),
        Act::Move { from, tokens, to } => {
            all(tokens.iter().map(|token| moved(end.count(from, token), end.count(to, token))))
        }
        Act::Flag { at, tokens, mark } | Act::FlagIf { at, tokens, mark } => {
            all(tokens.iter().map(|token| match end.count(at, token) {
                0 => Fate::Gone,
                1 => made(end.mail(at, token).is_some_and(|mail| mark.is_made(&mail.flags))),
                _ => Fate::Twice,
            }))
        }
        Act::Expunge { at, tokens } => all(tokens.iter().map(|token| match end.count(at, token) {
            0 => Fate::Once,
            1 => Fate::NotMade,
            _ => Fate::Twice,
        })),
        Act::Create { name } => made(end.has(name)),
        Act::Rename { from, to, token } => match (end.has(from), end.has(to)) {
            _ if end.count(from, token) + end.count(to, token) == 0 => Fate::Gone,
            (true, true) => Fate::Partly,
            (_, is_there) => made(is_there),
        },
        Act::Delete { name, .. } => made(!end.has(name)),
        Act::Subscribe { name } => made(end.is_subscribed(name)),
        Act::Unsubscribe { name } => made(!end.is_subscribed(name)),
        _ => return None,
    })
}

fn made(is_made: bool) -> Fate {
    if is_made { Fate::Once } else { Fate::NotMade }
}

fn appended(count: usize) -> Fate {
    match count {
        0 => Fate::NotMade,
        1 => Fate::Once,
        _ => Fate::Twice,
    }
}

/// By how often the message is at the old place, and at the new one.
fn moved(old: usize, new: usize) -> Fate {
    match (old, new) {
        (0, 0) => Fate::Gone,
        (1, 0) => Fate::NotMade,
        (0, 1) => Fate::Once,
        (1, 1) => Fate::Partly,
        _ => Fate::Twice,
    }
}

fn copied(start: &State, end: &State, (from, to): (&str, &str), token: &str) -> Fate {
    let before = start.count(to, token);
    match end.count(to, token) {
        _ if end.count(from, token) == 0 => Fate::Gone,
        now if now < before => Fate::Gone,
        now => appended(now - before),
    }
}

/// The worst; if some were made and others not, that is `Partly`.
fn all(mut fates: impl Iterator<Item = Fate> + Clone) -> Fate {
    let worst = fates.clone().max().unwrap_or(Fate::NotMade);
    if worst == Fate::Once && fates.any(|fate| fate == Fate::NotMade) { Fate::Partly } else { worst }
}

//! Whether a call's result is true, and whether anything else was changed.

use std::collections::BTreeMap;

use postroom::imap::{Appended, AppendedAll, Transferred};
use postroom::{Error, Kind, Result};

use super::act::{ACTS, Act, DISPOSABLE};
use super::doer::Seen;
use super::report::Report;
use super::state::State;
use super::truth::{Fate, fate};
use super::world::Second;

pub(super) fn judge(act: &Act, result: &Result<Seen>, start: &State, end: &State, report: &mut Report) {
    let told = match result {
        Ok(seen) => format!("{act:?}: Ok({:.200})", format!("{seen:?}")),
        Err(error) => format!("{act:?}: {:?} {error:#}", error.kind()),
    };
    match fate(act, start, end) {
        Some(fate) => change(act, fate, result, told, report),
        None => read(act, result, start, told, report),
    }
}

fn change(act: &Act, fate: Fate, result: &Result<Seen>, told: String, report: &mut Report) {
    match (fate, result) {
        (Fate::Gone, _) => report.lost.push(told),
        (Fate::Twice, _) => report.doubled.push(told),
        (Fate::Once, Ok(Seen::Done)) => report.done += 1,
        (_, Ok(Seen::Done)) => report.lost.push(format!("{told}, but it is {fate:?}")),
        (Fate::NotMade | Fate::Partly, Ok(Seen::Modified)) => report.failed.push(told),
        (_, Ok(_)) => report.untrue.push(format!("{told}, but it is {fate:?}")),
        (Fate::NotMade, Err(error)) if error.kind() == Kind::Unsupported => report.unsupported += 1,
        // Its reader cannot be read again.
        (Fate::NotMade, Err(error)) if error.kind() == Kind::Closed && is_once(act) => report.given_up += 1,
        (_, Err(error)) if error.kind() == Kind::Unknown => report.unknown.push(told),
        (Fate::NotMade, Err(_)) => report.failed.push(told),
        (Fate::Partly, Err(error)) if names_what_was_done(error) => report.failed.push(told),
        (_, Err(_)) => report.made_after_all.push(format!("{told}, but it is {fate:?}")),
    }
}

fn is_once(act: &Act) -> bool {
    matches!(act, Act::AppendOnce { .. })
}

fn names_what_was_done(error: &Error) -> bool {
    Appended::before(error).is_some() || AppendedAll::before(error).is_some() || Transferred::before(error).is_some()
}

fn read(act: &Act, result: &Result<Seen>, start: &State, told: String, report: &mut Report) {
    match result {
        Ok(seen) if *seen == expected(act, start, true) => report.done += 1,
        // Another client may have removed it before this call.
        Ok(seen) if *seen == expected(act, start, false) => report.done += 1,
        Ok(Seen::Incomplete) => report.failed.push(told),
        Ok(_) => report.untrue.push(format!("{told}, but it is {:.200}", format!("{:?}", expected(act, start, true)))),
        Err(_) => report.failed.push(told),
    }
}

/// What a read must return. It reads what the job doesn't change, or changes that the act itself waits for.
fn expected(act: &Act, start: &State, with_disposable: bool) -> Seen {
    let tokens = |at| {
        let all = start.mails(at).iter().map(|mail| mail.token.clone().unwrap_or_default());
        all.filter(|token| with_disposable || token != DISPOSABLE).collect::<Vec<_>>()
    };
    match *act {
        Act::Fetch { at, .. } => Seen::Tokens(tokens(at)),
        Act::Read { at, token } => Seen::Body(start.mail(at, token).unwrap().bytes.clone()),
        Act::Search { at, subject } => {
            let has = |token: &String| token.contains(subject);
            let found = start.mails(at).iter().filter(|mail| mail.token.as_ref().is_some_and(has));
            Seen::Uids(found.map(|mail| mail.uid()).collect())
        }
        Act::List { below } => Seen::Names(named(start, |place| place.starts_with(below))),
        Act::Subscriptions { below } => {
            Seen::Names(named(start, |place| place.starts_with(below) && start.is_subscribed(place)))
        }
        Act::Status { of } => Seen::Count(u32::try_from(tokens(of).len()).unwrap()),
        Act::Idle { .. } => Seen::Event(true),
        _ => unreachable!("{act:?} reads nothing"),
    }
}

fn named(start: &State, is_wanted: impl Fn(&str) -> bool) -> std::collections::BTreeSet<String> {
    start.places().filter(|place| is_wanted(place)).map(|place| start.name(place)).collect()
}

/// Every message that no operation names is where and as it was, and nothing is there that nobody stored.
pub(super) fn bystanders(start: &State, end: &State, second: &dyn Second, report: &mut Report) {
    let (delivered, removed) = (second.delivered(), second.removed());
    for place in end.places() {
        for mail in end.mails(place).iter().filter(|mail| mail.token.is_none()) {
            let text = String::from_utf8_lossy(&mail.bytes).into_owned();
            report.lost.push(format!("a message in {place} is not whole: {text:.300}"));
        }
    }
    let (before, after) = (untouched(start), untouched(end));
    for (what, flags) in &before {
        let is_removed = removed.contains(what);
        if after.get(what) != Some(flags).filter(|_| !is_removed) {
            report.lost.push(format!("{what:?} with {flags:?} is {:?}", after.get(what)));
        }
    }
    for what in after.keys().filter(|what| !before.contains_key(what) && !delivered.contains(what)) {
        report.doubled.push(format!("nobody stored {what:?}"));
    }
    for (place, token) in &delivered {
        if end.count(place, token) != 1 {
            report.lost.push(format!("{token} is {} times in {place}", end.count(place, token)));
        }
    }
}

/// The messages that no operation names, each with its place and token, and the flags of all of that token.
fn untouched(state: &State) -> BTreeMap<(String, String), Vec<Vec<String>>> {
    let named: Vec<&str> = ACTS.iter().flat_map(tokens).collect();
    let mut all = BTreeMap::<_, Vec<_>>::new();
    for place in state.places() {
        for mail in state.mails(place) {
            if let Some(token) = mail.token.as_ref().filter(|token| !named.contains(&token.as_str())) {
                all.entry((place.to_owned(), token.clone())).or_default().push(mail.flags.clone());
            }
        }
    }
    all
}

/// The tokens of messages that a change is about.
fn tokens(act: &Act) -> Vec<&'static str> {
    match *act {
        Act::Append { tokens, .. }
        | Act::Copy { tokens, .. }
        | Act::Move { tokens, .. }
        | Act::Flag { tokens, .. }
        | Act::FlagIf { tokens, .. }
        | Act::Expunge { tokens, .. } => tokens.to_vec(),
        Act::AppendOnce { token, .. } | Act::Rename { token, .. } | Act::Delete { token, .. } => vec![token],
        Act::Replace { old, new, .. } => vec![old, new],
        _ => Vec::new(),
    }
}

//! One round: one call whose answers contain some lies, and the invariants that its results break.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use postroom::Error;
use postroom::testing::{Server, Snapshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::call::{Call, Seen, Task, Text, What};
use crate::lie::{Lie, Log, Told};
use crate::mail::{self, Mail, USER, World};
use crate::rng::Rng;
use crate::untruth::STILL_HERE;
use crate::{collecting, extension_calls, imap_calls, pop3_calls};

/// By the paused clock: the time that a call may take, with a few silences.
const LIMIT: Duration = Duration::from_secs(25 * 60);
/// The additional time if the server says that it is still working.
const PATIENCE: Duration = Duration::from_secs(60 * 60);
/// The time in which a driver must end when its session is dropped.
const END: Duration = Duration::from_secs(120);

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Invariant {
    /// Nothing panics.
    NoPanic,
    /// Every call ends in time.
    Time,
    /// A text without a defect is the server's.
    Body,
    /// No message is delivered or listed twice.
    Once,
    /// An incomplete result is marked as incomplete.
    Listing,
    /// What came as it should is not called missing.
    Answered,
    /// A message that is there is not called gone.
    Gone,
    /// What was found is what matches.
    Search,
    /// Only what was requested is changed, or reported as copied.
    Scope,
    /// Only what is durable elsewhere is gone from the server.
    Durable,
    /// What is durable is the server's.
    Stored,
    /// What a call returns is what the server has.
    Value,
    /// Nothing is sent for a mailbox that has become another, and no answer from it counts.
    Stale,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Round {
    pub(crate) call: Call,
    pub(crate) lies: Vec<Lie>,
    /// Random choices that are not part of the lies.
    pub(crate) roll: u64,
}

/// The result of a round.
pub(crate) struct Outcome {
    pub(crate) told: Vec<Told>,
    pub(crate) broken: Vec<(Invariant, String)>,
    pub(crate) errors: Vec<String>,
    /// How many texts were delivered, and how many messages were listed, found, stored or changed.
    pub(crate) texts: usize,
    pub(crate) listed: usize,
}

/// The mail of one account before and after.
struct States {
    before: Snapshot,
    after: Snapshot,
}

pub(crate) fn play(round: &Round) -> Outcome {
    let _watch = crate::watchdog::Watch::over(round);
    let run = AssertUnwindSafe(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(play_on(round))
    });
    std::panic::catch_unwind(run).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default();
        Outcome { told: Vec::new(), broken: vec![(Invariant::NoPanic, text)], errors: Vec::new(), texts: 0, listed: 0 }
    })
}

async fn play_on(round: &Round) -> Outcome {
    let mut rng = Rng::new(round.roll);
    let mut builder = Server::builder().without_pop3("SASL");
    if round.call == Call::MoveWithout {
        builder = builder.without("MOVE");
    }
    for capability in ["ESEARCH", "CONDSTORE"] {
        if rng.once_in(2) && ![Call::FetchModSeq, Call::Live].contains(&round.call) {
            builder = builder.without(capability);
        }
    }
    if rng.once_in(4) {
        builder = builder.without_pop3("PIPELINING");
    }
    if round.call.is_of_extension() {
        builder = builder.with("CONTEXT=SEARCH").quota(1 << 20, 1000);
    }
    if [Call::AppendAll, Call::Replace].contains(&round.call) && rng.once_in(2) {
        builder = builder.without("MULTIAPPEND").without("REPLACE");
    }
    let (server, mail) = mail::server(builder);
    let world = World { mail, deletes: round.call.deletes() };
    let asks_first = rng.once_in(2);
    let mut task = Task { call: round.call, world: &world, rng, asks_first };
    let mut seen = Seen::default();
    if round.call.has_value() {
        seen.truth = truth(&task, &server).await;
    }
    let before = server.snapshot(USER).unwrap();
    let mut broken = Vec::new();
    let log = Log::default();
    if !is_in_time(make(&mut task, &server, &round.lies, &log, &mut seen), &log).await {
        broken.push((Invariant::Time, "no end in time".to_owned()));
    }
    let told = log.all();
    if timeout(END, server.all_closed()).await.is_err() {
        broken.push((Invariant::Time, "the connection is still open".to_owned()));
    }
    if seen.panicked {
        broken.push((Invariant::NoPanic, "a driver".to_owned()));
    }
    let states = States { before, after: server.snapshot(USER).unwrap() };
    if told.iter().all(|told| told.detectable) {
        judge(round.call, &world, &seen, &states, &mut broken);
    }
    let values = usize::from(seen.value.is_some()) + seen.filed.len();
    let listed =
        [seen.delivered.len(), seen.found.map_or(0, |found| found.len()), seen.scope.len(), seen.lines, values]
            .iter()
            .sum::<usize>();
    let stored = seen.stored.map_or(0, |stored| stored.len());
    Outcome { told, broken, errors: seen.errors, texts: seen.texts.len(), listed: listed + stored }
}

/// The value that comes out without lies.
async fn truth(task: &Task<'_>, server: &Server) -> Option<String> {
    let mut honest = Task { call: task.call, world: task.world, rng: Rng::new(0), asks_first: false };
    let mut session = imap_calls::Session::begin(server, &honest).await;
    extension_calls::prepare(&session.imap).await.unwrap();
    let mut seen = Seen::default();
    extension_calls::make(&mut honest, &mut session.imap, &mut seen).await.unwrap();
    let value = seen.value.take();
    session.end(&mut seen).await;
    value
}

async fn is_in_time(call: impl Future<Output = ()>, told: &Log) -> bool {
    let mut call = pin!(call);
    if timeout(LIMIT, &mut call).await.is_ok() {
        return true;
    }
    let is_alive = told.all().iter().any(|told| STILL_HERE.iter().any(|text| told.text.contains(&format!("{text:?}"))));
    is_alive && timeout(PATIENCE, call).await.is_ok()
}

async fn make(task: &mut Task<'_>, server: &Server, lies: &[Lie], told: &Log, seen: &mut Seen) {
    if task.call.deletes() {
        return collecting::collect(task, server, lies, told, seen).await.unwrap();
    }
    if task.call.is_pop3() {
        let mut session = pop3_calls::Session::begin(server, task).await;
        session.lie(lies, told);
        pop3_calls::make(task, &mut session.pop3, seen).await.unwrap_or_else(|error| seen.failed(error));
        return session.end(seen).await;
    }
    let mut session = imap_calls::Session::begin(server, task).await;
    session.lie(lies, told);
    let made = match task.call.is_of_extension() {
        true => extension_calls::make(task, &mut session.imap, seen).await,
        false => imap_calls::make(task, &mut session.imap, seen).await,
    };
    made.unwrap_or_else(|error| seen.failed(error));
    session.end(seen).await;
}

/// Waits for the driver of a dropped session.
pub(crate) async fn ended(mut driver: JoinHandle<Result<(), Error>>, seen: &mut Seen) {
    match timeout(END, &mut driver).await {
        Ok(end) => seen.panicked |= end.is_err_and(|error| error.is_panic()),
        Err(_) => driver.abort(),
    }
}

fn judge(call: Call, world: &World, seen: &Seen, states: &States, broken: &mut Vec<(Invariant, String)>) {
    let mut check = |invariant, wrong: Option<String>| broken.extend(wrong.map(|text| (invariant, text)));
    check(Invariant::Body, seen.texts.iter().find_map(|text| wrong_text(text, &world.mail)));
    check(Invariant::Once, doubled(&seen.delivered));
    check(Invariant::Listing, missing(seen));
    check(Invariant::Answered, rejected(seen));
    check(Invariant::Gone, called_gone(seen, states));
    check(
        Invariant::Search,
        seen.found.as_ref().filter(|found| **found != seen.wanted).map(|found| format!("{found:?}")),
    );
    check(Invariant::Scope, out_of_scope(call, seen, states));
    check(Invariant::Durable, lost(seen, states));
    check(Invariant::Stored, strange(seen, states));
    check(Invariant::Value, seen.value.as_ref().filter(|value| Some(*value) != seen.truth.as_ref()).cloned());
    check(Invariant::Stored, unfiled(seen, states));
    check(Invariant::Stale, seen.stale.first().cloned());
    check(
        Invariant::Stale,
        seen.overtaken.as_ref().filter(|_| seen.errors.is_empty()).map(|line| format!("{line} ends well")),
    );
}

fn of(mail: &Mail, what: What) -> &[u8] {
    match what {
        // No message is longer than the preview that is requested.
        What::Whole | What::Preview => &mail.bytes,
        What::Header => mail.header(),
        What::Part => mail.part(),
    }
}

fn wrong_text(text: &Text, mail: &[Mail]) -> Option<String> {
    let mut meant = mail.iter().filter(|mail| text.uid.is_none_or(|uid| uid == mail.uid)).peekable();
    // A name that the server does not have may denote any of its messages.
    let mut meant: Box<dyn Iterator<Item = &Mail>> =
        if meant.peek().is_some() { Box::new(meant) } else { Box::new(mail.iter()) };
    if meant.any(|mail| of(mail, text.what) == text.bytes) {
        return None;
    }
    let begin = text.bytes[..text.bytes.len().min(40)].escape_ascii();
    Some(format!("{:?} of {:?} is {} octets: {begin}", text.what, text.uid, text.bytes.len()))
}

fn doubled(delivered: &[Option<u32>]) -> Option<String> {
    let mut met = BTreeSet::new();
    delivered.iter().flatten().find(|uid| !met.insert(**uid)).map(|uid| format!("{uid} twice"))
}

fn missing(seen: &Seen) -> Option<String> {
    if !seen.complete || seen.stored.is_some() {
        return None;
    }
    let missing: Vec<_> = seen.wanted.iter().filter(|uid| !seen.delivered.contains(&Some(**uid))).collect();
    // A message without the server's name is listed all the same.
    let nameless = seen.delivered.iter().filter(|uid| uid.is_none_or(|uid| !seen.wanted.contains(&uid))).count();
    (missing.len() > nameless).then(|| format!("{missing:?} are missing, and nothing says so"))
}

/// An answer that came unchanged, with no other about its message, is accepted.
fn rejected(seen: &Seen) -> Option<String> {
    let rejected = seen.lacking.iter().find(|uid| seen.intact.contains(uid) && seen.wanted.contains(uid));
    rejected.map(|uid| format!("{uid} came, and is called missing"))
}

/// No message goes by itself: one that is in the inbox before the call is wrongly reported as gone.
fn called_gone(seen: &Seen, states: &States) -> Option<String> {
    let there = states.before.messages("INBOX").iter().find(|mail| seen.gone.contains(&mail.uid));
    // A lie may have invented the message that is not there.
    let invented = |error: &&String| {
        let uid =
            error.split_once("MessageId(").and_then(|(_, id)| id.split_once(')')?.0.rsplit('/').next()?.parse().ok());
        uid.is_some_and(|uid: u32| states.before.messages("INBOX").iter().all(|mail| mail.uid != uid))
    };
    let gone = |error: &&String| error.contains("no longer in the mail") && !invented(error);
    let error = || seen.errors.iter().find(gone).cloned();
    there.map(|mail| format!("{} is called gone", mail.uid)).or_else(error)
}

fn out_of_scope(call: Call, seen: &Seen, states: &States) -> Option<String> {
    if let Some(other) = seen.copied.iter().flatten().find(|uid| !seen.scope.contains(uid)) {
        return Some(format!("{other} is called copied"));
    }
    if call.deletes() {
        return None;
    }
    let after = states.after.messages("INBOX");
    let changed = states.before.messages("INBOX").iter().filter(|mail| !after.contains(mail));
    let mut strangers = changed.map(|mail| mail.uid).filter(|uid| !seen.scope.contains(uid));
    strangers.next().map(|uid| format!("{uid} has changed"))
}

/// Messages that are gone from the inbox, and neither stored nor in another mailbox.
fn lost(seen: &Seen, states: &States) -> Option<String> {
    let mut elsewhere: Vec<Vec<u8>> = seen.stored.clone().unwrap_or_default();
    elsewhere.extend(states.after.messages("Archive").iter().map(|mail| mail.bytes.to_vec()));
    let after = states.after.messages("INBOX");
    let gone = states.before.messages("INBOX").iter().filter(|mail| after.iter().all(|left| left.uid != mail.uid));
    // One that another one took the place of.
    let gone = gone.filter(|mail| {
        let new = extension_calls::LETTERS[0].as_bytes();
        seen.replaced != Some(mail.uid) || after.iter().all(|left| left.bytes != new)
    });
    for mail in gone {
        match elsewhere.iter().position(|bytes| *bytes == mail.bytes) {
            Some(at) => drop(elsewhere.swap_remove(at)),
            None => return Some(format!("{} is lost", mail.uid)),
        }
    }
    None
}

/// What is reported as appended, and is not there once.
fn unfiled(seen: &Seen, states: &States) -> Option<String> {
    let times =
        |text: &str| states.after.messages("Archive").iter().filter(|mail| mail.bytes == text.as_bytes()).count();
    seen.filed.iter().find(|text| times(text) != 1).map(|text| format!("{text:?} is there {} times", times(text)))
}

/// What is stored and was never on the server, unless it was reported as doubtful; or what is not stored, without a report.
fn strange(seen: &Seen, states: &States) -> Option<String> {
    let mut stored = seen.stored.clone()?;
    for mail in states.before.messages("INBOX") {
        match stored.iter().position(|bytes| *bytes == mail.bytes) {
            Some(at) => drop(stored.swap_remove(at)),
            None if seen.complete => return Some(format!("{} is not brought, and nothing says so", mail.uid)),
            None => {}
        }
    }
    stored.get(seen.differing).map(|bytes| format!("{} octets are stored that are no message", bytes.len()))
}

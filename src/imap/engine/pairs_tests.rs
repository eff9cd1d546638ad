//! Which answer belongs to which command: every pair of commands that may run together, with their responses in every order that a
//! server may choose (RFC 9051 §5.5), gives the values that each gives alone. The pairs that may not are in `forbidden.txt`, each with
//! its reason. It must not know what the values mean.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::*;
use crate::engine::Engine as _;
use crate::imap::codec::{Route, route};
use crate::imap::command::select::Select;
use crate::imap::command::{Command, EncodeOptions};
use crate::imap::every_command::{CommandRow, all};
use crate::imap::plan::{Claims, Order, may_start};
use crate::imap::types::{Condition, Event, MailboxName, SeqNum, Uid};

const GREETED: &str = "* OK [CAPABILITY IMAP4rev1 LITERAL+] hi\r\n";
const LOGGED_IN: &str = "* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+] hi\r\n";
/// The requests of the pair.
const FIRST: Id = Id(10);
const SECOND: Id = Id(11);

/// What one request received.
#[derive(Default)]
struct Got {
    frames: Vec<Bytes>,
    /// The bytes of a body, and the messages of which anything arrived.
    more: String,
    end: Option<Result<Condition>>,
}

/// An engine, and the ends of its handles.
struct Session {
    engine: Engine,
    now: Instant,
    input: BytesMut,
    got: BTreeMap<u64, Got>,
}

impl Session {
    /// In the state that these commands need.
    fn begin(rows: &[&CommandRow]) -> Self {
        let now = Instant::now();
        let engine = Engine::new(Limits::default(), Deadlines::default(), now);
        let mut session = Self { engine, now, input: BytesMut::new(), got: BTreeMap::new() };
        let need = |needs| rows.iter().any(|row| row.needs == needs);
        if need(RequiredState::BeforeLogin) {
            session.say(GREETED);
            return session;
        }
        session.say(LOGGED_IN);
        if !need(RequiredState::NoSelection) {
            let select = Select::plain(MailboxName::INBOX, false).plan(EncodeOptions::default()).unwrap();
            session.engine.handle_request(Id(1), Request::Command(select), now);
            session.settle();
            session.say("* 4 EXISTS\r\n* OK [UIDVALIDITY 5] ok\r\nA1 OK [READ-WRITE] done\r\n");
            session.engine.mirror.numbers().0.extend(SeqNum::nonzero(1).unwrap(), [(101, 104)]);
        }
        session
    }

    fn ask(&mut self, id: Id, row: &CommandRow, selection: u64) {
        self.engine.handle_request(id, (row.ask)(selection), self.now);
        self.settle();
    }

    fn say(&mut self, text: &str) {
        self.input.extend_from_slice(text.as_bytes());
        self.engine.handle_input(&mut self.input, self.now);
        self.settle();
    }

    fn settle(&mut self) {
        loop {
            while self.engine.poll_transmit().is_some() {}
            let Some((id, delivery)) = self.engine.poll_delivery(&|_| false) else {
                if self.engine.poll_upgrade().is_none() {
                    return;
                }
                self.engine.handle_upgraded(self.now);
                continue;
            };
            let got = self.got.entry(id.0).or_default();
            match delivery {
                Delivery::Frames { batch, coverage, .. } => {
                    got.more += &format!("{coverage:?} ");
                    got.frames.extend(batch.raw());
                }
                Delivery::Chunk(bytes) => got.more += &format!("{bytes:?} "),
                Delivery::Answered(uids) => got.more += &format!("of {uids}"),
                Delivery::LimitCut(cut) => got.more += &format!("{cut:?} "),
                Delivery::Opened { info, closed } => got.more += &format!("{} {closed} ", info.exists),
                Delivery::Vanished(uids) => got.more += &format!("without {uids}"),
                Delivery::Live(condition) => got.end = Some(Ok(condition)),
                Delivery::Done(end) => got.end = Some(end),
                Delivery::Ready(count) => {
                    let fed = Request::Feed(vec![b'x'; count].into());
                    self.engine.handle_request(id, fed, self.now);
                }
                other => panic!("{other:?}"),
            }
        }
    }

    /// The tag under which this request is on the wire.
    fn tag(&self, id: Id) -> Option<u32> {
        self.engine.wire.tag(id)
    }

    fn is_refused(&self, id: Id) -> bool {
        self.got.get(&id.0).is_some_and(|got| got.end.is_some())
    }

    /// The result of a request, in words that do not contain its tag.
    fn value(&mut self, id: Id, row: &CommandRow, tag: u32) -> String {
        let got = self.got.remove(&id.0).unwrap_or_default();
        let end = got.end.unwrap_or_else(|| panic!("{} does not end", row.name));
        let condition = end.unwrap_or_else(|error| panic!("{} fails: {error}", row.name));
        let value = (row.read)(got.frames, condition).replace(&format!("\"A{tag}\""), "(tag)");
        format!("{} {value}", got.more)
    }
}

/// A whole script: the untagged responses, and the tagged one.
fn script(row: &CommandRow, tag: u32) -> Vec<String> {
    let tag = format!("A{tag}");
    let lines = row.lines.iter().map(|line| format!("{}\r\n", line.replace("{tag}", &tag)));
    lines.chain([format!("{tag} {}\r\n", row.ending)]).collect()
}

/// The result of the command when nothing runs beside it and nothing unsolicited arrives.
fn alone(row: &CommandRow) -> String {
    alone_where(row, &[row])
}

/// The same in the state that these commands need.
fn alone_where(row: &CommandRow, rows: &[&CommandRow]) -> String {
    let mut session = Session::begin(rows);
    let selection = 1;
    session.ask(FIRST, row, selection);
    let tag = session.tag(FIRST).unwrap_or_else(|| panic!("{} is not sent", row.name));
    script(row, tag).iter().for_each(|line| session.say(line));
    session.value(FIRST, row, tag)
}

/// What happens to two requests, submitted one right after the other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Together {
    /// Both are sent.
    Run,
    /// The second waits.
    Waits,
    /// There is no state in which both are allowed.
    Never,
}

/// Submits both.
fn ask_both(first: &CommandRow, second: &CommandRow) -> (Session, Together) {
    let mut session = Session::begin(&[first, second]);
    session.ask(FIRST, first, 1);
    let pipelined = first.order.lets(second.order) && second.order.is_pipelined_on_select();
    session.ask(SECOND, second, if pipelined { FIRST.0 } else { 1 });
    let together = match (session.is_refused(FIRST) || session.is_refused(SECOND), session.tag(SECOND)) {
        (true, _) => Together::Never,
        (false, Some(_)) => Together::Run,
        (false, None) => Together::Waits,
    };
    (session, together)
}

/// All ways to merge two scripts of these lengths that keep the order of each: whose line comes next.
fn merges(first: usize, second: usize) -> Vec<Vec<usize>> {
    if first + second == 0 {
        return vec![Vec::new()];
    }
    let ahead = |which: usize, rest: Vec<Vec<usize>>| rest.into_iter().map(move |rest| [vec![which], rest].concat());
    let mut all = Vec::new();
    if first > 0 {
        all.extend(ahead(0, merges(first - 1, second)));
    }
    if second > 0 {
        all.extend(ahead(1, merges(first, second - 1)));
    }
    all
}

/// Data that neither command asked for, for each place of a script: of other messages, mailboxes and searches, and in turn of kinds that
/// neither claims.
fn unasked(pair: [&CommandRow; 2], places: usize) -> Vec<String> {
    let is_unclaimed = |line: &str| {
        let Route::Untagged(kind) = route(line.as_bytes()) else { panic!("{line}") };
        pair.iter().all(|row| OF_ONE_THING.contains(&row.name) || !row.order.claims.covers(kind))
    };
    // Only that one can be answered by the counts of all mailboxes.
    let is_asked = pair.iter().any(|row| row.name == "LIST-STATUS");
    let status = if is_asked { "" } else { "* STATUS Elsewhere (MESSAGES 9)\r\n" };
    let place = |at: usize| {
        let (number, uid) = (300 + at, unasked_uid(at));
        let mut text = format!("* {number} EXISTS\r\n* {number} FETCH (UID {uid} FLAGS (\\Flagged))\r\n{status}");
        text += "* 4 FETCH (FLAGS (\\Draft))\r\n* ESEARCH (TAG \"B7\") UID ALL 7:9\r\n";
        UNASKED
            .iter()
            .skip(at % 3)
            .step_by(3)
            .filter(|line| is_unclaimed(line))
            .for_each(|line| text += &format!("{line}\r\n"));
        text
    };
    (0..places).map(place).collect()
}

/// The message that arrived last. Whichever messages are expunged meanwhile, its number does not contradict theirs.
fn unasked_uid(at: usize) -> u32 {
    1000 + 10 * at as u32
}

/// Commands that claim no data about another mailbox, root, entry or URL.
const OF_ONE_THING: [&str; 9] = [
    "GETACL",
    "LISTRIGHTS",
    "MYRIGHTS",
    "GETQUOTA",
    "GETQUOTAROOT",
    "SETQUOTA",
    "GETMETADATA",
    "GENURLAUTH",
    "URLFETCH",
];

const UNASKED: [&str; 15] = [
    "* LIST () \"/\" z",
    "* SEARCH 9",
    "* SORT 9",
    "* THREAD (9)",
    "* NAMESPACE NIL NIL NIL",
    "* ID NIL",
    "* QUOTA \"z\" (STORAGE 7 8)",
    "* QUOTAROOT z \"z\"",
    "* ACL z you r",
    "* MYRIGHTS z r",
    "* METADATA z /shared/comment",
    "* METADATA z (/shared/comment \"z\")",
    "* LISTRIGHTS INBOX you r",
    "* GENURLAUTH \"z:x\"",
    "* URLFETCH \"z\" NIL",
];

/// Plays one order of responses, and checks what both commands and the mailbox received.
fn play(pair: [&CommandRow; 2], values: [&String; 2], sequence: &[usize], unasked: &[String]) {
    let [first, second] = pair;
    let (mut session, _) = ask_both(first, second);
    let tags = [session.tag(FIRST).unwrap(), session.tag(SECOND).unwrap()];
    let mut scripts = [script(first, tags[0]).into_iter(), script(second, tags[1]).into_iter()];
    let story: Vec<_> = sequence.iter().map(|&which| scripts[which].next().unwrap()).collect();
    for (at, line) in story.iter().enumerate() {
        session.say(&[unasked.get(at).map_or("", String::as_str), line].concat());
    }
    let told = || format!("{} + {} after {story:?}, each after {unasked:?}", first.name, second.name);
    assert!(!session.engine.core.is_over(), "{}", told());
    assert_eq!(&session.value(FIRST, first, tags[0]), values[0], "{}: {}", first.name, told());
    assert_eq!(&session.value(SECOND, second, tags[1]), values[1], "{}: {}", second.name, told());
    if pair.iter().any(|row| row.name == "CAPABILITY") {
        let capabilities = session.engine.mirror.state().capabilities.clone().unwrap();
        assert!(capabilities.has("XPAIR"), "{}", told());
    }
    if unasked.is_empty() || session.engine.mirror.state().selected.is_none() {
        return;
    }
    let events = session.engine.mirror.take_events();
    for at in 0..story.len() {
        let uid = Uid::nonzero(unasked_uid(at));
        let is_it = |event: &Event| matches!(event, Event::Fetched { uid: of, .. } if *of == uid);
        assert!(events.iter().any(is_it), "the flags of {uid:?} are lost: {}", told());
    }
    assert!(events.iter().any(|event| matches!(event, Event::Exists(count) if *count >= 290)), "{}", told());
}

/// Plays all orders of responses.
fn play_all(pair: [&CommandRow; 2], values: [&String; 2]) {
    // The answer to a SELECT is complete before the server begins with what depends on it.
    let selects = pair[0].order.before_all;
    let [first, second] = pair.map(|row| row.lines.len() + 1);
    let orders = if selects { vec![[vec![0; first], vec![1; second]].concat()] } else { merges(first, second) };
    let unasked = unasked(pair, first + second);
    // While a SELECT runs, it is not known which mailbox unsolicited data is about.
    let is_clear = pair.iter().all(|row| !row.order.before_all);
    for sequence in orders {
        play(pair, values, &sequence, &[]);
        if is_clear {
            play(pair, values, &sequence, &unasked);
        }
    }
}

/// Plays the pairs whose first command is one of every second, so that two threads share the work.
fn check(part: usize) {
    let rows = all();
    let values: Vec<_> =
        rows.iter().map(|row| if row.order == Order::ALONE { String::new() } else { alone(row) }).collect();
    let mut played = 0;
    for (first, value) in rows.iter().zip(&values).skip(part).step_by(2) {
        for (second, other) in rows.iter().zip(&values) {
            let (_, together) = ask_both(first, second);
            if together == Together::Run {
                // SELECT says less if no mailbox is selected before.
                let other = match first.needs == RequiredState::NoSelection {
                    true => &alone_where(second, &[first, second]),
                    false => other,
                };
                play_all([first, second], [value, other]);
                played += 1;
            }
        }
    }
    assert!(played > 1000, "{played}");
}

#[test]
fn each_of_two_commands_gets_its_own_answer() {
    check(0);
}

#[test]
fn each_of_two_other_commands_gets_its_own_answer() {
    check(1);
}

/// One line of `forbidden.txt`.
struct Forbidden {
    pairs: BTreeSet<(&'static str, &'static str)>,
    reason: String,
}

/// Reads `FIRST .. > SECOND ..: reason` and, for either order, `FIRST .. & SECOND ..: reason`. `*` is every command, and a name after
/// `-` is left out.
fn forbidden(rows: &[CommandRow]) -> Vec<Forbidden> {
    let named = |side: &str| -> Vec<&'static str> {
        let mut names = Vec::new();
        for word in side.split_whitespace() {
            match word.strip_prefix('-') {
                _ if word == "*" => names.extend(rows.iter().map(|row| row.name)),
                Some(out) => names.retain(|name| *name != out),
                None => names.push(rows.iter().find(|row| row.name == word).unwrap_or_else(|| panic!("{word}")).name),
            }
        }
        names
    };
    let line = |line: &str| {
        let (pairs, reason) = line.split_once(": ").unwrap_or_else(|| panic!("{line}"));
        let (both, (left, right)) = match pairs.split_once('&') {
            Some(sides) => (true, sides),
            None => (false, pairs.split_once('>').unwrap_or_else(|| panic!("{line}"))),
        };
        let (left, right) = (named(left), named(right));
        let mut pairs: BTreeSet<_> =
            left.iter().flat_map(|first| right.iter().map(move |second| (*first, *second))).collect();
        if both {
            pairs.extend(pairs.clone().into_iter().map(|(first, second)| (second, first)));
        }
        Forbidden { pairs, reason: reason.to_owned() }
    };
    let text = include_str!("pairs_tests/forbidden.txt");
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(line).collect()
}

#[test]
fn exactly_the_pairs_of_the_list_may_not_run_together() {
    let rows = all();
    let list = forbidden(&rows);
    let (mut waiting, mut missing) = (BTreeSet::new(), BTreeMap::<_, Vec<_>>::new());
    for first in &rows {
        for second in &rows {
            let (_, together) = ask_both(first, second);
            let pair = (first.name, second.name);
            let line = list.iter().find(|line| line.pairs.contains(&pair));
            match together {
                Together::Run => assert!(line.is_none(), "{pair:?} may run, and the list forbids it"),
                Together::Waits => {
                    if line.is_none() {
                        missing.entry(first.name).or_default().push(second.name);
                    }
                    waiting.insert(pair);
                }
                Together::Never => assert_ne!(first.needs, second.needs, "{pair:?}"),
            }
            if together != Together::Never {
                assert_eq!(may_start(second.order, [first.order].into_iter()), together == Together::Run, "{pair:?}");
            }
        }
    }
    assert!(missing.is_empty(), "these may not run, and the list has no reason: {missing:#?}");
    for line in &list {
        assert!(line.pairs.iter().any(|pair| waiting.contains(pair)), "nothing waits for this: {}", line.reason);
    }
}

#[test]
fn each_reason_of_the_list_is_so() {
    let rows = all();
    let named = |name: &str| rows.iter().find(|row| row.name == name).unwrap().order;
    for line in forbidden(&rows) {
        let Some(claimed) = line.reason.strip_prefix("both claim ") else {
            assert!(line.reason.contains("RFC ") && line.reason.contains('§'), "{}", line.reason);
            continue;
        };
        let claim = Claims::named(claimed.as_bytes());
        assert_ne!(claim, Claims::NONE, "{claimed}");
        let covered = |order: Order| order.claims.and(claim) == order.claims;
        for (first, second) in line.pairs {
            assert!(covered(named(first)) && covered(named(second)), "{first} and {second}: {claimed}");
        }
    }
}

/// A new file of commands, or a new command in one, must get a row.
#[test]
fn no_command_is_forgotten() {
    let rows = all();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/imap/command");
    let verbs: BTreeSet<_> = rows.iter().map(|row| row.verb).collect();
    let modules: BTreeSet<_> = rows.iter().map(|row| row.module).collect();
    let list = std::fs::read_to_string(folder.join("mod.rs")).unwrap();
    let files = list.lines().filter_map(|line| line.strip_prefix("pub(crate) mod ")?.strip_suffix(';'));
    let mut found = 0;
    for file in files {
        found += 1;
        assert!(modules.contains(file), "no command of {file}.rs has a row");
        let text = std::fs::read_to_string(folder.join(format!("{file}.rs"))).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        for made in text.split("Self::new(\"").skip(1) {
            let verb = made.split('"').next().unwrap();
            assert!(verbs.contains(verb), "{verb} of {file}.rs has no row");
        }
    }
    assert!(found > 30, "{found}");
}

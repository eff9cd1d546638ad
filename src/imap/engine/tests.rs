//! The engine as a pure function: the dialogues in `tests/transcripts/imap`, whole, byte by byte, in all two-part splits and in
//! random chunks. The same bytes must go out and the same answers come, however the input was cut.
//!
//! A dialogue has lines `S:` (the server says, CRLF added), `C:` (the client has said, since the last look), `>` (a handle asks:
//! see [`Play::act`]), `<` (a handle has got, since the last look) and `#` (a comment).

use std::fmt::Write;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use super::*;
use crate::engine::Engine as _;
use crate::imap::command::append::Append;
use crate::imap::command::close::Close;
use crate::imap::command::copy::Copy;
use crate::imap::command::enable::Enable;
use crate::imap::command::expunge::UidExpunge;
use crate::imap::command::list::{List, Options, Selection};
use crate::imap::command::login::Login;
use crate::imap::command::logout::Logout;
use crate::imap::command::namespace::Namespace;
use crate::imap::command::noop::Noop;
use crate::imap::command::number::Number;
use crate::imap::command::search::Search;
use crate::imap::command::select::Select;
use crate::imap::command::starttls::StartTls;
use crate::imap::command::status::Status;
use crate::imap::command::store::Store;
use crate::imap::command::{Command, Terms, authenticate, body, capability, fetch};
use crate::imap::types::{Event, Items, MailboxName, Query, Section, SeqNum, StatusItems, Uid, Uids};
use crate::login::Secret;
use crate::{Flag, FlagChange};

macro_rules! dialogues {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            check(include_str!(concat!("../../../tests/transcripts/imap/", stringify!($name), ".txt")));
        })*
    };
}

dialogues! {
    abandoned_append abandoned_large_append append append_answered_midway append_refused authenticate body bye capabilities_in_three_ways
    events_between_commands expunge_by_number fetch fetch_abandoned idle idle_polled literal_over_the_limit
    close enable literals_unasked login_with_literals logout moved pipelining riding riding_refused select status starttls stray_lines text_is_not_a_literal unsolicited_preauth
}

#[test]
fn injection_behind_starttls() {
    let dialogue = include_str!("../../../tests/transcripts/imap/injection_behind_starttls.txt");
    Play::run(&steps(dialogue), |_, rest| rest, true);
}

/// All of what is in one dialogue, by each way of cutting the server's bytes.
fn check(dialogue: &str) {
    let steps = steps(dialogue);
    let total: usize = steps.iter().map(|step| if let Step::Server(bytes) = step { bytes.len() } else { 0 }).sum();
    let whole = Play::run(&steps, |_, rest| rest, true);
    assert_eq!(whole, Play::run(&steps, |_, _| 1, false), "one byte at a time");
    for at in 1..total.min(8192) {
        let split = |done: usize, rest: usize| if done < at { rest.min(at - done) } else { rest };
        assert_eq!(whole, Play::run(&steps, split, false), "split at {at}");
    }
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..200 {
        let chunks = |_: usize, rest: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            rest.min(1 + (seed >> 33) as usize % 40)
        };
        assert_eq!(whole, Play::run(&steps, chunks, false), "random chunks");
    }
}

enum Step {
    Server(Vec<u8>),
    Act(String),
    /// What was sent, and what was delivered, since the last look.
    Look(String, String),
}

fn steps(dialogue: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for line in dialogue.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (kind, text) = line.split_once(' ').unwrap_or((line, ""));
        match (kind, steps.last_mut()) {
            ("S:", Some(Step::Server(bytes))) => bytes.extend(format!("{text}\r\n").bytes()),
            ("S:", _) => steps.push(Step::Server(format!("{text}\r\n").into())),
            (">", _) => steps.push(Step::Act(text.into())),
            ("C:", Some(Step::Look(sent, _))) => writeln!(sent, "{text}").unwrap(),
            ("C:", _) => steps.push(Step::Look(format!("{text}\n"), String::new())),
            ("<", Some(Step::Look(_, got))) => writeln!(got, "{text}").unwrap(),
            ("<", _) => steps.push(Step::Look(String::new(), format!("{text}\n"))),
            _ => panic!("what is {line:?}?"),
        }
    }
    steps
}

/// An engine with its handles' ends in hand.
struct Play {
    engine: Engine,
    now: Instant,
    next: u64,
    sent: String,
    got: String,
    log: String,
}

impl Play {
    /// Plays all steps; `piece` says how many of the remaining bytes come next. The log has what went out and came in between
    /// any two looks.
    fn run(steps: &[Step], mut piece: impl FnMut(usize, usize) -> usize, verify: bool) -> String {
        let now = Instant::now();
        let limits = Limits { literal: 100, ..Limits::default() };
        let engine = Engine::new(limits, Deadlines::default(), now);
        let mut play = Self { engine, now, next: 0, sent: String::new(), got: String::new(), log: String::new() };
        let (mut done, mut input) = (0, BytesMut::new());
        for step in steps {
            match step {
                Step::Server(bytes) => {
                    let mut rest = bytes.as_slice();
                    while !rest.is_empty() {
                        let (now, later) = rest.split_at(piece(done, rest.len()));
                        done += now.len();
                        rest = later;
                        input.extend_from_slice(now);
                        play.engine.handle_input(&mut input, play.now);
                        play.settle();
                    }
                    play.events();
                }
                Step::Act(act) => play.act(act),
                Step::Look(sent, got) => play.look(sent, got, verify),
            }
        }
        play.look("", "", verify);
        play.log
    }

    fn look(&mut self, sent: &str, got: &str, verify: bool) {
        if verify {
            assert_eq!(self.sent, sent, "what was sent");
            assert_eq!(self.got, got, "what was delivered");
        }
        let state = self.engine.mirror.state();
        let state = (state.phase, state.selected.as_ref().map(|selected| selected.exists));
        writeln!(self.log, "{}--\n{}{state:?}", self.sent, self.got).unwrap();
        (self.sent, self.got) = (String::new(), String::new());
    }

    /// What a handle asks for, by name.
    fn act(&mut self, act: &str) {
        let (verb, argument) = act.split_once(' ').unwrap_or((act, ""));
        let number = argument.parse::<u32>().unwrap_or(1);
        let uids = Uids::from(Uid::nonzero(number.max(1)).unwrap());
        let selection = self.engine.mirror.selection();
        let name = MailboxName::new(argument);
        let terms = Terms::default();
        let plan = match verb {
            "greeting" => return self.ask(Request::Greeting),
            "answer" => return self.add(Request::Answer(Some(Secret::from(argument)))),
            "feed" => return self.add(Request::Feed(argument.to_owned().into())),
            "idle" => return self.ask(Request::Idle { selection }),
            "cancel" => {
                self.engine.handle_cancel(Id(number.into()), self.now);
                return self.settle();
            }
            "wait" => {
                self.now += Duration::from_secs(number.into());
                self.engine.handle_deadline(self.now);
                return self.settle();
            }
            "end" => {
                self.engine.handle_end(None, self.now);
                return self.settle();
            }
            "noop" => Noop.plan(terms),
            "capability" => capability::Capability.plan(terms),
            "starttls" => StartTls.plan(terms),
            "login" => Login { user: "m\u{e9}", password: &Secret::from("p\"w") }.plan(terms),
            "authenticate" => authenticate::plan("PLAIN", None),
            "authenticate-ir" => authenticate::plan("PLAIN", Some(&Secret::from("AGEAYg=="))),
            "list" => {
                List { pattern: argument, selection: Selection::All, options: Options::None, utf8: false }.plan(terms)
            }
            "select" => Select { name: name.unwrap(), read_only: false }.plan(terms),
            "examine" => Select { name: name.unwrap(), read_only: true }.plan(terms),
            "fetch" => fetch::plan(selection, &Uids::ALL, &Items::ENVELOPE.flags()),
            "message" => fetch::plan(selection, &uids, &Items::MESSAGE),
            "body" => body::plan(
                selection,
                uids.iter().next().unwrap(),
                &Section::WHOLE,
                NonZeroU32::new(1000).map(|len| (0, len)),
            ),
            "store" => Store { selection, uids: &uids, change: &FlagChange::add([Flag::SEEN]) }.plan(terms),
            "expunge" => UidExpunge { selection, uids: &uids }.plan(terms),
            "number" => {
                Number { selection, from: SeqNum::nonzero(number).unwrap(), to: None, compact: true }.plan(terms)
            }
            "append" => {
                Append { mailbox: &MailboxName::INBOX, flags: &[], date: None, size: number.into(), spoilable: true }
                    .plan(terms)
            }
            "ride" => {
                self.ask(Request::Command(Select { name: name.unwrap(), read_only: false }.plan(terms).unwrap()));
                fetch::plan(self.next - 1, &Uids::ALL, &Items::FLAGS).map(|plan| {
                    let order = plan.order.riding();
                    plan.order(order)
                })
            }
            "copy" => Copy { selection, uids: &uids, to: &MailboxName::INBOX, leave: false }.plan(terms),
            "move" => Copy { selection, uids: &uids, to: &MailboxName::INBOX, leave: true }.plan(terms),
            "close" => Close { selection, expunge: true }.plan(terms),
            "unselect" => Close { selection, expunge: false }.plan(terms),
            "enable" => Enable { names: &["IMAP4rev2"] }.plan(terms),
            "id" => crate::imap::command::id::Id { fields: &[] }.plan(terms),
            "search" => Search { selection, query: &Query::seen(), returns: None }.plan(terms),
            "status" => Status { name: name.unwrap(), items: StatusItems::MESSAGES, utf8: false }.plan(terms),
            "namespace" => Namespace { utf8: false }.plan(terms),
            "logout" => Logout.plan(terms),
            _ => panic!("what is {act:?}?"),
        };
        self.ask(Request::Command(plan.unwrap()));
    }

    fn ask(&mut self, request: Request) {
        self.engine.handle_request(Id(self.next), request, self.now);
        self.next += 1;
        self.settle();
    }

    /// Adds to the last request.
    fn add(&mut self, request: Request) {
        self.engine.handle_request(Id(self.next - 1), request, self.now);
        self.settle();
    }

    fn settle(&mut self) {
        while let Some(outgoing) = self.engine.poll_transmit() {
            let text = String::from_utf8_lossy(&outgoing.bytes).replace("\r\n", "\n");
            self.sent += &text;
        }
        while let Some((id, delivery)) = self.engine.poll_delivery(&|_| false) {
            self.note(id.0, delivery);
        }
        if self.engine.poll_upgrade() {
            self.got += "upgrade\n";
            self.engine.handle_upgraded(self.now);
            self.settle();
        }
    }

    /// The handle of an IDLE takes what waits.
    fn events(&mut self) {
        while let Some((id, delivery)) = self.engine.poll_delivery(&|_| true) {
            self.note(id.0, delivery);
        }
    }

    fn note(&mut self, id: u64, delivery: Delivery) {
        match delivery {
            Delivery::Frames { batch, .. } => {
                batch
                    .raw()
                    .for_each(|frame| writeln!(self.got, "{id} {}", frame.trim_ascii_end().escape_ascii()).unwrap());
            }
            Delivery::Challenge(text) => writeln!(self.got, "{id} challenge {}", text.escape_ascii()).unwrap(),
            Delivery::Ready(count) => writeln!(self.got, "{id} ready {count}").unwrap(),
            // Pieces of one body are one line.
            Delivery::Chunk(bytes) => {
                let open = format!("{id} body ");
                let last = self.got.trim_end_matches('\n').rsplit('\n').next().unwrap_or_default();
                if last.starts_with(&open) {
                    self.got.pop();
                } else {
                    self.got += &open;
                }
                writeln!(self.got, "{}", bytes.escape_ascii()).unwrap();
            }
            Delivery::Cut(cut) => writeln!(self.got, "{id} cut at {:?}", cut.last.map(Uid::as_u32)).unwrap(),
            Delivery::Progress(progress) => writeln!(self.got, "{id} progress {:?}", progress.done).unwrap(),
            Delivery::Answered(uids) => writeln!(self.got, "{id} answered {uids}").unwrap(),
            Delivery::Events(events) => {
                events.iter().for_each(|event| writeln!(self.got, "{id} {}", shown(event)).unwrap())
            }
            Delivery::Done(Ok(condition)) => {
                let code = condition.code.as_ref().map(|code| format!(" [{}]", code.name())).unwrap_or_default();
                writeln!(self.got, "{id} {:?}{code}", condition.outcome).unwrap();
            }
            Delivery::Done(Err(error)) => {
                let code = error.code().map(|code| format!(" [{code}]")).unwrap_or_default();
                writeln!(self.got, "{id} {:?}{code} {error}", error.kind()).unwrap();
            }
        }
    }
}

fn shown(event: &Event) -> String {
    match event {
        Event::Expunged { uids, unknown } => format!("expunged {uids} and {unknown}"),
        Event::Exists(count) => format!("exists {count}"),
        Event::Fetched { uid, data } => {
            let flags: Vec<_> =
                data.flags().iter().flat_map(|flags| flags.iter().map(|flag| flag.into_owned())).collect();
            format!("fetched {} {}", uid.map_or(0, Uid::as_u32), flags.join(" "))
        }
        Event::UidValidity { before, now } => format!("UIDVALIDITY {before:?} to {now:?}"),
        Event::Lagged => "lagged".into(),
    }
}

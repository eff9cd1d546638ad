//! The engine as a pure function: it plays the dialogues in `tests/transcripts/imap`.

use std::fmt::Write;
use std::mem::take;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use super::*;
use crate::engine::transcript::{self, Player};
use crate::engine::{Engine as _, LayerChange};
use crate::imap::command::append::{Append, Heading};
use crate::imap::command::close::{Close, Leave};
use crate::imap::command::compress::Compress;
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
use crate::imap::command::select::{Select, SelectParameter};
use crate::imap::command::starttls::StartTls;
use crate::imap::command::status::Status;
use crate::imap::command::store::Store;
use crate::imap::command::unauthenticate::Unauthenticate;
use crate::imap::command::{Command, EncodeOptions, authenticate, body, capability, fetch};
use crate::imap::types::{Event, Items, MailboxName, Query, Section, SeqNum, StatusItems, Uid, UidValidity, Uids};
use crate::login::Secret;
use crate::{Flag, FlagChange};

#[test]
fn every_transcript_is_played_however_the_input_is_cut() {
    transcript::check_all::<Play>("imap");
}

#[test]
fn what_comes_after_the_end_is_dropped() {
    let mut play = Play::new();
    play.feed(b"* OK hello\r\n");
    play.engine.handle_end(None, play.now);
    assert!(play.engine.outcome().is_some());
    for piece in [&b"* 1 FETCH (UID 5 BODY[] {5000}\r\n"[..], b"x"] {
        play.input.extend_from_slice(piece);
        play.engine.handle_input(&mut play.input, play.now);
        assert!(play.input.is_empty() && play.engine.read_hint() != ReadHint::Body);
    }
}

/// An engine, and the ends of its handles.
struct Play {
    engine: Engine,
    input: BytesMut,
    now: Instant,
    next: u64,
    sent: String,
    got: String,
}

impl Player for Play {
    fn new() -> Self {
        let now = Instant::now();
        let limits = Limits { literal: 100, ..Limits::default() };
        let engine = Engine::new(limits, Deadlines::default(), now);
        Self { engine, input: BytesMut::new(), now, next: 0, sent: String::new(), got: String::new() }
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
        self.engine.handle_input(&mut self.input, self.now);
        self.settle();
    }

    /// The handle of an IDLE takes what waits.
    fn fed(&mut self) {
        while let Some((id, delivery)) = self.engine.poll_delivery(&|_| true) {
            self.note(id.0, delivery);
        }
    }

    fn look(&mut self) -> (String, String, String) {
        let state = self.engine.mirror.state();
        let state = (state.phase, state.selected.as_ref().map(|selected| selected.exists));
        (take(&mut self.sent), take(&mut self.got), format!("{state:?}"))
    }

    fn act(&mut self, act: &str) {
        let (verb, argument) = act.split_once(' ').unwrap_or((act, ""));
        let number = argument.parse::<u32>().unwrap_or(1);
        let uids = argument.parse().unwrap_or_else(|_| Uids::from(Uid::nonzero(number.max(1)).unwrap()));
        let selection = self.engine.mirror.asked_selection();
        let name = MailboxName::new(argument);
        let options = EncodeOptions::default();
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
            "noop" => Noop.plan(options),
            "capability" => capability::Capability.plan(options),
            "starttls" => StartTls.plan(options),
            "compress" => Compress.plan(options),
            "unauthenticate" => Unauthenticate.plan(options),
            "login" => Login { user: "m\u{e9}", password: &Secret::from("p\"w") }.plan(options),
            "authenticate" => authenticate::plan("PLAIN", None),
            "authenticate-ir" => authenticate::plan("PLAIN", Some(&Secret::from("AGEAYg=="))),
            "list" => {
                List { pattern: argument, selection: Selection::All, options: Options::None, utf8: false }.plan(options)
            }
            "select" => Select::plain(name.unwrap(), false).plan(options),
            "examine" => Select::plain(name.unwrap(), true).plan(options),
            "enable-resync" => Enable { names: &["QRESYNC"] }.plan(options),
            "resync" => {
                let parameter = SelectParameter::Resync { validity: UidValidity::nonzero(7).unwrap(), modseq: 9 };
                Select { name: name.unwrap(), read_only: false, parameter }.plan(options)
            }
            "fetch" => fetch::plan(selection, &Uids::ALL, &Items::ENVELOPE.flags()),
            "message" => fetch::plan(selection, &uids, &Items::MESSAGE),
            "body" => body::plan(
                selection,
                uids.iter().next().unwrap(),
                &Section::WHOLE,
                false,
                NonZeroU32::new(1000).map(|len| (0, len)),
            ),
            step @ ("store" | "store-if") => Store {
                selection,
                messages: (&uids).into(),
                change: &FlagChange::add([Flag::SEEN]),
                unchanged_since: (step == "store-if").then_some(9),
            }
            .plan(options),
            "changed" => {
                let modifiers = fetch::Modifiers { changed_since: Some(9), vanished: true, partial: None };
                fetch::plan_answered_by(uids.clone(), selection, &uids, &Items::FLAGS.modseq(), modifiers)
            }
            "expunge" => UidExpunge { selection, messages: (&uids).into() }.plan(options),
            "number" => {
                Number { selection, from: SeqNum::nonzero(number).unwrap(), to: None, compact: true }.plan(options)
            }
            "append" => Append {
                mailbox: &MailboxName::INBOX,
                messages: &[Heading { size: number.into(), ..Heading::default() }],
                spoilable: true,
            }
            .plan(options),
            "ride" => {
                self.ask(Request::Command(Select::plain(name.unwrap(), false).plan(options).unwrap()));
                fetch::plan(self.next - 1, &Uids::ALL, &Items::FLAGS).map(|plan| {
                    let order = plan.order.pipelined_on_select();
                    plan.order(order)
                })
            }
            "copy" => Copy { selection, messages: (&uids).into(), to: &MailboxName::INBOX, leave: false }.plan(options),
            "move" => Copy { selection, messages: (&uids).into(), to: &MailboxName::INBOX, leave: true }.plan(options),
            "close" => Close { selection, how: Leave::Expunge }.plan(options),
            "unselect" => Close { selection, how: Leave::Unselect }.plan(options),
            "enable" => Enable { names: &["IMAP4rev2"] }.plan(options),
            "id" => crate::imap::command::id::Id { fields: &[] }.plan(options),
            "search" => Search::new(selection, &Query::seen(), None).plan(options),
            "status" => Status { name: name.unwrap(), items: StatusItems::MESSAGES, utf8: false }.plan(options),
            "namespace" => Namespace { utf8: false }.plan(options),
            "logout" => Logout.plan(options),
            _ => panic!("what is {act:?}?"),
        };
        self.ask(Request::Command(plan.unwrap()));
    }
}

impl Play {
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
            self.engine.handle_written(outgoing.bytes.len(), self.now);
        }
        while let Some((id, delivery)) = self.engine.poll_delivery(&|_| false) {
            self.note(id.0, delivery);
        }
        if let Some(change) = self.engine.poll_upgrade() {
            self.got += match change {
                LayerChange::AddTls => "upgrade\n",
                LayerChange::AddDeflate => "deflate\n",
                LayerChange::RemoveDeflate => "plain\n",
            };
            self.engine.handle_upgraded(self.now);
            self.settle();
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
            // The pieces of one body are one line.
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
            Delivery::LimitCut(cut) => writeln!(self.got, "{id} cut at {:?}", cut.last.map(Uid::as_u32)).unwrap(),
            Delivery::Progress(progress) => writeln!(self.got, "{id} progress {:?}", progress.done).unwrap(),
            Delivery::Opened { info, closed } => {
                let modseq = info.highest_modseq.unwrap_or(0);
                writeln!(self.got, "{id} opened {} {modseq} {closed}", info.exists).unwrap();
            }
            Delivery::Vanished(uids) => writeln!(self.got, "{id} vanished {uids}").unwrap(),
            Delivery::Live(condition) => writeln!(self.got, "{id} live {:?}", condition.outcome).unwrap(),
            Delivery::Changed(change) => {
                let (added, removed) = change.into_sets();
                writeln!(self.got, "{id} added {added} removed {removed}").unwrap();
            }
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

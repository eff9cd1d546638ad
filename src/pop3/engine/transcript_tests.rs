//! The engine as a pure function: it plays the dialogues in `tests/transcripts/pop3`, most of which are the RFCs' own examples.

use super::tests::{Bench, capa, quit, stls};
use super::*;
use crate::engine::Engine as _;
use crate::engine::transcript::{self, Player};
use crate::login::Secret;
use crate::pop3::types::Number;

#[test]
fn every_transcript_is_played_however_the_input_is_cut() {
    transcript::check_all::<Play>("pop3");
}

struct Play {
    bench: Bench,
    got: String,
    /// The last request, to which answers belong.
    last: Id,
}

impl Player for Play {
    fn new() -> Self {
        Self { bench: Bench::new(), got: String::new(), last: Id(0) }
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.bench.feed(bytes);
        if self.bench.engine.poll_upgrade().is_some() {
            self.got += &(self.bench.log() + "upgrade\n");
            self.bench.engine.handle_upgraded(self.bench.now);
            self.bench.settle();
        }
    }

    fn act(&mut self, act: &str) {
        let (verb, argument) = act.split_once(' ').unwrap_or((act, ""));
        let arguments: Vec<_> = argument.split(' ').filter(|word| !word.is_empty()).map(str::as_bytes).collect();
        let plan = |verb| Plan::utf8(verb, &arguments).unwrap();
        // Without an argument, the answer has a line for each message.
        let listing = |verb| match arguments.is_empty() {
            true => plan(verb).shape(Shape::Listing),
            false => plan(verb),
        };
        let early = |verb| plan(verb).needs(RequiredState::BeforeLogin);
        let plan = match verb {
            "greeting" => return self.ask(Request::Greeting),
            "capa" => return self.ask(capa()),
            "stls" => return self.ask(stls()),
            "quit" => return self.ask(quit()),
            "dele" => return self.ask(Request::Series(Series::delete(numbers(argument)))),
            "fetch" => return self.ask(Request::Series(Series::retrieve(numbers(argument)))),
            "answer" => return self.add(Request::Answer { line: Some(Secret::from(argument)), proof_pending: false }),
            "abort" => return self.add(Request::Answer { line: None, proof_pending: false }),
            "user" => early("USER"),
            "pass" => early("PASS").secret().effect(SessionEffect::Login),
            "apop" => early("APOP").secret().effect(SessionEffect::Login),
            "auth" => early("AUTH").secret().effect(SessionEffect::Authenticate { proof_pending: false }),
            "utf8" => early("UTF8"),
            "stat" => plan("STAT"),
            "list" => listing("LIST"),
            "uidl" => listing("UIDL"),
            "lang" => listing("LANG"),
            "retr" => plan("RETR").shape(Shape::Message),
            "read" => plan("RETR").shape(Shape::Stream),
            "top" => plan("TOP").shape(Shape::Message),
            "noop" => plan("NOOP"),
            "rset" => plan("RSET").effect(SessionEffect::Reset),
            _ => panic!("what is {act:?}?"),
        };
        self.ask(Request::Command(plan));
    }

    fn look(&mut self) -> (String, String, String) {
        let got = std::mem::take(&mut self.got) + &self.bench.log();
        let got = got.lines().map(|line| format!("{}\n", line.trim_end())).collect();
        let state = self.bench.engine.state();
        let state = format!("{:?} {:?} {:?}", state.phase, state.capabilities, state.marks);
        (self.bench.sent().replace("\r\n", "\n"), got, state)
    }
}

impl Play {
    fn ask(&mut self, request: Request) {
        self.last = self.bench.ask(request);
    }

    /// Adds to the last request.
    fn add(&mut self, request: Request) {
        self.bench.engine.handle_request(self.last, request, self.bench.now);
        self.bench.settle();
    }
}

fn numbers(words: &str) -> Vec<Number> {
    words.split(' ').map(|word| Number::new(word.parse().unwrap()).unwrap()).collect()
}

//! The engine as a pure function: written dialogues whole, byte by byte, in all two-part splits and in random chunks; limits,
//! deadlines, and everything a hostile server could say.

use std::fmt::Write;
use std::time::{Duration, Instant};

use super::*;
use crate::engine::{Engine as _, LayerChange};
use crate::login::Secret;
use crate::pop3::types::{Retrieved, RetrievedContent};

/// An engine with its handles' ends in hand.
pub(super) struct Bench {
    pub(super) engine: Engine,
    pub(super) input: BytesMut,
    sent: Vec<u8>,
    log: String,
    pub(super) now: Instant,
    next: u64,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with(Limits::default())
    }

    fn with(limits: Limits) -> Self {
        let now = Instant::now();
        let engine = Engine::new(limits, Deadlines::default(), now);
        Self { engine, input: BytesMut::new(), sent: Vec::new(), log: String::new(), now, next: 0 }
    }

    /// Greeted, with the capabilities.
    pub(super) fn ready(lines: &str) -> Self {
        Self::ready_with(lines, Limits::default())
    }

    pub(super) fn ready_with(lines: &str, limits: Limits) -> Self {
        let mut bench = Self::with(limits);
        bench.feed(b"+OK ready\r\n");
        bench.ask(capa());
        bench.feed(format!("+OK\r\n{lines}.\r\n").as_bytes());
        bench.ask(login());
        bench.feed(b"+OK\r\n");
        bench.sent.clear();
        bench.log.clear();
        bench
    }

    pub(super) fn ask(&mut self, request: Request) -> Id {
        let id = Id(self.next);
        self.next += 1;
        self.engine.handle_request(id, request, self.now);
        self.settle();
        id
    }

    fn cancel(&mut self, id: Id) {
        self.engine.handle_cancel(id, self.now);
        self.settle();
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
        self.engine.handle_input(&mut self.input, self.now);
        self.settle();
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.now += time;
        if self.engine.poll_deadline().is_some_and(|deadline| deadline <= self.now) {
            self.engine.handle_deadline(self.now);
        }
        self.settle();
    }

    pub(super) fn settle(&mut self) {
        while let Some(outgoing) = self.engine.poll_transmit() {
            self.sent.extend_from_slice(&outgoing.bytes);
        }
        while let Some((id, delivery)) = self.engine.poll_delivery(&|_| true) {
            show(&mut self.log, id, delivery);
        }
    }

    pub(super) fn sent(&mut self) -> String {
        String::from_utf8(std::mem::take(&mut self.sent)).unwrap()
    }

    pub(super) fn log(&mut self) -> String {
        std::mem::take(&mut self.log)
    }

    pub(super) fn kind(&self) -> Option<Kind> {
        self.engine.outcome()?.err().map(|error| error.kind())
    }
}

fn show(log: &mut String, id: Id, delivery: Delivery) {
    let id = id.0;
    let _ = match delivery {
        Delivery::Batch { answers, .. } => answers.into_iter().try_for_each(|answer| match answer.content {
            RetrievedContent::Whole(bytes) => writeln!(log, "{id}: {} {}", answer.number, bytes.escape_ascii()),
            RetrievedContent::TooLarge { size } => writeln!(log, "{id}: {} too large: {size}", answer.number),
            RetrievedContent::Missing | RetrievedContent::Uncertain { .. } => {
                unreachable!("only handles know what LIST said")
            }
            RetrievedContent::Refused(error) => writeln!(log, "{id}: {} {error}", answer.number),
        }),
        Delivery::Challenge(text) => writeln!(log, "{id}: challenge {}", text.escape_ascii()),
        Delivery::Chunk(bytes) => {
            // Chunks depend on the reads; their sum does not.
            let open = format!("{id}: chunk ");
            if !log.lines().last().is_some_and(|line| line.starts_with(&open)) {
                log.push_str(&open);
            } else {
                log.pop();
            }
            writeln!(log, "{}", bytes.escape_ascii())
        }
        Delivery::Done(Ok(answer)) => {
            writeln!(log, "{id}: done {} {}", answer.rest.escape_ascii(), answer.body.escape_ascii())
        }
        Delivery::Done(Err(error)) => {
            let code = error.code().map(|code| format!(" [{code}]")).unwrap_or_default();
            writeln!(log, "{id}: {:?}: {error}{code}", error.kind())
        }
    };
}

fn plan(verb: &'static str) -> Plan {
    Plan::new(verb, &[]).unwrap()
}

pub(super) fn capa() -> Request {
    Request::Command(
        plan("CAPA").shape(Shape::Listing).needs(RequiredState::Connection).effect(SessionEffect::Capabilities),
    )
}

fn login() -> Request {
    Request::Command(plan("PASS").needs(RequiredState::BeforeLogin).effect(SessionEffect::Login).secret())
}

pub(super) fn stls() -> Request {
    Request::Command(plan("STLS").needs(RequiredState::BeforeLogin).effect(SessionEffect::StartTls))
}

fn auth() -> Request {
    Request::Command(
        plan("AUTH").needs(RequiredState::BeforeLogin).effect(SessionEffect::Authenticate { proof_pending: false }),
    )
}

pub(super) fn quit() -> Request {
    Request::Command(plan("QUIT").needs(RequiredState::Connection).effect(SessionEffect::Quit))
}

pub(super) fn command(verb: &'static str) -> Request {
    Request::Command(plan(verb))
}

pub(super) fn listing(verb: &'static str) -> Request {
    Request::Command(plan(verb).shape(Shape::Listing))
}

fn read(number: &[u8]) -> Request {
    Request::Command(Plan::new("RETR", &[number]).unwrap().shape(Shape::Stream))
}

fn numbers(range: std::ops::RangeInclusive<u32>) -> Vec<Number> {
    range.map(|number| Number::new(number).unwrap()).collect()
}

pub(super) fn retrieve(range: std::ops::RangeInclusive<u32>) -> Request {
    Request::Series(Series::retrieve(numbers(range)))
}

pub(super) const PIPELINING: &str = "PIPELINING\r\n";

/// What follows a group of pipelined commands on the wire. What the handles see must not depend on how the bytes
/// arrive.
const SESSION: &str = concat!(
    "+OK 2 320\r\n",
    "+OK\r\n1 uid-1\r\n2 uid-2\r\n.\r\n",
    "+OK 120 octets\r\nSubject: one\r\n\r\n..dot\r\n.\r\n",
    "-ERR [SYS/TEMP] no such message\r\n",
    "+OK\r\n.\r\n",
    "+OK octets\r\na\n.\nb\r\n...\r\n.\r\n",
    "+OK marked\r\n-ERR no\r\n+OK\r\n",
);

const SEEN: &str = "\
2: done 2 320 
3: done  1 uid-1\\r\\n2 uid-2\\r\\n
4: 1 Subject: one\\r\\n\\r\\n.dot\\r\\n
4: 2 the server refused RETR: no such message
4: 3 
4: done  
5: chunk a\\n.\\nb\\r\\n..\\r\\n
5: done octets 
6: 1 
6: 2 the server refused DELE: no
6: 3 
6: done  
";

fn session(ends: &[usize]) -> Bench {
    let mut bench = begun();
    let mut from = 0;
    for &end in ends.iter().chain([&SESSION.len()]) {
        bench.feed(&SESSION.as_bytes()[from..end]);
        from = end;
    }
    bench
}

fn begun() -> Bench {
    let mut bench = Bench::ready(PIPELINING);
    let deletions = Request::Series(Series::delete(numbers(1..=3)));
    for request in [command("STAT"), listing("UIDL"), retrieve(1..=3), read(b"4"), deletions] {
        bench.ask(request);
    }
    bench
}

#[test]
fn a_session_is_seen_the_same_however_its_bytes_come() {
    let mut whole = session(&[]);
    assert_eq!(whole.log(), SEEN);
    assert_eq!(whole.sent(), "STAT\r\nUIDL\r\nRETR 1\r\nRETR 2\r\nRETR 3\r\nRETR 4\r\nDELE 1\r\nDELE 2\r\nDELE 3\r\n");
    let marks = whole.engine.state().marks.clone();
    assert_eq!((1..=4).map(|n| marks.has(Number::new(n).unwrap())).collect::<Vec<_>>(), [true, false, true, false]);

    let each: Vec<_> = (1..SESSION.len()).collect();
    assert_eq!(session(&each).log(), SEEN);
    for split in 0..SESSION.len() {
        assert_eq!(session(&[split]).log(), SEEN, "split at {split}");
    }
    let mut seed = 0x9E37_79B9_u64;
    for _ in 0..200 {
        let mut ends = Vec::new();
        let mut at = 0;
        loop {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            at += (seed >> 33) as usize % 40;
            if at >= SESSION.len() {
                break;
            }
            ends.push(at);
        }
        assert_eq!(session(&ends).log(), SEEN, "{ends:?}");
    }
}

#[test]
fn a_session_from_greeting_to_goodbye_goes_one_octet_at_a_time_too() {
    let dialogue: [(Request, &str); 6] = [
        (Request::Greeting, "+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\r\n"),
        (capa(), "+OK Capability list follows\r\nTOP\r\nEXPIRE NEVER\r\n.\r\n"),
        (login(), "+OK\r\n"),
        (Request::Series(Series::top(numbers(1..=1), 0)), "+OK\r\na: b\r\n\r\n.\r\n"),
        (command("NOOP"), "-err\n"),
        (quit(), "+ok bye\r\n"),
    ];
    let mut bench = Bench::new();
    for (request, reply) in dialogue {
        bench.ask(request);
        reply.as_bytes().chunks(1).for_each(|byte| bench.feed(byte));
    }
    assert_eq!(bench.sent(), "CAPA\r\nPASS\r\nTOP 1 0\r\nNOOP\r\nQUIT\r\n");
    let seen = "0: done  \n1: done Capability list follows TOP\\r\\nEXPIRE NEVER\\r\\n\n2: done  \n3: 1 a: b\\r\\n\\r\\n\n\
                3: done  \n4: Rejected: the server refused NOOP\n5: done bye \n";
    assert_eq!(bench.log(), seen);
    assert!(matches!(bench.engine.outcome(), Some(Ok(()))));
}

#[test]
fn with_pipelining_256_commands_are_in_flight_and_refilled_many_at_a_time() {
    let mut bench = Bench::ready(PIPELINING);
    bench.ask(retrieve(1..=600));
    assert_eq!(bench.sent().lines().count(), 256);
    for answered in 1..=127 {
        bench.feed(b"+OK\r\nx\r\n.\r\n");
        assert_eq!(bench.sent(), "", "{answered}");
    }
    bench.feed(b"+OK\r\nx\r\n.\r\n");
    let refill = bench.sent();
    assert_eq!((refill.lines().count(), refill.lines().next()), (128, Some("RETR 257")));
    for _ in 129..=600 {
        bench.feed(b"+OK\r\nx\r\n.\r\n");
    }
    assert!(bench.log().ends_with("2: 600 x\\r\\n\n2: done  \n"));
    assert_eq!(bench.engine.read_hint(), ReadHint::Quiet);
}

#[test]
fn without_pipelining_each_command_waits_for_the_reply_before_it() {
    let mut bench = Bench::ready("TOP\r\n");
    bench.ask(Request::Series(Series::top(numbers(1..=2), 0)));
    bench.ask(command("NOOP"));
    assert_eq!(bench.sent(), "TOP 1 0\r\n");
    bench.feed(b"+OK\r\n.\r\n");
    assert_eq!(bench.sent(), "TOP 2 0\r\n");
    bench.feed(b"+OK\r\n.\r\n");
    assert_eq!(bench.sent(), "NOOP\r\n");
}

#[test]
fn what_one_read_brings_is_one_delivery_that_weighs_its_bytes() {
    let mut bench = Bench::ready(PIPELINING);
    bench.engine.handle_request(Id(7), retrieve(1..=3), bench.now);
    bench.input.extend_from_slice(b"+OK\r\nfour\r\n.\r\n+OK\r\nx\r\n.\r\n+OK\r\nhal");
    bench.engine.handle_input(&mut bench.input, bench.now);
    let (id, Delivery::Batch { answers, weight }) = bench.engine.poll_delivery(&|_| true).unwrap() else { panic!() };
    assert_eq!((id, answers.len(), weight), (Id(7), 2, 9 + 2 * size_of::<Retrieved>()));
    assert!(bench.engine.poll_delivery(&|_| true).is_none());
}

#[test]
fn a_dropped_request_costs_no_neighbour_its_answer() {
    let mut bench = Bench::ready(PIPELINING);
    let series = bench.ask(retrieve(1..=1000));
    bench.sent();
    bench.feed(b"+OK\r\nx\r\n.\r\n+OK\r\nhalf a mess");
    bench.cancel(series);
    let unsent = bench.ask(command("NOOP"));
    bench.cancel(unsent);
    bench.ask(command("STAT"));
    bench.log();
    bench.feed(b"age\r\n.\r\n");
    for _ in 0..254 {
        bench.feed(b"+OK\r\n..\r\n.\r\n");
    }
    bench.feed(b"+OK noop\r\n+OK 1 2\r\n");
    assert_eq!(bench.log(), "4: done 1 2 \n");
    assert_eq!(bench.sent(), "NOOP\r\nSTAT\r\n");
}

#[test]
fn any_request_can_be_dropped_at_any_octet() {
    for victim in 2..=6 {
        let others = |log: &str| -> String {
            log.split_inclusive('\n').filter(|line| !line.starts_with(&format!("{victim}:"))).collect()
        };
        for at in 0..=SESSION.len() {
            let mut bench = begun();
            bench.feed(&SESSION.as_bytes()[..at]);
            bench.cancel(Id(victim));
            bench.feed(&SESSION.as_bytes()[at..]);
            bench.ask(command("NOOP"));
            bench.feed(b"+OK\r\n");
            assert_eq!(others(&bench.log()), format!("{}7: done  \n", others(SEEN)), "{victim} dropped at {at}");
        }
    }
}

#[test]
fn a_request_dropped_before_it_is_sent_is_never_sent() {
    let mut bench = Bench::ready("");
    bench.ask(command("STAT"));
    let quit = bench.ask(quit());
    bench.cancel(quit);
    bench.feed(b"+OK 0 0\r\n");
    bench.ask(command("NOOP"));
    assert_eq!(bench.sent(), "STAT\r\nNOOP\r\n");
}

#[test]
fn deletions_that_took_effect_are_known_even_if_nobody_waited() {
    let mut bench = Bench::ready(PIPELINING);
    let series = bench.ask(Request::Series(Series::delete(numbers(1..=2))));
    bench.cancel(series);
    bench.feed(b"+OK\r\n+OK\r\n");
    bench.ask(Request::Command(plan("QUIT").needs(RequiredState::NoMarks).effect(SessionEffect::Quit)));
    assert_eq!(bench.sent(), "DELE 1\r\nDELE 2\r\n");
    assert!(bench.log().starts_with("3: Input: messages are marked"));
    bench.ask(Request::Command(plan("RSET").effect(SessionEffect::Reset)));
    bench.feed(b"+OK\r\n");
    assert!(bench.engine.state().marks.is_empty());
}

#[test]
fn a_quit_that_refuses_while_marked_waits_for_every_deletion_before_it() {
    let mut bench = Bench::ready(PIPELINING);
    let series = bench.ask(Request::Series(Series::delete(numbers(1..=2))));
    bench.cancel(series);
    bench.ask(Request::Command(plan("QUIT").needs(RequiredState::NoMarks).effect(SessionEffect::Quit)));
    bench.feed(b"+OK\r\n+OK\r\n");
    assert_eq!(bench.sent(), "DELE 1\r\nDELE 2\r\n");
    assert!(bench.log().contains("Input"));
}

#[test]
fn nothing_goes_behind_stls_and_all_that_was_learned_is_forgotten() {
    let mut bench = Bench::new();
    bench.feed(b"+OK hello\r\n");
    bench.ask(capa());
    bench.feed(b"+OK\r\nSTLS\r\nPIPELINING\r\n.\r\n");
    bench.ask(stls());
    bench.ask(capa());
    assert_eq!(bench.sent(), "CAPA\r\nSTLS\r\n");
    bench.feed(b"+OK go\r\n");
    assert_eq!(bench.engine.poll_upgrade(), Some(LayerChange::AddTls));
    assert_eq!(bench.engine.poll_upgrade(), None);
    assert_eq!(bench.sent(), "");
    assert!(bench.engine.state().capabilities.is_none() && bench.engine.state().greeting.is_empty());
    bench.engine.handle_upgraded(bench.now);
    bench.settle();
    assert_eq!(bench.sent(), "CAPA\r\n");
    assert!(bench.log().ends_with("1: done  \n"));
}

#[test]
fn bytes_behind_the_agreement_to_encrypt_end_the_session() {
    for parts in [&[&b"+OK go\r\n+OK injected\r\n"[..]][..], &[b"+OK go\r\n", b"+"], &[b"+OK go\r\n-", b"ERR\r\n"]] {
        let mut bench = Bench::new();
        bench.feed(b"+OK\r\n");
        bench.ask(stls());
        parts.iter().for_each(|part| bench.feed(part));
        assert_eq!(bench.kind(), Some(Kind::Protocol));
        assert!(bench.engine.poll_upgrade().is_none());
    }
}

#[test]
fn a_refused_stls_leaves_the_session_as_it_was() {
    let mut bench = Bench::new();
    bench.feed(b"+OK\r\n");
    bench.ask(stls());
    bench.feed(b"-ERR no TLS today\r\n");
    assert!(bench.log().contains("0: Rejected: the server refused STLS: no TLS today"));
    assert!(bench.engine.poll_upgrade().is_none() && bench.kind().is_none());
}

#[test]
fn an_exchange_goes_challenge_by_challenge() {
    let mut bench = Bench::new();
    bench.feed(b"+OK\r\n");
    let id = bench.ask(auth());
    bench.engine.handle_request(
        id,
        Request::Answer { line: Some(Secret::from("too early")), proof_pending: false },
        bench.now,
    );
    bench.feed(b"+ Zmlyc3Q=\r\n");
    bench.engine.handle_request(
        id,
        Request::Answer { line: Some(Secret::from("b25l")), proof_pending: false },
        bench.now,
    );
    bench.feed(b"+\r\n");
    bench.engine.handle_request(id, Request::Answer { line: None, proof_pending: false }, bench.now);
    bench.feed(b"-ERR [AUTH] cancelled\r\n");
    assert_eq!(bench.sent(), "AUTH\r\nb25l\r\n*\r\n");
    assert!(bench.log().starts_with("0: challenge Zmlyc3Q=\n0: challenge \n0: Rejected"));
    assert_eq!(bench.engine.state().phase, Phase::Greeted);
}

#[test]
fn an_exchange_whose_handle_is_gone_is_cancelled_before_or_at_the_next_challenge() {
    for challenge_first in [true, false] {
        let mut bench = Bench::new();
        bench.feed(b"+OK\r\n");
        let id = bench.ask(auth());
        if challenge_first {
            bench.feed(b"+ YQ==\r\n");
            bench.cancel(id);
        } else {
            bench.cancel(id);
            bench.feed(b"+ YQ==\r\n");
        }
        bench.ask(capa());
        assert_eq!(bench.sent(), "AUTH\r\n*\r\n");
        bench.feed(b"-ERR cancelled\r\n");
        assert_eq!(bench.sent(), "CAPA\r\n");
    }
}

#[test]
fn commands_are_refused_where_they_make_no_sense() {
    let mut bench = Bench::new();
    bench.feed(b"+OK\r\n");
    bench.ask(command("STAT"));
    bench.ask(retrieve(1..=2));
    assert_eq!(bench.sent(), "");
    let log = bench.log();
    assert!(log.contains("0: Input") && log.contains("1: Input"), "{log}");
    let mut bench = Bench::ready("");
    bench.ask(stls());
    assert!(bench.log().starts_with("2: Input"));
}

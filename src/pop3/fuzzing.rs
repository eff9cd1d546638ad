//! The engine's entry point for the fuzz target; compiled only by `cargo fuzz`. It must not do anything that a session
//! does not do.

use std::time::Instant;

use super::engine::{Effect, Engine, Needs, Plan, Request, Series, Shape};
use super::types::Number;
use crate::engine::fuzzing::{Generated, play};
use crate::limits::{Deadlines, Limits};
use crate::login::Secret;

/// Small enough for a fuzzer to reach.
fn limits() -> Limits {
    Limits { status_line: 512, literal: 512, untagged: 64, undelivered: 4096, ..Limits::default() }
}

/// Drives the engine with arbitrary bytes, requests, cancellations and instants.
pub fn engine(data: &[u8]) {
    let start = Instant::now();
    let limits = limits();
    let unread = limits.undelivered + limits.status_line;
    play(Engine::new(limits, Deadlines::default(), start), start, Request::Greeting, unread, data, request);
}

fn request(which: u8) -> Option<Generated<Request>> {
    let plan = |verb, line: &str, shape, needs, effect| {
        let line = Secret::from(format!("{line}\r\n"));
        Generated::New(Request::Command(Plan { verb, line, secret: false, shape, needs, effect }))
    };
    let number = Number::new(u32::from(which) + 1).ok()?;
    Some(match which % 14 {
        0 | 1 => plan("NOOP", "NOOP", Shape::Line, Needs::Connection, Effect::None),
        2 => plan("CAPA", "CAPA", Shape::Listing, Needs::Connection, Effect::Capabilities),
        3 => plan("STLS", "STLS", Shape::Line, Needs::BeforeLogin, Effect::StartTls),
        4 => plan("USER", "USER a", Shape::Line, Needs::BeforeLogin, Effect::None),
        5 => plan("PASS", "PASS b", Shape::Line, Needs::BeforeLogin, Effect::Login),
        6 => plan("AUTH", "AUTH PLAIN", Shape::Line, Needs::BeforeLogin, Effect::Authenticate { proof_pending: true }),
        7 => Generated::More(Request::Answer { line: Some(Secret::from("AAAA\r\n")), proof_pending: false }),
        8 => plan("LIST", "LIST", Shape::Listing, Needs::Login, Effect::None),
        9 => plan("RETR", "RETR 1", Shape::Message, Needs::Login, Effect::None),
        10 => plan("RETR", "RETR 1", Shape::Stream, Needs::Login, Effect::None),
        11 => Generated::New(Request::Series(Series {
            verb: "RETR",
            numbers: vec![number; usize::from(which)].into_iter(),
            lines: None,
            shape: Shape::Message,
            effect: Effect::None,
        })),
        12 => plan("RSET", "RSET", Shape::Line, Needs::Login, Effect::Reset),
        _ => plan("QUIT", "QUIT", Shape::Line, Needs::Connection, Effect::Quit),
    })
}

//! The engine's entry point for the fuzz target; compiled only by `cargo fuzz`. It must not do anything that a session
//! does not do.

use std::time::Instant;

use super::engine::{Engine, Plan, Request, RequiredState, Series, SessionEffect, Shape};
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
        0 | 1 => plan("NOOP", "NOOP", Shape::Line, RequiredState::Connection, SessionEffect::None),
        2 => plan("CAPA", "CAPA", Shape::Listing, RequiredState::Connection, SessionEffect::Capabilities),
        3 => plan("STLS", "STLS", Shape::Line, RequiredState::BeforeLogin, SessionEffect::StartTls),
        4 => plan("USER", "USER a", Shape::Line, RequiredState::BeforeLogin, SessionEffect::None),
        5 => plan("PASS", "PASS b", Shape::Line, RequiredState::BeforeLogin, SessionEffect::Login),
        6 => plan(
            "AUTH",
            "AUTH PLAIN",
            Shape::Line,
            RequiredState::BeforeLogin,
            SessionEffect::Authenticate { proof_pending: true },
        ),
        7 => Generated::More(Request::Answer { line: Some(Secret::from("AAAA\r\n")), proof_pending: false }),
        8 => plan("LIST", "LIST", Shape::Listing, RequiredState::Login, SessionEffect::None),
        9 => plan("RETR", "RETR 1", Shape::Message, RequiredState::Login, SessionEffect::None),
        10 => plan("RETR", "RETR 1", Shape::Stream, RequiredState::Login, SessionEffect::None),
        11 => Generated::New(Request::Series(Series {
            verb: "RETR",
            numbers: vec![number; usize::from(which)].into_iter(),
            lines: None,
            shape: Shape::Message,
            effect: SessionEffect::None,
        })),
        12 => plan("RSET", "RSET", Shape::Line, RequiredState::Login, SessionEffect::Reset),
        _ => plan("QUIT", "QUIT", Shape::Line, RequiredState::Connection, SessionEffect::Quit),
    })
}

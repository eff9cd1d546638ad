//! The engine's entry point for the fuzz target; compiled only by `cargo fuzz`. It must not do anything that a session
//! does not do.

use std::num::NonZeroU32;
use std::time::Instant;

use super::command::append::{Append, Heading};
use super::command::list::{List, Options, Selection};
use super::command::login::Login;
use super::command::number::Number;
use super::command::search::Search;
use super::command::{Command, EncodeOptions, body, fetch};
use super::engine::{Engine, Request};
use super::every_command::{CommandRow, all};
use super::types::{Items, MailboxName, Query, SearchReturn, Section, SeqNum, Uid, Uids};
use crate::engine::fuzzing::{Generated, play};
use crate::limits::{Deadlines, Limits};
use crate::login::Secret;

/// Small enough for a fuzzer to reach.
fn limits() -> Limits {
    Limits { line: 4096, literal: 512, response: 8192, nesting: 8, untagged: 64, events: 8, ..Limits::default() }
}

/// Drives the engine with arbitrary bytes, requests, cancellations and instants.
pub fn engine(data: &[u8]) {
    let start = Instant::now();
    let limits = limits();
    let unread = limits.response;
    play(Engine::new(limits, Deadlines::default(), start), start, Request::Greeting, unread, data, request);
}

thread_local! {
    static COMMANDS: Vec<CommandRow> = all();
}

/// Makes the table of commands, so that its memory is not taken for the engine's.
pub fn prepare() {
    COMMANDS.with(|_| ());
}

/// What a session asks for that is no command by itself, commands with odd arguments, and every command there is.
fn request(which: u8) -> Option<Generated<Request>> {
    let uids = Uids::from(Uid::nonzero(u32::from(which) + 1)?);
    let selection = u64::from(which >> 6);
    let inbox = MailboxName::INBOX;
    let options = EncodeOptions::default();
    let commands = COMMANDS.with(Vec::len);
    let plan = match usize::from(which) % (ODD + commands) {
        0 => return Some(Generated::More(Request::Answer(Some(Secret::from("AAAA"))))),
        1 => return Some(Generated::More(Request::Feed(vec![b'x'; usize::from(which)].into()))),
        2 => List { pattern: "*\"{5}", selection: Selection::All, options: Options::None, utf8: false }.plan(options),
        3 => body::plan(selection, Uid::MAX, &Section::WHOLE, false, Some((0, NonZeroU32::MAX))),
        4 => Append {
            mailbox: &inbox,
            messages: &[Heading { size: u64::from(which), ..Heading::default() }],
            spoilable: false,
        }
        .plan(options),
        5 => Login { user: "a\r\nb", password: &Secret::from("p{5}") }.plan(options),
        6 => Search::new(selection, &Query::subject("a\r\nb"), Some(SearchReturn::ALL)).plan(options),
        7 => fetch::plan(selection, &uids, &Items::ENVELOPE).map(|plan| {
            let order = plan.order.pipelined_on_select();
            plan.order(order)
        }),
        8 => Number { selection, from: SeqNum::nonzero(u32::from(which))?, to: None, compact: true }.plan(options),
        other => return COMMANDS.with(|rows| rows.get(other - ODD).map(|row| Generated::New((row.ask)(selection)))),
    };
    plan.ok().map(Request::Command).map(Generated::New)
}

/// The number of requests before the commands of the table.
const ODD: usize = 9;

//! The door to the engine for the fuzz target, open only under `cargo fuzz`. It must not hold anything that a session does not
//! do.

use std::num::NonZeroU32;
use std::time::Instant;

use super::command::append::Append;
use super::command::capability::Capability;
use super::command::close::Close;
use super::command::copy::Copy;
use super::command::enable::Enable;
use super::command::expunge::UidExpunge;
use super::command::id::Id;
use super::command::list::{List, Options, Selection};
use super::command::login::Login;
use super::command::logout::Logout;
use super::command::noop::Noop;
use super::command::number::Number;
use super::command::rename::Rename;
use super::command::search::Search;
use super::command::select::Select;
use super::command::starttls::StartTls;
use super::command::status::Status;
use super::command::store::Store;
use super::command::{Command, Terms, authenticate, body, fetch};
use super::engine::{Engine, Request};
use super::types::{Items, MailboxName, Query, SearchReturn, Section, SeqNum, StatusItems, Uid, Uids};
use crate::engine::fuzzing::{Generated, play};
use crate::limits::{Deadlines, Limits};
use crate::login::Secret;
use crate::{Flag, FlagChange};

/// Small enough that fuzzing meets them.
fn limits() -> Limits {
    Limits { line: 4096, literal: 512, response: 8192, nesting: 8, untagged: 64, events: 8, ..Limits::default() }
}

/// The engine, by arbitrary bytes, requests, cancellations and instants.
pub fn engine(data: &[u8]) {
    let start = Instant::now();
    let limits = limits();
    let unread = limits.response;
    play(Engine::new(limits, Deadlines::default(), start), start, Request::Greeting, unread, data, request);
}

fn request(which: u8) -> Option<Generated<Request>> {
    let uids = Uids::from(Uid::nonzero(u32::from(which) + 1)?);
    let selection = u64::from(which >> 6);
    let inbox = MailboxName::INBOX;
    let terms = Terms::default();
    let change = FlagChange::add([Flag::SEEN]);
    let archive = MailboxName::new("Archiv\u{e4}").ok()?;
    let plan = match which % 26 {
        0 | 1 => Noop.plan(terms),
        2 => Capability.plan(terms),
        3 => List { pattern: "*\"{5}", selection: Selection::All, options: Options::None, utf8: false }.plan(terms),
        4 => Select { name: inbox, read_only: which & 64 != 0 }.plan(terms),
        5 => fetch::plan(selection, &uids, &Items::ENVELOPE),
        6 => body::plan(selection, Uid::MAX, &Section::WHOLE, Some((0, NonZeroU32::MAX))),
        7 => Store { selection, uids: &uids, change: &change }.plan(terms),
        8 => UidExpunge { selection, uids: &uids }.plan(terms),
        9 => Append { mailbox: &inbox, flags: &[], date: None, size: u64::from(which), spoilable: false }.plan(terms),
        10 => return Some(Generated::New(Request::Idle { selection })),
        11 => Login { user: "a\r\nb", password: &Secret::from("p{5}") }.plan(terms),
        12 => authenticate::plan("PLAIN", None),
        13 => return Some(Generated::More(Request::Answer(Some(Secret::from("AAAA"))))),
        14 => return Some(Generated::More(Request::Feed(vec![b'x'; usize::from(which)].into()))),
        15 => StartTls.plan(terms),
        16 => Number { selection, from: SeqNum::nonzero(u32::from(which))?, to: None, compact: true }.plan(terms),
        17 => Copy { selection, uids: &uids, to: &archive, leave: which & 64 != 0 }.plan(terms),
        18 => Close { selection, expunge: which & 64 != 0 }.plan(terms),
        19 => Enable { names: &["IMAP4rev2"] }.plan(terms),
        20 => Id { fields: &[] }.plan(terms),
        21 => Search { selection, query: &Query::subject("a\r\nb"), returns: Some(SearchReturn::ALL) }.plan(terms),
        22 => Status { name: archive, items: StatusItems::BASE, utf8: false }.plan(terms),
        23 => fetch::plan(selection, &uids, &Items::ENVELOPE).map(|plan| {
            let order = plan.order.riding();
            plan.order(order)
        }),
        24 => Rename { from: inbox, to: archive }.plan(terms),
        _ => Logout.plan(terms),
    };
    plan.ok().map(Request::Command).map(Generated::New)
}

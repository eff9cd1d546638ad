//! The engine against servers that are broken, slow or hostile: limits, one octet below and above; deadlines; other protocols.

use super::tests::{Bench, PIPELINING, command, listing, quit, retrieve};
use super::*;
use crate::engine::Engine as _;

#[test]
fn a_message_of_just_the_limit_comes_and_one_octet_more_is_passed_over() {
    for size in [10, 11, 5000] {
        for step in [1, 7, 100_000] {
            let limits = Limits { literal: 10, ..Limits::default() };
            let mut bench = Bench::ready_with(PIPELINING, limits);
            bench.ask(retrieve(1..=2));
            let body = "x".repeat(size - 2);
            let wire = format!("+OK\r\n{body}\r\n.\r\n+OK\r\n..\r\n.\r\n");
            wire.as_bytes().chunks(step).for_each(|chunk| bench.feed(chunk));
            let first = if size == 10 { format!("{body}\\r\\n") } else { format!("too large: {size}") };
            assert_eq!(bench.log(), format!("2: 1 {first}\n2: 2 .\\r\\n\n2: done  \n"));
            assert!(bench.kind().is_none());
        }
    }
}

#[test]
fn a_large_message_is_not_kept_while_it_is_passed_over() {
    let limits = Limits { literal: 100_000, ..Limits::default() };
    let mut bench = Bench::ready_with(PIPELINING, limits);
    bench.ask(retrieve(1..=1));
    bench.feed(b"+OK\r\n");
    for _ in 0..1000 {
        bench.feed(&[b'x'; 10_000]);
        assert!(bench.input.len() <= 110_000);
    }
    bench.feed(b"\r\n.\r\n");
    assert_eq!(bench.log(), "2: 1 too large: 10000002\n2: done  \n");
}

#[test]
fn a_listing_over_the_limit_fails_its_command_alone() {
    let limits = Limits { undelivered: 20, ..Limits::default() };
    for (lines, fails) in [("1 12345678901234567\r\n", true), ("1 1234567890123456\r\n", false)] {
        let mut bench = Bench::ready_with("", limits.clone());
        bench.ask(listing("LIST"));
        bench.feed(format!("+OK\r\n{lines}.\r\n").as_bytes());
        assert_eq!(bench.log().contains("Limit"), fails);
        assert!(bench.kind().is_none());
    }
}

#[test]
fn a_status_line_of_just_the_limit_is_read_and_one_octet_more_ends_the_session() {
    let limits = Limits { status_line: 100, ..Limits::default() };
    for (length, kind) in [(100, None), (101, Some(Kind::Limit))] {
        for step in [1, 200] {
            let mut bench = Bench::ready_with("", limits.clone());
            bench.ask(command("NOOP"));
            let line = format!("+OK {}\r\n", "x".repeat(length - 6));
            line.as_bytes().chunks(step).for_each(|chunk| bench.feed(chunk));
            assert_eq!(bench.kind(), kind);
        }
    }
    let mut endless = Bench::ready_with("", limits);
    endless.ask(command("NOOP"));
    for _ in 0..100 {
        endless.feed(b"x");
    }
    assert_eq!(endless.kind(), Some(Kind::Limit));
}

#[test]
fn other_protocols_garbage_and_refusals_are_typed_errors() {
    for (greeting, kind) in [
        (&b"HTTP/1.1 400 Bad Request\r\n"[..], Kind::Protocol),
        (b"220 smtp.example.org ESMTP\r\n", Kind::Protocol),
        (b"* OK IMAP4rev1\r\n", Kind::Protocol),
        (b"\x15\x03\x01\x00\x02\x02\x46", Kind::Protocol),
        (b"+OK\0", Kind::Timeout),
        (b"+ \r\n", Kind::Protocol),
        (b"\r\n", Kind::Protocol),
        (b"", Kind::Timeout),
        (b"+", Kind::Timeout),
        (b"-ERR [SYS/TEMP] too many connections\r\n", Kind::Closed),
    ] {
        let mut bench = Bench::new();
        bench.ask(Request::Greeting);
        bench.feed(greeting);
        bench.pass(Deadlines::default().greeting);
        assert_eq!(bench.kind(), Some(kind), "{}", greeting.escape_ascii());
        assert!(bench.log().starts_with(&format!("0: {kind:?}: ")));
        bench.ask(command("NOOP"));
        assert!(bench.log().starts_with("1: Closed"));
        assert_eq!(bench.sent(), "");
    }
}

#[test]
fn the_end_of_the_stream_fails_everybody_once_and_quit_as_unknown() {
    let mut bench = Bench::ready(PIPELINING);
    bench.ask(retrieve(1..=1000));
    bench.ask(command("NOOP"));
    bench.feed(b"+OK\r\nx\r\n.\r\n+OK\r\nhalf");
    bench.engine.handle_end(None, bench.now);
    bench.settle();
    let log = bench.log();
    assert_eq!(log.matches("the server closed the connection").count(), 2);
    assert!(log.starts_with("2: 1 x\\r\\n\n2: Closed"), "{log}");

    let mut leaving = Bench::ready("");
    leaving.ask(quit());
    leaving.engine.handle_end(None, leaving.now);
    leaving.settle();
    assert!(leaving.log().starts_with("2: Unknown: "));
    assert_eq!(leaving.kind(), Some(Kind::Closed));
    let mut silent = Bench::ready("");
    silent.ask(quit());
    silent.pass(Deadlines::default().logout);
    assert!(silent.log().starts_with("2: Unknown: "));
    assert_eq!(silent.kind(), Some(Kind::Timeout));
}

#[test]
fn a_reply_to_nothing_ends_the_session_and_a_farewell_says_why() {
    let mut bench = Bench::ready("");
    bench.feed(b"+OK what?\r\n");
    assert_eq!(bench.kind(), Some(Kind::Protocol));
    let mut leaving = Bench::ready("");
    leaving.feed(b"-ERR [SYS/TEMP] shutting down\r\n");
    let error = leaving.engine.outcome().unwrap().unwrap_err();
    assert_eq!(error.kind(), Kind::Closed);
    assert_eq!(error.to_string(), "the server ended the session: shutting down");
    assert!(error.code().is_some_and(|code| code.is("SYS/TEMP")));
}

#[test]
fn the_answer_is_awaited_only_while_one_is_due_and_we_read() {
    let mut bench = Bench::ready("");
    assert_eq!(bench.engine.poll_deadline(), None);
    bench.ask(command("NOOP"));
    bench.engine.handle_backlog(true, bench.now);
    assert_eq!(bench.engine.poll_deadline(), None);
    bench.engine.handle_backlog(false, bench.now);
    bench.pass(Deadlines::default().progress);
    assert_eq!(bench.kind(), Some(Kind::Timeout));
    assert!(bench.log().starts_with("2: Timeout"));
}

#[test]
fn a_lone_dot_between_bare_line_feeds_is_an_end_only_where_that_is_set() {
    for (bare_line_feeds, log) in [(false, ""), (true, "2: done  1 a\\n2 b\\n\n")] {
        let mut bench = Bench::ready_with("", Limits { bare_line_feeds, ..Limits::default() });
        bench.ask(listing("UIDL"));
        b"+OK\r\n1 a\n2 b\n.\n".chunks(3).for_each(|chunk| bench.feed(chunk));
        assert_eq!((bench.log().as_str(), bench.kind()), (log, None));
    }
}

/// github.com/node-pop3/node-pop3 issue 26: a server that ends its lines with LF alone.
#[test]
fn a_server_without_cr_runs_out_of_time_with_a_hint_at_what_helps() {
    for (reply, hint) in [(&b"+OK\n1 a\n2 b\n.\n"[..], true), (b"+OK\n.\n", true), (b"+OK\n1 a\n", false)] {
        let mut bench = Bench::ready("");
        bench.ask(listing("UIDL"));
        bench.feed(reply);
        bench.pass(Deadlines::default().progress);
        assert_eq!(bench.kind(), Some(Kind::Timeout));
        assert_eq!(bench.log().contains("`Limits::bare_line_feeds`"), hint, "{}", reply.escape_ascii());
    }
}

#[test]
fn a_listing_is_counted_while_it_is_read() {
    let limits = Limits { untagged: 3, status_line: 100, ..Limits::default() };
    for (lines, kind) in [
        ("1 a\r\n2 ..b\r\n3 c\r\n", None),
        ("1 a\r\n2 b\r\n3 c\r\n4", None),
        ("1 a\r\n2 b\r\n..3 c\r\n4 d\r\n", Some(Kind::Limit)),
        (&format!("1 a\r\n{}\r", "x".repeat(100)), None),
        (&format!("1 a\r\n{}", "x".repeat(102)), Some(Kind::Limit)),
    ] {
        for step in [1, 3, 200] {
            let mut bench = Bench::ready_with("", limits.clone());
            bench.ask(listing("UIDL"));
            bench.feed(b"+OK\r\n");
            lines.as_bytes().chunks(step).for_each(|chunk| bench.feed(chunk));
            assert_eq!(bench.kind(), kind, "{lines:?} by {step}");
        }
    }
    // What follows the listing in one read is not a part of it.
    let mut bench = Bench::ready_with(PIPELINING, limits);
    bench.ask(listing("UIDL"));
    bench.ask(listing("LIST"));
    bench.feed(b"+OK\r\n1 a\r\n2 b\r\n3");
    bench.feed(b" c\r\n.\r\n+OK\r\n1 1\r\n2 2\r\n3 3\r\n.\r\n");
    assert_eq!((bench.log().matches("done").count(), bench.kind()), (2, None));
}

#[test]
fn an_endless_listing_ends_the_session_long_before_it_fills_the_memory() {
    let mut bench = Bench::ready("");
    bench.ask(listing("UIDL"));
    bench.feed(b"+OK\r\n");
    let rows = "1 a\r\n".repeat(10_000);
    let mut fed = 0;
    while bench.kind().is_none() {
        bench.feed(rows.as_bytes());
        fed += 10_000;
        assert!(fed <= 1_010_000);
    }
    assert_eq!((bench.kind(), bench.input.len()), (Some(Kind::Limit), 0));
    assert!(bench.log().starts_with("2: Limit"));
}

#[test]
fn what_is_skipped_is_bounded_and_what_is_read_is_not() {
    let limits = Limits { literal: 10, undelivered: 10, skipped: 1000, ..Limits::default() };
    let plan = |shape| Request::Command(Plan::new("RETR", &[b"1"]).unwrap().shape(shape));
    let requests: [(&dyn Fn() -> Request, bool, bool); 5] = [
        (&|| retrieve(1..=1), true, true),
        (&|| plan(Shape::Message), true, true),
        (&|| listing("LIST"), true, true),
        (&|| plan(Shape::Stream), false, true),
        (&|| plan(Shape::Stream), true, false),
    ];
    for (which, (request, wanted, bounded)) in requests.into_iter().enumerate() {
        for (size, over) in [(998, false), (999, true), (100_000, true)] {
            let mut bench = Bench::ready_with("", limits.clone());
            let id = bench.ask(request());
            bench.feed(b"+OK\r\n");
            if !wanted {
                bench.engine.handle_cancel(id, bench.now);
            }
            "x".repeat(size).as_bytes().chunks(100).for_each(|chunk| bench.feed(chunk));
            bench.feed(b"\r\n.\r\n");
            assert_eq!(bench.kind(), (over && bounded).then_some(Kind::Limit), "{size} by request {which}");
        }
    }
}

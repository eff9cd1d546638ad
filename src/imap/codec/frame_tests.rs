//! How frames are found, however their bytes arrive, and where that ends.

use proptest::prelude::*;

use super::*;
use crate::Kind;

const SESSION: &[&[u8]] = &[
    b"* OK [CAPABILITY IMAP4rev1] {1}\r\n",
    b"* 1 FETCH (FLAGS (\\Seen))\r\n",
    b"* 1 FETCH (BODY[] {11}\r\nab)\r\n* OK\r\n FLAGS ())\r\n",
    b"* LIST () \"/\" {3+}\r\na\r\n\r\n",
    b"* 2 FETCH (BINARY[1] ~{4}\r\n\0\n\r\n BODY[2] {0}\r\n)\r\n",
    b"* XYZ foo{3}\n",
    b"\0\0\r\n* NO alert {3}\r\n",
    b"a1 NO sorry {5}\r\n",
    b"+ go {7}\r\n",
    b"* 3 EXISTS\n",
];

fn split(chunks: &[&[u8]]) -> Vec<Vec<u8>> {
    let (mut framer, mut buffer, mut found) = (Framer::new(), Vec::new(), Vec::new());
    for chunk in chunks {
        buffer.extend_from_slice(chunk);
        while let Frame::Complete { len } = framer.next(&buffer, &Limits::default(), usize::MAX).unwrap() {
            found.push(buffer.drain(..len).collect());
        }
    }
    assert!(buffer.is_empty() && framer.is_between());
    found
}

#[test]
fn the_same_frames_are_found_whole_byte_by_byte_and_in_every_two_parts() {
    let all = SESSION.concat();
    assert_eq!(split(&[&all]), SESSION);
    assert_eq!(split(&all.chunks(1).collect::<Vec<_>>()), SESSION);
    for at in 0..all.len() {
        assert_eq!(split(&[&all[..at], &all[at..]]), SESSION, "split at {at}");
    }
}

fn outcome(bytes: &[u8], limits: &Limits) -> [Result<Frame>; 2] {
    let whole = Framer::new().next(bytes, limits, usize::MAX);
    let mut framer = Framer::new();
    let mut steps = (1..=bytes.len()).map(|len| framer.next(&bytes[..len], limits, usize::MAX));
    let last = steps.find(|step| !matches!(step, Ok(Frame::Partial)));
    [whole, last.unwrap_or(Ok(Frame::Partial))]
}

#[test]
fn a_line_may_be_as_long_as_the_limit_and_no_longer() {
    let mut limits = Limits::default();
    let bytes = b"* OK 1234567\r\n";
    limits.line = bytes.len();
    for outcome in outcome(bytes, &limits) {
        assert_eq!(outcome.unwrap(), Frame::Complete { len: bytes.len() });
    }
    limits.line -= 1;
    for outcome in outcome(bytes, &limits) {
        assert_eq!(outcome.unwrap_err().kind(), Kind::Limit);
    }
}

#[test]
fn numbers_and_the_data_of_messages_are_bounded_by_the_response_alone() {
    for bytes in [
        &b"* SEARCH 1 2 3 4 5 6 7 8 9 10 11\r\n"[..],
        b"* ESEARCH (TAG \"a\") UID ALL 1,3,5,7,9\r\n",
        b"\r\n* SORT 9 8 7 6 5 4 3 2 1 10 11 12\r\n",
        b"* THREAD (1)(2)(3)(4)(5)(6)(7)(8)\r\n",
        b"* VANISHED (EARLIER) 1,3,5,7,9,11,13\r\n",
        b"* 1 FETCH (BODY[] {1}\r\nx FLAGS (\\Seen) UID 1 RFC822.SIZE 1)\r\n",
        b"* 7 UIDFETCH (FLAGS (\\Seen \\Answered \\Draft))\r\n",
    ] {
        let limits = Limits { line: 22, response: bytes.len(), ..Limits::default() };
        for outcome in outcome(bytes, &limits) {
            assert_eq!(outcome.unwrap(), Frame::Complete { len: bytes.len() });
        }
        for outcome in outcome(bytes, &Limits { response: bytes.len() - 1, ..limits }) {
            assert_eq!(outcome.unwrap_err().kind(), Kind::Limit);
        }
    }
    let limits = Limits { line: 22, ..Limits::default() };
    for bytes in
        [&b"* OK SEARCH 1 2 3 4 5 6 7\r\n"[..], b"* LIST () \"/\" \"abcdefghij\"\r\n", b"a1 OK FETCH (1 2 3 4 5 6)\r\n"]
    {
        for outcome in outcome(bytes, &limits) {
            assert_eq!(outcome.unwrap_err().kind(), Kind::Limit);
        }
    }
}

#[test]
fn blank_lines_in_front_are_together_as_long_as_a_line_may_be() {
    let limits = Limits { line: 10, ..Limits::default() };
    let next = |bytes: &[u8]| Framer::new().next(bytes, &limits, usize::MAX);
    assert_eq!(next(b"\r\n\r\n\r\n\r\n\r\n* OK x\r\n").unwrap(), Frame::Complete { len: 18 });
    assert_eq!(next(b"\r\n\r\n\r\n\r\n\r\n\r\n").unwrap_err().kind(), Kind::Limit);
}

#[test]
fn the_line_behind_a_literal_is_counted_anew_and_the_response_as_a_whole() {
    let bytes = b"* LIST () NIL {20}\r\n01234567890123456789 (\"X\" (\"y\"))\r\n";
    let mut limits = Limits::default();
    (limits.line, limits.response) = (25, bytes.len());
    for outcome in outcome(bytes, &limits) {
        assert_eq!(outcome.unwrap(), Frame::Complete { len: bytes.len() });
    }
    limits.response -= 1;
    for outcome in outcome(bytes, &limits) {
        assert_eq!(outcome.unwrap_err().kind(), Kind::Limit);
    }
}

#[test]
fn a_literal_over_the_limit_is_reported_at_once_and_can_only_be_left_out() {
    let limits = Limits { literal: 5, ..Limits::default() };
    let mut framer = Framer::new();
    let mut input = b"* 1 FETCH (BODY[] {5}\r\n12345 BODY[1] {6}\r\n".to_vec();
    let literal = Frame::Literal { start: input.len(), size: 6 };
    assert_eq!(framer.next(&input, &limits, usize::MAX).unwrap(), literal);
    assert_eq!(framer.next(&input, &limits, usize::MAX).unwrap(), literal);
    framer.elide();
    let at = input.len();
    input.extend_from_slice(b" UID 7)\r\n");
    assert_eq!(framer.next(&input, &limits, usize::MAX).unwrap(), Frame::Complete { len: input.len() });
    assert_eq!(framer.take_elided(), [Elided { at, size: 6 }]);

    assert_eq!(framer.next(&input, &limits, usize::MAX).unwrap(), literal);
    assert_eq!(framer.keep(&limits).unwrap_err().kind(), Kind::Limit);
}

#[test]
fn a_literal_over_the_threshold_can_be_kept() {
    let limits = Limits::default();
    let bytes = b"* 1 FETCH (BODY[] {4}\r\n\r\n\r\n)\r\n";
    let mut framer = Framer::new();
    assert_eq!(framer.next(bytes, &limits, 3).unwrap(), Frame::Literal { start: 23, size: 4 });
    framer.keep(&limits).unwrap();
    assert_eq!(framer.next(bytes, &limits, 3).unwrap(), Frame::Complete { len: bytes.len() });
    assert_eq!(Framer::new().next(bytes, &limits, 4).unwrap(), Frame::Complete { len: bytes.len() });
}

#[test]
fn an_absurd_literal_costs_nothing_but_an_error() {
    let limits = Limits::default();
    let next = |bytes: &[u8]| Framer::new().next(bytes, &limits, usize::MAX);
    assert_eq!(next(b"* 1 FETCH (BODY[] {18446744073709551616}\r\n").unwrap_err().kind(), Kind::Protocol);
    assert_eq!(next(b"* 1 FETCH (BODY[] {9223372036854775808}\r\n").unwrap_err().kind(), Kind::Protocol);
    assert_eq!(next(b"* 1 FETCH (BODY[] {99999999999999999999999999999999}\r\n").unwrap_err().kind(), Kind::Protocol);
    assert_eq!(next(b"* 1 FETCH (BODY[] {100000000000000000000}\r\n").unwrap_err().kind(), Kind::Protocol);
    let zeros = b"* 1 FETCH (BODY[] {000000000000000000000000000000000012}\r\n";
    assert_eq!(Framer::new().next(zeros, &limits, 11).unwrap(), Frame::Literal { start: zeros.len(), size: 12 });
    let size = 9_223_372_036_854_775_807;
    assert_eq!(next(b"* 1 FETCH (BODY[] {9223372036854775807}\r\n").unwrap(), Frame::Literal { start: 41, size });
}

#[test]
fn what_a_message_is_numbered_has_no_say_in_its_literals() {
    for number in ["1", "0", "007", "4294967295", "4294967296", "99999999999999999999999", ""] {
        let response = format!("* {number} FETCH (BODY[] {{3}}\r\n\n\n\n)\r\n").into_bytes();
        assert_eq!(split(&[&response[..]]), [response]);
    }
    for number in ["1", "007", "4294967295", ""] {
        let text = format!("* {number} OK FETCH (BODY[] {{3}}\r\n").into_bytes();
        assert_eq!(split(&[&text[..]]), [text]);
    }
}

#[test]
fn there_is_a_limit_to_the_number_of_literals() {
    let limits = Limits::default();
    let response = |count: usize| [b"* X", " {0}\r\n".repeat(count).as_bytes(), b"\r\n"].concat();
    let most = response(LITERALS as usize);
    assert_eq!(Framer::new().next(&most, &limits, 0).unwrap(), Frame::Complete { len: most.len() });
    let more = Framer::new().next(&response(LITERALS as usize + 1), &limits, 0);
    assert_eq!(more.unwrap_err().kind(), Kind::Limit);
}

proptest! {
    #[test]
    fn arbitrary_bytes_give_the_same_frames_however_they_are_split(
        pieces in proptest::collection::vec(
            prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..6),
                proptest::sample::select(vec![&b"* 1 FETCH ("[..], b" {3}\r\n", b"\r\n", b"\n", b"* OK ", b"{1}", b"~{2+}\r\n", b"\0"])
                    .prop_map(<[u8]>::to_vec),
            ],
            0..20,
        ),
        step in 1_usize..7,
    ) {
        let bytes = pieces.concat();
        let run = |step: usize| {
            let (mut framer, mut start, mut ends) = (Framer::new(), 0, Vec::new());
            let mut seen = 0;
            while seen < bytes.len() {
                seen = (seen + step).min(bytes.len());
                while let Ok(Frame::Complete { len }) = framer.next(&bytes[start..seen], &Limits::default(), usize::MAX) {
                    start += len;
                    ends.push(start);
                }
            }
            ends
        };
        prop_assert_eq!(run(step), run(bytes.len().max(1)));
    }
}

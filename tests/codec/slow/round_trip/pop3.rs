//! POP3, both ways: commands as they are sent, replies as a server may write them.

use bytes::BytesMut;
use postroom::Kind;
use postroom::pop3::codec::{LONGEST_COMMAND, Lines, Multiline, capabilities, command, reply, utf8_command};
use proptest::prelude::*;

use super::from_random::{config, grown};
use crate::generated::pop3::{Listing, Verdict, stuffed};
use crate::generated::wire::{Line, text};

/// Text unchanged, with its line ends.
#[derive(Debug)]
struct Text(String);

impl<'a> arbitrary::Arbitrary<'a> for Text {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        text(u).map(Self)
    }
}

/// The arguments after that keyword, read as a server does: all but the last are words.
fn arguments(line: &[u8], keyword: &str, count: usize) -> Vec<Vec<u8>> {
    let line = line.strip_suffix(b"\r\n").expect("a line end");
    assert!(!line.iter().any(|byte| b"\r\n\0".contains(byte)), "{}", line.escape_ascii());
    let arguments =
        line.strip_prefix(keyword.as_bytes()).and_then(|rest| rest.strip_prefix(b" ")).expect("the keyword");
    arguments.splitn(count, |byte| *byte == b' ').map(<[u8]>::to_vec).collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn pop3_commands_come_back(
        (keyword, count) in prop::sample::select(vec![("USER", 1), ("PASS", 1), ("LANG", 1), ("APOP", 2), ("AUTH", 2), ("TOP", 2)]),
        first in "[!-~]{1,60}",
        last in grown::<Text>(60),
        utf8: bool,
    ) {
        let sent = match count {
            1 => vec![last.0.as_bytes()],
            _ => vec![first.as_bytes(), last.0.as_bytes()],
        };
        let write = if utf8 { utf8_command } else { command };
        match write(keyword, &sent) {
            Ok(line) => prop_assert_eq!(arguments(&line, keyword, count), sent),
            Err(error) => {
                prop_assert_eq!(error.kind(), Kind::Input);
                let length = keyword.len() + 2 + sent.iter().map(|argument| argument.len() + 1).sum::<usize>();
                let breaks = last.0.contains(['\r', '\n', '\0']);
                prop_assert!(length > LONGEST_COMMAND || breaks || !(utf8 || last.0.is_ascii()), "{:?}: {}", last, error);
            }
        }
    }

    #[test]
    fn pop3_verdicts_come_back(said in grown::<Verdict>(60)) {
        let sent = said.write();
        said.check(&reply(sent.as_bytes()).expect("a status line"));
        said.check(&reply(sent.trim_end_matches("\r\n").as_bytes()).expect("a status line"));
    }

    #[test]
    fn pop3_listings_come_back(said in grown::<Listing>(200)) {
        let lines = said.lines();
        let body: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let mut read = Lines::new(body.as_bytes());
        for (place, line) in lines.iter().enumerate() {
            prop_assert_eq!(read.next(), Some(line.as_bytes()));
            said.check(place, line.as_bytes());
        }
        prop_assert_eq!(read.next(), None);
        if let Listing::Capa(announced) = &said {
            announced.check(&capabilities(body.as_bytes()));
        }
    }

    #[test]
    fn pop3_messages_come_back(lines in grown::<Vec<Line>>(300), dots: u8, step in 1..40_usize) {
        let body: String = lines.iter().map(|line| format!("{}{}\r\n", ".".repeat(usize::from(dots % 4)), line.0)).collect();
        let sent = stuffed(body.as_bytes());
        let (mut scanner, mut input) = (Multiline::new(), BytesMut::new());
        let mut pieces = sent.chunks(step);
        let cut = loop {
            input.extend_from_slice(pieces.next().expect("the end of the message"));
            if let Some(cut) = scanner.scan(&mut input) {
                break cut;
            }
        };
        prop_assert_eq!(&cut.split(&mut input)[..], body.as_bytes());
        prop_assert!(input.is_empty() && pieces.next().is_none());
    }
}

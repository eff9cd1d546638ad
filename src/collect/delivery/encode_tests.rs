//! Every message comes back from what is written of it, wherever it is cut into pieces.

use proptest::prelude::*;
use time::PrimitiveDateTime;

use super::*;
use crate::MessageId;

fn encoded(format: Format, pieces: &[&[u8]]) -> Vec<u8> {
    let mut head = Head::new(MessageId::other("test", "1"));
    head.received = Some(OffsetDateTime::from_unix_timestamp(1_793_675_106).unwrap().to_offset(hours(1)));
    let mut encoder = Encoder::new(format, &head);
    let (mut out, mut written) = (Vec::new(), Vec::new());
    for piece in pieces {
        encoder.push(piece, &mut out);
        // As a stream is written: what is written is forgotten.
        written.append(&mut out);
    }
    encoder.end(&mut out);
    written.append(&mut out);
    written
}

fn hours(east: i8) -> UtcOffset {
    UtcOffset::from_hms(east, 0, 0).unwrap()
}

/// Each CRLF as LF, found in another way.
fn with_lf(message: &[u8]) -> Vec<u8> {
    let next = message.iter().skip(1).map(Some).chain([None]);
    let kept = message.iter().zip(next).filter(|(byte, next)| (**byte, *next) != (b'\r', Some(&b'\n')));
    kept.map(|(byte, _)| *byte).collect()
}

/// The one message of an mbox file.
fn read_mboxrd(file: &[u8]) -> Vec<u8> {
    let (line, rest) = file.split_at(file.iter().position(|byte| *byte == b'\n').unwrap() + 1);
    assert_eq!(line, b"From MAILER-DAEMON Tue Nov  3 03:05:06 2026\n");
    let rest = rest.strip_suffix(b"\n").expect("an empty line");
    assert!(rest.is_empty() || rest.ends_with(b"\n"));
    let unquoted = rest.split_inclusive(|byte| *byte == b'\n').map(|line| {
        assert!(!line.starts_with(b"From "));
        let marks = line.iter().take_while(|byte| **byte == b'>').count();
        if marks > 0 && line[marks..].starts_with(b"From ") { &line[1..] } else { line }
    });
    unquoted.collect::<Vec<_>>().concat()
}

fn pieces() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..8),
        prop::sample::select(vec![
            "\r\n",
            "\n",
            "\r",
            "\0",
            ">",
            "F",
            "Fr",
            "om ",
            "From ",
            ">From ",
            "\nFrom ",
            "\r\n>>From ",
            "\r\r\n",
            " ",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop::collection::vec(piece, 0..30)
}

proptest! {
    #[test]
    fn crlf_becomes_lf_and_nothing_else_changes(pieces in pieces()) {
        let pieces: Vec<_> = pieces.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(encoded(Format::Plain(LineEnds::Lf), &pieces), with_lf(&pieces.concat()));
        prop_assert_eq!(encoded(Format::Plain(LineEnds::Crlf), &pieces), pieces.concat());
    }

    #[test]
    fn an_mboxrd_reader_finds_the_message(pieces in pieces()) {
        let pieces: Vec<_> = pieces.iter().map(Vec::as_slice).collect();
        let mut message = with_lf(&pieces.concat());
        if !message.is_empty() && !message.ends_with(b"\n") {
            message.push(b'\n');
        }
        let file = encoded(Format::Mboxrd, &pieces);
        prop_assert_eq!(&read_mboxrd(&file), &message);
        prop_assert_eq!(file, encoded(Format::Mboxrd, &[&pieces.concat()]));
    }
}

#[test]
fn no_time_of_arrival_panics() {
    let last = PrimitiveDateTime::MAX.assume_offset(hours(-12));
    for at in [last, PrimitiveDateTime::MIN.assume_offset(hours(12))] {
        assert!(from_line(at).starts_with("From MAILER-DAEMON "), "{at}");
    }
}

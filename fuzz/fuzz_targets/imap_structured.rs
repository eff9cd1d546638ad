//! Well-formed responses of arbitrary values: each is one frame in whatever pieces it comes, is read without a
//! defect, and returns every value.
#![no_main]

use bytes::{Bytes, BytesMut};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use postroom::Limits;
use postroom::imap::Response;
use postroom::imap::codec::{self, Frame, Framer};
use postroom_fuzz::fetch::Message;
use postroom_fuzz::mailbox::{Esearch, List, Status};
use postroom_fuzz::within;

#[derive(Arbitrary, Debug)]
enum Said {
    Fetch(Box<Message>),
    List(List),
    Status(Status),
    Esearch(Esearch),
}

libfuzzer_sys::fuzz_target!(|input: (Vec<u8>, u16, Said)| {
    let (pieces, threshold, mut said) = input;
    if let Said::Fetch(message) = &mut said {
        message.trim();
    }
    let mut frame = Vec::new();
    said.write(&mut frame);
    let frame = framed(frame, &pieces, threshold.into());
    let read = within(&frame, || codec::response(&frame, &Limits::default()));
    let read = read.unwrap_or_else(|error| panic!("{error}: {}", frame.escape_ascii()));
    said.check(&read);
});

/// Gives the frame, with more after it, to the framer piece by piece, and then the rest at once.
fn framed(frame: Vec<u8>, pieces: &[u8], threshold: usize) -> Bytes {
    let (mut framer, limits, mut input) = (Framer::new(), Limits::default(), BytesMut::new());
    let sent = [&frame[..], b"* OK behind\r\n"].concat();
    let mut rest = &sent[..];
    let mut pieces = pieces.iter();
    loop {
        match framer.next(&input, &limits, threshold) {
            Ok(Frame::Complete { len }) => {
                assert_eq!(len, frame.len(), "{}", frame.escape_ascii());
                return input.split_to(len).freeze();
            }
            Ok(Frame::Literal { .. }) => framer.keep(&limits).expect("a literal that may be kept"),
            Err(error) => panic!("{error}: {}", frame.escape_ascii()),
            // `Frame::Partial`
            Ok(_) => {
                let (piece, behind) =
                    rest.split_at(pieces.next().map_or(rest.len(), |piece| rest.len().min(usize::from(*piece) + 1)));
                assert!(!piece.is_empty(), "no end in {}", frame.escape_ascii());
                input.extend_from_slice(piece);
                rest = behind;
            }
        }
    }
}

impl Said {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Fetch(message) => message.write(out),
            Self::List(list) => list.write(out),
            Self::Status(status) => status.write(out),
            Self::Esearch(search) => search.write(out),
        }
    }

    fn check(&self, read: &Response) {
        match (self, read) {
            (Self::Fetch(message), Response::Fetch(found)) => {
                message.check(found);
                message.check(&found.detach());
            }
            (Self::List(list), Response::List(found)) => list.check(found),
            (Self::Status(status), Response::Status(found)) => status.check(found),
            (Self::Esearch(search), Response::Esearch(found)) => search.check(found),
            (said, read) => panic!("{said:?} is read as {read:?}"),
        }
    }
}

//! Responses that are well formed, made of arbitrary values: each is one frame, is read without a defect, and gives its values
//! back.
#![no_main]

use bytes::{Bytes, BytesMut};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use postroom::Limits;
use postroom::imap::codec::{self, Frame, Framer};
use postroom::imap::{Response, Section};
use postroom_fuzz::within;

#[derive(Arbitrary, Debug)]
struct Message {
    number: u32,
    items: Vec<Item>,
}

#[derive(Arbitrary, Debug)]
enum Item {
    Uid(std::num::NonZeroU32),
    Size(u32),
    Flags(Vec<Keyword>),
    Body(Vec<u8>),
    Header(Vec<u8>),
    Subject(Option<Vec<u8>>),
}

#[derive(Arbitrary, Debug)]
enum Keyword {
    Seen,
    Flagged,
    Numbered(u16),
}

libfuzzer_sys::fuzz_target!(|message: Message| {
    let number = message.number.max(1);
    let mut frame = format!("* {number} FETCH (").into_bytes();
    for (index, item) in message.items.iter().enumerate() {
        if index > 0 {
            frame.push(b' ');
        }
        write(item, &mut frame);
    }
    frame.extend_from_slice(b")\r\n");
    let mut input = BytesMut::from(&frame[..]);
    input.extend_from_slice(b"* OK behind\r\n");
    assert_eq!(framed(&input), frame.len());
    let frame = Bytes::from(frame);
    let read = within(&frame, || codec::response(&frame, &Limits::default()));
    if message.items.is_empty() {
        return;
    }
    let Ok(Response::Fetch(fetched)) = read else { panic!("{}", frame.escape_ascii()) };
    let last = |wanted: fn(&Item) -> bool| message.items.iter().filter(|item| wanted(item)).count();
    if last(|item| matches!(item, Item::Uid(_))) == 1 {
        let uid = message.items.iter().find_map(|item| if let Item::Uid(uid) = item { Some(uid.get()) } else { None });
        assert_eq!(fetched.uid().map(u32::from), uid);
    }
    if last(|item| matches!(item, Item::Body(_))) == 1 {
        let body = message.items.iter().find_map(|item| if let Item::Body(body) = item { Some(&body[..]) } else { None });
        let section = fetched.section(&Section::WHOLE);
        assert_eq!(section.and_then(|section| section.bytes().map(|bytes| bytes.to_vec())).as_deref(), body);
    }
});

fn framed(input: &[u8]) -> usize {
    let (mut framer, limits) = (Framer::new(), Limits::default());
    loop {
        match framer.next(input, &limits, usize::MAX) {
            Ok(Frame::Complete { len }) => return len,
            Ok(Frame::Literal { .. }) => framer.keep(&limits).unwrap(),
            other => panic!("{other:?}"),
        }
    }
}

fn write(item: &Item, out: &mut Vec<u8>) {
    match item {
        Item::Uid(uid) => out.extend_from_slice(format!("UID {uid}").as_bytes()),
        Item::Size(size) => out.extend_from_slice(format!("RFC822.SIZE {size}").as_bytes()),
        Item::Flags(flags) => {
            let names: Vec<String> = flags.iter().map(name).collect();
            out.extend_from_slice(format!("FLAGS ({})", names.join(" ")).as_bytes());
        }
        Item::Body(bytes) => literal("BODY[]", bytes, out),
        Item::Header(bytes) => literal("BODY[HEADER]", bytes, out),
        Item::Subject(subject) => {
            out.extend_from_slice(b"ENVELOPE (NIL");
            match subject {
                Some(subject) => literal("", subject, out),
                None => out.extend_from_slice(b" NIL"),
            }
            out.extend_from_slice(b" NIL NIL NIL NIL NIL NIL NIL NIL)");
        }
    }
}

fn literal(item: &str, bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(format!("{item} {{{}}}\r\n", bytes.len()).as_bytes());
    out.extend_from_slice(bytes);
}

fn name(keyword: &Keyword) -> String {
    match keyword {
        Keyword::Seen => "\\Seen".into(),
        Keyword::Flagged => "\\Flagged".into(),
        Keyword::Numbered(number) => format!("k{number}"),
    }
}

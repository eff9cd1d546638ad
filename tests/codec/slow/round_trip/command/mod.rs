//! Every command that is a value: written by the crate, exactly one on the wire, and every argument read back by a reader of the
//! RFCs' grammar.

mod call;
mod field;
mod parse;
mod query;
mod reader;

use postroom::Kind;
use proptest::prelude::*;

use crate::framer::{end_of_command, wire};
use crate::slow::round_trip::from_random::{config, grown};
use call::Call;
use reader::Reader;

proptest! {
    #![proptest_config(config())]

    #[test]
    fn commands_come_back(calls in grown::<[Call; 36]>(7000), utf8: bool) {
        for call in &calls {
            match call.segments(utf8) {
                // Only a NUL cannot be sent: everything else that these commands consist of can.
                Err(error) => {
                    prop_assert_eq!(error.kind(), Kind::Input);
                    prop_assert!(format!("{call:?}").contains("\\0"), "{:?} is refused: {}", call, error);
                }
                Ok(segments) => {
                    let wire = wire(&segments);
                    let framed: Vec<u8> = match utf8 {
                        // Quoted strings may hold UTF-8 then, which the framer reads as letters.
                        true => wire.iter().map(|byte| if byte.is_ascii() { *byte } else { b'u' }).collect(),
                        false => wire.clone(),
                    };
                    prop_assert_eq!(end_of_command(&framed), Ok(wire.len()), "{}", wire.escape_ascii());
                    let mut reader = Reader::new(&wire, utf8);
                    let read = parse::call(&mut reader);
                    prop_assert!(read == *call, "{:?} is read as {:?} of {}", call, read, wire.escape_ascii());
                }
            }
        }
    }
}

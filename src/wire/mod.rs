//! What both codecs stand on: a cursor over bytes that cannot leave them. It must not know a word of either protocol.

mod cursor;

pub(crate) use cursor::{Cursor, find_special};

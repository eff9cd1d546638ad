//! What both codecs stand on: a cursor over bytes that cannot leave them, and buffers of secrets that leave nothing. It must not know a word of either protocol.

pub(crate) mod class;
mod cursor;
pub(crate) mod wiping;

pub(crate) use cursor::Cursor;

//! The base of both codecs: a bounds-checked cursor over bytes, and buffers that wipe secrets. It must not know a word of either
//! protocol.

pub(crate) mod class;
mod cursor;
pub(crate) mod wiping;

pub(crate) use cursor::Cursor;

//! Responses of arbitrary values: each kind is made of random bytes, written as a server may write it, and compared with what was
//! read. The round trips and the fuzz targets share them; it must not know a parser.

pub mod code;
pub mod envelope;
pub mod fetch;
pub mod line;
pub mod mailbox;
pub mod pop3;
pub mod result;
pub mod structure;
pub mod wire;

use bytes::Bytes;
use postroom::Limits;
use postroom::imap::{Response, codec};
use time::OffsetDateTime;

/// A response that can be written and checked.
pub trait Said {
    /// Adds the response, line end included.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads it; every value is found.
    fn check(&self, frame: &Bytes);
}

/// The response of a frame that must be readable.
pub fn response(frame: &Bytes) -> Response {
    let read = codec::response(frame, &Limits::default());
    read.unwrap_or_else(|error| panic!("{error}: {}", frame.escape_ascii()))
}

/// As RFC 9051 §9 writes a `date-time`, without the quotes.
pub fn date(date: OffsetDateTime) -> String {
    let (hour, minute, second) = date.time().as_hms();
    let zone = date.offset().whole_minutes();
    let sign = if zone < 0 { '-' } else { '+' };
    let (day, month, year) = (date.day(), &date.month().to_string()[..3], date.year());
    let (east, past) = (zone.abs() / 60, zone.abs() % 60);
    format!("{day:>2}-{month}-{year:04} {hour:02}:{minute:02}:{second:02} {sign}{east:02}{past:02}")
}

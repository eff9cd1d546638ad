//! The messages of a SCRAM server (RFC 5802 §7), read strictly: anything outside the grammar ends the exchange. It must not know
//! the client's side.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::error::{Error, Result};

/// The most characters of a server's own error value that are kept.
const WORD: usize = 60;

/// `server-first-message`.
#[derive(Debug)]
pub(super) struct First<'a> {
    pub(super) nonce: &'a str,
    pub(super) salt: Vec<u8>,
    pub(super) iterations: u32,
}

/// `server-final-message`.
#[derive(Debug)]
pub(super) enum Final {
    Signature(Vec<u8>),
    /// `server-error-value`.
    Error(String),
}

impl<'a> First<'a> {
    /// Attributes after the iteration count are extensions, which are ignored; `m=` marks one that must not be (§5.1).
    pub(super) fn parse(message: &'a str) -> Result<Self> {
        let mut attributes = message.split(',');
        let nonce = value(attributes.next(), "r=")?;
        let salt = base64(value(attributes.next(), "s=")?)?;
        let iterations = value(attributes.next(), "i=")?;
        let is_printable = |byte: u8| byte.is_ascii_graphic();
        let is_number = iterations.bytes().all(|byte| byte.is_ascii_digit()) && !iterations.starts_with('0');
        if !nonce.bytes().all(is_printable) || salt.is_empty() || !is_number {
            return Err(broken());
        }
        extensions(attributes)?;
        // A number too large for the type is over every limit.
        Ok(Self { nonce, salt, iterations: iterations.parse().unwrap_or(u32::MAX) })
    }
}

impl Final {
    pub(super) fn parse(message: &str) -> Result<Self> {
        let mut attributes = message.split(',');
        let first = attributes.next().unwrap_or_default();
        let parsed = match first.strip_prefix("e=") {
            Some(why) => Self::Error(word(why)),
            None => Self::Signature(base64(value(Some(first), "v=")?)?),
        };
        extensions(attributes)?;
        Ok(parsed)
    }
}

/// A server's own word.
pub(super) fn word(text: &str) -> String {
    text.chars().filter(|char| !char.is_control()).take(WORD).collect()
}

fn value<'a>(attribute: Option<&'a str>, name: &str) -> Result<&'a str> {
    match attribute {
        Some(attribute) if attribute.starts_with("m=") => {
            Err(Error::protocol("the server requires an unknown extension of SCRAM"))
        }
        Some(attribute) => attribute.strip_prefix(name).filter(|value| !value.is_empty()).ok_or_else(broken),
        None => Err(broken()),
    }
}

fn extensions<'a>(mut attributes: impl Iterator<Item = &'a str>) -> Result<()> {
    let is_extension = |text: &str| match text.as_bytes() {
        [name, b'=', _, ..] => name.is_ascii_alphabetic() && *name != b'm',
        _ => false,
    };
    if attributes.all(is_extension) { Ok(()) } else { Err(broken()) }
}

fn base64(text: &str) -> Result<Vec<u8>> {
    STANDARD.decode(text).map_err(|error| broken().with_source(error))
}

fn broken() -> Error {
    Error::protocol("the server's challenge is not a SCRAM message")
}

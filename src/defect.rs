//! What is wrong with one message, while other messages and the connection are not affected. It must not know a protocol.

use std::fmt;

use bytes::Bytes;

/// A flaw in the data of one message. The message is delivered with everything that could be read.
///
/// ```
/// use postroom::{Defect, Message};
///
/// /// Whether the bytes can be stored as the message.
/// fn is_complete(message: &Message) -> bool {
///     let damaging = |defect: &Defect| !matches!(defect, Defect::Unreadable { .. });
///     !message.defects().iter().any(damaging)
/// }
/// # assert!(is_complete(&Message::new(postroom::MessageId::other("m", "1"), "Subject: hello\r\n\r\n")));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Defect {
    /// A value was larger than [`Limits::literal`](crate::Limits::literal) and was skipped.
    TooLarge {
        /// The size of the value in bytes, as the server announced it.
        size: u64,
    },
    /// The server has the message, but sent no text for it: the text was absent, NIL or empty. There are no bytes.
    Missing,
    /// The text is complete, but its length differs from the one that the server declares. Some servers count wrongly; others send
    /// another text.
    Size {
        /// The length that the server declares, in octets.
        declared: u64,
        /// The length of the received text, in octets.
        received: u64,
    },
    /// The server refused to send the message. There are no bytes.
    Refused {
        /// The server's words.
        text: String,
    },
    /// A value could not be read.
    Unreadable {
        /// The attribute's name as the server wrote it, such as `ENVELOPE`. If only one field of an envelope is lost, the field's name
        /// in RFC 9051's grammar follows: `ENVELOPE (env-from)`.
        attribute: String,
        /// Why.
        reason: Reason,
        /// The value's bytes, as received.
        raw: Bytes,
    },
    /// The transfer encoding of a part is malformed. What could be decoded was.
    Encoding {
        /// The number of malformed places.
        places: u64,
    },
    /// The structure of the message is broken at one part.
    Part {
        /// The part's numbers, as [`MimePart::path`](crate::MimePart::path).
        path: Vec<u32>,
        /// What is wrong with it.
        reason: Reason,
    },
}

/// Why a value could not be read.
///
/// ```
/// assert_eq!(postroom::Reason::Date.to_string(), "no such date");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// The value does not follow the grammar.
    Syntax,
    /// A string or list has no end.
    Unterminated,
    /// It is not a number, or out of range.
    Number,
    /// The date does not exist.
    Date,
    /// Parentheses are nested deeper than [`Limits::nesting`](crate::Limits::nesting).
    Nesting,
    /// A literal of this many bytes is larger than [`Limits::literal`](crate::Limits::literal).
    TooLarge(u64),
    /// It has more parts than are read.
    TooMany,
    /// A name has no value.
    Missing,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "not what the grammar allows",
            Self::Unterminated => "a string or list has no end",
            Self::Number => "not a number in range",
            Self::Date => "no such date",
            Self::Nesting => "nested too deep",
            Self::TooLarge(size) => return write!(f, "{size} bytes are over the limit"),
            Self::TooMany => "too many parts",
            Self::Missing => "the value is missing",
        })
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { size } => {
                write!(f, "a value of {size} bytes was skipped: over the limit")
            }
            Self::Missing => f.write_str("the server sent no text for the message"),
            Self::Size { declared, received } => {
                write!(f, "the server declares {declared} bytes and sent {received}")
            }
            Self::Refused { text } => write!(f, "the server refused to send the message: {text}"),
            Self::Encoding { places } => write!(f, "the transfer encoding is malformed in {places} places"),
            Self::Part { path, reason } => {
                let path: Vec<String> = path.iter().map(u32::to_string).collect();
                write!(f, "part {}: {reason}", if path.is_empty() { "TEXT".to_owned() } else { path.join(".") })
            }
            Self::Unreadable { attribute, reason, .. } => write!(f, "{attribute} cannot be read: {reason}"),
        }
    }
}

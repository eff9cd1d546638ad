//! What is wrong with one message while its neighbours and the connection are fine. It must not know a protocol.

use std::fmt;

use bytes::Bytes;

/// A flaw in what the server said about one message. The message is delivered with everything else it has.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Defect {
    /// A value of `size` bytes was over [`Limits::literal`](crate::Limits::literal) and was skipped.
    TooLarge {
        /// How many bytes the server announced.
        size: u64,
    },
    /// The server has the message and gave no text for it: the text was absent, NIL or empty. There are no bytes, and what came is
    /// not the message.
    Missing,
    /// The text is complete, and its length is not the one that the server declares. Some servers count wrongly; others sent
    /// another text.
    Size {
        /// The length that the server declares, in octets.
        declared: u64,
        /// The length of what came, in octets.
        received: u64,
    },
    /// The server refused to send the message. There are no bytes.
    Refused {
        /// The server's words.
        text: String,
    },
    /// A value could not be read.
    Unreadable {
        /// The attribute's name as the server wrote it, such as `ENVELOPE`; where one field of an envelope is lost, with the field's
        /// name in RFC 9051's grammar: `ENVELOPE (env-from)`.
        attribute: String,
        /// Why.
        reason: Reason,
        /// The value's bytes, as they came.
        raw: Bytes,
    },
}

/// Why something could not be read.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// Not what the grammar has there.
    Syntax,
    /// A string or list without its end.
    Unterminated,
    /// A number that is none, or out of range.
    Number,
    /// A date that does not exist.
    Date,
    /// Parentheses deeper than [`Limits::nesting`](crate::Limits::nesting).
    Nesting,
    /// A literal of that many bytes, over [`Limits::literal`](crate::Limits::literal).
    TooLarge(u64),
    /// More parts than a message can sensibly have.
    TooMany,
    /// A name without its value.
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
            Self::Missing => f.write_str("the server gave no text for the message"),
            Self::Size { declared, received } => {
                write!(f, "the server declares {declared} bytes and sent {received}")
            }
            Self::Refused { text } => write!(f, "the server refused to send the message: {text}"),
            Self::Unreadable { attribute, reason, .. } => write!(f, "{attribute} cannot be read: {reason}"),
        }
    }
}

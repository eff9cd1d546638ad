//! Decides whether a text that a server sent is the message that was asked for. Every way to read a whole message uses it, in both
//! protocols. It must not know a protocol, and reads no bytes.

use crate::defect::Defect;
use crate::error::{Error, Kind};

/// Whether a text is the message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// It is the message: it has the declared length, or the server declared none.
    Whole,
    /// There is no message: no text came, or an empty one.
    Missing,
    /// It is complete, but longer or shorter than the server declared.
    Uncertain {
        /// The length that the server declared, in octets.
        declared: u64,
        /// The length of the received text, in octets.
        received: u64,
    },
}

impl Verdict {
    /// Compares a text of `received` octets (`None` if no text came) with the size that the server declared, if it declared one.
    /// Whether a server counts a line end as one octet or two cannot be known, so every other length is uncertain.
    pub(crate) fn of(received: Option<u64>, declared: Option<u64>) -> Self {
        match (received, declared) {
            (None | Some(0), _) => Self::Missing,
            (Some(received), Some(declared)) if received != declared => Self::Uncertain { declared, received },
            (Some(_), _) => Self::Whole,
        }
    }

    /// The error for a message that is [`Missing`](Self::Missing). The session continues.
    pub(crate) fn missing() -> Error {
        Error::new(Kind::Missing, "the server sent no text for the message")
    }

    /// What is wrong with the message, for a caller that gets it all the same.
    pub(crate) fn defect(&self) -> Option<Defect> {
        match *self {
            Self::Whole => None,
            Self::Missing => Some(Defect::Missing),
            Self::Uncertain { declared, received } => Some(Defect::Size { declared, received }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_octets_is_a_message_and_only_the_declared_length_is_certain() {
        for declared in [None, Some(0), Some(24)] {
            assert_eq!(Verdict::of(None, declared), Verdict::Missing);
            assert_eq!(Verdict::of(Some(0), declared), Verdict::Missing);
        }
        assert_eq!(Verdict::of(Some(24), Some(24)), Verdict::Whole);
        assert_eq!(Verdict::of(Some(24), None), Verdict::Whole);
        for (received, declared) in [(23, 24), (25, 24), (24, 0)] {
            let verdict = Verdict::of(Some(received), Some(declared));
            assert_eq!(verdict.defect(), Some(Defect::Size { declared, received }));
        }
    }
}

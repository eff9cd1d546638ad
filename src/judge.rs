//! The one judge of whether what a server sent is the message it was asked for. Every way to read a whole message asks it, in both
//! protocols. It must not know a protocol, and reads no bytes.

use crate::defect::Defect;
use crate::error::{Error, Kind};

/// What a text is worth as a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// It is the message: it has the declared length, or the server declared none.
    Whole,
    /// There is no message: no text came, or none that has an octet.
    Missing,
    /// It is complete, and longer or shorter than the server declared.
    Uncertain {
        /// The length that the server declared, in octets.
        declared: u64,
        /// The length that came, in octets.
        received: u64,
    },
}

impl Verdict {
    /// Judges a text of `received` octets, `None` if none came, against the size that the server declared, if it declared any.
    /// Servers that count every line end as two octets or one are told apart by nobody: another length is uncertain.
    pub(crate) fn of(received: Option<u64>, declared: Option<u64>) -> Self {
        match (received, declared) {
            (None | Some(0), _) => Self::Missing,
            (Some(received), Some(declared)) if received != declared => Self::Uncertain { declared, received },
            (Some(_), _) => Self::Whole,
        }
    }

    /// Why there is nothing to read where the message is [`Missing`](Self::Missing). The session lives, and so do other messages.
    pub(crate) fn missing() -> Error {
        Error::new(Kind::Missing, "the server gave no text for the message")
    }

    /// What is wrong with the message, for whoever gets it all the same.
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

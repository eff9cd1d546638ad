//! [`Retrieved`]: one message as RETR or TOP brought it, and what is wrong with it. It must not know how it was asked for.

use bytes::Bytes;

use super::Number;
use crate::defect::Defect;
use crate::error::Error;

/// One message of a stream.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Retrieved {
    /// Which one.
    pub number: Number,
    /// What became of it.
    pub content: RetrievedContent,
}

/// What became of one message that was asked for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RetrievedContent {
    /// Here it is, byte for byte: a slice of the block it was read in. It has the size that LIST said, where this session asked
    /// for that.
    Whole(Bytes),
    /// It came to its end, and has another length than LIST said. Some servers count wrongly; others sent another text.
    Uncertain {
        /// What came, byte for byte.
        bytes: Bytes,
        /// What LIST said, in octets.
        declared: u64,
        /// The length of what came, in octets.
        received: u64,
    },
    /// The server said `+OK`, and no text followed: there is no message here.
    Missing,
    /// It was over [`Limits::literal`](crate::Limits::literal) and was passed over.
    TooLarge {
        /// How many octets came, stuffed dots not counted.
        size: u64,
    },
    /// The server refused it (`-ERR`): mostly because it is marked for deletion, or never was.
    Refused(Error),
}

/// For content without bytes.
static NOTHING: Bytes = Bytes::new();

impl Retrieved {
    /// What came of the message; empty where it is missing, refused or too large.
    pub fn bytes(&self) -> &Bytes {
        match &self.content {
            RetrievedContent::Whole(bytes) | RetrievedContent::Uncertain { bytes, .. } => bytes,
            RetrievedContent::Missing | RetrievedContent::TooLarge { .. } | RetrievedContent::Refused(_) => &NOTHING,
        }
    }

    /// The same, without the number.
    pub fn into_bytes(self) -> Bytes {
        match self.content {
            RetrievedContent::Whole(bytes) | RetrievedContent::Uncertain { bytes, .. } => bytes,
            RetrievedContent::Missing | RetrievedContent::TooLarge { .. } | RetrievedContent::Refused(_) => {
                Bytes::new()
            }
        }
    }

    /// What is wrong with it; `None` for a message that is whole.
    pub fn defect(&self) -> Option<Defect> {
        match &self.content {
            RetrievedContent::Whole(_) => None,
            RetrievedContent::Uncertain { declared, received, .. } => {
                Some(Defect::Size { declared: *declared, received: *received })
            }
            RetrievedContent::Missing => Some(Defect::Missing),
            RetrievedContent::TooLarge { size } => Some(Defect::TooLarge { size: *size }),
            RetrievedContent::Refused(error) => Some(Defect::Refused { text: own_words(error) }),
        }
    }
}

/// The server's own words in an error of a refusal: what follows our own.
fn own_words(error: &Error) -> String {
    let text = error.to_string();
    text.split_once(": ").map_or_else(|| text.clone(), |(_, words)| words.to_owned())
}

//! [`Retrieved`]: one message of RETR or TOP, and what is wrong with it. It must not know how it was requested.

use bytes::Bytes;

use super::Number;
use crate::defect::Defect;
use crate::error::Error;

/// One message of a [stream](crate::pop3::RetrStream).
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::pop3(async |mut pop3| {
/// let (number, octets) = pop3.list().await?[0];
/// let message = pop3.retr(number).await?;
/// assert_eq!(message.number, number);
/// assert!(message.defect().is_none() && message.bytes().len() as u64 == octets);
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Retrieved {
    /// The message's number.
    pub number: Number,
    /// The result.
    pub content: RetrievedContent,
}

/// The result for one requested message.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::pop3(async |mut pop3| {
/// use postroom::pop3::RetrievedContent;
///
/// let (number, _) = pop3.list().await?[0];
/// match pop3.retr(number).await?.content {
///     RetrievedContent::Whole(bytes) => println!("{} bytes", bytes.len()),
///     other => println!("{other:?}"),
/// }
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RetrievedContent {
    /// The message, byte for byte: a slice of the block that it was read in. It has the size that LIST reported, if
    /// this session asked for it.
    Whole(Bytes),
    /// The message has another length than LIST reported. Some servers count wrongly; others sent another text.
    Uncertain {
        /// What was sent, byte for byte.
        bytes: Bytes,
        /// The size that LIST reported, in octets.
        declared: u64,
        /// The length of what was sent, in octets.
        received: u64,
    },
    /// The server replied `+OK` without any text: there is no message.
    Missing,
    /// The message was larger than [`Limits::literal`](crate::Limits::literal) and was skipped.
    TooLarge {
        /// Its size in octets, without stuffed dots.
        size: u64,
    },
    /// The server refused it (`-ERR`), usually because it is marked for deletion or does not exist.
    Refused(Error),
}

/// The bytes of content that has none.
static NOTHING: Bytes = Bytes::new();

impl Retrieved {
    /// The message's bytes; empty if it is missing, refused or too large.
    pub fn bytes(&self) -> &Bytes {
        match &self.content {
            RetrievedContent::Whole(bytes) | RetrievedContent::Uncertain { bytes, .. } => bytes,
            RetrievedContent::Missing | RetrievedContent::TooLarge { .. } | RetrievedContent::Refused(_) => &NOTHING,
        }
    }

    /// The message's bytes, without copying.
    pub fn into_bytes(self) -> Bytes {
        match self.content {
            RetrievedContent::Whole(bytes) | RetrievedContent::Uncertain { bytes, .. } => bytes,
            RetrievedContent::Missing | RetrievedContent::TooLarge { .. } | RetrievedContent::Refused(_) => {
                Bytes::new()
            }
        }
    }

    /// What is wrong with the message; `None` if it is complete.
    pub fn defect(&self) -> Option<Defect> {
        match &self.content {
            RetrievedContent::Whole(_) => None,
            RetrievedContent::Uncertain { declared, received, .. } => {
                Some(Defect::Size { declared: *declared, received: *received })
            }
            RetrievedContent::Missing => Some(Defect::Missing),
            RetrievedContent::TooLarge { size } => Some(Defect::TooLarge { size: *size }),
            RetrievedContent::Refused(error) => {
                let words = error.server_words().map_or_else(|| error.to_string(), ToOwned::to_owned);
                Some(Defect::Refused { text: words })
            }
        }
    }
}

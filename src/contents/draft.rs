//! What both sources of a message's contents give: its parts in order, each before those inside it. It must not know the sources.

use super::mime::Fields;
use super::octets::Octets;
use crate::defect::Reason;

/// The most parts of one message. What comes after them is left out, with a defect. Dovecot has the same limit.
pub(crate) const MOST_PARTS: usize = 10_000;
/// The most levels of parts inside each other. A part at this level is not looked into, with a defect.
pub(crate) const MOST_LEVELS: usize = 100;

/// One part as it was found.
pub(crate) struct Draft {
    /// The number of parts that it is inside.
    pub(crate) depth: usize,
    /// Its number among its parent's parts; `None` if it is the next one.
    pub(crate) number: Option<u32>,
    pub(crate) kind: Kind,
    pub(crate) fields: Fields,
    /// The decoded subject of the message that it embeds.
    pub(crate) subject: Option<String>,
    pub(crate) encoded_size: Option<u64>,
    pub(crate) encoded: Option<Octets>,
    pub(crate) entity: Option<Octets>,
    pub(crate) flaws: Vec<Reason>,
}

/// What is inside a part.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// Octets.
    Leaf,
    /// Other parts.
    Multipart,
    /// The body of another message.
    Message,
}

impl Draft {
    pub(crate) fn new(fields: Fields) -> Self {
        Self {
            depth: 0,
            number: None,
            kind: Kind::Leaf,
            fields,
            subject: None,
            encoded_size: None,
            encoded: None,
            entity: None,
            flaws: Vec::new(),
        }
    }
}

impl Kind {
    /// What a part of this media type is expected to have inside.
    pub(crate) fn of(media_type: &str) -> Self {
        match media_type {
            "message/rfc822" | "message/global" => Self::Message,
            _ if media_type.starts_with("multipart/") => Self::Multipart,
            _ => Self::Leaf,
        }
    }
}

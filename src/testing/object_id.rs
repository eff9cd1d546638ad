//! The identifiers of messages and threads (RFC 8474): made of their content, so that they are the same in every run. They must not know
//! a mailbox.

use std::hash::{DefaultHasher, Hash, Hasher};

use time::OffsetDateTime;

use super::mime;

/// The identifiers of one message.
pub(super) struct Ids {
    pub(super) email: String,
    /// `None` without a `Message-ID` and references.
    pub(super) thread: Option<String>,
}

impl Ids {
    /// A thread is known by the first message that it refers to: the first of `References`, else of `In-Reply-To`, else this one.
    pub(super) fn of(bytes: &[u8], date: OffsetDateTime, header: &[u8]) -> Self {
        let first = ["References", "In-Reply-To", "Message-ID"].iter().find_map(|name| {
            let value = mime::field(header, name)?;
            let start = memchr::memchr(b'<', &value)?;
            let end = start + memchr::memchr(b'>', value.get(start..)?)?;
            value.get(start..end).map(<[u8]>::to_vec)
        });
        Self {
            email: format!("M{:016x}", hash((bytes, date.unix_timestamp()))),
            thread: first.map(|id| format!("T{:016x}", hash(id))),
        }
    }
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

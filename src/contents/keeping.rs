//! [`Keeping`]: a message that arrives in chunks, kept in memory or, if it is large, in a temporary file, for its [`Contents`]. It must not
//! know where the chunks come from, nor on which thread it works.

use std::sync::Arc;

use bytes::Bytes;

use super::Contents;
use super::octets::Octets;
use super::split::Splitter;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::temporary::{Slice, Temporary};

/// The bytes that are written to the file at once.
const PIECE: usize = 1024 * 1024;

/// A message, as much of it as has arrived.
pub(crate) struct Keeping {
    /// What is not in the file.
    memory: Vec<u8>,
    filed: Option<Filed>,
    limits: Limits,
}

/// The part of a message that is in a file, and what was found in it.
struct Filed {
    file: Temporary,
    length: u64,
    splitter: Splitter,
}

impl Keeping {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { memory: Vec::new(), filed: None, limits: limits.clone() }
    }

    /// Keeps the next bytes in memory. If it returns true, [`file`](Self::file) is due.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> bool {
        self.memory.extend_from_slice(bytes);
        let most = self.limits.literal;
        self.memory.len() > if self.filed.is_some() { most.min(PIECE) } else { most }
    }

    /// Moves what is in memory to the file. It blocks the thread.
    ///
    /// # Errors
    ///
    /// [`Kind::Limit`](crate::Kind::Limit) if the message is larger than a file may be, and [`Kind::Storage`](crate::Kind::Storage).
    pub(crate) fn file(mut self) -> Result<Self> {
        let length = self.filed.as_ref().map_or(0, |filed| filed.length) + self.memory.len() as u64;
        if length > self.limits.temporary {
            let (literal, temporary) = (self.limits.literal, self.limits.temporary);
            return Err(Error::limit(format!(
                "the message is larger than the limits of one in memory ({literal}) and in a temporary file ({temporary})"
            )));
        }
        let mut filed = match self.filed {
            Some(filed) => filed,
            None => {
                // A message in memory has headers of this size, too.
                let splitter = Splitter::new(self.limits.literal.max(PIECE));
                Filed { file: Temporary::create()?, length: 0, splitter }
            }
        };
        filed.file.append(&self.memory)?;
        filed.splitter.push(&self.memory);
        filed.length = length;
        // The memory of a message that was just below the limit is not kept.
        self.memory = Vec::new();
        Ok(Self { filed: Some(filed), ..self })
    }

    /// Whether the end of the message has to be moved to the file, too.
    pub(crate) fn is_filed(&self) -> bool {
        self.filed.is_some()
    }

    /// The contents of the message. It parses what is in memory.
    pub(crate) fn contents(self) -> Contents {
        let Some(filed) = self.filed else { return Contents::parse(Bytes::from(self.memory)) };
        let file = Arc::new(filed.file);
        Contents::of_split(filed.splitter.finish(), |range| Octets::File(Slice::new(&file, range)))
    }
}

//! The feature `serde`: what public values look like to [`serde`], as in the JSON of a web program. It uses only what every program sees of
//! the values, and must not know what they are serialised for.

#[cfg(any(feature = "net", feature = "imap", feature = "mail-parser"))]
mod contents;
#[cfg(feature = "imap")]
mod imap;
mod text;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// A map under construction. What is not known is left out.
struct Fields<S: Serializer>(S::SerializeMap);

impl<S: Serializer> Fields<S> {
    fn begin(serializer: S) -> Result<Self, S::Error> {
        serializer.serialize_map(None).map(Self)
    }

    fn put(mut self, name: &'static str, value: impl Serialize) -> Result<Self, S::Error> {
        self.0.serialize_entry(name, &value)?;
        Ok(self)
    }

    fn known(self, name: &'static str, value: Option<impl Serialize>) -> Result<Self, S::Error> {
        match value {
            Some(value) => self.put(name, value),
            None => Ok(self),
        }
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.0.end()
    }
}

/// An iterator as a list.
struct List<F>(F);

impl<F, I> Serialize for List<F>
where
    F: Fn() -> I,
    I: Iterator,
    I::Item: Serialize,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

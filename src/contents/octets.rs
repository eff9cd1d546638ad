//! [`Octets`]: where the bytes of a part are. It must not know what they mean.

use std::fmt;

use bytes::Bytes;

#[cfg(feature = "net")]
use crate::temporary::Slice;

/// Bytes of a message, in its transfer encoding.
#[derive(Clone)]
pub(crate) enum Octets {
    Memory(Bytes),
    #[cfg(feature = "net")]
    File(Slice),
}

impl Octets {
    /// The bytes, if they are in memory.
    pub(crate) fn memory(&self) -> Option<&Bytes> {
        match self {
            Self::Memory(bytes) => Some(bytes),
            #[cfg(feature = "net")]
            Self::File(_) => None,
        }
    }
}

impl Octets {
    /// How many they are.
    #[cfg(feature = "net")]
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File(slice) => slice.len(),
        }
    }
}

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.memory().is_some() { "memory" } else { "a file" };
        write!(f, "Octets({place})")
    }
}

//! The numbers that name messages: [`Uid`] and [`SeqNum`], kept apart so that one is never taken for the other, and the
//! [`UidValidity`] under which a UID means anything (RFC 9051 §2.3.1). No sets of them: those are in `uids.rs`.

use std::fmt;
use std::num::NonZeroU32;

use crate::error::{Error, Result};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(NonZeroU32);

        impl $name {
            /// The greatest number there is.
            pub const MAX: Self = Self(NonZeroU32::MAX);

            /// This number; [`Kind::Input`](crate::Kind::Input) for 0, which names nothing.
            ///
            /// ```
            #[doc = concat!("use postroom::imap::", stringify!($name), ";")]
            ///
            #[doc = concat!("assert_eq!(", stringify!($name), "::new(42)?.as_u32(), 42);")]
            #[doc = concat!("assert!(", stringify!($name), "::new(0).is_err());")]
            /// # Ok::<(), postroom::Error>(())
            /// ```
            pub fn new(number: u32) -> Result<Self> {
                Self::nonzero(number).ok_or_else(|| Error::input(concat!("0 is no ", stringify!($name))))
            }

            /// This number; `None` for 0.
            pub(crate) const fn nonzero(number: u32) -> Option<Self> {
                match NonZeroU32::new(number) {
                    Some(number) => Some(Self(number)),
                    None => None,
                }
            }

            /// The bare number.
            pub const fn as_u32(self) -> u32 {
                self.0.get()
            }
        }

        impl From<NonZeroU32> for $name {
            fn from(number: NonZeroU32) -> Self {
                Self(number)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<$name> for u32 {
            fn from(number: $name) -> Self {
                number.as_u32()
            }
        }

        impl TryFrom<u32> for $name {
            type Error = Error;

            fn try_from(number: u32) -> Result<Self> {
                Self::new(number)
            }
        }
    };
}

number! {
    /// A unique identifier: names one message in one mailbox for as long as the mailbox keeps its [`UidValidity`].
    Uid
}

number! {
    /// A message sequence number: a place in the selected mailbox at this moment, moved by every expunge. It appears in what a
    /// server says; commands of this crate take UIDs.
    SeqNum
}

number! {
    /// The generation of a mailbox's UIDs. When it changes, every UID remembered from before means nothing.
    UidValidity
}

//! The numbers that name messages: [`Uid`] and [`SeqNum`], kept apart so that one is never taken for the other, and the
//! [`UidValidity`] under which a UID has a meaning (RFC 9051 §2.3.1). They must not know sets, which are in `uids.rs`.

use std::fmt;
use std::num::NonZeroU32;

use crate::error::{Error, Result};

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(NonZeroU32);

        impl $name {
            /// The smallest number: 1.
            pub const MIN: Self = Self(NonZeroU32::MIN);
            /// The largest number.
            pub const MAX: Self = Self(NonZeroU32::MAX);

            /// Makes it from a number.
            ///
            /// ```
            #[doc = concat!("use postroom::imap::", stringify!($name), ";")]
            ///
            #[doc = concat!("assert_eq!(", stringify!($name), "::new(42)?.as_u32(), 42);")]
            #[doc = concat!("assert!(", stringify!($name), "::new(0).is_err());")]
            /// # Ok::<(), postroom::Error>(())
            /// ```
            ///
            /// # Errors
            ///
            /// [`Kind::Input`](crate::Kind::Input) for 0, which names nothing.
            pub fn new(number: u32) -> Result<Self> {
                Self::nonzero(number).ok_or_else(|| Error::input(concat!("0 is not a valid ", stringify!($name))))
            }

            /// This number; `None` for 0.
            pub(crate) const fn nonzero(number: u32) -> Option<Self> {
                match NonZeroU32::new(number) {
                    Some(number) => Some(Self(number)),
                    None => None,
                }
            }

            /// The number.
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
    /// A unique identifier (RFC 9051 §2.3.1.1): it names one message in one mailbox as long as the mailbox keeps its [`UidValidity`].
    ///
    /// ```
    /// use postroom::imap::Uid;
    ///
    /// let uid = Uid::new(42)?;
    /// assert!(uid < Uid::MAX && uid.to_string() == "42");
    /// # Ok::<(), postroom::Error>(())
    /// ```
    Uid
}

number! {
    /// A message sequence number (RFC 9051 §2.3.1.2): the current position of a message in the selected mailbox, which changes if an
    /// earlier message is expunged. Only responses contain it; commands of this crate take UIDs.
    ///
    /// ```
    /// use postroom::imap::codec::fetched;
    ///
    /// let message = fetched("* 7 FETCH (UID 42)\r\n".into(), &postroom::Limits::default()).unwrap();
    /// assert_eq!(message.seq().map(|number| number.as_u32()), Some(7));
    /// ```
    SeqNum
}

number! {
    /// The generation of a mailbox's UIDs (RFC 9051 §2.3.1.1). If it changes, all UIDs from before are invalid.
    ///
    /// ```
    /// use postroom::imap::{Uid, UidValidity, Uids};
    ///
    /// let uids = Uids::from(Uid::new(42)?).stamped(UidValidity::new(1)?);
    /// assert_eq!(uids.validity(), Some(UidValidity::new(1)?));
    /// # Ok::<(), postroom::Error>(())
    /// ```
    UidValidity
}

//! [`Number`]: a message's number in one session. It must not outlive that session, which the type cannot express.

use std::fmt;
use std::num::NonZeroU32;

use crate::error::{Error, Result};

/// A message number (RFC 1939 §3): 1 or higher, constant during one session, and meaningless in the next.
///
/// ```
/// use postroom::pop3::Number;
///
/// let first = Number::new(1)?;
/// assert_eq!(first.as_u32(), 1);
/// assert!(Number::new(0).is_err());
/// # Ok::<(), postroom::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Number(NonZeroU32);

impl Number {
    /// Makes a message number.
    ///
    /// ```
    /// use postroom::pop3::Number;
    ///
    /// assert!(Number::new(1).is_ok());
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for 0.
    pub fn new(number: u32) -> Result<Self> {
        NonZeroU32::new(number).map(Self).ok_or_else(|| Error::input("message numbers begin at 1"))
    }

    /// The number.
    pub const fn as_u32(self) -> u32 {
        self.0.get()
    }
}

impl From<NonZeroU32> for Number {
    fn from(number: NonZeroU32) -> Self {
        Self(number)
    }
}

impl TryFrom<u32> for Number {
    type Error = Error;

    fn try_from(number: u32) -> Result<Self> {
        Self::new(number)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

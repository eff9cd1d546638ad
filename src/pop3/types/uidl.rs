//! [`Uidl`]: the lasting name of a message in a maildrop. It does not know which message it names.

use std::fmt;

use crate::error::{Error, Result};

/// A unique-id (RFC 1939 §7), the same for one message in every session.
///
/// The RFC allows 1 to 70 octets from `!` to `~`. Real servers also send longer ones, spaces and other bytes. All are
/// accepted as they are and compared byte for byte.
///
/// ```
/// use postroom::pop3::Uidl;
///
/// let uidl = Uidl::try_from("whqtswO00WBw418f9t5JxYwZ")?;
/// assert_eq!(uidl.as_bytes(), b"whqtswO00WBw418f9t5JxYwZ");
/// # Ok::<(), postroom::Error>(())
/// ```
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Uidl(Box<[u8]>);

impl Uidl {
    /// Makes a unique-id.
    ///
    /// ```
    /// use postroom::pop3::Uidl;
    ///
    /// assert!(Uidl::new(*b"1067553600.3").is_ok());
    /// assert!(Uidl::new(*b"").is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) if it is empty or contains CR, LF or NUL.
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Result<Self> {
        let bytes = bytes.into();
        match bytes.is_empty() || bytes.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            true => Err(Error::input("a unique-id must not be empty or contain CR, LF or NUL")),
            false => Ok(Self(bytes)),
        }
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<&str> for Uidl {
    type Error = Error;

    fn try_from(text: &str) -> Result<Self> {
        Self::new(text.as_bytes())
    }
}

impl fmt::Display for Uidl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

impl fmt::Debug for Uidl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uidl({self})")
    }
}

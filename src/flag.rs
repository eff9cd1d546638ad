//! Flags of messages: [`Flag`] and [`FlagChange`]. Their names and characters are those of RFC 9051 §2.3.2 and the IANA keyword
//! registry. It must not know how a protocol sends them.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};

use crate::{Error, Result};

/// A flag of a message: a system flag such as `\Seen`, or a keyword such as `$Forwarded` or `todo`.
///
/// Flags are compared without regard to ASCII letter case, as servers do. Cloning a well-known flag does not allocate.
///
/// ```
/// use postroom::Flag;
///
/// assert_eq!(Flag::new("\\seen")?, Flag::SEEN);
/// assert!(Flag::new("two words").is_err());
/// # Ok::<(), postroom::Error>(())
/// ```
#[derive(Clone)]
pub struct Flag(Cow<'static, str>);

/// A change to the flags of messages: some added, some removed, or all replaced.
///
/// ```
/// use postroom::{Flag, FlagChange};
///
/// let change = FlagChange::add([Flag::SEEN, Flag::FLAGGED]);
/// assert_eq!(change.flags().len(), 2);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FlagChange {
    action: FlagAction,
    flags: Vec<Flag>,
}

/// What a [`FlagChange`] does with its flags.
///
/// ```
/// use postroom::{Flag, FlagAction, FlagChange};
///
/// assert_eq!(FlagChange::remove([Flag::SEEN]).action(), FlagAction::Remove);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a change adds, removes or replaces")]
pub enum FlagAction {
    /// The flags are added, the others stay.
    Add,
    /// The flags are removed, the others stay.
    Remove,
    /// The flags become the only ones.
    Set,
}

impl Flag {
    /// The message has been read.
    pub const SEEN: Self = Self::known("\\Seen");
    /// The message has been answered.
    pub const ANSWERED: Self = Self::known("\\Answered");
    /// The message is marked for special attention.
    pub const FLAGGED: Self = Self::known("\\Flagged");
    /// The message is marked to be removed by a later expunge.
    pub const DELETED: Self = Self::known("\\Deleted");
    /// The message is a draft.
    pub const DRAFT: Self = Self::known("\\Draft");
    /// The message has been forwarded.
    pub const FORWARDED: Self = Self::known("$Forwarded");
    /// A notification of its reading has been sent, or must never be (RFC 3503).
    pub const MDN_SENT: Self = Self::known("$MDNSent");
    /// The message is unwanted.
    pub const JUNK: Self = Self::known("$Junk");
    /// The message is not unwanted.
    pub const NOT_JUNK: Self = Self::known("$NotJunk");
    /// The message is probably a fraud.
    pub const PHISHING: Self = Self::known("$Phishing");
    /// The server or a client considers the message important for this user (RFC 8457).
    pub const IMPORTANT: Self = Self::known("$Important");
    /// The message waits to be submitted (RFC 5788 §3.4.3); with [`SUBMITTED`](Self::SUBMITTED), it is being submitted.
    pub const SUBMIT_PENDING: Self = Self::known("$SubmitPending");
    /// The message was submitted (RFC 5788 §3.4.4).
    pub const SUBMITTED: Self = Self::known("$Submitted");

    const WELL_KNOWN: &[Self] = &[
        Self::SEEN,
        Self::ANSWERED,
        Self::FLAGGED,
        Self::DELETED,
        Self::DRAFT,
        Self::FORWARDED,
        Self::MDN_SENT,
        Self::JUNK,
        Self::NOT_JUNK,
        Self::PHISHING,
        Self::IMPORTANT,
        Self::SUBMIT_PENDING,
        Self::SUBMITTED,
    ];

    /// The flag with this name, to set it or look for it.
    ///
    /// ```
    /// let flag = postroom::Flag::new("todo")?;
    /// assert_eq!(flag.as_str(), "todo");
    /// assert!(postroom::Flag::new("\\Recent").is_err());
    /// # Ok::<(), postroom::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) if no server could store it: an empty name, a character that a flag cannot have
    /// (RFC 9051 §9, `flag`), or `\Recent`, which only servers set.
    pub fn new(name: &str) -> Result<Self> {
        let flag = Self::found(name);
        if !flag.is_storable() || name.contains(']') {
            return Err(Error::input(format!("{name:?} cannot be a flag")));
        }
        Ok(flag)
    }

    /// The name, with the backslash of a system flag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is a system flag, one with a backslash.
    pub fn is_system(&self) -> bool {
        self.0.starts_with('\\')
    }

    /// The flag as a server named it. Any name is accepted: servers use spaces, brackets and `\*`.
    pub(crate) fn found(name: &str) -> Self {
        let known = Self::WELL_KNOWN.iter().find(|known| known.0.eq_ignore_ascii_case(name));
        known.cloned().unwrap_or_else(|| Self(Cow::Owned(name.to_owned())))
    }

    /// Whether a client may send it: one atom, in which Gmail also uses `]`, and not `\Recent`.
    pub(crate) fn is_storable(&self) -> bool {
        let keyword = self.0.strip_prefix('\\').unwrap_or(&self.0);
        !keyword.is_empty() && keyword.bytes().all(is_keyword_byte) && !self.0.eq_ignore_ascii_case("\\Recent")
    }

    const fn known(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }
}

fn is_keyword_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'(' | b')' | b'{' | b'%' | b'*' | b'"' | b'\\')
}

impl FlagChange {
    /// Adds these flags and keeps the others.
    pub fn add(flags: impl IntoIterator<Item = Flag>) -> Self {
        Self::new(FlagAction::Add, flags)
    }

    /// Removes these flags and keeps the others.
    pub fn remove(flags: impl IntoIterator<Item = Flag>) -> Self {
        Self::new(FlagAction::Remove, flags)
    }

    /// Replaces all flags by these.
    pub fn set(flags: impl IntoIterator<Item = Flag>) -> Self {
        Self::new(FlagAction::Set, flags)
    }

    /// What is done with the flags.
    pub fn action(&self) -> FlagAction {
        self.action
    }

    /// The flags, in the order given.
    pub fn flags(&self) -> &[Flag] {
        &self.flags
    }

    fn new(action: FlagAction, flags: impl IntoIterator<Item = Flag>) -> Self {
        Self { action, flags: flags.into_iter().collect() }
    }
}

impl PartialEq for Flag {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Flag {}

impl Hash for Flag {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
        state.write_u8(0xff);
    }
}

impl AsRef<str> for Flag {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flag({})", self.0)
    }
}

impl std::str::FromStr for Flag {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::new(name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn letter_case_never_tells_flags_apart() {
        let set: HashSet<Flag> = ["\\SEEN", "\\Seen", "todo", "TODO"].map(Flag::found).into();
        assert_eq!(set.len(), 2);
        assert!(set.contains(&Flag::SEEN));
    }

    #[test]
    fn registered_keywords_are_known_in_any_letter_case() {
        // RFC 5788 §3.4, RFC 8457 §2, RFC 9051 §2.3.2
        for (name, flag) in [
            ("$mdnsent", Flag::MDN_SENT),
            ("$FORWARDED", Flag::FORWARDED),
            ("$submitpending", Flag::SUBMIT_PENDING),
            ("$submitted", Flag::SUBMITTED),
            ("$important", Flag::IMPORTANT),
            ("$phishing", Flag::PHISHING),
        ] {
            assert_eq!(Flag::new(name).unwrap(), flag);
            assert_eq!(Flag::found(name).as_str(), flag.as_str());
        }
    }

    #[test]
    fn what_no_server_could_store_is_refused() {
        for name in
            ["", "\\", "\\Recent", "\\RECENT", "\\*", "a b", "a\r\nb", "a\0", "(", "{5}", "\"", "ä", "a]", "\\\\Seen"]
        {
            assert!(Flag::new(name).is_err(), "{name:?}");
        }
        for name in ["\\Seen", "$Forwarded", "NonJunk", "a[b", "x-1"] {
            assert_eq!(Flag::new(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn a_flag_that_a_server_uses_may_be_sent_back_where_it_is_one_atom() {
        assert!(Flag::found("Gmail]").is_storable());
        assert!(!Flag::found("Gmail label").is_storable());
        assert!(!Flag::found("\\*").is_storable());
    }
}

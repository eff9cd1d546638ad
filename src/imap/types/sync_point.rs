//! [`SyncPoint`]: how far a program knows a mailbox, and its text form. It must not know how the changes since then are found.

use std::fmt;
use std::str::FromStr;

use super::modseq::is_modseq;
use super::uid::{Uid, UidValidity};
use super::uids::Uids;
use crate::error::{Error, Result};

/// The version of the text form.
const VERSION: &str = "1";

/// How far a program knows a mailbox: what it stores with its copy, and gives to [`Opening::resume`](crate::imap::Opening::resume) the
/// next time. The default knows nothing, for the first time.
///
/// Its text form is versioned and has only printable ASCII characters without spaces. Store it in the same transaction as the changes that
/// led to it.
///
/// ```
/// use postroom::imap::SyncPoint;
///
/// let first = SyncPoint::default();
/// assert!(first.known.is_empty());
/// let point: SyncPoint = "1/3857529045/550/90060128194045007/1:40,42".parse()?;
/// assert_eq!((point.highest_modseq, point.known.len()), (Some(90060128194045007), 41));
/// assert_eq!(point.to_string(), "1/3857529045/550/90060128194045007/1:40,42");
/// # Ok::<(), postroom::Error>(())
/// ```
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct SyncPoint {
    /// The UIDVALIDITY under which the rest has a meaning; `None` before the first time, and if the mailbox's UIDs do not last.
    pub validity: Option<UidValidity>,
    /// A lower bound for the UID of the next message.
    pub uid_next: Option<Uid>,
    /// The modification sequence up to which all changes are known; `None` if the server has none (RFC 7162).
    pub highest_modseq: Option<u64>,
    /// The messages that the program knows, without an open end.
    pub known: Uids,
}

impl SyncPoint {
    /// The modification sequence, if a server can have sent it.
    pub(crate) fn modseq(&self) -> Option<u64> {
        self.highest_modseq.filter(|&modseq| is_modseq(modseq))
    }
}

/// The text form: version, UIDVALIDITY, UIDNEXT, modification sequence, UIDs. 0 means that a number is not known.
impl fmt::Display for SyncPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (validity, next) = (self.validity.map_or(0, u32::from), self.uid_next.map_or(0, Uid::as_u32));
        let modseq = self.highest_modseq.unwrap_or(0);
        write!(f, "{VERSION}/{validity}/{next}/{modseq}/{}", self.known)
    }
}

impl FromStr for SyncPoint {
    type Err = Error;

    /// Reads the text form. Anything else, also a later version, is an error of [`Kind::Input`](crate::Kind::Input).
    fn from_str(text: &str) -> Result<Self> {
        read(text).ok_or_else(|| Error::input("not the text form of a SyncPoint, or of a later version of it"))
    }
}

fn read(text: &str) -> Option<SyncPoint> {
    let mut parts = text.strip_prefix(VERSION)?.strip_prefix('/')?.split('/');
    let mut number = || -> Option<u64> {
        let digits = parts.next().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        digits.parse().ok()
    };
    let (validity, next, modseq) = (number()?, number()?, number()?);
    let validity = UidValidity::nonzero(u32::try_from(validity).ok()?);
    let uid_next = Uid::nonzero(u32::try_from(next).ok()?);
    let highest_modseq = Some(modseq).filter(|&modseq| modseq != 0);
    let known = match parts.next()? {
        "" => Uids::new(),
        set => Uids::from_wire(set.as_bytes())?,
    }
    .under(validity);
    let valid = parts.next().is_none() && known.open_from().is_none() && highest_modseq.is_none_or(is_modseq);
    valid.then_some(SyncPoint { validity, uid_next, highest_modseq, known })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_text_form_comes_back(validity: u32, next: u32, modseq in 0u64..1 << 63, uids in prop::collection::vec(1u32.., 0..20)) {
            let validity = UidValidity::nonzero(validity);
            let known: Uids = uids.into_iter().filter_map(Uid::nonzero).collect();
            let known = known.under(validity);
            let highest_modseq = Some(modseq).filter(|&modseq| modseq > 0);
            let point = SyncPoint { validity, uid_next: Uid::nonzero(next), highest_modseq, known };
            let text = point.to_string();
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert_eq!(text.parse::<SyncPoint>().unwrap(), point);
        }

        #[test]
        fn no_text_panics(text in "[1-2/0-9:,* ]{0,30}") {
            let _ = text.parse::<SyncPoint>();
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "1",
            "2/1/2/3/1",
            "1/1/2/3",
            "1/1/2/3/1/",
            "1/1/2/3/1:*",
            "1/1/2/3/0",
            "1/+1/2/3/1",
            "1/1/2/9223372036854775808/1",
            "1/4294967296/2/3/1",
            "1/1/2//1",
            " 1/1/2/3/1",
        ] {
            assert!(text.parse::<SyncPoint>().is_err(), "{text}");
        }
        assert_eq!("1/0/0/0/".parse::<SyncPoint>().unwrap(), SyncPoint::default());
        assert_eq!(SyncPoint::default().to_string(), "1/0/0/0/");
    }
}

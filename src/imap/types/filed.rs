//! Where messages went: [`Appended`] for one that came from outside, [`Transferred`] for those of another mailbox. It must not know
//! which command put them there.

use super::copy_uid::CopyUid;
use super::uid::{Uid, UidValidity};
use super::uids::Uids;

/// The place of an appended message (RFC 4315 §3). As a set of UIDs it carries the UIDVALIDITY.
///
/// ```
/// use postroom::imap::{Appended, Uids};
///
/// fn stamped(appended: Appended) -> Uids {
///     appended.into()
/// }
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Appended {
    /// Its UID.
    pub uid: Uid,
    /// The UIDVALIDITY of the mailbox it is in.
    pub validity: UidValidity,
}

impl Appended {
    /// Of one message: a set that names another number of them is no answer, and UIDs that do not last name nothing.
    pub(crate) fn from_set(uids: &Uids) -> Option<Self> {
        let uid = uids.iter().next().filter(|_| uids.len() == 1 && uids.open_from().is_none())?;
        Some(Self { uid, validity: uids.validity()? })
    }
}

impl From<Appended> for Uids {
    fn from(appended: Appended) -> Self {
        Self::from(appended.uid).stamped(appended.validity)
    }
}

/// What became of messages that were copied or moved.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Transferred {
    /// Which message became which, where the server says so (UIDPLUS), as far as they were asked for.
    pub mapping: Option<CopyUid>,
    /// Those of the UIDs asked for of which there was no message (any more), as the server shows by naming all that it copied, or
    /// all that there are; under the UIDVALIDITY of the mailbox they were asked for in. `None` where it does not show it, and where the set asked for had no end (`*`).
    pub missing: Option<Uids>,
}

impl Transferred {
    /// One command of several, about another part of the set.
    pub(crate) fn joined(self, more: Self) -> Self {
        let mapping = match (self.mapping, more.mapping) {
            (Some(mine), Some(theirs)) => Some(mine.joined(&theirs)),
            (mine, theirs) => mine.or(theirs),
        };
        let missing = self.missing.zip(more.missing).and_then(|(mine, theirs)| mine.union(&theirs).ok());
        Self { mapping, missing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message_has_one_uid_that_lasts() {
        let set = |text: &str, validity| text.parse::<Uids>().unwrap().under(UidValidity::nonzero(validity));
        let appended = Appended::from_set(&set("4", 7)).unwrap();
        assert_eq!((appended.uid.as_u32(), u32::from(appended.validity)), (4, 7));
        assert_eq!(Uids::from(appended), set("4", 7));
        for (text, validity) in [("4:5", 7), ("1:4294967295", 7), ("4,6", 7), ("4:*", 7), ("4", 0)] {
            assert!(Appended::from_set(&set(text, validity)).is_none(), "{text}");
        }
    }

    #[test]
    fn what_one_part_does_not_show_is_not_shown() {
        let missing =
            |text: Option<&str>| Transferred { mapping: None, missing: text.map(|text| text.parse().unwrap()) };
        let both = missing(Some("4")).joined(missing(Some("7:8")));
        assert_eq!(both.missing.unwrap().to_string(), "4,7:8");
        assert_eq!(missing(Some("4")).joined(missing(None)).missing, None);
    }
}

//! Where messages went: [`Appended`] for an uploaded message, [`Transferred`] for copied or moved ones. It must not know which command
//! put them there.

use super::copy_uid::CopyUid;
use super::uid::{Uid, UidValidity};
use super::uids::Uids;
use super::undo::Undo;

/// The UID of an appended message (RFC 4315 §3). It converts to a set of UIDs that is stamped with the UIDVALIDITY.
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
    /// The message's UID.
    pub uid: Uid,
    /// The UIDVALIDITY of the mailbox that contains it.
    pub validity: UidValidity,
}

impl Appended {
    /// The place of one message. `None` if the set has more or fewer than one UID, or if the mailbox's UIDs do not last.
    pub(crate) fn from_set(uids: &Uids) -> Option<Self> {
        let uid = uids.iter().next().filter(|_| uids.len() == 1 && uids.open_from().is_none())?;
        Some(Self { uid, validity: uids.validity()? })
    }
}

impl Appended {
    /// The places of this number of messages, in the order in which they were appended: their UIDs ascend (RFC 4315 §3). `None` if the set does
    /// not have as many.
    pub(crate) fn each(uids: &Uids, count: usize) -> Option<Vec<Self>> {
        let validity = uids.validity().filter(|_| uids.len() == count as u64 && uids.open_from().is_none())?;
        Some(uids.iter().map(|uid| Self { uid, validity }).collect())
    }
}

/// What became of one of several messages: see [`AppendedAll`].
///
/// ```
/// use postroom::imap::AppendOutcome;
///
/// fn is_to_be_sent_again(outcome: AppendOutcome) -> bool {
///     outcome == AppendOutcome::NotStored
/// }
/// assert!(!is_to_be_sent_again(AppendOutcome::Unknown));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum AppendOutcome {
    /// It is stored; with its UID, if the server reports that.
    Stored(Option<Appended>),
    /// It is not stored.
    NotStored,
    /// The connection ended before the answer: it may be stored or not.
    Unknown,
}

/// What became of several messages: see [`Imap::append_all`](crate::imap::Imap::append_all).
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |imap| {
/// use postroom::imap::{Append, AppendOutcome};
///
/// let drafts = ["Subject: one\r\n\r\n", "Subject: two\r\n\r\n"].map(Append::from);
/// let all = imap.append_all("Drafts", drafts).await?;
/// assert!(all.messages.iter().all(|outcome| matches!(outcome, AppendOutcome::Stored(Some(_)))));
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct AppendedAll {
    /// One for each message, in their order.
    pub messages: Vec<AppendOutcome>,
}

impl From<Appended> for Uids {
    fn from(appended: Appended) -> Self {
        Self::from(appended.uid).stamped(appended.validity)
    }
}

/// The result of copying or moving messages.
///
/// ```
/// use postroom::imap::{Transferred, Uid};
///
/// fn new_uid(moved: &Transferred, old: Uid) -> Option<Uid> {
///     moved.mapping.as_ref()?.destination(old)
/// }
/// assert_eq!(new_uid(&Transferred::default(), Uid::MAX), None);
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Transferred {
    /// The UIDs of the copies, if the server reports them (UIDPLUS, RFC 4315). Only messages that were asked for are named.
    pub mapping: Option<CopyUid>,
    /// The UIDs asked for that name no message (any more), stamped with the UIDVALIDITY of the source mailbox. The server shows them
    /// by naming all messages that it copied, or all that exist. `None` if it shows neither, or if the set asked for ends in `*`.
    pub missing: Option<Uids>,
    /// How to move the messages back, by [`Imap::undo`](crate::imap::Imap::undo). `None` for copies, and if the server shows in no way
    /// where each message went (`COPYUID`, or `EMAILID` of at most 1,000 messages).
    pub undo: Option<Undo>,
}

impl Transferred {
    /// Joins the results of two commands about different parts of one set.
    pub(crate) fn joined(self, more: Self) -> Self {
        let mapping = match (self.mapping, more.mapping) {
            (Some(mine), Some(theirs)) => Some(mine.joined(&theirs)),
            (mine, theirs) => mine.or(theirs),
        };
        let missing = self.missing.zip(more.missing).and_then(|(mine, theirs)| mine.union(&theirs).ok());
        Self { mapping, missing, undo: None }
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
        let missing = |text: Option<&str>| Transferred {
            missing: text.map(|text| text.parse().unwrap()),
            ..Transferred::default()
        };
        let both = missing(Some("4")).joined(missing(Some("7:8")));
        assert_eq!(both.missing.unwrap().to_string(), "4,7:8");
        assert_eq!(missing(Some("4")).joined(missing(None)).missing, None);
    }
}

//! [`Undo`]: what is known about messages that were moved, so that they can be moved back. It must not know a session.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

use super::copy_uid::CopyUid;
use super::mailbox_name::MailboxName;
use super::uid::UidValidity;
use super::uid_list::UidList;
use super::uids::Uids;
use crate::Flag;
use crate::error::{Error, Result};

/// The start of every text form. The digit is the version of the format.
const VERSION: &str = "postroom1:undo:";

/// What is percent-encoded: all but letters, digits, `-`, `.` and `_`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// Where messages were moved from and to: from [`Transferred::undo`](crate::imap::Transferred::undo), for
/// [`Imap::undo`](crate::imap::Imap::undo). Its text form ([`Display`](fmt::Display), [`FromStr`]) has a version and can be stored, so that
/// another session, or another run of a program, can undo the move.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::imap::{Uid, Undo};
///
/// let moved = imap.select("INBOX").await?.move_to(Uid::new(1)?, "Archive").await?;
/// if let Some(undo) = moved.undo {
///     let stored = undo.to_string();
///     assert_eq!(stored.parse::<Undo>()?, undo);
/// }
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Eq, PartialEq)]
pub struct Undo {
    account: Box<str>,
    from: MailboxName,
    to: MailboxName,
    /// The UIDVALIDITY of the mailbox with the copies.
    validity: UidValidity,
    /// From the copies to the messages as they were, stamped.
    back: CopyUid,
    /// A keyword that was added before the move.
    marked: Option<Flag>,
}

impl Undo {
    /// `None` if the server does not show where each message went.
    pub(crate) fn new(
        account: &str,
        from: (&MailboxName, Option<UidValidity>),
        to: &MailboxName,
        moved: &CopyUid,
    ) -> Option<Self> {
        let (validity, back) = (moved.validity()?, moved.inverted(from.1)?);
        Some(Self { account: account.into(), from: from.0.clone(), to: to.clone(), validity, back, marked: None })
    }

    /// Also takes this keyword away again.
    pub(crate) fn marked(self, keyword: Option<Flag>) -> Self {
        Self { marked: keyword, ..self }
    }

    /// The mailbox where the messages were.
    pub fn from(&self) -> &MailboxName {
        &self.from
    }

    /// The mailbox where they are now.
    pub fn to(&self) -> &MailboxName {
        &self.to
    }

    /// Their UIDs where they are now, stamped with the UIDVALIDITY.
    pub fn messages(&self) -> Uids {
        self.back.from().clone().stamped(self.validity)
    }

    /// The UIDs that these messages had before they were moved, stamped with that UIDVALIDITY.
    pub(crate) fn originals(&self, copies: &Uids) -> Uids {
        self.back.clone().within(copies).map(|part| part.to().clone()).unwrap_or_default()
    }

    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    pub(crate) fn keyword(&self) -> Option<&Flag> {
        self.marked.as_ref()
    }
}

impl fmt::Display for Undo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escaped = |bytes: &[u8]| percent_encode(bytes, ENCODED).to_string();
        let name = |name: &MailboxName| escaped(&name.to_wire(false));
        let [copies, originals] = self.back.lists();
        let (source, validity) = (self.back.validity().map_or(0, u32::from), u32::from(self.validity));
        let marked = escaped(self.marked.as_ref().map_or("", Flag::as_str).as_bytes());
        write!(f, "{VERSION}{}/{}/{source}", escaped(self.account.as_bytes()), name(&self.from))?;
        write!(f, "/{originals}/{}/{validity}/{copies}/{marked}", name(&self.to))
    }
}

impl fmt::Debug for Undo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Undo({self})")
    }
}

impl FromStr for Undo {
    type Err = Error;

    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) if the text is not an undo, or has a version that this library does not know.
    fn from_str(text: &str) -> Result<Self> {
        parse(text).ok_or_else(|| Error::input("this text is not the undo of a move"))
    }
}

fn parse(text: &str) -> Option<Undo> {
    let parts: Vec<&str> = text.strip_prefix(VERSION)?.split('/').collect();
    let [account, from, source, originals, to, validity, copies, marked] = parts.as_slice() else { return None };
    let bytes = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
    let words = |text: &str| String::from_utf8(bytes(text)).ok();
    let name =
        |text: &str| Some(bytes(text)).filter(|name| !name.is_empty()).map(|name| MailboxName::from_wire(&name, false));
    let list = |text: &str| UidList::from_wire(text.as_bytes()).filter(|list| !list.is_empty());
    let (originals, copies) = (list(originals)?, list(copies)?);
    let marked = Some(words(marked)?).filter(|marked| !marked.is_empty());
    let source = UidValidity::nonzero(source.parse().ok()?);
    Some(Undo {
        account: words(account)?.into(),
        from: name(from)?,
        to: name(to)?,
        validity: UidValidity::nonzero(validity.parse().ok()?)?,
        back: Some(CopyUid::new(source, copies, originals)).filter(|back| !back.lists()[0].is_empty())?,
        marked: marked.map(|marked| Flag::new(&marked)).transpose().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(text: &str) -> UidList {
        UidList::from_wire(text.as_bytes()).unwrap()
    }

    fn undo(from: MailboxName, to: MailboxName, marked: Option<Flag>) -> Undo {
        let moved = CopyUid::new(UidValidity::nonzero(8), list("3,1,7:9"), list("20:24"));
        Undo::new("me@example.org/x", (&from, UidValidity::nonzero(7)), &to, &moved).unwrap().marked(marked)
    }

    #[test]
    fn the_way_back_is_known_for_each_message() {
        let undo = undo(MailboxName::INBOX, MailboxName::new("Trash").unwrap(), None);
        assert_eq!(
            (undo.messages().to_string(), undo.messages().validity()),
            ("20:24".into(), UidValidity::nonzero(8))
        );
        let gone = undo.originals(&"21,24:99".parse().unwrap());
        assert_eq!((gone.to_string(), gone.validity()), ("1,9".into(), UidValidity::nonzero(7)));
        assert!(undo.originals(&"1:3".parse().unwrap()).is_empty());
    }

    #[test]
    fn without_pairs_or_uidvalidity_there_is_no_way_back() {
        let (from, to) = (MailboxName::INBOX, MailboxName::new("Trash").unwrap());
        for moved in [
            CopyUid::new(UidValidity::nonzero(8), list("1:2"), list("3")),
            CopyUid::new(None, list("1"), list("3")),
            CopyUid::default(),
        ] {
            assert_eq!(Undo::new("me", (&from, None), &to, &moved), None);
        }
    }

    proptest! {
        #[test]
        fn the_text_form_brings_back_the_same(from in prop::collection::vec(1u8.., 1..20), to in "[^\0\r\n]{1,9}", junk: bool) {
            let (from, to) = (MailboxName::from_wire(&from, false), MailboxName::new(&to).unwrap());
            let undo = undo(from, to, junk.then_some(Flag::JUNK));
            prop_assert_eq!(undo.to_string().parse::<Undo>().unwrap(), undo);
        }

        #[test]
        fn no_text_panics(text: String, rest in "[0-9:,/]{0,30}") {
            let _ = text.parse::<Undo>();
            let _ = format!("{VERSION}{rest}").parse::<Undo>();
        }
    }
}

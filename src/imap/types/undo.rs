//! [`Undo`]: what is known about messages that were moved, so that they can be moved back. It must not know a session.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

use super::copy_uid::CopyUid;
use super::mailbox_name::MailboxName;
use super::traced::Traced;
use super::uid::{Uid, UidValidity};
use super::uid_list::UidList;
use super::uids::Uids;
use crate::Flag;
use crate::error::{Error, Result};

/// The start of every text form. The digit is the version of the format.
const VERSION: &str = "postroom1:undo:";

/// In place of the original UIDs, if the messages are known by identifiers.
const IDS: &str = "emailid";

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
    back: Back,
    /// A keyword that was added before the move.
    marked: Option<Flag>,
}

/// The way from the copies to the messages as they were.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Back {
    /// By UIDs, stamped.
    Uids(CopyUid),
    /// By identifiers, with the UIDVALIDITY of the mailbox where they were.
    Ids(Traced, Option<UidValidity>),
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
        Some(Self::of(account, from.0, (to, validity), Back::Uids(back)))
    }

    /// Of messages that are found by their identifiers in a mailbox of that UIDVALIDITY.
    pub(crate) fn traced(
        account: &str,
        from: (&MailboxName, Option<UidValidity>),
        to: (&MailboxName, UidValidity),
        messages: Traced,
    ) -> Self {
        Self::of(account, from.0, to, Back::Ids(messages, from.1))
    }

    fn of(account: &str, from: &MailboxName, (to, validity): (&MailboxName, UidValidity), back: Back) -> Self {
        Self { account: account.into(), from: from.clone(), to: to.clone(), validity, back, marked: None }
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

    /// Their UIDs where they are now, stamped with the UIDVALIDITY. `None` if the server has not reported them: then they are found by
    /// their identifiers (EMAILID).
    pub fn messages(&self) -> Option<Uids> {
        match &self.back {
            Back::Uids(back) => Some(back.from().clone().stamped(self.validity)),
            Back::Ids(..) => None,
        }
    }

    /// What shows where they are if there are no UIDs.
    pub(crate) fn traces(&self) -> Option<&Traced> {
        match &self.back {
            Back::Uids(_) => None,
            Back::Ids(messages, _) => Some(messages),
        }
    }

    /// The UIDVALIDITY of the mailbox where they are now.
    pub(crate) fn validity(&self) -> UidValidity {
        self.validity
    }

    /// The way back, if the messages that have to be found by their identifiers are among these.
    pub(crate) fn back<'a>(&self, found: impl IntoIterator<Item = (Uid, &'a str)>) -> CopyUid {
        match &self.back {
            Back::Uids(back) => back.clone(),
            Back::Ids(messages, validity) => messages.back(*validity, found),
        }
    }

    /// The UIDs that all messages had before they were moved, stamped with that UIDVALIDITY.
    pub(crate) fn originals(&self) -> Uids {
        match &self.back {
            Back::Uids(back) => back.to().clone(),
            Back::Ids(messages, validity) => messages.originals().collect::<Uids>().under(*validity),
        }
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
        let [source, originals, copies] = match &self.back {
            Back::Uids(back) => {
                let [copies, originals] = back.lists();
                [back.validity().map_or(0, u32::from).to_string(), originals.to_string(), copies.to_string()]
            }
            Back::Ids(messages, source) => {
                [source.map_or(0, u32::from).to_string(), IDS.to_owned(), messages.to_string()]
            }
        };
        let validity = u32::from(self.validity);
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
    let source = UidValidity::nonzero(source.parse().ok()?);
    let back = match *originals {
        IDS => Back::Ids(copies.parse().ok()?, source),
        originals => {
            let back = CopyUid::new(source, list(copies)?, list(originals)?);
            Back::Uids(Some(back).filter(|back| !back.lists()[0].is_empty())?)
        }
    };
    let marked = Some(words(marked)?).filter(|marked| !marked.is_empty());
    Some(Undo {
        account: words(account)?.into(),
        from: name(from)?,
        to: name(to)?,
        validity: UidValidity::nonzero(validity.parse().ok()?)?,
        back,
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
        let copies = undo.messages().unwrap();
        assert_eq!((copies.to_string(), copies.validity()), ("20:24".into(), UidValidity::nonzero(8)));
        let originals = undo.originals();
        assert_eq!((originals.to_string(), originals.validity()), ("1,3,7:9".into(), UidValidity::nonzero(7)));
        let gone = undo.back([]).within(&"21,24:99".parse().unwrap()).unwrap();
        assert_eq!((gone.to().to_string(), gone.to().validity()), ("1,9".into(), UidValidity::nonzero(7)));
        assert!(undo.back([]).within(&"1:3".parse().unwrap()).is_none());
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
            prop_assert_eq!(&undo.to_string().parse::<Undo>().unwrap(), &undo);
            let messages = "20,1:M1,3:M-2".parse().unwrap();
            let to = (&undo.to, undo.validity);
            let traced = Undo::traced("me/x", (&undo.from, None), to, messages).marked(undo.marked.clone());
            prop_assert_eq!(traced.to_string().parse::<Undo>().unwrap(), traced);
        }

        #[test]
        fn no_text_panics(text: String, rest in "([0-9:,/]|emailid){0,30}") {
            let _ = text.parse::<Undo>();
            let _ = format!("{VERSION}{rest}").parse::<Undo>();
        }
    }
}

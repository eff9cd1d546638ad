//! Reads `ACL`, `LISTRIGHTS` and `MYRIGHTS` (RFC 4314 §3.6 to §3.8, §7). It must not know what was asked for.

use nom::Parser;
use nom::combinator::{map, map_opt};

use super::grammar::{self, Read, astring, at_line_end, entries, lossy, spaced, untagged};
use super::unreadable::Unreadable;
use crate::imap::types::{Acl, AclEntry, ListRights, MailboxName, MyRights, Rights};

/// Reads `* ACL INBOX Fred rwipslda`. The mailbox name is read as UTF-8 if `utf8` is set, otherwise as modified UTF-7.
///
/// # Errors
///
/// [`Unreadable`] if the frame is another response, an identifier has no rights after it, or rights are not ASCII.
///
/// ```
/// use postroom::imap::{Rights, codec::acl};
///
/// let list = acl::parse(b"* ACL INBOX Fred rwipsldexta -bob lr\r\n", false)?;
/// assert_eq!(list.entries[0].identifier, "Fred");
/// assert_eq!(list.entries[1].rights, Rights::LOOKUP | Rights::READ);
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
pub fn parse(frame: &[u8], utf8: bool) -> Result<Acl, Unreadable> {
    grammar::read(frame, |input| {
        let (input, (_, mailbox)) = (untagged(&["ACL"]), mailbox(utf8)).parse(input)?;
        let entry = map((text, rights), |(identifier, rights)| AclEntry { identifier, rights });
        let (input, entries) = entries(input, 2, at_line_end, entry)?;
        Ok((input, Acl { mailbox, entries }))
    })
}

/// Reads `* LISTRIGHTS ~/Mail/saved smith la r swicdkxte`. The mailbox name is read as UTF-8 if `utf8` is set, otherwise as modified
/// UTF-7.
///
/// ```
/// let rights = postroom::imap::codec::acl::list_rights(b"* LISTRIGHTS INBOX smith la r swicdkxte\r\n", false)?;
/// assert_eq!((rights.required.to_string().as_str(), rights.optional.len()), ("al", 2));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
///
/// # Errors
///
/// [`Unreadable`] if the frame is another response, or rights are missing or not ASCII.
pub fn list_rights(frame: &[u8], utf8: bool) -> Result<ListRights, Unreadable> {
    grammar::read(frame, |input| {
        let head = (untagged(&["LISTRIGHTS"]), mailbox(utf8), text, rights);
        let (input, (_, mailbox, identifier, required)) = { head }.parse(input)?;
        let (input, optional) = entries(input, 1, at_line_end, rights)?;
        Ok((input, ListRights { mailbox, identifier, required, optional }))
    })
}

/// Reads `* MYRIGHTS INBOX rwiptsldaex`. The mailbox name is read as UTF-8 if `utf8` is set, otherwise as modified UTF-7.
///
/// ```
/// use postroom::imap::{Rights, codec::acl};
///
/// assert!(acl::my_rights(b"* MYRIGHTS INBOX rwiptsldaex\r\n", false)?.rights.contains(Rights::EXPUNGE));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
///
/// # Errors
///
/// [`Unreadable`] if the frame is another response, or rights are missing or not ASCII.
pub fn my_rights(frame: &[u8], utf8: bool) -> Result<MyRights, Unreadable> {
    grammar::read(frame, |input| {
        let parts = (untagged(&["MYRIGHTS"]), mailbox(utf8), rights);
        map(parts, |(_, mailbox, rights)| MyRights { mailbox, rights }).parse(input)
    })
}

/// A mailbox name that is followed by something else.
pub(super) fn mailbox<'a>(utf8: bool) -> impl Parser<&'a [u8], Output = MailboxName, Error = grammar::Fail<'a>> {
    map(spaced(astring), move |name| MailboxName::from_wire(&name, utf8))
}

fn text(input: &[u8]) -> Read<'_, String> {
    map(spaced(astring), |text| lossy(&text)).parse(input)
}

fn rights(input: &[u8]) -> Read<'_, Rights> {
    map_opt(spaced(astring), |text| Rights::from_wire(&text)).parse(input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_4314_are_read() {
        // §3.3, §3.4, §3.5
        let acl = parse(b"* ACL INBOX Fred rwipsldexta David lrswideta\r\n", false).unwrap();
        assert_eq!(acl.entries[1].rights, "lrswideta".parse().unwrap());
        let listed = list_rights(b"* LISTRIGHTS ~/Mail/saved smith la r swicdkxte\r\n", false).unwrap();
        assert_eq!((listed.identifier.as_str(), listed.required.to_string()), ("smith", "al".into()));
        assert_eq!(listed.optional.iter().map(Rights::to_string).collect::<Vec<_>>(), ["r", "cdeikstwx"]);
        let always =
            list_rights(b"* LISTRIGHTS archive.imap anyone \"\" l r s w i p k x t e c d a\r\n", false).unwrap();
        assert!(always.required.is_empty() && always.optional.len() == 13);
        let mine = my_rights(b"* MYRIGHTS INBOX rwiptsldaex\r\n", false).unwrap();
        assert!(mine.mailbox.is_inbox() && mine.rights.contains(Rights::ADMINISTER));
    }

    #[test]
    fn names_may_be_quoted_and_lists_empty() {
        let acl = parse(b"* ACL \"My &APw-\" \"a b\" {2}\r\nlr \r\n", false).unwrap();
        assert_eq!((acl.mailbox.as_str(), acl.entries[0].identifier.as_str()), ("My \u{fc}", "a b"));
        assert!(parse(b"* ACL x\r\n", false).unwrap().entries.is_empty());
    }

    #[test]
    fn what_is_left_half_said_has_its_place() {
        assert_eq!(parse(b"* ACL x fred\r\n", false).unwrap_err().offset, 12);
        assert_eq!(my_rights(b"* MYRIGHTS x \xff\r\n", false).unwrap_err().offset, 12);
        assert!(list_rights(b"* LISTRIGHTS x y\r\n", false).is_err());
    }
}

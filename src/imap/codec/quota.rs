//! Reads `QUOTA` and `QUOTAROOT` (RFC 9208 §4.2, §7). It must not know what was asked for.

use nom::Parser;
use nom::character::complete::char;
use nom::combinator::map;

use super::acl::mailbox;
use super::grammar::{self, Read, astring, at_line_end, at_parenthesis, entries, lossy, number, spaced, untagged};
use super::unreadable::Unreadable;
use crate::imap::types::{Quota, QuotaResource, QuotaRoots, QuotaUsage};

/// Reads `* QUOTA "" (STORAGE 10 512)`. Some servers leave out the name of the root.
///
/// # Errors
///
/// [`Unreadable`] if the frame is another response, or has no list of names with two numbers each.
///
/// ```
/// use postroom::imap::{QuotaResource, codec::quota};
///
/// let quota = quota::parse(b"* QUOTA \"#user/alice\" (STORAGE 54 111 MESSAGE 42 1000)\r\n")?;
/// assert_eq!(quota.of(&QuotaResource::Message).map(|used| (used.usage, used.limit)), Some((42, 1000)));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
pub fn parse(frame: &[u8]) -> Result<Quota, Unreadable> {
    grammar::read(frame, |input| {
        let (input, _) = untagged(&["QUOTA"])(input)?;
        let (input, root) = match input.first() {
            Some(b'(') => (input, String::new()),
            _ => map(astring, |root| lossy(&root)).parse(input)?,
        };
        let (input, _) = spaced(char('(')).parse(input)?;
        let (input, resources) = entries(input, 3, at_parenthesis, usage)?;
        Ok((input, Quota { root, resources }))
    })
}

/// Reads `* QUOTAROOT INBOX "" other`. The mailbox name is read as UTF-8 if `utf8` is set, otherwise as modified UTF-7.
///
/// ```
/// let roots = postroom::imap::codec::quota::roots(b"* QUOTAROOT INBOX \"\"\r\n", false)?;
/// assert_eq!(roots.roots, [""]);
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
///
/// # Errors
///
/// [`Unreadable`] if the frame is another response, or a name does not end.
pub fn roots(frame: &[u8], utf8: bool) -> Result<QuotaRoots, Unreadable> {
    grammar::read(frame, |input| {
        let (input, (_, mailbox)) = (untagged(&["QUOTAROOT"]), mailbox(utf8)).parse(input)?;
        let (input, roots) = entries(input, 1, at_line_end, map(spaced(astring), |root| lossy(&root)))?;
        Ok((input, QuotaRoots { mailbox, roots }))
    })
}

fn usage(input: &[u8]) -> Read<'_, QuotaUsage> {
    let (input, (name, usage, limit)) = (spaced(astring), spaced(number), spaced(number)).parse(input)?;
    Ok((input, QuotaUsage { resource: QuotaResource::new(&lossy(&name)), usage, limit }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_9208_are_read() {
        // §4.1.1, §4.1.2, §4.2.1
        let quota = parse(b"* QUOTA \"!partition/sda4\" (STORAGE 104 10923847)\r\n").unwrap();
        assert_eq!((quota.root.as_str(), quota.resources[0].limit), ("!partition/sda4", 10_923_847));
        let more = parse(b"* QUOTA \"\" (annotation-storage 1 2 X-NEW 3 4)\r\n").unwrap();
        assert_eq!(more.resources[0].resource, QuotaResource::AnnotationStorage);
        assert_eq!(more.resources[1].resource.name(), "X-NEW");
        let roots = roots(b"* QUOTAROOT INBOX \"#user/alice\" \"!partition/sda4\"\r\n", false).unwrap();
        assert!(roots.mailbox.is_inbox());
        assert_eq!(roots.roots, ["#user/alice", "!partition/sda4"]);
    }

    #[test]
    fn untidy_servers_are_understood() {
        assert!(parse(b"* QUOTA \"\" ()\r\n").unwrap().resources.is_empty());
        assert_eq!(parse(b"* QUOTA (STORAGE 1 2 )\r\n").unwrap().resources.len(), 1);
        assert_eq!(parse(b"* QUOTA u ( STORAGE -1 18446744073709551615)\r\n").unwrap().resources[0].usage, 0);
        let quoted = parse(b"* QUOTA u (\"storage\" 1 2)\r\n").unwrap();
        assert_eq!(quoted.resources[0].resource, QuotaResource::Storage);
        assert!(roots(b"* QUOTAROOT \"a b\" \r\n", false).unwrap().roots.is_empty());
    }

    #[test]
    fn what_is_no_quota_has_its_place() {
        assert_eq!(parse(b"* QUOTA x (STORAGE 1)\r\n").unwrap_err().offset, 20);
        assert!(parse(b"* QUOTA x\r\n").is_err());
        assert!(parse(b"* QUOTA x (\r\n").is_err());
    }
}

//! Access control lists (RFC 4314 §3): SETACL, DELETEACL, GETACL, LISTRIGHTS and MYRIGHTS.

use super::extension::Extension;
use crate::error::Replay;
use crate::imap::plan::Topic;
use crate::imap::types::{MailboxName, Rights};

/// How SETACL changes a user's rights.
///
/// ```
/// use postroom::imap::{Extension, MailboxName, Rights, RightsChange};
///
/// let change = Extension::set_acl(&MailboxName::INBOX, "bob", RightsChange::Add(Rights::READ));
/// assert_eq!(change.to_string(), "SETACL INBOX bob +r");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a change adds, removes or replaces")]
pub enum RightsChange {
    /// Replaces all rights by these.
    Set(Rights),
    /// Adds these rights.
    Add(Rights),
    /// Removes these rights.
    Remove(Rights),
}

impl Extension {
    /// SETACL: adds, removes or replaces the rights of a user or group in a mailbox.
    pub fn set_acl(mailbox: &MailboxName, identifier: &str, change: RightsChange) -> Self {
        let (sign, rights) = match change {
            RightsChange::Set(rights) => ("", rights),
            RightsChange::Add(rights) => ("+", rights),
            RightsChange::Remove(rights) => ("-", rights),
        };
        let line = Self::new("SETACL").mailbox(mailbox).text(identifier);
        line.text(format!("{sign}{rights}")).replay(Replay::Safe)
    }

    /// DELETEACL: removes all rights of a user or group in a mailbox.
    pub fn delete_acl(mailbox: &MailboxName, identifier: &str) -> Self {
        Self::new("DELETEACL").mailbox(mailbox).text(identifier).replay(Replay::Safe)
    }

    /// GETACL: the rights of all users in a mailbox. The answer is [`Response::Acl`](crate::imap::Response::Acl).
    pub fn get_acl(mailbox: &MailboxName) -> Self {
        Self::new("GETACL").mailbox(mailbox).claim("ACL").about(Topic::of(Some(mailbox)))
    }

    /// LISTRIGHTS: the rights that a user or group can be given. The answer is
    /// [`Response::ListRights`](crate::imap::Response::ListRights).
    pub fn list_rights(mailbox: &MailboxName, identifier: &str) -> Self {
        let line = Self::new("LISTRIGHTS").mailbox(mailbox).text(identifier).claim("LISTRIGHTS");
        line.about(Topic::of(Some(mailbox)).whose(identifier))
    }

    /// MYRIGHTS: the caller's own rights. The answer is [`Response::MyRights`](crate::imap::Response::MyRights).
    pub fn my_rights(mailbox: &MailboxName) -> Self {
        Self::new("MYRIGHTS").mailbox(mailbox).claim("MYRIGHTS").about(Topic::of(Some(mailbox)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_set_added_and_taken_away() {
        let inbox = MailboxName::INBOX;
        let set = |change| Extension::set_acl(&inbox, "fr\"ed", change).to_string();
        assert_eq!(set(RightsChange::Set(Rights::READ | Rights::LOOKUP)), "SETACL INBOX \"fr\\\"ed\" lr");
        assert_eq!(set(RightsChange::Add(Rights::SEEN)), "SETACL INBOX \"fr\\\"ed\" +s");
        assert_eq!(set(RightsChange::Remove(Rights::SEEN)), "SETACL INBOX \"fr\\\"ed\" -s");
        assert_eq!(set(RightsChange::Set(Rights::NONE)), "SETACL INBOX \"fr\\\"ed\" \"\"");
        assert_eq!(Extension::delete_acl(&inbox, "-anyone").to_string(), "DELETEACL INBOX -anyone");
        assert_eq!(Extension::list_rights(&inbox, "a b").to_string(), "LISTRIGHTS INBOX \"a b\"");
        assert_eq!(Extension::get_acl(&inbox).to_string(), "GETACL INBOX");
        assert_eq!(Extension::my_rights(&MailboxName::new("ä").unwrap()).to_string(), "MYRIGHTS &AOQ-");
    }
}

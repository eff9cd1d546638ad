//! Access control lists (RFC 4314): who may do what in a mailbox, and changing that. It must not know what a server does with a right.

#[cfg(doc)]
use crate::error::Kind;
use crate::error::{Error, Result};
use crate::imap::Imap;
use crate::imap::command::acl::RightsChange;
use crate::imap::command::extension::Extension;
use crate::imap::session::mailbox_name;
use crate::imap::types::{Acl, Capabilities, ListRights, MailboxName, Response, Rights};

/// The rights that RFC 4314 defined in addition to those of RFC 2086.
const NEW: [Rights; 4] = [Rights::CREATE_MAILBOX, Rights::DELETE_MAILBOX, Rights::DELETE_MESSAGES, Rights::EXPUNGE];

impl Imap {
    /// Returns the access control list of a mailbox (GETACL, RFC 4314 §3.3): each user or group with its rights. It takes the right
    /// `a` to see it. One round trip.
    ///
    /// A server that has only the rights of RFC 2086 lists `c` and `d`. Their members are added here, as far as RFC 4314 §2.1.1 is
    /// certain of them: `k` to `c`, and `t` and `e` to `d`.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// if imap.capabilities().acl() {
    ///     for entry in imap.acl("INBOX").await?.entries {
    ///         println!("{}: {}", entry.identifier, entry.rights);
    ///     }
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Unsupported`] if the server does not support ACL and [`Kind::Input`] for an invalid name;
    /// [`Kind::Rejected`] if there is no such mailbox, or the user may not see its list; and the errors of [every
    /// command](Self#errors-of-every-command).
    pub async fn acl(&self, mailbox: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<Acl> {
        let known = self.known_rights()?;
        let list = |response| match response {
            Response::Acl(list) => Some(list),
            _ => None,
        };
        let mut acl = self.ask_one(Extension::get_acl(&mailbox_name(mailbox)?), list).await?;
        acl.entries.iter_mut().for_each(|entry| entry.rights = known.read(entry.rights));
        Ok(acl)
    }

    /// Adds, removes or replaces the rights of a user or group in a mailbox (SETACL, RFC 4314 §3.1). An identifier that begins with
    /// `-` takes rights away. One round trip.
    ///
    /// A server that has only the rights of RFC 2086 gets `c` for `k`, and `d` for `t` and `e` together; on some of them `c` or `d`
    /// also allows deleting the mailbox. `t` without `e`, `e` without `t`, and `x` without `k` or both of them, cannot be expressed
    /// there.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// use postroom::imap::{Rights, RightsChange};
    ///
    /// if imap.capabilities().acl() {
    ///     imap.set_acl("INBOX", "bob", RightsChange::Set(Rights::LOOKUP | Rights::READ)).await?;
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Unsupported`] if the server does not support ACL or these rights, and [`Kind::Input`] for an
    /// invalid name or identifier; [`Kind::Rejected`] if the user may not do this, or the server grants no such rights; and the errors
    /// of [every command](Self#errors-of-every-command).
    pub async fn set_acl(
        &self,
        mailbox: impl TryInto<MailboxName, Error: Into<Error>>,
        identifier: &str,
        change: RightsChange,
    ) -> Result<()> {
        let known = self.known_rights()?;
        let change = match change {
            RightsChange::Set(rights) => RightsChange::Set(known.write(rights)?),
            RightsChange::Add(rights) => RightsChange::Add(known.write(rights)?),
            RightsChange::Remove(rights) => RightsChange::Remove(known.write(rights)?),
        };
        self.run(Extension::set_acl(&mailbox_name(mailbox)?, identifier, change)).await.map(drop)
    }

    /// Removes a user or group from the access control list of a mailbox (DELETEACL, RFC 4314 §3.2). Others with rights, such as
    /// `anyone`, keep theirs. One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// if imap.capabilities().acl() {
    ///     imap.delete_acl("INBOX", "bob").await?;
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`set_acl`](Self::set_acl).
    pub async fn delete_acl(
        &self,
        mailbox: impl TryInto<MailboxName, Error: Into<Error>>,
        identifier: &str,
    ) -> Result<()> {
        self.known_rights()?;
        self.run(Extension::delete_acl(&mailbox_name(mailbox)?, identifier)).await.map(drop)
    }

    /// Returns which rights a user or group always has in a mailbox, and which it can be given (LISTRIGHTS, RFC 4314 §3.4). One round
    /// trip. The rights of RFC 2086 are read as in [`acl`](Self::acl).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// use postroom::imap::Rights;
    ///
    /// if imap.capabilities().acl() {
    ///     let rights = imap.list_rights("INBOX", "bob").await?;
    ///     assert!(rights.optional.iter().any(|tied| tied.contains(Rights::READ)));
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`acl`](Self::acl).
    pub async fn list_rights(
        &self,
        mailbox: impl TryInto<MailboxName, Error: Into<Error>>,
        identifier: &str,
    ) -> Result<ListRights> {
        let known = self.known_rights()?;
        let rights = |response| match response {
            Response::ListRights(rights) => Some(rights),
            _ => None,
        };
        let mut found = self.ask_one(Extension::list_rights(&mailbox_name(mailbox)?, identifier), rights).await?;
        found.required = known.read(found.required);
        found.optional.iter_mut().for_each(|tied| *tied = known.read(*tied));
        Ok(found)
    }

    /// Returns the user's own rights in a mailbox (MYRIGHTS, RFC 4314 §3.5). Everybody may ask this who has any right there. One round
    /// trip. The rights of RFC 2086 are read as in [`acl`](Self::acl).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// use postroom::imap::Rights;
    ///
    /// if imap.capabilities().acl() {
    ///     assert!(imap.my_rights("INBOX").await?.contains(Rights::READ));
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`acl`](Self::acl).
    pub async fn my_rights(&self, mailbox: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<Rights> {
        let known = self.known_rights()?;
        let rights = |response| match response {
            Response::MyRights(mine) => Some(mine.rights),
            _ => None,
        };
        let mine = self.ask_one(Extension::my_rights(&mailbox_name(mailbox)?), rights).await?;
        Ok(known.read(mine))
    }

    pub(super) fn known_rights(&self) -> Result<KnownRights> {
        let capabilities = self.capabilities();
        self.require(capabilities.acl(), "ACL")?;
        Ok(KnownRights::of(&capabilities))
    }
}

/// Which of the new rights a server knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct KnownRights(Rights);

impl KnownRights {
    /// A server of RFC 4314 lists its new rights in `RIGHTS=`. Courier lists none: it says OK to SETACL with `t`, `e` or `x`, and forgets
    /// them.
    pub(super) fn of(capabilities: &Capabilities) -> Self {
        let listed = capabilities.values("RIGHTS").filter_map(|letters| Rights::from_wire(&lower(letters)));
        Self(listed.fold(Rights::NONE, |all, more| all | more))
    }

    /// The rights with the certain members of `c` and `d`, if the server does not know them.
    pub(super) fn read(self, rights: Rights) -> Rights {
        let implied = [
            (Rights::OBSOLETE_CREATE, Rights::CREATE_MAILBOX),
            (Rights::OBSOLETE_DELETE, Rights::DELETE_MESSAGES),
            (Rights::OBSOLETE_DELETE, Rights::EXPUNGE),
        ];
        let implied = implied.into_iter().filter(|&(old, new)| rights.contains(old) && !self.0.contains(new));
        implied.fold(rights, |rights, (_, new)| rights | new)
    }

    /// The rights as the server knows them.
    fn write(self, rights: Rights) -> Result<Rights> {
        let unknown = NEW.into_iter().filter(|&right| rights.contains(right) && !self.0.contains(right));
        let unknown = unknown.fold(Rights::NONE, |all, right| all | right);
        if unknown.contains(Rights::DELETE_MESSAGES) != unknown.contains(Rights::EXPUNGE) {
            return Err(Error::unsupported(
                "the server has one right for marking messages as deleted and expunging them (RFC 2086)",
            ));
        }
        let create = if unknown.contains(Rights::CREATE_MAILBOX) { Rights::OBSOLETE_CREATE } else { Rights::NONE };
        let delete = if unknown.contains(Rights::EXPUNGE) { Rights::OBSOLETE_DELETE } else { Rights::NONE };
        let old = create | delete;
        if unknown.contains(Rights::DELETE_MAILBOX) && old.is_empty() {
            return Err(Error::unsupported("the server has no right for deleting a mailbox alone (RFC 2086)"));
        }
        Ok((rights - unknown) | old)
    }
}

fn lower(letters: &str) -> Vec<u8> {
    letters.bytes().map(|letter| letter.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(capabilities: &str) -> KnownRights {
        KnownRights::of(&Capabilities::from_text(capabilities))
    }

    fn rights(letters: &str) -> Rights {
        letters.parse().unwrap()
    }

    #[test]
    fn a_server_of_rfc_2086_gets_c_and_d_and_is_read_with_their_members() {
        let old = known("IMAP4rev1 ACL");
        for (asked, sent) in
            [("lrk", Some("lrc")), ("te", Some("d")), ("xte", Some("d")), ("kx", Some("c")), ("lrs", Some("lrs"))]
        {
            assert_eq!(old.write(rights(asked)).ok(), sent.map(rights), "{asked}");
        }
        for refused in ["t", "e", "x", "lrt", "ke"] {
            assert_eq!(old.write(rights(refused)).unwrap_err().kind(), crate::Kind::Unsupported, "{refused}");
        }
        assert_eq!(old.read(rights("lrcd")), rights("lrcdkte"));
        assert_eq!(old.read(rights("lr")), rights("lr"));
    }

    #[test]
    fn a_server_that_lists_its_rights_is_taken_at_its_word() {
        let new = known("IMAP4rev1 ACL RIGHTS=texk");
        assert_eq!(new.write(rights("tkx")).unwrap(), rights("tkx"));
        assert_eq!(new.read(rights("lrcd")), rights("lrcd"));
    }
}

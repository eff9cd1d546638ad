//! Quotas (RFC 9208): how much of an account is used, how much it may hold, and changing that. It must not know how a server counts.

use std::collections::HashSet;

#[cfg(doc)]
use crate::error::Kind;
use crate::error::{Error, Result};
use crate::imap::Imap;
use crate::imap::command::extension::Extension;
use crate::imap::session::mailbox_name;
use crate::imap::types::{MailboxName, Quota, QuotaResource, Response};

/// The quotas that apply to one mailbox: see [`Imap::quotas_of`].
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |imap| {
/// if imap.capabilities().quota() {
///     let found = imap.quotas_of("INBOX").await?;
///     assert!(found.quotas.len() <= found.roots.len());
/// }
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct MailboxQuotas {
    /// The names of the mailbox's quota roots; if there are none, no quota applies.
    pub roots: Vec<String>,
    /// The quotas of the roots that have limits.
    pub quotas: Vec<Quota>,
}

impl Imap {
    /// Returns the quota roots of a mailbox, and their quotas (GETQUOTAROOT, RFC 9208 §4.1.2): how much is used and how much is
    /// allowed. This is how a user asks for their own quota. One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// use postroom::imap::QuotaResource;
    ///
    /// if imap.capabilities().quota() {
    ///     for quota in imap.quotas_of("INBOX").await?.quotas {
    ///         if let Some(storage) = quota.of(&QuotaResource::Storage) {
    ///             println!("{} of {} KiB are used", storage.usage, storage.limit);
    ///         }
    ///     }
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Unsupported`] if the server does not support QUOTA and [`Kind::Input`] for an invalid name;
    /// [`Kind::Rejected`] if there is no such mailbox; and the errors of [every command](Self#errors-of-every-command).
    pub async fn quotas_of(&self, mailbox: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<MailboxQuotas> {
        self.require(self.capabilities().quota(), "QUOTA")?;
        let answer = self.run(Extension::get_quota_root(&mailbox_name(mailbox)?)).await?;
        let mut found = MailboxQuotas::default();
        // Some servers repeat what they have sent.
        let (mut rooted, mut named, mut quotas) = (false, HashSet::new(), Vec::new());
        for response in answer.responses.iter() {
            match response {
                Response::QuotaRoots(roots) => {
                    rooted = true;
                    found.roots.extend(roots.roots.into_iter().filter(|root| named.insert(root.clone())));
                }
                Response::Quota(quota) => quotas.push(quota),
                _ => {}
            }
        }
        named.clear();
        found.quotas.extend(quotas.into_iter().filter(|quota: &Quota| named.insert(quota.root.clone())));
        match rooted {
            true => Ok(found),
            false => Err(Error::missing("the server did not say which quota roots the mailbox has")),
        }
    }

    /// Returns the usage and the limits of a quota root (GETQUOTA, RFC 9208 §4.1.1). Some servers allow this to administrators only;
    /// [`quotas_of`](Self::quotas_of) is for everybody. One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// if imap.capabilities().quota() {
    ///     println!("{:?}", imap.quota("").await?.resources);
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Unsupported`], before anything is sent, if the server does not support QUOTA; [`Kind::Rejected`] if there is no such
    /// root, or the user may not see it; and the errors of [every command](Self#errors-of-every-command).
    pub async fn quota(&self, root: &str) -> Result<Quota> {
        self.require(self.capabilities().quota(), "QUOTA")?;
        self.ask_one(Extension::get_quota(root), quota).await
    }

    /// Sets these limits of a quota root, and removes all others (SETQUOTA, RFC 9208 §4.1.3). Returns the quota as the server set
    /// it, which may be rounded; `None` if the server does not report it. Usually for administrators only. One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// use postroom::imap::QuotaResource;
    ///
    /// if imap.capabilities().quota_set() {
    ///     imap.set_quota("", &[(QuotaResource::Message, 1000)]).await?;
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Unsupported`] if the server does not support QUOTA and [`Kind::Input`] for a resource whose
    /// name cannot be sent; [`Kind::Rejected`] if the user may not do this; and the errors of [every
    /// command](Self#errors-of-every-command).
    pub async fn set_quota(&self, root: &str, limits: &[(QuotaResource, u64)]) -> Result<Option<Quota>> {
        self.require(self.capabilities().quota(), "QUOTA")?;
        Ok(self.ask(Extension::set_quota(root, limits), quota).await?.pop())
    }
}

fn quota(response: Response) -> Option<Quota> {
    match response {
        Response::Quota(quota) => Some(quota),
        _ => None,
    }
}

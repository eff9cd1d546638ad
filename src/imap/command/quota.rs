//! Quotas (RFC 9208 §4.1): GETQUOTA, GETQUOTAROOT and SETQUOTA.

use super::extension::Extension;
use crate::error::Replay;
use crate::imap::plan::Topic;
use crate::imap::types::{MailboxName, QuotaResource};

impl Extension {
    /// GETQUOTA: usage and limits of a quota root. The answer is [`Response::Quota`](crate::imap::Response::Quota).
    pub fn get_quota(root: &str) -> Self {
        Self::new("GETQUOTA").string(root).claim("QUOTA").about(Topic::default().roots(&[root]))
    }

    /// GETQUOTAROOT: the quota roots of a mailbox, and their quotas. The answer is
    /// [`Response::QuotaRoots`](crate::imap::Response::QuotaRoots) and [`Response::Quota`](crate::imap::Response::Quota).
    pub fn get_quota_root(mailbox: &MailboxName) -> Self {
        let line = Self::new("GETQUOTAROOT").mailbox(mailbox).claim("QUOTAROOT").claim("QUOTA");
        line.about(Topic::of(Some(mailbox)).roots(&[]))
    }

    /// SETQUOTA: sets these limits of a quota root, and removes all others.
    pub fn set_quota(root: &str, limits: &[(QuotaResource, u64)]) -> Self {
        let limit = |list: Self, (resource, limit): &(QuotaResource, u64)| list.word(resource.name()).number(*limit);
        let line = Self::new("SETQUOTA")
            .string(root)
            .list(|list| list.each(limits, limit))
            .claim("QUOTA")
            .replay(Replay::Safe);
        line.about(Topic::default().roots(&[root]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_strings_and_limits_a_list() {
        assert_eq!(Extension::get_quota("").to_string(), "GETQUOTA \"\"");
        assert_eq!(Extension::get_quota_root(&MailboxName::INBOX).to_string(), "GETQUOTAROOT INBOX");
        let limits = [(QuotaResource::Storage, 512), (QuotaResource::Message, 9)];
        assert_eq!(Extension::set_quota("#user", &limits).to_string(), "SETQUOTA \"#user\" (STORAGE 512 MESSAGE 9)");
        assert_eq!(Extension::set_quota("", &[]).to_string(), "SETQUOTA \"\" ()");
        assert!(Extension::set_quota("", &[(QuotaResource::new("a) b"), 1)]).segments(false).is_err());
    }
}

//! UNAUTHENTICATE (RFC 8437), COMPRESS (RFC 4978) and what selects with a history (RFC 7162 §3.1.8, §3.2.5): encoded
//! for programs with an engine of their own. A session refuses to run them.

use super::extension::Extension;
use crate::imap::types::{MailboxName, UidValidity, Uids};

impl Extension {
    /// UNAUTHENTICATE: as if nobody had logged in.
    pub fn unauthenticate() -> Self {
        Self::new("UNAUTHENTICATE")
    }

    /// COMPRESS DEFLATE: behind the answer both sides compress.
    pub fn compress_deflate() -> Self {
        Self::new("COMPRESS").word("DEFLATE")
    }

    /// SELECT with `CONDSTORE`: flags come with modification sequences from now on.
    pub fn select_condstore(mailbox: &MailboxName) -> Self {
        Self::new("SELECT").mailbox(mailbox).list(|list| list.word("CONDSTORE"))
    }

    /// SELECT with `QRESYNC`: the server also says what has changed and what is gone since then, among the known UIDs where they
    /// are given. The extension has to be enabled.
    pub fn select_qresync(mailbox: &MailboxName, validity: UidValidity, mod_seq: u64, known: Option<&Uids>) -> Self {
        let line = Self::new("SELECT").mailbox(mailbox);
        if mod_seq == 0 || mod_seq > i64::MAX.unsigned_abs() {
            return line.invalid("a modification sequence has 63 bits and is not 0");
        }
        line.list(|list| {
            list.word("QRESYNC").list(|list| {
                let list = list.number(u32::from(validity).into()).number(mod_seq);
                known.into_iter().fold(list, |list, known| list.uids(known.clone()))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_is_a_list_in_a_list() {
        let validity = UidValidity::new(67).unwrap();
        let known: Uids = "1:3,9".parse().unwrap();
        assert_eq!(
            Extension::select_qresync(&MailboxName::INBOX, validity, 90, Some(&known)).to_string(),
            "SELECT INBOX (QRESYNC (67 90 1:3,9))"
        );
        assert!(Extension::select_qresync(&MailboxName::INBOX, validity, 0, None).segments(false).is_err());
        assert_eq!(Extension::select_condstore(&MailboxName::INBOX).to_string(), "SELECT INBOX (CONDSTORE)");
        assert_eq!(Extension::compress_deflate().to_string(), "COMPRESS DEFLATE");
        assert_eq!(Extension::unauthenticate().to_string(), "UNAUTHENTICATE");
    }
}

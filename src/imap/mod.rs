//! IMAP: the protocol of mailboxes that stay on the server (RFC 3501, RFC 9051).

pub mod codec;
mod types;

pub use types::{
    Capabilities, Condition, CopyUid, Items, Listed, MailboxName, Namespace, Namespaces, ResponseCode, Section, SeqNum,
    Status, StatusData, Uid, UidValidity, Uids,
};

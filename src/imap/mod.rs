//! IMAP: the protocol of mailboxes that stay on the server (RFC 3501, RFC 9051).

pub mod codec;
mod command;
mod engine;
mod types;

pub use engine::{Event, Selected};
pub use types::{
    Address, Addresses, BodyStructure, Capabilities, Condition, CopyUid, Envelope, Fetched, FetchedSection, Flags,
    Items, Listed, MailboxName, Namespace, Namespaces, Params, PartKind, Parts, ResponseCode, Section, SeqNum, Status,
    StatusData, Str, Strings, Uid, UidValidity, Uids,
};

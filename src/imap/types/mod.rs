//! The values of IMAP, which cannot be invalid. They must not know the wire beyond their own text, nor anything that holds a
//! connection.

mod capability;
mod code;
mod copy_uid;
pub(crate) mod date;
pub(crate) mod envelope;
pub(crate) mod fetched;
pub(crate) mod flags;
mod found;
mod items;
mod listed;
mod mailbox_name;
pub mod mutf7;
mod namespace;
mod query;
mod returns;
mod section;
mod status;
mod status_items;
pub(crate) mod structure;
pub(crate) mod tape;
pub(crate) mod text;
mod uid;
mod uids;

pub use capability::Capabilities;
pub use code::ResponseCode;
pub use copy_uid::CopyUid;
pub use envelope::{Address, Addresses, Envelope};
pub use fetched::{Fetched, FetchedSection};
pub use flags::Flags;
pub use found::Found;
pub use items::Items;
pub use listed::Listed;
pub use mailbox_name::MailboxName;
pub use namespace::{Namespace, Namespaces};
pub(crate) use query::Key;
pub use query::Query;
pub use returns::Returns;
pub use section::Section;
pub use status::{Condition, Status, StatusData};
pub use status_items::StatusItems;
pub use structure::{BodyStructure, Kind as PartKind, Params, Parts, Strings};
pub use text::Str;
pub use uid::{SeqNum, Uid, UidValidity};
pub use uids::Uids;

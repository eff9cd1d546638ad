//! IMAP: the protocol of mailboxes that stay on the server (RFC 3501, RFC 9051).

mod appending;
mod call;
pub mod codec;
mod command;
mod counting;
mod engine;
mod entry;
mod existing;
mod fetch;
mod filing;
mod folder;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod idle;
mod limited;
mod mailbox;
mod mailboxes;
mod notices;
mod opening;
mod plan;
mod reader;
mod searching;
mod session;
mod types;
mod unfinished;

pub use appending::Append;
pub use command::acl::RightsChange;
pub use command::extension::{Answer, Extension};
pub use command::list_extended::{ListReturn, ListSelect};
pub use command::metadata::MetadataDepth;
pub use command::multi_append::{Content, NewMessage, Piece};
pub use command::sort::SortKey;
pub use engine::{Event, Selected};
pub use fetch::Fetch;
pub use folder::{Folder, NotLeft};
pub use idle::Idle;
pub use mailboxes::Sameness;
pub use notices::Notices;
pub use opening::Opening;
pub use session::Imap;
pub use types::{
    Acl, AclEntry, Address, Addresses, Annotation, AnnotationSize, AnnotationSupport, Appended, BodyStructure,
    Capabilities, Comparators, Condition, CopyUid, EntryName, Envelope, Fetched, FetchedSection, Flags, Found, Items,
    ListRights, Listed, Listing, MailboxName, Metadata, MyRights, Namespace, Namespaces, Notice, NotifyEvent, Params,
    PartKind, Partial, Parts, Progress, Query, Quota, QuotaResource, QuotaRoots, QuotaUsage, Response, ResponseCode,
    Returns, Rights, Scope, SearchChange, SearchUpdate, SearchUpdates, Section, SeqNum, Sorted, Status, StatusData,
    StatusItems, Str, Stretch, Strings, Thread, Threads, Transferred, Uid, UidList, UidValidity, Uids, UrlContent,
    Vanished,
};

//! IMAP: the protocol of mailboxes that stay on the server (RFC 3501, RFC 9051).

#[cfg(feature = "net")]
mod call;
pub mod codec;
mod command;
mod engine;
#[cfg(any(test, fuzzing))]
mod every_command;
#[cfg(feature = "net")]
mod folder;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "net")]
mod limited;
mod plan;
#[cfg(feature = "net")]
mod session;
mod types;
#[cfg(feature = "net")]
mod unfinished;

pub use command::acl::RightsChange;
pub use command::extension::Extension;
pub use command::list_extended::{ListReturn, ListSelect};
pub use command::metadata::MetadataDepth;
pub use command::multi_append::{Content, NewMessage, Piece};
pub use command::sort::SortKey;
pub use command::{Answer, Responses};
#[cfg(feature = "net")]
pub use folder::{Fetch, Folder, Idle, NotLeft, Opening};
#[cfg(feature = "net")]
pub use session::{Append, Imap, Notices, SameMailbox};
pub use types::{
    Acl, AclEntry, Address, Addresses, Annotation, AnnotationSize, AnnotationSupport, Appended, BodyStructure,
    Capabilities, Comparators, Condition, CopyUid, EntryName, Envelope, Event, Fetched, FetchedSection, FolderInfo,
    Items, ListRights, Listed, Listing, MailboxName, MailboxStatus, Metadata, MyRights, Namespace, Namespaces, Notice,
    NotifyEvent, Outcome, Params, PartKind, Partial, PartialRange, Parts, Progress, Query, Quota, QuotaResource,
    QuotaRoots, QuotaUsage, Response, ResponseCode, Rights, Scope, SearchChange, SearchResult, SearchReturn,
    SearchUpdate, SearchUpdates, Section, SeqNum, Sorted, StatusItems, Str, Strings, Thread, Threads, Transferred, Uid,
    UidList, UidValidity, Uids, UrlContent, Vanished,
};

//! IMAP (RFC 3501, RFC 9051): mailboxes that stay on the server. Begin with [`Imap::connect`].
//!
//! ```no_run
//! use postroom::imap::{Imap, Items, Query};
//! use postroom::Login;
//!
//! # async fn unread() -> postroom::Result<()> {
//! let mut imap = Imap::connect("imap.example.org", Login::password("me", "secret")).await?;
//! let mut inbox = imap.select("INBOX").await?;
//! let unread = inbox.search(&Query::unseen()).await?;
//! let mut mail = inbox.fetch(unread, Items::ENVELOPE).await?;
//! while let Some(message) = mail.try_next().await? {
//!     println!("{:?}", message.subject());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Session
//!
//! * [`Imap`]: a logged-in session. [`Capabilities`]: what the server supports. [`Condition`], [`Outcome`],
//!   [`ResponseCode`]: status responses.
//! * [`Notices`], a stream of [`Notice`]: alerts, warnings and other messages of the server that belong to no call.
//!   [`Progress`]: how far the server is with a command.
//!
//! # Mailboxes
//!
//! * [`Opening`]: a mailbox that is about to be opened. [`Folder`]: the selected mailbox. [`FolderInfo`]: what the
//!   server reports about it. [`NotLeft`]: a mailbox that could not be closed.
//! * [`Idle`], a stream of [`Event`]: changes in the selected mailbox.
//! * [`MailboxName`]: the name of a mailbox. [`Listing`] and [`Listed`]: the result of LIST. [`Namespaces`] and
//!   [`Namespace`]: where the mailboxes of the user and of others are.
//! * [`FolderTree`] and [`FolderNode`]: all mailboxes as a tree, from [`ListingFolders`]. [`Role`] and [`RoleSource`]: what a
//!   mailbox is for, and how that is known.
//! * [`StatusItems`] and [`MailboxStatus`]: counts of a mailbox that is not selected. [`SameMailbox`]: whether two
//!   names mean one mailbox.
//! * [`Resume`], a stream of [`Resumed`]: what happened in a mailbox since a [`SyncPoint`].
//!
//! # Messages
//!
//! * [`Items`] and [`Section`]: what to fetch. [`Fetching`] and [`FetchingChanges`]: a fetch that was not sent yet. [`Fetch`], a stream of [`Fetched`] messages with their [`FetchedSection`]s.
//! * [`Envelope`], [`Address`], [`Addresses`], [`AddressGroup`], [`AddressBuf`]: who wrote to whom. [`ReplyHeaders`]: whom a reply
//!   goes to. [`BodyStructure`], [`Parts`], [`PartKind`], [`Params`]: the MIME parts, which
//!   [`Contents`](crate::Contents) sorts for a person. [`Flags`](crate::Flags): the flags.
//! * [`Query`], [`Search`], [`SearchReturning`], [`SearchReturn`], [`SearchResult`]: searching. [`PartialRange`], [`Partial`]: a part of a
//!   result.
//! * [`Saving`], [`SavedResult`]: a result that the server keeps. [`MessageSet`]: messages by UID, by id, or as such a result.
//! * [`Paging`], [`Page`], [`PageOrder`], [`PageRange`], [`PageToken`]: a part of a mailbox in an order.
//! * [`Threading`], [`Conversation`], [`ThreadMessage`], [`ThreadPart`]: threads ready to be shown.
//! * [`Storing`], [`Stored`]: changing flags. [`Append`], [`Appended`], [`AppendedAll`], [`AppendOutcome`]: uploading messages.
//!   [`Located`]: messages found by their Message-ID. [`Transferred`]: the result of copying or moving. [`Undo`] and [`Undone`]: moving back.
//!
//! # Extensions
//!
//! * [`Extension`], [`Answer`], [`Response`]: a command as a value, and its answer.
//! * Access control (RFC 4314): [`Acl`], [`AclEntry`], [`ListRights`], [`MyRights`], [`Rights`], [`RightsChange`].
//! * Quota (RFC 9208): [`Quota`], [`QuotaResource`], [`QuotaRoots`], [`QuotaUsage`], [`MailboxQuotas`].
//! * Metadata and annotations (RFC 5464, RFC 5257): [`Metadata`], [`MetadataValues`], [`MetadataDepth`], [`EntryName`],
//!   [`Filter`], [`FilterScope`], [`Annotation`], [`AnnotationSize`], [`AnnotationSupport`].
//! * Sorting and threading (RFC 5256): [`Sort`], [`SortReturning`], [`SortKey`], [`Sorted`], [`ThreadAlgorithm`], [`Threads`], [`Thread`].
//! * Extended LIST (RFC 5258): [`ListSelect`], [`ListReturn`], [`DetailedListing`], [`MailboxDetails`].
//! * Searches of several mailboxes, and updates of searches (RFC 7377, RFC 5267): [`LiveSearch`], [`FoundChange`], [`Scope`], [`SearchUpdates`],
//!   [`SearchUpdate`], [`SearchChange`].
//! * NOTIFY (RFC 5465): [`NotifyEvent`], [`Notified`].
//! * Several messages in one APPEND, and CATENATE (RFC 3502, RFC 4469): [`NewMessage`], [`Content`], [`Piece`].
//! * URLAUTH (RFC 4467): [`UrlContent`]. Languages and comparators (RFC 5255): [`ChosenLanguage`], [`Comparators`].
//!
//! The table at the end of this page says what each extension costs, and where it is tried.
//!
//! # Values
//!
//! * [`Uid`], [`Uids`], [`UidList`], [`UidValidity`], [`SeqNum`]: how messages are named. [`CopyUid`] and [`Vanished`]: the
//!   UIDs of messages that were copied, or are gone.
//! * [`Str`], [`Strings`]: text as the server sent it, decoded on request.
//! * [`codec`]: plain functions between bytes and these values.
#![cfg_attr(feature = "net", doc = "\n# Extensions and servers\n")]
#![cfg_attr(feature = "net", doc = include_str!("extension/table.md"))]

#[cfg(feature = "net")]
mod call;
pub mod codec;
mod command;
mod contents;
mod engine;
#[cfg(any(test, fuzzing))]
mod every_command;
#[cfg(feature = "net")]
mod extension;
#[cfg(feature = "net")]
mod folder;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "net")]
mod limited;
#[cfg(feature = "net")]
mod local;
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
pub use command::{Answer, Responses};
#[cfg(feature = "net")]
pub use extension::{
    ChosenLanguage, Filter, FilterScope, ListingFolders, MailboxQuotas, MetadataValues, Notified, Paging, Sort,
    SortReturning, ThreadPart, Threading,
};
#[cfg(feature = "net")]
pub(crate) use folder::{AskedSection, read_decoded};
#[cfg(feature = "net")]
pub use folder::{
    Fetch, FetchedPart, FetchedParts, Fetching, FetchingChanges, Folder, FoundChange, Idle, LiveSearch, Located,
    MessageSet, NotLeft, Opening, ReadingPart, Resume, Resumed, SavedResult, Saving, Search, SearchReturning, Stored,
    Storing, Undone,
};
#[cfg(feature = "account")]
pub(crate) use limited::portions;
#[cfg(feature = "net")]
pub use session::{Append, Imap, Notices};
#[cfg(feature = "account")]
pub(crate) use types::Spans;
pub use types::{
    Acl, AclEntry, Address, AddressBuf, AddressGroup, Addresses, Annotation, AnnotationSize, AnnotationSupport,
    AppendOutcome, Appended, AppendedAll, BodyStructure, Capabilities, Comparators, Condition, Conversation, CopyUid,
    DetailedListing, EntryName, Envelope, Event, Fetched, FetchedSection, FolderInfo, FolderNode, FolderTree, Items,
    ListRights, Listed, Listing, MailboxDetails, MailboxName, MailboxStatus, Metadata, MyRights, Namespace, Namespaces,
    Notice, NotifyEvent, Outcome, Page, PageOrder, PageRange, PageToken, Params, PartKind, Partial, PartialRange,
    Parts, Progress, Query, Quota, QuotaResource, QuotaRoots, QuotaUsage, ReplyHeaders, Response, ResponseCode, Rights,
    Role, RoleSource, SameMailbox, Scope, SearchChange, SearchResult, SearchReturn, SearchUpdate, SearchUpdates,
    Section, SeqNum, SortKey, Sorted, StatusItems, Str, Strings, SyncPoint, Thread, ThreadAlgorithm, ThreadMessage,
    Threads, Transferred, Uid, UidList, UidValidity, Uids, Undo, UrlContent, Vanished,
};

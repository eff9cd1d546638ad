//! [`Response`]: any response of a server, as one value. It must not know who asked, nor how it is read.

use bytes::Bytes;

use super::acl::{Acl, ListRights, MyRights};
use super::capability::Capabilities;
use super::code::ResponseCode;
use super::fetched::Fetched;
use super::language::Comparators;
use super::listed::Listed;
use super::metadata::Metadata;
use super::namespace::Namespaces;
use super::quota::{Quota, QuotaRoots};
use super::search_result::{SearchResult, Sorted};
use super::status::{Condition, MailboxStatus};
use super::thread::Threads;
use super::uid::SeqNum;
use super::vanished::Vanished;
use crate::WordList;

/// The content that a URL names (RFC 4467 §7).
///
/// ```
/// use postroom::imap::codec::url;
///
/// let fetched = url::fetched(b"* URLFETCH \"imap://a/b;urlauth=x\" NIL\r\n")?;
/// assert_eq!(fetched[0].content, None);
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct UrlContent {
    /// The URL, as it was requested.
    pub url: String,
    /// The bytes; `None` if there are none or the URL is not valid.
    pub content: Option<Vec<u8>>,
    /// The data of an extended request (RFC 5524), with its parentheses, unparsed; empty if there is none.
    pub extended: Vec<u8>,
}

/// One complete response of a server (RFC 9051 §7), typed as far as this crate knows it.
///
/// [`codec::response`](crate::imap::codec::response) reads one without knowledge of the session: a greeting is a
/// [`Condition`](Self::Condition) like any other.
///
/// ```
/// use postroom::imap::{Response, codec};
///
/// let line = (&b"* 23 EXISTS\r\n"[..]).into();
/// let response = codec::response(&line, &postroom::Limits::default())?;
/// assert!(matches!(response, Response::Exists(23)));
/// # Ok::<(), codec::Unreadable>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Response {
    /// The end of a command.
    Tagged {
        /// The command's tag.
        tag: String,
        /// The command's outcome.
        condition: Condition,
    },
    /// Untagged `OK`, `NO`, `BAD`, `BYE` or `PREAUTH`; the greeting is one.
    Condition(Condition),
    /// `+`: the server waits for more data.
    Continuation {
        /// The response code, if there is one.
        code: Option<ResponseCode>,
        /// The rest of the line: text for people, or a challenge in base64.
        text: String,
    },
    /// The server's capabilities.
    Capability(Capabilities),
    /// The extensions that are enabled from now on (RFC 5161).
    Enabled(Capabilities),
    /// A mailbox.
    List(Listed),
    /// A subscribed mailbox (RFC 3501 §7.2.3).
    Lsub(Listed),
    /// A mailbox with its special use, as Gmail reported it before RFC 6154.
    Xlist(Listed),
    /// A mailbox's counts and other numbers (RFC 9051 §7.3.4).
    Status(MailboxStatus),
    /// The result of a search.
    Search(SearchResult),
    /// The extended result of a search (RFC 4731), or a change in it (RFC 5267).
    Esearch(SearchResult),
    /// The result of a sorted search (RFC 5256).
    Sort(Sorted),
    /// The result of a search, as threads (RFC 5256).
    Thread(Threads),
    /// The flags that messages in the mailbox can have.
    Flags(WordList),
    /// How many messages the mailbox has.
    Exists(u32),
    /// How many messages are `\Recent` (RFC 3501 §7.3.2).
    Recent(u32),
    /// A message was expunged; all higher sequence numbers decrease by one.
    Expunge(SeqNum),
    /// Messages were expunged, by UID (RFC 7162).
    Vanished(Vanished),
    /// Data of one message, from FETCH or UIDFETCH (RFC 9586); the latter has no sequence number.
    Fetch(Fetched),
    /// The prefixes of mailbox names (RFC 2342).
    Namespace(Namespaces),
    /// The server's description of itself (RFC 2971): names and values.
    Id(Vec<(String, Option<String>)>),
    /// The access control list of a mailbox (RFC 4314).
    Acl(Acl),
    /// Which rights can be granted (RFC 4314).
    ListRights(ListRights),
    /// The caller's own rights (RFC 4314).
    MyRights(MyRights),
    /// How much of a quota is used (RFC 9208).
    Quota(Quota),
    /// The quota roots of a mailbox (RFC 9208).
    QuotaRoots(QuotaRoots),
    /// Annotations of a mailbox or of the server (RFC 5464).
    Metadata(Metadata),
    /// The languages that the server supports, or the one that it uses now (RFC 5255 §3.3).
    Language(Vec<String>),
    /// How the server compares text (RFC 5255 §4.8).
    Comparator(Comparators),
    /// The URL of the JMAP service with the same mail (RFC 9698). This crate never connects to it.
    JmapAccess(String),
    /// URLs that give access to parts of messages (RFC 4467).
    GenUrlAuth(Vec<String>),
    /// URLs with their content, if there is any (RFC 4467).
    UrlFetch(Vec<UrlContent>),
    /// Any other response, as received.
    Other {
        /// The word that names the response, as the server wrote it; empty if there is none.
        name: String,
        /// The response, line end included.
        raw: Bytes,
    },
}

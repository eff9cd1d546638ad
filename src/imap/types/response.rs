//! [`Response`]: anything a server says, as one value. It must not know who asked, nor how it is read.

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

/// What a URL stands for (RFC 4467 §7).
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct UrlContent {
    /// The URL, as it was asked for.
    pub url: String,
    /// The bytes; `None` where there are none, or the URL is not valid.
    pub content: Option<Vec<u8>>,
    /// All that was told of it where more was asked for (RFC 5524), with its parentheses, unparsed; empty where that was nothing.
    pub extended: Vec<u8>,
}

/// One complete response of a server (RFC 9051 §7), typed as far as this crate knows it.
///
/// Reading one with [`codec::response`](crate::imap::codec::response) says nothing about the session: a greeting is a
/// [`Condition`](Self::Condition) like any other.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Response {
    /// The end of a command.
    Tagged {
        /// The command's tag.
        tag: String,
        /// How it ended.
        condition: Condition,
    },
    /// Untagged `OK`, `NO`, `BAD`, `BYE` or `PREAUTH`; the greeting is one.
    Condition(Condition),
    /// `+`: the server waits for more.
    Continuation {
        /// The response code, if there was one.
        code: Option<ResponseCode>,
        /// What else stands there: words for people, or a challenge in base64.
        text: String,
    },
    /// What the server can do.
    Capability(Capabilities),
    /// The extensions that are in use from now on (RFC 5161).
    Enabled(Capabilities),
    /// A mailbox.
    List(Listed),
    /// A subscribed mailbox (RFC 3501 §7.2.3).
    Lsub(Listed),
    /// A mailbox with its special use, as Gmail said it before RFC 6154.
    Xlist(Listed),
    /// A mailbox in numbers.
    Status(MailboxStatus),
    /// What a search found.
    Search(SearchResult),
    /// What a search found, in short (RFC 4731), or what changed in it (RFC 5267).
    Esearch(SearchResult),
    /// What a search found, in the order asked for (RFC 5256).
    Sort(Sorted),
    /// What a search found, by what answers what (RFC 5256).
    Thread(Threads),
    /// The flags that the mailbox has.
    Flags(WordList),
    /// How many messages the mailbox has.
    Exists(u32),
    /// How many messages are recent (RFC 3501 §7.3.2).
    Recent(u32),
    /// The message that is gone; all higher numbers are one less from now on.
    Expunge(SeqNum),
    /// Messages that are gone, by UID (RFC 7162).
    Vanished(Vanished),
    /// Data of one message, of FETCH or UIDFETCH (RFC 9586); the latter has no sequence number.
    Fetch(Fetched),
    /// Where whose mailboxes are.
    Namespace(Namespaces),
    /// Who the server says it is (RFC 2971): names and values.
    Id(Vec<(String, Option<String>)>),
    /// Who has which rights in a mailbox (RFC 4314).
    Acl(Acl),
    /// Which rights can be granted (RFC 4314).
    ListRights(ListRights),
    /// The caller's own rights (RFC 4314).
    MyRights(MyRights),
    /// How much of a quota is used (RFC 9208).
    Quota(Quota),
    /// Which quotas a mailbox counts to (RFC 9208).
    QuotaRoots(QuotaRoots),
    /// Annotations of a mailbox or of the server (RFC 5464).
    Metadata(Metadata),
    /// The languages that there are, or the one that is used now (RFC 5255 §3.3).
    Language(Vec<String>),
    /// How text is compared (RFC 5255 §4.8).
    Comparator(Comparators),
    /// Where the same mail is reached by JMAP (RFC 9698). This crate never goes there.
    JmapAccess(String),
    /// URLs that give access to parts of messages (RFC 4467).
    GenUrlAuth(Vec<String>),
    /// URLs with what they stand for, where there is anything (RFC 4467).
    UrlFetch(Vec<UrlContent>),
    /// Anything else, as it came.
    Other {
        /// The word that says what it is, as the server wrote it; empty where there is none.
        name: String,
        /// The response, line end included.
        raw: Bytes,
    },
}

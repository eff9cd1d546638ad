//! [`ResponseCode`]: the code in the brackets of a status response (RFC 9051 §7.1). It must not know which command it answers. For
//! errors, which both protocols share, it becomes the root's [`Code`](crate::Code).

use super::annotation::AnnotationSupport;
use super::capability::Capabilities;
use super::copy_uid::CopyUid;
use super::progress::Progress;
use super::uid::{SeqNum, Uid, UidValidity};
use super::uids::Uids;
use crate::{Code, WordList};

/// The response codes without data, each with its name on the wire.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A response code (RFC 9051 §7.1). A code that this crate does not know, or whose data does not follow its RFC, is
        /// [`Other`](Self::Other) with its data unparsed.
        ///
        /// ```
        /// use postroom::imap::{ResponseCode, codec::text};
        ///
        /// let condition = text::untagged(b"* NO [OVERQUOTA] Mailbox is full\r\n")?;
        /// assert_eq!(condition.code, Some(ResponseCode::OverQuota));
        /// # Ok::<(), postroom::imap::codec::Unreadable>(())
        /// ```
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum ResponseCode {
            $($(#[$doc])* $variant,)*
            /// The server does not know the charset of a search. Contains the charsets that it knows.
            BadCharset(Vec<String>),
            /// The server's capabilities.
            Capability(Capabilities),
            /// The flags that can be stored permanently in this mailbox; `\*` means that new keywords can be created.
            PermanentFlags(WordList),
            /// A lower bound for the UID of the next message; `None` for the 0 that some servers send.
            UidNext(Option<Uid>),
            /// The generation of the mailbox's UIDs; `None` for 0, which means that UIDs do not last after this session.
            UidValidity(Option<UidValidity>),
            /// The first message that is not `\Seen`; `None` for 0.
            Unseen(Option<SeqNum>),
            /// The UIDs of the appended messages, stamped and in the order of appending (RFC 4315 §3).
            AppendUid(Uids),
            /// The UIDs of copied messages and of their copies (RFC 4315 §3).
            CopyUid(CopyUid),
            /// The highest modification sequence of the mailbox (RFC 7162 §3.1.2.1).
            HighestModSeq(u64),
            /// The messages that the command did not change, because they had changed since (RFC 7162 §3.1.3).
            Modified(Uids),
            /// Other locations of this mailbox or account, as URLs (RFC 2221, RFC 2193).
            Referral(String),
            /// An identifier of the mailbox that survives renaming (RFC 8474).
            MailboxId(String),
            /// The annotation is larger than the server accepts (RFC 5257).
            AnnotateTooBig,
            /// The message has as many annotations as the server accepts (RFC 5257).
            AnnotateTooMany,
            /// The mailbox or server has as many annotations as the server accepts (RFC 5464 §4.3).
            MetadataTooMany,
            /// The server does not support private annotations (RFC 5464 §4.3).
            MetadataNoPrivate,
            /// The URL in CATENATE that cannot be used (RFC 4469 §4).
            BadUrl(String),
            /// The mechanisms that authorise access to a URL, each with `=` and its key in base64 if it has one (RFC 4467).
            UrlMechanisms(Vec<String>),
            /// The annotations that messages of this mailbox can have (RFC 5257).
            Annotations(AnnotationSupport),
            /// Values longer than the requested maximum were left out. Contains the size of the longest, in octets (RFC 5464 §4.2.1).
            MetadataLongEntries(u64),
            /// The annotation is larger than the server accepts. Contains the largest size, in octets (RFC 5464 §4.3).
            MetadataMaxSize(u64),
            /// NOTIFY asked for events that the server does not support. Contains the events that it supports (RFC 5465 §3.1).
            BadEvent(Vec<String>),
            /// The server no longer updates the result of the search with this tag (RFC 5267 §4.3.1).
            NoUpdate(String),
            /// There is no filter with this name (RFC 5466 §3.1).
            UndefinedFilter(String),
            /// How many messages can be converted at once (RFC 5259 §9).
            MaxConvertMessages(u64),
            /// How many parts can be converted at once (RFC 5259 §9).
            MaxConvertParts(u64),
            /// How far the server is with a command (RFC 9585).
            InProgress(Progress),
            /// A command stopped after the number of messages that the server allows (RFC 9738 §3).
            MessageLimit {
                /// How many messages one command may name.
                limit: u64,
                /// The lowest UID that the server processed. It processes messages from the highest UID down.
                last: Option<Uid>,
            },
            /// Any other code, by name and with its data unparsed.
            Other(Code),
        }

        impl ResponseCode {
            /// The code without data that has this name.
            pub(crate) fn bare(name: &str) -> Option<Self> {
                $(if name.eq_ignore_ascii_case($name) {
                    return Some(Self::$variant);
                })*
                None
            }

            /// The code's name on the wire, in upper case.
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::BadCharset(_) => "BADCHARSET",
                    Self::Capability(_) => "CAPABILITY",
                    Self::PermanentFlags(_) => "PERMANENTFLAGS",
                    Self::UidNext(_) => "UIDNEXT",
                    Self::UidValidity(_) => "UIDVALIDITY",
                    Self::Unseen(_) => "UNSEEN",
                    Self::AppendUid(_) => "APPENDUID",
                    Self::CopyUid(_) => "COPYUID",
                    Self::HighestModSeq(_) => "HIGHESTMODSEQ",
                    Self::Modified(_) => "MODIFIED",
                    Self::Referral(_) => "REFERRAL",
                    Self::MailboxId(_) => "MAILBOXID",
                    Self::BadUrl(_) => "BADURL",
                    Self::UrlMechanisms(_) => "URLMECH",
                    Self::Annotations(_) => "ANNOTATIONS",
                    Self::AnnotateTooBig | Self::AnnotateTooMany => "ANNOTATE",
                    Self::MetadataLongEntries(_)
                    | Self::MetadataMaxSize(_)
                    | Self::MetadataTooMany
                    | Self::MetadataNoPrivate => "METADATA",
                    Self::BadEvent(_) => "BADEVENT",
                    Self::NoUpdate(_) => "NOUPDATE",
                    Self::UndefinedFilter(_) => "UNDEFINED-FILTER",
                    Self::MaxConvertMessages(_) => "MAXCONVERTMESSAGES",
                    Self::MaxConvertParts(_) => "MAXCONVERTPARTS",
                    Self::InProgress(_) => "INPROGRESS",
                    Self::MessageLimit { .. } => "MESSAGELIMIT",
                    Self::Other(code) => code.name(),
                }
            }
        }
    };
}

codes! {
    /// The text must be shown to the user.
    Alert = "ALERT",
    /// The mailbox exists already (RFC 5530).
    AlreadyExists = "ALREADYEXISTS",
    /// The user name or password is wrong (RFC 5530).
    AuthenticationFailed = "AUTHENTICATIONFAILED",
    /// The login is correct, but may not act for this user (RFC 5530).
    AuthorizationFailed = "AUTHORIZATIONFAILED",
    /// The server supports none of the comparators (RFC 5255 §4.9).
    BadComparator = "BADCOMPARATOR",
    /// The operation can never succeed (RFC 5530).
    Cannot = "CANNOT",
    /// The server detected a bug in the client (RFC 5530).
    ClientBug = "CLIENTBUG",
    /// The mailbox that was selected before is closed; the following responses are about the new one.
    Closed = "CLOSED",
    /// The connection is already compressed (RFC 4978).
    CompressionActive = "COMPRESSIONACTIVE",
    /// The user must contact an administrator (RFC 5530).
    ContactAdmin = "CONTACTADMIN",
    /// The server's data is damaged (RFC 5530).
    Corruption = "CORRUPTION",
    /// The password has expired (RFC 5530).
    Expired = "EXPIRED",
    /// Another session expunged messages (RFC 5530).
    ExpungeIssued = "EXPUNGEISSUED",
    /// The mailbox cannot be deleted because it has children.
    HasChildren = "HASCHILDREN",
    /// Another session uses the mailbox; retry later (RFC 5530).
    InUse = "INUSE",
    /// A limit of the server was reached (RFC 5530).
    Limit = "LIMIT",
    /// The mailbox does not exist (RFC 5530).
    NonExistent = "NONEXISTENT",
    /// The mailbox keeps no modification sequences (RFC 7162).
    NoModSeq = "NOMODSEQ",
    /// The user has no permission for the operation (RFC 5530).
    NoPerm = "NOPERM",
    /// There are too many events: the server stops sending those that NOTIFY asked for (RFC 5465 §5.8).
    NotificationOverflow = "NOTIFICATIONOVERFLOW",
    /// The result of a search was not saved (RFC 5182).
    NotSaved = "NOTSAVED",
    /// The quota is, or would be, exceeded (RFC 5530).
    OverQuota = "OVERQUOTA",
    /// The server could not parse a message.
    Parse = "PARSE",
    /// The operation requires TLS (RFC 5530).
    PrivacyRequired = "PRIVACYREQUIRED",
    /// The mailbox is open for reading only.
    ReadOnly = "READ-ONLY",
    /// The mailbox is open for reading and writing.
    ReadWrite = "READ-WRITE",
    /// The server detected a bug in itself (RFC 5530).
    ServerBug = "SERVERBUG",
    /// The conversion failed temporarily; retry later (RFC 5259 §9).
    TempFail = "TEMPFAIL",
    /// The message is larger than the server accepts (RFC 4469, RFC 7889).
    TooBig = "TOOBIG",
    /// The mailbox does not exist, but the client can create it.
    TryCreate = "TRYCREATE",
    /// The mailbox does not keep its UIDs after the session (RFC 4315).
    UidNotSticky = "UIDNOTSTICKY",
    /// Commands must use UIDs, not sequence numbers (RFC 9586).
    UidRequired = "UIDREQUIRED",
    /// A part of the server is temporarily unavailable (RFC 5530).
    Unavailable = "UNAVAILABLE",
    /// The server does not know the transfer encoding of a part (RFC 3516).
    UnknownCte = "UNKNOWN-CTE",
    /// The requested special-use attribute is not available (RFC 6154).
    UseAttr = "USEATTR",
}

impl ResponseCode {
    /// The text after the name on the wire; empty if there is none.
    pub fn data(&self) -> String {
        match self {
            Self::BadCharset(charsets) if charsets.is_empty() => String::new(),
            Self::BadCharset(charsets) => format!("({})", charsets.join(" ")),
            Self::Capability(capabilities) => capabilities.to_string(),
            Self::PermanentFlags(flags) => format!("({flags})"),
            Self::UidNext(uid) => number(uid.map(Uid::as_u32)),
            Self::UidValidity(validity) => number(validity.map(UidValidity::as_u32)),
            Self::Unseen(seq) => number(seq.map(SeqNum::as_u32)),
            Self::AppendUid(uids) => format!("{} {uids}", number(uids.validity().map(UidValidity::as_u32))),
            Self::CopyUid(copied) => {
                format!("{} {} {}", number(copied.validity().map(UidValidity::as_u32)), copied.from(), copied.to())
            }
            Self::HighestModSeq(modseq) => modseq.to_string(),
            Self::Modified(uids) => uids.to_string(),
            Self::Referral(url) => url.clone(),
            Self::MailboxId(id) => format!("({id})"),
            Self::AnnotateTooBig => "TOOBIG".to_owned(),
            Self::AnnotateTooMany | Self::MetadataTooMany => "TOOMANY".to_owned(),
            Self::MetadataNoPrivate => "NOPRIVATE".to_owned(),
            Self::BadUrl(text) | Self::UndefinedFilter(text) => text.clone(),
            Self::UrlMechanisms(mechanisms) => mechanisms.join(" "),
            Self::Annotations(support) => support.data(),
            Self::MetadataLongEntries(octets) => format!("LONGENTRIES {octets}"),
            Self::MetadataMaxSize(octets) => format!("MAXSIZE {octets}"),
            Self::BadEvent(names) => format!("({})", names.join(" ")),
            Self::NoUpdate(tag) => format!("\"{tag}\""),
            Self::MaxConvertMessages(most) | Self::MaxConvertParts(most) => most.to_string(),
            Self::InProgress(progress) => progress.data(),
            Self::MessageLimit { limit, last: None } => limit.to_string(),
            Self::MessageLimit { limit, last: Some(last) } => format!("{limit} {last}"),
            Self::Other(code) => code.data().to_owned(),
            _ => String::new(),
        }
    }
}

fn number(value: Option<u32>) -> String {
    value.unwrap_or_default().to_string()
}

impl From<ResponseCode> for Code {
    fn from(code: ResponseCode) -> Self {
        match code {
            ResponseCode::Other(code) => code,
            known => Self::new(known.name(), known.data()),
        }
    }
}

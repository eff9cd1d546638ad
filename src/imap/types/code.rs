//! [`ResponseCode`]: what the bracket in a status response says (RFC 9051 §7.1). It must not know which command it answers;
//! for errors, which serve both protocols, it becomes the root's [`Code`](crate::Code).

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
        /// A response code. One that this crate does not know, or whose data is not what its RFC says, is
        /// [`Other`](Self::Other), complete.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum ResponseCode {
            $($(#[$doc])* $variant,)*
            /// The charset of a search is not known; those that are.
            BadCharset(Vec<String>),
            /// What the server can do now.
            Capability(Capabilities),
            /// The flags that can be stored in this mailbox; `\*` says that new keywords can be made.
            PermanentFlags(WordList),
            /// The UID the next message is going to have, at least; `None` for the 0 that some servers send.
            UidNext(Option<Uid>),
            /// The generation of the mailbox's UIDs; `None` for 0: they mean nothing in the next session.
            UidValidity(Option<UidValidity>),
            /// The first message that is not `\Seen`; `None` for 0.
            Unseen(Option<SeqNum>),
            /// Where an appended message went: a stamped set, in the order of appending (RFC 4315 §3).
            AppendUid(Uids),
            /// Which message became which.
            CopyUid(CopyUid),
            /// The highest modification sequence of the mailbox (RFC 7162 §3.1.2.1).
            HighestModSeq(u64),
            /// The messages that were not changed, since somebody else had changed them (RFC 7162 §3.1.3).
            Modified(Uids),
            /// Other places for this mailbox, as URLs (RFC 2221, RFC 2193).
            Referral(String),
            /// An identifier of the mailbox that survives renaming (RFC 8474).
            MailboxId(String),
            /// The annotation is larger than the server takes (RFC 5257).
            AnnotateTooBig,
            /// The message has as many annotations as the server takes (RFC 5257).
            AnnotateTooMany,
            /// There are as many annotations as the server takes (RFC 5464 §4.3).
            MetadataTooMany,
            /// The server has no private annotations (RFC 5464 §4.3).
            MetadataNoPrivate,
            /// A URL in CATENATE cannot be used: which (RFC 4469 §4).
            BadUrl(String),
            /// The mechanisms that authorise access to a URL, each with its key in base64 behind `=` where it has one (RFC 4467).
            UrlMechanisms(Vec<String>),
            /// The annotations that messages of this mailbox can have (RFC 5257).
            Annotations(AnnotationSupport),
            /// Annotations longer than was asked for were left out; the longest has so many octets (RFC 5464 §4.2.1).
            MetadataLongEntries(u64),
            /// The annotation is larger than the server takes: so many octets (RFC 5464 §4.3).
            MetadataMaxSize(u64),
            /// NOTIFY asked for events that the server does not know; those that it does (RFC 5465 §3.1).
            BadEvent(Vec<String>),
            /// The search with that tag is not kept up to date any longer (RFC 5267 §4.3.1).
            NoUpdate(String),
            /// There is no filter of that name (RFC 5466 §3.1).
            UndefinedFilter(String),
            /// At most so many messages can be converted at once (RFC 5259 §9).
            MaxConvertMessages(u64),
            /// At most so many parts can be converted at once (RFC 5259 §9).
            MaxConvertParts(u64),
            /// How far the server is with a command (RFC 9585).
            InProgress(Progress),
            /// A command was stopped behind so many messages (RFC 9738 §3).
            MessageLimit {
                /// How many messages one command may be about.
                limit: u64,
                /// The lowest UID that was dealt with; the server goes from the highest down.
                last: Option<Uid>,
            },
            /// Any other, by name and with its data unparsed.
            Other(Code),
        }

        impl ResponseCode {
            /// The code of that name that needs no data.
            pub(crate) fn bare(name: &str) -> Option<Self> {
                $(if name.eq_ignore_ascii_case($name) {
                    return Some(Self::$variant);
                })*
                None
            }

            /// The name on the wire, in upper case.
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
    /// The text has to be shown to the user.
    Alert = "ALERT",
    /// The mailbox exists already (RFC 5530).
    AlreadyExists = "ALREADYEXISTS",
    /// The name or password is wrong (RFC 5530).
    AuthenticationFailed = "AUTHENTICATIONFAILED",
    /// The login is right, but may not act for that user (RFC 5530).
    AuthorizationFailed = "AUTHORIZATIONFAILED",
    /// None of the comparators is known (RFC 5255 §4.9).
    BadComparator = "BADCOMPARATOR",
    /// It can never be done (RFC 5530).
    Cannot = "CANNOT",
    /// The server thinks that the client has a bug (RFC 5530).
    ClientBug = "CLIENTBUG",
    /// The mailbox that was selected before is closed; what follows is about the new one.
    Closed = "CLOSED",
    /// What goes over the connection is compressed already (RFC 4978).
    CompressionActive = "COMPRESSIONACTIVE",
    /// Only an administrator can help (RFC 5530).
    ContactAdmin = "CONTACTADMIN",
    /// The server's data is damaged (RFC 5530).
    Corruption = "CORRUPTION",
    /// The password has expired (RFC 5530).
    Expired = "EXPIRED",
    /// Messages have been expunged by somebody else (RFC 5530).
    ExpungeIssued = "EXPUNGEISSUED",
    /// The mailbox has children and so cannot be deleted.
    HasChildren = "HASCHILDREN",
    /// Somebody else uses it; later may do (RFC 5530).
    InUse = "INUSE",
    /// A bound of the server was reached (RFC 5530).
    Limit = "LIMIT",
    /// The mailbox does not exist (RFC 5530).
    NonExistent = "NONEXISTENT",
    /// The mailbox keeps no modification sequences (RFC 7162).
    NoModSeq = "NOMODSEQ",
    /// The user may not do that (RFC 5530).
    NoPerm = "NOPERM",
    /// Too much happens: nothing more is told of what NOTIFY asked for (RFC 5465 §5.8).
    NotificationOverflow = "NOTIFICATIONOVERFLOW",
    /// The result of a search was not saved (RFC 5182).
    NotSaved = "NOTSAVED",
    /// The quota is, or would be, exceeded (RFC 5530).
    OverQuota = "OVERQUOTA",
    /// A message could not be parsed.
    Parse = "PARSE",
    /// Not without TLS (RFC 5530).
    PrivacyRequired = "PRIVACYREQUIRED",
    /// The mailbox was opened for reading only.
    ReadOnly = "READ-ONLY",
    /// The mailbox was opened for reading and writing.
    ReadWrite = "READ-WRITE",
    /// The server found a bug in itself (RFC 5530).
    ServerBug = "SERVERBUG",
    /// The conversion may be done later (RFC 5259 §9).
    TempFail = "TEMPFAIL",
    /// The message is larger than the server takes (RFC 4469, RFC 7889).
    TooBig = "TOOBIG",
    /// The mailbox does not exist, but can be created.
    TryCreate = "TRYCREATE",
    /// The mailbox does not keep its UIDs (RFC 4315).
    UidNotSticky = "UIDNOTSTICKY",
    /// Only UIDs may be used, no sequence numbers (RFC 9586).
    UidRequired = "UIDREQUIRED",
    /// A subsystem is down, for now (RFC 5530).
    Unavailable = "UNAVAILABLE",
    /// The transfer encoding of a part is not known (RFC 3516).
    UnknownCte = "UNKNOWN-CTE",
    /// The special use cannot be had (RFC 6154).
    UseAttr = "USEATTR",
}

impl ResponseCode {
    /// What stands behind the name on the wire; empty where nothing does.
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

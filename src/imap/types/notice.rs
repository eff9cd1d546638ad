//! [`Notice`]: something that an IMAP server says to the session rather than to one call. What happens in the selected mailbox is not among
//! it. It must not know who listens.

use super::code::ResponseCode;
use super::progress::Progress;
use super::response::Response;

/// Something that a server says to the session rather than to one call.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// What the user must be shown (RFC 9051 §7.1).
    Alert {
        /// The server's words.
        text: String,
        /// Whether they came within TLS. Without it anybody on the way may have written them; such alerts come only if
        /// `Config::unprotected_alerts` asks for them.
        protected: bool,
    },
    /// A warning: an untagged NO. Some servers put a web page to visit into the code, such as `[WEBALERT url]`.
    Warning {
        /// The server's words.
        text: String,
        /// The response code.
        code: Option<ResponseCode>,
    },
    /// A complaint that concerns no command in particular: an untagged BAD.
    Complaint {
        /// The server's words.
        text: String,
        /// The response code.
        code: Option<ResponseCode>,
    },
    /// The server ends the session.
    Bye {
        /// The server's words.
        text: String,
        /// The response code.
        code: Option<ResponseCode>,
    },
    /// How far the server is with a command (RFC 9585).
    Progress {
        /// The command's name, such as `UID SEARCH`, if the server names one that is running.
        command: Option<&'static str>,
        /// How much is done.
        progress: Progress,
        /// The server's words.
        text: String,
    },
    /// Data that no running command asked for: STATUS or LIST of another mailbox (with the old name of one that was renamed), METADATA,
    /// QUOTA, and whatever else.
    Data(Response),
    /// More was said than was kept: 256 notices, or 256 KiB of them, or unasked data in one response of more than 4 KiB. What is missing
    /// is lost; what comes now is new.
    Lagged,
}

impl Notice {
    /// The words in which the user is told, if there are any.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Alert { text, .. }
            | Self::Warning { text, .. }
            | Self::Complaint { text, .. }
            | Self::Bye { text, .. }
            | Self::Progress { text, .. } => Some(text),
            Self::Data(_) | Self::Lagged => None,
        }
    }
}

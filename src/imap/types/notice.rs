//! [`Notice`]: a message from the server to the session, not to one call. Changes in the selected mailbox are events, not notices. It
//! must not know who receives it.

use super::code::ResponseCode;
use super::progress::Progress;
use super::response::Response;

/// A message from the server to the session, not to one call. [`Imap::notices`](crate::imap::Imap::notices) returns them. Changes in
/// the selected mailbox are [`Event`](super::Event)s instead.
///
/// ```
/// use postroom::imap::Notice;
///
/// fn show(notice: &Notice) {
///     match notice {
///         Notice::Alert { text, .. } => println!("Important: {text}"),
///         Notice::Lagged => println!("some messages of the server were lost"),
///         other => println!("{}", other.text().unwrap_or_default()),
///     }
/// }
/// assert_eq!(Notice::Lagged.text(), None);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// A text that must be shown to the user (RFC 9051 §7.1).
    Alert {
        /// The server's words.
        text: String,
        /// Whether they arrived within TLS. Without TLS, an attacker on the network may have written them; such alerts are only
        /// reported if `Config::unprotected_alerts` is set.
        protected: bool,
    },
    /// A warning: an untagged NO. Gmail puts the URL of a web page to visit into the code: `[WEBALERT url]`.
    Warning {
        /// The server's words.
        text: String,
        /// The response code.
        code: Option<ResponseCode>,
    },
    /// A protocol error that concerns no command in particular: an untagged BAD.
    Complaint {
        /// The server's words.
        text: String,
        /// The response code.
        code: Option<ResponseCode>,
    },
    /// The server ends the session: BYE.
    Bye {
        /// The server's words.
        text: String,
        /// The response code.
        code: Option<ResponseCode>,
    },
    /// How far the server is with a command (`INPROGRESS`, RFC 9585), such as a SEARCH, COPY or STORE that takes long.
    /// [`Fetch::progress`](crate::imap::Fetch::progress) has that of its own command too.
    Progress {
        /// The command's name, such as `UID SEARCH`, if the server names a command that is running.
        command: Option<&'static str>,
        /// How much the server has done.
        progress: Progress,
        /// The server's words.
        text: String,
    },
    /// Data that no running command asked for, such as STATUS or LIST of another mailbox (with the old name if it was renamed),
    /// METADATA, or QUOTA.
    Data(Response),
    /// Notices were lost, because more than 256 notices or 256 KiB of them were waiting, or because one response had more than 4 KiB of
    /// data that no command asked for. The notices after this one are complete again.
    Lagged,
}

impl Notice {
    /// The server's words, if the notice has any.
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

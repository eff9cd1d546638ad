//! [`Progress`]: how far a server is with a command (RFC 9585). Of the command it must not know more than the tag.

/// How far the server is with a command: the data of the code `INPROGRESS` (RFC 9585). A field is `None` if the server does not
/// report it.
///
/// ```
/// use postroom::imap::{ResponseCode, codec::text};
///
/// let line = text::untagged(b"* OK [INPROGRESS (\"A1\" 454 1000)] Still searching\r\n")?;
/// let Some(ResponseCode::InProgress(progress)) = line.code else { panic!("no progress") };
/// assert_eq!((progress.done, progress.goal), (Some(454), Some(1000)));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// The tag of the command.
    pub tag: Option<String>,
    /// How much the server has done, in a unit of its choice.
    pub done: Option<u64>,
    /// The total amount of work, in the same unit.
    pub goal: Option<u64>,
}

impl Progress {
    /// The form on the wire.
    pub(crate) fn data(&self) -> String {
        let number = |number: Option<u64>| number.map_or_else(|| "NIL".to_owned(), |number| number.to_string());
        match self {
            Self { tag: None, done: None, goal: None } => String::new(),
            Self { tag, done, goal } => {
                let tag = tag.as_ref().map_or_else(|| "NIL".to_owned(), |tag| format!("\"{tag}\""));
                format!("({tag} {} {})", number(*done), number(*goal))
            }
        }
    }
}

//! [`Progress`]: how far a server is with a command (RFC 9585). It must not know which command that is beyond its tag.

/// What the code `INPROGRESS` says. Whatever is missing the server did not tell.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// The tag of the command.
    pub tag: Option<String>,
    /// How much is done, in a unit of the server's choice.
    pub done: Option<u64>,
    /// How much there is to do in all, in the same unit.
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

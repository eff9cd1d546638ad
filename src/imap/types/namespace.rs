//! [`Namespaces`]: where a server keeps whose mailboxes (RFC 2342). It must not know which mailboxes there are.

use crate::defect::Defect;

/// The prefixes of mailbox names, by whom the mailboxes belong to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Namespaces {
    /// The user's own.
    pub personal: Vec<Namespace>,
    /// Those of other users.
    pub others: Vec<Namespace>,
    /// Those of nobody in particular.
    pub shared: Vec<Namespace>,
}

/// One prefix of mailbox names.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Namespace {
    /// What the names begin with; often empty. It ends in the delimiter where one is due.
    pub prefix: String,
    /// What separates levels; `None` where names have no levels, or where the server names something that is not one ASCII character,
    /// which is a defect then.
    pub delimiter: Option<char>,
    /// The prefix in the user's language, to be shown and not to be sent (RFC 5255 §3.4).
    pub translation: Option<String>,
    /// What extensions say of it, unparsed; empty where they say nothing.
    pub extended: Vec<u8>,
    /// What could not be read of it.
    pub defects: Vec<Defect>,
}

impl Namespace {
    /// One of which no more is known.
    pub(crate) fn new(prefix: String, delimiter: Option<char>) -> Self {
        Self { prefix, delimiter, translation: None, extended: Vec::new(), defects: Vec::new() }
    }
}

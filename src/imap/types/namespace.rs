//! [`Namespaces`]: where a server keeps whose mailboxes (RFC 2342). It must not know which mailboxes there are.

/// The prefixes of mailbox names, by whom the mailboxes belong to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
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
pub struct Namespace {
    /// What the names begin with; often empty. It ends in the delimiter where one is due.
    pub prefix: String,
    /// What separates levels; `None` where names have no levels.
    pub delimiter: Option<char>,
}

//! [`Language`]: one in which a server can speak to people (RFC 6856 §3.2). It must not know which one is in use.

/// A language that LANG lists.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Language {
    /// Its tag, such as `de` or `i-default`, as the server writes it.
    pub tag: String,
    /// Its name in that language, for people; empty where the server gives none.
    pub description: String,
}

impl Language {
    pub(crate) fn new(tag: String, description: String) -> Self {
        Self { tag, description }
    }
}

//! [`Language`]: a language for a server's texts (RFC 6856 §3.2). It must not know which one is in use.

/// A language that LANG lists.
///
/// ```
/// use postroom::pop3::codec::language_line;
///
/// let german = language_line("de Deutsch".as_bytes()).unwrap();
/// assert_eq!((german.tag.as_str(), german.description.as_str()), ("de", "Deutsch"));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Language {
    /// The language tag, such as `de` or `i-default`, as the server writes it.
    pub tag: String,
    /// The language's name in that language; empty if the server gives none.
    pub description: String,
}

impl Language {
    pub(crate) fn new(tag: String, description: String) -> Self {
        Self { tag, description }
    }
}

//! [`Comparators`]: how a server compares text (RFC 5255 §4.8). It must not know what a comparator does.

/// The answer to COMPARATOR (RFC 5255 §4.8): the active comparator, and others that match.
///
/// ```
/// use postroom::imap::codec::language;
///
/// assert_eq!(language::comparators(b"* COMPARATOR i;basic\r\n")?.active, "i;basic");
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Comparators {
    /// The comparator that SEARCH, SORT and THREAD use now.
    pub active: String,
    /// All comparators that match the request, if several do.
    pub matching: Vec<String>,
}

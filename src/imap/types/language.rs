//! [`Comparators`]: how a server compares text (RFC 5255 §4.8). It must not know what a comparator does.

/// What COMPARATOR says: the comparator in use, and those that could be.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Comparators {
    /// The one that SEARCH, SORT and THREAD use now.
    pub active: String,
    /// Those that match what was asked for, where several do.
    pub matching: Vec<String>,
}

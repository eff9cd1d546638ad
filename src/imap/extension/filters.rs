//! Named searches that the server keeps (FILTERS, RFC 5466): they are entries of the server's metadata, and a [`Query`] names one with
//! [`Query::filter`]. It must not know how metadata is written.

use std::fmt;

#[cfg(doc)]
use crate::error::Kind;
use crate::error::{Error, Result};
use crate::imap::Imap;
use crate::imap::codec::{Line, Segment};
use crate::imap::command::metadata::MetadataDepth;
use crate::imap::types::{EntryName, Key, Query};

/// A named search that the server keeps, from [`Imap::filters`].
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |imap| {
/// if imap.capabilities().has("FILTERS") {
///     for filter in imap.filters().await? {
///         println!("{} ({}): {}", filter.name, filter.scope, filter.description.unwrap_or(filter.criteria));
///     }
/// }
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Filter {
    /// Whose it is.
    pub scope: FilterScope,
    /// Its name, for [`Query::filter`].
    pub name: String,
    /// The keys of SEARCH, as they are stored. Another program may have written them, so they can contain anything.
    pub criteria: String,
    /// What people see of it, if anything is stored. It may begin with language tags (RFC 5466 §3.2).
    pub description: Option<String>,
}

/// Whose a [`Filter`] is.
///
/// ```
/// use postroom::imap::FilterScope;
///
/// assert_eq!(FilterScope::Private.to_string(), "private");
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum FilterScope {
    /// The user's own. It hides a shared one with the same name.
    Private,
    /// Everybody's.
    Shared,
}

const SCOPES: [FilterScope; 2] = [FilterScope::Private, FilterScope::Shared];

impl Imap {
    /// The filters that the user can read, by name; of two with the same name the private one first, which is the one that a search
    /// uses. One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// if imap.capabilities().has("FILTERS") {
    ///     println!("{} filters", imap.filters().await?.len());
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Unsupported`], before anything is sent, if the server does not announce FILTERS; otherwise as
    /// [`server_metadata`](Self::server_metadata).
    pub async fn filters(&self) -> Result<Vec<Filter>> {
        self.require(self.capabilities().has("FILTERS"), "FILTERS")?;
        let mut roots = Vec::new();
        for scope in SCOPES {
            roots.extend([scope.root(VALUES)?, scope.root(DESCRIPTIONS)?]);
        }
        let found = self.get_metadata(None, &roots, MetadataDepth::Children, None).await?;
        let mut filters = Vec::new();
        for (entry, value) in &found.values {
            let Some((scope, name)) = named(entry.as_str(), VALUES) else { continue };
            let Some(value) = value else { continue };
            let is_described = |(entry, value): &(EntryName, Option<Vec<u8>>)| {
                let described = named(entry.as_str(), DESCRIPTIONS)?;
                value.as_deref().filter(|_| described == (scope, name)).map(text)
            };
            let description = found.values.iter().find_map(is_described);
            filters.push(Filter { scope, name: name.to_owned(), criteria: text(value), description });
        }
        filters.sort_by(|one, other| (&one.name, one.scope).cmp(&(&other.name, other.scope)));
        Ok(filters)
    }

    /// Returns the filter that a search with this name uses: the private one, else the shared one; `None` if there is neither. One round
    /// trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// if imap.capabilities().has("FILTERS") {
    ///     println!("{:?}", imap.filter("on-the-road").await?);
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`filters`](Self::filters); also, before anything is sent, [`Kind::Input`] for a name with a slash, a space, or anything else
    /// that an atom cannot hold.
    pub async fn filter(&self, name: &str) -> Result<Option<Filter>> {
        self.require(self.capabilities().has("FILTERS"), "FILTERS")?;
        let mut entries = Vec::new();
        for scope in SCOPES {
            entries.extend([scope.entry(VALUES, name)?, scope.entry(DESCRIPTIONS, name)?]);
        }
        let found = self.get_metadata(None, &entries, MetadataDepth::Entry, None).await?;
        for scope in SCOPES {
            if let Some(value) = found.value(&scope.entry(VALUES, name)?) {
                let description = found.value(&scope.entry(DESCRIPTIONS, name)?).map(text);
                return Ok(Some(Filter { scope, name: name.to_owned(), criteria: text(value), description }));
            }
        }
        Ok(None)
    }

    /// Stores a filter, or replaces the one with this name: [`Query::filter`] then means that query. The description is for people;
    /// without one, that of an earlier filter is removed. One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::{FilterScope, Query};
    ///
    /// if imap.capabilities().has("FILTERS") {
    ///     let query = Query::smaller(5000).or(Query::from("boss@example.com"));
    ///     imap.set_filter(FilterScope::Private, "on-the-road", &query, Some("on the road")).await?;
    ///     let inbox = imap.select("INBOX").await?;
    ///     println!("{}", inbox.search(&Query::filter("on-the-road").and(Query::unseen())).await?);
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Unsupported`] if the server does not announce FILTERS, [`Kind::Input`] for an invalid name, and
    /// for a query that cannot be written or that means something in one mailbox or session only: UIDs with their UIDVALIDITY, and saved
    /// results; [`Kind::Rejected`] if the user may not write it, or there are too many (code `METADATA` with `TOOMANY`); and the errors of
    /// [every command](Self#errors-of-every-command).
    pub async fn set_filter(
        &self,
        scope: FilterScope,
        name: &str,
        query: &Query,
        description: Option<&str>,
    ) -> Result<()> {
        self.require(self.capabilities().has("FILTERS"), "FILTERS")?;
        let description = description.map(|text| text.as_bytes().to_vec());
        self.set_filter_entries(scope, name, Some(criteria(query)?), description).await
    }

    /// Removes a filter and its description. If there is none, nothing happens. One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// use postroom::imap::FilterScope;
    ///
    /// if imap.capabilities().has("FILTERS") {
    ///     imap.delete_filter(FilterScope::Private, "on-the-road").await?;
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`set_filter`](Self::set_filter).
    pub async fn delete_filter(&self, scope: FilterScope, name: &str) -> Result<()> {
        self.require(self.capabilities().has("FILTERS"), "FILTERS")?;
        self.set_filter_entries(scope, name, None, None).await
    }

    /// Both in one command: all of it is written, or nothing (RFC 5464 §4.3).
    async fn set_filter_entries(
        &self,
        scope: FilterScope,
        name: &str,
        criteria: Option<Vec<u8>>,
        description: Option<Vec<u8>>,
    ) -> Result<()> {
        let values = [(scope.entry(VALUES, name)?, criteria), (scope.entry(DESCRIPTIONS, name)?, description)];
        self.write_metadata(None, &values).await
    }
}

const VALUES: &str = "values";
const DESCRIPTIONS: &str = "descriptions";

impl FilterScope {
    fn name(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Shared => "shared",
        }
    }

    fn root(self, of: &str) -> Result<EntryName> {
        EntryName::new(&format!("/{}/filters/{of}", self.name()))
    }

    fn entry(self, of: &str, name: &str) -> Result<EntryName> {
        // RFC 5466 §4: an atom without a slash.
        Line::new("FILTER").query(&Query::filter(name)).map(drop)?;
        EntryName::new(&format!("/{}/filters/{of}/{name}", self.name()))
    }
}

impl fmt::Display for FilterScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The filter whose value or description this entry is.
fn named<'a>(entry: &'a str, of: &str) -> Option<(FilterScope, &'a str)> {
    SCOPES.into_iter().find_map(|scope| {
        let root = format!("/{}/filters/{of}/", scope.name());
        let (start, name) = entry.split_at_checked(root.len())?;
        let fits = start.eq_ignore_ascii_case(&root) && !name.is_empty() && !name.contains('/');
        fits.then_some((scope, name))
    })
}

/// The keys as they are stored: in UTF-8, with parentheses around keys of extensions, so that other programs can read the rest (RFC 5466
/// §3.2).
fn criteria(query: &Query) -> Result<Vec<u8>> {
    if query.sets().iter().any(|uids| uids.validity().is_some()) {
        return Err(Error::input("a filter is used in every mailbox, and these UIDs belong to one"));
    }
    if query.names_last_saved() || query.saved_mark().is_some() {
        return Err(Error::input("a filter is used in every session, and a saved result belongs to one"));
    }
    let keys = match &query.0 {
        Key::And(keys) if !keys.is_empty() => keys.as_slice(),
        key => std::slice::from_ref(key),
    };
    let apart = |key: &Key| match Query(key.clone()).demands().is_empty() {
        true => key.clone(),
        false => Key::And(vec![key.clone()]),
    };
    let line = Line::new("SEARCH").query(&Query(Key::And(keys.iter().map(apart).collect())))?;
    let mut text = Vec::new();
    for segment in line.finish() {
        match segment {
            Segment::Text(bytes) => text.extend_from_slice(&bytes),
            // The form of a literal in the grammar of a search, without LITERAL+.
            Segment::Literal { bytes, .. } => {
                text.extend_from_slice(format!("{{{}}}\r\n", bytes.len()).as_bytes());
                text.extend_from_slice(&bytes);
            }
            _ => return Err(Error::input("this query cannot be kept as a filter")),
        }
    }
    let keys = text.strip_prefix(b"SEARCH ").and_then(|rest| rest.strip_suffix(b"\r\n"));
    keys.map(<[u8]>::to_vec).ok_or_else(|| Error::input("this query cannot be kept as a filter"))
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::imap::types::{UidValidity, Uids};

    #[test]
    fn keys_are_written_as_a_search_has_them() {
        let written = |query: Query| String::from_utf8(criteria(&query).unwrap()).unwrap();
        let boss = Query::smaller(5000).or(Query::from("boss@example.com"));
        assert_eq!(written(boss.clone()), "OR SMALLER 5000 FROM \"boss@example.com\"");
        assert_eq!(written(Query::unseen().and(boss)), "UNSEEN OR SMALLER 5000 FROM \"boss@example.com\"");
        assert_eq!(written(Query::subject("für")), "SUBJECT {4}\r\nfür");
        let young = Query::younger(NonZeroU32::MIN);
        assert_eq!(written(Query::seen().and(young.clone())), "SEEN (YOUNGER 1)");
        assert_eq!(written(young.or(Query::seen())), "(OR YOUNGER 1 SEEN)");
        assert_eq!(written(Query::all()), "ALL");
    }

    #[test]
    fn what_belongs_to_one_mailbox_or_session_is_refused() {
        let stamped = Uids::ALL.stamped(UidValidity::nonzero(7).unwrap());
        for query in [Query::uids(stamped), Query::saved(), Query::subject("a\0")] {
            assert_eq!(criteria(&query).unwrap_err().kind(), crate::Kind::Input, "{query}");
        }
        assert!(criteria(&Query::uids(Uids::ALL)).is_ok());
    }

    #[test]
    fn entries_are_those_of_a_filter() {
        assert_eq!(named("/Private/Filters/values/a-b", VALUES), Some((FilterScope::Private, "a-b")));
        assert_eq!(named("/shared/filters/descriptions/x", DESCRIPTIONS), Some((FilterScope::Shared, "x")));
        for other in ["/shared/filters/values", "/shared/filters/values/", "/shared/filters/values/a/b", "/shared/x"] {
            assert_eq!(named(other, VALUES), None, "{other}");
        }
        for name in ["a/b", "", "a b", "ü", "a(b"] {
            assert!(FilterScope::Private.entry(VALUES, name).is_err(), "{name}");
        }
    }
}

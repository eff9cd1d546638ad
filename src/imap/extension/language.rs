//! Languages and comparators (RFC 5255): the language of the server's texts for people, and how it compares strings. It must not know a
//! language.

#[cfg(doc)]
use crate::error::Kind;
use crate::error::{Error, Result};
use crate::imap::Imap;
use crate::imap::command::extension::Extension;
use crate::imap::types::{Comparators, Namespaces, Response};

/// The language that a server uses from now on: see [`Imap::set_language`].
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |imap| {
/// if imap.capabilities().language() {
///     let chosen = imap.set_language(&["de", "en"]).await?;
///     println!("{}", chosen.tag);
/// }
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ChosenLanguage {
    /// The language's tag (RFC 5646), as the server writes it.
    pub tag: String,
    /// The namespaces with their names in this language, if the server reports them (RFC 5255 §3.4).
    pub namespaces: Option<Namespaces>,
}

impl Imap {
    /// Lists the languages in which the server can write its texts (LANGUAGE, RFC 5255 §3.2). One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// if imap.capabilities().language() {
    ///     println!("{:?}", imap.languages().await?);
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Unsupported`], before anything is sent, if the server does not support LANGUAGE; and the errors of [every
    /// command](Self#errors-of-every-command).
    pub async fn languages(&self) -> Result<Vec<String>> {
        self.require(self.capabilities().language(), "LANGUAGE")?;
        self.ask_one(Extension::language(&[]), |response| match response {
            Response::Language(tags) => Some(tags),
            _ => None,
        })
        .await
    }

    /// Makes the server write its texts for people, including those in errors, in the first of these languages that it has: tags such as
    /// `de` or `zh-Hant`, or `default`. One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// if imap.capabilities().language() {
    ///     imap.set_language(&["fr-CA", "fr"]).await?;
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Unsupported`] if the server does not support LANGUAGE and [`Kind::Input`] for no tags, or for one
    /// that is not letters, digits and hyphens; [`Kind::Rejected`] if it has none of the languages, and the language stays as it was; and
    /// the errors of [every command](Self#errors-of-every-command).
    pub async fn set_language(&self, tags: &[&str]) -> Result<ChosenLanguage> {
        self.require(self.capabilities().language(), "LANGUAGE")?;
        let is_tag =
            |tag: &&str| !tag.is_empty() && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if tags.is_empty() || !tags.iter().all(is_tag) {
            return Err(Error::input("a language is a tag of letters, digits and hyphens, and there must be one"));
        }
        let (mut tag, mut namespaces) = (None, None);
        for response in self.run(Extension::language(tags)).await?.responses.iter() {
            match response {
                Response::Language(mut chosen) if chosen.len() == 1 => tag = chosen.pop(),
                Response::Namespace(reported) => namespaces = Some(reported),
                _ => {}
            }
        }
        match tag {
            Some(tag) => Ok(ChosenLanguage { tag, namespaces }),
            None => Err(Error::missing("the server did not say which language it uses now")),
        }
    }

    /// Returns how the server compares strings in SEARCH, SORT and THREAD (COMPARATOR, RFC 5255 §4.7). One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// if imap.capabilities().has("I18NLEVEL=2") {
    ///     println!("{}", imap.comparator().await?.active);
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Unsupported`], before anything is sent, if the server does not support `I18NLEVEL=2`; and the errors of [every
    /// command](Self#errors-of-every-command).
    pub async fn comparator(&self) -> Result<Comparators> {
        self.compare(&[]).await
    }

    /// Makes the server compare strings by the first of these comparators that it has, such as `i;unicode-casemap`; `*` matches any
    /// characters. Returns the comparator that it uses now, and all that match if it lists them. One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// if imap.capabilities().has("I18NLEVEL=2") {
    ///     imap.set_comparator(&["i;unicode-casemap", "i;ascii-casemap"]).await?;
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`comparator`](Self::comparator); also [`Kind::Input`] for no names, and [`Kind::Rejected`] if the server has none of them (code
    /// `BADCOMPARATOR`).
    pub async fn set_comparator(&self, names: &[&str]) -> Result<Comparators> {
        match names {
            [] => Err(Error::input("COMPARATOR needs the name of a comparator")),
            names => self.compare(names).await,
        }
    }

    async fn compare(&self, names: &[&str]) -> Result<Comparators> {
        self.require(self.capabilities().has("I18NLEVEL=2"), "I18NLEVEL=2")?;
        self.ask_one(Extension::comparator(names), |response| match response {
            Response::Comparator(comparators) => Some(comparators),
            _ => None,
        })
        .await
    }
}

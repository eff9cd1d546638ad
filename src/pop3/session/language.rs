//! The languages of a server's texts (LANG, RFC 6856 §3). It must not know which texts there are.

use super::call::one;
use super::{Pop3, listing};
use crate::error::{Error, Result};
use crate::pop3::codec;
use crate::pop3::engine::{Plan, Request, Shape};
use crate::pop3::types::Language;

/// The language of the server's texts.
impl Pop3 {
    /// Returns the languages that the server's texts can have (RFC 6856 §3.2).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::pop3(async |pop3| {
    /// if pop3.capabilities().lang() {
    ///     println!("{:?}", pop3.languages().await?);
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [every command](Self#errors-of-every-command); `Kind::Rejected` also if the server does not support
    /// LANG or does not list languages, `Kind::Limit` also for more than [`Limits::untagged`](crate::Limits::untagged).
    pub async fn languages(&self) -> Result<Vec<Language>> {
        let inbox = self.link.submit(Request::Command(Plan::new("LANG", &[])?.shape(Shape::Listing)));
        listing::languages(inbox, &self.maildrop.limits).await
    }

    /// Selects the language of the server's texts for people, including those in errors: one that matches this range,
    /// such as `de` or `zh-Hant`, or, with `*`, the one that the administrator prefers (RFC 6856 §3.2). Returns the
    /// selected one.
    ///
    /// # Errors
    ///
    /// Those of [every command](Self#errors-of-every-command); `Kind::Rejected` also if the server does not have such a
    /// language or does not support LANG, `Kind::Input` for an invalid language range (RFC 4647 §2.1).
    ///
    /// ```no_run
    /// # async fn speak(pop3: postroom::pop3::Pop3) -> Result<(), postroom::Error> {
    /// if pop3.capabilities().lang() {
    ///     let language = pop3.set_language("de").await?;
    ///     println!("{}: {}", language.tag, language.description);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn set_language(&self, range: &str) -> Result<Language> {
        if range.is_empty() || !range.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'*')) {
            return Err(Error::input("a language range consists of letters, digits and hyphens, or is `*`"));
        }
        let answer = one(&self.link, Plan::new("LANG", &[range.as_bytes()])?).await?;
        codec::language_line(&answer.rest)
            .ok_or_else(|| Error::missing("the reply to LANG does not name the selected language"))
    }
}

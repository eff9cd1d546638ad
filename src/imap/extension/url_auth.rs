//! URLs that give others access to a message (RFC 4467), and the URL of the JMAP service with the same mail (RFC 9698). It must not know
//! how a URL is made or followed.

#[cfg(doc)]
use crate::error::Kind;
use crate::error::{Error, Result};
use crate::imap::Imap;
use crate::imap::command::extension::Extension;
use crate::imap::session::mailbox_name;
use crate::imap::types::{MailboxName, Response, UrlContent};

impl Imap {
    /// Makes URLs from which others may fetch messages or parts (GENURLAUTH, RFC 4467 §7). Each is given as a URL that says who may use
    /// it and ends there, such as `imap://me@example.org/INBOX/;UID=20;URLAUTH=submit+me`, and the mechanism, usually `INTERNAL`. Returns
    /// the complete URLs in the same order. Whoever has one can read the message: keep it secret. One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// if imap.capabilities().url_auth() {
    ///     let url = "imap://alice@localhost/INBOX/;UID=1;URLAUTH=anonymous";
    ///     println!("{}", imap.generate_urls(&[(url, "INTERNAL")]).await?.len());
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Unsupported`] if the server does not support URLAUTH and [`Kind::Input`] for no URLs;
    /// [`Kind::Rejected`] if the user may not do this, or a URL is not one; [`Kind::Bad`] for URLs of another server or user;
    /// [`Kind::Missing`] if the server does not return as many URLs; and the errors of [every command](Self#errors-of-every-command).
    pub async fn generate_urls(&self, urls: &[(&str, &str)]) -> Result<Vec<String>> {
        self.require(self.capabilities().url_auth(), "URLAUTH")?;
        let made = self.ask(Extension::generate_urls(urls), |response| match response {
            Response::GenUrlAuth(urls) => Some(urls),
            _ => None,
        });
        let made: Vec<String> = made.await?.into_iter().flatten().collect();
        let fits = made.iter().zip(urls).all(|(made, (url, _))| made.starts_with(url));
        match fits && made.len() == urls.len() {
            true => Ok(made),
            false => Err(Error::missing("the server did not return the URLs that were asked for")),
        }
    }

    /// Ends the validity of all URLs that were made for a mailbox (RESETKEY, RFC 4467 §7). One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// if imap.capabilities().url_auth() {
    ///     imap.reset_url_key("INBOX").await?;
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Unsupported`] if the server does not support URLAUTH and [`Kind::Input`] for an invalid name;
    /// [`Kind::Rejected`] if there is no such mailbox, or the user may not do this; and the errors of [every
    /// command](Self#errors-of-every-command).
    pub async fn reset_url_key(&self, mailbox: impl TryInto<MailboxName, Error: Into<Error>>) -> Result<()> {
        self.require(self.capabilities().url_auth(), "URLAUTH")?;
        self.run(Extension::reset_url_key(Some(&mailbox_name(mailbox)?))).await.map(drop)
    }

    /// Ends the validity of all URLs that were made for any of the user's mailboxes. Otherwise as [`reset_url_key`](Self::reset_url_key).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// if imap.capabilities().url_auth() {
    ///     imap.reset_all_url_keys().await?;
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`reset_url_key`](Self::reset_url_key).
    pub async fn reset_all_url_keys(&self) -> Result<()> {
        self.require(self.capabilities().url_auth(), "URLAUTH")?;
        self.run(Extension::reset_url_key(None)).await.map(drop)
    }

    /// Returns the content of these URLs, in the same order (URLFETCH, RFC 4467 §7). A URL that is not valid, or was revoked, has no
    /// content. One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// if imap.capabilities().url_auth() {
    ///     let url = "imap://alice@localhost/INBOX/;UID=1;URLAUTH=anonymous:INTERNAL:91354a473744909de610943775f92038";
    ///     println!("{:?}", imap.fetch_urls(&[url]).await?[0].content);
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Unsupported`] if the server does not support URLAUTH and [`Kind::Input`] for no URLs;
    /// [`Kind::Limit`] for contents over [`Limits::undelivered`](crate::Limits::undelivered); [`Kind::Missing`] if the server says nothing
    /// of one of the URLs; and the errors of [every command](Self#errors-of-every-command).
    pub async fn fetch_urls(&self, urls: &[&str]) -> Result<Vec<UrlContent>> {
        self.require(self.capabilities().url_auth(), "URLAUTH")?;
        let found = self.ask(Extension::fetch_urls(urls), |response| match response {
            Response::UrlFetch(found) => Some(found),
            _ => None,
        });
        let found: Vec<UrlContent> = found.await?.into_iter().flatten().collect();
        let of = |url: &&str| found.iter().find(|one| one.url == **url).cloned();
        let all: Option<Vec<UrlContent>> = urls.iter().map(of).collect();
        all.ok_or_else(|| Error::missing("the server answered URLFETCH without one of the URLs"))
    }

    /// Returns the URL of the JMAP service that has the same mail (GETJMAPACCESS, RFC 9698). This crate never connects to it. One round
    /// trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// if imap.capabilities().jmap_access() {
    ///     println!("{}", imap.jmap_access().await?);
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Unsupported`], before anything is sent, if the server does not support JMAPACCESS; and the errors of [every
    /// command](Self#errors-of-every-command).
    pub async fn jmap_access(&self) -> Result<String> {
        self.require(self.capabilities().jmap_access(), "JMAPACCESS")?;
        self.ask_one(Extension::jmap_access(), |response| match response {
            Response::JmapAccess(url) => Some(url),
            _ => None,
        })
        .await
    }
}

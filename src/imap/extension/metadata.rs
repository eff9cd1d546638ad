//! Annotations of mailboxes and of the server (RFC 5464): small values under names that are paths. It must not know which entries a server
//! has.

use std::collections::HashSet;

#[cfg(doc)]
use crate::error::Kind;
use crate::error::{Error, Result};
use crate::imap::Imap;
use crate::imap::command::extension::Extension;
use crate::imap::command::metadata::MetadataDepth;
use crate::imap::session::mailbox_name;
use crate::imap::types::{EntryName, MailboxName, Response, ResponseCode};

/// The values of entries: see [`Imap::metadata`].
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |imap| {
/// use postroom::imap::{EntryName, MetadataDepth};
///
/// if imap.capabilities().metadata() {
///     let comment = EntryName::PRIVATE_COMMENT;
///     let found = imap.metadata("INBOX", &[comment.clone()], MetadataDepth::Entry, Some(1024)).await?;
///     println!("{:?}, left out: {:?}", found.value(&comment), found.longest_left_out);
/// }
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct MetadataValues {
    /// Entries with their values, which may be any bytes; `None` if the server says that an entry has no value.
    pub values: Vec<(EntryName, Option<Vec<u8>>)>,
    /// The size of the longest value that is left out because it is longer than the size that was given, in octets (LONGENTRIES,
    /// RFC 5464 §4.2.1); `None` if nothing is left out.
    pub longest_left_out: Option<u64>,
}

impl MetadataValues {
    /// The value of this entry; `None` if it has no value, is left out, or was not asked for.
    pub fn value(&self, name: &EntryName) -> Option<&[u8]> {
        self.values.iter().find(|(have, _)| have == name)?.1.as_deref()
    }
}

impl Imap {
    /// Returns the values of these entries of a mailbox, and of entries below them (GETMETADATA, RFC 5464 §4.2). With `max_size`,
    /// values that are longer, in octets, are left out: [`MetadataValues::longest_left_out`]. One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// use postroom::imap::{EntryName, MetadataDepth};
    ///
    /// if imap.capabilities().metadata() {
    ///     let all = [EntryName::new("/private")?, EntryName::new("/shared")?];
    ///     for (name, value) in imap.metadata("INBOX", &all, MetadataDepth::All, None).await?.values {
    ///         println!("{name}: {} bytes", value.map_or(0, |value| value.len()));
    ///     }
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Unsupported`] if the server does not support METADATA (one with METADATA-SERVER has entries of
    /// the server only: [`server_metadata`](Self::server_metadata)), and [`Kind::Input`] for an invalid name or no entries;
    /// [`Kind::Rejected`] if there is no such mailbox, or the user may not read this; [`Kind::Limit`] for values over
    /// [`Limits::undelivered`](crate::Limits::undelivered), which `max_size` avoids; and the errors of [every
    /// command](Self#errors-of-every-command).
    pub async fn metadata(
        &self,
        mailbox: impl TryInto<MailboxName, Error: Into<Error>>,
        entries: &[EntryName],
        depth: MetadataDepth,
        max_size: Option<u32>,
    ) -> Result<MetadataValues> {
        self.require(self.capabilities().metadata(), "METADATA")?;
        self.get_metadata(Some(&mailbox_name(mailbox)?), entries, depth, max_size).await
    }

    /// Returns the values of these entries of the server, such as [`EntryName::SHARED_ADMIN`], and of entries below them. Otherwise as
    /// [`metadata`](Self::metadata).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// use postroom::imap::{EntryName, MetadataDepth};
    ///
    /// if imap.capabilities().metadata_server() {
    ///     let admin = EntryName::SHARED_ADMIN;
    ///     let found = imap.server_metadata(&[admin.clone()], MetadataDepth::Entry, None).await?;
    ///     println!("{:?}", found.value(&admin).map(String::from_utf8_lossy));
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`metadata`](Self::metadata); [`Kind::Unsupported`] only if the server has neither METADATA nor METADATA-SERVER.
    pub async fn server_metadata(
        &self,
        entries: &[EntryName],
        depth: MetadataDepth,
        max_size: Option<u32>,
    ) -> Result<MetadataValues> {
        self.require(self.capabilities().metadata_server(), "METADATA")?;
        self.get_metadata(None, entries, depth, max_size).await
    }

    /// Writes entries of a mailbox, all or none of them (SETMETADATA, RFC 5464 §4.3). An entry without a value is removed. One round
    /// trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// use postroom::imap::EntryName;
    ///
    /// if imap.capabilities().metadata() {
    ///     imap.set_metadata("INBOX", &[(EntryName::PRIVATE_COMMENT, Some(b"read daily".to_vec()))]).await?;
    ///     imap.set_metadata("INBOX", &[(EntryName::PRIVATE_COMMENT, None)]).await?;
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, as [`metadata`](Self::metadata); [`Kind::Rejected`] if the user may not write this, or the server cannot
    /// store it (code `METADATA` with `MAXSIZE` and a size, `TOOMANY` or `NOPRIVATE`); and the errors of [every command](Self#errors-of-every-command).
    pub async fn set_metadata(
        &self,
        mailbox: impl TryInto<MailboxName, Error: Into<Error>>,
        values: &[(EntryName, Option<Vec<u8>>)],
    ) -> Result<()> {
        self.require(self.capabilities().metadata(), "METADATA")?;
        self.write_metadata(Some(&mailbox_name(mailbox)?), values).await
    }

    /// Writes entries of the server. Usually users may write entries below `/private` only. Otherwise as
    /// [`set_metadata`](Self::set_metadata).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// use postroom::imap::EntryName;
    ///
    /// if imap.capabilities().metadata_server() {
    ///     let theme = EntryName::new("/private/vendor/example/theme")?;
    ///     imap.set_server_metadata(&[(theme, Some(b"dark".to_vec()))]).await?;
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`set_metadata`](Self::set_metadata); [`Kind::Unsupported`] only if the server has neither METADATA nor METADATA-SERVER.
    pub async fn set_server_metadata(&self, values: &[(EntryName, Option<Vec<u8>>)]) -> Result<()> {
        self.require(self.capabilities().metadata_server(), "METADATA")?;
        self.write_metadata(None, values).await
    }

    pub(super) async fn write_metadata(
        &self,
        mailbox: Option<&MailboxName>,
        values: &[(EntryName, Option<Vec<u8>>)],
    ) -> Result<()> {
        self.run(Extension::set_metadata(mailbox, values)).await.map(drop)
    }

    pub(super) async fn get_metadata(
        &self,
        mailbox: Option<&MailboxName>,
        entries: &[EntryName],
        depth: MetadataDepth,
        max_size: Option<u32>,
    ) -> Result<MetadataValues> {
        let answer = self.run(Extension::get_metadata(mailbox, entries, depth, max_size)).await?;
        let mut found = MetadataValues::default();
        // The first value counts, if a server repeats what it has sent.
        let (mut is_answered, mut named) = (false, HashSet::new());
        for response in answer.responses.iter() {
            if let Response::Metadata(metadata) = response {
                is_answered = true;
                found.values.extend(metadata.values.into_iter().filter(|(name, _)| named.insert(name.clone())));
            }
        }
        if let Some(ResponseCode::MetadataLongEntries(octets)) = answer.condition.code {
            found.longest_left_out = Some(octets);
        }
        // RFC 5464 §4.2: the response is required. If values are left out, there may be nothing to put into it.
        match is_answered || found.longest_left_out.is_some() || depth != MetadataDepth::Entry {
            true => Ok(found),
            false => Err(Error::missing("the server answered GETMETADATA without what was asked for")),
        }
    }
}

//! Reading messages and parts of any size through a [`Lease`]. It must not know how a lost connection is found.

use std::fmt;
use std::future::{IntoFuture, poll_fn};

use super::Lease;
use super::following::Following;
use crate::body::Body;
use crate::body::reader::Reader;
use crate::contents::MimePart;
use crate::error::Result;
use crate::imap::{AskedSection, Section, Uid, read_decoded};
use crate::mailbox::BoxFuture;
use crate::part_body::{PartBody, check};

/// A part that is about to be read, from [`Lease::read_part`]. Await it to get the [`PartBody`]. Nothing is sent before that.
///
/// ```no_run
/// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
/// use postroom::imap::Uid;
/// use tokio::io::AsyncReadExt;
///
/// let mut inbox = account.select("INBOX").await?;
/// let uid = Uid::new(10)?;
/// if let Some(contents) = inbox.contents(uid).await? {
///     for part in contents.attachments() {
///         let mut rest = Vec::new();
///         inbox.read_part(uid, part).starting_at(1000).await?.read_to_end(&mut rest).await?;
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As [`ReadingPart`](crate::imap::ReadingPart) and [`Lease::read`].
#[must_use = "nothing is read until it is awaited"]
pub struct LeasedReadingPart<'a> {
    lease: &'a Lease,
    uid: Uid,
    part: MimePart,
    from: u64,
}

impl Lease {
    /// Reads one section of one message while it arrives, as [`Folder::read`](crate::imap::Folder::read) does, with the same cost. If the
    /// connection is lost, the reader continues at its offset on a new session. The last 1,024 octets before it are fetched again and must
    /// be the same; if they are not, the whole section is fetched once and compared there.
    ///
    /// The session is the reader's until it is dropped. Dropping it costs the transfer of at most 256 KiB, or the session.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// use postroom::imap::{Section, Uid};
    ///
    /// let mut inbox = account.select("INBOX").await?;
    /// let mut file = tokio::fs::File::create("message.eml").await?;
    /// let mut body = inbox.read(Uid::new(7)?, Section::WHOLE).await?;
    /// tokio::io::copy_buf(&mut body, &mut file).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `Folder::read`, and those of [`Account::run`](crate::account::Account::run). The reader fails if two sessions end without
    /// a new octet between them.
    pub async fn read(&mut self, uid: Uid, section: Section) -> Result<Body<'_>> {
        let mut reader = Reader::new(Following::new(self, uid, AskedSection::new(section, false, 0)));
        // A message that does not exist is an error here, not of the reader.
        poll_fn(|cx| reader.poll_begin(cx)).await?;
        Ok(Body::judged(reader))
    }

    /// Reads one part of a message, decoded, while it arrives, as [`Folder::read_part`](crate::imap::Folder::read_part) does: await the
    /// [`LeasedReadingPart`]. It continues after a lost connection as [`read`](Self::read) does.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// use postroom::imap::Uid;
    /// use tokio::io::AsyncReadExt;
    ///
    /// let mut inbox = account.select("INBOX").await?;
    /// let uid = Uid::new(10)?;
    /// if let Some(contents) = inbox.contents(uid).await? {
    ///     for part in contents.attachments() {
    ///         let mut octets = Vec::new();
    ///         inbox.read_part(uid, part).await?.read_to_end(&mut octets).await?;
    ///         println!("{}: {} octets", part.safe_file_name(), octets.len());
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn read_part(&mut self, uid: Uid, part: &MimePart) -> LeasedReadingPart<'_> {
        LeasedReadingPart { lease: self, uid, part: part.clone(), from: 0 }
    }

    /// Reads one part as text in UTF-8, as [`Folder::read_text`](crate::imap::Folder::read_text) does.
    ///
    /// ```no_run
    /// # async fn example(account: &postroom::account::Account) -> postroom::Result<()> {
    /// use postroom::imap::Uid;
    ///
    /// let mut inbox = account.select("INBOX").await?;
    /// let uid = Uid::new(9)?;
    /// let contents = inbox.contents(uid).await?;
    /// if let Some(part) = contents.as_ref().and_then(|contents| contents.text()) {
    ///     println!("{}", inbox.read_text(uid, part).await?);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`read_part`](Self::read_part) and of reading; [`Kind::Limit`](crate::Kind::Limit) if the text has more octets than
    /// [`Limits::literal`](crate::Limits::literal).
    pub async fn read_text(&mut self, uid: Uid, part: &MimePart) -> Result<String> {
        let most = self.account().pool.settings().config.limits.literal;
        self.read_part(uid, part).await?.into_text(part, most).await
    }
}

impl<'a> LeasedReadingPart<'a> {
    /// Begins at this octet of the decoded part, as [`ReadingPart::starting_at`](crate::imap::ReadingPart::starting_at).
    pub fn starting_at(self, octet: u64) -> Self {
        Self { from: octet, ..self }
    }

    async fn send(self) -> Result<PartBody<'a>> {
        let Self { lease, uid, part, from } = self;
        if check(&part)?.encoded().is_some() {
            return PartBody::kept(&part, from);
        }
        let decodes = lease
            .call(|folder| {
                let decodes = folder.decodes(&part);
                Box::pin(async move { Ok(decodes) })
            })
            .await?;
        read_decoded(&part, from, decodes, |asked| Ok(Following::new(lease, uid, asked))).await
    }
}

impl<'a> IntoFuture for LeasedReadingPart<'a> {
    type Output = Result<PartBody<'a>>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

impl fmt::Debug for LeasedReadingPart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("LeasedReadingPart");
        out.field("uid", &self.uid).field("part", &self.part).field("from", &self.from).finish_non_exhaustive()
    }
}

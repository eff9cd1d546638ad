//! [`Imap::append`]: sends a message to the server. `upload.rs` has what a message can be made of; the engine sends it,
//! and the command announces it.

use std::future::poll_fn;
use std::task::{Poll, ready};

use bytes::Bytes;

use super::upload::{Append, Opened};
use super::{Imap, mailbox_name};
#[cfg(doc)]
use crate::error::Kind;
use crate::error::{Error, Result};
use crate::imap::call::{ImapInbox, ended};
use crate::imap::command::append::{Append as Command, Heading, appended};
use crate::imap::engine::{Delivery, Request};
use crate::imap::plan::Plan;
use crate::imap::types::{Appended, Condition, MailboxName};

/// The number of octets that are read from a message at once.
const PIECE: usize = 64 * 1024;
/// The servers, by their name in ID, that store nothing of a message that is padded and then spoilt, as a test of this
/// crate shows: `tests/live/imap/append.rs`, and `tests/imap/slow/cancel/append.rs` for the embedded server.
const DISCARDING: &[&str] = &["Dovecot", "Cyrus IMAP", "postroom testing"];
/// The most mailboxes whose limits are remembered.
const MOST_LIMITS: usize = 1000;

/// A command that announces messages, while they are sent.
pub(in crate::imap) struct Upload<'a> {
    inbox: ImapInbox,
    current: Option<Opened<'a>>,
    /// The octets of the current message that are still to be sent.
    left: u64,
    rest: std::vec::IntoIter<Append<'a>>,
    ended: Option<Result<Condition>>,
}

/// What comes first while a message is read.
enum Next {
    Piece(Bytes),
    Delivery(Option<Delivery>),
}

impl Imap {
    /// Appends a message to a mailbox (RFC 9051 §6.3.12), from memory, a file or any reader; see [`Append`] for flags
    /// and date. Returns the message's UID and the mailbox's UIDVALIDITY, if the server reports them (UIDPLUS). Two
    /// round trips and the message's octets; one round trip for a message of up to 4 KiB with LITERAL-, and of up to 64
    /// KiB with LITERAL+. At most 256 KiB of a message that comes from a reader are in memory at a time.
    ///
    /// If the future is dropped midway, or the reader fails, nothing is stored, and the connection is closed, since the
    /// server waits for all announced octets. Dovecot and Cyrus, which identify themselves by ID, discard a message
    /// whose command turns out to be invalid: with them up to 1 MiB is padded, the command is made invalid, and the
    /// session stays usable.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// use postroom::Flag;
    /// use postroom::imap::Append;
    ///
    /// let message = Append::from("From: me\r\nSubject: hello\r\n\r\nworld\r\n").flags([Flag::SEEN]);
    /// if let Some(appended) = imap.append("Sent", message).await? {
    ///     println!("stored with UID {}", appended.uid);
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Unsupported`], before anything is sent, for a message over the server's known limit (APPENDLIMIT, RFC
    /// 7889: in its capabilities, or in a [`status`](Self::status) that asked for it), and for a message with NUL or in
    /// UTF-8 if the server does not take those; [`Kind::Input`] for a name, flag
    /// or date that cannot be sent, and for a reader that ends too early; [`Kind::Io`] for a message that cannot be
    /// opened, before anything is sent, or read; [`Kind::Rejected`] if the server refuses (code `TRYCREATE`: the
    /// mailbox does not exist; `OVERQUOTA`, `TOOBIG`: no space); [`Kind::Unknown`] if the connection ended before the
    /// answer; and the errors of [every command](Self#errors-of-every-command). A server that refuses the message, even
    /// by a BAD without a tag, before it asks for it gets none of it. If it refuses in the middle, the connection is
    /// closed, and the error of this call has the server's words all the same.
    pub async fn append(
        &self,
        mailbox: impl TryInto<MailboxName, Error: Into<Error>>,
        message: impl Into<Append<'_>>,
    ) -> Result<Option<Appended>> {
        let mailbox = mailbox_name(mailbox)?;
        let mut message = message.into();
        // The answer to ID says whether a dropped message can be spoilt.
        self.introduced().await?;
        let options = self.encode_options().await?;
        let heading = self.heading(&mailbox, &mut message)?;
        let spoilable = self.is_discarding() && !heading.utf8;
        let command = Command { mailbox: &mailbox, messages: &[heading], spoilable };
        let plan = command.plan(options)?;
        let upload = self.begin_upload(plan, vec![message]).await?;
        upload.finish().await.map(appended)
    }

    /// What is sent before the message. Fails if the server does not take it.
    pub(in crate::imap) fn heading(&self, mailbox: &MailboxName, message: &mut Append<'_>) -> Result<Heading> {
        self.check_size(mailbox, message.size())?;
        if message.binary && !self.capabilities().binary() {
            return Err(Error::unsupported("the server does not support messages with NUL (BINARY)"));
        }
        if message.utf8 && !self.enabled().utf8_accept() {
            return Err(Error::unsupported("UTF8=ACCEPT is not enabled"));
        }
        let (flags, date, size) = (std::mem::take(&mut message.flags), message.date, message.size());
        Ok(Heading { flags, date, size, binary: message.binary, utf8: message.utf8 })
    }

    /// Submits a command that announces these messages. The first is opened before anything is sent, each other when its turn comes.
    pub(in crate::imap) async fn begin_upload<'a>(&self, plan: Plan, messages: Vec<Append<'a>>) -> Result<Upload<'a>> {
        let mut rest = messages.into_iter();
        let (left, current) = match rest.next() {
            Some(message) => (message.size(), Some(message.open().await?)),
            None => (0, None),
        };
        let inbox = self.link().submit(Request::Command(plan));
        Ok(Upload { inbox, current, left, rest, ended: None })
    }

    pub(in crate::imap) fn check_size(&self, mailbox: &MailboxName, size: u64) -> Result<()> {
        let told = self.append_limits().get(mailbox).copied();
        match told.or_else(|| self.capabilities().append_limit()) {
            Some(limit) if size > limit => Err(Error::unsupported(format!(
                "the message has {size} octets, and the server takes at most {limit} (APPENDLIMIT)"
            ))),
            _ => Ok(()),
        }
    }

    /// Whether the server is known to discard a message of an invalid command. RFC 3502 §5 requires it of all servers
    /// with MULTIAPPEND, but not all do it.
    pub(in crate::imap) fn is_discarding(&self) -> bool {
        self.capabilities().multiappend() && DISCARDING.iter().any(|known| self.is_named(known))
    }

    /// Whether the server's name begins like this, by its answer to ID.
    pub(in crate::imap) fn is_named(&self, known: &str) -> bool {
        let server = self.server();
        let name = server.iter().find(|(field, _)| field.eq_ignore_ascii_case("name"));
        name.and_then(|(_, name)| name.as_deref()).is_some_and(|name| name.starts_with(known))
    }

    pub(super) fn learn_append_limit(&self, mailbox: &MailboxName, limit: u64) {
        let mut limits = self.append_limits();
        if limits.len() < MOST_LIMITS || limits.contains_key(mailbox) {
            limits.insert(mailbox.clone(), limit);
        }
    }
}

impl Upload<'_> {
    /// Sends all messages and waits for the answer.
    pub(in crate::imap) async fn finish(mut self) -> Result<Condition> {
        while self.ended.is_none() {
            self.step().await?;
        }
        self.ended.unwrap_or_else(|| Err(ended()))
    }

    /// Waits until all octets are handed on, or the answer came early.
    pub(super) async fn feed_all(&mut self) -> Result<()> {
        while self.ended.is_none() && (self.left > 0 || self.rest.len() > 0) {
            self.step().await?;
        }
        Ok(())
    }

    /// Whether the answer is known already, and is not OK.
    pub(super) fn is_refused(&self) -> bool {
        matches!(self.ended, Some(Err(_)))
    }

    async fn step(&mut self) -> Result<()> {
        let mut delivery = self.inbox.next().await?;
        while let Some(Delivery::Ready(count)) = delivery {
            if self.left == 0 {
                let next = self.rest.next().ok_or_else(ended)?;
                (self.left, self.current) = (next.size(), Some(next.open().await?));
            }
            let message = self.current.as_mut().ok_or_else(ended)?;
            self.left = self.left.saturating_sub(count as u64);
            match feed(message, &mut self.inbox, count).await? {
                None => return Ok(()),
                early => delivery = early,
            }
        }
        match delivery {
            Some(Delivery::Done(condition)) => self.ended = Some(condition),
            Some(_) => {}
            None => return Err(ended()),
        }
        Ok(())
    }
}

/// Hands up to `count` octets to the engine. If the engine has something first, such as the end, returns that. What is taken from the
/// message is handed on in the same poll, so that nothing is lost if this is dropped.
async fn feed(message: &mut Opened<'_>, inbox: &mut ImapInbox, count: usize) -> Result<Option<Delivery>> {
    let mut left = count;
    while left > 0 {
        let most = left.min(PIECE);
        let piece = poll_fn(|cx| match message.poll_piece(cx, most)? {
            Poll::Ready(piece) => Poll::Ready(Ok(Next::Piece(piece))),
            Poll::Pending => Poll::Ready(Ok::<_, Error>(Next::Delivery(ready!(inbox.poll_next(cx))?))),
        });
        let piece = match piece.await? {
            Next::Piece(piece) => piece,
            Next::Delivery(delivery) => return Ok(delivery),
        };
        if piece.is_empty() {
            return Err(Error::input("the message ended before the size that was announced for it"));
        }
        left -= piece.len();
        inbox.add(Request::Feed(piece));
    }
    Ok(None)
}

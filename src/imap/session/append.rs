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
use crate::imap::command::append::{Append as Command, appended};
use crate::imap::engine::{Delivery, Request};
use crate::imap::types::{Appended, MailboxName};

/// The number of octets that are read from a message at once.
const PIECE: usize = 64 * 1024;
/// The servers, by their name in ID, that store nothing of a message that is padded and then spoilt, as a test of this
/// crate shows: `tests/live/imap/append.rs`, and `tests/imap/slow/cancel/append.rs` for the embedded server.
const DISCARDING: &[&str] = &["Dovecot", "Cyrus IMAP", "postroom testing"];
/// The most mailboxes whose limits are remembered.
const MOST_LIMITS: usize = 1000;

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
    /// 7889: in its capabilities, or in a [`status`](Self::status) that asked for it); [`Kind::Input`] for a name, flag
    /// or date that cannot be sent, and for a reader that ends too early; [`Kind::Io`] for a message that cannot be
    /// opened, before anything is sent, or read; [`Kind::Rejected`] if the server refuses (code `TRYCREATE`: the
    /// mailbox does not exist; `OVERQUOTA`, `TOOBIG`: no space); [`Kind::Unknown`] if the connection ended before the
    /// answer; and the errors of [every command](Self#errors-of-every-command).
    pub async fn append(
        &self,
        mailbox: impl TryInto<MailboxName, Error: Into<Error>>,
        message: impl Into<Append<'_>>,
    ) -> Result<Option<Appended>> {
        let mailbox = mailbox_name(mailbox)?;
        let mut message = message.into();
        let (size, flags, date) = (message.size(), std::mem::take(&mut message.flags), message.date);
        self.check_size(&mailbox, size)?;
        let spoilable = self.is_discarding();
        let mut message = message.open().await?;
        let command = Command { mailbox: &mailbox, flags: &flags, date, size, spoilable };
        let mut inbox = self.link().submit(Request::Command(command.plan(self.encode_options())?));
        let mut early = None;
        loop {
            let delivery = match early.take() {
                Some(delivery) => Some(delivery),
                None => inbox.next().await?,
            };
            match delivery {
                Some(Delivery::Ready(count)) => early = feed(&mut message, &mut inbox, count).await?,
                Some(Delivery::Done(condition)) => return condition.map(appended),
                Some(_) => {}
                None => return Err(ended()),
            }
        }
    }

    fn check_size(&self, mailbox: &MailboxName, size: u64) -> Result<()> {
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
    fn is_discarding(&self) -> bool {
        let name = self.server().iter().find(|(field, _)| field.eq_ignore_ascii_case("name"));
        let name = name.and_then(|(_, name)| name.as_deref()).unwrap_or_default();
        self.capabilities().multiappend() && DISCARDING.iter().any(|known| name.starts_with(known))
    }

    pub(super) fn learn_append_limit(&self, mailbox: &MailboxName, limit: u64) {
        let mut limits = self.append_limits();
        if limits.len() < MOST_LIMITS || limits.contains_key(mailbox) {
            limits.insert(mailbox.clone(), limit);
        }
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

//! Messages that the server composes of pieces (CATENATE, RFC 4469), and small ones that are values (RFC 3516, RFC 6855). It must not know
//! how a message is sent.

#[cfg(doc)]
use crate::error::Kind;
use crate::error::{Error, Result};
use crate::imap::Imap;
use crate::imap::command::append::appended;
use crate::imap::command::extension::Extension;
use crate::imap::command::multi_append::{Content, NewMessage, Piece};
use crate::imap::session::mailbox_name;
use crate::imap::types::{Appended, MailboxName};

impl Imap {
    /// Appends a message that is a value, such as one that the server composes of pieces: of text and of parts of other messages, named by
    /// URLs such as `/INBOX;UIDVALIDITY=7/;UID=20/;SECTION=1.2`, which are not sent again (CATENATE, RFC 4469). One round trip; one more for
    /// each text if the server has no LITERAL+. A message that should not be in memory is for [`append`](Self::append).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// use postroom::imap::{Content, NewMessage, Piece};
    ///
    /// if imap.capabilities().catenate() {
    ///     let pieces = vec![Piece::Text("Subject: again\r\n\r\n".into()), Piece::Url("/INBOX/;UID=1/;SECTION=TEXT".into())];
    ///     imap.append_composed("Drafts", &NewMessage::new(Content::Pieces(pieces))).await?;
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Unsupported`] if the server does not support CATENATE for pieces, BINARY for a message with NUL, or
    /// if `UTF8=ACCEPT` is not enabled for one in UTF-8, and [`Kind::Input`] for an invalid name and for no pieces; [`Kind::Rejected`] if the
    /// server refuses (code `BADURL` with the URL, `TOOBIG`, `TRYCREATE`): nothing is stored; [`Kind::Unknown`] if the connection ended
    /// before the answer; and the errors of [every command](Self#errors-of-every-command).
    pub async fn append_composed(
        &self,
        mailbox: impl TryInto<MailboxName, Error: Into<Error>>,
        message: &NewMessage,
    ) -> Result<Option<Appended>> {
        let (mailbox, capabilities) = (mailbox_name(mailbox)?, self.capabilities());
        self.settled().await?;
        let size = match message.content() {
            Content::Pieces(pieces) => {
                self.require(capabilities.catenate(), "CATENATE")?;
                let text = |piece: &Piece| match piece {
                    Piece::Text(text) => text.len(),
                    Piece::Url(_) => 0,
                };
                pieces.iter().map(text).sum()
            }
            Content::Binary(bytes) => {
                self.require(capabilities.binary(), "BINARY")?;
                bytes.len()
            }
            Content::Utf8(bytes) => {
                self.require(self.enabled().utf8_accept(), "UTF8=ACCEPT, or it is not enabled")?;
                bytes.len()
            }
            Content::Text(bytes) => bytes.len(),
        };
        self.check_size(&mailbox, size as u64)?;
        let answer = self.run(Extension::append(&mailbox, std::slice::from_ref(message))).await?;
        Ok(appended(answer.condition))
    }
}

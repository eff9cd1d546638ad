//! Mailboxes with a special use (RFC 6154): creating one. It must not know what a use is for.

#[cfg(doc)]
use crate::error::Kind;
use crate::error::{Error, Result};
use crate::imap::Imap;
use crate::imap::command::extension::Extension;
use crate::imap::session::mailbox_name;
use crate::imap::types::MailboxName;

impl Imap {
    /// Creates a mailbox that has these special uses, such as `\Archive` (RFC 6154 §3). One round trip.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// if imap.capabilities().create_special_use() {
    ///     imap.create_special("Old mail", &["\\Archive"]).await?;
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent, [`Kind::Unsupported`] if the server does not support CREATE-SPECIAL-USE and [`Kind::Input`] for an invalid
    /// name, or a use that is not a backslash and a word; [`Kind::Rejected`] if the server refuses, with the code `USEATTR` if it is
    /// because of the uses: then nothing is created; and the errors of [every command](Self#errors-of-every-command).
    pub async fn create_special(
        &self,
        name: impl TryInto<MailboxName, Error: Into<Error>>,
        uses: &[&str],
    ) -> Result<()> {
        self.require(self.capabilities().create_special_use(), "CREATE-SPECIAL-USE")?;
        self.run(Extension::create_special(&mailbox_name(name)?, uses)).await.map(drop)
    }
}

//! What shows in the destination which messages a move has brought there, if the server does not report it (no UIDPLUS): their identifiers
//! (EMAILID, RFC 8474 §5.1), which they keep. It must not know how messages are moved, nor how a move is undone.

use std::borrow::Borrow;

use super::Folder;
use crate::error::Result;
use crate::imap::session::Imap;
use crate::imap::types::{Items, MailboxName, StatusItems, Traced, UidValidity, Uids};

/// The most messages that are traced.
const MOST_TRACED: u64 = 1000;

impl<S: Borrow<Imap>> Folder<S> {
    /// Whether moved messages are traced on this server.
    pub(super) fn is_traced(&self) -> bool {
        let capabilities = self.session().capabilities();
        capabilities.objectid() && !capabilities.uidplus()
    }

    /// To be called before the move. `None` if the messages cannot be found again, or are too many.
    pub(super) async fn trace(&self, uids: &Uids, to: &MailboxName) -> Result<Option<(UidValidity, Traced)>> {
        // Messages that arrive after this may belong to a set that ends in `*`.
        let is_known = uids.open_from().is_none() && (1..=MOST_TRACED).contains(&uids.len());
        if !self.is_traced() || !is_known {
            return Ok(None);
        }
        match self.traces(uids, to).await {
            // The move shows whether it is refused, too.
            Err(error) if error.is_refusal() => Ok(None),
            traced => traced,
        }
    }

    async fn traces(&self, uids: &Uids, to: &MailboxName) -> Result<Option<(UidValidity, Traced)>> {
        let status = self.session().status(to, StatusItems::UID_NEXT | StatusItems::UID_VALIDITY).await?;
        let Some((since, validity)) = status.uid_next.zip(status.uid_validity) else { return Ok(None) };
        let mut mail = self.selected().fetch(uids.clone(), Items::EMAIL_ID)?;
        let mut messages = Vec::new();
        let mut is_complete = true;
        while let Some(message) = mail.try_next().await? {
            let id = message.email_id().map(|id| id.to_str_lossy().into());
            is_complete &= id.is_some();
            messages.extend(message.uid().filter(|uid| uids.contains(*uid)).zip(id));
        }
        Ok(Traced::new(since, messages).filter(|_| is_complete).map(|traced| (validity, traced)))
    }
}

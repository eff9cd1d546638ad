//! Whether a mailbox exists, by the server's list. It must not know why that is asked.

use crate::error::{Error, Result};
use crate::imap::{Imap, Listed, MailboxName};

/// The mailbox of this name in the server's list, unless it exists only as a name with mailboxes below it.
pub(super) async fn listed(imap: &Imap, name: &MailboxName) -> Result<Option<Listed>> {
    let found = imap.list(name.as_str()).await?;
    if !found.unreadable().is_empty() {
        return Err(Error::missing("the server lists mailboxes whose names cannot be read"));
    }
    Ok(found.into_iter().find(|listed| listed.name == *name && !listed.has("\\NonExistent")))
}

//! [`SameMailbox`]: whether two names mean one mailbox. It must not know how this was found out.

/// The result of [`Imap::same_mailbox`](crate::imap::Imap::same_mailbox), and of a [`FolderTree`](crate::imap::FolderTree) about two of its
/// mailboxes.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |imap| {
/// use postroom::imap::SameMailbox;
///
/// assert_eq!(imap.same_mailbox("INBOX", "Sent").await?, SameMailbox::Different);
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum SameMailbox {
    /// Both names mean one mailbox.
    Same,
    /// The names mean two mailboxes.
    Different,
    /// It is not known: UIDVALIDITY and UIDNEXT are equal, or the server does not report them. This is possible for two
    /// mailboxes that are new and empty. Do nothing that must not happen within one mailbox.
    Indistinct,
}

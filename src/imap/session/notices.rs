//! The stream of an IMAP session's notices. [`Notice`] is defined in `types`; what happens in the selected mailbox
//! comes from [`Idle`](super::Idle).

use crate::imap::types::Notice;

/// The stream of a session's notices, from [`Imap::notices`](super::Imap::notices).
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |imap| {
/// let mut notices: postroom::imap::Notices = imap.notices();
/// imap.logout().await?;
/// while let Some(notice) = notices.next().await {
///     println!("{notice:?}");
/// }
/// # Ok(())
/// # }).unwrap();
/// ```
pub type Notices = crate::Notices<Notice>;

//! The stream of a POP3 session's notices. [`Notice`] is defined in `types`.

use crate::pop3::types::Notice;

/// The stream of a session's notices, from [`Pop3::notices`](super::Pop3::notices).
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::pop3(async |mut pop3| {
/// let mut notices: postroom::pop3::Notices = pop3.notices();
/// pop3.quit().await?;
/// while let Some(notice) = notices.next().await {
///     println!("{notice:?}");
/// }
/// # Ok(())
/// # }).unwrap();
/// ```
pub type Notices = crate::Notices<Notice>;

//! [`Notices`]: what a server says to the session, as a stream, for both protocols. It must not know what a notice says.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

/// What the server says to the session, from [`Imap::notices`](crate::Imap::notices) or [`Pop3::notices`](crate::Pop3::notices). It ends
/// with the session, and does not keep it open.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |imap| {
/// use postroom::imap::Notice;
///
/// let mut notices = imap.notices();
/// imap.logout().await?;
/// while let Some(notice) = notices.next().await {
///     if let Notice::Alert { text, .. } = notice {
///         println!("the server says: {text}");
///     }
/// }
/// # Ok(())
/// # }).unwrap();
/// ```
pub struct Notices<N>(Box<dyn Subscription<N>>);

/// A source of notices, whatever engine they come from.
pub(super) trait Subscription<N>: Send + Sync {
    /// The next notice; `None` once the session has ended and all were read.
    fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<N>>;
}

impl<N> Notices<N> {
    pub(super) fn new(subscription: impl Subscription<N> + 'static) -> Self {
        Self(Box::new(subscription))
    }

    /// The next notice; `None` once the session has ended. It never touches the wire. Cancel-safe: no notice is lost by dropping this
    /// future.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// use postroom::imap::Notice;
    ///
    /// let mut notices = imap.notices();
    /// imap.logout().await?;
    /// while let Some(notice) = notices.next().await {
    ///     if let Notice::Alert { text, .. } = notice {
    ///         println!("the server says: {text}");
    ///     }
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub async fn next(&mut self) -> Option<N> {
        poll_fn(|cx| self.0.poll_next(cx)).await
    }
}

impl<N> Stream for Notices<N> {
    type Item = N;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<N>> {
        self.0.poll_next(cx)
    }
}

impl<N> fmt::Debug for Notices<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notices").finish_non_exhaustive()
    }
}

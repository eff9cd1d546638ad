//! What a session knows about its connection: whether it has ended, and what went over it. None of it touches the wire. It must not know a
//! command.

use std::future::Future;

use super::Imap;
use crate::Traffic;
use crate::error::Error;
#[cfg(doc)]
use crate::error::Kind;

impl Imap {
    /// Whether the connection has ended: every later call fails with [`Kind::Closed`]. Never touches the wire.
    ///
    /// `false` means only that the end is not known yet: a connection that a router has forgotten looks open until something is sent or
    /// [`KeepAlive`](crate::KeepAlive) notices it. After [`handshake`](Self::handshake), it needs the [`Driver`](crate::Driver) to be polled.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// let imap = if imap.is_closed() { return Ok(()) } else { imap };
    /// imap.noop().await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub fn is_closed(&self) -> bool {
        self.link().is_closed()
    }

    /// Waits until the connection has ended, and returns the error that every call then fails with: the server's goodbye, if it sent one.
    /// The future is owned: it does not borrow the session, does not keep the connection open, and never touches the wire. Dropping it
    /// does nothing.
    ///
    /// It lets a pool drop an idle session at once when the server closes it.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// let closed = imap.closed();
    /// imap.logout().await?;
    /// println!("{}", closed.await);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub fn closed(&self) -> impl Future<Output = Error> + Send + Sync + Unpin + use<> {
        self.link().closed()
    }

    /// What was sent and received over the connection so far, also after its end. Never touches the wire.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |imap| {
    /// let traffic = imap.traffic();
    /// println!("{} octets down, {} up, {} commands", traffic.received, traffic.sent, traffic.commands);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub fn traffic(&self) -> Traffic {
        self.link().traffic()
    }
}

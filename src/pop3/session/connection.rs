//! What a session knows about its connection: whether it has ended, and what went over it. None of it touches the wire. It must not know a
//! command.

use std::future::Future;

use super::Pop3;
use crate::Traffic;
use crate::error::Error;
#[cfg(doc)]
use crate::error::Kind;

impl Pop3 {
    /// Whether the connection has ended: every later call fails with [`Kind::Closed`], except that
    /// [`Mailbox::changed`](crate::Mailbox::changed) has ended it and the next call of the [`Mailbox`](crate::Mailbox) connects again.
    /// Never touches the wire.
    ///
    /// `false` means only that the end is not known yet: a connection that a router has forgotten looks open until something is sent or
    /// [`KeepAlive`](crate::KeepAlive) notices it. After [`handshake`](Self::handshake), it needs the [`Driver`](crate::Driver) to be polled.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::pop3(async |pop3| {
    /// let pop3 = if pop3.is_closed() { return Ok(()) } else { pop3 };
    /// pop3.noop().await?;
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub fn is_closed(&self) -> bool {
        self.link.is_closed()
    }

    /// Waits until the connection has ended, and returns the error that every call then fails with. The future is owned: it does not borrow
    /// the session, does not keep the connection open, and never touches the wire. Dropping it does nothing. It is about the connection
    /// that the session has now: after [`Mailbox::changed`](crate::Mailbox::changed) has reconnected, a new future is needed.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::pop3(async |pop3| {
    /// let closed = pop3.closed();
    /// pop3.quit().await?;
    /// println!("{}", closed.await);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub fn closed(&self) -> impl Future<Output = Error> + Send + Sync + Unpin + use<> {
        self.link.closed()
    }

    /// What was sent and received so far, over all connections of this session, also after their end. Never touches the wire.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::pop3(async |pop3| {
    /// let traffic = pop3.traffic();
    /// println!("{} octets down, {} up, {} commands", traffic.received, traffic.sent, traffic.commands);
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub fn traffic(&self) -> Traffic {
        self.earlier + self.link.traffic()
    }
}

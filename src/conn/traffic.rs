//! [`Traffic`]: how much a session has sent and received. It must not know what.

use std::ops::{Add, AddAssign};

/// What a session has sent and received so far, from [`Imap::traffic`](crate::Imap::traffic) and
/// [`Pop3::traffic`](crate::Pop3::traffic).
///
/// The octets are those of the protocol, from the greeting on: inside TLS and after decompression. Providers count mail, not packets
/// (Gmail allows 2,500 MB of IMAP a day), so a compressed session must not look cheaper than it is to them. What TLS and TCP
/// add is not in it.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::imap::{Items, Uid};
///
/// let before = imap.traffic();
/// imap.select("INBOX").await?.get(Uid::new(1)?, Items::MESSAGE).await?;
/// let after = imap.traffic();
/// assert!(after.received > before.received + 100 && after.sent > before.sent);
/// assert!(after.commands >= before.commands + 2); // SELECT and FETCH
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Traffic {
    /// Octets that the server sent.
    pub received: u64,
    /// Octets that were given to the network.
    pub sent: u64,
    /// Commands that were sent, with those of the login and those that a session sends on its own, such as the IDLE that renews another.
    pub commands: u64,
}

impl Add for Traffic {
    type Output = Self;

    fn add(self, more: Self) -> Self {
        Self {
            received: self.received.saturating_add(more.received),
            sent: self.sent.saturating_add(more.sent),
            commands: self.commands.saturating_add(more.commands),
        }
    }
}

impl AddAssign for Traffic {
    fn add_assign(&mut self, more: Self) {
        *self = *self + more;
    }
}

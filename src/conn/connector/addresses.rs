//! The addresses that worked, by host: which family to try first, and what to try if the lookup fails. It must not know how an address
//! is found.

use std::collections::VecDeque;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many hosts are remembered: the server, its proxies, and where a program's own connector goes. Over it, the one that was used
/// longest ago is forgotten.
const HOSTS: usize = 16;
/// How many addresses of one host are remembered.
const EACH: usize = 16;

/// The clones of a `Config` share it.
#[derive(Default)]
pub(in crate::conn) struct Addresses(Mutex<VecDeque<Known>>);

struct Known {
    host: Box<str>,
    /// The one that worked last is first.
    addresses: Vec<IpAddr>,
}

impl Addresses {
    /// The addresses of that host when it was last reached, the one that worked first. Empty for a host that was never reached.
    pub(super) fn of(&self, host: &str, port: u16) -> Vec<SocketAddr> {
        let known = self.lock();
        let known = known.iter().find(|known| *known.host == *host);
        known.map(|known| known.addresses.iter().map(|address| (*address, port).into()).collect()).unwrap_or_default()
    }

    /// The host was reached at that address, which is among these.
    pub(super) fn learn(&self, host: &str, reached: SocketAddr, all: &[SocketAddr]) {
        // An address needs no lookup.
        if host.parse::<IpAddr>().is_ok() {
            return;
        }
        let others = all.iter().map(SocketAddr::ip).filter(|address| *address != reached.ip());
        let addresses = std::iter::once(reached.ip()).chain(others).take(EACH).collect();
        let mut known = self.lock();
        known.retain(|known| *known.host != *host);
        known.push_back(Known { host: host.into(), addresses });
        if known.len() > HOSTS {
            known.pop_front();
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Addresses").field("hosts", &self.lock().len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_one_that_worked_is_first_and_the_port_is_that_of_the_question() {
        let addresses = Addresses::default();
        assert!(addresses.of("h", 1).is_empty());
        addresses.learn("h", address("1.1.1.1:993"), &["[::1]:993", "1.1.1.1:993", "2.2.2.2:993"].map(address));
        assert_eq!(addresses.of("h", 995), ["1.1.1.1:995", "[::1]:995", "2.2.2.2:995"].map(address));
        addresses.learn("h", address("[::1]:993"), &["[::1]:993"].map(address));
        assert_eq!(addresses.of("h", 993), ["[::1]:993"].map(address));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let addresses = Addresses::default();
        let many: Vec<SocketAddr> = (1..=99).map(|last| SocketAddr::from(([10, 0, 0, last], 1))).collect();
        for host in 0..99 {
            addresses.learn(&format!("h{host}"), many[0], &many);
        }
        assert_eq!(addresses.lock().len(), HOSTS);
        assert!(addresses.of("h0", 1).is_empty());
        assert_eq!(addresses.of("h98", 1).len(), EACH);
        addresses.learn("127.0.0.1", many[0], &many);
        assert!(addresses.of("127.0.0.1", 1).is_empty());
    }
}

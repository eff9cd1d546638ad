//! TLS sessions that a later connection may resume (RFC 8446 §2.2, RFC 5077), kept in memory for one set of trust and identity, and
//! the servers that break off resumed handshakes. It does not know when a session is used.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_rustls::rustls::NamedGroup;
use tokio_rustls::rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use tokio_rustls::rustls::pki_types::ServerName;

/// How many servers are remembered; over it, the oldest is forgotten.
const SERVERS: usize = 256;
/// How many tickets of one server are kept. Each serves one connection (RFC 8446 §C.4), and the newest are valid the longest.
const TICKETS: usize = 4;

/// The sessions of all servers.
#[derive(Default)]
pub(super) struct SessionStore(Mutex<KnownServer>);

#[derive(Default)]
struct KnownServer {
    servers: HashMap<ServerName<'static>, Server>,
    order: VecDeque<ServerName<'static>>,
}

#[derive(Default)]
struct Server {
    group: Option<NamedGroup>,
    older: Option<Tls12ClientSessionValue>,
    tickets: VecDeque<Tls13ClientSessionValue>,
    /// It breaks off resumed handshakes, so nothing of it is stored.
    refuses: bool,
}

impl SessionStore {
    /// Whether a handshake with that server would try to resume a session.
    pub(super) fn holds(&self, name: &ServerName<'_>) -> bool {
        let known = self.lock();
        known.servers.get(name).is_some_and(|server| server.older.is_some() || !server.tickets.is_empty())
    }

    /// Forgets the sessions of that server, and stores none of it from now on.
    pub(super) fn refused(&self, name: &ServerName<'static>) {
        let mut known = self.lock();
        let server = known.server(name.clone());
        *server = Server { group: server.group, refuses: true, ..Server::default() };
    }

    /// Every statement leaves the map valid, so a lock that a panic poisoned can still be used.
    fn lock(&self) -> MutexGuard<'_, KnownServer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KnownServer {
    fn server(&mut self, name: ServerName<'static>) -> &mut Server {
        if !self.servers.contains_key(&name) {
            if self.order.len() >= SERVERS
                && let Some(oldest) = self.order.pop_front()
            {
                self.servers.remove(&oldest);
            }
            self.order.push_back(name.clone());
        }
        self.servers.entry(name).or_default()
    }
}

impl ClientSessionStore for SessionStore {
    fn set_kx_hint(&self, name: ServerName<'static>, group: NamedGroup) {
        self.lock().server(name).group = Some(group);
    }

    fn kx_hint(&self, name: &ServerName<'_>) -> Option<NamedGroup> {
        self.lock().servers.get(name)?.group
    }

    fn set_tls12_session(&self, name: ServerName<'static>, value: Tls12ClientSessionValue) {
        let mut known = self.lock();
        let server = known.server(name);
        server.older = (!server.refuses).then_some(value);
    }

    fn tls12_session(&self, name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.lock().servers.get(name)?.older.clone()
    }

    fn remove_tls12_session(&self, name: &ServerName<'static>) {
        if let Some(server) = self.lock().servers.get_mut(name) {
            server.older = None;
        }
    }

    fn insert_tls13_ticket(&self, name: ServerName<'static>, value: Tls13ClientSessionValue) {
        let mut known = self.lock();
        let server = known.server(name);
        if server.refuses {
            return;
        }
        if server.tickets.len() >= TICKETS {
            server.tickets.pop_front();
        }
        server.tickets.push_back(value);
    }

    fn take_tls13_ticket(&self, name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.lock().servers.get_mut(name)?.tickets.pop_back()
    }
}

impl fmt::Debug for SessionStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionStore").field("servers", &self.lock().servers.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(number: usize) -> ServerName<'static> {
        format!("h{number}.example").try_into().unwrap()
    }

    #[test]
    fn the_number_of_servers_is_bounded() {
        let sessions = SessionStore::default();
        for number in 0..SERVERS + 10 {
            sessions.set_kx_hint(name(number), NamedGroup::X25519);
            sessions.set_kx_hint(name(number), NamedGroup::secp256r1);
        }
        assert_eq!(sessions.lock().servers.len(), SERVERS);
        assert_eq!(sessions.lock().order.len(), SERVERS);
        assert_eq!(sessions.kx_hint(&name(9)), None);
        assert_eq!(sessions.kx_hint(&name(10)), Some(NamedGroup::secp256r1));
    }

    #[test]
    fn a_server_that_refuses_is_remembered_with_its_group() {
        let sessions = SessionStore::default();
        sessions.set_kx_hint(name(1), NamedGroup::X25519);
        sessions.refused(&name(1));
        assert_eq!(sessions.kx_hint(&name(1)), Some(NamedGroup::X25519));
        assert!(sessions.lock().server(name(1)).refuses && !sessions.holds(&name(1)));
    }
}

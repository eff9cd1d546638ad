//! What `conn` keeps in a configuration: slots, whose values only `conn` knows.

use super::{Config, Slot};

impl Config {
    /// The client's certificate and key.
    pub(crate) fn identity(&self) -> &Slot {
        &self.identity
    }

    pub(crate) fn with_identity(self, identity: Slot) -> Self {
        Self { identity, tls_state: Slot::default(), ..self }
    }

    /// What TLS keeps from one connection to the next.
    pub(crate) fn tls_state(&self) -> &Slot {
        &self.tls_state
    }

    /// The way to the server; empty for TCP.
    pub(crate) fn connector(&self) -> &Slot {
        &self.connector
    }

    pub(crate) fn with_connector(self, connector: Slot) -> Self {
        Self { connector, ..self }
    }

    /// The addresses of earlier connections.
    pub(crate) fn addresses(&self) -> &Slot {
        &self.addresses
    }
}

//! Whether alerts that come without TLS are passed on. It must not know what an alert says.

use super::{Config, Security};

impl Config {
    /// Also passes on alerts that come before TLS or without it, which an attacker may have written. They are marked; see
    /// [`imap::Notice::Alert`](crate::imap::Notice::Alert). By default they are dropped.
    pub fn unprotected_alerts(self) -> Self {
        Self { unprotected_alerts: true, ..self }
    }

    /// Whether TLS begins before the login.
    pub(crate) fn is_protected(&self) -> bool {
        self.security != Security::Plaintext
    }
}

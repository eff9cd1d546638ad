//! Whether what the server says outside TLS is passed on. It must not know what it says.

use super::{Config, Security};

impl Config {
    /// Also passes on alerts that come before TLS, or without it: anybody on the way may have written them. They are marked, see
    /// [`imap::Notice::Alert`](crate::imap::Notice::Alert). Without this they are left out.
    pub fn unprotected_alerts(self) -> Self {
        Self { unprotected_alerts: true, ..self }
    }

    /// Whether TLS comes before anything else is said, or at least before the login.
    pub(crate) fn is_protected(&self) -> bool {
        self.security != Security::Plaintext
    }
}

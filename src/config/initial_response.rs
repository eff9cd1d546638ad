//! Whether SASL's initial response is sent with the command. It must not know a mechanism.

use super::Config;

impl Config {
    /// Sends no initial response with the command of a SASL login, even if the server takes one (SASL-IR, RFC 4959; POP3, RFC 5034 §4):
    /// for a server that fails on it. It costs the login one more round trip.
    ///
    /// ```
    /// let config = postroom::Config::new("imap.example.org").without_initial_response();
    /// # drop(config);
    /// ```
    pub fn without_initial_response(self) -> Self {
        Self { initial_response: false, ..self }
    }

    pub(crate) fn initial_response(&self) -> bool {
        self.initial_response
    }
}

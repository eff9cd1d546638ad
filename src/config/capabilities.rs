//! What a server is taken to support, whatever it announces. It must not know what a capability means.

use super::Config;

impl Config {
    /// IMAP: treats the server as if it announced this capability (`true`), or as if it did not (`false`), whatever it announces: for a
    /// server that announces what does not work, or hides what does. Letter case does not matter. The last call for a capability counts.
    ///
    /// Without `LITERAL+` and `LITERAL-`, each literal waits for the server. Without `IDLE`, a mailbox is polled. Without `ENABLE`,
    /// nothing is enabled. A capability that the server really lacks makes commands fail. Security does not depend on it:
    /// [`starttls`](Self::starttls) is required in any case, and without TLS no password is shown.
    ///
    /// ```
    /// let config = postroom::Config::new("imap.example.org").assume_capability("IDLE", false);
    /// # drop(config);
    /// ```
    pub fn assume_capability(mut self, name: &str, has: bool) -> Self {
        let name = name.to_ascii_uppercase();
        self.assumed.retain(|(other, _)| *other != name);
        self.assumed.push((name, has));
        self
    }

    pub(crate) fn assumed(&self) -> &[(String, bool)] {
        &self.assumed
    }
}

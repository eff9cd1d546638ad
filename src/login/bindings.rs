//! [`Bindings`]: what ties a login to one TLS connection (RFC 5056), as values. It must not know how they are made or sent.

use super::secret::Secret;

/// The channel bindings of a connection, by the names of RFC 5929 and RFC 9266; the one to prefer first. Empty without TLS.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bindings(Vec<(&'static str, Secret)>);

impl Bindings {
    pub(crate) fn add(&mut self, name: &'static str, data: Secret) {
        self.0.push((name, data));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order of preference.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &Secret)> {
        self.0.iter().map(|(name, data)| (*name, data))
    }
}

//! Whom the configuration trusts beside the added roots. Plain values: `conn::tls` verifies certificates.

use super::{Config, Slot, Trust};

impl Config {
    /// Trusts the added roots alone, no public authority.
    pub fn only_added_roots(self) -> Self {
        self.trusting(Trust::AddedRoots)
    }

    /// Trusts the authorities that the operating system trusts, instead of those of `webpki-roots`: also those that an administrator
    /// or a company has added to the system. Added roots are trusted too. Of this and [`only_added_roots`](Self::only_added_roots) the
    /// last call counts. Needs the feature `platform-roots`; not for Android.
    ///
    /// On Windows and macOS the system verifies the certificate itself, and may use the network for it. Elsewhere the system's
    /// certificate files are read (or those named by `SSL_CERT_FILE` and `SSL_CERT_DIR`), which takes some milliseconds, when this
    /// `Config` or a clone of it first connects; a new `Config` sees later changes. If there are none, connecting fails with
    /// [`Kind::Tls`](crate::Kind::Tls).
    ///
    /// ```
    /// let config = postroom::Config::new("imap.intranet.example").platform_roots();
    /// # drop(config);
    /// ```
    #[cfg(feature = "platform-roots")]
    pub fn platform_roots(self) -> Self {
        self.trusting(Trust::Platform)
    }

    fn trusting(self, trust: Trust) -> Self {
        Self { trust, tls_state: Slot::default(), ..self }
    }

    pub(crate) fn trust(&self) -> Trust {
        self.trust
    }
}

//! The client's own certificate and private key: read from PEM, wiped when dropped, never printed. It does not check whether the two
//! belong together; rustls does.

use std::fmt;

use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

use crate::config::{Config, Slot};
use crate::error::{Error, Result};

/// A certificate chain, the client's own certificate first, and the private key of that one.
pub(super) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: Zeroizing<PrivateKeyDer<'static>>,
}

impl Config {
    /// Shows this certificate to a server that asks for one: `chain` is the client's certificate in PEM, followed by the
    /// certificates between it and an authority that the server knows; `key` is its private key in PEM (PKCS #8, PKCS #1 or SEC 1, not
    /// encrypted). Both may be in the same text. It serves TLS from the first byte and after an upgrade. To log in by it, use SASL
    /// EXTERNAL (RFC 4422 appendix A).
    ///
    /// TLS 1.2 sends the certificate unencrypted, TLS 1.3 encrypted, and both only after the server's certificate was accepted.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use postroom::Config;
    ///
    /// # let server = postroom::testing::Server::builder().in_memory()?;
    /// # let (certificate, key) = server.client_certificate("alice")?;
    /// // let (certificate, key) = (std::fs::read("client.pem")?, std::fs::read("client.key")?);
    /// let config = Config::new("imap.example.org").client_certificate_pem(certificate.as_ref(), key.as_ref())?;
    /// # drop(config);
    /// # Ok(()) }
    /// # #[cfg(feature = "testing")]
    /// # example().unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) if either cannot be read or the key is encrypted. Connecting fails with the same kind, before
    /// the host is looked up, if the key belongs to another certificate, or if the certificate has no use because nothing is encrypted
    /// or because of a [`tls_config`](Self::tls_config).
    pub fn client_certificate_pem(self, chain: &[u8], key: &[u8]) -> Result<Self> {
        Ok(self.with_identity(Slot::of(Identity::from_pem(chain, key)?)))
    }
}

impl Identity {
    fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|error| Error::input("the client certificate's PEM text cannot be read").with_source(error))?;
        if chain.is_empty() {
            return Err(Error::input("the PEM text holds no client certificate"));
        }
        // An encrypted key says so in its first lines: by the label of PKCS #8 (RFC 7468 §11), or by Proc-Type (RFC 1421 §4.6.1.1).
        if [&b"BEGIN ENCRYPTED PRIVATE KEY"[..], b"Proc-Type: 4,ENCRYPTED"].iter().any(|mark| holds(key, mark)) {
            return Err(Error::input("the client's private key is encrypted; it must be decrypted first"));
        }
        // Without the cause: it could quote the key.
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|_| Error::input("the PEM text holds no private key, or one that cannot be read"))?;
        Ok(Self { chain, key: Zeroizing::new(key) })
    }

    pub(super) fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.chain.clone()
    }

    /// A copy for the cryptography provider, which converts the key.
    pub(super) fn key(&self) -> PrivateKeyDer<'static> {
        self.key.clone_key()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("certificates", &self.chain.len()).finish_non_exhaustive()
    }
}

fn holds(text: &[u8], mark: &[u8]) -> bool {
    text.windows(mark.len()).any(|window| window == mark)
}

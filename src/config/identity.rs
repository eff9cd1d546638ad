//! The certificate by which the client itself is known, with its key: read from PEM, wiped when dropped, never printed. Whether
//! the two belong together is seen by the TLS that uses them.

use std::fmt;

use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::rustls::pki_types::pem::PemObject;
use crate::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A certificate chain, the client's own first, and the private key of that.
pub(crate) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: Zeroizing<PrivateKeyDer<'static>>,
}

impl Identity {
    pub(super) fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|error| Error::input("the client certificate's PEM text cannot be read").with_source(error))?;
        if chain.is_empty() {
            return Err(Error::input("the PEM text holds no client certificate"));
        }
        // Both ways to encrypt a key say so in their first lines: the label of PKCS #8, and RFC 1421's Proc-Type.
        if [&b"BEGIN ENCRYPTED PRIVATE KEY"[..], b"Proc-Type: 4,ENCRYPTED"].iter().any(|mark| holds(key, mark)) {
            return Err(Error::input("the client's private key is encrypted; it must be decrypted first"));
        }
        // The cause is left out: it could quote the text.
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|_| Error::input("the PEM text holds no private key, or one that cannot be read"))?;
        Ok(Self { chain, key: Zeroizing::new(key) })
    }

    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.chain.clone()
    }

    /// A copy for the TLS provider, which keeps the key in a form of its own.
    pub(crate) fn key(&self) -> PrivateKeyDer<'static> {
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

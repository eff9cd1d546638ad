//! The hashes of the mechanisms. Values derived from a password are wiped. It must not know a mechanism.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::{Error, Kind, Result};

/// Bytes that are wiped when dropped.
pub(super) type Wiped = Zeroizing<Vec<u8>>;

/// The hash of a SCRAM mechanism.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hash {
    Sha1,
    Sha256,
}

impl Hash {
    pub(super) fn digest(self, data: &[u8]) -> Wiped {
        match self {
            Self::Sha1 => Zeroizing::new(Sha1::digest(data).to_vec()),
            Self::Sha256 => Zeroizing::new(Sha256::digest(data).to_vec()),
        }
    }

    pub(super) fn hmac(self, key: &[u8], data: &[u8]) -> Wiped {
        match self {
            Self::Sha1 => keyed::<Hmac<Sha1>>(key, data),
            Self::Sha256 => keyed::<Hmac<Sha256>>(key, data),
        }
    }

    /// RFC 5802 §2.2, `Hi`: PBKDF2 (RFC 8018) with an output as long as the hash.
    pub(super) fn salted(self, password: &[u8], salt: &[u8], iterations: u32) -> Wiped {
        match self {
            Self::Sha1 => {
                let mut out = Zeroizing::new(vec![0; 20]);
                pbkdf2::pbkdf2_hmac::<Sha1>(password, salt, iterations, &mut out);
                out
            }
            Self::Sha256 => {
                let mut out = Zeroizing::new(vec![0; 32]);
                pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, iterations, &mut out);
                out
            }
        }
    }
}

/// HMAC-MD5 in hexadecimal (RFC 2195).
pub(super) fn hmac_md5(key: &[u8], data: &[u8]) -> String {
    hex(&keyed::<Hmac<Md5>>(key, data))
}

/// MD5 of the two, concatenated, in hexadecimal (RFC 1939 §7).
pub(crate) fn md5(first: &[u8], second: &[u8]) -> String {
    hex(&Md5::new().chain_update(first).chain_update(second).finalize())
}

/// 24 random bytes, printable.
pub(super) fn nonce() -> Result<String> {
    let mut bytes = [0; 24];
    // Constant for a fuzzer, whose inputs could not contain a random one.
    if cfg!(fuzzing) {
        return Ok(STANDARD.encode(bytes));
    }
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::new(Kind::Io, "the system has no random numbers").with_source(error.to_string()))?;
    Ok(STANDARD.encode(bytes))
}

fn keyed<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> Wiped {
    // A key of any length is valid (RFC 2104 §3), so this cannot fail.
    let mac = M::new_from_slice(key).map(|mac| mac.chain_update(data).finalize().into_bytes().to_vec());
    Zeroizing::new(mac.unwrap_or_default())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_apop() {
        // RFC 1939 §7.
        assert_eq!(md5(b"<1896.697170952@dbc.mtview.ca.us>", b"tanstaaf"), "c4c9334bac560ecc979e58001b3e22fb");
    }

    #[test]
    fn nonces_are_printable_without_commas_and_never_the_same() {
        let (one, other) = (nonce().unwrap(), nonce().unwrap());
        assert!(one != other && one.len() == 32);
        assert!(one.bytes().all(|byte| byte.is_ascii_graphic() && byte != b','));
    }

    #[test]
    fn a_mac_is_as_long_as_its_hash_whatever_the_key() {
        for key in [&[][..], &[1; 64], &[1; 1000]] {
            assert_eq!((Hash::Sha1.hmac(key, b"").len(), Hash::Sha256.hmac(key, b"").len()), (20, 32));
            assert_eq!(hmac_md5(key, b"").len(), 32);
        }
    }
}

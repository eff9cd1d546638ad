//! The hashes of the mechanisms. Values derived from a password are wiped. It must not know a mechanism.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use crate::error::{Error, Kind, Result};

/// Bytes that are wiped when dropped.
pub(super) type Wiped = Zeroizing<Vec<u8>>;

/// The hash of a SCRAM mechanism.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

/// The same expression for the type of each hash, `$hash`.
macro_rules! each {
    ($self:expr, $hash:ident => $call:expr) => {
        match $self {
            Hash::Sha1 => {
                type $hash = Sha1;
                $call
            }
            Hash::Sha224 => {
                type $hash = Sha224;
                $call
            }
            Hash::Sha256 => {
                type $hash = Sha256;
                $call
            }
            Hash::Sha384 => {
                type $hash = Sha384;
                $call
            }
            Hash::Sha512 => {
                type $hash = Sha512;
                $call
            }
        }
    };
}

impl Hash {
    pub(super) fn digest(self, data: &[u8]) -> Wiped {
        each!(self, H => Zeroizing::new(H::digest(data).to_vec()))
    }

    pub(super) fn hmac(self, key: &[u8], data: &[u8]) -> Wiped {
        each!(self, H => keyed::<Hmac<H>>(key, data))
    }

    /// RFC 5802 §2.2, `Hi`: PBKDF2 (RFC 8018) with an output as long as the hash.
    pub(super) fn salted(self, password: &[u8], salt: &[u8], iterations: u32) -> Wiped {
        each!(self, H => {
            let mut out = Zeroizing::new(vec![0; <H as Digest>::output_size()]);
            pbkdf2::pbkdf2_hmac::<H>(password, salt, iterations, &mut out);
            out
        })
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
            for (hash, length) in
                [(Hash::Sha1, 20), (Hash::Sha224, 28), (Hash::Sha256, 32), (Hash::Sha384, 48), (Hash::Sha512, 64)]
            {
                assert_eq!((hash.hmac(key, b"").len(), hash.salted(key, b"salt", 1).len()), (length, length));
            }
            assert_eq!(hmac_md5(key, b"").len(), 32);
        }
    }
}

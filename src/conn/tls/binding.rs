//! The channel bindings of a TLS connection: `tls-exporter` (RFC 9266) and `tls-server-end-point` (RFC 5929 §4). It must not know what is
//! bound to them.

use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use tokio_rustls::rustls::pki_types::alg_id;
use tokio_rustls::rustls::{ClientConnection, ProtocolVersion};

use crate::login::{Bindings, Secret};

const EXPORTER: &str = "tls-exporter";
const END_POINT: &str = "tls-server-end-point";
/// RFC 9266 §2.
const LABEL: &[u8] = b"EXPORTER-Channel-Binding";

/// DER's tag of a SEQUENCE, and of an OBJECT IDENTIFIER.
const SEQUENCE: u8 = 0x30;
const OID: u8 = 0x06;

/// OBJECT IDENTIFIERs of signatures with one hash, in DER without tag and length.
const HASHES: &[(&[u8], Hash)] = &[
    // PKCS #1 (RFC 8017 appendix C): with MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512. RFC 5929 §4.1 replaces the first two.
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04", sha256),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05", sha256),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e", sha224),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", sha256),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c", sha384),
    (b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d", sha512),
    // ECDSA (RFC 5758 §3.2): with SHA-1, SHA-224, SHA-256, SHA-384, SHA-512.
    (b"\x2a\x86\x48\xce\x3d\x04\x01", sha256),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x01", sha224),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x02", sha256),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x03", sha384),
    (b"\x2a\x86\x48\xce\x3d\x04\x03\x04", sha512),
];

type Hash = fn(&[u8]) -> Secret;

/// The bindings of a connection whose handshake is complete. `bound_secret` is whether the connection was made only with an extended
/// master secret: without it, the exporter of TLS 1.2 does not bind (RFC 9266 §3, RFC 7627).
pub(super) fn bindings(connection: &ClientConnection, bound_secret: bool) -> Bindings {
    let mut bindings = Bindings::default();
    if connection.protocol_version() == Some(ProtocolVersion::TLSv1_3) || bound_secret {
        // OpenSSL and GnuTLS, and so the servers, use no context in TLS 1.2. In TLS 1.3 that is the empty one.
        if let Ok(exported) = connection.export_keying_material(vec![0; 32], LABEL, None) {
            bindings.add(EXPORTER, exported.into());
        }
    }
    let certificate = connection.peer_certificates().and_then(<[_]>::first);
    if let Some(hash) = certificate.and_then(|certificate| end_point(certificate)) {
        bindings.add(END_POINT, hash);
    }
    bindings
}

/// The hash of the certificate with the hash of its signature. `None` if that has none, such as Ed25519, or an unknown one: the binding
/// is undefined then.
fn end_point(certificate: &[u8]) -> Option<Secret> {
    let (_, certificate_fields, _) = element(certificate).filter(|(tag, ..)| *tag == SEQUENCE)?;
    let (_, _, after_contents) = element(certificate_fields)?;
    let (_, algorithm, _) = element(after_contents).filter(|(tag, ..)| *tag == SEQUENCE)?;
    let (_, oid, _) = element(algorithm).filter(|(tag, ..)| *tag == OID)?;
    let hash = HASHES.iter().find(|(known, _)| *known == oid).map(|(_, hash)| *hash);
    hash.or_else(|| pss(algorithm)).map(|hash| hash(certificate))
}

/// RSASSA-PSS names its hash in its parameters.
fn pss(algorithm: &[u8]) -> Option<Hash> {
    let known: [(_, Hash); 3] =
        [(alg_id::RSA_PSS_SHA256, sha256), (alg_id::RSA_PSS_SHA384, sha384), (alg_id::RSA_PSS_SHA512, sha512)];
    known.into_iter().find(|(id, _)| id.as_ref() == algorithm).map(|(_, hash)| hash)
}

/// The tag and contents of the first DER element, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (contents, rest) = rest.split_at_checked(length)?;
    Some((*tag, contents, rest))
}

fn sha224(data: &[u8]) -> Secret {
    Sha224::digest(data).to_vec().into()
}

fn sha256(data: &[u8]) -> Secret {
    Sha256::digest(data).to_vec().into()
}

fn sha384(data: &[u8]) -> Secret {
    Sha384::digest(data).to_vec().into()
}

fn sha512(data: &[u8]) -> Secret {
    Sha512::digest(data).to_vec().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, SignatureAlgorithm};

    fn certificate(algorithm: &'static SignatureAlgorithm) -> Vec<u8> {
        let key = KeyPair::generate_for(algorithm).unwrap();
        CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn the_hash_is_the_one_of_the_signature() {
        for (algorithm, hash) in
            [(&rcgen::PKCS_ECDSA_P256_SHA256, sha256 as Hash), (&rcgen::PKCS_ECDSA_P384_SHA384, sha384)]
        {
            let certificate = certificate(algorithm);
            assert_eq!(end_point(&certificate).unwrap().expose(), hash(&certificate).expose());
        }
        assert!(end_point(&certificate(&rcgen::PKCS_ED25519)).is_none());
    }

    /// A certificate with nothing but the algorithm of its signature.
    fn signed_by(algorithm: &[u8]) -> Vec<u8> {
        let sequence = |contents: &[u8]| [&[SEQUENCE, u8::try_from(contents.len()).unwrap()], contents].concat();
        sequence(&[sequence(b""), sequence(algorithm), b"\x03\x01\x00".to_vec()].concat())
    }

    #[test]
    fn md5_and_sha_1_are_replaced_and_pss_names_its_hash() {
        let oid = |oid: &[u8]| [&[OID, u8::try_from(oid.len()).unwrap()], oid, b"\x05\x00"].concat();
        for (algorithm, hash) in [
            (oid(b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04"), sha256 as Hash),
            (oid(b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"), sha256),
            (alg_id::RSA_PKCS1_SHA256.to_vec(), sha256),
            (alg_id::RSA_PKCS1_SHA384.to_vec(), sha384),
            (alg_id::RSA_PKCS1_SHA512.to_vec(), sha512),
            (alg_id::ECDSA_SHA512.to_vec(), sha512),
            (alg_id::RSA_PSS_SHA256.to_vec(), sha256),
            (alg_id::RSA_PSS_SHA384.to_vec(), sha384),
            (alg_id::RSA_PSS_SHA512.to_vec(), sha512),
        ] {
            let certificate = signed_by(&algorithm);
            assert_eq!(end_point(&certificate).unwrap().expose(), hash(&certificate).expose(), "{algorithm:x?}");
        }
        assert!(end_point(&signed_by(&alg_id::ED25519)).is_none());
    }

    #[test]
    fn what_is_no_certificate_has_no_binding() {
        let certificate = certificate(&rcgen::PKCS_ECDSA_P256_SHA256);
        for end in 0..certificate.len() {
            assert!(end_point(&certificate[..end]).is_none(), "{end}");
        }
        for bad in [&b"\x30\x80\x00\x00"[..], b"\x30\x85\x01\x01\x01\x01\x01", b"\x30\x84\xff\xff\xff\xff", b"\x04\x00"]
        {
            assert!(end_point(bad).is_none(), "{bad:x?}");
        }
    }
}

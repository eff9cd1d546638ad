//! Certificates of the live servers, made for each of them. It knows no server.

use std::fs;
use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};

/// The authority's certificate, and one of a client's by the same authority, for the user `alice`, with its key.
pub(crate) struct Certificates {
    pub(crate) ca: String,
    pub(crate) client: (String, String),
}

/// Writes the certificates of the authority and of the good, the expired and the wrong server. `server-both.pem` is the good
/// one with its key.
pub(crate) fn certificates(dir: &Path) -> Certificates {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, "postroom live tests");
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().unwrap();
    let ca = authority.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(authority, key);
    let leaf = |file: &str, names: &[&str], expired: bool| {
        let mut leaf = CertificateParams::new(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>()).unwrap();
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        if expired {
            (leaf.not_before, leaf.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
        }
        let key = KeyPair::generate().unwrap();
        let certificate = leaf.signed_by(&key, &issuer).unwrap().pem();
        fs::write(dir.join(format!("{file}.pem")), &certificate).unwrap();
        fs::write(dir.join(format!("{file}.key")), key.serialize_pem()).unwrap();
        fs::write(dir.join(format!("{file}-both.pem")), certificate + &key.serialize_pem()).unwrap();
    };
    leaf("server", &["localhost", "127.0.0.1"], false);
    leaf("expired", &["localhost", "127.0.0.1"], true);
    leaf("wronghost", &["elsewhere.example"], false);
    fs::write(dir.join("ca.pem"), &ca).unwrap();
    let mut client = CertificateParams::new(Vec::new()).unwrap();
    client.distinguished_name.push(DnType::CommonName, "alice");
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate().unwrap();
    let client = client.signed_by(&key, &issuer).unwrap().pem();
    Certificates { ca, client: (client, key.serialize_pem()) }
}

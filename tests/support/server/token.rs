//! Access tokens for the live servers: JSON Web Tokens (RFC 7519) signed by a key that the servers know too.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The user who may log in as every other, with the common password.
pub(crate) const MASTER: &str = "master-of-the-tests";
pub(crate) const TOKEN_KEY: &str = "the-key-of-the-tests-tokens-32-b";

/// A token of that user that is valid for ten minutes, or has expired.
pub(crate) fn token(user: &str, expired: bool) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let end = if expired { now - 3600 } else { now + 600 };
    let claims = format!(
        r#"{{"iss":"https://issuer.test/","sub":"{user}","iat":{},"exp":{end},"scope":"mail"}}"#,
        now.min(end) - 60
    );
    let text = [r#"{"alg":"HS256","typ":"JWT"}"#, &*claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let mac = Hmac::<Sha256>::new_from_slice(TOKEN_KEY.as_bytes()).unwrap().chain_update(&text).finalize();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.into_bytes()))
}

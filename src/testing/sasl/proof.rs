//! The messages of clients in mechanisms with one message, and their digests. It must not know accounts.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::{Digest as _, Md5};

/// The user and the password of a PLAIN message whose authorization identity is absent or the user (RFC 4616 §2).
pub(super) fn plain(message: &str) -> Option<(&str, &str)> {
    let mut parts = message.split('\0');
    let (authzid, user, password) = (parts.next()?, parts.next()?, parts.next()?);
    (parts.next().is_none() && (authzid.is_empty() || authzid == user)).then_some((user, password))
}

/// RFC 2195 §2: the digest is the last word.
pub(super) fn user_and_digest(message: &str) -> Option<(&str, &str)> {
    message.rsplit_once(' ')
}

/// The user and the token: after `n,a=` in OAUTHBEARER (RFC 7628 §3.1), after `user=` in XOAUTH2.
pub(super) fn bearer_name<'a>(prefix: &str, message: &'a str) -> Option<(String, &'a str)> {
    let mut fields = message.strip_suffix("\x01\x01")?.split('\x01');
    let user = fields.next()?.strip_prefix(prefix)?;
    let user = match prefix {
        "n,a=" => user.strip_suffix(',')?.replace("=2C", ",").replace("=3D", "="),
        _ => user.to_owned(),
    };
    Some((user, fields.find_map(|field| field.strip_prefix("auth=Bearer "))?))
}

/// A new message id, as CRAM-MD5 and APOP need it.
pub(in crate::testing) fn message_id() -> String {
    let mut random = [0; 18];
    // Without random numbers the server works too, but is not safe.
    let _ = getrandom::fill(&mut random);
    format!("<{}@localhost>", URL_SAFE_NO_PAD.encode(random))
}

/// RFC 2195 §2.
pub(super) fn keyed_md5(password: &str, challenge: &str) -> String {
    let mac = Hmac::<Md5>::new_from_slice(password.as_bytes());
    let mac = mac.map(|mac| mac.chain_update(challenge).finalize().into_bytes());
    mac.map(|bytes| hex(&bytes)).unwrap_or_default()
}

/// RFC 1939 §7.
pub(in crate::testing) fn apop_digest(stamp: &str, password: &str) -> String {
    hex(&Md5::digest(format!("{stamp}{password}")))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfcs() {
        let digest = keyed_md5("tanstaaftanstaaf", "<1896.697170952@postoffice.reston.mci.net>");
        assert_eq!(user_and_digest(&format!("tim {digest}")), Some(("tim", "b913a602c7eda7a495b4e6e7334d3890")));
        let apop = apop_digest("<1896.697170952@dbc.mtview.ca.us>", "tanstaaf");
        assert_eq!(apop, "c4c9334bac560ecc979e58001b3e22fb");
        assert_eq!(plain("\0tim\0tanstaaftanstaaf"), Some(("tim", "tanstaaftanstaaf")));
        let bearer = "n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer vF9\x01\x01";
        assert_eq!(bearer_name("n,a=", bearer), Some(("user@example.com".to_owned(), "vF9")));
    }
}

//! OAUTHBEARER (RFC 7628) and XOAUTH2 (Google's and Microsoft's form of it): an OAuth access token in one message. Where the
//! server has something to say about a refusal it says it in JSON, as a challenge that must be answered before the refusal
//! comes. They must only be chosen where the connection may show the token.

use super::mechanism::{Complaint, Mechanism, Setting};
use crate::error::{Error, Result};
use crate::login::{Login, Proof, Secret};

/// How much of the server's words is kept.
const TEXT: usize = 300;

pub(super) fn serves(login: &Login) -> bool {
    matches!(login.proof(), Proof::Token(_))
}

/// RFC 7628 §3.1.
pub(super) fn oauthbearer(login: &Login, setting: &Setting<'_>) -> Result<Box<dyn Mechanism>> {
    let user = login.speaker().replace('=', "=3D").replace(',', "=2C");
    let (host, port) = (setting.host, setting.port);
    make(format!("n,a={user},\x01host={host}\x01port={port}\x01auth=Bearer "), setting, b"\x01")
}

pub(super) fn xoauth2(login: &Login, setting: &Setting<'_>) -> Result<Box<dyn Mechanism>> {
    make(format!("user={}\x01auth=Bearer ", login.speaker()), setting, b"")
}

fn make(before: String, setting: &Setting<'_>, goodbye: &'static [u8]) -> Result<Box<dyn Mechanism>> {
    let token = setting.token.clone().ok_or_else(|| Error::unsupported("OAuth needs a token"))?;
    Ok(Box::new(Bearer { before, token, goodbye, complaint: None }))
}

struct Bearer {
    before: String,
    token: Secret,
    /// What the server's complaint is answered by: RFC 7628 §3.2.3, and an empty line for XOAUTH2.
    goodbye: &'static [u8],
    complaint: Option<Complaint>,
}

impl Mechanism for Bearer {
    fn start(&mut self) -> Result<Option<Secret>> {
        // One allocation of the right size, so that no copy of the token stays behind.
        Ok(Some([self.before.as_bytes(), self.token.expose(), b"\x01\x01"].concat().into()))
    }

    fn step(&mut self, challenge: &[u8]) -> Result<Secret> {
        if self.complaint.is_some() {
            return Err(Error::protocol("the server goes on after it refused the token"));
        }
        self.complaint = Some(complaint(challenge, &self.token));
        Ok(Secret::from(self.goodbye.to_vec()))
    }

    fn is_said(&self) -> bool {
        true
    }

    fn finish(&self) -> Result<()> {
        match self.complaint {
            None => Ok(()),
            Some(_) => Err(Error::protocol("the server reports success after it refused the token")),
        }
    }

    fn complaint(&self) -> Option<&Complaint> {
        self.complaint.as_ref()
    }
}

/// RFC 7628 §3.2.2; Google and Microsoft send HTTP's numbers for a status, 400 for a token that has expired.
fn complaint(challenge: &[u8], token: &Secret) -> Complaint {
    let json: Option<serde_json::Value> = serde_json::from_slice(challenge).ok();
    let status = json.as_ref().and_then(|json| json.get("status"));
    let status = status.map(|status| status.as_str().map_or_else(|| status.to_string(), ToOwned::to_owned));
    let stale = status.is_none_or(|status| matches!(&*status, "invalid_token" | "401" | "400"));
    let said = String::from_utf8_lossy(challenge);
    // A server that repeats the token must not get it into a log.
    let said = said.replace(&*String::from_utf8_lossy(token.expose()), "<token>");
    let text = said.chars().filter(|char| !char.is_control()).take(TEXT).collect();
    Complaint { text, stale }
}

#[cfg(test)]
mod tests {
    use super::super::choice::tests_setting as setting;
    use super::*;

    const TOKEN: &str = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";

    fn first(mechanism: &mut dyn Mechanism) -> Vec<u8> {
        mechanism.start().unwrap().unwrap().expose().to_vec()
    }

    #[test]
    fn the_example_of_the_rfc() {
        // RFC 7628 §4.1.
        let login = Login::oauth_token("user@example.com", TOKEN);
        let mut bearer = oauthbearer(&login, &setting(Some(TOKEN))).unwrap();
        let expected =
            format!("n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer {TOKEN}\x01\x01");
        assert_eq!(first(&mut *bearer), expected.as_bytes());
        bearer.finish().unwrap();
    }

    #[test]
    fn the_example_of_google() {
        let login = Login::oauth_token("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg");
        let mut bearer = xoauth2(&login, &setting(Some("ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"))).unwrap();
        let expected = "user=someuser@example.com\x01auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\x01\x01";
        assert_eq!(first(&mut *bearer), expected.as_bytes());
    }

    #[test]
    fn names_with_commas_and_equals_signs_are_escaped() {
        let login = Login::oauth_token("me", "t").authorize_as("a,b=c");
        let mut bearer = oauthbearer(&login, &setting(Some("t"))).unwrap();
        assert!(first(&mut *bearer).starts_with(b"n,a=a=2Cb=3Dc,\x01"));
    }

    #[test]
    fn the_servers_complaint_is_answered_once_and_kept() {
        let json =
            br#"{"status":"invalid_token","scope":"example_scope","openid-configuration":"https://example.com/x"}"#;
        let login = Login::oauth_token("me", "t0ken");
        for (make, goodbye) in [(oauthbearer as fn(&_, &_) -> Result<_>, &b"\x01"[..]), (xoauth2, b"")] {
            let mut bearer: Box<dyn Mechanism> = make(&login, &setting(Some("t0ken"))).unwrap();
            bearer.start().unwrap();
            assert_eq!(bearer.step(json).unwrap().expose(), goodbye);
            let complaint = bearer.complaint().unwrap();
            assert!(complaint.stale && complaint.text.contains("example_scope"));
            assert!(bearer.finish().is_err() && bearer.step(json).is_err());
        }
    }

    #[test]
    fn only_a_token_that_is_bad_as_such_is_worth_another() {
        let stale = |json: &str| complaint(json.as_bytes(), &"t0ken".into()).stale;
        for json in [r#"{"status":"invalid_token"}"#, r#"{"status":"401"}"#, r#"{"status":400}"#, "{}", "", "not json"]
        {
            assert!(stale(json), "{json}");
        }
        for json in [r#"{"status":"insufficient_scope"}"#, r#"{"status":"invalid_request"}"#, r#"{"status":403}"#] {
            assert!(!stale(json), "{json}");
        }
    }

    #[test]
    fn a_complaint_holds_neither_the_token_nor_much_else() {
        let hostile = format!("t0ken\r\n\x1b[2J{}", "x".repeat(10_000));
        let text = complaint(hostile.as_bytes(), &"t0ken".into()).text;
        assert!(!text.contains("t0ken") && !text.contains('\x1b') && text.chars().count() == TEXT);
        let nested = "[".repeat(100_000);
        assert!(complaint(nested.as_bytes(), &"t0ken".into()).stale);
    }
}

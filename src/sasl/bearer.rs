//! OAUTHBEARER (RFC 7628) and XOAUTH2 (Google's and Microsoft's form of it): an OAuth access token in one message. A server may
//! explain a refusal in JSON, as a challenge that the client must answer before the refusal comes. Choose them only if the
//! connection may show the token.

use super::mechanism::{Context, Mechanism, ServerError};
use crate::error::{Error, Result};
use crate::login::{Login, Proof, Secret};

/// The most characters of the server's words that are kept.
const TEXT: usize = 300;
/// The most characters of one value of the JSON that are kept.
const VALUE: usize = 100;

pub(super) fn serves(login: &Login) -> bool {
    matches!(login.proof(), Proof::Token(_))
}

/// RFC 7628 §3.1.
pub(super) fn oauthbearer(login: &Login, context: &Context<'_>) -> Result<Box<dyn Mechanism>> {
    let user = login.speaker().replace('=', "=3D").replace(',', "=2C");
    let (host, port) = (context.host, context.port);
    make(format!("n,a={user},\x01host={host}\x01port={port}\x01auth=Bearer "), context, b"\x01")
}

pub(super) fn xoauth2(login: &Login, context: &Context<'_>) -> Result<Box<dyn Mechanism>> {
    make(format!("user={}\x01auth=Bearer ", login.speaker()), context, b"")
}

fn make(before: String, context: &Context<'_>, goodbye: &'static [u8]) -> Result<Box<dyn Mechanism>> {
    let token = context.token.clone().ok_or_else(|| Error::unsupported("OAuth needs a token"))?;
    Ok(Box::new(Bearer { before, token, goodbye, server_error: None }))
}

struct Bearer {
    before: String,
    token: Secret,
    /// The answer to an error challenge: RFC 7628 §3.2.3, and an empty line for XOAUTH2.
    goodbye: &'static [u8],
    server_error: Option<ServerError>,
}

impl Mechanism for Bearer {
    fn start(&mut self) -> Result<Option<Secret>> {
        // One allocation of the right size, so that no copy of the token remains.
        Ok(Some([self.before.as_bytes(), self.token.expose(), b"\x01\x01"].concat().into()))
    }

    fn step(&mut self, challenge: &[u8]) -> Result<Secret> {
        if self.server_error.is_some() {
            return Err(Error::protocol("the server sends another challenge after it refused the token"));
        }
        self.server_error = Some(server_error(challenge, &self.token));
        Ok(Secret::from(self.goodbye.to_vec()))
    }

    fn proof_sent(&self) -> bool {
        true
    }

    fn finish(&self) -> Result<()> {
        match self.server_error {
            None => Ok(()),
            Some(_) => Err(Error::protocol("the server reports success after it refused the token")),
        }
    }

    fn server_error(&self) -> Option<&ServerError> {
        self.server_error.as_ref()
    }
}

/// The words of an error challenge (RFC 7628 §3.2.2). Google and Microsoft send HTTP's numbers as the status, 400 for a token that has
/// expired.
fn server_error(challenge: &[u8], token: &Secret) -> ServerError {
    // A server that repeats the token must not get it into a log.
    let clean = |text: &str, most: usize| -> String {
        let text = text.replace(&*String::from_utf8_lossy(token.expose()), "<token>");
        text.chars().filter(|char| !char.is_control()).take(most).collect()
    };
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(challenge) else {
        return ServerError { text: clean(&String::from_utf8_lossy(challenge), TEXT), stale: true };
    };
    let value = |name: &str| {
        let value = json.get(name).filter(|value| !value.is_null())?;
        let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        Some(clean(&text, VALUE)).filter(|text| !text.is_empty())
    };
    let status = value("status");
    let stale = status.as_deref().is_none_or(|status| matches!(status, "invalid_token" | "401" | "400"));
    let meaning = match status.as_deref() {
        Some("invalid_token" | "401" | "400") => "the token is not valid or has expired",
        Some("insufficient_scope" | "403") => "the token does not permit access to mail",
        Some("invalid_request") => "the request was not valid",
        Some(_) => "the server gives only a status",
        None => "the server gives no reason",
    };
    let details = [("status", status), ("scope", value("scope"))];
    let details: Vec<_> = details.into_iter().filter_map(|(name, value)| Some(format!("{name} {}", value?))).collect();
    let text = match details.is_empty() {
        true => meaning.to_owned(),
        false => format!("{meaning} ({})", details.join(", ")),
    };
    ServerError { text, stale }
}

#[cfg(test)]
mod tests {
    use super::super::choice::tests_context as context;
    use super::*;

    const TOKEN: &str = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";

    fn first(mechanism: &mut dyn Mechanism) -> Vec<u8> {
        mechanism.start().unwrap().unwrap().expose().to_vec()
    }

    #[test]
    fn the_example_of_the_rfc() {
        // RFC 7628 §4.1.
        let login = Login::oauth_token("user@example.com", TOKEN);
        let mut bearer = oauthbearer(&login, &context(Some(TOKEN))).unwrap();
        let expected =
            format!("n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer {TOKEN}\x01\x01");
        assert_eq!(first(&mut *bearer), expected.as_bytes());
        bearer.finish().unwrap();
    }

    #[test]
    fn the_example_of_google() {
        let login = Login::oauth_token("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg");
        let mut bearer = xoauth2(&login, &context(Some("ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"))).unwrap();
        let expected = "user=someuser@example.com\x01auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\x01\x01";
        assert_eq!(first(&mut *bearer), expected.as_bytes());
    }

    #[test]
    fn names_with_commas_and_equals_signs_are_escaped() {
        let login = Login::oauth_token("me", "t").authorize_as("a,b=c");
        let mut bearer = oauthbearer(&login, &context(Some("t"))).unwrap();
        assert!(first(&mut *bearer).starts_with(b"n,a=a=2Cb=3Dc,\x01"));
    }

    #[test]
    fn the_servers_error_is_answered_once_and_kept_in_words() {
        let json =
            br#"{"status":"invalid_token","scope":"example_scope","openid-configuration":"https://example.com/x"}"#;
        let login = Login::oauth_token("me", "t0ken");
        for (make, goodbye) in [(oauthbearer as fn(&_, &_) -> Result<_>, &b"\x01"[..]), (xoauth2, b"")] {
            let mut bearer: Box<dyn Mechanism> = make(&login, &context(Some("t0ken"))).unwrap();
            bearer.start().unwrap();
            assert_eq!(bearer.step(json).unwrap().expose(), goodbye);
            let error = bearer.server_error().unwrap();
            let words = "the token is not valid or has expired (status invalid_token, scope example_scope)";
            assert!(error.stale && error.text == words, "{error:?}");
            assert!(bearer.finish().is_err() && bearer.step(json).is_err());
        }
    }

    #[test]
    fn only_a_token_that_is_bad_as_such_is_worth_another() {
        let stale = |json: &str| server_error(json.as_bytes(), &"t0ken".into()).stale;
        for json in [r#"{"status":"invalid_token"}"#, r#"{"status":"401"}"#, r#"{"status":400}"#, "{}", "", "not json"]
        {
            assert!(stale(json), "{json}");
        }
        for json in [r#"{"status":"insufficient_scope"}"#, r#"{"status":"invalid_request"}"#, r#"{"status":403}"#] {
            assert!(!stale(json), "{json}");
        }
    }

    #[test]
    fn an_error_holds_neither_the_token_nor_much_else() {
        let hostile = format!("t0ken\r\n\x1b[2J{}", "x".repeat(10_000));
        let text = server_error(hostile.as_bytes(), &"t0ken".into()).text;
        assert!(!text.contains("t0ken") && !text.contains('\x1b') && text.chars().count() == TEXT);
        let nested = "[".repeat(100_000);
        assert!(server_error(nested.as_bytes(), &"t0ken".into()).stale);
    }
}

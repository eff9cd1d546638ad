//! Every SASL vector of the corpus: the values from the tests of other clients and the RFCs hold, or the mechanism is not supported and is
//! never chosen. SCRAM's are checked in `scram/tests.rs`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::choice::tests_context;
use super::digest::md5;
use super::known::KNOWN;
use super::mechanism::Mechanism;
use super::{Context, Offer, choose};
use crate::error::Kind;
use crate::login::{Bindings, Login, Secret};

/// Not part of the published package.
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus");
const TOKEN: &str = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==";

fn vectors() -> Vec<Value> {
    let lines = std::fs::read_to_string(format!("{CORPUS}/encodings.jsonl")).unwrap();
    let vectors = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    vectors.filter(|vector| vector["of"] == "sasl").collect()
}

/// The value with this name in a vector, at its top or among its values.
pub(super) fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
    let value = vector[name].as_str().or_else(|| vector["values"][name].as_str());
    value.unwrap_or_else(|| panic!("{} has no {name}", vector["id"]))
}

#[test]
fn every_vector_holds_or_is_of_a_mechanism_that_is_never_chosen() {
    if !std::fs::exists(CORPUS).unwrap() {
        return;
    }
    let vectors = vectors();
    assert_eq!(vectors.len(), 37);
    for vector in vectors {
        let test = vector["test"].as_str().unwrap_or_default();
        match vector["mechanism"].as_str().unwrap() {
            "DIGEST-MD5" => is_never_chosen("DIGEST-MD5"),
            "SCRAM-SHA-1" | "SCRAM-SHA-256" | "SCRAM-SHA-512" => super::scram::tests::holds(&vector),
            "APOP" => apop(&vector),
            "CRAM-MD5" => cram_md5(&vector),
            "OAUTHBEARER" => oauthbearer(&vector, test),
            mechanism => initial(&vector, mechanism, test),
        }
    }
}

fn is_never_chosen(mechanism: &str) {
    let login = crate::Login::password("user", "pencil");
    let bindings = &Bindings::default();
    let offer = Offer { may_show_secret: true, encrypted: true, command_offered: false, bindings };
    assert_eq!(choose(&login, |name| name == mechanism, offer).unwrap_err().kind(), Kind::Unsupported, "{mechanism}");
}

fn begun(mechanism: &str, login: &Login, context: &Context<'_>) -> Box<dyn Mechanism> {
    let known = KNOWN.iter().find(|known| known.name == mechanism).unwrap();
    assert!((known.serves)(login), "{mechanism}");
    (known.make)(login, context).unwrap()
}

fn said(secret: &Secret) -> String {
    STANDARD.encode(secret.expose())
}

/// Mechanisms in which the client speaks first, or answers whatever is asked.
fn initial(vector: &Value, mechanism: &str, test: &str) {
    let password = Login::password("username", "password");
    let (login, token) = match (mechanism, vector.get("token").and_then(Value::as_str)) {
        ("ANONYMOUS", _) => (Login::anonymous("username"), None),
        ("XOAUTH2", token) => {
            let token = token.unwrap_or("password");
            (Login::oauth_token("username", token), Some(token))
        }
        ("PLAIN", _) if test.contains("AuthorizationId") => (password.authorize_as("authzid"), None),
        _ => (password, None),
    };
    let mut exchange = begun(mechanism, &login, &tests_context(token));
    let first = exchange.start().unwrap();
    if mechanism == "LOGIN" {
        assert!(first.is_none());
        assert_eq!(said(&exchange.step(b"Username:").unwrap()), text(vector, "expected1"));
        assert_eq!(said(&exchange.step(b"Password:").unwrap()), text(vector, "expected2"));
    } else {
        let expected = vector["base64"].as_str().unwrap_or_else(|| text(vector, "expected"));
        assert_eq!(said(&first.unwrap()), expected, "{vector}");
    }
    assert!(exchange.proof_sent());
    exchange.finish().unwrap();
}

/// Those named `Test` give what the others, named `Assert`, are made of.
fn oauthbearer(vector: &Value, test: &str) {
    if test.starts_with("Test") {
        return assert_eq!((text(vector, "userName"), text(vector, "token")), ("user@example.com", TOKEN));
    }
    let login = Login::oauth_token("user@example.com", TOKEN);
    let port = if test.contains("Smtp") { 587 } else { 143 };
    let mut exchange = begun("OAUTHBEARER", &login, &Context { port, ..tests_context(Some(TOKEN)) });
    assert_eq!(said(&exchange.start().unwrap().unwrap()), text(vector, "expected"));
    if test.contains("Failure") {
        let failure = STANDARD.decode(text(vector, "failureResponse")).unwrap();
        assert_eq!(exchange.step(&failure).unwrap().expose(), b"\x01");
        assert!(exchange.finish().is_err() && exchange.server_error().unwrap().stale);
    }
}

fn cram_md5(vector: &Value) {
    let (challenge, response) = match vector["challenge"].as_str() {
        Some(challenge) => (challenge, text(vector, "response")),
        None => (text(vector, "serverToken"), text(vector, "expected")),
    };
    let mut exchange = begun("CRAM-MD5", &Login::password("joe", "tanstaaftanstaaf"), &tests_context(None));
    assert!(exchange.start().unwrap().is_none());
    assert_eq!(exchange.step(challenge.as_bytes()).unwrap().expose(), response.as_bytes());
}

/// RFC 1939 §7: the timestamp with its brackets, and the password.
fn apop(vector: &Value) {
    let greeting = text(vector, "greeting");
    let stamp = &greeting[greeting.find('<').unwrap()..];
    let digest = md5(stamp.as_bytes(), text(vector, "password").as_bytes());
    assert_eq!(text(vector, "command"), format!("APOP {} {digest}", text(vector, "user")));
}

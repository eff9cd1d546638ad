//! SCRAM (RFC 5802) with SHA-1, SHA-256 (RFC 7677) and the other SHA-2, with and without channel binding: both sides prove that they
//! know the password, and with `-PLUS` also that they see the same TLS connection; neither shows it. The server's proof is required: a
//! success without it is a protocol error. It must not know a protocol.

mod message;
#[cfg(test)]
pub(super) mod tests;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;

use self::message::{Final, First};
use super::digest::{Hash, Wiped, nonce};
use super::mechanism::{BindingFlag, Context, Mechanism};
use crate::error::{Error, Kind, Result};
use crate::login::{Login, Secret};

/// RFC 7677 §4 and the registrations of both: with fewer iterations an eavesdropper can guess the password cheaply.
const FEWEST: u32 = 4096;

/// Whether the login has a password, and SASLprep accepts it and the user name.
pub(super) fn serves(login: &Login) -> bool {
    prepared(login).is_some()
}

pub(super) fn sha1(login: &Login, context: &Context<'_>) -> Result<Box<dyn Mechanism>> {
    boxed(Hash::Sha1, login, context)
}

pub(super) fn sha224(login: &Login, context: &Context<'_>) -> Result<Box<dyn Mechanism>> {
    boxed(Hash::Sha224, login, context)
}

pub(super) fn sha256(login: &Login, context: &Context<'_>) -> Result<Box<dyn Mechanism>> {
    boxed(Hash::Sha256, login, context)
}

pub(super) fn sha384(login: &Login, context: &Context<'_>) -> Result<Box<dyn Mechanism>> {
    boxed(Hash::Sha384, login, context)
}

pub(super) fn sha512(login: &Login, context: &Context<'_>) -> Result<Box<dyn Mechanism>> {
    boxed(Hash::Sha512, login, context)
}

fn boxed(hash: Hash, login: &Login, context: &Context<'_>) -> Result<Box<dyn Mechanism>> {
    Ok(Box::new(Scram::new(hash, login, context.iterations, nonce()?, &context.flag)?))
}

struct Scram {
    hash: Hash,
    password: Secret,
    most: u32,
    nonce: String,
    gs2_header: String,
    /// `cbind-input`: the header, and the data of the channel binding.
    bound: Secret,
    /// `client-first-message-bare`.
    first: String,
    stage: ScramStage,
    lacks_binding_type: bool,
}

enum ScramStage {
    /// `server-first-message` is due.
    Begun,
    /// The proof was sent. `server-final-message` is due, with this signature.
    Sent(Wiped),
    /// The server has proved itself.
    Proved,
    Failed,
}

impl Scram {
    fn new(hash: Hash, login: &Login, most: u32, nonce: String, flag: &BindingFlag) -> Result<Self> {
        let Some((user, password)) = prepared(login) else {
            return Err(Error::input("SASLprep does not accept the user name or the password, which SCRAM requires"));
        };
        let authorization = login.authorization().map(|name| format!("a={}", saslname(name)));
        let (flag, data) = match flag {
            BindingFlag::Unsupported => ("n".to_owned(), &[][..]),
            BindingFlag::NotOffered => ("y".to_owned(), &[][..]),
            BindingFlag::Bound(name, data) => (format!("p={name}"), data.expose()),
        };
        let gs2_header = format!("{flag},{},", authorization.unwrap_or_default());
        Ok(Self {
            hash,
            password,
            most,
            bound: [gs2_header.as_bytes(), data].concat().into(),
            gs2_header,
            first: format!("n={},r={nonce}", saslname(&user)),
            nonce,
            stage: ScramStage::Begun,
            lacks_binding_type: false,
        })
    }

    /// RFC 5802 §3.
    fn prove(&mut self, challenge: &str) -> Result<Secret> {
        // The grammar has no error here, but a server that cannot continue has no other place for it.
        if let Some(why) = challenge.strip_prefix("e=") {
            return Err(self.refused(&message::word(why)));
        }
        let server = First::parse(challenge)?;
        if server.nonce.strip_prefix(&*self.nonce).is_none_or(str::is_empty) {
            return Err(Error::protocol("the server's nonce does not begin with the client's"));
        }
        if server.iterations < FEWEST {
            let text = format!("the server asks for {} iterations, too few to protect the password", server.iterations);
            return Err(Error::protocol(text));
        }
        if server.iterations > self.most {
            return Err(Error::limit(format!("the server asks for {} iterations, over the limit", server.iterations)));
        }
        let password = std::mem::take(&mut self.password);
        let salted = self.hash.salted(password.expose(), &server.salt, server.iterations);
        let end = format!("c={},r={}", STANDARD.encode(self.bound.expose()), server.nonce);
        let message = format!("{},{challenge},{end}", self.first);

        let client_key = self.hash.hmac(&salted, b"Client Key");
        let signature = self.hash.hmac(&self.hash.digest(&client_key), message.as_bytes());
        let proof: Wiped = Wiped::new(client_key.iter().zip(signature.iter()).map(|(key, sign)| key ^ sign).collect());
        let server_key = self.hash.hmac(&salted, b"Server Key");
        self.stage = ScramStage::Sent(self.hash.hmac(&server_key, message.as_bytes()));
        Ok(Secret::from(format!("{end},p={}", STANDARD.encode(&*proof))))
    }

    fn verify(&mut self, expected: &Wiped, challenge: &str) -> Result<Secret> {
        match Final::parse(challenge)? {
            Final::Signature(signature) if bool::from(signature.ct_eq(expected)) => {
                self.stage = ScramStage::Proved;
                Ok(Secret::default())
            }
            Final::Signature(_) => Err(Error::protocol("the server does not prove that it knows the password")),
            Final::Error(why) => Err(self.refused(&why)),
        }
    }

    /// `server-error-value` (RFC 5802 §7). What concerns channel binding says nothing about the password.
    fn refused(&mut self, why: &str) -> Error {
        match why {
            "channel-bindings-dont-match" => Error::new(
                Kind::Tls,
                "the server sees another TLS connection than this one: somebody is in between. If that is a proxy of the server's own, \
                 use `Login::without_channel_binding`",
            ),
            "server-does-support-channel-binding" => Error::new(
                Kind::Tls,
                "the server offers mechanisms with channel binding (-PLUS), but the offer did not arrive: somebody has removed it",
            ),
            "unsupported-channel-binding-type" | "channel-binding-not-supported" => {
                self.lacks_binding_type = why == "unsupported-channel-binding-type";
                Error::new(
                    Kind::Tls,
                    "the server does not support this channel binding, although it offers -PLUS; use \
                     `Login::without_channel_binding`",
                )
            }
            _ => Error::new(Kind::Login, format!("the server does not accept the user name or password: {why}")),
        }
    }
}

impl Mechanism for Scram {
    fn start(&mut self) -> Result<Option<Secret>> {
        Ok(Some(Secret::from(format!("{}{}", self.gs2_header, self.first))))
    }

    fn step(&mut self, challenge: &[u8]) -> Result<Secret> {
        let stage = std::mem::replace(&mut self.stage, ScramStage::Failed);
        let challenge = std::str::from_utf8(challenge)
            .map_err(|error| Error::protocol("the server's message is not UTF-8").with_source(error))?;
        match stage {
            ScramStage::Begun => self.prove(challenge),
            ScramStage::Sent(expected) => self.verify(&expected, challenge),
            ScramStage::Proved | ScramStage::Failed => {
                Err(Error::protocol("the server sends another challenge after the end of SCRAM"))
            }
        }
    }

    fn proof_sent(&self) -> bool {
        !matches!(self.stage, ScramStage::Begun)
    }

    fn finish(&self) -> Result<()> {
        match self.stage {
            ScramStage::Proved => Ok(()),
            _ => Err(Error::protocol("the server reports success without a proof that it knows the password")),
        }
    }

    fn is_slow(&self) -> bool {
        matches!(self.stage, ScramStage::Begun)
    }

    fn lacks_binding_type(&self) -> bool {
        self.lacks_binding_type
    }
}

/// User and password after SASLprep (RFC 4013), as stored strings (RFC 5802 §2.2).
pub(crate) fn prepared(login: &Login) -> Option<(String, Secret)> {
    let password = std::str::from_utf8(login.own_password()?.expose()).ok()?;
    let user = stringprep::saslprep(login.user()).ok()?.into_owned();
    let password = Secret::from(stringprep::saslprep(password).ok()?.into_owned());
    (!user.is_empty() && !password.is_empty()).then_some((user, password))
}

fn saslname(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

//! The server's side of SCRAM (RFC 5802, RFC 7677), with and without channel binding. The passwords are stored in clear and salted for
//! every exchange. It must not know accounts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use super::super::store::Store;
use super::proof::message_id;
use super::step::Step;

const ITERATIONS: u32 = 4096;

/// The functions of one hash.
macro_rules! functions {
    ($hash:ty, $length:literal) => {
        (mac::<Hmac<$hash>> as Mac2, (|data| <$hash>::digest(data).to_vec()) as Digest1, |password, salt| {
            pbkdf2::pbkdf2_hmac_array::<$hash, $length>(password.as_bytes(), salt, ITERATIONS).to_vec()
        })
    };
}

type Mac2 = fn(&[u8], &[u8]) -> Vec<u8>;
type Digest1 = fn(&[u8]) -> Vec<u8>;
type Functions = (Mac2, Digest1, fn(&str, &[u8]) -> Vec<u8>);

pub(super) struct Scram {
    mac: Mac2,
    hash: Digest1,
    derive: fn(&str, &[u8]) -> Vec<u8>,
    /// Whether the mechanism is a `-PLUS`.
    plus: bool,
    /// The channel bindings of the connection that are supported.
    bindings: Vec<(&'static str, Vec<u8>)>,
    /// Whether any `-PLUS` is offered on the connection.
    offers_plus: bool,
    stage: Stage,
}

enum Stage {
    First,
    /// The client's proof is due.
    Asked(Box<Asked>),
    /// The client's acknowledgement of the server's proof is due.
    Proved(String),
    /// The client's acknowledgement of an error is due.
    Failed,
}

struct Asked {
    user: String,
    /// `client-first-message-bare` and `server-first-message`.
    said: String,
    /// The channel binding that the client must repeat: `cbind-input` in base64.
    bound: String,
    nonce: String,
    salted: Option<Vec<u8>>,
}

/// `server-error-value`; without one, the login is refused without a word.
type Refusal = Option<&'static str>;

impl Scram {
    /// The mechanism `SCRAM-` and this name; `None` if it is not known.
    pub(super) fn new(name: &str, bindings: Vec<(&'static str, Vec<u8>)>, offers_plus: bool) -> Option<Self> {
        let (name, plus) = name.strip_suffix("-PLUS").map_or((name, false), |name| (name, true));
        let (mac, hash, derive): Functions = match name {
            "SHA-1" => functions!(Sha1, 20),
            "SHA-224" => functions!(Sha224, 28),
            "SHA-256" => functions!(Sha256, 32),
            "SHA-384" => functions!(Sha384, 48),
            "SHA-512" => functions!(Sha512, 64),
            _ => return None,
        };
        Some(Self { mac, hash, derive, plus, bindings, offers_plus, stage: Stage::First })
    }

    pub(super) fn step(&mut self, store: &Store, message: &str) -> Step {
        let answer = match &self.stage {
            Stage::First => {
                self.ask(store, message).map(|(challenge, asked)| (challenge, Stage::Asked(Box::new(asked))))
            }
            Stage::Asked(asked) => self.judge(asked, message).map(|proof| (proof, Stage::Proved(asked.user.clone()))),
            Stage::Proved(user) if message.is_empty() => return Step::Admitted(user.clone()),
            Stage::Proved(_) | Stage::Failed => return Step::Refused,
        };
        let (challenge, stage) = match answer {
            Ok(answer) => answer,
            Err(Some(error)) => (format!("e={error}"), Stage::Failed),
            Err(None) => return Step::Refused,
        };
        self.stage = stage;
        Step::Challenge(challenge.into_bytes())
    }

    /// An unknown user gets a challenge like a known one.
    fn ask(&self, store: &Store, message: &str) -> Result<(String, Asked), Refusal> {
        let (flag, rest) = message.split_once(',').ok_or(None)?;
        let data = self.binding(flag)?;
        let (authzid, bare) = rest.split_once(',').ok_or(None)?;
        let (user, nonce) = bare.strip_prefix("n=").and_then(|rest| rest.split_once(",r=")).ok_or(None)?;
        let user = user.replace("=2C", ",").replace("=3D", "=");
        let acts_as = authzid.strip_prefix("a=").map(|name| name.replace("=2C", ",").replace("=3D", "="));
        if nonce.is_empty() || nonce.contains(',') || acts_as.is_some_and(|name| name != user) {
            return Err(None);
        }
        let (nonce, salt) = (format!("{nonce}{}", message_id()), message_id());
        let salted = store.password(&user).map(|password| (self.derive)(&password, salt.as_bytes()));
        let challenge = format!("r={nonce},s={},i={ITERATIONS}", STANDARD.encode(&salt));
        let bound = STANDARD.encode([format!("{flag},{authzid},").as_bytes(), data].concat());
        Ok((challenge.clone(), Asked { user, said: format!("{bare},{challenge}"), bound, nonce, salted }))
    }

    /// The data of the channel binding that the client names (RFC 5802 §6).
    fn binding(&self, flag: &str) -> Result<&[u8], Refusal> {
        match (flag, flag.strip_prefix("p=")) {
            (_, Some(wanted)) if self.plus => match self.bindings.iter().find(|(name, _)| *name == wanted) {
                Some((_, data)) => Ok(data),
                None => Err(Some("unsupported-channel-binding-type")),
            },
            (_, Some(_)) => Err(Some("channel-binding-not-supported")),
            // The client saw no -PLUS, but one is offered: somebody has removed it.
            ("y", _) if self.offers_plus => Err(Some("server-does-support-channel-binding")),
            ("y" | "n", _) if !self.plus => Ok(&[]),
            _ => Err(None),
        }
    }

    /// The server's proof, if the client's is valid.
    fn judge(&self, asked: &Asked, message: &str) -> Result<String, Refusal> {
        let (end, proof) = message.rsplit_once(",p=").ok_or(None)?;
        let (bound, nonce) = end.strip_prefix("c=").and_then(|rest| rest.split_once(",r=")).ok_or(None)?;
        if bound != asked.bound {
            return Err(Some("channel-bindings-dont-match"));
        }
        let said = format!("{},{end}", asked.said);
        let salted = asked.salted.as_ref().filter(|_| nonce == asked.nonce).ok_or(None)?;
        let proof = STANDARD.decode(proof).map_err(|_| None)?;
        let stored = (self.hash)(&(self.mac)(salted, b"Client Key"));
        let signature = (self.mac)(&stored, said.as_bytes());
        let key: Vec<u8> = proof.iter().zip(&signature).map(|(proof, sign)| proof ^ sign).collect();
        let server_key = (self.mac)(salted, b"Server Key");
        let own = STANDARD.encode((self.mac)(&server_key, said.as_bytes()));
        match proof.len() == signature.len() && (self.hash)(&key) == stored {
            true => Ok(format!("v={own}")),
            false => Err(None),
        }
    }
}

fn mac<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> Vec<u8> {
    // A key of any length is valid (RFC 2104 §3), so this cannot fail.
    M::new_from_slice(key).map(|mac| mac.chain_update(data).finalize().into_bytes().to_vec()).unwrap_or_default()
}

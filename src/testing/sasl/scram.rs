//! The server's side of SCRAM (RFC 5802, RFC 7677), without channel binding. The passwords are stored in clear and salted for every
//! exchange. It must not know accounts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::super::store::Store;
use super::Step;
use super::proof::message_id;

const ITERATIONS: u32 = 4096;

pub(super) struct Scram {
    mac: fn(&[u8], &[u8]) -> Vec<u8>,
    hash: fn(&[u8]) -> Vec<u8>,
    derive: fn(&str, &[u8]) -> Vec<u8>,
    stage: Stage,
}

enum Stage {
    First,
    /// The client's proof is due.
    Asked(Box<Asked>),
    /// The client's acknowledgement of the server's proof is due.
    Proved(String),
}

struct Asked {
    user: String,
    /// `client-first-message-bare` and `server-first-message`.
    said: String,
    /// The start of the client's last message.
    expected: String,
    salted: Option<Vec<u8>>,
}

impl Scram {
    pub(super) fn sha1() -> Self {
        Self {
            mac: mac::<Hmac<Sha1>>,
            hash: |data| Sha1::digest(data).to_vec(),
            derive: |password, salt| {
                pbkdf2::pbkdf2_hmac_array::<Sha1, 20>(password.as_bytes(), salt, ITERATIONS).to_vec()
            },
            stage: Stage::First,
        }
    }

    pub(super) fn sha256() -> Self {
        Self {
            mac: mac::<Hmac<Sha256>>,
            hash: |data| Sha256::digest(data).to_vec(),
            derive: |password, salt| {
                pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(password.as_bytes(), salt, ITERATIONS).to_vec()
            },
            stage: Stage::First,
        }
    }

    pub(super) fn step(&mut self, store: &Store, message: &str) -> Step {
        let (step, stage) = match &self.stage {
            Stage::First => match self.ask(store, message) {
                Some((challenge, asked)) => (Step::Challenge(challenge.into_bytes()), Stage::Asked(Box::new(asked))),
                None => return Step::Refused,
            },
            Stage::Asked(asked) => match self.judge(asked, message) {
                Some(proof) => (Step::Challenge(proof.into_bytes()), Stage::Proved(asked.user.clone())),
                None => return Step::Refused,
            },
            Stage::Proved(user) if message.is_empty() => return Step::Admitted(user.clone()),
            Stage::Proved(_) => return Step::Refused,
        };
        self.stage = stage;
        step
    }

    /// An unknown user gets a challenge like a known one.
    fn ask(&self, store: &Store, message: &str) -> Option<(String, Asked)> {
        let (authzid, bare) = message.strip_prefix("n,")?.split_once(',')?;
        let (user, nonce) = bare.strip_prefix("n=")?.split_once(",r=")?;
        let user = user.replace("=2C", ",").replace("=3D", "=");
        let acts_as = authzid.strip_prefix("a=").map(|name| name.replace("=2C", ",").replace("=3D", "="));
        if nonce.is_empty() || nonce.contains(',') || acts_as.is_some_and(|name| name != user) {
            return None;
        }
        let (nonce, salt) = (format!("{nonce}{}", message_id()), message_id());
        let salted = store.password(&user).map(|password| (self.derive)(&password, salt.as_bytes()));
        let challenge = format!("r={nonce},s={},i={ITERATIONS}", STANDARD.encode(&salt));
        let expected = format!("c={},r={nonce}", STANDARD.encode(format!("n,{authzid},")));
        Some((challenge.clone(), Asked { user, said: format!("{bare},{challenge}"), expected, salted }))
    }

    /// The server's proof, if the client's is valid.
    fn judge(&self, asked: &Asked, message: &str) -> Option<String> {
        let (end, proof) = message.rsplit_once(",p=")?;
        let said = format!("{},{end}", asked.said);
        let salted = asked.salted.as_ref().filter(|_| end == asked.expected)?;
        let proof = STANDARD.decode(proof).ok()?;
        let stored = (self.hash)(&(self.mac)(salted, b"Client Key"));
        let signature = (self.mac)(&stored, said.as_bytes());
        let key: Vec<u8> = proof.iter().zip(&signature).map(|(proof, sign)| proof ^ sign).collect();
        let server_key = (self.mac)(salted, b"Server Key");
        let own = STANDARD.encode((self.mac)(&server_key, said.as_bytes()));
        (proof.len() == signature.len() && (self.hash)(&key) == stored).then(|| format!("v={own}"))
    }
}

fn mac<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> Vec<u8> {
    // A key of any length is valid (RFC 2104 §3), so this cannot fail.
    M::new_from_slice(key).map(|mac| mac.chain_update(data).finalize().into_bytes().to_vec()).unwrap_or_default()
}

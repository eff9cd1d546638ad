//! The entry for the fuzz target, compiled only under `cargo fuzz`: challenges to every mechanism. It must not do anything that a
//! session does not do.

use super::exchange::Exchange;
use super::known::KNOWN;
use super::{BindingFlag, Context};
use crate::login::{Bindings, Login};

/// One challenge a line, to every mechanism in turn.
pub fn challenges(data: &[u8]) {
    let (password, token) = (Login::password("user", "pencil"), Login::oauth_token("user", "token"));
    let all = [password, token, Login::external("user"), Login::anonymous("trace")];
    for login in &all {
        for known in KNOWN.iter().filter(|known| (known.serves)(login)) {
            // The fewest iterations: the time that more of them take is bounded elsewhere.
            let token = Some("token".into());
            let flag = match known.binds {
                true => BindingFlag::Bound("tls-exporter", "exported".into()),
                false => BindingFlag::Unsupported,
            };
            let (host, bindings) = ("example.com", &Bindings::default());
            let context =
                Context { service: "imap", host, port: 143, challenges: 5, iterations: 4096, token, bindings, flag };
            let Ok(mechanism) = (known.make)(login, &context) else { continue };
            let mut exchange = Exchange::new(known.name, mechanism, context.challenges);
            let _ = exchange.initial(data.len());
            let answered = data.split(|byte| *byte == b'\n').map_while(|line| exchange.answer(line)).count();
            assert!(answered <= 5);
            let owing = exchange.proof_pending();
            assert!(!(owing && exchange.outcome(Ok(())).is_ok()));
        }
    }
}

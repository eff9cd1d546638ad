//! The entry for the fuzz target, compiled only under `cargo fuzz`: challenges to every mechanism. It must not do anything that a
//! session does not do.

use super::Context;
use super::exchange::Exchange;
use super::known::KNOWN;
use crate::login::Login;

/// One challenge a line, to every mechanism in turn.
pub fn challenges(data: &[u8]) {
    let (password, token) = (Login::password("user", "pencil"), Login::oauth_token("user", "token"));
    let all = [password, token, Login::external("user"), Login::anonymous("trace")];
    for login in &all {
        for known in KNOWN.iter().filter(|known| (known.serves)(login)) {
            // The fewest iterations: the time that more of them take is bounded elsewhere.
            let token = Some("token".into());
            let context = Context { host: "example.com", port: 143, challenges: 5, iterations: 4096, token };
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

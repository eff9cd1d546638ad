//! A SASL mechanism of the caller's own: when it is used, what it is told, and what it may show.

use std::sync::{Arc, Mutex};

use postroom::testing::Server;
use postroom::{
    Config, Imap, Kind, Limits, Login, Pop3, Protocol, SaslError, SaslExchange, SaslMechanism, SaslPeer, Secret,
};

use super::{BOTH, base64, dialogue, logged_in, played, played_with, whole};
use crate::session::plaintext;

/// A mechanism with these messages of the client, which keeps what it hears.
#[derive(Clone, Default)]
struct Own {
    name: &'static str,
    initial: Option<&'static str>,
    answers: Vec<&'static str>,
    shows_nothing: bool,
    satisfied: bool,
    heard: Arc<Mutex<Vec<String>>>,
}

struct Running(Own);

impl SaslMechanism for Own {
    fn name(&self) -> &str {
        self.name
    }

    fn shows_nothing(&self) -> bool {
        self.shows_nothing
    }

    fn begin(&self, peer: &SaslPeer<'_>) -> Result<Box<dyn SaslExchange>, SaslError> {
        let bound = ["tls-exporter", "tls-server-end-point", "tls-unique"].map(|name| peer.channel_binding(name));
        let bound = bound.map(|data| data.map_or(0, <[u8]>::len));
        let told = format!("{} {} {} {:?} {bound:?}", peer.service(), peer.host(), peer.user(), peer.authorize_as());
        self.heard.lock().unwrap().push(told);
        Ok(Box::new(Running(self.clone())))
    }
}

impl SaslExchange for Running {
    fn initial(&mut self) -> Result<Option<Secret>, SaslError> {
        Ok(self.0.initial.map(Secret::from))
    }

    fn answer(&mut self, challenge: &[u8]) -> Result<Secret, SaslError> {
        self.0.heard.lock().unwrap().push(String::from_utf8_lossy(challenge).into_owned());
        match self.0.answers.is_empty() {
            true => Err("no answer needle1234 is left".into()),
            false => Ok(Secret::from(self.0.answers.remove(0))),
        }
    }

    fn finish(&self) -> Result<(), SaslError> {
        if self.0.satisfied { Ok(()) } else { Err("the server has proved nothing".into()) }
    }
}

fn own() -> Own {
    Own { name: "X-OWN", shows_nothing: true, satisfied: true, ..Own::default() }
}

#[tokio::test(start_paused = true)]
async fn its_messages_are_carried_both_ways() {
    for protocol in BOTH {
        let mechanism = Own { initial: Some("hello"), answers: vec!["", "more"], ..own() };
        let steps = format!(
            "~ X-OWN {}\nS: + {}\nC: \nS: + \nC: {}\nok welcome\n{}",
            base64("hello"),
            base64("who is it?"),
            base64("more"),
            logged_in(protocol)
        );
        played(protocol, &dialogue(protocol, "X-OWN", &steps), Login::sasl("me", mechanism.clone())).await.unwrap();
        let service = if protocol == Protocol::Imap { "imap" } else { "pop" };
        let told = format!("{service} localhost me None [0, 0, 0]");
        assert_eq!(*mechanism.heard.lock().unwrap(), [&*told, "who is it?", ""]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_it_does_not_answer_is_cancelled_and_what_it_does_not_believe_is_no_login() {
    for protocol in BOTH {
        let steps = format!("~ X-OWN\nS: + {}\nC: *\nbad cancelled\neof", base64("who?"));
        let login = Login::sasl("me", own());
        let error = played(protocol, &dialogue(protocol, "X-OWN", &steps), login).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Login);
        assert!(whole(&error).contains("no answer needle1234 is left"), "its own error is the source");

        let doubting = Own { answers: vec!["me"], satisfied: false, ..own() };
        let steps = format!("~ X-OWN\nS: + {}\nC: {}\nok welcome\neof", base64("who?"), base64("me"));
        let login = Login::sasl("me", doubting.clone());
        let error = played(protocol, &dialogue(protocol, "X-OWN", &steps), login).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Login);
        assert!(whole(&error).contains("the server has proved nothing"));

        let endless = Own { answers: vec!["a"; 9], ..own() };
        let challenge = format!("S: + {}\nC: {}", base64("?"), base64("a"));
        let steps = format!("~ X-OWN\n{challenge}\n{challenge}\nS: + Pw==\nC: *\nbad cancelled\neof");
        let config = plaintext().limits(Limits::default().challenges(2));
        let login = Login::sasl("me", endless);
        let error = played_with(protocol, &dialogue(protocol, "X-OWN", &steps), login, config).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Limit);
    }
}

#[tokio::test(start_paused = true)]
async fn without_tls_it_is_used_only_if_it_shows_nothing() {
    for protocol in BOTH {
        let showing = Own { shows_nothing: false, initial: Some("needle1234"), ..own() };
        let error =
            played(protocol, &dialogue(protocol, "X-OWN", "eof"), Login::sasl("me", showing)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Input, "{error}");
    }
}

#[tokio::test]
async fn over_tls_it_is_told_the_channel_bindings_and_is_used_only_if_offered() {
    let server = Server::builder().user("me", "x").auth_mechanisms(["ANONYMOUS", "PLAIN"]).start().await.unwrap();
    for protocol in BOTH {
        let port = if protocol == Protocol::Imap { server.imaps_port() } else { server.pop3s_port() };
        let config = Config::new("localhost").port(port).add_root_pem(server.ca_pem().as_bytes()).unwrap();
        let enter = async |own: Own, only: &[&str]| {
            let login = Login::sasl("me", own);
            let login = if only.is_empty() { login } else { login.only(only) };
            match protocol {
                Protocol::Imap => Imap::connect(config.clone(), login).await.map(drop),
                Protocol::Pop3 => Pop3::connect(config.clone(), login).await.map(drop),
            }
        };
        // It may have the name of a mechanism of this crate.
        let plain = Own { name: "PLAIN", initial: Some("\0me\0x"), shows_nothing: false, ..own() };
        enter(plain.clone(), &[]).await.unwrap();
        assert!(plain.heard.lock().unwrap()[0].ends_with(" me None [32, 32, 0]"), "{:?}", plain.heard);
        let wrong = Own { initial: Some("\0me\0wrong"), ..plain.clone() };
        assert_eq!(enter(wrong, &[]).await.unwrap_err().kind(), Kind::Login);
        assert_eq!(enter(own(), &[]).await.unwrap_err().kind(), Kind::Unsupported);
        assert_eq!(enter(plain, &["SCRAM-SHA-1"]).await.unwrap_err().kind(), Kind::Unsupported);
        for name in ["", "plain", "TWO WORDS", "A\r\nB", "X-123456789012345678901"] {
            assert_eq!(enter(Own { name, ..own() }, &[]).await.unwrap_err().kind(), Kind::Input, "{name:?}");
        }
    }
}

//! STLS, USER and PASS, AUTH PLAIN, and what a login opens (RFC 1939 §7, RFC 2595 §4, RFC 5034).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::time::Instant;

use super::maildrop::{Maildrop, Message};
use super::{Answer, Session};
use crate::testing::store::Mail;

impl Session {
    pub(super) async fn stls(&mut self) -> io::Result<()> {
        self.wire.push("+OK Begin TLS now\r\n");
        self.wire.upgrade().await?;
        self.secure = true;
        self.user = None;
        Ok(())
    }

    pub(super) fn user(&mut self, name: &str) -> Answer {
        if !self.may_log_in() {
            return Err("Not without TLS".to_owned());
        }
        self.user = Some(name.to_owned());
        Ok("Send PASS".to_owned())
    }

    pub(super) fn pass(&mut self, password: &str) -> Answer {
        let user = self.user.take().ok_or_else(|| "Send USER first".to_owned())?;
        self.log_in(&user, password)
    }

    pub(super) async fn auth(&mut self, rest: &str) -> io::Result<Answer> {
        let (mechanism, initial) = rest.split_once(' ').map_or((rest, None), |(name, rest)| (name, Some(rest)));
        if !self.offers("SASL") || !mechanism.eq_ignore_ascii_case("PLAIN") {
            return Ok(Err("No such mechanism".to_owned()));
        }
        if !self.may_log_in() {
            return Ok(Err("Not without TLS".to_owned()));
        }
        let response = match initial {
            Some("=") => Vec::new(),
            Some(response) => response.as_bytes().to_vec(),
            None => {
                self.wire.push("+ \r\n");
                self.wire.flush().await?;
                self.wire.line().await?.unwrap_or_default().to_vec()
            }
        };
        if response == b"*" {
            return Ok(Err("AUTH cancelled".to_owned()));
        }
        let Ok(message) = STANDARD.decode(&response) else {
            return Ok(Err("Not base64".to_owned()));
        };
        let text = String::from_utf8_lossy(&message).into_owned();
        Ok(match text.split('\0').collect::<Vec<_>>().as_slice() {
            [authzid, user, password] if authzid.is_empty() || authzid == user => self.log_in(user, password),
            _ => Err("[AUTH] Wrong user or password".to_owned()),
        })
    }

    fn log_in(&mut self, user: &str, password: &str) -> Answer {
        if !self.shared.store.admits(user, password) {
            return Err(self.coded("AUTH", "AUTH-RESP-CODE", "Wrong user or password"));
        }
        let delay = self.shared.options.login_delay.map(|seconds| Duration::from_secs(seconds.into()));
        let opened = self.shared.store.with(user, |account| {
            if account.maildrop_locked {
                return Err(("IN-USE", "Another session has the maildrop"));
            }
            let now = Instant::now();
            let last = account.last_maildrop_login;
            if last.zip(delay).is_some_and(|(last, delay)| now.duration_since(last) < delay) {
                return Err(("LOGIN-DELAY", "Too soon after the last login"));
            }
            account.last_maildrop_login = Some(now);
            let inbox = account.mailbox("INBOX").ok_or(("SYS/PERM", "No maildrop"))?;
            let message =
                |(&uid, mail): (&u32, &Mail)| Message { uid, bytes: mail.content.bytes.clone(), deleted: false };
            let opened = (inbox.validity, inbox.mails.iter().map(message).collect());
            account.maildrop_locked = true;
            Ok(opened)
        });
        let opened = opened.unwrap_or(Err(("SYS/PERM", "No such user")));
        let (validity, messages) = opened.map_err(|(code, text)| self.coded(code, "RESP-CODES", text))?;
        let shared = Arc::clone(&self.shared);
        self.drop = Some(Maildrop { shared, user: user.to_owned(), validity, messages });
        Ok("Logged in".to_owned())
    }

    fn coded(&self, code: &str, capability: &str, text: &str) -> String {
        if self.offers(capability) { format!("[{code}] {text}") } else { text.to_owned() }
    }
}

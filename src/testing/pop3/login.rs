//! STLS, USER and PASS, APOP, AUTH, and the opening of the maildrop (RFC 1939 §7, RFC 2595 §4, RFC 5034). It must not know an open
//! maildrop.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::maildrop::{Maildrop, Message};
use super::{Answer, Session};
use crate::testing::sasl::{self, Verdict};
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

    pub(super) fn apop(&mut self, rest: &str) -> Answer {
        if !self.may_log_in() {
            return Err("Not without TLS".to_owned());
        }
        let Some(((user, digest), stamp)) = rest.split_once(' ').zip(self.stamp.as_deref()) else {
            return Err("No timestamp was given, or no digest".to_owned());
        };
        let proves = |password: String| sasl::apop_digest(stamp, &password) == digest;
        match self.shared.store.password(user).is_some_and(proves) {
            true => self.open(user),
            false => Err(self.wrong()),
        }
    }

    pub(super) async fn auth(&mut self, rest: &str) -> io::Result<Answer> {
        let (mechanism, initial) = rest.split_once(' ').map_or((rest, None), |(name, rest)| (name, Some(rest)));
        let mechanism = mechanism.to_ascii_uppercase();
        if !self.offers("SASL") || !sasl::offered(&self.shared.options, &self.wire).any(|name| name == mechanism) {
            return Ok(Err("No such mechanism".to_owned()));
        }
        if !self.may_log_in() {
            return Ok(Err("Not without TLS".to_owned()));
        }
        let shared = Arc::clone(&self.shared);
        let verdict = sasl::converse(&mut self.wire, &shared, &mechanism, initial.map(str::as_bytes)).await?;
        Ok(match verdict {
            Verdict::Admitted(user) => self.open(&user),
            Verdict::Refused => Err(self.wrong()),
            Verdict::Broken(why) => Err(why.to_owned()),
        })
    }

    fn log_in(&mut self, user: &str, password: &str) -> Answer {
        match self.shared.store.admits(user, password) {
            true => self.open(user),
            false => Err(self.wrong()),
        }
    }

    fn wrong(&self) -> String {
        self.coded("AUTH", "AUTH-RESP-CODE", "Wrong user or password")
    }

    fn open(&mut self, user: &str) -> Answer {
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
        shared.logged_in(user);
        self.drop = Some(Maildrop { shared, user: user.to_owned(), validity, messages });
        Ok("Logged in".to_owned())
    }

    fn coded(&self, code: &str, capability: &str, text: &str) -> String {
        if self.offers(capability) { format!("[{code}] {text}") } else { text.to_owned() }
    }
}

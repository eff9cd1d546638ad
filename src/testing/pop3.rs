//! One POP3 session of the embedded server (RFC 1939, 2449, 2595, 3206, 5034). It must not know the client.

mod login;
mod maildrop;
mod transaction;

use std::io;
use std::sync::Arc;

use maildrop::Maildrop;

use super::Trouble;
use super::sasl;
use super::shared::Shared;
use super::wire::Wire;

pub(super) struct Session {
    shared: Arc<Shared>,
    wire: Wire,
    secure: bool,
    user: Option<String>,
    drop: Option<Maildrop>,
    /// The timestamp for APOP.
    stamp: Option<String>,
}

/// The text after `+OK`, with further lines of the reply, or after `-ERR`.
type Answer = Result<String, String>;

impl Session {
    pub(super) fn new(shared: Arc<Shared>, wire: Wire, secure: bool) -> Self {
        let stamp = shared.options.apop.then(sasl::message_id);
        Self { shared, wire, secure, user: None, drop: None, stamp }
    }

    pub(super) async fn run(mut self) -> io::Result<()> {
        let stamp = self.stamp.as_deref().map(|stamp| format!(" {stamp}")).unwrap_or_default();
        self.wire.push(format!("+OK postroom testing server ready{stamp}\r\n"));
        loop {
            self.wire.flush().await?;
            let Some(line) = self.wire.line().await? else {
                return Ok(());
            };
            let line = String::from_utf8_lossy(&line).into_owned();
            let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
            let trouble = self.wire.trouble(word);
            match trouble {
                Some(Trouble::No | Trouble::Bad) => {
                    self.answer(Err("This command is to be refused".to_owned()));
                    continue;
                }
                Some(Trouble::Drop) => return self.wire.cut().await,
                Some(Trouble::LoseReply | Trouble::LoseAll | Trouble::Stall) => self.wire.stall().await?,
                None => {}
            }
            let word = word.to_ascii_uppercase();
            self.carry_out(&word, rest).await?;
            if matches!(trouble, Some(Trouble::LoseReply | Trouble::LoseAll)) {
                self.wire.forget();
                return self.wire.cut().await;
            }
            if word == "QUIT" {
                return self.wire.close().await;
            }
        }
    }

    async fn carry_out(&mut self, word: &str, rest: &str) -> io::Result<()> {
        let answer = match word {
            "QUIT" => self.quit(),
            "STLS" if self.offers("STLS") && !self.secure && self.drop.is_none() => return self.stls().await,
            "AUTH" if self.drop.is_none() => self.auth(rest).await?,
            "RETR" if self.drop.is_some() => {
                let found = self.retr(rest);
                return self.message(found).await;
            }
            "TOP" if self.drop.is_some() && self.offers("TOP") => {
                let found = self.top(rest);
                return self.message(found).await;
            }
            word => self.simple(word, rest),
        };
        self.answer(answer);
        Ok(())
    }

    fn answer(&mut self, answer: Answer) {
        match answer {
            Ok(text) => self.wire.push(format!("+OK {text}\r\n")),
            Err(text) => self.wire.push(format!("-ERR {text}\r\n")),
        }
    }

    fn simple(&mut self, word: &str, rest: &str) -> Answer {
        if word == "CAPA" && self.offers("CAPA") {
            return Ok(self.capa());
        }
        if self.drop.is_none() {
            return match word {
                "USER" if self.offers("USER") => self.user(rest),
                "PASS" if self.offers("USER") => self.pass(rest),
                "APOP" if self.stamp.is_some() => self.apop(rest),
                _ => Err("Unknown command, or not before login".to_owned()),
            };
        }
        match word {
            "STAT" => self.stat(),
            "LIST" => self.listing(rest, |_, message| message.bytes.len().to_string()),
            "UIDL" if self.offers("UIDL") => {
                self.listing(rest, |drop, message| format!("{}-{}", drop.validity, message.uid))
            }
            "DELE" => self.dele(rest),
            "RSET" => self.rset(),
            "NOOP" => Ok("Done".to_owned()),
            _ => Err("Unknown command, or not after login".to_owned()),
        }
    }

    fn offers(&self, capability: &str) -> bool {
        self.shared.options.pop3_offers(capability)
    }

    fn may_log_in(&self) -> bool {
        self.secure || self.shared.options.plaintext_login
    }

    fn capa(&self) -> String {
        let delay = self.shared.options.login_delay.map(|seconds| format!("LOGIN-DELAY {seconds}"));
        let before = self.drop.is_none();
        let mechanisms: Vec<&str> = sasl::offered(&self.shared.options, &self.wire).collect();
        let sasl = format!("SASL {}", mechanisms.join(" "));
        let mut text = "Capabilities follow".to_owned();
        for (line, now) in [
            ("TOP", true),
            ("UIDL", true),
            ("PIPELINING", true),
            ("RESP-CODES", true),
            ("AUTH-RESP-CODE", true),
            ("USER", before && self.may_log_in()),
            (&sasl, before && self.may_log_in() && !mechanisms.is_empty()),
            ("STLS", before && !self.secure),
            ("EXPIRE NEVER", true),
            (delay.as_deref().unwrap_or_default(), delay.is_some()),
            ("IMPLEMENTATION postroom-testing", true),
        ] {
            let name = line.split(' ').next().unwrap_or_default();
            let replaced = self.shared.options.pop3_lines().any(|own| own.split(' ').next() == Some(name));
            if now && self.offers(name) && !replaced {
                text.push_str("\r\n");
                text.push_str(line);
            }
        }
        for line in self.shared.options.pop3_lines() {
            text.push_str("\r\n");
            text.push_str(line);
        }
        text + "\r\n."
    }
}

//! One POP3 session of the embedded server (RFC 1939, 2449, 2595, 3206, 5034).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use tokio::time::Instant;

use super::Fault;
use super::mime;
use super::server::Shared;
use super::wire::Wire;

pub(super) struct Session {
    shared: Arc<Shared>,
    wire: Wire,
    secure: bool,
    user: Option<String>,
    drop: Option<Maildrop>,
}

/// The messages as they were at login, and the lock on them.
struct Maildrop {
    shared: Arc<Shared>,
    user: String,
    validity: u32,
    messages: Vec<Message>,
}

struct Message {
    uid: u32,
    bytes: Bytes,
    deleted: bool,
}

/// `+OK text` or `-ERR text`; what follows on further lines was pushed by the command itself.
type Answer = Result<String, String>;

impl Drop for Maildrop {
    fn drop(&mut self) {
        self.shared
            .store
            .with(&self.user, |account| account.maildrop_locked = false);
    }
}

impl Session {
    pub(super) fn new(shared: Arc<Shared>, wire: Wire, secure: bool) -> Self {
        Self {
            shared,
            wire,
            secure,
            user: None,
            drop: None,
        }
    }

    pub(super) async fn run(mut self) -> io::Result<()> {
        self.wire.push("+OK postroom testing server ready\r\n");
        loop {
            self.wire.flush().await?;
            let Some(line) = self.wire.line().await? else {
                return Ok(());
            };
            let line = String::from_utf8_lossy(&line).into_owned();
            let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
            match word.to_ascii_uppercase().as_str() {
                "QUIT" => break,
                "STLS" if self.offers("STLS") && !self.secure && self.drop.is_none() => {
                    self.stls().await?
                }
                "AUTH" if self.drop.is_none() => {
                    let answer = self.auth(rest).await?;
                    self.answer(answer);
                }
                "RETR" if self.drop.is_some() => {
                    let found = self.retr(rest);
                    self.message(found).await?;
                }
                "TOP" if self.drop.is_some() && self.offers("TOP") => {
                    let found = self.top(rest);
                    self.message(found).await?;
                }
                word => {
                    let answer = self.simple(word, rest);
                    self.answer(answer);
                }
            }
        }
        let answer = self.quit();
        self.answer(answer);
        self.wire.close().await
    }

    fn answer(&mut self, answer: Answer) {
        match answer {
            Ok(text) => self.wire.push(format!("+OK {text}\r\n")),
            Err(text) => self.wire.push(format!("-ERR {text}\r\n")),
        }
    }

    fn simple(&mut self, word: &str, rest: &str) -> Answer {
        if word == "CAPA" {
            return Ok(self.capa());
        }
        if self.drop.is_none() {
            return match word {
                "USER" if self.offers("USER") => self.user(rest),
                "PASS" if self.offers("USER") => self.pass(rest),
                _ => Err("Unknown command, or not before login".to_owned()),
            };
        }
        match word {
            "STAT" => self.stat(),
            "LIST" => self.listing(rest, |_, message| message.bytes.len().to_string()),
            "UIDL" if self.offers("UIDL") => self.listing(rest, |drop, message| {
                format!("{}-{}", drop.validity, message.uid)
            }),
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
        let delay = self
            .shared
            .options
            .login_delay
            .map(|seconds| format!("LOGIN-DELAY {seconds}"));
        let before = self.drop.is_none();
        let mut text = "Capabilities follow".to_owned();
        for (line, now) in [
            ("TOP", true),
            ("UIDL", true),
            ("PIPELINING", true),
            ("RESP-CODES", true),
            ("AUTH-RESP-CODE", true),
            ("USER", before && self.may_log_in()),
            ("SASL PLAIN", before && self.may_log_in()),
            ("STLS", before && !self.secure),
            ("EXPIRE NEVER", true),
            (delay.as_deref().unwrap_or_default(), delay.is_some()),
            ("IMPLEMENTATION postroom-testing", true),
        ] {
            let name = line.split(' ').next().unwrap_or_default();
            if now && self.offers(name) {
                text.push_str("\r\n");
                text.push_str(line);
            }
        }
        text + "\r\n."
    }

    async fn stls(&mut self) -> io::Result<()> {
        self.wire.push("+OK Begin TLS now\r\n");
        self.wire.upgrade().await?;
        self.secure = true;
        self.user = None;
        Ok(())
    }

    fn user(&mut self, name: &str) -> Answer {
        if !self.may_log_in() {
            return Err("Not without TLS".to_owned());
        }
        self.user = Some(name.to_owned());
        Ok("Send PASS".to_owned())
    }

    fn pass(&mut self, password: &str) -> Answer {
        let user = self
            .user
            .take()
            .ok_or_else(|| "Send USER first".to_owned())?;
        self.log_in(&user, password)
    }

    async fn auth(&mut self, rest: &str) -> io::Result<Answer> {
        let (mechanism, initial) = rest
            .split_once(' ')
            .map_or((rest, None), |(name, rest)| (name, Some(rest)));
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
            [authzid, user, password] if authzid.is_empty() || authzid == user => {
                self.log_in(user, password)
            }
            _ => Err("[AUTH] Wrong user or password".to_owned()),
        })
    }

    fn log_in(&mut self, user: &str, password: &str) -> Answer {
        if !self.shared.store.admits(user, password) {
            return Err(self.coded("AUTH", "AUTH-RESP-CODE", "Wrong user or password"));
        }
        let delay = self
            .shared
            .options
            .login_delay
            .map(|seconds| Duration::from_secs(seconds.into()));
        let opened = self.shared.store.with(user, |account| {
            if account.maildrop_locked {
                return Err(("IN-USE", "Another session has the maildrop"));
            }
            let now = Instant::now();
            let last = account.last_maildrop_login;
            if last
                .zip(delay)
                .is_some_and(|(last, delay)| now.duration_since(last) < delay)
            {
                return Err(("LOGIN-DELAY", "Too soon after the last login"));
            }
            account.last_maildrop_login = Some(now);
            let inbox = account
                .mailbox("INBOX")
                .ok_or(("SYS/PERM", "No maildrop"))?;
            let message = |(&uid, mail): (&u32, &super::store::Mail)| Message {
                uid,
                bytes: mail.content.bytes.clone(),
                deleted: false,
            };
            let opened = (inbox.validity, inbox.mails.iter().map(message).collect());
            account.maildrop_locked = true;
            Ok(opened)
        });
        let opened = opened.unwrap_or(Err(("SYS/PERM", "No such user")));
        let (validity, messages) =
            opened.map_err(|(code, text)| self.coded(code, "RESP-CODES", text))?;
        let shared = Arc::clone(&self.shared);
        self.drop = Some(Maildrop {
            shared,
            user: user.to_owned(),
            validity,
            messages,
        });
        Ok("Logged in".to_owned())
    }

    fn coded(&self, code: &str, capability: &str, text: &str) -> String {
        if self.offers(capability) {
            format!("[{code}] {text}")
        } else {
            text.to_owned()
        }
    }

    fn drop(&mut self) -> Result<&mut Maildrop, String> {
        self.drop
            .as_mut()
            .ok_or_else(|| "Not before login".to_owned())
    }

    fn stat(&mut self) -> Answer {
        let left = self
            .drop()?
            .messages
            .iter()
            .filter(|message| !message.deleted);
        let (count, size) = left.fold((0, 0), |(count, size), message| {
            (count + 1, size + message.bytes.len())
        });
        Ok(format!("{count} {size}"))
    }

    /// LIST and UIDL: of one message, or of all.
    fn listing(&mut self, rest: &str, show: impl Fn(&Maildrop, &Message) -> String) -> Answer {
        let drop = self.drop()?;
        if !rest.is_empty() {
            let index = drop.index(rest)?;
            let message = drop.messages.get(index).ok_or("No such message")?;
            return Ok(format!("{} {}", index + 1, show(drop, message)));
        }
        let mut text = "Listing follows\r\n".to_owned();
        for (number, message) in (1..)
            .zip(&drop.messages)
            .filter(|(_, message)| !message.deleted)
        {
            text.push_str(&format!("{number} {}\r\n", show(drop, message)));
        }
        Ok(text + ".")
    }

    fn retr(&mut self, rest: &str) -> Result<Bytes, String> {
        let drop = self.drop()?;
        let index = drop.index(rest)?;
        drop.messages
            .get(index)
            .map(|message| message.bytes.clone())
            .ok_or_else(|| "No such message".to_owned())
    }

    /// The header, the empty line, and that many lines of the body (RFC 1939 §7).
    fn top(&mut self, rest: &str) -> Result<Bytes, String> {
        let (number, lines) = rest.split_once(' ').ok_or("TOP wants two numbers")?;
        let lines: usize = lines.trim().parse().map_err(|_| "TOP wants two numbers")?;
        let bytes = self.retr(number)?;
        let body = mime::header_length(&bytes);
        let text = bytes.get(body..).unwrap_or_default();
        let end = match lines.checked_sub(1) {
            None => 0,
            Some(last) => memchr::memchr_iter(b'\n', text)
                .nth(last)
                .map_or(text.len(), |at| at + 1),
        };
        Ok(bytes.slice(..body + end))
    }

    async fn message(&mut self, found: Result<Bytes, String>) -> io::Result<()> {
        match found {
            Ok(bytes) => {
                self.wire.push(format!("+OK {} octets\r\n", bytes.len()));
                self.wire.push(stuffed(&bytes));
                self.wire.push(".\r\n");
            }
            Err(text) => self.answer(Err(text)),
        }
        self.wire.relieve().await
    }

    fn dele(&mut self, rest: &str) -> Answer {
        let drop = self.drop()?;
        let index = drop.index(rest)?;
        if let Some(message) = drop.messages.get_mut(index) {
            message.deleted = true;
        }
        Ok("Marked".to_owned())
    }

    fn rset(&mut self) -> Answer {
        for message in &mut self.drop()?.messages {
            message.deleted = false;
        }
        Ok("Nothing is marked".to_owned())
    }

    /// The UPDATE state: what is marked goes, and the lock with it (RFC 1939 §6).
    fn quit(&mut self) -> Answer {
        let Some(drop) = self.drop.take() else {
            return Ok("Until next time".to_owned());
        };
        let marked: Vec<u32> = drop
            .messages
            .iter()
            .filter(|message| message.deleted)
            .map(|message| message.uid)
            .collect();
        if marked.is_empty() {
            return Ok("Until next time".to_owned());
        }
        if self.wire.fault() == Some(Fault::QuitError) {
            return Err("Some deleted messages were not removed".to_owned());
        }
        self.shared.store.change(&drop.user, |account| {
            if let Some(inbox) = account.by_validity(drop.validity) {
                for uid in marked {
                    inbox.remove(uid);
                }
            }
        });
        Ok("Until next time".to_owned())
    }
}

impl Maildrop {
    /// The index of the message of that number, if it is there and not marked.
    fn index(&self, number: &str) -> Result<usize, String> {
        let none = || "No such message".to_owned();
        let index = number
            .trim()
            .parse::<usize>()
            .ok()
            .and_then(|number| number.checked_sub(1))
            .ok_or_else(none)?;
        self.messages
            .get(index)
            .filter(|message| !message.deleted)
            .map(|_| index)
            .ok_or_else(none)
    }
}

/// Lines that begin with a dot get another; a missing last line end is added (RFC 1939 §3).
fn stuffed(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 16);
    if bytes.first() == Some(&b'.') {
        out.push(b'.');
    }
    let mut from = 0;
    for at in memchr::memmem::find_iter(bytes, b"\r\n.") {
        out.extend_from_slice(bytes.get(from..at + 2).unwrap_or_default());
        out.push(b'.');
        from = at + 2;
    }
    out.extend_from_slice(bytes.get(from..).unwrap_or_default());
    if !bytes.is_empty() && !bytes.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

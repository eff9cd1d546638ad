//! CAPABILITY, ID, STARTTLS, COMPRESS, LOGIN, AUTHENTICATE, LOGOUT (RFC 3501 §6.1 and §6.2, RFC 4959, RFC 4978).

use std::sync::Arc;

use super::args::{Args, Stop};
use super::{Answer, Enabled, Session};
use crate::testing::sasl::{self, Verdict};

const NOT_PLAIN: &str = "[PRIVACYREQUIRED] Not without TLS";
const WRONG_LOGIN: &str = "[AUTHENTICATIONFAILED] Wrong user or password";

impl Session {
    pub(super) fn greet(&mut self) {
        let code = match self.shared.options.capability_in_greeting {
            true => format!("[CAPABILITY {}] ", self.capabilities()),
            false => String::new(),
        };
        let word = if self.user.is_some() { "PREAUTH" } else { "OK" };
        self.wire.push(format!("* {word} {code}postroom testing server ready\r\n"));
    }

    fn capabilities(&self) -> String {
        let can_log_in = self.may_log_in();
        let all = [
            ("SASL-IR", true),
            ("LITERAL+", true),
            ("ID", true),
            ("ENABLE", true),
            ("IDLE", true),
            ("NAMESPACE", true),
            ("CHILDREN", true),
            ("SPECIAL-USE", true),
            ("UIDPLUS", true),
            ("MULTIAPPEND", true),
            ("CATENATE", true),
            ("REPLACE", true),
            ("MOVE", true),
            ("UNSELECT", true),
            ("BINARY", true),
            ("PREVIEW", true),
            ("OBJECTID", true),
            ("SAVEDATE", true),
            ("ESEARCH", true),
            ("SEARCHRES", true),
            ("CONTEXT=SEARCH", true),
            ("SORT", true),
            ("SORT=DISPLAY", true),
            ("ESORT", true),
            ("THREAD=ORDEREDSUBJECT", true),
            ("THREAD=REFERENCES", true),
            ("CONDSTORE", true),
            ("QRESYNC", true),
            ("UIDONLY", true),
            ("LIST-EXTENDED", true),
            ("LIST-STATUS", true),
            ("LIST-MYRIGHTS", true),
            ("LIST-METADATA", true),
            ("STATUS=SIZE", true),
            ("CREATE-SPECIAL-USE", true),
            ("NOTIFY", true),
            ("LITERAL-", true),
            ("ACL", true),
            ("RIGHTS=kxte", self.offers("ACL")),
            ("METADATA", true),
            ("QUOTASET", true),
            ("PARTIAL", true),
            ("CONTEXT=SORT", true),
            ("QUOTA", self.shared.options.quota.is_some()),
            ("QUOTA=RES-STORAGE", self.shared.options.quota.is_some()),
            ("QUOTA=RES-MESSAGE", self.shared.options.quota.is_some()),
            ("UNAUTHENTICATE", self.user.is_some()),
            ("COMPRESS=DEFLATE", self.user.is_some() && !self.compressed),
            ("STARTTLS", !self.secure && self.user.is_none()),
        ];
        let mut text = "IMAP4rev1".to_owned();
        if self.offers("IMAP4rev2") {
            text.push_str(" IMAP4rev2");
        }
        for (name, now) in all {
            if now && self.offers(name) {
                text.push(' ');
                text.push_str(name);
            }
        }
        if let Some(most) = self.shared.options.message_limit {
            text.push_str(&format!(" MESSAGELIMIT={most}"));
        }
        let mechanisms = sasl::offered(&self.shared.options, &self.wire).map(|name| format!("AUTH={name}"));
        for name in mechanisms.filter(|name| can_log_in && self.user.is_none() && self.offers(name)) {
            text.push(' ');
            text.push_str(&name);
        }
        if !can_log_in {
            text.push_str(" LOGINDISABLED");
        }
        text
    }

    fn may_log_in(&self) -> bool {
        self.secure || self.shared.options.plaintext_login
    }

    pub(super) fn capability(&mut self, args: &Args) -> Answer {
        args.end()?;
        let line = format!("* CAPABILITY {}\r\n", self.capabilities());
        self.wire.push(line);
        Ok("CAPABILITY completed".to_owned())
    }

    pub(super) fn id(&mut self, args: &mut Args) -> Answer {
        if args.peek() == Some(b'(') {
            args.list(Args::astring)?;
        } else if !args.atom()?.eq_ignore_ascii_case("NIL") {
            return Err(Stop::bad("ID wants a list or NIL"));
        }
        args.end()?;
        self.wire.push("* ID (\"name\" \"postroom testing\")\r\n");
        Ok("ID completed".to_owned())
    }

    pub(super) fn logout(&mut self, args: &Args) -> Answer {
        args.end()?;
        self.view = None;
        self.over = true;
        self.wire.push("* BYE Until next time\r\n");
        Ok("LOGOUT completed".to_owned())
    }

    pub(super) async fn starttls(&mut self, tag: &str, args: &Args) -> Answer {
        args.end()?;
        self.wire.push(format!("{tag} OK Begin TLS now\r\n"));
        self.wire.upgrade().await?;
        self.secure = true;
        Err(Stop::Answered)
    }

    /// RFC 4978 §3: compression begins after the line end of the tagged OK.
    pub(super) async fn compress(&mut self, tag: &str, args: &mut Args) -> Answer {
        let algorithm = args.atom()?;
        args.end()?;
        if !algorithm.eq_ignore_ascii_case("DEFLATE") || self.compressed {
            return Err(Stop::bad("Only DEFLATE, and only once"));
        }
        self.wire.push(format!("{tag} OK DEFLATE active\r\n"));
        self.wire.compress().await?;
        self.compressed = true;
        Err(Stop::Answered)
    }

    /// Everything that the login brought ends (RFC 8437 §3).
    pub(super) async fn unauthenticate(&mut self, tag: &str, args: &Args) -> Answer {
        args.end()?;
        (self.user, self.view, self.watch, self.enabled) = (None, None, None, Enabled::default());
        self.wire.push(format!("{tag} OK Until the next login\r\n"));
        if std::mem::take(&mut self.compressed) {
            self.wire.decompress().await?;
        }
        Err(Stop::Answered)
    }

    pub(super) fn login(&mut self, args: &mut Args) -> Answer {
        let user = args.astring()?;
        args.space()?;
        let password = args.astring()?;
        args.end()?;
        self.admit_user(&user, &password, "LOGIN completed")
    }

    pub(super) async fn authenticate(&mut self, args: &mut Args) -> Answer {
        let mechanism = args.atom()?.to_ascii_uppercase();
        let initial = if args.take(b' ') { Some(args.rest()) } else { None };
        if !sasl::offered(&self.shared.options, &self.wire).any(|name| name == mechanism)
            || !self.offers(&format!("AUTH={mechanism}"))
        {
            return Err(Stop::no("[CANNOT] No such mechanism"));
        }
        if !self.may_log_in() {
            return Err(Stop::no(NOT_PLAIN));
        }
        if initial.is_some() && !self.offers("SASL-IR") {
            return Err(Stop::bad("This server has no SASL-IR"));
        }
        let shared = Arc::clone(&self.shared);
        match sasl::converse(&mut self.wire, &shared, &mechanism, initial.as_deref()).await? {
            Verdict::Admitted(user) => self.admitted(&user, "AUTHENTICATE completed"),
            Verdict::Refused => Err(Stop::no(WRONG_LOGIN)),
            Verdict::Broken(why) => Err(Stop::bad(why)),
        }
    }

    fn admit_user(&mut self, user: &str, password: &str, done: &str) -> Answer {
        if !self.may_log_in() {
            return Err(Stop::no(NOT_PLAIN));
        }
        if !self.shared.store.admits(user, password) {
            return Err(Stop::no(WRONG_LOGIN));
        }
        self.admitted(user, done)
    }

    fn admitted(&mut self, user: &str, done: &str) -> Answer {
        if self.shared.store.password(user).is_none() {
            return Err(Stop::no(WRONG_LOGIN));
        }
        self.user = Some(user.to_owned());
        self.shared.logged_in(user);
        Ok(match self.shared.options.capability_after_login {
            true => format!("[CAPABILITY {}] {done}", self.capabilities()),
            false => done.to_owned(),
        })
    }
}

//! What an embedded server shall be like, before it starts. It knows the options, not the protocols.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use time::OffsetDateTime;

use super::cert::Asking;
use super::sample;
use super::sasl;
use super::store::{self, Account, Store};
use super::{Fault, Server};

/// How a [`Server`] shall be; made by [`Server::builder`].
///
/// Without any option there is one user, `alice` with the password `alicepw`, with empty mailboxes.
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    users: Vec<(String, String)>,
    sample_mail: bool,
    pub(super) options: Options,
}

/// The options that sessions ask for.
#[derive(Clone, Debug)]
pub(super) struct Options {
    without_imap: Vec<String>,
    without_pop3: Vec<String>,
    with_imap: Vec<String>,
    with_pop3: Vec<String>,
    /// Octets and messages.
    pub(super) quota: Option<(u64, u64)>,
    pub(super) plaintext_login: bool,
    pub(super) preauth: Option<String>,
    pub(super) capability_in_greeting: bool,
    pub(super) enabled_response: bool,
    pub(super) capability_after_login: bool,
    pub(super) literal_limit: u64,
    pub(super) login_delay: Option<u32>,
    pub(super) every_connection: Option<Fault>,
    pub(super) duplex_buffer: usize,
    pub(super) asking: Asking,
    pub(super) mechanisms: Vec<String>,
    /// Users and their tokens.
    tokens: Vec<(String, String)>,
    pub(super) apop: bool,
    clock: Option<OffsetDateTime>,
}

impl Options {
    pub(super) fn imap_offers(&self, capability: &str) -> bool {
        let is_in = |names: &[String], wanted: &str| names.iter().any(|name| name.eq_ignore_ascii_case(wanted));
        let asked = is_in(&self.with_imap, capability);
        let given = match capability.to_ascii_uppercase().as_str() {
            "IMAP4REV2" | "LITERAL-" => asked,
            // RFC 7888 §5: never both.
            "LITERAL+" => !is_in(&self.with_imap, "LITERAL-"),
            "QRESYNC" => !is_in(&self.without_imap, "CONDSTORE"),
            "LIST-STATUS" => !is_in(&self.without_imap, "LIST-EXTENDED"),
            _ => true,
        };
        given && !is_in(&self.without_imap, capability)
    }

    pub(super) fn pop3_offers(&self, capability: &str) -> bool {
        !self.without_pop3.iter().any(|name| name.eq_ignore_ascii_case(capability))
    }

    pub(super) fn has_token(&self, user: &str, token: &str) -> bool {
        self.tokens.iter().any(|(owner, known)| owner == user && known == token)
    }

    /// The lines that CAPA says besides, or in place of those of the same name.
    pub(super) fn pop3_lines(&self) -> impl Iterator<Item = &str> {
        self.with_pop3.iter().map(String::as_str)
    }

    /// The date of a message that comes without one: in whole seconds, as IMAP shows them.
    pub(super) fn now(&self) -> OffsetDateTime {
        let now = self.clock.unwrap_or_else(OffsetDateTime::now_utc);
        now.replace_nanosecond(0).unwrap_or(now)
    }
}

impl Builder {
    pub(super) fn new() -> Self {
        Self {
            users: Vec::new(),
            sample_mail: false,
            options: Options {
                without_imap: Vec::new(),
                without_pop3: Vec::new(),
                with_imap: Vec::new(),
                with_pop3: Vec::new(),
                quota: None,
                plaintext_login: true,
                preauth: None,
                capability_in_greeting: true,
                enabled_response: true,
                capability_after_login: true,
                literal_limit: 256 << 20,
                login_delay: None,
                every_connection: None,
                duplex_buffer: 64 * 1024,
                asking: Asking::default(),
                mechanisms: vec!["PLAIN".to_owned()],
                tokens: Vec::new(),
                apop: false,
                clock: None,
            },
        }
    }

    /// Adds a user. The first one replaces `alice`.
    pub fn user(mut self, name: &str, password: &str) -> Self {
        self.users.push((name.to_owned(), password.to_owned()));
        self
    }

    /// Gives every user a few dozen messages: plain, with alternatives, attachments and enclosed messages, with encoded
    /// subjects, 8-bit text, long lines, lines that begin with dots; with various flags and dates. Always the same.
    pub fn sample_mail(mut self) -> Self {
        self.sample_mail = true;
        self
    }

    /// IMAP: neither announces the capability nor does what it stands for. `IMAP4REV1` cannot be taken away.
    pub fn without(mut self, capability: &str) -> Self {
        self.options.without_imap.push(capability.to_owned());
        self
    }

    /// POP3: neither announces the capability nor does what it stands for. Without `CAPA` nothing is announced, and the rest works.
    pub fn without_pop3(mut self, capability: &str) -> Self {
        self.options.without_pop3.push(capability.to_owned());
        self
    }

    /// IMAP: what is offered only when asked for. `IMAP4rev2`, which clients may enable; and `LITERAL-` in place of `LITERAL+`.
    pub fn with(mut self, capability: &str) -> Self {
        self.options.with_imap.push(capability.to_owned());
        self
    }

    /// POP3: CAPA says this line, such as `EXPIRE 0`, in place of its own of that name. It is only said.
    pub fn with_pop3(mut self, line: &str) -> Self {
        self.options.with_pop3.push(line.to_owned());
        self
    }

    /// IMAP: every user has room for so many octets and messages in all mailboxes together (RFC 9208). Mail that
    /// [`Server::deliver`] brings is taken all the same.
    pub fn quota(mut self, octets: u64, messages: u64) -> Self {
        self.options.quota = Some((octets, messages));
        self
    }

    /// Whether a connection without TLS is refused every login: IMAP announces LOGINDISABLED there (RFC 3501 §6.2.3),
    /// POP3 announces neither USER nor SASL.
    pub fn logindisabled_before_tls(mut self, disabled: bool) -> Self {
        self.options.plaintext_login = !disabled;
        self
    }

    /// IMAP: whether sessions begin with PREAUTH, logged in as the first user.
    pub fn preauth(mut self, preauth: bool) -> Self {
        self.options.preauth = preauth.then(String::new);
        self
    }

    /// IMAP: whether the greeting carries the capabilities. It does unless told.
    pub fn capability_in_greeting(mut self, carried: bool) -> Self {
        self.options.capability_in_greeting = carried;
        self
    }

    /// IMAP: whether ENABLE is answered by an ENABLED response. It is unless told. Without, as iCloud does it, CONDSTORE and QRESYNC are
    /// enabled without a word, and nothing else is.
    pub fn enabled_response(mut self, told: bool) -> Self {
        self.options.enabled_response = told;
        self
    }

    /// IMAP: whether the OK of a login carries the capabilities. It does unless told.
    pub fn capability_after_login(mut self, carried: bool) -> Self {
        self.options.capability_after_login = carried;
        self
    }

    /// IMAP: the largest literal taken, in bytes; 256 MiB unless told. A larger one is refused before its bytes.
    pub fn literal_limit(mut self, bytes: u64) -> Self {
        self.options.literal_limit = bytes;
        self
    }

    /// POP3: the least number of seconds between two logins (RFC 2449 §6.5), announced and enforced by the runtime's clock.
    pub fn pop3_login_delay(mut self, seconds: u32) -> Self {
        self.options.login_delay = Some(seconds);
        self
    }

    /// Gives every connection this fault, where [`Server::fault`] did not set another.
    pub fn every_connection(mut self, fault: Fault) -> Self {
        self.options.every_connection = Some(fault);
        self
    }

    /// How many bytes an in-memory stream holds in each direction; 64 KiB unless told.
    pub fn duplex_buffer(mut self, bytes: usize) -> Self {
        self.options.duplex_buffer = bytes.max(1);
        self
    }

    /// The SASL mechanisms offered, in both protocols; only PLAIN unless told. Those there are: SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5,
    /// OAUTHBEARER and XOAUTH2 (see [`token`](Self::token)), EXTERNAL (see [`ask_client_certificate`](Self::ask_client_certificate)),
    /// PLAIN, LOGIN, and ANONYMOUS, which logs in the user `anonymous` where there is one. Others are left out.
    pub fn auth_mechanisms<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        let names = names.into_iter().map(str::to_ascii_uppercase);
        self.options.mechanisms = names.filter(|name| sasl::MECHANISMS.contains(&&**name)).collect();
        self
    }

    /// A user's access token for OAUTHBEARER and XOAUTH2. Every other one is refused as `invalid_token`, like one that expired.
    pub fn token(mut self, user: &str, token: &str) -> Self {
        self.options.tokens.push((user.to_owned(), token.to_owned()));
        self
    }

    /// POP3: offers APOP by a timestamp in the greeting (RFC 1939 §7).
    pub fn apop(mut self) -> Self {
        self.options.apop = true;
        self
    }

    /// Asks clients for a certificate of this server's authority, see [`Server::client_certificate`]. One that shows none is
    /// served all the same; one that shows a wrong one is not.
    pub fn ask_client_certificate(mut self) -> Self {
        self.options.asking = Asking::Whatever;
        self
    }

    /// Asks clients for a certificate, and begins no TLS with one that shows none.
    pub fn require_client_certificate(mut self) -> Self {
        self.options.asking = Asking::Certificate;
        self
    }

    /// The date of messages that come without one, so that two runs end in equal snapshots; the system's clock unless told.
    pub fn clock(mut self, now: OffsetDateTime) -> Self {
        self.options.clock = Some(now);
        self
    }

    /// Starts on four free ports of 127.0.0.1, in the current tokio runtime.
    ///
    /// # Errors
    ///
    /// When a port cannot be bound or the certificate cannot be made.
    pub async fn start(self) -> io::Result<Server> {
        let mut server = self.in_memory()?;
        server.listen().await?;
        Ok(server)
    }

    /// A server without ports: only its in-memory streams can be used. Cheap; the certificate is made once per process.
    ///
    /// # Errors
    ///
    /// When the certificate cannot be made.
    pub fn in_memory(mut self) -> io::Result<Server> {
        if self.users.is_empty() {
            self.users.push(("alice".to_owned(), "alicepw".to_owned()));
        }
        if let Some(user) = &mut self.options.preauth {
            *user = self.users.first().map(|(name, _)| name.clone()).unwrap_or_default();
        }
        let accounts = self.users.iter().map(|(name, password)| (name.clone(), self.account(password)));
        let store = Store::new(accounts.collect::<BTreeMap<_, _>>());
        Server::new(store, self.options)
    }

    fn account(&self, password: &str) -> Account {
        let mut account = Account::new(password.to_owned());
        if self.sample_mail {
            for mail in sample::mail() {
                if let Some(mailbox) = account.mailbox(mail.mailbox) {
                    let flags = mail.flags.iter().map(|name| store::flag(name)).collect();
                    mailbox.add(Arc::clone(&mail.content), flags);
                    mailbox.first_recent = mailbox.next_uid;
                }
            }
        }
        account
    }
}

//! The configuration of an embedded server. It must not know the protocols.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use time::OffsetDateTime;

use super::cert::Asking;
use super::options::Options;
use super::sample;
use super::sasl;
use super::store::{self, Account, Store};
use super::{Fault, Server};

/// The configuration of a [`Server`]; made by [`Server::builder`].
///
/// Without any option there is one user, `alice` with the password `alicepw`, with empty mailboxes.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use postroom::testing::Server;
///
/// let server = Server::builder().user("bob", "secret").sample_mail().without("MOVE").start().await?;
/// assert_eq!(server.snapshot("bob").unwrap().messages("INBOX").len(), 30);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    users: Vec<(String, String)>,
    sample_mail: bool,
    pub(super) options: Options,
}

impl Server {
    /// Configures a server.
    pub fn builder() -> Builder {
        Builder::new()
    }
}

impl Builder {
    fn new() -> Self {
        Self { users: Vec::new(), sample_mail: false, options: Options::default() }
    }

    /// Adds a user. The first one replaces `alice`.
    pub fn user(mut self, name: &str, password: &str) -> Self {
        self.users.push((name.to_owned(), password.to_owned()));
        self
    }

    /// Gives every user a few dozen messages, always the same: plain, with alternatives, attachments and enclosed messages, with encoded
    /// subjects, 8-bit text, long lines, and lines that begin with dots; with various flags and dates. `Archive` has texts in nine legacy
    /// charsets, file names in the forms of RFC 2231, and a thread.
    pub fn sample_mail(mut self) -> Self {
        self.sample_mail = true;
        self
    }

    /// IMAP: neither announces nor supports this capability. `IMAP4REV1` cannot be removed. By default the server has
    ///
    /// * for the session `SASL-IR`, `LITERAL+`, `ID`, `ENABLE`, `NAMESPACE`, `COMPRESS=DEFLATE` and `UNAUTHENTICATE` after the
    ///   login, and `STARTTLS` before it;
    /// * for changes `IDLE`, `NOTIFY`, `CONDSTORE`, `QRESYNC`, `UIDONLY`;
    /// * for searches `ESEARCH`, `SEARCHRES`, `SORT`, `SORT=DISPLAY`, `ESORT`, `THREAD=ORDEREDSUBJECT`, `THREAD=REFERENCES`;
    /// * for messages `UIDPLUS`, `MOVE`, `MULTIAPPEND`, `CATENATE`, `REPLACE`, `UNSELECT`, `BINARY`, `PREVIEW`, `OBJECTID`,
    ///   `SAVEDATE`;
    /// * for mailboxes `CHILDREN`, `SPECIAL-USE`, `CREATE-SPECIAL-USE`, `LIST-EXTENDED`, `LIST-STATUS`, `LIST-MYRIGHTS`, `LIST-METADATA`,
    ///   `STATUS=SIZE`, `ACL`, `RIGHTS=KXTE`, `METADATA`.
    ///
    /// Other methods add `AUTH=` with [mechanisms](Self::auth_mechanisms), `QUOTA` with a [quota](Self::quota), and what [`with`](Self::with)
    /// names.
    pub fn without(mut self, capability: &str) -> Self {
        self.options.without_imap.push(capability.to_owned());
        self
    }

    /// POP3: neither announces nor supports this capability. Without `CAPA` nothing is announced, and the rest works.
    pub fn without_pop3(mut self, capability: &str) -> Self {
        self.options.without_pop3.push(capability.to_owned());
        self
    }

    /// IMAP: offers a capability that is off by default: `IMAP4rev2`, which clients may enable; `LITERAL-` instead of `LITERAL+`;
    /// `QUOTASET`, if there is a [`quota`](Self::quota): users may then change their own; `PARTIAL`; `CONTEXT=SORT`, of which only
    /// `PARTIAL` is implemented; `CONTEXT=SEARCH`, with up to four updated searches in a session.
    pub fn with(mut self, capability: &str) -> Self {
        self.options.with_imap.push(capability.to_owned());
        self
    }

    /// POP3: CAPA has this line, such as `EXPIRE 0`, instead of its own line with this name. It is only announced; the behaviour does
    /// not change.
    pub fn with_pop3(mut self, line: &str) -> Self {
        self.options.with_pop3.push(line.to_owned());
        self
    }

    /// IMAP: the quota of every user, for all mailboxes together, in octets and messages (RFC 9208). [`Server::deliver`] ignores it.
    pub fn quota(mut self, octets: u64, messages: u64) -> Self {
        self.options.quota = Some((octets, messages));
        self
    }

    /// Whether logins without TLS are refused: IMAP announces LOGINDISABLED (RFC 3501 §6.2.3), POP3 announces neither USER nor SASL.
    pub fn logindisabled_before_tls(mut self, disabled: bool) -> Self {
        self.options.plaintext_login = !disabled;
        self
    }

    /// IMAP: whether sessions begin with PREAUTH, logged in as the first user.
    pub fn preauth(mut self, preauth: bool) -> Self {
        self.options.preauth = preauth.then(String::new);
        self
    }

    /// IMAP: whether the greeting contains the capabilities. Default: `true`.
    pub fn capability_in_greeting(mut self, carried: bool) -> Self {
        self.options.capability_in_greeting = carried;
        self
    }

    /// IMAP: whether ENABLE is answered by an ENABLED response. Default: `true`. Without it, as on iCloud, CONDSTORE and QRESYNC are
    /// enabled silently, and nothing else is.
    pub fn enabled_response(mut self, told: bool) -> Self {
        self.options.enabled_response = told;
        self
    }

    /// IMAP: whether the OK of a login contains the capabilities. Default: `true`.
    pub fn capability_after_login(mut self, carried: bool) -> Self {
        self.options.capability_after_login = carried;
        self
    }

    /// IMAP: the largest literal that is accepted, in bytes. Default: 256 MiB. A larger one is refused before its bytes.
    pub fn literal_limit(mut self, bytes: u64) -> Self {
        self.options.literal_limit = bytes;
        self
    }

    /// IMAP: announces MESSAGELIMIT (RFC 9738) and processes at most this number of messages in one command, from the highest UID down;
    /// COPY and APPEND of more are refused. 0 counts as 1.
    pub fn message_limit(mut self, messages: u32) -> Self {
        self.options.message_limit = Some(messages.max(1));
        self
    }

    /// IMAP: whether the code MESSAGELIMIT comes in an untagged NO, instead of the tagged OK if that has no other code. Default: `false`.
    pub fn message_limit_untagged(mut self, untagged: bool) -> Self {
        self.options.limit_untagged = untagged;
        self
    }

    /// IMAP: whether searches accept texts in US-ASCII only; others are refused with the code BADCHARSET. Default: `false`.
    pub fn ascii_searches(mut self, only: bool) -> Self {
        self.options.ascii_searches = only;
        self
    }

    /// IMAP: whether a message that is stored by APPEND or REPLACE gets one header field more at its beginning, `X-Stored-By`, as gateways
    /// and filters do it. Its size differs then from what the client sent. Default: `false`.
    pub fn stamps_appends(mut self, stamps: bool) -> Self {
        self.options.stamps_appends = stamps;
        self
    }

    /// IMAP: whether a message that is stored by APPEND or REPLACE loses its Message-ID. Default: `false`.
    ///
    /// ```
    /// use postroom::imap::Imap;
    /// use postroom::testing::Server;
    /// use postroom::{Config, Login};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = Server::builder().strips_message_ids(true).in_memory()?;
    /// let config = Config::new("localhost").dangerous_plaintext(); // nothing leaves this process
    /// let (imap, driver) = Imap::handshake(server.imap_stream(), config, Login::password("alice", "alicepw")).await?;
    /// tokio::spawn(driver);
    /// imap.append("Sent", "Message-ID: <1@example.org>\r\nSubject: hello\r\n\r\nworld\r\n").await?;
    /// let snapshot = server.snapshot("alice").unwrap();
    /// assert_eq!(snapshot.messages("Sent")[0].bytes, "Subject: hello\r\n\r\nworld\r\n");
    /// # Ok(()) }
    /// ```
    pub fn strips_message_ids(mut self, strips: bool) -> Self {
        self.options.strips_message_ids = strips;
        self
    }

    /// Whether IDLE and NOTIFY are accepted, and nothing is pushed: as a server whose file watches are used up (Dovecot without inotify
    /// instances left), or a proxy that drops what it does not expect.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = postroom::testing::Server::builder().mutes_pushes(true).in_memory()?;
    /// # drop(server);
    /// # Ok(()) }
    /// ```
    pub fn mutes_pushes(mut self, mutes: bool) -> Self {
        self.options.mutes_pushes = mutes;
        self
    }

    /// POP3: the least number of seconds between two logins (RFC 2449 §6.5), announced and enforced by the runtime's clock.
    pub fn pop3_login_delay(mut self, seconds: u32) -> Self {
        self.options.login_delay = Some(seconds);
        self
    }

    /// Gives every connection this fault, unless [`Server::fault`] sets another.
    pub fn every_connection(mut self, fault: Fault) -> Self {
        self.options.every_connection = Some(fault);
        self
    }

    /// The capacity of an in-memory stream in each direction, in bytes. Default: 64 KiB.
    pub fn duplex_buffer(mut self, bytes: usize) -> Self {
        self.options.duplex_buffer = bytes.max(1);
        self
    }

    /// The SASL mechanisms that both protocols offer. Default: PLAIN. Supported: SCRAM-SHA-512, -384, -256, -224 and -1, each also with
    /// `-PLUS`, which is offered only over TLS (see [`channel_bindings`](Self::channel_bindings)); CRAM-MD5, OAUTHBEARER and XOAUTH2 (see [`token`](Self::token)), EXTERNAL (see [`ask_client_certificate`](Self::ask_client_certificate)), PLAIN, LOGIN, and
    /// ANONYMOUS, which logs in the user `anonymous` if there is one. Others are ignored.
    pub fn auth_mechanisms<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        let names = names.into_iter().map(str::to_ascii_uppercase);
        self.options.mechanisms = names.filter(|name| sasl::MECHANISMS.contains(&&**name)).collect();
        self
    }

    /// The types of channel binding that are supported: of `tls-exporter` (RFC 9266; only over TLS 1.3) and `tls-server-end-point` (RFC
    /// 5929 §4), which are the default. Without any, no mechanism with `-PLUS` is offered.
    pub fn channel_bindings<'a>(mut self, types: impl IntoIterator<Item = &'a str>) -> Self {
        self.options.bindings = types.into_iter().map(str::to_owned).collect();
        self
    }

    /// A user's access token for OAUTHBEARER and XOAUTH2. Other tokens are refused as `invalid_token`, like an expired one.
    pub fn token(mut self, user: &str, token: &str) -> Self {
        self.options.tokens.push((user.to_owned(), token.to_owned()));
        self
    }

    /// POP3: offers APOP by a timestamp in the greeting (RFC 1939 §7).
    pub fn apop(mut self) -> Self {
        self.options.apop = true;
        self
    }

    /// Asks clients for a certificate of this server's authority; see [`Server::client_certificate`]. A client without a certificate is
    /// served; one with a wrong certificate is not.
    pub fn ask_client_certificate(mut self) -> Self {
        self.options.asking = Asking::Whatever;
        self
    }

    /// Requires a certificate of clients: TLS fails without one.
    pub fn require_client_certificate(mut self) -> Self {
        self.options.asking = Asking::Certificate;
        self
    }

    /// The date of messages that come without one, so that two runs end with equal snapshots. Default: the system's clock.
    pub fn clock(mut self, now: OffsetDateTime) -> Self {
        self.options.clock = Some(now);
        self
    }

    /// Starts on four free ports of 127.0.0.1, in the current tokio runtime.
    ///
    /// # Errors
    ///
    /// If a port cannot be bound or the certificate cannot be made.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = postroom::testing::Server::builder().start().await?;
    /// assert!(server.imaps_port() != 0 && server.pop3s_port() != 0);
    /// # Ok(()) }
    /// ```
    pub async fn start(self) -> io::Result<Server> {
        let mut server = self.in_memory()?;
        server.listen().await?;
        Ok(server)
    }

    /// A server without ports: only its in-memory streams can be used. It is cheap: the certificate is made once for each process.
    ///
    /// # Errors
    ///
    /// If the certificate cannot be made.
    ///
    /// ```
    /// let server = postroom::testing::Server::builder().in_memory()?;
    /// assert_eq!(server.imap_port(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
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
        account.limits = self.options.quota.map_or((None, None), |(octets, messages)| (Some(octets), Some(messages)));
        if self.sample_mail {
            for mail in sample::mail() {
                if let Some(mailbox) = account.mailbox(mail.mailbox) {
                    let flags = mail.flags.iter().map(|name| store::flag(name)).collect();
                    mailbox.add(Arc::clone(&mail.content), flags, mail.content.date);
                    mailbox.first_recent = mailbox.next_uid;
                }
            }
        }
        account
    }
}

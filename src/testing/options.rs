//! How the embedded server behaves: what it announces, accepts and limits. It must not know a session.

use time::OffsetDateTime;

use super::Fault;
use super::cert::Asking;

/// The options for sessions.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) without_imap: Vec<String>,
    pub(super) without_pop3: Vec<String>,
    pub(super) with_imap: Vec<String>,
    pub(super) with_pop3: Vec<String>,
    /// Octets and messages.
    pub(super) quota: Option<(u64, u64)>,
    pub(super) plaintext_login: bool,
    pub(super) preauth: Option<String>,
    pub(super) capability_in_greeting: bool,
    pub(super) enabled_response: bool,
    pub(super) capability_after_login: bool,
    pub(super) literal_limit: u64,
    pub(super) message_limit: Option<u32>,
    pub(super) limit_untagged: bool,
    pub(super) ascii_searches: bool,
    /// Whether messages that clients append get a header field of the server's.
    pub(super) stamps_appends: bool,
    /// Whether messages that clients append lose their Message-ID.
    pub(super) strips_message_ids: bool,
    pub(super) mutes_pushes: bool,
    pub(super) login_delay: Option<u32>,
    pub(super) every_connection: Option<Fault>,
    pub(super) duplex_buffer: usize,
    pub(super) asking: Asking,
    pub(super) mechanisms: Vec<String>,
    /// The types of channel binding.
    pub(super) bindings: Vec<String>,
    /// Users and their tokens.
    pub(super) tokens: Vec<(String, String)>,
    pub(super) apop: bool,
    pub(super) clock: Option<OffsetDateTime>,
}

impl Options {
    pub(super) fn imap_offers(&self, capability: &str) -> bool {
        let is_in = |names: &[String], wanted: &str| names.iter().any(|name| name.eq_ignore_ascii_case(wanted));
        let asked = is_in(&self.with_imap, capability);
        let given = match capability.to_ascii_uppercase().as_str() {
            "QUOTASET" => asked && self.quota.is_some(),
            "IMAP4REV2" | "LITERAL-" | "PARTIAL" | "CONTEXT=SORT" => asked,
            "CONTEXT=SEARCH" => asked && !is_in(&self.without_imap, "ESEARCH"),
            // RFC 7888 §5: never both.
            "LITERAL+" => !is_in(&self.with_imap, "LITERAL-"),
            "SEARCHRES" => !is_in(&self.without_imap, "ESEARCH"),
            "QRESYNC" => !is_in(&self.without_imap, "CONDSTORE"),
            "LIST-STATUS" => !is_in(&self.without_imap, "LIST-EXTENDED"),
            "LIST-MYRIGHTS" => ["LIST-EXTENDED", "ACL"].iter().all(|name| !is_in(&self.without_imap, name)),
            "LIST-METADATA" => ["LIST-EXTENDED", "METADATA"].iter().all(|name| !is_in(&self.without_imap, name)),
            "SORT=DISPLAY" | "ESORT" => !is_in(&self.without_imap, "SORT"),
            _ => true,
        };
        given && !is_in(&self.without_imap, capability)
    }

    pub(super) fn pop3_offers(&self, capability: &str) -> bool {
        !self.without_pop3.iter().any(|name| name.eq_ignore_ascii_case(capability))
    }

    /// Whether this type of channel binding is supported.
    pub(super) fn binds_by(&self, name: &str) -> bool {
        self.bindings.iter().any(|own| own == name)
    }

    pub(super) fn has_token(&self, user: &str, token: &str) -> bool {
        self.tokens.iter().any(|(owner, known)| owner == user && known == token)
    }

    /// Additional lines of CAPA, which replace those with the same name.
    pub(super) fn pop3_lines(&self) -> impl Iterator<Item = &str> {
        self.with_pop3.iter().map(String::as_str)
    }

    /// The date of a message that comes without one, in whole seconds, as IMAP shows them.
    pub(super) fn now(&self) -> OffsetDateTime {
        let now = self.clock.unwrap_or_else(OffsetDateTime::now_utc);
        now.replace_nanosecond(0).unwrap_or(now)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
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
            message_limit: None,
            limit_untagged: false,
            ascii_searches: false,
            stamps_appends: false,
            strips_message_ids: false,
            mutes_pushes: false,
            login_delay: None,
            every_connection: None,
            duplex_buffer: 64 * 1024,
            asking: Asking::default(),
            mechanisms: vec!["PLAIN".to_owned()],
            bindings: vec!["tls-exporter".to_owned(), "tls-server-end-point".to_owned()],
            tokens: Vec::new(),
            apop: false,
            clock: None,
        }
    }
}

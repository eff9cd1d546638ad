//! [`Capabilities`]: what a server says that it can do (RFC 9051 §7.2.2). It must not know when the session learns or forgets them.

use std::fmt;

use crate::word_list::{WordList, push};

/// The capabilities a server announced, in its order. Names are compared without regard to letter case.
///
/// ```
/// use postroom::imap::Capabilities;
///
/// let capabilities: Capabilities = ["IMAP4rev1", "IDLE", "AUTH=PLAIN"].into_iter().collect();
/// assert!(capabilities.idle() && capabilities.auth("plain") && !capabilities.move_());
/// ```
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Capabilities {
    /// In upper case.
    names: WordList,
}

macro_rules! known {
    ($($(#[$doc:meta])* $method:ident: $($name:literal)|+;)*) => {
        $($(#[$doc])*
        pub fn $method(&self) -> bool {
            $(self.has($name))||+
        })*
    };
}

impl Capabilities {
    /// Reads names separated by spaces.
    pub(crate) fn from_text(text: &str) -> Self {
        let mut names = String::with_capacity(text.len());
        text.split_ascii_whitespace().for_each(|name| add(&mut names, name));
        Self::of_names(names)
    }

    /// These capabilities with some added (`true`) and some taken away (`false`); the names are in upper case.
    pub(crate) fn assuming(self, assumed: &[(String, bool)]) -> Self {
        if assumed.is_empty() {
            return self;
        }
        let is_assumed = |name: &str| assumed.iter().any(|(assumed, _)| assumed == name);
        let added = assumed.iter().filter(|(_, has)| *has).map(|(name, _)| name.as_str());
        self.iter().filter(|name| !is_assumed(name)).chain(added).collect()
    }

    fn of_names(mut names: String) -> Self {
        names.make_ascii_uppercase();
        Self { names: WordList::of_text(names) }
    }

    /// Whether the server announced exactly this capability, such as `ACL` or `THREAD=REFS`, in any letter case. What IMAP4rev2 includes
    /// without a capability of its own, such as MOVE, is not found here: see the methods for that.
    pub fn has(&self, name: &str) -> bool {
        self.iter().any(|have| have.eq_ignore_ascii_case(name))
    }

    /// Whether the server accepts this SASL mechanism in AUTHENTICATE.
    pub fn auth(&self, mechanism: &str) -> bool {
        self.mechanisms().any(|have| have.eq_ignore_ascii_case(mechanism))
    }

    /// The SASL mechanisms the server accepts, in its order and in upper case.
    pub fn mechanisms(&self) -> impl Iterator<Item = &str> {
        self.values("AUTH")
    }

    /// The text after the `=` of every capability that begins with this word and `=`: of `THREAD=REFS`, `values("THREAD")` is `REFS`.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let split = self.iter().filter_map(|have| have.split_once('='));
        split.filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All capabilities, in upper case.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter()
    }

    /// Whether the server announced no capability.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The largest message that the server accepts, in octets; `None` if the limit differs between mailboxes or is not announced
    /// (RFC 7889).
    pub fn append_limit(&self) -> Option<u64> {
        self.number("APPENDLIMIT")
    }

    /// How many messages one command may name (RFC 9738).
    pub fn message_limit(&self) -> Option<u64> {
        self.number("MESSAGELIMIT")
    }

    /// How many messages one command may add to a mailbox (RFC 9738).
    pub fn save_limit(&self) -> Option<u64> {
        self.number("SAVELIMIT")
    }

    /// How many messages a COPY or an APPEND may name. The server refuses a command with more.
    pub(crate) fn most_saved(&self) -> Option<u64> {
        self.message_limit().into_iter().chain(self.save_limit()).min()
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.values(name).find_map(|value| value.parse().ok())
    }

    known! {
        /// IMAP4rev1 (RFC 3501).
        imap4rev1: "IMAP4REV1";
        /// IMAP4rev2 (RFC 9051), active after ENABLE if IMAP4rev1 is also announced.
        imap4rev2: "IMAP4REV2";
        /// STARTTLS: TLS can start on this connection (RFC 9051 §6.2.1).
        starttls: "STARTTLS";
        /// The server currently refuses LOGIN (RFC 9051 §6.2.3).
        login_disabled: "LOGINDISABLED";
        /// AUTHENTICATE accepts an initial response in the command (RFC 4959); part of rev2. Some servers write `SASL_IR`.
        sasl_ir: "SASL-IR" | "SASL_IR" | "IMAP4REV2";
        /// IDLE (RFC 2177); part of rev2.
        idle: "IDLE" | "IMAP4REV2";
        /// UID EXPUNGE, APPENDUID and COPYUID (RFC 4315); part of rev2.
        uidplus: "UIDPLUS" | "IMAP4REV2";
        /// Literals of any size that do not wait for the server (RFC 7888).
        literal_plus: "LITERAL+";
        /// Literals of up to 4096 bytes that do not wait for the server (RFC 7888); part of rev2.
        literal_minus: "LITERAL-" | "LITERAL+" | "IMAP4REV2";
        /// MOVE (RFC 6851); part of rev2.
        move_: "MOVE" | "IMAP4REV2";
        /// NAMESPACE (RFC 2342); part of rev2.
        namespace: "NAMESPACE" | "IMAP4REV2";
        /// ENABLE (RFC 5161); part of rev2.
        enable: "ENABLE" | "IMAP4REV2";
        /// UNSELECT (RFC 3691); part of rev2.
        unselect: "UNSELECT" | "IMAP4REV2";
        /// SEARCH with RETURN (RFC 4731); part of rev2.
        esearch: "ESEARCH" | "IMAP4REV2";
        /// Modification sequences (RFC 7162); QRESYNC includes them.
        condstore: "CONDSTORE" | "QRESYNC";
        /// Quick resynchronisation (RFC 7162).
        qresync: "QRESYNC";
        /// ID (RFC 2971).
        id: "ID";
        /// `\Sent`, `\Trash` and the like (RFC 6154).
        special_use: "SPECIAL-USE";
        /// LIST with selection and return options (RFC 5258); part of rev2.
        list_extended: "LIST-EXTENDED" | "IMAP4REV2";
        /// LIST that returns STATUS (RFC 5819); part of rev2.
        list_status: "LIST-STATUS" | "IMAP4REV2";
        /// Several messages in one APPEND (RFC 3502).
        multiappend: "MULTIAPPEND";
        /// UTF-8 in names and headers (RFC 6855), active after ENABLE.
        utf8_accept: "UTF8=ACCEPT" | "UTF8=ONLY";
        /// Compression (RFC 4978).
        compress_deflate: "COMPRESS=DEFLATE";
        /// Access control lists (RFC 4314).
        acl: "ACL";
        /// Quotas (RFC 9208).
        quota: "QUOTA";
        /// Limits of quotas can be set (RFC 9208 §4.1.3).
        quota_set: "QUOTASET";
        /// Annotations of mailboxes and of the server (RFC 5464).
        metadata: "METADATA";
        /// Annotations of the server only (RFC 5464).
        metadata_server: "METADATA-SERVER" | "METADATA";
        /// Annotations of messages (RFC 5257).
        annotate: "ANNOTATE-EXPERIMENT-1";
        /// The language of the server's texts (RFC 5255).
        language: "LANGUAGE";
        /// URLs that give others access to a message (RFC 4467).
        url_auth: "URLAUTH";
        /// The URL of the JMAP service with the same mail (RFC 9698).
        jmap_access: "JMAPACCESS";
        /// SORT (RFC 5256).
        sort: "SORT";
        /// SORT with RETURN (RFC 5267).
        esort: "ESORT";
        /// SORT by display names (RFC 5957).
        sort_display: "SORT=DISPLAY";
        /// A search result saved on the server as `$` (RFC 5182); part of rev2.
        searchres: "SEARCHRES" | "IMAP4REV2";
        /// SEARCH with YOUNGER and OLDER (RFC 5032).
        within: "WITHIN";
        /// Search results that the server keeps up to date (RFC 5267).
        context_search: "CONTEXT=SEARCH";
        /// Sorted results that the server keeps up to date (RFC 5267).
        context_sort: "CONTEXT=SORT";
        /// ESEARCH in several mailboxes (RFC 7377).
        multisearch: "MULTISEARCH";
        /// A part of a search result, by position (RFC 9394).
        partial: "PARTIAL" | "CONTEXT=SEARCH";
        /// Parts without their transfer encoding (RFC 3516); reading them is part of rev2.
        binary: "BINARY";
        /// Messages composed on the server from parts of others (RFC 4469).
        catenate: "CATENATE";
        /// REPLACE (RFC 8508).
        replace: "REPLACE";
        /// Events of other mailboxes (RFC 5465).
        notify: "NOTIFY";
        /// Identifiers of mailboxes, messages and threads (RFC 8474).
        objectid: "OBJECTID";
        /// The date at which a message was saved in its mailbox (RFC 8514).
        savedate: "SAVEDATE";
        /// The first words of messages (RFC 8970).
        preview: "PREVIEW";
        /// Sessions that use UIDs only, no sequence numbers (RFC 9586).
        uidonly: "UIDONLY";
        /// CREATE with a special use (RFC 6154).
        create_special_use: "CREATE-SPECIAL-USE";
        /// LIST that returns the caller's rights (RFC 8440).
        list_myrights: "LIST-MYRIGHTS";
        /// LIST that returns annotations (RFC 9590).
        list_metadata: "LIST-METADATA";
        /// UNAUTHENTICATE (RFC 8437).
        unauthenticate: "UNAUTHENTICATE";
        /// Gmail's labels, identifiers and search (`X-GM-EXT-1`).
        gmail: "X-GM-EXT-1";
    }
}

impl<S: AsRef<str>> FromIterator<S> for Capabilities {
    /// Names may be in any letter case.
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        let mut all = String::new();
        for name in names {
            name.as_ref().split_ascii_whitespace().for_each(|name| add(&mut all, name));
        }
        Self::of_names(all)
    }
}

/// Adds a name. A single `+` or `-` is joined to the name before it, since some servers write `LITERAL +`.
fn add(names: &mut String, name: &str) {
    match name {
        "+" | "-" if !names.is_empty() && !names.ends_with(['+', '-']) => names.push_str(name),
        _ => push(names, name),
    }
}

impl fmt::Debug for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Capabilities").field(&self.names).finish()
    }
}

impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.names.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_literal_plus_is_rejoined_and_an_underscore_forgiven() {
        let capabilities: Capabilities = "IMAP4rev1 LITERAL + SASL_IR AUTH=XOAUTH2 AUTH=PLAIN".split(' ').collect();
        assert!(capabilities.literal_plus() && capabilities.sasl_ir() && !capabilities.has("+"));
        assert!(capabilities.mechanisms().eq(["XOAUTH2", "PLAIN"]));
        assert_eq!(capabilities.to_string(), "IMAP4REV1 LITERAL+ SASL_IR AUTH=XOAUTH2 AUTH=PLAIN");
    }

    #[test]
    fn signs_without_end_cost_no_more_than_names() {
        let many = Capabilities::from_text(&format!("LITERAL{}", " +".repeat(1_000_000)));
        assert!(many.literal_plus() && many.iter().count() == 1_000_000);
    }

    #[test]
    fn what_was_folded_into_rev2_comes_with_it() {
        // RFC 9051, Appendix E
        let rev2 = Capabilities::from_text("IMAP4rev2");
        assert!(rev2.namespace() && rev2.unselect() && rev2.uidplus() && rev2.esearch() && rev2.searchres());
        assert!(rev2.enable() && rev2.idle() && rev2.sasl_ir() && rev2.list_extended() && rev2.list_status());
        assert!(rev2.move_() && rev2.literal_minus() && !rev2.literal_plus() && !rev2.binary() && !rev2.special_use());
    }

    #[test]
    fn what_is_assumed_replaces_what_is_announced() {
        let announced = Capabilities::from_text("IMAP4rev1 IDLE LITERAL+");
        let assumed = [("IDLE".to_owned(), false), ("MOVE".to_owned(), true), ("LITERAL+".to_owned(), true)];
        assert_eq!(announced.clone().assuming(&assumed).to_string(), "IMAP4REV1 MOVE LITERAL+");
        assert_eq!(announced.clone().assuming(&[]), announced);
    }

    #[test]
    fn limits_are_numbers() {
        let some = Capabilities::from_text("APPENDLIMIT MESSAGELIMIT=1000 APPENDLIMIT=5 SAVELIMIT=x");
        assert_eq!((some.append_limit(), some.message_limit(), some.save_limit()), (Some(5), Some(1000), None));
    }
}

//! Finds the kind of a complete response by its first tokens, without reading the rest. It must not know who waits for it.

use crate::wire::Cursor;

/// The kind of a response, by its first tokens (RFC 9051 §7).
///
/// ```
/// use postroom::imap::codec::{Ending, Kind, Route, route};
///
/// assert_eq!(route(b"* 3 EXISTS\r\n"), Route::Untagged(Kind::Exists(3)));
/// assert_eq!(route(b"A1 OK Done\r\n"), Route::Tagged { tag: b"A1", status: Ending::Ok });
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Route<'a> {
    /// The end of a command.
    Tagged {
        /// The command's tag, as the server repeats it.
        tag: &'a [u8],
        /// The outcome of the command.
        status: Ending,
    },
    /// `+`: the server waits for the rest of a command.
    Continuation,
    /// `*`: data, or a status response that ends no command.
    Untagged(Kind),
    /// None of these: a stray line, or not IMAP.
    Unknown,
}

/// The outcome of a command (RFC 9051 §7.1).
///
/// ```
/// use postroom::imap::codec::{Ending, Route, route};
///
/// let Route::Tagged { status, .. } = route(b"A1 NO Denied\r\n") else { panic!("not tagged") };
/// assert_eq!(status, Ending::No);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a tagged response is OK, NO or BAD (RFC 9051 §7.1)")]
pub enum Ending {
    /// The command succeeded.
    Ok,
    /// The command failed.
    No,
    /// The server did not understand the command.
    Bad,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $word:literal,)*) => {
        /// The kind of an untagged response (RFC 9051 §7).
        ///
        /// ```
        /// use postroom::imap::codec::{Kind, Route, route};
        ///
        /// assert_eq!(route(b"* LIST () \"/\" a\r\n"), Route::Untagged(Kind::List));
        /// assert_eq!(route(b"* XYZZY\r\n"), Route::Untagged(Kind::Other));
        /// ```
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
            /// How many messages the mailbox has.
            Exists(u32),
            /// How many messages are `\Recent` (RFC 3501 §7.3.2).
            Recent(u32),
            /// The message with this sequence number was expunged.
            Expunge(u32),
            /// Data of the message with this sequence number.
            Fetch(u32),
            /// Data of the message with this UID (RFC 9586).
            UidFetch(u32),
            /// Anything else, also one of these with a number out of range.
            Other,
        }

        fn word_kind(word: &[u8]) -> Kind {
            $(if word.eq_ignore_ascii_case($word) {
                return Kind::$kind;
            })*
            Kind::Other
        }
    };
}

kinds! {
    /// Information.
    Ok b"OK",
    /// A warning.
    No b"NO",
    /// A protocol error that concerns no command in particular.
    Bad b"BAD",
    /// The server is about to close the connection.
    Bye b"BYE",
    /// A greeting of a session that is logged in already.
    Preauth b"PREAUTH",
    /// The server's capabilities.
    Capability b"CAPABILITY",
    /// The extensions that were enabled (RFC 5161).
    Enabled b"ENABLED",
    /// A mailbox.
    List b"LIST",
    /// A subscribed mailbox (RFC 3501 §7.2.3).
    Lsub b"LSUB",
    /// A mailbox with its special use, before RFC 6154.
    Xlist b"XLIST",
    /// Counts of a mailbox.
    Status b"STATUS",
    /// The result of a search.
    Search b"SEARCH",
    /// The extended result of a search (RFC 4731).
    Esearch b"ESEARCH",
    /// The result of a sorted search (RFC 5256).
    Sort b"SORT",
    /// The result of a search, as threads (RFC 5256).
    Thread b"THREAD",
    /// The flags that messages in the mailbox can have.
    Flags b"FLAGS",
    /// UIDs of expunged messages (RFC 7162).
    Vanished b"VANISHED",
    /// Namespaces (RFC 2342).
    Namespace b"NAMESPACE",
    /// The server's description of itself (RFC 2971).
    Id b"ID",
    /// A quota (RFC 9208).
    Quota b"QUOTA",
    /// The quota roots of a mailbox (RFC 9208).
    QuotaRoot b"QUOTAROOT",
    /// An access control list (RFC 4314).
    Acl b"ACL",
    /// The rights that can be granted (RFC 4314).
    ListRights b"LISTRIGHTS",
    /// The caller's own rights (RFC 4314).
    MyRights b"MYRIGHTS",
    /// Annotations (RFC 5464).
    Metadata b"METADATA",
    /// Languages (RFC 5255).
    Language b"LANGUAGE",
    /// Comparators (RFC 5255).
    Comparator b"COMPARATOR",
    /// A URL with authorisation (RFC 4467).
    Genurlauth b"GENURLAUTH",
    /// The content of a URL (RFC 4467).
    Urlfetch b"URLFETCH",
    /// Converted data (RFC 5259).
    Converted b"CONVERTED",
    /// The URL of the JMAP service with the same mail (RFC 9698).
    Jmapaccess b"JMAPACCESS",
}

impl Kind {
    /// The kind of responses that begin with this word.
    pub(crate) fn of(word: &[u8]) -> Self {
        word_kind(word)
    }
}

/// The kind of a complete response.
///
/// ```
/// use postroom::imap::codec::{Route, route};
///
/// assert_eq!(route(b"+ go ahead\r\n"), Route::Continuation);
/// ```
#[inline]
pub fn route(frame: &[u8]) -> Route<'_> {
    split(frame).0
}

/// The kind of a complete response, and the bytes after the tokens that determine it, including the line end.
///
/// ```
/// use postroom::imap::codec::{Kind, Route, split};
///
/// assert_eq!(split(b"* SEARCH 2 3\r\n"), (Route::Untagged(Kind::Search), &b"2 3\r\n"[..]));
/// ```
#[inline(always)]
pub fn split(frame: &[u8]) -> (Route<'_>, &[u8]) {
    match split_fetch(frame) {
        Some((number, rest)) => (Route::Untagged(Kind::Fetch(number)), rest),
        None => split_any(frame),
    }
}

/// `* n FETCH (` in its usual form. Nearly everything that a server sends in bulk begins like this.
#[inline(always)]
fn split_fetch(frame: &[u8]) -> Option<(u32, &[u8])> {
    let mut cursor = Cursor::new(frame, 2);
    let number = cursor.number().and_then(|number| u32::try_from(number).ok())?;
    let (name, _) = cursor.rest().split_first_chunk()?;
    let usual = number > 0 && frame.first_chunk() == Some(b"* ") && name == b" FETCH (";
    cursor.advance(name.len() - 1);
    usual.then_some((number, cursor.rest()))
}

#[inline(never)]
fn split_any(frame: &[u8]) -> (Route<'_>, &[u8]) {
    let mut cursor = Cursor::new(frame, 0);
    let route = read(&mut cursor);
    (route, cursor.rest())
}

/// Whether this line has no literals: it begins a response that ends in free text, or is not a response.
pub(crate) fn is_text(line: &[u8]) -> bool {
    if is_plainly_fetch(line) {
        return false;
    }
    match route(line) {
        Route::Untagged(kind) => matches!(kind, Kind::Ok | Kind::No | Kind::Bad | Kind::Bye | Kind::Preauth),
        Route::Tagged { .. } | Route::Continuation | Route::Unknown => true,
    }
}

/// Whether this begins a response with search results, expunged UIDs or a message's data. Its length depends on the mailbox and its
/// messages, so no limit for one line applies.
#[cold]
pub(crate) fn is_data(response: &[u8]) -> bool {
    let kinds = [Kind::Search, Kind::Esearch, Kind::Sort, Kind::Thread, Kind::Vanished];
    match route(response) {
        Route::Untagged(Kind::Fetch(_) | Kind::UidFetch(_)) => true,
        Route::Untagged(kind) => kinds.contains(&kind),
        _ => false,
    }
}

/// Whether this is `* n FETCH `, as nearly all responses with literals are. Does not parse the number.
#[inline]
fn is_plainly_fetch(line: &[u8]) -> bool {
    let Some(mut rest) = line.strip_prefix(b"* ") else {
        return false;
    };
    while let [b'0'..=b'9', after @ ..] = rest {
        rest = after;
    }
    rest.starts_with(b" FETCH ")
}

#[inline]
fn read<'a>(cursor: &mut Cursor<'a>) -> Route<'a> {
    while matches!(cursor.peek(), Some(0 | b'\r' | b'\n')) {
        cursor.advance(1);
    }
    match cursor.peek() {
        Some(b'*') => {
            cursor.advance(1);
            untagged(cursor)
        }
        Some(b'+') => {
            cursor.advance(1);
            cursor.skip_spaces();
            Route::Continuation
        }
        _ => tagged(cursor),
    }
}

#[inline]
fn untagged<'a>(cursor: &mut Cursor<'a>) -> Route<'a> {
    if cursor.peek() != Some(b' ') {
        return Route::Unknown;
    }
    cursor.skip_spaces();
    if cursor.peek().is_some_and(|byte| byte.is_ascii_digit()) {
        return Route::Untagged(numbered(cursor));
    }
    let start = cursor.at();
    let word = word(cursor);
    match word_kind(word) {
        Kind::Other => {
            cursor.seek(start);
            Route::Untagged(Kind::Other)
        }
        kind => Route::Untagged(kind),
    }
}

#[inline]
fn numbered(cursor: &mut Cursor<'_>) -> Kind {
    let start = cursor.at();
    let number = cursor.number().and_then(|number| u32::try_from(number).ok());
    cursor.skip_spaces();
    let word = word(cursor);
    let kind = number.map_or(Kind::Other, |number| number_kind(number, word));
    if kind == Kind::Other {
        cursor.seek(start);
    }
    kind
}

#[inline]
fn number_kind(number: u32, word: &[u8]) -> Kind {
    match (number, word.len()) {
        // One server of 2004 sends `* 0 FETCH`. No message has the number 0, so there is no data.
        (1.., 5) if word.eq_ignore_ascii_case(b"FETCH") => Kind::Fetch(number),
        (1.., 7) if word.eq_ignore_ascii_case(b"EXPUNGE") => Kind::Expunge(number),
        (1.., 8) if word.eq_ignore_ascii_case(b"UIDFETCH") => Kind::UidFetch(number),
        (_, 6) if word.eq_ignore_ascii_case(b"EXISTS") => Kind::Exists(number),
        (_, 6) if word.eq_ignore_ascii_case(b"RECENT") => Kind::Recent(number),
        (1.., 2..=3) => match word_kind(word) {
            // Status words after a number have no meaning, but their text must not be read as a literal.
            kind @ (Kind::Ok | Kind::No | Kind::Bad | Kind::Bye) => kind,
            _ => Kind::Other,
        },
        _ => Kind::Other,
    }
}

fn tagged<'a>(cursor: &mut Cursor<'a>) -> Route<'a> {
    let tag = cursor.take_while(is_tag);
    if tag.is_empty() || cursor.peek() != Some(b' ') {
        return Route::Unknown;
    }
    cursor.skip_spaces();
    let word = word(cursor);
    let status = match word_kind(word) {
        Kind::Ok => Ending::Ok,
        Kind::No => Ending::No,
        Kind::Bad => Ending::Bad,
        // BYE is always untagged, but some servers send it with a tag.
        Kind::Bye => return Route::Untagged(Kind::Bye),
        _ => return Route::Unknown,
    };
    Route::Tagged { tag, status }
}

/// Whether a tag can contain this byte: `ASTRING-CHAR` without `+`.
pub(super) fn is_tag(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"+(){%*\"\\".contains(&byte)
}

/// One word, and the spaces after it.
#[inline]
fn word<'a>(cursor: &mut Cursor<'a>) -> &'a [u8] {
    let word = cursor.take_while(|byte| byte > b' ' && byte != b'(' && byte != b'[');
    cursor.skip_spaces();
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_known_by_its_first_tokens_in_any_letter_case() {
        let kind = |frame: &'static [u8]| match route(frame) {
            Route::Untagged(kind) => kind,
            other => panic!("{other:?}"),
        };
        assert_eq!(kind(b"* 23 fetch (FLAGS ())\r\n"), Kind::Fetch(23));
        assert_eq!(kind(b"* 4294967295 EXISTS\r\n"), Kind::Exists(u32::MAX));
        assert_eq!(kind(b"* 4294967296 EXISTS\r\n"), Kind::Other);
        assert_eq!(kind(b"* 0 EXISTS\r\n"), Kind::Exists(0));
        assert_eq!(kind(b"* 0 FETCH (UID 1)\r\n"), Kind::Other);
        assert_eq!(kind(b"*  7 EXPUNGE\r\n"), Kind::Expunge(7));
        assert_eq!(kind(b"* 99 NOOP\r\n"), Kind::Other);
        assert_eq!(kind(b"\0\0\r\n* ok hello\r\n"), Kind::Ok);
        assert_eq!(kind(b"* SEARCH\r\n"), Kind::Search);
        assert_eq!(kind(b"* FLAGS(a b)\r\n"), Kind::Flags);
        assert_eq!(kind(b"* 9 UIDFETCH (FLAGS ())\r\n"), Kind::UidFetch(9));
        assert_eq!(kind(b"* XYZZY 1\r\n"), Kind::Other);
        assert_eq!(kind(b"A5 BYE logging out\r\n"), Kind::Bye);
        assert_eq!(kind(b"* 1 OK no literal {3}\r\n"), Kind::Ok);
        assert_eq!(
            [kind(b"* 1 NO x\r\n"), kind(b"* 1 BAD x\r\n"), kind(b"* 1 BYE x\r\n")],
            [Kind::No, Kind::Bad, Kind::Bye]
        );
        assert!(is_text(b"* 1 OK no literal {3}\r\n") && !is_text(b"* 1 XYZ {3}\r\n"));
    }

    #[test]
    fn the_rest_is_what_stands_behind_the_first_tokens() {
        assert_eq!(split(b"a1  OK  done\r\n"), (Route::Tagged { tag: b"a1", status: Ending::Ok }, &b"done\r\n"[..]));
        assert_eq!(split(b"* 1 FETCH (UID 1)\r\n").1, b"(UID 1)\r\n");
        assert_eq!(split(b"+ YWJj\r\n"), (Route::Continuation, &b"YWJj\r\n"[..]));
        assert_eq!(split(b"+\r\n"), (Route::Continuation, &b"\r\n"[..]));
        assert_eq!(split(b"* [COPYUID 1 2 3]\r\n").1, b"[COPYUID 1 2 3]\r\n");
        assert_eq!(split(b"* OK[X] y\r\n").1, b"[X] y\r\n");
    }

    #[test]
    fn what_is_no_response_is_unknown() {
        for line in
            [&b")\r\n"[..], b"HTTP/1.1 400 Bad Request\r\n", b"220 mail ESMTP\r\n", b"", b"\r\n", b"a1\r\n", b"*\r\n"]
        {
            assert_eq!(route(line), Route::Unknown, "{line:?}");
        }
    }
}

//! Looks at the first tokens of a complete response and says what it is, without reading the rest. It must not know who
//! waits for it.

use crate::wire::Cursor;

/// What a response is, by its first tokens (RFC 9051 §7).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Route<'a> {
    /// The end of a command.
    Tagged {
        /// The command's tag, as the server repeats it.
        tag: &'a [u8],
        /// How it ended.
        status: Ending,
    },
    /// `+`: the server waits for the rest of a command.
    Continuation,
    /// `*`: everything else that a server says.
    Untagged(Kind),
    /// Neither of them: a stray line, or not IMAP.
    Unknown,
}

/// How a command ended (RFC 9051 §7.1).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a tagged response is OK, NO or BAD (RFC 9051 §7.1)")]
pub enum Ending {
    /// Done.
    Ok,
    /// Refused.
    No,
    /// Not understood.
    Bad,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $word:literal,)*) => {
        /// The kinds of untagged responses.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
            /// How many messages the mailbox has.
            Exists(u32),
            /// How many messages are recent (RFC 3501 §7.3.2).
            Recent(u32),
            /// That message sequence number is gone.
            Expunge(u32),
            /// Data of the message with that sequence number.
            Fetch(u32),
            /// Data of the message with that UID (RFC 9586).
            UidFetch(u32),
            /// Anything else, a number out of its range included.
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
    /// A complaint that concerns no command in particular.
    Bad b"BAD",
    /// The server is about to close.
    Bye b"BYE",
    /// A greeting: already logged in.
    Preauth b"PREAUTH",
    /// What the server can do.
    Capability b"CAPABILITY",
    /// What was enabled (RFC 5161).
    Enabled b"ENABLED",
    /// A mailbox.
    List b"LIST",
    /// A subscribed mailbox (RFC 3501 §7.2.3).
    Lsub b"LSUB",
    /// A mailbox, before RFC 6154.
    Xlist b"XLIST",
    /// Counts of a mailbox.
    Status b"STATUS",
    /// Numbers found.
    Search b"SEARCH",
    /// What was found, in short (RFC 4731).
    Esearch b"ESEARCH",
    /// Numbers in order (RFC 5256).
    Sort b"SORT",
    /// Threads of numbers (RFC 5256).
    Thread b"THREAD",
    /// The flags of the mailbox.
    Flags b"FLAGS",
    /// UIDs that are gone (RFC 7162).
    Vanished b"VANISHED",
    /// Namespaces (RFC 2342).
    Namespace b"NAMESPACE",
    /// Who the server is (RFC 2971).
    Id b"ID",
    /// A quota (RFC 9208).
    Quota b"QUOTA",
    /// Which quota roots a mailbox has (RFC 9208).
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
    /// What a URL points at (RFC 4467).
    Urlfetch b"URLFETCH",
    /// Converted data (RFC 5259).
    Converted b"CONVERTED",
    /// Where the same mail is reached by JMAP (RFC 9698).
    Jmapaccess b"JMAPACCESS",
}

impl Kind {
    /// The kind of responses that begin with this word.
    pub(crate) fn of(word: &[u8]) -> Self {
        word_kind(word)
    }
}

/// What this complete response is.
#[inline]
pub fn route(frame: &[u8]) -> Route<'_> {
    split(frame).0
}

/// What this complete response is, and what stands behind the tokens that said so; it still has its line end.
#[inline(always)]
pub fn split(frame: &[u8]) -> (Route<'_>, &[u8]) {
    match split_fetch(frame) {
        Some((number, rest)) => (Route::Untagged(Kind::Fetch(number)), rest),
        None => split_any(frame),
    }
}

/// A message's data in the usual form, which nearly all is that a server sends in bulk.
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

/// Whether this line begins a response that ends in free text, or is none at all: there are no literals in it.
pub(crate) fn is_text(line: &[u8]) -> bool {
    if is_plainly_fetch(line) {
        return false;
    }
    match route(line) {
        Route::Untagged(kind) => matches!(kind, Kind::Ok | Kind::No | Kind::Bad | Kind::Bye | Kind::Preauth),
        Route::Tagged { .. } | Route::Continuation | Route::Unknown => true,
    }
}

/// Whether this begins a response of numbers that were found or are gone, or of a message's data: they may be as long as the
/// mailbox and its messages make them.
#[cold]
pub(crate) fn is_data(response: &[u8]) -> bool {
    let kinds = [Kind::Search, Kind::Esearch, Kind::Sort, Kind::Thread, Kind::Vanished];
    match route(response) {
        Route::Untagged(Kind::Fetch(_) | Kind::UidFetch(_)) => true,
        Route::Untagged(kind) => kinds.contains(&kind),
        _ => false,
    }
}

/// Whether this is a message's data, as nearly all that has literals is. Which message's need not be known.
#[inline]
fn is_plainly_fetch(line: &[u8]) -> bool {
    let Some(mut rest) = line.strip_prefix(b"* ") else {
        return false;
    };
    while let [b'0'..=b'9', behind @ ..] = rest {
        rest = behind;
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
        // One server of 2004 sends `* 0 FETCH`: no message, so nothing to tell.
        (1.., 5) if word.eq_ignore_ascii_case(b"FETCH") => Kind::Fetch(number),
        (1.., 7) if word.eq_ignore_ascii_case(b"EXPUNGE") => Kind::Expunge(number),
        (1.., 8) if word.eq_ignore_ascii_case(b"UIDFETCH") => Kind::UidFetch(number),
        (_, 6) if word.eq_ignore_ascii_case(b"EXISTS") => Kind::Exists(number),
        (_, 6) if word.eq_ignore_ascii_case(b"RECENT") => Kind::Recent(number),
        (1.., 2..=3) => match word_kind(word) {
            // Status words after a number are noise, but their text must not be taken for a literal.
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
        // A server that is about to close has no use for tags, but some write one.
        Kind::Bye => return Route::Untagged(Kind::Bye),
        _ => return Route::Unknown,
    };
    Route::Tagged { tag, status }
}

/// `ASTRING-CHAR` without `+`: what no tag holds begins a stray line.
pub(super) fn is_tag(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"+(){%*\"\\".contains(&byte)
}

/// One word, and the spaces behind it.
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

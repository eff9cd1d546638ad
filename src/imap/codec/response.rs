//! Reads any complete response into one [`Response`], by the reader for its kind. It must not know a session: neither who asked, nor
//! what follows.

use bytes::Bytes;

use super::fetch::UnreadableFetch;
use super::grammar::lossy;
use super::route::{Kind, Route, split};
use super::unreadable::Unreadable;
use super::{
    acl, capability, fetched, flags, id, language, list, metadata, namespace, quota, search, sort, status, text,
    thread, url, vanished,
};
use crate::defect::Reason;
use crate::imap::types::{Condition, Outcome, Response, SeqNum};
use crate::limits::Limits;

/// Reads one complete response, from its first byte to its line end, as [`Framer`](super::Framer) finds it.
///
/// Mailbox names are read as UTF-8 if the response contains anything but ASCII, otherwise as modified UTF-7, since only a session knows
/// what was agreed on. Of [`Limits`], only [`nesting`](Limits::nesting) applies here. The values of a message are slices of `frame`;
/// everything else is copied.
///
/// # Errors
///
/// [`Unreadable`] if the frame is not a response, if its content does not match its kind, or if a list that is normally short, such as
/// rights, quotas or URLs, has more than 10,000 entries. An unknown kind is [`Response::Other`], and a flaw in one attribute of a message
/// is one of its [defects](crate::imap::Fetched::defects).
///
/// ```
/// use postroom::Limits;
/// use postroom::imap::{Response, codec};
///
/// let read = codec::response(&"* 23 EXISTS\r\n".into(), &Limits::default())?;
/// assert!(matches!(read, Response::Exists(23)));
/// # Ok::<(), postroom::imap::codec::Unreadable>(())
/// ```
pub fn response(frame: &Bytes, limits: &Limits) -> Result<Response, Unreadable> {
    let (route, rest) = split(frame);
    match route {
        Route::Tagged { .. } => {
            let (tag, condition) = text::tagged(frame)?;
            Ok(Response::Tagged { tag: lossy(tag), condition })
        }
        Route::Continuation => {
            let (code, text) = text::resp_text(rest);
            Ok(Response::Continuation { code, text })
        }
        Route::Untagged(kind) => untagged(kind, frame, rest, limits),
        Route::Unknown => match bare_code(frame) {
            Some(condition) => Ok(Response::Condition(condition)),
            None if is_left_over(frame) => Ok(other(frame, b"")),
            None => Err(Unreadable { offset: 0, reason: "this is not a response" }),
        },
    }
}

fn untagged(kind: Kind, frame: &Bytes, rest: &[u8], limits: &Limits) -> Result<Response, Unreadable> {
    let utf8 = !frame.is_ascii();
    Ok(match kind {
        Kind::Ok | Kind::No | Kind::Bad | Kind::Bye | Kind::Preauth => Response::Condition(text::untagged(frame)?),
        Kind::Capability => Response::Capability(capability::parse(frame)?),
        Kind::Enabled => Response::Enabled(capability::parse(frame)?),
        Kind::List => Response::List(list::parse(frame, utf8)?),
        Kind::Lsub => Response::Lsub(list::parse(frame, utf8)?),
        Kind::Xlist => Response::Xlist(list::parse(frame, utf8)?),
        Kind::Status => Response::Status(status::parse(frame, utf8)?),
        Kind::Search => Response::Search(search::parse(frame)?),
        Kind::Esearch => Response::Esearch(search::parse(frame)?),
        Kind::Sort => Response::Sort(sort::parse(frame)?),
        Kind::Thread => Response::Thread(thread::parse(frame)?),
        Kind::Vanished => Response::Vanished(vanished::parse(frame)?),
        Kind::Flags => Response::Flags(flags::parse(frame)?),
        Kind::Namespace => Response::Namespace(namespace::parse(frame, utf8)?),
        Kind::Id => Response::Id(id::parse(frame)?),
        Kind::Acl => Response::Acl(acl::parse(frame, utf8)?),
        Kind::ListRights => Response::ListRights(acl::list_rights(frame, utf8)?),
        Kind::MyRights => Response::MyRights(acl::my_rights(frame, utf8)?),
        Kind::Quota => Response::Quota(quota::parse(frame)?),
        Kind::QuotaRoot => Response::QuotaRoots(quota::roots(frame, utf8)?),
        Kind::Metadata => Response::Metadata(metadata::parse(frame, utf8)?),
        Kind::Language => Response::Language(language::parse(frame)?),
        Kind::Comparator => Response::Comparator(language::comparators(frame)?),
        Kind::Jmapaccess => Response::JmapAccess(url::jmap_access(frame)?),
        Kind::Genurlauth => Response::GenUrlAuth(url::generated(frame)?),
        Kind::Urlfetch => Response::UrlFetch(url::fetched(frame)?),
        Kind::Exists(count) => Response::Exists(count),
        Kind::Recent(count) => Response::Recent(count),
        Kind::Expunge(seq) => match SeqNum::nonzero(seq) {
            Some(seq) => Response::Expunge(seq),
            None => other(frame, rest),
        },
        Kind::Fetch(_) | Kind::UidFetch(_) => {
            Response::Fetch(fetched(frame.clone(), limits).map_err(|error| unreadable(&error, rest))?)
        }
        _ => match bare_code(rest) {
            Some(condition) => Response::Condition(condition),
            None if is_without_kind(rest) => {
                return Err(Unreadable { offset: frame.len() - rest.len(), reason: NO_KIND });
            }
            None => other(frame, rest),
        },
    })
}

const NO_KIND: &str = "the kind of a response was expected";

/// Exchange and home.pl send `[COPYUID ...]` without the `OK` before it, or even without the `*`.
fn bare_code(line: &[u8]) -> Option<Condition> {
    match text::resp_text(line.trim_ascii_start().starts_with(b"[").then_some(line)?) {
        (None, _) => None,
        (code, text) => Some(Condition { outcome: Outcome::Ok, code, text }),
    }
}

/// Whether the word for the kind is missing, or begins with digits but is not a number.
fn is_without_kind(rest: &[u8]) -> bool {
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let after = rest.get(digits..).unwrap_or_default();
    after.trim_ascii().is_empty() || digits > 0 && !after.first().is_some_and(u8::is_ascii_whitespace)
}

/// Whether this is the rest of a FETCH whose literal was announced a line end too short.
fn is_left_over(frame: &[u8]) -> bool {
    let line = frame.trim_ascii();
    !line.is_empty() && line.iter().all(|&byte| byte == b')')
}

fn other(frame: &Bytes, rest: &[u8]) -> Response {
    let known = frame.len() - rest.len();
    let text = frame.get(..known).filter(|head| head.trim_ascii() != b"*").unwrap_or(rest);
    Response::Other { name: name(text), raw: frame.clone() }
}

/// The first word that is not a number.
fn name(text: &[u8]) -> String {
    let mut words = text.split(|byte| b" \t\r\n\0(".contains(byte)).filter(|word| !word.is_empty() && *word != b"*");
    lossy(words.find(|word| !word.iter().all(u8::is_ascii_digit)).unwrap_or_default())
}

/// A FETCH error has no exact offset: this one is where the list of attributes should begin.
fn unreadable(error: &UnreadableFetch, rest: &[u8]) -> Unreadable {
    let reason = match error.reason() {
        Reason::TooLarge(_) => "the response is too large",
        _ => "a list of attributes was expected",
    };
    Unreadable { offset: error.raw().len() - rest.len(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::types::ResponseCode;

    fn read(frame: &'static str) -> Response {
        response(&frame.into(), &Limits::default()).unwrap()
    }

    #[test]
    fn what_is_not_known_is_handed_on_by_name() {
        for (frame, called) in [
            ("* XYZZY 1 (a)\r\n", "XYZZY"),
            ("* 99 NOOP\r\n", "NOOP"),
            ("* 0 FETCH (UID 1)\r\n", "FETCH"),
            ("* CONVERTED (TAG \"b\") 2 (BODY[3] NIL)\r\n", "CONVERTED"),
            ("* 4294967296 EXISTS\r\n", "EXISTS"),
            (")\r\n", ")"),
        ] {
            let Response::Other { name, raw } = read(frame) else { panic!("{frame} was known") };
            assert_eq!((name.as_str(), &*raw), (called, frame.as_bytes()));
        }
    }

    #[test]
    fn conditions_come_with_a_tag_or_without() {
        let Response::Condition(greeting) = read("* PREAUTH hello\r\n") else { panic!("not read") };
        assert_eq!((greeting.outcome, greeting.text.as_str()), (Outcome::Preauth, "hello"));
        let Response::Tagged { tag, condition } = read("a.1 NO [TRYCREATE] no\r\n") else { panic!("not read") };
        assert_eq!((tag.as_str(), condition.code), ("a.1", Some(ResponseCode::TryCreate)));
        let Response::Continuation { code: None, text } = read("+ YWJj\r\n") else { panic!("not read") };
        assert_eq!(text, "YWJj");
    }

    #[test]
    fn a_code_may_stand_alone() {
        for frame in ["* [COPYUID 1 2 3] done\r\n", "[COPYUID 1 2 3] done\r\n"] {
            let Response::Condition(said) = read(frame) else { panic!("not read") };
            assert!(matches!(said.code, Some(ResponseCode::CopyUid(_))) && said.text == "done");
        }
    }

    #[test]
    fn what_promises_more_than_it_says_is_an_error_with_its_place() {
        for (frame, offset) in [
            ("* FLAGS x\r\n", 8),
            ("* 1 FETCH x\r\n", 10),
            ("HTTP/1.1 200\r\n", 0),
            ("* 22C\r\n", 2),
            ("* \r\n", 2),
            ("* 5\r\n", 2),
        ] {
            assert_eq!(response(&frame.into(), &Limits::default()).unwrap_err().offset, offset, "{frame}");
        }
    }
}

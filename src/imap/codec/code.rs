//! Reads response codes (RFC 9051 §7.1, RFC 5530, RFC 4315): a name and its bytes become a [`ResponseCode`]. Reading cannot fail: data
//! that cannot be parsed is kept. It must not know which command the code answers.

use nom::Parser;
use nom::branch::alt;
use nom::character::complete::char;
use nom::combinator::{all_consuming, map};
use nom::multi::fold_many0;
use nom::sequence::delimited;

use super::grammar::{self, astring, lossy, spaced, words_ahead, words_in_parentheses};
use crate::Code;
use crate::imap::types::{
    AnnotationSize, AnnotationSupport, Capabilities, CopyUid, Progress, ResponseCode, SeqNum, Uid, UidList,
    UidValidity, Uids,
};

/// The code with this name and data.
pub(crate) fn code(name: &str, data: &[u8]) -> ResponseCode {
    let data = data.trim_ascii();
    let known = match data {
        b"" => ResponseCode::bare(name),
        _ => None,
    };
    known
        .or_else(|| with_data(&name.to_ascii_uppercase(), data))
        .unwrap_or_else(|| ResponseCode::Other(Code::new(name, lossy(data))))
}

fn with_data(name: &str, data: &[u8]) -> Option<ResponseCode> {
    Some(match name {
        "BADCHARSET" => ResponseCode::BadCharset(charsets(data)?),
        "CAPABILITY" => ResponseCode::Capability(Capabilities::from_text(&String::from_utf8_lossy(data))),
        "PERMANENTFLAGS" => ResponseCode::PermanentFlags(whole(data, grammar::flag_list)?),
        "UIDNEXT" => ResponseCode::UidNext(Uid::nonzero(small(data)?)),
        "UIDVALIDITY" => ResponseCode::UidValidity(UidValidity::nonzero(small(data)?)),
        "UNSEEN" => ResponseCode::Unseen(SeqNum::nonzero(small(data)?)),
        "HIGHESTMODSEQ" => ResponseCode::HighestModSeq(whole(data, grammar::number)?),
        "MODIFIED" => ResponseCode::Modified(Uids::from_wire(data)?),
        "APPENDUID" => append_uid(data)?,
        "COPYUID" => copy_uid(data)?,
        "REFERRAL" => ResponseCode::Referral(lossy(data)),
        "MAILBOXID" => ResponseCode::MailboxId(mailbox_id(data)?),
        "BADURL" if !data.is_empty() => ResponseCode::BadUrl(lossy(data)),
        "URLMECH" if !data.is_empty() && words_ahead(data) <= MOST_WORDS => {
            ResponseCode::UrlMechanisms(lossy(data).split_ascii_whitespace().map(str::to_owned).collect())
        }
        "ANNOTATE" => annotate(data)?,
        "ANNOTATIONS" => ResponseCode::Annotations(annotations(data)?),
        "METADATA" => metadata(data)?,
        "BADEVENT" if words_ahead(data) <= MOST_WORDS => {
            ResponseCode::BadEvent(whole(data, words_in_parentheses(|name| Some(lossy(name))))?)
        }
        "NOUPDATE" => ResponseCode::NoUpdate(lossy(&whole(data, grammar::astring)?)),
        "UNDEFINED-FILTER" => ResponseCode::UndefinedFilter(lossy(&whole(data, grammar::astring)?)),
        "MAXCONVERTMESSAGES" => ResponseCode::MaxConvertMessages(whole(data, grammar::number)?),
        "MAXCONVERTPARTS" => ResponseCode::MaxConvertParts(whole(data, grammar::number)?),
        "INPROGRESS" => ResponseCode::InProgress(progress(data)?),
        "MESSAGELIMIT" => message_limit(data)?,
        _ => return None,
    })
}

fn whole<'a, T>(data: &'a [u8], parser: impl Parser<&'a [u8], Output = T, Error = grammar::Fail<'a>>) -> Option<T> {
    all_consuming(parser).parse(data).ok().map(|(_, value)| value)
}

fn digits(data: &[u8]) -> Option<u64> {
    std::str::from_utf8(data).ok()?.parse().ok()
}

fn small(data: &[u8]) -> Option<u32> {
    u32::try_from(whole(data, grammar::number)?).ok()
}

/// The largest list that is parsed. Longer ones are kept as text, which takes less memory.
const MOST_WORDS: usize = 1000;

fn charsets(data: &[u8]) -> Option<Vec<String>> {
    if words_ahead(data) > MOST_WORDS {
        return None;
    }
    if data.is_empty() {
        return Some(Vec::new());
    }
    let names = || {
        fold_many0(
            spaced(astring),
            || Vec::with_capacity(words_ahead(data)),
            |mut names, name| {
                names.push(lossy(&name));
                names
            },
        )
    };
    // An example in RFC 5182 §2.2 has no parentheses.
    all_consuming(alt((delimited(char('('), names(), spaced(char(')'))), names())))
        .parse(data)
        .ok()
        .map(|(_, names)| names)
}

/// RFC 5257 §5.
fn annotate(data: &[u8]) -> Option<ResponseCode> {
    match data.to_ascii_uppercase().as_slice() {
        b"TOOBIG" => Some(ResponseCode::AnnotateTooBig),
        b"TOOMANY" => Some(ResponseCode::AnnotateTooMany),
        _ => None,
    }
}

/// RFC 5257 §5.
fn annotations(data: &[u8]) -> Option<AnnotationSupport> {
    let (size, private) = split_at_space(data);
    let no_private = match private.trim_ascii() {
        b"" => false,
        word => word.eq_ignore_ascii_case(b"NOPRIVATE").then_some(true)?,
    };
    let size = match size.to_ascii_uppercase().as_slice() {
        b"NONE" => AnnotationSize::Unsupported,
        b"READ-ONLY" => AnnotationSize::ReadOnly,
        octets => AnnotationSize::UpTo(digits(octets)?),
    };
    Some(AnnotationSupport { size, no_private })
}

/// RFC 5464 §5.
fn metadata(data: &[u8]) -> Option<ResponseCode> {
    let (what, octets) = split_at_space(data);
    let octets = whole(octets.trim_ascii(), grammar::number);
    match (what.to_ascii_uppercase().as_slice(), octets) {
        (b"TOOMANY", None) => Some(ResponseCode::MetadataTooMany),
        (b"NOPRIVATE", None) => Some(ResponseCode::MetadataNoPrivate),
        (b"LONGENTRIES", Some(octets)) => Some(ResponseCode::MetadataLongEntries(octets)),
        (b"MAXSIZE", Some(octets)) => Some(ResponseCode::MetadataMaxSize(octets)),
        _ => None,
    }
}

/// RFC 9585: `("A1" 454 1000)` with NIL for an unknown value, or no data.
fn progress(data: &[u8]) -> Option<Progress> {
    if data.is_empty() {
        return Some(Progress::default());
    }
    let number = || spaced(alt((map(grammar::nil, |()| None), map(grammar::number, Some))));
    let inside = (grammar::nstring, number(), number());
    let mut parser = all_consuming(delimited(grammar::lead("("), inside, spaced(grammar::lead(")"))));
    let (_, (tag, done, goal)) = parser.parse(data).ok()?;
    Some(Progress { tag: tag.map(|tag| lossy(&tag)), done, goal })
}

/// RFC 9738 §5.
fn message_limit(data: &[u8]) -> Option<ResponseCode> {
    let (limit, last) = split_at_space(data);
    let last = match last.trim_ascii() {
        b"" => None,
        last => Some(Uid::nonzero(small(last)?)?),
    };
    Some(ResponseCode::MessageLimit { limit: whole(limit, grammar::number)?, last })
}

/// `(id)`; also quoted, or without parentheses.
fn mailbox_id(data: &[u8]) -> Option<String> {
    let inside = delimited(grammar::lead("("), spaced(astring), spaced(grammar::lead(")")));
    all_consuming(alt((inside, astring))).parse(data).ok().map(|(_, id)| lossy(&id))
}

fn append_uid(data: &[u8]) -> Option<ResponseCode> {
    let (validity, uids) = split_at_space(data);
    let uids = Uids::from_wire(uids.trim_ascii())?;
    Some(ResponseCode::AppendUid(match UidValidity::nonzero(small(validity)?) {
        Some(validity) => uids.stamped(validity),
        None => uids,
    }))
}

/// Some servers send two empty sets when nothing was copied.
fn copy_uid(data: &[u8]) -> Option<ResponseCode> {
    let (validity, sets) = split_at_space(data);
    let (from, to) = split_at_space(sets.trim_ascii());
    let [from, to] = [ranges(from)?, ranges(to.trim_ascii())?];
    Some(ResponseCode::CopyUid(CopyUid::new(UidValidity::nonzero(small(validity)?), from, to)))
}

/// A `uid-set` in the server's order, by which messages and copies are paired.
fn ranges(set: &[u8]) -> Option<UidList> {
    if set.is_empty() { Some(UidList::default()) } else { UidList::from_wire(set) }
}

fn split_at_space(data: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr::memchr(b' ', data).unwrap_or(data.len());
    data.split_at_checked(end).unwrap_or((data, &[]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn codes_of_the_rfcs_are_typed_and_become_root_codes() {
        for (name, data) in [
            ("TRYCREATE", ""),
            ("READ-ONLY", ""),
            ("UNKNOWN-CTE", ""),
            ("BADCHARSET", "(UTF-8 US-ASCII)"),
            ("CAPABILITY", "IMAP4REV1 IDLE"),
            ("PERMANENTFLAGS", "(\\Deleted \\*)"),
            ("UIDNEXT", "4392"),
            ("UIDVALIDITY", "0"),
            ("UNSEEN", "12"),
            ("HIGHESTMODSEQ", "715194045007"),
            ("MODIFIED", "7,9"),
            ("APPENDUID", "38505 3955"),
            ("COPYUID", "38505 304,319:320 3956:3958"),
            ("MAILBOXID", "(F2212ea87-6097)"),
            ("REFERRAL", "imap://user@host/"),
            // RFC 4469 §4, RFC 5255 §4.9, RFC 4978 §3
            ("BADURL", "/INBOX;UIDVALIDITY=785799047/;UID=113330;section=1.5.9"),
            // RFC 4467
            ("URLMECH", "INTERNAL XSAMPLE=P34OKhO7VEkCbsiYY8rGEg=="),
            ("BADCOMPARATOR", ""),
            ("COMPRESSIONACTIVE", ""),
            // RFC 5257 §4.1.1, §4.6
            ("ANNOTATIONS", "20000 NOPRIVATE"),
            ("ANNOTATIONS", "READ-ONLY"),
            ("ANNOTATIONS", "NONE"),
            ("ANNOTATE", "TOOMANY"),
            ("ANNOTATE", "TOOBIG"),
            // RFC 5464 §4.2.1, §4.3
            ("METADATA", "LONGENTRIES 2199"),
            ("METADATA", "MAXSIZE 1024"),
            ("METADATA", "TOOMANY"),
            ("METADATA", "NOPRIVATE"),
            // RFC 5465 §3.1, §5.8
            ("BADEVENT", "(MessageNew MessageExpunge)"),
            ("NOTIFICATIONOVERFLOW", ""),
            // RFC 5267 §4.3.1, RFC 5466 §3.1
            ("NOUPDATE", "\"B02\""),
            ("UNDEFINED-FILTER", "on-the-road"),
            // RFC 5259 §9
            ("TEMPFAIL", ""),
            ("MAXCONVERTMESSAGES", "1"),
            ("MAXCONVERTPARTS", "5"),
            // RFC 9585, RFC 9586
            ("INPROGRESS", ""),
            ("INPROGRESS", "(\"A001\" 454 1000)"),
            ("INPROGRESS", "(NIL 454 NIL)"),
            ("UIDREQUIRED", ""),
            // RFC 9738 §3
            ("MESSAGELIMIT", "1000 23221"),
            ("MESSAGELIMIT", "1000"),
            ("XFOO", "bar (x)"),
        ] {
            let read = code(name, data.as_bytes());
            assert_eq!((read.name(), read.data().as_str()), (name, data));
            assert_eq!(Code::from(read.clone()), Code::new(name, data));
            assert_eq!(matches!(read, ResponseCode::Other(_)), name == "XFOO");
        }
    }

    #[test]
    fn charsets_may_be_quoted() {
        let ResponseCode::BadCharset(names) = code("BADCHARSET", b"(US-ASCII \"a [b] c\" )") else {
            panic!("not read")
        };
        assert_eq!(names, ["US-ASCII", "a [b] c"]);
        assert_eq!(code("BADCHARSET", b"UTF-8"), ResponseCode::BadCharset(vec!["UTF-8".into()]));
    }

    #[test]
    fn lists_of_words_are_long_as_they_may_be_and_kept_as_they_are_beyond() {
        let list = |count: usize| format!("({})", vec!["a"; count].join(" "));
        let ResponseCode::BadCharset(names) = code("BADCHARSET", list(1000).as_bytes()) else { panic!("not read") };
        assert!(names.len() == 1000 && names.capacity() <= 1001);
        for name in ["BADCHARSET", "BADEVENT", "URLMECH"] {
            assert!(!matches!(code(name, list(1000).as_bytes()), ResponseCode::Other(_)), "{name}");
            let ResponseCode::Other(long) = code(name, list(1001).as_bytes()) else { panic!("{name} was read") };
            assert_eq!((long.name(), long.data().len()), (name, list(1001).len()));
        }
    }

    #[test]
    fn data_that_is_not_what_its_rfc_says_is_kept_as_it_is() {
        for (name, data) in [
            ("UIDNEXT", "x"),
            ("COPYUID", "1 0 5"),
            ("APPENDUID", "1"),
            ("PERMANENTFLAGS", "a"),
            ("TRYCREATE", "x"),
            ("METADATA", "TOOMANY 3"),
            ("METADATA", "MAXSIZE"),
            ("ANNOTATIONS", "5 x"),
            ("INPROGRESS", "(x)"),
            ("MESSAGELIMIT", "5 0"),
            ("BADURL", ""),
        ] {
            assert!(matches!(code(name, data.as_bytes()), ResponseCode::Other(kept) if kept.data() == data), "{name}");
        }
    }

    #[test]
    fn an_empty_copyuid_maps_nothing() {
        let ResponseCode::CopyUid(copied) = code("COPYUID", b"38505  ") else { panic!("not read") };
        assert!(copied.from().is_empty() && copied.to().is_empty());
    }

    proptest! {
        #[test]
        fn no_data_makes_it_panic(name in "(COPYUID|APPENDUID|PERMANENTFLAGS|BADCHARSET|MAILBOXID|MODIFIED|INPROGRESS|METADATA|ANNOTATIONS|NOUPDATE|MESSAGELIMIT)", data in "[0-9:,*() aNIL\"\\\\]{0,20}") {
            let _ = code(&name, data.as_bytes()).data();
        }
    }
}

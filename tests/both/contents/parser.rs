//! Contents beside mail-parser on the whole bytes: the same parts, names, types, texts and octets. Where they differ, a table says why.

use std::collections::{BTreeMap, BTreeSet};

use postroom::Contents;
use postroom::mail_parser::{self, MimeHeaders, PartType};

use super::{BROKEN, SOUND, message};
use crate::mime_mail::broken::{Fault, broken};
use crate::mime_mail::{Expected, Generated, sound};
use crate::seen::lines;

/// A part as mail-parser sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Parsed {
    section: String,
    media_type: String,
    charset: Option<String>,
    name: Option<String>,
}

/// Why a message is misread, and whether a message is one of these.
type Misread = (&'static str, fn(&Generated) -> bool);

/// What mail-parser makes otherwise of sound messages, and which messages have it.
const MISREAD: &[Misread] = &[(
    "a message that is all of a message in a multipart: only the inner one is ended by the boundary",
    |generated| {
        let is_message = |part: &Expected| part.media_type == "message/rfc822";
        let parts = generated.parts.windows(2).enumerate().filter(|(_, two)| two.iter().all(is_message));
        let is_in_multipart = |at: usize| generated.parts[..at].iter().any(|part| part.encoded.is_none());
        parts.filter(|(_, two)| two[1].section == format!("{}.1", two[0].section)).any(|(at, _)| is_in_multipart(at))
    },
)];

/// What mail-parser makes of each fault otherwise, and why. Contents are those of the servers.
const DIFFERENCES: &[(Fault, &str)] = &[
    (Fault::NoLastBoundary, "an outer boundary ends only one message of several inside each other; the rest is lost"),
    (Fault::NoBlankLine, "a boundary within a header ends the part, but not the header; the rest is lost"),
    (Fault::TwoContentTypes, "the last of two fields counts, not the first"),
    (Fault::NoSubtype, "a type without a subtype is kept; RFC 2045 §5.2 has text/plain"),
    (Fault::Cut, "a part that ends in its header is left out"),
    (Fault::RandomBytes, "any of these"),
];

/// All parts, and the decoded content of those without parts.
fn walk(message: &mail_parser::Message<'_>, part: u32, path: &[u32], is_body: bool, out: &mut Vec<(Parsed, Vec<u8>)>) {
    let found = &message.parts[part as usize];
    let is_multipart = matches!(&found.body, PartType::Multipart(children) if !children.is_empty());
    let path = if is_body && !is_multipart { [path, &[1]].concat() } else { path.to_vec() };
    let mut section = path.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
    if is_body && is_multipart {
        section += if section.is_empty() { "TEXT" } else { ".TEXT" };
    }
    let kind = found.content_type();
    let default = if matches!(found.body, PartType::Message(_)) { "message/rfc822" } else { "text/plain" };
    let media_type = kind.map_or_else(
        || default.to_owned(),
        |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("?")).to_ascii_lowercase(),
    );
    // A multipart without parts is text to everybody.
    let media_type =
        if media_type.starts_with("multipart/") && !is_multipart { default.to_owned() } else { media_type };
    let charset = kind.and_then(|kind| kind.attribute("charset")).map(|charset| charset.trim().to_owned());
    let charset = charset.filter(|charset| !charset.is_empty() && !charset.eq_ignore_ascii_case("us-ascii"));
    let name = found.attachment_name().filter(|name| !name.is_empty()).map(str::to_owned);
    out.push((Parsed { section, media_type, charset, name }, found.contents().to_vec()));
    match &found.body {
        // It can make a multipart its own child.
        _ if path.len() > 50 || out.len() > 1000 => {}
        PartType::Multipart(children) => {
            for (number, child) in (1..).zip(children) {
                walk(message, *child, &[&path[..], &[number]].concat(), false, out);
            }
        }
        PartType::Message(inner) => walk(inner, 0, &path, true, out),
        _ => {}
    }
}

/// `None` if mail-parser panics: it asserts in debug builds that its own state is consistent.
fn parsed(bytes: &[u8]) -> Option<Vec<(Parsed, Vec<u8>)>> {
    let parse = || {
        let mut out = Vec::new();
        if let Some(parsed) = message(bytes).parse() {
            walk(&parsed, 0, &[], true, &mut out);
        }
        out
    };
    std::panic::catch_unwind(parse).ok()
}

fn ours(bytes: &[u8]) -> Vec<Parsed> {
    let contents = Contents::parse(bytes.to_vec());
    let part = |part: &postroom::MimePart| Parsed {
        section: part.section().to_string(),
        media_type: part.media_type().to_owned(),
        charset: part.charset().map(str::to_owned),
        name: part.declared_name().map(str::to_owned),
    };
    contents.parts().map(part).collect()
}

#[test]
fn generated_messages_are_the_same_to_mail_parser_but_for_the_table() {
    let mut met = BTreeSet::new();
    for seed in 0..SOUND {
        let generated = sound(seed);
        let what = format!("{}\n{}", generated.what, String::from_utf8_lossy(&generated.bytes));
        let parsed = parsed(&generated.bytes).unwrap_or_default();
        let parts: Vec<_> = parsed.iter().map(|(parsed, _)| parsed.clone()).collect();
        if parts != ours(&generated.bytes) {
            let known = MISREAD.iter().position(|(_, has_it)| has_it(&generated));
            met.insert(known.unwrap_or_else(|| panic!("{what}\n{parts:#?}\n{:#?}", ours(&generated.bytes))));
            continue;
        }
        for ((_, content), expected) in parsed.iter().zip(&generated.parts) {
            let is_leaf = expected.encoded.is_some() && expected.media_type != "message/rfc822";
            if is_leaf {
                let expected = expected.text.as_ref().map_or(&expected.octets[..], |text| text.as_bytes());
                assert_eq!(String::from_utf8_lossy(content), String::from_utf8_lossy(expected), "{what}");
            }
        }
    }
    for (place, (why, _)) in MISREAD.iter().enumerate() {
        assert!(met.contains(&place), "no difference any more: {why}");
    }
}

#[test]
fn broken_messages_are_the_same_to_mail_parser_but_for_the_table() {
    let mut found: BTreeMap<Fault, Vec<String>> = BTreeMap::new();
    for fault in Fault::ALL {
        for seed in 0..BROKEN {
            let broken = broken(seed, fault);
            let parsed: Vec<_> = parsed(&broken.bytes).into_iter().flatten().map(|(parsed, _)| parsed).collect();
            let ours = ours(&broken.bytes);
            if parsed != ours {
                let text = String::from_utf8_lossy(&broken.bytes);
                let what = format!(
                    "{}\n{text}\nmail-parser:\n{}ours:\n{}",
                    broken.what,
                    lines(&parsed, &ours),
                    lines(&ours, &parsed)
                );
                found.entry(fault).or_default().push(what);
            }
        }
    }
    let is_known = |fault: &Fault| DIFFERENCES.iter().any(|(known, _)| known == fault);
    let new: Vec<_> = found.iter().filter(|(fault, _)| !is_known(fault)).collect();
    let counts: Vec<_> = found.iter().map(|(fault, all)| (fault, all.len())).collect();
    assert!(
        new.is_empty(),
        "{counts:?}\n{}",
        new.iter().map(|(_, all)| all[0].clone()).collect::<Vec<_>>().join("\n\n")
    );
    for (fault, why) in DIFFERENCES {
        assert!(found.contains_key(fault), "{fault:?} is no difference any more: {why}");
    }
}

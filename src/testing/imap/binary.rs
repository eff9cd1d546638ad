//! Parts without their transfer encoding (RFC 3516). They are decoded by mail-parser, not by the code under test. It must not know a
//! command.

use std::borrow::Cow;

use mail_parser::decoders::{base64::base64_decode, quoted_printable::quoted_printable_decode};

use super::args::Stop;
use super::item::{Item, Section};
use super::print;
use super::view::Entry;
use crate::testing::mime;
use crate::testing::store::Content;

/// Fails if a part cannot be decoded: nothing is sent then.
pub(super) fn check<'a>(entries: impl Iterator<Item = &'a Entry>, items: &[Item]) -> Result<(), Stop> {
    for entry in entries {
        for item in items {
            if let Item::Binary(section) | Item::BinarySize(section) = item {
                decoded(&entry.content, section).map_err(|()| Stop::no("[UNKNOWN-CTE] This part cannot be decoded"))?;
            }
        }
    }
    Ok(())
}

pub(super) fn print(content: &Content, section: &Section, out: &mut Vec<u8>) {
    out.extend_from_slice(section.label.as_bytes());
    out.push(b' ');
    match decoded(content, section) {
        Ok(Some(octets)) => {
            let octets = section.cut(&octets);
            // RFC 3516 §4.3: only what contains NUL is a literal8.
            if octets.contains(&0) {
                out.push(b'~');
            }
            print::literal(octets, out);
        }
        _ => out.extend_from_slice(b"NIL"),
    }
}

pub(super) fn print_size(content: &Content, section: &Section, out: &mut Vec<u8>) {
    let size = decoded(content, section).ok().flatten().map_or(0, |octets| octets.len());
    out.extend_from_slice(format!("{} {size}", section.label).as_bytes());
}

/// The octets; `None` if there is no such part. `Err` for an encoding that is not known or not followed, and for a whole message that
/// has encoded parts.
fn decoded<'a>(content: &'a Content, section: &Section) -> Result<Option<Cow<'a, [u8]>>, ()> {
    let message = content.bytes.as_ref();
    if section.path.is_empty() {
        let is_plain = |encoding: &[u8]| is_identity(encoding);
        return match every_encoding(content).iter().all(|encoding| is_plain(encoding)) {
            true => Ok(Some(Cow::Borrowed(message))),
            false => Err(()),
        };
    }
    let Some(part) = content.structure().at(&section.path) else { return Ok(None) };
    let header = message.get(part.header.clone()).unwrap_or_default();
    let body = message.get(part.body.clone()).unwrap_or_default();
    let encoding = mime::field(header, "Content-Transfer-Encoding").unwrap_or_default().to_ascii_lowercase();
    match encoding.as_slice() {
        b"base64" => base64_decode(body).map(|octets| Some(octets.into())).ok_or(()),
        b"quoted-printable" => quoted_printable_decode(body).map(|octets| Some(octets.into())).ok_or(()),
        encoding if is_identity(encoding) => Ok(Some(Cow::Borrowed(body))),
        _ => Err(()),
    }
}

fn is_identity(encoding: &[u8]) -> bool {
    let known = [&b""[..], b"7bit", b"8bit", b"binary"];
    known.iter().any(|known| known.eq_ignore_ascii_case(encoding))
}

/// The transfer encodings of a message and its parts.
fn every_encoding(content: &Content) -> Vec<Vec<u8>> {
    let (mut parts, mut found) = (vec![content.structure()], Vec::new());
    while let Some(part) = parts.pop() {
        let header = content.bytes.get(part.header.clone()).unwrap_or_default();
        found.extend(mime::field(header, "Content-Transfer-Encoding"));
        parts.extend(part.children.iter().chain(part.enclosed.as_deref()));
    }
    found
}

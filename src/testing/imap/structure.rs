//! BODY and BODYSTRUCTURE (RFC 3501 §7.4.2).

use super::{envelope, print};
use crate::testing::mime::{self, Part};

/// BODYSTRUCTURE if `extended`, otherwise BODY.
pub(super) fn print(message: &[u8], part: &Part, extended: bool) -> Vec<u8> {
    let mut out = Vec::new();
    write(message, part, extended, &mut out);
    out
}

fn write(message: &[u8], part: &Part, extended: bool, out: &mut Vec<u8>) {
    out.push(b'(');
    if part.children.is_empty() {
        leaf(message, part, extended, out);
    } else {
        multipart(message, part, extended, out);
    }
    out.push(b')');
}

fn multipart(message: &[u8], part: &Part, extended: bool, out: &mut Vec<u8>) {
    for child in &part.children {
        write(message, child, extended, out);
    }
    out.push(b' ');
    print::string(part.sub.as_bytes(), out);
    if extended {
        out.push(b' ');
        parameters(&part.params, out);
        tail(header(message, part), out);
    }
}

fn leaf(message: &[u8], part: &Part, extended: bool, out: &mut Vec<u8>) {
    let header = header(message, part);
    let body = message.get(part.body.clone()).unwrap_or_default();
    print::string(part.main.as_bytes(), out);
    out.push(b' ');
    print::string(part.sub.as_bytes(), out);
    out.push(b' ');
    if part.params.is_empty() && part.main == "TEXT" {
        out.extend_from_slice(b"(\"CHARSET\" \"us-ascii\")");
    } else {
        parameters(&part.params, out);
    }
    for name in ["Content-ID", "Content-Description"] {
        out.push(b' ');
        print::nstring(mime::field(header, name).as_deref(), out);
    }
    out.push(b' ');
    let encoding = mime::field(header, "Content-Transfer-Encoding").unwrap_or_else(|| b"7BIT".to_vec());
    print::string(&encoding.to_ascii_uppercase(), out);
    out.extend_from_slice(format!(" {}", body.len()).as_bytes());
    if let Some(enclosed) = &part.enclosed {
        out.push(b' ');
        envelope::write(message.get(enclosed.header.clone()).unwrap_or_default(), out);
        out.push(b' ');
        write(message, enclosed, extended, out);
    }
    if part.main == "TEXT" || part.enclosed.is_some() {
        out.extend_from_slice(format!(" {}", lines(body)).as_bytes());
    }
    if extended {
        out.push(b' ');
        print::nstring(mime::field(header, "Content-MD5").as_deref(), out);
        tail(header, out);
    }
}

/// Disposition, language, location.
fn tail(header: &[u8], out: &mut Vec<u8>) {
    out.push(b' ');
    match mime::field(header, "Content-Disposition").map(|value| mime::parameters(&value)) {
        Some((kind, params)) if !kind.is_empty() => {
            out.push(b'(');
            print::string(kind.to_ascii_uppercase().as_bytes(), out);
            out.push(b' ');
            parameters(&params, out);
            out.push(b')');
        }
        _ => out.extend_from_slice(b"NIL"),
    }
    out.push(b' ');
    languages(mime::field(header, "Content-Language"), out);
    out.push(b' ');
    print::nstring(mime::field(header, "Content-Location").as_deref(), out);
}

fn languages(value: Option<Vec<u8>>, out: &mut Vec<u8>) {
    let Some(value) = value else {
        return out.extend_from_slice(b"NIL");
    };
    if !value.contains(&b',') {
        return print::string(&value, out);
    }
    for (index, language) in value.split(|&byte| byte == b',').enumerate() {
        out.push(if index == 0 { b'(' } else { b' ' });
        print::string(language.trim_ascii(), out);
    }
    out.push(b')');
}

fn parameters(params: &[(String, Vec<u8>)], out: &mut Vec<u8>) {
    if params.is_empty() {
        return out.extend_from_slice(b"NIL");
    }
    for (index, (name, value)) in params.iter().enumerate() {
        out.push(if index == 0 { b'(' } else { b' ' });
        print::string(name.as_bytes(), out);
        out.push(b' ');
        print::string(value, out);
    }
    out.push(b')');
}

fn header<'a>(message: &'a [u8], part: &Part) -> &'a [u8] {
    message.get(part.header.clone()).unwrap_or_default()
}

fn lines(body: &[u8]) -> usize {
    let ended = memchr::memchr_iter(b'\n', body).count();
    ended + usize::from(!body.is_empty() && !body.ends_with(b"\n"))
}

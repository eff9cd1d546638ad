//! ENVELOPE (RFC 3501 §7.4.2): header fields, not decoded. It must not know a command.

use super::{address, print};
use crate::testing::mime;

pub(super) fn print(header: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    write(header, &mut out);
    out
}

pub(super) fn write(header: &[u8], out: &mut Vec<u8>) {
    let field = |name: &str| mime::field(header, name);
    let from = field("From");
    out.push(b'(');
    print::nstring(field("Date").as_deref(), out);
    out.push(b' ');
    print::nstring(field("Subject").as_deref(), out);
    // Sender and Reply-To default to From (RFC 3501 §7.4.2).
    let or_from = |name: &str| field(name).filter(|value| !value.is_empty()).or_else(|| from.clone());
    for value in [from.clone(), or_from("Sender"), or_from("Reply-To"), field("To"), field("Cc"), field("Bcc")] {
        out.push(b' ');
        address::print_list(value.as_deref(), out);
    }
    for value in [field("In-Reply-To"), field("Message-ID")] {
        out.push(b' ');
        print::nstring(value.as_deref(), out);
    }
    out.push(b')');
}

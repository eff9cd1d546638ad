//! ENVELOPE (RFC 3501 §7.4.2): header fields as they came, not decoded.

use super::{address, print};
use crate::testing::mime;

pub(super) fn print(header: &[u8], out: &mut Vec<u8>) {
    let field = |name: &str| mime::field(header, name);
    let from = field("From");
    out.push(b'(');
    print::nstring(field("Date").as_deref(), out);
    out.push(b' ');
    print::nstring(field("Subject").as_deref(), out);
    // Sender and Reply-To fall back on From.
    let or_from = |name: &str| {
        field(name)
            .filter(|value| !value.is_empty())
            .or_else(|| from.clone())
    };
    for value in [
        from.clone(),
        or_from("Sender"),
        or_from("Reply-To"),
        field("To"),
        field("Cc"),
        field("Bcc"),
    ] {
        out.push(b' ');
        address::print_list(value.as_deref(), out);
    }
    for value in [field("In-Reply-To"), field("Message-ID")] {
        out.push(b' ');
        print::nstring(value.as_deref(), out);
    }
    out.push(b')');
}

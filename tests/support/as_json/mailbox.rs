//! Names of mailboxes: as on the wire, and decoded where that is something else.

use postroom::Defect;
use postroom::imap::{Listed, MailboxName, Namespace};
use serde_json::{Value, json};

use super::message::defect;
use super::text::{put, text};
use super::value::{pairs, values};

/// Adds `mailbox`, and `decoded` if it is another text.
pub fn put_name(object: &mut Value, name: &MailboxName, frame: &[u8]) {
    put_both(object, "mailbox", text(&wire(name, frame)), name.as_str());
}

/// The name of a mailbox that is one of many values.
pub fn shown(name: &MailboxName, frame: &[u8]) -> Value {
    text(&wire(name, frame))
}

/// `{type, attrs, delim, mailbox}`, and `ext` if there is any.
pub fn list(kind: &str, listed: &Listed, frame: &[u8]) -> Value {
    let mut object =
        json!({ "type": kind, "attrs": listed.attributes.iter().collect::<Vec<_>>(), "delim": listed.delimiter });
    let mut name = wire(&listed.name, frame);
    if let Some(delimiter) = listed.delimiter.filter(|_| listed.ends_in_delimiter) {
        name.extend_from_slice(delimiter.encode_utf8(&mut [0; 4]).as_bytes());
    }
    put_both(&mut object, "mailbox", text(&name), listed.name.as_str());
    if !listed.extended.is_empty() {
        put(&mut object, "ext", extension(&listed.extended));
    }
    put_defects(&mut object, &listed.defects);
    object
}

fn put_defects(object: &mut Value, defects: &[Defect]) {
    if !defects.is_empty() {
        put(object, "defects", defects.iter().map(defect).collect::<Vec<_>>());
    }
}

/// By name, or in its written form if it has no names.
fn extension(data: &[u8]) -> Value {
    match pairs(data) {
        named if named.is_empty() => {
            values(data).into_iter().next().filter(|value| *value != json!([])).unwrap_or_else(|| json!({}))
        }
        named => named.into(),
    }
}

/// `{prefix, delim, ext}`.
pub fn namespace(space: &Namespace, frame: &[u8]) -> Value {
    let mut object = json!({ "delim": space.delimiter, "ext": pairs(&space.extended) });
    let encoded = MailboxName::new(&space.prefix).map(|name| wire(&name, frame)).unwrap_or_default();
    let is_there = memchr::memmem::find(frame, &encoded).is_some();
    let prefix = if is_there { text(&encoded) } else { space.prefix.as_str().into() };
    put_both(&mut object, "prefix", prefix, &space.prefix);
    put_defects(&mut object, &space.defects);
    object
}

fn put_both(object: &mut Value, key: &str, wire: Value, decoded: &str) {
    if wire.is_string() && wire != decoded {
        put(object, "decoded", decoded);
    }
    put(object, key, wire);
}

fn wire(name: &MailboxName, frame: &[u8]) -> Vec<u8> {
    name.to_wire(!frame.is_ascii()).into_owned()
}

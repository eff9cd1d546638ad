//! One IMAP response as a JSON object.

use postroom::Flag;
use postroom::imap::{
    Capabilities, Condition, Found, Listed, Namespace, Namespaces, Response, Status, StatusData, Uid, UidValidity,
};
use serde_json::{Map, Value, json};

use super::code::code;
use super::message::message;
use super::other::other;
use super::set::written;
use super::text;

/// The frame is the one that the response was read from.
pub fn response(response: &Response, frame: &[u8]) -> Value {
    match response {
        Response::Tagged { tag, condition: said } => {
            let mut object = condition(said, frame);
            object.insert("tag".to_owned(), json!(tag));
            object.into()
        }
        Response::Condition(said) => condition(said, frame).into(),
        Response::Continuation { code: said, text } => {
            json!({ "type": "CONTINUATION", "code": code(said.as_ref(), frame), "text": text::last(frame, text) })
        }
        Response::Capability(capabilities) => names("CAPABILITY", capabilities),
        Response::Enabled(capabilities) => names("ENABLED", capabilities),
        Response::List(listed) => list("LIST", listed),
        Response::Lsub(listed) => list("LSUB", listed),
        Response::Xlist(listed) => list("XLIST", listed),
        Response::Status(status) => items(status),
        Response::Search(found) => search(found),
        Response::Esearch(found) => esearch(found, frame),
        Response::Flags(flags) => json!({ "type": "FLAGS", "flags": flags.iter().map(Flag::as_str).collect::<Vec<_>>() }),
        Response::Exists(n) => json!({ "type": "EXISTS", "n": n }),
        Response::Recent(n) => json!({ "type": "RECENT", "n": n }),
        Response::Expunge(n) => json!({ "type": "EXPUNGE", "n": n.as_u32() }),
        Response::Fetch(fetched) => message(fetched),
        Response::Namespace(spaces) => namespaces(spaces),
        Response::Id(params) => id(params),
        _ => other(frame),
    }
}

fn condition(condition: &Condition, frame: &[u8]) -> Map<String, Value> {
    let word = match condition.status {
        Status::Ok => "OK",
        Status::No => "NO",
        Status::Bad => "BAD",
        Status::Bye => "BYE",
        Status::Preauth => "PREAUTH",
    };
    let pairs = [
        ("type", word.into()),
        ("code", code(condition.code.as_ref(), frame)),
        ("text", text::last(frame, &condition.text)),
    ];
    pairs.map(|(key, value)| (key.to_owned(), value)).into_iter().collect()
}

fn names(kind: &str, capabilities: &Capabilities) -> Value {
    json!({ "type": kind, "caps": capabilities.iter().collect::<Vec<_>>() })
}

fn list(kind: &str, listed: &Listed) -> Value {
    json!({
        "type": kind,
        "attrs": listed.attributes,
        "delim": listed.delimiter,
        "mailbox": listed.name.as_str(),
    })
}

fn items(status: &StatusData) -> Value {
    let numbers = [
        ("MESSAGES", status.messages.map(u64::from)),
        ("UIDNEXT", status.uid_next.map(|uid| Uid::as_u32(uid).into())),
        ("UIDVALIDITY", status.uid_validity.map(|validity| UidValidity::as_u32(validity).into())),
        ("UNSEEN", status.unseen.map(u64::from)),
        ("RECENT", status.recent.map(u64::from)),
        ("DELETED", status.deleted.map(u64::from)),
        ("SIZE", status.size),
        ("HIGHESTMODSEQ", status.highest_mod_seq),
        ("APPENDLIMIT", status.append_limit),
    ];
    let told = numbers.into_iter().filter_map(|(name, number)| Some((name.to_owned(), json!(number?))));
    let id = status.mailbox_id.iter().map(|id| ("MAILBOXID".to_owned(), json!(id)));
    json!({ "type": "STATUS", "mailbox": status.name.as_str(), "items": told.chain(id).collect::<Map<_, _>>() })
}

fn search(found: &Found) -> Value {
    let ids: Vec<_> = found.all.iter().flat_map(|all| all.iter().map(Uid::as_u32)).collect();
    let mut object = json!({ "type": "SEARCH", "ids": ids });
    if let Some(mod_seq) = found.mod_seq {
        object["modseq"] = mod_seq.into();
    }
    object
}

fn esearch(found: &Found, frame: &[u8]) -> Value {
    let numbers = [
        ("MIN", found.min.map(|uid| u64::from(uid.as_u32()))),
        ("MAX", found.max.map(|uid| u64::from(uid.as_u32()))),
        ("COUNT", found.count),
        ("MODSEQ", found.mod_seq),
    ];
    let mut data: Map<_, _> =
        numbers.into_iter().filter_map(|(name, number)| Some((name.to_owned(), json!(number?)))).collect();
    if let Some(all) = &found.all {
        data.insert("ALL".to_owned(), written(all, frame));
    }
    let uid = frame.split(|byte| *byte == b' ').any(|word| word.trim_ascii().eq_ignore_ascii_case(b"UID"));
    json!({ "type": "ESEARCH", "tag": found.tag, "uid": uid, "data": data })
}

fn namespaces(spaces: &Namespaces) -> Value {
    let list = |spaces: &[Namespace]| {
        let shown = |space: &Namespace| json!({ "prefix": space.prefix, "delim": space.delimiter, "ext": {} });
        spaces.iter().map(shown).collect::<Value>()
    };
    json!({
        "type": "NAMESPACE",
        "personal": list(&spaces.personal),
        "other": list(&spaces.others),
        "shared": list(&spaces.shared),
    })
}

fn id(params: &[(String, Option<String>)]) -> Value {
    let object: Map<_, _> = params.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    json!({ "type": "ID", "params": if object.is_empty() { Value::Null } else { object.into() } })
}


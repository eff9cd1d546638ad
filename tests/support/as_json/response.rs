//! One IMAP response as a JSON object.

use postroom::imap::{
    Capabilities, Condition, MailboxStatus, Namespace, Namespaces, Outcome, Response, SearchResult, Uid, UidValidity,
};
use serde_json::{Map, Value, json};

use super::code::code;
use super::mailbox::{list, namespace, put_name};
use super::message::message;
use super::other::other;
use super::text::put;
use super::value::{nil, tagged};
use super::{extended, text};

/// The frame is the one from which the response was read.
pub fn response(response: &Response, frame: &[u8]) -> Value {
    let mut shown = show(response, frame);
    if std::str::from_utf8(frame).is_err() {
        text::restore(&mut shown, frame);
    }
    shown
}

fn show(response: &Response, frame: &[u8]) -> Value {
    match response {
        Response::Tagged { tag, condition: said } => {
            let mut object = condition(said, frame);
            object.insert("tag".to_owned(), json!(tag));
            object.into()
        }
        Response::Condition(said) => condition(said, frame).into(),
        Response::Continuation { code: said, text } => {
            json!({ "type": "CONTINUATION", "code": code(said.as_ref(), frame), "text": text })
        }
        Response::Capability(capabilities) => names("CAPABILITY", capabilities),
        Response::Enabled(capabilities) => names("ENABLED", capabilities),
        Response::List(listed) => list("LIST", listed, frame),
        Response::Lsub(listed) => list("LSUB", listed, frame),
        Response::Xlist(listed) => list("XLIST", listed, frame),
        Response::Status(status) => items(status, frame),
        Response::Search(found) => search(found, frame),
        Response::Esearch(found) => extended::esearch("ESEARCH", found, frame),
        Response::Sort(sorted) => extended::sorted(sorted),
        Response::Thread(threads) => extended::threads(threads),
        Response::Vanished(vanished) => extended::vanished(vanished, frame),
        Response::Acl(acl) => extended::acl(acl, frame),
        Response::ListRights(listed) => extended::list_rights(listed, frame),
        Response::MyRights(mine) => extended::my_rights(mine, frame),
        Response::Quota(quota) => extended::quota(quota),
        Response::QuotaRoots(roots) => extended::quota_roots(roots, frame),
        Response::Language(tags) => json!({ "type": "LANGUAGE", "languages": tags }),
        Response::Comparator(told) => {
            json!({ "type": "COMPARATOR", "active": told.active, "matching": told.matching })
        }
        Response::JmapAccess(url) => json!({ "type": "JMAPACCESS", "url": url }),
        Response::GenUrlAuth(urls) => json!({ "type": "GENURLAUTH", "urls": urls }),
        Response::UrlFetch(fetched) => extended::url_fetch(fetched),
        Response::Metadata(metadata) => extended::metadata(metadata, frame),
        Response::Flags(flags) => {
            json!({ "type": "FLAGS", "flags": flags.iter().collect::<Vec<_>>() })
        }
        Response::Exists(n) => json!({ "type": "EXISTS", "n": n }),
        Response::Recent(n) => json!({ "type": "RECENT", "n": n }),
        Response::Expunge(n) => json!({ "type": "EXPUNGE", "n": n.as_u32() }),
        Response::Fetch(fetched) => message(fetched),
        Response::Namespace(spaces) => namespaces(spaces, frame),
        Response::Id(params) => id(params, frame),
        _ => other(frame),
    }
}

fn condition(condition: &Condition, frame: &[u8]) -> Map<String, Value> {
    let word = match condition.outcome {
        Outcome::Ok => "OK",
        Outcome::No => "NO",
        Outcome::Bad => "BAD",
        Outcome::Bye => "BYE",
        Outcome::Preauth => "PREAUTH",
        other => return Map::from_iter([("type".to_owned(), format!("{other:?}").into())]),
    };
    let pairs = [
        ("type", word.into()),
        ("code", code(condition.code.as_ref(), frame)),
        ("text", condition.text.as_str().into()),
    ];
    pairs.map(|(key, value)| (key.to_owned(), value)).into_iter().collect()
}

fn names(kind: &str, capabilities: &Capabilities) -> Value {
    json!({ "type": kind, "caps": capabilities.iter().collect::<Vec<_>>() })
}

fn items(status: &MailboxStatus, frame: &[u8]) -> Value {
    let numbers = [
        ("MESSAGES", status.messages.map(u64::from)),
        ("UIDNEXT", status.uid_next.map(|uid| Uid::as_u32(uid).into())),
        ("UIDVALIDITY", status.uid_validity.map(|validity| UidValidity::as_u32(validity).into())),
        ("UNSEEN", status.unseen.map(u64::from)),
        ("RECENT", status.recent.map(u64::from)),
        ("DELETED", status.deleted.map(u64::from)),
        ("DELETED-STORAGE", status.deleted_storage),
        ("SIZE", status.size),
        ("HIGHESTMODSEQ", status.highest_modseq),
        ("APPENDLIMIT", status.append_limit),
    ];
    let mut items = tagged(&status.other);
    let numbers = numbers.map(|(name, number)| (name, number.map(Value::from)));
    let told = numbers.into_iter().chain([("MAILBOXID", status.mailbox_id.as_deref().map(Value::from))]);
    items.extend(told.filter_map(|(name, value)| Some((name.to_owned(), value.or_else(|| nil(name, frame))?))));
    let mut object = json!({ "type": "STATUS", "items": items });
    put_name(&mut object, &status.name, frame);
    object
}

/// Numbers. If it says what ESEARCH says, or has more numbers than bytes, it is shown in ESEARCH's form.
fn search(found: &SearchResult, frame: &[u8]) -> Value {
    let mut rest = found.clone();
    (rest.all, rest.order, rest.modseq) = (None, None, None);
    let all = found.all.as_ref().filter(|all| rest == SearchResult::default() && all.len() <= frame.len() as u64);
    let Some(all) = all else { return extended::esearch("SEARCH", found, frame) };
    let ids: Vec<_> = match &found.order {
        Some(order) => order.iter().map(Uid::as_u32).collect(),
        None => all.iter().map(Uid::as_u32).collect(),
    };
    let mut object = json!({ "type": "SEARCH", "ids": ids });
    if let Some(modseq) = found.modseq {
        put(&mut object, "modseq", modseq);
    }
    object
}

fn namespaces(spaces: &Namespaces, frame: &[u8]) -> Value {
    let list = |spaces: &[Namespace]| spaces.iter().map(|space| namespace(space, frame)).collect::<Value>();
    json!({
        "type": "NAMESPACE",
        "personal": list(&spaces.personal),
        "other": list(&spaces.others),
        "shared": list(&spaces.shared),
    })
}

/// `null` for NIL; a list of nothing is one.
fn id(params: &[(String, Option<String>)], frame: &[u8]) -> Value {
    let object: Map<_, _> = params.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    json!({ "type": "ID", "params": if frame.contains(&b'(') { object.into() } else { Value::Null } })
}

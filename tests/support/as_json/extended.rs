//! The responses of extensions as JSON objects: rights, quotas, annotations, order and threads.

use postroom::imap::{
    Acl, ListRights, Metadata, MyRights, Partial, Quota, QuotaRoots, Rights, SearchChange, SearchResult, Sorted,
    Thread, Threads, Uid, UidList, UidValidity, UrlContent, Vanished,
};
use serde_json::{Map, Value, json};

use super::mailbox::{put_name, shown};
use super::set::{written, written_as};
use super::text::{put, text};
use super::value::pairs;

/// `{type, mailbox, data: [{user, rights, mailbox}]}`.
pub fn acl(acl: &Acl, frame: &[u8]) -> Value {
    let entry = |(user, rights): (&str, Rights)| json!({ "user": user, "rights": letters(rights, frame), "mailbox": shown(&acl.mailbox, frame) });
    let entries = acl.entries.iter().map(|one| entry((&one.identifier, one.rights)));
    let mut object = json!({ "type": "ACL", "data": entries.collect::<Vec<_>>() });
    put_name(&mut object, &acl.mailbox, frame);
    object
}

/// `{type, mailbox, identifier, required, optional}`.
pub fn list_rights(listed: &ListRights, frame: &[u8]) -> Value {
    let mut object = json!({
        "type": "LISTRIGHTS",
        "identifier": listed.identifier,
        "required": letters(listed.required, frame),
        "optional": listed.optional.iter().map(|group| letters(*group, frame)).collect::<Vec<_>>(),
    });
    put_name(&mut object, &listed.mailbox, frame);
    object
}

/// `{type, mailbox, rights}`.
pub fn my_rights(mine: &MyRights, frame: &[u8]) -> Value {
    let mut object = json!({ "type": "MYRIGHTS", "rights": letters(mine.rights, frame) });
    put_name(&mut object, &mine.mailbox, frame);
    object
}

/// `{type, root, resources: [{name, usage, limit}]}`; of the first resource also `data`: `{mailbox, usage, quota}`.
pub fn quota(quota: &Quota) -> Value {
    let shown = quota.resources.iter();
    let resources = shown.map(|one| json!({ "name": one.resource.name(), "usage": one.usage, "limit": one.limit }));
    let first = quota.resources.first();
    json!({
        "type": "QUOTA",
        "root": quota.root,
        "resources": resources.collect::<Vec<_>>(),
        "data": {
            "mailbox": quota.root,
            "usage": first.map(|one| one.usage.to_string()),
            "quota": first.map(|one| one.limit.to_string()),
        },
    })
}

/// `{type, data: {mailbox, quotaroots}}`.
pub fn quota_roots(roots: &QuotaRoots, frame: &[u8]) -> Value {
    json!({ "type": "QUOTAROOT", "data": { "mailbox": shown(&roots.mailbox, frame), "quotaroots": roots.roots } })
}

/// `{type, mailbox, values, changed}`.
pub fn metadata(metadata: &Metadata, frame: &[u8]) -> Value {
    let values = metadata.values.iter();
    let values = values.map(|(name, value)| (name.as_str().to_owned(), value.as_deref().map_or(Value::Null, text)));
    let mut object = json!({
        "type": "METADATA",
        "mailbox": "",
        "values": values.collect::<Map<_, _>>(),
        "changed": metadata.changed.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
    });
    metadata.mailbox.iter().for_each(|mailbox| put_name(&mut object, mailbox, frame));
    object
}

/// `{type, urls: [{url, data}]}`.
pub fn url_fetch(fetched: &[UrlContent]) -> Value {
    let one = |one: &UrlContent| {
        let mut object = json!({ "url": one.url, "data": one.content.as_deref().map(text) });
        if !one.extended.is_empty() {
            put(&mut object, "ext", pairs(&one.extended));
        }
        object
    };
    json!({ "type": "URLFETCH", "urls": fetched.iter().map(one).collect::<Vec<_>>() })
}

/// `{type, uids, earlier}`.
pub fn vanished(vanished: &Vanished, frame: &[u8]) -> Value {
    json!({ "type": "VANISHED", "uids": written(&vanished.uids, frame), "earlier": vanished.earlier })
}

/// `{type, ids, modseq}`.
pub fn sorted(sorted: &Sorted) -> Value {
    let mut object = json!({ "type": "SORT", "ids": numbers(&sorted.list) });
    if let Some(modseq) = sorted.modseq {
        put(&mut object, "modseq", modseq);
    }
    object
}

/// Nested threads in the output. A chain of replies may be as long as the response is, and JSON readers
/// recurse.
const DEEPEST: usize = 200;

/// `{type, threads: [{id, children}]}`; a reply that is nested too deep is beside its parent, which is a defect.
pub fn threads(threads: &Threads) -> Value {
    let mut open: Vec<(Value, Vec<Value>)> = Vec::new();
    let (mut roots, mut deepest) = (Vec::new(), 0);
    for (depth, thread) in threads.walk() {
        deepest = deepest.max(depth);
        close(&mut open, depth.min(DEEPEST), &mut roots);
        open.push((json!(Thread::number(thread).map(Uid::as_u32)), Vec::new()));
    }
    close(&mut open, 0, &mut roots);
    let mut object = json!({ "type": "THREAD", "threads": roots });
    if deepest > DEEPEST {
        put(&mut object, "defects", json!([{ "forgiven": "threads deeper than 200 are shown side by side" }]));
    }
    object
}

fn close(open: &mut Vec<(Value, Vec<Value>)>, depth: usize, roots: &mut Vec<Value>) {
    while open.len() > depth {
        let Some((id, children)) = open.pop() else { return };
        let thread = json!({ "id": id, "children": children });
        match open.last_mut() {
            Some((_, siblings)) => siblings.push(thread),
            None => roots.push(thread),
        }
    }
}

/// `{type, tag, uid, data}`, and `mailbox` and `uidvalidity` if it has them.
pub fn esearch(kind: &str, found: &SearchResult, frame: &[u8]) -> Value {
    let numbers = [
        ("MIN", found.min.map(|uid| u64::from(uid.as_u32()))),
        ("MAX", found.max.map(|uid| u64::from(uid.as_u32()))),
        ("COUNT", found.count),
        ("MODSEQ", found.modseq),
    ];
    let mut data = pairs(&found.other);
    data.extend(numbers.into_iter().filter_map(|(name, number)| Some((name.to_owned(), json!(number?)))));
    if let Some(all) = &found.all {
        data.insert("ALL".to_owned(), written(all, frame));
    }
    if let Some(partial) = &found.partial {
        data.insert("PARTIAL".to_owned(), partial_range(partial));
    }
    let has_scores = written_as(frame, |word| word.eq_ignore_ascii_case("RELEVANCY").then(String::new)).is_some();
    if has_scores && !data.contains_key("RELEVANCY") {
        data.insert("RELEVANCY".to_owned(), json!(found.relevancy));
    }
    for update in found.updates.iter() {
        let name = if update.change == SearchChange::Added { "ADDTO" } else { "REMOVEFROM" };
        let step = json!({ "position": update.position, "uids": update.uids.to_string() });
        match data.entry(name).or_insert_with(|| json!([])) {
            Value::Array(steps) => steps.push(step),
            other => *other = json!([step]),
        }
    }
    let mut object = json!({ "type": kind, "tag": found.tag, "uid": found.is_uid, "data": data });
    if let Some(mailbox) = &found.mailbox {
        put_name(&mut object, mailbox, frame);
        put(&mut object, "uidvalidity", json!(found.uid_validity.map(UidValidity::as_u32)));
    }
    object
}

/// The range in RFC 9394's order: from the lower to the higher position, as for numbers.
fn partial_range(partial: &Partial) -> Value {
    let (begin, end) = (partial.first.min(partial.last), partial.first.max(partial.last));
    let results = if partial.found.is_empty() { Value::Null } else { partial.found.to_string().into() };
    json!({ "range": { "begin": begin, "end": end }, "results": results })
}

fn numbers(list: &UidList) -> Vec<u32> {
    list.iter().map(Uid::as_u32).collect()
}

fn letters(rights: Rights, frame: &[u8]) -> Value {
    let same = |word: &str| {
        let word = word.trim_matches('"');
        let plain = word.len() == rights.letters().count() && rights.letters().all(|letter| word.contains(letter));
        plain.then(|| word.to_owned())
    };
    written_as(frame, same).unwrap_or_else(|| rights.to_string()).into()
}

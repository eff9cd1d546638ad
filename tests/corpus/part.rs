//! Facts about one part of a body structure, as MailKit's tests state them. A variable of such a test names one part: one part
//! must match all facts about the variable.

use serde_json::Value;

/// Whether one of the parts within these responses matches all facts of one variable.
pub(crate) fn some_part_is(shown: &[Value], facts: &[(&str, &str, &Value)]) -> bool {
    let roots = shown.iter().filter_map(|response| response.get("bodystructure"));
    roots
        .flat_map(|root| parts(root))
        .any(|part| facts.iter().all(|(subject, op, value)| holds(part, subject, op, value)))
}

fn parts(part: &Value) -> Vec<&Value> {
    let children = part["parts"].as_array().into_iter().flatten().chain(part.get("body"));
    std::iter::once(part).chain(children.flat_map(parts)).collect()
}

/// The subject follows the variable's name.
fn holds(part: &Value, subject: &str, op: &str, value: &Value) -> bool {
    let param = |of: &Value, name: &str| of["params"][name.to_uppercase()].clone();
    let shown = match subject {
        "" => return op != "type" || is_of(part, value.as_str().unwrap_or_default()),
        "BodyParts" => return (part["parts"].as_array().is_some_and(Vec::is_empty)) == (op == "empty"),
        "BodyParts.count" => {
            return part["parts"].as_array().map(Vec::len) == value.as_u64().map(|count| count as usize);
        }
        "ContentLanguage" => {
            return part["language"]
                .as_array()
                .is_some_and(|tags| op == "not-null" || Some(tags.len() as u64) == value.as_u64());
        }
        "ContentDisposition" if op == "null" => return part["disposition"].is_null(),
        "ContentDescription" => part["description"].clone(),
        "ContentTransferEncoding" => part["encoding"].clone(),
        "ContentMd5" => part["md5"].clone(),
        "ContentLocation.ToString ()" => part["location"].clone(),
        "ContentLanguage [0]" => part["language"][0].clone(),
        "ContentDisposition.Disposition" => part["disposition"]["type"].clone(),
        "ContentDisposition.FileName" => param(&part["disposition"], "filename"),
        "ContentType.Charset" => param(part, "charset"),
        "ContentType.Name" => param(part, "name"),
        "ContentType.Format" => param(part, "format"),
        "ContentType.MediaType" => part["type"].clone(),
        "ContentType.MediaSubtype" => part["subtype"].clone(),
        "ContentType.MimeType" => mime(part).into(),
        // MailKit says 0 for -1.
        "Octets" => part["size"].as_u64().unwrap_or_default().into(),
        "Lines" => part["lines"].clone(),
        _ => return special(part, subject, value),
    };
    same(&shown, value)
}

fn special(part: &Value, subject: &str, value: &Value) -> bool {
    let quoted: Vec<_> = subject.split('"').skip(1).step_by(2).collect();
    if subject.starts_with("ContentType.IsMimeType") {
        return mime(part).eq_ignore_ascii_case(&quoted.join("/"));
    }
    if subject.starts_with("ContentType.Parameters") {
        return same(&part["params"][quoted.concat().to_uppercase()], value);
    }
    let place =
        subject.strip_prefix("BodyParts").and_then(|rest| rest.trim().trim_matches(['[', ']']).parse::<usize>().ok());
    place.is_some_and(|place| is_of(&part["parts"][place], value.as_str().unwrap_or_default()))
}

fn is_of(part: &Value, class: &str) -> bool {
    match class {
        "BodyPartMultipart" => part["parts"].is_array(),
        "BodyPartText" => part["type"] == "TEXT",
        "BodyPartMessage" => part.get("body").is_some(),
        "BodyPartBasic" => part["parts"].is_null(),
        _ => false,
    }
}

fn mime(part: &Value) -> String {
    // If the server says only one half, MailKit uses it for the other too.
    match (part["type"].as_str().unwrap_or_default(), part["subtype"].as_str()) {
        (media, Some(subtype)) => format!("{media}/{subtype}"),
        ("TEXT", None) => "text/plain".to_owned(),
        (media, None) => format!("application/{media}"),
    }
}

fn same(shown: &Value, value: &Value) -> bool {
    match (shown.as_str(), value.as_str()) {
        (Some(shown), Some(value)) => shown.eq_ignore_ascii_case(value),
        _ => shown == value,
    }
}

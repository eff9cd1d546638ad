//! Facts: single assertions of other projects' tests, each a subject of the source's program and a value. The kind of subject decides
//! where the value is searched for.

use std::collections::BTreeMap;

use serde_json::Value;

use super::leaf::Leaves;
use super::part;

/// The result for the facts of one sample.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) checked: usize,
    /// A subject that is nothing that a server said.
    pub(crate) passed_over: usize,
    pub(crate) failed: Vec<String>,
}

/// Subjects that are no values of the server's, and what they are.
const PASSED_OVER: [(&str, &str); 16] = [
    ("written_buf", "what the client wrote"),
    ("expected", "a variable of the test"),
    ("actual_response", "a variable of the test"),
    ("Vec::<u8>::new()", "bytes left over"),
    ("missed", "bytes left over"),
    ("1", "a number of the test"),
    ("None", "the end of an iterator"),
    ("Some(3)", "an iterator of the test"),
    ("out", "what the client wrote"),
    ("fragment_info", "another project's framing, without values"),
    ("fragmentizer", "another project's framing, without values"),
    ("engine.SupportedCharsets", "a client's own list, to which the server's were added"),
    ("commandsF", "what the client wrote"),
    ("actualCommand", "what the client wrote"),
    ("client.ApopSupported", "checked by the stamp of the greeting"),
    ("delegate", "what the client does"),
];

/// Variables that name a part of a body structure.
const PARTS: [&str; 15] = [
    "multipart",
    "plain",
    "html",
    "basic",
    "xzip",
    "alternative",
    "related",
    "broken",
    "broken1",
    "broken2",
    "broken3",
    "broken4",
    "mixed",
    "body",
    "image",
];

/// Searches for each fact in the output.
pub(crate) fn check(facts: &Value, shown: &[Value]) -> Outcome {
    let leaves = Leaves::of(shown);
    let (mut outcome, mut of_parts) = (Outcome::default(), BTreeMap::<&str, Vec<Vec<(&str, &str, &Value)>>>::new());
    let mut before = "";
    for fact in facts["facts"].as_array().into_iter().flatten() {
        let (subject, op) = (fact["subject"].as_str().unwrap_or_default(), fact["op"].as_str().unwrap_or_default());
        let value = &fact["value"];
        let (variable, rest) = subject.split_once('.').unwrap_or((subject, ""));
        let is_part = shown.iter().any(|response| response.get("bodystructure").is_some()) && PARTS.contains(&variable);
        if PASSED_OVER.iter().any(|(word, _)| subject.starts_with(word) || subject.ends_with(word)) {
            outcome.passed_over += 1;
        } else if is_part {
            let runs = of_parts.entry(variable).or_default();
            // A variable of the same name, in another block.
            let again =
                before != variable || runs.last().is_some_and(|run| run.iter().any(|(known, ..)| *known == rest));
            if again {
                runs.push(Vec::new());
            }
            runs.last_mut().expect("there is one").push((rest, op, value));
        } else {
            outcome.take(subject, holds(subject, op, value, shown, &leaves));
        }
        before = variable;
    }
    for (variable, facts) in of_parts.iter().flat_map(|(variable, runs)| runs.iter().map(move |run| (variable, run))) {
        let holds = part::some_part_is(shown, facts);
        facts.iter().for_each(|_| outcome.take(variable, holds));
    }
    outcome
}

impl Outcome {
    fn take(&mut self, subject: &str, holds: bool) {
        match holds {
            true => self.checked += 1,
            false => self.failed.push(subject.to_owned()),
        }
    }
}

fn holds(subject: &str, op: &str, value: &Value, shown: &[Value], leaves: &Leaves) -> bool {
    if subject == "response" && op == "type" {
        return shown.iter().any(|response| is_of(response, value.as_str().unwrap_or_default()));
    }
    if subject == "rights" {
        return shown.iter().any(|response| are_rights(response, &value["ListRights"]));
    }
    let subject = subject.strip_prefix("DateUtils.FormatDate (").map_or(subject, |inner| inner.trim_end_matches(')'));
    if let Some(field) = subject.strip_prefix("envelope.") {
        return shown.iter().any(|response| of_envelope(&response["envelope"], field, value));
    }
    match op {
        "empty" | "null" | "not-null" | "type" => false,
        _ if counts(subject) => {
            shown.len() as u64 == value.as_u64().unwrap_or(u64::MAX) || shown.iter().any(|one| has_count(one, value))
        }
        _ => leaves.missing(value).0.is_empty(),
    }
}

/// Rights by imap-proto's names for them; the order within a set has no meaning.
fn are_rights(shown: &Value, expected: &Value) -> bool {
    const NAMES: [(&str, &str); 5] =
        [("Lookup", "l"), ("CreateMailbox", "k"), ("Read", "r"), ("DeleteMailbox", "x"), ("OldCreate", "c")];
    let named = |key: &str| {
        let names = expected[key].as_array().into_iter().flatten().filter_map(Value::as_str);
        let mut letters: Vec<_> = names
            .map(|name| NAMES.iter().find(|(known, _)| *known == name).map_or(name, |(_, letter)| letter))
            .collect();
        letters.sort_unstable();
        letters.concat()
    };
    let sorted = |text: String| {
        let mut letters: Vec<_> = text.chars().collect();
        letters.sort_unstable();
        letters.into_iter().collect::<String>()
    };
    let optional = shown["optional"].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<String>();
    shown["mailbox"] == expected["mailbox"]
        && shown["identifier"] == expected["identifier"]
        && sorted(shown["required"].as_str().unwrap_or_default().to_owned()) == named("required")
        && sorted(optional) == named("optional")
}

fn counts(subject: &str) -> bool {
    subject.to_lowercase().ends_with(".count") || subject.ends_with(".len()")
}

/// Whether a value within has this number of members.
fn has_count(shown: &Value, value: &Value) -> bool {
    let is = |count: usize| Some(count as u64) == value.as_u64();
    match shown {
        // Keywords count among the flags too.
        Value::Array(list)
            if is(list.iter().filter_map(Value::as_str).filter(|flag| !flag.starts_with('\\')).count()) =>
        {
            true
        }
        Value::Array(list) => is(list.len()) || list.iter().any(|one| has_count(one, value)),
        Value::Object(object) => {
            // Of a FETCH, its attributes without the number and the kind.
            is(object.len()) || is(object.len().saturating_sub(2)) || object.values().any(|one| has_count(one, value))
        }
        Value::String(set) => is(set.split(',').count()),
        _ => false,
    }
}

fn is_of(response: &Value, class: &str) -> bool {
    let kind = response["type"].as_str().unwrap_or_default();
    match class {
        // Another project's word for everything without a tag.
        "Data" => response.get("tag").is_none() && kind != "CONTINUATION",
        "Status" => matches!(kind, "STATUS" | "OK" | "NO" | "BAD" | "BYE" | "PREAUTH"),
        "Capabilities" => matches!(kind, "CAPABILITY" | "ENABLED"),
        "MailboxData" => {
            matches!(kind, "LIST" | "LSUB" | "EXISTS" | "RECENT" | "SEARCH" | "SORT" | "STATUS" | "FLAGS" | "METADATA")
        }
        "Exists" => kind == "EXISTS",
        "Continue" => kind == "CONTINUATION",
        other => kind.eq_ignore_ascii_case(other),
    }
}

fn of_envelope(envelope: &Value, field: &str, value: &Value) -> bool {
    let (field, what) = field.split_once('.').unwrap_or((field, ""));
    let key = match field {
        "InReplyTo" => "in_reply_to",
        "MessageId" => "message_id",
        "ReplyTo" => "reply_to",
        other => &other.to_lowercase(),
    };
    let shown = &envelope[key];
    match what {
        "HasValue" => shown.is_null() != (value == true),
        "count" => shown.as_array().map_or(0, Vec::len) as u64 == value.as_u64().unwrap_or(u64::MAX),
        "ToString ()" => addresses(shown) == value.as_str().unwrap_or_default(),
        _ if value.is_null() => shown.as_array().is_none_or(Vec::is_empty),
        _ => text(shown, value),
    }
}

fn text(shown: &Value, value: &Value) -> bool {
    let (shown, value) = (decoded(shown), value.as_str().unwrap_or_default());
    let plain = shown.trim_matches(['<', '>']);
    // MailKit writes the date in its own form, without the comment.
    plain == value || plain.starts_with(value)
}

/// As MailKit writes a list of addresses.
fn addresses(list: &Value) -> String {
    let one = |address: &Value| {
        let at = format!("{}@{}", decoded(&address["mailbox"]), decoded(&address["host"]));
        match decoded(&address["name"]) {
            name if name.is_empty() => at,
            name => format!("\"{}\" <{at}>", name.replace('\\', "\\\\").replace('"', "\\\"")),
        }
    };
    list.as_array().into_iter().flatten().map(one).collect::<Vec<_>>().join(", ")
}

/// Encoded words, read by the crate that also reads them for `postroom`.
fn decoded(text: &Value) -> String {
    let text = text.as_str().unwrap_or_default();
    let header = format!("{}\n", text);
    match mail_parser::parsers::MessageStream::new(header.as_bytes()).parse_unstructured() {
        mail_parser::HeaderValue::Text(read) if text.contains("=?") => read.into_owned(),
        _ => text.to_owned(),
    }
}

//! All POP3 samples: accepted or refused as their sources say, and every asserted value found.

use std::collections::BTreeMap;

use mail_parser::{Address, MessageParser, MimeHeaders};
use serde_json::Value;

use super::as_json::pop3::{Asked, read};
use super::exception::{POP3_REFUSED, reason};
use super::unit::{Unit, latin1, units};

/// Subjects that are no values of the server's: what the client sent or does.
const PASSED_OVER: [&str; 4] = ["commandsFired", "actualCommand", "commandsFromClient", "delegate"];

#[test]
fn every_sample_is_read_as_its_source_says() {
    let (mut failures, mut values) = (Vec::new(), BTreeMap::<&str, usize>::new());
    let units = units("pop3");
    assert_eq!(units.len(), 106);
    for unit in &units {
        let shown = read(&unit.bytes, &asked(unit));
        let refused = shown.iter().any(|reply| reply.get("error").is_some() || reply.get("incomplete").is_some());
        if refused != reason(POP3_REFUSED, &unit.id).is_some() {
            failures.push(format!("{}: {shown:?}", unit.id));
        }
        for (form, expected) in &unit.expect {
            let outcomes = if form == "values" { stated(expected, &shown) } else { facts(expected, &shown) };
            *values.entry(form.as_str()).or_default() += outcomes.len();
            let failed = outcomes.into_iter().filter(|(_, holds)| !holds);
            failures.extend(failed.map(|(subject, _)| format!("{}: {subject}: {shown:?}", unit.id)));
        }
        if let Some(opinion) = unit.opinion.as_ref().filter(|_| !refused && shown.len() == 1) {
            *values.entry("second opinion").or_default() += 1;
            failures.extend(differs(opinion, &shown).map(|what| format!("{}: second opinion: {what}", unit.id)));
        }
    }
    println!("values checked by form: {values:#?}");
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

fn asked(unit: &Unit) -> Asked {
    Asked { command: unit.command.clone(), multiline: unit.multiline }
}

/// What CPython's tests and others assert of a single reply.
fn stated(expected: &Value, shown: &[Value]) -> Vec<(String, bool)> {
    let reply = &shown[0];
    let stated = expected["values"].as_object().into_iter().flatten();
    let holds = |name: &str, value: &Value| match name {
        "ok" => (reply["status"] == "+OK") == (*value == true),
        "listing" | "lines" => reply["data"] == *value,
        _ => reply["values"][name] == *value,
    };
    stated.map(|(name, value)| (name.clone(), holds(name, value))).collect()
}

fn facts(expected: &Value, shown: &[Value]) -> Vec<(String, bool)> {
    let facts = expected["facts"].as_array().into_iter().flatten();
    let kept = facts.filter(|fact| !PASSED_OVER.iter().any(|word| subject(fact).starts_with(word)));
    kept.map(|fact| (subject(fact).to_owned(), holds(subject(fact), &fact["value"], shown))).collect()
}

fn subject(fact: &Value) -> &str {
    fact["subject"].as_str().unwrap_or_default()
}

fn holds(subject: &str, value: &Value, shown: &[Value]) -> bool {
    if subject == "client.ApopSupported" {
        return shown[0]["values"]["stamp"].is_string() == (*value == true);
    }
    let Some(body) = shown.iter().rev().find_map(|reply| reply["data"].as_array()) else { return false };
    let lines = || body.iter().filter_map(Value::as_str);
    if subject == "capabilities.Keys.Count" {
        return Some(lines().count() as u64) == value.as_u64();
    }
    if let Some(name) = subject.strip_suffix("Arguments.Count") {
        let same = |word: &str| word.replace('-', "").eq_ignore_ascii_case(name);
        let line = lines().find(|line| line.split(' ').next().is_some_and(same));
        return line.map(|line| line.split(' ').count() as u64 - 1) == value.as_u64();
    }
    if let Some(name) = subject.split('"').nth(1) {
        return lines().any(|line| line.split(' ').next().is_some_and(|word| word.eq_ignore_ascii_case(name)));
    }
    of_message(subject, value, body)
}

/// The message is as the server sent it: the crate that reads it for `postroom` finds the same as the source's client.
fn of_message(subject: &str, value: &Value, lines: &[Value]) -> bool {
    let bytes: Vec<u8> = lines.iter().flat_map(|line| [bytes(line), b"\r\n".to_vec()].concat()).collect();
    let Some(message) = MessageParser::default().parse(&bytes) else { return false };
    let (field, value) = (
        subject.split_once('.').map_or("", |(_, field)| field),
        value.as_str().map(str::to_owned).unwrap_or_else(|| value.to_string()),
    );
    let header = |name: &str| message.header_raw(name).unwrap_or_default().trim().to_owned();
    let kind = message.content_type();
    let found = match field {
        "Headers.Subject" => message.subject().map(str::to_owned),
        "Headers.MessageId" => message.message_id().map(str::to_owned),
        "Headers.MimeVersion" => Some(header("MIME-Version")),
        "Headers.ReturnPath.Address" => Some(header("Return-Path").trim_matches(['<', '>']).to_owned()),
        "Headers.Date" => Some(header("Date")),
        "Headers.ContentType.CharSet" => kind.and_then(|kind| kind.attribute("charset")).map(str::to_owned),
        "Headers.ContentType.MediaType" => {
            kind.map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()))
        }
        "Headers.From.Address" => first(message.from()).0,
        "Headers.From.DisplayName" => first(message.from()).1,
        "Headers.To[0].Address" => first(message.to()).0,
        "Headers.To[0].DisplayName" => first(message.to()).1,
        "Headers.To.Count" => message.to().map(|to| to.iter().count().to_string()),
        "MessagePart.GetBodyAsText()" => {
            message.body_text(0).map(|text| text.replace("\r\n", "\n").trim_end().to_owned())
        }
        _ => None,
    };
    let value = value.replace("\r\n", "\n");
    // Some samples have become UTF-8, whatever their header says.
    let as_it_is = field == "MessagePart.GetBodyAsText()"
        && String::from_utf8_lossy(&bytes).replace("\r\n", "\n").trim_end().ends_with(value.trim_end());
    as_it_is || found.is_some_and(|found| found.eq_ignore_ascii_case(value.trim_end()))
}

/// The address and name of the first one.
fn first(address: Option<&Address<'_>>) -> (Option<String>, Option<String>) {
    let one = address.and_then(Address::first);
    let owned = |text: Option<&str>| text.map(str::to_owned);
    (owned(one.and_then(|one| one.address())), owned(one.and_then(|one| one.name())))
}

fn bytes(line: &Value) -> Vec<u8> {
    match line.as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => latin1(line["latin1"].as_str().unwrap_or_default()),
    }
}

/// Another parser's opinion of a single reply.
fn differs(opinion: &Value, shown: &[Value]) -> Option<String> {
    let keys = ["status", "lines", "data"].into_iter().filter(|key| opinion.get(key).is_some());
    let same = |key: &&str| opinion[*key] == shown[0][*key] || *key == "status" && opinion["status"] == "+";
    let mut others = keys.filter(|key| !same(key));
    others.next().map(|key| format!("{key}: {} is {}", opinion[key], shown[0][key]))
}

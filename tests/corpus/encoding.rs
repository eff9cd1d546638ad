//! Vectors of the encodings within responses: modified UTF-7, dates, sets, flags, encoded words.

use bytes::Bytes;
use postroom::Limits;
use postroom::imap::codec::{self, mutf7};
use postroom::imap::{Response, Uids};
use serde_json::Value;

use super::as_json::imap::read;
use super::exception::{ENCODING, reason};
use super::unit::vectors;

/// Runs a check on every vector and reports which fail without a reason.
fn check(of: &str, count: usize, holds: impl Fn(&Value) -> bool) {
    let vectors = vectors(of);
    assert_eq!(vectors.len(), count);
    let id = |vector: &Value| vector["id"].as_str().unwrap_or_default().to_owned();
    let failed = vectors.iter().filter(|vector| holds(vector) == reason(ENCODING, &id(vector)).is_some());
    let failed: Vec<_> = failed.map(Value::to_string).collect();
    assert!(failed.is_empty(), "{} of {count} fail (or are listed without need):\n{}", failed.len(), failed.join("\n"));
}

fn text<'a>(vector: &'a Value, key: &str) -> &'a str {
    vector[key].as_str().unwrap_or_default()
}

#[test]
fn names_are_decoded_and_encoded_as_other_clients_do() {
    check("mutf7", 170, |vector| {
        let (plain, wire) = (vector["utf8"].as_str(), text(vector, "mutf7"));
        let canonical = vector["canonical"].as_str().unwrap_or(wire);
        match plain.filter(|_| vector["valid"] == true) {
            Some(plain) => {
                mutf7::decode(wire.as_bytes()).as_deref() == Some(plain) && mutf7::encode(plain) == canonical
            }
            None => mutf7::decode(wire.as_bytes()).is_none(),
        }
    });
}

#[test]
fn dates_are_those_of_the_vectors_or_defects() {
    check("internaldate", 36, |vector| {
        let quoted = format!("\"{}\"", text(vector, "in").trim_matches('"'));
        let frame = Bytes::from(format!("* 1 FETCH (INTERNALDATE {quoted})\r\n"));
        let Ok(Response::Fetch(fetched)) = codec::response(&frame, &Limits::default()) else { return false };
        let Some(date) = fetched.internal_date() else { return vector["valid"] != true };
        let shown = [
            date.year(),
            date.month() as i32,
            date.day().into(),
            date.hour().into(),
            date.minute().into(),
            date.second().into(),
        ];
        let minutes = i64::from(date.offset().whole_minutes());
        let components = &vector["tree"]["success"]["ServerMessageDate"]["Components"];
        let names = ["year", "month", "day", "hour", "minute", "second"];
        match (&vector["ymdhms"], components.is_object()) {
            (Value::Array(numbers), _) => {
                numbers.iter().map(Value::as_i64).eq(shown.map(|number| Some(number.into())))
                    && vector["offset_minutes"] == minutes
            }
            (_, true) => {
                names.iter().zip(shown).all(|(name, number)| components[name] == number)
                    && components["timeZoneMinutes"] == minutes
            }
            _ => vector["valid"] != false,
        }
    });
}

#[test]
fn sets_are_those_of_the_vectors_or_refused() {
    check("seqset", 120, |vector| {
        let Some(wire) = vector["in"].as_str() else { return formats(vector) };
        let set = wire.parse::<Uids>();
        match (&vector["expand"], vector["normal"].as_str(), vector["valid"] == false) {
            (Value::Array(numbers), ..) => {
                let most = text(vector, "max_test").split(' ').next().and_then(|most| most.parse().ok());
                let found = set.map(|set| set.iter().take(most.unwrap_or(1000)).map(u32::from).collect::<Vec<_>>());
                found.is_ok_and(|found| numbers.iter().map(Value::as_u64).eq(found.iter().map(|&one| Some(one.into()))))
            }
            (_, Some(normal), _) => set.is_ok_and(|set| set.to_string() == normal),
            (_, _, refused) => set.is_err() == refused,
        }
    });
}

/// Numbers to be written as a set.
fn formats(vector: &Value) -> bool {
    let numbers = vector["numbers"].as_array().into_iter().flatten().filter_map(Value::as_u64);
    let set: Uids = numbers.filter_map(|number| postroom::imap::Uid::new(u32::try_from(number).ok()?).ok()).collect();
    set.to_string() == text(vector, "format")
}

#[test]
fn flags_are_those_of_the_vectors() {
    check("flags", 14, |vector| {
        let shown = read(text(vector, "in").as_bytes());
        let flags = match &shown[0]["code"]["data"] {
            Value::Null => &shown[0]["flags"],
            flags => flags,
        };
        let lower = |flags: &Value| flags.to_string().to_lowercase();
        if vector["flags"].is_null() { flags.is_array() } else { lower(flags) == lower(&vector["flags"]) }
    });
}

#[test]
fn encoded_words_are_decoded_as_other_clients_do() {
    check("rfc2047", 54, |vector| {
        let subject = text(vector, "in");
        let frame = [
            format!("* 1 FETCH (ENVELOPE (NIL {{{}}}\r\n", subject.len()),
            subject.to_owned(),
            " NIL NIL NIL NIL NIL NIL NIL NIL))\r\n".to_owned(),
        ];
        let Ok(Response::Fetch(fetched)) = codec::response(&frame.concat().into(), &Limits::default()) else {
            return false;
        };
        fetched.subject().as_deref() == Some(text(vector, "out"))
    });
}

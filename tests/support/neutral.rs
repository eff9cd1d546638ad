//! Compares the expected values, in the neutral form, with the output: everything expected must be there. Letter case,
//! `null` in place of a missing value, and the form of an empty list of pairs are no differences.

use serde_json::{Map, Value};

/// Where they differ: the place, what was expected, what was there instead.
pub(crate) type Differences = Vec<(String, Value, Value)>;

/// The differences, and how many values were compared.
pub(crate) fn compare(expected: &Value, shown: &Value) -> (Differences, usize) {
    let (mut differences, mut count) = (Vec::new(), 0);
    walk(&normal(expected), &normal(shown), "", &mut differences, &mut count);
    (differences, count)
}

fn walk(expected: &Value, shown: &Value, place: &str, differences: &mut Differences, count: &mut usize) {
    match (expected, shown) {
        (Value::Object(expected), Value::Object(shown)) => {
            for (key, value) in expected {
                walk(value, shown.get(key).unwrap_or(&Value::Null), &format!("{place}.{key}"), differences, count);
            }
        }
        (Value::Array(expected), Value::Array(shown)) if expected.len() == shown.len() => {
            for (expected, shown) in expected.iter().zip(shown) {
                walk(expected, shown, &format!("{place}[]"), differences, count);
            }
        }
        (expected, shown) => {
            *count += 1;
            if expected != shown && !is_same_nothing(expected, shown) {
                differences.push((place.to_owned(), expected.clone(), shown.clone()));
            }
        }
    }
}

/// Without the source's own type names, in one letter case, without `null`.
fn normal(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let kept = object.iter().filter(|(key, _)| !matches!(key.as_str(), "of" | "#"));
            let kept: Map<_, _> = kept
                .map(|(key, value)| (key.to_uppercase().replace('"', ""), normal(value)))
                .filter(|(_, value)| !value.is_null())
                .collect();
            kept.into()
        }
        Value::Array(list) => list.iter().map(normal).collect(),
        Value::String(text) => text.to_uppercase().into(),
        other => other.clone(),
    }
}

/// Without pairs the value is `{}`, NIL or, to a reader that does not know that they would be pairs, `[]`. An empty list of
/// values is none of these.
fn is_same_nothing(expected: &Value, shown: &Value) -> bool {
    match expected {
        Value::Object(pairs) => pairs.is_empty() && (shown.is_null() || shown.as_array().is_some_and(Vec::is_empty)),
        Value::Array(list) => list.is_empty() && shown.as_object().is_some_and(Map::is_empty),
        _ => false,
    }
}

#[test]
fn a_difference_is_seen_wherever_it_is() {
    let seen = |expected: Value, shown: Value| compare(&expected, &shown).0.len();
    assert_eq!(seen(serde_json::json!({"a": [1, {"B": "x"}]}), serde_json::json!({"A": [1, {"b": "X"}], "c": 1})), 0);
    assert_eq!(seen(serde_json::json!({"a": null, "b": {}}), serde_json::json!({})), 0);
    assert_eq!(seen(serde_json::json!({"a": []}), serde_json::json!({"a": {}})), 0);
    assert_eq!(seen(serde_json::json!({"a": []}), serde_json::json!({})), 1);
    assert_eq!(seen(serde_json::json!({"a": [1, 2]}), serde_json::json!({"a": [1, 3]})), 1);
    assert_eq!(seen(serde_json::json!({"a": [1, 2]}), serde_json::json!({"a": [1]})), 1);
    assert_eq!(seen(serde_json::json!({"a": 1}), serde_json::json!({})), 1);
}

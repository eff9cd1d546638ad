//! All IMAP samples: accepted or refused as their sources say, and every asserted value found.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::as_json::imap::read;
use super::exception::{self, DEFECT, OPINION, RAW, REFUSED, TAKEN, WRONG, reason};
use super::leaf::Leaves;
use super::unit::{Unit, Validity, units};
use super::{fact, neutral};

/// The results, which are printed at the end.
#[derive(Default)]
struct Report {
    failures: Vec<String>,
    /// By form: the number of values checked.
    values: BTreeMap<String, usize>,
    /// By kind: kept raw, refused, with defects.
    kinds: BTreeMap<String, [usize; 3]>,
    used: HashSet<String>,
}

#[test]
fn every_sample_is_read_as_its_source_says() {
    let mut report = Report::default();
    let units = units("imap");
    assert_eq!(units.len(), 1512);
    for unit in &units {
        report.unit(unit);
    }
    println!("values checked by form: {:#?}", report.values);
    println!("raw, refused, with defects by kind: {:#?}", report.kinds);
    for list in [TAKEN, REFUSED, RAW, WRONG, DEFECT] {
        for id in exception::unused(list, &report.used) {
            report.failures.push(format!("{id}: listed as an exception, and is none"));
        }
    }
    assert!(report.failures.is_empty(), "{} failures:\n{}", report.failures.len(), report.failures.join("\n"));
}

impl Report {
    fn unit(&mut self, unit: &Unit) {
        let shown = read(&unit.bytes);
        let has = |key: &str| shown.iter().any(|response| response.get(key).is_some());
        let refused = has("error") || has("incomplete");
        let flawed = has("defects");
        let kind = self.kinds.entry(unit.kind.clone()).or_default();
        kind[0] += shown.iter().filter(|response| response.get("ignored").is_some()).count();
        kind[1] += usize::from(refused);
        kind[2] += usize::from(flawed);
        match unit.validity {
            Validity::Invalid if !refused && !flawed => self.unless_listed(TAKEN, unit, || "taken".to_owned()),
            Validity::Invalid => {}
            _ if refused => self.unless_listed(REFUSED, unit, || format!("refused: {}", show(&shown))),
            _ => {
                if flawed {
                    self.unless_listed(DEFECT, unit, || format!("has a defect: {}", show(&shown)));
                }
                if has("ignored") || shown.iter().any(is_raw) {
                    self.unless_listed(RAW, unit, || format!("kept raw: {}", show(&shown)));
                }
                self.values(unit, &shown);
            }
        }
    }

    fn values(&mut self, unit: &Unit, shown: &[Value]) {
        for (form, expected) in &unit.expect {
            let (failed, count) = match form.as_str() {
                "neutral" => {
                    let (differences, count) = neutral::compare(expected, shown.first().unwrap_or(&Value::Null));
                    (differences.iter().map(|difference| format!("{difference:?}")).collect(), count)
                }
                "facts" => {
                    let outcome = fact::check(expected, shown);
                    *self.values.entry("facts that are no server's".to_owned()).or_default() += outcome.passed_over;
                    (outcome.failed, outcome.checked)
                }
                "shape" => shape(expected, shown),
                _ => Leaves::of(shown).missing(expected),
            };
            *self.values.entry(form.clone()).or_default() += count;
            if !failed.is_empty() {
                self.unless_listed(WRONG, unit, || format!("{form}: {}: {}", failed.join("; "), show(shown)));
            }
        }
        self.opinion(unit, shown);
    }

    /// Another parser's opinion, if it has one of this form.
    fn opinion(&mut self, unit: &Unit, shown: &[Value]) {
        let Some(opinion) = &unit.opinion else { return };
        let opinions = opinion.as_array().map_or_else(|| std::slice::from_ref(opinion), Vec::as_slice);
        if opinions.len() != shown.len() {
            return self.failures.push(format!("{}: {} responses, not {}", unit.id, opinions.len(), shown.len()));
        }
        for (opinion, shown) in opinions.iter().zip(shown) {
            let (differences, count) = neutral::compare(opinion, shown);
            *self.values.entry("second opinion".to_owned()).or_default() += count;
            let other = |place: &str| OPINION.iter().any(|(known, _)| place.starts_with(known) || *known == unit.id);
            let differences: Vec<_> = differences.iter().filter(|(place, ..)| !other(place)).collect();
            if !differences.is_empty() {
                self.failures.push(format!("{}: second opinion: {differences:?}", unit.id));
            }
        }
    }

    fn unless_listed(&mut self, list: &[(&'static str, &'static str)], unit: &Unit, what: impl FnOnce() -> String) {
        match reason(list, &unit.id) {
            Some(_) => {
                self.used.insert(unit.id.clone());
            }
            None => self.failures.push(format!("{} ({}, {:?}): {}", unit.id, unit.kind, unit.validity, what())),
        }
    }
}

/// How many responses there are, and of what kinds by their first words.
fn shape(expected: &Value, shown: &[Value]) -> (Vec<String>, usize) {
    let kinds = expected["kinds"].as_array().map(Vec::as_slice).unwrap_or_default();
    let count = expected["units"].as_u64().unwrap_or_default();
    let mut failed = Vec::new();
    if count != shown.len() as u64 {
        failed.push(format!("{count} responses were expected"));
    }
    for (kind, shown) in kinds.iter().zip(shown) {
        let (kind, shown) =
            (kind.as_str().unwrap_or_default(), shown["type"].as_str().unwrap_or_default().to_lowercase());
        let is = match kind {
            "status-ok" | "untagged-ok" | "select" | "copyuid" | "response-code" | "error" | "error-code"
            | "greeting" | "bye" => {
                matches!(shown.as_str(), "ok" | "no" | "bad" | "bye" | "preauth")
            }
            "mailbox-size" => matches!(shown.as_str(), "exists" | "recent"),
            "acl" => matches!(shown.as_str(), "acl" | "myrights" | "listrights"),
            "quota" => matches!(shown.as_str(), "quota" | "quotaroot"),
            "list" => matches!(shown.as_str(), "list" | "xlist"),
            "capability" => matches!(shown.as_str(), "capability" | "ok" | "preauth"),
            _ => kind.starts_with(&shown) || kind == "other",
        };
        if !is {
            failed.push(format!("{kind} was expected, not {shown}"));
        }
    }
    (failed, 1 + kinds.len())
}

/// A code or a STATUS item that the crate has no type for.
fn is_raw(response: &Value) -> bool {
    response["code"]["data"].get("unparsed").is_some()
}

fn show(shown: &[Value]) -> String {
    let text = shown.iter().map(Value::to_string).collect::<Vec<_>>().join(" ");
    text.chars().take(300).collect()
}

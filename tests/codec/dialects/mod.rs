//! Dialects of real servers. Each row has bytes such as they send, what is read from them, and where the behaviour of a session is
//! tested. The table is in `table.rs`.

use std::path::Path;

use serde_json::Value;

use crate::{as_json, neutral};
use table::DIALECTS;

mod table;

#[test]
fn every_dialect_is_read() {
    let mut failures = Vec::new();
    for dialect in DIALECTS.iter().filter(|dialect| !dialect.read.is_empty()) {
        let expected: Value = serde_json::from_str(dialect.read).expect("what is expected is JSON");
        let shown = as_json::imap::read(dialect.sends);
        let (differences, _) = neutral::compare(&expected, &Value::from(shown.clone()));
        if !differences.is_empty() {
            failures.push(format!("{} {}: {differences:?}: {shown:?}", dialect.number, dialect.server));
        }
        let wants_defect = dialect.read.contains("defects");
        if !wants_defect && shown.iter().any(|response| response.get("defects").is_some()) {
            failures.push(format!("{} {}: has a defect: {shown:?}", dialect.number, dialect.server));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_dialect_has_a_row_and_every_row_its_proof() {
    let mut numbers: Vec<_> = DIALECTS.iter().map(|dialect| dialect.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, (1..=50).collect::<Vec<_>>());
    for dialect in DIALECTS {
        let proofs = usize::from(!dialect.read.is_empty()) + dialect.shown.len();
        assert!(proofs > 0, "{} {}: nothing shows it", dialect.number, dialect.server);
        for (file, test) in dialect.shown {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                text.contains(&format!("fn {test}(")),
                "{} {}: no {test} in {file}",
                dialect.number,
                dialect.server
            );
        }
    }
}

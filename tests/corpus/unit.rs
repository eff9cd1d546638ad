//! The samples in this folder. It must not know how they are used.

use std::path::Path;

use serde_json::Value;

/// One sample.
pub(crate) struct Unit {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) validity: Validity,
    pub(crate) expect: Vec<(String, Value)>,
    pub(crate) opinion: Option<Value>,
    pub(crate) command: Option<String>,
    pub(crate) multiline: bool,
    pub(crate) bytes: Vec<u8>,
}

/// The verdict of its source.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Validity {
    Valid,
    /// Violates the grammar, but real servers send it.
    Tolerated,
    /// To be refused, or unfinished.
    Invalid,
}

/// The sides of a dialogue and their words, in order.
pub(crate) struct Dialog {
    pub(crate) id: String,
    pub(crate) steps: Vec<(String, Vec<u8>)>,
}

/// All samples of a protocol.
pub(crate) fn units(protocol: &str) -> Vec<Unit> {
    let literals = literals();
    lines(&format!("{protocol}.jsonl")).iter().map(|line| unit(line, &literals)).collect()
}

/// All dialogues of a protocol.
pub(crate) fn dialogs(protocol: &str) -> Vec<Dialog> {
    let literals = literals();
    let step = |step: &Value| (string(&step[0]), bytes(&step[1], &literals));
    let read = |line: &Value| Dialog { id: string(&line["id"]), steps: joined(list(&line["steps"]).iter().map(step)) };
    lines(&format!("{protocol}_dialogs.jsonl")).iter().map(read).collect()
}

/// Consecutive steps of the same side, as one.
fn joined(steps: impl Iterator<Item = (String, Vec<u8>)>) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = Vec::new();
    for (who, bytes) in steps {
        match all.last_mut() {
            Some((before, more)) if *before == who => more.extend(bytes),
            _ => all.push((who, bytes)),
        }
    }
    all
}

/// The vectors of one encoding.
pub(crate) fn vectors(of: &str) -> Vec<Value> {
    lines("encodings.jsonl").into_iter().filter(|vector| vector["of"] == of).collect()
}

/// The bytes that a string of the corpus denotes.
pub(crate) fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|byte| u8::try_from(u32::from(byte)).expect("every character is a byte")).collect()
}

fn unit(line: &Value, literals: &[Vec<u8>]) -> Unit {
    let expect = line["expect"].as_array().map(Vec::as_slice).unwrap_or_default();
    Unit {
        id: string(&line["id"]),
        kind: string(&line["kind"]),
        validity: match &line["valid"] {
            Value::Bool(true) => Validity::Valid,
            Value::Bool(false) => Validity::Invalid,
            _ => Validity::Tolerated,
        },
        expect: expect.iter().map(|pair| (string(&pair[0]), pair[1].clone())).collect(),
        opinion: line.get("opinion").cloned(),
        command: line["command"].as_str().map(str::to_owned),
        multiline: line["multiline"] == true,
        bytes: bytes(&line["bytes"], literals),
    }
}

fn bytes(packed: &Value, literals: &[Vec<u8>]) -> Vec<u8> {
    let piece = |piece: &Value| match piece.as_u64() {
        Some(place) => literals[place as usize].clone(),
        None => latin1(piece.as_str().expect("bytes are strings and numbers")),
    };
    match packed.as_array() {
        Some(pieces) => pieces.iter().flat_map(piece).collect(),
        None => piece(packed),
    }
}

fn literals() -> Vec<Vec<u8>> {
    lines("literals.jsonl").iter().map(|line| latin1(line.as_str().expect("a literal is a string"))).collect()
}

fn lines(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(file);
    let text = std::fs::read_to_string(&path).expect("the corpus is there");
    text.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect()
}

fn string(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

//! Samples written from the RFCs, one file per extension in `tests/samples`: what a server may say by the grammar, and the complete
//! output of `as_json` for it. It must not know how the crate reads them.
//!
//! Lines of a sample are what the server says, each followed by CRLF; `\xHH` is a byte. Lines that begin with four blanks are the
//! expected objects, one each. In a file of POP3, a line with `>` is the command, and `>>` is one whose `+OK` is followed by a body
//! whatever its name. Lines that begin with `# ` are comments.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::as_json::{imap, pop3};

/// What was said, and what must be shown.
#[derive(Default)]
struct Sample {
    asked: pop3::Asked,
    said: Vec<u8>,
    expected: Vec<Value>,
}

#[test]
fn everything_that_the_grammars_allow_is_shown_as_what_it_is() {
    let (mut count, mut failures) = (0, Vec::new());
    for file in files() {
        let is_pop3 = name(&file).starts_with("pop3");
        let samples = samples(&std::fs::read_to_string(&file).unwrap());
        assert!(!samples.is_empty(), "{}", file.display());
        for sample in &samples {
            let shown = sample.shown(&sample.said, is_pop3);
            if shown != sample.expected {
                failures.push(format!("{}: {}{}", name(&file), sample.said.escape_ascii(), lines(&shown)));
            }
        }
        println!("{}: {} samples", name(&file), samples.len());
        count += samples.len();
    }
    assert!(count >= 700, "{count} samples");
    assert!(failures.is_empty(), "{} of {count} differ, and show:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn a_sample_cut_anywhere_is_not_whole_and_never_read_as_something_else() {
    for file in files() {
        let is_pop3 = name(&file).starts_with("pop3");
        for sample in samples(&std::fs::read_to_string(&file).unwrap()) {
            for end in 1..sample.said.len() {
                let said = &sample.said[..end];
                let shown = sample.shown(said, is_pop3);
                let is_open = shown.last().is_none_or(|last| last.get("incomplete").is_some());
                assert!(said.ends_with(b"\n") || is_open, "{} at {end}: {shown:?}", sample.said.escape_ascii());
            }
        }
    }
}

impl Sample {
    fn shown(&self, said: &[u8], is_pop3: bool) -> Vec<Value> {
        if is_pop3 { pop3::read(said, &self.asked) } else { imap::read(said) }
    }
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn name(file: &Path) -> String {
    file.file_name().unwrap().to_string_lossy().into_owned()
}

fn samples(text: &str) -> Vec<Sample> {
    let (mut samples, mut sample) = (Vec::new(), Sample::default());
    for line in text.lines().filter(|line| !line.starts_with("# ")) {
        if let Some(object) = line.strip_prefix("    ") {
            sample.expected.push(serde_json::from_str(object).unwrap_or_else(|error| panic!("{line}: {error}")));
            continue;
        }
        if !sample.expected.is_empty() {
            samples.push(std::mem::take(&mut sample));
        }
        match line.strip_prefix('>') {
            _ if line.is_empty() && sample.said.is_empty() => {}
            Some(command) if sample.said.is_empty() => {
                sample.asked.multiline = command.starts_with('>');
                sample.asked.command = Some(command.trim_start_matches('>').trim().to_owned());
            }
            _ => sample.said.extend([bytes(line), b"\r\n".to_vec()].concat()),
        }
    }
    assert_eq!(sample.said.is_empty(), sample.expected.is_empty(), "the last sample has no expected objects");
    samples.extend((!sample.said.is_empty()).then_some(sample));
    samples
}

/// The line, with `\xHH` for a byte.
fn bytes(line: &str) -> Vec<u8> {
    let mut pieces = line.split("\\x");
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        match piece.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => bytes.extend([&[byte], &piece.as_bytes()[2..]].concat()),
            None => bytes.extend([b"\\x", piece.as_bytes()].concat()),
        }
    }
    bytes
}

fn lines(shown: &[Value]) -> String {
    shown.iter().map(|value| format!("\n    {value}")).collect()
}

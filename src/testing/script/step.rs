//! The steps of a dialogue: their text form, and whether a line of the client matches one. It must not know a connection.

use std::collections::BTreeMap;
use std::fmt;

/// The values of the names in braces.
pub(super) type Names = BTreeMap<String, Vec<u8>>;

/// A step, and its line in the text.
#[derive(Clone, Debug)]
pub(super) struct Step {
    line: usize,
    text: String,
    pub(super) act: Act,
}

#[derive(Clone, Debug)]
pub(super) enum Act {
    Send(Template),
    Expect(Template),
    SendRaw(Vec<u8>),
    ExpectRaw(Vec<u8>),
    Fill(usize, u8),
    Take(usize),
    Tls,
    Deflate,
    Plain,
    Stall,
    Eof,
    Close,
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.act {
            Act::Send(_) | Act::SendRaw(_) | Act::Fill(..) => "sending",
            _ => "expected",
        };
        write!(out, "line {}: {verb} {}", self.line, self.text)
    }
}

pub(super) fn parse(text: &str) -> Result<Vec<Step>, String> {
    let lines = (1..).zip(text.lines().map(str::trim_start));
    let meant = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    meant
        .map(|(number, line)| {
            let act = act(line).ok_or_else(|| format!("line {number}: not a step: {line}"))?;
            Ok(Step { line: number, text: line.to_owned(), act })
        })
        .collect()
}

fn act(line: &str) -> Option<Act> {
    match line.trim_end() {
        "tls" => return Some(Act::Tls),
        "deflate" => return Some(Act::Deflate),
        "plain" => return Some(Act::Plain),
        "stall" => return Some(Act::Stall),
        "eof" => return Some(Act::Eof),
        "close" => return Some(Act::Close),
        _ => {}
    }
    let (word, rest) = line.split_once(':')?;
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    Some(match word {
        "S" => Act::Send(Template::parse(rest)),
        "C" => Act::Expect(Template::parse(rest)),
        "S-raw" => Act::SendRaw(unescape(rest)?),
        "C-raw" => Act::ExpectRaw(unescape(rest)?),
        "S-fill" => {
            let (count, byte) = rest.split_once(' ')?;
            Act::Fill(count.parse().ok()?, *byte.as_bytes().first()?)
        }
        "C-bytes" => Act::Take(rest.trim().parse().ok()?),
        _ => return None,
    })
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        out.push(match bytes.next()? {
            b'r' => b'\r',
            b'n' => b'\n',
            b't' => b'\t',
            b'0' => 0,
            b'\\' => b'\\',
            b'x' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            _ => return None,
        });
    }
    Some(out)
}

/// A line with names in braces.
#[derive(Clone, Debug)]
pub(super) struct Template(Vec<Piece>);

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Name(String),
    /// Any rest of the line.
    Rest,
}

impl Template {
    fn parse(line: &str) -> Self {
        let mut pieces = Vec::new();
        let (line, is_open) = line.strip_suffix("{*}").map_or((line, false), |line| (line, true));
        let mut rest = line;
        let mut text = String::new();
        while let Some((before, name, after)) = next_name(rest) {
            text.push_str(before);
            pieces.push(Piece::Text(std::mem::take(&mut text)));
            pieces.push(Piece::Name(name.to_owned()));
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        pieces.extend(is_open.then_some(Piece::Rest));
        Self(pieces)
    }

    pub(super) fn print(&self, names: &Names) -> Vec<u8> {
        let mut line = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => line.extend_from_slice(text.as_bytes()),
                Piece::Rest => line.extend_from_slice(b"{*}"),
                Piece::Name(name) => match names.get(name) {
                    Some(value) => line.extend_from_slice(value),
                    None => line.extend_from_slice(format!("{{{name}}}").as_bytes()),
                },
            }
        }
        line
    }

    /// Whether the line matches. Names without a value take theirs from it.
    pub(super) fn fits(&self, line: &[u8], names: &mut Names) -> bool {
        let mut rest = line;
        for piece in &self.0 {
            let length = match piece {
                Piece::Text(text) if rest.starts_with(text.as_bytes()) => text.len(),
                Piece::Text(_) => return false,
                Piece::Rest => rest.len(),
                Piece::Name(name) => {
                    let length = rest.iter().take_while(|byte| is_name_value(**byte)).count();
                    let value = rest.get(..length).unwrap_or_default();
                    let known = names.entry(name.clone()).or_insert_with(|| value.to_vec());
                    if value.is_empty() || known.as_slice() != value {
                        return false;
                    }
                    length
                }
            };
            rest = rest.get(length..).unwrap_or_default();
        }
        rest.is_empty()
    }
}

fn is_name_value(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

/// The text before the first name in braces, the name, and the text after it.
fn next_name(text: &str) -> Option<(&str, &str, &str)> {
    text.match_indices('{').find_map(|(at, _)| {
        let (name, after) = text.get(at + 1..)?.split_once('}')?;
        let is_name = name.starts_with(|char: char| char.is_ascii_uppercase())
            && name.chars().all(|char| char.is_ascii_uppercase() || char.is_ascii_digit());
        is_name.then_some((text.get(..at)?, name, after))
    })
}

//! Changes of a POP3 server's reply into another well-formed one that is not true. Each change says whether something else in
//! the session contradicts it: RETR must send what LIST declares.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::lie::{Kind, Out};
use crate::mail::{Mail, World};
use crate::pop3::Reply;
use crate::rng::Rng;

pub(crate) struct Scene<'a> {
    pub(crate) command: &'a str,
    pub(crate) reply: Reply,
    pub(crate) world: &'a World,
    pub(crate) rng: Rng,
    pub(crate) always: bool,
    pub(crate) declared: &'a Declared,
}

/// What the server has said about its mail, true or not, to compare later replies with.
#[derive(Default)]
pub(crate) struct Declared {
    pub(crate) count: Option<usize>,
    pub(crate) sizes: BTreeMap<u32, usize>,
    /// The messages that any UIDL has named.
    names: BTreeSet<u32>,
    /// The length of a message's text when it was last sent.
    sent: BTreeMap<u32, usize>,
}

impl Declared {
    pub(crate) fn hear(&mut self, command: &str, reply: &Reply) {
        let numbers = |line: &[u8]| {
            let text = String::from_utf8_lossy(line).into_owned();
            let words: Vec<usize> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
            words
        };
        match (command, &reply.lines) {
            ("UIDL", Some(lines)) => {
                self.names.extend(lines.iter().filter_map(|line| Some(*numbers(line).first()? as u32)));
            }
            (retr, Some(lines)) if retr.starts_with("RETR ") => {
                let number = retr.split(' ').nth(1).and_then(|number| number.parse().ok());
                self.sent.extend(number.map(|number: u32| (number, length(lines))));
            }
            ("STAT", _) => self.count = numbers(&reply.status).first().copied(),
            ("LIST", Some(lines)) => {
                let rows = lines.iter().map(|line| numbers(line));
                self.sizes = rows.filter(|row| row.len() == 2).map(|row| (row[0] as u32, row[1])).collect();
            }
            _ => {}
        }
    }
}

/// What is sent, whether that is detectable, and what was changed.
pub(crate) type Change = Option<(Vec<Out>, bool, String)>;

/// Changes the reply, or returns `None` if it cannot carry such a lie.
pub(crate) fn change(kind: Kind, scene: &mut Scene<'_>) -> Change {
    let verb = scene.command.split(' ').next().unwrap_or_default().to_owned();
    if !scene.reply.status.starts_with(b"+OK") {
        return None;
    }
    match &*verb {
        "LIST" | "UIDL" | "STAT" | "RETR" | "TOP" => {}
        "DELE" | "QUIT" if kind == Kind::Delay || kind == Kind::Rename => {}
        _ => return None,
    }
    if kind == Kind::Delay {
        return delay(scene);
    }
    if kind == Kind::Rename && scene.rng.once_in(3) || verb == "DELE" || verb == "QUIT" {
        scene.reply = Reply { status: b"-ERR not done\r\n".to_vec(), lines: None };
        return said(scene, true, "refused");
    }
    if kind == Kind::Drop && scene.rng.once_in(4) {
        // The next reply is read in place of this one.
        return Some((Vec::new(), verb != "TOP" && !is_before_twins(scene), "no reply".to_owned()));
    }
    if kind == Kind::Repeat && scene.rng.once_in(3) {
        let twice = vec![Out::Said(scene.reply.write()); 2];
        let is_detectable = verb != "TOP" && !has_twin(scene) && !is_before_unsized(scene);
        return Some((twice, is_detectable, "the reply twice".to_owned()));
    }
    match &*verb {
        "STAT" => stat(kind, scene),
        "LIST" => listing(kind, scene, true),
        "UIDL" => listing(kind, scene, false),
        _ => message(kind, scene, verb == "RETR"),
    }
}

fn said(scene: &Scene<'_>, detectable: bool, what: impl Into<String>) -> Change {
    Some((vec![Out::Said(scene.reply.write())], detectable, what.into()))
}

fn delay(scene: &mut Scene<'_>) -> Change {
    let bytes = scene.reply.write();
    let cut = scene.rng.below(bytes.len());
    let seconds = [5, 45, 70, 500][scene.rng.below(4)];
    let (first, last) = bytes.split_at(cut);
    let outs = vec![Out::said(first), Out::Wait(Duration::from_secs(seconds)), Out::said(last)];
    Some((outs, true, format!("{seconds} s of silence after {cut} octets")))
}

fn stat(kind: Kind, scene: &mut Scene<'_>) -> Change {
    let (count, size) = match kind {
        Kind::Count => (scene.world.mail.len() + 2, 4000),
        Kind::Size => (scene.world.mail.len(), 3),
        Kind::Empty => (0, 0),
        Kind::Limit => (scene.world.mail.len() - 2, 4000),
        _ => return None,
    };
    scene.reply.status = format!("+OK {count} {size}\r\n").into_bytes();
    said(scene, true, format!("{count} messages, {size} octets"))
}

/// LIST and UIDL: each contradicts the other if it names other messages.
fn listing(kind: Kind, scene: &mut Scene<'_>, sizes: bool) -> Change {
    let lines = scene.reply.lines.as_mut().filter(|lines| lines.len() > 1)?;
    let at = scene.rng.below(lines.len());
    let text = String::from_utf8_lossy(&lines[at]).trim_end().to_owned();
    let (number, value) = text.split_once(' ')?;
    let line = |text: &str| format!("{text}\r\n").into_bytes();
    let mut is_detectable = true;
    let what = match kind {
        Kind::Drop => {
            lines.remove(at);
            format!("no line for {number}")
        }
        Kind::Repeat => {
            let again = lines[at].clone();
            lines.insert(scene.rng.below(lines.len()), again);
            format!("the line of {number} twice")
        }
        Kind::Truncate => match scene.rng.below(4) {
            0 => {
                lines.truncate(at);
                format!("nothing from {number} on")
            }
            choice => {
                lines[at] = line(&[number.to_owned(), format!("{number} "), format!("{number} -")][choice - 1]);
                is_detectable = sizes || choice < 3;
                format!("{:?} for {text:?}", String::from_utf8_lossy(&lines[at]))
            }
        },
        Kind::Empty => {
            if scene.rng.once_in(2) {
                lines.clear();
                is_detectable = scene.declared.count != Some(0);
                "no lines".to_owned()
            } else {
                lines[at] = line("");
                format!("an empty line for {text:?}")
            }
        }
        Kind::Swap => {
            let other = (at + 1 + scene.rng.below(lines.len() - 1)) % lines.len();
            let other_text = String::from_utf8_lossy(&lines[other]).trim_end().to_owned();
            let (other_number, other_value) = other_text.split_once(' ')?;
            lines[at] = line(&format!("{number} {other_value}"));
            lines[other] = line(&format!("{other_number} {value}"));
            is_detectable = sizes;
            format!("the values of {number} and {other_number} swapped")
        }
        Kind::Rename => {
            lines[at] = line(&format!("{number} 777777"));
            is_detectable = sizes;
            format!("777777 for {text:?}")
        }
        Kind::Renumber => {
            let other = [0, 99, number.parse::<u32>().ok()? % 7 + 1][scene.rng.below(3)];
            lines[at] = line(&format!("{other} {value}"));
            format!("{other} for {number}")
        }
        Kind::Interleave => {
            let stray = ["+OK", "what is this", "7", "4294967296 5", "-ERR"][scene.rng.below(5)];
            lines.insert(at, line(stray));
            format!("{stray:?} before {text:?}")
        }
        Kind::Limit => {
            lines.truncate(at.max(1));
            is_detectable = scene.declared.count != Some(lines.len());
            format!("only the first {}", lines.len())
        }
        Kind::Size => {
            if !sizes {
                return None;
            }
            let size = value.parse::<usize>().ok()?;
            let size = [0, 1, size + 1, size - 1, 4_000_000_000][scene.rng.below(5)];
            lines[at] = line(&format!("{number} {size}"));
            format!("{size} octets for {text:?}")
        }
        Kind::Validity => {
            if sizes {
                return None;
            }
            for text in lines.iter_mut() {
                let old = String::from_utf8_lossy(text).trim_end().to_owned();
                *text = line(&format!("{}9", old));
            }
            is_detectable = false;
            "all names are others".to_owned()
        }
        Kind::Count => {
            let other = lines.len() + 1 + scene.rng.below(3);
            lines.push(line(&format!("{other} 321")));
            format!("a line for {other}")
        }
        Kind::Delay => return None,
    };
    said(scene, is_detectable, what)
}

/// RETR and TOP. Nothing declares the length of what TOP sends, but the line after the header always comes (RFC 1939 §7).
fn message(kind: Kind, scene: &mut Scene<'_>, whole: bool) -> Change {
    let number: u32 = scene.command.split(' ').nth(1)?.parse().ok()?;
    let mail = scene.world.numbered(number)?.clone();
    let lines = scene.reply.lines.as_mut().filter(|lines| !lines.is_empty())?;
    let at = scene.rng.below(lines.len());
    let what = match kind {
        Kind::Drop => {
            lines.remove(at);
            format!("line {at} is missing")
        }
        Kind::Repeat => {
            let again = lines.clone();
            lines.extend(again);
            "the text twice".to_owned()
        }
        Kind::Truncate | Kind::Limit => {
            lines.truncate(at.max(1));
            if lines.len() == number_of_lines(&mail) {
                return None;
            }
            format!("{} lines", lines.len())
        }
        Kind::Empty => {
            lines.clear();
            "no text".to_owned()
        }
        Kind::Swap | Kind::Renumber => {
            let others: Vec<&Mail> = scene.world.mail.iter().filter(|other| other.number != number).collect();
            let twin = others.iter().find(|other| other.bytes.len() == mail.bytes.len());
            let other = twin.filter(|_| scene.rng.once_in(2)).unwrap_or_else(|| &others[scene.rng.below(others.len())]);
            let text = if whole { &other.bytes[..] } else { other.header() };
            *lines = stuffed(text);
            format!("the text of {}", other.number)
        }
        Kind::Rename => {
            let length = lines[at].len();
            lines[at] = [b"X-Other: ".as_slice(), &vec![b'x'; length], b"\r\n"].concat();
            format!("another line {at}")
        }
        Kind::Interleave => {
            if scene.rng.once_in(3) {
                let outs = vec![Out::said("+OK an answer to nothing\r\n"), Out::Said(scene.reply.write())];
                return Some((
                    outs,
                    whole && scene.declared.sizes.contains_key(&number),
                    "an answer to nothing before it".to_owned(),
                ));
            }
            let stray: &[u8] = [b"+OK 5 octets\r\n".as_slice(), b"..\r\n", b"-ERR\r\n"][scene.rng.below(3)];
            lines.insert(at, stray.to_vec());
            format!("{:?} before line {at}", String::from_utf8_lossy(stray))
        }
        Kind::Size => {
            if scene.rng.once_in(2) {
                scene.reply.status = b"+OK 3 octets\r\n".to_vec();
                return said(scene, true, "3 octets, by the status line");
            }
            lines.push(b"more\r\n".to_vec());
            "a line more".to_owned()
        }
        Kind::Count | Kind::Validity | Kind::Delay => return None,
    };
    // If every reading is the same and not empty, it is what the server has, whatever size it declares.
    let length = length(scene.reply.lines.as_deref().unwrap_or_default());
    let alike = scene.declared.sent.get(&number) == Some(&length);
    let declared = scene.declared.sizes.get(&number);
    let differs = length == 0 || !alike && declared.is_some_and(|size| *size != length);
    said(scene, kind == Kind::Empty || whole && differs && !scene.always, what)
}

/// Whether another message has the same length: if one comes in place of the other, its size does not show it, and
/// nothing else does before all replies have come.
fn has_twin(scene: &Scene<'_>) -> bool {
    let number = scene.command.strip_prefix("RETR ").and_then(|number| number.parse().ok());
    let Some(mail) = number.and_then(|number| scene.world.numbered(number)) else { return false };
    scene.world.mail.iter().any(|other| other.number != mail.number && other.bytes.len() == mail.bytes.len())
}

/// Whether nothing declares the length of the next message: it gets this one's text.
fn is_before_unsized(scene: &Scene<'_>) -> bool {
    let number = scene.command.strip_prefix("RETR ").and_then(|number| number.parse::<u32>().ok());
    let next = number.map(|number| number + 1);
    next.is_some_and(|next| scene.declared.names.contains(&next) && !scene.declared.sizes.contains_key(&next))
}

/// Whether two messages of the same length come from here on: if a reply is lost, the first of them may get the other's text.
fn is_before_twins(scene: &Scene<'_>) -> bool {
    let Some(number) = scene.command.strip_prefix("RETR ").and_then(|number| number.parse::<u32>().ok()) else {
        return false;
    };
    let left = || scene.world.mail.iter().filter(|mail| mail.number >= number);
    left().any(|mail| left().any(|other| other.number > mail.number && other.bytes.len() == mail.bytes.len()))
}

/// Without dot stuffing.
fn length(lines: &[Vec<u8>]) -> usize {
    lines.iter().map(|line| line.len() - usize::from(line.starts_with(b"."))).sum()
}

fn number_of_lines(mail: &Mail) -> usize {
    mail.bytes.iter().filter(|byte| **byte == b'\n').count()
}

/// RFC 1939 §3.
fn stuffed(text: &[u8]) -> Vec<Vec<u8>> {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    lines.map(|line| if line.starts_with(b".") { [b".", line].concat() } else { line.to_vec() }).collect()
}

//! A stream of POP3 replies: status lines, and the bodies after those that have one.

use postroom::pop3::Uidl;
use postroom::pop3::codec::{self, Cut, Indicator, Lines, Multiline, Reply};
use serde_json::{Value, json};

use super::imap::is_blank;
use super::text::{put, text};

/// The command to which the replies belong.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The command's line, such as `RETR 1`; a greeting if there is none.
    pub command: Option<String>,
    /// A body follows `+OK` whatever the command.
    pub multiline: bool,
}

/// One object for each reply, and one for what is left at the end or cannot be read.
pub fn read(bytes: &[u8], asked: &Asked) -> Vec<Value> {
    let (mut said, mut at) = (Vec::new(), 0);
    while !is_blank(bytes.get(at..).unwrap_or_default()) {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(end) = memchr::memchr(b'\n', rest).map(|end| end + 1) else {
            said.push(json!({ "incomplete": true }));
            break;
        };
        let (line, behind) = rest.split_at(end);
        let Some(reply) = codec::reply(line) else {
            said.push(json!({ "error": "this is no status line", "offset": at }));
            at += end;
            continue;
        };
        let mut object = status(&reply);
        let by_crlf = line.ends_with(b"\r\n");
        if !by_crlf {
            put(&mut object, "defects", json!([{ "forgiven": "lines end in LF alone" }]));
        }
        if reply.indicator == Indicator::Ok && (asked.is_multiline() || asked.may_be_multiline() && is_body(behind)) {
            let mut body = behind.to_vec();
            let mut scanner = if by_crlf { Multiline::new() } else { Multiline::lenient() };
            let Some(Cut { body: length, len, .. }) = scanner.scan(&mut body) else {
                said.push(json!({ "incomplete": true }));
                break;
            };
            body.truncate(length);
            add_body(&mut object, &body, asked);
            at += len;
        } else if at == 0 || asked.command.is_some() {
            add_values(&mut object, line, &reply, asked);
        }
        at += end;
        said.push(object);
    }
    said
}

impl Asked {
    fn keyword(&self) -> String {
        self.command
            .as_deref()
            .and_then(|command| command.split_ascii_whitespace().next())
            .unwrap_or("")
            .to_ascii_uppercase()
    }

    fn has_argument(&self) -> bool {
        self.command.as_deref().is_some_and(|command| command.split_ascii_whitespace().count() > 1)
    }

    fn is_multiline(&self) -> bool {
        self.multiline
            || match self.keyword().as_str() {
                "RETR" | "TOP" | "CAPA" => true,
                "LIST" | "UIDL" | "LANG" => !self.has_argument(),
                _ => false,
            }
    }

    /// If the command is unknown, and in reply to AUTH alone, which lists mechanisms on some servers.
    fn may_be_multiline(&self) -> bool {
        self.command.is_none() || self.keyword() == "AUTH" && !self.has_argument()
    }
}

/// Anything but a status line is a body.
fn is_body(behind: &[u8]) -> bool {
    Lines::new(behind).next().is_some_and(|line| codec::reply(line).is_none())
}

fn status(reply: &Reply<'_>) -> Value {
    let word = match reply.indicator {
        Indicator::Ok => "+OK",
        Indicator::Err => "-ERR",
        Indicator::Challenge => "+",
    };
    let code = reply.code.as_ref().map(|code| {
        let data = (!code.data().is_empty()).then(|| code.data());
        json!({ "name": code.name(), "data": data })
    });
    json!({ "status": word, "code": code, "text": text(reply.rest) })
}

fn add_body(object: &mut Value, body: &[u8], asked: &Asked) {
    let lines: Vec<_> = Lines::new(body).collect();
    put(object, "lines", lines.len());
    put(object, "data", lines.iter().map(|line| text(line)).collect::<Value>());
    let values = match asked.keyword().as_str() {
        "LIST" => lines.iter().map(|line| scan(line)).collect(),
        "UIDL" => lines.iter().map(|line| uidl(line)).collect(),
        "LANG" => lines.iter().map(|line| language(line)).collect(),
        "CAPA" => json!({ "capabilities": codec::capabilities(body).iter().collect::<Vec<_>>() }),
        _ => return,
    };
    put(object, "values", values);
}

fn add_values(object: &mut Value, line: &[u8], reply: &Reply<'_>, asked: &Asked) {
    if reply.indicator != Indicator::Ok {
        return;
    }
    let values = match asked.keyword().as_str() {
        "STAT" => codec::stat(reply.rest)
            .map_or(Value::Null, |stat| json!({ "messages": stat.messages, "octets": stat.octets })),
        "LIST" => scan(reply.rest),
        "UIDL" => uidl(reply.rest),
        "LANG" => language(reply.rest),
        "" => match codec::stamp(line) {
            Some(stamp) => json!({ "stamp": text(stamp) }),
            None => return,
        },
        _ => return,
    };
    put(object, "values", values);
}

fn scan(line: &[u8]) -> Value {
    codec::scan_line(line).map_or(Value::Null, |(number, size)| json!({ "number": number.as_u32(), "size": size }))
}

fn uidl(line: &[u8]) -> Value {
    let shown = |uidl: &Uidl| text(uidl.as_bytes());
    codec::uidl_line(line).map_or(Value::Null, |(number, id)| json!({ "number": number.as_u32(), "uidl": shown(&id) }))
}

fn language(line: &[u8]) -> Value {
    codec::language_line(line).map_or(Value::Null, |told| json!({ "tag": told.tag, "description": told.description }))
}

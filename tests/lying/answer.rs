//! The items of one FETCH response, which can be changed and written again. It knows no lie.

use crate::mail::Mail;
use crate::wire;

#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) number: u32,
    pub(crate) items: Vec<Vec<u8>>,
}

impl Answer {
    pub(crate) fn read(response: &[u8]) -> Option<Self> {
        let (number, rest) = wire::numbered(response)?;
        let list = rest.strip_prefix(b"FETCH (")?.strip_suffix(b")\r\n")?;
        let items = wire::items(list)?.into_iter().map(<[u8]>::to_vec).collect();
        Some(Self { number, items })
    }

    pub(crate) fn new(number: u32, items: &[&[u8]]) -> Self {
        Self { number, items: items.iter().map(|item| item.to_vec()).collect() }
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let start = format!("* {} FETCH (", self.number);
        [start.as_bytes(), &self.items.join(&b' '), b")\r\n"].concat()
    }

    pub(crate) fn at(&self, name: &str) -> Option<usize> {
        self.items.iter().position(|item| wire::begins(item, name))
    }

    pub(crate) fn uid(&self) -> Option<u32> {
        std::str::from_utf8(&self.items[self.at("UID ")?][4..]).ok()?.parse().ok()
    }

    pub(crate) fn set_uid(&mut self, uid: u32) {
        if let Some(at) = self.at("UID ") {
            self.items[at] = format!("UID {uid}").into_bytes();
        }
    }

    /// The name of the delivered section, and its text.
    pub(crate) fn body(&self) -> Option<(usize, Vec<u8>, Vec<u8>)> {
        let at = self.at("BODY[")?;
        let item = &self.items[at];
        let name = item.iter().position(|byte| *byte == b']')? + 1;
        let name = name + item[name..].iter().position(|byte| *byte == b' ')?;
        let (name, value) = (item[..name].to_vec(), &item[name + 1..]);
        let text = match wire::line(value) {
            Some(start) => value[start..].to_vec(),
            None => value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or_default().to_vec(),
        };
        Some((at, name, text))
    }

    pub(crate) fn set_body(&mut self, name: &[u8], text: &[u8]) {
        if let Some(at) = self.at("BODY[") {
            self.items[at] = item(name, text);
        }
    }

    /// Replaces this message's text and size by another's, if the response has just one of the requested sections.
    pub(crate) fn become_of(&mut self, other: &Mail) -> bool {
        let sections = self.items.iter().filter(|item| wire::begins(item, "BODY[")).count();
        let Some((_, name, _)) = self.body().filter(|_| sections == 1) else { return false };
        let text = match &name[..] {
            name if name.starts_with(b"BODY[]") => &other.bytes,
            name if name.starts_with(b"BODY[HEADER]") => other.header(),
            name if name.starts_with(b"BODY[1]") => other.part(),
            _ => return false,
        };
        self.set_body(&name, text);
        self.set_size(other.bytes.len());
        true
    }

    /// Moves the UID after all other items.
    pub(crate) fn uid_last(&mut self) -> bool {
        let Some(at) = self.at("UID ") else { return false };
        let uid = self.items.remove(at);
        self.items.push(uid);
        true
    }

    /// Changes the declared size, if it has one.
    pub(crate) fn set_size(&mut self, size: usize) -> bool {
        let Some(at) = self.at("RFC822.SIZE ") else { return false };
        self.items[at] = format!("RFC822.SIZE {size}").into_bytes();
        true
    }
}

pub(crate) fn item(name: &[u8], text: &[u8]) -> Vec<u8> {
    [name, format!(" {{{}}}\r\n", text.len()).as_bytes(), text].concat()
}

//! Messages with parts of every kind, made from a seed: transfer encodings, charsets, forms of names and structures, each with what it
//! means; and broken ones. It knows no library that reads them.
#![allow(dead_code, reason = "not every test binary uses all of it")]

pub(crate) mod broken;
pub(crate) mod forms;
mod structure;

use crate::rng::Rng;
pub(crate) use forms::Encoding;
use forms::{NAME_FORMS, SAMPLES, Sample};

/// A message with what it means.
pub(crate) struct Generated {
    /// What is in it.
    pub(crate) what: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) parts: Vec<Expected>,
}

/// A part as its author means it.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    /// What IMAP calls it (RFC 9051 §6.4.5.1).
    pub(crate) section: String,
    pub(crate) media_type: &'static str,
    /// The declared charset, if it is not US-ASCII.
    pub(crate) charset: Option<&'static str>,
    pub(crate) name: Option<&'static str>,
    pub(crate) encoding: Encoding,
    /// The content as it is in the message; `None` for a multipart.
    pub(crate) encoded: Option<Vec<u8>>,
    /// The content without its encoding, and, of a text, what it means.
    pub(crate) octets: Vec<u8>,
    pub(crate) text: Option<String>,
}

impl Expected {
    /// A line end follows the content, which is that of a message: no boundary ends it.
    fn end_line(&mut self) {
        let end = b"\r\n";
        self.encoded.as_mut().unwrap().extend_from_slice(end);
        if !matches!(self.encoding, Encoding::Base64 | Encoding::Base64OnOneLine) {
            self.octets.extend_from_slice(end);
            self.text.iter_mut().for_each(|text| text.push_str("\r\n"));
        }
    }
}

/// A part before it is written.
enum Node {
    Leaf(Leaf),
    Multipart {
        subtype: &'static str,
        children: Vec<Self>,
    },
    /// A message with this subject. `is_declared` is false if the digest around it says what it is.
    Message {
        subject: &'static str,
        is_declared: bool,
        body: Box<Self>,
    },
}

struct Leaf {
    media_type: &'static str,
    /// Whether the type is declared.
    is_declared: bool,
    label: &'static str,
    /// Parameters of Content-Type, and the fields after it.
    params: Vec<u8>,
    fields: Vec<u8>,
    name: Option<&'static str>,
    encoding: Encoding,
    octets: Vec<u8>,
    text: Option<String>,
}

/// The message of this seed.
pub(crate) fn sound(seed: u64) -> Generated {
    let mut maker = Maker { rng: Rng::new(seed), what: Vec::new() };
    let root = structure::root(&mut maker);
    let mut writer = Writer { parts: Vec::new(), boundaries: 0 };
    let header = b"From: Ann <ann@example.org>\r\nTo: bob@example.org\r\nSubject: generated\r\nMIME-Version: 1.0\r\n";
    let (mut bytes, _) = writer.entity(&root, header, &[], true);
    if !bytes.ends_with(b"\r\n") {
        bytes.extend_from_slice(b"\r\n");
        writer.parts.iter_mut().for_each(Expected::end_line);
    }
    Generated { what: format!("{seed}: {}", maker.what.join(", ")), bytes, parts: writer.parts }
}

/// Makes parts at random, and says what it made.
struct Maker {
    rng: Rng,
    what: Vec<String>,
}

impl Maker {
    /// A text of the body.
    fn text(&mut self, subtype: &'static str) -> Node {
        let media_type = if subtype == "html" { "text/html" } else { "text/plain" };
        let sample = &SAMPLES[self.rng.below(SAMPLES.len())];
        let encoding = self.encoding(sample);
        let lines = if sample.label.starts_with("utf-16") { 1 } else { 1 + self.rng.below(3) };
        let octets = vec![sample.bytes; lines].join(&b"\r\n"[..]);
        let text = vec![sample.text; lines].join("\r\n");
        let is_declared = subtype == "html" || !sample.label.is_empty() || self.rng.once_in(2);
        let params = match sample.label {
            "" => Vec::new(),
            label if self.rng.once_in(2) => format!("; charset=\"{label}\"").into_bytes(),
            label => format!(";\r\n charset={label}").into_bytes(),
        };
        self.what.push(format!("{media_type} in {:?} by {encoding:?}", sample.label));
        let text = Some(text);
        Node::Leaf(Leaf {
            media_type,
            is_declared,
            label: sample.label,
            params,
            fields: Vec::new(),
            name: None,
            encoding,
            octets,
            text,
        })
    }

    fn encoding(&mut self, sample: &Sample) -> Encoding {
        let encoding = Encoding::ALL[self.rng.below(Encoding::ALL.len())];
        match encoding {
            _ if sample.bytes.contains(&0) && encoding.is_identity() => Encoding::Base64,
            Encoding::None | Encoding::SevenBit if !sample.bytes.is_ascii() => Encoding::EightBit,
            _ => encoding,
        }
    }

    /// A file.
    fn file(&mut self, media_type: &'static str, fields: &[u8]) -> Node {
        let form = &NAME_FORMS[self.rng.below(NAME_FORMS.len())];
        let encoding = Encoding::ALL[self.rng.below(Encoding::ALL.len())];
        let length = self.rng.below(200);
        let is_text = encoding.is_identity() || media_type.starts_with("text/");
        let octet = |rng: &mut Rng| if is_text { b' ' + rng.below(95) as u8 } else { rng.below(256) as u8 };
        let mut octets: Vec<u8> = (0..length).map(|_| octet(&mut self.rng)).collect();
        if encoding == Encoding::QuotedPrintable {
            // Only text has line ends.
            octets.retain(|octet| !b"\r\n".contains(octet));
        }
        let mut all = Vec::new();
        let is_attached = !form.disposition.is_empty() || self.rng.once_in(2);
        if is_attached {
            let kind = ["attachment", "Attachment", "inline"][self.rng.below(3)];
            all.extend_from_slice(format!("Content-Disposition: {kind}").as_bytes());
            all.extend_from_slice(form.disposition);
            all.extend_from_slice(b"\r\n");
        }
        all.extend_from_slice(fields);
        self.what.push(format!("{media_type} named by {} by {encoding:?}", form.what));
        Node::Leaf(Leaf {
            media_type,
            is_declared: true,
            label: "",
            params: form.kind.to_vec(),
            fields: all,
            name: form.means,
            encoding,
            octets,
            text: None,
        })
    }

    /// A file whose content is text, which only software reads.
    fn words(&mut self, media_type: &'static str, params: &str, words: &str) -> Node {
        Node::Leaf(Leaf {
            media_type,
            is_declared: true,
            label: "",
            params: params.into(),
            fields: Vec::new(),
            name: None,
            encoding: Encoding::None,
            octets: words.into(),
            text: None,
        })
    }
}

/// Writes parts, and notes where they are.
struct Writer {
    parts: Vec<Expected>,
    boundaries: usize,
}

impl Writer {
    /// The part with its header, to which these fields are added, and the length of the header. `path` is that of the message or of the
    /// part.
    fn entity(&mut self, node: &Node, fields: &[u8], path: &[u32], is_body: bool) -> (Vec<u8>, usize) {
        let path = match node {
            Node::Leaf(_) | Node::Message { .. } if is_body => [path, &[1]].concat(),
            _ => path.to_vec(),
        };
        let place = self.parts.len();
        let numbers: Vec<String> = path.iter().map(u32::to_string).collect();
        self.parts.push(Expected {
            section: numbers.join("."),
            media_type: node.media_type(),
            charset: None,
            name: None,
            encoding: Encoding::None,
            encoded: None,
            octets: Vec::new(),
            text: None,
        });
        let mut out = fields.to_vec();
        let header = match node {
            Node::Leaf(leaf) => self.leaf(leaf, &mut out, place),
            Node::Multipart { subtype, children } => {
                if is_body {
                    let dot = if path.is_empty() { "" } else { "." };
                    self.parts[place].section += &format!("{dot}TEXT");
                }
                self.multipart(subtype, children, &path, &mut out)
            }
            Node::Message { subject, is_declared, body } => {
                if *is_declared {
                    out.extend_from_slice(b"Content-Type: message/rfc822\r\n");
                }
                out.extend_from_slice(b"\r\n");
                let header = out.len();
                let fields = format!("From: eve@example.org\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n");
                let (inner, _) = self.entity(body, fields.as_bytes(), &path, true);
                out.extend_from_slice(&inner);
                self.parts[place].octets = inner;
                header
            }
        };
        if !matches!(node, Node::Multipart { .. }) {
            self.parts[place].encoded = Some(out[header..].to_vec());
        }
        (out, header)
    }

    fn leaf(&mut self, leaf: &Leaf, out: &mut Vec<u8>, place: usize) -> usize {
        if leaf.is_declared {
            out.extend_from_slice(format!("Content-Type: {}", leaf.media_type).as_bytes());
            out.extend_from_slice(&leaf.params);
            out.extend_from_slice(b"\r\n");
        }
        if let Some(label) = leaf.encoding.label() {
            out.extend_from_slice(format!("Content-Transfer-Encoding: {label}\r\n").as_bytes());
        }
        out.extend_from_slice(&leaf.fields);
        out.extend_from_slice(b"\r\n");
        let header = out.len();
        out.extend_from_slice(&leaf.encoding.encode(&leaf.octets));
        let part = &mut self.parts[place];
        part.charset = Some(leaf.label).filter(|label| !matches!(*label, "" | "us-ascii"));
        (part.name, part.encoding) = (leaf.name, leaf.encoding);
        (part.octets, part.text) = (leaf.octets.clone(), leaf.text.clone());
        header
    }

    fn multipart(&mut self, subtype: &str, children: &[Node], path: &[u32], out: &mut Vec<u8>) -> usize {
        let boundary = format!("=_{}_{}", self.boundaries, subtype.split(';').next().unwrap());
        self.boundaries += 1;
        out.extend_from_slice(format!("Content-Type: multipart/{subtype}; boundary=\"{boundary}\"\r\n\r\n").as_bytes());
        let header = out.len();
        if self.boundaries % 2 == 1 {
            out.extend_from_slice(b"This is a message with parts.\r\n--no boundary\r\n");
        }
        for (number, child) in (1..).zip(children) {
            out.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
            let (child, _) = self.entity(child, b"", &[path, &[number]].concat(), false);
            out.extend_from_slice(&child);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        if self.boundaries % 3 == 1 {
            out.extend_from_slice(b"The end.\r\n");
        }
        header
    }
}

impl Node {
    fn media_type(&self) -> &'static str {
        match self {
            Self::Leaf(leaf) => leaf.media_type,
            Self::Message { .. } => "message/rfc822",
            Self::Multipart { subtype, .. } => match *subtype {
                "alternative" => "multipart/alternative",
                "related" => "multipart/related",
                "digest" => "multipart/digest",
                "signed; protocol=\"application/pgp-signature\"; micalg=pgp-sha256" => "multipart/signed",
                "encrypted; protocol=\"application/pgp-encrypted\"" => "multipart/encrypted",
                "report; report-type=delivery-status" => "multipart/report",
                _ => "multipart/mixed",
            },
        }
    }
}

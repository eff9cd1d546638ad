//! The items of FETCH in a request (RFC 3501 §6.4.5, §9 fetch-att). It must not know a response.

use super::args::{Args, Stop};

#[derive(Clone)]
pub(super) enum Item {
    Uid,
    Flags,
    InternalDate,
    Size,
    Envelope,
    Body,
    BodyStructure,
    Modseq,
    EmailId,
    ThreadId,
    SaveDate,
    Preview {
        /// Only if it was made before.
        lazy: bool,
    },
    Section(Section),
    /// A part without its transfer encoding (RFC 3516).
    Binary(Section),
    BinarySize(Section),
}

#[derive(Clone)]
pub(super) struct Section {
    /// Its name in the response.
    pub(super) label: String,
    pub(super) path: Vec<u32>,
    pub(super) of: Of,
    /// The origin and the count of a partial request.
    pub(super) partial: Option<(u32, u32)>,
    pub(super) peek: bool,
}

#[derive(Clone)]
pub(super) enum Of {
    Whole,
    Header,
    Fields(Vec<String>),
    FieldsNot(Vec<String>),
    Body,
    Mime,
}

impl Section {
    /// The bytes that a partial request asks for.
    pub(super) fn cut<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let Some((origin, count)) = self.partial else {
            return bytes;
        };
        let rest = bytes.get(origin as usize..).unwrap_or_default();
        rest.get(..count as usize).unwrap_or(rest)
    }
}

impl Item {
    /// The extension that it needs.
    pub(super) fn extension(&self) -> Option<&'static str> {
        match self {
            Self::Modseq => Some("CONDSTORE"),
            Self::EmailId | Self::ThreadId => Some("OBJECTID"),
            Self::SaveDate => Some("SAVEDATE"),
            Self::Preview { .. } => Some("PREVIEW"),
            Self::Binary(_) | Self::BinarySize(_) => Some("BINARY"),
            _ => None,
        }
    }

    /// Whether it marks the message as seen.
    pub(super) fn is_marking(&self) -> bool {
        matches!(self, Self::Section(section) | Self::Binary(section) if !section.peek)
    }
}

/// Reads the items of one FETCH: a macro, one item, or a list.
pub(super) fn parse(args: &mut Args) -> Result<Vec<Item>, Stop> {
    if args.peek() == Some(b'(') {
        return args.list(one);
    }
    let mut rest = args.clone();
    let word = rest.atom()?.to_ascii_uppercase();
    let small = [Item::Flags, Item::InternalDate, Item::Size];
    let all = match word.as_str() {
        "FAST" => small.to_vec(),
        "ALL" => small.into_iter().chain([Item::Envelope]).collect(),
        "FULL" => small.into_iter().chain([Item::Envelope, Item::Body]).collect(),
        _ => return Ok(vec![one(args)?]),
    };
    *args = rest;
    Ok(all)
}

fn one(args: &mut Args) -> Result<Item, Stop> {
    let word = args.item_word()?.to_ascii_uppercase();
    Ok(match word.as_str() {
        "UID" => Item::Uid,
        "FLAGS" => Item::Flags,
        "INTERNALDATE" => Item::InternalDate,
        "RFC822.SIZE" => Item::Size,
        "ENVELOPE" => Item::Envelope,
        "BODYSTRUCTURE" => Item::BodyStructure,
        "MODSEQ" => Item::Modseq,
        "RFC822" => named("RFC822", Of::Whole, false),
        "RFC822.HEADER" => named("RFC822.HEADER", Of::Header, true),
        "RFC822.TEXT" => named("RFC822.TEXT", Of::Body, false),
        "BODY" if args.peek() != Some(b'[') => Item::Body,
        "BODY" => Item::Section(section(args, false)?),
        "BODY.PEEK" => Item::Section(section(args, true)?),
        "BINARY" => Item::Binary(binary(args, "BINARY", false)?),
        "BINARY.PEEK" => Item::Binary(binary(args, "BINARY", true)?),
        "BINARY.SIZE" => Item::BinarySize(binary(args, "BINARY.SIZE", true)?),
        "EMAILID" => Item::EmailId,
        "THREADID" => Item::ThreadId,
        "SAVEDATE" => Item::SaveDate,
        "PREVIEW" => Item::Preview { lazy: take_lazy(args)? },
        _ => return Err(Stop::bad("Unknown FETCH item")),
    })
}

fn named(label: &str, of: Of, peek: bool) -> Item {
    Item::Section(Section { label: label.to_owned(), path: Vec::new(), of, partial: None, peek })
}

/// The section with this name, such as `1.2` or `HEADER`; the whole message if it is empty.
pub(super) fn named_section(name: &str) -> Result<Section, Stop> {
    let mut args = Args::new(false);
    args.push_text(format!("[{name}]").as_bytes());
    let section = section(&mut args, true)?;
    args.end().map(|()| section)
}

/// Whether `(LAZY)` follows (RFC 8970 §3.1).
fn take_lazy(args: &mut Args) -> Result<bool, Stop> {
    if !args.is_next(b" (LAZY") && !args.is_next(b" (lazy") {
        return Ok(false);
    }
    args.space()?;
    args.list(Args::atom).map(|_| true)
}

/// Only the content of a part has a transfer encoding (RFC 3516 §7, section-binary); a size has no range.
fn binary(args: &mut Args, name: &str, peek: bool) -> Result<Section, Stop> {
    let section = section(args, peek)?;
    match section.of {
        Of::Whole if name == "BINARY" || section.partial.is_none() => {
            Ok(Section { label: section.label.replacen("BODY", name, 1), ..section })
        }
        _ => Err(Stop::bad("Only parts are decoded")),
    }
}

fn section(args: &mut Args, peek: bool) -> Result<Section, Stop> {
    args.expect(b'[')?;
    let mut path = Vec::new();
    let mut of = Of::Whole;
    let mut label = String::new();
    while args.peek() != Some(b']') {
        if !path.is_empty() {
            args.expect(b'.')?;
            label.push('.');
        }
        if args.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            let number = args.number()?;
            path.push(number);
            label.push_str(&number.to_string());
        } else {
            of = section_of(args, &path, &mut label)?;
            break;
        }
    }
    args.expect(b']')?;
    let mut label = format!("BODY[{label}]");
    let partial = partial(args)?;
    if let Some((origin, _)) = partial {
        label.push_str(&format!("<{origin}>"));
    }
    Ok(Section { label, path, of, partial, peek })
}

fn section_of(args: &mut Args, path: &[u32], label: &mut String) -> Result<Of, Stop> {
    let word = args.item_word()?.to_ascii_uppercase();
    label.push_str(&word);
    Ok(match word.as_str() {
        "HEADER" => Of::Header,
        "TEXT" => Of::Body,
        "MIME" if !path.is_empty() => Of::Mime,
        "HEADER.FIELDS" | "HEADER.FIELDS.NOT" => {
            args.space()?;
            let names = args.list(Args::astring)?;
            label.push_str(&format!(" ({})", names.join(" ")));
            if word.ends_with("NOT") { Of::FieldsNot(names) } else { Of::Fields(names) }
        }
        _ => return Err(Stop::bad("Unknown section")),
    })
}

fn partial(args: &mut Args) -> Result<Option<(u32, u32)>, Stop> {
    if !args.take(b'<') {
        return Ok(None);
    }
    let origin = args.number()?;
    args.expect(b'.')?;
    let count = args.number()?;
    args.expect(b'>')?;
    if count == 0 { Err(Stop::bad("A partial of nothing")) } else { Ok(Some((origin, count))) }
}

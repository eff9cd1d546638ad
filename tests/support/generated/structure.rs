//! Body structures of arbitrary values: trees of parts, written, and compared with what was read. It must not know the message
//! that contains them.

use arbitrary::Arbitrary;
use postroom::imap::{BodyStructure, Params, PartKind};

use super::envelope::Envelope;
use super::wire::{Text, list, nstring, same};

/// The deepest nesting of parts; deeper ones are left out.
const DEEPEST: usize = 20;

/// A name with its parameters.
type Disposition = (Text, Vec<(Text, Text)>);

/// What BODY leaves out.
type Extension = (Option<Text>, Option<Disposition>, Vec<Text>, Option<Text>);

/// One part with all that belongs to it.
#[derive(Arbitrary, Debug)]
pub struct Part {
    kind: Kind,
    params: Vec<(Text, Text)>,
    /// MD5 if it is no multipart, disposition, language, location.
    extension: Option<Extension>,
}

#[derive(Arbitrary, Debug)]
enum Kind {
    Multipart(Vec<Part>, Subtype),
    Text(Leaf, u32),
    Basic(Leaf, Media),
    Message(Leaf, Box<Envelope>, Box<Part>, u32),
}

#[derive(Arbitrary, Debug)]
struct Leaf {
    id: Option<Text>,
    description: Option<Text>,
    encoding: Encoding,
    size: u32,
}

macro_rules! words {
    ($($name:ident: $($variant:ident $word:literal,)*;)*) => {
        $(#[derive(Arbitrary, Clone, Copy, Debug)]
        enum $name {
            $($variant,)*
        }

        impl $name {
            fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        })*
    };
}

words! {
    Subtype: Mixed "mixed", Alternative "ALTERNATIVE", Signed "signed", Unknown "x-unknown",;
    Media: Jpeg "image/jpeg", Octets "application/octet-stream", Delivery "message/delivery-status", Other "x-a/b.c+d",;
    Encoding: Seven "7bit", Base64 "BASE64", Quoted "quoted-printable",;
}

impl Part {
    /// Puts a text in place of what no server sends: a multipart without parts, and one that is too deep.
    pub fn trim(&mut self, depth: usize) {
        let deepest = depth >= DEEPEST;
        match &mut self.kind {
            Kind::Multipart(children, _) if !deepest && !children.is_empty() => {
                children.iter_mut().for_each(|child| child.trim(depth + 1));
            }
            Kind::Message(_, _, child, _) if !deepest => child.trim(depth + 1),
            Kind::Multipart(..) | Kind::Message(..) => self.kind = Kind::Text(Leaf::EMPTY, 0),
            Kind::Text(..) | Kind::Basic(..) => {}
        }
    }

    /// Adds its form on the wire.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(b'(');
        match &self.kind {
            Kind::Multipart(children, subtype) => {
                children.iter().for_each(|child| child.write(out));
                out.extend_from_slice(format!("\"{}\" ", subtype.word()).as_bytes());
                list(&self.params, out, " ", pair);
            }
            Kind::Text(leaf, lines) => {
                self.leaf("text/plain", leaf, out);
                out.extend_from_slice(format!(" {lines}").as_bytes());
            }
            Kind::Basic(leaf, media) => self.leaf(media.word(), leaf, out),
            Kind::Message(leaf, envelope, child, lines) => {
                self.leaf("message/rfc822", leaf, out);
                out.push(b' ');
                envelope.write(out);
                out.push(b' ');
                child.write(out);
                out.extend_from_slice(format!(" {lines}").as_bytes());
            }
        }
        self.write_extension(out);
        out.push(b')');
    }

    fn leaf(&self, media: &str, leaf: &Leaf, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("\"{}\" ", media.replace('/', "\" \"")).as_bytes());
        list(&self.params, out, " ", pair);
        for text in [&leaf.id, &leaf.description] {
            out.push(b' ');
            nstring(text, out);
        }
        out.extend_from_slice(format!(" \"{}\" {}", leaf.encoding.word(), leaf.size).as_bytes());
    }

    fn write_extension(&self, out: &mut Vec<u8>) {
        let Some((md5, disposition, language, location)) = &self.extension else { return };
        if !matches!(self.kind, Kind::Multipart(..)) {
            out.push(b' ');
            nstring(md5, out);
        }
        out.push(b' ');
        match disposition {
            Some((name, params)) => {
                out.push(b'(');
                name.write(out);
                out.push(b' ');
                list(params, out, " ", pair);
                out.push(b')');
            }
            None => out.extend_from_slice(b"NIL"),
        }
        out.push(b' ');
        list(language, out, " ", Text::write);
        out.push(b' ');
        nstring(location, out);
    }

    /// Every value is found, in every part.
    pub fn check(&self, found: BodyStructure<'_>) {
        let mut children = &[][..];
        match &self.kind {
            Kind::Multipart(parts, subtype) => {
                children = parts;
                assert_eq!(found.kind(), PartKind::Multipart);
                assert!(found.is("multipart", subtype.word()));
            }
            Kind::Text(leaf, lines) => {
                assert_eq!((found.kind(), found.lines()), (PartKind::Text, Some(u64::from(*lines))));
                leaf.check("text/plain", found);
            }
            Kind::Basic(leaf, media) => {
                assert_eq!((found.kind(), found.lines()), (PartKind::Basic, None));
                leaf.check(media.word(), found);
            }
            Kind::Message(leaf, envelope, child, lines) => {
                children = std::slice::from_ref(child);
                assert_eq!((found.kind(), found.lines()), (PartKind::Message, Some(u64::from(*lines))));
                leaf.check("message/rfc822", found);
                envelope.check(found.envelope().expect("an envelope"));
            }
        }
        assert!(pairs(&self.params, found.params()), "{self:?}\n{found:?}");
        self.check_extension(found);
        assert_eq!(found.children().count(), children.len());
        children.iter().zip(found.children()).for_each(|(child, found)| child.check(found));
    }

    fn check_extension(&self, found: BodyStructure<'_>) {
        let (none, nothing) = (None, (None, None, Vec::new(), None));
        let (md5, disposition, language, location) = self.extension.as_ref().unwrap_or(&nothing);
        let md5 = if matches!(self.kind, Kind::Multipart(..)) { &none } else { md5 };
        assert!(same(md5, found.md5()) && same(location, found.location()), "{self:?}\n{found:?}");
        let (name, params) = match disposition {
            Some((name, params)) => (Some(name.clone()), &params[..]),
            None => (None, &[][..]),
        };
        assert!(same(&name, found.disposition()) && pairs(params, found.disposition_params()), "{self:?}\n{found:?}");
        assert_eq!(language.len(), found.language().count());
        assert!(language.iter().zip(found.language()).all(|(written, found)| written.is(found)));
    }
}

impl Leaf {
    const EMPTY: Self = Self { id: None, description: None, encoding: Encoding::Seven, size: 0 };

    fn check(&self, media: &str, found: BodyStructure<'_>) {
        let (kind, subtype) = media.split_once('/').expect("a slash");
        assert!(found.is(kind, subtype), "{self:?}\n{found:?}");
        assert!(same(&self.id, found.id()) && same(&self.description, found.description()), "{self:?}\n{found:?}");
        assert!(found.encoding().is_some_and(|encoding| encoding == self.encoding.word()));
        assert_eq!(found.size(), Some(u64::from(self.size)));
    }
}

fn pair((name, value): &(Text, Text), out: &mut Vec<u8>) {
    name.write(out);
    out.push(b' ');
    value.write(out);
}

fn pairs(written: &[(Text, Text)], found: Params<'_>) -> bool {
    let found: Vec<_> = found.collect();
    let same =
        |((name, value), (a, b)): (&(Text, Text), &(_, Option<_>))| name.is(*a) && b.is_some_and(|b| value.is(b));
    written.len() == found.len() && written.iter().zip(&found).all(same)
}

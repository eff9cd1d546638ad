//! Responses of extensions, of arbitrary values: ACL, QUOTA, METADATA, NAMESPACE and those that are a list of strings; written, and
//! compared with what was read.

use std::iter;

use arbitrary::Arbitrary;
use bytes::Bytes;
use postroom::Flag;
use postroom::imap::{Namespace, QuotaResource, Response, Rights, codec};

use super::mailbox::{Delimiter, Name};
use super::wire::{Astring, Text, Word, nstring};
use super::{Said, response};

/// ACL (RFC 4314 §3.6).
#[derive(Arbitrary, Debug)]
pub struct Acl {
    utf8: bool,
    name: Name,
    entries: Vec<(Astring, Letters)>,
}

/// LISTRIGHTS and MYRIGHTS (RFC 4314 §3.7, §3.8).
#[derive(Arbitrary, Debug)]
pub struct Granted {
    utf8: bool,
    name: Name,
    identifier: Astring,
    required: Letters,
    optional: Vec<Letters>,
    own: bool,
}

/// Rights, and whether they are quoted.
#[derive(Arbitrary, Clone, Copy, Debug)]
struct Letters(u16, bool);

/// QUOTA and QUOTAROOT (RFC 9208 §4.2).
#[derive(Arbitrary, Debug)]
pub struct Quota {
    root: Astring,
    resources: Vec<(u8, Word, u64, u64)>,
    roots: Option<(bool, Name, Vec<Astring>)>,
}

/// METADATA (RFC 5464 §4.4).
#[derive(Arbitrary, Debug)]
pub struct Metadata {
    utf8: bool,
    name: Option<Name>,
    values: Vec<(Entry, Option<Text>)>,
    changed: Option<Vec<Entry>>,
}

#[derive(Arbitrary, Debug)]
struct Entry(Vec<Word>, bool);

/// NAMESPACE (RFC 9051 §7.3.2, RFC 5255 §3.4).
#[derive(Arbitrary, Debug)]
pub struct Namespaces {
    utf8: bool,
    all: [Option<Vec<Space>>; 3],
}

#[derive(Arbitrary, Debug)]
struct Space {
    prefix: Option<Name>,
    delimiter: Option<Delimiter>,
    translation: Option<Name>,
    extended: bool,
}

/// CAPABILITY and ENABLED (RFC 9051 §7.2).
#[derive(Arbitrary, Debug)]
pub struct Capability {
    enabled: bool,
    names: Vec<(Word, Option<Word>)>,
}

/// ID (RFC 2971 §3.2).
#[derive(Arbitrary, Debug)]
pub struct Id(Option<Vec<(Text, Option<Text>)>>);

/// FLAGS (RFC 9051 §7.3.5).
#[derive(Arbitrary, Debug)]
pub struct Flags(Vec<(bool, Word)>);

/// LANGUAGE, COMPARATOR and the responses that are made of URLs (RFC 5255, RFC 4467 §7, RFC 9698).
#[derive(Arbitrary, Debug)]
pub enum Strings {
    Language(Vec<Text>),
    Comparator(Astring, Option<Vec<Text>>),
    Jmap(Text),
    /// At least one.
    Generated(Astring, Vec<Astring>),
    /// At least one.
    Fetched((Astring, Option<Text>), Vec<(Astring, Option<Text>)>),
}

impl Letters {
    fn value(self) -> Rights {
        self.text().parse().expect("rights")
    }

    fn text(self) -> String {
        "lrswipkxteanbcd0"
            .chars()
            .enumerate()
            .filter(|(at, _)| self.0 & (1 << at) != 0)
            .map(|(_, letter)| letter)
            .collect()
    }

    fn write(self, out: &mut Vec<u8>) {
        Astring::new(Text::Quoted(self.text().into_bytes()), !self.1).write(out);
    }
}

impl Said for Acl {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"* ACL ");
        self.name.write(self.utf8, out);
        for (identifier, rights) in &self.entries {
            out.push(b' ');
            identifier.write(out);
            out.push(b' ');
            rights.write(out);
        }
        out.extend_from_slice(b"\r\n");
    }

    fn check(&self, frame: &Bytes) {
        let found = codec::acl::parse(frame, self.utf8).expect("an ACL");
        assert_eq!(&found.mailbox, self.name.value());
        let found: Vec<_> = found.entries.into_iter().map(|entry| (entry.identifier, entry.rights)).collect();
        let written = self.entries.iter().map(|(identifier, rights)| (identifier.lossy(), rights.value()));
        assert_eq!(found, written.collect::<Vec<_>>());
        assert!(matches!(response(frame), Response::Acl(_)));
    }
}

impl Said for Granted {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.own { b"* MYRIGHTS " } else { b"* LISTRIGHTS " });
        self.name.write(self.utf8, out);
        if !self.own {
            out.push(b' ');
            self.identifier.write(out);
        }
        for rights in std::iter::once(&self.required).chain(self.optional.iter().filter(|_| !self.own)) {
            out.push(b' ');
            rights.write(out);
        }
        out.extend_from_slice(b"\r\n");
    }

    fn check(&self, frame: &Bytes) {
        if self.own {
            let found = codec::acl::my_rights(frame, self.utf8).expect("MYRIGHTS");
            assert_eq!((&found.mailbox, found.rights), (self.name.value(), self.required.value()));
            assert!(matches!(response(frame), Response::MyRights(_)));
            return;
        }
        let found = codec::acl::list_rights(frame, self.utf8).expect("LISTRIGHTS");
        assert_eq!((&found.mailbox, found.identifier), (self.name.value(), self.identifier.lossy()));
        assert_eq!(found.required, self.required.value());
        assert_eq!(found.optional, self.optional.iter().map(|rights| rights.value()).collect::<Vec<_>>());
        assert!(matches!(response(frame), Response::ListRights(_)));
    }
}

impl Quota {
    fn resources(&self) -> impl Iterator<Item = (QuotaResource, u64, u64)> {
        let known = ["STORAGE", "message", "MAILBOX", "Annotation-Storage"];
        self.resources.iter().map(move |(which, word, usage, limit)| {
            (QuotaResource::new(known.get(usize::from(*which % 6)).unwrap_or(&&*word.0)), *usage, *limit)
        })
    }
}

impl Said for Quota {
    fn write(&self, out: &mut Vec<u8>) {
        match &self.roots {
            Some((utf8, name, roots)) => {
                out.extend_from_slice(b"* QUOTAROOT ");
                name.write(*utf8, out);
                roots.iter().for_each(|root| {
                    out.push(b' ');
                    root.write(out);
                });
            }
            None => {
                out.extend_from_slice(b"* QUOTA ");
                self.root.write(out);
                let resources = self.resources().map(|(resource, usage, limit)| format!("{resource} {usage} {limit}"));
                out.extend_from_slice(format!(" ({})", resources.collect::<Vec<_>>().join(" ")).as_bytes());
            }
        }
        out.extend_from_slice(b"\r\n");
    }

    fn check(&self, frame: &Bytes) {
        if let Some((utf8, name, roots)) = &self.roots {
            let found = codec::quota::roots(frame, *utf8).expect("QUOTAROOT");
            assert_eq!(&found.mailbox, name.value());
            assert_eq!(found.roots, roots.iter().map(Astring::lossy).collect::<Vec<_>>());
            return;
        }
        let Response::Quota(found) = response(frame) else { panic!("no QUOTA") };
        assert_eq!(found.root, self.root.lossy());
        let found: Vec<_> = found.resources.into_iter().map(|one| (one.resource, one.usage, one.limit)).collect();
        assert_eq!(found, self.resources().collect::<Vec<_>>());
    }
}

impl Entry {
    fn name(&self) -> String {
        let words: Vec<_> = self.0.iter().map(|word| &*word.0).collect();
        format!("/shared/{}x", words.join("/"))
    }

    fn write(&self, out: &mut Vec<u8>) {
        Astring::new(Text::Quoted(self.name().into_bytes()), self.1).write(out);
    }
}

impl Said for Metadata {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"* METADATA ");
        match &self.name {
            Some(name) => name.write(self.utf8, out),
            None => out.extend_from_slice(b"\"\""),
        }
        out.push(b' ');
        if let Some(changed) = self.changed.as_ref().filter(|changed| !changed.is_empty()) {
            separated(changed, out, Entry::write);
        } else {
            out.push(b'(');
            separated(&self.values, out, |(entry, value), out| {
                entry.write(out);
                out.push(b' ');
                nstring(value, out);
            });
            out.push(b')');
        }
        out.extend_from_slice(b"\r\n");
    }

    fn check(&self, frame: &Bytes) {
        let found = codec::metadata::parse(frame, self.utf8).expect("METADATA");
        assert_eq!(found.mailbox.as_ref(), self.name.as_ref().map(Name::value));
        assert!(matches!(response(frame), Response::Metadata(_)));
        if let Some(changed) = self.changed.as_ref().filter(|changed| !changed.is_empty()) {
            assert!(found.changed.iter().map(|entry| entry.as_str()).eq(changed.iter().map(Entry::name)));
            return assert!(found.values.is_empty());
        }
        let written =
            self.values.iter().map(|(entry, value)| (entry.name(), value.as_ref().map(|value| value.bytes().to_vec())));
        let found: Vec<_> = found.values.into_iter().map(|(entry, value)| (entry.as_str().to_owned(), value)).collect();
        assert_eq!(found, written.collect::<Vec<_>>());
    }
}

impl Space {
    fn write(&self, utf8: bool, out: &mut Vec<u8>) {
        out.push(b'(');
        let prefix = self.prefix.as_ref().map_or(Vec::new(), |prefix| prefix.value().to_wire(utf8).into_owned());
        Text::Quoted(prefix).write(out);
        out.extend_from_slice(format!(" {}", self.delimiter.map_or("NIL", Delimiter::form)).as_bytes());
        if let Some(translation) = &self.translation {
            out.extend_from_slice(b" \"TRANSLATION\" (");
            Text::Quoted(translation.value().to_wire(utf8).into_owned()).write(out);
            out.push(b')');
        }
        if self.extended {
            out.extend_from_slice(b" \"X-PARAM\" (\"a)\" \"b\")");
        }
        out.push(b')');
    }

    fn check(&self, found: &Namespace) {
        let prefix = |name: &Option<Name>| name.as_ref().map(|name| name.value().as_str().to_owned());
        assert_eq!(found.prefix, prefix(&self.prefix).unwrap_or_default());
        assert_eq!(found.delimiter, self.delimiter.map(Delimiter::byte));
        assert_eq!(found.translation, prefix(&self.translation));
        assert_eq!(found.extended.is_empty(), !self.extended && self.translation.is_none());
    }
}

impl Said for Namespaces {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"* NAMESPACE");
        for spaces in &self.all {
            out.push(b' ');
            match spaces.as_ref().filter(|spaces| !spaces.is_empty()) {
                None => out.extend_from_slice(b"NIL"),
                Some(spaces) => {
                    out.push(b'(');
                    spaces.iter().for_each(|space| space.write(self.utf8, out));
                    out.push(b')');
                }
            }
        }
        out.extend_from_slice(b"\r\n");
    }

    fn check(&self, frame: &Bytes) {
        let found = codec::namespace::parse(frame, self.utf8).expect("NAMESPACE");
        for (written, found) in self.all.iter().zip([found.personal, found.others, found.shared]) {
            let written = written.as_deref().unwrap_or_default();
            assert_eq!(written.len(), found.len());
            written.iter().zip(&found).for_each(|(written, found)| written.check(found));
        }
        assert!(matches!(response(frame), Response::Namespace(_)));
    }
}

impl Said for Capability {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.enabled { b"* ENABLED" } else { b"* CAPABILITY" });
        out.extend(self.names.iter().flat_map(|name| format!(" {}", capability(name)).into_bytes()));
        out.extend_from_slice(b"\r\n");
    }

    fn check(&self, frame: &Bytes) {
        let (Response::Capability(found) | Response::Enabled(found)) = response(frame) else { panic!("no CAPABILITY") };
        let names = self.names.iter().map(|name| capability(name).to_ascii_uppercase());
        assert!(found.iter().map(str::to_owned).eq(names));
        assert!(self.names.iter().all(|name| found.has(&capability(name))));
        assert_eq!(codec::capability::parse(frame), Ok(found));
    }
}

fn capability((name, value): &(Word, Option<Word>)) -> String {
    value.as_ref().map_or_else(|| name.0.clone(), |value| format!("{}={}", name.0, value.0))
}

impl Said for Id {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"* ID ");
        match &self.0 {
            None => out.extend_from_slice(b"NIL"),
            Some(pairs) => {
                out.push(b'(');
                separated(pairs, out, |(name, value), out| {
                    name.write(out);
                    out.push(b' ');
                    nstring(value, out);
                });
                out.push(b')');
            }
        }
        out.extend_from_slice(b"\r\n");
    }

    fn check(&self, frame: &Bytes) {
        let Response::Id(found) = response(frame) else { panic!("no ID") };
        let pairs = self.0.iter().flatten().map(|(name, value)| (lossy(name), value.as_ref().map(lossy)));
        assert_eq!(found, pairs.collect::<Vec<_>>());
    }
}

impl Said for Flags {
    fn write(&self, out: &mut Vec<u8>) {
        let names: Vec<_> = self.0.iter().map(flag).collect();
        out.extend_from_slice(format!("* FLAGS ({})\r\n", names.join(" ")).as_bytes());
    }

    fn check(&self, frame: &Bytes) {
        let Response::Flags(found) = response(frame) else { panic!("no FLAGS") };
        let written: Vec<_> = self.0.iter().map(flag).collect();
        assert!(found.iter().eq(written.iter().map(|flag| &**flag)));
        // The value read can be sent again.
        assert!(found.iter().all(|flag| Flag::new(flag).is_ok_and(|again| again.as_str().eq_ignore_ascii_case(flag))));
    }
}

fn flag((system, word): &(bool, Word)) -> String {
    if *system { format!("\\{}", word.0) } else { format!("${}", word.0) }
}

impl Said for Strings {
    fn write(&self, out: &mut Vec<u8>) {
        let (name, list) = match self {
            Self::Language(names) => ("LANGUAGE (", Some(names)),
            Self::Comparator(..) => ("COMPARATOR ", None),
            Self::Jmap(_) => ("JMAPACCESS ", None),
            Self::Generated(..) => ("GENURLAUTH", None),
            Self::Fetched(..) => ("URLFETCH", None),
        };
        out.extend_from_slice(format!("* {name}").as_bytes());
        match self {
            Self::Comparator(active, matching) => {
                active.write(out);
                if let Some(matching) = matching {
                    out.extend_from_slice(b" (");
                    separated(matching, out, Text::write);
                    out.push(b')');
                }
            }
            Self::Jmap(url) => Text::Quoted([b"https://", url.bytes()].concat()).write(out),
            Self::Generated(first, more) => iter::once(first).chain(more).for_each(|url| {
                out.push(b' ');
                url.write(out);
            }),
            Self::Fetched(first, more) => iter::once(first).chain(more).for_each(|(url, content)| {
                out.push(b' ');
                url.write(out);
                out.push(b' ');
                nstring(content, out);
            }),
            Self::Language(_) => {}
        }
        if let Some(names) = list {
            separated(names, out, Text::write);
            out.push(b')');
        }
        out.extend_from_slice(b"\r\n");
    }

    fn check(&self, frame: &Bytes) {
        match (self, response(frame)) {
            (Self::Language(names), Response::Language(found)) => {
                assert!(found.into_iter().eq(names.iter().map(lossy)))
            }
            (Self::Comparator(active, matching), Response::Comparator(found)) => {
                assert_eq!(found.active, active.lossy());
                assert!(found.matching.into_iter().eq(matching.iter().flatten().map(lossy)));
            }
            (Self::Jmap(url), Response::JmapAccess(found)) => assert_eq!(found, format!("https://{}", lossy(url))),
            (Self::Generated(first, more), Response::GenUrlAuth(found)) => {
                assert!(found.into_iter().eq(iter::once(first).chain(more).map(Astring::lossy)))
            }
            (Self::Fetched(first, more), Response::UrlFetch(found)) => {
                let said = iter::once(first).chain(more);
                let said = said.map(|(url, content)| (url.lossy(), content.as_ref().map(|text| text.bytes().to_vec())));
                let found = found.into_iter().map(|one| (one.url, one.content));
                assert!(found.eq(said));
            }
            (said, read) => panic!("{said:?} is read as {read:?}"),
        }
    }
}

fn lossy(text: &Text) -> String {
    String::from_utf8_lossy(text.bytes()).into_owned()
}

fn separated<T>(items: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        write(item, out);
    }
}

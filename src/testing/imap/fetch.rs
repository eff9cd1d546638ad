//! FETCH and UID FETCH (RFC 3501 §6.4.5, §7.4.2). Each body is copied once, into the output.

use std::borrow::Cow;

use super::args::{Args, Stop};
use super::item::{self, Item, Of, Section};
use super::set::Set;
use super::view::Entry;
use super::{Answer, Session, envelope, print, structure};
use crate::testing::mime::{self, Part};

impl Session {
    pub(super) async fn fetch(&mut self, args: &mut Args, uid: bool) -> Answer {
        let set = Set::parse(args)?;
        args.space()?;
        let mut items = item::parse(args)?;
        args.end()?;
        if items.is_empty() {
            return Err(Stop::bad("Nothing to fetch"));
        }
        if uid && !items.iter().any(|item| matches!(item, Item::Uid)) {
            items.insert(0, Item::Uid);
        }
        let view = self.view()?;
        let indexes = set.resolve(view, uid)?;
        let marks = !view.read_only
            && items
                .iter()
                .any(|item| matches!(item, Item::Section(section) if !section.peek));
        if marks {
            self.mark_seen(&indexes)?;
        }
        let mut out = Vec::new();
        for index in indexes {
            self.fetch_one(index, &items, marks, &mut out)?;
            self.wire.push(&out);
            out.clear();
            self.wire.relieve().await?;
        }
        Ok("FETCH completed".to_owned())
    }

    fn mark_seen(&mut self, indexes: &[usize]) -> Result<(), Stop> {
        let view = self.view()?;
        let uids: Vec<u32> = indexes
            .iter()
            .filter_map(|&index| view.entries.get(index))
            .map(|entry| entry.uid)
            .collect();
        let validity = view.validity;
        self.change(|account| {
            let Some(mailbox) = account.by_validity(validity) else {
                return;
            };
            for uid in uids {
                mailbox.flag(uid, |flags| {
                    flags.insert("\\Seen".to_owned());
                });
            }
        })
    }

    fn fetch_one(
        &mut self,
        index: usize,
        items: &[Item],
        marks: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Stop> {
        let view = self.view()?;
        let (validity, wants_flags) = (
            view.validity,
            items.iter().any(|item| matches!(item, Item::Flags)),
        );
        let Some(entry) = view.entries.get(index) else {
            return Ok(());
        };
        let (uid, before) = (entry.uid, entry.flags.clone());
        if wants_flags || marks {
            let mail = self
                .on_validity(validity, |mailbox| mailbox.mails.get(&uid).cloned())
                .flatten();
            if let (Some(mail), Some(entry)) = (mail, self.view()?.entries.get_mut(index)) {
                entry.refresh(&mail);
            }
        }
        let Some(entry) = self.view()?.entries.get(index) else {
            return Ok(());
        };
        out.extend_from_slice(format!("* {} FETCH (", index + 1).as_bytes());
        for (position, item) in items.iter().enumerate() {
            if position > 0 {
                out.push(b' ');
            }
            print_item(entry, item, out);
        }
        if !wants_flags && entry.flags != before {
            out.extend_from_slice(b" FLAGS ");
            entry.print_flags(out);
        }
        out.extend_from_slice(b")\r\n");
        Ok(())
    }
}

fn print_item(entry: &Entry, item: &Item, out: &mut Vec<u8>) {
    let bytes = entry.content.bytes.as_ref();
    match item {
        Item::Uid => out.extend_from_slice(format!("UID {}", entry.uid).as_bytes()),
        Item::Flags => {
            out.extend_from_slice(b"FLAGS ");
            entry.print_flags(out);
        }
        Item::InternalDate => {
            out.extend_from_slice(
                format!("INTERNALDATE {}", print::date(entry.content.date)).as_bytes(),
            );
        }
        Item::Size => out.extend_from_slice(format!("RFC822.SIZE {}", bytes.len()).as_bytes()),
        Item::Envelope => {
            out.extend_from_slice(b"ENVELOPE ");
            let header = entry.content.structure().header.clone();
            envelope::print(bytes.get(header).unwrap_or_default(), out);
        }
        Item::Body => {
            out.extend_from_slice(b"BODY ");
            structure::print(bytes, entry.content.structure(), false, out);
        }
        Item::BodyStructure => {
            out.extend_from_slice(b"BODYSTRUCTURE ");
            structure::print(bytes, entry.content.structure(), true, out);
        }
        Item::Section(section) => print_section(entry, section, out),
    }
}

fn print_section(entry: &Entry, section: &Section, out: &mut Vec<u8>) {
    out.extend_from_slice(section.label.as_bytes());
    out.push(b' ');
    let message = entry.content.bytes.as_ref();
    let found = match (&section.of, section.path.as_slice()) {
        (Of::Whole, []) => Some(Cow::Borrowed(message)),
        _ => entry
            .content
            .structure()
            .at(&section.path)
            .and_then(|part| of_part(message, part, section)),
    };
    match found {
        Some(bytes) => print::literal(cut(&bytes, section.partial), out),
        None => out.extend_from_slice(b"NIL"),
    }
}

fn of_part<'a>(message: &'a [u8], part: &'a Part, section: &Section) -> Option<Cow<'a, [u8]>> {
    let slice = |range: &std::ops::Range<usize>| message.get(range.clone()).map(Cow::Borrowed);
    // HEADER and TEXT with part numbers are those of an enclosed message (RFC 3501 §6.4.5).
    let whole = if section.path.is_empty() {
        Some(part)
    } else {
        part.enclosed.as_deref()
    };
    match &section.of {
        Of::Whole => slice(&part.body),
        Of::Mime => slice(&part.header),
        Of::Body => slice(&whole?.body),
        Of::Header => slice(&whole?.header),
        Of::Fields(names) => Some(Cow::Owned(chosen(&slice(&whole?.header)?, names, true))),
        Of::FieldsNot(names) => Some(Cow::Owned(chosen(&slice(&whole?.header)?, names, false))),
    }
}

/// The fields that are (or are not) named, and the empty line.
fn chosen(header: &[u8], names: &[String], wanted: bool) -> Vec<u8> {
    let named = |field: &[u8]| {
        let name = mime::field_name(field);
        names
            .iter()
            .any(|wanted| wanted.as_bytes().eq_ignore_ascii_case(name))
    };
    let mut out = mime::fields(header)
        .filter(|field| named(field) == wanted)
        .collect::<Vec<_>>()
        .concat();
    out.extend_from_slice(b"\r\n");
    out
}

fn cut(bytes: &[u8], partial: Option<(u32, u32)>) -> &[u8] {
    let Some((origin, count)) = partial else {
        return bytes;
    };
    let rest = bytes.get(origin as usize..).unwrap_or_default();
    rest.get(..count as usize).unwrap_or(rest)
}

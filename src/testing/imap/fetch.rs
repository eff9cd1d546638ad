//! FETCH and UID FETCH (RFC 3501 §6.4.5, §7.4.2). A whole body is copied, never scanned. It must not know other commands.

use std::borrow::Cow;

use super::args::{Args, Stop};
use super::item::{self, Item, Of, Section};
use super::range::Range;
use super::set::Set;
use super::view::Entry;
use super::{Answer, Session, binary, envelope, print, structure};
use crate::testing::mime::{self, Part};
use crate::testing::store::Content;

/// The most characters of a preview.
const PREVIEW: usize = 200;

/// What FETCH has after its items.
#[derive(Default)]
struct Modifiers {
    since: Option<u64>,
    vanished: bool,
    partial: Option<Range>,
}

impl Session {
    pub(super) async fn fetch(&mut self, args: &mut Args, uid: bool) -> Answer {
        let set = Set::parse(args)?;
        args.space()?;
        let mut items = item::parse(args)?;
        let Modifiers { since, vanished, partial } = self.modifiers(args, uid)?;
        args.end()?;
        if since.is_some() && !items.iter().any(|item| matches!(item, Item::Modseq)) {
            items.push(Item::Modseq);
        }
        self.check_items(&items)?;
        self.enabled.condstore |= items.iter().any(|item| matches!(item, Item::Modseq));
        if items.is_empty() {
            return Err(Stop::bad("Nothing to fetch"));
        }
        // RFC 7162 §3.2.4: every response has UID once QRESYNC is enabled.
        let names_uid = self.enabled.qresync || uid && !self.enabled.uidonly;
        if names_uid && !items.iter().any(|item| matches!(item, Item::Uid)) {
            items.insert(0, Item::Uid);
        }
        let view = self.view()?;
        let mut indexes = set.resolve(view, uid)?;
        let validity = view.validity;
        if let Some(since) = since {
            if vanished {
                self.vanished_since(validity, since, Some(&set));
            }
            self.keep_changed(&mut indexes, since)?;
        }
        if let Some(range) = partial {
            range.cut(&mut indexes);
        }
        let lowest = self.limit_indexes(&mut indexes)?;
        if lowest.is_some() {
            indexes.reverse();
        }
        let view = self.view()?;
        binary::check(indexes.iter().filter_map(|&index| view.entries.get(index)), &items)?;
        let marks = !view.read_only && items.iter().any(Item::is_marking);
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
        Ok(self.limited(lowest, "FETCH completed".to_owned()))
    }

    fn check_items(&self, items: &[Item]) -> Result<(), Stop> {
        // RFC 9051, appendix E: IMAP4rev2 has BINARY.
        let has = |name| self.offers(name) || name == "BINARY" && self.enabled.rev2;
        match items.iter().filter_map(Item::extension).all(has) {
            true => Ok(()),
            false => Err(Stop::bad("Unknown FETCH item")),
        }
    }

    /// `(CHANGEDSINCE 5 VANISHED PARTIAL 1:10)` (RFC 7162 §3.1.4.1, §3.2.6, RFC 9394 §3.3).
    fn modifiers(&self, args: &mut Args, uid: bool) -> Result<Modifiers, Stop> {
        let Modifiers { mut since, mut vanished, mut partial } = Modifiers::default();
        if !args.take(b' ') {
            return Ok(Modifiers::default());
        }
        args.expect(b'(')?;
        loop {
            match args.atom()?.to_ascii_uppercase().as_str() {
                "CHANGEDSINCE" if self.offers("CONDSTORE") => {
                    args.space()?;
                    since = Some(args.number64()?);
                }
                "VANISHED" if uid && self.enabled.qresync => vanished = true,
                "PARTIAL" if uid && self.offers("PARTIAL") => {
                    args.space()?;
                    partial = Some(Range::parse(args)?);
                }
                _ => return Err(Stop::bad("Unknown FETCH modifier, or not enabled")),
            }
            if args.take(b')') {
                break;
            }
            args.space()?;
        }
        match vanished && since.is_none() {
            true => Err(Stop::bad("VANISHED stands with CHANGEDSINCE")),
            false => Ok(Modifiers { since, vanished, partial }),
        }
    }

    fn keep_changed(&mut self, indexes: &mut Vec<usize>, since: u64) -> Result<(), Stop> {
        let view = self.view()?;
        let uids: Vec<Option<u32>> =
            indexes.iter().map(|&index| view.entries.get(index).map(|entry| entry.uid)).collect();
        let validity = view.validity;
        let changed = self.on_validity(validity, |mailbox| {
            let changed =
                |uid: &Option<u32>| uid.and_then(|uid| mailbox.mails.get(&uid)).is_some_and(|mail| mail.change > since);
            uids.iter().map(changed).collect::<Vec<bool>>()
        });
        let mut changed = changed.unwrap_or_default().into_iter();
        indexes.retain(|_| changed.next().unwrap_or(false));
        Ok(())
    }

    fn mark_seen(&mut self, indexes: &[usize]) -> Result<(), Stop> {
        let view = self.view()?;
        let uids: Vec<u32> =
            indexes.iter().filter_map(|&index| view.entries.get(index)).map(|entry| entry.uid).collect();
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

    fn fetch_one(&mut self, index: usize, items: &[Item], marks: bool, out: &mut Vec<u8>) -> Result<(), Stop> {
        let enabled = self.enabled;
        let view = self.view()?;
        let (validity, wants_flags) = (view.validity, items.iter().any(|item| matches!(item, Item::Flags)));
        let wants_modseq = items.iter().any(|item| matches!(item, Item::Modseq));
        let Some(entry) = view.entries.get(index) else {
            return Ok(());
        };
        let (uid, before) = (entry.uid, entry.flags.clone());
        if wants_flags || wants_modseq || marks {
            let mail = self.on_validity(validity, |mailbox| mailbox.mails.get(&uid).cloned()).flatten();
            if let (Some(mail), Some(entry)) = (mail, self.view()?.entries.get_mut(index)) {
                entry.refresh(&mail);
            }
        }
        let Some(entry) = self.view()?.entries.get(index) else {
            return Ok(());
        };
        out.extend_from_slice(enabled.fetch_head(index, entry.uid).as_bytes());
        for (position, item) in items.iter().enumerate() {
            if position > 0 {
                out.push(b' ');
            }
            print_item(entry, item, out);
        }
        if !wants_flags && entry.flags != before {
            out.extend_from_slice(b" FLAGS ");
            entry.print_flags(out);
            if enabled.condstore && !wants_modseq {
                out.extend_from_slice(format!(" MODSEQ ({})", entry.modseq()).as_bytes());
            }
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
            out.extend_from_slice(format!("INTERNALDATE {}", print::date(entry.content.date)).as_bytes());
        }
        Item::Modseq => out.extend_from_slice(format!("MODSEQ ({})", entry.modseq()).as_bytes()),
        Item::Size => out.extend_from_slice(format!("RFC822.SIZE {}", bytes.len()).as_bytes()),
        Item::Envelope => {
            out.extend_from_slice(b"ENVELOPE ");
            out.extend_from_slice(entry.content.envelope.get_or_init(|| {
                let header = entry.content.structure().header.clone();
                envelope::print(bytes.get(header).unwrap_or_default())
            }));
        }
        Item::Body => {
            out.extend_from_slice(b"BODY ");
            let print = || structure::print(bytes, entry.content.structure(), false);
            out.extend_from_slice(entry.content.body.get_or_init(print));
        }
        Item::BodyStructure => {
            out.extend_from_slice(b"BODYSTRUCTURE ");
            let print = || structure::print(bytes, entry.content.structure(), true);
            out.extend_from_slice(entry.content.body_structure.get_or_init(print));
        }
        Item::EmailId => out.extend_from_slice(format!("EMAILID ({})", entry.content.ids().email).as_bytes()),
        Item::ThreadId => match &entry.content.ids().thread {
            Some(id) => out.extend_from_slice(format!("THREADID ({id})").as_bytes()),
            None => out.extend_from_slice(b"THREADID NIL"),
        },
        Item::SaveDate => {
            out.extend_from_slice(format!("SAVEDATE {}", print::date(entry.save_date)).as_bytes());
        }
        Item::Preview { lazy } => {
            out.extend_from_slice(b"PREVIEW ");
            let made = match lazy {
                true => entry.content.preview.get(),
                false => Some(entry.content.preview.get_or_init(|| preview(bytes))),
            };
            print::nstring(made.map(String::as_bytes), out);
        }
        Item::Section(section) => print_section(entry, section, out),
        Item::Binary(section) => binary::print(&entry.content, section, out),
        Item::BinarySize(section) => binary::print_size(&entry.content, section, out),
    }
}

/// At most 200 characters of the text (RFC 8970 §3.2).
fn preview(message: &[u8]) -> String {
    let parsed = mail_parser::MessageParser::default().parse(message);
    let text = parsed.and_then(|message| message.body_text(0).map(std::borrow::Cow::into_owned));
    let text = text.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().take(PREVIEW).collect()
}

fn print_section(entry: &Entry, section: &Section, out: &mut Vec<u8>) {
    out.extend_from_slice(section.label.as_bytes());
    out.push(b' ');
    match whole_section(&entry.content, section) {
        Some(bytes) => print::literal(section.cut(&bytes), out),
        None => out.extend_from_slice(b"NIL"),
    }
}

fn whole_section<'a>(content: &'a Content, section: &Section) -> Option<Cow<'a, [u8]>> {
    let message = content.bytes.as_ref();
    match (&section.of, section.path.as_slice()) {
        (Of::Whole, []) => Some(Cow::Borrowed(message)),
        _ => content.structure().at(&section.path).and_then(|part| of_part(message, part, section)),
    }
}

/// The bytes of a section of a message, if it is there.
pub(super) fn section_bytes(content: &Content, section: &Section) -> Option<Vec<u8>> {
    whole_section(content, section).map(|bytes| section.cut(&bytes).to_vec())
}

fn of_part<'a>(message: &'a [u8], part: &'a Part, section: &Section) -> Option<Cow<'a, [u8]>> {
    let slice = |range: &std::ops::Range<usize>| message.get(range.clone()).map(Cow::Borrowed);
    // HEADER and TEXT with part numbers mean those of an enclosed message (RFC 3501 §6.4.5).
    let whole = if section.path.is_empty() { Some(part) } else { part.enclosed.as_deref() };
    match &section.of {
        Of::Whole => slice(&part.body),
        Of::Mime => slice(&part.header),
        Of::Body => slice(&whole?.body),
        Of::Header => slice(&whole?.header),
        Of::Fields(names) => Some(Cow::Owned(chosen(&slice(&whole?.header)?, names, true))),
        Of::FieldsNot(names) => Some(Cow::Owned(chosen(&slice(&whole?.header)?, names, false))),
    }
}

/// The fields with these names, or without them, and the empty line.
fn chosen(header: &[u8], names: &[String], wanted: bool) -> Vec<u8> {
    let named = |field: &[u8]| {
        let name = mime::field_name(field);
        names.iter().any(|wanted| wanted.as_bytes().eq_ignore_ascii_case(name))
    };
    let mut out = mime::fields(header).filter(|field| named(field) == wanted).collect::<Vec<_>>().concat();
    out.extend_from_slice(b"\r\n");
    out
}

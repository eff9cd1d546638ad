//! STORE and UID STORE (RFC 3501 §6.4.6).

use super::args::{Args, Stop};
use super::print;
use super::set::Set;
use super::{Answer, Session};
use crate::testing::store::Flags;

#[derive(Clone, Copy)]
enum Change {
    Add,
    Remove,
    Replace,
}

impl Change {
    fn apply(self, flags: &mut Flags, given: &[String]) {
        match self {
            Self::Add => flags.extend(given.iter().cloned()),
            Self::Remove => flags.retain(|flag| !given.contains(flag)),
            Self::Replace => *flags = given.iter().cloned().collect(),
        }
    }
}

impl Session {
    pub(super) fn store(&mut self, args: &mut Args, uid: bool) -> Answer {
        let set = Set::parse(args)?;
        args.space()?;
        let since = self.unchanged_since(args)?;
        let (change, silent) = item(args)?;
        args.space()?;
        let given = flags(args)?;
        args.end()?;
        let mut indexes = set.resolve(self.writable()?, uid)?;
        let lowest = self.limit_indexes(&mut indexes)?;

        let Some(mut view) = self.view.take() else {
            return Err(Stop::bad("No mailbox is selected"));
        };
        let (mut out, mut modified, enabled) = (Vec::new(), Vec::new(), self.enabled);
        let names_uid = uid && !enabled.uidonly;
        let done = self.change(|account| {
            let Some(mailbox) = account.by_validity(view.validity) else {
                return;
            };
            for index in indexes {
                let Some(entry) = view.entries.get_mut(index) else {
                    continue;
                };
                let before = mailbox.mails.get(&entry.uid).map_or(0, |mail| mail.change);
                if since.is_some_and(|since| before > since) {
                    modified.push(if uid { entry.uid } else { u32::try_from(index + 1).unwrap_or(u32::MAX) });
                    continue;
                }
                let known = entry.is_current(before);
                let Some(mail) = mailbox.flag(entry.uid, |flags| change.apply(flags, &given)) else {
                    continue;
                };
                // `.SILENT` covers the client's own change, not changes that were not reported yet.
                if silent && known {
                    entry.refresh(mail);
                    // RFC 7162 §3.1.3: the mod-sequence is sent even with `.SILENT`.
                    if enabled.condstore {
                        let head = enabled.fetch_head(index, entry.uid);
                        let uid = if names_uid { format!("UID {} ", entry.uid) } else { String::new() };
                        out.extend_from_slice(format!("{head}{uid}MODSEQ ({}))\r\n", entry.modseq()).as_bytes());
                    }
                } else if !silent {
                    entry.refresh(mail);
                    out.extend_from_slice(enabled.fetch_head(index, entry.uid).as_bytes());
                    if names_uid || enabled.qresync {
                        out.extend_from_slice(format!("UID {} ", entry.uid).as_bytes());
                    }
                    out.extend_from_slice(b"FLAGS ");
                    entry.print_flags(&mut out);
                    if enabled.condstore {
                        out.extend_from_slice(format!(" MODSEQ ({})", entry.modseq()).as_bytes());
                    }
                    out.extend_from_slice(b")\r\n");
                }
            }
        });
        self.view = Some(view);
        self.wire.push(out);
        done?;
        let text = match modified.is_empty() {
            true => "STORE completed".to_owned(),
            false => format!("[MODIFIED {}] Not all were stored", print::set(&modified)),
        };
        Ok(self.limited(lowest, text))
    }

    /// `(UNCHANGEDSINCE 5)` (RFC 7162 §3.1.3).
    fn unchanged_since(&mut self, args: &mut Args) -> Result<Option<u64>, Stop> {
        if !args.take(b'(') {
            return Ok(None);
        }
        if !self.offers("CONDSTORE") || !args.atom()?.eq_ignore_ascii_case("UNCHANGEDSINCE") {
            return Err(Stop::bad("Unknown STORE modifier"));
        }
        args.space()?;
        let since = args.number64()?;
        args.expect(b')')?;
        args.space()?;
        self.enabled.condstore = true;
        Ok(Some(since))
    }
}

fn item(args: &mut Args) -> Result<(Change, bool), Stop> {
    let change = match (args.take(b'+'), args.take(b'-')) {
        (true, _) => Change::Add,
        (_, true) => Change::Remove,
        _ => Change::Replace,
    };
    match args.atom()?.to_ascii_uppercase().as_str() {
        "FLAGS" => Ok((change, false)),
        "FLAGS.SILENT" => Ok((change, true)),
        _ => Err(Stop::bad("Only FLAGS can be stored")),
    }
}

/// The flags, in parentheses or not.
fn flags(args: &mut Args) -> Result<Vec<String>, Stop> {
    if args.peek() == Some(b'(') {
        return args.list(Args::flag);
    }
    let mut flags = vec![args.flag()?];
    while args.take(b' ') {
        flags.push(args.flag()?);
    }
    Ok(flags)
}

//! COPY and MOVE with COPYUID (RFC 3501 §6.4.7, RFC 6851, RFC 4315).

use std::sync::Arc;

use super::args::{Args, Stop};
use super::limit::Lowest;
use super::print;
use super::set::Set;
use super::{Answer, Session};
use crate::testing::store::Mail;

/// The UIDs in the source and in the target, and the UIDVALIDITY of the target.
struct Copied {
    validity: u32,
    from: Vec<u32>,
    to: Vec<u32>,
}

impl Copied {
    fn code(&self, offered: bool) -> String {
        if !offered || self.from.is_empty() {
            return String::new();
        }
        format!("[COPYUID {} {} {}] ", self.validity, print::set(&self.from), print::set(&self.to))
    }
}

impl Session {
    pub(super) fn copy(&mut self, args: &mut Args, uid: bool) -> Answer {
        self.view()?;
        let (copied, _) = self.duplicate(args, uid, false)?;
        Ok(format!("{}COPY completed", copied.code(self.offers("UIDPLUS"))))
    }

    /// The report at the end of the command sends the EXPUNGEs. COPYUID is sent before them (RFC 6851 §4.3).
    pub(super) fn r#move(&mut self, args: &mut Args, uid: bool) -> Answer {
        let validity = self.writable()?.validity;
        let (copied, lowest) = self.duplicate(args, uid, true)?;
        let code = copied.code(self.offers("UIDPLUS"));
        if !code.is_empty() {
            self.wire.push(format!("* OK {code}Moved\r\n"));
        }
        self.change(|account| {
            if let Some(mailbox) = account.by_validity(validity) {
                for &uid in &copied.from {
                    mailbox.remove(uid);
                }
            }
        })?;
        Ok(self.limited(lowest, "MOVE completed".to_owned()))
    }

    /// All or nothing (RFC 3501 §6.4.7), except that a MOVE may stop.
    fn duplicate(&mut self, args: &mut Args, uid: bool, moves: bool) -> Result<(Copied, Lowest), Stop> {
        let set = Set::parse(args)?;
        args.space()?;
        let name = args.mailbox()?;
        args.end()?;
        let mut indexes = set.resolve(self.view()?, uid)?;
        let lowest = match moves {
            true => self.limit_indexes(&mut indexes)?,
            false => self.check_limit(indexes.len()).map(|()| None)?,
        };
        let view = self.view()?;
        let validity = view.validity;
        let entries = indexes.into_iter().filter_map(|index| view.entries.get(index));
        let (mut uids, mut bytes) = (Vec::new(), 0);
        for entry in entries {
            uids.push(entry.uid);
            bytes += entry.content.bytes.len() as u64;
        }
        self.existing(&name)?;
        if !moves {
            self.fits(bytes, uids.len() as u64)?;
        }
        let now = self.shared.options.now();
        let copied = self.change(|account| {
            let source = account.by_validity(validity)?;
            let mails: Vec<(u32, Mail)> =
                uids.iter().filter_map(|uid| Some((*uid, source.mails.get(uid)?.clone()))).collect();
            let target = account.mailbox(&name)?;
            let to = mails.iter().map(|(_, mail)| target.add(Arc::clone(&mail.content), mail.flags.clone(), now));
            let to = to.collect();
            Some(Copied { validity: target.validity, from: mails.into_iter().map(|(uid, _)| uid).collect(), to })
        })?;
        copied.map(|copied| (copied, lowest)).ok_or_else(|| Stop::no("[NONEXISTENT] The mailbox is gone"))
    }
}

//! SELECT, EXAMINE, CLOSE, UNSELECT, EXPUNGE, UID EXPUNGE (RFC 3501 §6.3 and §6.4, RFC 3691, RFC 4315).

use std::collections::BTreeSet;

use super::args::{Args, Stop};
use super::limit::{Lowest, limit};
use super::set::Set;
use super::view::View;
use super::{Answer, Session, print};

const SYSTEM_FLAGS: [&str; 5] = ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"];

impl Session {
    pub(super) fn select(&mut self, args: &mut Args, read_only: bool) -> Answer {
        // A SELECT that fails deselects the mailbox too (RFC 3501 §6.3.1).
        // RFC 7162 §3.2.11: also before CONDSTORE is enabled.
        self.updated.clear();
        if self.view.take().is_some() && (self.offers("CONDSTORE") || self.enabled.rev2) {
            self.wire.push("* OK [CLOSED] The previous mailbox is closed\r\n");
        }
        let name = args.mailbox()?;
        let resync = self.select_parameters(args)?;
        args.end()?;
        let enabled = self.enabled;
        let (view, next_uid, change) = self
            .account(|account| {
                let mailbox = account.mailbox(&name)?;
                Some((View::new(mailbox, read_only, enabled), mailbox.next_uid, mailbox.change))
            })?
            .ok_or_else(|| Stop::no("[NONEXISTENT] No such mailbox"))?;
        self.describe(&view, next_uid);
        if self.offers("OBJECTID") {
            self.wire.push(format!("* OK [MAILBOXID ({})] The mailbox as an object\r\n", mailbox_id(view.validity)));
        }
        if self.enabled.rev2 {
            self.wire.push(format!("* LIST () \"/\" {}\r\n", self.spoken(&name)));
        }
        if self.offers("CONDSTORE") {
            self.wire.push(format!("* OK [HIGHESTMODSEQ {change}] The last change\r\n"));
        }
        if let Some(resync) = resync {
            self.resync(&view, &resync);
        }
        self.view = Some(view);
        Ok(match read_only {
            true => "[READ-ONLY] EXAMINE completed".to_owned(),
            false => "[READ-WRITE] SELECT completed".to_owned(),
        })
    }

    fn describe(&mut self, view: &View, next_uid: u32) {
        let keywords: BTreeSet<&str> = view
            .entries
            .iter()
            .flat_map(|entry| entry.flags.iter().map(String::as_str))
            .filter(|flag| !flag.starts_with('\\'))
            .collect();
        let known: Vec<&str> = SYSTEM_FLAGS.into_iter().chain(keywords).collect();
        let permanent: Vec<&str> = match view.read_only {
            true => Vec::new(),
            false => known.iter().copied().chain(["\\*"]).collect(),
        };
        let mut out = b"* FLAGS ".to_vec();
        print::flags(known.iter().copied(), &mut out);
        out.extend_from_slice(format!("\r\n* {} EXISTS\r\n", view.entries.len()).as_bytes());
        if !self.enabled.rev2 {
            out.extend_from_slice(format!("* {} RECENT\r\n", view.recent()).as_bytes());
        }
        // UNSEEN is a message number.
        let unseen = view.entries.iter().position(|entry| !entry.flags.contains("\\Seen"));
        if let Some(index) = unseen.filter(|_| !self.enabled.uidonly) {
            out.extend_from_slice(format!("* OK [UNSEEN {}] First unseen\r\n", index + 1).as_bytes());
        }
        out.extend_from_slice(b"* OK [PERMANENTFLAGS ");
        print::flags(permanent.into_iter(), &mut out);
        out.extend_from_slice(b"] Flags kept\r\n");
        out.extend_from_slice(format!("* OK [UIDVALIDITY {}] UIDs valid\r\n", view.validity).as_bytes());
        out.extend_from_slice(format!("* OK [UIDNEXT {next_uid}] Predicted next UID\r\n").as_bytes());
        self.wire.push(out);
    }

    /// Removes the messages marked `\Deleted` without a report, and closes the mailbox (RFC 3501 §6.4.2).
    pub(super) fn close(&mut self, args: &Args) -> Answer {
        args.end()?;
        let (validity, read_only) = (self.view()?.validity, self.view()?.read_only);
        if !read_only {
            self.remove_deleted(None)?;
        }
        self.view = None;
        Ok(format!("{}CLOSE completed", self.progress(validity)))
    }

    pub(super) fn unselect(&mut self, args: &Args) -> Answer {
        args.end()?;
        self.view = None;
        Ok("UNSELECT completed".to_owned())
    }

    pub(super) fn expunge(&mut self, args: &Args) -> Answer {
        args.end()?;
        let validity = self.writable()?.validity;
        self.remove_deleted(None)?;
        Ok(format!("{}EXPUNGE completed", self.progress(validity)))
    }

    pub(super) fn uid_expunge(&mut self, args: &mut Args) -> Answer {
        let set = Set::parse(args)?;
        args.end()?;
        let validity = self.writable()?.validity;
        let lowest = self.remove_deleted(Some(&set))?;
        let text = format!("{}UID EXPUNGE completed", self.progress(validity));
        Ok(self.limited(lowest, text))
    }

    /// Removes the messages marked `\Deleted`. The report after the command includes this client. The limit of messages applies only with
    /// a set.
    fn remove_deleted(&mut self, among: Option<&Set>) -> Result<Lowest, Stop> {
        let view = self.view()?;
        let (validity, star) = (view.validity, view.last_uid());
        let marked = self.on_validity(validity, |mailbox| {
            let marked = mailbox.mails.iter().filter(|(_, mail)| mail.flags.contains("\\Deleted")).map(|(&uid, _)| uid);
            marked.filter(|&uid| among.is_none_or(|set| set.contains(uid, star))).collect::<Vec<u32>>()
        });
        let mut gone = marked.unwrap_or_default();
        let lowest = limit(self.shared.options.message_limit.filter(|_| among.is_some()), &mut gone, |&uid| Some(uid));
        self.change(|account| {
            if let Some(mailbox) = account.by_validity(validity) {
                for uid in gone {
                    mailbox.remove(uid);
                }
            }
        })?;
        Ok(lowest)
    }
}

/// The identifier of a mailbox (RFC 8474 §4): a UIDVALIDITY is never used again here, and survives RENAME.
pub(super) fn mailbox_id(validity: u32) -> String {
    format!("F{validity}")
}

//! ENABLE (RFC 5161): what a session has enabled, and its consequences. It must not know other commands.

use super::args::{Args, Stop};
use super::{Answer, Session};

impl Session {
    pub(super) fn enable(&mut self, args: &mut Args) -> Answer {
        if self.view.is_some() {
            return Err(Stop::bad("Not while a mailbox is selected"));
        }
        let mut names = vec![args.atom()?];
        while args.take(b' ') {
            names.push(args.atom()?);
        }
        args.end()?;
        let mut line = "* ENABLED".to_owned();
        let told = self.shared.options.enabled_response;
        for name in names.iter().map(|name| name.to_ascii_uppercase()) {
            if !self.offers(&name) || (name == "IMAP4REV2" && !told) {
                continue;
            }
            let enabled = &mut self.enabled;
            match name.as_str() {
                "CONDSTORE" => enabled.condstore = true,
                "QRESYNC" => (enabled.condstore, enabled.qresync) = (true, true),
                "UIDONLY" => enabled.uidonly = true,
                "IMAP4REV2" => enabled.rev2 = true,
                _ => continue,
            }
            line.push(' ');
            line.push_str(if name == "IMAP4REV2" { "IMAP4rev2" } else { &name });
        }
        if told {
            self.wire.push(line + "\r\n");
        }
        Ok("ENABLE completed".to_owned())
    }

    /// `[HIGHESTMODSEQ 5] ` if the client has enabled QRESYNC (RFC 7162 §3.2.7).
    pub(super) fn progress(&self, validity: u32) -> String {
        match self.on_validity(validity, |mailbox| mailbox.change) {
            Some(change) if self.enabled.qresync => format!("[HIGHESTMODSEQ {change}] "),
            _ => String::new(),
        }
    }
}

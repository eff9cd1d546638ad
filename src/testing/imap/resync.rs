//! The resynchronisation by SELECT and FETCH (RFC 7162 §3.2): the parameters of QRESYNC, and VANISHED (EARLIER). It must not know other
//! commands.

use super::args::{Args, Stop};
use super::print;
use super::set::Set;
use super::view::View;
use super::{Enabled, Session};

/// The parameter of SELECT: the UIDVALIDITY, the mod-sequence and the UIDs that the client knows.
pub(super) struct Resync {
    validity: u32,
    since: u64,
    known: Option<Set>,
}

impl Session {
    /// `(CONDSTORE)` or `(QRESYNC (...))` after a mailbox's name.
    pub(super) fn select_parameters(&mut self, args: &mut Args) -> Result<Option<Resync>, Stop> {
        let mut resync = None;
        if !args.take(b' ') {
            return Ok(None);
        }
        args.expect(b'(')?;
        loop {
            match args.atom()?.to_ascii_uppercase().as_str() {
                "CONDSTORE" if self.offers("CONDSTORE") => self.enabled.condstore = true,
                "QRESYNC" if self.enabled.qresync => {
                    args.space()?;
                    resync = Some(parameters(args)?);
                }
                _ => return Err(Stop::bad("Unknown parameter, or not enabled")),
            }
            if args.take(b')') {
                return Ok(resync);
            }
            args.space()?;
        }
    }

    /// The messages that vanished and changed since then; nothing if the UIDVALIDITY differs.
    pub(super) fn resync(&mut self, view: &View, resync: &Resync) {
        if resync.validity != view.validity {
            return;
        }
        self.vanished_since(view.validity, resync.since, resync.known.as_ref());
        let enabled = self.enabled;
        let mut out = Vec::new();
        for (index, entry) in view.entries.iter().enumerate().filter(|(_, entry)| entry.modseq() > resync.since) {
            if resync.known.as_ref().is_none_or(|known| known.contains(entry.uid, u32::MAX)) {
                entry.print_change(index, Enabled { qresync: true, ..enabled }, &mut out);
            }
        }
        self.wire.push(out);
    }

    /// `* VANISHED (EARLIER) 3:5` for the messages that were removed since then, restricted to the given ones if there are any.
    pub(super) fn vanished_since(&mut self, validity: u32, since: u64, among: Option<&Set>) {
        let gone = self.on_validity(validity, |mailbox| {
            let gone = mailbox.gone.iter().filter(|(_, change)| **change > since).map(|(uid, _)| *uid);
            gone.filter(|uid| among.is_none_or(|set| set.contains(*uid, u32::MAX))).collect::<Vec<_>>()
        });
        let gone = gone.unwrap_or_default();
        if !gone.is_empty() {
            self.wire.push(format!("* VANISHED (EARLIER) {}\r\n", print::set(&gone)));
        }
    }
}

fn parameters(args: &mut Args) -> Result<Resync, Stop> {
    args.expect(b'(')?;
    let validity = args.number()?;
    args.space()?;
    let since = args.number64()?;
    let mut known = None;
    if args.take(b' ') && args.peek() != Some(b'(') {
        known = Some(Set::parse(args)?);
        args.take(b' ');
    }
    // The pairs of message numbers and UIDs are only an optimisation, and are ignored.
    if args.take(b'(') {
        Set::parse(args)?;
        args.space()?;
        Set::parse(args)?;
        args.expect(b')')?;
    }
    args.expect(b')')?;
    Ok(Resync { validity, since, known })
}

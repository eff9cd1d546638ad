//! Searches whose results are kept up to date, and CANCELUPDATE (RFC 5267 §4.3). It must not know what changes a mailbox.

use std::collections::BTreeSet;

use super::args::{Args, Stop};
use super::updated::Updated;
use super::{Answer, Session, print};

/// How many results are kept up to date for one session.
const MOST: usize = 4;

impl Session {
    /// Keeps the result of a search up to date, if that is possible.
    pub(super) fn update(&mut self, tag: &str, args: Args, found: BTreeSet<u32>, possible: bool) {
        match possible && self.updated.len() < MOST {
            true => self.updated.push(Updated { tag: tag.to_owned(), args, found }),
            false => self.wire.push(format!("* NO [NOUPDATE {}] Not this one\r\n", print::mailbox(tag))),
        }
    }

    /// Reports what has changed in the results.
    pub(super) fn report_updates(&mut self) {
        for mut updated in std::mem::take(&mut self.updated) {
            let Ok(now) = self.matching(&mut updated.args.clone()) else { continue };
            let line = updated.change(now.found.iter().map(|(_, entry)| entry.uid).collect());
            self.wire.push(line);
            self.updated.push(updated);
        }
    }

    pub(super) fn cancelupdate(&mut self, args: &mut Args) -> Answer {
        let mut tags = vec![args.astring()?];
        while args.take(b' ') {
            tags.push(args.astring()?);
        }
        args.end()?;
        match tags.iter().all(|tag| self.updated.iter().any(|updated| updated.tag == *tag)) {
            true => self.updated.retain(|updated| !tags.contains(&updated.tag)),
            false => return Err(Stop::bad("No such search is updated")),
        }
        Ok("CANCELUPDATE completed".to_owned())
    }
}

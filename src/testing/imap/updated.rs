//! A search whose result is kept up to date (RFC 5267 §4.3). It must not know a session.

use std::collections::BTreeSet;

use super::args::Args;
use super::print;

pub(super) struct Updated {
    pub(super) tag: String,
    /// The keys, which are read again after each change.
    pub(super) args: Args,
    /// The UIDs that were reported.
    pub(super) found: BTreeSet<u32>,
}

impl Updated {
    /// The response that reports how the result has changed; empty if it has not.
    pub(super) fn change(&mut self, now: BTreeSet<u32>) -> String {
        let mut line = String::new();
        for (name, changed) in [("REMOVEFROM", &self.found - &now), ("ADDTO", &now - &self.found)] {
            if !changed.is_empty() {
                let changed: Vec<u32> = changed.into_iter().collect();
                line.push_str(&format!(" {name} (0 {})", print::set(&changed)));
            }
        }
        self.found = now;
        match line.is_empty() {
            true => line,
            false => format!("* ESEARCH (TAG {}) UID{line}\r\n", print::mailbox(&self.tag)),
        }
    }
}

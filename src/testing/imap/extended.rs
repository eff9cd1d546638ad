//! LIST with options (RFC 5258, RFC 5819, RFC 6154, RFC 8440, RFC 9590): selection, several patterns, and return options. It must not know other commands.

use std::collections::BTreeSet;

use super::args::{Args, Stop};
use super::metadata::entry_names;
use super::pattern::matches;
use super::{Answer, Session};
use crate::testing::store::{Account, canonical};

/// The arguments of one LIST.
pub(super) struct Wanted {
    patterns: Vec<String>,
    select: Vec<String>,
    returns: Vec<String>,
    status: Vec<String>,
    entries: Vec<String>,
}

impl Wanted {
    /// The selection options before the reference, if there are any.
    pub(super) fn selection(args: &mut Args) -> Result<Option<Vec<String>>, Stop> {
        if args.peek() != Some(b'(') {
            return Ok(None);
        }
        let select = args.list(word)?;
        args.space()?;
        let known = ["SUBSCRIBED", "REMOTE", "RECURSIVEMATCH", "SPECIAL-USE"];
        if select.iter().any(|option| !known.contains(&option.as_str())) {
            return Err(Stop::bad("Unknown selection option"));
        }
        if has(&select, "RECURSIVEMATCH") && !has(&select, "SUBSCRIBED") && !has(&select, "SPECIAL-USE") {
            return Err(Stop::bad("RECURSIVEMATCH stands with what it searches for"));
        }
        Ok(Some(select))
    }

    /// The patterns and the return options after them.
    pub(super) fn parse(
        args: &mut Args,
        reference: &str,
        select: Vec<String>,
        offers: impl Fn(&str) -> bool,
    ) -> Result<Self, Stop> {
        let patterns = match args.peek() {
            Some(b'(') => args.list(Args::pattern)?,
            _ => vec![args.pattern()?],
        };
        let patterns = patterns.iter().map(|pattern| canonical(&format!("{reference}{pattern}"))).collect();
        let mut wanted = Self { patterns, select, returns: Vec::new(), status: Vec::new(), entries: Vec::new() };
        if args.take(b' ') {
            if word(args)? != "RETURN" {
                return Err(Stop::bad("Expected RETURN"));
            }
            args.space()?;
            wanted.parse_returns(args, offers)?;
        }
        args.end()?;
        Ok(wanted)
    }

    fn parse_returns(&mut self, args: &mut Args, offers: impl Fn(&str) -> bool) -> Result<(), Stop> {
        args.expect(b'(')?;
        while !args.take(b')') {
            args.take(b' ');
            let option = word(args)?;
            match option.as_str() {
                "STATUS" if offers("LIST-STATUS") => {
                    args.space()?;
                    self.status = args.list(word)?;
                }
                "METADATA" if offers("LIST-METADATA") => {
                    args.space()?;
                    self.entries = entry_names(args)?;
                }
                "MYRIGHTS" if offers("LIST-MYRIGHTS") => {}
                "SUBSCRIBED" | "CHILDREN" | "SPECIAL-USE" => {}
                _ => return Err(Stop::bad("Unknown return option")),
            }
            self.returns.push(option);
        }
        Ok(())
    }

    fn has_name(&self, name: &str) -> bool {
        self.patterns.iter().any(|pattern| matches(pattern.as_bytes(), name.as_bytes()))
    }

    fn selects(&self, account: &Account, name: &str) -> bool {
        let special = account.mailboxes.get(name).is_some_and(|mailbox| mailbox.special.is_some());
        let subscribed = account.subscribed.contains(name);
        let asked = has(&self.select, "SUBSCRIBED");
        (asked || account.mailboxes.contains_key(name))
            && (!asked || subscribed)
            && (!has(&self.select, "SPECIAL-USE") || special)
    }

    /// Whether a mailbox below this name matches the selection (CHILDINFO, RFC 5258 §3.5).
    fn child_info(&self, account: &Account, name: &str) -> bool {
        let prefix = format!("{name}/");
        let below =
            |other: &String| other.starts_with(&prefix) && self.selects(account, other) && !self.has_name(other);
        has(&self.select, "RECURSIVEMATCH") && account.mailboxes.keys().chain(&account.subscribed).any(below)
    }
}

impl Session {
    pub(super) fn list_extended(&mut self, wanted: &Wanted) -> Answer {
        let lines = self.account(|account| {
            let names: BTreeSet<String> = account.mailboxes.keys().chain(&account.subscribed).cloned().collect();
            let mut lines = Vec::new();
            for name in names.iter().filter(|name| wanted.has_name(name)) {
                let info = wanted.child_info(account, name);
                if !info && !wanted.selects(account, name) {
                    continue;
                }
                let attributes = self.attributes(account, name, wanted);
                let info = if info { " (\"CHILDINFO\" (\"SUBSCRIBED\"))" } else { "" };
                lines.extend(format!("* LIST ({attributes}) \"/\" {}{info}\r\n", self.spoken(name)).into_bytes());
                if account.mailbox(name).is_some() && has(&wanted.returns, "MYRIGHTS") {
                    lines.extend(self.myrights_line(name).into_bytes());
                }
                if let Some(mailbox) = account.mailbox(name).filter(|_| !wanted.entries.is_empty()) {
                    lines.extend(self.metadata_of(name, &mailbox.entries, &wanted.entries));
                }
                if let Some(mailbox) = account.mailbox(name).filter(|_| has(&wanted.returns, "STATUS")) {
                    let items = wanted.status.iter().map(|item| self.status_item(mailbox, item));
                    let items = items.collect::<Result<Vec<_>, Stop>>()?.join(" ");
                    lines.extend(format!("* STATUS {} ({items})\r\n", self.spoken(name)).into_bytes());
                }
            }
            Ok::<_, Stop>(lines)
        })??;
        self.wire.push(lines);
        Ok("LIST completed".to_owned())
    }

    fn attributes(&self, account: &Account, name: &str, wanted: &Wanted) -> String {
        let mailbox = account.mailboxes.get(name);
        let mut attributes = match mailbox {
            None => vec!["\\NonExistent"],
            Some(mailbox) if !mailbox.selectable => vec!["\\Noselect"],
            Some(_) => Vec::new(),
        };
        let tells = has(&wanted.select, "SUBSCRIBED") || has(&wanted.returns, "SUBSCRIBED");
        if tells && account.subscribed.contains(name) {
            attributes.push("\\Subscribed");
        }
        if self.offers("CHILDREN") || has(&wanted.returns, "CHILDREN") {
            attributes.push(if account.has_children(name) { "\\HasChildren" } else { "\\HasNoChildren" });
        }
        if self.offers("SPECIAL-USE") {
            attributes.extend(mailbox.and_then(|mailbox| mailbox.special));
        }
        attributes.join(" ")
    }
}

fn has(options: &[String], name: &str) -> bool {
    options.iter().any(|option| option == name)
}

fn word(args: &mut Args) -> Result<String, Stop> {
    args.atom().map(|word| word.to_ascii_uppercase())
}

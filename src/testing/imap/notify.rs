//! NOTIFY (RFC 5465): changes in all mailboxes, reported without a command. It must not know which command made them.

use std::collections::BTreeMap;
use std::io;

use super::args::{Args, Stop};
use super::view::View;
use super::watch::{Group, Scope, Seen, Watch, seen};
use super::{Answer, Session};

/// The names of the events, for BADEVENT.
const EVENTS: [&str; 5] = ["MessageNew", "MessageExpunge", "FlagChange", "MailboxName", "SubscriptionChange"];

impl Session {
    /// The next command. While the client waits, it is told what happens, if it asked for that.
    pub(super) async fn next_command(&mut self) -> io::Result<Option<Args>> {
        let mut changes = self.shared.store.changes();
        while self.watch.is_some() {
            changes.mark_unchanged();
            self.report_unasked();
            self.wire.flush().await?;
            if self.over {
                return Ok(None);
            }
            tokio::select! {
                line = self.wire.wait_for_line() => {
                    line?;
                    break;
                }
                changed = changes.changed() => if changed.is_err() { return Ok(None) },
            }
        }
        self.command().await
    }

    pub(super) fn notify(&mut self, args: &mut Args) -> Answer {
        let word = args.atom()?.to_ascii_uppercase();
        if word == "NONE" {
            args.end()?;
            self.watch = Some(Watch { groups: Vec::new(), seen: BTreeMap::new() });
            return Ok("NOTIFY completed".to_owned());
        }
        if word != "SET" {
            return Err(Stop::bad("NOTIFY is followed by SET or NONE"));
        }
        args.space()?;
        let status = args.peek() != Some(b'(');
        if status {
            if !args.atom()?.eq_ignore_ascii_case("STATUS") {
                return Err(Stop::bad("Only STATUS can come before the groups"));
            }
            args.space()?;
        }
        let mut groups = vec![group(args)?];
        while args.take(b' ') {
            groups.push(group(args)?);
        }
        args.end()?;
        let unknown = |event: &String| !EVENTS.iter().any(|known| known.eq_ignore_ascii_case(event));
        if groups.iter().flat_map(|group| &group.events).any(unknown) {
            return Err(Stop::No(format!("[BADEVENT ({})] There are no other events", EVENTS.join(" "))));
        }
        if self.shared.options.mutes_pushes {
            return Ok("NOTIFY completed".to_owned());
        }
        let seen = self.account(|account| seen(account))?;
        let watch = Watch { groups, seen };
        if status {
            let current = self.view.as_ref().map(|view| view.validity);
            let of_messages = |(name, seen): &(&String, &Seen)| {
                Some(seen.validity) != current && watch.wants(name, seen.subscribed, "MessageNew")
            };
            let lines: String =
                watch.seen.iter().filter(of_messages).map(|(name, seen)| self.counts(name, seen)).collect();
            self.wire.push(lines);
        }
        self.watch = Some(watch);
        Ok("NOTIFY completed".to_owned())
    }

    /// Reports what happened in other mailboxes.
    pub(super) fn report_others(&mut self) {
        let Some(mut watch) = self.watch.take() else { return };
        if let Ok(now) = self.account(|account| seen(account)) {
            let current = self.view.as_ref().map(|view| view.validity);
            let lines = self.differences(&watch, &now, current);
            self.wire.push(lines);
            watch.seen = now;
        }
        self.watch = Some(watch);
    }

    /// Reports what happened since the last command, or the last call.
    fn report_unasked(&mut self) {
        if let Some(delayed) = self.watch.as_ref().and_then(Watch::selected) {
            let last = self.view.as_ref().map_or(0, View::last_uid);
            self.report(!delayed);
            self.report_new(last);
        }
        self.report_others();
    }

    /// Reports the items of messages after this UID, as MessageNew asks for them.
    fn report_new(&mut self, last: u32) {
        let Some(view) = &self.view else { return };
        let (mut out, enabled) = (Vec::new(), self.enabled);
        for (index, entry) in view.entries.iter().enumerate().skip(view.position_from(last.saturating_add(1))) {
            out.extend_from_slice(
                format!("{}UID {} FLAGS ", enabled.fetch_head(index, entry.uid), entry.uid).as_bytes(),
            );
            entry.print_flags(&mut out);
            if self.enabled.condstore {
                out.extend_from_slice(format!(" MODSEQ ({})", entry.modseq()).as_bytes());
            }
            out.extend_from_slice(b")\r\n");
        }
        self.wire.push(out);
    }

    fn differences(&self, watch: &Watch, now: &BTreeMap<String, Seen>, current: Option<u32>) -> String {
        let mut lines = String::new();
        for (name, before) in &watch.seen {
            let moved = now.iter().any(|(_, after)| after.validity == before.validity);
            if !now.contains_key(name) && !moved && watch.wants(name, before.subscribed, "MailboxName") {
                lines.push_str(&format!("* LIST (\\NonExistent) \"/\" {}\r\n", self.spoken(name)));
            }
        }
        for (name, after) in now {
            let before = watch.seen.get(name).filter(|before| before.validity == after.validity);
            let Some(before) = before else {
                if watch.wants(name, after.subscribed, "MailboxName") {
                    let renamed = watch.seen.iter().find(|(_, before)| before.validity == after.validity);
                    let old =
                        renamed.map_or_else(String::new, |(old, _)| format!(" (\"OLDNAME\" ({}))", self.spoken(old)));
                    lines.push_str(&format!("* LIST () \"/\" {}{old}\r\n", self.spoken(name)));
                }
                continue;
            };
            let either = before.subscribed || after.subscribed;
            if before.subscribed != after.subscribed && watch.wants(name, either, "SubscriptionChange") {
                let attribute = if after.subscribed { "\\Subscribed" } else { "" };
                lines.push_str(&format!("* LIST ({attribute}) \"/\" {}\r\n", self.spoken(name)));
            }
            let counts = (before.messages, before.next_uid) != (after.messages, after.next_uid);
            let flags = before.change != after.change && watch.wants(name, after.subscribed, "FlagChange");
            if Some(after.validity) != current && (counts && watch.wants(name, after.subscribed, "MessageNew") || flags)
            {
                lines.push_str(&self.counts(name, after));
            }
        }
        lines
    }

    fn counts(&self, name: &str, seen: &Seen) -> String {
        let Seen { validity, next_uid, messages, change, .. } = seen;
        let change = match self.offers("CONDSTORE") {
            true => format!(" HIGHESTMODSEQ {change}"),
            false => String::new(),
        };
        let name = self.spoken(name);
        format!("* STATUS {name} (UIDVALIDITY {validity} UIDNEXT {next_uid} MESSAGES {messages}{change})\r\n")
    }
}

fn group(args: &mut Args) -> Result<Group, Stop> {
    args.expect(b'(')?;
    let word = args.atom()?.to_ascii_uppercase();
    let scope = match word.as_str() {
        "SELECTED" => Scope::Selected { delayed: false },
        "SELECTED-DELAYED" => Scope::Selected { delayed: true },
        "PERSONAL" => Scope::All,
        "INBOXES" => Scope::Inboxes,
        "SUBSCRIBED" => Scope::Subscribed,
        "MAILBOXES" => Scope::Mailboxes(mailboxes(args)?),
        "SUBTREE" => Scope::Subtree(mailboxes(args)?),
        _ => return Err(Stop::bad("There is no such scope")),
    };
    args.space()?;
    let events = match args.take(b'(') {
        true => events(args)?,
        false if args.atom()?.eq_ignore_ascii_case("NONE") => Vec::new(),
        false => return Err(Stop::bad("Events are in parentheses, or NONE")),
    };
    args.expect(b')')?;
    let has = |name: &str| events.iter().any(|event: &String| event.eq_ignore_ascii_case(name));
    if has("MessageNew") != has("MessageExpunge") || has("FlagChange") && !has("MessageNew") {
        return Err(Stop::bad("MessageNew and MessageExpunge come together, and before FlagChange"));
    }
    Ok(Group { scope, events })
}

fn mailboxes(args: &mut Args) -> Result<Vec<String>, Stop> {
    args.space()?;
    match args.peek() {
        Some(b'(') => args.list(Args::mailbox),
        _ => Ok(vec![args.mailbox()?]),
    }
}

/// The names, after the opening parenthesis. Of the items of MessageNew, this server sends what it always sends.
fn events(args: &mut Args) -> Result<Vec<String>, Stop> {
    let mut events = Vec::new();
    loop {
        events.push(args.atom()?);
        if args.take(b')') {
            return Ok(events);
        }
        args.space()?;
        if args.peek() == Some(b'(') {
            args.list(Args::item_word)?;
            if args.take(b')') {
                return Ok(events);
            }
            args.space()?;
        }
    }
}

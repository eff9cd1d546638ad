//! LIST, LSUB, SUBSCRIBE, CREATE, DELETE, RENAME, STATUS, NAMESPACE (RFC 3501 §6.3, RFC 2342, RFC 3348, RFC 6154).

use super::args::{Args, Stop};
use super::extended::Wanted;
use super::pattern::matches;
use super::select::mailbox_id;
use super::{Answer, Session};
use crate::testing::store::{Account, Mailbox, canonical};

impl Session {
    pub(super) fn namespace(&mut self, args: &Args) -> Answer {
        args.end()?;
        self.wire.push("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
        Ok("NAMESPACE completed".to_owned())
    }

    pub(super) fn list(&mut self, args: &mut Args, subscribed: bool) -> Answer {
        let word = if subscribed { "LSUB" } else { "LIST" };
        let extended = !subscribed && self.offers("LIST-EXTENDED");
        let select = if extended { Wanted::selection(args)? } else { None };
        let reference = args.reference()?;
        args.space()?;
        let mut ahead = args.clone();
        if extended && (select.is_some() || ahead.peek() == Some(b'(') || ahead.pattern().is_ok() && !ahead.is_at_end())
        {
            let wanted = Wanted::parse(args, &reference, select.unwrap_or_default(), |name| self.offers(name))?;
            return self.list_extended(&wanted);
        }
        let pattern = args.pattern()?;
        args.end()?;
        let done = format!("{word} completed");
        if pattern.is_empty() && !subscribed {
            // RFC 3501 §6.3.8: this asks for the hierarchy delimiter.
            self.wire.push("* LIST (\\Noselect) \"/\" \"\"\r\n");
            return Ok(done);
        }
        let pattern = canonical(&format!("{reference}{pattern}"));
        let lines = self.account(|account| match subscribed {
            true => self.lsub_lines(account, &pattern),
            false => self.list_lines(account, &pattern),
        })?;
        self.wire.push(lines);
        Ok(done)
    }

    pub(super) fn subscribe(&mut self, args: &mut Args, on: bool) -> Answer {
        let name = args.mailbox()?;
        args.end()?;
        let found = self.change(|account| {
            if !on {
                return account.subscribed.remove(&name);
            }
            let exists = account.mailbox(&name).is_some();
            if exists {
                account.subscribed.insert(name);
            }
            exists
        })?;
        match found {
            true => Ok(format!("{}SUBSCRIBE completed", if on { "" } else { "UN" })),
            false => Err(Stop::no("[NONEXISTENT] No such mailbox")),
        }
    }

    pub(super) fn create(&mut self, args: &mut Args) -> Answer {
        let name = args.mailbox()?;
        let special = if args.take(b' ') { Some(self.special_use(args)?) } else { None };
        args.end()?;
        let created = self.change(|account| {
            account.create(&name)?;
            let Some(mailbox) = account.mailbox(name.strip_suffix('/').unwrap_or(&name)) else { return Ok(None) };
            mailbox.special = special.or(mailbox.special);
            Ok(Some(mailbox.validity))
        });
        let code = match created?.map_err(Stop::no)? {
            Some(validity) if self.offers("OBJECTID") => format!("[MAILBOXID ({})] ", mailbox_id(validity)),
            _ => String::new(),
        };
        Ok(format!("{code}CREATE completed"))
    }

    /// `(USE (\Sent))` (RFC 6154 §3).
    fn special_use(&self, args: &mut Args) -> Result<&'static str, Stop> {
        args.expect(b'(')?;
        if !self.offers("CREATE-SPECIAL-USE") || !args.atom()?.eq_ignore_ascii_case("USE") {
            return Err(Stop::bad("Unknown CREATE parameter"));
        }
        args.space()?;
        let uses = args.list(|args| {
            args.expect(b'\\')?;
            args.atom()
        })?;
        args.expect(b')')?;
        let known = ["\\Archive", "\\Drafts", "\\Junk", "\\Sent", "\\Trash"];
        let asked = |known: &&&str| uses.first().is_some_and(|asked| known[1..].eq_ignore_ascii_case(asked));
        match (known.iter().find(asked), uses.len()) {
            (Some(known), 1) => Ok(*known),
            _ => Err(Stop::no("[USEATTR] One use, and one of those there are")),
        }
    }

    pub(super) fn delete(&mut self, args: &mut Args) -> Answer {
        let name = args.mailbox()?;
        args.end()?;
        self.change(|account| account.delete(&name))?.map_err(Stop::no)?;
        Ok("DELETE completed".to_owned())
    }

    pub(super) fn rename(&mut self, args: &mut Args) -> Answer {
        let from = args.mailbox()?;
        args.space()?;
        let to = args.mailbox()?;
        args.end()?;
        self.change(|account| account.rename(&from, &to))?.map_err(Stop::no)?;
        Ok("RENAME completed".to_owned())
    }

    pub(super) fn status(&mut self, args: &mut Args) -> Answer {
        let name = args.mailbox()?;
        args.space()?;
        let items = args.list(Args::atom)?;
        args.end()?;
        let values = self.account(|account| {
            let mailbox = account.mailbox(&name).ok_or_else(|| Stop::no("[NONEXISTENT] No such mailbox"))?;
            items.iter().map(|item| self.status_item(mailbox, item)).collect::<Result<Vec<_>, Stop>>()
        })??;
        self.wire.push(format!("* STATUS {} ({})\r\n", self.spoken(&name), values.join(" ")));
        Ok("STATUS completed".to_owned())
    }
}

impl Session {
    pub(super) fn status_item(&self, mailbox: &Mailbox, item: &str) -> Result<String, Stop> {
        let item = item.to_ascii_uppercase();
        let value = match item.as_str() {
            "MESSAGES" => mailbox.mails.len() as u64,
            "RECENT" if !self.enabled.rev2 => mailbox.mails.range(mailbox.first_recent..).count() as u64,
            "UIDNEXT" => u64::from(mailbox.next_uid),
            "UIDVALIDITY" => u64::from(mailbox.validity),
            "MAILBOXID" if self.offers("OBJECTID") => return Ok(format!("{item} ({})", mailbox_id(mailbox.validity))),
            "HIGHESTMODSEQ" if self.offers("CONDSTORE") => mailbox.change,
            "SIZE" if self.offers("STATUS=SIZE") || self.enabled.rev2 => {
                mailbox.mails.values().map(|mail| mail.content.bytes.len() as u64).sum()
            }
            "DELETED" if self.offers("IMAP4rev2") || self.shared.options.quota.is_some() => {
                mailbox.mails.values().filter(|mail| mail.flags.contains("\\Deleted")).count() as u64
            }
            "UNSEEN" => mailbox.mails.values().filter(|mail| !mail.flags.contains("\\Seen")).count() as u64,
            _ => return Err(Stop::bad("Unknown status item")),
        };
        Ok(format!("{item} {value}"))
    }

    fn list_lines(&self, account: &Account, pattern: &str) -> String {
        let (children, special_use) = (self.offers("CHILDREN"), self.offers("SPECIAL-USE"));
        let mut lines = String::new();
        for (name, mailbox) in account.mailboxes.iter().filter(|(name, _)| matches(pattern.as_bytes(), name.as_bytes()))
        {
            let mut attributes = Vec::new();
            if !mailbox.selectable {
                attributes.push("\\Noselect");
            }
            if children {
                attributes.push(if account.has_children(name) { "\\HasChildren" } else { "\\HasNoChildren" });
            }
            if special_use {
                attributes.extend(mailbox.special);
            }
            lines.push_str(&format!("* LIST ({}) \"/\" {}\r\n", attributes.join(" "), self.spoken(name)));
        }
        lines
    }

    /// If `%` does not match a subscribed mailbox, the matching name above it is listed as `\Noselect` (RFC 3501 §6.3.9).
    fn lsub_lines(&self, account: &Account, pattern: &str) -> String {
        let mut lines = String::new();
        let mut above = std::collections::BTreeSet::new();
        for name in &account.subscribed {
            if matches(pattern.as_bytes(), name.as_bytes()) {
                lines.push_str(&format!("* LSUB () \"/\" {}\r\n", self.spoken(name)));
            } else if pattern.ends_with('%') {
                let parents = name.match_indices('/').filter_map(|(at, _)| name.get(..at));
                above.extend(parents.filter(|parent| matches(pattern.as_bytes(), parent.as_bytes())));
            }
        }
        for name in above.into_iter().filter(|name| !account.subscribed.contains(*name)) {
            lines.push_str(&format!("* LSUB (\\Noselect) \"/\" {}\r\n", self.spoken(name)));
        }
        lines
    }
}

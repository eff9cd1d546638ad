//! ACL (RFC 4314): each mailbox has a list of identifiers with their rights. The owner has all rights in any case, and nobody else can
//! reach the mailbox, so the list changes nothing but what these commands report. It must not know other commands.

use super::args::{Args, Stop};
use super::{Answer, Session, print};
use crate::testing::store::Mailbox;

/// All rights, without the obsolete ones.
const ALL: &str = "lrswipkxtea";
/// The obsolete rights with their members (RFC 4314 §2.1.1).
const OBSOLETE: [(char, &str); 2] = [('c', "kx"), ('d', "te")];

impl Session {
    pub(super) fn getacl(&mut self, args: &mut Args) -> Answer {
        let name = args.mailbox()?;
        args.end()?;
        let mut line = format!("* ACL {} {} {}", self.spoken(&name), quoted(self.owner()), shown(ALL));
        self.with_mailbox(&name, |mailbox| {
            for (identifier, rights) in &mailbox.acl {
                line.push_str(&format!(" {} {}", quoted(identifier), shown(rights)));
            }
        })?;
        self.wire.push(line + "\r\n");
        Ok("GETACL completed".to_owned())
    }

    pub(super) fn setacl(&mut self, args: &mut Args) -> Answer {
        let name = args.mailbox()?;
        args.space()?;
        let identifier = args.astring()?;
        args.space()?;
        let change = args.astring()?;
        args.end()?;
        let (sign, letters) = match change.split_at_checked(1) {
            Some((sign @ ("+" | "-"), letters)) => (sign, letters),
            _ => ("", change.as_str()),
        };
        let rights = members(letters)?;
        if identifier == self.owner() {
            self.with_mailbox(&name, |_| ())?;
            return match sign == "+" || sign.is_empty() && rights == ALL || rights.is_empty() && sign == "-" {
                true => Ok("SETACL completed".to_owned()),
                false => Err(Stop::no("[CANNOT] The owner keeps all rights")),
            };
        }
        self.with_mailbox(&name, |mailbox| {
            let before = mailbox.acl.remove(&identifier).unwrap_or_default();
            let after: String = ALL.chars().filter(|&right| has(&before, &rights, sign, right)).collect();
            if !after.is_empty() {
                mailbox.acl.insert(identifier, after);
            }
        })?;
        Ok("SETACL completed".to_owned())
    }

    pub(super) fn deleteacl(&mut self, args: &mut Args) -> Answer {
        let name = args.mailbox()?;
        args.space()?;
        let identifier = args.astring()?;
        args.end()?;
        if identifier == self.owner() {
            return Err(Stop::no("[CANNOT] The owner keeps all rights"));
        }
        self.with_mailbox(&name, |mailbox| mailbox.acl.remove(&identifier))?;
        Ok("DELETEACL completed".to_owned())
    }

    pub(super) fn listrights(&mut self, args: &mut Args) -> Answer {
        let name = args.mailbox()?;
        args.space()?;
        let identifier = args.astring()?;
        args.end()?;
        self.with_mailbox(&name, |_| ())?;
        let rights = match identifier == self.owner() {
            true => shown(ALL),
            false => shown(ALL).chars().fold("\"\"".to_owned(), |line, right| format!("{line} {right}")),
        };
        self.wire.push(format!("* LISTRIGHTS {} {} {rights}\r\n", self.spoken(&name), quoted(&identifier)));
        Ok("LISTRIGHTS completed".to_owned())
    }

    pub(super) fn myrights(&mut self, args: &mut Args) -> Answer {
        let name = args.mailbox()?;
        args.end()?;
        self.with_mailbox(&name, |_| ())?;
        let line = self.myrights_line(&name);
        self.wire.push(line);
        Ok("MYRIGHTS completed".to_owned())
    }

    pub(super) fn myrights_line(&self, name: &str) -> String {
        format!("* MYRIGHTS {} {}\r\n", self.spoken(name), shown(ALL))
    }

    fn owner(&self) -> &str {
        self.user.as_deref().unwrap_or_default()
    }

    pub(super) fn with_mailbox<R>(&self, name: &str, change: impl FnOnce(&mut Mailbox) -> R) -> Result<R, Stop> {
        let found = self.account(|account| account.mailbox(name).map(change))?;
        found.ok_or_else(|| Stop::no("[NONEXISTENT] No such mailbox"))
    }
}

/// The rights with the members of `c` and `d` in their place. An unknown right is an error (RFC 4314 §3.1).
fn members(letters: &str) -> Result<String, Stop> {
    let known = |letter: char| ALL.contains(letter) || OBSOLETE.iter().any(|(old, _)| *old == letter);
    if !letters.chars().all(known) {
        return Err(Stop::bad("No such right"));
    }
    let stands_for = |right: char| {
        letters.contains(right) || OBSOLETE.iter().any(|(old, new)| letters.contains(*old) && new.contains(right))
    };
    Ok(ALL.chars().filter(|&right| stands_for(right)).collect())
}

fn has(before: &str, change: &str, sign: &str, right: char) -> bool {
    match sign {
        "+" => before.contains(right) || change.contains(right),
        "-" => before.contains(right) && !change.contains(right),
        _ => change.contains(right),
    }
}

/// The rights, and the obsolete ones of which they are members.
fn shown(rights: &str) -> String {
    let old = OBSOLETE.iter().filter(|(_, new)| rights.contains(|right| new.contains(right))).map(|(old, _)| *old);
    rights.chars().chain(old).collect()
}

fn quoted(text: &str) -> String {
    let mut out = Vec::new();
    print::string(text.as_bytes(), &mut out);
    String::from_utf8(out).unwrap_or_default()
}

//! GETQUOTA, GETQUOTAROOT and SETQUOTA (RFC 9208): one quota for all mailboxes of an account, whose root has an empty name. It must not know other
//! commands.

use super::args::{Args, Stop};
use super::{Answer, Session};

impl Session {
    pub(super) fn getquota(&mut self, args: &mut Args) -> Answer {
        let root = args.astring()?;
        args.end()?;
        if !root.is_empty() {
            return Err(Stop::no("[NONEXISTENT] No such quota root"));
        }
        let line = self.quota_line()?;
        self.wire.push(line);
        Ok("GETQUOTA completed".to_owned())
    }

    pub(super) fn getquotaroot(&mut self, args: &mut Args) -> Answer {
        let name = args.mailbox()?;
        args.end()?;
        let line = format!("* QUOTAROOT {} \"\"\r\n{}", self.spoken(&name), self.quota_line()?);
        self.wire.push(line);
        Ok("GETQUOTAROOT completed".to_owned())
    }

    /// Limits that are not named are removed (RFC 9208 §4.1.3).
    pub(super) fn setquota(&mut self, args: &mut Args) -> Answer {
        let root = args.astring()?;
        args.space()?;
        let limits = args.list(|args| {
            let name = args.atom()?.to_ascii_uppercase();
            args.space()?;
            Ok((name, args.number64()?))
        })?;
        args.end()?;
        if !root.is_empty() {
            return Err(Stop::no("[NONEXISTENT] No such quota root"));
        }
        let mut after = (None, None);
        for (name, limit) in limits {
            match name.as_str() {
                "STORAGE" => after.0 = Some(limit.saturating_mul(1024)),
                "MESSAGE" => after.1 = Some(limit),
                _ => return Err(Stop::no("[CANNOT] Only STORAGE and MESSAGE are limited")),
            }
        }
        self.account(|account| account.limits = after)?;
        let line = self.quota_line()?;
        self.wire.push(line);
        Ok("SETQUOTA completed".to_owned())
    }

    /// Storage is counted in units of 1024 octets, rounded up (RFC 9208 §5.1).
    fn quota_line(&self) -> Result<String, Stop> {
        let ((bytes, messages), (most_bytes, most_messages)) =
            self.account(|account| (account.usage(), account.limits))?;
        let storage = most_bytes.map(|most| format!("STORAGE {} {}", bytes.div_ceil(1024), most / 1024));
        let count = most_messages.map(|most| format!("MESSAGE {messages} {most}"));
        let limits: Vec<String> = storage.into_iter().chain(count).collect();
        Ok(format!("* QUOTA \"\" ({})\r\n", limits.join(" ")))
    }

    /// Whether this many more octets and messages fit.
    pub(super) fn fits(&self, bytes: u64, messages: u64) -> Result<(), Stop> {
        let ((have_bytes, have_messages), (most_bytes, most_messages)) =
            self.account(|account| (account.usage(), account.limits))?;
        let over = |have: u64, more: u64, most: Option<u64>| most.is_some_and(|most| have + more > most);
        match over(have_bytes, bytes, most_bytes) || over(have_messages, messages, most_messages) {
            true => Err(Stop::no("[OVERQUOTA] Nothing was stored")),
            false => Ok(()),
        }
    }
}

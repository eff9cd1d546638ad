//! GETQUOTA and GETQUOTAROOT (RFC 9208): one quota for all mailboxes of an account, whose root has an empty name. It must not know other
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

    /// Storage is counted in units of 1024 octets, rounded up (RFC 9208 §5.1).
    fn quota_line(&self) -> Result<String, Stop> {
        let (bytes, messages) = self.account(|account| account.usage())?;
        let Some((most_bytes, most_messages)) = self.shared.options.quota else {
            return Err(Stop::bad("This server has no QUOTA"));
        };
        let storage = format!("STORAGE {} {}", bytes.div_ceil(1024), most_bytes / 1024);
        Ok(format!("* QUOTA \"\" ({storage} MESSAGE {messages} {most_messages})\r\n"))
    }

    /// Whether this many more octets and messages fit.
    pub(super) fn fits(&self, bytes: u64, messages: u64) -> Result<(), Stop> {
        let Some((most_bytes, most_messages)) = self.shared.options.quota else { return Ok(()) };
        let (have_bytes, have_messages) = self.account(|account| account.usage())?;
        match have_bytes + bytes > most_bytes || have_messages + messages > most_messages {
            true => Err(Stop::no("[OVERQUOTA] Nothing was stored")),
            false => Ok(()),
        }
    }
}

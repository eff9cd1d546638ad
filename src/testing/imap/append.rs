//! APPEND with APPENDUID, and MULTIAPPEND: all messages are stored or none (RFC 3501 §6.3.11, RFC 3502, RFC 4315). It must not know
//! other commands.

use bytes::Bytes;
use time::OffsetDateTime;

use super::args::{Args, Stop};
use super::{Answer, Session, print};
use crate::testing::store::{Content, Flags};

struct Given {
    flags: Flags,
    date: Option<OffsetDateTime>,
    bytes: Bytes,
}

impl Session {
    pub(super) fn append(&mut self, args: &mut Args) -> Answer {
        let name = args.mailbox()?;
        let mut given = Vec::new();
        while given.is_empty() || !args.is_at_end() {
            args.space()?;
            given.push(one(args)?);
        }
        if given.len() > 1 && !self.offers("MULTIAPPEND") {
            return Err(Stop::bad("This server has no MULTIAPPEND"));
        }
        self.check_limit(given.len())?;
        // RFC 3502 §6.3.11: an empty literal is an error, with which a client cancels.
        if given.iter().any(|one| one.bytes.is_empty()) {
            return Err(Stop::no("An empty message; nothing was stored"));
        }
        self.existing(&name)?;
        self.fits(given.iter().map(|one| one.bytes.len() as u64).sum(), given.len() as u64)?;
        let now = self.shared.options.now();
        let stored = self.change(|account| {
            let mailbox = account.mailbox(&name)?;
            let add = |one: Given| mailbox.add(Content::new(one.bytes, one.date.unwrap_or(now)), one.flags);
            let uids: Vec<u32> = given.into_iter().map(add).collect();
            Some((mailbox.validity, uids))
        })?;
        let (validity, uids) = stored.ok_or_else(|| Stop::no("[TRYCREATE] No such mailbox"))?;
        Ok(match self.offers("UIDPLUS") {
            true => format!("[APPENDUID {validity} {}] APPEND completed", print::set(&uids)),
            false => "APPEND completed".to_owned(),
        })
    }
}

fn one(args: &mut Args) -> Result<Given, Stop> {
    let mut flags = Flags::new();
    if args.peek() == Some(b'(') {
        flags = args.list(Args::flag)?.into_iter().collect();
        args.space()?;
    }
    let mut date = None;
    if args.peek() == Some(b'"') {
        let text = args.quoted()?;
        date = Some(print::read_date(&text).ok_or_else(|| Stop::bad("Not a date-time"))?);
        args.space()?;
    }
    Ok(Given { flags, date, bytes: args.literal()? })
}

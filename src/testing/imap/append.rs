//! APPEND with APPENDUID, MULTIAPPEND, and REPLACE: all messages are stored or none (RFC 3501 §6.3.11, RFC 3502, RFC 4315, RFC 8508). It
//! must not know other commands.

use bytes::Bytes;
use time::OffsetDateTime;

use super::args::{Args, Stop};
use super::catenate::{Piece, pieces};
use super::rewrite::rewritten;
use super::set::Set;
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
            given.push(self.one(args)?);
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
        let code = self.add_all(&name, given, None)?;
        Ok(format!("{code}APPEND completed"))
    }

    /// The report at the end of the command sends the EXPUNGE. APPENDUID is sent before it (RFC 8508 §3.2).
    pub(super) fn replace(&mut self, args: &mut Args, uid: bool) -> Answer {
        let set = Set::parse(args)?;
        args.space()?;
        let name = args.mailbox()?;
        args.space()?;
        let given = self.one(args)?;
        args.end()?;
        let view = self.writable()?;
        let validity = view.validity;
        let old = match set.resolve(view, uid)?.as_slice() {
            [index] => view.entries.get(*index).map(|entry| (entry.uid, entry.content.bytes.len() as u64)),
            _ => None,
        };
        let (old, size) = old.ok_or_else(|| Stop::no("[NONEXISTENT] REPLACE needs one message that exists"))?;
        if given.bytes.is_empty() {
            return Err(Stop::no("An empty message; nothing was stored"));
        }
        self.existing(&name)?;
        // RFC 8508 §3.4: only the difference counts.
        self.fits((given.bytes.len() as u64).saturating_sub(size), 0)?;
        let code = self.add_all(&name, vec![given], Some((validity, old)))?;
        if !code.is_empty() {
            self.wire.push(format!("* OK {code}Replacement ready\r\n"));
        }
        Ok("REPLACE completed".to_owned())
    }

    /// Adds the messages, and removes the old one of the mailbox with this UIDVALIDITY, in one step. Returns the response code.
    fn add_all(&self, name: &str, given: Vec<Given>, old: Option<(u32, u32)>) -> Result<String, Stop> {
        let now = self.shared.options.now();
        let stored = self.change(|account| {
            if let Some((validity, uid)) = old {
                account.by_validity(validity).filter(|mailbox| mailbox.mails.contains_key(&uid))?;
            }
            let mailbox = account.mailbox(name)?;
            let add = |one: Given| {
                let bytes = rewritten(one.bytes, &self.shared.options);
                mailbox.add(Content::new(bytes, one.date.unwrap_or(now)), one.flags, now)
            };
            let uids: Vec<u32> = given.into_iter().map(add).collect();
            let new = mailbox.validity;
            if let Some((validity, uid)) = old {
                account.by_validity(validity)?.remove(uid);
            }
            Some((new, uids))
        })?;
        let (validity, uids) = stored.ok_or_else(|| Stop::no("[TRYCREATE] No such mailbox or message"))?;
        Ok(match self.offers("UIDPLUS") {
            true => format!("[APPENDUID {validity} {}] ", print::set(&uids)),
            false => String::new(),
        })
    }

    fn one(&self, args: &mut Args) -> Result<Given, Stop> {
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
        // RFC 3516 §4.4: a literal8 may contain NUL.
        let is_binary = args.is_next(b"~\0") && self.offers("BINARY") && args.take(b'~');
        if args.peek() == Some(0) {
            let bytes = args.literal()?;
            return match bytes.contains(&0) && !is_binary {
                true => Err(Stop::bad("Only a literal8 may contain NUL")),
                false => Ok(Given { flags, date, bytes }),
            };
        }
        if !self.offers("CATENATE") || !args.atom()?.eq_ignore_ascii_case("CATENATE") {
            return Err(Stop::bad("Expected a literal"));
        }
        args.space()?;
        let pieces: Vec<Piece> = pieces(args)?;
        Ok(Given { flags, date, bytes: self.joined(pieces)? })
    }
}

//! Reads one command with its literals (RFC 3501 §4.3, RFC 7888). The bytes of a refused literal are not awaited: if the client sends
//! them nevertheless, they are read as commands, as servers do. It must not know a command.

use std::io;

use super::Session;
use super::args::{Args, Stop};

/// The largest literal before the login.
const STRANGER_LIMIT: u64 = 8 * 1024;
/// The largest literal that a client may send without waiting under LITERAL- (RFC 7888 §5).
const UNASKED_LIMIT: u64 = 4096;

impl Session {
    /// The next complete command; `None` at the end of input. Refusals of literals are answered here.
    pub(super) async fn command(&mut self) -> io::Result<Option<Args>> {
        'command: loop {
            let mut args = Args::new(self.enabled.rev2);
            let mut refusal = None;
            loop {
                let Some(line) = self.wire.line().await? else {
                    return Ok(None);
                };
                if line.contains(&0) {
                    self.refuse(args, Stop::bad("NUL in a command")).await?;
                    continue 'command;
                }
                let Some(literal) = Literal::at_end(&line) else {
                    args.push_text(&line);
                    break;
                };
                args.push_text(line.get(..literal.start).unwrap_or_default());
                args.push_literal_mark();
                match self.admit(&args, &literal) {
                    Ok(()) if literal.sync => {
                        self.wire.push("+ Go on\r\n");
                        self.wire.flush().await?;
                    }
                    Ok(()) => {}
                    Err(stop) if literal.sync || !self.takes_unasked() => {
                        self.refuse(args, stop).await?;
                        continue 'command;
                    }
                    Err(stop) => refusal = Some(stop),
                }
                if refusal.is_some() {
                    self.wire.skip(literal.size).await?;
                } else {
                    let size = usize::try_from(literal.size).unwrap_or(usize::MAX);
                    args.push_literal(self.wire.exact(size).await?);
                }
            }
            match refusal {
                Some(stop) => self.refuse(args, stop).await?,
                None => return Ok(Some(args)),
            }
        }
    }

    /// Whether the literal is accepted, given the command so far.
    fn admit(&self, args: &Args, literal: &Literal) -> Result<(), Stop> {
        if !literal.sync && !self.takes_unasked() {
            return Err(Stop::bad("This server has no LITERAL+"));
        }
        if !literal.sync && literal.size > UNASKED_LIMIT && !self.offers("LITERAL+") {
            return Err(Stop::bad("[TOOBIG] LITERAL- is for 4096 octets at most"));
        }
        let limit = if self.user.is_some() { self.shared.options.literal_limit } else { STRANGER_LIMIT };
        if literal.size > limit {
            return Err(Stop::No(format!("[TOOBIG] No literal of more than {limit} bytes")));
        }
        let mut args = args.clone();
        let name = args.tag().and_then(|_| args.word()).unwrap_or_default();
        if name.eq_ignore_ascii_case("APPEND") && self.user.is_some() {
            // If the literal is the mailbox name itself, there is nothing to look up yet.
            if let Ok(mailbox) = args.mailbox() {
                self.existing(&mailbox)?;
            }
        }
        Ok(())
    }

    fn takes_unasked(&self) -> bool {
        ["LITERAL+", "LITERAL-", "IMAP4rev2"].iter().any(|name| self.offers(name))
    }

    pub(super) fn existing(&self, mailbox: &str) -> Result<(), Stop> {
        let found = self.account(|account| account.mailbox(mailbox).is_some())?;
        if found { Ok(()) } else { Err(Stop::no("[TRYCREATE] No such mailbox")) }
    }

    async fn refuse(&mut self, mut args: Args, stop: Stop) -> io::Result<()> {
        let tag = args.tag().unwrap_or_else(|_| "*".to_owned());
        match stop {
            Stop::No(text) => self.wire.push(format!("{tag} NO {text}\r\n")),
            Stop::Bad(text) => self.wire.push(format!("{tag} BAD {text}\r\n")),
            Stop::Answered => {}
            Stop::Io(error) => return Err(error),
        }
        self.wire.flush().await
    }
}

/// `{42}` or `{42+}` at the end of a line.
struct Literal {
    start: usize,
    size: u64,
    sync: bool,
}

impl Literal {
    fn at_end(line: &[u8]) -> Option<Self> {
        let inner = line.strip_suffix(b"}")?;
        let start = memchr::memrchr(b'{', inner)?;
        let digits = inner.get(start + 1..)?;
        let (digits, sync) = digits.strip_suffix(b"+").map_or((digits, true), |digits| (digits, false));
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let size = std::str::from_utf8(digits).ok()?.parse().ok()?;
        Some(Self { start, size, sync })
    }
}

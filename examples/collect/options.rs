//! The command line. It must not know a server or a file.

use std::path::PathBuf;

use postroom::collect::Policy;

use crate::common::Trust;

pub(crate) const USAGE: &str = "\
usage: collect URL DIR [OPTION...]

Collects the mail at URL in the Maildir DIR, each message once.

What happens to the server's copy; if several are given, a message stays only while all of them let it:
  --keep                it stays (the default)
  --delete              it is deleted as soon as it is stored here
  --keep-days N         it stays for N days after it was collected
  --keep-newest N       it stays while it is among the newest N
  --keep-below SIZE     the oldest are deleted until the rest has at most SIZE together

How much one run collects:
  --most-messages N     at most N messages
  --most-bytes SIZE     messages of at most SIZE together, and one at least
  --skip-over SIZE      of larger messages only the header

  --folders             all mailboxes of the account (IMAP), each into a folder of the Maildir
  --mbox                deliver to the file DIR/mbox instead
  --ledger file|sqlite  how DIR remembers what was collected (default: file)
  --account NAME        what the ledger calls this mailbox: give the same name when you change the host or the protocol
                        (default: the user if it is an address, otherwise user@host; with /MAILBOX if it is not INBOX)
  --dry-run             show what would be done, and do not do it
  --quiet               print only errors
SIZE is a number of octets, or a number with k, M, G (powers of 1000) or Ki, Mi, Gi (powers of 1024) after it.";

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Ask {
    Usage,
    Collect(Box<Options>),
}

#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) url: String,
    pub(crate) directory: PathBuf,
    pub(crate) policy: Policy,
    pub(crate) folders: bool,
    pub(crate) mbox: bool,
    pub(crate) ledger: LedgerKind,
    pub(crate) account: Option<String>,
    pub(crate) dry: bool,
    pub(crate) quiet: bool,
    pub(crate) trust: Trust,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum LedgerKind {
    #[default]
    File,
    Sqlite,
}

/// The command line, while it is read.
#[derive(Default)]
struct Words {
    url: Option<String>,
    directory: Option<PathBuf>,
    policy: Policy,
    /// `keep` is set by every option that lets messages stay, `delete` by the one that lets none.
    keep: bool,
    delete: bool,
    folders: bool,
    mbox: bool,
    ledger: LedgerKind,
    account: Option<String>,
    dry: bool,
    quiet: bool,
    trust: Trust,
}

impl Options {
    pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Ask, String> {
        let mut words = words.peekable();
        if words.peek().is_none() {
            return Ok(Ask::Usage);
        }
        let mut read = Words::default();
        while let Some(word) = words.next() {
            // Both `--name value` and `--name=value`.
            let (name, mut given) = match word.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
                _ => (word, None),
            };
            if matches!(name.as_str(), "--help" | "-h") {
                return Ok(Ask::Usage);
            }
            let mut value = || given.take().or_else(|| words.next()).ok_or_else(|| format!("{name} needs a value"));
            read.word(&name, &mut value)?;
            if let Some(value) = given {
                return Err(format!("{name} takes no value, but {value} was given"));
            }
        }
        read.finish().map(|options| Ask::Collect(Box::new(options)))
    }
}

impl Words {
    fn word(&mut self, name: &str, value: &mut dyn FnMut() -> Result<String, String>) -> Result<(), String> {
        match name {
            "--keep" => self.keep = true,
            "--delete" => self.delete = true,
            "--keep-days" => {
                let days = number(&value()?)?;
                self.stay(|policy| policy.days(days));
            }
            "--keep-newest" => {
                let messages = number(&value()?)?;
                self.stay(|policy| policy.newest(messages));
            }
            "--keep-below" => {
                let octets = size(&value()?)?;
                self.stay(|policy| policy.below(octets));
            }
            "--most-messages" => {
                let messages = number(&value()?)?;
                self.with(|policy| policy.most_messages(messages));
            }
            "--most-bytes" => {
                let octets = size(&value()?)?;
                self.with(|policy| policy.most_bytes(octets));
            }
            "--skip-over" => {
                let octets = size(&value()?)?;
                self.with(|policy| policy.skip_over(octets));
            }
            "--folders" => self.folders = true,
            "--mbox" => self.mbox = true,
            "--ledger" => self.ledger = ledger(&value()?)?,
            "--account" => self.account = Some(value()?),
            "--dry-run" => self.dry = true,
            "--quiet" => self.quiet = true,
            "--ca" => self.trust.roots.push(value()?),
            "--auth" => self.trust.mechanisms.push(value()?),
            "--dangerous-plaintext" => self.trust.plaintext = true,
            _ if name.starts_with('-') => return Err(format!("the option {name} is not known")),
            _ if name.contains("://") && self.url.is_none() => self.url = Some(name.to_owned()),
            _ if self.directory.is_none() => self.directory = Some(name.into()),
            _ => return Err(format!("the argument {name} is one too many")),
        }
        Ok(())
    }

    fn stay(&mut self, change: impl FnOnce(Policy) -> Policy) {
        self.keep = true;
        self.with(change);
    }

    fn with(&mut self, change: impl FnOnce(Policy) -> Policy) {
        self.policy = change(std::mem::take(&mut self.policy));
    }

    fn finish(self) -> Result<Options, String> {
        if self.keep && self.delete {
            return Err("--delete cannot be used with --keep or another option that keeps messages".into());
        }
        if self.folders && self.mbox {
            return Err("--folders needs a Maildir: it cannot be used with --mbox".into());
        }
        let policy = if self.delete { self.policy.days(0) } else { self.policy };
        Ok(Options {
            url: self.url.ok_or("there is no URL")?,
            directory: self.directory.ok_or("there is no directory")?,
            policy,
            folders: self.folders,
            mbox: self.mbox,
            ledger: self.ledger,
            account: self.account,
            dry: self.dry,
            quiet: self.quiet,
            trust: self.trust,
        })
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} is not a number in the valid range"))
}

fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|char: char| char.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..).unwrap_or_default() {
        "" => 1,
        "k" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        _ => return Err(format!("{text} is not a size: a number, with k, M, G, Ki, Mi or Gi after it")),
    };
    let octets = number::<u64>(digits)?.checked_mul(unit);
    octets.ok_or_else(|| format!("{text} is too large"))
}

fn ledger(text: &str) -> Result<LedgerKind, String> {
    match text {
        "file" => Ok(LedgerKind::File),
        "sqlite" if cfg!(feature = "sqlite") => Ok(LedgerKind::Sqlite),
        "sqlite" => Err("this program was built without SQLite (--features sqlite)".into()),
        _ => Err(format!("there is no ledger {text}: file or sqlite")),
    }
}

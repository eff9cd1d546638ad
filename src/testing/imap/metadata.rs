//! METADATA (RFC 5464): values of mailboxes, which all sessions of the user see, and of the server, of which users can only write those
//! below `/private`. It must not know other commands.

use bytes::Bytes;

use super::args::{Args, Stop};
use super::{Answer, Session, print};
use crate::testing::store::Entries;

/// The largest value that can be stored, in octets.
const MOST_OCTETS: usize = 64 * 1024;
/// The most values of one mailbox, or of the server.
const MOST_VALUES: usize = 100;
/// The only value of the server that is there for all.
const ADMIN: (&str, &str) = ("/shared/admin", "mailto:postmaster@localhost");

/// The options of GETMETADATA.
#[derive(Clone, Copy, Default)]
struct Options {
    max_size: Option<u32>,
    depth: usize,
}

/// What is found of some entries.
#[derive(Default)]
struct Found {
    values: Vec<(String, Option<Bytes>)>,
    /// The size of the largest value that is too long.
    longest: Option<usize>,
}

impl Session {
    pub(super) fn getmetadata(&mut self, args: &mut Args) -> Answer {
        let before = if args.peek() == Some(b'(') { Some(options(args)?) } else { None };
        let name = args.mailbox()?;
        args.space()?;
        let options = match before {
            Some(options) => options,
            // The examples of RFC 5464 §4.2.1 have the options after the name, its grammar before it.
            None if args.peek() == Some(b'(') && !args.is_next(b"(/") && !args.is_next(b"(\"/") => options(args)?,
            None => Options::default(),
        };
        let asked = entry_names(args)?;
        args.end()?;
        let found = self.with_entries(&name, |entries| find(entries, &asked, options))?;
        if !found.values.is_empty() {
            let line = self.metadata_line(&name, &found.values);
            self.wire.push(line);
        }
        Ok(match found.longest {
            Some(octets) => format!("[METADATA LONGENTRIES {octets}] GETMETADATA completed"),
            None => "GETMETADATA completed".to_owned(),
        })
    }

    pub(super) fn setmetadata(&mut self, args: &mut Args) -> Answer {
        let name = args.mailbox()?;
        args.space()?;
        let values = args.list(|args| {
            let entry = args.astring()?;
            args.space()?;
            Ok((entry, value(args)?))
        })?;
        args.end()?;
        for (entry, value) in &values {
            check(entry, &name)?;
            if value.as_ref().is_some_and(|value| value.len() > MOST_OCTETS) {
                return Err(Stop::No(format!("[METADATA MAXSIZE {MOST_OCTETS}] Too long")));
            }
        }
        self.with_entries(&name, |entries| {
            let mut after = entries.clone();
            for (entry, value) in values {
                let key = entry.to_ascii_lowercase();
                match value {
                    Some(value) => after.insert(key, (entry, value)),
                    None => after.remove(&key),
                };
            }
            if after.len() > MOST_VALUES {
                return Err(Stop::no("[METADATA TOOMANY] Nothing was stored"));
            }
            *entries = after;
            Ok(())
        })??;
        Ok("SETMETADATA completed".to_owned())
    }

    /// The response with the values of these entries of a mailbox.
    pub(super) fn metadata_of(&self, name: &str, entries: &Entries, asked: &[String]) -> Vec<u8> {
        self.metadata_line(name, &find(entries, asked, Options::default()).values)
    }

    fn metadata_line(&self, name: &str, values: &[(String, Option<Bytes>)]) -> Vec<u8> {
        let mut line = format!("* METADATA {} (", self.spoken(name)).into_bytes();
        for (index, (entry, value)) in values.iter().enumerate() {
            if index > 0 {
                line.push(b' ');
            }
            print::string(entry.as_bytes(), &mut line);
            line.push(b' ');
            match value {
                // Only `literal8` may contain NUL.
                Some(value) if value.contains(&0) => {
                    line.push(b'~');
                    print::literal(value, &mut line);
                }
                value => print::nstring(value.as_deref(), &mut line),
            }
        }
        line.extend_from_slice(b")\r\n");
        line
    }

    /// The values of a mailbox, or of the server if the name is empty.
    fn with_entries<R>(&self, name: &str, change: impl FnOnce(&mut Entries) -> R) -> Result<R, Stop> {
        match name.is_empty() {
            false => self.with_mailbox(name, |mailbox| change(&mut mailbox.entries)),
            true => self.account(|account| {
                let (key, value) = ADMIN;
                account.entries.insert(key.to_owned(), (key.to_owned(), Bytes::from_static(value.as_bytes())));
                change(&mut account.entries)
            }),
        }
    }
}

/// `(MAXSIZE 1024 DEPTH 1)` and the space after it.
fn options(args: &mut Args) -> Result<Options, Stop> {
    let mut options = Options::default();
    args.expect(b'(')?;
    loop {
        let name = args.atom()?.to_ascii_uppercase();
        args.space()?;
        match name.as_str() {
            "MAXSIZE" => options.max_size = Some(args.number()?),
            "DEPTH" => match args.atom()?.to_ascii_lowercase().as_str() {
                "0" => options.depth = 0,
                "1" => options.depth = 1,
                "infinity" => options.depth = usize::MAX,
                _ => return Err(Stop::bad("No such depth")),
            },
            _ => return Err(Stop::bad("No such option")),
        }
        if args.take(b')') {
            break;
        }
        args.space()?;
    }
    args.space()?;
    Ok(options)
}

pub(super) fn entry_names(args: &mut Args) -> Result<Vec<String>, Stop> {
    let names = match args.peek() {
        Some(b'(') => args.list(Args::astring)?,
        _ => vec![args.astring()?],
    };
    match names.iter().all(|name| is_entry(name)) {
        true if !names.is_empty() => Ok(names),
        _ => Err(Stop::bad("The name of an entry begins with /private or /shared")),
    }
}

fn value(args: &mut Args) -> Result<Option<Bytes>, Stop> {
    match args.peek() {
        Some(b'"') => Ok(Some(args.quoted()?.into())),
        Some(0) => Ok(Some(args.literal()?)),
        Some(b'~') => {
            args.take(b'~');
            Ok(Some(args.literal()?))
        }
        _ if args.atom()?.eq_ignore_ascii_case("NIL") => Ok(None),
        _ => Err(Stop::bad("Expected a string or NIL")),
    }
}

fn is_entry(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let below = lower.strip_prefix("/private").or_else(|| lower.strip_prefix("/shared"));
    let path = |below: &str| below.is_empty() || below.starts_with('/') && !below.ends_with('/');
    below.is_some_and(path) && !lower.contains("//") && !lower.contains(['*', '%']) && lower.is_ascii()
}

/// Whether users can write this entry.
fn check(entry: &str, mailbox: &str) -> Result<(), Stop> {
    let lower = entry.to_ascii_lowercase();
    if !is_entry(entry) || lower.matches('/').count() < 2 {
        return Err(Stop::bad("The name of an entry begins with /private or /shared"));
    }
    if mailbox.is_empty() && lower.starts_with("/shared") {
        return Err(Stop::no("[NOPERM] Only the administrator can write this"));
    }
    if lower == "/private/specialuse" {
        return Err(Stop::no("[CANNOT] Only CREATE gives a special use"));
    }
    Ok(())
}

fn find(entries: &Entries, asked: &[String], options: Options) -> Found {
    let mut found = Found::default();
    for name in asked {
        let key = name.to_ascii_lowercase();
        let is_below = |other: &String| match other.strip_prefix(&key) {
            Some(rest) => rest.is_empty() || rest.starts_with('/') && rest.matches('/').count() <= options.depth,
            None => false,
        };
        let before = found.values.len();
        for (spelled, value) in entries.iter().filter(|(key, _)| is_below(key)).map(|(_, entry)| entry) {
            match options.max_size {
                Some(most) if value.len() as u64 > u64::from(most) => {
                    found.longest = found.longest.max(Some(value.len()));
                }
                _ => found.values.push((spelled.clone(), Some(value.clone()))),
            }
        }
        if found.values.len() == before && !entries.contains_key(&key) {
            found.values.push((name.clone(), None));
        }
    }
    found
}

//! The IMAP side of the replay server: one mailbox, INBOX, with prepared answers or large messages. Any user and password are right. It
//! answers what it announces; everything else is BAD. An idling client learns at once of one more message.

use std::io::{self, Read, Write};
use std::sync::{Condvar, Mutex, PoisonError};

use super::deflate::deflated;
use super::line::Lines;
use super::set::ranges;
use crate::answers::Answers;
use crate::body::Body;
use crate::checksum::Run;

const CAPABILITY: &str = "IMAP4rev1 SASL-IR LITERAL+ ID ENABLE IDLE NAMESPACE UIDPLUS AUTH=PLAIN";

/// The content of the mailbox.
#[derive(Debug)]
pub enum Store {
    /// Prepared answers.
    Answers(Answers),
    /// Large messages, UIDs from 1.
    Bodies(Vec<Body>),
}

/// The server's state: nothing a client does changes it.
#[derive(Debug)]
pub struct Imap {
    /// The content of the mailbox.
    pub store: Store,
    /// What an appended message must be.
    pub appended: Option<(u64, u64)>,
    /// Capabilities beyond the usual ones.
    pub further: &'static str,
    /// How many messages have changed, for a client that resumes.
    pub changed: u64,
    /// One more message, which arrives when a client sends NOOP: every idling client learns of it.
    pub arrival: Option<Arrival>,
    /// All answers, compressed, if a client may compress.
    pub deflated: Option<Vec<u8>>,
}

impl Imap {
    /// Serves one connection, reading this number of bytes at once.
    pub fn session(&self, stream: impl Read + Write, most: usize) -> io::Result<()> {
        let mut session = Session { server: self, lines: Lines::new(stream, most) };
        session.say(&format!("* OK [CAPABILITY {}] replay ready\r\n", self.capability()))?;
        while let Some(line) = session.lines.next()? {
            let (tag, rest) = line.split_once(' ').unwrap_or((&line, ""));
            if !session.command(tag, rest)? {
                break;
            }
        }
        Ok(())
    }

    /// Offers COMPRESS, and compresses all answers in advance: a client must not wait for it.
    pub fn compressed(self) -> io::Result<Self> {
        let Store::Answers(answers) = &self.store else { return Err(io::Error::other("no prepared answers")) };
        let deflated = Some(deflated(&answers.bytes)?);
        Ok(Self { deflated, further: " COMPRESS=DEFLATE", ..self })
    }

    fn size(&self) -> u64 {
        match &self.store {
            Store::Answers(answers) => answers.ends.len() as u64,
            Store::Bodies(bodies) => bodies.len() as u64,
        }
    }

    /// The answer to SELECT with QRESYNC: of the changes, one half are flags, a quarter new messages, and a quarter expunged ones. The
    /// client knew the others, and instead of the new ones those after the last.
    pub fn resumed(&self, tag: &str) -> String {
        let (size, part) = (self.size(), self.changed / 4);
        let mut answer = format!(
            "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n* OK [PERMANENTFLAGS ()] fixed\r\n* {size} EXISTS\r\n* 0 RECENT\r\n\
             * OK [UIDVALIDITY 1577836800] valid\r\n* OK [UIDNEXT {}] next\r\n* OK [HIGHESTMODSEQ 200000] last\r\n\
             * VANISHED (EARLIER) {}:{}\r\n",
            size + part + 1,
            size + 1,
            size + part
        );
        let old = (1..=self.changed / 2).map(|number| number * (size - part) / (self.changed / 2 + 1));
        for uid in old.chain(size - part + 1..=size) {
            answer.push_str(&format!("* {uid} FETCH (UID {uid} FLAGS (\\Seen) MODSEQ ({}))\r\n", 100_000 + uid));
        }
        answer + &format!("{tag} OK [READ-WRITE] SELECT done\r\n")
    }

    fn capability(&self) -> String {
        format!("{CAPABILITY}{}", self.further)
    }
}

/// Something that happens once, and that many threads wait for.
#[derive(Debug, Default)]
pub struct Arrival {
    has_come: Mutex<bool>,
    signal: Condvar,
}

impl Arrival {
    fn come(&self) {
        *self.has_come.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.signal.notify_all();
    }

    fn wait(&self) {
        let has_come = self.has_come.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.signal.wait_while(has_come, |has_come| !*has_come));
    }
}

struct Session<'a, S> {
    server: &'a Imap,
    lines: Lines<S>,
}

impl<S: Read + Write> Session<'_, S> {
    /// Answers one command; false after LOGOUT.
    fn command(&mut self, tag: &str, rest: &str) -> io::Result<bool> {
        let (name, arguments) = rest.split_once(' ').unwrap_or((rest, ""));
        let name = name.to_ascii_uppercase();
        if name == "APPEND" {
            self.append(tag, arguments)?;
            return Ok(true);
        }
        let arguments = self.with_literals(arguments)?;
        if name == "COMPRESS" && self.server.deflated.is_some() && !self.lines.is_compressed() {
            self.say(&format!("{tag} OK compressed from here on\r\n"))?;
            self.lines.compress();
            return Ok(true);
        }
        match name.as_str() {
            "CAPABILITY" => self.say(&format!("* CAPABILITY {}\r\n", self.server.capability()))?,
            "AUTHENTICATE" if !arguments.contains(' ') => {
                self.say("+ \r\n")?;
                self.lines.next()?;
            }
            "ID" => self.say("* ID (\"name\" \"replay\")\r\n")?,
            "ENABLE" => self.say(&format!("* ENABLED {arguments}\r\n"))?,
            "NAMESPACE" => self.say("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n")?,
            "LIST" => self.say("* LIST (\\HasNoChildren) \"/\" INBOX\r\n")?,
            "SELECT" | "EXAMINE" => return self.select(tag, &name, &arguments),
            "SEARCH" => self.search(&arguments)?,
            "IDLE" => self.idle()?,
            "FETCH" => return self.fetch(tag, &arguments),
            "UID" => return self.uid(tag, &arguments),
            "NOOP" => self.server.arrival.iter().for_each(Arrival::come),
            "LOGIN" | "AUTHENTICATE" | "CHECK" | "CLOSE" => {}
            "LOGOUT" => self.say("* BYE replay ends\r\n")?,
            _ => {
                self.say(&format!("{tag} BAD not known here\r\n"))?;
                return Ok(true);
            }
        }
        let code = if matches!(name.as_str(), "LOGIN" | "AUTHENTICATE") {
            format!("[CAPABILITY {}] ", self.server.capability())
        } else {
            String::new()
        };
        self.say(&format!("{tag} OK {code}{name} done\r\n"))?;
        Ok(name != "LOGOUT")
    }

    fn uid(&mut self, tag: &str, arguments: &str) -> io::Result<bool> {
        match arguments.split_once(' ') {
            Some((verb, rest)) if verb.eq_ignore_ascii_case("FETCH") => self.fetch(tag, rest),
            Some((verb, rest)) if verb.eq_ignore_ascii_case("SEARCH") => {
                self.search(rest)?;
                self.say(&format!("{tag} OK UID SEARCH done\r\n"))?;
                Ok(true)
            }
            Some((verb, rest)) if verb.eq_ignore_ascii_case("SORT") => self.sort(tag, rest),
            _ => {
                self.say(&format!("{tag} BAD not known here\r\n"))?;
                Ok(true)
            }
        }
    }

    fn select(&mut self, tag: &str, name: &str, arguments: &str) -> io::Result<bool> {
        if arguments.to_ascii_uppercase().contains("(QRESYNC (") {
            self.say(&self.server.resumed(tag))?;
            return Ok(true);
        }
        let size = self.server.size();
        let mode = if name == "SELECT" { "READ-WRITE" } else { "READ-ONLY" };
        self.say(&format!(
            "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\r\n* OK [PERMANENTFLAGS ()] fixed\r\n* {size} EXISTS\r\n* 0 RECENT\r\n\
             * OK [UIDVALIDITY 1577836800] valid\r\n* OK [UIDNEXT {}] next\r\n{tag} OK [{mode}] {name} done\r\n",
            size + 1
        ))?;
        Ok(true)
    }

    /// All messages, or those of a set at the beginning (`UID 5:*`).
    fn search(&mut self, arguments: &str) -> io::Result<()> {
        let size = self.server.size();
        let set = arguments.strip_prefix("UID ").and_then(|rest| rest.split(' ').next());
        let ranges = set.and_then(|set| ranges(set, size)).unwrap_or_else(|| vec![(1, size)]);
        let found: String = ranges.iter().flat_map(|(low, high)| *low..=*high).map(|uid| format!(" {uid}")).collect();
        self.say(&format!("* SEARCH{found}\r\n"))
    }

    /// Positions in the order of descending UIDs, whatever the keys: `RETURN (PARTIAL 1:50) (REVERSE DATE) US-ASCII ALL` (RFC 5267 §4.4).
    fn sort(&mut self, tag: &str, arguments: &str) -> io::Result<bool> {
        let asked = arguments.strip_prefix("RETURN (PARTIAL ").and_then(|rest| rest.split(')').next());
        let bounds = asked.and_then(|asked| asked.split_once(':'));
        let Some((first, last)) = bounds.and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)))
        else {
            self.say(&format!("{tag} BAD not prepared\r\n"))?;
            return Ok(true);
        };
        let (first, last): (u64, u64) = (first, last);
        let found: Vec<String> =
            (first..=last.min(self.server.size())).map(|at| (self.server.size() + 1 - at).to_string()).collect();
        let found = found.join(",");
        self.say(&format!(
            "* ESEARCH (TAG \"{tag}\") UID PARTIAL ({first}:{last} {found})\r\n{tag} OK UID SORT done\r\n"
        ))?;
        Ok(true)
    }

    fn fetch(&mut self, tag: &str, arguments: &str) -> io::Result<bool> {
        let server = self.server;
        let (set, items) = arguments.split_once(' ').unwrap_or((arguments, ""));
        let items = items.to_ascii_uppercase();
        let (items, last) = match items.split_once(" (PARTIAL -1:-") {
            Some((items, last)) => (items.to_owned(), last.trim_end_matches(')').parse::<u64>().ok()),
            None => (items, None),
        };
        let all = ranges(set, server.size()).map(|ranges| match last {
            // RFC 9394 §3.3: the last messages of the set, which is one range here.
            Some(last) => {
                ranges.iter().map(|(low, high)| ((*low).max((high + 1).saturating_sub(last)), *high)).collect()
            }
            None => ranges,
        });
        let answered = match (all, &server.store) {
            (Some(ranges), _) if items == "(UID)" => {
                for uid in ranges.iter().flat_map(|(low, high)| *low..=*high) {
                    self.say(&format!("* {uid} FETCH (UID {uid})\r\n"))?;
                }
                true
            }
            (Some(ranges), Store::Answers(answers)) if answers.answer(&items) => {
                for (low, high) in ranges {
                    match &server.deflated {
                        Some(all) if self.lines.is_compressed() && (low, high) == (1, server.size()) => {
                            self.lines.write_as_is(all)?;
                        }
                        _ => self.lines.write(answers.range(low as usize, high as usize))?,
                    }
                }
                true
            }
            (Some(ranges), Store::Bodies(bodies)) => self.fetch_bodies(bodies, &ranges, &items)?,
            _ => false,
        };
        self.say(&format!("{tag} {}\r\n", if answered { "OK FETCH done" } else { "BAD not prepared" }))?;
        Ok(true)
    }

    fn fetch_bodies(&mut self, bodies: &[Body], ranges: &[(u64, u64)], items: &str) -> io::Result<bool> {
        for uid in ranges.iter().flat_map(|(low, high)| *low..=*high) {
            if !self.fetch_body(uid, &bodies[uid as usize - 1], items)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Answers a FETCH of a large message; false, with nothing sent, if an item is not known.
    fn fetch_body(&mut self, uid: u64, body: &Body, items: &str) -> io::Result<bool> {
        let mut head = format!("* {uid} FETCH (UID {uid}");
        let mut bytes = None;
        for item in items.trim_start_matches('(').trim_end_matches(')').split(' ') {
            match item {
                "UID" => {}
                "FLAGS" => head.push_str(" FLAGS (\\Seen)"),
                "INTERNALDATE" => head.push_str(" INTERNALDATE \"01-Jan-2020 00:00:00 +0000\""),
                "RFC822.SIZE" => head.push_str(&format!(" RFC822.SIZE {}", body.len())),
                _ => match section(item, body.len()) {
                    Some(window) if bytes.is_none() => bytes = Some(window),
                    _ => return Ok(false),
                },
            }
        }
        let Some((label, from, len)) = bytes else {
            self.say(&format!("{head})\r\n"))?;
            return Ok(true);
        };
        self.say(&format!("{head} {label} {{{len}}}\r\n"))?;
        let mut done = 0;
        while done < len {
            let piece = body.piece(from + done, len - done);
            self.lines.write(piece)?;
            done += piece.len() as u64;
        }
        self.say(")\r\n")?;
        Ok(true)
    }

    /// Serves an IDLE (RFC 2177) to its DONE.
    fn idle(&mut self) -> io::Result<()> {
        let more = self.server.size() + 1;
        self.say(&format!("+ idling\r\n* {more} EXISTS\r\n"))?;
        if let Some(arrival) = &self.server.arrival {
            arrival.wait();
            self.say(&format!("* {} EXISTS\r\n", more + 1))?;
        }
        let end = self.lines.next()?;
        match end.as_deref() {
            Some("DONE") | None => Ok(()),
            Some(line) => Err(io::Error::other(format!("{line} instead of DONE"))),
        }
    }

    /// Takes an APPEND: announces, counts and discards the bytes.
    fn append(&mut self, tag: &str, arguments: &str) -> io::Result<()> {
        let Some((len, wait)) = announced(arguments) else {
            return self.say(&format!("{tag} BAD APPEND without a literal\r\n"));
        };
        if wait {
            self.say("+ go on\r\n")?;
        }
        let mut run = Run::default();
        self.lines.counted(len, |piece| run.update(piece))?;
        let end = self.lines.next()?;
        let right = end.as_deref() == Some("")
            && self.server.appended.is_none_or(|(len, sum)| run.len() == len && run.value() == sum);
        self.say(&if right {
            format!("{tag} OK [APPENDUID 1577836800 {}] APPEND done\r\n", self.server.size() + 1)
        } else {
            format!("{tag} NO these are not the bytes that were to come\r\n")
        })
    }

    /// The arguments, with every literal in them read and inserted.
    fn with_literals(&mut self, arguments: &str) -> io::Result<String> {
        let mut whole = arguments.to_owned();
        while let Some((len, wait)) = announced(&whole) {
            if wait {
                self.say("+ go on\r\n")?;
            }
            self.lines.counted(len.min(64 * 1024), |piece| whole.push_str(&String::from_utf8_lossy(piece)))?;
            whole.push_str(&self.lines.next()?.unwrap_or_default());
        }
        Ok(whole)
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        self.lines.write(text.as_bytes())
    }
}

/// The literal that a line announces at its end: its length, and whether the client waits for `+`.
fn announced(line: &str) -> Option<(u64, bool)> {
    let (_, inner) = line.strip_suffix('}')?.rsplit_once('{')?;
    let digits = inner.strip_suffix('+').unwrap_or(inner);
    Some((digits.parse().ok()?, digits.len() == inner.len()))
}

/// `BODY[]`, `BODY.PEEK[]`, the same of part 1, and their partial forms (RFC 3501 §6.4.5): the label of the answer, the first byte and the
/// number of bytes. The part is taken for the whole message.
fn section(item: &str, size: u64) -> Option<(String, u64, u64)> {
    let rest = item.strip_prefix("BODY.PEEK[").or_else(|| item.strip_prefix("BODY["))?;
    let (name, partial) = rest.split_once(']').filter(|(name, _)| matches!(*name, "" | "1"))?;
    if partial.is_empty() {
        return Some((format!("BODY[{name}]"), 0, size));
    }
    let (from, len) = partial.strip_prefix('<')?.strip_suffix('>')?.split_once('.')?;
    let (from, len): (u64, u64) = (from.parse().ok()?, len.parse().ok()?);
    Some((format!("BODY[{name}]<{from}>"), from, size.saturating_sub(from).min(len)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partial_section_is_cut_at_the_end_and_empty_beyond_it() {
        assert_eq!(section("BODY.PEEK[]", 100), Some(("BODY[]".to_owned(), 0, 100)));
        assert_eq!(section("BODY.PEEK[]<10.20>", 100), Some(("BODY[]<10>".to_owned(), 10, 20)));
        assert_eq!(section("BODY[]<90.20>", 100), Some(("BODY[]<90>".to_owned(), 90, 10)));
        assert_eq!(section("BODY[]<100.20>", 100), Some(("BODY[]<100>".to_owned(), 100, 0)));
        assert_eq!(section("BODY.PEEK[1]<90.20>", 100), Some(("BODY[1]<90>".to_owned(), 90, 10)));
        assert_eq!(section("BODY[HEADER]", 100), None);
    }

    #[test]
    fn a_literal_is_seen_at_the_end_of_a_line_only() {
        assert_eq!(announced("INBOX (\\Seen) {12}"), Some((12, true)));
        assert_eq!(announced("INBOX {12+}"), Some((12, false)));
        assert_eq!(announced("INBOX {12} x"), None);
    }
}

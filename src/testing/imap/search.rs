//! SEARCH and UID SEARCH, with ESEARCH's results (RFC 3501 §6.4.4, RFC 4731, RFC 5182).

use std::collections::BTreeSet;

use time::Date;

use super::args::{Args, Stop};
use super::limit::{Lowest, limit};
use super::range::Range;
use super::set::Set;
use super::view::Entry;
use super::{Answer, NO_NUMBERS, Session, print};
use crate::testing::mime;

enum Key {
    All,
    /// `$` (RFC 5182).
    Saved,
    Numbers(Set),
    Uids(Set),
    Flag(String),
    Recent,
    New,
    Header(String, String),
    Body(String),
    Text(String),
    Before(Date),
    On(Date),
    Since(Date),
    SentBefore(Date),
    SentOn(Date),
    SentSince(Date),
    SavedBefore(Date),
    SavedOn(Date),
    SavedSince(Date),
    /// Whether the mailbox has such dates: all have here.
    SaveDates,
    EmailId(String),
    ThreadId(String),
    Larger(u64),
    Smaller(u64),
    Modseq(u64),
    Not(Box<Self>),
    Or(Box<Self>, Box<Self>),
    And(Vec<Self>),
}

/// What a search found.
pub(super) struct Matching {
    /// The messages, with their numbers.
    pub(super) found: Vec<(u32, Entry)>,
    /// The highest modification sequence, if it was asked for.
    pub(super) modseq: Option<u64>,
    pub(super) lowest: Lowest,
}

/// What a search is to return.
pub(super) struct Returns {
    names: Vec<String>,
    range: Option<Range>,
}

/// What the keys refer to: the largest number, the largest UID, and the saved result.
#[derive(Clone, Copy)]
struct Known<'a> {
    count: u32,
    last: u32,
    saved: &'a BTreeSet<u32>,
}

/// The most levels of nested keys.
const DEPTH_LIMIT: usize = 32;

impl Session {
    pub(super) fn search(&mut self, tag: &str, args: &mut Args, uid: bool) -> Answer {
        let mut returns = self.returns(args, "PARTIAL")?;
        let saves = self.takes(&mut returns, "SAVE", &["SEARCHRES", "IMAP4rev2"])?;
        let updates = self.takes(&mut returns, "UPDATE", &["CONTEXT=SEARCH"])?;
        let read = self.charset(args);
        let keys = args.clone();
        let matching = read.and_then(|()| self.matching(args));
        // RFC 5182 §2.1: after NO, the result is empty; BAD changes nothing.
        if saves && matches!(matching, Err(Stop::No(_))) {
            self.view()?.saved.clear();
        }
        let matching = matching?;
        if updates {
            let possible = uid && !asks_modseq(&keys);
            self.update(tag, keys, matching.found.iter().map(|(_, entry)| entry.uid).collect(), possible);
        }
        let Matching { found, modseq, lowest } = matching;
        if saves {
            self.view()?.saved = saved(&found, returns.as_ref());
        }
        let found: Vec<u32> = found.iter().map(|(number, entry)| if uid { entry.uid } else { *number }).collect();
        let line = match returns {
            None => {
                let numbers: String = found.iter().map(|number| format!(" {number}")).collect();
                let modseq = modseq.map(|modseq| format!(" (MODSEQ {modseq})")).unwrap_or_default();
                format!("* SEARCH{numbers}{modseq}\r\n")
            }
            // RFC 5182 §2.4, RFC 5267 §4.3: SAVE or UPDATE alone returns nothing.
            Some(returns) if returns.names.is_empty() && returns.range.is_none() => String::new(),
            Some(returns) => esearch(tag, uid, &returns, &found, modseq),
        };
        self.wire.push(line);
        Ok(self.limited(lowest, "SEARCH completed".to_owned()))
    }

    /// Takes an option out of the others. It needs one of these capabilities.
    pub(super) fn takes(&self, returns: &mut Option<Returns>, name: &str, needs: &[&str]) -> Result<bool, Stop> {
        let Some(Returns { names: options, .. }) = returns else { return Ok(false) };
        let before = options.len();
        options.retain(|option| option != name);
        match before == options.len() {
            true => Ok(false),
            false if needs.iter().any(|capability| self.offers(capability)) => Ok(true),
            false => Err(Stop::bad("Unknown return option")),
        }
    }

    fn charset(&self, args: &mut Args) -> Result<(), Stop> {
        let mut ahead = args.clone();
        if !ahead.atom().is_ok_and(|word| word.eq_ignore_ascii_case("CHARSET")) {
            return Ok(());
        }
        ahead.space()?;
        self.known_charset(&mut ahead)?;
        *args = ahead;
        Ok(())
    }

    /// The charset and the space after it.
    pub(super) fn known_charset(&self, args: &mut Args) -> Result<(), Stop> {
        let charset = args.astring()?;
        args.space()?;
        let known = if self.shared.options.ascii_searches { &["US-ASCII"][..] } else { &["US-ASCII", "UTF-8"] };
        match known.iter().any(|known| known.eq_ignore_ascii_case(&charset)) {
            true => Ok(()),
            false => Err(Stop::No(format!("[BADCHARSET ({})] Unknown charset", known.join(" ")))),
        }
    }

    /// The messages that match the keys in the rest of the arguments.
    pub(super) fn matching(&mut self, args: &mut Args) -> Result<Matching, Stop> {
        let key = all_keys(args, 0)?;
        args.end()?;
        if self.enabled.uidonly && key.has_numbers() {
            return Err(Stop::bad(NO_NUMBERS));
        }
        let asks_modseq = key.asks_modseq();
        if key.extensions().iter().any(|name| !self.offers(name)) {
            return Err(Stop::bad("Unknown search key"));
        }
        if asks_modseq {
            if !self.offers("CONDSTORE") {
                return Err(Stop::bad("Unknown search key"));
            }
            self.enabled.condstore = true;
            self.report(false);
        }
        let most = self.shared.options.message_limit;
        let view = self.view()?;
        let (count, last) = (u32::try_from(view.entries.len()).unwrap_or(u32::MAX), view.last_uid());
        let saved = view.saved.clone();
        let known = Known { count, last, saved: &saved };
        let numbered = (1_u32..).zip(&view.entries);
        let mut searched: Vec<_> = numbered.filter(|(number, entry)| key.looks_at(*number, entry, known)).collect();
        let lowest = limit(most, &mut searched, |(_, entry)| Some(entry.uid));
        searched.retain(|(number, entry)| key.matches(*number, entry, known));
        let modseq = searched.iter().map(|(_, entry)| entry.modseq()).max().filter(|_| asks_modseq);
        let found = searched.into_iter().map(|(number, entry)| (number, entry.clone())).collect();
        Ok(Matching { found, modseq, lowest })
    }

    /// `RETURN (MIN COUNT)`; an empty list means ALL. `PARTIAL 1:10` needs this capability.
    pub(super) fn returns(&self, args: &mut Args, partial: &str) -> Result<Option<Returns>, Stop> {
        let mut ahead = args.clone();
        let asked = ahead.atom().is_ok_and(|word| word.eq_ignore_ascii_case("RETURN"));
        if !asked || !(self.offers("ESEARCH") || self.enabled.rev2) {
            // IMAP4rev2 has no other answer (RFC 9051 §6.4.4).
            return Ok(self.enabled.rev2.then(|| Returns { names: vec!["ALL".to_owned()], range: None }));
        }
        ahead.space()?;
        let mut range = None;
        let mut options = ahead.list(|args| {
            let word = args.atom()?.to_ascii_uppercase();
            if word == "PARTIAL" && self.offers(partial) {
                args.space()?;
                range = Some(Range::parse(args)?);
            }
            Ok(word)
        })?;
        ahead.space()?;
        options.retain(|option| range.is_none() || option != "PARTIAL");
        if options.iter().any(|option| !matches!(option.as_str(), "ALL" | "MIN" | "MAX" | "COUNT" | "SAVE" | "UPDATE"))
        {
            return Err(Stop::bad("Unknown return option"));
        }
        if options.is_empty() && range.is_none() {
            options.push("ALL".to_owned());
        }
        if range.is_some() && options.iter().any(|option| option == "ALL") {
            return Err(Stop::bad("Either ALL or PARTIAL"));
        }
        *args = ahead;
        Ok(Some(Returns { names: options, range }))
    }
}

/// What SAVE keeps (RFC 5182 §2.4, RFC 9394 §3.2): with MIN, MAX or PARTIAL and without COUNT, only those. `found` is in its order.
pub(super) fn saved(found: &[(u32, Entry)], returns: Option<&Returns>) -> BTreeSet<u32> {
    let asked = |name: &str| returns.is_some_and(|returns| returns.names.iter().any(|option| option == name));
    let range = returns.and_then(|returns| returns.range.as_ref());
    let mut all: Vec<u32> = found.iter().map(|(_, entry)| entry.uid).collect();
    if asked("ALL") || asked("COUNT") || !(asked("MIN") || asked("MAX") || range.is_some()) {
        return all.into_iter().collect();
    }
    let (first, last) = (all.first().filter(|_| asked("MIN")).copied(), all.last().filter(|_| asked("MAX")).copied());
    match range {
        Some(range) => range.cut(&mut all),
        None => all.clear(),
    }
    all.into_iter().chain(first).chain(last).collect()
}

/// Whether the keys ask for modification sequences.
fn asks_modseq(args: &Args) -> bool {
    all_keys(&mut args.clone(), 0).is_ok_and(|key| key.asks_modseq())
}

/// `found` is in its order.
pub(super) fn esearch(tag: &str, uid: bool, returns: &Returns, found: &[u32], modseq: Option<u64>) -> String {
    let mut line = format!("* ESEARCH (TAG {})", print::mailbox(tag));
    if uid {
        line.push_str(" UID");
    }
    let asked = |name: &str| returns.names.iter().any(|option| option == name);
    if let (Some(first), Some(last)) = (found.first(), found.last()) {
        if asked("MIN") {
            line.push_str(&format!(" MIN {first}"));
        }
        if asked("MAX") {
            line.push_str(&format!(" MAX {last}"));
        }
        if asked("ALL") {
            line.push_str(&format!(" ALL {}", print::set(found)));
        }
    }
    if asked("COUNT") {
        line.push_str(&format!(" COUNT {}", found.len()));
    }
    if let Some(range) = &returns.range {
        let mut part = found.to_vec();
        range.cut(&mut part);
        let part = if part.is_empty() { "NIL".to_owned() } else { print::set(&part) };
        line.push_str(&format!(" PARTIAL ({range} {part})"));
    }
    if let Some(modseq) = modseq {
        line.push_str(&format!(" MODSEQ {modseq}"));
    }
    line + "\r\n"
}

/// Keys with spaces between, up to the end or a closing parenthesis.
fn all_keys(args: &mut Args, depth: usize) -> Result<Key, Stop> {
    let mut keys = vec![key(args, depth)?];
    while args.take(b' ') {
        keys.push(key(args, depth)?);
    }
    Ok(Key::And(keys))
}

fn key(args: &mut Args, depth: usize) -> Result<Key, Stop> {
    if depth > DEPTH_LIMIT {
        return Err(Stop::bad("Too many parentheses"));
    }
    if args.take(b'(') {
        let inner = all_keys(args, depth + 1)?;
        args.expect(b')')?;
        return Ok(inner);
    }
    if args.take(b'$') {
        return Ok(Key::Saved);
    }
    if args.peek().is_some_and(|byte| byte.is_ascii_digit() || byte == b'*') {
        return Ok(Key::Numbers(Set::parse(args)?));
    }
    let word = args.atom()?.to_ascii_uppercase();
    if let Some(key) = flag_key(&word) {
        return Ok(key);
    }
    if let Some(key) = plain_key(&word) {
        return Ok(key);
    }
    args.space()?;
    argument_key(&word, args, depth)
}

fn flag_key(word: &str) -> Option<Key> {
    let (word, is_un) = word.strip_prefix("UN").map_or((word, false), |word| (word, true));
    let flag = match word {
        "ANSWERED" => "\\Answered",
        "DELETED" => "\\Deleted",
        "DRAFT" => "\\Draft",
        "FLAGGED" => "\\Flagged",
        "SEEN" => "\\Seen",
        _ => return None,
    };
    let key = Key::Flag(flag.to_owned());
    Some(if is_un { Key::Not(Box::new(key)) } else { key })
}

fn plain_key(word: &str) -> Option<Key> {
    Some(match word {
        "ALL" => Key::All,
        "NEW" => Key::New,
        "OLD" => Key::Not(Box::new(Key::Recent)),
        "RECENT" => Key::Recent,
        "SAVEDATESUPPORTED" => Key::SaveDates,
        _ => return None,
    })
}

fn argument_key(word: &str, args: &mut Args, depth: usize) -> Result<Key, Stop> {
    Ok(match word {
        "UID" => match Set::parse(args)? {
            Set::Saved => Key::Saved,
            set => Key::Uids(set),
        },
        "KEYWORD" => Key::Flag(args.atom()?),
        "UNKEYWORD" => Key::Not(Box::new(Key::Flag(args.atom()?))),
        "BCC" | "CC" | "FROM" | "SUBJECT" | "TO" => Key::Header(word.to_owned(), args.astring()?),
        "HEADER" => {
            let name = args.astring()?;
            args.space()?;
            Key::Header(name, args.astring()?)
        }
        "BODY" => Key::Body(args.astring()?),
        "TEXT" => Key::Text(args.astring()?),
        "MODSEQ" => {
            // An entry such as "/flags/\\draft" and its type (RFC 7162 §3.1.5) are accepted and ignored.
            if args.peek() == Some(b'"') {
                args.quoted()?;
                args.space()?;
                args.atom()?;
                args.space()?;
            }
            Key::Modseq(args.number64()?)
        }
        "LARGER" => Key::Larger(args.number()?.into()),
        "SMALLER" => Key::Smaller(args.number()?.into()),
        "NOT" => Key::Not(Box::new(key(args, depth + 1)?)),
        "OR" => {
            let one = key(args, depth + 1)?;
            args.space()?;
            Key::Or(Box::new(one), Box::new(key(args, depth + 1)?))
        }
        "BEFORE" => Key::Before(day(args)?),
        "ON" => Key::On(day(args)?),
        "SINCE" => Key::Since(day(args)?),
        "SENTBEFORE" => Key::SentBefore(day(args)?),
        "SENTON" => Key::SentOn(day(args)?),
        "SENTSINCE" => Key::SentSince(day(args)?),
        "SAVEDBEFORE" => Key::SavedBefore(day(args)?),
        "SAVEDON" => Key::SavedOn(day(args)?),
        "SAVEDSINCE" => Key::SavedSince(day(args)?),
        "EMAILID" => Key::EmailId(args.atom()?),
        "THREADID" => Key::ThreadId(args.atom()?),
        _ => return Err(Stop::bad("Unknown search key")),
    })
}

fn day(args: &mut Args) -> Result<Date, Stop> {
    print::read_day(&args.astring()?).ok_or_else(|| Stop::bad("Not a date"))
}

impl Key {
    fn asks_modseq(&self) -> bool {
        match self {
            Self::Modseq(_) => true,
            Self::Not(key) => key.asks_modseq(),
            Self::Or(one, other) => one.asks_modseq() || other.asks_modseq(),
            Self::And(keys) => keys.iter().any(Self::asks_modseq),
            _ => false,
        }
    }

    fn has_numbers(&self) -> bool {
        match self {
            Self::Numbers(_) => true,
            Self::Not(key) => key.has_numbers(),
            Self::Or(one, other) => one.has_numbers() || other.has_numbers(),
            Self::And(keys) => keys.iter().any(Self::has_numbers),
            _ => false,
        }
    }

    /// The extensions whose keys it has (RFC 8474 §6, RFC 8514 §4.3).
    fn extensions(&self) -> Vec<&'static str> {
        match self {
            Self::EmailId(_) | Self::ThreadId(_) => vec!["OBJECTID"],
            Self::SavedBefore(_) | Self::SavedOn(_) | Self::SavedSince(_) | Self::SaveDates => vec!["SAVEDATE"],
            Self::Not(key) => key.extensions(),
            Self::Or(one, other) => [one.extensions(), other.extensions()].concat(),
            Self::And(keys) => keys.iter().flat_map(Self::extensions).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether the message is in the searched set, which the sets at the top level of the query restrict.
    fn looks_at(&self, number: u32, entry: &Entry, known: Known<'_>) -> bool {
        match self {
            Self::And(keys) => keys.iter().all(|key| key.looks_at(number, entry, known)),
            Self::Numbers(_) | Self::Uids(_) => self.matches(number, entry, known),
            _ => true,
        }
    }

    fn matches(&self, number: u32, entry: &Entry, known: Known<'_>) -> bool {
        let bytes = entry.content.bytes.as_ref();
        let header = || bytes.get(entry.content.structure().header.clone()).unwrap_or_default();
        let arrived = entry.content.date.date();
        match self {
            Self::All => true,
            Self::Saved => known.saved.contains(&entry.uid),
            Self::Numbers(set) => set.contains(number, known.count),
            Self::Uids(set) => set.contains(entry.uid, known.last),
            Self::Flag(flag) => entry.flags.contains(flag),
            Self::Recent => entry.recent,
            Self::New => entry.recent && !entry.flags.contains("\\Seen"),
            Self::Header(name, text) => header_holds(header(), name, text),
            Self::Body(text) => holds(bytes.get(entry.content.structure().body.clone()).unwrap_or_default(), text),
            Self::Text(text) => holds(bytes, text),
            Self::Before(day) => arrived < *day,
            Self::On(day) => arrived == *day,
            Self::Since(day) => arrived >= *day,
            Self::SentBefore(day) => sent(header()).is_some_and(|sent| sent < *day),
            Self::SentOn(day) => sent(header()).is_some_and(|sent| sent == *day),
            Self::SentSince(day) => sent(header()).is_some_and(|sent| sent >= *day),
            Self::SavedBefore(day) => entry.save_date.date() < *day,
            Self::SavedOn(day) => entry.save_date.date() == *day,
            Self::SavedSince(day) => entry.save_date.date() >= *day,
            Self::SaveDates => true,
            Self::EmailId(id) => entry.content.ids().email == *id,
            Self::ThreadId(id) => entry.content.ids().thread.as_ref() == Some(id),
            Self::Larger(size) => bytes.len() as u64 > *size,
            Self::Smaller(size) => (bytes.len() as u64) < *size,
            Self::Modseq(least) => entry.modseq() >= *least,
            Self::Not(key) => !key.matches(number, entry, known),
            Self::Or(one, other) => one.matches(number, entry, known) || other.matches(number, entry, known),
            Self::And(keys) => keys.iter().all(|key| key.matches(number, entry, known)),
        }
    }
}

/// Whether the field contains the text, as received or with its encoded words decoded.
fn header_holds(header: &[u8], name: &str, text: &str) -> bool {
    mime::fields(header).filter(|field| mime::field_name(field).eq_ignore_ascii_case(name.as_bytes())).any(|field| {
        let value = mime::field(field, name).unwrap_or_default();
        holds(&value, text) || holds(decoded(field).as_bytes(), text)
    })
}

pub(super) fn decoded(field: &[u8]) -> String {
    let as_subject = [b"Subject".as_slice(), field.get(mime::field_name(field).len()..).unwrap_or_default(), b"\r\n"];
    mail_parser::MessageParser::default()
        .parse(&as_subject.concat())
        .and_then(|message| message.subject().map(str::to_owned))
        .unwrap_or_default()
}

/// Whether the text contains the other. ASCII letter case does not matter.
fn holds(bytes: &[u8], text: &str) -> bool {
    let wanted = text.to_lowercase();
    wanted.is_empty() || String::from_utf8_lossy(bytes).to_lowercase().contains(&wanted)
}

fn sent(header: &[u8]) -> Option<Date> {
    let value = mime::field(header, "Date")?;
    let text = String::from_utf8_lossy(&value).into_owned();
    let rest = text.split_once(',').map_or(text.as_str(), |(_, rest)| rest);
    let mut words = rest.split_whitespace();
    let (day, month, year) = (words.next()?, words.next()?, words.next()?);
    print::read_day(&format!("{day}-{month}-{year}"))
}

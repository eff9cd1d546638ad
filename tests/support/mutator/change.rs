//! The changes of a session, as a state machine without I/O: the client's lines go through it one way, the server's
//! responses the other. It keeps to what RFC 3501 allows a server (§5.2, §5.5, §7): nothing is inserted into a response, EXPUNGE comes
//! only while a command is in progress that allows it, and all later numbers are right.

use std::collections::{BTreeMap, BTreeSet};

use super::view::{Ghosts, View};
use super::wire;
use crate::rng::Rng;

/// Commands during which no message may go (RFC 3501 §7.4.1), and which name messages by number.
const BY_NUMBER: [&str; 7] = ["FETCH", "STORE", "SEARCH", "COPY", "MOVE", "SORT", "THREAD"];
/// Commands during which it is not certain which mailbox is meant.
const BETWEEN: [&str; 5] = ["SELECT", "EXAMINE", "CLOSE", "UNSELECT", "LOGOUT"];
/// Responses that are allowed at any time, and mean nothing.
const SAID: [&str; 6] = [
    "OK Still here",
    "OK [ALERT] A text that ends as if a literal followed {5}",
    "OK [X-NEVER-HEARD-OF (\"a)\" {2 b)] \"half a quoted string",
    "OK [INPROGRESS] working (on it",
    "NO [USEATTR] a warning is no answer",
    "OK (FLAGS (\\Seen) UID 1)",
];

/// The commands during which a removed message is worth counting.
const DURING: [(&str, &str); 3] =
    [("UID FETCH", "EXPUNGE during FETCH"), ("UID STORE", "EXPUNGE during STORE"), ("IDLE", "EXPUNGE during IDLE")];

#[derive(Default)]
pub(crate) struct Log {
    /// How often each thing was done.
    pub(crate) done: BTreeMap<&'static str, u32>,
    /// The UIDs of the ghosts that were reported to the client as gone.
    pub(crate) gone: Vec<u32>,
    /// How many messages were reported to the client as gone from the selected mailbox, ghosts and others.
    pub(crate) expunged: usize,
    /// Input that the proxy cannot handle.
    pub(crate) complaints: Vec<String>,
}

/// A command that is not answered yet.
struct Running {
    tag: Vec<u8>,
    verb: String,
    mailbox: String,
    /// If it requests the UIDs of all messages from this number on.
    numbering: Option<usize>,
}

pub(crate) struct Change {
    rng: Rng,
    /// Whether messages may go while the client requests UIDs by number, which it must then not trust.
    wild: bool,
    pub(crate) quiet: bool,
    pub(crate) log: Log,
    ghosts: Option<Ghosts>,
    running: Vec<Running>,
    view: Option<View>,
    opening: Option<View>,
    flags: Vec<u8>,
    logged_in: bool,
    from_client: Vec<u8>,
    literal: usize,
    /// The next line belongs to the command before it.
    midway: bool,
    from_server: Vec<u8>,
}

impl Change {
    pub(crate) fn new(seed: u64, wild: bool, ghosts: Option<Ghosts>) -> Self {
        Self {
            rng: Rng::new(seed),
            wild,
            quiet: false,
            log: Log::default(),
            ghosts,
            running: Vec::new(),
            view: None,
            opening: None,
            flags: Vec::new(),
            logged_in: false,
            from_client: Vec::new(),
            literal: 0,
            midway: false,
            from_server: Vec::new(),
        }
    }

    /// How many messages the client should see.
    pub(crate) fn exists(&self) -> Option<usize> {
        self.view.as_ref().map(View::exists)
    }

    /// What the client says, as the server receives it.
    pub(crate) fn up(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.from_client.extend_from_slice(bytes);
        let mut out = Vec::new();
        loop {
            let literal = self.literal.min(self.from_client.len());
            self.literal -= literal;
            out.extend(self.from_client.drain(..literal));
            let Some(end) = wire::line(&self.from_client).filter(|_| self.literal == 0) else { return out };
            let line: Vec<u8> = self.from_client.drain(..end).collect();
            let announced = wire::announced(&line);
            self.literal = announced.unwrap_or_default();
            match std::mem::replace(&mut self.midway, announced.is_some())
                || self.authenticates()
                || line == b"DONE\r\n"
            {
                true => out.extend(line),
                false => out.extend(self.command(line)),
            }
        }
    }

    /// What the server says, as the client receives it.
    pub(crate) fn down(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.from_server.extend_from_slice(bytes);
        let mut out = Vec::new();
        while let Some(end) = wire::response(&self.from_server) {
            let response: Vec<u8> = self.from_server.drain(..end).collect();
            self.insert(&mut out);
            self.response(&response, &mut out);
            self.insert(&mut out);
        }
        out
    }

    fn authenticates(&self) -> bool {
        self.running.iter().any(|run| run.verb == "AUTHENTICATE")
    }

    fn command(&mut self, line: Vec<u8>) -> Vec<u8> {
        let text = String::from_utf8_lossy(&line).into_owned();
        let words: Vec<_> = text.split_whitespace().collect();
        let [tag, verb, rest @ ..] = &words[..] else { return line };
        let mut verb = verb.to_ascii_uppercase();
        if verb == "UID" {
            verb = format!("UID {}", rest[0].to_ascii_uppercase());
        }
        if BY_NUMBER.contains(&&*verb) {
            self.log.complaints.push(format!("message numbers that are not translated: {text}"));
        }
        let last = words.last().and_then(|word| word.strip_suffix(":*")?.parse().ok());
        let numbering = last.filter(|_| verb == "UID SEARCH" && words[words.len() - 2] != "UID");
        let mailbox = rest.first().map(|word| word.trim_matches('"').to_owned()).unwrap_or_default();
        self.running.push(Running { tag: tag.as_bytes().to_vec(), verb, mailbox, numbering });
        match numbering.zip(self.view.as_ref()) {
            Some((number, view)) => {
                let meant =
                    view.meant_from(number).map_or_else(|| "NOT ALL".to_owned(), |number| format!("{number}:*"));
                format!("{} {meant}\r\n", words[..words.len() - 1].join(" ")).into_bytes()
            }
            None => line,
        }
    }

    fn response(&mut self, response: &[u8], out: &mut Vec<u8>) {
        match wire::numbered(response) {
            Some((number, rest)) if wire::begins(rest, "EXISTS") => self.exist(number, out),
            Some((number, rest)) if wire::begins(rest, "EXPUNGE") => self.expunge(number, out),
            Some((number, rest)) if wire::begins(rest, "FETCH (") => self.fetch(number, response, rest, out),
            Some(_) => out.extend(response),
            None if wire::begins(response, "* ESEARCH") => out.extend(self.esearch(response)),
            None if wire::begins(response, "* SEARCH") => out.extend(self.search(response)),
            None if wire::begins(response, "* OK [") && self.opening.is_some() => out.extend(self.code(response)),
            None => {
                self.note(response);
                out.extend(response);
            }
        }
    }

    fn note(&mut self, response: &[u8]) {
        if wire::begins(response, "* FLAGS ") {
            self.flags = response.to_vec();
        }
        let mut words = response.split(|byte| b" \r".contains(byte));
        let (tag, status) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let Some(at) = self.running.iter().position(|run| run.tag == tag) else { return };
        let run = self.running.remove(at);
        let done = status.eq_ignore_ascii_case(b"OK");
        match &*run.verb {
            "LOGIN" | "AUTHENTICATE" => self.logged_in |= done,
            "SELECT" | "EXAMINE" => {
                self.view = self.opening.take().filter(|_| done);
                self.log.expunged = 0;
            }
            "CLOSE" | "UNSELECT" if done => self.view = None,
            _ => {}
        }
    }

    fn opens(&self) -> Option<&Running> {
        self.running.iter().find(|run| ["SELECT", "EXAMINE"].contains(&&*run.verb))
    }

    fn exist(&mut self, count: u32, out: &mut Vec<u8>) {
        if let Some(mailbox) = self.opens().map(|run| run.mailbox.clone()) {
            let ghosts = self.ghosts.take_if(|ghosts| ghosts.mailbox == mailbox);
            if ghosts.as_ref().is_some_and(|ghosts| ghosts.real.len() != count as usize) {
                self.log.complaints.push(format!("{count} messages where others were expected"));
            }
            self.opening = Some(ghosts.map_or_else(|| View::plain(count), View::haunted));
        } else if let Some(view) = &mut self.view {
            view.really_exist(count);
        }
        let count = self.opening.as_ref().or(self.view.as_ref()).map_or(count as usize, View::exists);
        out.extend(format!("* {count} EXISTS\r\n").bytes());
    }

    fn expunge(&mut self, number: u32, out: &mut Vec<u8>) {
        let Some((view, number)) = self.view.as_mut().and_then(|view| Some(view.seen_as(number)).map(|at| (view, at)))
        else {
            return self.log.complaints.push(format!("EXPUNGE of {number}, which is not there"));
        };
        let Some(number) = number else {
            return self.log.complaints.push("EXPUNGE of a message that is not there".to_owned());
        };
        view.remove(number);
        self.log.expunged += 1;
        out.extend(format!("* {number} EXPUNGE\r\n").bytes());
    }

    /// The same items in another order, and sometimes the flags once more.
    fn fetch(&mut self, number: u32, response: &[u8], rest: &[u8], out: &mut Vec<u8>) {
        let number = self.view.as_ref().and_then(|view| view.seen_as(number));
        let list = rest["FETCH (".len()..].strip_suffix(b")\r\n");
        let (Some(number), Some(mut items)) = (number, list.and_then(wire::items)) else {
            let text = String::from_utf8_lossy(response).into_owned();
            return self.log.complaints.push(format!("a FETCH that is not understood: {text}"));
        };
        let before = items.clone();
        self.rng.shuffle(&mut items);
        self.count("reordered", items != before);
        out.extend(format!("* {number} FETCH (").bytes());
        out.extend(items.join(&b' '));
        out.extend(b")\r\n");
        let flags = items.into_iter().find(|item| wire::begins(item, "FLAGS "));
        if let Some(flags) = flags.filter(|_| !self.quiet && self.rng.once_in(4)) {
            self.count("FLAGS of a message once more", true);
            out.extend(format!("* {number} FETCH (").bytes());
            out.extend(flags);
            out.extend(b")\r\n");
        }
    }

    /// The UIDs of the ghosts among those that the client requested by number, if it did.
    fn asked_ghosts(&self) -> Vec<u32> {
        let from = self.running.iter().find_map(|run| run.numbering);
        let ghosts = from.zip(self.view.as_ref()).map(|(from, view)| view.ghosts_from(from));
        ghosts.unwrap_or_default().into_iter().map(|(_, uid)| uid).collect()
    }

    fn esearch(&self, response: &[u8]) -> Vec<u8> {
        let ghosts = self.asked_ghosts();
        if ghosts.is_empty() {
            return response.to_vec();
        }
        let text = String::from_utf8_lossy(response);
        let (head, found) = text.trim_end().split_once(" ALL ").unwrap_or_else(|| (text.trim_end(), ""));
        let mut found = wire::set(found).unwrap_or_default();
        found.extend(ghosts);
        let found: Vec<_> = found.iter().map(u32::to_string).collect();
        format!("{head} ALL {}\r\n", found.join(",")).into_bytes()
    }

    fn search(&self, response: &[u8]) -> Vec<u8> {
        let ghosts = self.asked_ghosts();
        if ghosts.is_empty() {
            return response.to_vec();
        }
        let text = String::from_utf8_lossy(response);
        let found = text.split_whitespace().skip(2).filter_map(|word| word.parse().ok());
        let found: BTreeSet<u32> = found.chain(ghosts).collect();
        let found: String = found.iter().map(|uid| format!(" {uid}")).collect();
        format!("* SEARCH{found}\r\n").into_bytes()
    }

    /// What a SELECT reports of the mailbox, with the ghosts in it.
    fn code(&self, response: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(response);
        let told = |name| text.split_once(name).and_then(|(_, rest): (_, &str)| rest.split_once(']')?.0.parse().ok());
        let Some(view) = &self.opening else { return response.to_vec() };
        if let Some(seen_as) = told("[UNSEEN ").and_then(|number| view.seen_as(number)) {
            return format!("* OK [UNSEEN {seen_as}] as the client numbers it\r\n").into_bytes();
        }
        match told("[UIDNEXT ").and_then(|_| view.next_uid()) {
            Some(next) => format!("* OK [UIDNEXT {next}] before the next ghost\r\n").into_bytes(),
            None => response.to_vec(),
        }
    }

    /// Up to four unsolicited responses.
    fn insert(&mut self, out: &mut Vec<u8>) {
        for _ in 0..4 {
            if self.quiet || !self.logged_in || self.running.iter().any(|run| run.verb == "LOGOUT") {
                return;
            }
            if self.rng.once_in(2) {
                return;
            }
            let between = self.running.iter().any(|run| BETWEEN.contains(&&*run.verb));
            match (self.rng.below(8), between || self.view.is_none()) {
                (0, _) | (_, true) => self.say(out),
                (1, _) => self.repeat_flags(out),
                (2, _) => self.repeat_exists(out),
                (3, _) => self.let_come(out),
                (4, _) => self.let_go(out),
                _ => self.show(out),
            }
        }
    }

    fn say(&mut self, out: &mut Vec<u8>) {
        let said = SAID[self.rng.below(SAID.len())];
        out.extend(format!("* {said}\r\n").bytes());
        self.count("OK and NO", true);
    }

    fn repeat_flags(&mut self, out: &mut Vec<u8>) {
        out.extend(&self.flags);
        self.count("FLAGS", !self.flags.is_empty());
    }

    fn repeat_exists(&mut self, out: &mut Vec<u8>) {
        let Some(count) = self.exists() else { return };
        out.extend(format!("* {count} EXISTS\r\n").bytes());
        self.count("EXISTS", true);
    }

    fn let_come(&mut self, out: &mut Vec<u8>) {
        // Rarely, so that ghosts come and go until the end.
        if self.rng.once_in(5) && self.view.as_mut().is_some_and(View::let_come) {
            self.repeat_exists(out);
            self.count("EXISTS of one more", true);
        }
    }

    fn let_go(&mut self, out: &mut Vec<u8>) {
        let bars = |run: &Running| BY_NUMBER.contains(&&*run.verb) || (run.numbering.is_some() && !self.wild);
        if self.running.is_empty() || self.running.iter().any(bars) {
            return;
        }
        // The many responses to a FETCH must not use up all the ghosts.
        let fetches = self.running.iter().any(|run| run.verb == "UID FETCH");
        if !self.rng.once_in(if fetches { 10 } else { 1 }) {
            return;
        }
        let Some(view) = &mut self.view else { return };
        let ghosts = view.ghosts_from(1);
        if ghosts.is_empty() {
            return;
        }
        let (number, uid) = ghosts[self.rng.below(ghosts.len())];
        view.remove(number);
        self.log.gone.push(uid);
        self.log.expunged += 1;
        out.extend(format!("* {number} EXPUNGE\r\n").bytes());
        self.count("EXPUNGE", true);
        for (verb, what) in DURING {
            self.count(what, self.running.iter().any(|run| run.verb == verb));
        }
    }

    /// The flags of a ghost, one of which contains its UID.
    fn show(&mut self, out: &mut Vec<u8>) {
        let ghosts = self.view.as_ref().map(|view| view.ghosts_from(1)).unwrap_or_default();
        if ghosts.is_empty() {
            return;
        }
        let (number, uid) = ghosts[self.rng.below(ghosts.len())];
        let flags = format!("FLAGS (\\Seen $Ghost{uid})");
        let told = match self.rng.below(3) {
            0 => flags,
            1 => format!("UID {uid} {flags}"),
            _ => format!("{flags} UID {uid}"),
        };
        out.extend(format!("* {number} FETCH ({told})\r\n").bytes());
        self.count("FETCH of another message", true);
    }

    fn count(&mut self, what: &'static str, really: bool) {
        *self.log.done.entry(what).or_default() += u32::from(really);
    }
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;

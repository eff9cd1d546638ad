//! The lying layer of IMAP: follows which command is being answered and holds each answer until it is whole, to change it by the
//! pending lies. How an answer is changed is in `untruth.rs`.

use std::collections::BTreeMap;

use super::lie::{Kind, Lies, Out};
use super::mail::World;
use crate::answer::Answer;
use crate::fetch;
use crate::layer::Liar;
use crate::untruth::{self, Scene};
use crate::wire;

/// A command that is not answered yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Command {
    pub(crate) tag: String,
    /// `UID FETCH`, `SELECT`.
    pub(crate) verb: String,
    pub(crate) line: String,
}

pub(crate) struct Imap {
    lies: Lies,
    world: World,
    running: Vec<Command>,
    answer: Vec<Out>,
    from_client: Vec<u8>,
    from_server: Vec<u8>,
    literal: usize,
    midway: bool,
    /// Whether another UIDVALIDITY was sent, and the answer that contained it has ended.
    stale: bool,
    /// The messages that the answers to FETCH mentioned, and whether each time they came unchanged.
    fetched: BTreeMap<u32, bool>,
    /// The command with UIDs during whose answer the UIDVALIDITY was sent.
    pub(crate) overtaken: Option<String>,
    /// The commands with UIDs that came after it.
    pub(crate) after: Vec<String>,
}

impl Imap {
    pub(crate) fn new(world: World) -> Self {
        Self {
            lies: Lies::default(),
            world,
            running: Vec::new(),
            answer: Vec::new(),
            from_client: Vec::new(),
            from_server: Vec::new(),
            literal: 0,
            midway: false,
            stale: false,
            fetched: BTreeMap::new(),
            overtaken: None,
            after: Vec::new(),
        }
    }

    fn command(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line).trim_end().to_owned();
        let mut words = text.split(' ');
        let (Some(tag), Some(verb)) = (words.next(), words.next()) else { return };
        let mut verb = verb.to_ascii_uppercase();
        if verb == "UID" {
            verb = format!("UID {}", words.next().unwrap_or_default().to_ascii_uppercase());
            if self.stale {
                self.after.push(text.clone());
            }
        }
        self.running.push(Command { tag: tag.to_owned(), verb, line: text });
    }

    /// The messages whose answers came unchanged.
    pub(crate) fn untouched(&self) -> impl Iterator<Item = u32> {
        self.fetched.iter().filter(|(_, intact)| **intact).map(|(uid, _)| *uid)
    }

    /// A complete answer.
    fn whole(&mut self, at: usize) -> Vec<Out> {
        let command = self.running.remove(at);
        let answer = std::mem::take(&mut self.answer);
        let world = &self.world;
        let said = self.lies.tell(answer.clone(), |lie, said| {
            let mut scene = Scene { command: &command, said, world, rng: lie.rng(), always: lie.always };
            let (detectable, what) = untruth::change(lie.kind, &mut scene)?;
            assert!(is_well_formed(&scene.said) || what.starts_with(fetch::SPILT), "{what}: {:?}", scene.said);
            // Only the server knows which messages a saved result has; by their number, one can come in place of another.
            let unknown = command.verb == "UID FETCH" && command.line.contains(" $ ");
            let renames =
                matches!(lie.kind, Kind::Renumber | Kind::Swap | Kind::Interleave | Kind::Repeat | Kind::Rename);
            let detectable = detectable && !(unknown && renames);
            Some((scene.said, detectable, format!("{}: {what}", command.line)))
        });
        for (response, mail) in answer.iter().filter_map(|out| Some((out, Answer::read(out.bytes())?))) {
            let Some(uid) = mail.uid().filter(|_| command.verb == "UID FETCH") else { continue };
            *self.fetched.entry(uid).or_insert(true) &= is_alone(&said, response, uid, mail.number);
        }
        let is_other = |out: &Out| out.bytes().starts_with(untruth::ANOTHER.as_bytes());
        self.stale |= said.iter().any(is_other);
        let tag = format!("{} ", command.tag);
        let mut first = said.iter().filter(|out| is_other(out) || out.bytes().starts_with(tag.as_bytes()));
        if command.verb.starts_with("UID ") && first.next().is_some_and(is_other) {
            self.overtaken = Some(command.line);
        }
        said
    }
}

/// Whether that response comes, and no other about the same message.
fn is_alone(said: &[Out], response: &Out, uid: u32, number: u32) -> bool {
    let about = said.iter().filter_map(|out| Answer::read(out.bytes()));
    said.contains(response) && about.filter(|mail| mail.uid() == Some(uid) || mail.number == number).count() == 1
}

/// Whether it consists of whole responses. An untrue answer is well-formed too.
fn is_well_formed(said: &[Out]) -> bool {
    let bytes: Vec<u8> = said.iter().flat_map(|out| out.bytes().to_vec()).collect();
    let mut rest = &bytes[..];
    while let Some(end) = wire::response(rest) {
        rest = &rest[end..];
    }
    rest.is_empty()
}

impl Liar for Imap {
    fn up(&mut self, bytes: &[u8]) {
        self.from_client.extend_from_slice(bytes);
        loop {
            let literal = self.literal.min(self.from_client.len());
            self.literal -= literal;
            self.from_client.drain(..literal);
            let Some(end) = wire::line(&self.from_client).filter(|_| self.literal == 0) else { return };
            let line: Vec<u8> = self.from_client.drain(..end).collect();
            let announced = wire::announced(&line);
            self.literal = announced.unwrap_or_default();
            if !std::mem::replace(&mut self.midway, announced.is_some()) && line != b"DONE\r\n" {
                self.command(&line);
            }
        }
    }

    fn down(&mut self, bytes: &[u8]) -> Vec<Out> {
        self.from_server.extend_from_slice(bytes);
        let mut out = Vec::new();
        while let Some(end) = wire::response(&self.from_server) {
            let response: Vec<u8> = self.from_server.drain(..end).collect();
            let tag = String::from_utf8_lossy(&response).split(' ').next().unwrap_or_default().to_owned();
            let of = self.running.iter().position(|command| command.tag == tag);
            let is_held = !self.running.is_empty() && !response.starts_with(b"+");
            self.answer.push(Out::Said(response));
            match of {
                Some(at) => out.extend(self.whole(at)),
                None if is_held => {}
                None => out.append(&mut self.answer),
            }
        }
        out
    }

    fn lies(&mut self) -> &mut Lies {
        &mut self.lies
    }
}

//! The lying layer of POP3: follows which command is being answered and holds each reply until it is whole, to change it by the
//! pending lies. How a reply is changed is in `fib.rs`.

use std::collections::VecDeque;

use crate::fib::{self, Declared, Scene};
use crate::layer::Liar;
use crate::lie::{Lies, Out};
use crate::mail::World;
use crate::wire;

/// A reply: its status line, and the lines that follow it up to the dot, without the dot.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) status: Vec<u8>,
    pub(crate) lines: Option<Vec<Vec<u8>>>,
}

impl Reply {
    /// The first reply in these bytes, and its length.
    fn read(bytes: &[u8], command: &str) -> Option<(Self, usize)> {
        let mut end = wire::line(bytes)?;
        let status = bytes[..end].to_vec();
        let mut words = command.split(' ');
        let many = match words.next().unwrap_or_default() {
            "LIST" | "UIDL" => words.next().is_none(),
            "CAPA" | "RETR" | "TOP" => true,
            _ => false,
        };
        if !many || !status.starts_with(b"+OK") {
            return Some((Self { status, lines: None }, end));
        }
        let mut lines = Vec::new();
        loop {
            let line = wire::line(&bytes[end..])?;
            let text = &bytes[end..end + line];
            end += line;
            if text == b".\r\n" {
                return Some((Self { status, lines: Some(lines) }, end));
            }
            lines.push(text.to_vec());
        }
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let mut bytes = self.status.clone();
        if let Some(lines) = &self.lines {
            bytes.extend(lines.concat());
            bytes.extend(b".\r\n");
        }
        bytes
    }
}

pub(crate) struct Pop3 {
    lies: Lies,
    world: World,
    declared: Declared,
    running: VecDeque<String>,
    from_client: Vec<u8>,
    from_server: Vec<u8>,
}

impl Pop3 {
    pub(crate) fn new(world: World) -> Self {
        let (from_client, from_server) = (Vec::new(), Vec::new());
        // The greeting answers nothing.
        let running = VecDeque::from([String::new()]);
        Self { lies: Lies::default(), world, declared: Declared::default(), running, from_client, from_server }
    }
}

impl Liar for Pop3 {
    fn up(&mut self, bytes: &[u8]) {
        self.from_client.extend_from_slice(bytes);
        while let Some(end) = wire::line(&self.from_client) {
            let line: Vec<u8> = self.from_client.drain(..end).collect();
            self.running.push_back(String::from_utf8_lossy(&line).trim_end().to_owned());
        }
    }

    fn down(&mut self, bytes: &[u8]) -> Vec<Out> {
        self.from_server.extend_from_slice(bytes);
        let mut out = Vec::new();
        while let Some(command) = self.running.front().cloned() {
            let Some((reply, end)) = Reply::read(&self.from_server, &command) else { break };
            self.from_server.drain(..end);
            self.running.pop_front();
            let (world, declared) = (&self.world, &self.declared);
            let told = self.lies.tell(vec![Out::Said(reply.write())], |lie, said| {
                // One reply carries one lie.
                let is_plain = said == [Out::Said(reply.write())];
                let (reply, rng, always) = (reply.clone(), lie.rng(), lie.always);
                let mut scene = Scene { command: &command, reply, world, rng, always, declared };
                let (said, detectable, what) = fib::change(lie.kind, &mut scene).filter(|_| is_plain)?;
                Some((said, detectable, format!("{command}: {what}")))
            });
            let bytes: Vec<u8> = told.iter().flat_map(|out| out.bytes().to_vec()).collect();
            if let Some((reply, _)) = Reply::read(&bytes, &command) {
                self.declared.hear(&command, &reply);
            }
            out.extend(told);
        }
        out
    }

    fn lies(&mut self) -> &mut Lies {
        &mut self.lies
    }
}

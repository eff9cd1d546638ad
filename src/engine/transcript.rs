//! Written dialogues, for the tests of both engines: every file in a folder of `tests/transcripts`, whole, byte by byte, in all two-part
//! splits and in random chunks. The same bytes must go out and the same answers come, however the input was cut. It must not know a
//! protocol.
//!
//! A dialogue has lines `S:` (the server sends, CRLF added), `C:` (the client has sent, since the last `C:`), `>` (a handle requests: see
//! [`Player::act`]), `<` (a handle has received, since the last `<`) and `#` (a comment). `! whole` marks a dialogue whose bytes mean
//! something else if they are cut.

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// An engine, and the ends of its handles.
pub(crate) trait Player {
    fn new() -> Self;

    /// What a handle asks for, by name.
    fn act(&mut self, act: &str);

    /// The server has sent these bytes.
    fn feed(&mut self, bytes: &[u8]);

    /// All of what the server says until something else happens has come.
    fn fed(&mut self) {}

    /// What was sent and what was delivered since the last look, and the session's state.
    fn look(&mut self) -> (String, String, String);
}

enum TranscriptStep {
    Server(Vec<u8>),
    Act(String),
    /// What was sent, and what was delivered, since the last look.
    Look(String, String),
}

struct Dialogue {
    steps: Vec<TranscriptStep>,
    only_whole: bool,
}

/// Plays every dialogue of this protocol.
pub(crate) fn check_all<P: Player>(protocol: &str) {
    let files = files(protocol);
    assert!(!files.is_empty(), "no transcripts of {protocol}");
    for file in files {
        // Shown if it fails.
        println!("{}", file.display());
        check::<P>(&Dialogue::read(&std::fs::read_to_string(&file).unwrap()));
    }
}

fn files(protocol: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts").join(protocol);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// One dialogue by each way of cutting the server's bytes.
fn check<P: Player>(dialogue: &Dialogue) {
    let whole = play::<P>(dialogue, |_, rest| rest, true);
    if dialogue.only_whole {
        return;
    }
    let sizes =
        dialogue.steps.iter().map(|step| if let TranscriptStep::Server(bytes) = step { bytes.len() } else { 0 });
    let total: usize = sizes.sum();
    assert_eq!(whole, play::<P>(dialogue, |_, _| 1, false), "one byte at a time");
    for at in 1..total.min(8192) {
        let split = |done: usize, rest: usize| if done < at { rest.min(at - done) } else { rest };
        assert_eq!(whole, play::<P>(dialogue, split, false), "split at {at}");
    }
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..200 {
        let chunks = |_: usize, rest: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            rest.min(1 + (seed >> 33) as usize % 40)
        };
        assert_eq!(whole, play::<P>(dialogue, chunks, false), "random chunks");
    }
}

/// Plays all steps; `piece` says how many of the remaining bytes come next, by how many have come. The log has what went out and came
/// in between any two looks.
fn play<P: Player>(dialogue: &Dialogue, mut piece: impl FnMut(usize, usize) -> usize, verify: bool) -> String {
    let (mut player, mut done, mut log) = (P::new(), 0, String::new());
    let mut look = |player: &mut P, sent: &str, got: &str| {
        let seen = player.look();
        if verify {
            assert_eq!(seen.0, sent, "what was sent");
            assert_eq!(seen.1, got, "what was delivered");
        }
        writeln!(log, "{}--\n{}{}", seen.0, seen.1, seen.2).unwrap();
    };
    for step in &dialogue.steps {
        match step {
            TranscriptStep::Server(bytes) => {
                let mut rest = bytes.as_slice();
                while !rest.is_empty() {
                    let (now, later) = rest.split_at(piece(done, rest.len()));
                    done += now.len();
                    rest = later;
                    player.feed(now);
                }
                player.fed();
            }
            TranscriptStep::Act(act) => player.act(act),
            TranscriptStep::Look(sent, got) => look(&mut player, sent, got),
        }
    }
    look(&mut player, "", "");
    log
}

impl Dialogue {
    fn read(text: &str) -> Self {
        let (mut steps, mut only_whole) = (Vec::new(), false);
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (kind, text) = line.split_once(' ').unwrap_or((line, ""));
            match (kind, steps.last_mut()) {
                ("S:", Some(TranscriptStep::Server(bytes))) => bytes.extend(format!("{text}\r\n").bytes()),
                ("S:", _) => steps.push(TranscriptStep::Server(format!("{text}\r\n").into())),
                (">", _) => steps.push(TranscriptStep::Act(text.into())),
                ("C:", Some(TranscriptStep::Look(sent, _))) => writeln!(sent, "{text}").unwrap(),
                ("C:", _) => steps.push(TranscriptStep::Look(format!("{text}\n"), String::new())),
                ("<", Some(TranscriptStep::Look(_, got))) => writeln!(got, "{text}").unwrap(),
                ("<", _) => steps.push(TranscriptStep::Look(String::new(), format!("{text}\n"))),
                ("!", _) if text == "whole" => only_whole = true,
                _ => panic!("what is {line:?}?"),
            }
        }
        Self { steps, only_whole }
    }
}

/// A dialogue in which nothing is expected would pass whatever the engine does.
#[test]
fn every_dialogue_expects_something() {
    for file in files("imap").into_iter().chain(files("pop3")) {
        let dialogue = Dialogue::read(&std::fs::read_to_string(&file).unwrap());
        let has = |is: fn(&TranscriptStep) -> bool| dialogue.steps.iter().any(is);
        let complete = has(|step| matches!(step, TranscriptStep::Server(_)))
            && has(|step| matches!(step, TranscriptStep::Act(_)))
            && has(|step| matches!(step, TranscriptStep::Look(_, got) if !got.is_empty()));
        assert!(complete, "{}", file.display());
    }
}

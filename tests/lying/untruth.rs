//! Changes of an IMAP server's answer to one command into another well-formed one that is not true. Each change says whether
//! something else in the session contradicts it. Changes within a FETCH response are in `fetch.rs`.

use std::time::Duration;

use crate::answer::Answer;
use crate::fetch;
use crate::imap::Command;
use crate::lie::{Kind, Out};
use crate::mail::World;
use crate::rng::Rng;
use crate::values;
use crate::wire;

/// An answer, the tagged response last, and what is known about it.
pub(crate) struct Scene<'a> {
    pub(crate) command: &'a Command,
    pub(crate) said: Vec<Out>,
    pub(crate) world: &'a World,
    pub(crate) rng: Rng,
    pub(crate) always: bool,
}

/// What servers say while they are still working. They are believed for an hour (RFC 9585 §3: `INPROGRESS` may come alone).
pub(crate) const STILL_HERE: [&str; 2] = ["* OK Still here\r\n", "* OK [INPROGRESS] working\r\n"];
/// What a server says about a mailbox that has become another.
pub(crate) const ANOTHER: &str = "* OK [UIDVALIDITY 77] another mailbox\r\n";

/// Whether the change is detectable, and what it is.
pub(crate) type Change = Option<(bool, String)>;

pub(crate) fn detectable(text: impl Into<String>) -> Change {
    Some((true, text.into()))
}

pub(crate) fn consistent(text: impl Into<String>) -> Change {
    Some((false, text.into()))
}

/// Changes the answer, or returns `None` if it cannot carry such a lie.
pub(crate) fn change(kind: Kind, scene: &mut Scene<'_>) -> Change {
    let verb = scene.verb().to_owned();
    let opens = verb == "SELECT" || verb == "EXAMINE";
    // What is said about the mailbox when it is opened, or later.
    if [Kind::Drop, Kind::Count].contains(&kind) && scene.rng.once_in(4) != opens {
        return None;
    }
    match kind {
        // Another lie has removed everything.
        _ if scene.said.is_empty() => None,
        // An answer that carries nothing is only delayed, or has something added.
        _ if ["NOOP", "CLOSE", "UNSELECT", "LOGOUT"].contains(&&*verb) => match kind {
            Kind::Validity => validity(scene),
            Kind::Count => count(scene),
            _ => None,
        },
        // A missing message is noticed if the server says that it exists.
        Kind::Drop if scene.always && verb == "SEARCH" && scene.rng.once_in(2) => None,
        Kind::Drop if opens => {
            let at = scene.find(" EXISTS")?;
            scene.said.remove(at);
            detectable("no EXISTS")
        }
        Kind::Count if opens => opened_count(scene),
        _ if opens => None,
        Kind::Delay => delay(scene),
        Kind::Validity => validity(scene),
        Kind::Count => count(scene),
        Kind::Limit => limit(scene),
        _ if values::is_about(&verb) => values::change(kind, scene),
        _ if verb == "FETCH" && scene.rng.below(8) > 0 => fetch::change(kind, scene),
        _ => plain(kind, scene),
    }
}

impl Scene<'_> {
    /// Without `UID`.
    pub(crate) fn verb(&self) -> &str {
        self.command.verb.strip_prefix("UID ").unwrap_or(&self.command.verb)
    }

    pub(crate) fn find(&self, text: &str) -> Option<usize> {
        self.said.iter().position(|out| String::from_utf8_lossy(out.bytes()).contains(text))
    }

    /// The FETCH responses and where they are.
    pub(crate) fn fetches(&self) -> Vec<(usize, Answer)> {
        let read = |(at, out): (usize, &Out)| Some((at, Answer::read(out.bytes())?));
        self.said.iter().enumerate().filter_map(read).collect()
    }

    pub(crate) fn tagged(&self) -> usize {
        let tag = format!("{} ", self.command.tag);
        self.said.iter().position(|out| out.bytes().starts_with(tag.as_bytes())).unwrap_or(self.said.len() - 1)
    }

    pub(crate) fn set_tagged(&mut self, text: &str) {
        let at = self.tagged();
        self.said[at] = Out::said(format!("{} {text}\r\n", self.command.tag));
    }

    /// The UIDs that the command names.
    pub(crate) fn asked(&self) -> Vec<u32> {
        let words: Vec<_> = self.command.line.split(' ').collect();
        let at = if ["SEARCH", "SORT", "THREAD"].contains(&self.verb()) {
            words.iter().rposition(|word| *word == "UID").map(|at| at + 1)
        } else {
            Some(3)
        };
        let set = at.and_then(|at| words.get(at)).copied().unwrap_or_default();
        // The saved result of the search that the calls make.
        if set == "$" {
            return self.world.mail.iter().filter(|mail| !mail.seen).map(|mail| mail.uid).collect();
        }
        let set = set.replace(":*", ":4294967295");
        let mail = self.world.mail.iter().map(|mail| mail.uid);
        mail.filter(|uid| {
            set.split(',').any(|part| {
                let (first, last) = part.split_once(':').unwrap_or((part, part));
                let bound = |text: &str| text.parse::<u32>().ok();
                bound(first).zip(bound(last)).is_some_and(|(first, last)| (first..=last).contains(uid))
            })
        })
        .collect()
    }
}

/// Too late, or in time; or endless chatter only.
fn delay(scene: &mut Scene<'_>) -> Change {
    let at = scene.rng.below(scene.said.len());
    if scene.rng.once_in(4) {
        let last = scene.said.split_off(at);
        let text = [STILL_HERE[0], "* 7 EXISTS\r\n", STILL_HERE[1]][scene.rng.below(3)];
        scene.said.push(Out::Chatter(text.into(), Duration::from_secs(20)));
        return detectable(format!("{text:?} every 20 s in place of the last {} responses", last.len()));
    }
    let seconds = [5, 45, 70, 500][scene.rng.below(4)];
    scene.said.insert(at, Out::Wait(Duration::from_secs(seconds)));
    detectable(format!("{seconds} s of silence before response {at}"))
}

fn validity(scene: &mut Scene<'_>) -> Change {
    if scene.find("[COPYUID ").is_some() && scene.rng.once_in(3) {
        return copied(scene, |validity, from, to| (validity + 7, from, to)).map(|text| (false, text));
    }
    let at = scene.rng.below(scene.said.len());
    scene.said.insert(at, Out::said(ANOTHER));
    // No mailbox is selected yet; the answer to SELECT, which may be on its way, says what is true.
    if ["ID", "ENABLE"].contains(&scene.verb()) {
        return consistent(format!("{ANOTHER:?} before response {at}"));
    }
    detectable(format!("{ANOTHER:?} before response {at}"))
}

fn count(scene: &mut Scene<'_>) -> Change {
    let real = scene.world.mail.len();
    let (is_detectable, text) = match scene.rng.below(5) {
        0 => (true, format!("* {} EXISTS\r\n", real + 3)),
        1 => (true, format!("* {} EXISTS\r\n", real - 3)),
        2 => (true, format!("* {} EXPUNGE\r\n", real + 5)),
        3 => (true, "* 4294967295 EXISTS\r\n".to_owned()),
        _ => (false, "* 1 EXPUNGE\r\n".to_owned()),
    };
    let at = scene.rng.below(scene.said.len());
    scene.said.insert(at, Out::said(text.clone()));
    Some((is_detectable, format!("{text:?} before response {at}")))
}

fn opened_count(scene: &mut Scene<'_>) -> Change {
    let at = scene.find(" EXISTS")?;
    let real = scene.world.mail.len();
    let count = [0, real - 2, real + 3, real + 1][scene.rng.below(4)];
    scene.said[at] = Out::said(format!("* {count} EXISTS\r\n"));
    Some((count > 0, format!("{count} EXISTS")))
}

/// RFC 9738 §3: cut after some messages, from the highest UID down.
fn limit(scene: &mut Scene<'_>) -> Change {
    let fetches = scene.fetches();
    let uids: Vec<u32> = match scene.verb() {
        "SEARCH" => found(scene),
        "FETCH" => fetches.iter().filter_map(|(_, answer)| answer.uid()).collect(),
        _ => scene.asked(),
    };
    let kept = scene.rng.below(uids.len().max(1));
    let lowest = if kept == 0 { uids.last() } else { uids.get(uids.len() - kept) };
    let lowest = lowest.copied().unwrap_or(3);
    match scene.verb() {
        "FETCH" => {
            for (at, answer) in fetches.into_iter().rev() {
                if answer.uid().is_some_and(|uid| uid < lowest) {
                    scene.said.remove(at);
                }
            }
        }
        "SEARCH" => {
            let kept: Vec<u32> = uids.into_iter().filter(|uid| *uid >= lowest).collect();
            set_found(scene, &kept);
        }
        _ => {}
    }
    let code = format!("[MESSAGELIMIT {} {lowest}]", kept.max(1));
    if scene.rng.once_in(3) {
        let at = scene.tagged();
        scene.said.insert(at, Out::said(format!("* NO {code} that is all\r\n")));
    } else {
        scene.set_tagged(&format!("OK {code} that is all"));
    }
    let again = if scene.always { ", again and again" } else { "" };
    detectable(format!("{code}{again}"))
}

/// The result of SEARCH.
pub(crate) fn found(scene: &Scene<'_>) -> Vec<u32> {
    let text = |at: usize| String::from_utf8_lossy(scene.said[at].bytes()).trim_end().to_owned();
    if let Some(at) = scene.find("* ESEARCH") {
        let text = text(at);
        let set = text.split_once(" ALL ").map(|(_, set)| set.to_owned()).unwrap_or_default();
        return wire::set(&set).unwrap_or_default().into_iter().collect();
    }
    let Some(at) = scene.find("* SEARCH") else { return Vec::new() };
    text(at).split(' ').skip(2).filter_map(|word| word.parse().ok()).collect()
}

pub(crate) fn set_found(scene: &mut Scene<'_>, uids: &[u32]) -> Option<()> {
    let all: Vec<String> = uids.iter().map(u32::to_string).collect();
    if let Some(at) = scene.find("* ESEARCH") {
        let all = if all.is_empty() { String::new() } else { format!(" ALL {}", all.join(",")) };
        scene.said[at] = Out::said(format!("* ESEARCH (TAG \"{}\") UID{all}\r\n", scene.command.tag));
        return Some(());
    }
    let at = scene.find("* SEARCH")?;
    let all: String = all.iter().map(|uid| format!(" {uid}")).collect();
    scene.said[at] = Out::said(format!("* SEARCH{all}\r\n"));
    Some(())
}

/// Changes COPYUID, and returns the new form.
pub(crate) fn copied(
    scene: &mut Scene<'_>,
    change: impl FnOnce(u32, Vec<u32>, Vec<u32>) -> (u32, Vec<u32>, Vec<u32>),
) -> Option<String> {
    let at = scene.find("[COPYUID ")?;
    let text = String::from_utf8_lossy(scene.said[at].bytes()).into_owned();
    let (before, rest) = text.split_once("[COPYUID ")?;
    let (code, after) = rest.split_once(']')?;
    let words: Vec<_> = code.split(' ').collect();
    let set = |at: usize| Some(wire::set(words.get(at)?)?.into_iter().collect::<Vec<_>>());
    let (validity, from, to) = change(words.first()?.parse().ok()?, set(1)?, set(2)?);
    let list = |set: &[u32]| set.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    let code = format!("[COPYUID {validity} {} {}]", list(&from), list(&to));
    scene.said[at] = Out::said(format!("{before}{code}{after}"));
    Some(code)
}

/// Changes of the response that ends the answer, and of those that are not FETCH.
fn plain(kind: Kind, scene: &mut Scene<'_>) -> Change {
    crate::plain::change(kind, scene)
}

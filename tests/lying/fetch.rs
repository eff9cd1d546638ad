//! Changes within the FETCH responses of an answer, and among them.

use crate::answer::{Answer, item};
use crate::lie::{Kind, Out};
use crate::plain;
use crate::untruth::{Change, Scene, consistent, detectable};

/// Begins the description of a text that is longer than its literal announces: the one lie that is not well-formed.
pub(crate) const SPILT: &str = "a literal too short";

/// What the command requests of each message.
struct Wants {
    whole: bool,
    section: bool,
    /// More than one message.
    many: bool,
}

impl Wants {
    fn of(scene: &Scene<'_>) -> Self {
        let whole = scene.command.line.contains("BODY.PEEK[]");
        let section = !whole && scene.command.line.contains("BODY.PEEK[");
        Self { whole, section, many: scene.asked().len() > 1 }
    }
}

pub(crate) fn change(kind: Kind, scene: &mut Scene<'_>) -> Change {
    // Another lie may have left nothing in a response.
    let mut fetches = scene.fetches();
    fetches.retain(|(_, answer)| !answer.items.is_empty());
    if fetches.is_empty() {
        return plain::change(kind, scene);
    }
    let (at, answer) = fetches[scene.rng.below(fetches.len())].clone();
    let wants = Wants::of(scene);
    match kind {
        Kind::Drop => drop_one(scene, at, answer),
        Kind::Repeat => repeat(scene, at, answer),
        Kind::Truncate => truncate(scene, at, answer, &wants),
        Kind::Empty => empty(scene, at, answer, &wants),
        Kind::Swap => swap(scene, at, answer, &wants),
        Kind::Rename => rename(scene, at, answer),
        Kind::Renumber => renumber(scene, at, answer, &wants),
        Kind::Interleave => interleave(scene, at, answer, &wants),
        Kind::Size => size(scene, at, answer),
        _ => None,
    }
}

fn put(scene: &mut Scene<'_>, at: usize, answer: &Answer) {
    scene.said[at] = Out::Said(answer.write());
}

fn drop_one(scene: &mut Scene<'_>, at: usize, mut answer: Answer) -> Change {
    let uid = answer.uid();
    let wanted = ["BODY[", "UID ", "RFC822.SIZE "][scene.rng.below(3)];
    if scene.rng.once_in(3) {
        scene.said.remove(at);
        return detectable(format!("nothing of {uid:?}"));
    }
    let Some(item) = answer.at(wanted).or_else(|| answer.at("UID ")) else { return plain::change(Kind::Drop, scene) };
    let gone = answer.items.remove(item);
    put(scene, at, &answer);
    let name = String::from_utf8_lossy(&gone).split(' ').next().unwrap_or_default().to_owned();
    detectable(format!("{uid:?} without its {name}"))
}

fn repeat(scene: &mut Scene<'_>, at: usize, answer: Answer) -> Change {
    let again = match scene.rng.below(3) {
        0 => answer.clone(),
        1 => {
            let flags = answer.items.iter().filter(|item| item.starts_with(b"UID ") || item.starts_with(b"FLAGS "));
            Answer { number: answer.number, items: flags.cloned().collect() }
        }
        // One item twice.
        _ => {
            let mut twice = answer.clone();
            let item = scene.rng.below(twice.items.len());
            twice.items.push(twice.items[item].clone());
            put(scene, at, &twice);
            return detectable(format!("an item of {:?} twice", answer.uid()));
        }
    };
    let place = at + scene.rng.below(2);
    scene.said.insert(place, Out::Said(again.write()));
    detectable(format!("{:?} twice", answer.uid()))
}

fn truncate(scene: &mut Scene<'_>, at: usize, mut answer: Answer, wants: &Wants) -> Change {
    let uid = answer.uid();
    let Some((place, name, text)) = answer.body().filter(|(_, _, text)| text.len() > 2) else {
        // The last ones, or the last items.
        if wants.many && scene.rng.once_in(2) {
            let kept: Vec<Out> = scene
                .said
                .iter()
                .enumerate()
                .filter(|(place, out)| *place < at || Answer::read(out.bytes()).is_none())
                .map(|(_, out)| out.clone())
                .collect();
            scene.said = kept;
            return detectable(format!("nothing from {uid:?} on"));
        }
        answer.items.truncate(1);
        put(scene, at, &answer);
        return detectable(format!("only the first item of {uid:?}"));
    };
    let length = 1 + scene.rng.below(text.len() - 2);
    if scene.rng.once_in(4) && !text.starts_with(b"*") {
        // The rest of the text spills into what follows it.
        let whole = String::from_utf8_lossy(&name).into_owned();
        answer.items[place] = [format!("{whole} {{{length}}}\r\n").as_bytes(), &text].concat();
        put(scene, at, &answer);
        return detectable(format!("{SPILT}: {length} for {} octets of {uid:?}", text.len()));
    }
    let ends = if scene.rng.once_in(3) { 1 } else { length };
    answer.set_body(&name, &text[..ends]);
    put(scene, at, &answer);
    Some((wants.whole, format!("{ends} of {} octets of {uid:?}", text.len())))
}

fn empty(scene: &mut Scene<'_>, at: usize, mut answer: Answer, wants: &Wants) -> Change {
    let uid = answer.uid();
    let Some((place, name, text)) = answer.body() else {
        answer.items.clear();
        put(scene, at, &answer);
        return detectable(format!("no item of {uid:?}"));
    };
    if text.is_empty() {
        return None;
    }
    let value = ["{0}\r\n", "\"\"", "NIL"][scene.rng.below(3)];
    answer.items[place] = [&name, format!(" {value}").as_bytes()].concat();
    let alike = scene.rng.once_in(3) && answer.set_size(0);
    put(scene, at, &answer);
    // A missing body is detectable whatever size is declared.
    Some((wants.whole, format!("{value:?} for the text of {uid:?}{}", if alike { ", and the size 0" } else { "" })))
}

fn swap(scene: &mut Scene<'_>, at: usize, mut answer: Answer, wants: &Wants) -> Change {
    let uid = answer.uid();
    let others: Vec<_> = scene.world.mail.iter().filter(|mail| Some(mail.uid) != uid).cloned().collect();
    if scene.rng.once_in(4) {
        let last = scene.tagged();
        if at < last {
            let early = scene.said.remove(last);
            scene.said.insert(at, early);
            return detectable(format!("the end of the answer before {uid:?}"));
        }
    }
    if let Some((_, name, text)) = answer.body() {
        let other = match others.iter().find(|mail| mail.bytes.len() == text.len()).filter(|_| scene.rng.once_in(2)) {
            Some(twin) => twin,
            None => &others[scene.rng.below(others.len())],
        };
        let other_text = if wants.whole { other.bytes.clone() } else { other.header().to_vec() };
        let mut is_detectable = wants.whole && other_text.len() != text.len();
        answer.set_body(&name, &other_text);
        let mut what = String::new();
        if wants.whole && scene.rng.once_in(3) && answer.set_size(other_text.len()) {
            // The listing before it said something else, if there was one.
            is_detectable = false;
            what = " with its size".to_owned();
        }
        put(scene, at, &answer);
        return Some((is_detectable, format!("the text of {} for {uid:?}{what}", other.uid)));
    }
    let Some(place) = answer.at("FLAGS ") else { return plain::change(Kind::Swap, scene) };
    answer.items[place] = b"FLAGS (\\Answered \\Draft)".to_vec();
    put(scene, at, &answer);
    consistent(format!("other flags of {uid:?}"))
}

fn rename(scene: &mut Scene<'_>, at: usize, mut answer: Answer) -> Change {
    let uid = answer.uid();
    let Some((place, name, text)) = answer.body() else {
        let place = answer.items.len() - 1;
        let item = &answer.items[place];
        answer.items[place] = [b"X-", &item[..]].concat();
        put(scene, at, &answer);
        return detectable(format!("another item of {uid:?}"));
    };
    let others =
        ["BODY[TEXT]", "BODY[1.MIME]", "BODY[2]", "BODY[HEADER.FIELDS (X)]", "X-NOTE", "BINARY[3]", "BODY[9.HEADER]"];
    let other = others[scene.rng.below(others.len())];
    answer.items[place] = item(other.as_bytes(), &text);
    put(scene, at, &answer);
    detectable(format!("{other} in place of {} of {uid:?}", String::from_utf8_lossy(&name)))
}

fn renumber(scene: &mut Scene<'_>, at: usize, mut answer: Answer, wants: &Wants) -> Change {
    let uid = answer.uid();
    let others: Vec<u32> = scene.world.mail.iter().map(|mail| mail.uid).filter(|other| Some(*other) != uid).collect();
    let choice = scene.rng.below(5);
    if let Some((place, name, text)) = answer.body().filter(|_| choice == 0) {
        let origin = [b"<100>".as_slice(), b"<1>", b"<4294967295>"][scene.rng.below(3)];
        let end = name.iter().rposition(|byte| *byte == b']').unwrap_or(name.len() - 1) + 1;
        answer.items[place] = item(&[&name[..end], origin].concat(), &text);
        put(scene, at, &answer);
        return detectable(format!("the text of {uid:?} at {}", String::from_utf8_lossy(origin)));
    }
    match choice {
        1 => {
            answer.number = [99, answer.number % 7 + 1, u32::MAX][scene.rng.below(3)];
            put(scene, at, &answer);
            detectable(format!("{uid:?} as number {}", answer.number))
        }
        2 => {
            let other = [0, 4, u32::MAX][scene.rng.below(3)];
            answer.set_uid(other);
            put(scene, at, &answer);
            detectable(format!("UID {other} for {uid:?}"))
        }
        _ => {
            let other = others[scene.rng.below(others.len())];
            let was_asked = scene.asked().contains(&other);
            answer.set_uid(other);
            // Servers send the last message for one that does not exist, and put the UID anywhere.
            let with_text = scene.rng.once_in(2) && scene.world.of(other).is_some_and(|other| answer.become_of(other));
            let comes_last = scene.rng.once_in(2) && answer.uid_last();
            put(scene, at, &answer);
            // A caller that deletes sees two answers for one message, and none for another; one that only reads has the first by then.
            let is_detectable = with_text || !was_asked || !(wants.whole || wants.section) || scene.world.deletes;
            let what = if with_text { "all of" } else { "UID" };
            let place = if comes_last { ", the UID last" } else { "" };
            Some((is_detectable, format!("{what} {other} for {uid:?}{place}")))
        }
    }
}

/// Unsolicited answers and items, before and between the requested ones.
fn interleave(scene: &mut Scene<'_>, at: usize, mut answer: Answer, wants: &Wants) -> Change {
    let Some(uid) = answer.uid() else { return plain::change(Kind::Interleave, scene) };
    let name = format!("UID {uid}");
    let said = |items: &[&[u8]]| Answer::new(answer.number, items);
    let body = answer.body();
    let stray = match scene.rng.below(9) {
        0 => said(&[name.as_bytes(), b"FLAGS (\\Flagged)"]),
        1 => said(&[name.as_bytes(), b"INTERNALDATE \" 1-Mar-2026 00:00:00 +0000\""]),
        2 => said(&[name.as_bytes(), b"RFC822.SIZE 287"]),
        3 => said(&[name.as_bytes(), &item(b"BODY[1.MIME]", b"mime")]),
        4 => said(&[name.as_bytes(), &item(b"BODY[]<100>", b"from the middle")]),
        5 => said(&[b"FLAGS (\\Seen)"]),
        6 => {
            let other = scene.world.mail.iter().find(|mail| mail.uid != uid)?;
            let other_name = format!("UID {}", other.uid);
            let section = body.map_or_else(|| b"BODY[]".to_vec(), |(_, section, _)| section);
            let text = item(&section, b"Subject: not asked\r\n\r\nfor\r\n");
            let stray = Answer::new(other.number, &[other_name.as_bytes(), &text]);
            scene.said.insert(at, Out::Said(stray.write()));
            // For a command that also requested it, it is as good as the true one.
            let answers = wants.whole || wants.section;
            let is_detectable = !scene.asked().contains(&other.uid) || !answers || scene.world.deletes;
            return Some((is_detectable, format!("a text for {} before that of {uid}", other.uid)));
        }
        choice => {
            let Some((place, _, _)) = body else { return plain::change(Kind::Interleave, scene) };
            let stray = if choice == 7 { item(b"X-NOTE", b"HELLO") } else { item(b"BODY[9.HEADER]", b"A: b\r\n\r\n") };
            answer.items.insert(place, stray);
            put(scene, at, &answer);
            return detectable(format!("another text within the answer for {uid}"));
        }
    };
    let place = at + scene.rng.below(2);
    let text = String::from_utf8_lossy(&stray.write()).into_owned();
    scene.said.insert(place, Out::Said(stray.write()));
    detectable(format!("{text:?} at response {place}"))
}

fn size(scene: &mut Scene<'_>, at: usize, mut answer: Answer) -> Change {
    let uid = answer.uid();
    let Some(mail) = uid.and_then(|uid| scene.world.of(uid)) else { return plain::change(Kind::Size, scene) };
    let size = [0, 1, mail.bytes.len() + 1, mail.bytes.len().saturating_sub(1), 4_294_967_295][scene.rng.below(5)];
    if let Some((_, name, text)) = answer.body().filter(|_| answer.at("RFC822.SIZE ").is_some() && scene.rng.once_in(3))
    {
        let longer = [&text, &b"more\r\n"[..]].concat();
        answer.set_body(&name, &longer);
        answer.set_size(longer.len());
        put(scene, at, &answer);
        return consistent(format!("{} octets more, and the size alike, of {uid:?}", 6));
    }
    if !answer.set_size(size) {
        return plain::change(Kind::Size, scene);
    }
    put(scene, at, &answer);
    // Another lie may have given the text this length.
    let alike = answer.body().is_some_and(|(_, _, text)| text.len() == size && text != mail.bytes);
    Some((!alike, format!("the size {size} of {uid:?}")))
}

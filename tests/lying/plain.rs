//! Changes of responses other than FETCH: the tagged response, the results of SEARCH, old and new UIDs. It reads no bodies.

use crate::lie::{Kind, Out};
use crate::untruth::{Change, Scene, consistent, copied, detectable, found, set_found};

pub(crate) fn change(kind: Kind, scene: &mut Scene<'_>) -> Change {
    match kind {
        Kind::Drop => drop_one(scene),
        Kind::Repeat => repeat(scene),
        Kind::Truncate => truncate(scene),
        Kind::Empty => empty(scene),
        Kind::Swap => swap(scene),
        Kind::Rename => rename(scene),
        Kind::Renumber => renumber(scene),
        Kind::Interleave => interleave(scene),
        Kind::Size => size(scene),
        _ => None,
    }
}

fn drop_one(scene: &mut Scene<'_>) -> Change {
    if let Some(at) = scene.find("SEARCH").filter(|_| scene.verb() == "SEARCH" && scene.rng.below(4) > 0) {
        scene.said.remove(at);
        return detectable("nothing said of what was found");
    }
    if scene.find("[COPYUID ").is_some() && scene.rng.once_in(2) {
        let at = scene.find("[COPYUID ")?;
        let text = String::from_utf8_lossy(scene.said[at].bytes()).into_owned();
        let (before, after) = (text.split_once('[')?.0, text.split_once("] ")?.1);
        scene.said[at] = Out::said(format!("{before}{after}"));
        return consistent("no COPYUID");
    }
    let at = scene.tagged();
    scene.said.remove(at);
    detectable("no end of the answer")
}

fn repeat(scene: &mut Scene<'_>) -> Change {
    let at = scene.rng.below(scene.said.len());
    let again = scene.said[at].clone();
    scene.said.insert(at, again);
    detectable(format!("response {at} twice"))
}

fn truncate(scene: &mut Scene<'_>) -> Change {
    let found = found(scene);
    if scene.verb() == "SEARCH" && found.len() > 1 {
        set_found(scene, &found[..found.len() / 2])?;
        return consistent("half of what was found");
    }
    if scene.find("[COPYUID ").is_some() {
        let text = copied(scene, |validity, from, to| {
            let half = from.len().div_ceil(2);
            (validity, from[..half].to_vec(), to[..half].to_vec())
        })?;
        return consistent(text);
    }
    scene.set_tagged("OK");
    detectable("no text")
}

fn empty(scene: &mut Scene<'_>) -> Change {
    if scene.verb() == "SEARCH" {
        set_found(scene, &[])?;
        return consistent("nothing found");
    }
    let had_code = scene.find("[COPYUID ").is_some_and(|at| at == scene.tagged());
    scene.set_tagged("OK ");
    Some((!had_code, "an empty text".to_owned()))
}

/// The end of the answer before the rest of it; or COPYUID with its two sets swapped.
fn swap(scene: &mut Scene<'_>) -> Change {
    if scene.find("[COPYUID ").is_some() && scene.rng.below(3) > 0 {
        let asked = scene.asked();
        let mut is_detectable = false;
        let text = copied(scene, |validity, from, to| {
            is_detectable = to.iter().any(|uid| !asked.contains(uid));
            (validity, to, from)
        })?;
        return Some((is_detectable, text));
    }
    let last = scene.said.len() - 1;
    if last == 0 {
        let tagged = String::from_utf8_lossy(scene.said[0].bytes()).into_owned();
        scene.said.push(Out::said(tagged.replacen(&scene.command.tag, "*", 1)));
        scene.said[0] = Out::said(format!("{} OK\r\n", scene.command.tag));
        return consistent("what the end of the answer says comes after it");
    }
    scene.said.swap(last - 1, last);
    detectable("the end of the answer before its last response")
}

fn rename(scene: &mut Scene<'_>) -> Change {
    if let Some(at) = scene.find("SEARCH").filter(|_| scene.verb() == "SEARCH" && scene.rng.below(3) > 0) {
        let text = String::from_utf8_lossy(scene.said[at].bytes()).replacen("SEARCH", "SORTED", 1);
        scene.said[at] = Out::said(text);
        return detectable("not SEARCH");
    }
    if let Some(at) = scene.find("[COPYUID ").filter(|_| scene.rng.once_in(2)) {
        let text = String::from_utf8_lossy(scene.said[at].bytes()).replacen("[COPYUID ", "[X-COPIED ", 1);
        scene.said[at] = Out::said(text);
        return consistent("not COPYUID");
    }
    let word = ["NO", "BAD"][scene.rng.below(2)];
    scene.set_tagged(&format!("{word} not done"));
    detectable(format!("{word} for what was done"))
}

fn renumber(scene: &mut Scene<'_>) -> Change {
    let asked = scene.asked();
    let mut found = found(scene);
    if scene.verb() == "SEARCH" && !found.is_empty() && scene.rng.below(4) > 0 {
        if let Some(at) = scene.find("* ESEARCH").filter(|_| scene.rng.once_in(2)) {
            let tag = format!("\"{}\"", scene.command.tag);
            let text = String::from_utf8_lossy(scene.said[at].bytes()).replacen(&tag, "\"Z9\"", 1);
            scene.said[at] = Out::said(text);
            return detectable("of another tag");
        }
        let at = scene.rng.below(found.len());
        found[at] = scene.world.mail.iter().map(|mail| mail.uid).find(|uid| !found.contains(uid)).unwrap_or(4_000_000);
        let other = found[at];
        set_found(scene, &found)?;
        return Some((!asked.is_empty() && !asked.contains(&other), format!("{other} found")));
    }
    if scene.find("[COPYUID ").is_some() {
        let other = if scene.rng.once_in(2) { 4_000_000 } else { asked[0] };
        let text = copied(scene, |validity, mut from, to| {
            let last = from.len() - 1;
            from[last] = other;
            (validity, from, to)
        })?;
        return Some((!asked.contains(&other), text));
    }
    let at = scene.tagged();
    let text = String::from_utf8_lossy(scene.said[at].bytes()).replacen(&scene.command.tag, "Z9", 1);
    scene.said[at] = Out::said(text);
    detectable("the end of another command's answer")
}

/// Unsolicited data, and other commands' answers.
fn interleave(scene: &mut Scene<'_>) -> Change {
    let text = [
        "* SEARCH 9 4000000\r\n",
        "* ESEARCH (TAG \"Z9\") UID ALL 9,4000000\r\n",
        "* STATUS INBOX (MESSAGES 3 UIDVALIDITY 99)\r\n",
        "* LIST () \"/\" INBOX\r\n",
        "* OK [COPYUID 5 4000000 4000001]\r\n",
        "* 2 FETCH (FLAGS (\\Deleted))\r\n",
        "* BYE is only a word\r\n",
    ];
    // A goodbye is true or the connection continues: nothing contradicts a server that says it and lives.
    let at = scene.rng.below(scene.said.len());
    let what = scene.rng.below(text.len());
    // Without ESEARCH a second list of numbers cannot be distinguished from the first.
    let confuses =
        what == 0 && scene.find("* SEARCH").is_some() || what == 4 && ["COPY", "MOVE"].contains(&scene.verb());
    scene.said.insert(at, Out::said(text[what]));
    Some((!confuses, format!("{:?} before response {at}", text[what])))
}

fn size(scene: &mut Scene<'_>) -> Change {
    let at = scene.rng.below(scene.said.len());
    let uid = scene.world.mail[2].uid;
    let text = format!("* 3 FETCH (UID {uid} RFC822.SIZE {})\r\n", scene.rng.below(1000));
    scene.said.insert(at, Out::said(text.clone()));
    detectable(format!("{text:?} before response {at}"))
}

//! Changes of the responses that carry the values of extensions: rights, quotas, entries, lists, orders and threads. What ends the answer
//! is changed as for other commands.

use crate::lie::{Kind, Out};
use crate::plain;
use crate::untruth::{Change, Scene, consistent, detectable};

/// The responses of each command, and whether it has one if all is well.
const OF: [(&str, &str, bool); 7] = [
    ("GETACL", "* ACL ", true),
    ("MYRIGHTS", "* MYRIGHTS ", true),
    ("GETQUOTAROOT", "* QUOTAROOT ", true),
    ("GETMETADATA", "* METADATA ", true),
    ("LIST", "* LIST ", false),
    ("SORT", "* SORT", true),
    ("THREAD", "* THREAD", true),
];

pub(crate) fn is_about(verb: &str) -> bool {
    OF.iter().any(|(of, ..)| *of == verb)
}

pub(crate) fn change(kind: Kind, scene: &mut Scene<'_>) -> Change {
    let verb = scene.verb().to_owned();
    let (_, start, required) = OF.iter().find(|(of, ..)| *of == verb)?;
    let elsewhere = scene.rng.once_in(3) && !(kind == Kind::Swap && verb == "GETQUOTAROOT");
    let Some(at) = scene.find(start).filter(|_| !elsewhere) else { return plain::change(kind, scene) };
    let text = String::from_utf8_lossy(scene.said[at].bytes()).into_owned();
    let of_messages = ["SORT", "THREAD"].contains(&&*verb);
    let change = |required: bool, text: String| if required { detectable(text) } else { consistent(text) };
    match kind {
        Kind::Drop => {
            scene.said.remove(at);
            change(*required, format!("no {}", start.trim()))
        }
        // Some servers split a long order.
        Kind::Repeat => {
            scene.said.insert(at, Out::said(text));
            change(*required && !of_messages, format!("{} twice", start.trim()))
        }
        // Of another mailbox, or another response.
        Kind::Rename if of_messages || !text.contains("INBOX") => {
            scene.said[at] = Out::said(text.replacen(start.trim(), "* X-OTHER", 1));
            change(*required, format!("not {}", start.trim()))
        }
        Kind::Rename => {
            scene.said[at] = Out::said(text.replacen("INBOX", "Archive", 1));
            change(*required, "of another mailbox".to_owned())
        }
        Kind::Renumber if of_messages => {
            let asked = scene.asked();
            let other = scene.world.mail.iter().map(|mail| mail.uid).find(|uid| !asked.contains(uid))?;
            let digits = text.find(|char: char| char.is_ascii_digit())?;
            let end = text[digits..].find(|char: char| !char.is_ascii_digit())? + digits;
            scene.said[at] = Out::said(format!("{}{other}{}", &text[..digits], &text[end..]));
            detectable(format!("{other} among what was asked about"))
        }
        Kind::Truncate if of_messages => {
            let cut = text.trim_end().rfind([' ', '('])?;
            let opened = text[..cut].matches('(').count() - text[..cut].matches(')').count();
            scene.said[at] = Out::said(format!("{}{}\r\n", text[..cut].trim_end(), ")".repeat(opened)));
            consistent("without the last")
        }
        // A root without a quota has no limits.
        Kind::Swap if verb == "GETQUOTAROOT" => plain::change(kind, scene).map(|(_, text)| (false, text)),
        _ => plain::change(kind, scene),
    }
}

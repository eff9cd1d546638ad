//! The flags in the names of a Maildir's files: `:2,` and a letter for each. It must not know where the files are.

use super::Head;
use crate::Flag;

/// Between the unique name and the flags. Windows allows no colon in a name.
const MARK: &str = if cfg!(windows) { ";2," } else { ":2," };
/// What ends the unique name, in the Maildirs of all programs.
const ENDS: [char; 4] = [':', ',', ';', '!'];
/// The letters, in the order in which the Maildir specification wants them.
const LETTERS: [(char, Flag); 6] = [
    ('D', Flag::DRAFT),
    ('F', Flag::FLAGGED),
    ('P', Flag::FORWARDED),
    ('R', Flag::ANSWERED),
    ('S', Flag::SEEN),
    ('T', Flag::DELETED),
];

/// What follows the unique name; nothing for a message that nobody has touched.
pub(super) fn of(head: &Head) -> String {
    let Some(flags) = &head.flags else { return String::new() };
    let letters: String = LETTERS.iter().filter(|(_, flag)| flags.contains(flag)).map(|(letter, _)| *letter).collect();
    if letters.is_empty() { letters } else { format!("{MARK}{letters}") }
}

/// The unique name.
pub(super) fn unique(name: &str) -> &str {
    name.split(ENDS).next().unwrap_or_default()
}

/// Whether what follows the unique name was made here: it becomes a part of a path.
pub(super) fn is_sound(name: &str) -> bool {
    let info = name.get(unique(name).len()..).unwrap_or_default();
    info.is_empty()
        || info.strip_prefix(MARK).is_some_and(|letters| letters.bytes().all(|byte| byte.is_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Flags, MessageId};

    #[test]
    fn flags_become_letters_in_their_order() {
        for (flags, expected) in [
            (&["\\Seen"][..], ":2,S"),
            (&["\\Seen", "\\flagged", "Work", "\\Answered"], ":2,FRS"),
            (&["\\Deleted", "$Forwarded", "\\Draft"], ":2,DPT"),
            (&["Work", "$Junk"], ""),
            (&[], ""),
        ] {
            let flags: Vec<Flag> = flags.iter().map(|flag| Flag::new(flag).unwrap()).collect();
            let mut head = Head::new(MessageId::other("test", "1"));
            assert_eq!(of(&head), "");
            head.flags = Some(Flags::from_iter(flags));
            assert_eq!(of(&head).replace(MARK, ":2,"), expected);
        }
        for (name, sound) in
            [("1.a", true), (&format!("1.a{MARK}FS"), true), ("1.a:2,/../x", false), ("1.a:1,S", false)]
        {
            assert_eq!(is_sound(name), sound, "{name}");
        }
        assert_eq!((unique("1.a:2,S"), unique("1.a"), unique("1.a;2,")), ("1.a", "1.a", "1.a"));
    }
}

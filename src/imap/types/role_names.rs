//! The names that servers, phones and mail programs give to mailboxes with a role, in their languages. It must not know attributes.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::role::Role;

/// The names of each role, the most usual first; the file says its form.
const NAMES: &str = include_str!("role_names.txt");

/// The headings of the roles in that file.
const HEADINGS: [(&str, Role); 5] = [
    ("[Sent]", Role::Sent),
    ("[Drafts]", Role::Drafts),
    ("[Trash]", Role::Trash),
    ("[Junk]", Role::Junk),
    ("[Archive]", Role::Archive),
];

/// The role of each name, and its place among the names of the role.
static ROLES: LazyLock<HashMap<&'static str, (Role, usize)>> = LazyLock::new(|| {
    let (mut roles, mut role, mut rank) = (HashMap::new(), None, 0);
    for line in NAMES.lines().filter(|line| !line.starts_with('#')) {
        match HEADINGS.iter().find(|(heading, _)| *heading == line) {
            Some((_, heading)) => (role, rank) = (Some(*heading), 0),
            None => {
                for name in line.split('|').map(str::trim).filter(|name| !name.is_empty()) {
                    roles.extend(role.map(|role| (name, (role, rank))));
                    rank += 1;
                }
            }
        }
    }
    roles
});

/// The longest name in the table, in bytes: a longer one need not be looked up.
const LONGEST: usize = 128;

/// The role of a mailbox with this name, and how usual the name is for it: 0 is the most usual.
pub(crate) fn find(name: &str) -> Option<(Role, usize)> {
    let name = name.trim();
    match name.len() {
        0..=LONGEST => ROLES.get(name.to_lowercase().as_str()).copied(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_in_lower_case_and_has_one_role() {
        let lines = NAMES.lines().filter(|line| !line.starts_with(['#', '[']) && !line.is_empty());
        let names: Vec<&str> = lines.flat_map(|line| line.split(" | ")).collect();
        for name in &names {
            assert_eq!((name.to_lowercase().as_str(), name.trim()), (*name, *name));
            assert!(name.len() <= LONGEST && ROLES.contains_key(name), "{name}");
        }
        assert_eq!(ROLES.len(), names.len(), "a name is in the table twice");
        assert!(NAMES.lines().filter(|line| line.starts_with('[')).eq(HEADINGS.map(|(heading, _)| heading)));
    }

    #[test]
    fn a_mailbox_is_created_under_the_most_usual_name() {
        for (_, role) in HEADINGS {
            assert_eq!(find(role.usual_name().unwrap()), Some((role, 0)));
        }
    }

    #[test]
    fn letter_case_and_spaces_do_not_matter() {
        for (name, role) in [
            ("Gesendete Objekte", Role::Sent),
            ("Sent Messages", Role::Sent),
            ("ЧЕРНОВИКИ", Role::Drafts),
            ("Çöp Kutusu", Role::Trash),
            (" Éléments supprimés ", Role::Trash),
            ("Spamverdacht", Role::Junk),
            ("迷惑メール", Role::Junk),
            ("Archives", Role::Archive),
        ] {
            assert_eq!(find(name).map(|(role, _)| role), Some(role), "{name}");
        }
        for name in ["", "Work", "Sent to me", "Trashy", "INBOX", &"sent".repeat(1000)] {
            assert_eq!(find(name), None, "{name}");
        }
        assert!(find("Sent").unwrap().1 < find("Sent Items").unwrap().1);
    }
}

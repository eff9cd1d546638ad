//! The tree: hierarchy, roles, aliases, and listings that are meant to harm.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::imap::codec::{list, status};
use crate::imap::types::detailed::{DetailedListing, Gathered};
use crate::imap::types::listed::Listing;

fn tree_and(lines: &[&str], xlist: &[&str]) -> FolderTree {
    let mut found = Gathered::default();
    for line in lines {
        match line.strip_prefix("STATUS ") {
            Some(_) => {
                let status = status::parse(format!("* {line}\r\n").as_bytes(), false).unwrap();
                let name = status.name.clone();
                found.get_mut(&name).unwrap().status = Some(status);
            }
            None => found.add(list::parse(format!("* LIST {line}\r\n").as_bytes(), false).unwrap()),
        }
    }
    let xlist = xlist.iter().map(|line| list::parse(format!("* XLIST {line}\r\n").as_bytes(), false).unwrap());
    FolderTree::new(found.listing, &Listing::new(xlist.collect(), Vec::new()))
}

fn tree(lines: &[&str]) -> FolderTree {
    tree_and(lines, &[])
}

/// Each mailbox with its depth as dots; in parentheses if it does not exist.
fn drawn(tree: &FolderTree) -> String {
    let line = |node: FolderNode<'_>| {
        let (dots, name) = (".".repeat(node.depth()), node.display_name());
        if node.exists() { format!("{dots}{name}") } else { format!("{dots}({name})") }
    };
    tree.iter().map(line).collect::<Vec<_>>().join(" ")
}

fn roles(tree: &FolderTree) -> Vec<String> {
    let with_role =
        tree.iter().filter_map(|node| Some(format!("{} {} {:?}", node.name(), node.role()?, node.role_source()?)));
    with_role.collect()
}

#[test]
fn parents_come_first_and_siblings_in_the_servers_order() {
    let tree = tree(&[
        "() \"/\" B/2",
        "() \"/\" INBOX",
        "() \"/\" A/x/y",
        "() \"/\" B",
        "() \"/\" B/1",
        "(\\Noselect) \"/\" A",
    ]);
    assert_eq!(drawn(&tree), "B .2 .1 INBOX A .(x) ..y");
    let roots: Vec<_> = tree.roots().map(|node| node.display_name()).collect();
    assert_eq!(roots, ["B", "INBOX", "A"]);
    let b = tree.find(&MailboxName::new("B").unwrap()).unwrap();
    assert_eq!(b.children().map(|node| node.display_name()).collect::<Vec<_>>(), ["2", "1"]);
    assert_eq!(b.children().map(|node| node.path()).collect::<Vec<_>>(), [["B", "2"], ["B", "1"]]);
    let y = tree.find(&MailboxName::new("A/x/y").unwrap()).unwrap();
    let x = y.parent().unwrap();
    assert_eq!((x.name().as_str(), x.exists(), x.is_listed(), x.is_selectable()), ("A/x", false, false, false));
    let a = x.parent().unwrap();
    assert_eq!((a.exists(), a.is_selectable(), a.parent().is_none()), (true, false, true));
    assert_eq!(a.descendants().map(|node| node.display_name()).collect::<Vec<_>>(), ["x", "y"]);
}

#[test]
fn each_name_has_its_own_delimiter() {
    let tree = tree(&[
        "() \".\" INBOX",
        "() \".\" inbox.Sent",
        "() \"/\" INBOX.not/below",
        "() NIL a.b/c",
        "() \".\" a.b",
        "() \"/\" a/b",
    ]);
    assert_eq!(drawn(&tree), "INBOX .Sent (INBOX.not) .below a.b/c (a) .b .b");
}

#[test]
fn a_parent_that_is_listed_with_another_delimiter_is_the_same_mailbox() {
    let tree = tree(&["() \"/\" a.b", "() \".\" a.b.c", "() \".\" a.b.c.d"]);
    assert_eq!(drawn(&tree), "a.b .c ..d (a)");
    assert_eq!(tree.len(), 4);
}

#[test]
fn delimiters_at_odd_places_separate_nothing() {
    let tree = tree(&["() \"/\" \"/etc/mail\"", "() \"/\" \"a//b\"", "() \"/\" \"//\"", "() \"/\" \"a///\""]);
    assert_eq!(drawn(&tree), "(/etc) .mail (a) ./b ./ /");
}

#[test]
fn names_in_odd_encodings_keep_their_bytes_in_their_parents() {
    let (mut listing, mut bytes) = (Gathered::default(), b"* LIST () \"/\" \"Entw\xfcrfe/x/&Jjo-\"\r\n".to_vec());
    listing.add(list::parse(&bytes, false).unwrap());
    bytes.truncate(0);
    let tree = FolderTree::new(listing.listing, &Listing::default());
    let top = tree.roots().next().unwrap();
    assert_eq!((top.display_name(), &*top.name().to_wire(false)), ("Entw\u{fffd}rfe", b"Entw\xfcrfe".as_slice()));
    let below = top.children().next().unwrap();
    assert_eq!(&*below.name().to_wire(false), b"Entw\xfcrfe/x".as_slice());
    let encoded = self::tree(&["() \"/\" \"&APw-ber/R&-D/&Jjo-\""]);
    assert_eq!(drawn(&encoded), "(über) .(R&D) ..☺");
}

#[test]
fn a_server_decides_the_roles_that_it_knows() {
    let marked = tree(&["(\\Sent) \"/\" Out", "() \"/\" Sent", "() \"/\" Spam", "() \"/\" INBOX"]);
    assert_eq!(roles(&marked), ["Out Sent SpecialUse", "Spam Junk Name", "INBOX Inbox Inbox"]);
    let lines = ["() \"/\" INBOX", "() \"/\" \"[Gmail]/Gesendet\"", "() \"/\" Sent", "() \"/\" \"[Gmail]/Papierkorb\""];
    let xlist = ["(\\Inbox) \"/\" INBOX", "(\\Sent) \"/\" \"[Gmail]/Gesendet\"", "(\\AllMail) \"/\" Elsewhere"];
    let gmail = tree_and(&lines, &xlist);
    let expected = ["INBOX Inbox Inbox", "[Gmail]/Gesendet Sent Xlist", "[Gmail]/Papierkorb Trash Name"];
    assert_eq!(roles(&gmail), expected);
}

#[test]
fn a_name_means_a_role_once_and_only_among_the_users_own() {
    let names = tree(&[
        "() \".\" INBOX",
        "() \".\" \"INBOX.Sent Items\"",
        "() \".\" INBOX.Sent",
        "() \".\" INBOX.Work.Drafts",
        "() \".\" user.bob.Trash",
        "() \".\" shared.Spam",
        "(\\Noselect) \".\" Archive",
    ]);
    assert_eq!(roles(&names), ["INBOX Inbox Inbox", "INBOX.Sent Sent Name"]);
    assert_eq!(names.special(Role::Sent).unwrap().name().as_str(), "INBOX.Sent");
    assert!(names.special(Role::Trash).is_none() && names.special(Role::Archive).is_none());
}

#[test]
fn the_best_of_several_is_special() {
    let several = tree(&["(\\Trash \\Noselect) \"/\" One", "(\\Trash) \"/\" Two/Three", "(\\Trash) \"/\" Four"]);
    assert_eq!(several.special(Role::Trash).unwrap().name().as_str(), "Four");
    let both = tree(&["(\\Archive \\Junk \\All) \"/\" One"]);
    let one = both.roots().next().unwrap();
    assert_eq!(one.role(), Some(Role::Archive));
    assert!(one.has_role(Role::Junk) && one.has_role(Role::All) && !one.has_role(Role::Sent));
}

#[test]
fn equal_ids_are_one_mailbox_and_equal_counts_may_be() {
    let lines = ["() \".\" X", "() \".\" INBOX.X", "() \".\" Y"];
    let of = |status: [&str; 3]| {
        let lines: Vec<&str> = lines.into_iter().chain(status).collect();
        let tree = tree(&lines);
        let first = tree.find(&MailboxName::new("X").unwrap()).unwrap();
        let found: Vec<_> = first.aliases().map(|(other, same)| (other.name().to_string(), same)).collect();
        found
    };
    let id = |x: &str, other: &str| {
        of([
            &format!("STATUS X (MESSAGES 0 MAILBOXID ({x}))"),
            &format!("STATUS INBOX.X (MESSAGES 0 MAILBOXID ({other}))"),
            "STATUS Y (MESSAGES 0 MAILBOXID (F3))",
        ])
    };
    assert_eq!(id("F1", "F1"), [("INBOX.X".to_owned(), SameMailbox::Same)]);
    assert_eq!(id("F1", "F2"), []);
    let counts = |x: &str, other: &str| {
        of([
            &format!("STATUS X (UIDVALIDITY 7 {x})"),
            &format!("STATUS INBOX.X (UIDVALIDITY 7 {other})"),
            "STATUS Y (UIDVALIDITY 8 UIDNEXT 9 MESSAGES 3 UNSEEN 1)",
        ])
    };
    let three = "UIDNEXT 9 MESSAGES 3 UNSEEN 1";
    assert_eq!(counts(three, three), [("INBOX.X".to_owned(), SameMailbox::Indistinct)]);
    assert_eq!(counts(three, "UIDNEXT 9 MESSAGES 3 UNSEEN 2"), []);
    assert_eq!(counts("UIDNEXT 1 MESSAGES 0", "UIDNEXT 1 MESSAGES 0"), []);
    assert_eq!(counts("MESSAGES 3", "MESSAGES 3"), []);
}

/// The levels of a name, by the rule of the documentation.
fn levels(name: &str, delimiter: char) -> Vec<&str> {
    let (mut levels, mut start) = (Vec::new(), 0);
    let chars: Vec<(usize, char)> = name.char_indices().collect();
    for (place, (at, char)) in chars.iter().enumerate() {
        let more = place + 1 < chars.len();
        if *char == delimiter && *at > start && more {
            levels.push(&name[..*at]);
            start = at + 1;
        }
    }
    levels
}

proptest! {
    /// Every mailbox is there once, below its nearest parent, and every parent is there.
    #[test]
    fn the_tree_is_what_the_names_say(names in prop::collection::btree_set("[ab/]{1,9}", 0..40), seed in any::<u64>()) {
        let mut names: Vec<String> = names.into_iter().filter(|name| !name.ends_with('/')).collect();
        let places = names.len().max(1);
        names.rotate_left(seed as usize % places);
        let lines: Vec<String> = names.iter().map(|name| format!("() \"/\" \"{name}\"")).collect();
        let tree = tree(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        let mut expected: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        expected.extend(names.iter().flat_map(|name| levels(name, '/')));
        let found: Vec<&str> = tree.iter().map(|node| node.name().as_str()).collect();
        prop_assert_eq!(found.iter().copied().collect::<BTreeSet<_>>(), expected);
        prop_assert_eq!(found.len(), tree.len());
        for node in &tree {
            let name = node.name().as_str();
            let above = levels(name, '/');
            prop_assert_eq!(node.parent().map(|parent| parent.name().as_str()), above.last().copied());
            prop_assert_eq!(node.depth(), above.len());
            prop_assert_eq!(node.is_listed(), names.iter().any(|listed| listed == name));
            prop_assert_eq!(node.exists(), node.is_listed());
            prop_assert_eq!(tree.find(node.name()).map(|node| node.place), Some(node.place));
            for child in node.children() {
                prop_assert_eq!(child.parent().map(|parent| parent.place), Some(node.place));
            }
            let below = node.descendants().filter(|other| levels(other.name().as_str(), '/').contains(&name)).count();
            prop_assert_eq!(node.descendants().count(), below);
        }
        let roots: usize = tree.roots().map(|root| 1 + root.descendants().count()).sum();
        prop_assert_eq!(roots, tree.len());
    }
}

/// Names of many levels, all different, so that every parent is missing.
#[test]
fn a_hostile_listing_makes_a_tree_of_bounded_size() {
    let deep = |first: usize| format!("{first}{}x", "/a".repeat(2000));
    let names: Vec<String> = (0..2000).map(deep).collect();
    let listed = names.iter().map(|name| {
        let name = MailboxName::new(name).unwrap();
        let mut listed = list::parse(b"* LIST () \"/\" x\r\n", false).unwrap();
        listed.name = name;
        MailboxDetails::new(listed)
    });
    let listing = DetailedListing { mailboxes: listed.collect(), ..DetailedListing::default() };
    let input: usize = names.iter().map(|name| name.len() + size_of::<Node>()).sum();
    let tree = FolderTree::new(listing, &Listing::default());
    assert_eq!(tree.iter().filter(FolderNode::is_listed).count(), names.len());
    let missing = tree.iter().filter(|node| !node.is_listed());
    let spent: usize = missing.map(|node| node.name().as_str().len() + size_of::<Node>()).sum();
    assert!(spent <= input + (1 << 18), "{spent} bytes of parents for {input} bytes of names");
    assert!(tree.iter().any(|node| node.display_name().contains('/')));
}

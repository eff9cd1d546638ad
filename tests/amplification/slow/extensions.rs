//! The answers to commands that are values, in turn: `run` of a folder, and a look at each response that it returns.

use std::future::Future;
use std::pin::Pin;

use postroom::imap::{
    EntryName, Extension, Folder, Imap, Items, MailboxName, MetadataDepth, Query, Response, SortKey, Uids,
};

use super::{ImapCall, imap_cost, limit_of, look, peak, tell};

type Tokens = (&'static str, &'static str, &'static str);

/// Each command: its name, the floods that answer it, and the call.
const CALLS: &[(&str, &[Tokens], ImapCall)] = &[
    (
        "GETACL",
        &[("* ACL INBOX", " a l", "\r\n"), ("* ACL INBOX", " \"\" \"\"", "\r\n"), ("", "* ACL INBOX\r\n", "")],
        |folder| run(folder, Extension::get_acl(&MailboxName::INBOX)),
    ),
    ("LISTRIGHTS", &[("* LISTRIGHTS INBOX a l", " s", "\r\n"), ("", "* LISTRIGHTS INBOX a l\r\n", "")], |folder| {
        run(folder, Extension::list_rights(&MailboxName::INBOX, "a"))
    }),
    ("MYRIGHTS", &[("", "* MYRIGHTS INBOX l\r\n", "")], |folder| {
        run(folder, Extension::my_rights(&MailboxName::INBOX))
    }),
    (
        "LANGUAGE",
        &[("* LANGUAGE (", "a ", ")\r\n"), ("", "* LANGUAGE (a)\r\n", ""), ("", "* LANGUAGE ()\r\n", "")],
        |folder| run(folder, Extension::language(&[])),
    ),
    ("COMPARATOR", &[("* COMPARATOR a (", "a ", ")\r\n"), ("", "* COMPARATOR a\r\n", "")], |folder| {
        run(folder, Extension::comparator(&[]))
    }),
    (
        "GETQUOTAROOT",
        &[
            ("* QUOTAROOT INBOX", " a", "\r\n"),
            ("", "* QUOTAROOT INBOX\r\n", ""),
            ("", "* QUOTAROOT INBOX a b c d e f g h i j\r\n", ""),
            ("", "* QUOTA () \r\n", ""),
        ],
        |folder| run(folder, Extension::get_quota_root(&MailboxName::INBOX)),
    ),
    (
        "GETQUOTA",
        &[("* QUOTA a (", "a 1 1 ", ")\r\n"), ("", "* QUOTA a ()\r\n", ""), ("", "* QUOTA ()\r\n", "")],
        |folder| run(folder, Extension::get_quota("a")),
    ),
    (
        "GETMETADATA",
        &[
            ("* METADATA \"\" (", "/shared/comment NIL ", ")\r\n"),
            ("", "* METADATA \"\" ()\r\n", ""),
            ("", "* METADATA \"\" (/shared/comment NIL)\r\n", ""),
        ],
        |folder| run(folder, metadata(EntryName::SHARED_COMMENT)),
    ),
    ("GETMETADATA", &[("* METADATA \"\" (", "/a NIL ", ")\r\n"), ("* METADATA \"\"", " /a", "\r\n")], |folder| {
        run(folder, metadata(EntryName::new("/a").unwrap()))
    }),
    ("GENURLAUTH", &[("* GENURLAUTH", " a", "\r\n"), ("", "* GENURLAUTH a\r\n", "")], |folder| {
        run(folder, Extension::new("GENURLAUTH").claim("GENURLAUTH"))
    }),
    ("URLFETCH", &[("* URLFETCH", " a NIL", "\r\n"), ("", "* URLFETCH a NIL\r\n", "")], |folder| {
        run(folder, Extension::new("URLFETCH").claim("URLFETCH"))
    }),
    (
        "UID THREAD",
        &[
            ("* THREAD ", "(1)", "\r\n"),
            ("* THREAD (1", " 1", ")\r\n"),
            ("* THREAD (1 ", "(1)", ")\r\n"),
            ("* THREAD ", "((1)(1))", "\r\n"),
            ("* THREAD ", "1 ", "\r\n"),
            ("", "* THREAD\r\n", ""),
            ("", "* THREAD (1)\r\n", ""),
        ],
        |folder| run(folder, Extension::thread("REFERENCES", Query::uids(Uids::ALL))),
    ),
    ("UID SORT", &[("* SORT", " 1", "\r\n"), ("* SORT", " 1 3 5 7 9 1", "\r\n"), ("", "* SORT\r\n", "")], |folder| {
        run(folder, Extension::sort(&[SortKey::DATE], Query::uids(Uids::ALL), None))
    }),
    (
        "UID FETCH",
        &[
            ("", "* 1 FETCH (UID 1)\r\n", ""),
            (
                "",
                "* 1 FETCH (UID 1 BODY ((((((((((\"a\" \"b\" NIL NIL NIL \"7\" 1) \"a\") \"a\") \"a\") \"a\") \"a\") \"a\") \"a\") \"a\") \"a\"))\r\n",
                "",
            ),
            ("", "* VANISHED 1\r\n", ""),
        ],
        |folder| {
            Box::pin(async move {
                let Ok(mut mail) = folder.fetch(Uids::ALL, Items::FLAGS).changed_since(1).await else { return };
                while let Ok(Some(_)) = mail.try_next().await {}
            })
        },
    ),
    ("LIST", &[("", "* LIST () \"/\" a\r\n", ""), ("* LIST (", "a ", ") NIL a\r\n")], |folder| {
        run(folder, Extension::new("LIST").claim("LIST").text("").text("*"))
    }),
    ("XYZ", &[("", "* X\r\n", ""), ("", "* X\r\n* Y\r\n", ""), ("* X ", "(", "\r\n")], |folder| {
        run(folder, Extension::new("XYZ").claim("X"))
    }),
];

fn metadata(entry: EntryName) -> Extension {
    Extension::get_metadata(None, &[entry], MetadataDepth::Entry, None)
}

/// Runs the command, and reads each response of its answer.
fn run(folder: &mut Folder<Imap>, extension: Extension) -> Pin<Box<dyn Future<Output = ()> + '_>> {
    Box::pin(async move {
        if let Ok(answer) = folder.run(extension).await {
            assert_eq!(answer.responses.iter().filter(|one| matches!(one, Response::Tagged { .. })).count(), 0);
        }
    })
}

fn every_flood(mut each: impl FnMut(&'static str, Tokens, ImapCall)) {
    for (name, floods, call) in CALLS {
        floods.iter().for_each(|tokens| each(name, *tokens, *call));
    }
}

#[test]
fn what_answers_an_extension_is_in_proportion() {
    let mut failures = Vec::new();
    every_flood(|name, tokens, call| look(name, tokens, |size| imap_cost(name, call, tokens, size), &mut failures));
    tell(&failures);
}

#[test]
fn up_to_every_limit_what_answers_an_extension_is_twice_the_limit() {
    let mut failures = Vec::new();
    every_flood(|name, tokens, call| {
        // The shortest of the whole lines are enough: the same is kept of each.
        if tokens.0.is_empty() && name != "XYZ" {
            return;
        }
        let size = limit_of(tokens) as usize - 64;
        failures.extend(peak(name, tokens, &imap_cost(name, call, tokens, size)));
    });
    tell(&failures);
}

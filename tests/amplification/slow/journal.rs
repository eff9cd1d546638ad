//! Events and notices that wait for a consumer: small responses that take far more memory once they are read.

use postroom::Limits;

use super::{ImapCall, imap_cost_within, limits, look_within, tell};

/// Parts within parts, as deep as [`Limits::nesting`] allows.
fn structure(name: &str, named: bool, number: usize) -> String {
    let depth = Limits::default().nesting - 2;
    let uid = if named { format!("UID {number} ") } else { String::new() };
    let leaf = "(\"a\" \"b\" NIL NIL NIL \"7\" 1)";
    format!("* 2 FETCH ({uid}{name} {}{leaf}{})\r\n", "(".repeat(depth), " \"a\")".repeat(depth))
}

/// The events wait until IDLE begins. The test takes the first; the others are put back.
const WATCH: ImapCall = |folder| {
    Box::pin(async {
        drop(folder.noop().await);
        if let Ok(mut events) = folder.idle().await {
            drop(events.try_next().await);
        }
    })
};

#[test]
fn deep_structures_that_nobody_asked_for_are_in_proportion() {
    let mut failures = Vec::new();
    let limits = Limits::default();
    for name in ["BODY", "BODYSTRUCTURE"] {
        for named in [false, true] {
            let cost = |size| {
                let one = structure(name, named, 1).len();
                let flood: String = (1..size / one).map(|number| structure(name, named, number)).collect();
                imap_cost_within(limits.clone(), "NOOP", WATCH, flood.into_bytes())
            };
            let what = format!("{name}, {}", if named { "named" } else { "nameless" });
            look_within(limits.undelivered as u64, &what, cost, &mut failures);
        }
    }
    tell(&failures);
}

#[test]
fn lists_that_nobody_asked_for_are_in_proportion() {
    let mut failures = Vec::new();
    for (name, begin, entry, end) in [
        ("ACL", "* ACL a", " a l", ""),
        ("LISTRIGHTS", "* LISTRIGHTS a a l", " s", ""),
        ("QUOTA", "* QUOTA a (", "a 1 1 ", ")"),
        ("QUOTAROOT", "* QUOTAROOT a", " a", ""),
        ("METADATA", "* METADATA a", " /a", ""),
        ("LANGUAGE", "* LANGUAGE (", "a ", ")"),
        ("URLFETCH", "* URLFETCH", " a NIL", ""),
        ("THREAD", "* THREAD ", "(1)", ""),
        ("LIST", "* LIST (", "a ", ") NIL a"),
    ] {
        for length in [120, 480, 4000] {
            let line = format!("{begin}{}{end}\r\n", entry.repeat(length / entry.len()));
            let cost = |size: usize| {
                let flood = line.repeat(size / line.len()).into_bytes();
                imap_cost_within(limits(), "NOOP", |folder| Box::pin(async { drop(folder.noop().await) }), flood)
            };
            look_within(limits().undelivered as u64, &format!("{name} of {length} bytes"), cost, &mut failures);
        }
    }
    tell(&failures);
}

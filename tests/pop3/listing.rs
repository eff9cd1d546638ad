//! Which messages a POP3 maildrop has if STAT, LIST and UIDL differ: they are asked once more, no message that any of them names
//! is dropped, and what stays in doubt is counted.

use postroom::pop3::Pop3;
use postroom::testing::Script;
use postroom::{Defect, Entry, Kind, Limits, Mailbox, Part};

use crate::support::{self, announced, me, plaintext};

async fn session(dialogue: &str) -> (Pop3, Script) {
    let mut limits = Limits::default();
    limits.untagged = 1000;
    let mut script = Script::new(&format!("{}{dialogue}", announced(&["UIDL"])));
    (support::session(script.stream(), plaintext().limits(limits), me()).await.unwrap(), script)
}

/// The answers of one round trip: what follows STAT's `+OK`, and the lines of both listings.
fn said(stat: &str, uidl: &[&str], list: &[&str]) -> String {
    let lines = |lines: &[&str]| lines.iter().map(|line| format!("S: {line}\n")).collect::<String>();
    let stat = if stat.starts_with('-') { stat.to_owned() } else { format!("+OK {stat}") };
    format!("C: STAT\nS: {stat}\nC: UIDL\nS: +OK\n{}S: .\nC: LIST\nS: +OK\n{}S: .\n", lines(uidl), lines(list))
}

/// The last part of each id if it lasts, otherwise `-`, with the size.
fn shown(entries: &[Entry]) -> Vec<(String, Option<u64>)> {
    let name = |entry: &Entry| match entry.id.is_lasting() {
        true => entry.id.to_string().rsplit('/').next().unwrap().to_owned(),
        false => "-".to_owned(),
    };
    entries.iter().map(|entry| (name(entry), entry.size)).collect()
}

/// Two messages, as an honest server lists them.
const HONEST: (&str, [&str; 2], [&str; 2]) = ("2 300", ["1 a", "2 b"], ["1 100", "2 200"]);

#[tokio::test]
async fn a_difference_is_asked_about_once_and_an_honest_server_never() {
    let honest = said(HONEST.0, &HONEST.1, &HONEST.2);
    for first in [
        String::new(),
        said("3 300", &HONEST.1, &HONEST.2),
        said("2 300", &["1 a"], &HONEST.2),
        said("2 300", &HONEST.1, &["2 200"]),
        said("2 300", &HONEST.1, &["1 100", "2 200", "2 201"]),
        said("2 300", &["1 a", "2 b", "2 c"], &HONEST.2),
        said("2 300", &["1 a", "1 b"], &["1 100", "1 200"]),
        said("2 300", &[], &[]),
    ] {
        let (mut pop3, script) = session(&format!("{first}{honest}")).await;
        let entries = pop3.entries().await.unwrap();
        assert_eq!(shown(&entries), [("a".to_owned(), Some(100)), ("b".to_owned(), Some(200))], "{first}");
        // A count that sinks within a session contradicts itself: there may be a message that is no longer listed.
        let disputed = u64::from(first.contains("OK 3 300"));
        assert_eq!((pop3.flaws().disputed, pop3.features().stable_ids), (disputed, true), "{first}");
        drop(pop3);
        script.finish().await.unwrap();
    }
}

#[tokio::test]
async fn what_stays_contradictory_is_an_entry_all_the_same() {
    for (stat, uidl, list, expected, unreadable, disputed) in [
        // A line without a size, and one that is only a number.
        ("2 300", vec!["1 a", "2 b"], vec!["1 100", "2 -"], "a:100 b:?", 1, 0),
        ("2 300", vec!["1 a", "2"], vec!["1 100", "2 200"], "a:100 -:200", 1, 0),
        // One listing hides what the other names.
        ("2 300", vec!["1 a", "2 b"], vec!["2 200"], "a:? b:200", 0, 1),
        ("2 300", vec!["2 b"], vec!["1 100", "2 200"], "-:100 b:200", 0, 1),
        ("2 300", vec!["1 a", "x y"], vec!["1 100", "2 200"], "a:100 -:200", 2, 1),
        // Both hide what STAT counts, at the end or between.
        ("3 300", vec!["1 a", "2 b"], vec!["1 100", "2 200"], "a:100 b:200 -:?", 0, 1),
        ("3 300", vec!["1 a", "3 c"], vec!["1 100", "3 300"], "a:100 -:? c:300", 0, 1),
        ("2 300", vec![], vec![], "-:? -:?", 0, 2),
        // Both name more than it counts.
        ("1 100", vec!["1 a", "2 b"], vec!["1 100", "2 200"], "a:100 b:200", 0, 1),
        // A number twice.
        ("2 300", vec!["1 a", "2 b"], vec!["1 100", "1 101", "2 200"], "a:? b:200", 0, 1),
        ("2 300", vec!["1 a", "2 b", "2 c"], vec!["1 100", "2 200"], "a:100 -:200", 0, 1),
        ("2 300", vec!["1 a", "2 b"], vec!["1 100", "2 200", "2 200"], "a:100 b:200", 0, 0),
    ] {
        let flight = said(stat, &uidl, &list);
        let once = disputed == 0 && list.len() == 2 && uidl.len() == 2;
        let (mut pop3, script) = session(&if once { flight.clone() } else { flight.repeat(2) }).await;
        let entries = pop3.entries().await.unwrap();
        let shown: Vec<_> = shown(&entries)
            .into_iter()
            .map(|(name, size)| format!("{name}:{}", size.map_or_else(|| "?".to_owned(), |size| size.to_string())))
            .collect();
        assert_eq!(shown.join(" "), expected, "{flight}");
        let flaws = pop3.flaws();
        assert_eq!((flaws.unreadable, flaws.disputed), (unreadable, disputed), "{flight}");
        assert_eq!(pop3.features().stable_ids, !expected.contains('-'), "{flight}");
        drop(pop3);
        script.finish().await.unwrap();
    }
}

/// github.com/getmail6/getmail6 issue 277: an invalid line of UIDL, and a line of LIST that ends too early.
#[tokio::test]
async fn lines_that_are_broken_hide_no_message() {
    let (mut pop3, script) = session(&said("2 48", &["abc def", "1 u1", "2 u2"], &["1", "2 24"])).await;
    let entries = pop3.entries().await.unwrap();
    assert_eq!(shown(&entries), [("u1".to_owned(), None), ("u2".to_owned(), Some(24))]);
    assert_eq!((pop3.flaws().unreadable, pop3.flaws().disputed), (2, 0));
    drop(pop3);
    script.finish().await.unwrap();

    let (pop3, _script) = session("C: LIST\nS: +OK\nS: 1\nS: 2 24\nS: .\nC: UIDL\nS: +OK\nS: 1 a\nS: 2\nS: .").await;
    assert_eq!(pop3.list().await.unwrap().len(), 1);
    assert_eq!(pop3.flaws().unreadable, 1);
    assert_eq!(pop3.uidl().await.unwrap().len(), 1);
    assert_eq!(pop3.flaws().unreadable, 2);
}

/// github.com/jstedfast/MailKit issue 872: STAT with one number.
#[tokio::test]
async fn a_stat_that_is_not_two_numbers_or_refused_says_nothing() {
    for stat in ["20437", "-ERR busy", "", "x y"] {
        let (mut pop3, script) = session(&said(stat, &HONEST.1, &HONEST.2)).await;
        assert_eq!(pop3.entries().await.unwrap().len(), 2, "{stat}");
        assert_eq!(pop3.flaws().disputed, 0);
        drop(pop3);
        script.finish().await.unwrap();
    }
}

#[tokio::test]
async fn a_message_that_only_stat_counts_can_be_asked_for() {
    let flight = said("2 300", &["1 a"], &["1 100"]);
    let (mut pop3, script) = session(&format!("{flight}{flight}C: RETR 2\nS: -ERR no such message")).await;
    let entries = pop3.entries().await.unwrap();
    let ids = [entries[1].id.clone()];
    let mut mail = Mailbox::messages(&mut pop3, &ids, Part::Whole).await.unwrap();
    let message = mail.try_next().await.unwrap().unwrap();
    assert_eq!((message.id(), message.defects()), (&ids[0], &[Defect::Refused { text: "no such message".into() }][..]));
    drop(mail);
    drop(pop3);
    script.finish().await.unwrap();
}

#[tokio::test]
async fn a_count_over_the_limit_is_an_error_and_makes_no_entries() {
    for (stat, ok) in [("1000 1", true), ("1001 1", false), ("18446744073709551615 1", false)] {
        let (mut pop3, _script) = session(&said(stat, &["1 a"], &["1 100"]).repeat(2)).await;
        match pop3.entries().await {
            Ok(entries) => assert_eq!((ok, entries.len()), (true, 1000)),
            Err(error) => assert_eq!((ok, error.kind()), (false, Kind::Limit)),
        }
    }
}

#[tokio::test]
async fn marked_messages_are_left_out_whether_the_server_counts_and_lists_them_or_not() {
    for (stat, uidl, list) in [
        ("1 200", vec!["2 b"], vec!["2 200"]),
        ("2 300", vec!["1 a", "2 b"], vec!["2 200"]),
        ("2 300", vec!["1 a", "2 b"], vec!["1 100", "2 200"]),
    ] {
        let honest = said(HONEST.0, &HONEST.1, &HONEST.2);
        let marked = said(stat, &uidl, &list);
        let (mut pop3, script) = session(&format!("{honest}C: DELE 1\nS: +OK\n{marked}")).await;
        let ids: Vec<_> = pop3.entries().await.unwrap().into_iter().map(|entry| entry.id).collect();
        pop3.mark_deleted(&ids[..1]).await.unwrap();
        assert_eq!(shown(&pop3.entries().await.unwrap()), [("b".to_owned(), Some(200))]);
        assert_eq!(pop3.flaws().disputed, 0);
        drop(pop3);
        script.finish().await.unwrap();
    }
}

#[tokio::test]
async fn a_name_that_changes_within_a_session_is_counted_and_the_first_stays() {
    let honest = said(HONEST.0, &HONEST.1, &HONEST.2);
    let (mut pop3, _script) = session(&format!("{honest}{}", said(HONEST.0, &["1 b", "2 a"], &HONEST.2))).await;
    let first = shown(&pop3.entries().await.unwrap());
    assert_eq!((shown(&pop3.entries().await.unwrap()), pop3.flaws().disputed), (first, 2));
}

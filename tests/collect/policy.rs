//! Collecting, over a mailbox, a ledger and a delivery in memory: which message is delivered, which is known, which is deleted.

use std::io::ErrorKind;
use std::time::Duration;

use postroom::Kind;
use postroom::collect::{Collector, Event, Policy, Step, Summary};
use time::OffsetDateTime;

use crate::maildrop::{Mail, Maildrop, Notes, Quit, Shelf, mail};

/// A user with one maildrop, from one run to the next.
#[derive(Default)]
struct Home {
    notes: Notes,
    shelf: Shelf,
    day: i64,
}

impl Home {
    fn collector(&self, policy: &Policy) -> Collector<Notes, Shelf> {
        let now = OffsetDateTime::from_unix_timestamp(self.day * 86_400).unwrap();
        Collector::new("me", self.notes.clone(), self.shelf.clone()).policy(policy.clone()).now(now)
    }

    async fn run(&self, policy: &Policy, maildrop: &mut Maildrop) -> Summary {
        self.collector(policy).run(maildrop).await.unwrap()
    }

    fn delivered(&self) -> Vec<String> {
        let subject = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().lines().next().unwrap()[9..].to_owned();
        self.shelf.delivered().into_iter().map(subject).collect()
    }
}

fn letters() -> Maildrop {
    Maildrop::new([mail("a", "one"), mail("b", "two"), mail("c", "three")])
}

#[tokio::test]
async fn what_is_kept_is_brought_once() {
    let (home, mut maildrop) = (Home::default(), letters());
    assert_eq!(home.run(&Policy::keep(), &mut maildrop).await.collected, 3);
    assert_eq!(home.run(&Policy::keep(), &mut maildrop).await.collected, 0);
    assert_eq!(home.delivered(), ["one", "two", "three"]);
    assert_eq!(maildrop.brought, ["a", "b", "c"]);
    assert_eq!(maildrop.keys(), ["a", "b", "c"]);
}

#[tokio::test]
async fn what_is_delivered_is_deleted() {
    let (home, mut maildrop) = (Home::default(), letters());
    let summary = home.run(&Policy::delete(), &mut maildrop).await;
    assert_eq!((summary.collected, summary.deleted), (3, 3));
    assert!(maildrop.mail.is_empty());
}

/// RFC 2449 §6.7: EXPIRE.
#[tokio::test]
async fn a_server_that_removes_what_the_policy_leaves_is_reported() {
    for (days, policy, warns) in [
        (Some(0), Policy::keep(), true),
        (Some(0), Policy::delete(), false),
        (Some(7), Policy::keep().days(30), true),
        (Some(7), Policy::keep().days(7), false),
        (Some(7), Policy::keep().newest(10), true),
        (None, Policy::keep(), false),
    ] {
        let (home, mut maildrop) = (Home::default(), letters());
        maildrop.kept_for = days.map(|days| Duration::from_secs(days * 86_400));
        let mut collector = home.collector(&policy);
        let mut run = collector.run(&mut maildrop);
        let mut events = Vec::new();
        while let Some(event) = run.next().await {
            events.push(event);
        }
        let warned = events.iter().position(|event| matches!(event, Event::MayExpire { .. }));
        let brought = events.iter().position(|event| matches!(event, Event::Collected { .. })).unwrap();
        assert_eq!(warned.is_some(), warns, "{days:?} {policy:?}");
        assert!(warned.is_none_or(|warned| warned < brought));
        let summary = run.finish().await.unwrap();
        assert_eq!(summary.kept_for.is_some(), warns);
        assert_eq!(summary.to_string().contains("keeps messages for"), warns);
    }
}

/// Its QUIT would delete what was downloaded and not stored.
#[tokio::test]
async fn on_a_server_that_deletes_what_was_downloaded_a_failure_stops_the_deletions() {
    for (kept_for, left) in [(Some(Duration::ZERO), 3), (None, 1)] {
        let (home, mut maildrop) = (Home::default(), letters());
        maildrop.kept_for = kept_for;
        maildrop.mail[0].refused = true;
        let summary = home.run(&Policy::delete(), &mut maildrop).await;
        assert_eq!((summary.collected, maildrop.mail.len()), (2, left), "{kept_for:?}");
        // The next run, in which nothing fails, deletes them.
        maildrop.mail[0].refused = false;
        home.run(&Policy::delete(), &mut maildrop).await;
        assert!(maildrop.mail.is_empty());
    }
}

#[tokio::test]
async fn a_message_that_fails_stays_and_the_others_do_not() {
    let (home, mut maildrop) = (Home::default(), letters());
    maildrop.mail[0].refused = true;
    home.shelf.fail([None, Some(ErrorKind::Other)]);
    let summary = home.run(&Policy::delete(), &mut maildrop).await;
    assert_eq!((summary.collected, summary.failed, summary.deleted), (1, 2, 1));
    assert_eq!(maildrop.keys(), ["a", "c"]);
    maildrop.mail[0].refused = false;
    assert_eq!(home.run(&Policy::delete(), &mut maildrop).await.collected, 2);
    assert_eq!(home.delivered().len(), 3);
}

#[tokio::test]
async fn a_full_disk_ends_the_run_and_deletes_nothing() {
    let (home, mut maildrop) = (Home::default(), letters());
    home.shelf.fail([None, Some(ErrorKind::StorageFull)]);
    let mut collector = home.collector(&Policy::delete());
    let error = collector.run(&mut maildrop).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Storage);
    assert_eq!(maildrop.keys(), ["a", "b", "c"]);
    assert_eq!(home.shelf.staged(), 0);
    home.run(&Policy::delete(), &mut maildrop).await;
    assert_eq!(home.delivered(), ["one", "three", "two"]);
    assert!(maildrop.mail.is_empty());
}

#[tokio::test]
async fn a_lost_quit_costs_no_duplicate() {
    for quit in [Quit::Lost, Quit::Broken] {
        let (home, mut maildrop) = (Home::default(), letters());
        maildrop.quit = quit;
        let summary = home.run(&Policy::delete(), &mut maildrop).await;
        assert_eq!((summary.deleted, summary.deletions_unknown), (0, 3));
        maildrop.quit = Quit::Answered;
        maildrop.mail.push(mail("d", "four"));
        let summary = home.run(&Policy::delete(), &mut maildrop).await;
        assert_eq!((summary.collected, maildrop.mail.len()), (1, 0), "{quit:?}");
        assert_eq!(home.delivered(), ["one", "two", "three", "four"]);
    }
}

#[tokio::test]
async fn a_renumbered_maildrop_is_recognised() {
    let (home, mut maildrop) = (Home::default(), letters());
    home.run(&Policy::keep(), &mut maildrop).await;
    for (mail, key) in maildrop.mail.iter_mut().zip(["x", "y", "z"]) {
        mail.key = key.to_owned();
    }
    maildrop.mail.push(mail("w", "four"));
    let summary = home.run(&Policy::keep(), &mut maildrop).await;
    assert_eq!((summary.recognised, summary.collected), (3, 1));
    let summary = home.run(&Policy::delete(), &mut maildrop).await;
    assert_eq!((summary.recognised, summary.collected, summary.deleted), (0, 0, 4));
    assert_eq!(home.delivered().len(), 4);
}

#[tokio::test]
async fn names_that_do_not_last_cost_a_look_and_no_duplicate() {
    let (home, mut maildrop) =
        (Home::default(), Maildrop::new([mail("\n1", "one"), mail("\n2", "two"), mail("\n3", "two")]));
    assert_eq!(home.run(&Policy::keep(), &mut maildrop).await.collected, 3);
    maildrop.mail.rotate_left(1);
    for (mail, key) in maildrop.mail.iter_mut().zip(["\n7", "\n8", "\n9"]) {
        mail.key = key.to_owned();
    }
    let before = home.notes.0.lock().unwrap().clone();
    assert_eq!(home.run(&Policy::keep(), &mut maildrop).await.recognised, 3);
    assert_eq!(*home.notes.0.lock().unwrap(), before, "nothing has changed");
    assert_eq!(home.run(&Policy::delete(), &mut maildrop).await.deleted, 3);
    assert!(maildrop.mail.is_empty());
    assert_eq!(home.delivered(), ["one", "two", "two"]);
    assert!(home.notes.0.lock().unwrap().is_empty(), "without a name they cannot come back");
}

#[tokio::test]
async fn twins_are_two_messages() {
    let (home, mut maildrop) = (Home::default(), Maildrop::new([mail("a", "same"), mail("b", "same")]));
    home.run(&Policy::keep(), &mut maildrop).await;
    maildrop.mail.push(mail("c", "same"));
    assert_eq!(home.run(&Policy::keep(), &mut maildrop).await.collected, 1);
    assert_eq!(home.delivered(), ["same"; 3]);
}

#[tokio::test]
async fn the_twin_of_a_message_that_was_deleted_is_not_taken_for_it() {
    let (home, mut maildrop) = (Home::default(), Maildrop::new([mail("a", "same"), mail("b", "same")]));
    home.shelf.fail([Some(ErrorKind::Other)]);
    let summary = home.run(&Policy::delete(), &mut maildrop).await;
    assert_eq!((summary.collected, summary.failed, summary.deleted), (1, 1, 1));
    let summary = home.run(&Policy::delete(), &mut maildrop).await;
    assert_eq!((summary.collected, summary.recognised), (1, 0));
    assert_eq!(home.delivered(), ["same"; 2]);
}

#[tokio::test]
async fn a_deleted_message_that_comes_back_by_its_name_is_known() {
    let (home, mut maildrop) = (Home::default(), letters());
    let before = maildrop.mail.clone();
    home.run(&Policy::delete(), &mut maildrop).await;
    maildrop.mail = before;
    maildrop.mail[0].bytes = mail("a", "new").bytes;
    let summary = home.run(&Policy::delete(), &mut maildrop).await;
    assert_eq!((summary.collected, summary.recognised, summary.deleted), (1, 2, 3));
    assert_eq!(home.delivered(), ["one", "two", "three", "new"]);
}

#[tokio::test]
async fn a_name_that_means_another_message_is_not_deleted_unseen() {
    let (home, mut maildrop) = (Home::default(), letters());
    home.run(&Policy::keep(), &mut maildrop).await;
    // Reused at once, with the same size, against RFC 1939 §7: only the header shows it.
    maildrop.mail[1].bytes = mail("b", "new").bytes;
    assert_eq!(home.run(&Policy::keep(), &mut maildrop).await.collected, 0);
    maildrop.looked_at.clear();
    let summary = home.run(&Policy::delete(), &mut maildrop).await;
    assert_eq!(maildrop.looked_at, ["a", "b", "c"]);
    assert_eq!((summary.collected, summary.deleted), (1, 3));
    assert_eq!(home.delivered(), ["one", "two", "three", "new"]);
}

#[tokio::test]
async fn a_name_that_was_gone_or_has_another_size_is_looked_at() {
    let (home, mut maildrop) = (Home::default(), letters());
    home.run(&Policy::keep(), &mut maildrop).await;
    let gone = maildrop.mail.remove(0);
    maildrop.mail[0].size = Some(7);
    assert_eq!(home.run(&Policy::keep(), &mut maildrop).await.recognised, 1);
    maildrop.mail.push(gone);
    assert_eq!(home.run(&Policy::keep(), &mut maildrop).await.recognised, 1);
    maildrop.mail[0] = mail("b", "quite another one");
    let summary = home.run(&Policy::keep(), &mut maildrop).await;
    assert_eq!((summary.recognised, summary.collected), (0, 1));
}

#[tokio::test]
async fn a_switch_of_protocol_brings_nothing_twice() {
    let (home, mut maildrop) = (Home::default(), letters());
    home.run(&Policy::keep(), &mut maildrop).await;
    let mut other =
        Maildrop::new(maildrop.mail.iter().map(|mail| Mail { key: format!("imap-{}", mail.key), ..mail.clone() }));
    assert_eq!(home.run(&Policy::keep(), &mut other).await.recognised, 3);
    assert_eq!(home.run(&Policy::keep(), &mut other).await.recognised, 0);
}

#[tokio::test]
async fn messages_stay_for_their_days() {
    let (mut home, mut maildrop) = (Home::default(), letters());
    let policy = Policy::keep().days(2).newest(3);
    home.run(&policy, &mut maildrop).await;
    home.day = 1;
    maildrop.mail.push(mail("d", "four"));
    assert_eq!(home.run(&policy, &mut maildrop).await.deleted, 1);
    assert_eq!(maildrop.keys(), ["b", "c", "d"]);
    home.day = 2;
    home.run(&policy, &mut maildrop).await;
    assert_eq!(maildrop.keys(), ["d"]);
}

#[tokio::test]
async fn a_large_message_leaves_its_header_until_it_may_come() {
    let (home, mut maildrop) = (Home::default(), letters());
    maildrop.mail[1].size = Some(5000);
    let policy = Policy::delete().skip_over(4000);
    let summary = home.run(&policy, &mut maildrop).await;
    assert_eq!((summary.collected, summary.headers, summary.deleted), (2, 1, 2));
    assert_eq!(home.run(&policy, &mut maildrop).await.headers, 0);
    assert_eq!(maildrop.keys(), ["b"]);
    let summary = home.run(&Policy::delete(), &mut maildrop).await;
    assert_eq!((summary.collected, summary.deleted), (1, 1));
    assert_eq!(home.delivered(), ["one", "three", "two", "two"]);
}

#[tokio::test]
async fn a_budget_gets_on_whatever_the_names_do() {
    for lasting in [true, false] {
        let home = Home::default();
        let mut maildrop = Maildrop::new((0..5).map(|n| mail(&n.to_string(), &format!("message {n}"))));
        for run in 0..3 {
            if !lasting {
                maildrop.mail.iter_mut().enumerate().for_each(|(at, mail)| mail.key = format!("\n{run}.{at}"));
            }
            home.run(&Policy::keep().most_messages(2), &mut maildrop).await;
        }
        assert_eq!(home.delivered().len(), 5, "lasting: {lasting}");
    }
}

#[tokio::test]
async fn a_dry_run_says_what_the_run_then_does() {
    let (home, mut maildrop) = (Home::default(), letters());
    home.run(&Policy::keep(), &mut maildrop).await;
    maildrop.mail.push(mail("d", "four"));
    maildrop.mail.push(Mail { size: Some(9999), ..mail("e", "five") });
    let mut collector = home.collector(&Policy::keep().newest(2).skip_over(5000));
    let notes = home.notes.0.lock().unwrap().clone();
    let plan = collector.plan(&mut maildrop).await.unwrap();
    assert_eq!(*home.notes.0.lock().unwrap(), notes);
    let steps: Vec<_> = plan.rows.iter().map(|row| (row.step, row.deletes)).collect();
    let known = (Step::Known, true);
    assert_eq!(steps, [known, known, known, (Step::Collect, false), (Step::CollectHeader, false)]);
    assert!(
        plan.to_string().ends_with("1 messages (23 octets) and 1 headers to download, 3 of 5 messages to delete"),
        "{plan}"
    );
    let summary = collector.run(&mut maildrop).await.unwrap();
    assert_eq!((summary.collected, summary.headers, summary.deleted), (1, 1, 3));
}

#[tokio::test]
async fn events_tell_of_each_message() {
    let (home, mut maildrop) = (Home::default(), letters());
    maildrop.mail[2].refused = true;
    let mut collector = home.collector(&Policy::delete());
    let mut run = collector.run(&mut maildrop);
    let mut told = Vec::new();
    while let Some(event) = run.next().await {
        told.push(match event {
            Event::Listed { messages, wanted, .. } => format!("listed {messages} {wanted}"),
            Event::Collected { octets, .. } => format!("collected {octets}"),
            Event::Failed { error, .. } => format!("failed {:?}", error.kind()),
            Event::Deleted { .. } => "deleted".to_owned(),
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(told, ["listed 3 3", "collected 21", "collected 21", "failed Busy", "deleted", "deleted"]);
    assert_eq!(run.summary().failed, 1);
    assert!(run.error().is_none());
    run.finish().await.unwrap();
}

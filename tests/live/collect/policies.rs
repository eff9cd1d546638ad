//! What is collected, and what is left on the server: the same by either protocol.

use postroom::collect::{Collector, FileLedger, Maildir, Policy, Summary};
use postroom::imap::{Imap, Uid};
use postroom::pop3::Pop3;
use postroom::{Flag, FlagChange, Kind, Mailbox};
use time::OffsetDateTime;

use super::robbed::Robbed;
use crate::awkward_mail::{maildir, sorted};
use crate::live::{fill, imap_config, login, message, pop3_config};
use crate::scratch::Scratch;
use crate::server::Brand;
use crate::suite::Trial;

#[derive(Clone, Copy)]
enum Protocol {
    Imap,
    Pop3,
}

use Protocol::{Imap as ByImap, Pop3 as ByPop3};

async fn open(user: &Trial, protocol: Protocol) -> Box<dyn Mailbox> {
    match protocol {
        ByPop3 => Box::new(Pop3::connect(pop3_config(&user.server), login(user)).await.unwrap()),
        ByImap => {
            let imap = Imap::connect(imap_config(&user.server), login(user)).await.unwrap();
            Box::new(imap.into_folder("INBOX").await.unwrap())
        }
    }
}

/// One run on that day, with the ledger and the Maildir of earlier ones.
async fn collect(user: &Trial, home: &Scratch, protocol: Protocol, policy: Policy, day: i64) -> Summary {
    let ledger = FileLedger::open(home.join("ledger")).await.unwrap();
    let delivery = Maildir::open(home.join("mail")).await.unwrap();
    let now = OffsetDateTime::from_unix_timestamp(1_700_000_000 + day * 86_400).unwrap();
    let mut collector = Collector::new("me", ledger, delivery).policy(policy).now(now);
    let mut mailbox = open(user, protocol).await;
    let summary = collector.run(&mut *mailbox).await.unwrap();
    assert_eq!((summary.failed, summary.deletions_unknown), (0, 0), "{summary}");
    summary
}

fn is_home(home: &Scratch, numbers: impl IntoIterator<Item = u32>) -> bool {
    maildir(&home.join("mail")) == sorted(numbers.into_iter().map(message).collect())
}

async fn mail_is_moved(user: &Trial, protocol: Protocol) {
    let home = Scratch::new();
    fill(user, 3);
    let summary = collect(user, &home, protocol, Policy::delete(), 0).await;
    assert_eq!((summary.collected, summary.deleted), (3, 3));
    assert!(is_home(&home, 1..=3) && user.left(0).await.is_empty());
    user.deliver("INBOX", &message(4));
    let summary = collect(user, &home, protocol, Policy::delete(), 0).await;
    assert_eq!((summary.collected, summary.recognised, summary.deleted), (1, 0, 1));
    assert!(is_home(&home, 1..=4) && user.left(0).await.is_empty());
}

async fn mail_is_copied_once(user: &Trial, protocol: Protocol) {
    let home = Scratch::new();
    fill(user, 3);
    assert_eq!(collect(user, &home, protocol, Policy::keep(), 0).await.collected, 3);
    let summary = collect(user, &home, protocol, Policy::keep(), 1).await;
    assert_eq!((summary.listed, summary.collected, summary.recognised), (3, 0, 0));
    assert!(is_home(&home, 1..=3));
    assert_eq!(user.stored("INBOX"), [message(1), message(2), message(3)]);
}

async fn mail_stays_for_days_and_the_newest_only(user: &Trial, protocol: Protocol) {
    let home = Scratch::new();
    fill(user, 3);
    let policy = || Policy::keep().days(2).newest(2);
    let summary = collect(user, &home, protocol, policy(), 0).await;
    assert_eq!((summary.collected, summary.deleted), (3, 1));
    assert_eq!(user.left(2).await, [message(2), message(3)]);
    assert_eq!(collect(user, &home, protocol, policy(), 1).await.deleted, 0);
    let summary = collect(user, &home, protocol, policy(), 2).await;
    assert_eq!((summary.collected, summary.deleted), (0, 2));
    assert!(is_home(&home, 1..=3) && user.left(0).await.is_empty());
}

pub(crate) async fn mail_is_moved_by_pop3(user: &Trial) {
    mail_is_moved(user, ByPop3).await;
}

pub(crate) async fn mail_is_copied_by_pop3_once(user: &Trial) {
    mail_is_copied_once(user, ByPop3).await;
}

pub(crate) async fn mail_stays_by_pop3_for_days_and_the_newest_only(user: &Trial) {
    mail_stays_for_days_and_the_newest_only(user, ByPop3).await;
}

pub(crate) async fn mail_is_moved_by_imap(user: &Trial) {
    mail_is_moved(user, ByImap).await;
}

pub(crate) async fn mail_is_copied_by_imap_once_and_unseen(user: &Trial) {
    mail_is_copied_once(user, ByImap).await;
    let entries = open(user, ByImap).await.entries().await.unwrap();
    assert!(entries.iter().all(|entry| !entry.flags.as_ref().unwrap().contains(&Flag::SEEN)));
}

pub(crate) async fn mail_stays_by_imap_for_days_and_the_newest_only(user: &Trial) {
    mail_stays_for_days_and_the_newest_only(user, ByImap).await;
}

pub(crate) async fn a_switch_of_protocol_brings_nothing_twice(user: &Trial) {
    let home = Scratch::new();
    fill(user, 3);
    assert_eq!(collect(user, &home, ByPop3, Policy::keep(), 0).await.collected, 3);
    for protocol in [ByImap, ByPop3] {
        let summary = collect(user, &home, protocol, Policy::keep(), 0).await;
        assert_eq!((summary.collected, summary.recognised), (0, 3));
        let summary = collect(user, &home, protocol, Policy::keep(), 0).await;
        assert_eq!((summary.collected, summary.recognised), (0, 0));
    }
    assert!(is_home(&home, 1..=3));
}

pub(crate) async fn a_message_that_another_session_expunges_is_gone(user: &Trial) {
    let home = Scratch::new();
    fill(user, 3);
    let ledger = FileLedger::open(home.join("ledger")).await.unwrap();
    let delivery = Maildir::open(home.join("mail")).await.unwrap();
    let mut collector = Collector::new("me", ledger, delivery).policy(Policy::delete());
    let mut mailbox = Robbed { mailbox: open(user, ByImap).await, other: open(user, ByImap).await };
    match collector.run(&mut mailbox).await {
        // It still had the text: RFC 2180 §4.1.1.
        Ok(summary) if user.brand() == Brand::Embedded => assert_eq!(summary.collected, 3, "{summary}"),
        Ok(summary) => assert_eq!((summary.gone, summary.collected, summary.failed), (1, 2, 0), "{summary}"),
        // Courier's imapd may end when it is asked for the text of a message that another session has expunged.
        Err(error) => {
            assert_eq!((error.kind(), user.brand()), (Kind::Closed, Brand::Courier), "{error}");
            let summary = collector.run(&mut *open(user, ByImap).await).await.unwrap();
            assert_eq!((summary.listed, summary.collected, summary.failed), (2, 2, 0), "{summary}");
        }
    }
    let first = if user.brand() == Brand::Embedded { 1 } else { 2 };
    assert!(is_home(&home, first..=3) && user.left(0).await.is_empty());
}

/// While the collecting session still has it in its list.
async fn what_another_session_expunges_is_not_stored_as_something_else(user: &Trial, protocol: Protocol) {
    let home = Scratch::new();
    fill(user, 3);
    let mut mailbox = open(user, protocol).await;
    mailbox.entries().await.unwrap();
    let mut other = Imap::connect(imap_config(&user.server), login(user)).await.unwrap();
    let inbox = other.select("INBOX").await.unwrap();
    inbox.store(Uid::new(2).unwrap(), &FlagChange::add([Flag::DELETED])).await.unwrap();
    inbox.close().await.unwrap();

    let ledger = FileLedger::open(home.join("ledger")).await.unwrap();
    let delivery = Maildir::open(home.join("mail")).await.unwrap();
    // Whether the run can continue in such a mailbox depends on the server.
    let _ = Collector::new("me", ledger, delivery).policy(Policy::delete()).run(&mut *mailbox).await;
    drop(mailbox);
    let (brought, left) = (maildir(&home.join("mail")), user.stored("INBOX"));
    for bytes in &brought {
        assert!((1..=3).any(|number| *bytes == message(number)), "not among them: {}", bytes.escape_ascii());
    }
    for number in [1, 3] {
        assert!(brought.contains(&message(number)) || left.contains(&message(number)), "{number} is lost");
    }
}

pub(crate) async fn what_another_session_expunges_is_not_stored_as_something_else_by_imap(user: &Trial) {
    what_another_session_expunges_is_not_stored_as_something_else(user, ByImap).await;
}

pub(crate) async fn what_another_session_expunges_is_not_stored_as_something_else_by_pop3(user: &Trial) {
    what_another_session_expunges_is_not_stored_as_something_else(user, ByPop3).await;
}

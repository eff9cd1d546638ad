//! POP3 accounts, on a paused clock: one session at a time, LOGIN-DELAY, sessions that end without deleting, and new mail.

use std::time::Duration;

use postroom::account::{AccountNotice, MaildropChange, MaildropWatch, Pop3Account, Pop3AccountBuilder};
use postroom::testing::{Builder, Fault, Server, Trouble};
use postroom::{Deadlines, Kind, Login, Mailbox};
use tokio::time::{Instant, sleep, timeout};

use crate::fake::{Fake, Weather, reported};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(60 * 60);

fn account_of(fake: &Fake, password: &str) -> Pop3AccountBuilder {
    let config = fake.config("localhost").deadlines(Deadlines::default().poll(10 * SECOND));
    Pop3Account::new(config, Login::password("alice", password))
}

fn account(builder: Builder) -> (Fake, Pop3Account) {
    let fake = Fake::new(builder);
    let account = account_of(&fake, "alicepw").patience(HOUR).build().unwrap();
    (fake, account)
}

fn lines(fake: &Fake, word: &str) -> usize {
    fake.server().commands().iter().filter(|line| line.split_whitespace().next() == Some(word)).count()
}

fn deliver(fake: &Fake, subject: &str) {
    fake.server().deliver("alice", "INBOX", format!("Subject: {subject}\r\n\r\n{subject}\r\n"), &[]).unwrap();
}

fn left(fake: &Fake) -> usize {
    fake.server().snapshot("alice").unwrap().messages("INBOX").len()
}

#[tokio::test(start_paused = true)]
async fn there_is_one_session_at_a_time_and_each_is_ended_by_quit() {
    let (fake, account) = account(Server::builder().sample_mail());
    let asking: Vec<_> = (0..9)
        .map(|_| {
            let account = account.clone();
            tokio::spawn(async move { account.run(|pop3| pop3.entries()).await.unwrap().len() })
        })
        .collect();
    for asked in asking {
        assert_eq!(asked.await.unwrap(), 30);
    }
    fake.server().all_closed().await;
    assert_eq!((fake.most_seen(), fake.tried(), lines(&fake, "QUIT")), (1, 9, 9));
}

#[tokio::test(start_paused = true)]
async fn logins_keep_the_servers_login_delay() {
    let (fake, account) = account(Server::builder().pop3_login_delay(90));
    for _ in 0..4 {
        account.run(|pop3| pop3.entries()).await.unwrap();
        sleep(30 * SECOND).await;
        account.network_changed();
    }
    assert_eq!(fake.waits(), [90, 90, 90]);
    assert_eq!(account.stats().failures, 0);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_session_deletes_nothing_and_a_committed_one_what_is_marked() {
    let (fake, account) = account(Server::builder().sample_mail());
    for is_committed in [false, true] {
        let mut session = account.session().await.unwrap();
        let ids: Vec<_> = session.entries().await.unwrap().into_iter().take(3).map(|entry| entry.id).collect();
        session.mark_deleted(&ids).await.unwrap();
        if is_committed {
            let committed = session.commit().await.unwrap();
            assert_eq!((committed.deleted.len(), committed.unknown.len()), (3, 0));
        } else {
            drop(session);
            assert_eq!(account.run(|pop3| pop3.entries()).await.unwrap().len(), 30);
        }
    }
    fake.server().all_closed().await;
    assert_eq!(left(&fake), 27);
}

/// The session is dropped while a DELE is on its way, and RSET is not answered: then there is no QUIT.
#[tokio::test(start_paused = true)]
async fn without_the_reply_to_rset_there_is_no_quit() {
    for trouble in [Trouble::No, Trouble::Drop, Trouble::Stall, Trouble::LoseReply] {
        let (fake, account) = account(Server::builder().sample_mail());
        fake.server().fault(Fault::at("RSET", trouble));
        let mut session = account.session().await.unwrap();
        let ids: Vec<_> = session.entries().await.unwrap().into_iter().map(|entry| entry.id).collect();
        assert!(timeout(Duration::ZERO, session.mark_deleted(&ids)).await.is_err());
        drop(session);
        assert_eq!(timeout(HOUR, account.run(|pop3| pop3.entries())).await.unwrap().unwrap().len(), 30, "{trouble:?}");
        assert_eq!(left(&fake), 30, "{trouble:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_quit_is_reported() {
    let (fake, account) = account(Server::builder().sample_mail());
    for trouble in [Trouble::LoseReply, Trouble::Drop] {
        fake.server().fault(Fault::at("QUIT", trouble));
        let mut session = account.session().await.unwrap();
        let id = session.entries().await.unwrap().remove(0).id;
        session.mark_deleted(std::slice::from_ref(&id)).await.unwrap();
        let committed = session.commit().await.unwrap();
        assert_eq!((committed.deleted, committed.unknown), (vec![], vec![id]));

        fake.server().fault(Fault::at("QUIT", trouble));
        let session = account.session().await.unwrap();
        session.dele(postroom::pop3::Number::new(1).unwrap()).await.unwrap();
        assert_eq!(session.quit().await.unwrap_err().kind(), Kind::Unknown);
    }
    assert_eq!(left(&fake), 28);
}

#[tokio::test(start_paused = true)]
async fn a_read_is_repeated_and_a_refused_password_is_not() {
    let (fake, account) = account(Server::builder().sample_mail());
    fake.server().fault(Fault::at("UIDL", Trouble::Drop));
    assert_eq!(account.run(|pop3| pop3.entries()).await.unwrap().len(), 30);
    fake.server().fault(Fault::at("UIDL", Trouble::Drop));
    fake.server().fault(Fault::at("UIDL", Trouble::Drop));
    account.run(|pop3| pop3.entries()).await.unwrap_err();
    assert_eq!(fake.tried(), 4, "two sessions died at the same call");

    let account = account_of(&fake, "wrong").build().unwrap();
    let mut notices = account.notices();
    for _ in 0..5 {
        assert_eq!(account.run(|pop3| pop3.entries()).await.unwrap_err().kind(), Kind::Login);
    }
    assert_eq!(fake.tried(), 5);
    assert!(matches!(&reported(&mut notices)[..], [AccountNotice::Stopped(_)]));
}

/// Whatever happens to the connections, and wherever the future is dropped, each message is reported once.
#[tokio::test(start_paused = true)]
async fn a_watch_reports_each_message_once_through_all_losses() {
    let (fake, account) = account(Server::builder());
    deliver(&fake, "old");
    let known = account.run(|pop3| pop3.entries()).await.unwrap();
    let mut watch = account.watch(known.into_iter().map(|entry| entry.id));
    let weathers = [Weather::Down, Weather::Fine, Weather::Silent, Weather::Says("S: -ERR [SYS/TEMP] busy\n close")];
    let mut seen = 0;
    for round in 0..40 {
        deliver(&fake, &format!("new {round}"));
        fake.weather(weathers[round % weathers.len()].clone());
        if round % 3 == 0 {
            fake.server().fault(Fault::CutAfter(50 + 7 * round as u64));
        }
        seen += within(&mut watch, Duration::from_millis(997 * round as u64)).await;
        fake.server().disconnect_all();
    }
    fake.calm();
    seen += within(&mut watch, HOUR).await;
    assert_eq!(seen, 40);
    fake.server().expunge("alice", "INBOX", 1).unwrap();
    let change = timeout(HOUR, watch.next()).await.unwrap().unwrap();
    assert!(matches!(&change, MaildropChange::Vanished(ids) if ids.len() == 1), "{change:?}");
}

/// The new messages that are reported within this time.
async fn within(watch: &mut MaildropWatch, time: Duration) -> usize {
    let (end, mut seen) = (Instant::now() + time, 0);
    while let Ok(change) = tokio::time::timeout_at(end, watch.next()).await {
        match change.unwrap() {
            MaildropChange::New(entries) => seen += entries.len(),
            other => panic!("{other:?}"),
        }
    }
    seen
}

#[tokio::test(start_paused = true)]
async fn a_watch_looks_no_more_often_than_the_server_allows() {
    let (fake, account) = account(Server::builder().pop3_login_delay(60));
    let mut watch = account.watch([]);
    assert!(timeout(HOUR, watch.next()).await.is_err());
    assert!((59..=61).contains(&fake.tried()), "{}", fake.tried());
    assert_eq!(account.stats().failures, 0);
    assert!(timeout(HOUR, async { drop(account.session().await.unwrap()) }).await.is_ok(), "others have their turn");
}

#[tokio::test(start_paused = true)]
async fn a_watch_without_lasting_ids_says_so() {
    let (fake, account) = account(Server::builder().without_pop3("UIDL"));
    deliver(&fake, "hello");
    assert_eq!(account.watch([]).next().await.unwrap_err().kind(), Kind::Unsupported);
}

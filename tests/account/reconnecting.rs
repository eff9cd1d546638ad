//! When an account opens sessions again, on a paused clock: after refusals, failures, limits and waits that the server asks for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use postroom::account::{Account, AccountNotice};
use postroom::testing::{Fault, Server, Trouble};
use postroom::{Kind, Login, Result, Secret, TokenError};
use tokio::time::{Instant, sleep, timeout};

use crate::count;
use crate::fake::{Fake, Weather, reported};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

const REFUSES: &str = "
    S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
    C: {A} AUTHENTICATE PLAIN {*}
    S: {A} NO [AUTHENTICATIONFAILED] Authentication failed.
    eof
";

async fn call(account: &Account) -> Result<()> {
    account.run(|imap| Box::pin(imap.noop())).await
}

/// Nine calls at once in two lanes fail in this way.
async fn all_fail(account: &Account, kind: Kind) {
    let asking: Vec<_> = (0..9)
        .map(|number| {
            let account = if number % 2 == 0 { account.clone() } else { account.bulk() };
            tokio::spawn(async move { call(&account).await })
        })
        .collect();
    for asked in asking {
        assert_eq!(asked.await.unwrap().unwrap_err().kind(), kind);
    }
}

fn is_offline(notice: &AccountNotice) -> bool {
    matches!(notice, AccountNotice::Offline(_))
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_that_has_worked_is_tried_after_1_10_and_60_minutes_and_no_more() {
    let fake = Fake::new(Server::builder());
    let account = fake.account().patience(24 * HOUR).connections(5).build().unwrap();
    call(&account).await.unwrap();
    let mut notices = account.notices();
    fake.weather(Weather::Says(REFUSES));
    fake.server().disconnect_all();
    // The end of the session is known; otherwise several logins would begin together.
    sleep(Duration::from_secs(1)).await;
    all_fail(&account, Kind::Login).await;
    assert_eq!(fake.waits()[1..], [60, 600, 3600]);
    for _ in 0..48 {
        sleep(HOUR).await;
        account.network_changed();
        assert_eq!(call(&account).await.unwrap_err().kind(), Kind::Login);
    }
    assert_eq!(fake.tried(), 5);
    let reported = reported(&mut notices);
    let doubts: Vec<_> = reported
        .iter()
        .filter_map(|notice| match notice {
            AccountNotice::Doubted { again, .. } => Some(again.as_secs()),
            _ => None,
        })
        .collect();
    assert_eq!(doubts, [60, 600, 3600]);
    assert!(matches!(reported.last(), Some(AccountNotice::Stopped(_))), "{reported:?}");
    assert_eq!(reported.len(), 4, "{reported:?}");
}

#[tokio::test(start_paused = true)]
async fn a_doubted_login_that_works_again_is_trusted() {
    let fake = Fake::new(Server::builder());
    let account = fake.account().patience(HOUR).build().unwrap();
    call(&account).await.unwrap();
    let mut notices = account.notices();
    fake.next(Weather::Says(REFUSES));
    fake.server().disconnect_all();
    call(&account).await.unwrap();
    let reported = reported(&mut notices);
    assert!(matches!(&reported[..], [AccountNotice::Doubted { .. }, AccountNotice::Online]), "{reported:?}");
}

/// SYNC.md H10: whatever goes wrong for an hour, connections and commands stay few, and then everything goes on.
#[tokio::test(start_paused = true)]
async fn an_hour_of_any_failure_costs_few_connections_and_one_notice() {
    let byes = "S: * BYE [UNAVAILABLE] the server is shutting down\n close";
    let busy = "
        S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
        C: {A} AUTHENTICATE PLAIN {*}
        S: {A} NO [UNAVAILABLE] try again later
        eof
    ";
    let garbage = "S: 220 smtp.example.org ESMTP";
    for weather in [
        Weather::Down,
        Weather::Silent,
        Weather::Says(byes),
        Weather::Says(busy),
        Weather::Says(garbage),
        Weather::Says("close"),
        Weather::DiesAfterLogin,
    ] {
        let fake = Fake::new(Server::builder());
        let account = fake.account().connections(4).build().unwrap();
        call(&account).await.unwrap();
        let mut notices = account.notices();
        fake.weather(weather.clone());
        fake.server().disconnect_all();
        let (began, sent) = (Instant::now(), account.stats().sent);
        let asking: Vec<_> = (0..8)
            .map(|_| {
                let account = account.clone();
                tokio::spawn(async move {
                    while began.elapsed() < HOUR {
                        // A program that does not wait by itself.
                        drop(call(&account).await);
                    }
                })
            })
            .collect();
        for asked in asking {
            asked.await.unwrap();
        }
        // With a bound of 5 minutes the mean wait is 150 s: 24 in an hour, and about ten before the bound is reached.
        assert!((5..120).contains(&fake.tried()), "{weather:?}: {}", fake.tried());
        assert!(account.stats().sent - sent < 20_000, "{weather:?}: {:?}", account.stats());
        let during = reported(&mut notices);
        if !matches!(weather, Weather::DiesAfterLogin) {
            assert_eq!(during.iter().filter(|notice| is_offline(notice)).count(), 1, "{weather:?}: {during:?}");
            assert_eq!(during.len(), 1, "{weather:?}: {during:?}");
        }
        fake.weather(Weather::Fine);
        account.network_changed();
        call(&account).await.unwrap();
        let after = reported(&mut notices);
        assert!(after.len() <= 1 && after.iter().all(|notice| matches!(notice, AccountNotice::Online)), "{after:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_accepts_three_sessions_is_used_with_three() {
    let fake = Fake::new(Server::builder());
    let account = fake.account().connections(10).build().unwrap();
    let mut notices = account.notices();
    fake.weather(Weather::Most(3));
    let work = async |calls: usize| {
        let asking: Vec<_> = (0..calls)
            .map(|_| {
                let account = account.clone();
                tokio::spawn(async move {
                    let session = account.session().await?;
                    sleep(Duration::from_secs(1)).await;
                    session.noop().await
                })
            })
            .collect();
        for asked in asking {
            asked.await.unwrap().unwrap();
        }
    };
    for _ in 0..5 {
        work(20).await;
        sleep(Duration::from_secs(10)).await;
    }
    assert!(fake.most_seen() <= 3);
    assert!((4..=12).contains(&fake.tried()), "{}", fake.tried());
    let reported_first = reported(&mut notices);
    let expected = |most, minutes: u64| move |notice: &AccountNotice| matches!(notice, AccountNotice::FewerConnections { most: m, time } if *m == most && *time == minutes as u32 * MINUTE);
    assert!(reported_first.len() == 1 && expected(3, 10)(&reported_first[0]), "{reported_first:?}");

    // It tries to have more again, and waits longer if the limit is still there.
    sleep(10 * MINUTE).await;
    work(20).await;
    let reported_again = reported(&mut notices);
    assert!(reported_again.len() == 1 && expected(3, 20)(&reported_again[0]), "{reported_again:?}");
    sleep(10 * MINUTE).await;
    let before = fake.tried();
    work(3).await;
    assert!(fake.tried() - before <= 3);
    fake.weather(Weather::Fine);
    sleep(10 * MINUTE).await;
    work(40).await;
    assert_eq!(fake.most_seen(), 10);
    assert!(reported(&mut notices).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_the_server_asks_for_is_respected_even_if_the_network_changes() {
    let busy = "
        S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
        C: {A} AUTHENTICATE PLAIN {*}
        S: {A} NO Request is throttled. Suggested Backoff Time: 90000 milliseconds
        eof
    ";
    let fake = Fake::new(Server::builder());
    let account = fake.account().patience(HOUR).build().unwrap();
    fake.next(Weather::Says(busy));
    let asked = tokio::spawn({
        let account = account.clone();
        async move { call(&account).await }
    });
    for _ in 0..8 {
        sleep(Duration::from_secs(10)).await;
        account.network_changed();
    }
    assert_eq!(fake.tried(), 1);
    asked.await.unwrap().unwrap();
    assert_eq!(fake.waits(), [90]);
}

#[tokio::test(start_paused = true)]
async fn a_new_network_ends_the_back_off() {
    let fake = Fake::new(Server::builder());
    let account = fake.account().patience(24 * HOUR).back_off(HOUR, HOUR).build().unwrap();
    fake.weather(Weather::Down);
    let asked = tokio::spawn({
        let account = account.clone();
        async move { call(&account).await }
    });
    sleep(Duration::from_secs(1)).await;
    let tried = fake.tried();
    fake.weather(Weather::Fine);
    account.network_changed();
    timeout(Duration::from_secs(1), asked).await.unwrap().unwrap().unwrap();
    assert_eq!(fake.tried(), tried + 1);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_certificate_stops_all_lanes_with_one_notice() {
    let fake = Fake::new(Server::builder());
    let config = postroom::Config::new("localhost").starttls().connect_by(fake.clone());
    let account = Account::new(config, Login::password("alice", "alicepw")).connections(5).build().unwrap();
    let mut notices = account.notices();
    for _ in 0..3 {
        all_fail(&account, Kind::Tls).await;
        sleep(HOUR).await;
    }
    assert_eq!(fake.tried(), 1);
    let stopped = reported(&mut notices);
    assert!(matches!(&stopped[..], [AccountNotice::Stopped(_)]), "{stopped:?}");
    account.network_changed();
    assert_eq!(call(&account).await.unwrap_err().kind(), Kind::Tls);
    assert_eq!(fake.tried(), 2);
    assert_eq!(count(fake.server(), "AUTHENTICATE"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_password_whose_refusal_is_slow_is_tried_once_although_no_caller_waits_for_it() {
    let fake = Fake::new(Server::builder().every_connection(Fault::at("AUTHENTICATE", Trouble::Stall)));
    let account = fake.account_of(Login::password("alice", "wrong")).build().unwrap();
    for _ in 0..9 {
        assert!(timeout(Duration::from_secs(1), call(&account)).await.is_err());
    }
    fake.server().resume();
    assert_eq!(call(&account).await.unwrap_err().kind(), Kind::Login);
    assert_eq!(count(fake.server(), "AUTHENTICATE"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_new_login_does_not_wait_for_the_old_one_nor_pay_for_its_refusal() {
    let fake = Fake::new(Server::builder());
    fake.server().fault(Fault::at("AUTHENTICATE", Trouble::Stall));
    let account = fake.account_of(Login::password("alice", "wrong")).build().unwrap();
    let mut notices = account.notices();
    let asked = tokio::spawn({
        let account = account.clone();
        async move { call(&account).await }
    });
    fake.server().received("AUTHENTICATE").await;
    account.set_login(Login::password("alice", "alicepw"));
    call(&account).await.unwrap();
    fake.server().resume();
    asked.await.unwrap().unwrap();
    sleep(HOUR).await;
    call(&account).await.unwrap();
    assert!(reported(&mut notices).is_empty());
    assert_eq!(account.stats().failures, 1);
}

#[tokio::test(start_paused = true)]
async fn a_session_of_the_old_login_is_not_used_with_the_new_one() {
    let fake = Fake::new(Server::builder().user("alice", "alicepw").user("bob", "bobpw"));
    fake.server().deliver("bob", "INBOX", "Subject: for bob\r\n\r\n", &[]);
    let account = fake.account().build().unwrap();
    let session = account.session().await.unwrap();
    account.set_login(Login::password("bob", "bobpw"));
    drop(session);
    let mut session = account.session().await.unwrap();
    assert_eq!(session.select("INBOX").await.unwrap().info().unwrap().exists, 1);
}

#[tokio::test(start_paused = true)]
async fn tokens_that_end_at_once_in_all_lanes_are_renewed_once() {
    let builder = Server::builder().auth_mechanisms(["XOAUTH2"]).token("alice", "new");
    let fake = Fake::new(builder);
    let (asked, renewed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let provider = {
        let (asked, renewed) = (asked.clone(), renewed.clone());
        move |refused: bool| {
            asked.fetch_add(1, Ordering::Relaxed);
            if refused {
                renewed.fetch_add(1, Ordering::Relaxed);
            }
            let token = if renewed.load(Ordering::Relaxed) > 0 { "new" } else { "old" };
            async move {
                sleep(Duration::from_secs(5)).await;
                Ok::<_, TokenError>(Secret::from(token))
            }
        }
    };
    let account = fake.account_of(Login::oauth("alice", provider)).connections(5).build().unwrap();
    let mut notices = account.notices();
    let asking: Vec<_> = (0..12)
        .map(|number| {
            let account = if number % 2 == 0 { account.clone() } else { account.bulk() };
            tokio::spawn(async move { call(&account).await })
        })
        .collect();
    for asked in asking {
        asked.await.unwrap().unwrap();
    }
    assert_eq!(renewed.load(Ordering::Relaxed), 1);
    assert!(reported(&mut notices).is_empty(), "nobody notices");
    assert!(asked.load(Ordering::Relaxed) <= 2 + fake.tried());
}

#[tokio::test(start_paused = true)]
async fn sessions_that_died_in_a_sleep_are_no_fault_of_a_call() {
    let fake = Fake::new(Server::builder());
    let account = fake.account().connections(3).idle_after(HOUR).build().unwrap();
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(account.session().await.unwrap());
    }
    drop(sessions);
    fake.forget_connections();
    call(&account).await.unwrap();
    assert_eq!(fake.tried(), 4, "the others are not tried one after the other");
}

//! How many sessions there are, on a paused clock: idle ones, limits that accounts share, and the octets of a day.

use std::time::Duration;

use postroom::account::{Account, AccountNotice, ConnectionLimits, Lane};
use postroom::imap::StatusItems;
use postroom::testing::Server;
use postroom::{Login, Result};
use tokio::time::{Instant, sleep, timeout};

use crate::count;
use crate::fake::{Fake, reported};
use crate::rng::Rng;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn call(account: &Account) -> Result<()> {
    account.run(|imap| Box::pin(imap.noop())).await
}

#[tokio::test(start_paused = true)]
async fn an_idle_session_is_logged_out() {
    let fake = Fake::new(Server::builder());
    let account = fake.account().idle_after(MINUTE).build().unwrap();
    for _ in 0..5 {
        call(&account).await.unwrap();
        sleep(MINUTE / 2).await;
    }
    assert_eq!((fake.tried(), count(fake.server(), "LOGOUT")), (1, 0));
    sleep(2 * MINUTE).await;
    assert_eq!((fake.server().connections(), count(fake.server(), "LOGOUT")), (0, 1));
    call(&account).await.unwrap();
    assert_eq!(account.stats().sessions, 2);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_account_closes_its_connections() {
    let fake = Fake::new(Server::builder());
    let account = fake.account().build().unwrap();
    let mut notices = account.notices();
    call(&account).await.unwrap();
    drop(account);
    timeout(Duration::from_secs(1), fake.server().all_closed()).await.unwrap();
    assert!(notices.next().await.is_none());
}

/// Random calls of many accounts on several hosts: never more sessions than the limits allow, and everybody has their turn.
#[tokio::test(start_paused = true)]
async fn accounts_share_their_limits_and_nobody_starves() {
    for seed in 0..3 {
        let hosts: Vec<_> = (0..3).map(|_| Fake::new(Server::builder())).collect();
        let limits = ConnectionLimits::new(8).per_host(4);
        let mut asking = Vec::new();
        for number in 0..40 {
            let fake = &hosts[number as usize % 3];
            let config = fake.config(&format!("host{}", number % 3));
            let account = Account::new(config, Login::password("alice", "alicepw")).connections(3).limits(&limits);
            let account = account.patience(DAY).build().unwrap();
            let mut rng = Rng::new(seed * 100 + number);
            let hosts = hosts.clone();
            asking.push(tokio::spawn(async move {
                let mut lease = None;
                for _ in 0..10 {
                    let pause = Duration::from_millis(rng.below(5_000) as u64);
                    match rng.below(4) {
                        0 => call(&account).await.unwrap(),
                        // Held between calls.
                        1 => lease = Some(account.select("INBOX").await.unwrap()),
                        2 => drop(timeout(pause, call(&account)).await),
                        _ => {
                            let session = account.session().await.unwrap();
                            sleep(pause).await;
                            session.noop().await.unwrap();
                        }
                    }
                    let open: Vec<_> = hosts.iter().map(|fake| fake.server().connections()).collect();
                    assert!(open.iter().all(|&open| open <= 4) && open.iter().sum::<usize>() <= 8, "{open:?}");
                    sleep(pause).await;
                }
                drop(lease);
                // Its idle sessions stay, and are closed for others.
                account
            }));
        }
        let mut accounts = Vec::new();
        for asked in asking {
            accounts.push(timeout(DAY, asked).await.expect("nobody starves").unwrap());
        }
        for fake in &hosts {
            assert!(fake.most_seen() <= 4, "seed {seed}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_idle_session_is_closed_for_one_that_is_needed() {
    let fake = Fake::new(Server::builder());
    let limits = ConnectionLimits::new(5);
    let accounts: Vec<_> = (0..6).map(|_| fake.account().limits(&limits).build().unwrap()).collect();
    for account in &accounts {
        timeout(MINUTE, call(account)).await.unwrap().unwrap();
    }
    assert_eq!(count(fake.server(), "LOGOUT"), 1);
    assert_eq!(fake.server().connections(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_a_lease_holds_between_calls_is_given_to_another_account() {
    let fake = Fake::new(Server::builder());
    let limits = ConnectionLimits::new(1);
    let (one, other) =
        (fake.account().limits(&limits).build().unwrap(), fake.account().limits(&limits).build().unwrap());
    let lease = one.select("INBOX").await.unwrap();
    timeout(MINUTE, call(&other)).await.unwrap().unwrap();
    timeout(MINUTE, lease.search(&postroom::imap::Query::all())).await.unwrap().unwrap();
    assert_eq!(fake.most_seen(), 1);
}

#[tokio::test(start_paused = true)]
async fn bulk_work_waits_when_the_octets_of_a_day_are_used_up() {
    let fake = Fake::new(Server::builder());
    let account = fake.account().patience(10 * DAY).daily_download(20_000).build().unwrap();
    let mut notices = account.notices();
    let began = Instant::now();
    let mut calls = 0;
    while account.stats().received < 20_000 {
        account.bulk().run(|imap| Box::pin(imap.status("INBOX", StatusItems::MESSAGES))).await.unwrap();
        calls += 1;
        assert!(calls < 2_000 && began.elapsed() < MINUTE);
    }
    call(&account).await.unwrap();
    assert!(began.elapsed() < MINUTE, "interactive work does not wait");
    call(&account.bulk()).await.unwrap();
    assert!((DAY..DAY + 2 * Duration::from_secs(60 * 60)).contains(&began.elapsed()), "{:?}", began.elapsed());
    let paused = reported(&mut notices);
    let is_day = |time: Duration| (DAY..DAY + 2 * Duration::from_secs(60 * 60)).contains(&time);
    assert!(matches!(&paused[..], [AccountNotice::BulkPaused { time }] if is_day(*time)), "{paused:?}");
    assert_ne!(Lane::Bulk, Lane::Interactive);
}

//! Random interleavings of everything that happens to the sessions of an account, on a paused clock, with an oracle: never more sessions than
//! allowed, one of several left for interactive work, nobody starves, and nothing leaks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use postroom::account::{Account, Session};
use postroom::testing::Server;
use tokio::time::{sleep, timeout};

use crate::fake::{Fake, Weather};
use crate::rng::Rng;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How many sessions are held, by whether the work is bulk work.
#[derive(Clone, Default)]
struct Held(Arc<Mutex<HashMap<bool, usize>>>);

struct Holding(Held, bool);

impl Held {
    fn begin(&self, is_bulk: bool, most: usize) -> Holding {
        let mut held = self.0.lock().unwrap();
        *held.entry(is_bulk).or_default() += 1;
        let (bulk, all) = (held.get(&true).copied().unwrap_or(0), held.values().sum::<usize>());
        assert!(all <= most, "{all} of {most} sessions");
        assert!(bulk <= most.saturating_sub(1).max(1), "{bulk} of {most} sessions are for bulk work");
        Holding(self.clone(), is_bulk)
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap().get_mut(&self.1).unwrap() -= 1;
    }
}

async fn worker(account: Account, fake: Fake, held: Held, most: usize, mut rng: Rng) {
    for _ in 0..12 {
        let is_bulk = rng.once_in(2);
        let account = if is_bulk { account.bulk() } else { account.clone() };
        let time = Duration::from_millis(rng.below(3_000) as u64);
        match rng.below(8) {
            0 => sleep(time).await,
            // Given up at any point.
            1 | 2 => drop(timeout(time, use_one(&account, &held, is_bulk, most, time)).await),
            3 => drop(timeout(time, account.select("INBOX")).await),
            4 => fake.server().disconnect_all(),
            5 => fake.next([Weather::Down, Weather::Says("close"), Weather::DiesAfterLogin][rng.below(3)].clone()),
            6 => account.network_changed(),
            _ => {
                let lent = use_one(&account, &held, is_bulk, most, time);
                timeout(DAY, lent).await.expect("nobody starves");
            }
        }
    }
}

async fn use_one(account: &Account, held: &Held, is_bulk: bool, most: usize, time: Duration) {
    let session = account.session().await.unwrap();
    let holding = held.begin(is_bulk, most);
    sleep(time).await;
    // It may have died.
    drop(session.noop().await);
    drop(holding);
    drop(session);
}

#[tokio::test(start_paused = true)]
async fn whatever_happens_the_account_keeps_count() {
    for seed in 0..60 {
        let mut rng = Rng::new(seed);
        let most = 1 + rng.below(4);
        let fake = Fake::new(Server::builder());
        let account = fake.account().connections(most).patience(DAY).idle_after(Duration::from_secs(5));
        let account = account.back_off(Duration::from_millis(100), Duration::from_secs(10)).build().unwrap();
        let held = Held::default();
        let working: Vec<_> = (0..8)
            .map(|number| {
                tokio::spawn(worker(account.clone(), fake.clone(), held.clone(), most, Rng::new(seed * 100 + number)))
            })
            .collect();
        for worked in working {
            worked.await.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        }
        fake.calm();
        nothing_has_leaked(&account, &fake, most).await;
    }
}

/// All places are free: the account can have all its sessions at once, and all but one for bulk work.
async fn nothing_has_leaked(account: &Account, fake: &Fake, most: usize) {
    for (account, most) in [(account.clone(), most), (account.bulk(), most.saturating_sub(1).max(1))] {
        let mut sessions: Vec<Session> = Vec::new();
        for _ in 0..most {
            let session = timeout(DAY, account.session()).await.expect("a place has leaked").unwrap();
            session.noop().await.unwrap();
            sessions.push(session);
        }
        assert!(timeout(Duration::from_secs(60), account.session()).await.is_err(), "a place was counted twice");
    }
    sleep(Duration::from_secs(60)).await;
    assert_eq!(fake.server().connections(), 0, "a session is held that nobody uses");
}

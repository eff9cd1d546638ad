//! The job over connections that are lost at chosen bytes. `ACCOUNT_SEEDS=200-219` tries those seeds instead of the first 20;
//! `tests/long account` tries 2,000.

use std::time::Duration;

use postroom::Deadlines;
use postroom::account::Account;
use postroom::imap::Imap;
use tokio::task::{JoinSet, LocalSet};

use super::world::Real;
use crate::cutting::{How, Passed, Plan, Side};
use crate::job::{ACTS, After, Allowed, ByAccount, Naive, Report, Sum, given_seeds, run};
use crate::live::login;
use crate::rng::Rng;
use crate::server::{Brand, User};
use crate::suite::Trial;

/// How many seeds are tried.
const COUNT: u64 = 20;
/// 2^64 through the golden ratio: its multiples are spread evenly, however many there are.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
/// How many seeds are tried at a time: servers take their time for some commands.
const AT_ONCE: usize = 5;
/// The back-off, and half of `Deadlines::settle` if nothing is late.
const BRIEF: Duration = Duration::from_millis(50);
/// The time after which a stalled connection is given up.
const SILENCE: Duration = Duration::from_secs(5);
/// The time for a new connection.
const REST: Duration = Duration::from_millis(500);
/// How late bytes may reach the server.
const LATE: Duration = Duration::from_millis(700);

pub(crate) async fn the_job_is_done_if_nothing_is_lost(user: &Trial) {
    let world = Real::new(&user.user, BRIEF);
    let (proxy, config) = world.proxy(Plan::default()).await;
    let begin = async || Naive::new(async || Imap::connect(config.clone(), login(user)).await, After::Repeats);
    let report = run(&world, ACTS, Duration::ZERO, begin).await;
    assert_eq!(report.complaints(Allowed::default()), [""; 0]);
    assert_eq!((report.done + report.unsupported, proxy.passed().connections), (ACTS.len(), 1));
}

pub(crate) async fn nothing_is_lost_or_doubled_wherever_the_connection_is_lost(user: &Trial) {
    let brand = user.brand();
    let (report, calm) = by_account(&user.user, Plan::default()).await;
    assert_eq!(report.complaints(Allowed::default()), [""; 0]);
    let seeds = given_seeds().unwrap_or_else(|| (0..COUNT).collect());
    let local = LocalSet::new();
    let sum = local.run_until(async move {
        let mut sum = Sum::default();
        for some in seeds.chunks(AT_ONCE) {
            let mut running = JoinSet::new();
            for &seed in some {
                let plan = plan(seed, calm);
                running.spawn_local(async move {
                    let (report, passed) = by_account(&User::new(brand), plan.clone()).await;
                    (seed, plan, report, passed)
                });
            }
            while let Some(run) = running.join_next().await {
                let (seed, plan, report, passed) = run.unwrap();
                sum.add(format!("{seed}: {plan}"), passed.cuts, &report, allowed(&plan));
            }
        }
        sum
    });
    sum.await.check(&format!("{brand:?}"));
}

async fn by_account(user: &User, plan: Plan) -> (Report, Passed) {
    let stalls = plan.cuts.iter().any(|cut| cut.how == How::Stall);
    let world = Real::new(user, if stalls { SILENCE + REST } else { REST });
    let lateness = plan.lateness();
    let (proxy, config) = world.proxy(plan).await;
    // Courier sleeps for two seconds in each RENAME and DELETE.
    let slowest = if user.brand() == Brand::Courier { Duration::from_secs(2) } else { BRIEF };
    let settle = lateness.max(slowest) * 2;
    let config = config.deadlines(Deadlines::default().progress(SILENCE).idle(SILENCE).done(SILENCE).settle(settle));
    let account = Account::new(config, login(user)).back_off(BRIEF, BRIEF * 2).build().unwrap();
    let report = run(&world, ACTS, lateness, async || ByAccount::new(account, lateness)).await;
    (report, proxy.passed())
}

/// What is nobody's fault with this plan.
fn allowed(plan: &Plan) -> Allowed {
    let is_unlucky = plan.cuts.len() > 1;
    Allowed { failures: is_unlucky, unknown: is_unlucky, ..Allowed::default() }
}

/// One loss, in each way in turn; sometimes several by chance.
fn plan(seed: u64, calm: Passed) -> Plan {
    let part = u128::from(seed.wrapping_mul(GOLDEN));
    let at = |bytes: u64| u64::try_from((part * u128::from(bytes)) >> 64).unwrap();
    let (side, at) = match seed % 2 {
        0 => (Side::ToServer, at(calm.to_server)),
        _ => (Side::FromServer, at(calm.from_server)),
    };
    let how = match seed / 2 % 6 {
        0 => How::Close,
        1 => How::Reset,
        2 => How::Late(LATE),
        3 => How::Restart,
        4 => How::Stall,
        _ => {
            let mut plan = Plan::random(&mut Rng::new(seed), calm.to_server, calm.from_server);
            plan.outage = plan.outage.min(Duration::from_millis(100));
            for cut in &mut plan.cuts {
                cut.how = if let How::Late(time) = cut.how { How::Late(time.min(LATE)) } else { cut.how };
            }
            return plan;
        }
    };
    Plan::one(side, at, how)
}

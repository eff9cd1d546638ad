//! What a watch reports, held to the table in its docs: whatever the server has, whatever another client does, whatever connections are
//! lost, a copy that believes the watch equals the mailbox.

mod slow;
mod world;

use std::time::Duration;

use postroom::account::{Watch, WatchMethod, Watched};
use postroom::testing::{Builder, Server};

use self::world::{Copy, USER, World, lowered};
use super::count;
use crate::cutting::{Cut, How, Plan, Side};
use crate::rng::Rng;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// A server with which a watch uses this method.
fn server(method: WatchMethod, lacks: &[&str]) -> Builder {
    let without: &[&str] = match method {
        WatchMethod::Notify => &[],
        WatchMethod::Idle => &["NOTIFY"],
        _ => &["NOTIFY", "IDLE", "IMAP4rev2"],
    };
    without.iter().chain(lacks).fold(Server::builder(), |builder, lack| builder.without(lack))
}

/// Everything a server may have or not. With modification sequences everything is shown by pushes and polls; without, flags by a full look.
const SERVERS: [(WatchMethod, &[&str], Duration); 6] = [
    (WatchMethod::Notify, &[], Duration::from_secs(2)),
    (WatchMethod::Idle, &[], Duration::from_secs(45)),
    (WatchMethod::Idle, &["QRESYNC"], Duration::from_secs(45)),
    (WatchMethod::Idle, &["QRESYNC", "CONDSTORE"], Duration::from_secs(15 * 60)),
    (WatchMethod::Status, &[], Duration::from_secs(45)),
    (WatchMethod::Status, &["QRESYNC", "CONDSTORE", "OBJECTID"], Duration::from_secs(15 * 60)),
];

fn quick(watch: Watch) -> Watch {
    watch.poll(SECOND, 30 * SECOND)
}

#[tokio::test(start_paused = true)]
async fn every_method_shows_what_its_table_promises() {
    for (number, (method, lacks, within)) in SERVERS.into_iter().enumerate() {
        let world = World::new(server(method, lacks), Plan::default()).await;
        let account = world.account(2);
        let (mut watch, mut copy) = (quick(account.watch(world::MAILBOXES).unwrap()), Copy::default());
        copy.follow(&world, &mut watch, 5 * SECOND).await;
        assert_eq!(copy.resyncs, 5, "{method:?} {lacks:?}");
        let mut rng = Rng::new(number as u64);
        for round in 0..12 {
            for _ in 0..rng.below(5) {
                world.change(&mut rng);
                copy.follow(&world, &mut watch, SECOND * u32::try_from(rng.below(3)).unwrap()).await;
            }
            copy.follow(&world, &mut watch, within).await;
            assert_eq!(*copy.mailboxes(), world.named(), "{method:?} {lacks:?}, round {round}");
        }
        assert_eq!((copy.resyncs, copy.offline), (5, 0), "{method:?} {lacks:?}");
        let used = [count(&world.server, "NOTIFY") > 0, count(&world.server, "IDLE") > 0];
        assert_eq!(used, [method == WatchMethod::Notify, method == WatchMethod::Idle], "{method:?}");
        assert_eq!(account.stats().sessions, 1, "one session is enough: {method:?} {lacks:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn mailboxes_come_go_and_change_their_names() {
    for (number, (method, lacks, within)) in SERVERS.into_iter().enumerate() {
        let world = World::new(server(method, lacks), Plan::default()).await;
        let account = world.account(2);
        let (mut watch, mut copy) = (quick(account.watch_all()), Copy::default());
        copy.follow(&world, &mut watch, 5 * SECOND).await;
        assert_eq!(*copy.mailboxes(), world.all());
        let mut rng = Rng::new(number as u64);
        for round in 0..12 {
            world.change_mailboxes(&mut rng, round).await;
            world.change(&mut rng);
            let look = if method == WatchMethod::Notify { within } else { within.max(11 * MINUTE) };
            copy.follow(&world, &mut watch, look).await;
            assert_eq!(*copy.mailboxes(), world.all(), "{method:?} {lacks:?}, round {round}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stored_position_goes_on_where_it_was() {
    for (method, lacks, within) in SERVERS {
        let world = World::new(server(method, lacks), Plan::default()).await;
        let account = world.account(2);
        let (mut watch, mut copy) = (quick(account.watch(world::MAILBOXES).unwrap()), Copy::default());
        let mut rng = Rng::new(7);
        copy.follow(&world, &mut watch, 5 * SECOND).await;
        for round in 0..8 {
            world.change(&mut rng);
            copy.follow(&world, &mut watch, within).await;
            let stored = watch.position().to_string();
            drop(watch);
            for _ in 0..rng.below(4) {
                world.change(&mut rng);
            }
            watch = quick(account.watch(world::MAILBOXES).unwrap()).continue_from(stored.parse().unwrap());
            copy.follow(&world, &mut watch, 5 * SECOND).await;
            assert_eq!(*copy.mailboxes(), world.named(), "{method:?} {lacks:?}, round {round}");
        }
        let has_modseq = !lacks.contains(&"CONDSTORE");
        assert_eq!(copy.resyncs == 5, has_modseq, "{method:?} {lacks:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn other_work_gets_the_only_session_at_once() {
    for (method, lacks, _) in SERVERS {
        let world = World::new(server(method, lacks), Plan::default()).await;
        let account = world.account(1);
        let (mut watch, mut copy) = (quick(account.watch(world::MAILBOXES).unwrap()), Copy::default());
        for _ in 0..5 {
            copy.follow(&world, &mut watch, 40 * SECOND).await;
            let began = tokio::time::Instant::now();
            let inbox = account.select("INBOX").await.unwrap();
            assert!(began.elapsed() < SECOND, "{method:?}: the paused clock passed {:?}", began.elapsed());
            world.deliver("Work");
            copy.follow(&world, &mut watch, 5 * SECOND).await;
            drop(inbox);
            copy.follow(&world, &mut watch, 60 * SECOND).await;
            assert_eq!(copy.mailboxes()["Work"], world.truth("Work").unwrap(), "{method:?}");
        }
        assert_eq!(account.stats().sessions, 1, "{method:?} {lacks:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_pushes_nothing_is_polled_in_the_end() {
    for method in [WatchMethod::Notify, WatchMethod::Idle] {
        let world = World::new(server(method, &[]).mutes_pushes(true), Plan::default()).await;
        let account = world.account(2);
        let (mut watch, mut copy) = (quick(account.watch(["INBOX"]).unwrap()), Copy::default());
        copy.follow(&world, &mut watch, 5 * SECOND).await;
        let methods = lowered(&account, SECOND, async {
            for _ in 0..6 {
                world.deliver("INBOX");
                copy.follow(&world, &mut watch, 11 * MINUTE).await;
                assert_eq!(copy.mailboxes()["INBOX"], world.truth("INBOX").unwrap(), "{method:?}");
            }
        })
        .await;
        let all = [WatchMethod::Idle, WatchMethod::Status];
        let expected = if method == WatchMethod::Notify { &all[..] } else { &all[1..] };
        assert_eq!(methods, expected, "{method:?}");
        world.deliver("INBOX");
        copy.follow(&world, &mut watch, 45 * SECOND).await;
        assert_eq!(copy.mailboxes()["INBOX"], world.truth("INBOX").unwrap(), "it is polled now");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_misses_nothing_and_nothing_runs_after_the_watch() {
    let world = World::new(server(WatchMethod::Notify, &[]), Plan::default()).await;
    let account = world.account(2);
    let (mut watch, mut copy) = (quick(account.watch(world::MAILBOXES).unwrap()), Copy::default());
    copy.follow(&world, &mut watch, 5 * SECOND).await;
    let mut rng = Rng::new(3);
    for _ in 0..300 {
        world.change(&mut rng);
        tokio::time::sleep(SECOND).await;
    }
    copy.follow(&world, &mut watch, 5 * SECOND).await;
    assert_eq!(*copy.mailboxes(), world.named());
    drop(watch);
    tokio::time::sleep(10 * MINUTE).await;
    assert_eq!(world.server.connections(), 0, "nothing runs any more");
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_reported_once_and_what_happens_meanwhile_afterwards() {
    for (method, lacks, within) in SERVERS {
        let cut = Cut { side: Side::FromServer, at: 20_000, how: How::Restart };
        let plan = Plan { cuts: vec![cut], outage: 5 * MINUTE };
        let world = World::new(server(method, lacks), plan).await;
        let account = world.account(2);
        let (mut watch, mut copy) = (quick(account.watch(world::MAILBOXES).unwrap()), Copy::default());
        let mut rng = Rng::new(5);
        while copy.offline == 0 {
            world.change(&mut rng);
            copy.follow(&world, &mut watch, 20 * SECOND).await;
        }
        let resyncs = copy.resyncs;
        (0..20).for_each(|_| world.change(&mut rng));
        copy.follow(&world, &mut watch, 6 * MINUTE).await;
        assert_eq!((copy.offline, copy.online, copy.resyncs), (1, 1, resyncs), "{method:?} {lacks:?}");
        copy.follow(&world, &mut watch, within).await;
        assert_eq!(*copy.mailboxes(), world.named(), "{method:?} {lacks:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_is_reported_once_and_a_new_one_goes_on() {
    let world = World::new(server(WatchMethod::Notify, &[]), Plan::default()).await;
    let account = world.account(2);
    account.set_login(postroom::Login::password(USER, "wrong"));
    let mut watch = account.watch(["INBOX"]).unwrap();
    assert!(matches!(watch.next().await, Some(Watched::Offline(_))));
    assert!(tokio::time::timeout(60 * MINUTE, watch.next()).await.is_err());
    assert_eq!(
        count(&world.server, "AUTHENTICATE") + count(&world.server, "LOGIN"),
        2,
        "one of them by the second client"
    );
    account.set_login(postroom::Login::password(USER, "alicepw"));
    assert!(matches!(watch.next().await, Some(Watched::Online)));
    assert!(matches!(watch.next().await, Some(Watched::Resync(_))));
    account.shutdown().await;
    world.server.disconnect_all();
    assert!(watch.next().await.is_none());
}

//! What a session can do without a folder: logging in, logging out, and changing the mailbox.

use std::pin::Pin;

use postroom::imap::{Imap, Items, SyncPoint, Uid, Uids};
use postroom::testing::{Fault, Server};
use postroom::{BoxFuture, Config};

use super::turn::server;
use crate::support::{Count, Counted, alice, beside, once, plaintext};

/// The future to drop, and whether it selects.
type Operation = for<'a> fn(&'a mut Imap) -> BoxFuture<'a, bool>;

/// Dropping does not undo a selection, but the next SELECT is right whatever became of it.
#[tokio::test(start_paused = true)]
async fn selecting_can_be_dropped_anywhere() {
    let operations: [(&str, Operation, usize); 7] = [
        ("resume", |imap| Box::pin(resume(imap, "1/1000001/1/1/1")), 7),
        ("resume from nothing", |imap| Box::pin(resume(imap, "1/0/0/0/")), 7),
        ("open and fetch", |imap| Box::pin(open_and_fetch(imap)), 7),
        ("select and unselect", |imap| Box::pin(select_and_unselect(imap)), 7),
        ("select", |imap| Box::pin(async { imap.select("Sent").await.is_ok() }), 2),
        ("examine", |imap| Box::pin(async { imap.examine("INBOX").await.is_ok() }), 5),
        ("select of none", |imap| Box::pin(async { imap.select("None").await.is_ok() }), 1),
    ];
    for (name, operation, stride) in operations {
        let (read, written) = spans(operation).await;
        let (read, written) = (read.step_by(stride), written.step_by(stride));
        let faults = read.map(Fault::StallAfter).chain(written.map(Fault::StallInputAfter));
        let mut drops = 0;
        for fault in faults {
            let steps = (0..16).map(|steps| select_after(operation, fault, steps));
            for attempt in steps {
                drops += 1;
                if attempt.await {
                    break;
                }
            }
        }
        println!("{name}: dropped at {drops} points");
        assert!(drops > 500, "{name}");
    }
}

async fn open_and_fetch(imap: &mut Imap) -> bool {
    let mut mail = imap.open("Sent").fetch(Uids::ALL, Items::FLAGS).await.unwrap();
    while mail.try_next().await.unwrap().is_some() {}
    true
}

async fn resume(imap: &mut Imap, from: &str) -> bool {
    let point: SyncPoint = from.parse().unwrap();
    let mut changes = imap.open("Sent").resume(&point).await.unwrap();
    while changes.try_next().await.unwrap().is_some() {}
    changes.finish().await.is_ok()
}

async fn select_and_unselect(imap: &mut Imap) -> bool {
    imap.select("Sent").await.unwrap().unselect().await.is_ok()
}

async fn spans(operation: Operation) -> (std::ops::RangeInclusive<u64>, std::ops::RangeInclusive<u64>) {
    let server = server(64 * 1024);
    let (mut imap, mut driver, count) = logged_in(&server).await;
    let (read, written) = (count.read(), count.written());
    beside(&mut driver, operation(&mut imap)).await;
    (read..=count.read(), written..=count.written())
}

async fn logged_in(server: &Server) -> (Imap, postroom::Driver, std::sync::Arc<Count>) {
    let (stream, count) = Counted::new(server.imap_stream());
    let (imap, driver) = Imap::handshake(stream, plaintext(), alice()).await.unwrap();
    (imap, driver, count)
}

/// Whether it ended within these steps.
async fn select_after(operation: Operation, fault: Fault, steps: usize) -> bool {
    let server = server(64 * 1024);
    server.fault(fault);
    let (mut imap, mut driver, _) = logged_in(&server).await;
    let mut ended = false;
    let mut work = operation(&mut imap);
    for step in 0..steps {
        match step % 3 {
            0 if once(work.as_mut()).await.is_some() => {
                ended = true;
                break;
            }
            0 => {}
            1 => drop(once(Pin::new(&mut driver)).await),
            _ => tokio::task::yield_now().await,
        }
    }
    drop(work);
    server.resume();
    let work = async {
        let mut inbox = imap.select("INBOX").await.unwrap();
        inbox.noop().await.unwrap();
        let info = inbox.info().unwrap();
        assert_eq!((info.exists, info.name.as_str(), info.read_only), (3, "INBOX", false), "{fault:?} {steps}");
        let mut mail = inbox.fetch(Uid::new(2).unwrap(), Items::SIZE).await.unwrap();
        assert_eq!(mail.try_next().await.unwrap().unwrap().size(), Some(17), "{fault:?} {steps}");
    };
    beside(&mut driver, work).await;
    ended
}

#[tokio::test(start_paused = true)]
async fn a_handshake_can_be_dropped_anywhere_and_closes_the_connection() {
    let drops = handshakes(plaintext(), 3, |builder| builder).await;
    let asked = handshakes(plaintext(), 1, |builder| {
        builder.capability_in_greeting(false).capability_after_login(false).without("SASL-IR")
    })
    .await;
    let command = handshakes(plaintext(), 3, |builder| builder.without("AUTH=PLAIN")).await;
    println!("handshake: dropped at {drops} + {asked} + {command} points");
    assert!(drops > 300 && asked > 300 && command > 300);
}

#[tokio::test(start_paused = true)]
async fn a_handshake_with_starttls_can_be_dropped_anywhere_and_closes_the_connection() {
    let config = Config::new("localhost").starttls().only_added_roots();
    let server = Server::builder().in_memory().unwrap();
    let config = config.add_root_der(server.ca_der()).unwrap();
    let drops = handshakes(config, 61, |builder| builder).await;
    println!("handshake with STARTTLS: dropped at {drops} points");
    assert!(drops > 50);
}

/// At every `stride`th byte that the server sends, and after every step.
async fn handshakes(
    config: Config,
    stride: usize,
    build: fn(postroom::testing::Builder) -> postroom::testing::Builder,
) -> usize {
    let server = build(Server::builder()).in_memory().unwrap();
    let before = server.snapshot("alice");
    let (stream, count) = Counted::new(server.imap_stream());
    drop(Imap::handshake(stream, config.clone(), alice()).await.unwrap());
    server.all_closed().await;
    let mut drops = 0;
    for stall in (0..=count.read()).step_by(stride) {
        for steps in 0..14 {
            server.fault(Fault::StallAfter(stall));
            let (stream, _) = Counted::new(server.imap_stream());
            let mut work = Box::pin(Imap::handshake(stream, config.clone(), alice()));
            let mut ended = false;
            for _ in 0..steps {
                ended = once(work.as_mut()).await.is_some();
                if ended {
                    break;
                }
                tokio::task::yield_now().await;
            }
            drop(work);
            server.resume();
            server.all_closed().await;
            drops += 1;
            if ended {
                break;
            }
        }
    }
    assert_eq!(server.snapshot("alice"), before);
    drops
}

#[tokio::test]
async fn connecting_can_be_dropped_anywhere_and_closes_the_connection() {
    let server = Server::builder().start().await.unwrap();
    let config = Config::new("localhost").port(server.imaps_port()).only_added_roots();
    let config = config.add_root_der(server.ca_der()).unwrap();
    let mut connected = 0;
    for polls in 0..40 {
        let mut work = Box::pin(Imap::connect(config.clone(), alice()));
        for _ in 0..polls {
            if let Some(imap) = once(work.as_mut()).await {
                connected += 1;
                imap.unwrap().noop().await.unwrap();
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        drop(work);
    }
    server.all_closed().await;
    assert!(connected < 40, "nothing was dropped");
    Imap::connect(config, alice()).await.unwrap().logout().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_logout_that_is_dropped_closes_the_connection_and_changes_nothing() {
    for steps in 0..12 {
        let server = server(64 * 1024);
        let before = server.snapshot("alice");
        let (imap, mut driver, _) = logged_in(&server).await;
        let mut work = Box::pin(imap.logout());
        for step in 0..steps {
            match step % 3 {
                0 if once(work.as_mut()).await.is_some() => break,
                0 => {}
                1 => drop(once(Pin::new(&mut driver)).await),
                _ => tokio::task::yield_now().await,
            }
        }
        drop(work);
        let _ = driver.await;
        server.all_closed().await;
        assert_eq!(server.snapshot("alice"), before);
    }
}

//! The end of a session: whichever value is dropped in whichever state, no task and no descriptor is left, with a server
//! that answers and with one that never does; and TLS ends with its close_notify. A process of its own: its descriptors are counted.
#![cfg(all(feature = "testing", target_os = "linux"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic in a test is a failed test"
)]

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use postroom::Config;
use postroom::imap::{Imap, Items, Uids};
use postroom::pop3::{Number, Pop3};
use postroom::testing::{Fault, Server};
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};

#[path = "support/session.rs"]
mod session;

use session::{alice, plaintext};

/// Implicit TLS, STARTTLS, and none.
fn configs(server: &Server, implicit: u16, plain: u16) -> Vec<Config> {
    let base = Config::new("localhost").add_root_pem(server.ca_pem().as_bytes()).unwrap();
    vec![base.clone().port(implicit), base.port(plain).starttls(), plaintext().port(plain)]
}

fn imap_configs(server: &Server) -> Vec<Config> {
    configs(server, server.imaps_port(), server.imap_port())
}

fn pop3_configs(server: &Server) -> Vec<Config> {
    configs(server, server.pop3s_port(), server.pop3_port())
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

type State = (&'static str, Pin<Box<dyn Future<Output = ()>>>);

/// A session in which that was done before it is dropped.
fn state<S>(name: &'static str, open: S, work: impl AsyncFnOnce(S::Output) + 'static) -> State
where
    S: Future + 'static,
{
    (name, Box::pin(async move { work(open.await).await }))
}

/// Each state in which an IMAP session may be dropped.
fn imap_states(config: &Config) -> Vec<State> {
    let connect = || Imap::connect(config.clone(), alice());
    let open = || {
        let connecting = connect();
        async { connecting.await.unwrap() }
    };
    let inbox = || {
        let opening = open();
        async { opening.await.into_folder("INBOX").await.unwrap() }
    };
    vec![
        state("while connecting", timeout(Duration::from_millis(3), connect()), async |_| ()),
        state("logged in", open(), async |imap| drop(imap)),
        state("logged out", open(), async |imap| imap.logout().await.unwrap()),
        state("in a command", open(), async |imap| drop(timeout(Duration::ZERO, imap.noop()).await)),
        state("with a folder", inbox(), async |inbox| drop(inbox)),
        state("in a stream", open(), async |mut imap| {
            let mut inbox = imap.select("INBOX").await.unwrap();
            let mut mail = inbox.fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
            mail.try_next().await.unwrap().unwrap();
        }),
        state("in IDLE", inbox(), async |mut inbox| {
            let mut events = inbox.idle().await.unwrap();
            let _ = timeout(Duration::from_millis(20), events.try_next()).await;
        }),
        state("in an upload", open(), async |imap| {
            let _ = timeout(Duration::from_millis(2), imap.append("INBOX", vec![b'x'; 8 << 20])).await;
        }),
    ]
}

fn pop3_states(config: &Config) -> Vec<State> {
    let connect = || Pop3::connect(config.clone(), alice());
    let open = || {
        let connecting = connect();
        async { connecting.await.unwrap() }
    };
    let first = Number::new(1).unwrap();
    vec![
        state("while connecting", timeout(Duration::from_millis(3), connect()), async |_| ()),
        state("logged in", open(), async |pop3| drop(pop3)),
        state("after QUIT", open(), async |pop3| pop3.quit().await.unwrap()),
        state("in a command", open(), async move |pop3| drop(timeout(Duration::ZERO, pop3.retr(first)).await)),
        state("in a stream", open(), async move |mut pop3| {
            let mut mail = pop3.fetch([first]);
            let _ = mail.try_next().await.unwrap();
        }),
    ]
}

/// Waits until everything is as it was, except for the server's side of connections that it has not given up: a task and a
/// descriptor each. The time that this takes is not checked.
async fn settled(what: &str, server: &Server, before: (usize, usize)) {
    for _ in 0..600 {
        let live = server.connections();
        if tasks() <= before.0 + live && descriptors() <= before.1 + live {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("{what}: {} tasks and {} descriptors, {before:?} before", tasks(), descriptors());
}

/// A server, and the number of tasks and descriptors without a session.
async fn rested() -> (Server, (usize, usize)) {
    let server = Server::builder().sample_mail().start().await.unwrap();
    // tokio's threads for the resolver stay.
    Imap::connect(imap_configs(&server).remove(0), alice()).await.unwrap().logout().await.unwrap();
    server.all_closed().await;
    sleep(Duration::from_millis(50)).await;
    let before = (tasks(), descriptors());
    (server, before)
}

#[tokio::test]
async fn nothing_is_left_of_a_session_that_is_dropped() {
    let (server, before) = rested().await;
    for config in imap_configs(&server) {
        for (state, session) in imap_states(&config) {
            session.await;
            server.all_closed().await;
            settled(&format!("IMAP, {state}, {config:?}"), &server, before).await;
        }
    }
    for config in pop3_configs(&server) {
        for (state, session) in pop3_states(&config) {
            session.await;
            server.all_closed().await;
            settled(&format!("POP3, {state}, {config:?}"), &server, before).await;
        }
    }
}

#[tokio::test]
async fn nothing_is_left_where_the_server_never_answers() {
    let (server, before) = rested().await;
    for config in imap_configs(&server) {
        // Silent from the greeting on, silent after the login, not reading after the login.
        for fault in [Fault::StallAfter(0), Fault::StallAfter(500), Fault::StallInputAfter(60)] {
            server.fault(fault);
            let work = async {
                let mut imap = Imap::connect(config.clone(), alice()).await?;
                imap.noop().await?;
                let mut inbox = imap.select("INBOX").await?;
                let mut mail = inbox.fetch(Uids::ALL, Items::MESSAGE).await?;
                while mail.try_next().await?.is_some() {}
                Ok::<_, postroom::Error>(())
            };
            let _ = timeout(Duration::from_millis(100), work).await;
            settled(&format!("{fault:?}, {config:?}"), &server, before).await;
            // The server's side of it would wait for ever.
            server.disconnect_all();
            server.all_closed().await;
        }
    }
}

#[tokio::test]
async fn a_dropped_driver_closes_its_stream_and_tells_its_handle() {
    let server = Server::builder().in_memory().unwrap();
    let (imap, driver) = Imap::handshake(server.imap_stream(), plaintext(), alice()).await.unwrap();
    drop(driver);
    server.all_closed().await;
    assert_eq!(imap.noop().await.unwrap_err().kind(), postroom::Kind::Closed);
}

//! The proxy itself, over streams of the tests' own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::{How, Near, Plan, Proxy, Side};
use crate::rng::Rng;

/// A connection through a proxy with this plan.
fn connected(plan: Plan) -> (Proxy, Near, DuplexStream) {
    let proxy = Proxy::new(plan, |_| {});
    let (server, far) = tokio::io::duplex(1000);
    let near = proxy.connect(far);
    (proxy, near, server)
}

async fn all(mut from: impl tokio::io::AsyncRead + Unpin) -> String {
    let mut text = String::new();
    from.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test(start_paused = true)]
async fn exactly_the_bytes_before_the_cut_pass() {
    for at in 0..=4 {
        let (proxy, mut near, server) = connected(Plan::one(Side::ToServer, at, How::Close));
        near.write_all(b"abcd").await.unwrap();
        assert_eq!(all(server).await, "abcd"[..usize::try_from(at).unwrap()]);
        assert_eq!(all(near).await, "");
        assert_eq!((proxy.passed().to_server, proxy.passed().cuts), (at, 1));

        let (proxy, near, mut server) = connected(Plan::one(Side::FromServer, at, How::Close));
        server.write_all(b"abcd").await.unwrap();
        assert_eq!(all(near).await, "abcd"[..usize::try_from(at).unwrap()]);
        assert_eq!((proxy.passed().from_server, proxy.passed().cuts), (at, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn the_count_goes_on_over_connections() {
    let proxy = Proxy::new(Plan::one(Side::ToServer, 5, How::Close), |_| {});
    for (sent, got) in [("abc", "abc"), ("defg", "de"), ("hijklmnop", "hijklmnop")] {
        let (server, far) = tokio::io::duplex(1000);
        let mut near = proxy.connect(far);
        near.write_all(sent.as_bytes()).await.unwrap();
        near.shutdown().await.unwrap();
        assert_eq!(all(server).await, got);
    }
    assert_eq!(proxy.passed().connections, 3);
}

#[tokio::test(start_paused = true)]
async fn a_reset_is_an_error_and_loses_what_was_not_read() {
    let (_proxy, mut near, mut server) = connected(Plan::one(Side::FromServer, 2, How::Reset));
    server.write_all(b"abcd").await.unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(near.read(&mut [0; 9]).await.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(all(server).await, "");
}

#[tokio::test(start_paused = true)]
async fn a_stall_lasts_until_the_client_closes() {
    let (_proxy, mut near, mut server) = connected(Plan::one(Side::ToServer, 2, How::Stall));
    near.write_all(b"abcd").await.unwrap();
    let hour = Duration::from_secs(3600);
    let mut two = [0; 2];
    server.read_exact(&mut two).await.unwrap();
    server.write_all(b"reply").await.unwrap();
    assert!(tokio::time::timeout(hour, near.read(&mut [0; 9])).await.is_err());
    assert!(tokio::time::timeout(hour, server.read(&mut [0; 9])).await.is_err());
    drop(near);
    assert_eq!(all(server).await, "");
}

#[tokio::test(start_paused = true)]
async fn late_bytes_reach_the_server_after_the_client_saw_the_end() {
    let late = Duration::from_secs(4);
    let (proxy, mut near, mut server) = connected(Plan::one(Side::ToServer, 2, How::Late(late)));
    let begun = Instant::now();
    near.write_all(b"abcd").await.unwrap();
    near.write_all(b"efgh").await.unwrap();
    assert_eq!(near.read(&mut [0; 9]).await.unwrap(), 0);
    assert!(begun.elapsed() < Duration::from_millis(5));
    let mut two = [0; 2];
    server.read_exact(&mut two).await.unwrap();
    assert_eq!(&two, b"ab");
    let mut rest = [0; 6];
    server.read_exact(&mut rest).await.unwrap();
    assert_eq!(&rest, b"cdefgh");
    assert!(begun.elapsed() >= late);
    assert_eq!((server.read(&mut [0; 9]).await.unwrap(), proxy.passed().cuts), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_restart_ends_all_connections_and_an_outage_turns_new_ones_away() {
    let seen = Arc::<Mutex<Vec<How>>>::default();
    let plan = Plan { outage: Duration::from_secs(1), ..Plan::one(Side::ToServer, 1, How::Restart) };
    let into = seen.clone();
    let proxy = Proxy::new(plan, move |how| into.lock().unwrap().push(how));
    let (_one, far) = tokio::io::duplex(10);
    let mut first = proxy.connect(far);
    let (_two, far) = tokio::io::duplex(10);
    let second = proxy.connect(far);
    first.write_all(b"a").await.unwrap();
    assert_eq!((all(first).await, all(second).await), (String::new(), String::new()));
    assert_eq!(*seen.lock().unwrap(), [How::Restart]);
    let (_three, far) = tokio::io::duplex(10);
    assert_eq!(all(proxy.connect(far)).await, "");
    assert_eq!((proxy.passed().connections, proxy.passed().turned_away), (2, 1));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (four, far) = tokio::io::duplex(10);
    proxy.connect(far).write_all(b"b").await.unwrap();
    assert_eq!(all(four).await, "b");
}

#[tokio::test]
async fn over_tcp_it_is_the_same() {
    for how in [How::Close, How::Reset] {
        let proxy = Proxy::new(Plan::one(Side::FromServer, 2, how), |_| {});
        let (send, mut servers) = tokio::sync::mpsc::unbounded_channel();
        let port = proxy
            .listen(move || {
                let (server, far) = tokio::io::duplex(100);
                send.send(server).unwrap();
                async { Ok(far) }
            })
            .await;
        let mut near = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        near.write_all(b"hello").await.unwrap();
        let mut server = servers.recv().await.unwrap();
        server.read_exact(&mut [0; 5]).await.unwrap();
        server.write_all(b"abcd").await.unwrap();
        let mut text = Vec::new();
        let end = near.read_to_end(&mut text).await;
        match how {
            How::Close => assert_eq!(text, b"ab"),
            _ => assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset),
        }
        assert_eq!(all(server).await, "");
    }
}

#[test]
fn a_seed_is_a_plan() {
    let plan = |seed| Plan::random(&mut Rng::new(seed), 1000, 2000);
    let plans: Vec<_> = (0..200).map(plan).collect();
    assert!(plans.iter().zip(0..).all(|(one, seed)| *one == plan(seed) && (1..=3).contains(&one.cuts.len())));
    let cuts = || plans.iter().flat_map(|plan| &plan.cuts);
    for how in [How::Close, How::Reset, How::Stall, How::Restart] {
        assert!(cuts().any(|cut| cut.how == how));
    }
    assert!(plans.iter().any(|plan| plan.lateness() > Duration::from_secs(2)));
}

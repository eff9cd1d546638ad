//! What a session asks of its socket: to send at once, to notice a peer that is gone, and to take no more than it can send soon.
//! All of it is asked, not demanded: a system that cannot do it makes the session slower or its end later, not wrong.

use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

use crate::config::{Config, KeepAlive};

/// How much the system may hold that it has not sent. What it takes then tells how far an upload really is, which deadlines need.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT: u32 = 128 * 1024;

pub(super) fn tune(stream: &TcpStream, config: &Config) {
    let _ = stream.set_nodelay(true);
    let socket = SockRef::from(stream);
    if let Some(keep_alive) = config.alive() {
        let _ = socket.set_tcp_keepalive(&probes(keep_alive));
        give_up(&socket, keep_alive.patience().max(config.deadlines.progress));
    }
    hold_little(&socket);
}

#[cfg(not(any(target_os = "openbsd", target_os = "haiku", target_os = "vita")))]
fn probes(keep_alive: &KeepAlive) -> TcpKeepalive {
    let probes =
        TcpKeepalive::new().with_time(keep_alive.idle.max(SECOND)).with_interval(keep_alive.interval.max(SECOND));
    probes.with_retries(keep_alive.probes.max(1))
}

#[cfg(any(target_os = "openbsd", target_os = "haiku", target_os = "vita"))]
fn probes(keep_alive: &KeepAlive) -> TcpKeepalive {
    TcpKeepalive::new().with_time(keep_alive.idle.max(SECOND))
}

const SECOND: Duration = Duration::from_secs(1);

/// Without this, what was sent to a peer that is gone is repeated for a quarter of an hour, and no probe is sent meanwhile.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn give_up(socket: &SockRef<'_>, after: Duration) {
    let _ = socket.set_tcp_user_timeout(Some(after));
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn give_up(_: &SockRef<'_>, _: Duration) {}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn hold_little(socket: &SockRef<'_>) {
    let _ = socket.set_tcp_notsent_lowat(UNSENT);
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn hold_little(_: &SockRef<'_>) {}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    async fn tuned(config: Config) -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        tune(&stream, &config);
        stream
    }

    #[tokio::test]
    async fn the_system_probes_as_it_is_told() {
        let stream = tuned(Config::new("h")).await;
        let socket = SockRef::from(&stream);
        assert!(stream.nodelay().unwrap() && socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(60));
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), Duration::from_secs(15));
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), 4);
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(Duration::from_secs(120)));
        assert_eq!(socket.tcp_notsent_lowat().unwrap(), UNSENT);
    }

    #[tokio::test]
    async fn what_is_not_acknowledged_has_the_time_that_a_command_has() {
        let deadlines = crate::Deadlines { progress: Duration::from_secs(600), ..Default::default() };
        let stream = tuned(Config::new("h").deadlines(deadlines)).await;
        assert_eq!(SockRef::from(&stream).tcp_user_timeout().unwrap(), Some(Duration::from_secs(600)));
    }

    #[tokio::test]
    async fn without_keep_alive_the_system_is_left_alone_and_less_than_a_second_is_a_second() {
        let stream = tuned(Config::new("h").keep_alive(None)).await;
        let socket = SockRef::from(&stream);
        assert!(!socket.keepalive().unwrap() && socket.tcp_user_timeout().unwrap().is_none());
        let zero = KeepAlive { idle: Duration::ZERO, interval: Duration::ZERO, probes: 0 };
        let stream = tuned(Config::new("h").keep_alive(zero)).await;
        let socket = SockRef::from(&stream);
        assert_eq!(socket.tcp_keepalive_time().unwrap(), SECOND);
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), 1);
    }
}

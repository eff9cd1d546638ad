//! The options of a session's socket: send at once, notice a peer that is gone, and buffer no more than can be sent soon. Errors are
//! ignored: a system without an option makes the session slower or its end later, but not wrong.

use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

use crate::config::KeepAlive;

/// TCP_NOTSENT_LOWAT: limits the bytes that the kernel buffers unsent, so that progress in writing, and its deadline, reflect the network.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT: u32 = 128 * 1024;

/// `progress` is how long written bytes may stay unacknowledged.
pub(super) fn configure_socket(stream: &TcpStream, keep_alive: Option<&KeepAlive>, progress: Duration) {
    let _ = stream.set_nodelay(true);
    let socket = SockRef::from(stream);
    if let Some(keep_alive) = keep_alive {
        let _ = socket.set_tcp_keepalive(&probes(keep_alive));
        set_user_timeout(&socket, keep_alive.patience().max(progress));
    }
    limit_unsent(&socket);
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

/// TCP_USER_TIMEOUT: without it the system retransmits to a peer that is gone for a quarter of an hour, and sends no probes meanwhile.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn set_user_timeout(socket: &SockRef<'_>, after: Duration) {
    let _ = socket.set_tcp_user_timeout(Some(after));
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn set_user_timeout(_: &SockRef<'_>, _: Duration) {}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn limit_unsent(socket: &SockRef<'_>) {
    let _ = socket.set_tcp_notsent_lowat(UNSENT);
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn limit_unsent(_: &SockRef<'_>) {}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use crate::config::Config;
    use tokio::net::TcpListener;

    async fn configured(config: Config) -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        configure_socket(&stream, config.alive(), config.deadlines.progress);
        stream
    }

    #[tokio::test]
    async fn the_system_probes_as_configured() {
        let stream = configured(Config::new("h")).await;
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
        let stream = configured(Config::new("h").deadlines(deadlines)).await;
        assert_eq!(SockRef::from(&stream).tcp_user_timeout().unwrap(), Some(Duration::from_secs(600)));
    }

    #[tokio::test]
    async fn without_keep_alive_nothing_is_set_and_less_than_a_second_is_a_second() {
        let stream = configured(Config::new("h").keep_alive(None)).await;
        let socket = SockRef::from(&stream);
        assert!(!socket.keepalive().unwrap() && socket.tcp_user_timeout().unwrap().is_none());
        let zero = KeepAlive { idle: Duration::ZERO, interval: Duration::ZERO, probes: 0 };
        let stream = configured(Config::new("h").keep_alive(zero)).await;
        let socket = SockRef::from(&stream);
        assert_eq!(socket.tcp_keepalive_time().unwrap(), SECOND);
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), 1);
    }
}

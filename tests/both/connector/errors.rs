//! What a session says if its way leads nowhere.

use std::error::Error as _;
use std::future::pending;
use std::io;
use std::time::Duration;

use postroom::connector::{Connect, Target, Tcp};
use postroom::{Config, Deadlines, Error, Kind};
use tokio::time::Instant;

use super::{By, PROTOCOLS, session};

fn config() -> Config {
    Config::new("mail.example").dangerous_plaintext()
}

#[tokio::test]
async fn its_error_is_the_source_and_the_server_is_named() {
    for protocol in PROTOCOLS {
        let by = By::new(|_| async { Err(io::Error::other("the tunnel is closed")) });
        let error = session(protocol, config().connect_by(by)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Io);
        assert!(error.is_retryable() && error.to_string().contains("mail.example:1"), "{error}");
        assert!(!error.to_string().contains("tunnel"));
        assert_eq!(error.source().unwrap().to_string(), "the tunnel is closed");
    }
}

#[tokio::test]
async fn a_timeout_of_its_own_is_a_timeout() {
    let by = By::new(|_| async { Err(io::ErrorKind::TimedOut.into()) });
    let error = session(PROTOCOLS[0], config().connect_by(by)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Timeout);
    assert!(error.source().is_some());
}

#[tokio::test]
async fn an_error_of_this_crate_stays_what_it_is() {
    let by = By::new(|_| async { Err(Error::busy("the tunnel is in use").into()) });
    let error = session(PROTOCOLS[1], config().connect_by(by)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Busy);
    assert!(error.to_string().contains("the tunnel is in use"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn it_has_the_deadline_for_connecting() {
    for protocol in PROTOCOLS {
        let deadlines = Deadlines::default().connect(Duration::from_secs(7));
        let start = Instant::now();
        let config = config().deadlines(deadlines).connect_by(By::new(|_| pending()));
        let error = session(protocol, config).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Timeout);
        assert_eq!(start.elapsed().as_secs(), 7);
        assert!(error.to_string().contains("no connection within 7s"), "{error}");
    }
}

#[tokio::test]
async fn a_wrong_configuration_is_refused_before_it_is_used() {
    let by = By::new(|_| pending());
    let config = Config::new("not a host").connect_by(by.clone());
    assert_eq!(session(PROTOCOLS[0], config).await.unwrap_err().kind(), Kind::Input);
    assert!(by.asked().is_empty());
}

#[tokio::test]
async fn tcp_without_a_configuration_has_the_same_errors() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = Tcp.connect(&Target::new("127.0.0.1", closed)).await.err().unwrap();
    let own = error.get_ref().unwrap().downcast_ref::<Error>().unwrap();
    assert_eq!(own.kind(), Kind::Io);
    assert!(own.to_string().contains("the connection was refused"), "{own}");
}

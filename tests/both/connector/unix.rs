//! Unix sockets.

use postroom::connector::UnixSocket;
use postroom::{Config, Kind, Protocol};
use tokio::net::UnixListener;

use super::{PROTOCOLS, embedded, nowhere, session};
use crate::scratch::Scratch;

#[tokio::test]
async fn a_server_that_listens_there_is_reached_with_and_without_tls() {
    let (server, folder) = (embedded(), Scratch::new());
    for protocol in PROTOCOLS {
        let path = folder.join(format!("{protocol:?}"));
        let listener = UnixListener::bind(&path).unwrap();
        let server_of_relay = server.clone();
        let relay = tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let mut far = match protocol {
                    Protocol::Imap => server_of_relay.imap_stream(),
                    Protocol::Pop3 => server_of_relay.pop3_stream(),
                };
                // The client may close first, with bytes still to come.
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            }
        });
        let socket = UnixSocket::new(&path);
        session(protocol, nowhere(&server).starttls().connect_by(socket.clone())).await.unwrap();
        session(protocol, Config::new("nowhere.invalid").dangerous_plaintext().connect_by(socket)).await.unwrap();
        relay.abort();
    }
}

#[tokio::test]
async fn the_error_names_the_path() {
    let folder = Scratch::new();
    let path = folder.join("nobody");
    for exists in [false, true] {
        if exists {
            drop(UnixListener::bind(&path).unwrap());
        }
        for protocol in PROTOCOLS {
            let config = Config::new("localhost").dangerous_plaintext().connect_by(UnixSocket::new(&path));
            let error = session(protocol, config).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Io);
            assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
            assert!(std::error::Error::source(&error).is_some());
        }
    }
}

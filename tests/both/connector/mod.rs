//! Ways to the server other than the usual TCP: what the session makes of them, in both protocols and with every kind of TLS. Each test
//! has a way of its own.

mod cancelled;
mod errors;
#[cfg(feature = "proxy")]
mod proxy;
#[cfg(unix)]
mod unix;

use std::io;
use std::sync::{Arc, Mutex};

use postroom::connector::{Connect, Stream, Target, Tcp};
use postroom::testing::Server;
use postroom::{BoxFuture, Config, Error, Imap, Kind, Login, Mailbox, Pop3, Protocol};

use crate::session::alice;

pub(crate) type Connected = io::Result<Box<dyn Stream>>;

/// A way that is a closure, and what it was asked for.
#[derive(Clone)]
pub(crate) struct By {
    connect: Arc<dyn Fn(Target) -> BoxFuture<'static, Connected> + Send + Sync>,
    asked: Arc<Mutex<Vec<(String, u16)>>>,
}

impl By {
    pub(crate) fn new<F>(connect: impl Fn(Target) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Connected> + Send + 'static,
    {
        Self { connect: Arc::new(move |target| Box::pin(connect(target))), asked: Arc::default() }
    }

    /// To a stream that is there already.
    pub(crate) fn stream<S: Stream + 'static>(make: impl Fn(&Target) -> S + Send + Sync + 'static) -> Self {
        Self::new(move |target| std::future::ready(Ok(Box::new(make(&target)) as Box<dyn Stream>)))
    }

    /// By TCP to a port of this machine.
    pub(crate) fn port(port: u16) -> Self {
        Self::new(move |target| async move { Tcp.connect(&target.elsewhere("127.0.0.1", port)).await })
    }

    /// To the embedded server's connections in memory, by the port that is asked for.
    pub(crate) fn server(server: &Arc<Server>) -> Self {
        let server = server.clone();
        Self::stream(move |target| match target.port() {
            143 | 993 => server.imap_stream(),
            _ => server.pop3_stream(),
        })
    }

    pub(crate) fn asked(&self) -> Vec<(String, u16)> {
        self.asked.lock().unwrap().clone()
    }
}

impl Connect for By {
    fn connect<'a>(&'a self, target: &'a Target) -> BoxFuture<'a, Connected> {
        self.asked.lock().unwrap().push((target.host().to_owned(), target.port()));
        (self.connect)(target.clone())
    }
}

pub(crate) const PROTOCOLS: [Protocol; 2] = [Protocol::Imap, Protocol::Pop3];

/// A session from its beginning to its end.
pub(crate) async fn session(protocol: Protocol, config: Config) -> Result<(), Error> {
    match protocol {
        Protocol::Imap => Imap::connect(config, alice()).await?.logout().await,
        Protocol::Pop3 => Pop3::connect(config, alice()).await?.quit().await,
    }
}

pub(crate) fn embedded() -> Arc<Server> {
    Arc::new(Server::builder().sample_mail().in_memory().unwrap())
}

/// A configuration for a host that has no address, whose certificate is that of the embedded server.
pub(crate) fn nowhere(server: &Server) -> Config {
    let config = Config::new("nowhere.invalid").server_name("localhost").only_added_roots();
    config.add_root_pem(server.ca_pem().as_bytes()).unwrap()
}

#[tokio::test]
async fn tls_comes_above_it_as_configured_and_nothing_is_looked_up() {
    let server = Server::builder().sample_mail().start().await.unwrap();
    let config = nowhere(&server);
    for (protocol, ports, usual) in [
        (Protocol::Imap, [server.imaps_port(), server.imap_port()], [993, 143]),
        (Protocol::Pop3, [server.pop3s_port(), server.pop3_port()], [995, 110]),
    ] {
        for (config, port, usual) in [
            (config.clone(), ports[0], usual[0]),
            (config.clone().starttls(), ports[1], usual[1]),
            (Config::new("nowhere.invalid").dangerous_plaintext(), ports[1], usual[1]),
        ] {
            let by = By::port(port);
            session(protocol, config.connect_by(by.clone())).await.unwrap();
            assert_eq!(by.asked(), [("nowhere.invalid".to_owned(), usual)]);
        }
    }
}

#[tokio::test]
async fn the_certificate_must_be_for_the_host_and_not_for_the_place_where_the_stream_leads() {
    let server = Server::builder().sample_mail().start().await.unwrap();
    let config = Config::new("nowhere.invalid").add_root_pem(server.ca_pem().as_bytes()).unwrap();
    let error = session(Protocol::Imap, config.connect_by(By::port(server.imaps_port()))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Tls);
    assert!(error.to_string().contains("nowhere.invalid"), "{error}");
}

#[tokio::test]
async fn it_may_be_shared_and_the_last_one_counts() {
    let server = embedded();
    let (first, last) = (By::server(&server), Arc::new(By::server(&server)));
    let config = Config::new("localhost").dangerous_plaintext();
    let config = config.connect_by(first.clone()).connect_by(last.clone());
    let sessions = PROTOCOLS.map(|protocol| session(protocol, config.clone()));
    for session in sessions {
        session.await.unwrap();
    }
    assert_eq!((first.asked().len(), last.asked().len()), (0, 2));
    assert!(format!("{config:?}").contains("own_connector: true"));
    assert!(format!("{:?}", Config::new("localhost")).contains("own_connector: false"));
}

#[tokio::test(start_paused = true)]
async fn pop3_waits_for_mail_through_the_same_way() {
    let server = embedded();
    let by = By::server(&server);
    let config = Config::new("localhost").dangerous_plaintext().connect_by(by.clone());
    let mut pop3 = Pop3::connect(config, Login::password("alice", "alicepw")).await.unwrap();
    let before = pop3.entries().await.unwrap().len();
    let deliver = async {
        tokio::time::sleep(std::time::Duration::from_secs(90)).await;
        server.deliver("alice", "INBOX", "Subject: new\r\n\r\n", &[]).unwrap();
    };
    let (changed, ()) = tokio::join!(pop3.changed(), deliver);
    changed.unwrap();
    assert_eq!(pop3.entries().await.unwrap().len(), before + 1);
    assert!(by.asked().len() >= 3, "{:?}", by.asked());
}

//! A real server as the job's world, and the proxy in front of it.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use postroom::imap::Imap;
use postroom::rustls::ClientConfig;
use postroom::rustls::client::Resumption;
use postroom::{BoxFuture, Config};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::cutting::{Plan, Proxy};
use crate::job::{Names, Second, World, mail};
use crate::live::{imap_config, login};
use crate::relay::{provider, roots};
use crate::server::{Server, User};

/// How long a server may need for what it has received already.
const REST: Duration = Duration::from_millis(300);

#[derive(Clone)]
pub(crate) struct Real(Arc<Inner>);

struct Inner {
    user: User,
    calm: Duration,
    delivered: Mutex<Vec<(String, String)>>,
}

impl Real {
    pub(crate) fn new(user: &User, calm: Duration) -> Self {
        let user = User { name: user.name.clone(), password: user.password, server: user.server.clone() };
        Self(Arc::new(Inner { user, calm, delivered: Mutex::default() }))
    }

    /// A proxy on a port of its own, over TLS to the server and in plaintext to the client, so that a byte is one of the protocol. At each
    /// loss the second client delivers a message.
    pub(crate) async fn proxy(&self, plan: Plan) -> (Proxy, Config) {
        let world = self.clone();
        let proxy = Proxy::new(plan, move |_| world.deliver("Target", "meanwhile"));
        let port = proxy.listen(dial(&self.0.user.server)).await;
        (proxy, Config::new("127.0.0.1").port(port).dangerous_plaintext())
    }
}

/// Makes streams to the server.
fn dial(server: &Server) -> impl Fn() -> BoxFuture<'static, io::Result<TlsStream<TcpStream>>> + Send + Sync + use<> {
    let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots(&server.ca_pem)).with_no_client_auth();
    // Some servers break resumed handshakes off.
    config.resumption = Resumption::disabled();
    let (connector, port) = (TlsConnector::from(Arc::new(config)), server.imaps);
    move || {
        let connector = connector.clone();
        Box::pin(async move {
            let far = TcpStream::connect(("127.0.0.1", port)).await?;
            far.set_nodelay(true)?;
            connector.connect("localhost".try_into().unwrap(), far).await
        })
    }
}

impl Second for Real {
    fn deliver(&self, place: &str, token: &str) {
        let what = (place.to_owned(), token.to_owned());
        let mut delivered = self.0.delivered.lock().unwrap();
        if !delivered.contains(&what) {
            self.0.user.deliver(place, &mail(token, 0));
            delivered.push(what);
        }
    }

    fn calm(&self) -> Duration {
        self.0.calm
    }

    fn delivered(&self) -> Vec<(String, String)> {
        self.0.delivered.lock().unwrap().clone()
    }
}

impl World for Real {
    fn names(&self) -> Names {
        Names { prefix: self.0.user.server.prefix(), delimiter: self.0.user.server.delimiter() }
    }

    async fn session(&self) -> Imap {
        Imap::connect(imap_config(&self.0.user.server), login(&self.0.user)).await.unwrap()
    }

    async fn settled(&self, within: Duration) {
        tokio::time::sleep(within + REST).await;
    }
}

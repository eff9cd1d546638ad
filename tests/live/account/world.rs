//! A real server as the job's world, and the proxy in front of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use postroom::Config;
use postroom::imap::Imap;
use postroom::rustls::ClientConfig;
use postroom::rustls::client::Resumption;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::cutting::{Plan, Proxy};
use crate::job::{Names, Second, World, mail};
use crate::live::{imap_config, login};
use crate::relay::{provider, roots};
use crate::server::{Server, User};

/// How long a server may need for what it has received already.
const REST: Duration = Duration::from_millis(300);

pub(crate) struct Real<'a> {
    user: &'a User,
    delivered: Mutex<Vec<(String, String)>>,
}

impl<'a> Real<'a> {
    pub(crate) fn new(user: &'a User) -> Self {
        Self { user, delivered: Mutex::default() }
    }
}

/// A proxy on a port of its own, over TLS to the server and in plaintext to the client, so that a byte is one of the protocol.
pub(crate) async fn proxy(server: &Server, plan: Plan) -> (Proxy, Config) {
    let proxy = Proxy::new(plan, |_| {});
    let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots(&server.ca_pem)).with_no_client_auth();
    // Some servers break resumed handshakes off.
    config.resumption = Resumption::disabled();
    let (connector, port) = (TlsConnector::from(Arc::new(config)), server.imaps);
    let dial = move || {
        let connector = connector.clone();
        async move {
            let far = TcpStream::connect(("127.0.0.1", port)).await?;
            far.set_nodelay(true)?;
            connector.connect("localhost".try_into().unwrap(), far).await
        }
    };
    let port = proxy.listen(dial).await;
    (proxy, Config::new("127.0.0.1").port(port).dangerous_plaintext())
}

impl Second for Real<'_> {
    fn deliver(&self, place: &str, token: &str) {
        let what = (place.to_owned(), token.to_owned());
        let mut delivered = self.delivered.lock().unwrap();
        if !delivered.contains(&what) {
            self.user.deliver(place, &mail(token, 0));
            delivered.push(what);
        }
    }

    fn delivered(&self) -> Vec<(String, String)> {
        self.delivered.lock().unwrap().clone()
    }
}

impl World for Real<'_> {
    fn names(&self) -> Names {
        Names { prefix: self.user.server.prefix(), delimiter: self.user.server.delimiter() }
    }

    async fn session(&self) -> Imap {
        Imap::connect(imap_config(&self.user.server), login(self.user)).await.unwrap()
    }

    async fn settled(&self, within: Duration) {
        tokio::time::sleep(within + REST).await;
    }
}

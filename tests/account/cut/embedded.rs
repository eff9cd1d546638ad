//! The embedded server as the job's world, in process and on a paused clock.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use postroom::account::Account;
use postroom::connector::{Connect, Stream, Target};
use postroom::imap::Imap;
use postroom::testing::{MessageSnapshot, Server};
use postroom::{BoxFuture, Config, Deadlines, Login, Result};
use time::OffsetDateTime;

use super::case::{Case, Manner};
use crate::cutting::{How, Near, Proxy};
use crate::job::{DISPOSABLE, Names, Second, World, mail, token_of};

const USER: &str = "alice";

#[derive(Clone)]
pub(crate) struct Embedded(Arc<Inner>);

struct Inner {
    server: Server,
    delivered: Mutex<Vec<(String, String)>>,
    removed: Mutex<Vec<(String, String)>>,
}

impl Embedded {
    pub(crate) fn new(manner: Manner) -> Self {
        let clock = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
        let builder = Server::builder().clock(clock);
        let builder = match manner {
            Manner::Plain => builder,
            Manner::Stamps => builder.stamps_appends(true),
            Manner::StripsIds => builder.strips_message_ids(true),
            Manner::Old => ["MOVE", "REPLACE", "MULTIAPPEND", "CONDSTORE", "OBJECTID", "ESEARCH", "LITERAL+", "NOTIFY"]
                .into_iter()
                .fold(builder, |builder, lacks| builder.without(lacks)),
        };
        Self(Arc::new(Inner {
            server: builder.in_memory().unwrap(),
            delivered: Mutex::default(),
            removed: Mutex::default(),
        }))
    }

    /// A proxy in front of it that loses connections as the case says.
    pub(crate) fn proxy(&self, case: &Case) -> Proxy {
        let (world, meddles) = (self.clone(), case.meddles);
        Proxy::new(case.plan.clone(), move |how| {
            if how == How::Restart {
                world.0.server.disconnect_all();
            }
            if meddles {
                world.deliver("Target", "meanwhile");
                world.deliver("INBOX", "meanwhile-too");
                ["INBOX", "Target", "Library"].iter().for_each(|place| world.remove(place));
            }
        })
    }

    /// Removes the message that may be removed.
    fn remove(&self, place: &str) {
        let server = &self.0.server;
        let snapshot = server.snapshot(USER).unwrap();
        let is_it = |message: &&MessageSnapshot| token_of(&message.bytes).as_deref() == Some(DISPOSABLE);
        if let Some(message) = snapshot.messages(place).iter().find(is_it) {
            server.expunge(USER, place, message.uid).unwrap();
            self.0.removed.lock().unwrap().push((place.to_owned(), DISPOSABLE.to_owned()));
        }
    }

    /// A connection through the proxy.
    pub(crate) fn stream(&self, proxy: &Proxy) -> Near {
        proxy.connect(self.0.server.imap_stream())
    }

    /// An account through the proxy.
    pub(crate) fn account(&self, proxy: &Proxy) -> Account {
        let way = Way { world: self.clone(), proxy: proxy.clone() };
        Account::new(config().connect_by(way), login()).build().unwrap()
    }

    /// A session through the proxy.
    pub(crate) async fn cut_session(&self, proxy: &Proxy) -> Result<Imap> {
        let (imap, driver) = Imap::handshake(self.stream(proxy), config(), login()).await?;
        tokio::spawn(driver);
        Ok(imap)
    }
}

/// Each connection of an account.
struct Way {
    world: Embedded,
    proxy: Proxy,
}

impl Connect for Way {
    fn connect<'a>(&'a self, _: &'a Target) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async {
            let stream: Box<dyn Stream> = Box::new(self.world.stream(&self.proxy));
            Ok(stream)
        })
    }
}

/// Plaintext: nothing leaves this process. A dead peer is noticed during IDLE before the job gives up.
fn config() -> Config {
    let deadlines = Deadlines::default().idle(Duration::from_secs(5)).done(Duration::from_secs(5));
    Config::new("localhost").dangerous_plaintext().deadlines(deadlines)
}

fn login() -> Login {
    Login::password(USER, "alicepw")
}

impl Second for Embedded {
    fn deliver(&self, place: &str, token: &str) {
        let what = (place.to_owned(), token.to_owned());
        let mut delivered = self.0.delivered.lock().unwrap();
        if !delivered.contains(&what) {
            self.0.server.deliver(USER, place, mail(token, 0), &[]).unwrap();
            delivered.push(what);
        }
    }

    /// Longer than `Deadlines::progress`. The clock is paused.
    fn calm(&self) -> Duration {
        Duration::from_secs(100)
    }

    fn delivered(&self) -> Vec<(String, String)> {
        self.0.delivered.lock().unwrap().clone()
    }

    fn removed(&self) -> Vec<(String, String)> {
        self.0.removed.lock().unwrap().clone()
    }
}

impl World for Embedded {
    fn names(&self) -> Names {
        Names { prefix: "", delimiter: '/' }
    }

    async fn session(&self) -> Imap {
        let (imap, driver) = Imap::handshake(self.0.server.imap_stream(), config(), login()).await.unwrap();
        tokio::spawn(driver);
        imap
    }

    async fn settled(&self, within: Duration) {
        tokio::time::sleep(within + Duration::from_secs(6)).await;
        self.0.server.all_closed().await;
    }
}

//! An embedded server in process, an account that watches it on a paused clock, and a copy that is kept by what the watch reports alone.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use postroom::account::{Account, AccountNotice, Watch, WatchMethod, Watched};
use postroom::connector::{Connect, Stream, Target};
use postroom::imap::Imap;
use postroom::testing::{Builder, Server};
use postroom::{BoxFuture, Config, Login};

use crate::cutting::{How, Plan, Proxy};
use crate::rng::Rng;

pub(super) const USER: &str = "alice";
pub(super) const MAILBOXES: [&str; 5] = ["INBOX", "Work", "Lists", "Bills", "Zoo"];

/// UIDs with their flags.
type Messages = BTreeMap<u32, BTreeSet<String>>;

#[derive(Clone)]
pub(super) struct World {
    pub(super) server: Arc<Server>,
    proxy: Proxy,
    names: Arc<Mutex<Vec<String>>>,
}

/// The way to it.
struct Way(World);

/// What a program has that believes the watch.
#[derive(Debug, Default)]
pub(super) struct Copy {
    mailboxes: BTreeMap<String, Messages>,
    /// What was reported as new: no message is new twice.
    new: BTreeSet<(String, u32)>,
    pub(super) offline: usize,
    pub(super) online: usize,
    pub(super) resyncs: usize,
}

impl World {
    /// A server of this kind with some mailboxes, whose connections are lost as planned.
    pub(super) async fn new(builder: Builder, plan: Plan) -> Self {
        let server = Arc::new(builder.sample_mail().in_memory().unwrap());
        let restarted = server.clone();
        let proxy = Proxy::new(plan, move |how| {
            if how == How::Restart {
                restarted.disconnect_all();
            }
        });
        let names = Arc::new(Mutex::new(MAILBOXES.map(str::to_owned).to_vec()));
        let world = Self { server, proxy, names };
        let imap = world.second().await;
        for name in &MAILBOXES[1..] {
            imap.create_mailbox(*name).await.unwrap();
        }
        imap.logout().await.unwrap();
        world
    }

    pub(super) fn account(&self, connections: usize) -> Account {
        let config = Config::new("localhost").dangerous_plaintext().connect_by(Way(self.clone()));
        let account = Account::new(config, Login::password(USER, "alicepw")).connections(connections);
        account.back_off(Duration::from_millis(50), Duration::from_secs(2)).build().unwrap()
    }

    /// A session of another client.
    pub(super) async fn second(&self) -> Imap {
        let config = Config::new("localhost").dangerous_plaintext();
        let login = Login::password(USER, "alicepw");
        let (imap, driver) = Imap::handshake(self.server.imap_stream(), config, login).await.unwrap();
        tokio::spawn(driver);
        imap
    }

    /// One random change of the messages in a mailbox.
    pub(super) fn change(&self, rng: &mut Rng) {
        let names = self.names.lock().unwrap();
        let name = &names[rng.below(names.len())];
        let there: Vec<u32> = self.truth(name).unwrap_or_default().into_keys().collect();
        match rng.below(4) {
            0 | 1 => {
                self.deliver(name);
            }
            what if !there.is_empty() => {
                let uid = there[rng.below(there.len())];
                let flags = [&["\\Seen"][..], &["\\Flagged", "\\Seen"], &[], &["$Work"]][rng.below(4)];
                if what == 2 {
                    self.server.set_flags(USER, name, uid, flags).unwrap();
                } else {
                    self.server.expunge(USER, name, uid).unwrap();
                }
            }
            _ => {}
        }
    }

    pub(super) fn deliver(&self, name: &str) -> u32 {
        self.server.deliver(USER, name, "From: a@example.org\r\nSubject: Hello\r\n\r\nHello.\r\n", &[]).unwrap()
    }

    /// One random change of the mailboxes themselves.
    pub(super) async fn change_mailboxes(&self, rng: &mut Rng, number: usize) {
        let imap = self.second().await;
        let fresh = format!("New{number}");
        let at = rng.below(self.names.lock().unwrap().len());
        let name = self.names.lock().unwrap()[at].clone();
        match rng.below(3) {
            1 if name != "INBOX" => {
                imap.delete_mailbox(name.as_str()).await.unwrap();
                self.names.lock().unwrap().remove(at);
            }
            2 if name != "INBOX" => {
                imap.rename_mailbox(name.as_str(), fresh.as_str()).await.unwrap();
                self.names.lock().unwrap()[at] = fresh;
            }
            _ => {
                imap.create_mailbox(fresh.as_str()).await.unwrap();
                self.names.lock().unwrap().push(fresh);
            }
        }
        imap.logout().await.unwrap();
    }

    /// What is in a mailbox, if it exists.
    pub(super) fn truth(&self, name: &str) -> Option<Messages> {
        let snapshot = self.server.snapshot(USER).unwrap();
        let mailbox = snapshot.mailboxes.get(name)?;
        Some(mailbox.messages.iter().map(|one| (one.uid, one.flags.iter().cloned().collect())).collect())
    }

    pub(super) fn all(&self) -> BTreeMap<String, Messages> {
        let names: Vec<String> = self.server.snapshot(USER).unwrap().mailboxes.into_keys().collect();
        names.into_iter().map(|name| (name.clone(), self.truth(&name).unwrap())).collect()
    }

    pub(super) fn named(&self) -> BTreeMap<String, Messages> {
        MAILBOXES.iter().filter_map(|name| Some(((*name).to_owned(), self.truth(name)?))).collect()
    }
}

impl Connect for Way {
    fn connect<'a>(&'a self, _: &'a Target) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
        let stream = self.0.proxy.connect(self.0.server.imap_stream());
        Box::pin(async move { Ok(Box::new(stream) as Box<dyn Stream>) })
    }
}

impl Copy {
    /// Believes what the watch reports for this time.
    pub(super) async fn follow(&mut self, world: &World, watch: &mut Watch, time: Duration) {
        let end = tokio::time::Instant::now() + time;
        while let Ok(watched) = tokio::time::timeout_at(end, watch.next()).await {
            self.take(world, watched.expect("a watch does not end"));
        }
    }

    fn take(&mut self, world: &World, watched: Watched) {
        match watched {
            Watched::Resync(name) => {
                self.resyncs += 1;
                self.forget(name.as_str());
                self.mailboxes.insert(name.to_string(), world.truth(name.as_str()).unwrap_or_default());
            }
            Watched::New { mailbox, uids } => {
                assert!(uids.validity().is_some());
                let truth = world.truth(mailbox.as_str()).unwrap_or_default();
                for uid in uids.iter().map(|uid| uid.as_u32()) {
                    assert!(self.new.insert((mailbox.to_string(), uid)), "{mailbox} {uid} is new twice");
                    self.of(&mailbox).insert(uid, truth.get(&uid).cloned().unwrap_or_default());
                }
            }
            Watched::Changed { mailbox, uids } => {
                let truth = world.truth(mailbox.as_str()).unwrap_or_default();
                for uid in uids.iter().map(|uid| uid.as_u32()) {
                    self.of(&mailbox).insert(uid, truth.get(&uid).cloned().unwrap_or_default());
                }
            }
            Watched::Vanished { mailbox, uids } => {
                for uid in uids.iter().map(|uid| uid.as_u32()) {
                    self.of(&mailbox).remove(&uid);
                }
            }
            Watched::Created(name) => {
                let before = self.mailboxes.insert(name.to_string(), Messages::new());
                assert!(before.is_none(), "{name} is created twice");
            }
            Watched::Deleted(name) => {
                self.forget(name.as_str());
                assert!(self.mailboxes.remove(name.as_str()).is_some(), "{name} is deleted twice");
            }
            Watched::Renamed { from, to } => {
                let messages = self.mailboxes.remove(from.as_str()).expect("it was there");
                self.mailboxes.insert(to.to_string(), messages);
                let moved = |(name, uid)| (if name == from.as_str() { to.to_string() } else { name }, uid);
                self.new = std::mem::take(&mut self.new).into_iter().map(moved).collect();
            }
            Watched::Offline(_) => self.offline += 1,
            Watched::Online => self.online += 1,
            _ => {}
        }
    }

    fn of(&mut self, name: &postroom::imap::MailboxName) -> &mut Messages {
        self.mailboxes.entry(name.to_string()).or_default()
    }

    fn forget(&mut self, name: &str) {
        self.new.retain(|(mailbox, _)| mailbox != name);
    }

    pub(super) fn mailboxes(&self) -> &BTreeMap<String, Messages> {
        &self.mailboxes
    }
}

/// The methods that an account's notices have named.
pub(super) async fn lowered(account: &Account, time: Duration, during: impl Future<Output = ()>) -> Vec<WatchMethod> {
    let mut notices = account.notices();
    during.await;
    let mut methods = Vec::new();
    while let Ok(Some(notice)) = tokio::time::timeout(time, notices.next()).await {
        if let AccountNotice::NotPushed { method, .. } = notice {
            methods.push(method);
        }
    }
    methods
}

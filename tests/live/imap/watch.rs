//! A watch of several mailboxes, while another session changes them: a copy that believes the watch equals the mailboxes in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use postroom::account::{Account, Watch, Watched};
use postroom::imap::{Imap, Items, MailboxName, Uid, Uids};
use postroom::{Flag, FlagChange};

use super::session;
use crate::live::{imap_config, login, message};
use crate::rng::Rng;
use crate::suite::Trial;

/// UIDs with their flags.
type Messages = BTreeMap<Uid, BTreeSet<String>>;

#[derive(Default)]
struct Copy {
    mailboxes: BTreeMap<MailboxName, Messages>,
    new: BTreeSet<(MailboxName, Uid)>,
}

pub(crate) async fn the_sum_of_what_is_reported_is_what_is_there(user: &Trial) {
    let mut acting = session(user).await;
    let mut names: Vec<MailboxName> = vec![MailboxName::INBOX];
    for number in 0..5 {
        names.push(user.server.mailbox(&[&format!("Watched{number}")]).try_into().unwrap());
        acting.create_mailbox(&names[names.len() - 1]).await.unwrap();
    }
    let account = Account::new(imap_config(&user.server), login(user)).connections(2).build().unwrap();
    let second = Duration::from_secs(1);
    let mut watch = account.watch(&names).unwrap().poll(second, 2 * second).full_look(5 * second);
    let (mut copy, mut rng) = (Copy::default(), Rng::new(18));
    while copy.mailboxes.len() < names.len() {
        copy.follow(&mut watch, &mut acting, second).await;
    }
    for number in 0..40 {
        let name = &names[rng.below(names.len())];
        change(user, &mut acting, name, &mut rng, number).await;
        if rng.once_in(3) {
            copy.follow(&mut watch, &mut acting, second / 5).await;
        }
    }
    let mut truth = BTreeMap::new();
    for name in &names {
        truth.insert(name.clone(), messages(&mut acting, name).await);
    }
    let end = tokio::time::Instant::now() + user.patience.min(Duration::from_secs(30));
    while copy.mailboxes != truth && tokio::time::Instant::now() < end {
        copy.follow(&mut watch, &mut acting, second / 2).await;
    }
    assert_eq!(copy.mailboxes, truth);
    assert_eq!(account.stats().sessions, 1, "one session is enough");
}

async fn change(user: &Trial, imap: &mut Imap, name: &MailboxName, rng: &mut Rng, number: u32) {
    let there: Vec<Uid> = messages(imap, name).await.into_keys().collect();
    let what = rng.below(4);
    if there.is_empty() || what < 2 {
        imap.append(name, &message(number)[..]).await.unwrap();
        return;
    }
    let uid = Uids::from(there[rng.below(there.len())]);
    let folder = imap.select(name).await.unwrap();
    if what == 2 {
        let flag = if rng.once_in(2) { Flag::FLAGGED } else { Flag::SEEN };
        folder.store(uid, &FlagChange::add([flag])).await.unwrap();
    } else {
        folder.store(uid.clone(), &FlagChange::add([Flag::DELETED])).await.unwrap();
        if user.server.has_uidplus() {
            folder.expunge(uid).await.unwrap();
        } else {
            folder.close().await.unwrap();
        }
    }
}

/// What is in a mailbox.
async fn messages(imap: &mut Imap, name: &MailboxName) -> Messages {
    // Courier refuses to append to a mailbox that is open read-only.
    let mut folder = imap.select(name).await.unwrap();
    let mut found = Messages::new();
    let mut fetch = folder.fetch(Uids::ALL, Items::FLAGS).await.unwrap();
    while let Some(message) = fetch.try_next().await.unwrap() {
        let lasting = |flag: &str| !flag.eq_ignore_ascii_case("\\Recent");
        let flags = message.flags().unwrap();
        found.insert(
            message.uid().unwrap(),
            flags.iter().filter(|flag| lasting(flag)).map(|flag| flag.into()).collect(),
        );
    }
    found
}

impl Copy {
    async fn follow(&mut self, watch: &mut Watch, imap: &mut Imap, time: Duration) {
        let end = tokio::time::Instant::now() + time;
        while let Ok(watched) = tokio::time::timeout_at(end, watch.next()).await {
            self.take(watched.expect("a watch does not end"), imap).await;
        }
    }

    async fn take(&mut self, watched: Watched, imap: &mut Imap) {
        match watched {
            Watched::Resync(name) => {
                let there = messages(imap, &name).await;
                self.new.retain(|(mailbox, _)| *mailbox != name);
                self.mailboxes.insert(name, there);
            }
            Watched::New { mailbox, uids } => {
                for uid in uids.iter() {
                    assert!(self.new.insert((mailbox.clone(), uid)), "{mailbox} {uid} is new twice");
                }
                self.read(mailbox, &uids, imap).await;
            }
            Watched::Changed { mailbox, uids } => self.read(mailbox, &uids, imap).await,
            Watched::Vanished { mailbox, uids } => {
                self.mailboxes.entry(mailbox).or_default().retain(|uid, _| !uids.contains(*uid));
            }
            _ => {}
        }
    }

    async fn read(&mut self, mailbox: MailboxName, uids: &Uids, imap: &mut Imap) {
        let truth = messages(imap, &mailbox).await;
        let copy = self.mailboxes.entry(mailbox).or_default();
        copy.extend(uids.iter().map(|uid| (uid, truth.get(&uid).cloned().unwrap_or_default())));
    }
}

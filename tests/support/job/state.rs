//! All mail of the user at one moment, as the client sees it whose connections nobody cuts.

use std::collections::BTreeMap;

use postroom::imap::{Items, Uid, UidValidity, Uids};

use super::mail::token_of;
use super::world::{Names, World};

#[derive(Clone, Debug)]
pub(crate) struct State {
    names: Names,
    /// By the job's names.
    mailboxes: BTreeMap<String, Mailbox>,
}

#[derive(Clone, Debug)]
struct Mailbox {
    validity: Option<UidValidity>,
    modseq: Option<u64>,
    is_subscribed: bool,
    mails: Vec<Mail>,
}

#[derive(Clone, Debug)]
pub(crate) struct Mail {
    uid: Uid,
    /// `None` if it is not one of the job's, or not whole.
    pub(super) token: Option<String>,
    /// Sorted, without `\Recent`.
    pub(super) flags: Vec<String>,
    pub(super) bytes: Vec<u8>,
}

impl State {
    pub(super) async fn of(world: &impl World) -> Self {
        let (mut imap, names) = (world.session().await, world.names());
        let subscribed = imap.list_subscribed("*").await.unwrap();
        let mut mailboxes = BTreeMap::new();
        for listed in imap.list("*").await.unwrap().into_iter().filter(|listed| listed.is_selectable()) {
            let is_subscribed = subscribed.iter().any(|other| other.name == listed.name);
            let mut folder = imap.examine(listed.name.clone()).await.unwrap();
            let info = folder.info().unwrap();
            let (validity, modseq) = (info.uid_validity, info.highest_modseq);
            let mut mails = Vec::new();
            let mut fetched = folder.fetch(Uids::ALL, Items::FLAGS.message()).await.unwrap();
            while let Some(message) = fetched.try_next().await.unwrap() {
                let bytes = message.body().unwrap().to_vec();
                let flags = message.flags().unwrap();
                let flags = flags.iter().map(|flag| flag.to_string());
                let mut flags: Vec<_> = flags.filter(|flag| !flag.eq_ignore_ascii_case("\\Recent")).collect();
                flags.sort();
                mails.push(Mail { uid: message.uid().unwrap(), token: token_of(&bytes), flags, bytes });
            }
            drop(fetched);
            mailboxes.insert(names.place(listed.name.as_str()), Mailbox { validity, modseq, is_subscribed, mails });
        }
        imap.logout().await.unwrap();
        Self { names, mailboxes }
    }

    /// The server's name of a mailbox.
    pub(crate) fn name(&self, place: &str) -> String {
        self.names.name(place)
    }

    /// The UIDs of the messages with these tokens, stamped.
    pub(crate) fn uids(&self, at: &str, tokens: &[&str]) -> Uids {
        let mailbox = &self.mailboxes[at];
        let wanted = |mail: &&Mail| mail.token.as_deref().is_some_and(|token| tokens.contains(&token));
        let uids: Uids = mailbox.mails.iter().filter(wanted).map(|mail| mail.uid).collect();
        assert_eq!(uids.len(), tokens.len() as u64, "{tokens:?} in {at}");
        uids.stamped(mailbox.validity.unwrap())
    }

    /// The UID of the message with this token.
    pub(crate) fn uid(&self, at: &str, token: &str) -> Uid {
        self.uids(at, &[token]).iter().next().unwrap()
    }

    /// HIGHESTMODSEQ; 0 if the server has none.
    pub(crate) fn modseq(&self, at: &str) -> u64 {
        self.mailboxes[at].modseq.unwrap_or_default()
    }

    pub(super) fn has(&self, place: &str) -> bool {
        self.mailboxes.contains_key(place)
    }

    pub(super) fn is_subscribed(&self, place: &str) -> bool {
        self.mailboxes.get(place).is_some_and(|mailbox| mailbox.is_subscribed)
    }

    /// The messages there, in the order of their UIDs; none if there is no such mailbox.
    pub(super) fn mails(&self, at: &str) -> &[Mail] {
        self.mailboxes.get(at).map_or(&[], |mailbox| &mailbox.mails)
    }

    pub(super) fn places(&self) -> impl Iterator<Item = &str> {
        self.mailboxes.keys().map(String::as_str)
    }

    /// How many messages there have this token.
    pub(super) fn count(&self, at: &str, token: &str) -> usize {
        self.mails(at).iter().filter(|mail| mail.token.as_deref() == Some(token)).count()
    }

    /// The message with this token.
    pub(super) fn mail(&self, at: &str, token: &str) -> Option<&Mail> {
        self.mails(at).iter().find(|mail| mail.token.as_deref() == Some(token))
    }
}

impl Mail {
    pub(super) fn uid(&self) -> Uid {
        self.uid
    }
}

//! The mail of the server: accounts, mailboxes, messages. It must not know connections.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::time::Instant;

use super::mime::Part;
use super::object_id::Ids;

pub(super) type Flags = BTreeSet<String>;
/// Annotations by their names in lower case, each with its name as it was written.
pub(super) type Entries = BTreeMap<String, (String, Bytes)>;

/// All accounts under one lock, and a counter that wakes sessions that wait for changes.
pub(super) struct Store {
    accounts: Mutex<BTreeMap<String, Account>>,
    changed: watch::Sender<u64>,
}

impl Store {
    pub(super) fn new(accounts: BTreeMap<String, Account>) -> Self {
        Self { accounts: Mutex::new(accounts), changed: watch::Sender::new(0) }
    }

    pub(super) fn with<R>(&self, user: &str, look: impl FnOnce(&mut Account) -> R) -> Option<R> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.get_mut(user).map(look)
    }

    /// Like `with`, and wakes the sessions that wait for changes.
    pub(super) fn change<R>(&self, user: &str, change: impl FnOnce(&mut Account) -> R) -> Option<R> {
        let result = self.with(user, change);
        self.changed.send_modify(|count| *count += 1);
        result
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub(super) fn password(&self, user: &str) -> Option<String> {
        self.with(user, |account| account.password.clone())
    }

    pub(super) fn admits(&self, user: &str, password: &str) -> bool {
        self.with(user, |account| account.password == password).unwrap_or(false)
    }
}

/// One user's mail. A refusal is the text after NO, with its response code.
pub(super) struct Account {
    password: String,
    pub(super) mailboxes: BTreeMap<String, Mailbox>,
    pub(super) subscribed: BTreeSet<String>,
    /// Whether a POP3 session has locked the maildrop (RFC 1939 §3).
    pub(super) maildrop_locked: bool,
    pub(super) last_maildrop_login: Option<Instant>,
    /// The annotations of the server, as this user sees them.
    pub(super) entries: Entries,
    /// The most octets and messages of all mailboxes together, if they are limited.
    pub(super) limits: (Option<u64>, Option<u64>),
    next_validity: u32,
}

impl Account {
    pub(super) fn new(password: String) -> Self {
        let mut account = Self {
            password,
            mailboxes: BTreeMap::new(),
            subscribed: BTreeSet::new(),
            maildrop_locked: false,
            last_maildrop_login: None,
            entries: Entries::new(),
            limits: (None, None),
            next_validity: 1_000_001,
        };
        let special = [
            ("INBOX", None),
            ("Archive", Some("\\Archive")),
            ("Drafts", Some("\\Drafts")),
            ("Junk", Some("\\Junk")),
            ("Sent", Some("\\Sent")),
            ("Trash", Some("\\Trash")),
        ];
        for (name, special) in special {
            let mut mailbox = account.empty();
            mailbox.special = special;
            account.mailboxes.insert(name.to_owned(), mailbox);
            account.subscribed.insert(name.to_owned());
        }
        account
    }

    fn empty(&mut self) -> Mailbox {
        let validity = self.next_validity;
        self.next_validity += 1;
        Mailbox::new(validity)
    }

    /// The mailbox with this name, if it can be selected.
    pub(super) fn mailbox(&mut self, name: &str) -> Option<&mut Mailbox> {
        self.mailboxes.get_mut(name).filter(|mailbox| mailbox.selectable)
    }

    /// The mailbox with this UIDVALIDITY. A selected mailbox may have been renamed.
    pub(super) fn by_validity(&mut self, validity: u32) -> Option<&mut Mailbox> {
        self.mailboxes.values_mut().find(|mailbox| mailbox.validity == validity && mailbox.selectable)
    }

    /// The number of octets and of messages in all mailboxes.
    pub(super) fn usage(&self) -> (u64, u64) {
        let mails = self.mailboxes.values().flat_map(|mailbox| mailbox.mails.values());
        mails.fold((0, 0), |(bytes, count), mail| (bytes + mail.content.bytes.len() as u64, count + 1))
    }

    pub(super) fn has_children(&self, name: &str) -> bool {
        let prefix = format!("{name}/");
        self.mailboxes.range(prefix.clone()..).next().is_some_and(|(name, _)| name.starts_with(&prefix))
    }

    /// Creates the mailbox, and those above it.
    pub(super) fn create(&mut self, name: &str) -> Result<(), &'static str> {
        let name = name.strip_suffix('/').unwrap_or(name);
        if name.is_empty() || name.split('/').any(str::is_empty) || name.contains(['%', '*']) || !is_utf7(name) {
            return Err("[CANNOT] No mailbox can have that name");
        }
        if self.mailbox(name).is_some() {
            return Err("[ALREADYEXISTS] There is a mailbox of that name");
        }
        let above: Vec<&str> = name.match_indices('/').filter_map(|(at, _)| name.get(..at)).collect();
        for part in above.into_iter().chain([name]) {
            if self.mailbox(part).is_none() {
                let mailbox = self.empty();
                self.mailboxes.insert(part.to_owned(), mailbox);
            }
        }
        Ok(())
    }

    /// Removes the mailbox. If it has children its name stays as `\Noselect` (RFC 3501 §6.3.4).
    pub(super) fn delete(&mut self, name: &str) -> Result<(), &'static str> {
        if name == "INBOX" {
            return Err("[CANNOT] INBOX stays");
        }
        let has_children = self.has_children(name);
        let Some(mailbox) = self.mailboxes.get_mut(name) else {
            return Err("[NONEXISTENT] No such mailbox");
        };
        if !has_children {
            self.mailboxes.remove(name);
        } else if mailbox.selectable {
            mailbox.selectable = false;
            mailbox.special = None;
            mailbox.acl.clear();
            mailbox.entries.clear();
            mailbox.mails.clear();
        } else {
            return Err("[HASCHILDREN] It has children");
        }
        Ok(())
    }

    /// Renames the mailbox and its children. If it is INBOX, only its messages move (RFC 3501 §6.3.5).
    pub(super) fn rename(&mut self, from: &str, to: &str) -> Result<(), &'static str> {
        if !self.mailboxes.contains_key(from) {
            return Err("[NONEXISTENT] No such mailbox");
        }
        if self.mailboxes.contains_key(to) {
            return Err("[ALREADYEXISTS] There is a mailbox of that name");
        }
        let prefix = format!("{from}/");
        if to.starts_with(&prefix) {
            return Err("[CANNOT] A mailbox cannot be its own child");
        }
        self.create(to)?;
        if from == "INBOX" {
            return self.transfer("INBOX", to);
        }
        let moved: Vec<String> =
            self.mailboxes.keys().filter(|name| *name == from || name.starts_with(&prefix)).cloned().collect();
        for name in moved {
            let rest = name.strip_prefix(from).unwrap_or_default();
            if let Some(mailbox) = self.mailboxes.remove(&name) {
                self.mailboxes.insert(format!("{to}{rest}"), mailbox);
            }
        }
        Ok(())
    }

    fn transfer(&mut self, from: &str, to: &str) -> Result<(), &'static str> {
        let source = self.mailbox(from).ok_or("[NONEXISTENT] No such mailbox")?;
        let moved: Vec<Mail> = source.mails.values().cloned().collect();
        let uids: Vec<u32> = source.mails.keys().copied().collect();
        for uid in uids {
            source.remove(uid);
        }
        let target = self.mailbox(to).ok_or("[NONEXISTENT] No such mailbox")?;
        for mail in moved {
            target.add(mail.content, mail.flags, mail.saved);
        }
        Ok(())
    }
}

pub(super) struct Mailbox {
    pub(super) validity: u32,
    pub(super) next_uid: u32,
    /// UIDs from this one on are `\Recent` in the first session that sees them.
    pub(super) first_recent: u32,
    /// It grows with every change. A message has its value at the last change of its flags.
    pub(super) change: u64,
    /// Removed UIDs, with the value of `change` at their removal.
    pub(super) gone: BTreeMap<u32, u64>,
    pub(super) special: Option<&'static str>,
    pub(super) selectable: bool,
    /// Identifiers other than the owner, with their rights.
    pub(super) acl: BTreeMap<String, String>,
    pub(super) entries: Entries,
    pub(super) mails: BTreeMap<u32, Mail>,
}

#[derive(Clone)]
pub(super) struct Mail {
    pub(super) content: Arc<Content>,
    pub(super) flags: Flags,
    pub(super) change: u64,
    /// When it was saved in this mailbox (RFC 8514).
    pub(super) saved: OffsetDateTime,
}

/// The part of a message that never changes.
pub(super) struct Content {
    pub(super) bytes: Bytes,
    pub(super) date: OffsetDateTime,
    structure: OnceLock<Part>,
    ids: OnceLock<Ids>,
    /// The first words of its text.
    pub(super) preview: OnceLock<String>,
    /// The form in which IMAP prints them, made when it is first needed.
    pub(super) envelope: OnceLock<Vec<u8>>,
    pub(super) body: OnceLock<Vec<u8>>,
    pub(super) body_structure: OnceLock<Vec<u8>>,
}

impl Content {
    pub(super) fn new(bytes: Bytes, date: OffsetDateTime) -> Arc<Self> {
        Arc::new(Self {
            bytes,
            date,
            structure: OnceLock::new(),
            ids: OnceLock::new(),
            preview: OnceLock::new(),
            envelope: OnceLock::new(),
            body: OnceLock::new(),
            body_structure: OnceLock::new(),
        })
    }

    pub(super) fn structure(&self) -> &Part {
        self.structure.get_or_init(|| Part::parse(&self.bytes))
    }

    /// Its identifiers as an object (RFC 8474), the same in every mailbox.
    pub(super) fn ids(&self) -> &Ids {
        let header = || self.bytes.get(self.structure().header.clone()).unwrap_or_default();
        self.ids.get_or_init(|| Ids::of(&self.bytes, self.date, header()))
    }
}

impl Mailbox {
    fn new(validity: u32) -> Self {
        Self {
            validity,
            next_uid: 1,
            first_recent: 1,
            // HIGHESTMODSEQ is never 0 (RFC 7162 §7).
            change: 1,
            gone: BTreeMap::new(),
            special: None,
            selectable: true,
            acl: BTreeMap::new(),
            entries: Entries::new(),
            mails: BTreeMap::new(),
        }
    }

    /// Adds a message and returns its UID.
    pub(super) fn add(&mut self, content: Arc<Content>, flags: Flags, saved: OffsetDateTime) -> u32 {
        let uid = self.next_uid;
        self.next_uid += 1;
        self.change += 1;
        self.mails.insert(uid, Mail { content, flags, change: self.change, saved });
        uid
    }

    pub(super) fn remove(&mut self, uid: u32) -> bool {
        let removed = self.mails.remove(&uid).is_some();
        if removed {
            self.change += 1;
            self.gone.insert(uid, self.change);
        }
        removed
    }

    /// Changes the flags of a message and returns the message.
    pub(super) fn flag(&mut self, uid: u32, edit: impl FnOnce(&mut Flags)) -> Option<&Mail> {
        let mail = self.mails.get_mut(&uid)?;
        let before = mail.flags.clone();
        edit(&mut mail.flags);
        if mail.flags != before {
            self.change += 1;
            mail.change = self.change;
        }
        Some(mail)
    }
}

/// The stored name of a mailbox. INBOX may be written in any letter case (RFC 3501 §5.1).
pub(super) fn canonical(name: &str) -> String {
    match name.get(..5) {
        Some(start) if start.eq_ignore_ascii_case("INBOX") && matches!(name.as_bytes().get(5), None | Some(b'/')) => {
            format!("INBOX{}", name.get(5..).unwrap_or_default())
        }
        _ => name.to_owned(),
    }
}

/// Whether every `&` begins modified base64 that `-` ends (RFC 3501 §5.1.3).
fn is_utf7(name: &str) -> bool {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b',');
    name.split('&').skip(1).all(|run| run.split_once('-').is_some_and(|(run, _)| run.bytes().all(is_base64)))
}

/// The stored form of a flag: system flags in the RFC's spelling, keywords unchanged.
pub(super) fn flag(name: &str) -> String {
    ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"]
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(name))
        .unwrap_or(name)
        .to_owned()
}

//! [`DetailedListing`]: mailboxes together with their counts, rights and annotations. It must not know by which commands they were found.

use std::collections::HashMap;

use bytes::Bytes;

use super::acl::Rights;
use super::listed::Listed;
use super::mailbox_name::MailboxName;
use super::metadata::EntryName;
use super::status::MailboxStatus;
use crate::WordList;

/// A mailbox with what was asked about it: see [`Imap::list_with`](crate::imap::Imap::list_with).
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |imap| {
/// use postroom::imap::{ListReturn, StatusItems};
///
/// let found = imap.list_with(&["INBOX"], &[], &[ListReturn::Status(StatusItems::MESSAGES)]).await?;
/// println!("{:?}", found.mailboxes[0].status.as_ref().and_then(|status| status.messages));
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MailboxDetails {
    /// The mailbox's name and attributes.
    pub listed: Listed,
    /// Its counts; `None` if they were not asked for, the mailbox cannot be selected, or the server refuses.
    pub status: Option<MailboxStatus>,
    /// The user's own rights; `None` if they were not asked for, the mailbox cannot be selected, or the server refuses.
    pub rights: Option<Rights>,
    /// Its annotations. An entry that is not here has no value or cannot be read.
    pub metadata: Vec<(EntryName, Option<Vec<u8>>)>,
}

/// The mailboxes that match, each once: see [`Imap::list_with`](crate::imap::Imap::list_with).
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |imap| {
/// let found = imap.list_with(&["%"], &[], &[]).await?;
/// assert!(found.mailboxes.len() > 1 && found.unreadable.is_empty());
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct DetailedListing {
    /// The mailboxes, in the server's order.
    pub mailboxes: Vec<MailboxDetails>,
    /// The LIST lines from which no mailbox name could be read, as received. If there are any, the server has mailboxes that are missing
    /// here.
    pub unreadable: Vec<Bytes>,
}

impl MailboxDetails {
    pub(crate) fn new(listed: Listed) -> Self {
        Self { listed, status: None, rights: None, metadata: Vec::new() }
    }

    /// The value of this annotation; `None` if it has none or was not asked for.
    pub fn value(&self, name: &EntryName) -> Option<&[u8]> {
        self.metadata.iter().find(|(have, _)| have == name)?.1.as_deref()
    }

    /// Adds an attribute that the server did not write in the same line.
    pub(crate) fn attribute(&mut self, attribute: &str) {
        if !self.listed.has(attribute) {
            let all = self.listed.attributes.iter().chain([attribute]);
            self.listed.attributes = all.collect::<WordList>();
        }
    }
}

/// A listing that is being made.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) listing: DetailedListing,
    /// The index of each mailbox.
    places: HashMap<MailboxName, usize>,
}

impl Gathered {
    /// Adds a mailbox, unless it is there: some servers list one once for each pattern that it matches.
    pub(crate) fn add(&mut self, listed: Listed) {
        let mailboxes = &mut self.listing.mailboxes;
        self.places.entry(listed.name.clone()).or_insert_with(|| {
            mailboxes.push(MailboxDetails::new(listed));
            mailboxes.len() - 1
        });
    }

    pub(crate) fn has(&self, name: &MailboxName) -> bool {
        self.places.contains_key(name)
    }

    pub(crate) fn get_mut(&mut self, name: &MailboxName) -> Option<&mut MailboxDetails> {
        self.listing.mailboxes.get_mut(*self.places.get(name)?)
    }

    /// Keeps only these mailboxes.
    pub(crate) fn retain(&mut self, keep: impl Fn(&MailboxDetails) -> bool) {
        self.listing.mailboxes.retain(keep);
        let names = self.listing.mailboxes.iter().map(|mailbox| mailbox.listed.name.clone());
        self.places = names.enumerate().map(|(place, name)| (name, place)).collect();
    }
}

//! [`FetchedParts`]: parts of several messages in few round trips. Messages of which the same parts are wanted share a command. It must
//! not know how an encoding is removed.

use std::borrow::BorrowMut;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use bytes::Bytes;

use super::fetch::Fetch;
use super::{Folder, Selected};
use crate::contents::{MimePart, Octets};
use crate::defect::Defect;
use crate::error::Result;
use crate::imap::session::Imap;
use crate::imap::types::{Fetched, Items, Section, Uid, Uids};
use crate::part_body::check;

/// The most sections in one command, so that its line stays short.
const SECTIONS: usize = 32;

/// Parts of several messages, from [`Folder::read_parts`].
///
/// An `Err` is always the end of the stream. It can be dropped early, as a [`Fetch`].
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::imap::{Items, Uids};
///
/// let mut inbox = imap.select("INBOX").await?;
/// let mut wanted = Vec::new();
/// let mut mail = inbox.fetch(Uids::ALL, Items::new().contents()).await?;
/// while let Some(message) = mail.try_next().await? {
///     if let (Some(uid), Some(contents)) = (message.uid(), message.contents()) {
///         wanted.extend(contents.attachments().map(|part| (uid, part.clone())));
///     }
/// }
/// let mut parts = inbox.read_parts(wanted)?;
/// while let Some(read) = parts.try_next().await? {
///     println!("{}: {} octets", read.part.safe_file_name(), read.octets.len());
/// }
/// # Ok(())
/// # }).unwrap();
/// ```
pub struct FetchedParts<'a> {
    selected: Selected<'a>,
    /// What is still to be asked for, and the parts that each message of it must have.
    groups: VecDeque<Group>,
    wanted: BTreeMap<Uid, Vec<MimePart>>,
    fetch: Option<Fetch<'a>>,
    ready: VecDeque<FetchedPart>,
}

/// One part of a message, decoded.
///
/// ```
/// fn is_whole(read: &postroom::imap::FetchedPart) -> bool {
///     read.defects.is_empty()
/// }
/// # let _ = is_whole;
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FetchedPart {
    /// The message.
    pub uid: Uid,
    /// The part.
    pub part: MimePart,
    /// Its octets without the transfer encoding; empty if the server did not send them.
    pub octets: Bytes,
    /// What is wrong with it: its encoding is malformed, it is larger than [`Limits::literal`](crate::Limits::literal), or the server
    /// sent no text for it.
    pub defects: Vec<Defect>,
}

/// Messages of which the same parts are wanted.
struct Group {
    uids: Uids,
    items: Items,
    parts: BTreeMap<Uid, Vec<MimePart>>,
}

impl<S: BorrowMut<Imap>> Folder<S> {
    /// Reads parts of any number of messages, decoded, as a stream in the server's order. Each part is in memory, so it must not be larger
    /// than [`Limits::literal`](crate::Limits::literal); [`read_part`](Self::read_part) has no limit.
    ///
    /// Nothing is sent before the stream is read. All messages of which the parts with the same numbers are wanted take one round trip
    /// together; so do up to 32 parts of one message. The parts are decoded here. Parts whose bytes are in memory
    /// already come first. Messages that do not exist are left out.
    ///
    /// # Errors
    ///
    /// [`Kind::Input`](crate::Kind::Input) for a multipart, which has no content of its own; [`Kind::Closed`](crate::Kind::Closed) if the
    /// mailbox is no longer selected. The stream returns the errors of [`Fetch::try_next`].
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// use postroom::imap::Uid;
    ///
    /// let mut inbox = imap.select("INBOX").await?;
    /// let uid = Uid::new(10)?;
    /// if let Some(contents) = inbox.contents(uid).await? {
    ///     let all = contents.parts().filter(|part| !part.is_multipart());
    ///     let mut parts = inbox.read_parts(all.map(|part| (uid, part.clone())))?;
    ///     while let Some(read) = parts.try_next().await? {
    ///         println!("{}: {} octets", read.part.media_type(), read.octets.len());
    ///     }
    /// }
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub fn read_parts(&mut self, parts: impl IntoIterator<Item = (Uid, MimePart)>) -> Result<FetchedParts<'_>> {
        let mut messages: BTreeMap<Uid, Vec<MimePart>> = BTreeMap::new();
        let mut ready = VecDeque::new();
        for (uid, part) in parts {
            match check(&part)?.encoded().and_then(Octets::memory).cloned() {
                Some(encoded) => ready.push_back(FetchedPart::decoded(uid, part, &encoded)),
                None => messages.entry(uid).or_default().push(part),
            }
        }
        let selected = self.selected();
        selected.info()?;
        let groups = groups(messages);
        Ok(FetchedParts { selected, groups, wanted: BTreeMap::new(), fetch: None, ready })
    }
}

impl FetchedParts<'_> {
    /// Waits for the next part; `None` at the end. Cancel-safe: dropping this future loses no part.
    ///
    /// # Errors
    ///
    /// As [`Fetch::try_next`].
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # postroom::doctest::imap(async |mut imap| {
    /// let mut inbox = imap.select("INBOX").await?;
    /// let mut parts = inbox.read_parts([])?;
    /// assert!(parts.try_next().await?.is_none());
    /// # Ok(())
    /// # }).unwrap();
    /// ```
    pub async fn try_next(&mut self) -> Result<Option<FetchedPart>> {
        loop {
            if let Some(part) = self.ready.pop_front() {
                return Ok(Some(part));
            }
            let Some(fetch) = &mut self.fetch else {
                let Some(Group { uids, items, parts }) = self.groups.pop_front() else { return Ok(None) };
                self.wanted = parts;
                self.fetch = Some(self.selected.fetch(uids, items)?);
                continue;
            };
            match fetch.try_next().await {
                Ok(Some(fetched)) => {
                    let parts = fetched.uid().and_then(|uid| Some((uid, self.wanted.remove(&uid)?)));
                    let (uid, parts) = parts.unzip();
                    let read = uid.into_iter().flat_map(|uid| {
                        let fetched = &fetched;
                        parts.iter().flatten().map(move |part| FetchedPart::of(uid, part.clone(), fetched))
                    });
                    self.ready.extend(read);
                }
                Ok(None) => self.fetch = None,
                Err(error) => {
                    (self.fetch, self.groups) = (None, VecDeque::new());
                    return Err(error);
                }
            }
        }
    }
}

impl FetchedPart {
    fn of(uid: Uid, part: MimePart, fetched: &Fetched) -> Self {
        match fetched.section(&part.section()).and_then(|section| section.bytes()) {
            Some(encoded) => Self::decoded(uid, part, &encoded),
            None => {
                let mut defects: Vec<Defect> = fetched.defects().collect();
                if defects.is_empty() {
                    defects.push(Defect::Missing);
                }
                Self { uid, part, octets: Bytes::new(), defects }
            }
        }
    }

    fn decoded(uid: Uid, part: MimePart, encoded: &Bytes) -> Self {
        let (octets, places) = part.encoding().decoder().decode(encoded);
        let defects = (places > 0).then_some(Defect::Encoding { places }).into_iter().collect();
        Self { uid, part, octets, defects }
    }
}

/// Messages with equal sections share a group.
fn groups(messages: BTreeMap<Uid, Vec<MimePart>>) -> VecDeque<Group> {
    let mut groups: BTreeMap<Vec<String>, BTreeMap<Uid, Vec<MimePart>>> = BTreeMap::new();
    for (uid, mut parts) in messages {
        parts.sort_by(|one, other| one.path().cmp(other.path()));
        for some in parts.chunks(SECTIONS) {
            let mut names: Vec<String> = some.iter().map(|part| part.section().to_string()).collect();
            names.dedup();
            groups.entry(names).or_default().entry(uid).or_default().extend_from_slice(some);
        }
    }
    let group = |parts: BTreeMap<Uid, Vec<MimePart>>| {
        let sections = parts.values().next().into_iter().flatten().map(MimePart::section);
        let items = sections.fold(Items::new(), |items, section: Section| items.section(section));
        Group { uids: parts.keys().copied().collect(), items, parts }
    };
    groups.into_values().map(group).collect()
}

impl fmt::Debug for FetchedParts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchedParts").field("groups", &self.groups.len()).finish_non_exhaustive()
    }
}

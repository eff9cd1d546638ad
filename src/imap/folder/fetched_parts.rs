//! [`FetchedParts`]: parts of several messages in few round trips. Messages of which the same parts are wanted share a command, and the
//! server decodes them if it has BINARY (RFC 3516). It must not know how an encoding is removed.

use std::borrow::BorrowMut;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use bytes::Bytes;

use super::fetch::Fetch;
use super::parts::NOTHING;
use super::{Folder, Selected};
use crate::contents::{MimePart, Octets, TransferEncoding};
use crate::defect::Defect;
use crate::error::{Error, Result};
use crate::imap::session::Imap;
use crate::imap::types::{Fetched, Items, Section, Uid};
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
    /// What is still to be asked for.
    groups: VecDeque<Group>,
    fetching: Option<FetchingGroup<'a>>,
    ready: VecDeque<FetchedPart>,
}

/// A group that was asked for.
struct FetchingGroup<'a> {
    fetch: Fetch<'a>,
    /// What has not come.
    wanted: BTreeMap<Uid, Vec<MimePart>>,
    /// The paths of those that the server is to decode.
    decoded: BTreeSet<Vec<u32>>,
    /// What the server was to decode and has not.
    again: BTreeMap<Uid, Vec<MimePart>>,
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
    /// sent no text for it. It is also empty if the server has decoded a malformed part.
    pub defects: Vec<Defect>,
}

/// Messages of which the same parts are wanted.
struct Group {
    parts: BTreeMap<Uid, Vec<MimePart>>,
    /// The paths of those that the server is to decode.
    decoded: BTreeSet<Vec<u32>>,
}

impl<S: BorrowMut<Imap>> Folder<S> {
    /// Reads parts of any number of messages, decoded, as a stream in the server's order. Each part is in memory, so it must not be larger
    /// than [`Limits::literal`](crate::Limits::literal); [`read_part`](Self::read_part) has no limit.
    ///
    /// Nothing is sent before the stream is read. All messages of which the parts with the same numbers are wanted take one round trip
    /// together; so do up to 32 parts of one message. The server decodes them if it has BINARY; those that it does
    /// not decode take one round trip more and are decoded here. Parts whose bytes are in memory already come first. Messages that do not
    /// exist are left out.
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
        let binary = Items::new().text(Section::of_path(vec![1]), true, None);
        let groups = groups(messages, selected.session.check_items(&binary).is_ok());
        Ok(FetchedParts { selected, groups, fetching: None, ready })
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
            let Some(fetching) = &mut self.fetching else {
                let Some(group) = self.groups.pop_front() else { return Ok(None) };
                let fetch = self.selected.fetch(group.parts.keys().copied().collect(), group.items())?;
                let Group { parts: wanted, decoded } = group;
                self.fetching = Some(FetchingGroup { fetch, wanted, decoded, again: BTreeMap::new() });
                continue;
            };
            match fetching.fetch.try_next().await {
                Ok(Some(fetched)) => fetching.take(&fetched, &mut self.ready),
                Ok(None) => self.begin_again(false),
                // It decodes none of them if it does not know how to decode one (UNKNOWN-CTE). The other way shows whether they exist.
                Err(error) if fetching.is_refused(&error) => {
                    tracing::debug!(%error, "the server does not decode parts");
                    self.begin_again(true);
                }
                Err(error) => {
                    (self.fetching, self.groups) = (None, VecDeque::new());
                    return Err(error);
                }
            }
        }
    }

    /// Ends the group, and asks once more for what the server has not decoded, or for all that has not come.
    fn begin_again(&mut self, all: bool) {
        let Some(FetchingGroup { mut wanted, mut again, .. }) = self.fetching.take() else { return };
        if all {
            again.append(&mut wanted);
        }
        for group in groups(again, false).into_iter().rev() {
            self.groups.push_front(group);
        }
    }
}

impl FetchingGroup<'_> {
    fn take(&mut self, fetched: &Fetched, ready: &mut VecDeque<FetchedPart>) {
        let parts = fetched.uid().and_then(|uid| Some((uid, self.wanted.remove(&uid)?)));
        let Some((uid, parts)) = parts else { return };
        for part in parts {
            match self.decoded.contains(part.path()) {
                false => ready.push_back(FetchedPart::of(uid, part, fetched)),
                true => match FetchedPart::of_server(uid, &part, fetched) {
                    Some(read) => ready.push_back(read),
                    None if is_too_large(&part, fetched) => ready.push_back(FetchedPart::of(uid, part, fetched)),
                    None => self.again.entry(uid).or_default().push(part),
                },
            }
        }
    }

    fn is_refused(&self, error: &Error) -> bool {
        !self.decoded.is_empty() && error.is_refusal() && !error.is_retryable()
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

    /// What the server has decoded; `None` if it has not, or sends nothing, or another size than that of a part that is not encoded.
    fn of_server(uid: Uid, part: &MimePart, fetched: &Fetched) -> Option<Self> {
        let section = part.section();
        let octets = fetched.sections().find(|found| found.is_binary() && found.is(&section))?.bytes()?;
        let encoded = part.encoded_size();
        let is_doubtful = match part.encoding() {
            TransferEncoding::Identity => encoded.is_some_and(|size| size != octets.len() as u64),
            _ => octets.is_empty() && encoded.is_none_or(|size| size > NOTHING),
        };
        (!is_doubtful).then(|| Self { uid, part: part.clone(), octets, defects: Vec::new() })
    }

    fn decoded(uid: Uid, part: MimePart, encoded: &Bytes) -> Self {
        let (octets, places) = part.encoding().decoder().decode(encoded);
        let defects = (places > 0).then_some(Defect::Encoding { places }).into_iter().collect();
        Self { uid, part, octets, defects }
    }
}

/// Whether the part was left out since it is larger than is kept: it is not smaller in its encoding.
fn is_too_large(part: &MimePart, fetched: &Fetched) -> bool {
    let has_come = fetched.section(&part.section()).is_some_and(|section| section.bytes().is_some());
    !has_come && fetched.defects().any(|defect| matches!(defect, Defect::TooLarge { .. }))
}

impl Group {
    /// What the server is to decode is decided for each section, so that messages with different encodings share a command.
    fn new(parts: BTreeMap<Uid, Vec<MimePart>>, binary: bool) -> Self {
        let mut paths: BTreeMap<&[u32], (bool, bool)> = BTreeMap::new();
        for part in parts.values().flatten().filter(|_| binary) {
            let is_encoded = matches!(part.encoding(), TransferEncoding::Base64 | TransferEncoding::QuotedPrintable);
            // An embedded message has encodings of its own.
            let is_plain = part.encoding() == TransferEncoding::Identity && !part.media_type().starts_with("message/");
            let (any, all) = paths.entry(part.path()).or_insert((false, true));
            (*any, *all) = (*any || is_encoded, *all && (is_encoded || is_plain));
        }
        let decoded = paths.into_iter().filter(|(_, (any, all))| *any && *all);
        let decoded = decoded.map(|(path, _)| path.to_vec()).collect();
        Self { parts, decoded }
    }

    fn items(&self) -> Items {
        let parts = self.parts.values().next().into_iter().flatten();
        parts.fold(Items::new(), |items, part| items.text(part.section(), self.decoded.contains(part.path()), None))
    }
}

/// Messages with equal sections share a group.
fn groups(messages: BTreeMap<Uid, Vec<MimePart>>, binary: bool) -> VecDeque<Group> {
    let mut groups: BTreeMap<Vec<String>, BTreeMap<Uid, Vec<MimePart>>> = BTreeMap::new();
    for (uid, mut parts) in messages {
        parts.sort_by(|one, other| one.path().cmp(other.path()));
        for some in parts.chunks(SECTIONS) {
            let mut names: Vec<String> = some.iter().map(|part| part.section().to_string()).collect();
            names.dedup();
            groups.entry(names).or_default().entry(uid).or_default().extend_from_slice(some);
        }
    }
    groups.into_values().map(|parts| Group::new(parts, binary)).collect()
}

impl fmt::Debug for FetchedParts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchedParts").field("groups", &self.groups.len()).finish_non_exhaustive()
    }
}

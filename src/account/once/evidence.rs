//! What shows that a message was stored or copied: the messages at or above the UIDNEXT that a mailbox had before, compared with what was
//! sent or copied. It must not know how the change is made.

use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use crate::error::{Error, Result};
use crate::imap::{Fetched, Imap, Items, MailboxName, Section, StatusItems, Uid, UidValidity, Uids};
use crate::text::field;

/// The fields by which a message and its copy are compared if the server has no EMAILID.
const FIELDS: [&str; 5] = ["Date", "From", "Message-ID", "Subject", "To"];
/// The octets of a header that are kept until it is known whole.
const LONGEST_HEADER: usize = 1 << 20;

/// The most new messages that are compared.
const MOST_ARRIVALS: usize = 100_000;

/// Where a mailbox ended before a change.
#[derive(Clone, Debug)]
pub(super) struct End {
    mailbox: MailboxName,
    validity: UidValidity,
    next: Uid,
}

/// What identifies a message.
#[derive(Clone, Debug, Default)]
pub(super) struct Print {
    size: u64,
    /// A digest of the header, or of some of its fields.
    header: Option<[u8; 32]>,
    message_id: Option<Box<[u8]>>,
    date: Option<OffsetDateTime>,
    email_id: Option<Box<str>>,
}

/// What is compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Compared {
    /// A message that was sent, and what the server may have made of it.
    Sent,
    /// A message and its copy, on a server with EMAILID or without.
    Copy { has_email_ids: bool },
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Likeness {
    Same,
    Different,
    /// One may have been made of the other.
    Unclear,
}

/// A message that is new in a mailbox.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) uid: Uid,
    pub(super) print: Print,
    /// It is what became of one of those that are looked for.
    is_taken: bool,
}

/// How to find out later that messages came twice.
#[derive(Clone, Debug)]
pub(super) struct Traces {
    pub(super) end: End,
    pub(super) compared: Compared,
    pub(super) prints: Vec<Print>,
    /// Those that were wanted, as far as their UIDs are known.
    pub(super) known: Uids,
    /// Second copies that are reported already.
    pub(super) reported: Uids,
}

/// The header of a message, collected while it is sent.
#[derive(Debug)]
pub(super) enum SentHeader {
    Part(Vec<u8>),
    Whole { digest: [u8; 32], message_id: Option<Box<[u8]>> },
    TooLong,
}

impl End {
    /// Asks where the mailbox ends now: one round trip. `None` if the server does not say it.
    pub(super) async fn of(imap: &Imap, mailbox: &MailboxName) -> Result<Option<Self>> {
        let status = match imap.status(mailbox, StatusItems::UID_NEXT | StatusItems::UID_VALIDITY).await {
            Ok(status) => status,
            // The change itself reports what is wrong with the mailbox.
            Err(error) if error.is_refusal() && !error.is_retryable() => return Ok(None),
            Err(error) => return Err(error),
        };
        let ends = status.uid_next.zip(status.uid_validity);
        Ok(ends.map(|(next, validity)| Self { mailbox: mailbox.clone(), validity, next }))
    }

    pub(super) fn validity(&self) -> UidValidity {
        self.validity
    }

    /// The messages that have arrived since, by their UIDs; `None` if the mailbox is another one now. Two round trips.
    pub(super) async fn arrivals(&self, imap: &mut Imap, compared: Compared) -> Result<Option<Vec<Arrival>>> {
        let mut folder = match imap.examine(&self.mailbox).await {
            Ok(folder) => folder,
            Err(error) if error.is_missing_mailbox() => return Ok(None),
            Err(error) => return Err(error),
        };
        if folder.info()?.uid_validity != Some(self.validity) {
            return Ok(None);
        }
        let mut arrivals = Vec::new();
        let mut fetch = folder.fetch(Uids::from_uid(self.next), compared.items()?).await?;
        while let Some(fetched) = fetch.try_next().await? {
            // `n:*` includes the last message even if its UID is below `n` (RFC 9051 §6.4.9).
            if let Some(uid) = fetched.uid().filter(|uid| *uid >= self.next) {
                if arrivals.len() >= MOST_ARRIVALS {
                    return Err(Error::limit("too many new messages are in the mailbox to look for one"));
                }
                arrivals.push(Arrival { uid, print: Print::of(&fetched, compared)?, is_taken: false });
            }
        }
        arrivals.sort_by_key(|arrival| arrival.uid);
        arrivals.dedup_by_key(|arrival| arrival.uid);
        Ok(Some(arrivals))
    }
}

impl Print {
    pub(super) fn of(fetched: &Fetched, compared: Compared) -> Result<Self> {
        let header = match compared {
            Compared::Copy { has_email_ids: true } => None,
            _ => fetched.section(&compared.section()?).and_then(|section| section.bytes()),
        };
        Ok(Self {
            size: fetched.size().unwrap_or_default(),
            message_id: header.as_deref().and_then(message_id),
            header: header.map(|header| digest(&header)),
            date: fetched.internal_date(),
            email_id: fetched.email_id().map(|id| id.to_string().into()),
        })
    }

    /// Of a message that was sent.
    pub(super) fn sent(size: u64, header: &SentHeader) -> Self {
        let (header, message_id) = match header {
            SentHeader::Whole { digest, message_id } => (Some(*digest), message_id.clone()),
            SentHeader::Part(_) | SentHeader::TooLong => (None, None),
        };
        Self { size, header, message_id, ..Self::default() }
    }

    pub(super) fn compare(&self, found: &Self, compared: Compared) -> Likeness {
        let is_alike = self.size == found.size && self.header.is_some() && self.header == found.header;
        match compared {
            Compared::Sent if is_alike => Likeness::Same,
            Compared::Sent => match (&self.message_id, &found.message_id) {
                (Some(own), Some(other)) if own == other => Likeness::Same,
                (Some(_), Some(_)) => Likeness::Different,
                // The server may have taken it away, or added it.
                _ => Likeness::Unclear,
            },
            Compared::Copy { .. } => match (&self.email_id, &found.email_id) {
                (Some(own), Some(other)) if own == other => Likeness::Same,
                (Some(_), Some(_)) => Likeness::Different,
                _ if is_alike && self.date == found.date => Likeness::Same,
                _ if self.size != found.size => Likeness::Different,
                _ if self.header.is_some() && found.header.is_some() && self.header != found.header => {
                    Likeness::Different
                }
                _ => Likeness::Unclear,
            },
        }
    }
}

impl Compared {
    pub(super) fn items(self) -> Result<Items> {
        let items = Items::SIZE.internal_date();
        Ok(match self {
            Self::Copy { has_email_ids: true } => items.email_id(),
            _ => items.section(self.section()?),
        })
    }

    fn section(self) -> Result<Section> {
        match self {
            Self::Sent => Ok(Section::HEADER),
            Self::Copy { .. } => Section::header_fields(FIELDS),
        }
    }
}

impl Traces {
    pub(super) fn mailbox(&self) -> &MailboxName {
        &self.end.mailbox
    }

    /// These are reported now.
    pub(super) fn report(&mut self, uids: &Uids) {
        self.reported.extend(uids.iter());
    }

    /// The messages that came twice.
    pub(super) async fn doubles(&self, imap: &mut Imap) -> Result<Uids> {
        let Some(mut arrivals) = self.end.arrivals(imap, self.compared).await? else { return Ok(Uids::new()) };
        let mut left = self.prints.len();
        for arrival in arrivals.iter_mut().filter(|arrival| self.known.contains(arrival.uid)) {
            arrival.is_taken = true;
            left = left.saturating_sub(1);
        }
        let is_one = |arrival: &&Arrival| {
            let is_same = |print: &Print| print.compare(&arrival.print, self.compared) == Likeness::Same;
            !arrival.is_taken && self.prints.iter().any(is_same)
        };
        // If the server does not report UIDs, the first ones are those that were wanted.
        let doubled = arrivals.iter().filter(is_one).skip(left).map(|arrival| arrival.uid);
        let doubled = doubled.filter(|uid| !self.reported.contains(*uid));
        Ok(doubled.collect::<Uids>().stamped(self.end.validity))
    }
}

impl SentHeader {
    /// The next octets of the message.
    pub(super) fn add(&mut self, octets: &[u8]) {
        let Self::Part(bytes) = self else { return };
        let before = bytes.len().saturating_sub(3);
        bytes.extend_from_slice(octets);
        let end = match bytes.starts_with(b"\r\n") {
            true => Some(2),
            false => {
                memchr::memmem::find(bytes.get(before..).unwrap_or_default(), b"\r\n\r\n").map(|at| before + at + 4)
            }
        };
        if let Some(header) = end.and_then(|end| bytes.get(..end)) {
            *self = Self::Whole { digest: digest(header), message_id: message_id(header) };
        } else if bytes.len() > LONGEST_HEADER {
            *self = Self::TooLong;
        }
    }
}

impl Default for SentHeader {
    fn default() -> Self {
        Self::Part(Vec::new())
    }
}

/// Finds what became of each of these: the first message that has arrived, is the same and is not taken yet, which takes it. Otherwise
/// whether one may be.
pub(super) fn find(arrivals: &mut [Arrival], prints: &[Print], compared: Compared) -> Vec<Result<Uid, Likeness>> {
    let mut taken = Vec::with_capacity(prints.len());
    for print in prints {
        let is_it =
            |arrival: &&mut Arrival| !arrival.is_taken && print.compare(&arrival.print, compared) == Likeness::Same;
        taken.push(arrivals.iter_mut().find(is_it).map(|arrival| {
            arrival.is_taken = true;
            arrival.uid
        }));
    }
    let is_unclear = |print: &Print| {
        let mut rest = arrivals.iter().filter(|arrival| !arrival.is_taken);
        rest.any(|arrival| print.compare(&arrival.print, compared) == Likeness::Unclear)
    };
    let likeness = |print| if is_unclear(print) { Likeness::Unclear } else { Likeness::Different };
    taken.into_iter().zip(prints).map(|(taken, print)| taken.ok_or_else(|| likeness(print))).collect()
}

/// Takes those that are known to be something else.
pub(super) fn take_known(arrivals: &mut [Arrival], known: impl Fn(Uid) -> bool) {
    arrivals.iter_mut().filter(|arrival| known(arrival.uid)).for_each(|arrival| arrival.is_taken = true);
}

/// The set under the UIDVALIDITY of the lease, unless it carries one.
pub(super) fn stamped(uids: Uids, validity: Option<UidValidity>) -> Uids {
    match validity.filter(|_| uids.validity().is_none()) {
        Some(validity) => uids.stamped(validity),
        None => uids,
    }
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn message_id(header: &[u8]) -> Option<Box<[u8]>> {
    let value = field::value(header, "Message-ID")?;
    let id: Box<[u8]> = value.iter().copied().filter(|octet| !octet.is_ascii_whitespace()).collect();
    Some(id).filter(|id| !id.is_empty())
}

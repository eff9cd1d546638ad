//! Pages: the order of a list of messages, the part of it that is shown, and where the next part begins. It must not know how a server is
//! asked for them.

use std::fmt;
use std::str::FromStr;

use super::fetched::Fetched;
use super::sort_key::SortKey;
use super::uid::{Uid, UidValidity};
use super::uids::Uids;
use crate::error::{Error, Result};

/// How many of the delivered messages a token keeps. The place of the next page is next to one of them, unless all are expunged.
const MOST_DELIVERED: u64 = 1000;
/// The version of a token's text.
const VERSION: &str = "p1";

/// The order of the messages in [pages](crate::imap::Folder::page).
///
/// ```
/// use postroom::imap::{PageOrder, SortKey};
///
/// let by_sender = PageOrder::by([SortKey::FROM, SortKey::DATE.reversed()]);
/// assert_ne!(by_sender, PageOrder::NEWEST);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PageOrder(pub(crate) PageOrdering);

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum PageOrdering {
    /// By UID.
    Mailbox {
        newest_first: bool,
    },
    Keys(Vec<SortKey>),
}

impl PageOrder {
    /// The message that was added to the mailbox last comes first: descending UIDs. The cheapest order on every server.
    pub const NEWEST: Self = Self(PageOrdering::Mailbox { newest_first: true });
    /// The order of the mailbox: ascending UIDs.
    pub const OLDEST: Self = Self(PageOrdering::Mailbox { newest_first: false });

    /// By the first key, equal ones by the next key, and so on, as [`Folder::sort`](crate::imap::Folder::sort).
    pub fn by(keys: impl IntoIterator<Item = SortKey>) -> Self {
        Self(PageOrdering::Keys(keys.into_iter().collect()))
    }
}

impl From<SortKey> for PageOrder {
    fn from(key: SortKey) -> Self {
        Self::by([key])
    }
}

impl<const N: usize> From<[SortKey; N]> for PageOrder {
    fn from(keys: [SortKey; N]) -> Self {
        Self::by(keys)
    }
}

impl From<Vec<SortKey>> for PageOrder {
    fn from(keys: Vec<SortKey>) -> Self {
        Self::by(keys)
    }
}

/// Which messages are on a [page](crate::imap::Folder::page).
///
/// ```
/// use postroom::imap::PageRange;
///
/// let first = PageRange::first(50);
/// assert_eq!(first, PageRange::first(50));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PageRange {
    pub(crate) after: Option<PageToken>,
    pub(crate) count: u32,
}

impl PageRange {
    /// The first messages in the order, at most this number.
    pub const fn first(count: u32) -> Self {
        Self { after: None, count }
    }

    /// The messages after another page, at most this number. Messages that arrived, or were expunged, since then change nothing: each
    /// message that was there all the time is on one page.
    pub const fn after(token: PageToken, count: u32) -> Self {
        Self { after: Some(token), count }
    }
}

/// Where the next page begins: after the messages of this one. It belongs to a query and an order: with others, it means nothing.
///
/// Its text form can be kept between requests of a web program. It names the last message; if the order is not that of the mailbox, also
/// the last 1,000 messages of the pages before, in about 6 bytes each.
///
/// ```
/// use postroom::imap::PageToken;
///
/// let token: PageToken = "p1:1288834974:100".parse()?;
/// assert_eq!(token.to_string(), "p1:1288834974:100");
/// assert!("p2:x".parse::<PageToken>().is_err());
/// # Ok::<(), postroom::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PageToken {
    pub(crate) validity: Option<UidValidity>,
    pub(crate) place: PagePlace,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum PagePlace {
    /// After this UID, in the order of UIDs.
    Uid(Uid),
    Sorted(SortedPlace),
}

/// A place in a sorted list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct SortedPlace {
    /// The highest UID that was there when the first page was made. Later messages are on no page.
    pub(crate) ceiling: Uid,
    /// How many messages were delivered.
    pub(crate) position: u32,
    /// Those delivered last.
    pub(crate) delivered: Uids,
}

impl SortedPlace {
    /// The place after these messages, which come after those before.
    pub(crate) fn after(before: Option<Self>, ceiling: Uid, page: &[Uid]) -> Self {
        let mut place = before.unwrap_or_else(|| Self { ceiling, position: 0, delivered: Uids::new() });
        if place.delivered.len() + page.len() as u64 > MOST_DELIVERED {
            place.delivered = Uids::new();
        }
        place.position = place.position.saturating_add(u32::try_from(page.len()).unwrap_or(u32::MAX));
        place.delivered = place.delivered.iter().chain(page.iter().copied()).collect();
        place
    }
}

/// Messages in an order: a part of a list, from [`Folder::page`](crate::imap::Folder::page).
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::imap::{Page, PageOrder, PageRange, Query};
///
/// let inbox = imap.select("INBOX").await?;
/// let page: Page = inbox.page(&Query::all(), PageOrder::NEWEST, PageRange::first(50)).await?;
/// assert_eq!(page.messages.len(), inbox.info()?.exists as usize);
/// assert!(page.next.is_none());
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Page {
    /// The messages, in the order that was asked for. Each has its UID, and what was fetched.
    pub messages: Vec<Fetched>,
    /// Where the next page begins; `None` if there is none. A next page can be empty: whether there are more messages is not always known.
    pub next: Option<PageToken>,
}

/// `p1:UIDVALIDITY:` and the UID, or `CEILING:POSITION:UIDS`.
impl fmt::Display for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let validity = self.validity.map_or(0, u32::from);
        match &self.place {
            PagePlace::Uid(uid) => write!(f, "{VERSION}:{validity}:{uid}"),
            PagePlace::Sorted(SortedPlace { ceiling, position, delivered }) => {
                let uids = delivered.to_string().replace(':', "-");
                write!(f, "{VERSION}:{validity}:{ceiling}:{position}:{uids}")
            }
        }
    }
}

impl FromStr for PageToken {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        token(text).ok_or_else(|| Error::input("this is not the token of a page"))
    }
}

fn token(text: &str) -> Option<PageToken> {
    let mut parts = text.split(':');
    let number = |part: Option<&str>| {
        part.filter(|part| part.bytes().all(|byte| byte.is_ascii_digit())).and_then(|part| part.parse::<u32>().ok())
    };
    if parts.next() != Some(VERSION) {
        return None;
    }
    let (validity, uid) = (UidValidity::nonzero(number(parts.next())?), Uid::nonzero(number(parts.next())?)?);
    let place = match parts.next() {
        None => PagePlace::Uid(uid),
        position => {
            let (position, uids) = (number(position)?, parts.next()?.replace('-', ":"));
            let delivered: Uids = uids.parse().ok()?;
            // Only what a token can say: a set without an end would be everything.
            if delivered.open_from().is_some() || delivered.len() > MOST_DELIVERED.max(position.into()) {
                return None;
            }
            PagePlace::Sorted(SortedPlace { ceiling: uid, position, delivered })
        }
    };
    parts.next().is_none().then_some(PageToken { validity, place })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_token_is_read_again(
            validity in 0_u32..,
            uid in 1_u32..,
            sorted in prop::option::of((0_u32.., prop::collection::btree_set(1_u32..5000, 1..60))),
        ) {
            let uid = Uid::nonzero(uid).unwrap();
            let place = match sorted {
                None => PagePlace::Uid(uid),
                Some((position, uids)) => {
                    let delivered = uids.into_iter().filter_map(Uid::nonzero).collect();
                    PagePlace::Sorted(SortedPlace { ceiling: uid, position, delivered })
                }
            };
            let token = PageToken { validity: UidValidity::nonzero(validity), place };
            prop_assert_eq!(token.to_string().parse::<PageToken>().unwrap(), token);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(p1|[0-9]{1,3}|:|,|-|\\*|x){0,12}") {
            let _ = text.parse::<PageToken>();
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for text in
            ["", "p1", "p1:1", "p1:1:0", "p1:1:1:1", "p1:1:1:1:*", "p1:1:1:1:1:1", "p0:1:1", "p1:1:+1", "p1:1:5:1:1-*"]
        {
            assert!(text.parse::<PageToken>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_place_keeps_the_last_messages_only() {
        let uids = |range: std::ops::Range<u32>| range.filter_map(Uid::nonzero).collect::<Vec<_>>();
        let mut place = None;
        for page in 0..30 {
            place = Some(SortedPlace::after(place, Uid::MAX, &uids(page * 50 + 1..page * 50 + 51)));
        }
        let place = place.unwrap();
        assert_eq!(place.position, 1500);
        assert!(place.delivered.len() <= MOST_DELIVERED && place.delivered.contains(Uid::nonzero(1500).unwrap()));
    }
}

//! Orders messages by the criteria of SORT (RFC 5256 §3, RFC 5957). It must not know how they are fetched.

use std::cmp::Ordering;

use super::base_subject::base_subject;
use super::budget::Budget;
use super::collation::casemapped;
use crate::error::{Error, Result};
use crate::imap::types::{Addresses, Criterion, Envelope, Fetched, Items, SortKey, Uid, UidList};
use crate::text::date::MailDate;

/// The messages that are to be ordered, each with the values that decide.
pub(crate) struct SortTable {
    keys: Vec<SortKey>,
    rows: Vec<(Uid, Box<[Value]>)>,
    budget: Budget,
}

/// A value is only compared with another one of the same criterion.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Value {
    Number(i64),
    Text(Box<str>),
}

impl SortTable {
    /// A table of at most this number of bytes.
    pub(crate) fn new(keys: &[SortKey], bytes: usize) -> Result<Self> {
        match keys.iter().any(|key| key.by == Criterion::Relevancy) {
            true => Err(Error::unsupported("only a server can say how well a message matches")),
            false => Ok(Self { keys: keys.to_vec(), rows: Vec::new(), budget: Budget::new(bytes) }),
        }
    }

    /// What to fetch of each message.
    pub(crate) fn items(&self) -> Items {
        self.keys.iter().fold(Items::new(), |items, key| match key.by {
            Criterion::Arrival => items.internal_date(),
            Criterion::Date => items.envelope().internal_date(),
            Criterion::Size => items.size(),
            _ => items.envelope(),
        })
    }

    /// Adds a message. What it lacks counts as empty (RFC 5256 §3).
    pub(crate) fn add(&mut self, message: &Fetched) -> Result<()> {
        let Some(uid) = message.uid() else { return Ok(()) };
        let values: Box<[Value]> = self.keys.iter().map(|key| Value::of(key.by, message)).collect();
        self.budget.take(size_of::<(Uid, Box<[Value]>)>() * 2 + values.iter().map(Value::bytes).sum::<usize>())?;
        self.rows.push((uid, values));
        Ok(())
    }

    /// How many messages have at least this number as the value of their first key.
    pub(crate) fn count_from(&self, least: i64) -> usize {
        self.rows.iter().filter(|(_, values)| is_at_least(values, least)).count()
    }

    /// Forgets the messages with a lower number.
    pub(crate) fn keep_from(&mut self, least: i64) {
        self.rows.retain(|(_, values)| is_at_least(values, least));
    }

    /// The messages in order. Those that are equal are in the order of the mailbox.
    pub(crate) fn sorted(self) -> UidList {
        let Self { keys, mut rows, .. } = self;
        let compare = |one: &[Value], other: &[Value]| {
            let each = keys.iter().zip(one.iter().zip(other));
            let mut orders = each.map(|(key, (one, other))| if key.reverse { other.cmp(one) } else { one.cmp(other) });
            orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        };
        rows.sort_unstable_by_key(|(uid, _)| *uid);
        rows.dedup_by_key(|(uid, _)| *uid);
        rows.sort_by(|(_, one), (_, other)| compare(one, other));
        let mut list = UidList::of_text(0);
        rows.iter().for_each(|(uid, _)| list.push(*uid, *uid));
        list.fitted()
    }
}

fn is_at_least(values: &[Value], least: i64) -> bool {
    matches!(values.first(), Some(Value::Number(number)) if *number >= least)
}

impl Value {
    fn of(by: Criterion, message: &Fetched) -> Self {
        let envelope = message.envelope();
        let text = |text: &dyn Fn(Envelope<'_>) -> Option<String>| {
            Self::Text(envelope.and_then(text).map(|text| casemapped(&text)).unwrap_or_default().into())
        };
        match by {
            Criterion::Arrival => Self::Number(arrival(message)),
            Criterion::Date => Self::Number(sent(message)),
            Criterion::Size => Self::Number(message.size().map_or(-1, |size| i64::try_from(size).unwrap_or(i64::MAX))),
            Criterion::Cc => text(&|envelope| mailbox(envelope.cc())),
            Criterion::From => text(&|envelope| mailbox(envelope.from())),
            Criterion::To => text(&|envelope| mailbox(envelope.to())),
            Criterion::Subject => text(&|envelope| Some(base_subject(&envelope.subject()?.decoded()).text)),
            Criterion::DisplayFrom => text(&|envelope| display(envelope.from())),
            Criterion::DisplayTo => text(&|envelope| display(envelope.to())),
            // The table refuses it.
            Criterion::Relevancy => Self::Number(0),
        }
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Number(_) => 0,
                Self::Text(text) => text.len(),
            }
    }
}

/// The sent date, or else the arrival date (RFC 5256 §2.2), in seconds.
pub(super) fn sent(message: &Fetched) -> i64 {
    let date = message.envelope().and_then(|envelope| envelope.mail_date());
    date.map_or_else(|| arrival(message), MailDate::unix)
}

/// If the server does not say when a message arrived, that was on the earliest possible date (RFC 5256 §2.2).
fn arrival(message: &Fetched) -> i64 {
    message.internal_date().map_or(i64::MIN, |date| date.unix_timestamp())
}

/// `addr-mailbox` of the first address.
fn mailbox(mut addresses: Addresses<'_>) -> Option<String> {
    Some(addresses.next()?.mailbox?.decoded().into_owned())
}

/// The sort value of the first address (RFC 5957 §3).
fn display(mut addresses: Addresses<'_>) -> Option<String> {
    let first = addresses.next()?;
    let name = first.name.map(|name| name.decoded().into_owned()).filter(|name| !name.is_empty());
    name.or_else(|| match (first.mailbox, first.host) {
        (Some(mailbox), Some(host)) => Some(format!("{mailbox}@{host}")),
        (mailbox, _) => Some(mailbox?.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::imap::codec;
    use crate::limits::Limits;

    fn message(uid: u32, items: &str) -> Fetched {
        let line = format!("* 1 FETCH (UID {uid} {items})\r\n").into_bytes();
        codec::fetched(line.into(), &Limits::default()).unwrap()
    }

    fn sorted(keys: &[SortKey], messages: &[Fetched]) -> String {
        let mut table = SortTable::new(keys, usize::MAX).unwrap();
        messages.iter().for_each(|message| table.add(message).unwrap());
        table.sorted().iter().map(|uid| format!("{uid} ")).collect::<String>().trim_end().to_owned()
    }

    #[test]
    fn each_criterion_orders_and_equal_messages_stay_in_their_order() {
        let envelope = |date: &str, subject: &str, from: &str, to: &str| {
            format!("ENVELOPE (\"{date}\" \"{subject}\" {from} NIL NIL {to} NIL NIL NIL NIL)")
        };
        let anna = "((\"Zoe\" NIL \"anna\" \"x.org\"))";
        let bert = "((\"=?utf-8?q?=C3=84rger?=\" NIL \"BERT\" \"x.org\"))";
        let arrived = |day: u32| format!("INTERNALDATE \"0{day}-Mar-2026 10:00:00 +0000\" RFC822.SIZE {}", 10 - day);
        let messages = [
            message(4, &format!("{} {}", envelope("2 Mar 2026 10:00:00 +0200", "Re: b", anna, bert), arrived(3))),
            message(1, &format!("{} {}", envelope("2 Mar 2026 09:00:00 +0000", "a", bert, "NIL"), arrived(1))),
            message(3, &format!("{} {}", envelope("none", "B", "((NIL NIL \"carl\" \"x.org\"))", anna), arrived(2))),
            message(2, &format!("ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) {}", arrived(4))),
        ];
        for (keys, expected) in [
            (&[SortKey::ARRIVAL][..], "1 3 4 2"),
            (&[SortKey::ARRIVAL.reversed()], "2 4 3 1"),
            (&[SortKey::DATE], "4 1 3 2"),
            (&[SortKey::SIZE], "2 4 3 1"),
            (&[SortKey::SUBJECT], "2 1 3 4"),
            (&[SortKey::SUBJECT.reversed()], "3 4 1 2"),
            (&[SortKey::SUBJECT, SortKey::DATE], "2 1 4 3"),
            (&[SortKey::FROM], "2 4 1 3"),
            (&[SortKey::TO], "1 2 3 4"),
            (&[SortKey::CC], "1 2 3 4"),
            (&[SortKey::DISPLAY_FROM], "2 1 3 4"),
            (&[SortKey::DISPLAY_TO], "1 2 4 3"),
        ] {
            assert_eq!(sorted(keys, &messages), expected, "{keys:?}");
        }
        assert!(SortTable::new(&[SortKey::RELEVANCY], 100).is_err());
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut table = SortTable::new(&[SortKey::SUBJECT], 1000).unwrap();
        let long = message(1, &format!("ENVELOPE (NIL \"{}\" NIL NIL NIL NIL NIL NIL NIL NIL)", "x".repeat(2000)));
        assert_eq!(table.add(&long).unwrap_err().kind(), crate::Kind::Limit);
        let short = message(1, "ENVELOPE (NIL \"x\" NIL NIL NIL NIL NIL NIL NIL NIL)");
        assert!((0..1000).any(|_| table.add(&short).is_err()));
    }

    proptest! {
        #[test]
        fn every_message_is_there_once(numbers in prop::collection::vec((1_u32..40, 0_u32..5), 0..40)) {
            let messages: Vec<_> =
                numbers.iter().map(|(uid, size)| message(*uid, &format!("RFC822.SIZE {size}"))).collect();
            let text = sorted(&[SortKey::SIZE.reversed()], &messages);
            let mut uids: Vec<u32> = text.split_whitespace().map(|uid| uid.parse().unwrap()).collect();
            uids.sort_unstable();
            let all: std::collections::BTreeSet<u32> = numbers.iter().map(|(uid, _)| *uid).collect();
            prop_assert!(uids.into_iter().eq(all));
        }
    }
}

//! [`Conversation`]: a thread as a mail program shows it, made of the tree that THREAD returns and of the fetched messages. It must not
//! know who made the tree.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use time::OffsetDateTime;

use super::address::AddressBuf;
use super::fetched::Fetched;
use super::thread::Threads;
use super::uid::Uid;
use crate::Flag;
use crate::text::subject;

/// A thread as a mail program shows it: its messages as a tree, who takes part, what is unread. From
/// [`Folder::threads`](crate::imap::Folder::threads).
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::imap::{Conversation, Query};
///
/// let inbox = imap.select("INBOX").await?;
/// let newest: Vec<Conversation> = inbox.threads(&Query::all()).newest(20).await?;
/// for thread in &newest {
///     println!("{} ({} of {} unread)", thread.subject, thread.unread, thread.messages.len());
///     for (depth, message) in thread.messages.iter().map(|one| (one.depth, &one.message)) {
///         println!("{:depth$}{:?}", "", message.from().map(|from| from.label()));
///     }
/// }
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Conversation {
    /// The messages, each before its replies. There is at least one.
    pub messages: Vec<ThreadMessage>,
    /// The decoded subject of the first message that has one, in one line and without marks of replies (`Re:`, `AW:`).
    pub subject: String,
    /// Who wrote the messages, in the order of the first message of each.
    pub participants: Vec<AddressBuf>,
    /// How many messages are not marked `\Seen`.
    pub unread: usize,
    /// The date of the newest message: when it was sent, or else when it arrived.
    pub date: Option<OffsetDateTime>,
}

/// A message of a [`Conversation`].
///
/// ```
/// # #[cfg(feature = "testing")]
/// # postroom::doctest::imap(async |mut imap| {
/// use postroom::imap::Query;
///
/// let inbox = imap.select("INBOX").await?;
/// for thread in inbox.threads(&Query::all()).newest(20).await? {
///     assert_eq!(thread.messages[0].depth, 0);
/// }
/// # Ok(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ThreadMessage {
    /// 0 for the first message, 1 for its replies, and so on. If the first message is not in the mailbox, its replies have 0.
    pub depth: usize,
    /// What was fetched of it.
    pub message: Fetched,
}

/// Some threads of many: their messages with their depths.
#[derive(Debug, Default)]
pub(crate) struct ThreadSelection {
    /// The thread with the highest UID first.
    pub(crate) threads: Vec<Vec<(usize, Uid)>>,
}

impl Conversation {
    /// The message that was added to the mailbox last.
    pub fn newest(&self) -> Option<Uid> {
        self.messages.iter().filter_map(|one| one.message.uid()).max()
    }

    /// The conversation of these messages; `None` if none of them is there.
    pub(crate) fn of(thread: Vec<(usize, Uid)>, fetched: &mut HashMap<Uid, Fetched>) -> Option<Self> {
        let messages = thread.into_iter().filter_map(|(depth, uid)| {
            let message = fetched.remove(&uid)?;
            Some(ThreadMessage { depth, message })
        });
        let messages: Vec<_> = messages.collect();
        let newest = messages.iter().max_by_key(|one| one.message.uid())?;
        let sent = newest.message.envelope().and_then(|envelope| envelope.date());
        let date = sent.or_else(|| newest.message.internal_date());
        let is_unread = |one: &&ThreadMessage| one.message.flags().is_some_and(|flags| !flags.contains(&Flag::SEEN));
        let unread = messages.iter().filter(is_unread).count();
        let subjects = messages.iter().filter_map(|one| one.message.subject());
        let mut subjects = subjects.map(|text| subject::without_marks(&text)).filter(|text| !text.is_empty());
        let subject = subjects.next().unwrap_or_default();
        Some(Self { subject, participants: participants(&messages), unread, date, messages })
    }
}

impl ThreadSelection {
    /// The threads with the highest UIDs below this one, at most `most` of them. A thread without its first message is shown without a gap.
    pub(crate) fn of(threads: &Threads, below: Option<Uid>, most: Option<usize>) -> Self {
        let most = most.unwrap_or(usize::MAX);
        let mut highest = BinaryHeap::new();
        for (index, newest) in newest(threads).enumerate() {
            let Some(newest) = newest.filter(|newest| below.is_none_or(|below| *newest < below)) else { continue };
            highest.push(Reverse((newest, index)));
            if highest.len() > most {
                highest.pop();
            }
        }
        let mut order = highest.into_vec();
        order.sort_unstable();
        let places: HashMap<usize, usize> =
            order.iter().enumerate().map(|(place, Reverse((_, index)))| (*index, place)).collect();
        let mut selected = vec![Vec::new(); places.len()];
        let (mut index, mut is_first, mut missing) = (0_usize, true, false);
        for (depth, thread) in threads.walk() {
            if depth == 0 {
                index += usize::from(!is_first);
                (is_first, missing) = (false, thread.number().is_none());
            }
            let place = places.get(&index).and_then(|place| selected.get_mut(*place));
            if let (Some(messages), Some(uid)) = (place, thread.number()) {
                messages.push((depth - usize::from(missing && depth > 0), uid));
            }
        }
        Self { threads: selected }
    }
}

/// The highest UID of each thread.
fn newest(threads: &Threads) -> impl Iterator<Item = Option<Uid>> {
    let mut walk = threads.walk().peekable();
    std::iter::from_fn(move || {
        let (_, first) = walk.next()?;
        let mut newest = first.number();
        while let Some((_, reply)) = walk.next_if(|(depth, _)| *depth > 0) {
            newest = newest.max(reply.number());
        }
        Some(newest)
    })
}

fn participants(messages: &[ThreadMessage]) -> Vec<AddressBuf> {
    let mut seen = HashSet::new();
    let authors = messages.iter().filter_map(|one| one.message.envelope()).flat_map(|envelope| envelope.from());
    let authors = authors.filter_map(|author| author.to_address_buf());
    authors.filter(|author| seen.insert(author.email().to_lowercase())).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::imap::codec;
    use crate::limits::Limits;

    fn threads(text: &str) -> Threads {
        codec::thread::parse(format!("* THREAD {text}\r\n").as_bytes()).unwrap()
    }

    fn shown(selection: &ThreadSelection) -> String {
        let one = |thread: &Vec<(usize, Uid)>| {
            thread.iter().map(|(depth, uid)| format!("{depth}:{uid}")).collect::<Vec<_>>().join(" ")
        };
        selection.threads.iter().map(one).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn the_newest_threads_come_first() {
        let all = threads("(2)(3 6 (4 23)(44 7 96))((5)(9 8))(10)");
        for (below, most, expected) in [
            (None, None, "0:3 1:6 2:4 3:23 2:44 3:7 4:96 | 0:10 | 0:5 0:9 1:8 | 0:2"),
            (None, Some(2), "0:3 1:6 2:4 3:23 2:44 3:7 4:96 | 0:10"),
            (Some(10), Some(1), "0:5 0:9 1:8"),
            (Some(2), None, ""),
            (None, Some(0), ""),
        ] {
            assert_eq!(shown(&ThreadSelection::of(&all, below.and_then(Uid::nonzero), most)), expected);
        }
        assert_eq!(shown(&ThreadSelection::of(&Threads::default(), None, None)), "");
    }

    #[test]
    fn a_conversation_says_who_wrote_what_is_unread_and_what_it_is_about() {
        let message = |uid: u32, subject: &str, from: &str, flags: &str, date: &str| {
            let line = format!(
                "* 1 FETCH (UID {uid} FLAGS ({flags}) INTERNALDATE \"05-Mar-2026 10:00:00 +0000\" ENVELOPE ({date} \
                 \"{subject}\" ((\"N\" NIL \"{from}\" \"x\")) NIL NIL NIL NIL NIL NIL NIL))\r\n"
            );
            let message = codec::fetched(line.into_bytes().into(), &Limits::default()).unwrap();
            (Uid::nonzero(uid).unwrap(), message)
        };
        let mut fetched = HashMap::from([
            message(1, "", "Anna", "\\Seen", "\"2 Mar 2026 10:00:00 +0000\""),
            message(2, "Re: AW: Lunch", "bert", "", "\"3 Mar 2026 10:00:00 +0100\""),
            message(4, "Re: Lunch", "anna", "\\Flagged", "NIL"),
        ]);
        let thread = ThreadSelection::of(&threads("(1 2 (3)(4))"), None, None).threads.remove(0);
        let conversation = Conversation::of(thread, &mut fetched).unwrap();
        assert_eq!((conversation.subject.as_str(), conversation.unread), ("Lunch", 2));
        assert_eq!(conversation.participants.iter().map(|one| one.email()).collect::<Vec<_>>(), ["Anna@x", "bert@x"]);
        assert_eq!(conversation.messages.iter().map(|one| one.depth).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(conversation.newest().map(u32::from), Some(4));
        assert_eq!(conversation.date.unwrap().to_string(), "2026-03-05 10:00:00.0 +00:00:00");
        assert!(Conversation::of(vec![(0, Uid::MAX)], &mut fetched).is_none());
    }

    proptest! {
        #[test]
        fn every_message_of_a_chosen_thread_is_there_once(text in "(\\(([0-9]{1,2})( [0-9]{1,2}| ?\\([0-9]{1,2}\\)){0,4}\\)){0,6}", most in 0_usize..8) {
            let Ok(all) = codec::thread::parse(format!("* THREAD {text}\r\n").as_bytes()) else { return Ok(()) };
            let selection = ThreadSelection::of(&all, None, Some(most));
            prop_assert!(selection.threads.len() <= most);
            let highest = |thread: &Vec<(usize, Uid)>| thread.iter().map(|(_, uid)| *uid).max();
            prop_assert!(selection.threads.iter().map(highest).is_sorted_by(|one, next| one >= next));
            let mut trees: Vec<Vec<u32>> = Vec::new();
            for (depth, thread) in all.walk() {
                if depth == 0 {
                    trees.push(Vec::new());
                }
                trees.last_mut().unwrap().extend(thread.number().map(u32::from));
            }
            trees.sort_by_key(|tree| std::cmp::Reverse(tree.iter().max().copied()));
            trees.retain(|tree| !tree.is_empty());
            trees.truncate(most);
            let mut found: Vec<Vec<u32>> =
                selection.threads.iter().map(|thread| thread.iter().map(|(_, uid)| u32::from(*uid)).collect()).collect();
            found.iter_mut().chain(&mut trees).for_each(|tree| tree.sort_unstable());
            // Of threads with the same highest UID, any may be chosen.
            let highest = |trees: &[Vec<u32>]| trees.iter().map(|tree| tree.last().copied()).collect::<Vec<_>>();
            prop_assert_eq!(highest(&found), highest(&trees));
        }
    }
}

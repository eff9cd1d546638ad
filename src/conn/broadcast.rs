//! Notices to the session, for any number of subscribers, each with a queue of its own. The queues are bounded: a subscriber that does
//! not read in time gets one notice that says so. It must not know what a notice says.

use std::collections::{HashMap, VecDeque};
use std::task::{Context, Waker};

use super::waker::store_waker;
use crate::engine::SessionNotice;

/// How many notices wait for one subscriber, and how many bytes they keep. Over either bound one notice replaces them all.
const MOST: usize = 256;
const MOST_BYTES: usize = 256 * 1024;

/// The queues of one connection.
pub(super) struct Broadcast<N> {
    /// What came before the first subscriber, for that one.
    early: Option<Queue<N>>,
    subscribers: HashMap<u64, Subscriber<N>>,
    next: u64,
}

struct Subscriber<N> {
    queue: Queue<N>,
    waker: Option<Waker>,
}

struct Queue<N> {
    waiting: VecDeque<N>,
    bytes: usize,
    lagged: bool,
}

impl<N: SessionNotice> Broadcast<N> {
    pub(super) fn new() -> Self {
        Self { early: Some(Queue::new()), subscribers: HashMap::new(), next: 0 }
    }

    /// Adds a notice to every queue, and returns the wakers of the subscribers that wait.
    pub(super) fn send(&mut self, notice: &N, wakers: &mut Vec<Waker>) {
        if let Some(early) = &mut self.early {
            early.push(notice);
        }
        for subscriber in self.subscribers.values_mut() {
            subscriber.queue.push(notice);
            wakers.extend(subscriber.waker.take());
        }
    }

    pub(super) fn subscribe(&mut self) -> u64 {
        let queue = self.early.take().unwrap_or_else(Queue::new);
        let id = self.next;
        self.next += 1;
        self.subscribers.insert(id, Subscriber { queue, waker: None });
        id
    }

    pub(super) fn unsubscribe(&mut self, id: u64) {
        self.subscribers.remove(&id);
    }

    /// The next notice. If there is none, the waker is stored.
    pub(super) fn next(&mut self, id: u64, cx: &Context<'_>) -> Option<N> {
        let subscriber = self.subscribers.get_mut(&id)?;
        let notice = subscriber.queue.pop();
        if notice.is_none() {
            store_waker(&mut subscriber.waker, cx);
        }
        notice
    }

    /// The wakers of all subscribers that wait, for the end of the session.
    pub(super) fn wakers(&mut self) -> impl Iterator<Item = Waker> {
        self.subscribers.values_mut().filter_map(|subscriber| subscriber.waker.take())
    }

    /// The notices that came while nobody had subscribed.
    pub(super) fn unread(&mut self) -> Vec<N> {
        let mut early = self.early.take().unwrap_or_else(Queue::new);
        std::iter::from_fn(|| early.pop()).collect()
    }
}

impl<N: SessionNotice> Queue<N> {
    fn new() -> Self {
        Self { waiting: VecDeque::new(), bytes: 0, lagged: false }
    }

    fn push(&mut self, notice: &N) {
        if self.lagged {
            return;
        }
        self.bytes = self.bytes.saturating_add(notice.weight());
        if self.waiting.len() >= MOST || self.bytes > MOST_BYTES {
            *self = Self { lagged: true, ..Self::new() };
        } else {
            self.waiting.push_back(notice.clone());
        }
    }

    fn pop(&mut self) -> Option<N> {
        if std::mem::take(&mut self.lagged) {
            return Some(N::lagged());
        }
        let notice = self.waiting.pop_front()?;
        self.bytes = self.bytes.saturating_sub(notice.weight());
        Some(notice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    struct Word(usize);

    impl SessionNotice for Word {
        fn weight(&self) -> usize {
            self.0
        }

        fn lagged() -> Self {
            Self(usize::MAX)
        }
    }

    fn all(broadcast: &mut Broadcast<Word>, id: u64) -> Vec<Word> {
        let cx = Context::from_waker(Waker::noop());
        std::iter::from_fn(|| broadcast.next(id, &cx)).collect()
    }

    #[test]
    fn the_first_subscriber_gets_what_came_before_and_every_one_what_comes() {
        let mut broadcast = Broadcast::new();
        broadcast.send(&Word(1), &mut Vec::new());
        let first = broadcast.subscribe();
        let second = broadcast.subscribe();
        broadcast.send(&Word(2), &mut Vec::new());
        assert_eq!(all(&mut broadcast, first), [Word(1), Word(2)]);
        assert_eq!(all(&mut broadcast, second), [Word(2)]);
        broadcast.unsubscribe(second);
        broadcast.send(&Word(3), &mut Vec::new());
        assert_eq!((all(&mut broadcast, first), all(&mut broadcast, second)), (vec![Word(3)], Vec::new()));
    }

    #[test]
    fn who_does_not_read_in_time_gets_one_notice_of_it_and_then_what_comes_later() {
        for (weight, count, fits) in
            [(1, MOST, true), (1, MOST + 1, false), (MOST_BYTES, 1, true), (MOST_BYTES, 2, false)]
        {
            let mut broadcast = Broadcast::new();
            let id = broadcast.subscribe();
            for _ in 0..count {
                broadcast.send(&Word(weight), &mut Vec::new());
            }
            let read = all(&mut broadcast, id);
            match fits {
                true => assert_eq!(read.len(), count),
                false => assert_eq!(read, [Word::lagged()]),
            }
            broadcast.send(&Word(0), &mut Vec::new());
            assert_eq!(all(&mut broadcast, id), [Word(0)]);
        }
    }
}

//! What the server says to the session rather than to one call, for any number of listeners, each with a queue of its own. Bounded: who
//! does not listen in time is told so. It must not know what is said.

use std::collections::{HashMap, VecDeque};
use std::task::{Context, Waker};

use super::link::keep;
use crate::engine::Tidings;

/// Notices that wait for one listener, and the bytes they keep; beyond either they become one that says so.
const MOST: usize = 256;
const MOST_BYTES: usize = 256 * 1024;

/// The queues of one connection.
pub(super) struct Board<N> {
    /// What was said before anybody listened, for the first who does.
    early: Option<Queue<N>>,
    listeners: HashMap<u64, Listener<N>>,
    next: u64,
}

struct Listener<N> {
    queue: Queue<N>,
    waker: Option<Waker>,
}

struct Queue<N> {
    waiting: VecDeque<N>,
    bytes: usize,
    lagged: bool,
}

impl<N: Tidings> Board<N> {
    pub(super) fn new() -> Self {
        Self { early: Some(Queue::new()), listeners: HashMap::new(), next: 0 }
    }

    /// Adds a notice to every queue, and gives the wakers of those who wait.
    pub(super) fn post(&mut self, notice: &N, wakers: &mut Vec<Waker>) {
        if let Some(early) = &mut self.early {
            early.push(notice);
        }
        for listener in self.listeners.values_mut() {
            listener.queue.push(notice);
            wakers.extend(listener.waker.take());
        }
    }

    pub(super) fn listen(&mut self) -> u64 {
        let queue = self.early.take().unwrap_or_else(Queue::new);
        let id = self.next;
        self.next += 1;
        self.listeners.insert(id, Listener { queue, waker: None });
        id
    }

    pub(super) fn leave(&mut self, id: u64) {
        self.listeners.remove(&id);
    }

    /// The next notice; without one the waker is kept.
    pub(super) fn take(&mut self, id: u64, cx: &Context<'_>) -> Option<N> {
        let listener = self.listeners.get_mut(&id)?;
        let notice = listener.queue.pop();
        if notice.is_none() {
            keep(&mut listener.waker, cx);
        }
        notice
    }

    /// Everybody who waits, to be told that nothing more comes.
    pub(super) fn wakers(&mut self) -> impl Iterator<Item = Waker> {
        self.listeners.values_mut().filter_map(|listener| listener.waker.take())
    }

    /// What nobody has listened to yet.
    pub(super) fn unheard(&mut self) -> Vec<N> {
        let mut early = self.early.take().unwrap_or_else(Queue::new);
        std::iter::from_fn(|| early.pop()).collect()
    }
}

impl<N: Tidings> Queue<N> {
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

    impl Tidings for Word {
        fn weight(&self) -> usize {
            self.0
        }

        fn lagged() -> Self {
            Self(usize::MAX)
        }
    }

    fn all(board: &mut Board<Word>, id: u64) -> Vec<Word> {
        let cx = Context::from_waker(Waker::noop());
        std::iter::from_fn(|| board.take(id, &cx)).collect()
    }

    #[test]
    fn the_first_listener_gets_what_was_said_before_and_every_one_what_comes() {
        let mut board = Board::new();
        board.post(&Word(1), &mut Vec::new());
        let first = board.listen();
        let second = board.listen();
        board.post(&Word(2), &mut Vec::new());
        assert_eq!(all(&mut board, first), [Word(1), Word(2)]);
        assert_eq!(all(&mut board, second), [Word(2)]);
        board.leave(second);
        board.post(&Word(3), &mut Vec::new());
        assert_eq!((all(&mut board, first), all(&mut board, second)), (vec![Word(3)], Vec::new()));
    }

    #[test]
    fn who_does_not_listen_in_time_is_told_once_and_hears_what_comes_later() {
        for (weight, count, fits) in
            [(1, MOST, true), (1, MOST + 1, false), (MOST_BYTES, 1, true), (MOST_BYTES, 2, false)]
        {
            let mut board = Board::new();
            let id = board.listen();
            for _ in 0..count {
                board.post(&Word(weight), &mut Vec::new());
            }
            let heard = all(&mut board, id);
            match fits {
                true => assert_eq!(heard.len(), count),
                false => assert_eq!(heard, [Word::lagged()]),
            }
            board.post(&Word(0), &mut Vec::new());
            assert_eq!(all(&mut board, id), [Word(0)]);
        }
    }
}

//! The two-way road between handles and the driver of their connection: requests one way, deliveries the other, in order,
//! with the bytes that wait counted. It must not know sockets, clocks or what a request means.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::board::Board;
use super::notices::{Listen, Notices};
use crate::engine::{Engine, Id, Parcel};
use crate::error::{Error, Result};

/// A handle's end: asks, and looks at the state. The connection closes when the last one is dropped.
pub(crate) struct Link<E: Engine>(Arc<Shared<E>>);

/// The handle's end of one request; dropped before its last delivery, the request is cancelled.
pub(crate) struct Inbox<E: Engine> {
    id: Id,
    shared: Arc<Shared<E>>,
    finished: bool,
}

/// One who listens to what the server says to the session. It does not keep the connection open.
struct Listening<E: Engine> {
    id: u64,
    shared: Arc<Shared<E>>,
}

/// The driver's end.
pub(crate) struct Desk<E: Engine>(Arc<Shared<E>>);

/// What the driver finds on its desk.
pub(crate) enum Ask<R> {
    Request(Id, R),
    Cancel(Id),
}

struct Shared<E: Engine>(Mutex<Road<E>>);

struct Road<E: Engine> {
    asks: VecDeque<Ask<Box<E::Request>>>,
    slots: HashMap<Id, Slot<E::Delivery>>,
    state: Arc<E::State>,
    driver: Option<Waker>,
    links: usize,
    next: u64,
    waiting: usize,
    /// The reader rests until no more than this waits.
    resume_at: Option<usize>,
    ended: Option<Error>,
    board: Board<E::Notice>,
}

struct Slot<D> {
    queue: VecDeque<D>,
    reader: Option<Waker>,
    /// The driver has taken the request off its desk.
    begun: bool,
    /// The engine holds something back until this slot is empty.
    awaited: bool,
}

/// A road with both its ends.
pub(crate) fn road<E: Engine>(state: Arc<E::State>) -> (Link<E>, Desk<E>) {
    let shared = Arc::new(Shared(Mutex::new(Road {
        asks: VecDeque::new(),
        slots: HashMap::new(),
        state,
        driver: None,
        links: 1,
        next: 0,
        waiting: 0,
        resume_at: None,
        ended: None,
        board: Board::new(),
    })));
    (Link(shared.clone()), Desk(shared))
}

impl<E: Engine> Link<E> {
    /// Hands a request to the driver. It is on its way when this returns; its answers come by the inbox.
    pub(crate) fn submit(&self, request: E::Request) -> Inbox<E> {
        let mut road = self.0.lock();
        let id = Id(road.next);
        road.next += 1;
        if road.ended.is_none() {
            road.slots.insert(id, Slot { queue: VecDeque::new(), reader: None, begun: false, awaited: false });
        }
        let driver = road.ask(Ask::Request(id, Box::new(request)));
        drop(road);
        wake(driver);
        Inbox { id, shared: self.0.clone(), finished: false }
    }

    /// Listens from now on; the first who does also hears what was said before.
    pub(crate) fn listen(&self) -> Notices<E::Notice> {
        let id = self.0.lock().board.listen();
        Notices::new(Listening { id, shared: self.0.clone() })
    }

    /// What was said and nobody has listened to.
    pub(crate) fn unheard(&self) -> Vec<E::Notice> {
        self.0.lock().board.unheard()
    }

    /// What the engine last published.
    pub(crate) fn state(&self) -> Arc<E::State> {
        self.0.lock().state.clone()
    }
}

impl<E: Engine> Clone for Link<E> {
    fn clone(&self) -> Self {
        self.0.lock().links += 1;
        Self(self.0.clone())
    }
}

impl<E: Engine> Drop for Link<E> {
    fn drop(&mut self) {
        let mut road = self.0.lock();
        road.links -= 1;
        let driver = if road.links == 0 { road.driver.take() } else { None };
        drop(road);
        wake(driver);
    }
}

impl<E: Engine> Inbox<E> {
    /// Names the request.
    pub(crate) fn id(&self) -> Id {
        self.id
    }

    /// The next delivery; `None` behind the last one. An error means that the connection ended before it.
    ///
    /// Cancel-safe: a delivery is taken in the poll that returns it.
    pub(crate) async fn next(&mut self) -> Result<Option<E::Delivery>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<E::Delivery>>> {
        if self.finished {
            return Poll::Ready(Ok(None));
        }
        let mut road = self.shared.lock();
        match road.take(self.id, cx) {
            Some((delivery, driver)) => {
                if delivery.is_last() {
                    self.finished = true;
                    road.slots.remove(&self.id);
                }
                drop(road);
                wake(driver);
                Poll::Ready(Ok(Some(delivery)))
            }
            None => match road.ended.clone() {
                Some(error) => {
                    self.finished = true;
                    Poll::Ready(Err(error))
                }
                None => Poll::Pending,
            },
        }
    }

    /// Gives the request up, as dropping does, and what was delivered and not taken with it: nothing more comes.
    pub(crate) fn abandon(&mut self) -> VecDeque<E::Delivery> {
        if std::mem::replace(&mut self.finished, true) {
            return VecDeque::new();
        }
        let mut road = self.shared.lock();
        let (untaken, driver) = road.withdraw(self.id);
        drop(road);
        wake(driver);
        untaken
    }

    /// Adds to what was asked for under this inbox: the next piece of an upload, say.
    pub(crate) fn add(&self, request: E::Request) {
        let mut road = self.shared.lock();
        let driver = road.ask(Ask::Request(self.id, Box::new(request)));
        drop(road);
        wake(driver);
    }
}

impl<E: Engine> Listen<E::Notice> for Listening<E> {
    fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<E::Notice>> {
        let mut road = self.shared.lock();
        match road.board.take(self.id, cx) {
            None if road.ended.is_none() => Poll::Pending,
            heard => Poll::Ready(heard),
        }
    }
}

impl<E: Engine> Drop for Listening<E> {
    fn drop(&mut self) {
        self.shared.lock().board.leave(self.id);
    }
}

impl<E: Engine> Drop for Inbox<E> {
    fn drop(&mut self) {
        self.abandon();
    }
}

impl<E: Engine> Desk<E> {
    /// The next ask; where there is none, the waker is kept for it.
    pub(crate) fn next_ask(&self, cx: &Context<'_>) -> Option<Ask<Box<E::Request>>> {
        let mut road = self.0.lock();
        let ask = road.asks.pop_front();
        match &ask {
            Some(Ask::Request(id, _)) => road.begin(*id),
            Some(Ask::Cancel(_)) => {}
            None => keep(&mut road.driver, cx),
        }
        ask
    }

    /// Whether somebody still holds a link.
    pub(crate) fn is_held(&self) -> bool {
        let road = self.0.lock();
        road.links > 0 || !road.asks.is_empty()
    }

    /// Puts everything that the engine has to deliver into the slots, and wakes their readers.
    pub(crate) fn deliver(&self, engine: &mut E) {
        let mut readers = Vec::new();
        let mut road = self.0.lock();
        loop {
            let hunger = std::cell::RefCell::new(&mut road.slots);
            let hungry = |id: Id| match hunger.borrow_mut().get_mut(&id) {
                Some(slot) => {
                    slot.awaited = !slot.queue.is_empty();
                    !slot.awaited
                }
                None => false,
            };
            let Some((id, delivery)) = engine.poll_delivery(&hungry) else { break };
            readers.extend(road.put(id, delivery));
        }
        while let Some(notice) = engine.poll_notice() {
            road.board.post(&notice, &mut readers);
        }
        drop(road);
        readers.into_iter().for_each(Waker::wake);
    }

    /// Whether more than `window` bytes wait in the slots; the driver is woken once they are taken.
    pub(crate) fn is_full(&self, window: usize) -> bool {
        let mut road = self.0.lock();
        let full = road.waiting > window;
        road.resume_at = full.then_some(window / 2);
        full
    }

    /// Publishes the engine's state where it is another than before.
    pub(crate) fn publish(&self, state: Arc<E::State>) {
        let mut road = self.0.lock();
        if !Arc::ptr_eq(&road.state, &state) {
            road.state = state;
        }
    }

    /// The connection is over: whoever still waits gets this error, and so does every later request.
    pub(crate) fn close(&self, error: Error) {
        let mut road = self.0.lock();
        road.asks.clear();
        road.ended.get_or_insert(error);
        let mut readers: Vec<_> = road.slots.values_mut().filter_map(|slot| slot.reader.take()).collect();
        readers.extend(road.board.wakers());
        drop(road);
        readers.into_iter().for_each(Waker::wake);
    }
}

impl<E: Engine> Shared<E> {
    /// A poisoned lock means that a waker panicked; the road itself is whole between statements.
    fn lock(&self) -> MutexGuard<'_, Road<E>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Engine> Road<E> {
    /// Puts an ask on the driver's desk, and gives its waker.
    fn ask(&mut self, ask: Ask<Box<E::Request>>) -> Option<Waker> {
        if self.ended.is_some() {
            return None;
        }
        self.asks.push_back(ask);
        self.driver.take()
    }

    fn begin(&mut self, id: Id) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.begun = true;
        }
    }

    /// Takes a request back where the driver has not seen it, and cancels it where it has.
    fn withdraw(&mut self, id: Id) -> (VecDeque<E::Delivery>, Option<Waker>) {
        let Some(slot) = self.slots.remove(&id) else { return Default::default() };
        self.waiting -= slot.queue.iter().map(Parcel::weight).sum::<usize>();
        if slot.begun {
            return (slot.queue, self.ask(Ask::Cancel(id)));
        }
        self.asks.retain(|ask| !matches!(ask, Ask::Request(asked, _) if *asked == id));
        Default::default()
    }

    fn put(&mut self, id: Id, delivery: E::Delivery) -> Option<Waker> {
        let slot = self.slots.get_mut(&id)?;
        self.waiting += delivery.weight();
        slot.queue.push_back(delivery);
        slot.reader.take()
    }

    /// A delivery, and the driver's waker where it waits for just this.
    fn take(&mut self, id: Id, cx: &Context<'_>) -> Option<(E::Delivery, Option<Waker>)> {
        let slot = self.slots.get_mut(&id)?;
        let Some(delivery) = slot.queue.pop_front() else {
            keep(&mut slot.reader, cx);
            return None;
        };
        if slot.queue.is_empty() {
            // A stream of events may rest here for hours.
            slot.queue = VecDeque::new();
        }
        self.waiting -= delivery.weight();
        let awaited = slot.awaited && slot.queue.is_empty();
        let resumes = self.resume_at.is_some_and(|bytes| self.waiting <= bytes);
        let driver = if resumes || awaited { self.driver.take() } else { None };
        Some((delivery, driver))
    }
}

pub(super) fn keep(place: &mut Option<Waker>, cx: &Context<'_>) {
    match place {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *place = Some(cx.waker().clone()),
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

//! The two-way channel between handles and the driver of their connection: requests in one direction, deliveries in the other, in
//! order, with the bytes that wait counted. It must not know sockets, clocks or what a request means.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::broadcast::Broadcast;
use super::notices::{Notices, Subscription};
use super::traffic::Traffic;
use super::waker::{store_waker, wake};
use crate::engine::{Deliverable, Engine, Id};
use crate::error::{Error, Result};
use crate::login::Bindings;

/// A handle's end: makes requests, and reads the state. The connection closes when the last one is dropped.
pub(crate) struct Link<E: Engine>(Arc<Shared<E>>);

/// The handle's end of one request. Dropping it before the last delivery cancels the request.
pub(crate) struct Inbox<E: Engine> {
    id: Id,
    shared: Arc<Shared<E>>,
    finished: bool,
}

/// Reads the notices to the session. It does not keep the connection open.
struct NoticeReader<E: Engine> {
    id: u64,
    shared: Arc<Shared<E>>,
}

/// Waits for the end of the connection. It does not keep it open.
pub(crate) struct Closing<E: Engine> {
    id: u64,
    shared: Arc<Shared<E>>,
}

/// The driver's end.
pub(crate) struct DriverEnd<E: Engine>(Arc<Shared<E>>);

/// What handles send to the driver.
pub(crate) enum ToDriver<R> {
    Request(Id, R),
    Cancel(Id),
}

struct Shared<E: Engine>(Mutex<Channel<E>>);

struct Channel<E: Engine> {
    to_driver: VecDeque<ToDriver<Box<E::Request>>>,
    slots: HashMap<Id, InboxSlot<E::Delivery>>,
    state: Arc<E::State>,
    driver: Option<Waker>,
    links: usize,
    next: u64,
    waiting: usize,
    /// The driver does not read until at most this number of bytes waits.
    resume_at: Option<usize>,
    ended: Option<Error>,
    /// Those that wait for the end.
    closings: BTreeMap<u64, Waker>,
    traffic: Traffic,
    broadcast: Broadcast<E::Notice>,
    /// What a login over the connection can be bound to.
    bindings: Arc<Bindings>,
}

struct InboxSlot<D> {
    queue: VecDeque<D>,
    reader: Option<Waker>,
    /// The driver has given the request to the engine.
    begun: bool,
    /// The engine holds a delivery back until this slot is empty.
    awaited: bool,
}

/// Both ends of a new channel.
pub(crate) fn channel<E: Engine>(state: Arc<E::State>) -> (Link<E>, DriverEnd<E>) {
    let shared = Arc::new(Shared(Mutex::new(Channel {
        to_driver: VecDeque::new(),
        slots: HashMap::new(),
        state,
        driver: None,
        links: 1,
        next: 0,
        waiting: 0,
        resume_at: None,
        ended: None,
        closings: BTreeMap::new(),
        traffic: Traffic::default(),
        broadcast: Broadcast::new(),
        bindings: Arc::default(),
    })));
    (Link(shared.clone()), DriverEnd(shared))
}

impl<E: Engine> Link<E> {
    /// Gives a request to the driver; its answers come by the inbox.
    pub(crate) fn submit(&self, request: E::Request) -> Inbox<E> {
        let mut channel = self.0.lock();
        let id = Id(channel.next);
        channel.next += 1;
        if channel.ended.is_none() {
            channel.slots.insert(id, InboxSlot { queue: VecDeque::new(), reader: None, begun: false, awaited: false });
        }
        let driver = channel.send(ToDriver::Request(id, Box::new(request)));
        drop(channel);
        wake(driver);
        Inbox { id, shared: self.0.clone(), finished: false }
    }

    /// Gives a request to the driver that is not answered, and cannot be withdrawn.
    pub(crate) fn tell(&self, request: E::Request) {
        let mut channel = self.0.lock();
        let id = Id(channel.next);
        channel.next += 1;
        let driver = channel.send(ToDriver::Request(id, Box::new(request)));
        drop(channel);
        wake(driver);
    }

    /// Reads the notices from now on. The first reader also gets those that came before.
    pub(crate) fn subscribe(&self) -> Notices<E::Notice> {
        let id = self.0.lock().broadcast.subscribe();
        Notices::new(NoticeReader { id, shared: self.0.clone() })
    }

    /// The notices that came while nobody had subscribed.
    pub(crate) fn unread(&self) -> Vec<E::Notice> {
        self.0.lock().broadcast.unread()
    }

    /// What a login can be bound to; nothing without TLS.
    pub(crate) fn bindings(&self) -> Arc<Bindings> {
        self.0.lock().bindings.clone()
    }

    /// Whether the connection has ended.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.lock().ended.is_some()
    }

    /// Waits for the end of the connection, and returns the error of every later request.
    pub(crate) fn closed(&self) -> Closing<E> {
        let mut channel = self.0.lock();
        let id = channel.next;
        channel.next += 1;
        Closing { id, shared: self.0.clone() }
    }

    /// What was sent and received so far.
    pub(crate) fn traffic(&self) -> Traffic {
        self.0.lock().traffic
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
        let mut channel = self.0.lock();
        channel.links -= 1;
        let driver = if channel.links == 0 { channel.driver.take() } else { None };
        drop(channel);
        wake(driver);
    }
}

impl<E: Engine> Inbox<E> {
    /// Names the request.
    pub(crate) fn id(&self) -> Id {
        self.id
    }

    /// The next delivery; `None` after the last one. An error means that the connection ended before it.
    ///
    /// Cancel-safe: a delivery is taken in the poll that returns it.
    pub(crate) async fn next(&mut self) -> Result<Option<E::Delivery>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<E::Delivery>>> {
        if self.finished {
            return Poll::Ready(Ok(None));
        }
        let mut channel = self.shared.lock();
        match channel.take(self.id, cx) {
            Some((delivery, driver)) => {
                if delivery.is_last() {
                    self.finished = true;
                    channel.slots.remove(&self.id);
                }
                drop(channel);
                wake(driver);
                Poll::Ready(Ok(Some(delivery)))
            }
            None => match channel.ended.clone() {
                Some(error) => {
                    self.finished = true;
                    Poll::Ready(Err(error))
                }
                None => Poll::Pending,
            },
        }
    }

    /// Cancels the request, as dropping does, and returns what was delivered and not taken. Nothing more comes.
    pub(crate) fn abandon(&mut self) -> VecDeque<E::Delivery> {
        if std::mem::replace(&mut self.finished, true) {
            return VecDeque::new();
        }
        let mut channel = self.shared.lock();
        let (untaken, driver) = channel.withdraw(self.id);
        drop(channel);
        wake(driver);
        untaken
    }

    /// Adds to the request: the next piece of an upload, for example.
    pub(crate) fn add(&self, request: E::Request) {
        let mut channel = self.shared.lock();
        let driver = channel.send(ToDriver::Request(self.id, Box::new(request)));
        drop(channel);
        wake(driver);
    }
}

impl<E: Engine> Subscription<E::Notice> for NoticeReader<E> {
    fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<E::Notice>> {
        let mut channel = self.shared.lock();
        match channel.broadcast.next(self.id, cx) {
            None if channel.ended.is_none() => Poll::Pending,
            heard => Poll::Ready(heard),
        }
    }
}

impl<E: Engine> Drop for NoticeReader<E> {
    fn drop(&mut self) {
        self.shared.lock().broadcast.unsubscribe(self.id);
    }
}

impl<E: Engine> Future for Closing<E> {
    type Output = Error;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Error> {
        let mut channel = self.shared.lock();
        match channel.ended.clone() {
            Some(error) => Poll::Ready(error),
            None => {
                channel.closings.insert(self.id, cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl<E: Engine> Drop for Closing<E> {
    fn drop(&mut self) {
        self.shared.lock().closings.remove(&self.id);
    }
}

impl<E: Engine> Drop for Inbox<E> {
    fn drop(&mut self) {
        self.abandon();
    }
}

impl<E: Engine> DriverEnd<E> {
    /// What comes next from the handles. If there is nothing, the waker is stored for it.
    pub(crate) fn next(&self, cx: &Context<'_>) -> Option<ToDriver<Box<E::Request>>> {
        let mut channel = self.0.lock();
        let item = channel.to_driver.pop_front();
        match &item {
            Some(ToDriver::Request(id, _)) => channel.begin(*id),
            Some(ToDriver::Cancel(_)) => {}
            None => store_waker(&mut channel.driver, cx),
        }
        item
    }

    /// Whether a handle is left, or a request of one.
    pub(crate) fn is_open(&self) -> bool {
        let channel = self.0.lock();
        channel.links > 0 || !channel.to_driver.is_empty()
    }

    /// Moves the deliveries and notices of the engine to their readers, and wakes them.
    pub(crate) fn deliver(&self, engine: &mut E) {
        let mut readers = Vec::new();
        let mut channel = self.0.lock();
        loop {
            let slots = std::cell::RefCell::new(&mut channel.slots);
            let is_drained = |id: Id| match slots.borrow_mut().get_mut(&id) {
                Some(slot) => {
                    slot.awaited = !slot.queue.is_empty();
                    !slot.awaited
                }
                None => false,
            };
            let Some((id, delivery)) = engine.poll_delivery(&is_drained) else { break };
            readers.extend(channel.put(id, delivery));
        }
        while let Some(notice) = engine.poll_notice() {
            channel.broadcast.send(&notice, &mut readers);
        }
        drop(channel);
        readers.into_iter().for_each(Waker::wake);
    }

    /// Whether more than `window` bytes wait in the slots; the driver is woken once they are taken.
    pub(crate) fn is_full(&self, window: usize) -> bool {
        let mut channel = self.0.lock();
        let full = channel.waiting > window;
        channel.resume_at = full.then_some(window / 2);
        full
    }

    /// The connection is encrypted, and this is what a login can be bound to.
    pub(crate) fn bind(&self, bindings: Arc<Bindings>) {
        self.0.lock().bindings = bindings;
    }

    /// Publishes the engine's state if it has changed, and the traffic.
    pub(crate) fn publish(&self, state: Arc<E::State>, traffic: Traffic) {
        let mut channel = self.0.lock();
        channel.traffic = traffic;
        if !Arc::ptr_eq(&channel.state, &state) {
            channel.state = state;
        }
    }

    /// The connection is over: every request that waits gets this error, and so does every later one.
    pub(crate) fn close(&self, error: Error) {
        let mut channel = self.0.lock();
        channel.to_driver.clear();
        channel.ended.get_or_insert(error);
        let mut readers: Vec<_> = channel.slots.values_mut().filter_map(|slot| slot.reader.take()).collect();
        readers.extend(channel.broadcast.wakers());
        readers.extend(std::mem::take(&mut channel.closings).into_values());
        drop(channel);
        readers.into_iter().for_each(Waker::wake);
    }
}

impl<E: Engine> Shared<E> {
    /// A poisoned lock means that a waker panicked. Every statement leaves the channel valid.
    fn lock(&self) -> MutexGuard<'_, Channel<E>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Engine> Channel<E> {
    /// Queues it for the driver, and returns the waker of the driver.
    fn send(&mut self, item: ToDriver<Box<E::Request>>) -> Option<Waker> {
        if self.ended.is_some() {
            return None;
        }
        self.to_driver.push_back(item);
        self.driver.take()
    }

    fn begin(&mut self, id: Id) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.begun = true;
        }
    }

    /// Takes a request back if the driver has not seen it yet; otherwise cancels it.
    fn withdraw(&mut self, id: Id) -> (VecDeque<E::Delivery>, Option<Waker>) {
        let Some(slot) = self.slots.remove(&id) else { return Default::default() };
        self.waiting -= slot.queue.iter().map(Deliverable::weight).sum::<usize>();
        if slot.begun {
            return (slot.queue, self.send(ToDriver::Cancel(id)));
        }
        self.to_driver.retain(|item| !matches!(item, ToDriver::Request(asked, _) if *asked == id));
        Default::default()
    }

    fn put(&mut self, id: Id, delivery: E::Delivery) -> Option<Waker> {
        let slot = self.slots.get_mut(&id)?;
        self.waiting += delivery.weight();
        slot.queue.push_back(delivery);
        slot.reader.take()
    }

    /// A delivery, and the driver's waker if the driver waits for this one to be taken.
    fn take(&mut self, id: Id, cx: &Context<'_>) -> Option<(E::Delivery, Option<Waker>)> {
        let slot = self.slots.get_mut(&id)?;
        let Some(delivery) = slot.queue.pop_front() else {
            store_waker(&mut slot.reader, cx);
            return None;
        };
        if slot.queue.is_empty() {
            // A stream of events may stay here for hours: it should hold no memory.
            slot.queue = VecDeque::new();
        }
        self.waiting -= delivery.weight();
        let awaited = slot.awaited && slot.queue.is_empty();
        let resumes = self.resume_at.is_some_and(|bytes| self.waiting <= bytes);
        let driver = if resumes || awaited { self.driver.take() } else { None };
        Some((delivery, driver))
    }
}

//! The proxy: its counts, the losses that are still to come, and its two ways to be connected to. What happens on one connection is in
//! `relay.rs`.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::Instant;

use super::near::Near;
use super::plan::{Cut, How, Plan, Side};
use super::relay::{Pair, relay};

/// The room between client and proxy in one direction.
const BUFFER: usize = 64 * 1024;

/// What has passed so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Passed {
    pub(crate) to_server: u64,
    pub(crate) from_server: u64,
    pub(crate) connections: u32,
    pub(crate) cuts: u32,
    /// Connections that were tried during an outage.
    pub(crate) turned_away: u32,
}

#[derive(Clone)]
pub(crate) struct Proxy(pub(super) Arc<Shared>);

pub(super) struct Shared {
    state: Mutex<State>,
    /// Counts the restarts. Each ends all connections.
    restarts: watch::Sender<u32>,
    /// Called at each loss, before the client can see it.
    at_cut: Box<dyn Fn(How) + Send + Sync>,
}

struct State {
    passed: Passed,
    cuts: Vec<Cut>,
    plan: Plan,
    down_until: Option<Instant>,
}

impl Proxy {
    pub(crate) fn new(plan: Plan, at_cut: impl Fn(How) + Send + Sync + 'static) -> Self {
        let state = State { passed: Passed::default(), cuts: plan.cuts.clone(), plan, down_until: None };
        let restarts = watch::Sender::new(0);
        Self(Arc::new(Shared { state: Mutex::new(state), restarts, at_cut: Box::new(at_cut) }))
    }

    pub(crate) fn passed(&self) -> Passed {
        self.0.state.lock().unwrap().passed
    }

    /// A new connection in process, to this stream of the server.
    pub(crate) fn connect<S>(&self, server: S) -> Near
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let is_reset = Arc::new(AtomicBool::new(false));
        let (near, ours) = tokio::io::duplex(BUFFER);
        if self.0.admits() {
            let reset = is_reset.clone();
            let pair = Pair::new(ours, server, move |_| reset.store(true, Ordering::SeqCst));
            tokio::spawn(relay(self.0.clone(), self.0.restarts(), pair));
        }
        Near::new(near, is_reset)
    }

    /// Listens on a free port of 127.0.0.1; each connection is passed on to a new stream of the server.
    pub(crate) async fn listen<S, F>(&self, dial: impl Fn() -> F + Send + Sync + 'static) -> u16
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
        F: Future<Output = io::Result<S>> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = self.0.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                near.set_nodelay(true).unwrap();
                if shared.admits()
                    && let Ok(far) = dial().await
                {
                    tokio::spawn(relay(shared.clone(), shared.restarts(), Pair::new(near, far, reset)));
                }
            }
        });
        port
    }
}

impl Shared {
    /// Counts a new connection; `false` during an outage.
    fn admits(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        let is_down = state.down_until.is_some_and(|end| Instant::now() < end);
        match is_down {
            true => state.passed.turned_away += 1,
            false => state.passed.connections += 1,
        }
        !is_down
    }

    fn restarts(&self) -> watch::Receiver<u32> {
        self.restarts.subscribe()
    }

    /// How many of these bytes may pass, and how the connection is lost after them. Both are counted as done.
    pub(super) fn take(&self, side: Side, offered: usize) -> (usize, Option<How>) {
        let mut state = self.state.lock().unwrap();
        let passed = *state.passed.side(side);
        let next = state.cuts.iter().enumerate().filter(|(_, cut)| cut.side == side).min_by_key(|(_, cut)| cut.at);
        let room = next.map_or(u64::MAX, |(_, cut)| cut.at.saturating_sub(passed));
        let next = next.map(|(index, _)| index).filter(|_| room <= offered as u64);
        let count = offered.min(usize::try_from(room).unwrap_or(usize::MAX));
        *state.passed.side(side) += count as u64;
        let how = next.map(|index| {
            state.passed.cuts += 1;
            state.cuts.remove(index).how
        });
        (count, how)
    }

    /// The connection is lost in this way: tells those who have to know.
    pub(super) fn lose(&self, how: How) {
        let mut state = self.state.lock().unwrap();
        if !state.plan.outage.is_zero() {
            state.down_until = Some(Instant::now() + state.plan.outage);
        }
        drop(state);
        (self.at_cut)(how);
        if how == How::Restart {
            self.restarts.send_modify(|count| *count += 1);
        }
    }
}

impl Passed {
    fn side(&mut self, side: Side) -> &mut u64 {
        match side {
            Side::ToServer => &mut self.to_server,
            Side::FromServer => &mut self.from_server,
        }
    }
}

/// Closing the socket then sends RST.
fn reset(stream: &TcpStream) {
    socket2::SockRef::from(stream).set_linger(Some(std::time::Duration::ZERO)).unwrap();
}

//! A proxy that changes what a real server says into something else that it could have said: between the client and the server, over a
//! stream whose bytes come in pieces. The changes are in `mutator/`; the two directions are here.

pub(crate) mod change;
mod chopped;
mod view;
mod wire;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use change::Change;
use chopped::Chopped;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
pub(crate) use view::Ghosts;

/// One proxied connection.
pub(crate) struct Mutator(Arc<Mutex<Change>>);

impl Mutator {
    /// The client's end of a connection to this port.
    pub(crate) async fn connect(port: u16, seed: u64, wild: bool, ghosts: Ghosts) -> (Self, Chopped) {
        let change = Arc::new(Mutex::new(Change::new(seed, wild, Some(ghosts))));
        let (near, far) = tokio::io::duplex(64 * 1024);
        let (from_server, to_server) = TcpStream::connect(("127.0.0.1", port)).await.unwrap().into_split();
        let (from_client, to_client) = tokio::io::split(far);
        tokio::spawn(pass(from_client, to_server, change.clone(), Change::up));
        tokio::spawn(pass(from_server, to_client, change.clone(), Change::down));
        (Self(change), Chopped::new(near, seed))
    }

    pub(crate) fn change(&self) -> MutexGuard<'_, Change> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn pass(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    change: Arc<Mutex<Change>>,
    direction: fn(&mut Change, &[u8]) -> Vec<u8>,
) {
    let mut piece = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut piece).await {
        let changed = direction(&mut change.lock().unwrap_or_else(PoisonError::into_inner), &piece[..count]);
        if to.write_all(&changed).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

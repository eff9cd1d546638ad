//! The layer between the server and the session: bytes through a state machine of either protocol, and delays.
//! It knows no protocol.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;

use crate::lie::{Lies, Out};

/// What the layer needs of a protocol.
pub(crate) trait Liar: Send + 'static {
    /// What the client says; it reaches the server unchanged.
    fn up(&mut self, bytes: &[u8]);
    /// What the server says, as the client receives it.
    fn down(&mut self, bytes: &[u8]) -> Vec<Out>;
    fn lies(&mut self) -> &mut Lies;
}

pub(crate) struct Layer<L> {
    liar: Arc<Mutex<L>>,
    tasks: [JoinHandle<()>; 2],
}

impl<L: Liar> Layer<L> {
    /// The client's end.
    pub(crate) fn over(server: DuplexStream, liar: L) -> (Self, DuplexStream) {
        let liar = Arc::new(Mutex::new(liar));
        let (near, far) = tokio::io::duplex(64 * 1024);
        let (from_server, to_server) = tokio::io::split(server);
        let (from_client, to_client) = tokio::io::split(far);
        let tasks = [
            tokio::spawn(pass_up(from_client, to_server, Arc::clone(&liar))),
            tokio::spawn(pass_down(from_server, to_client, Arc::clone(&liar))),
        ];
        (Self { liar, tasks }, near)
    }

    pub(crate) fn liar(&self) -> MutexGuard<'_, L> {
        self.liar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<L> Drop for Layer<L> {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn pass_up<L: Liar>(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, liar: Arc<Mutex<L>>) {
    let mut piece = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut piece).await {
        liar.lock().unwrap_or_else(PoisonError::into_inner).up(&piece[..count]);
        if to.write_all(&piece[..count]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

async fn pass_down<L: Liar>(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, liar: Arc<Mutex<L>>) {
    let mut piece = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut piece).await {
        let outs = liar.lock().unwrap_or_else(PoisonError::into_inner).down(&piece[..count]);
        for out in outs {
            if send(&mut to, out).await.is_err() {
                return;
            }
        }
    }
    let _ = to.shutdown().await;
}

async fn send(to: &mut (impl AsyncWrite + Unpin), out: Out) -> std::io::Result<()> {
    match out {
        Out::Said(bytes) => to.write_all(&bytes).await,
        Out::Wait(time) => {
            tokio::time::sleep(time).await;
            Ok(())
        }
        Out::Chatter(bytes, pause) => loop {
            to.write_all(&bytes).await?;
            tokio::time::sleep(pause).await;
        },
    }
}

//! One connection through the proxy, until it ends or is lost. It must not know the other connections.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, ReadHalf, WriteHalf, split};
use tokio::sync::watch;

use super::plan::{How, Side};
use super::proxy::Shared;

const PIECE: usize = 4096;
/// How long the server may take to close after the late bytes. If it takes longer, the proxy closes.
const FAREWELL: Duration = Duration::from_secs(5);

/// The two ends of a connection.
pub(super) struct Pair<N, F> {
    near: N,
    far: F,
    /// Makes the near end one whose closing is an error for the client.
    reset: Box<dyn FnOnce(&N) + Send>,
}

/// How one direction ended.
enum End {
    Closed,
    /// Lost; with the bytes that were read and did not pass.
    Lost(How, Vec<u8>),
}

impl<N, F> Pair<N, F> {
    pub(super) fn new(near: N, far: F, reset: impl FnOnce(&N) + Send + 'static) -> Self {
        Self { near, far, reset: Box::new(reset) }
    }
}

/// `restarts` ends it.
pub(super) async fn relay<N, F>(shared: Arc<Shared>, mut restarts: watch::Receiver<u32>, pair: Pair<N, F>)
where
    N: AsyncRead + AsyncWrite + Send + Unpin,
    F: AsyncRead + AsyncWrite + Send + Unpin,
{
    let Pair { near, far, reset } = pair;
    let (mut from_client, mut to_client) = split(near);
    let (mut from_server, mut to_server) = split(far);
    let end = tokio::select! {
        biased;
        _ = restarts.changed() => End::Closed,
        end = pass(&shared, Side::ToServer, &mut from_client, &mut to_server) => end,
        end = pass(&shared, Side::FromServer, &mut from_server, &mut to_client) => end,
    };
    let End::Lost(how, rest) = end else { return };
    shared.lose(how);
    match how {
        How::Close | How::Restart => {}
        How::Reset => reset(&from_client.unsplit(to_client)),
        How::Stall => while let Ok(1..) = from_client.read(&mut [0; PIECE]).await {},
        How::Late(time) => {
            let late = [rest, written(&mut from_client).await].concat();
            drop((from_client, to_client));
            tokio::time::sleep(time).await;
            deliver(&late, from_server, to_server).await;
        }
    }
}

/// Until the sender's end, the receiver's, or a loss.
async fn pass(
    shared: &Shared,
    side: Side,
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
) -> End {
    let mut piece = [0; PIECE];
    while let Ok(count @ 1..) = from.read(&mut piece).await {
        let (passing, lost) = shared.take(side, count);
        let written = to.write_all(&piece[..passing]).await.is_ok() && to.flush().await.is_ok();
        if let Some(how) = lost {
            let rest = if side == Side::ToServer { &piece[passing..count] } else { &[] };
            return End::Lost(how, rest.to_vec());
        }
        if !written {
            return End::Closed;
        }
    }
    End::Closed
}

/// What can be read without waiting.
async fn written(from: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let mut piece = [0; PIECE];
        let mut buf = ReadBuf::new(&mut piece);
        let done = poll_fn(|cx| Poll::Ready(Pin::new(&mut *from).poll_read(cx, &mut buf))).await;
        match done {
            Poll::Ready(Ok(())) if !buf.filled().is_empty() => all.extend_from_slice(buf.filled()),
            _ => return all,
        }
    }
}

/// The server gets these bytes and the end. Its answers go nowhere.
async fn deliver<F: AsyncRead + AsyncWrite>(late: &[u8], mut from_server: ReadHalf<F>, mut to_server: WriteHalf<F>) {
    let drain = async { while let Ok(1..) = from_server.read(&mut [0; PIECE]).await {} };
    let send = async {
        let _ = to_server.write_all(late).await;
        let _ = to_server.shutdown().await;
    };
    let _ = tokio::time::timeout(FAREWELL, async { tokio::join!(drain, send) }).await;
}

//! Large messages as streams, read and appended.

use std::pin::Pin;
use std::task::{Context, Poll};

use postroom::Imap;
use postroom::imap::{Append, Folder, Section, Uid};
use postroom_benches::body::Body;
use postroom_benches::checksum::Run;
use postroom_benches::cli::{Args, Result};
use postroom_benches::rss;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncRead, ReadBuf};

/// One message, and the memory that it takes.
pub(crate) async fn read(args: &Args) -> Result<()> {
    let mut imap = crate::connect(args).await?;
    let mut folder = imap.examine("INBOX").await?;
    let mut run = Run::default();
    let held = rss::resident_kib()?;
    rss::reset_peak()?;
    read_one(&mut folder, 1, |bytes| run.update(bytes)).await?;
    println!("growth_kib {}\nchecksum {:016x}", rss::peak_kib()?.saturating_sub(held), run.value());
    drop(folder);
    Ok(imap.logout().await?)
}

/// Many messages in turn; with `--sum 0` only their bytes are counted, as a drain does.
pub(crate) async fn large(args: &Args) -> Result<()> {
    let mut imap = crate::connect(args).await?;
    let mut folder = imap.examine("INBOX").await?;
    let count: u32 = args.need("count")?;
    let sums = args.or("sum", 1)? == 1;
    for _ in 0..args.or("reps", 1)? {
        let (mut run, mut bytes) = (Run::default(), 0);
        for uid in 1..=count {
            read_one(&mut folder, uid, |piece| {
                bytes += piece.len();
                if sums {
                    run.update(piece);
                }
            })
            .await?;
        }
        println!("messages {count}\nbytes {bytes}\nchecksum {:016x}", run.value());
    }
    drop(folder);
    Ok(imap.logout().await?)
}

async fn read_one(folder: &mut Folder<&mut Imap>, uid: u32, each: impl FnMut(&[u8])) -> Result<()> {
    let uid = Uid::new(uid)?;
    each_piece(folder.read(uid, Section::WHOLE).await?, each).await
}

/// Reads the bytes where they were received.
pub(crate) async fn each_piece(mut body: impl AsyncBufRead + Unpin, mut each: impl FnMut(&[u8])) -> Result<()> {
    loop {
        let piece = body.fill_buf().await?;
        let len = piece.len();
        if len == 0 {
            return Ok(());
        }
        each(piece);
        body.consume(len);
    }
}

/// One message appended, and the memory that it takes.
pub(crate) async fn append(args: &Args) -> Result<()> {
    let imap = crate::connect(args).await?;
    let body = Body::new(args.need("size")?);
    let len = body.len();
    let held = rss::resident_kib()?;
    rss::reset_peak()?;
    imap.append("INBOX", Append::once(Reader { body, at: 0 }, len)).await?;
    println!("growth_kib {}", rss::peak_kib()?.saturating_sub(held));
    Ok(imap.logout().await?)
}

/// A large message as a stream.
struct Reader {
    body: Body,
    at: u64,
}

impl AsyncRead for Reader {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let piece = self.body.piece(self.at, into.remaining() as u64);
        into.put_slice(piece);
        let len = piece.len() as u64;
        self.at += len;
        Poll::Ready(Ok(()))
    }
}

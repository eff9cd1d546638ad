//! Keeps a message that is read as a stream, for its contents. It must not know how the message was found.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Poll, ready};

use crate::body::Body;
use crate::contents::{Contents, Keeping};
use crate::error::{Error, Result};
use crate::io::{AsyncBufRead as _, spawn_blocking};
use crate::limits::Limits;

/// Reads the message to its end: into memory, or into a temporary file if it is larger than [`Limits::literal`]. Dropping the future drops
/// both.
pub(crate) async fn contents(mut body: Body<'_>, limits: &Limits) -> Result<Contents> {
    let mut keeping = Keeping::new(limits);
    loop {
        let next = poll_fn(|cx| {
            let chunk = ready!(Pin::new(&mut body).poll_fill_buf(cx))?;
            Poll::Ready(std::io::Result::Ok((chunk.len(), keeping.push(chunk))))
        });
        let (count, is_due) = next.await?;
        Pin::new(&mut body).consume(count);
        if is_due || count == 0 && keeping.is_filed() {
            keeping = file(keeping).await?;
        }
        if count == 0 {
            return Ok(keeping.contents().with_defects(body.defects()));
        }
    }
}

async fn file(keeping: Keeping) -> Result<Keeping> {
    let ended = |error| Error::closed("the runtime is ending").with_source(error);
    spawn_blocking(move || keeping.file()).await.map_err(ended)?
}

//! The names of tokio that the rest of the crate may use, so that none of it names tokio.

pub(crate) use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};
pub(crate) use tokio::time::sleep;

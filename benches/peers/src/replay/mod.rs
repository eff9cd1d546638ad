//! The replay server: it sends prepared answers from memory, at once and in large writes, so that the client is the bottleneck.

mod deflate;
mod imap;
mod line;
mod pop3;
mod set;
mod tls;

pub use deflate::deflated;
pub use imap::{Arrival, Imap, Store};
pub use pop3::Maildrop;
pub use tls::Identity;

use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// Serves every connection on a thread of its own, for ever.
pub fn serve(
    listener: &TcpListener,
    session: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static,
) -> io::Result<()> {
    let session = Arc::new(session);
    loop {
        let (stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let session = Arc::clone(&session);
        thread::spawn(move || {
            match session(stream) {
                // A client that disconnects without a logout.
                Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => {}
                Err(error) => eprintln!("replay: {error}"),
                Ok(()) => {}
            }
        });
    }
}

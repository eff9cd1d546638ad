//! The replay server: it answers from memory what was prepared, at once and in large writes, so that the client is the bottleneck.

mod imap;
mod line;
mod pop3;
mod set;

pub use imap::{Imap, Store};
pub use pop3::Maildrop;

use std::io;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// Serves every connection on a thread of its own, for ever.
pub fn serve<S: Send + Sync + 'static>(
    listener: &TcpListener,
    state: S,
    session: fn(&S, TcpStream) -> io::Result<()>,
) -> io::Result<()> {
    let state = Arc::new(state);
    loop {
        let (stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let state = Arc::clone(&state);
        thread::spawn(move || {
            if let Err(error) = session(&state, stream) {
                eprintln!("replay: {error}");
            }
        });
    }
}

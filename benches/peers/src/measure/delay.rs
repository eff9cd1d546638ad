//! A proxy that delays both directions, and records who sent when: how many round trips a dialogue takes.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::cli::Result;

/// Bytes as one side of the proxy saw them: those of the client when they came, those of the server when they were passed on.
#[derive(Clone, Debug)]
pub struct Said {
    /// Whether they are the client's.
    pub by_client: bool,
    /// When.
    pub at: Instant,
    /// What.
    pub text: String,
}

/// A proxy for one connection.
#[derive(Debug)]
pub struct Delay {
    /// Where it listens.
    pub port: u16,
    said: Arc<Mutex<Vec<Said>>>,
}

impl Delay {
    /// Listens for one client of the server at `port`; bytes take half of `round_trip` each way.
    pub fn before(port: u16, round_trip: Duration) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let delay = Self { port: listener.local_addr()?.port(), said: Arc::default() };
        let said = Arc::clone(&delay.said);
        thread::spawn(move || {
            if let Err(error) = pass(&listener, port, round_trip / 2, &said) {
                eprintln!("delay: {error}");
            }
        });
        Ok(delay)
    }

    /// Everything that was sent, in the order in which the client sent and received it.
    pub fn said(&self) -> Vec<Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn pass(listener: &TcpListener, port: u16, delay: Duration, said: &Arc<Mutex<Vec<Said>>>) -> Result<()> {
    let (client, _) = listener.accept()?;
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    for (from, to, by_client) in [(&client, &server, true), (&server, &client, false)] {
        let (from, to) = (from.try_clone()?, to.try_clone()?);
        let (sender, receiver) = channel();
        let [hears, speaks] = [Arc::clone(said), Arc::clone(said)];
        thread::spawn(move || hear(from, &sender, by_client.then_some(&*hears)));
        thread::spawn(move || speak(to, &receiver, delay, (!by_client).then_some(&*speaks)));
    }
    Ok(())
}

type Piece = (Instant, Vec<u8>);

fn hear(mut from: TcpStream, sender: &Sender<Piece>, said: Option<&Mutex<Vec<Said>>>) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(len @ 1..) = from.read(&mut buffer) {
        note(said, true, &buffer[..len]);
        if sender.send((Instant::now(), buffer[..len].to_vec())).is_err() {
            return;
        }
    }
}

fn speak(mut to: TcpStream, receiver: &Receiver<Piece>, delay: Duration, said: Option<&Mutex<Vec<Said>>>) {
    while let Ok((heard, bytes)) = receiver.recv() {
        thread::sleep((heard + delay).saturating_duration_since(Instant::now()));
        // Before the client can answer it.
        note(said, false, &bytes);
        if to.write_all(&bytes).is_err() {
            return;
        }
    }
    // The other side has ended, and so does this one; whether it already had does not matter.
    let _ = to.shutdown(Shutdown::Write);
}

fn note(said: Option<&Mutex<Vec<Said>>>, by_client: bool, bytes: &[u8]) {
    let Some(said) = said else { return };
    let text = String::from_utf8_lossy(bytes).into_owned();
    let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
    said.push(Said { by_client, at: Instant::now(), text });
}

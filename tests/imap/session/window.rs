//! A slow consumer: the socket is not read, and no deadline fires.

use std::time::Duration;

use postroom::imap::{Items, Section, Uid, Uids};
use postroom::testing::Server;
use tokio::io::AsyncReadExt;

use crate::support::{Counted, alice, plaintext, session};

const MIB: usize = 1024 * 1024;

#[tokio::test(start_paused = true)]
async fn a_full_window_stops_the_reading_and_no_deadline_fires() {
    let server = Server::builder().in_memory().unwrap();
    for _ in 0..64 {
        server.deliver("alice", "INBOX", vec![b'x'; MIB / 8], &[]).unwrap();
    }
    let (stream, count) = Counted::new(server.imap_stream());
    let imap = session::imap(stream, plaintext(), alice()).await.unwrap();
    let mut folder = imap.into_folder("INBOX").await.unwrap();
    let before = count.read();
    let mut mail = folder.fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let read = count.read() - before;
    assert!(read < MIB as u64, "{read} bytes were read without a reader");
    let mut bytes = 0;
    while let Some(message) = mail.try_next().await.unwrap() {
        bytes += message.body().unwrap().len();
        tokio::time::sleep(Duration::from_secs(61)).await;
    }
    assert_eq!(bytes, 8 * MIB);
    drop(mail);
    let mut body = folder.read(Uid::new(64).unwrap(), Section::WHOLE).await.unwrap();
    let mut piece = vec![0; 1000];
    let mut bytes = 0;
    loop {
        match body.read(&mut piece).await.unwrap() {
            0 => break,
            count => bytes += count,
        }
        tokio::time::sleep(Duration::from_secs(61)).await;
    }
    assert_eq!(bytes, MIB / 8);
}

#[tokio::test(start_paused = true)]
async fn a_stream_dropped_behind_a_full_window_lets_the_session_go_on() {
    let server = Server::builder().in_memory().unwrap();
    for _ in 0..32 {
        server.deliver("alice", "INBOX", vec![b'x'; MIB / 8], &[]).unwrap();
    }
    let imap = session::imap(server.imap_stream(), plaintext(), alice()).await.unwrap();
    let mut folder = imap.into_folder("INBOX").await.unwrap();
    let mail = folder.fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    drop(mail);
    folder.noop().await.unwrap();
}

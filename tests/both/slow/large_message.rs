//! A mailbox with a message of 200 MiB: `fetch` reports it as too large and delivers all others whole; `collect` stores all of them
//! whole. All servers here have the same copy of it.

use std::io::Read;
use std::path::Path;
use std::sync::OnceLock;

use bytes::Bytes;
use postroom::collect::{Collector, FileLedger, LineEnds, Maildir, Policy};
use postroom::imap::{Folder, Imap, Items, Uids};
use postroom::pop3::Pop3;
use postroom::testing::Server;
use postroom::{Config, Defect, Login, Mailbox, Part};

use crate::scratch::Scratch;

const MIB: usize = 1 << 20;
const LARGE: usize = 200 * MIB;
const HEAD: &[u8] = b"Subject: large\r\n\r\n";
/// One line of the large message.
const LINE: &[u8; 64] = b"All work and no play makes Jack a dull boy, says the large one\r\n";

fn large() -> Bytes {
    static MADE: OnceLock<Bytes> = OnceLock::new();
    let make = || {
        let mut bytes = Vec::with_capacity(LARGE);
        bytes.extend_from_slice(HEAD);
        while bytes.len() + LINE.len() <= LARGE {
            bytes.extend_from_slice(LINE);
        }
        bytes.resize(LARGE - 2, b'x');
        bytes.extend_from_slice(b"\r\n");
        bytes.into()
    };
    MADE.get_or_init(make).clone()
}

fn small(name: &str) -> Bytes {
    format!("Subject: {name}\r\n\r\nThis is {name}.\r\n").into()
}

/// The large message between two small ones.
fn server() -> Server {
    let server = Server::builder().user("me", "secret").in_memory().unwrap();
    for message in [small("one"), large(), small("two")] {
        server.deliver("me", "INBOX", message, &[]).unwrap();
    }
    server
}

fn config() -> (Config, Login) {
    (Config::new("localhost").dangerous_plaintext(), Login::password("me", "secret"))
}

async fn folder(server: &Server) -> Folder<Imap> {
    let (config, login) = config();
    let (imap, driver) = Imap::handshake(server.imap_stream(), config, login).await.unwrap();
    tokio::spawn(driver);
    imap.into_folder("INBOX").await.unwrap()
}

/// Whether the file holds the large message and nothing else.
fn is_large(path: &Path) -> bool {
    let (mut file, mut piece) = (std::fs::File::open(path).unwrap(), vec![0; MIB]);
    let mut rest = large();
    while !rest.is_empty() {
        let count = file.read(&mut piece).unwrap();
        if count == 0 || rest.get(..count) != Some(&piece[..count]) {
            return false;
        }
        rest = rest.split_off(count);
    }
    file.read(&mut piece).unwrap() == 0
}

/// Every message of a Maildir: the small ones by their bytes, how many large ones.
fn delivered(maildir: &Path) -> (Vec<Bytes>, usize) {
    let (mut smalls, mut larges) = (Vec::new(), 0);
    for file in std::fs::read_dir(maildir.join("new")).unwrap() {
        let path = file.unwrap().path();
        if std::fs::metadata(&path).unwrap().len() == LARGE as u64 {
            assert!(is_large(&path));
            larges += 1;
        } else {
            smalls.push(std::fs::read(path).unwrap().into());
        }
    }
    smalls.sort();
    (smalls, larges)
}

/// Collects into a Maildir, deletes what is stored, and looks at both sides.
async fn collect(server: &Server, mut mailbox: Box<dyn Mailbox>) {
    let scratch = Scratch::in_memory();
    let maildir = Maildir::open(scratch.join("mail")).await.unwrap().line_ends(LineEnds::Crlf);
    let collector = Collector::new("me", FileLedger::open(scratch.join("ledger")).await.unwrap(), maildir);
    let summary = collector.policy(Policy::delete()).run(&mut *mailbox).await.unwrap();
    assert_eq!((summary.collected, summary.failed, summary.deleted), (3, 0, 3));
    assert_eq!(delivered(&scratch.join("mail")), (vec![small("one"), small("two")], 1));
    assert!(server.snapshot("me").unwrap().messages("INBOX").is_empty());
}

#[tokio::test]
async fn a_message_that_is_too_large_for_a_fetch_is_told_and_the_others_are_whole() {
    let server = server();
    let mut folder = folder(&server).await;
    let mut mail = folder.fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
    let (mut whole, mut defects) = (Vec::new(), Vec::new());
    while let Some(message) = mail.try_next().await.unwrap() {
        defects.push(message.defects().collect::<Vec<_>>());
        whole.extend(message.body());
    }
    drop(mail);
    assert_eq!(whole, [small("one"), small("two")]);
    assert_eq!(defects, [vec![], vec![Defect::TooLarge { size: LARGE as u64 }], vec![]]);
    // The session goes on.
    folder.noop().await.unwrap();
}

#[tokio::test]
async fn a_message_that_is_too_large_for_retr_is_told_and_the_others_are_whole() {
    let server = server();
    let (config, login) = config();
    let (mut pop3, driver) = Pop3::handshake(server.pop3_stream(), config, login).await.unwrap();
    tokio::spawn(driver);
    let ids: Vec<_> = pop3.entries().await.unwrap().into_iter().map(|entry| entry.id).collect();
    let mut mail = Mailbox::messages(&mut pop3, &ids, Part::Whole).await.unwrap();
    let (mut whole, mut defects) = (Vec::new(), Vec::new());
    while let Some(message) = mail.try_next().await.unwrap() {
        defects.push(message.defects().to_vec());
        whole.push(message.bytes().clone());
    }
    assert_eq!(whole, [small("one"), Bytes::new(), small("two")]);
    assert_eq!(defects, [vec![], vec![Defect::TooLarge { size: LARGE as u64 }], vec![]]);
}

#[tokio::test]
async fn all_are_collected_whole_by_both_protocols() {
    let server = server();
    let folder = folder(&server).await;
    collect(&server, Box::new(folder)).await;
    let server = self::server();
    let (config, login) = config();
    let (pop3, driver) = Pop3::handshake(server.pop3_stream(), config, login).await.unwrap();
    tokio::spawn(driver);
    collect(&server, Box::new(pop3)).await;
}

//! Sorting and threading: what this crate makes without the server is what the server makes, for random mailboxes. The client without
//! the server's help is one that does not see the capabilities.

use postroom::imap::{Folder, Imap, Query, SortKey, ThreadAlgorithm, Uids};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::TcpStream;

use super::session;
use crate::live::{config, login};
use crate::rng::Rng;
use crate::server::User;
use crate::sorted_mail::{KEYS, MESSAGES, Odd, append, beyond_ascii, shown};
use crate::suite::Trial;

pub(crate) async fn what_is_sorted_here_is_as_the_server_sorts_it(user: &Trial) {
    if !session(user).await.capabilities().sort() {
        user.fallback("UID SORT", "no SORT: sorted here");
    }
    sorts_alike(user, Odd::default(), &KEYS).await;
}

pub(crate) async fn odd_dates_are_read_as_the_server_reads_them(user: &Trial) {
    sorts_alike(user, Odd { dates: true, ..Odd::default() }, &[SortKey::DATE]).await;
}

pub(crate) async fn accents_are_ordered_as_the_server_orders_them(user: &Trial) {
    sorts_alike(user, Odd { accents: true, ..Odd::default() }, &[SortKey::SUBJECT]).await;
}

pub(crate) async fn what_is_threaded_here_is_as_the_server_threads_it(user: &Trial) {
    let algorithms = [ThreadAlgorithm::OrderedSubject, ThreadAlgorithm::References];
    let capabilities = session(user).await.capabilities();
    if algorithms.iter().any(|algorithm| !capabilities.has(&format!("THREAD={algorithm}"))) {
        user.fallback("UID THREAD", "no THREAD: threaded here");
    }
    threads_alike(user, &algorithms).await;
}

pub(crate) async fn threads_without_subjects_are_those_of_the_server(user: &Trial) {
    if !session(user).await.capabilities().has("THREAD=REFS") {
        user.fallback("UID THREAD REFS", "no THREAD=REFS: threaded here");
    }
    threads_alike(user, &[ThreadAlgorithm::Refs]).await;
}

pub(crate) async fn texts_that_a_server_does_not_read_are_found_here(user: &Trial) {
    for seed in seeds() {
        let (there, here) = two_folders(user, seed, Odd::default()).await;
        for query in beyond_ascii() {
            let theirs = there.search(&query).await.unwrap();
            let ours = here.search(&query).await.unwrap();
            assert_eq!(theirs.to_string(), ours.to_string(), "seed {seed}: {query}");
        }
    }
}

async fn sorts_alike(user: &Trial, odd: Odd, keys: &[SortKey]) {
    let mut differences = Vec::new();
    for seed in seeds() {
        let mut rng = Rng::new(seed);
        let (there, here) = two_folders(user, seed, odd).await;
        for &key in keys {
            for keys in [vec![key], vec![key.reversed(), keys[rng.below(keys.len())]]] {
                for query in [Query::all(), Query::flagged()] {
                    let theirs = there.sort(&query, keys.clone()).await.unwrap().list;
                    let ours = here.sort(&query, keys.clone()).await.unwrap().list;
                    assert_eq!(ours.to_set().to_string(), here.search(&query).await.unwrap().to_string());
                    // Otherwise both were sorted here, and a server may give a message another INTERNALDATE in each session.
                    if theirs != ours && there.session().capabilities().sort() {
                        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
                        differences.push(format!("seed {seed}, {keys:?}, {query}:\n  {theirs}\n  {ours}"));
                    }
                }
            }
        }
    }
    assert!(differences.is_empty(), "sorted otherwise {} times\n{}", differences.len(), differences.join("\n"));
}

async fn threads_alike(user: &Trial, algorithms: &[ThreadAlgorithm]) {
    let mut differences = Vec::new();
    for seed in seeds() {
        let (there, here) = two_folders(user, seed, Odd::default()).await;
        for &algorithm in algorithms {
            for query in [Query::all(), Query::flagged()] {
                let theirs = there.thread(&query, algorithm).await.unwrap();
                let ours = here.thread(&query, algorithm).await.unwrap();
                let all: Uids = ours.walk().filter_map(|(_, message)| message.number()).collect();
                assert_eq!(all.to_string(), here.search(&query).await.unwrap().to_string());
                if theirs != ours && there.session().capabilities().has(&format!("THREAD={algorithm}")) {
                    let (theirs, ours) = (shown(&theirs), shown(&ours));
                    differences.push(format!("seed {seed}, {algorithm}, {query}:\n  {theirs}\n  {ours}"));
                }
            }
        }
    }
    assert!(differences.is_empty(), "threaded otherwise {} times\n{}", differences.len(), differences.join("\n"));
}

/// `POSTROOM_SEED` is one seed, or `1-100`.
fn seeds() -> std::ops::RangeInclusive<u64> {
    let chosen = std::env::var("POSTROOM_SEED").unwrap_or_else(|_| "1-4".to_owned());
    let (first, last) = chosen.split_once('-').unwrap_or((&chosen, &chosen));
    first.parse().unwrap()..=last.parse().unwrap()
}

/// Two sessions with the same random mailbox; the second one sees neither SORT nor THREAD.
async fn two_folders(user: &User, seed: u64, odd: Odd) -> (Folder<Imap>, Folder<Imap>) {
    let mailbox = user.server.mailbox(&[&format!("Sort{seed}")]);
    let there = session(user).await;
    there.create_mailbox(&*mailbox).await.unwrap();
    let mut rng = Rng::new(seed);
    for number in 1..=MESSAGES {
        let message = append(&mut rng, number, odd);
        there.append(&*mailbox, message).await.unwrap();
    }
    let here = unaided(user).await;
    let there = there.into_folder(&*mailbox).await;
    let here = here.into_folder(&*mailbox).await;
    (there.unwrap(), here.unwrap())
}

/// A session that sees neither SORT nor THREAD, and whose charset the server does not know.
async fn unaided(user: &User) -> Imap {
    let stream = hiding("127.0.0.1", user.server.imap).await;
    let config = config(&user.server, "127.0.0.1", user.server.imap).dangerous_plaintext();
    let (here, driver) = Imap::handshake(stream, config, login(user)).await.unwrap();
    tokio::spawn(driver);
    let hidden = here.capabilities();
    assert!(!hidden.sort() && !hidden.to_string().contains("THREAD="), "{hidden}");
    here
}

/// A stream to the server in which the lines that announce capabilities lack SORT and THREAD, and searches name a charset that nobody
/// knows instead of UTF-8.
async fn hiding(host: &str, port: u16) -> DuplexStream {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let (mut from_server, mut to_server) = TcpStream::connect((host, port)).await.unwrap().into_split();
    let (mut from_client, mut to_client) = tokio::io::split(far);
    tokio::spawn(async move {
        let mut piece = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from_client.read(&mut piece).await {
            let mut piece = piece[..count].to_vec();
            let charset = piece.windows(13).position(|name| name == b"CHARSET UTF-8");
            if let Some(at) = charset {
                piece[at..at + 13].copy_from_slice(b"CHARSET XTF-8");
            }
            to_server.write_all(&piece).await.ok();
        }
    });
    tokio::spawn(async move {
        let (mut line, mut piece) = (Vec::new(), vec![0; 4096]);
        while let Ok(count @ 1..) = from_server.read(&mut piece).await {
            for &byte in &piece[..count] {
                line.push(byte);
                if byte == b'\n' {
                    let text = String::from_utf8_lossy(&line);
                    if text.contains("CAPABILITY") {
                        line = text.replace("SORT", "XXXX").replace("THREAD=", "XXXX=").into_bytes();
                    }
                    to_client.write_all(&line).await.ok();
                    line.clear();
                }
            }
        }
    });
    near
}

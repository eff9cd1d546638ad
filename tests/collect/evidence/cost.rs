//! What evidence costs, counted in commands and octets.

use postroom::Protocol;
use postroom::collect::{Collector, Policy};
use postroom::testing::Server;

use super::post::{Answer, Letter};
use super::{BOTH, Trial, session};
use crate::maildrop::{Notes, Shelf};

/// About this number of octets.
fn sized(name: u32, size: usize, off: usize) -> Letter {
    let text = format!("Subject: message {name}\r\n\r\n{}\r\n", "all work and no play\r\n".repeat(size / 22));
    Letter::new(name, 0).answers(text.len() + off, [Answer::Text(text)])
}

fn octets(trial: &Trial) -> usize {
    trial.delivered().iter().map(String::len).sum()
}

#[tokio::test]
async fn an_honest_server_costs_no_command_and_hardly_an_octet_more() {
    for protocol in BOTH {
        let trial = Trial::new(protocol, (1..=60).map(|name| sized(name, 20_000, 0)));
        let (summary, _) = trial.collect(Policy::delete()).await;
        assert_eq!((summary.collected, summary.deleted), (60, 60));
        let sent = trial.post.lock().unwrap().sent;
        assert!(sent * 100 <= octets(&trial) * 102, "{protocol:?}: {sent} of {}", octets(&trial));
        match protocol {
            Protocol::Imap => {
                let commands = trial.post.lock().unwrap().commands.clone();
                let names = commands.iter().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "));
                let expected = ["SELECT INBOX", "UID FETCH", "UID FETCH", "UID STORE", "UID EXPUNGE"];
                assert_eq!(names.collect::<Vec<_>>(), expected, "{commands:?}");
            }
            Protocol::Pop3 => assert_eq!((trial.count("RETR"), trial.count("DELE"), trial.count("NOOP")), (60, 60, 0)),
        }
    }
}

#[tokio::test]
async fn the_embedded_server_is_asked_for_each_message_once() {
    for protocol in BOTH {
        let server = Server::builder().user("me", "secret").in_memory().unwrap();
        for number in 0..20 {
            server.deliver("me", "INBOX", format!("Subject: {number}\r\n\r\n.\r\n\r\n"), &[]).unwrap();
        }
        let stream = if protocol == Protocol::Imap { server.imap_stream() } else { server.pop3_stream() };
        let mut mailbox = session::mailbox(protocol, stream).await.unwrap();
        server.clear_commands();
        let mut collector = Collector::new("me", Notes::default(), Shelf::default()).policy(Policy::delete());
        let summary = collector.run(&mut *mailbox).await.unwrap();
        assert_eq!((summary.collected, summary.deleted), (20, 20));
        let commands = server.commands();
        let count = |name: &str| commands.iter().filter(|line| line.contains(name)).count();
        let expected = if protocol == Protocol::Imap { [2, 0, 0, 0] } else { [0, 20, 0, 0] };
        assert_eq!(["UID FETCH", "RETR", "SEARCH", "NOOP"].map(count), expected, "{commands:?}");
    }
}

#[tokio::test]
async fn with_every_size_wrong_at_most_a_fifth_more_is_read() {
    for protocol in BOTH {
        // Large ones come first; the smallest are read again.
        let large = (1..=4).map(|name| sized(name, 1_500_000, 9));
        let trial = Trial::new(protocol, large.chain((5..=60).map(|name| sized(name, 20_000, 9))));
        let (summary, events) = trial.collect(Policy::delete()).await;
        assert_eq!((summary.collected, summary.confirmed, summary.deleted), (60, 8, 60), "{protocol:?}: {events:?}");
        let sent = trial.post.lock().unwrap().sent;
        assert!(sent * 10 <= octets(&trial) * 12, "{protocol:?}: {sent} of {}", octets(&trial));
        if protocol == Protocol::Imap {
            assert_eq!((trial.count("NOOP"), trial.count("UID SEARCH")), (1, 1));
        }
    }
}

#[tokio::test]
async fn what_waits_for_its_confirmation_is_bounded() {
    for protocol in BOTH {
        // Together over the bound, and small by the server's declaration.
        let letters = (1..=70).map(|name| Letter { declared: 1, ..sized(name, 1_000_000, 0) });
        let trial = Trial::new(protocol, letters);
        let (summary, events) = trial.collect(Policy::delete()).await;
        assert_eq!((summary.collected, summary.failed, summary.deleted), (70, 0, 70), "{protocol:?}: {events:?}");
        let sent = trial.post.lock().unwrap().sent;
        assert!(sent > octets(&trial) * 115 / 100, "some did not fit and came again: {sent}");
        let most = trial.shelf.most_staged();
        assert!((60 << 20..=66 << 20).contains(&most), "{protocol:?}: {most}");
    }
}

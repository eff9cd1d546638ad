//! One door to both protocols, and what the common trait does on each: searching and appending.

use postroom::imap::Append;
use postroom::testing::Server;
use postroom::{Config, Find, Flag, Found, Imap, Kind, Login, Mailbox, MessageId, open};
use time::{Date, Month, UtcOffset};

use crate::rng::Rng;
use crate::session::alice;

fn config(server: &Server, url: &str) -> Config {
    let config: Config = url.parse().unwrap();
    let port = if url.starts_with("imaps") { server.imaps_port() } else { server.pop3s_port() };
    config.port(port).only_added_roots().add_root_der(server.ca_der()).unwrap()
}

async fn ids(mailbox: &mut dyn Mailbox) -> Vec<MessageId> {
    mailbox.entries().await.unwrap().into_iter().map(|entry| entry.id).collect()
}

#[tokio::test]
async fn the_url_says_which_mailbox_is_opened() {
    let server = Server::builder().sample_mail().start().await.unwrap();
    server.deliver("alice", "Sent", "Subject: sent\r\n\r\n", &[]).unwrap();
    for (url, count) in [("imaps://localhost", 30), ("imaps://localhost/Sent", 1), ("pops://localhost", 30)] {
        let mut mailbox = open(config(&server, url), alice()).await.unwrap();
        let features = mailbox.features();
        let imap = url.starts_with("imaps");
        assert_eq!((features.search, features.append, features.folders), (imap, imap, imap));
        let sent = ids(&mut *mailbox).await.len();
        assert!(sent >= count, "{url}: {sent}");
    }
    let plain = Config::new("localhost").port(server.imaps_port()).only_added_roots();
    let mut mailbox = open(plain.add_root_der(server.ca_der()).unwrap(), alice()).await.unwrap();
    assert!(mailbox.features().search && !ids(&mut *mailbox).await.is_empty());
    let error = open(config(&server, "imaps://localhost/None"), alice()).await.err().unwrap();
    assert_eq!(error.kind(), Kind::Rejected);
    let wrong = Login::password("alice", "wrong");
    assert_eq!(open(config(&server, "pops://localhost"), wrong).await.err().unwrap().kind(), Kind::Login);
}

#[tokio::test]
async fn a_text_that_is_no_safe_url_is_refused_before_anything_is_sent() {
    for url in ["localhost", "imap://localhost", "pop://localhost", "https://localhost", "pops://localhost/INBOX", ""] {
        assert_eq!(open(url, alice()).await.err().unwrap().kind(), Kind::Input, "{url}");
        assert_eq!(open(url.to_owned(), alice()).await.err().unwrap().kind(), Kind::Input, "{url}");
    }
}

/// The same mail by both protocols: the server of one, and this library for the other, find the same.
#[tokio::test]
async fn both_protocols_find_the_same() {
    let server = Server::builder().sample_mail().start().await.unwrap();
    server.deliver("alice", "INBOX", "From: =?utf-8?q?J=C3=B6rg?= <j@b.example>\r\nMessage-ID: <x@b>\r\n\r\n", &[]);
    server.deliver("alice", "INBOX", "subject: no\r\n body\r\nX-Odd: 1\r\n\r\nSubject: body\r\n", &[]);
    let mut imap = open(config(&server, "imaps://localhost"), alice()).await.unwrap();
    let mut pop3 = open(config(&server, "pops://localhost"), alice()).await.unwrap();
    let (there, here) = (ids(&mut *imap).await, ids(&mut *pop3).await);
    assert_eq!(there.len(), here.len());
    let mut hits = 0;
    for find in [
        Find::new(),
        Find::new().subject("re"),
        Find::new().subject("RE").from("example"),
        Find::new().from("jörg"),
        Find::new().from("JÖRG <j@").subject("x"),
        Find::new().to("alice"),
        Find::new().cc("example.org"),
        Find::new().message_id("x@b"),
        Find::new().message_id("<x@b>").smaller(10),
        Find::new().subject("no body"),
        Find::new().header("x-odd", ""),
        Find::new().header("X-Odd", "2"),
        Find::new().larger(700),
        // The server also looks at the encoded form of a text, which no such word is in.
        Find::new().larger(300).smaller(900).subject("ing "),
        Find::new().smaller(1),
    ] {
        let (found, compared) = (imap.find(&find).await.unwrap(), pop3.find(&find).await.unwrap());
        assert!(found.unknown.is_empty() && compared.unknown.is_empty());
        let place = |all: &[MessageId], id: &MessageId| all.iter().position(|known| known == id).unwrap();
        let found: Vec<_> = found.messages.iter().map(|id| place(&there, id)).collect();
        let compared: Vec<_> = compared.messages.iter().map(|id| place(&here, id)).collect();
        assert_eq!(found, compared, "{find:?}");
        hits += usize::from(!found.is_empty());
    }
    assert!(hits > 8, "only {hits} searches found something");
}

/// Random mail, stored on the days of its header: the server of one protocol knows them, and the header shows them to the other.
#[tokio::test]
async fn both_protocols_find_the_same_days_and_bodies() {
    let server = Server::builder().start().await.unwrap();
    let mut imap = Imap::connect(config(&server, "imaps://localhost"), alice()).await.unwrap();
    imap.select("INBOX").await.unwrap();
    let mut rng = Rng::new(17);
    let day = |number: u8| Date::from_calendar_date(2026, Month::March, number + 1).unwrap();
    for at in 0..40 {
        let [received, sent] = [(); 2].map(|()| rng.below(9) as u8);
        let zone = UtcOffset::from_hms([-8, 0, 8][at % 3], 0, 0).unwrap();
        let time = day(received).with_hms([0, 12, 23][rng.below(3)], 59, 0).unwrap().assume_offset(zone);
        let words =
            |rng: &mut Rng| -> String { (0..4).map(|_| ["one ", "two ", "three ", "four "][rng.below(4)]).collect() };
        let stamp = match at % 4 {
            0 => format!("Date: {} Mar 2026 12:00:00 +0000", received + 1),
            _ => format!(
                "Received: from x by y;\r\n {} Mar 2026 {:02}:59:00 {:+03}00\r\nReceived: z; 1 Jan 2020 00:00:00 +0000\r\nDate: {} Mar 2026 12:00:00 +0000",
                received + 1,
                time.hour(),
                zone.whole_hours(),
                sent + 1,
            ),
        };
        let message = format!("{stamp}\r\nSubject: {}\r\n\r\n{}end\r\n", words(&mut rng), words(&mut rng));
        imap.append("INBOX", Append::from(message).date(time)).await.unwrap();
    }
    let mut imap = open(config(&server, "imaps://localhost"), alice()).await.unwrap();
    let mut pop3 = open(config(&server, "pops://localhost"), alice()).await.unwrap();
    let (there, here) = (ids(&mut *imap).await, ids(&mut *pop3).await);
    assert_eq!((there.len(), here.len()), (40, 40));
    let mut counts = std::collections::BTreeSet::new();
    for _ in 0..60 {
        let mut find = Find::new();
        let conditions = 1 + rng.below(3);
        for _ in 0..conditions {
            find = match rng.below(4) {
                0 => find.since(day(rng.below(9) as u8)),
                1 => find.before(day(rng.below(9) as u8)),
                2 => find.body(["ONE two", "three", "four end"][rng.below(3)]),
                _ => find.subject(["one", "two"][rng.below(2)]),
            };
        }
        let (found, compared) = (imap.find(&find).await.unwrap(), pop3.find(&find).await.unwrap());
        assert!(found.unknown.is_empty() && compared.unknown.is_empty());
        let places = |found: Found, all: &[MessageId]| -> Vec<_> {
            found.messages.iter().map(|id| all.iter().position(|known| known == id).unwrap()).collect()
        };
        let found = places(found, &there);
        assert_eq!(found, places(compared, &here), "{find:?}");
        counts.insert(found.len());
    }
    assert!(counts.len() > 10, "{counts:?}");
}

#[tokio::test]
async fn flags_are_searched_where_there_are_some_and_refused_before_anything_is_sent_elsewhere() {
    let server = Server::builder().start().await.unwrap();
    for flags in [&["\\Seen"][..], &["\\Flagged"], &["\\Seen", "\\Flagged"]] {
        server.deliver("alice", "INBOX", "Subject: x\r\n\r\n", flags).unwrap();
    }
    let find = Find::new().with(Flag::FLAGGED).without(Flag::SEEN).subject("x");
    let mut imap = open(config(&server, "imaps://localhost"), alice()).await.unwrap();
    let all = ids(&mut *imap).await;
    assert_eq!(imap.find(&find).await.unwrap().messages, all[1..2]);
    let mut pop3 = open(config(&server, "pops://localhost"), alice()).await.unwrap();
    let sent = server.commands().len();
    assert_eq!(pop3.find(&find).await.unwrap_err().kind(), Kind::Unsupported);
    assert_eq!(pop3.append(b"Subject: x\r\n\r\n", &[]).await.unwrap_err().kind(), Kind::Unsupported);
    assert_eq!(server.commands().len(), sent);
}

#[tokio::test]
async fn a_message_is_stored_and_its_id_reported() {
    let server = Server::builder().start().await.unwrap();
    let mut mailbox = open(config(&server, "imaps://localhost/Drafts"), alice()).await.unwrap();
    let text = b"Subject: hello\r\n\r\nworld\r\n";
    let id = mailbox.append(text, &[Flag::DRAFT]).await.unwrap();
    assert_eq!(Some(ids(&mut *mailbox).await), id.map(|id| vec![id]));
    let stored = server.snapshot("alice").unwrap();
    assert_eq!(
        (&stored.messages("Drafts")[0].bytes[..], &*stored.messages("Drafts")[0].flags),
        (&text[..], &["\\Draft".to_owned()][..])
    );
}

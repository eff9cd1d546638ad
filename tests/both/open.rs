//! One door to both protocols, and what the common trait does on each: searching and appending.

use postroom::testing::Server;
use postroom::{Config, Find, Flag, Kind, Login, Mailbox, MessageId, open};

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

//! The round trips from the greeting to the first data: the login, ID, ENABLE, SELECT and FETCH, counted as changes of direction.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use postroom::imap::{Imap, Items, Query, StatusItems, SyncPoint, Uids};
use postroom::testing::{Builder, Server};
use postroom::{Config, Login};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

use crate::support::session::imap;
use crate::support::{plaintext, scripted};

const MECHANISMS: [&str; 3] = ["PLAIN", "OAUTHBEARER", "SCRAM-SHA-256"];

/// What the client sent between two answers.
pub(super) type Flights = Arc<Mutex<Vec<Vec<u8>>>>;

/// A stream that notes a new flight whenever something is written after something was read.
struct Counting {
    stream: DuplexStream,
    flights: Flights,
    heard: bool,
}

impl AsyncRead for Counting {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.heard |= buf.filled().len() > before;
        result
    }
}

impl AsyncWrite for Counting {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let heard = std::mem::take(&mut self.heard);
        let mut flights = self.flights.lock().unwrap();
        if heard {
            flights.push(Vec::new());
        }
        flights.last_mut().expect("the server speaks first").extend_from_slice(buf);
        drop(flights);
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

pub(super) fn plain() -> Login {
    Login::password("me", "secret").only(["PLAIN"])
}

fn server(builder: Builder) -> Server {
    let server = builder.user("me", "secret").token("me", "token").auth_mechanisms(MECHANISMS).in_memory().unwrap();
    for at in 1..=3 {
        server.deliver("me", "INBOX", format!("Subject: {at}\r\n\r\ntext\r\n"), &[]).unwrap();
    }
    server
}

pub(super) async fn begin(server: &Server, config: Config, login: Login) -> (Imap, Flights) {
    let flights = Flights::default();
    let stream = Counting { stream: server.imap_stream(), flights: flights.clone(), heard: false };
    (imap(stream, config, login).await.unwrap(), flights)
}

/// The commands of each flight.
pub(super) fn verbs(flights: &Flights) -> Vec<String> {
    let verb = |line: &str| {
        let mut words = line.split(' ').skip(1);
        let verb = words.next().unwrap_or_default();
        if verb == "UID" { words.next().unwrap_or_default().to_owned() } else { verb.to_owned() }
    };
    let verbs = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).lines().map(verb).collect::<Vec<_>>().join(" ");
    flights.lock().unwrap().iter().map(verbs).collect()
}

/// Opens INBOX and reads its first message.
async fn first_fetch(server: &Server, config: Config, login: Login) -> Vec<String> {
    let (mut imap, flights) = begin(server, config, login).await;
    let mut mail = imap.open("INBOX").fetch(Uids::ALL, Items::ENVELOPE).await.unwrap();
    assert_eq!(mail.try_next().await.unwrap().unwrap().subject().as_deref(), Some("1"));
    verbs(&flights)
}

#[tokio::test(start_paused = true)]
async fn the_first_data_takes_two_round_trips() {
    let server = server(Server::builder().with("IMAP4rev2"));
    for login in [plain(), Login::oauth_token("me", "token")] {
        let flights = first_fetch(&server, plaintext(), login).await;
        assert_eq!(flights, ["AUTHENTICATE", "ID ENABLE SELECT FETCH"]);
    }
    let asked = server.commands().into_iter().find(|line| line.contains("ENABLE")).unwrap();
    assert!(asked.contains(" ENABLE IMAP4rev2 CONDSTORE QRESYNC"), "{asked}");
}

#[tokio::test(start_paused = true)]
async fn compress_takes_one_more_and_scram_two() {
    let server = server(Server::builder());
    let usual = first_fetch(&server, plaintext(), plain()).await;
    let compressed = first_fetch(&server, plaintext().compress(), plain()).await;
    assert_eq!(usual.len(), 2);
    // The last flight is compressed.
    assert_eq!((&compressed[..2], compressed.len()), (&["AUTHENTICATE".into(), "ID ENABLE COMPRESS".into()][..], 3));
    let scram = first_fetch(&server, plaintext(), Login::password("me", "secret").only(["SCRAM-SHA-256"])).await;
    assert_eq!((scram.len(), &*scram[scram.len() - 1]), (4, "ID ENABLE SELECT FETCH"));
}

#[tokio::test(start_paused = true)]
async fn a_resumption_takes_two_round_trips() {
    let server = server(Server::builder());
    let (mut imap, _) = begin(&server, plaintext(), plain()).await;
    let mut changes = imap.open("INBOX").resume(&SyncPoint::default()).await.unwrap();
    while changes.try_next().await.unwrap().is_some() {}
    let (_, point) = changes.finish().await.unwrap();
    let (mut imap, flights) = begin(&server, plaintext(), plain()).await;
    let mut changes = imap.open("INBOX").resume(&point).await.unwrap();
    assert!(changes.try_next().await.unwrap().is_none() && changes.exact_changes());
    assert_eq!(verbs(&flights), ["AUTHENTICATE", "ID ENABLE SELECT"]);
}

/// How a name is written that is not plain ASCII depends on the answer to ENABLE.
#[tokio::test(start_paused = true)]
async fn a_name_that_may_be_written_in_two_ways_waits_for_enable() {
    for (builder, waits) in [(Server::builder().with("IMAP4rev2"), true), (Server::builder(), false)] {
        let server = server(builder);
        for name in ["Entwürfe", "this & that"] {
            let (imap, _) = begin(&server, plaintext(), plain()).await;
            imap.create_mailbox(name).await.unwrap();
            let (mut imap, flights) = begin(&server, plaintext(), plain()).await;
            imap.select(name).await.unwrap();
            let together = ["AUTHENTICATE", "ID ENABLE SELECT"];
            let apart = ["AUTHENTICATE", "ID ENABLE", "SELECT"];
            assert_eq!(verbs(&flights), if waits { &apart[..] } else { &together }, "{name}");
        }
    }
}

/// Texts of other commands depend on it, too, and so do checks of what the server can do.
#[tokio::test(start_paused = true)]
async fn other_commands_wait_for_enable() {
    let server = server(Server::builder().with("IMAP4rev2"));
    let (mut imap, flights) = begin(&server, plaintext(), plain()).await;
    let (status, listed) = tokio::join!(imap.status("INBOX", StatusItems::SIZE), imap.list("*"));
    assert!(status.unwrap().size.is_some() && !listed.unwrap().is_empty());
    assert_eq!(verbs(&flights)[..2], ["AUTHENTICATE", "ID ENABLE"]);
    assert!(["STATUS LIST", "LIST STATUS"].contains(&&*verbs(&flights)[2]), "{flights:?}");
    let inbox = imap.select("INBOX").await.unwrap();
    assert!(inbox.search(&Query::subject("ü")).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_id_and_enable_nothing_waits() {
    let server = server(Server::builder().without("ENABLE"));
    let (mut imap, flights) = begin(&server, plaintext(), plain()).await;
    imap.select("Entwürfe").await.unwrap_err();
    assert_eq!(verbs(&flights), ["AUTHENTICATE", "ID SELECT"]);
    assert!(imap.enabled().is_empty());
    let (mut imap, flights) = begin(&server, plaintext().without_id(), plain()).await;
    imap.select("INBOX").await.unwrap();
    assert_eq!(verbs(&flights), ["AUTHENTICATE", "SELECT"]);
    assert!(imap.server().is_empty());
}

/// The answers change the session although no call waits for them, and whenever they come.
#[tokio::test(start_paused = true)]
async fn the_answers_are_not_lost_when_nobody_waits() {
    let dialogue = |answer: &str| {
        format!(
            "S: * PREAUTH [CAPABILITY IMAP4rev1 IMAP4rev2 UTF8=ACCEPT ENABLE ID] ready
            C: {{I}} ID (\"name\" \"x\")
            C: {{E}} ENABLE IMAP4rev2 UTF8=ACCEPT
            C: {{S}} SELECT INBOX
            {answer}
            S: * 0 EXISTS
            S: {{S}} OK done"
        )
    };
    let named = ("name".to_owned(), Some("Test".to_owned()));
    let cases = [
        ("S: * ID (\"name\" \"Test\")\nS: {I} OK done\nS: * ENABLED IMAP4rev2\nS: {E} OK done", true, true),
        ("S: {I} OK done\nS: {E} OK done", false, false),
        ("S: {I} NO no\nS: {E} BAD no", false, false),
        ("S: * ENABLED IMAP4rev2\nS: {E} NO no\nS: * ID (\"name\" \"Test\")\nS: {I} OK done", true, false),
    ];
    for (answer, has_name, is_rev2) in cases {
        let (script, imap) = scripted(&dialogue(answer), plaintext().id([("name", "x")])).await;
        let mut imap = imap.unwrap();
        drop(imap.select("INBOX").await.unwrap());
        assert_eq!(imap.server().first() == Some(&named), has_name, "{answer}");
        assert_eq!((imap.enabled().imap4rev2(), imap.enabled().utf8_accept()), (is_rev2, false), "{answer}");
        script.finish().await.unwrap();
    }
}

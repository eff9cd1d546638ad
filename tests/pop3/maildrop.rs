//! POP3 sessions against the embedded server: every way to connect, the common trait, deletion and its certainty.

use std::time::Duration;

use postroom::pop3::{Pop3, RetrievedContent};
use postroom::testing::{Builder, Fault, Script, Server};
use postroom::{
    Changes, Config, Deadlines, Defect, Driver, FlagChange, Kind, Limits, Login, Mailbox, Message, MessageId, Part,
};
use tokio::io::AsyncReadExt;
use tokio::task::JoinHandle;

use crate::support::{all, ids, me, number, plaintext, unannounced};

fn server(builder: Builder) -> Server {
    let server = builder.user("me", "secret").in_memory().unwrap();
    for mail in MAIL {
        server.deliver("me", "INBOX", *mail, &[]).unwrap();
    }
    server
}

const MAIL: &[&[u8]] = &[
    b"Subject: one\r\n\r\n.\r\n..\r\n.dot\r\n",
    b"Subject: two\r\n\r\nL\xE4tin\0\r\nbare\n.\nlf\r\n",
    b"Subject: three\r\n\r\na\r\nb\r\nc\r\n",
];

type Running = JoinHandle<postroom::Result<()>>;

async fn over_with(stream: tokio::io::DuplexStream, config: Config) -> (Pop3, Running) {
    let (pop3, driver): (Pop3, Driver) = Pop3::handshake(stream, config, me()).await.unwrap();
    (pop3, tokio::spawn(driver))
}

async fn over(server: &Server) -> (Pop3, Running) {
    over_with(server.pop3_stream(), plaintext()).await
}

fn left(server: &Server) -> Vec<Vec<u8>> {
    server.snapshot("me").unwrap().messages("INBOX").iter().map(|message| message.bytes.to_vec()).collect()
}

async fn use_it(pop3: Pop3) {
    assert_eq!(pop3.stat().await.unwrap().messages, 3);
    assert!(pop3.capabilities().pipelining());
    let (list, uidl, noop) = tokio::join!(pop3.list(), pop3.uidl(), pop3.noop());
    noop.unwrap();
    let (list, uidl) = (list.unwrap(), uidl.unwrap());
    assert_eq!(list[1], (number(2), MAIL[1].len() as u64));
    assert_eq!((uidl.len(), uidl[0].0), (3, number(1)));
    assert_eq!(pop3.retr(number(1)).await.unwrap().into_bytes(), MAIL[0]);
    assert_eq!(pop3.top(number(3), 1).await.unwrap(), &b"Subject: three\r\n\r\na\r\n"[..]);
    assert_eq!(pop3.retr(number(9)).await.unwrap_err().kind(), Kind::Rejected);
    pop3.dele(number(2)).await.unwrap();
    assert_eq!(pop3.dele(number(2)).await.unwrap_err().kind(), Kind::Rejected);
    pop3.rset().await.unwrap();
    pop3.quit().await.unwrap();
}

#[tokio::test]
async fn sessions_by_tls_by_stls_and_in_clear_where_that_is_spelled() {
    let server = Server::builder().user("me", "secret").start().await.unwrap();
    for mail in MAIL {
        server.deliver("me", "INBOX", *mail, &[]).unwrap();
    }
    let trusted = || Config::new("localhost").add_root_pem(server.ca_pem().as_bytes()).unwrap();
    for config in [
        trusted().port(server.pop3s_port()),
        trusted().port(server.pop3_port()).starttls(),
        plaintext().port(server.pop3_port()),
    ] {
        use_it(Pop3::connect(config, me()).await.unwrap()).await;
    }
    assert_eq!(left(&server).len(), 3);
    let stranger = Config::new("localhost").port(server.pop3s_port());
    assert_eq!(Pop3::connect(stranger, me()).await.unwrap_err().kind(), Kind::Tls);
}

#[tokio::test]
async fn the_session_is_one_with_its_driver() {
    let server = server(Server::builder());
    let (pop3, driver) = over(&server).await;
    use_it(pop3).await;
    driver.await.unwrap().unwrap();
    let (pop3, driver) = over(&server).await;
    drop(pop3);
    driver.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_required_upgrade_that_is_not_offered_sends_no_me() {
    let server = server(Server::builder().without_pop3("STLS"));
    let config = Config::new("localhost").starttls();
    let error = Pop3::handshake(server.pop3_stream(), config, me()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Tls);
    assert_eq!(server.commands(), ["CAPA"]);
}

#[tokio::test]
async fn without_sasl_it_is_user_and_pass_and_a_refusal_is_final() {
    let server = server(Server::builder().without_pop3("SASL"));
    let (pop3, _driver) = over(&server).await;
    pop3.quit().await.unwrap();
    assert_eq!(server.commands(), ["CAPA", "USER me", "PASS secret", "CAPA", "QUIT"]);
    server.clear_commands();
    let wrong = Login::password("me", "wrong");
    let error = Pop3::handshake(server.pop3_stream(), plaintext(), wrong).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (Kind::Login, false));
    assert!(error.code().is_some_and(|code| code.is("AUTH")));
    assert_eq!(server.commands(), ["CAPA", "USER me", "PASS wrong"]);
}

#[tokio::test]
async fn a_refused_auth_is_not_tried_again_by_another_way() {
    let server = server(Server::builder());
    let error = Pop3::handshake(server.pop3_stream(), plaintext(), Login::password("me", "no")).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Login);
    assert!(!format!("{error:?}").contains("bWUAbm8") && server.commands().len() == 2);
}

#[tokio::test]
async fn a_password_longer_than_a_line_answers_a_challenge() {
    let long = "x".repeat(300);
    let server = Server::builder().user("me", &long).in_memory().unwrap();
    let (pop3, driver) = Pop3::handshake(server.pop3_stream(), plaintext(), Login::password("me", long)).await.unwrap();
    let _driver = tokio::spawn(driver);
    pop3.quit().await.unwrap();
    assert_eq!(server.commands()[1], "AUTH PLAIN");
}

#[tokio::test]
async fn a_maildrop_in_use_may_be_tried_again() {
    let server = server(Server::builder());
    let (_pop3, _driver) = over(&server).await;
    let error = Pop3::handshake(server.pop3_stream(), plaintext(), me()).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (Kind::Rejected, true));
    assert!(error.code().is_some_and(|code| code.is("IN-USE")));
}

#[tokio::test]
async fn a_server_without_capa_gets_user_and_pass_and_finds_out_by_trying() {
    let dialogue = "
        C: STAT
        S: +OK 1 30
        C: UIDL
        S: -ERR what?
        C: LIST
        S: +OK
        S: 1 30
        S: .
        C: TOP 1 0
        S: -ERR what?
        C: LIST 1
        S: +OK 1 30
        C: RETR 1
        S: +OK
        S: a: b
        S:
        S: ..text
        S: .
        C: QUIT
        S: +OK
        eof
    ";
    let mut script = Script::new(&format!("{}{dialogue}", unannounced()));
    let (mut pop3, _driver) = over_with(script.stream(), plaintext()).await;
    assert!(pop3.capabilities().is_empty() && !pop3.features().stable_ids);
    let ids = ids(&mut pop3).await;
    assert!(!pop3.features().stable_ids);
    let header = all(&mut pop3, &ids, Part::Header).await;
    assert_eq!(&header[0].bytes()[..], b"a: b\r\n\r\n");
    pop3.quit().await.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test]
async fn the_trait_lists_fetches_and_reads_byte_for_byte() {
    for builder in
        [Server::builder(), Server::builder().without_pop3("PIPELINING"), Server::builder().without_pop3("TOP")]
    {
        let server = server(builder);
        let (mut pop3, _driver) = over(&server).await;
        let features = pop3.features();
        assert!(features.stable_ids && features.delete && !features.flags && !features.folders);
        assert_eq!(features.changes, Changes::None);
        let entries = pop3.entries().await.unwrap();
        assert_eq!(entries.iter().map(|entry| entry.size.unwrap() as usize).sum::<usize>(), MAIL.concat().len());
        let mut ids: Vec<_> = entries.into_iter().map(|entry| entry.id).collect();
        ids.reverse();
        for (message, mail) in all(&mut pop3, &ids, Part::Whole).await.iter().zip(MAIL.iter().rev()) {
            assert_eq!(message.bytes(), mail);
        }
        let previews = all(&mut pop3, &ids, Part::Preview(2)).await;
        assert_eq!(previews[0].bytes(), &b"Subject: three\r\n\r\na\r\nb\r\n"[..]);
        assert_eq!(previews[0].id(), &ids[0]);
        assert_eq!(all(&mut pop3, &ids[2..], Part::Header).await[0].bytes(), &b"Subject: one\r\n\r\n"[..]);
        for (id, mail) in ids.iter().zip(MAIL.iter().rev()) {
            let mut text = Vec::new();
            Mailbox::open(&mut pop3, id).await.unwrap().read_to_end(&mut text).await.unwrap();
            assert_eq!(&text, mail);
        }
        let change = FlagChange::add([postroom::Flag::SEEN]);
        assert_eq!(pop3.flag(&ids, &change).await.unwrap_err().kind(), Kind::Unsupported);
        assert_eq!(pop3.changed().await.unwrap_err().kind(), Kind::Unsupported);
        pop3.quit().await.unwrap();
    }
}

#[tokio::test]
async fn ids_of_another_mailbox_are_refused_before_anything_is_sent() {
    let server = server(Server::builder());
    let (mut pop3, _driver) = over(&server).await;
    server.clear_commands();
    let foreign: MessageId = "postroom1:pop3:you%40localhost/1-1".parse().unwrap();
    let foreign = [foreign];
    assert_eq!(Mailbox::messages(&mut pop3, &foreign, Part::Whole).await.unwrap_err().kind(), Kind::Input);
    assert_eq!(pop3.mark_deleted(&foreign).await.unwrap_err().kind(), Kind::Input);
    assert_eq!(Mailbox::open(&mut pop3, &foreign[0]).await.unwrap_err().kind(), Kind::Input);
    assert!(server.commands().is_empty());
    pop3.noop().await.unwrap();
}

#[tokio::test]
async fn a_message_that_is_gone_is_left_out_and_its_neighbours_come() {
    let server = server(Server::builder());
    let (mut pop3, _driver) = over(&server).await;
    let ids = ids(&mut pop3).await;
    pop3.mark_deleted(&ids[1..2]).await.unwrap();
    pop3.mark_deleted(&ids[1..2]).await.unwrap();
    let messages = all(&mut pop3, &ids, Part::Whole).await;
    assert_eq!(messages.iter().map(Message::id).collect::<Vec<_>>(), [&ids[0], &ids[2]]);
    let mut retrieval = Pop3::fetch(&mut pop3, [number(2), number(3)]);
    let refused = retrieval.try_next().await.unwrap().unwrap();
    assert!(matches!(refused.content, RetrievedContent::Refused(error) if error.kind() == Kind::Rejected));
    assert!(matches!(retrieval.try_next().await.unwrap().unwrap().content, RetrievedContent::Whole(_)));
    assert!(retrieval.try_next().await.unwrap().is_none());
    drop(retrieval);
    assert_eq!(Mailbox::open(&mut pop3, &ids[1]).await.unwrap_err().kind(), Kind::Rejected);
}

#[tokio::test]
async fn a_message_over_the_limit_is_a_defect_and_can_be_read() {
    let server = server(Server::builder());
    let mut limits = Limits::default();
    limits.literal = MAIL[0].len();
    let (mut pop3, _driver) = over_with(server.pop3_stream(), plaintext().limits(limits)).await;
    let ids = ids(&mut pop3).await;
    let messages = all(&mut pop3, &ids, Part::Whole).await;
    assert_eq!(messages[0].bytes(), MAIL[0]);
    assert_eq!(messages[1].defects(), [Defect::TooLarge { size: MAIL[1].len() as u64 }]);
    assert!(messages[1].bytes().is_empty());
    assert_eq!(pop3.retr(number(2)).await.unwrap_err().kind(), Kind::Limit);
    let mut text = Vec::new();
    Mailbox::open(&mut pop3, &ids[1]).await.unwrap().read_to_end(&mut text).await.unwrap();
    assert_eq!(text, MAIL[1]);
}

#[tokio::test]
async fn only_commit_deletes() {
    let server = server(Server::builder());
    let (mut pop3, driver) = over(&server).await;
    let listed = ids(&mut pop3).await;
    pop3.mark_deleted(&listed[..2]).await.unwrap();
    drop(pop3);
    driver.await.unwrap().unwrap();
    assert_eq!(left(&server).len(), 3);

    let (mut pop3, driver) = over(&server).await;
    assert_eq!(ids(&mut pop3).await, listed);
    pop3.mark_deleted(&listed[..2]).await.unwrap();
    let committed = pop3.commit().await.unwrap();
    assert_eq!((committed.deleted.as_slice(), committed.unknown.len()), (&listed[..2], 0));
    assert_eq!(left(&server), [MAIL[2]]);
    assert_eq!(pop3.entries().await.unwrap_err().kind(), Kind::Closed);
    assert_eq!(pop3.commit().await.unwrap(), committed);
    driver.await.unwrap().unwrap();
}

/// How much the server sends before QUIT's reply in the session below.
async fn sent_before_quit(builder: fn() -> Builder) -> u64 {
    let server = server(builder());
    let mut size = 0;
    // The shortest cut after which everything but QUIT works.
    for cut in 1.. {
        server.fault(Fault::CutAfter(cut));
        let Ok((mut pop3, driver)) = Pop3::handshake(server.pop3_stream(), plaintext(), me()).await else { continue };
        let _driver = tokio::spawn(driver);
        let Ok(entries) = pop3.entries().await else { continue };
        if pop3.mark_deleted(&[entries[0].id.clone()]).await.is_ok() {
            size = cut;
            break;
        }
    }
    size
}

#[tokio::test]
async fn a_lost_reply_to_quit_is_unknown_and_a_refusal_too() {
    let cut = sent_before_quit(Server::builder).await;
    for (fault, gone) in [(Fault::CutAfter(cut + 2), 1), (Fault::QuitError, 0)] {
        let server = server(Server::builder());
        server.fault(fault);
        let (mut pop3, _driver) = over(&server).await;
        let ids = ids(&mut pop3).await;
        pop3.mark_deleted(&ids[..1]).await.unwrap();
        let committed = pop3.commit().await.unwrap();
        assert_eq!((committed.deleted.len(), committed.unknown.as_slice()), (0, &ids[..1]), "{fault:?}");
        assert_eq!(left(&server).len(), 3 - gone);
    }
    let server = server(Server::builder());
    server.fault(Fault::CutAfter(cut + 2));
    let (mut pop3, _driver) = over(&server).await;
    let ids = ids(&mut pop3).await;
    pop3.mark_deleted(&ids[..1]).await.unwrap();
    let error = pop3.quit().await.unwrap_err();
    assert_eq!((error.kind(), error.replay()), (Kind::Unknown, Some(postroom::Replay::Verify)));
}

#[tokio::test]
async fn a_connection_lost_before_quit_deletes_nothing_and_says_so() {
    let server = server(Server::builder());
    let (mut pop3, driver) = over(&server).await;
    let ids = ids(&mut pop3).await;
    pop3.mark_deleted(&ids).await.unwrap();
    server.disconnect_all();
    driver.await.unwrap().unwrap_err();
    assert_eq!(pop3.commit().await.unwrap_err().kind(), Kind::Closed);
    assert_eq!(left(&server).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_quit_is_left_after_the_deadline() {
    let cut = sent_before_quit(Server::builder).await;
    let server = server(Server::builder());
    server.fault(Fault::StallAfter(cut));
    let (mut pop3, driver) = over(&server).await;
    let ids = ids(&mut pop3).await;
    pop3.mark_deleted(&ids[..1]).await.unwrap();
    assert_eq!(pop3.commit().await.unwrap().unknown, ids[..1]);
    assert_eq!(driver.await.unwrap().unwrap_err().kind(), Kind::Timeout);
}

async fn watched() -> (Server, Pop3) {
    let server = Server::builder().user("me", "secret").pop3_login_delay(1).start().await.unwrap();
    server.deliver("me", "INBOX", MAIL[0], &[]).unwrap();
    let mut deadlines = Deadlines::default();
    deadlines.poll = Duration::from_millis(10);
    let config = plaintext().port(server.pop3_port()).deadlines(deadlines);
    let pop3 = Pop3::connect(config, me()).await.unwrap();
    (server, pop3)
}

#[tokio::test]
async fn idle_begins_sessions_anew_until_something_changed() {
    let (server, mut pop3) = watched().await;
    assert_eq!(pop3.features().changes, Changes::Poll(Duration::from_secs(1)));
    let before = ids(&mut pop3).await;
    server.deliver("me", "INBOX", MAIL[1], &[]).unwrap();
    pop3.changed().await.unwrap();
    let after = ids(&mut pop3).await;
    assert_eq!((after.len(), &after[0]), (2, &before[0]));
    assert_eq!(all(&mut pop3, &after[1..], Part::Whole).await[0].bytes(), MAIL[1]);
}

#[tokio::test]
async fn idle_refuses_while_messages_are_marked() {
    let (server, mut pop3) = watched().await;
    let ids = ids(&mut pop3).await;
    pop3.mark_deleted(&ids).await.unwrap();
    assert_eq!(pop3.changed().await.unwrap_err().kind(), Kind::Input);
    pop3.noop().await.unwrap();
    assert_eq!(server.snapshot("me").unwrap().messages("INBOX").len(), 1);
    assert_eq!(pop3.commit().await.unwrap().deleted, ids);
}

#[tokio::test]
async fn a_dropped_idle_is_followed_by_a_session_that_works() {
    let (_server, mut pop3) = watched().await;
    let before = ids(&mut pop3).await;
    tokio::time::timeout(Duration::from_millis(200), pop3.changed()).await.unwrap_err();
    // The server requires a second between two logins.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(ids(&mut pop3).await, before);
}

#[tokio::test]
async fn both_protocols_fit_behind_one_trait_object() {
    let server = server(Server::builder());
    let (pop3, _driver) = over(&server).await;
    let mut mailbox: Box<dyn Mailbox> = Box::new(pop3);
    let ids = ids(&mut *mailbox).await;
    mailbox.mark_deleted(&ids[..1]).await.unwrap();
    assert_eq!(mailbox.commit().await.unwrap().deleted, ids[..1]);
}

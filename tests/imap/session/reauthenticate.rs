//! UNAUTHENTICATE and another login over the same connection (RFC 8437): what is sent together, what ends, and what a failure leaves.

use std::future::Future;
use std::pin::{Pin, pin};

use postroom::imap::{Imap, Items, Notice, NotifyEvent, Response, Scope, Uids};
use postroom::testing::{Builder, Fault, Script, Server};
use postroom::{Config, Kind, Login, Recorder};

use super::negotiation::{begin, plain, verbs};
use crate::support::session::imap;
use crate::support::{once, plaintext, scripted};

fn other() -> Login {
    Login::password("other", "secret 2").only(["PLAIN"])
}

fn server(builder: Builder) -> Server {
    let mechanisms = ["PLAIN", "SCRAM-SHA-256", "LOGIN"];
    let builder = builder.user("me", "secret").user("other", "secret 2").auth_mechanisms(mechanisms);
    let server = builder.in_memory().unwrap();
    server.deliver("me", "INBOX", "Subject: mine\r\n\r\n", &[]).unwrap();
    server.deliver("other", "INBOX", "Subject: theirs\r\n\r\n", &[]).unwrap();
    server.deliver("other", "INBOX", "Subject: theirs too\r\n\r\n", &[]).unwrap();
    server
}

async fn subjects(imap: &mut Imap) -> Vec<String> {
    let mut subjects = Vec::new();
    let mut mail = imap.open("INBOX").fetch(Uids::ALL, Items::ENVELOPE).await.unwrap();
    while let Some(message) = mail.try_next().await.unwrap() {
        subjects.push(message.subject().unwrap().into_owned());
    }
    subjects
}

#[tokio::test(start_paused = true)]
async fn both_logins_share_a_connection_and_nothing_else() {
    let server = server(Server::builder().with("IMAP4rev2"));
    let (mut imap, flights) = begin(&server, plaintext(), plain()).await;
    assert_eq!(subjects(&mut imap).await, ["mine"]);
    imap.create_mailbox("Grün").await.unwrap();
    let id = imap.selected_folder().unwrap().info().unwrap().name.clone();
    let before = verbs(&flights).len();

    imap.reauthenticate(other()).await.unwrap();
    assert_eq!(imap.selected_folder().unwrap_err().kind(), Kind::Closed, "{id}");
    assert!(imap.enabled().is_empty(), "ENABLE is not answered yet");
    assert_eq!(subjects(&mut imap).await, ["theirs", "theirs too"]);
    assert!(imap.enabled().imap4rev2());
    assert_eq!(verbs(&flights)[before..], ["UNAUTHENTICATE AUTHENTICATE", "ID ENABLE SELECT FETCH"]);
    assert_eq!(imap.select("Grün").await.unwrap_err().kind(), Kind::Rejected);

    // By a challenge and a response, two more.
    let before = verbs(&flights).len();
    imap.reauthenticate(Login::password("me", "secret").only(["SCRAM-SHA-256"])).await.unwrap();
    assert_eq!(verbs(&flights).len() - before, 3);
    assert_eq!(verbs(&flights)[before], "UNAUTHENTICATE AUTHENTICATE");
    imap.select("Grün").await.unwrap();
    assert_eq!(subjects(&mut imap).await, ["mine"]);
    imap.logout().await.unwrap();
    assert_eq!(server.connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_compression_ends_with_the_login_and_begins_again() {
    for fault in [None, Some(Fault::Split(1))] {
        let server = server(Server::builder());
        fault.into_iter().for_each(|fault| server.fault(fault));
        let recorder = Recorder::new();
        let config = || Config::new("localhost").dangerous_plaintext().compress();
        let mut imap = imap(server.imap_stream(), config().record(&recorder), plain()).await.unwrap();
        assert_eq!(subjects(&mut imap).await, ["mine"]);
        for _ in 0..2 {
            imap.reauthenticate(other()).await.unwrap();
            assert_eq!(subjects(&mut imap).await, ["theirs", "theirs too"]);
        }
        imap.logout().await.unwrap();
        let transcript = recorder.transcripts().remove(0);
        let layers: Vec<_> = transcript.lines().filter(|line| ["deflate", "plain"].contains(line)).collect();
        assert_eq!(layers, ["deflate", "plain", "deflate", "plain", "deflate"]);

        let mut script = Script::new(&transcript);
        let mut imap = self::imap(script.stream(), config(), plain()).await.unwrap();
        assert_eq!(subjects(&mut imap).await, ["mine"]);
        for _ in 0..2 {
            imap.reauthenticate(other()).await.unwrap();
            assert_eq!(subjects(&mut imap).await, ["theirs", "theirs too"]);
        }
        imap.logout().await.unwrap();
        script.finish().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn what_notify_asked_for_is_asked_for_again() {
    let server = server(Server::builder());
    let (mut imap, _) = begin(&server, plaintext(), plain()).await;
    let mut notices = imap.notices();
    imap.notify(&[(Scope::Personal, vec![NotifyEvent::MessageNew(None), NotifyEvent::MessageExpunge])]).await.unwrap();
    imap.reauthenticate(other()).await.unwrap();
    imap.noop().await.unwrap();
    imap.noop().await.unwrap();
    let asked: Vec<_> = server.commands().into_iter().filter(|line| line.contains(" NOTIFY SET ")).collect();
    assert_eq!(asked.len(), 2, "{asked:?}");
    server.deliver("other", "Sent", "Subject: x\r\n\r\n", &[]).unwrap();
    loop {
        match notices.next().await.unwrap() {
            Notice::Data(Response::Status(status)) if status.name.as_str() == "Sent" => break,
            Notice::Lagged => panic!("nothing was lost"),
            _ => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_closes_the_connection() {
    let server = server(Server::builder());
    let (mut imap, _) = begin(&server, plaintext(), plain()).await;
    let error = imap.reauthenticate(Login::password("other", "wrong").only(["PLAIN"])).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Login, "{error:#}");
    assert!(!format!("{error:#?}").contains("wrong"), "{error:#?}");
    assert_eq!(imap.noop().await.unwrap_err().kind(), Kind::Closed);
    assert_eq!(imap.reauthenticate(other()).await.unwrap_err().kind(), Kind::Closed);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_work_is_refused_before_anything_is_sent() {
    let server = server(Server::builder());
    let (mut imap, _) = begin(&server, plaintext(), plain()).await;
    imap.noop().await.unwrap();
    let sent = server.commands().len();
    assert_eq!(imap.reauthenticate(Login::password("a\0b", "x")).await.unwrap_err().kind(), Kind::Input);
    let (mut without, _) = begin(&server, plaintext().assume_capability("UNAUTHENTICATE", false), plain()).await;
    assert_eq!(without.reauthenticate(other()).await.unwrap_err().kind(), Kind::Unsupported);
    assert_eq!(server.commands().iter().filter(|line| line.contains("UNAUTHENTICATE")).count(), 0);
    assert_eq!(server.commands().len(), sent + 1);
    imap.noop().await.unwrap();
    without.noop().await.unwrap();
}

/// The server may refuse although it announces it, or say what closes the connection.
#[tokio::test(start_paused = true)]
async fn a_refused_end_of_the_login_closes_the_connection_and_is_the_error() {
    for (answer, kind) in [
        ("S: {U} BAD unknown", Kind::Bad),
        ("S: {U} NO never", Kind::Rejected),
        ("S: * BYE I cannot\nclose", Kind::Closed),
        ("close", Kind::Closed),
    ] {
        let dialogue = format!(
            "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
            C: {{A}} AUTHENTICATE PLAIN AG1lAHNlY3JldA==
            S: {{A}} OK [CAPABILITY IMAP4rev1 SASL-IR UNAUTHENTICATE] done
            C: {{U}} UNAUTHENTICATE
            C: {{B}} AUTHENTICATE PLAIN AG90aGVyAHNlY3JldCAy
            {answer}"
        );
        let mut script = Script::new(&dialogue);
        let mut imap = imap(script.stream(), plaintext(), plain()).await.unwrap();
        let error = imap.reauthenticate(other()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{answer}: {error:#}");
        assert_eq!(imap.noop().await.unwrap_err().kind(), Kind::Closed);
        script.finish().await.unwrap();
    }
}

/// What a server offers before a login is not known if the session began with one.
#[tokio::test(start_paused = true)]
async fn a_session_that_began_logged_in_asks_first() {
    let dialogue = "
        S: * PREAUTH [CAPABILITY IMAP4rev1 UNAUTHENTICATE] ready
        C: {U} UNAUTHENTICATE
        S: {U} OK done
        C: {C} CAPABILITY
        S: * CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN
        S: {C} OK done
        C: {B} AUTHENTICATE PLAIN AG90aGVyAHNlY3JldCAy
        S: {B} OK [CAPABILITY IMAP4rev1 UNAUTHENTICATE] done
        C: {V} UNAUTHENTICATE
        C: {D} AUTHENTICATE PLAIN AG1lAHNlY3JldA==
        S: {V} OK done
        S: {D} OK [CAPABILITY IMAP4rev1] done
        C: {N} NOOP
        S: {N} OK done
    ";
    let (script, imap) = scripted(dialogue, plaintext()).await;
    let mut imap = imap.unwrap();
    imap.reauthenticate(other()).await.unwrap();
    imap.reauthenticate(plain()).await.unwrap();
    imap.noop().await.unwrap();
    script.finish().await.unwrap();
}

/// A session is always logged in, or closed.
#[tokio::test]
async fn dropped_at_any_poll_the_session_is_as_before_or_closed() {
    let (mut kept, mut closed) = (0, 0);
    for config in [plaintext(), plaintext().compress()] {
        for polls in 0..200 {
            let server = server(Server::builder().duplex_buffer(16));
            let (mut imap, _) = begin(&server, config.clone(), plain()).await;
            imap.noop().await.unwrap();
            let done = {
                let mut call = pin!(imap.reauthenticate(other()));
                let mut done = false;
                for _ in 0..polls {
                    if poll_once(call.as_mut()).await {
                        done = true;
                        break;
                    }
                    tokio::task::yield_now().await;
                }
                done
            };
            match imap.noop().await {
                Ok(()) if done => assert_eq!(subjects(&mut imap).await.len(), 2),
                Ok(()) => {
                    assert_eq!((polls, subjects(&mut imap).await.len()), (0, 1));
                    kept += 1;
                }
                Err(error) => {
                    assert!(!done && error.kind() == Kind::Closed, "{polls}: {error:?}");
                    closed += 1;
                }
            }
            if done {
                break;
            }
        }
    }
    assert!(kept == 2 && closed >= 4, "{kept} {closed}");
}

async fn poll_once(call: Pin<&mut impl Future<Output = postroom::Result<()>>>) -> bool {
    once(call).await.map(Result::unwrap).is_some()
}

//! Tokens: requested from the provider when needed, once more if the server refuses the token, and never otherwise.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use postroom::testing::Server;
use postroom::{Kind, Login, Protocol, Secret, TokenError};

use super::{BOTH, base64, dialogue, logged_in, played, try_in, whole};

const MECHANISMS: [&str; 2] = ["OAUTHBEARER", "XOAUTH2"];

/// Returns these tokens in turn, and records what it was asked.
fn provider(tokens: &'static [&'static str]) -> (Login, Arc<Mutex<Vec<bool>>>) {
    let asked = Arc::<Mutex<Vec<bool>>>::default();
    let notes = asked.clone();
    let login = Login::oauth("alice", move |refused: bool| {
        let mut notes = notes.lock().unwrap();
        let token = tokens[notes.len()];
        notes.push(refused);
        async move { Ok::<_, TokenError>(Secret::from(token)) }
    });
    (login, asked)
}

fn server(mechanism: &'static str) -> Server {
    let builder = Server::builder().user("alice", "x").user("a,b=c", "x").token("alice", "fresh").token("a,b=c", "t");
    builder.auth_mechanisms([mechanism]).in_memory().unwrap()
}

fn attempts(server: &Server) -> usize {
    server.commands().iter().filter(|line| line.contains("AUTH") && !line.contains("CAPA")).count()
}

#[tokio::test]
async fn a_good_token_is_asked_for_once() {
    for protocol in BOTH {
        for mechanism in MECHANISMS {
            let (login, asked) = provider(&["fresh"]);
            let server = server(mechanism);
            try_in(&server, protocol, login).await.unwrap();
            assert_eq!((&*asked.lock().unwrap(), attempts(&server)), (&vec![false], 1));
        }
    }
}

#[tokio::test]
async fn an_expired_token_is_renewed_once_over_the_same_connection() {
    for protocol in BOTH {
        for mechanism in MECHANISMS {
            let (login, asked) = provider(&["stale", "fresh"]);
            let server = server(mechanism);
            try_in(&server, protocol, login).await.unwrap();
            assert_eq!((&*asked.lock().unwrap(), attempts(&server)), (&vec![false, true], 2));
        }
    }
}

#[tokio::test]
async fn a_second_refusal_is_final_and_tells_what_the_server_said() {
    for protocol in BOTH {
        for mechanism in MECHANISMS {
            let (login, asked) = provider(&["stale", "stale-too", "fresh"]);
            let server = server(mechanism);
            let error = try_in(&server, protocol, login).await.unwrap_err();
            assert_eq!((error.kind(), asked.lock().unwrap().len(), attempts(&server)), (Kind::Login, 2, 2));
            let told = whole(&error);
            assert!(told.contains("invalid_token") && !told.contains("stale"), "{told}");
        }
    }
}

#[tokio::test]
async fn the_same_token_again_and_a_fixed_token_are_not_tried_twice() {
    for protocol in BOTH {
        for (login, asked) in [provider(&["stale", "stale"]), (Login::oauth_token("alice", "stale"), Arc::default())] {
            let server = server("XOAUTH2");
            let error = try_in(&server, protocol, login).await.unwrap_err();
            assert_eq!((error.kind(), attempts(&server)), (Kind::Login, 1));
            assert_ne!(asked.lock().unwrap().len(), 1);
        }
    }
}

#[tokio::test]
async fn a_provider_that_fails_ends_the_login_before_anything_of_it_is_sent() {
    for protocol in BOTH {
        let server = server("XOAUTH2");
        let login = Login::oauth("alice", |_: bool| async { Err(TokenError::from("signed out")) });
        let error = try_in(&server, protocol, login).await.unwrap_err();
        assert_eq!((error.kind(), attempts(&server)), (Kind::Login, 0));
        assert!(whole(&error).contains("signed out"));
    }
}

#[tokio::test]
async fn the_provider_is_not_asked_where_no_mechanism_takes_tokens() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let login = Login::oauth("alice", move |_: bool| {
        count.fetch_add(1, Ordering::Relaxed);
        async { Ok(Secret::from("fresh")) }
    });
    let error = try_in(&server("PLAIN"), Protocol::Imap, login).await.unwrap_err();
    assert_eq!((error.kind(), asked.load(Ordering::Relaxed)), (Kind::Unsupported, 0));
}

#[tokio::test]
async fn names_with_the_separators_in_them_arrive_whole() {
    for protocol in BOTH {
        for mechanism in MECHANISMS {
            try_in(&server(mechanism), protocol, Login::oauth_token("a,b=c", "t")).await.unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_complaint_is_answered_as_each_mechanism_wants_it() {
    let json = base64(r#"{"status":"insufficient_scope","scope":"mail.read"}"#);
    let long = "x".repeat(300);
    for protocol in BOTH {
        for (mechanism, goodbye) in [("OAUTHBEARER", "AQ=="), ("XOAUTH2", "")] {
            let port = if protocol == Protocol::Imap { 143 } else { 110 };
            let first = match mechanism {
                "XOAUTH2" => base64(format!("user=alice\x01auth=Bearer {long}\x01\x01")),
                _ => base64(format!("n,a=alice,\x01host=localhost\x01port={port}\x01auth=Bearer {long}\x01\x01")),
            };
            // Too long for a POP3 command: it is sent on request.
            let opening = match protocol {
                Protocol::Imap => format!("~ {mechanism} {first}"),
                _ => format!("~ {mechanism}\nS-raw: + \\r\\n\nC: {first}"),
            };
            let goodbye = format!("C-raw: {goodbye}\\r\\n");
            let steps = format!("{opening}\nS: + {json}\n{goodbye}\nno not with this\neof");
            let dialogue = dialogue(protocol, mechanism, &steps);
            let asked = Arc::new(AtomicUsize::new(0));
            let (count, token) = (asked.clone(), long.clone());
            let login = Login::oauth("alice", move |_: bool| {
                count.fetch_add(1, Ordering::Relaxed);
                let token = token.clone();
                async move { Ok(Secret::from(token)) }
            });
            let error = played(protocol, &dialogue, login).await.unwrap_err();
            assert_eq!(
                (error.kind(), asked.load(Ordering::Relaxed)),
                (Kind::Login, 1),
                "another token has no more scope"
            );
            assert!(error.to_string().contains("insufficient_scope") && error.to_string().contains("mail.read"));
            assert!(!whole(&error).contains(&long));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_without_a_word_about_the_token_is_worth_another_and_one_for_another_reason_is_not() {
    let line = |token: &str| base64(format!("user=alice\x01auth=Bearer {token}\x01\x01"));
    for protocol in BOTH {
        let (login, _) = provider(&["old", "new"]);
        let (old, new) = (line("old"), line("new"));
        let steps =
            format!("~ XOAUTH2 {old}\nno AUTHENTICATE failed.\n~ XOAUTH2 {new}\nok welcome\n{}", logged_in(protocol));
        let steps = dialogue(protocol, "XOAUTH2", &steps);
        // The second command has a tag of its own.
        let (before, after) = steps.split_at(steps.rfind("XOAUTH2").unwrap());
        let head = before
            .rfind("{A}")
            .map_or_else(|| before.to_owned(), |at| format!("{}{{B}}{}", &before[..at], &before[at + 3..]));
        let dialogue = format!("{head}{}", after.replace("{A}", "{B}"));
        played(protocol, &dialogue, login).await.unwrap();

        let (login, asked) = provider(&["old", "new"]);
        let code = if protocol == Protocol::Imap { "[UNAVAILABLE]" } else { "[SYS/TEMP]" };
        let steps = format!("~ XOAUTH2 {old}\nno {code} later\neof");
        let error = played(protocol, &self::dialogue(protocol, "XOAUTH2", &steps), login).await.unwrap_err();
        assert_eq!((error.kind(), asked.lock().unwrap().len()), (Kind::Rejected, 1));
        assert!(error.is_retryable());
    }
}

//! What a POP3 server's refusals mean: response codes at the greeting, the login and after it, and commands that a server without
//! CAPA may or may not have.

use std::time::Duration;

use postroom::pop3::{Notice, Pop3};
use postroom::testing::{Script, Server};
use postroom::{Defect, Fault, Kind, Mailbox, Part};

use crate::support::{announced, ids, me, number, opened, plaintext, scripted, session, unannounced};

/// A session with a server without CAPA.
async fn bare(dialogue: &str) -> (Pop3, Script) {
    scripted(&format!("{}{dialogue}", unannounced())).await
}

#[tokio::test]
async fn a_refused_login_says_whether_the_password_is_to_blame_and_when_to_come_again() {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    for (code, kind, retryable, fault, wait) in [
        ("", Kind::Login, false, Fault::Caller, None),
        ("[AUTH]", Kind::Login, false, Fault::Caller, None),
        ("[X-MOON] full", Kind::Login, false, Fault::Caller, None),
        ("[IN-USE]", Kind::Rejected, true, Fault::Caller, None),
        ("[LOGIN-DELAY]", Kind::Rejected, true, Fault::Caller, seconds(900)),
        ("[login-delay 30] soon", Kind::Rejected, true, Fault::Caller, seconds(30)),
        ("[SYS/TEMP] disk full", Kind::Rejected, true, Fault::Server, None),
        ("[SYS/TEMP/DISK]", Kind::Rejected, true, Fault::Server, None),
        ("[SYS/PERM] no such maildrop", Kind::Rejected, false, Fault::Server, None),
    ] {
        let dialogue = format!(
            "
            S: +OK
            C: CAPA
            S: +OK
            S: USER
            S: RESP-CODES
            S: LOGIN-DELAY 900 USER
            S: .
            C: USER me
            S: +OK
            C: PASS secret
            S: -ERR {code}
            eof
            "
        );
        let mut script = Script::new(&dialogue);
        let error = opened(&mut script).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.is_retryable(), error.fault(), error.retry_after()),
            (kind, retryable, fault, wait),
            "{code}"
        );
        let name = code.trim_start_matches('[').split([']', ' ']).next().unwrap_or_default().to_uppercase();
        assert_eq!(error.code().map(|code| code.name()).unwrap_or_default(), name);
        script.finish().await.unwrap();
    }
}

#[tokio::test]
async fn codes_mean_the_same_at_the_greeting_and_after_the_login() {
    for (code, retryable) in [("SYS/TEMP", true), ("SYS/PERM", false), ("IN-USE", true)] {
        let mut script = Script::new(&format!("S: -ERR [{code}] go away\neof"));
        let error = opened(&mut script).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (Kind::Closed, retryable), "{code}");
        assert!(error.code().is_some_and(|have| have.is(code)));

        let (pop3, _script) = bare(&format!("C: RETR 1\nS: -ERR [{code}] not now\nC: NOOP\nS: +OK")).await;
        let error = pop3.retr(number(1)).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (Kind::Rejected, retryable), "{code}");
        assert!(error.code().is_some_and(|have| have.is(code)));
        pop3.noop().await.unwrap();
    }
}

#[tokio::test]
async fn a_refused_uidl_is_tried_once_and_its_ids_are_for_one_session() {
    let (stat, list) = ("C: STAT\nS: +OK 1 30\n", "C: LIST\nS: +OK\nS: 1 30\nS: .\n");
    let (mut pop3, script) = bare(&format!("{stat}C: UIDL\nS: -ERR what?\n{list}{stat}{list}")).await;
    let first = ids(&mut pop3).await;
    assert!(!pop3.features().stable_ids);
    assert_eq!(ids(&mut pop3).await, first);
    drop(pop3);
    script.finish().await.unwrap();
}

#[tokio::test]
async fn a_uidl_that_only_failed_is_an_error_and_not_a_server_without_it() {
    let (stat, list) = ("C: STAT\nS: +OK 1 30\n", "C: LIST\nS: +OK\nS: 1 30\nS: .\n");
    let uidl = "C: UIDL\nS: +OK\nS: 1 a\nS: .\n";
    let (mut pop3, script) = bare(&format!("{stat}C: UIDL\nS: -ERR [SYS/TEMP] busy\n{list}{stat}{uidl}{list}")).await;
    assert!(pop3.entries().await.unwrap_err().is_retryable());
    assert!(ids(&mut pop3).await[0].to_string().ends_with("/a"));
    assert!(pop3.features().stable_ids);
    drop(pop3);
    script.finish().await.unwrap();

    let (mut pop3, script) = scripted(&format!("{}{stat}C: UIDL\nS: -ERR busy\n{list}", announced(&["UIDL"]))).await;
    assert_eq!(pop3.entries().await.unwrap_err().kind(), Kind::Rejected);
    drop(pop3);
    script.finish().await.unwrap();
}

#[tokio::test]
async fn a_maildrop_that_cannot_be_listed_is_empty_only_where_stat_says_so() {
    let refused = "C: UIDL\nS: -ERR none\nC: LIST\nS: -ERR none\n";
    let (mut pop3, _script) = bare(&format!("C: STAT\nS: +OK 0 0\n{refused}")).await;
    assert!(pop3.entries().await.unwrap().is_empty());
    let (mut pop3, _script) = bare(&format!("C: STAT\nS: +OK 2 60\n{refused}")).await;
    assert_eq!(pop3.entries().await.unwrap_err().kind(), Kind::Rejected);
}

#[tokio::test]
async fn a_top_refused_for_one_message_is_not_missing() {
    let (mut pop3, script) = bare(
        "
        C: STAT
        S: +OK 2 60
        C: UIDL
        S: +OK
        S: 1 a
        S: 2 b
        S: .
        C: LIST
        S: +OK
        S: 1 30
        S: 2 30
        S: .
        C: TOP 1 0
        S: -ERR gone
        C: LIST 1
        S: -ERR gone
        C: TOP 2 0
        S: +OK
        S: x: y
        S:
        S: .
        C: TOP 1 0
        S: -ERR gone
        C: TOP 2 0
        S: +OK
        S: x: y
        S:
        S: .
        C: RETR 1
        S: -ERR gone
        ",
    )
    .await;
    let ids = ids(&mut pop3).await;
    let mut mail = Mailbox::messages(&mut pop3, &ids, Part::Header).await.unwrap();
    let header = mail.try_next().await.unwrap().unwrap();
    assert_eq!((header.id(), &header.bytes()[..]), (&ids[1], &b"x: y\r\n\r\n"[..]));
    assert_eq!(mail.try_next().await.unwrap().unwrap().defects(), [Defect::Refused { text: "gone".to_owned() }]);
    assert!(mail.try_next().await.unwrap().is_none());
    drop(mail);
    drop(pop3);
    script.finish().await.unwrap();
}

#[tokio::test]
async fn what_capa_does_not_name_is_used_where_it_works() {
    let server = Server::builder().user("me", "secret").without_pop3("CAPA").in_memory().unwrap();
    server.deliver("me", "INBOX", "a: b\r\n\r\ntext\r\n", &[]).unwrap();
    let mut pop3 = session(server.pop3_stream(), plaintext(), me()).await.unwrap();
    assert!(pop3.capabilities().is_empty());
    let ids = ids(&mut pop3).await;
    assert!(pop3.features().stable_ids);
    server.clear_commands();
    for _ in 0..2 {
        let mut mail = Mailbox::messages(&mut pop3, &ids, Part::Header).await.unwrap();
        assert_eq!(&mail.try_next().await.unwrap().unwrap().bytes()[..], b"a: b\r\n\r\n");
        drop(mail);
    }
    assert_eq!(server.commands(), ["TOP 1 0"; 3]);
}

#[tokio::test]
async fn one_message_is_asked_about_by_its_number() {
    let (pop3, _script) = bare("C: LIST 2\nS: +OK 2 200\nC: UIDL 2\nS: +OK 2 x y\nC: LIST 2\nS: +OK 3 1").await;
    assert_eq!(pop3.list_one(number(2)).await.unwrap(), 200);
    assert_eq!(pop3.uidl_one(number(2)).await.unwrap().as_bytes(), b"x y");
    assert_eq!(pop3.list_one(number(2)).await.unwrap_err().kind(), Kind::Missing);
}

#[tokio::test]
async fn a_server_that_keeps_nothing_is_said_to_delete_what_was_downloaded() {
    let kept = |days: u64| Some(Duration::from_secs(days * 86_400));
    for (days, hides, kept_for) in [("0", true, kept(0)), ("30 USER", false, kept(30)), ("NEVER", false, None)] {
        let (pop3, _script) = scripted(&announced(&[&format!("EXPIRE {days}")])).await;
        assert_eq!(
            (pop3.features().may_hide_downloaded, pop3.capabilities().expire().is_some()),
            (hides, true),
            "{days}"
        );
        assert_eq!(pop3.features().kept_for, kept_for, "{days}");
    }
}

/// A server that announces these mechanisms and USER, up to the login.
fn offering(mechanisms: &str) -> String {
    format!("S: +OK\nC: CAPA\nS: +OK\nS: USER\nS: SASL {mechanisms}\nS: .\n")
}

#[tokio::test]
async fn what_will_pass_is_no_wrong_password_also_where_only_words_say_so() {
    for (text, limit) in [
        ("Maildrop locked", false),
        ("unable to lock maildrop", false),
        ("[IN-USE] Do you have another POP session running?", false),
        ("[SYS/TEMP] try later", false),
        ("[LOGIN-DELAY] too soon", false),
        ("Server is busy, try again later", false),
        ("Too many simultaneous connections", true),
    ] {
        for login in ["C: USER me\nS: +OK\nC: PASS secret\n", "C: USER me\n"] {
            let begin = "S: +OK\nC: CAPA\nS: -ERR what?\n";
            let mut script = Script::new(&format!("{begin}{login}S: -ERR {text}\neof"));
            let error = opened(&mut script).await.unwrap_err();
            assert_eq!((error.kind(), error.is_retryable()), (Kind::Rejected, true), "{text}");
            assert_eq!(error.is_connection_limit(), limit, "{text}");
            script.finish().await.unwrap();
        }
        for mechanism in ["CRAM-MD5", "PLAIN"] {
            let mut script =
                Script::new(&format!("{}C: AUTH {mechanism}{{*}}\nS: -ERR {text}\neof", offering(mechanism)));
            let error = opened(&mut script).await.unwrap_err();
            assert_eq!((error.kind(), error.is_retryable()), (Kind::Rejected, true), "{mechanism}: {text}");
            assert_eq!(error.is_connection_limit(), limit, "{mechanism}: {text}");
            script.finish().await.unwrap();
        }
        let mut script = Script::new(&format!("S: -ERR {text}\neof"));
        let error = opened(&mut script).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable(), error.is_connection_limit()), (Kind::Closed, true, limit));
    }
    let mut script = Script::new("S: 421 Server is busy, try again later.\nclose");
    let error = opened(&mut script).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (Kind::Closed, true));
}

#[tokio::test]
async fn a_connection_that_is_closed_before_the_greeting_may_be_one_too_many() {
    for dialogue in ["close", "S-raw: +O\nclose"] {
        let error = opened(&mut Script::new(dialogue)).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (Kind::Closed, true));
        assert!(error.is_connection_limit());
    }
}

#[tokio::test]
async fn after_a_mechanism_that_is_unknown_comes_the_next_that_shows_no_more() {
    let capa = "C: CAPA\nS: +OK\nS: .\n";
    let unknown = "S: -ERR Unknown command\n";
    // The same once more without the initial response, then the next mechanism, and at last the protocol's own command.
    let dialogue = format!(
        "{}C: AUTH PLAIN AG1lAHNlY3JldA==\n{unknown}C: AUTH PLAIN\n{unknown}C: AUTH LOGIN\n{unknown}C: USER me\nS: +OK\nC: PASS secret\nS: +OK\n{capa}",
        offering("PLAIN LOGIN")
    );
    let mut script = Script::new(&dialogue);
    drop(opened(&mut script).await.unwrap());
    script.finish().await.unwrap();

    let old = format!(
        "{}C: AUTH PLAIN AG1lAHNlY3JldA==\n{unknown}C: AUTH PLAIN\nS: + \nC: AG1lAHNlY3JldA==\nS: +OK\n{capa}",
        offering("PLAIN")
    );
    let mut script = Script::new(&old);
    drop(opened(&mut script).await.unwrap());
    script.finish().await.unwrap();

    // Nothing weaker than the refused mechanism is tried.
    let mut script = Script::new(&format!("{}C: AUTH CRAM-MD5\n{unknown}eof", offering("PLAIN CRAM-MD5")));
    let error = opened(&mut script).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("CRAM-MD5") && text.contains("Login::only"), "{text}");
    assert!(!error.is_retryable());
    script.finish().await.unwrap();

    // A wrong password is not an unknown command.
    let refused =
        format!("{}C: AUTH PLAIN AG1lAHNlY3JldA==\nS: -ERR authentication failed\neof", offering("PLAIN LOGIN"));
    let mut script = Script::new(&refused);
    assert_eq!(opened(&mut script).await.unwrap_err().kind(), Kind::Login);
    script.finish().await.unwrap();
}

/// GNU Mailutils offers mechanisms for which it has no secrets.
#[tokio::test]
async fn a_mechanism_that_the_server_cannot_serve_is_named_with_what_helps() {
    let challenge = "S: + PDEuMkBhPg==\nC: {*}\n";
    let mut script = Script::new(&format!(
        "{}C: AUTH CRAM-MD5\n{challenge}S: -ERR Authentication failed\neof",
        offering("PLAIN CRAM-MD5")
    ));
    let error = opened(&mut script).await.unwrap_err();
    let text = error.to_string();
    assert!(error.kind() == Kind::Login && text.contains("CRAM-MD5") && text.contains("Login::only"), "{text}");
    script.finish().await.unwrap();
}

#[tokio::test]
async fn a_session_that_the_server_broke_is_not_tried_again() {
    for (answer, kind) in [("nonsense", Kind::Protocol), ("", Kind::Protocol)] {
        let (pop3, _script) = bare(&format!("C: NOOP\nS: {answer}")).await;
        assert_eq!(pop3.noop().await.unwrap_err().kind(), kind);
        let error = pop3.noop().await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (Kind::Closed, false));
    }
    let (pop3, _script) = bare("C: NOOP\nS-fill: 70000 x\nstall").await;
    assert_eq!(pop3.noop().await.unwrap_err().kind(), Kind::Limit);
    assert!(!pop3.noop().await.unwrap_err().is_retryable());
    let (pop3, _script) = bare("C: NOOP\nclose").await;
    assert!(pop3.noop().await.unwrap_err().is_retryable());
    assert!(pop3.noop().await.unwrap_err().is_retryable());
}

/// A line that no command requested says why the server is about to close.
#[tokio::test(start_paused = true)]
async fn why_the_server_ends_the_session_is_a_notice() {
    let dialogue = "C: NOOP\nS: +OK\nS: -ERR [SYS/TEMP] idle for too long\nclose";
    let (pop3, _script) = bare(dialogue).await;
    let mut notices = pop3.notices();
    pop3.noop().await.unwrap();
    let Some(Notice::Bye { text, code }) = notices.next().await else { panic!("no goodbye") };
    assert_eq!((text.as_str(), code.unwrap().name()), ("idle for too long", "SYS/TEMP"));
    assert!(notices.next().await.is_none());
}

//! What a refusal, a goodbye and an end mean to the caller, who decides what to do next: retry, ask for another password, or neither.

use std::error::Error as _;
use std::time::Duration;

use postroom::imap::{Imap, Items, Uids};
use postroom::testing::Script;
use postroom::{Config, Error, Kind};

use crate::support::{alice, greeted, plaintext, scripted, selected};

/// The error of connecting; the dialogue must be played to its end.
async fn refused(dialogue: &str) -> Error {
    let (script, imap) = scripted(dialogue, plaintext()).await;
    script.finish().await.unwrap();
    imap.unwrap_err()
}

const PLAIN: &str = "AUTHENTICATE PLAIN AGFsaWNlAGFsaWNlcHc=";

/// Gmail: zone-eu/wildduck#35; Dovecot: mail_max_userip_connections; jstedfast/MailKit#1100.
#[tokio::test(start_paused = true)]
async fn a_login_that_is_refused_for_a_limit_or_for_work_is_not_a_wrong_password() {
    for (answer, limit) in [
        ("NO [ALERT] Too many simultaneous connections. (Failure)", true),
        ("NO Maximum number of connections from user+IP exceeded", true),
        ("NO [LIMIT] no", true),
        ("BAD Too many connections", true),
        ("NO [UNAVAILABLE] Temporary authentication failure.", false),
        ("NO [INUSE] in use", false),
        ("NO Server is busy, try again later.", false),
    ] {
        for (capability, command) in [("", "LOGIN \"alice\" \"alicepw\""), (" SASL-IR AUTH=PLAIN", PLAIN)] {
            let dialogue = format!(
                "S: * OK [CAPABILITY IMAP4rev1{capability}] ready
                C: {{A}} {command}
                S: {{A}} {answer}
                eof"
            );
            let error = refused(&dialogue).await;
            assert_eq!((error.kind(), error.is_retryable()), (Kind::Rejected, true), "{answer}: {error}");
            assert_eq!(error.is_connection_limit(), limit, "{answer}");
        }
    }
    let wrong = "
        S: * OK [CAPABILITY IMAP4rev1] ready
        C: {A} LOGIN \"alice\" \"alicepw\"
        S: {A} NO [AUTHENTICATIONFAILED] wrong, try again later
        eof
    ";
    let error = refused(wrong).await;
    assert_eq!((error.kind(), error.is_retryable()), (Kind::Login, false));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_turns_a_client_away_before_the_login_is_come_back_to() {
    for (dialogue, words, limit) in [
        ("S: * BYE Too many connections from your address\neof", "Too many connections", true),
        ("S: * BYE [LIMIT] no\neof", "no", true),
        ("S: * BYE we are closed\neof", "we are closed", false),
        // jstedfast/MailKit#1100: SmarterMail.
        ("S: 421 Server is busy, try again later.\neof", "421 Server is busy", false),
        ("close", "before its greeting", true),
    ] {
        let error = refused(dialogue).await;
        assert_eq!((error.kind(), error.is_retryable()), (Kind::Closed, true), "{dialogue}: {error}");
        assert!(error.to_string().contains(words), "{dialogue}: {error}");
        assert_eq!(error.is_connection_limit(), limit, "{dialogue}");
    }
    let foreign = refused("S: 220 mail.example.org ESMTP\neof").await;
    assert_eq!((foreign.kind(), foreign.is_retryable()), (Kind::Protocol, false));
}

/// chatmail/core#1268: an alert is all that a client without TLS gets at a TLS port.
#[tokio::test(start_paused = true)]
async fn a_port_that_speaks_tls_is_named_as_one() {
    let error = refused("S-raw: \\x15\\x03\\x03\\x00\\x02\\x02\\x50\nclose").await;
    assert!(error.kind() == Kind::Protocol && error.to_string().contains("TLS"), "{error}");
}

/// HubSpot/NioImapClient#94.
#[tokio::test(start_paused = true)]
async fn words_glued_to_a_goodbye_are_kept() {
    let dialogue = "
        S: * OK [CAPABILITY IMAP4rev1] ready
        C: {A} LOGIN \"alice\" \"alicepw\"
        S: Your address is blocked by our policy. Write to support* BYE IMAP4rev1 server logging out
        eof
    ";
    let error = refused(dialogue).await;
    assert_eq!(error.kind(), Kind::Closed);
    assert!(error.to_string().contains("blocked by our policy. Write to support IMAP4rev1 server"), "{error}");
    let dialogue = "
        C: {A} LOGOUT
        S: bye now* BYE so long
        close
    ";
    let (script, imap) = greeted(dialogue, plaintext()).await;
    imap.logout().await.unwrap();
    script.finish().await.unwrap();
}

/// K-9 Mail's RealImapConnection: PLAIN is announced and not understood.
#[tokio::test(start_paused = true)]
async fn a_mechanism_that_is_not_understood_is_followed_by_what_shows_no_more() {
    let dialogue = format!(
        "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=LOGIN] ready
        C: {{A}} {PLAIN}
        S: {{A}} BAD Command unknown
        C: {{B}} AUTHENTICATE PLAIN
        S: {{B}} BAD Command unknown
        C: {{C}} AUTHENTICATE LOGIN
        S: {{C}} BAD Command unknown
        C: {{D}} LOGIN \"alice\" \"alicepw\"
        S: {{D}} OK [CAPABILITY IMAP4rev1] welcome"
    );
    let (script, imap) = scripted(&dialogue, plaintext()).await;
    imap.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_initial_response_that_is_not_understood_is_left_out_once() {
    let dialogue = format!(
        "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
        C: {{A}} {PLAIN}
        S: {{A}} BAD Too many arguments
        C: {{B}} AUTHENTICATE PLAIN
        S: +{}
        C: AGFsaWNlAGFsaWNlcHc=
        S: {{B}} OK [CAPABILITY IMAP4rev1] welcome",
        ' '
    );
    let (script, imap) = scripted(&dialogue, plaintext()).await;
    imap.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refused_proof_is_not_shown_another_way() {
    for answer in ["NO wrong", "NO [AUTHENTICATIONFAILED] wrong", "BAD [AUTHENTICATIONFAILED] wrong"] {
        let dialogue = format!(
            "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=LOGIN] ready
            C: {{A}} {PLAIN}
            S: {{A}} {answer}
            eof"
        );
        assert_eq!(refused(&dialogue).await.kind(), Kind::Login, "{answer}");
    }
    let answered = "
        S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=LOGIN] ready
        C: {A} AUTHENTICATE PLAIN
        S-raw: + \\r\\n
        C: AGFsaWNlAGFsaWNlcHc=
        S: {A} BAD no
        eof
    ";
    assert_eq!(refused(answered).await.kind(), Kind::Login);
}

/// GNU Mailutils 3.15 offers every mechanism of its SASL library, and has no passwords for some.
#[tokio::test(start_paused = true)]
async fn a_mechanism_that_is_offered_and_cannot_be_served_is_named_with_the_way_out() {
    let unheard = "
        S: * OK [CAPABILITY IMAP4rev1 AUTH=CRAM-MD5 AUTH=PLAIN AUTH=LOGIN] ready
        C: {A} AUTHENTICATE CRAM-MD5
        S: {A} BAD mechanism not known
        eof
    ";
    let failed = "
        S: * OK [CAPABILITY IMAP4rev1 AUTH=CRAM-MD5 AUTH=PLAIN] ready
        C: {A} AUTHENTICATE CRAM-MD5
        S: {A} NO AUTHENTICATE failed
        eof
    ";
    for (dialogue, kind) in [(unheard, Kind::Bad), (failed, Kind::Login)] {
        let error = refused(dialogue).await;
        let text = error.to_string();
        assert_eq!(error.kind(), kind, "{text}");
        assert!(text.contains("CRAM-MD5") && text.contains("Login::only"), "{text}");
    }
    let dialogue = "
        S: * OK [CAPABILITY IMAP4rev1 AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-1 AUTH=PLAIN] ready
        C: {A} AUTHENTICATE SCRAM-SHA-256
        S: {A} BAD mechanism not known
        C: {B} AUTHENTICATE SCRAM-SHA-1
        S: {B} BAD mechanism not known
        eof
    ";
    assert!(refused(dialogue).await.to_string().contains("SCRAM-SHA-1"));
}

#[tokio::test(start_paused = true)]
async fn capabilities_that_are_not_told_are_not_none() {
    let dialogue = "
        S: * OK ready
        C: {A} CAPABILITY
        S: {A} OK done
        eof
    ";
    assert_eq!(refused(dialogue).await.kind(), Kind::Protocol);
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_that_does_not_exist_is_known_by_code_or_words() {
    let dialogue = "
        C: {A} SELECT gone
        S: {A} NO [NONEXISTENT] Unknown Mailbox: gone (Failure)
        C: {B} SELECT gone
        S: {B} NO Mailbox does not exist, or must be subscribed to.
        C: {C} SELECT gone
        S: {C} NO gone doesn't exist.
        C: {D} SELECT gone
        S: {D} NO Permission denied
    ";
    let (script, mut imap) = greeted(dialogue, plaintext()).await;
    for missing in [true, true, true, false] {
        let error = imap.select("gone").await.unwrap_err();
        assert_eq!((error.kind(), error.is_missing_mailbox()), (Kind::Rejected, missing), "{error}");
    }
    script.finish().await.unwrap();
    let dialogue = "
        C: {A} UID COPY 1 gone
        S: {A} NO [TRYCREATE] no
        C: {B} UID COPY 1 gone
        S: {B} NO Message does not exist
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    let one: Uids = "1".parse().unwrap();
    assert!(folder.copy(one.clone(), "gone").await.unwrap_err().is_missing_mailbox());
    assert!(!folder.copy(one, "gone").await.unwrap_err().is_missing_mailbox());
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn after_the_end_a_folder_says_what_ended_it() {
    let dialogue = "
        C: {A} NOOP
        S-raw: {1\\r\\n
        S: x
        close
    ";
    let (_script, mut folder) = selected(dialogue, plaintext()).await;
    let first = folder.noop().await.unwrap_err();
    let later = [
        folder.info().unwrap_err(),
        folder.fetch("1".parse::<Uids>().unwrap(), Items::FLAGS).await.unwrap_err(),
        folder.noop().await.unwrap_err(),
    ];
    for error in later {
        assert_eq!((error.kind(), error.is_retryable()), (Kind::Closed, first.is_retryable()), "{error}");
        let text = if first.kind() == Kind::Closed { error.to_string() } else { error.source().unwrap().to_string() };
        // The first error names the command that it ended, and a cause does not repeat the server.
        let text = text.strip_prefix("localhost:143: ").unwrap_or(&text);
        assert_eq!(first.to_string(), format!("NOOP on localhost:143: {text}"));
    }
    let flood = format!("C: {{A}} NOOP\n{}stall", "S: this is not IMAP\n".repeat(101));
    let (_script, folder) = selected(&flood, plaintext()).await;
    assert_eq!(folder.noop().await.unwrap_err().kind(), Kind::Protocol);
    let error = folder.info().unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (Kind::Closed, false));
    assert!(error.source().unwrap().to_string().contains("no longer speaks IMAP"));
}

#[tokio::test(start_paused = true)]
async fn office_365_is_left_alone_for_a_minute_wherever_it_says_that_a_user_is_not_connected() {
    let later = "
        C: {A} SELECT INBOX
        S: {A} BAD User is authenticated but not connected.
        C: {B} NOOP
        S: {B} OK done
    ";
    let (script, mut imap) = greeted(later, plaintext()).await;
    let assert_text = |error: Error| {
        assert_eq!((error.kind(), error.is_retryable()), (Kind::Rejected, true));
        assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
        assert!(error.to_string().contains("authenticated but not connected"), "{error}");
    };
    assert_text(imap.select("INBOX").await.unwrap_err());
    imap.noop().await.unwrap();
    script.finish().await.unwrap();

    let at_once = "
        S: * OK [CAPABILITY IMAP4rev1 ID] ready
        C: {A} LOGIN \"alice\" \"alicepw\"
        S: {A} OK [CAPABILITY IMAP4rev1 ID] LOGIN completed.
        C: {B} ID (\"name\" \"x\")
        C: {S} SELECT INBOX
        S: {B} BAD User is authenticated but not connected.
        S: {S} BAD User is authenticated but not connected.
    ";
    let (script, imap) = scripted(at_once, plaintext().id([("name", "x")])).await;
    assert_text(imap.unwrap().select("INBOX").await.unwrap_err());
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn over_a_real_socket_a_close_before_the_greeting_is_the_same() {
    let mut script = Script::new("close");
    let address = script.listen().await.unwrap();
    let config = Config::new("127.0.0.1").port(address.port()).dangerous_plaintext();
    let error = Imap::connect(config, alice()).await.unwrap_err();
    assert!(error.is_retryable() && matches!(error.kind(), Kind::Closed | Kind::Io), "{error:?}");
}

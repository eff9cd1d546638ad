//! Greetings, capabilities and logins.

use postroom::Kind;
use postroom::imap::Imap;

use crate::support::{plaintext, scripted};

/// The client's result for a dialogue that must be played to its end.
async fn played(dialogue: &str) -> Result<Imap, postroom::Error> {
    let (script, imap) = scripted(dialogue, plaintext()).await;
    script.finish().await.unwrap();
    imap
}

#[tokio::test(start_paused = true)]
async fn capabilities_are_taken_from_wherever_they_come() {
    let in_codes = "
        S: * OK [CAPABILITY IMAP4rev1] ready
        C: {A} LOGIN \"alice\" \"alicepw\"
        S: {A} OK [CAPABILITY IMAP4rev1 IDLE] welcome
    ";
    let untagged = "
        S: * OK ready
        C: {A} CAPABILITY
        S: * CAPABILITY IMAP4rev1
        S: {A} OK done
        C: {B} LOGIN \"alice\" \"alicepw\"
        S: * CAPABILITY IMAP4rev1 IDLE
        S: {B} OK welcome
    ";
    let asked = "
        S: * OK ready
        C: {A} CAPABILITY
        S: * CAPABILITY IMAP4rev1 SASL-IR AUTH=GSSAPI
        S: {A} OK done
        C: {B} LOGIN \"alice\" \"alicepw\"
        S: {B} OK welcome
        C: {C} CAPABILITY
        S: * CAPABILITY IMAP4rev1 IDLE
        S: {C} OK done
    ";
    for dialogue in [in_codes, untagged, asked] {
        let imap = played(dialogue).await.unwrap();
        assert!(imap.capabilities().idle(), "{dialogue}");
        assert!(!imap.capabilities().sasl_ir(), "what held before the login is forgotten: {dialogue}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_initial_response_goes_along_only_where_it_is_offered() {
    let offered = "
        S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
        C: {A} AUTHENTICATE PLAIN AGFsaWNlAGFsaWNlcHc=
        S: {A} OK [CAPABILITY IMAP4rev1] welcome
    ";
    let not_offered = "
        S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready
        C: {A} AUTHENTICATE PLAIN
        S: + \n        C: AGFsaWNlAGFsaWNlcHc=
        S: {A} OK [CAPABILITY IMAP4rev1] welcome
    ";
    for dialogue in [offered, not_offered] {
        played(dialogue).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_is_an_error_of_its_own_and_is_not_tried_another_way() {
    let sasl = "
        S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready
        C: {A} AUTHENTICATE PLAIN AGFsaWNlAGFsaWNlcHc=
        S: {A} NO [AUTHENTICATIONFAILED] wrong
        eof
    ";
    let command = "
        S: * OK [CAPABILITY IMAP4rev1] ready
        C: {A} LOGIN \"alice\" \"alicepw\"
        S: {A} NO [AUTHENTICATIONFAILED] wrong
        eof
    ";
    for dialogue in [sasl, command] {
        let error = played(dialogue).await.unwrap_err();
        assert_eq!((error.kind(), error.code().unwrap().name()), (Kind::Login, "AUTHENTICATIONFAILED"));
        assert!(!error.is_retryable());
        let shown = format!("{error:?} {error}");
        assert!(!shown.contains("alicepw") && !shown.contains("AGFsaWNlAGFsaWNlcHc"), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_disabled_login_is_obeyed_before_a_byte_of_it_is_sent() {
    let dialogue = "
        S: * OK [CAPABILITY IMAP4rev1 LOGINDISABLED STARTTLS] ready
        eof
    ";
    assert_eq!(played(dialogue).await.unwrap_err().kind(), Kind::Unsupported);
    let asked = "
        S: * OK ready
        C: {A} CAPABILITY
        S: * CAPABILITY IMAP4rev1 LOGINDISABLED
        S: {A} OK done
        eof
    ";
    assert_eq!(played(asked).await.unwrap_err().kind(), Kind::Unsupported);
}

#[tokio::test(start_paused = true)]
async fn preauth_needs_no_login() {
    played("S: * PREAUTH [CAPABILITY IMAP4rev1] welcome back").await.unwrap();
    let asked = "
        S: * PREAUTH welcome back
        C: {A} CAPABILITY
        S: * CAPABILITY IMAP4rev1 IDLE
        S: {A} OK done
    ";
    assert!(played(asked).await.unwrap().capabilities().idle());
}

#[tokio::test(start_paused = true)]
async fn a_bye_instead_of_a_greeting_is_told_with_its_words() {
    let error = played("S: * BYE [UNAVAILABLE] too busy\neof").await.unwrap_err();
    assert_eq!((error.kind(), error.code().unwrap().name()), (Kind::Closed, "UNAVAILABLE"));
    assert!(error.to_string().contains("too busy") && error.is_retryable());
}

#[tokio::test(start_paused = true)]
async fn a_bye_in_the_midst_is_told_to_everybody_who_waits_and_to_whoever_comes_later() {
    let dialogue = "
        S: * PREAUTH [CAPABILITY IMAP4rev1] ready
        C: {A} NOOP
        C: {B} LIST \"\" \"*\"
        S: * BYE [INUSE] the house is closing
        eof
    ";
    let (script, imap) = scripted(dialogue, plaintext()).await;
    let imap = imap.unwrap();
    let (noop, list) = tokio::join!(imap.noop(), imap.list("*"));
    for error in [noop.unwrap_err(), list.unwrap_err(), imap.noop().await.unwrap_err()] {
        assert_eq!((error.kind(), error.code().unwrap().name()), (Kind::Closed, "INUSE"));
        assert!(error.to_string().contains("the house is closing"));
    }
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_is_said_and_waited_for() {
    let dialogue = "
        S: * PREAUTH [CAPABILITY IMAP4rev1] ready
        C: {A} LOGOUT
        S: * BYE until next time
        S: {A} OK done
        eof
    ";
    let (script, imap) = scripted(dialogue, plaintext()).await;
    imap.unwrap().logout().await.unwrap();
    script.finish().await.unwrap();
    // Some servers close without the tagged answer: they have said goodbye all the same.
    let (script, imap) = scripted("S: * PREAUTH [CAPABILITY X] a\nC: {A} LOGOUT\nS: * BYE\nclose", plaintext()).await;
    imap.unwrap().logout().await.unwrap();
    script.finish().await.unwrap();
}

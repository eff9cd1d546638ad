//! STARTTLS: required, never opportunistic, and nothing from before TLS is trusted.

use postroom::Kind;

use crate::support::{scripted, starttls};

async fn refused(dialogue: &str) -> Kind {
    let (script, imap) = scripted(dialogue, starttls()).await;
    script.finish().await.unwrap();
    imap.unwrap_err().kind()
}

#[tokio::test(start_paused = true)]
async fn what_was_said_before_tls_is_forgotten() {
    let dialogue = "
        S: * OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED AUTH=EVIL] ready
        C: {A} STARTTLS
        S: {A} OK go on
        tls
        C: {B} CAPABILITY
        S: * CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN
        S: {B} OK done
        C: {C} AUTHENTICATE PLAIN AGFsaWNlAGFsaWNlcHc=
        S: {C} OK [CAPABILITY IMAP4rev1] welcome
    ";
    let (script, imap) = scripted(dialogue, starttls()).await;
    assert!(!imap.unwrap().capabilities().login_disabled());
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn it_is_asked_for_even_where_it_is_not_announced() {
    let dialogue = "
        S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready
        C: {A} STARTTLS
        S: {A} OK go on
        tls
        C: {B} CAPABILITY
        S: {B} BAD enough
        stall
    ";
    assert_eq!(refused(dialogue).await, Kind::Bad);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_the_end_and_nothing_is_sent_in_clear() {
    for answer in ["NO not now", "BAD unknown command"] {
        let dialogue =
            format!("S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\nC: {{A}} STARTTLS\nS: {{A}} {answer}\neof");
        assert_eq!(refused(&dialogue).await, Kind::Tls, "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_logged_in_before_tls_is_refused() {
    assert_eq!(refused("S: * PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hi\neof").await, Kind::Tls);
}

#[tokio::test(start_paused = true)]
async fn bytes_behind_the_agreement_are_an_injection() {
    for injected in ["* CAPABILITY IMAP4rev1 AUTH=EVIL\\r\\n", "A2 OK", "x"] {
        let dialogue = format!("S: * OK hi\nC-raw: A1 STARTTLS\\r\\n\nS-raw: A1 OK go on\\r\\n{injected}\neof");
        assert_eq!(refused(&dialogue).await, Kind::Protocol, "{injected}");
    }
}

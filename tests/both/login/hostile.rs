//! Servers that cheat or fail in the middle of a login.

use postroom::{Kind, Limits, Login, Protocol};

use super::{BOTH, base64, dialogue, logged_in, plaintext, played, played_with, whole};
use crate::session::alice;

/// A SCRAM dialogue after the client's first message, with any nonce.
fn scram(protocol: Protocol, steps: &str) -> String {
    let opening = match protocol {
        Protocol::Imap => "~ SCRAM-SHA-256\nS-raw: + \\r\\n\nC-bytes: 62",
        _ => "C-raw: AUTH\\x20SCRAM-SHA-256\\x20\nC-bytes: 62",
    };
    dialogue(protocol, "SCRAM-SHA-256", &format!("{opening}\n{steps}")).replace("SASL-IR ", "")
}

#[tokio::test(start_paused = true)]
async fn a_success_without_the_servers_proof_is_no_login() {
    for protocol in BOTH {
        // Some POP3 servers write `+OK` for `+` while the client still owes its proof: it is no challenge, and the exchange is cancelled.
        let steps = match protocol {
            Protocol::Imap => "ok welcome\neof",
            _ => "ok welcome\nC: *\nbad what?\neof",
        };
        let error = played(protocol, &scram(protocol, steps), alice()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Protocol, "{protocol:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_first_message_that_cheats_is_cancelled_and_the_password_is_safe() {
    for message in [
        "r=someone-elses-nonce,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "m=trust-me,r=x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "i=1",
        "",
        "\u{7f}\u{1}",
    ] {
        for protocol in BOTH {
            let steps = format!("S: + {}\nC: *\nbad cancelled\neof", base64(message));
            let error = played(protocol, &scram(protocol, &steps), alice()).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Protocol, "{message:?}");
            assert!(!whole(&error).contains("alicepw"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn garbage_for_base64_is_cancelled() {
    for protocol in BOTH {
        for mechanism in ["CRAM-MD5", "LOGIN"] {
            let steps = format!("~ {mechanism}\nS: + !!!not base64!!!\nC: *\nbad cancelled\neof");
            let error = played(protocol, &dialogue(protocol, mechanism, &steps), alice()).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Protocol);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_challenge_too_many_is_cancelled_and_whatever_comes_then_is_the_end() {
    let plain = base64("\0alice\0alicepw");
    for protocol in BOTH {
        for end in ["bad cancelled\neof", "no cancelled\neof", "ok welcome\neof", "S: + more\neof", "close"] {
            let steps = format!("~ PLAIN {plain}\nS: + dGhlcmUgaXMgbW9yZQ==\nC: *\n{end}");
            let error = played(protocol, &dialogue(protocol, "PLAIN", &steps), alice()).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Protocol, "{end}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn challenges_without_end_reach_a_limit() {
    let mut limits = Limits::default();
    limits.challenges = 1;
    for protocol in BOTH {
        let steps = "~ LOGIN\nS: + VXNlcm5hbWU6\nC: YWxpY2U=\nS: + UGFzc3dvcmQ6\nC: *\nbad cancelled\neof";
        let config = plaintext().limits(limits.clone());
        let error = played_with(protocol, &dialogue(protocol, "LOGIN", steps), alice(), config).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Limit);
    }
}

#[tokio::test(start_paused = true)]
async fn success_before_the_proof_was_asked_for_is_not_believed() {
    for mechanism in ["CRAM-MD5", "LOGIN"] {
        let dialogue = dialogue(Protocol::Imap, mechanism, &format!("~ {mechanism}\nok welcome\neof"));
        assert_eq!(played(Protocol::Imap, &dialogue, alice()).await.unwrap_err().kind(), Kind::Protocol);
    }
}

#[tokio::test(start_paused = true)]
async fn a_plain_login_whose_line_pop3_cannot_hold_waits_to_be_asked() {
    let password = "x".repeat(200);
    let line = base64(format!("\0alice\0{password}"));
    let steps = format!("~ PLAIN\nS-raw: +\\r\\n\nC: {line}\nok welcome\n{}", logged_in(Protocol::Pop3));
    let dialogue = dialogue(Protocol::Pop3, "PLAIN", &steps);
    played(Protocol::Pop3, &dialogue, Login::password("alice", password)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_ok_where_pop3_owes_a_challenge_is_taken_for_one() {
    let rest = logged_in(Protocol::Pop3);
    let login = "~ LOGIN\nS: +OK VXNlcm5hbWU6\nC: YWxpY2U=\nS: +OK UGFzc3dvcmQ6\nC: YWxpY2Vwdw==\nok welcome";
    let cram = "~ CRAM-MD5\nS: +OK PDFAeD4=\nC: YWxpY2UgZjM4ZjUxYTU1MGJkZjIwY2VkZWI0MmFkYzY3NGMxZjA=\nok welcome";
    for (mechanism, steps) in [("LOGIN", login), ("CRAM-MD5", cram)] {
        let dialogue = dialogue(Protocol::Pop3, mechanism, &format!("{steps}\n{rest}"));
        played(Protocol::Pop3, &dialogue, alice()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_instead_of_a_challenge_is_a_refused_login() {
    for protocol in BOTH {
        for mechanism in ["CRAM-MD5", "LOGIN"] {
            let dialogue = dialogue(protocol, mechanism, &format!("~ {mechanism}\nno nobody comes in\neof"));
            let error = played(protocol, &dialogue, alice()).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Login);
            assert!(whole(&error).contains("nobody comes in"));
        }
    }
}

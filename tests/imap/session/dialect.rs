//! What a session does with servers that deviate: words that mean more than NO and BAD, options announced and refused,
//! data left out.

use std::time::Duration;

use postroom::imap::{Imap, MailboxName, SameMailbox, Uid, Uids};
use postroom::testing::Script;
use postroom::{Flag, FlagChange, Kind, Limits, Login};

use crate::support::{greeted, plaintext, scripted, selected};

const EXTENDED: &str = "S: * PREAUTH [CAPABILITY IMAP4rev1 LIST-EXTENDED SPECIAL-USE] ready\n";

#[tokio::test(start_paused = true)]
async fn a_throttled_request_is_a_refusal_that_says_when_to_come_again() {
    let dialogue = "
        C: {A} LIST \"\" \"*\"
        S: {A} BAD Request is throttled. Suggested Backoff Time: 297041 milliseconds
        C: {B} NOOP
        S: {B} NO Request is throttled. Suggested Backoff Time: 99999999999999999999999 milliseconds
        C: {C} NOOP
        S: * BYE Request is throttled. Suggested Backoff Time: 1500 milliseconds
        eof
    ";
    let (script, imap) = greeted(dialogue, plaintext()).await;
    let error = imap.list("*").await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (Kind::Rejected, true));
    assert_eq!(error.retry_after(), Some(Duration::from_millis(297_041)));
    let error = imap.noop().await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(24 * 60 * 60)), "no server is believed without end");
    let error = imap.noop().await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (Kind::Closed, Some(Duration::from_millis(1500))));
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_throttled_login_is_not_a_wrong_password() {
    for (capability, command) in
        [("", "LOGIN \"alice\" \"alicepw\""), (" SASL-IR AUTH=PLAIN", "AUTHENTICATE PLAIN AGFsaWNlAGFsaWNlcHc=")]
    {
        let dialogue = format!(
            "S: * OK [CAPABILITY IMAP4rev1{capability}] ready
            C: {{A}} {command}
            S: {{A}} BAD Request is throttled. Suggested Backoff Time: 60000 milliseconds
            eof"
        );
        let (script, imap) = scripted(&dialogue, plaintext()).await;
        let error = imap.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (Kind::Rejected, true), "{command}");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(60)), "{command}");
        script.finish().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_without_a_tag_that_it_is_unavailable_is_closed_at_once() {
    let dialogue = "
        C: {A} UID STORE 1:* +FLAGS.SILENT (\\Seen)
        S: Server Unavailable. 15
        eof
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    let stored = folder.store(Uids::ALL, &FlagChange::add([Flag::SEEN])).await.unwrap_err();
    assert_eq!(stored.kind(), Kind::Unknown, "it may have been done");
    let error = folder.noop().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (Kind::Closed, true));
    assert!(error.to_string().contains("Server Unavailable. 15"), "{error}");
    script.finish().await.unwrap();

    let (script, imap) = scripted("S: Server Unavailable. 15\neof", plaintext()).await;
    let error = imap.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (Kind::Closed, true));
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn list_options_that_are_refused_are_left_out_from_then_on() {
    let dialogue = "
        C: {A} LIST \"\" \"a%\" RETURN (CHILDREN SPECIAL-USE)
        S: {A} BAD parse error
        C: {B} LIST \"\" \"a%\" RETURN (CHILDREN)
        S: {B} BAD parse error
        C: {C} LIST \"\" \"a%\"
        S: * LIST () \"/\" a1
        S: {C} OK done
        C: {D} LIST \"\" \"a%\"
        S: * LIST () \"/\" a1
        S: {D} OK done
        C: {E} LSUB \"\" \"a%\"
        S: {E} OK done
    ";
    let (script, imap) = scripted(&format!("{EXTENDED}{dialogue}"), plaintext()).await;
    let imap = imap.unwrap();
    for _ in 0..2 {
        assert_eq!(imap.list("a%").await.unwrap()[0].name.as_str(), "a1");
    }
    assert!(imap.list_subscribed("a%").await.unwrap().is_empty());
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_group_of_list_options_may_be_refused_and_the_other_kept() {
    let dialogue = "
        C: {A} LIST \"\" \"a%\" RETURN (CHILDREN SPECIAL-USE)
        S: {A} NO [CANNOT] no special uses
        C: {B} LIST \"\" \"a%\" RETURN (CHILDREN)
        S: {B} OK done
        C: {C} LIST \"\" \"b%\" RETURN (CHILDREN)
        S: {C} OK done
    ";
    let (script, imap) = scripted(&format!("{EXTENDED}{dialogue}"), plaintext()).await;
    let imap = imap.unwrap();
    assert!(imap.list("a%").await.unwrap().is_empty());
    assert!(imap.list("b%").await.unwrap().is_empty());
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_refused_in_every_form_blames_no_option() {
    let dialogue = "
        C: {A} LIST \"\" \"a%\" RETURN (CHILDREN SPECIAL-USE)
        S: {A} NO no such thing
        C: {B} LIST \"\" \"a%\" RETURN (CHILDREN)
        S: {B} NO no such thing
        C: {C} LIST \"\" \"a%\"
        S: {C} NO no such thing
        C: {D} LIST \"\" \"b%\" RETURN (CHILDREN SPECIAL-USE)
        S: {D} OK done
    ";
    let (script, imap) = scripted(&format!("{EXTENDED}{dialogue}"), plaintext()).await;
    let imap = imap.unwrap();
    assert_eq!(imap.list("a%").await.unwrap_err().kind(), Kind::Rejected);
    assert!(imap.list("b%").await.unwrap().is_empty());
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_inbox_that_a_list_with_options_leaves_out_is_asked_for_without() {
    let dialogue = "
        C: {A} LIST \"\" \"*\" RETURN (CHILDREN SPECIAL-USE)
        S: * LIST (\\HasNoChildren \\Sent) \"/\" Sent
        S: {A} OK done
        C: {B} LIST \"\" \"*\"
        S: * LIST () \"/\" INBOX
        S: * LIST () \"/\" Sent
        S: {B} OK done
    ";
    let (script, imap) = scripted(&format!("{EXTENDED}{dialogue}"), plaintext()).await;
    let listed = imap.unwrap().list("*").await.unwrap();
    let names: Vec<_> = listed.iter().map(|listed| listed.name.as_str()).collect();
    assert_eq!(names, ["Sent", "INBOX"]);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_next_uid_is_asked_for_where_it_was_not_told() {
    let stated = "
        C: {A} STATUS INBOX (UIDNEXT)
        S: * STATUS INBOX (UIDNEXT 44)
        S: {A} OK done
    ";
    let found = "
        C: {A} STATUS INBOX (UIDNEXT)
        S: * STATUS \"INBOX\" ()
        S: {A} OK done
        C: {B} UID FETCH * (UID)
        S: * 3 FETCH (UID 43)
        S: {B} OK done
    ";
    let refused = "
        C: {A} STATUS INBOX (UIDNEXT)
        S: {A} NO it is selected
        C: {B} UID FETCH * (UID)
        S: * 3 FETCH (UID 43)
        S: {B} OK done
    ";
    for dialogue in [stated, found, refused] {
        let (script, folder) = selected(dialogue, plaintext()).await;
        let next = folder.next_uid().await;
        script.finish().await.unwrap();
        assert_eq!(next.unwrap(), Uid::new(44).ok(), "{dialogue}");
    }
    let silent = "
        C: {A} SELECT INBOX
        S: * 0 EXISTS
        S: * OK [UIDNEXT 7] next
        S: {A} OK done
        C: {B} SELECT Other
        S: * 0 EXISTS
        S: {B} OK done
        C: {C} STATUS Other (UIDNEXT)
        S: * STATUS Other (UIDNEXT 0)
        S: {C} OK done
    ";
    let (script, mut imap) = greeted(silent, plaintext()).await;
    assert_eq!(imap.select("INBOX").await.unwrap().next_uid().await.unwrap(), Uid::new(7).ok());
    assert_eq!(imap.select("Other").await.unwrap().next_uid().await.unwrap(), None);
    script.finish().await.unwrap();
}

async fn compared(capability: &str, dialogue: &str) -> SameMailbox {
    let dialogue = format!("S: * PREAUTH [CAPABILITY IMAP4rev1{capability}] ready\n{dialogue}");
    let (script, imap) = scripted(&dialogue, plaintext()).await;
    let imap = imap.unwrap();
    let sameness = imap.same_mailbox("X", "INBOX.X").await.unwrap();
    assert_eq!(imap.same_mailbox("inbox", MailboxName::INBOX).await.unwrap(), SameMailbox::Same);
    script.finish().await.unwrap();
    sameness
}

#[tokio::test(start_paused = true)]
async fn two_names_of_one_mailbox_are_found_out() {
    for (other, sameness) in [("F22", SameMailbox::Same), ("F23", SameMailbox::Different)] {
        let dialogue = format!(
            "C: {{A}} STATUS X (UIDNEXT UIDVALIDITY MAILBOXID)
            S: * STATUS X (UIDNEXT 5 UIDVALIDITY 1 MAILBOXID (F22))
            S: {{A}} OK done
            C: {{B}} STATUS INBOX.X (UIDNEXT UIDVALIDITY MAILBOXID)
            S: * STATUS INBOX.X (UIDNEXT 5 UIDVALIDITY 1 MAILBOXID ({other}))
            S: {{B}} OK done"
        );
        assert_eq!(compared(" OBJECTID", &dialogue).await, sameness);
    }
    let again = |next| format!("C: {{C}} STATUS X (UIDNEXT UIDVALIDITY)\nS: * STATUS X ({next})\nS: {{C}} OK done");
    for (first, second, third, sameness) in [
        ("UIDNEXT 5 UIDVALIDITY 1", "UIDNEXT 5 UIDVALIDITY 1", None, SameMailbox::Indistinct),
        ("UIDNEXT 5 UIDVALIDITY 1", "UIDNEXT 5 UIDVALIDITY 2", None, SameMailbox::Different),
        ("UIDNEXT 5 UIDVALIDITY 1", "UIDNEXT 4 UIDVALIDITY 1", None, SameMailbox::Different),
        // A message may have come in between.
        ("UIDNEXT 5 UIDVALIDITY 1", "UIDNEXT 6 UIDVALIDITY 1", Some("UIDNEXT 6"), SameMailbox::Indistinct),
        ("UIDNEXT 5 UIDVALIDITY 1", "UIDNEXT 6 UIDVALIDITY 1", Some("UIDNEXT 5"), SameMailbox::Different),
        ("", "", None, SameMailbox::Indistinct),
    ] {
        let dialogue = format!(
            "C: {{A}} STATUS X (UIDNEXT UIDVALIDITY)
            S: * STATUS X ({first})
            S: {{A}} OK done
            C: {{B}} STATUS INBOX.X (UIDNEXT UIDVALIDITY)
            S: * STATUS INBOX.X ({second})
            S: {{B}} OK done
            {}",
            third.map(again).unwrap_or_default()
        );
        assert_eq!(compared("", &dialogue).await, sameness, "{first} {second}");
    }
}

/// A set of UIDs without neighbours is sent in pieces of at most this many bytes.
async fn is_split(greeting: &str, limit: Option<usize>, set: usize) {
    let uids: Uids = (0..2000).flat_map(|number| Uid::new(1000 + 2 * number)).collect();
    let mut dialogue = format!("S: * PREAUTH {greeting}\nC: {{S}} SELECT INBOX\nS: * 900 EXISTS\nS: {{S}} OK done\n");
    for (number, piece) in uids.split(set).enumerate() {
        dialogue += &format!("C: {{T{number}}} UID STORE {piece} +FLAGS.SILENT (\\Seen)\nS: {{T{number}}} OK done\n");
    }
    let mut limits = Limits::default();
    limits.set = limit.unwrap_or(limits.set);
    let (script, imap) = scripted(&dialogue, plaintext().limits(limits)).await;
    let folder = imap.unwrap().into_folder("INBOX").await.unwrap();
    folder.store(uids, &FlagChange::add([Flag::SEEN])).await.unwrap();
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_command_line_is_no_longer_than_the_server_is_known_to_take() {
    is_split("[CAPABILITY IMAP4rev1] ready", None, 8000).await;
    is_split("[CAPABILITY IMAP4rev1] ready", Some(500), 500).await;
    is_split("[CAPABILITY IMAP4rev1] mail IMAP4rev1 2007f.404 at Mon, 1 Jan 2024 00:00:00 +0000", None, 800).await;
    is_split("[CAPABILITY IMAP4rev1 XYMHIGHESTMODSEQ] hello", None, 800).await;
    is_split("[CAPABILITY IMAP4rev1] IMAP4rev1 imapgate-1.9.2 imap.example.org", Some(20_000), 800).await;
}

#[tokio::test(start_paused = true)]
async fn a_user_of_a_windows_domain_goes_by_login_instead_of_plain() {
    let dialogue = r#"
        S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] The Microsoft Exchange IMAP4 service is ready.
        C: {A} LOGIN "DOMAIN\\me/shared" "se\"cret"
        S: {A} OK [CAPABILITY IMAP4rev1] LOGIN completed.
    "#;
    let mut script = Script::new(dialogue);
    let login = Login::password("DOMAIN\\me/shared", "se\"cret");
    let _session = Imap::handshake(script.stream(), plaintext(), login).await.unwrap();
    script.finish().await.unwrap();
}

//! What a server says to the session reaches the program, by notices or by the error of a session that cannot begin.

use postroom::imap::{
    EntryName, Extension, Imap, Items, MailboxName, MetadataDepth, Notice, Notices, QuotaResource, Response, Uids,
};
use postroom::testing::Script;
use postroom::{Config, Kind};

use crate::support::{plaintext, scripted, selected, starttls};

/// A notice in a few words.
pub(crate) fn word(notice: &Notice) -> String {
    let code = |code: &Option<postroom::imap::ResponseCode>| code.as_ref().map(|code| code.name().to_owned());
    match notice {
        Notice::Alert { text, protected } => format!("alert {protected}: {text}"),
        Notice::Warning { text, code: found } => format!("warning {:?}: {text}", code(found)),
        Notice::Complaint { text, code: found } => format!("complaint {:?}: {text}", code(found)),
        Notice::Bye { text, code: found } => format!("bye {:?}: {text}", code(found)),
        Notice::Progress { command, progress, .. } => format!("progress {command:?} {:?}", progress.done),
        Notice::Data(Response::Status(status)) => format!("status {} {:?}", status.name, status.messages),
        Notice::Data(Response::List(listed)) => format!("list {}", listed.name),
        Notice::Data(other) => format!("data {other:?}"),
        Notice::Lagged => "lagged".into(),
        other => format!("{other:?}"),
    }
}

async fn words(mut notices: Notices) -> Vec<String> {
    let mut words = Vec::new();
    while let Some(notice) = notices.next().await {
        words.push(word(&notice));
    }
    words
}

async fn logged_in(dialogue: &str, config: Config) -> (Script, Imap) {
    let (script, imap) = scripted(dialogue, config).await;
    (script, imap.unwrap())
}

#[tokio::test(start_paused = true)]
async fn all_that_is_said_to_the_session_comes_in_order_to_every_listener() {
    let dialogue = "
        S: * PREAUTH [ALERT] Maintenance tonight
        C: {A} CAPABILITY
        S: * CAPABILITY IMAP4rev1
        S: {A} OK done
        C: {B} NOOP
        S: * NO [WEBALERT https://example.org/login] Please log in by your browser
        S: * BAD you are too fast
        S: * OK [INPROGRESS (\"{B}\" 3 9)] at it
        S: * STATUS Work (MESSAGES 4)
        S: * LIST () \"/\" New (\"OLDNAME\" (Old))
        S: * OK [ALERT] Mailbox nearly full
        S: {B} OK [ALERT] Change your password
        C: {C} NOOP
        S: * BYE [UNAVAILABLE] back in an hour
        close
    ";
    let (script, imap) = logged_in(dialogue, plaintext().unprotected_alerts()).await;
    let first = imap.notices();
    imap.noop().await.unwrap();
    let later = imap.notices();
    imap.noop().await.unwrap_err();
    script.finish().await.unwrap();
    let bye = "bye Some(\"UNAVAILABLE\"): back in an hour".to_owned();
    assert_eq!(words(later).await, std::slice::from_ref(&bye));
    let expected = [
        "alert false: Maintenance tonight",
        "warning Some(\"WEBALERT\"): Please log in by your browser",
        "complaint None: you are too fast",
        "progress Some(\"NOOP\") Some(3)",
        "status Work Some(4)",
        "list New",
        "alert false: Mailbox nearly full",
        "alert false: Change your password",
        &bye,
    ];
    assert_eq!(words(first).await, expected);
    assert_eq!(words(imap.notices()).await, Vec::<String>::new(), "the session is over");
}

/// RFC 9051 §7.1: an alert over an unencrypted connection may come from anybody.
#[tokio::test(start_paused = true)]
async fn alerts_outside_tls_are_left_out_and_those_within_are_not() {
    let dialogue = "
        S: * OK [ALERT] evil
        C: {A} STARTTLS
        S: {A} OK go on
        tls
        C: {B} CAPABILITY
        S: * CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN
        S: {B} OK done
        C: {C} AUTHENTICATE PLAIN AGFsaWNlAGFsaWNlcHc=
        S: * OK [ALERT] good
        S: {C} OK [CAPABILITY IMAP4rev1] welcome
        C: {D} NOOP
        S: * BYE bye
        close
    ";
    for (asked, expected) in [(false, &["alert true: good"][..]), (true, &["alert false: evil", "alert true: good"])] {
        let config = if asked { starttls().unprotected_alerts() } else { starttls() };
        let (script, imap) = logged_in(dialogue, config).await;
        imap.noop().await.unwrap_err();
        script.finish().await.unwrap();
        let mut words = words(imap.notices()).await;
        assert_eq!(words.pop().as_deref(), Some("bye None: bye"));
        assert_eq!(words, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn the_error_of_a_session_that_cannot_begin_carries_what_was_said() {
    let dialogue = "
        S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready
        C: {A} AUTHENTICATE PLAIN
        S: +
        C: AGFsaWNlAGFsaWNlcHc=
        S: * NO [WEBALERT https://example.org] Visit us, alicepw
        S: {A} NO [ALERT] Your account is locked
        stall
    ";
    let (_script, imap) = scripted(dialogue, plaintext().unprotected_alerts()).await;
    let error = imap.unwrap_err();
    assert_eq!(error.kind(), Kind::Login);
    let said: Vec<_> = error.notices().collect();
    assert_eq!(said[1..], ["Your account is locked"]);
    assert!(said[0].starts_with("Visit us, ") && !said[0].contains("alicepw"), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn who_does_not_listen_in_time_is_told_and_the_session_goes_on() {
    let lines = "S: * NO over and over\n".repeat(300);
    let dialogue = format!(
        "S: * PREAUTH [CAPABILITY IMAP4rev1] ready
        C: {{A}} NOOP
        {lines}S: {{A}} OK done
        C: {{B}} NOOP
        S: * NO once more
        S: {{B}} OK done"
    );
    let (script, imap) = logged_in(&dialogue, plaintext()).await;
    let mut notices = imap.notices();
    imap.noop().await.unwrap();
    assert_eq!(word(&notices.next().await.unwrap()), "lagged");
    imap.noop().await.unwrap();
    assert_eq!(word(&notices.next().await.unwrap()), "warning None: once more");
    script.finish().await.unwrap();
}

/// Each with what the server says about another thing, and its answer.
fn about_one_thing() -> Vec<(Extension, &'static str, &'static str)> {
    let inbox = MailboxName::INBOX;
    let comment = [EntryName::SHARED_COMMENT];
    let of = |mailbox| Extension::get_metadata(mailbox, &comment, MetadataDepth::Entry, None);
    let limits = [(QuotaResource::Storage, 9)];
    vec![
        (Extension::get_quota("#me"), "QUOTA other (STORAGE 1 2)", "QUOTA #me (STORAGE 3 4)"),
        (Extension::set_quota("#me", &limits), "QUOTA other (STORAGE 1 2)", "QUOTA #me (STORAGE 3 9)"),
        (Extension::get_quota_root(&inbox), "QUOTAROOT Work a", "QUOTAROOT INBOX b"),
        (Extension::get_quota_root(&inbox), "QUOTA a (STORAGE 1 2)", "QUOTAROOT INBOX b"),
        (Extension::get_acl(&inbox), "ACL Work me lr", "ACL INBOX me lr"),
        (Extension::my_rights(&inbox), "MYRIGHTS Work lr", "MYRIGHTS INBOX lr"),
        (Extension::list_rights(&inbox, "me"), "LISTRIGHTS Work me lr", "LISTRIGHTS INBOX me lr"),
        (Extension::list_rights(&inbox, "me"), "LISTRIGHTS INBOX you lr", "LISTRIGHTS INBOX me lr"),
        (of(Some(&inbox)), "METADATA \"\" (/shared/comment x)", "METADATA INBOX (/shared/comment y)"),
        (of(Some(&inbox)), "METADATA INBOX /shared/comment", "METADATA INBOX (/shared/comment y)"),
        (of(None), "METADATA INBOX (/shared/comment x)", "METADATA \"\" (/shared/comment y)"),
        (of(None), "METADATA \"\" (/shared/admin x)", "METADATA \"\" (/shared/comment y)"),
        (Extension::fetch_urls(&["imap://a"]), "URLFETCH \"imap://b\" NIL", "URLFETCH \"imap://a\" NIL"),
        (
            Extension::generate_urls(&[("imap://a", "INTERNAL")]),
            "GENURLAUTH \"imap://b:INTERNAL:1\"",
            "GENURLAUTH \"imap://a:INTERNAL:1\"",
        ),
    ]
}

#[tokio::test(start_paused = true)]
async fn what_an_extension_did_not_ask_about_is_a_notice_and_not_its_answer() {
    for (extension, other, own) in about_one_thing() {
        let text = extension.to_string();
        let dialogue = format!(
            "S: * PREAUTH [CAPABILITY IMAP4rev1] ready
            C: {{A}} {text}\nS: * {other}\nS: * {own}\nS: * {other}\nS: {{A}} OK done
            C: {{B}} LOGOUT\nS: {{B}} OK done"
        );
        let (script, imap) = logged_in(&dialogue, plaintext()).await;
        let notices = imap.notices();
        let answer = imap.run(extension).await.unwrap();
        assert_eq!(answer.responses.len(), 1, "{text}: {:?}", answer.responses);
        imap.logout().await.unwrap();
        let noted = words(notices).await;
        assert_eq!(noted.len(), 2, "{text}: {noted:?}");
        assert!(
            noted[0] == noted[1] && noted[0] != format!("data {:?}", answer.responses.iter().next().unwrap()),
            "{noted:?}"
        );
        script.finish().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn the_progress_of_a_fetch_is_with_its_stream_too() {
    let dialogue = "C: {A} UID FETCH 1:* (UID FLAGS)
        S: * OK [INPROGRESS (\"{A}\" 1 3)] at it
        S: * OK [INPROGRESS (\"X9\" 8 9)] at another's
        S: * 1 FETCH (UID 10 FLAGS ())
        S: * 2 FETCH (UID 11 FLAGS ())
        S: * OK [INPROGRESS (\"{A}\" 2 3)] at it
        S: * 3 FETCH (UID 12 FLAGS ())
        S: {A} OK done";
    let (script, mut folder) = selected(dialogue, plaintext()).await;
    let notices = folder.session().notices();
    let mut mail = folder.fetch(Uids::ALL, Items::FLAGS).await.unwrap();
    assert!(mail.progress().is_none());
    let mut done = Vec::new();
    while mail.try_next().await.unwrap().is_some() {
        done.extend(mail.progress().and_then(|progress| progress.done));
    }
    assert!(done.len() == 3 && done.is_sorted() && done.ends_with(&[2]), "{done:?}");
    drop(mail);
    drop(folder);
    script.finish().await.unwrap();
    let words = words(notices).await;
    assert_eq!(
        words[..3],
        ["progress Some(\"UID FETCH\") Some(1)", "progress None Some(8)", "progress Some(\"UID FETCH\") Some(2)"]
    );
}

//! Silence is never an answer: what a server does not say is not taken for zero, or for done.

use std::error::Error as _;

use postroom::imap::{Imap, Items, StatusItems, Uids};
use postroom::testing::{Script, Server};
use postroom::{Flag, FlagChange, Kind, Limits};

use super::events::next;
use crate::support::{embedded, greeted, peered_folder, plaintext, scripted, selected};

#[tokio::test(start_paused = true)]
async fn a_mailbox_of_which_no_count_is_told_is_not_an_empty_one() {
    let silent = "C: {A} SELECT INBOX\nS: * OK [UIDVALIDITY 7] ok\nS: {A} OK done";
    // No count is above 32 bits.
    let too_large = silent.replacen("S: ", "S: * 4294967297 EXISTS\nS: ", 1);
    for (answer, cause) in [
        ("{B} OK", "did not send the result of the search"),
        ("{B} NO no searching", "no searching"),
        ("{B} BAD what", "what"),
    ] {
        for opened in [silent, &too_large] {
            let dialogue = format!(
                "{opened}\nC: {{N}} NOOP\nC: {{B}} UID SEARCH RETURN (ALL) ALL\nS: {{N}} OK done\nS: {answer}\nC: {{D}} NOOP\nS: {{D}} OK done"
            );
            let (script, mut imap) = greeted(&dialogue, plaintext()).await;
            let error = imap.select("INBOX").await.unwrap_err();
            assert!(error.kind() == Kind::Missing && error.to_string().contains("how many"), "{error}");
            assert!(error.source().unwrap().to_string().contains(cause), "{error:?}");
            assert_eq!(
                imap.selected_folder().unwrap_err().kind(),
                Kind::Missing,
                "it is not an empty one later either"
            );
            imap.noop().await.unwrap();
            script.finish().await.unwrap();
        }
    }
    let dialogue = "C: {A} SELECT INBOX\nS: * 0 EXISTS\nS: {A} OK done";
    let (script, mut imap) = greeted(dialogue, plaintext()).await;
    assert_eq!(imap.select("INBOX").await.unwrap().info().unwrap().exists, 0);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_count_that_select_did_not_tell_is_asked_for_once() {
    for (noop, found, after, count) in [
        ("S: * 5 EXISTS\n", "* ESEARCH (TAG \"{B}\") UID ALL 10:12", "", Some(5)),
        ("", "* ESEARCH (TAG \"{B}\") UID ALL 10:12", "", Some(3)),
        ("", "* ESEARCH (TAG \"{B}\") UID", "", Some(0)),
        ("", "* SEARCH", "", Some(0)),
        ("", "* SEARCH 10 12", "S: * 4 EXISTS\n", Some(4)),
        ("", "* SEARCH 10 12", "S: * 2 EXPUNGE\n", None),
    ] {
        let dialogue = format!(
            "C: {{A}} EXAMINE INBOX\nS: {{A}} OK done
            C: {{N}} NOOP\nC: {{B}} UID SEARCH RETURN (ALL) ALL
            {noop}S: {{N}} OK done\nS: {found}\n{after}S: {{B}} OK done"
        );
        let (script, mut imap) = greeted(&dialogue, plaintext()).await;
        let counted = imap.examine("INBOX").await.and_then(|folder| Ok(folder.info()?.exists));
        assert_eq!(counted.as_ref().ok(), count.as_ref(), "{dialogue} {counted:?}");
        assert!(counted.err().is_none_or(|error| error.kind() == Kind::Missing));
        script.finish().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_fetch_beside_a_select_that_tells_no_count_is_asked_for_again() {
    let large = "x".repeat(300_000);
    let dialogue = format!(
        "C: {{A}} SELECT INBOX\nC: {{F}} UID FETCH 1:* (UID RFC822.SIZE BODY.PEEK[])\nS: {{A}} OK done
        C: {{N}} NOOP\nC: {{B}} UID SEARCH RETURN (ALL) ALL
        S: * 1 FETCH (UID 10 RFC822.SIZE 300000 BODY[] \"{large}\")\nS: {{F}} OK done
        S: {{N}} OK done\nS: * SEARCH 10\nS: {{B}} OK done
        C: {{G}} UID FETCH 1:* (UID RFC822.SIZE BODY.PEEK[])
        S: * 1 FETCH (UID 10 RFC822.SIZE 2 BODY[] \"hi\")\nS: {{G}} OK done"
    );
    let mut limits = Limits::default();
    limits.window = 64 * 1024;
    let (script, mut imap) = greeted(&dialogue, plaintext().limits(limits)).await;
    let mut mail = imap.open("INBOX").fetch(Uids::ALL, Items::MESSAGE).await.unwrap();
    assert_eq!(mail.try_next().await.unwrap().unwrap().body().as_deref(), Some(&b"hi"[..]));
    assert!(mail.try_next().await.unwrap().is_none());
    drop(mail);
    assert_eq!(imap.selected_folder().unwrap().info().unwrap().exists, 1);
    script.finish().await.unwrap();
}

async fn enabled(capabilities: &str, names: &[&str], answer: &str) -> Vec<String> {
    // What the session asks for at the login.
    let login = match capabilities {
        "QRESYNC" => "C: {L} ENABLE CONDSTORE QRESYNC\nS: {L} NO no\n",
        "CONDSTORE" => "C: {L} ENABLE CONDSTORE\nS: {L} NO no\n",
        "UTF8=ACCEPT" => "C: {L} ENABLE UTF8=ACCEPT\nS: {L} NO no\n",
        _ => "",
    };
    let dialogue = format!(
        "S: * PREAUTH [CAPABILITY IMAP4rev1 ENABLE {capabilities}] ready
        {login}C: {{A}} ENABLE {}
        {answer}",
        names.join(" ")
    );
    let (script, imap) = scripted(&dialogue, plaintext()).await;
    let mut imap = imap.unwrap();
    // A refusal leaves the state unchanged.
    let _ = imap.enable(names).await;
    script.finish().await.unwrap();
    let mut names: Vec<_> = imap.enabled().iter().map(str::to_owned).collect();
    names.sort();
    names
}

#[tokio::test(start_paused = true)]
async fn what_is_enabled_is_what_was_asked_for_and_confirmed() {
    let both = &["CONDSTORE", "X-OTHER"][..];
    let cases: [(&str, &[&str], &str, &[&str]); 8] = [
        ("CONDSTORE", both, "S: * ENABLED CONDSTORE X-OTHER UTF8=ACCEPT\nS: {A} OK done", both),
        ("CONDSTORE", both, "S: * ENABLED X-OTHER\nS: * ENABLED CONDSTORE\nS: {A} OK done", both),
        ("CONDSTORE", both, "S: * ENABLED\nS: {A} OK done", &[]),
        // iCloud
        ("CONDSTORE", both, "S: {A} OK done", &["CONDSTORE"]),
        ("QRESYNC", both, "S: {A} OK done", &["CONDSTORE"]),
        ("IDLE", both, "S: {A} OK done", &[]),
        ("UTF8=ACCEPT", &["UTF8=ACCEPT"], "S: {A} OK done", &[]),
        ("CONDSTORE", both, "S: * ENABLED CONDSTORE\nS: {A} NO not now", &[]),
    ];
    for (capabilities, names, answer, wanted) in cases {
        assert_eq!(enabled(capabilities, names, answer).await, wanted, "{capabilities} {answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_refused_utf8_names_are_still_decoded() {
    for answer in ["S: {A} OK done", "S: * ENABLED\nS: {A} OK done", "S: * ENABLED UTF8=ACCEPT\nS: {A} NO no"] {
        let dialogue = format!(
            "S: * PREAUTH [CAPABILITY IMAP4rev1 ENABLE UTF8=ACCEPT] ready
            C: {{A}} ENABLE UTF8=ACCEPT
            {answer}
            C: {{B}} LIST \"\" \"*\"
            S: * LIST () \"/\" INBOX
            S: * LIST () \"/\" Entw&APw-rfe
            S: {{B}} OK done"
        );
        let (script, imap) = scripted(&dialogue, plaintext()).await;
        let imap = imap.unwrap();
        let listed = imap.list("*").await.unwrap();
        assert_eq!(listed[1].name.as_str(), "Entwürfe", "{answer}");
        script.finish().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn the_embedded_server_can_enable_without_a_word() {
    let server = Server::builder().user("alice", "alicepw").enabled_response(false).in_memory().unwrap();
    let mut imap = embedded(&server, plaintext()).await;
    assert!(imap.enabled().is_empty(), "IMAP4rev2 is not taken from a bare OK");
    assert!(imap.enable(&["CONDSTORE"]).await.unwrap().condstore());
    imap.create_mailbox("Entwürfe").await.unwrap();
    assert_eq!(imap.status("Entwürfe", StatusItems::MESSAGES).await.unwrap().messages, Some(0));
}

#[tokio::test(start_paused = true)]
async fn vanished_messages_are_gone_whatever_was_enabled() {
    let (mut peer, mut folder) = peered_folder(plaintext()).await;
    let server = async {
        let (tag, _) = peer.hear().await;
        peer.say(format!("* ESEARCH (TAG \"{tag}\") UID ALL 10:12\r\n{tag} OK done\r\n")).await;
        assert_eq!(peer.hear().await.1, "IDLE");
        peer.say("+ go\r\n* VANISHED 10,12\r\n").await;
    };
    let client = async {
        let mut idle = folder.idle().await.unwrap();
        assert_eq!(next(&mut idle, 1).await, ["gone 10,12 +0"]);
        drop(idle);
        assert_eq!(folder.info().unwrap().exists, 1);
    };
    tokio::join!(server, client);
}

#[tokio::test(start_paused = true)]
async fn what_vanished_earlier_changes_no_count_and_more_than_there_is_leaves_none() {
    let dialogue = "
        C: {A} NOOP
        S: * VANISHED (EARLIER) 1:9
        S: {A} OK done
        C: {B} NOOP
        S: * VANISHED 1:4294967295
        S: {B} OK done
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    folder.noop().await.unwrap();
    assert_eq!(folder.info().unwrap().exists, 3);
    folder.noop().await.unwrap();
    assert_eq!(folder.info().unwrap().exists, 0);
    script.finish().await.unwrap();
}

/// Each of them is a command that was never sent whole.
#[tokio::test(start_paused = true)]
async fn an_ok_before_the_literal_is_not_an_answer() {
    let dialogue = "
        C: {A} APPEND INBOX {25}
        S: {A} OK [APPENDUID 7 4] stored
        eof
    ";
    let (script, imap) = greeted(dialogue, plaintext()).await;
    let error = imap.append("INBOX", "A9 DELETE INBOX\r\n12345678").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Protocol, "{error}");
    script.finish().await.unwrap();
    let unasked = "
        S: * PREAUTH [CAPABILITY IMAP4rev1 LITERAL+] ready
        C: {A} APPEND INBOX {9+}
        S: {A} OK [APPENDUID 7 4] stored
        stall
    ";
    let (_script, imap) = scripted(unasked, plaintext()).await;
    let (_writer, reader) = tokio::io::duplex(9);
    let message = postroom::imap::Append::once(reader, 9);
    // It may have stored the bytes that it received.
    assert_eq!(imap.unwrap().append("INBOX", message).await.unwrap_err().kind(), Kind::Unknown);
    let mut login = Script::new(
        "S: * OK [CAPABILITY IMAP4rev1] ready
        C: {A} LOGIN \"alice\" {8}
        S: {A} OK welcome
        eof",
    );
    let secret = postroom::Login::password("alice", "pass\u{e9}w!");
    let error = Imap::handshake(login.stream(), plaintext(), secret).await.map(drop).unwrap_err();
    assert_eq!(error.kind(), Kind::Protocol);
    login.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_logout_that_is_answered_by_closing_is_one() {
    let (script, imap) = greeted("C: {A} LOGOUT\nclose", plaintext()).await;
    imap.logout().await.unwrap();
    script.finish().await.unwrap();
    let (script, imap) = greeted("C: {A} NOOP\nclose", plaintext()).await;
    assert_eq!(imap.noop().await.unwrap_err().kind(), Kind::Closed);
    assert_eq!(imap.logout().await.unwrap_err().kind(), Kind::Closed);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refused_idle_is_replaced_by_looking() {
    for refusal in ["BAD Command received in invalid state.", "NO not here"] {
        let dialogue = format!(
            "C: {{N}} UID SEARCH RETURN (ALL) 1:*
            S: * ESEARCH (TAG \"{{N}}\") UID ALL 10:12
            S: {{N}} OK done
            C: {{I}} IDLE
            S: {{I}} {refusal}
            C: {{A}} NOOP
            S: * 4 EXISTS
            S: {{A}} OK done
            C: {{B}} NOOP
            S: * 5 EXISTS
            S: {{B}} OK done
            C: {{D}} UID STORE 10 +FLAGS.SILENT (\\Seen)
            S: {{D}} OK done"
        );
        let (script, mut folder) = selected(&dialogue, plaintext()).await;
        let mut idle = folder.idle().await.unwrap();
        assert_eq!(next(&mut idle, 1).await, ["exists 4"], "{refusal}");
        assert_eq!(next(&mut idle, 1).await, ["exists 5"], "{refusal}");
        drop(idle);
        folder.store("10".parse::<Uids>().unwrap(), &FlagChange::add([Flag::SEEN])).await.unwrap();
        script.finish().await.unwrap();
    }
}

/// grommunio/gromox#27.
#[tokio::test(start_paused = true)]
async fn a_plus_with_a_tag_before_it_enters_idle() {
    let (mut peer, mut folder) = peered_folder(plaintext()).await;
    let server = async {
        let (tag, _) = peer.hear().await;
        peer.say(format!("* ESEARCH (TAG \"{tag}\") UID ALL 10:12\r\n{tag} OK done\r\n")).await;
        let (tag, _) = peer.hear().await;
        peer.say(format!("{tag} + idling\r\n* 4 EXISTS\r\n")).await;
        assert_eq!(peer.hear().await.0, "DONE");
        peer.say(format!("{tag} OK done\r\n")).await;
        let (tag, _) = peer.hear().await;
        peer.say(format!("{tag} OK done\r\n")).await;
    };
    let client = async {
        let mut idle = folder.idle().await.unwrap();
        assert_eq!(next(&mut idle, 1).await, ["exists 4"]);
        drop(idle);
        folder.noop().await.unwrap();
    };
    tokio::join!(server, client);
}

/// The server leaves messages out, and does not answer whether it has them.
async fn left_out(noop: &str, answer: &str) -> (Vec<u32>, Option<postroom::Error>) {
    let dialogue = format!(
        "C: {{A}} UID FETCH 10:12 (UID RFC822.SIZE)
        S: * 1 FETCH (UID 10 RFC822.SIZE 1)\nS: {{A}} OK done
        C: {{N}} NOOP\nC: {{B}} UID SEARCH RETURN (ALL) UID 10:12
        {noop}S: {{N}} OK done\nS: {{B}} {answer}\nC: {{D}} NOOP\nS: {{D}} OK done"
    );
    let (script, mut folder) = selected(&dialogue, plaintext()).await;
    let mut mail = folder.fetch("10:12".parse::<Uids>().unwrap(), Items::SIZE).await.unwrap();
    let mut came = Vec::new();
    let end = loop {
        match mail.try_next().await {
            Ok(Some(message)) => came.push(message.uid().unwrap().as_u32()),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    drop(mail);
    folder.noop().await.unwrap();
    script.finish().await.unwrap();
    (came, end)
}

#[tokio::test(start_paused = true)]
async fn a_search_that_is_refused_makes_what_is_left_out_unknown() {
    for answer in ["NO no searching", "BAD no searching", "OK done"] {
        for noop in ["", "S: * 2 EXPUNGE\n"] {
            let (came, end) = left_out(noop, answer).await;
            let error = end.unwrap();
            assert_eq!((&came[..], error.kind()), (&[10][..], Kind::Missing), "{answer}");
            let cause = error.source().unwrap().to_string();
            assert!(cause.contains("no searching") || cause.contains("did not send"), "{cause}");
        }
        let (came, end) = left_out("S: * 2 EXPUNGE\nS: * 2 EXPUNGE\n", answer).await;
        assert!(came == [10] && end.is_none(), "two of three have gone: {end:?}");
    }
}

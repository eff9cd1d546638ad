//! Copying and moving, and leaving a mailbox: no message is ever lost, and only the named ones are removed.

use postroom::imap::{Uid, Uids};
use postroom::testing::{Fault, Server};
use postroom::{Flag, FlagChange, Kind};

use crate::support::{SELECT, alice, embedded, plaintext, scripted, selected, session};

fn server(lacks: &[&str]) -> Server {
    let builder = lacks.iter().fold(Server::builder(), |builder, lack| builder.without(lack));
    let server = builder.in_memory().unwrap();
    for number in 1..=4 {
        server.deliver("alice", "INBOX", format!("Subject: {number}\r\n\r\n"), &["\\Flagged"]).unwrap();
    }
    server
}

fn uids(text: &str) -> Uids {
    text.parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn copies_are_named_and_stamped() {
    let server = server(&[]);
    let mut imap = embedded(&server, plaintext()).await;
    let inbox = imap.select("INBOX").await.unwrap();
    let copied = inbox.copy(uids("2:3,99"), "Archive").await.unwrap();
    assert_eq!(copied.missing.unwrap().to_string(), "99");
    let copied = copied.mapping.unwrap();
    assert_eq!((copied.from().to_string(), copied.to().to_string()), ("2:3".into(), "1:2".into()));
    assert_eq!(copied.destination(Uid::new(3).unwrap()), Uid::new(2).ok());
    let archive = imap.select("Archive").await.unwrap();
    assert_eq!(copied.validity(), archive.info().unwrap().uid_validity);
    let snapshot = server.snapshot("alice").unwrap();
    assert_eq!((snapshot.messages("INBOX").len(), snapshot.messages("Archive").len()), (4, 2));
    assert_eq!(snapshot.messages("Archive")[0].flags, ["\\Flagged"]);

    let inbox = imap.select("INBOX").await.unwrap();
    let error = inbox.copy(Uids::ALL, "None").await.unwrap_err();
    assert_eq!((error.kind(), error.code().unwrap().name()), (Kind::Rejected, "TRYCREATE"));
    assert_eq!(inbox.copy(copied.to().clone(), "Archive").await.unwrap_err().kind(), Kind::Input);
}

#[tokio::test(start_paused = true)]
async fn a_move_ends_the_same_with_move_and_without() {
    let mut ends = Vec::new();
    for lacks in [&[][..], &["MOVE"]] {
        let server = server(lacks);
        let mut imap = embedded(&server, plaintext()).await;
        let inbox = imap.select("INBOX").await.unwrap();
        // Another client's mark, which must stay a mark.
        inbox.store(Uid::new(4).unwrap(), &FlagChange::add([Flag::DELETED])).await.unwrap();
        let moved = inbox.move_to(uids("1,3"), "Archive").await.unwrap().mapping.unwrap();
        assert_eq!((moved.from().to_string(), moved.to().to_string()), ("1,3".into(), "1:2".into()));
        assert_eq!(inbox.info().unwrap().exists, 2);
        assert!(inbox.move_to(Uids::new(), "Archive").await.unwrap().mapping.is_none());
        let snapshot = server.snapshot("alice").unwrap();
        let left: Vec<_> = snapshot.messages("INBOX").iter().map(|message| message.uid).collect();
        let there: Vec<_> = snapshot.messages("Archive").iter().map(|m| (m.bytes.clone(), m.flags.clone())).collect();
        ends.push((left, there));
    }
    assert_eq!(ends[0], ends[1]);
    assert_eq!(ends[0].0, [2, 4]);
}

#[tokio::test(start_paused = true)]
async fn without_move_and_uidplus_a_move_is_refused_and_nothing_happens() {
    let server = server(&["MOVE", "UIDPLUS"]);
    let mut imap = embedded(&server, plaintext()).await;
    let inbox = imap.select("INBOX").await.unwrap();
    let before = server.snapshot("alice").unwrap();
    server.clear_commands();
    assert_eq!(inbox.move_to(Uids::ALL, "Archive").await.unwrap_err().kind(), Kind::Unsupported);
    assert!(server.commands().is_empty());
    assert_eq!(server.snapshot("alice").unwrap(), before);
}

#[tokio::test(start_paused = true)]
async fn mail_that_comes_during_a_replaced_move_stays() {
    let dialogue = "
        C: {A} UID SEARCH RETURN (ALL) UID 1:*
        S: * ESEARCH (TAG \"{A}\") UID ALL 5:6,8
        S: {A} OK done
        C: {B} UID COPY 5:6,8 Archive
        S: * 4 EXISTS
        S: {B} OK [COPYUID 9 5,8 1:2] done
        C: {D} UID STORE 5,8 +FLAGS.SILENT (\\Deleted)
        S: {D} OK done
        C: {E} UID EXPUNGE 5,8
        S: * 1 EXPUNGE
        S: * 2 EXPUNGE
        S: {E} OK done
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    folder.move_to(Uids::ALL, "Archive").await.unwrap();
    assert_eq!(folder.info().unwrap().exists, 2);
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_failing_step_says_that_the_messages_are_copied() {
    let dialogue = "
        C: {A} UID SEARCH RETURN (ALL) UID 5
        S: * ESEARCH UID ALL 5
        S: {A} OK done
        C: {B} UID COPY 5 Archive
        S: {B} OK done
        C: {D} UID STORE 5 +FLAGS.SILENT (\\Deleted)
        S: {D} NO [NOPERM] not yours
    ";
    let (script, folder) = selected(dialogue, plaintext()).await;
    let error = folder.move_to(Uid::new(5).unwrap(), "Archive").await.unwrap_err();
    assert_eq!((error.kind(), error.code().unwrap().name()), (Kind::Rejected, "NOPERM"));
    assert!(error.to_string().contains("copied"), "{error}");
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_replaced_move_cut_at_any_byte_loses_no_message() {
    let whole = server(&["MOVE"]);
    let moved = async |server: &Server| -> postroom::Result<()> {
        let mut imap = session::imap(server.imap_stream(), plaintext(), alice()).await?;
        imap.select("INBOX").await?.move_to(uids("1:3"), "Archive").await.map(drop)
    };
    moved(&whole).await.unwrap();
    let total: u64 = 4096;
    let mut finished = 0;
    for cut in 0..total {
        let server = server(&["MOVE"]);
        server.fault(Fault::CutInputAfter(cut));
        let result = moved(&server).await;
        let snapshot = server.snapshot("alice").unwrap();
        let (here, there) = (snapshot.messages("INBOX"), snapshot.messages("Archive"));
        for number in 1..=4 {
            let bytes = format!("Subject: {number}\r\n\r\n");
            let kept = here.iter().chain(there).any(|message| message.bytes == bytes.as_bytes());
            assert!(kept, "message {number} is missing after a cut at {cut}");
        }
        if result.is_ok() {
            assert_eq!((here.len(), there.len()), (1, 3));
            finished += 1;
            if finished > 3 {
                return;
            }
        }
    }
    panic!("it never came to an end");
}

#[tokio::test(start_paused = true)]
async fn what_became_what_is_found_wherever_the_server_says_it() {
    let dialogue = "
        C: {A} UID MOVE 1:2 Archive
        S: * OK [COPYUID 9 1 4] moved one
        S: * 1 EXPUNGE
        S: * OK [COPYUID 9 2 5] moved another
        S: * 1 EXPUNGE
        S: {A} OK done
        C: {B} UID MOVE 3 Archive
        S: [COPYUID 9 3 6]
        S: * 1 EXPUNGE
        S: {B} OK done
    ";
    let dialogue =
        format!("S: * PREAUTH [CAPABILITY IMAP4rev1 UIDPLUS MOVE] ready\n{}{dialogue}", crate::support::SELECT);
    let (script, imap) = crate::support::scripted(&dialogue, plaintext()).await;
    let folder = imap.unwrap().into_folder("INBOX").await.unwrap();
    let moved = folder.move_to(uids("1:2"), "Archive").await.unwrap().mapping.unwrap();
    assert_eq!((moved.from().to_string(), moved.to().to_string()), ("1:2".into(), "4:5".into()));
    let moved = folder.move_to(uids("3"), "Archive").await.unwrap().mapping.unwrap();
    assert_eq!(moved.destination(Uid::new(3).unwrap()), Uid::new(6).ok());
    script.finish().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn close_removes_what_is_marked_and_unselect_nothing() {
    for lacks in [&[][..], &["UNSELECT"]] {
        let server = server(lacks);
        let mut imap = embedded(&server, plaintext()).await;
        let inbox = imap.select("INBOX").await.unwrap();
        inbox.store(uids("1:2"), &FlagChange::add([Flag::DELETED])).await.unwrap();
        let imap = inbox.unselect().await.unwrap();
        assert_eq!(imap.selected_folder().unwrap_err().kind(), Kind::Closed);
        assert_eq!(server.snapshot("alice").unwrap().messages("INBOX").len(), 4);
        let inbox = imap.examine("INBOX").await.unwrap();
        let imap = inbox.close().await.unwrap();
        assert_eq!(server.snapshot("alice").unwrap().messages("INBOX").len(), 4);
        let inbox = imap.select("INBOX").await.unwrap();
        inbox.close().await.unwrap();
        assert_eq!(server.snapshot("alice").unwrap().messages("INBOX").len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_was_answered_is_made_although_the_connection_ends_with_the_answer() {
    let answered = async |capabilities: &str, command: &str, answer: &str| {
        let greeting = format!("S: * PREAUTH [CAPABILITY IMAP4rev1 UIDPLUS {capabilities}] ready\n{SELECT}");
        let dialogue = format!("{greeting}C: {{A}} {command}\nS: {{A}} OK {answer}done\nS: * BYE now\nclose");
        let (script, imap) = scripted(&dialogue, plaintext()).await;
        (script, imap.unwrap().into_folder("INBOX").await.unwrap())
    };
    let (_script, inbox) = answered("", "UID COPY 2 Archive", "[COPYUID 9 2 5] ").await;
    assert_eq!(inbox.copy(uids("2"), "Archive").await.unwrap().mapping.unwrap().to().to_string(), "5");
    let (_script, inbox) = answered("MOVE", "UID MOVE 2 Archive", "[COPYUID 9 2 5] ").await;
    assert_eq!(inbox.move_to(uids("2"), "Archive").await.unwrap().mapping.unwrap().to().to_string(), "5");
    let (_script, inbox) = answered("", "UID STORE 2 +FLAGS.SILENT (\\Flagged)", "").await;
    assert!(inbox.store(uids("2"), &FlagChange::add([Flag::FLAGGED])).await.unwrap().modified.is_empty());
    let (_script, inbox) = answered("", "UID EXPUNGE 2", "").await;
    inbox.expunge(uids("2")).await.unwrap();
}

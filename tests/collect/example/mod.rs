//! The examples as a user or a script sees them: run as programs against the embedded server. `collect` is judged by the contents of
//! its folder, the messages left on the server, its output and its exit status; the others in `examples.rs`.

mod examples;
mod program;

use std::fs;

use postroom::Flag;
use postroom::imap::{Append, StatusItems};
use postroom::testing::{Fault, Script, Server, Trouble};
use program::{Program, filled, left, server, subjects};

use crate::session;

#[tokio::test]
async fn mail_is_brought_once_by_whichever_protocol_and_stays() {
    let server = server().await;
    let program = Program::new(&server);
    let first = program.pop3(&[]).await;
    assert_eq!(first.status, 0, "{first:?}");
    assert_eq!(first.out, "3 messages on the server, 3 collected (92 octets)\n");
    assert_eq!(first.err, "");
    assert_eq!(subjects(&program.mail), ["one", "three", "two"]);
    let again = program.pop3(&["--keep"]).await;
    assert_eq!((again.status, again.out.as_str()), (0, "3 messages on the server, 0 collected (0 octets)\n"));
    let imap = program.imap(&[]).await;
    assert_eq!(
        (imap.status, imap.out.as_str()),
        (0, "3 messages on the server, 0 collected (0 octets), 3 recognised\n")
    );
    assert_eq!(subjects(&program.mail).len(), 3);
    assert_eq!(left(&server), 3);
}

#[tokio::test]
async fn what_is_safe_at_home_is_deleted_when_asked_for() {
    let server = server().await;
    let program = Program::new(&server);
    let done = program.pop3(&["--delete", "--most-messages=2", "--quiet"]).await;
    assert_eq!((done.status, done.out.as_str(), done.err.as_str()), (0, "", ""));
    assert_eq!((left(&server), subjects(&program.mail).len()), (1, 2));
    let done = program.imap(&["--keep-newest", "0"]).await;
    assert_eq!(done.status, 0, "{done:?}");
    assert_eq!((left(&server), subjects(&program.mail).len()), (0, 3));
}

#[tokio::test]
async fn a_dry_run_shows_what_would_be_done_and_does_nothing() {
    let server = server().await;
    let program = Program::new(&server);
    let shown = program.pop3(&["--delete", "--skip-over", "30", "--dry-run"]).await;
    assert_eq!(shown.status, 0, "{shown:?}");
    assert_eq!(shown.out.lines().count(), 4);
    assert!(shown.out.ends_with("1 headers to download, 2 of 3 messages to delete\n"), "{shown:?}");
    assert_eq!((left(&server), subjects(&program.mail).len()), (3, 0));
}

#[tokio::test]
async fn all_mailboxes_of_an_account_come_into_folders() {
    let server = server().await;
    let imap = session::imap(server.imap_stream(), session::plaintext(), session::me()).await.unwrap();
    imap.create_mailbox("Work/Größe 1.2").await.unwrap();
    let deep = Append::from("Subject: deep\r\n\r\n").flags([Flag::SEEN]);
    imap.append("Work/Größe 1.2", deep).await.unwrap();
    server.deliver("me", "Sent", "Subject: sent\r\n\r\n", &[]).unwrap();
    let program = Program::new(&server);
    let first = program.imap(&["--folders", "--delete"]).await;
    assert_eq!((first.status, first.err.as_str()), (0, ""), "{first:?}");
    assert!(first.out.contains("Work/Größe 1.2:\n1 messages on the server, 1 collected"), "{first:?}");
    assert_eq!(subjects(&program.mail), ["one", "three", "two"]);
    assert_eq!(subjects(&program.mail.join(".Sent")), ["sent"]);
    let deep = program.mail.join(".Work.Gr&APYA3w-e 1%2E2");
    assert!(deep.join("maildirfolder").is_file() && fs::read_dir(deep.join("cur")).unwrap().count() == 1);
    for name in ["INBOX", "Sent", "Work/Größe 1.2"] {
        assert_eq!(imap.status(name, StatusItems::MESSAGES).await.unwrap().messages, Some(0), "{name}");
    }
    let again = program.imap(&["--folders"]).await;
    assert_eq!((again.status, again.out.contains(" 1 collected")), (0, false), "{again:?}");
    // What one mailbox has shown is known alone, too.
    assert_eq!(program.imap(&["--quiet"]).await.status, 0);
    for wrong in [program.pop3(&["--folders"]).await, program.imap(&["--folders", "--mbox"]).await] {
        assert_eq!((wrong.status, wrong.err.lines().count()), (2, 1), "{wrong:?}");
    }
}

#[tokio::test]
async fn an_mbox_file_is_filled_when_asked_for() {
    let server = server().await;
    let program = Program::new(&server);
    assert_eq!(program.pop3(&["--mbox"]).await.status, 0);
    let mbox = fs::read_to_string(program.mail.join("mbox")).unwrap();
    assert_eq!(mbox.lines().filter(|line| line.starts_with("From ")).count(), 3);
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_ledger_in_sqlite_remembers_and_another_is_not_begun_beside_it() {
    let server = server().await;
    let program = Program::new(&server);
    for collected in ["3 collected (92 octets)", "0 collected (0 octets)"] {
        let done = program.pop3(&["--ledger", "sqlite"]).await;
        assert_eq!(done.out, format!("3 messages on the server, {collected}\n"), "{done:?}");
    }
    let other = program.pop3(&["--ledger", "file"]).await;
    assert_eq!(other.status, 2);
    assert!(other.err.contains("ledger.sqlite"), "{other:?}");
}

/// What a server refuses twice is not stored: see `tests/collect_evidence`.
#[tokio::test]
async fn a_message_that_is_refused_once_is_asked_for_again() {
    let server = filled(Server::builder().without_pop3("TOP")).await;
    let program = Program::new(&server);
    server.fault(Fault::at("RETR", Trouble::No).nth(2));
    let done = program.pop3(&["--delete", "--skip-over", "1"]).await;
    assert_eq!((done.status, done.err.as_str()), (0, ""), "{done:?}");
    assert_eq!((left(&server), subjects(&program.mail).len()), (3, 3));
    assert_eq!(program.pop3(&["--delete"]).await.status, 0);
    assert_eq!((left(&server), subjects(&program.mail).len()), (0, 6));
}

#[tokio::test]
async fn the_exit_status_tells_a_script_what_to_do() {
    let server = server().await;
    let program = Program::new(&server);
    assert_eq!(program.run(&[]).await.status, 0);
    assert_eq!(program.pop3(&["--keep", "--delete"]).await.status, 2);
    assert_eq!(program.pop3(&["--nonsense"]).await.status, 2);
    assert_eq!(program.pop3(&["--keep-days", "soon"]).await.status, 2);
    let mut stranger = Program::new(&server);
    stranger.password = "wrong";
    assert_eq!(stranger.pop3(&[]).await.status, 77);
    stranger.trusts = false;
    assert_eq!(stranger.pop3(&[]).await.status, 76);
    assert_eq!(program.run(&["pops://me@localhost:1", "nowhere"]).await.status, 75);
    server.fault(Fault::at("QUIT", Trouble::LoseReply));
    let lost = program.pop3(&["--delete"]).await;
    assert_eq!(lost.status, 75, "{lost:?}");
    assert_eq!(program.pop3(&["--delete"]).await.status, 0);
    assert_eq!((left(&server), subjects(&program.mail).len()), (0, 3));
    fs::write(program.mail.join("ledger"), "nothing was collected\n").unwrap();
    assert_eq!(program.pop3(&[]).await.status, 74);
}

#[cfg(unix)]
#[tokio::test]
async fn a_run_that_is_interrupted_is_finished_by_the_next_one() {
    let server = server().await;
    let program = Program::new(&server);
    server.fault(Fault::at("RETR", Trouble::Stall).nth(3));
    let stopped = program.interrupted(&server, "RETR 3").await;
    assert_eq!(stopped.status, 130, "{stopped:?}");
    assert!(stopped.err.contains("continues from here"), "{stopped:?}");
    assert_eq!(left(&server), 3);
    let done = program.pop3(&["--delete"]).await;
    assert_eq!(done.status, 0, "{done:?}");
    assert_eq!((left(&server), subjects(&program.mail)), (0, vec!["one".into(), "three".into(), "two".into()]));
}

#[tokio::test]
async fn a_mechanism_can_be_named_for_a_server_that_offers_what_it_cannot_do() {
    let server = server().await;
    let program = Program::new(&server);
    for by in [program.imap(&["--auth", "PLAIN"]).await, program.pop3(&["--auth=login", "--auth", "PLAIN"]).await] {
        assert_eq!(by.status, 0, "{by:?}");
    }
    let none = program.imap(&["--auth", "GSSAPI"]).await;
    assert!(none.status != 0 && none.err.contains("no login method"), "{none:?}");
}

#[tokio::test]
async fn a_message_that_comes_in_two_forms_is_told_and_stays() {
    let program = Program::new(&server().await);
    let mut script = Script::new(
        "
        S: +OK
        C: CAPA
        S: -ERR
        C: USER me
        S: +OK
        C: PASS secret
        S: +OK
        C: CAPA
        S: -ERR
        C: STAT
        S: +OK 1 99
        C: UIDL
        S: +OK
        S: 1 a
        S: .
        C: LIST
        S: +OK
        S: 1 99
        S: .
        C: RETR 1
        S: +OK
        S-raw: Subject: one\\r\\n\\r\\nfirst\\r\\n.\\r\\n
        C: RETR 1
        S: +OK
        S-raw: Subject: one\\r\\n\\r\\nthen\\r\\n.\\r\\n
        C: QUIT
        S: +OK
        ",
    );
    let url = format!("pop://me@localhost:{}", script.listen().await.unwrap().port());
    let done = program.run(&[&url, "mail", "--delete", "--dangerous-plaintext"]).await;
    assert_eq!(done.status, 1, "{done:?}");
    assert!(done.out.ends_with("1 collected (22 octets), 1 differing\n"), "{done:?}");
    assert!(done.err.contains("came twice with different bytes") && done.err.lines().count() == 1, "{done:?}");
    assert_eq!(subjects(&program.mail), ["one"]);
    script.finish().await.unwrap();
}

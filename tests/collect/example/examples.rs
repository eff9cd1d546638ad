//! What holds for every example as a program: its command line, its help, a closed output. And that `idle` shows who wrote.

use std::process::Stdio;

use postroom::testing::Server;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::program::{Ended, example, left, server};

const ALL: [&str; 7] = ["collect", "folders", "idle", "inbox", "pop3_drain", "threads", "tour"];

/// An example that trusts the server, in a folder of its own.
struct Run {
    folder: std::path::PathBuf,
}

impl Run {
    fn new(server: &Server, name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("postroom-examples-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("ca.pem"), server.ca_pem()).unwrap();
        Self { folder }
    }

    fn command(&self, name: &str, words: &[&str]) -> Command {
        let mut command = Command::new(example(name));
        command.args(words).current_dir(&self.folder).env("POSTROOM_PASSWORD", "secret").kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    async fn run(&self, name: &str, words: &[&str]) -> Ended {
        Ended::of(self.command(name, words).output().await.unwrap())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn help_is_a_success_and_a_wrong_command_line_is_status_2_with_one_sentence() {
    let server = server().await;
    let run = Run::new(&server, "command-line");
    let url = format!("imaps://me@localhost:{}", server.imaps_port());
    for name in ALL {
        let help = run.run(name, &[&url, "--help"]).await;
        assert_eq!((help.status, help.err.as_str()), (0, ""), "{name}: {help:?}");
        assert!(help.out.starts_with("usage: ") && help.out.contains("--ca FILE"), "{name}: {help:?}");
        for wrong in [
            &[&url, "--nonsense"][..],
            &[&url, "--ca"],
            &[&url, "--ca", "--auth", "PLAIN"],
            &[&url, "a", "b", "c"],
            &["--ca", "ca.pem"],
            &[&url, "a", "--ca", "nowhere.pem"],
            &["imap://me@localhost", "a"],
        ] {
            let ended = run.run(name, wrong).await;
            assert_eq!((ended.status, ended.out.as_str()), (2, ""), "{name} {wrong:?}: {ended:?}");
            assert_eq!(ended.err.lines().count(), 1, "{name} {wrong:?}: {ended:?}");
        }
    }
    for misplaced in ["idle", "inbox", "threads", "tour"] {
        assert_eq!(run.run(misplaced, &[&url, "--delete"]).await.status, 2, "{misplaced}");
    }
    assert_eq!(left(&server), 3);
}

#[cfg(unix)]
#[tokio::test]
async fn a_closed_output_is_not_a_panic() {
    let server = server().await;
    let run = Run::new(&server, "closed-output");
    let url = format!("imaps://me@localhost:{}", server.imaps_port());
    for (name, words) in [
        ("inbox", vec![url.as_str(), "--ca", "ca.pem"]),
        ("pop3_drain", vec![&url, "mail", "--ca", "ca.pem"]),
        ("collect", vec![&url, "mail2", "--ca", "ca.pem"]),
        ("threads", vec![&url, "--ca", "ca.pem"]),
        ("folders", vec![&url, "--ca", "ca.pem"]),
        ("tour", vec![]),
        ("idle", vec!["--help"]),
    ] {
        let mut child = run.command(name, &words).spawn().unwrap();
        drop(child.stdout.take());
        let ended = Ended::of(child.wait_with_output().await.unwrap());
        assert_eq!((ended.status, ended.err.as_str()), (0, ""), "{name}");
    }
}

#[tokio::test]
async fn folders_shows_each_mailbox_with_what_is_in_it() {
    let server = server().await;
    let run = Run::new(&server, "folders");
    let url = format!("imaps://me@localhost:{}", server.imaps_port());
    let shown = run.run("folders", &[&url, "--ca", "ca.pem", "--rights"]).await;
    assert_eq!((shown.status, shown.err.as_str()), (0, ""), "{shown:?}");
    let line =
        |name: &str| shown.out.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{shown:?}"));
    let inbox: Vec<&str> = line("INBOX").split_whitespace().collect();
    assert_eq!((inbox[2], inbox[5]), ("3", "Inbox,"), "{shown:?}");
    assert!(line("Sent").contains(" 0 ") && line("Sent").contains("Sent, rights "), "{shown:?}");
    assert!(line("6 mailboxes, ").contains(" unread messages, "), "{shown:?}");
    let pop3 = format!("pops://me@localhost:{}", server.pop3s_port());
    assert_eq!(run.run("folders", &[&pop3, "--ca", "ca.pem"]).await.status, 2);
}

/// The next line of the output that contains this.
async fn line(
    child: &mut Child,
    lines: &mut Option<tokio::io::Lines<BufReader<tokio::process::ChildStdout>>>,
    text: &str,
) {
    let lines = lines.get_or_insert_with(|| BufReader::new(child.stdout.take().unwrap()).lines());
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.contains(text) {
            return;
        }
    }
    panic!("the output ended before {text:?}");
}

#[tokio::test]
async fn idle_shows_who_wrote() {
    let server = server().await;
    let run = Run::new(&server, "idle");
    let url = format!("imaps://me@localhost:{}", server.imaps_port());
    let mut child = run.command("idle", &[&url, "--ca", "ca.pem"]).spawn().unwrap();
    let mut lines = None;
    line(&mut child, &mut lines, "watching 3 messages").await;
    server.received("IDLE").await;
    for subject in ["Hello", "Hello again"] {
        let message = format!("From: Ann Example <ann@example.org>\r\nSubject: {subject}\r\n\r\nHi.\r\n");
        server.deliver("me", "INBOX", message, &[]).unwrap();
        line(&mut child, &mut lines, &format!("new: Ann Example: {subject}")).await;
    }
    server.expunge("me", "INBOX", 1).unwrap();
    line(&mut child, &mut lines, "gone: 1").await;
}

#[tokio::test]
async fn threads_are_shown_as_trees() {
    let server = Server::builder().user("me", "secret").start().await.unwrap();
    let mail = |id: &str, field: &str, from: &str, subject: &str| {
        format!(
            "Message-ID: <{id}@x>\r\n{field}From: {from}\r\nSubject: {subject}\r\nDate: Mon, 2 Mar 2026 10:00 EST\r\n\r\nHi\r\n"
        )
    };
    let read: &[&str] = &["\\Seen"];
    for (message, flags) in [
        (mail("1", "", "Ann <ann@x>", "Lunch?"), read),
        (mail("2", "", "Carl <carl@x>", "Old news"), read),
        (mail("3", "References: <1@x>\r\n", "Bert <bert@x>", "Re: Lunch?"), &[]),
    ] {
        server.deliver("me", "INBOX", message, flags).unwrap();
    }
    let run = Run::new(&server, "threads");
    let url = format!("imaps://me@localhost:{}", server.imaps_port());
    let all = run.run("threads", &[&url, "--ca", "ca.pem"]).await;
    assert_eq!((all.status, all.err.as_str()), (0, ""), "{all:?}");
    let words: Vec<String> =
        all.out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        words,
        [
            "● Lunch? 1 of 2 unread 2026-03-02 Ann, Bert",
            "Ann 2026-03-02",
            "● Bert 2026-03-02",
            "Old news 0 of 1 unread 2026-03-02 Carl",
            "Carl 2026-03-02",
        ]
    );
    let unread = run.run("threads", &[&url, "--unread", "--ca", "ca.pem"]).await;
    assert_eq!((unread.status, unread.out.lines().count()), (0, 3), "{unread:?}");
    let pop3 = format!("pops://me@localhost:{}", server.pop3s_port());
    assert_eq!(run.run("threads", &[&pop3, "--ca", "ca.pem"]).await.status, 2);
}

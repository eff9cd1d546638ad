//! What holds for every example as a program: its command line, its help, a closed output. And that `idle` shows who wrote.

use std::process::Stdio;

use postroom::testing::Server;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::program::{Ended, example, left, server};

const ALL: [&str; 12] = [
    "attachments",
    "collect",
    "folders",
    "idle",
    "inbox",
    "ingest",
    "pop3_drain",
    "read",
    "threads",
    "tour",
    "watch",
    "webmail",
];

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
    std::fs::write(run.folder.join("accounts"), format!("{url} secret\n")).unwrap();
    for (name, words) in [
        ("inbox", vec![url.as_str(), "--ca", "ca.pem"]),
        ("pop3_drain", vec![&url, "mail", "--ca", "ca.pem"]),
        ("collect", vec![&url, "mail2", "--ca", "ca.pem"]),
        ("threads", vec![&url, "--ca", "ca.pem"]),
        ("folders", vec![&url, "--ca", "ca.pem"]),
        ("attachments", vec![&url, "saved", "--ca", "ca.pem"]),
        ("read", vec![&url, "--ca", "ca.pem"]),
        ("webmail", vec![&url, "page", "--ca", "ca.pem"]),
        ("ingest", vec!["accounts", "ingested", "--once", "--ca", "ca.pem"]),
        ("tour", vec![]),
        ("idle", vec!["--help"]),
        ("watch", vec!["--help"]),
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
async fn watch_shows_who_wrote_in_any_mailbox_and_survives_a_lost_connection() {
    let server = server().await;
    let run = Run::new(&server, "watch");
    let url = format!("imaps://me@localhost:{}", server.imaps_port());
    let mut child = run.command("watch", &[&url, "--ca", "ca.pem"]).spawn().unwrap();
    let mut lines = None;
    for _ in 0..server.snapshot("me").unwrap().mailboxes.len() {
        line(&mut child, &mut lines, "watching ").await;
    }
    for (mailbox, subject) in [("Sent", "Hello"), ("INBOX", "Hello again"), ("Archive", "Still there?")] {
        let message = format!("From: Ann Example <ann@example.org>\r\nSubject: {subject}\r\n\r\nHi.\r\n");
        server.deliver("me", mailbox, message, &[]).unwrap();
        line(&mut child, &mut lines, &format!("new in {mailbox}: Ann Example: {subject}")).await;
        server.disconnect_all();
    }
    server.expunge("me", "INBOX", 1).unwrap();
    line(&mut child, &mut lines, "gone from INBOX: 1").await;
    let pop3 = format!("pops://me@localhost:{}", server.pop3s_port());
    assert_eq!(run.run("watch", &[&pop3, "--ca", "ca.pem"]).await.status, 2);
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

/// A message with a text, HTML, a picture in it, and an attachment.
const RICH: &str = "From: Ann Example <ann@example.org>\r\nTo: me@localhost, bert@example.org\r\nSubject: Rich\r\n\
    Message-ID: <rich@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n\
    --m\r\nContent-Type: multipart/related; boundary=r\r\n\r\n\
    --r\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
    <p>Gr=FC=DFe</p><img src=3D\"cid:logo\">\r\n\
    --r\r\nContent-Type: image/png\r\nContent-ID: <logo>\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--r--\r\n\
    --m\r\nContent-Type: application/pdf; name=\"../bill.pdf\"\r\nContent-Disposition: attachment\r\n\
    Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQ=\r\n--m--\r\n";

#[tokio::test]
async fn attachments_are_saved_once_from_both_protocols() {
    let server = server().await;
    server.deliver("me", "INBOX", RICH, &[]).unwrap();
    let run = Run::new(&server, "attachments");
    let urls = [
        format!("imaps://me@localhost:{}", server.imaps_port()),
        format!("pops://me@localhost:{}", server.pop3s_port()),
    ];
    let words = [&urls[0], &urls[1], "saved", "--ca", "ca.pem", "--type", "application/"];
    let saved = run.run("attachments", &words).await;
    assert_eq!(saved.status, 0, "{saved:?}");
    let files: Vec<&str> = saved.out.lines().collect();
    assert_eq!(files.len(), 2, "{saved:?}");
    for file in &files {
        assert!(file.ends_with("bill.pdf"), "{file}");
        assert_eq!(std::fs::read(run.folder.join(file)).unwrap(), b"%PDF-1.4", "{file}");
    }
    // What was cut off goes on, and what is there is not saved again.
    let unfinished = run.folder.join(files[0]).with_file_name("[2].part");
    std::fs::remove_file(run.folder.join(files[0])).unwrap();
    std::fs::write(unfinished, b"%PDF").unwrap();
    let again = run.run("attachments", &words).await;
    assert_eq!((again.status, again.out.lines().collect::<Vec<_>>()), (0, vec![files[0]]), "{again:?}");
    assert_eq!(std::fs::read(run.folder.join(files[0])).unwrap(), b"%PDF-1.4");
    let none = run.run("attachments", &[&urls[0], "none", "--ca", "ca.pem", "--name", "invoice"]).await;
    assert_eq!((none.status, none.out.as_str()), (0, ""), "{none:?}");
}

#[tokio::test]
async fn mail_is_read_alike_by_both_protocols() {
    let server = server().await;
    server.deliver("me", "INBOX", RICH, &[]).unwrap();
    let run = Run::new(&server, "read");
    for url in [
        format!("imaps://me@localhost:{}", server.imaps_port()),
        format!("pops://me@localhost:{}", server.pop3s_port()),
    ] {
        let read = run.run("read", &[&url, "--ca", "ca.pem"]).await;
        assert_eq!((read.status, read.err.as_str()), (0, ""), "{read:?}");
        for shown in ["From:    Ann Example", "Subject: Rich", "Grüße", "+ bill.pdf (application/pdf, 8 B)"] {
            assert!(read.out.contains(shown), "{shown}: {read:?}");
        }
        assert!(!read.out.contains('<'), "{read:?}");
        assert_eq!(run.run("read", &[&url, "99", "--ca", "ca.pem"]).await.status, 1);
        assert_eq!(run.run("read", &[&url, "0", "--ca", "ca.pem"]).await.status, 2);
    }
}

#[tokio::test]
async fn a_webmail_answers_with_json() {
    let server = server().await;
    server.deliver("me", "INBOX", RICH, &[]).unwrap();
    let run = Run::new(&server, "webmail");
    let url = format!("imaps://me@localhost:{}", server.imaps_port());
    let ask = async |words: &[&str]| -> serde_json::Value {
        let ended = run.run("webmail", &[&[&url, "--ca", "ca.pem"], words].concat()).await;
        assert_eq!((ended.status, ended.err.as_str()), (0, ""), "{words:?}: {ended:?}");
        serde_json::from_str(&ended.out).unwrap()
    };
    let folders = ask(&["folders"]).await;
    let inbox = folders.as_array().unwrap().iter().find(|folder| folder["name"] == "INBOX").unwrap();
    assert_eq!((&inbox["messages"], &inbox["role"]), (&4.into(), &"inbox".into()));
    let page = ask(&["page"]).await;
    let subject = |page: &serde_json::Value| page["messages"][0]["envelope"]["subject"].clone();
    assert_eq!((subject(&page), &page["next"]), ("Rich".into(), &serde_json::Value::Null));
    let uid = page["messages"][0]["uid"].to_string();
    assert_eq!(subject(&ask(&["search", "bill.pdf"]).await), "Rich");
    assert_eq!(ask(&["threads"]).await.as_array().unwrap().len(), 4);
    let shown = ask(&["show", &uid]).await;
    assert!(shown["body"].as_str().unwrap().contains("Grüße"), "{shown}");
    assert_eq!(
        (&shown["pictures"]["logo"], &shown["contents"]["attachments"][0]["file_name"]),
        (&"data:image/png;base64,aGVsbG8=".into(), &"bill.pdf".into())
    );
    let reply = ask(&["reply", &uid]).await;
    let ann = serde_json::json!({ "name": "Ann Example", "email": "ann@example.org" });
    assert_eq!((&reply["to"][0], &reply["subject"]), (&ann, &"Re: Rich".into()));
    let archived = ask(&["archive", &uid]).await;
    assert_eq!(server.snapshot("me").unwrap().messages("INBOX").len(), 3);
    assert_eq!(ask(&["undo", archived["undo"].as_str().unwrap()]).await["missing"], "");
    assert_eq!(server.snapshot("me").unwrap().messages("INBOX").len(), 4);
    let ended = run.run("webmail", &[&url, "--ca", "ca.pem", "nonsense"]).await;
    assert_eq!(ended.status, 2, "{ended:?}");
}

/// Good and bad accounts: each has its mail once, the bad ones are tried once, and the program ends well at Ctrl-C.
#[cfg(unix)]
#[tokio::test]
async fn ingest_collects_from_many_accounts_and_disables_those_that_cannot_work() {
    let users: Vec<_> = (0..30).map(|number| format!("user{number}")).collect();
    let builder = users.iter().fold(Server::builder(), |builder, user| builder.user(user, "secret"));
    let server = builder.start().await.unwrap();
    let run = Run::new(&server, "ingest");
    let mut accounts = String::from("# user, password\n\n");
    for (number, user) in users.iter().enumerate() {
        server.deliver(user, "INBOX", format!("Subject: for {user}\r\n\r\nHello.\r\n"), &[]).unwrap();
        let password = if number % 10 == 0 { "wrong" } else { "secret" };
        accounts += &format!("imaps://{user}@localhost:{} {password}\n", server.imaps_port());
    }
    std::fs::write(run.folder.join("accounts"), accounts).unwrap();
    for collected in [1, 0] {
        let ended = run.run("ingest", &["accounts", "mail", "--once", "--ca", "ca.pem"]).await;
        assert_eq!((ended.status, ended.err.as_str()), (0, ""), "{ended:?}");
        let events: Vec<serde_json::Value> =
            ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let bad = events.iter().filter(|event| event["event"]["disabled"] == true).count();
        let good = events.iter().filter(|event| event["event"]["collected"] == collected).count();
        assert_eq!((bad, good), (3, 27), "{ended:?}");
    }
    let logins = server.commands().iter().filter(|line| line.contains("AUTHENTICATE")).count();
    assert_eq!(logins, 60, "a wrong password is tried once in each run");
    assert_eq!(std::fs::read_dir(run.folder.join("mail/user1@localhost/new")).unwrap().count(), 1);

    let mut child = run.command("ingest", &["accounts", "mail", "--ca", "ca.pem"]).spawn().unwrap();
    let mut lines = None;
    for _ in 0..30 {
        line(&mut child, &mut lines, "event").await;
    }
    let pid = child.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let status = child.wait().await.unwrap();
    assert!(status.success(), "{status:?}");
    server.all_closed().await;
    let logouts = server.commands().iter().filter(|line| line.contains("LOGOUT")).count();
    assert_eq!(logouts, 27 * 3, "each session ends well");
}

//! Clients of other projects: Python's imaplib and poplib, and curl, over real sockets and TLS.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use postroom::testing::Server;
use tokio::process::Command;

const MESSAGE: &[u8] = b"From: a@example.org\r\nSubject: bytes\r\n\r\n.\r\n..dots\r\n8-bit \xe9\xff\x01\r\n\r\nend\r\n";

/// A directory of this test's own, removed at its end.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("postroom-embedded-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Scratch {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

/// The program's output; `None` if it is not installed and not required.
pub(crate) async fn run(program: &str, args: &[OsString]) -> Option<Vec<u8>> {
    let output = match Command::new(program).args(args).kill_on_drop(true).output().await {
        Ok(output) => output,
        Err(error) if std::env::var_os("POSTROOM_REQUIRE_PEERS").is_some_and(|value| value == "1") => {
            panic!("{program} is required: {error}")
        }
        Err(error) => {
            eprintln!("skipped: {program} cannot be run: {error}");
            return None;
        }
    };
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {args:?}: {}\n{errors}", output.status);
    Some(output.stdout)
}

async fn python(script: &str, plain: u16, tls: u16, ca: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/embedded/clients").join(script);
    let args = [script.into(), plain.to_string().into(), tls.to_string().into(), ca.into()];
    if let Some(output) = run("python3", &args).await {
        assert!(String::from_utf8_lossy(&output).ends_with("ok\n"));
    }
}

async fn curl(ca: &Path, args: &[&str]) -> Option<Vec<u8>> {
    let fixed = ["--silent", "--show-error", "--max-time", "20", "--user", "alice:alicepw", "--cacert"];
    let all = fixed.iter().map(OsString::from).chain([ca.into()]).chain(args.iter().map(OsString::from));
    run("curl", &all.collect::<Vec<_>>()).await
}

#[tokio::test]
#[ignore = "needs python3 and curl; run by tests/run"]
async fn imaplib_understands_the_server() {
    let server = Server::builder().sample_mail().start().await.unwrap();
    let scratch = Scratch::new();
    let ca = scratch.file("ca.pem", server.ca_pem().as_bytes());
    python("imap.py", server.imap_port(), server.imaps_port(), &ca).await;
}

#[tokio::test]
#[ignore = "needs python3 and curl; run by tests/run"]
async fn poplib_understands_the_server() {
    let server = Server::builder().sample_mail().start().await.unwrap();
    let scratch = Scratch::new();
    let ca = scratch.file("ca.pem", server.ca_pem().as_bytes());
    python("pop3.py", server.pop3_port(), server.pop3s_port(), &ca).await;
}

#[tokio::test]
#[ignore = "needs python3 and curl; run by tests/run"]
async fn curl_gets_every_byte_by_imap() {
    let server = Server::builder().start().await.unwrap();
    server.deliver("alice", "INBOX", MESSAGE, &[]);
    let scratch = Scratch::new();
    let ca = scratch.file("ca.pem", server.ca_pem().as_bytes());
    let secure = format!("imaps://localhost:{}", server.imaps_port());
    let upgraded = format!("imap://localhost:{}", server.imap_port());
    let Some(body) = curl(&ca, &[&format!("{secure}/INBOX;UID=1")]).await else {
        return;
    };
    assert_eq!(body, MESSAGE);
    let body = curl(&ca, &["--ssl-reqd", &format!("{upgraded}/INBOX;MAILINDEX=1")]).await.unwrap();
    assert_eq!(body, MESSAGE);
    let list = curl(&ca, &[&format!("{secure}/")]).await.unwrap();
    assert!(String::from_utf8_lossy(&list).contains("\"INBOX\""));

    let file = scratch.file("mail.eml", MESSAGE);
    curl(&ca, &["--upload-file", file.to_str().unwrap(), &format!("{secure}/Sent")]).await.unwrap();
    let snapshot = server.snapshot("alice").unwrap();
    assert_eq!(snapshot.messages("Sent")[0].bytes.as_ref(), MESSAGE);
}

#[tokio::test]
#[ignore = "needs python3 and curl; run by tests/run"]
async fn curl_sends_commands_of_its_own_by_imap() {
    let server = Server::builder().start().await.unwrap();
    for _ in 0..3 {
        server.deliver("alice", "INBOX", MESSAGE, &[]);
    }
    let scratch = Scratch::new();
    let ca = scratch.file("ca.pem", server.ca_pem().as_bytes());
    let root = format!("imaps://localhost:{}/", server.imaps_port());
    let inbox = format!("{root}INBOX");
    let Some(found) = curl(&ca, &[&format!("{inbox}?SUBJECT%20bytes%20UNSEEN")]).await else {
        return;
    };
    assert_eq!(found, b"* SEARCH 1 2 3\r\n");
    let requests = [
        (&root, "CREATE \"Work/Jahr &- Tag\"", ""),
        (&inbox, "UID COPY 1:2 \"Work/Jahr &- Tag\"", ""),
        (&inbox, "UID MOVE 3 Archive", ""),
        (&inbox, "UID STORE 1 +FLAGS.SILENT (\\Deleted $Label1)", ""),
        (&inbox, "UID EXPUNGE 1", ""),
        (&root, "SUBSCRIBE Archive", ""),
        (&root, "STATUS Archive (MESSAGES UNSEEN)", "MESSAGES 1"),
        (&root, "LIST \"\" \"Work/%\"", "Work/Jahr"),
        (&root, "RENAME \"Work/Jahr &- Tag\" Tag", ""),
        (&root, "NAMESPACE", "NAMESPACE"),
    ];
    for (url, request, answer) in requests {
        let said = curl(&ca, &["--request", request, url]).await.unwrap();
        assert!(String::from_utf8_lossy(&said).contains(answer), "{request}: {}", String::from_utf8_lossy(&said));
    }
    let snapshot = server.snapshot("alice").unwrap();
    let uids = |name| snapshot.messages(name).iter().map(|mail| mail.uid).collect::<Vec<_>>();
    assert_eq!((uids("INBOX"), uids("Tag"), uids("Archive")), (vec![2], vec![1, 2], vec![1]));
    assert!(snapshot.mailboxes["Archive"].subscribed);
}

#[tokio::test]
#[ignore = "needs python3 and curl; run by tests/run"]
async fn curl_gets_every_byte_by_pop3() {
    let server = Server::builder().start().await.unwrap();
    server.deliver("alice", "INBOX", MESSAGE, &[]);
    let scratch = Scratch::new();
    let ca = scratch.file("ca.pem", server.ca_pem().as_bytes());
    let secure = format!("pop3s://localhost:{}", server.pop3s_port());
    let upgraded = format!("pop3://localhost:{}/1", server.pop3_port());
    let Some(body) = curl(&ca, &[&format!("{secure}/1")]).await else {
        return;
    };
    assert_eq!(body, MESSAGE);
    assert_eq!(curl(&ca, &["--ssl-reqd", &upgraded]).await.unwrap(), MESSAGE);
    let list = curl(&ca, &[&format!("{secure}/")]).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&list), format!("1 {}\r\n", MESSAGE.len()));
    curl(&ca, &["--request", "DELE", "--head", &format!("{secure}/1")]).await.unwrap();
    assert!(server.snapshot("alice").unwrap().messages("INBOX").is_empty());
}

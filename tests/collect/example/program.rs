//! The program, built and run in a folder of its own, and the server that it connects to. It knows no test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command as Build, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use postroom::testing::{Builder, Server};
use tokio::process::Command;

/// How it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The program with its folder, which is removed with the value.
pub(crate) struct Program {
    scratch: PathBuf,
    /// The folder for the mail.
    pub(crate) mail: PathBuf,
    ports: [u16; 2],
    pub(crate) password: &'static str,
    /// Whether it trusts the server's authority.
    pub(crate) trusts: bool,
}

/// With three messages of `me`.
pub(crate) async fn server() -> Server {
    filled(Server::builder()).await
}

pub(crate) async fn filled(builder: Builder) -> Server {
    let server = builder.user("me", "secret").start().await.unwrap();
    for subject in ["one", "two", "three"] {
        server.deliver("me", "INBOX", format!("Subject: {subject}\r\n\r\nHow are you?\r\n"), &[]).unwrap();
    }
    server
}

/// How many messages are left on it.
pub(crate) fn left(server: &Server) -> usize {
    server.snapshot("me").unwrap().messages("INBOX").len()
}

/// The subjects of what is in the Maildir, sorted.
pub(crate) fn subjects(maildir: &Path) -> Vec<String> {
    let files = fs::read_dir(maildir.join("new")).unwrap();
    let subject = |text: String| text.strip_prefix("Subject: ").unwrap().lines().next().unwrap().to_owned();
    let mut subjects: Vec<_> = files.map(|file| subject(fs::read_to_string(file.unwrap().path()).unwrap())).collect();
    subjects.sort();
    subjects
}

impl Program {
    pub(crate) fn new(server: &Server) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("postroom-program-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let scratch = std::env::temp_dir().join(name);
        fs::create_dir(&scratch).unwrap();
        fs::write(scratch.join("ca.pem"), server.ca_pem()).unwrap();
        let mail = scratch.join("mail");
        Self { scratch, mail, ports: [server.pop3s_port(), server.imaps_port()], password: "secret", trusts: true }
    }

    pub(crate) async fn pop3(&self, options: &[&str]) -> Ended {
        self.at("pops", self.ports[0], options).await
    }

    pub(crate) async fn imap(&self, options: &[&str]) -> Ended {
        self.at("imaps", self.ports[1], options).await
    }

    async fn at(&self, scheme: &str, port: u16, options: &[&str]) -> Ended {
        let url = format!("{scheme}://me@localhost:{port}");
        self.run(&[&[url.as_str(), "mail"], options].concat()).await
    }

    pub(crate) async fn run(&self, words: &[&str]) -> Ended {
        Ended::of(self.command(words).output().await.unwrap())
    }

    /// Interrupts the program when the server has received that command.
    pub(crate) async fn interrupted(&self, server: &Server, command: &str) -> Ended {
        let url = format!("pops://me@localhost:{}", self.ports[0]);
        let child = self.command(&[&url, "mail", "--delete"]).spawn().unwrap();
        while !server.commands().iter().any(|line| line.contains(command)) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let pid = child.id().unwrap().to_string();
        assert!(Build::new("kill").args(["-INT", &pid]).status().unwrap().success());
        Ended::of(child.wait_with_output().await.unwrap())
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(example("collect"));
        command.args(words).current_dir(&self.scratch).env("POSTROOM_PASSWORD", self.password).kill_on_drop(true);
        if self.trusts && !words.is_empty() {
            command.args(["--ca", "ca.pem"]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.scratch);
    }
}

impl Ended {
    pub(crate) fn of(output: std::process::Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { status: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// An example, built with the features of this test: cargo builds them first, unless a single test was requested.
pub(crate) fn example(name: &str) -> PathBuf {
    static PROGRAMS: OnceLock<Vec<PathBuf>> = OnceLock::new();
    let programs = PROGRAMS.get_or_init(|| {
        let mut features = vec!["testing", "imap", "pop3", "collect", "serde"];
        // By its name too: without it cargo would build all of the crate again.
        features.extend(cfg!(feature = "default").then_some("default"));
        features.extend(cfg!(feature = "aws-lc-rs").then_some("aws-lc-rs"));
        features.extend(cfg!(feature = "ring").then_some("ring"));
        features.extend(cfg!(feature = "sqlite").then_some("sqlite"));
        features.extend(cfg!(feature = "platform-roots").then_some("platform-roots"));
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let built = Build::new(cargo)
            .args(["build", "--quiet", "--examples", "--message-format", "json", "--no-default-features"])
            .args(["--features", &features.join(",")])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let said = String::from_utf8(built.stdout).unwrap();
        let executables = said.lines().filter_map(|line| {
            let said: serde_json::Value = serde_json::from_str(line).ok()?;
            said.get("executable")?.as_str().map(PathBuf::from)
        });
        executables.collect()
    });
    programs.iter().find(|path| path.file_stem().is_some_and(|stem| stem == name)).unwrap().clone()
}

//! A server's processes: its scratch directory, its free ports, its start and its end. It knows no protocol and no particular
//! server.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The owner of the mail if the tests run as root, which no server allows to own any. No other account has this number.
const MAIL_UID: u32 = 5942;
const PATIENCE: Duration = Duration::from_secs(30);

/// A directory of the server's own, and `serve.sh`, which lives as long as its standard input and removes the processes and the
/// directory when it ends.
pub(crate) struct Process {
    /// Unlike any other's.
    pub(crate) name: String,
    pub(crate) dir: PathBuf,
    pub(crate) ports: [u16; 4],
    guard: Child,
}

impl Process {
    /// The directory, to be configured; nothing runs yet.
    pub(crate) fn prepare() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("postroom-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let dir = std::env::temp_dir().join(&name);
        fs::create_dir(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        let guard = guard(&dir);
        Self { name, dir, ports: free_ports(), guard }
    }

    /// A configuration with the name, the directory, the ports and these values in their places.
    pub(crate) fn configured(&self, text: &str, values: &[(&str, String)]) -> String {
        let [imap, imaps, pop3, pop3s] = self.ports.map(|port| port.to_string());
        let dir = self.dir.to_str().unwrap().to_owned();
        let own = [("@IMAP@", imap), ("@IMAPS@", imaps), ("@POP3@", pop3), ("@POP3S@", pop3s), ("@DIR@", dir)];
        let own = own.into_iter().chain([("@NAME@", self.name.clone())]);
        own.chain(values.iter().cloned()).fold(text.to_owned(), |text, (name, value)| text.replace(name, &value))
    }

    /// Runs these command lines. The error is the server's output, if no greeting came that contains `greeting`.
    pub(crate) fn start(&mut self, commands: &[String], greeting: &str) -> Result<(), String> {
        let [imap, _, pop3, _] = self.ports;
        self.start_on(&[imap, pop3], commands, greeting)
    }

    /// The same for a server that greets on these ports only.
    pub(crate) fn start_on(&mut self, ports: &[u16], commands: &[String], wanted: &str) -> Result<(), String> {
        let greets = |port: &u16| greeting(*port).is_ok_and(|line| line.contains(wanted));
        self.start_when(commands, || ports.iter().all(greets))
    }

    /// The same for one that does not speak first: `is_ready` asks it. The port listens before the server answers, and may be another
    /// program's.
    pub(crate) fn start_when(&mut self, commands: &[String], is_ready: impl Fn() -> bool) -> Result<(), String> {
        let stdin = self.guard.stdin.as_mut().unwrap();
        stdin.write_all((commands.join("\n") + "\n").as_bytes()).unwrap();
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end && !failed(&self.log()) {
            if is_ready() {
                return if taken(&self.log()) { Err(self.log()) } else { Ok(()) };
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(self.log())
    }

    /// What the server has written so far.
    pub(crate) fn log(&self) -> String {
        let files = ["start.log", "dovecot.log"].map(|name| fs::read_to_string(self.dir.join(name)));
        files.into_iter().flatten().collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        // The guard gives each process ten seconds, and the directory five.
        let _ = self.guard.wait();
    }
}

/// Starts a server, on other ports if another program took one that was free a moment ago.
pub(crate) fn persistently<T>(name: &str, start: impl Fn() -> Result<T, String>) -> T {
    for _ in 0..5 {
        match start() {
            Ok(server) => return server,
            Err(log) if taken(&log) => {}
            Err(log) => panic!("{name} did not start:\n{log}"),
        }
    }
    panic!("somebody takes every port that was free");
}

/// Runs a program to its end, with this as its standard input.
pub(crate) fn run(command: &mut Command, input: &str) -> Vec<u8> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Where `tests/support/unpack.sh` put the servers that Debian does not install beside Dovecot.
pub(crate) fn unpacked(server: &str) -> PathBuf {
    let cache = |name| std::env::var_os(name).map(PathBuf::from);
    let usual = || match is_root(Path::new("/proc/self")) {
        true => PathBuf::from("/var/cache"),
        false => cache("XDG_CACHE_HOME").unwrap_or_else(|| cache("HOME").unwrap().join(".cache")),
    };
    let root = cache("POSTROOM_TEST_CACHE").unwrap_or_else(|| usual().join("postroom-tests")).join(server);
    assert!(
        root.join("version").exists(),
        "the live tests need {server}, unpacked in {}; see tests/run",
        root.display()
    );
    root
}

pub(crate) fn is_root(dir: &Path) -> bool {
    fs::metadata(dir).unwrap().uid() == 0
}

/// Who owns the mail.
pub(crate) fn owner(dir: &Path) -> (u32, u32) {
    let meta = fs::metadata(dir).unwrap();
    if is_root(dir) { (MAIL_UID, MAIL_UID) } else { (meta.uid(), meta.gid()) }
}

/// Whether waiting is useless.
fn failed(log: &str) -> bool {
    taken(log) || ["Fatal:", "Traceback", "error while loading"].iter().any(|words| log.contains(words))
}

fn taken(log: &str) -> bool {
    log.contains("ddress already in use")
}

fn greeting(port: u16) -> std::io::Result<String> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(line)
}

fn guard(dir: &Path) -> Child {
    Command::new("sh")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/server/serve.sh"))
        .arg(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0) // An interrupt from the terminal is for the tests; their end is what ends this.
        .spawn()
        .unwrap()
}

/// Four ports that are free on all the addresses on which Dovecot listens. They are held until all are found.
fn free_ports() -> [u16; 4] {
    let mut held = Vec::new();
    std::array::from_fn(|_| {
        loop {
            let first = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = first.local_addr().unwrap().port();
            let others = ["127.0.0.2", "127.0.0.3", "127.0.0.4"].map(|address| TcpListener::bind((address, port)));
            let free = others.iter().all(Result::is_ok);
            held.push((first, others));
            if free {
                return port;
            }
        }
    })
}

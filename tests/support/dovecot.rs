//! A real Dovecot for the live tests: started on free loopback ports with a configuration, certificates and a mail store of its
//! own, shared by the tests that run at the same time, ended with the last of them. It knows nothing of the client under test.
#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};

/// What everybody logs in with, under any name.
pub(crate) const PASSWORD: &str = "p4ssw0rd-of-the-tests";
/// A user whose password needs quoting in every way there is.
pub(crate) const NASTY_USER: &str = "nasty";
pub(crate) const NASTY_PASSWORD: &str = "q\"uote b\\ackslash {3} pässwörd%s";

const CONFIG: &str = include_str!("dovecot.conf");
/// The owner of the mail where the tests run as root, which Dovecot does not allow to own any. Nobody else has this number.
const MAIL_UID: u32 = 5942;
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Dovecot {
    pub(crate) imap: u16,
    pub(crate) imaps: u16,
    pub(crate) pop3: u16,
    pub(crate) pop3s: u16,
    pub(crate) ca_pem: String,
    /// A client's certificate by the same authority, for the user `alice`, and its key.
    pub(crate) client: (String, String),
    dir: PathBuf,
    /// `dovecot.sh`, which lives as long as its standard input and takes Dovecot and the folder with it.
    guard: Child,
}

/// One user with a mail store that no other test knows.
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) server: Arc<Dovecot>,
}

impl User {
    /// A user of that name on the server that the tests of this process share. Statics are never dropped, so that the server
    /// hangs on its users: it ends with the last of them, a panicking test's included.
    pub(crate) fn new(name: &str) -> Self {
        static SHARED: Mutex<Weak<Dovecot>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let server = shared.upgrade().unwrap_or_else(|| Arc::new(Dovecot::start()));
        *shared = Arc::downgrade(&server);
        Self { name: name.to_owned(), server }
    }

    /// Puts a message into the store behind the server's back, as a delivery agent would. `folder` is `""` for INBOX, else the
    /// name as it is on disk, such as `.Sent`. `name` is the file's; several are listed in the order of their names.
    pub(crate) fn deliver(&self, folder: &str, name: &str, message: &[u8]) {
        let maildir = self.make_folder(folder);
        let unfinished = maildir.join("tmp").join(name);
        fs::write(&unfinished, message).unwrap();
        self.server.give(&unfinished);
        fs::rename(&unfinished, maildir.join("new").join(name)).unwrap();
    }

    /// Makes a folder on disk, with its name in modified UTF-7 behind a dot.
    pub(crate) fn make_folder(&self, folder: &str) -> PathBuf {
        let maildir = self.maildir();
        let path = maildir.join(folder);
        let home = maildir.parent().unwrap().to_owned();
        let inner = ["cur", "new", "tmp"].map(|inner| path.join(inner));
        for path in [home, maildir, path].iter().chain(&inner) {
            if !path.exists() {
                fs::create_dir(path).unwrap();
                self.server.give(path);
            }
        }
        inner[0].parent().unwrap().to_owned()
    }

    /// The bytes of all the messages that the folder holds on disk, in the order of the files' names.
    pub(crate) fn stored(&self, folder: &str) -> Vec<Vec<u8>> {
        let maildir = self.maildir().join(folder);
        let mut files: Vec<PathBuf> = ["cur", "new"]
            .iter()
            .filter_map(|inner| fs::read_dir(maildir.join(inner)).ok())
            .flat_map(|files| files.map(|file| file.unwrap().path()))
            .collect();
        files.sort_by_key(|path| path.file_name().map(ToOwned::to_owned));
        files.iter().map(|path| fs::read(path).unwrap()).collect()
    }

    fn maildir(&self) -> PathBuf {
        self.server.dir.join("home").join(&self.name).join("Maildir")
    }
}

impl Dovecot {
    fn start() -> Self {
        let found = Command::new("sh").args(["-c", "PATH=$PATH:/usr/sbin:/sbin; command -v dovecot"]).output().unwrap();
        assert!(
            found.status.success(),
            "the live tests need Dovecot (Debian: dovecot-imapd, dovecot-pop3d); see tests/run"
        );
        for _ in 0..5 {
            match Self::try_start() {
                Ok(server) => return server,
                Err(log) if log.contains("Address already in use") => {}
                Err(log) => panic!("Dovecot did not start:\n{log}"),
            }
        }
        panic!("somebody takes every port that was free");
    }

    /// The error is what Dovecot wrote.
    fn try_start() -> Result<Self, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("postroom-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let dir = std::env::temp_dir().join(&name);
        fs::create_dir(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        let [imap, imaps, pop3, pop3s] = free_ports();

        let mut guard = Command::new("sh");
        guard
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/dovecot.sh"))
            .arg(&dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0); // An interrupt from the terminal is for the tests; their end is what ends this.
        let (ca_pem, client) = certificates(&dir);
        let (uid, gid) = owner(&dir);
        let config = [
            ("@GREETING@", name.clone()),
            ("@PASSWORD@", PASSWORD.to_owned()),
            ("@OWNER@", unprivileged(&dir)),
            ("@CHROOT@", if is_root(&dir) { String::new() } else { "chroot =".to_owned() }),
            ("@UID@", uid.to_string()),
            ("@GID@", gid.to_string()),
            ("@IMAP@", imap.to_string()),
            ("@IMAPS@", imaps.to_string()),
            ("@POP3@", pop3.to_string()),
            ("@POP3S@", pop3s.to_string()),
            ("@DIR@", dir.to_str().unwrap().to_owned()),
        ];
        let config = config.iter().fold(CONFIG.to_owned(), |config, (name, value)| config.replace(name, value));
        fs::write(dir.join("dovecot.conf"), config).unwrap();
        fs::write(dir.join("users"), format!("{NASTY_USER}:{{PLAIN}}{NASTY_PASSWORD}\n")).unwrap();
        for inner in ["run", "state", "home"] {
            fs::create_dir(dir.join(inner)).unwrap();
        }
        let server = Self { imap, imaps, pop3, pop3s, ca_pem, client, dir, guard: guard.spawn().unwrap() };
        server.give(&server.dir.join("home"));
        match [imap, pop3].into_iter().all(|port| server.greets(port, &name)) {
            true => Ok(server),
            false => Err(server.log()),
        }
    }

    /// What Dovecot has written so far.
    pub(crate) fn log(&self) -> String {
        let files = ["start.log", "dovecot.log"].map(|name| fs::read_to_string(self.dir.join(name)));
        files.into_iter().flatten().collect()
    }

    /// Whether a greeting comes, and ours: the port listens before anybody answers, and may be somebody else's.
    fn greets(&self, port: u16, name: &str) -> bool {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end && !self.log().contains("Fatal:") {
            if greeting(port).is_ok_and(|line| line.contains(name)) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }

    /// To the owner of the mail.
    fn give(&self, path: &Path) {
        let (uid, gid) = owner(&self.dir);
        chown(path, Some(uid), Some(gid)).unwrap();
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        // The guard gives Dovecot ten seconds, and the folder five.
        let _ = self.guard.wait();
    }
}

fn greeting(port: u16) -> std::io::Result<String> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(line)
}

/// Four ports that are free on all the addresses Dovecot listens on. They are held until all are found.
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

fn is_root(dir: &Path) -> bool {
    fs::metadata(dir).unwrap().uid() == 0
}

fn owner(dir: &Path) -> (u32, u32) {
    let meta = fs::metadata(dir).unwrap();
    if is_root(dir) { (MAIL_UID, MAIL_UID) } else { (meta.uid(), meta.gid()) }
}

/// Without root, Dovecot's processes can only be the user's own.
fn unprivileged(dir: &Path) -> String {
    if is_root(dir) {
        return String::new();
    }
    let name = |flag| {
        let output = Command::new("id").arg(flag).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let (user, group) = (name("-un"), name("-gn"));
    format!("default_internal_user = {user}\ndefault_login_user = {user}\ndefault_internal_group = {group}")
}

/// Writes the certificates of the good, the expired and the wrong server, all of one authority, whose own is returned with one
/// for a client and its key.
fn certificates(dir: &Path) -> (String, (String, String)) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(DnType::CommonName, "postroom live tests");
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().unwrap();
    let ca_pem = authority.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(authority, key);
    let leaf = |file: &str, names: &[&str], expired: bool| {
        let mut leaf = CertificateParams::new(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>()).unwrap();
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        if expired {
            (leaf.not_before, leaf.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
        }
        let key = KeyPair::generate().unwrap();
        fs::write(dir.join(format!("{file}.pem")), leaf.signed_by(&key, &issuer).unwrap().pem()).unwrap();
        fs::write(dir.join(format!("{file}.key")), key.serialize_pem()).unwrap();
    };
    leaf("server", &["localhost", "127.0.0.1"], false);
    leaf("expired", &["localhost", "127.0.0.1"], true);
    leaf("wronghost", &["elsewhere.example"], false);
    fs::write(dir.join("ca.pem"), &ca_pem).unwrap();
    let mut client = CertificateParams::new(Vec::new()).unwrap();
    client.distinguished_name.push(DnType::CommonName, "alice");
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate().unwrap();
    let client = client.signed_by(&key, &issuer).unwrap().pem();
    (ca_pem, (client, key.serialize_pem()))
}

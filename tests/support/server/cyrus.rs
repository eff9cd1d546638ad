//! Cyrus from unpacked packages. Its users are in SASL's database, to which each test's is added; a plain session of ours delivers mail
//! and reads it back.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use crate::server::certificates::certificates;
use crate::server::process::{Process, is_root, persistently, run, unpacked};
use crate::server::raw::{ByRaw, Raw, modified_utf7};
use crate::server::{Mail, Running, Store};

struct Cyrus {
    process: Process,
    users: Mutex<Vec<(String, String)>>,
}

impl Store for Cyrus {
    fn add_user(&self, name: &str, password: &str) {
        let mut users = self.users.lock().unwrap();
        let data = self.process.dir.join("sasldb2");
        let mut command = Command::new(unpacked("cyrus").join("usr/sbin/saslpasswd2"));
        command.envs(environment()).arg("-pcf").arg(&data).args(["-u", &self.process.name, name]);
        run(&mut command, password);
        give(&data, &self.process.dir);
        users.push((name.to_owned(), password.to_owned()));
    }

    fn log(&self) -> String {
        self.process.log()
    }

    fn mail(&self) -> &dyn Mail {
        self
    }
}

impl ByRaw for Cyrus {
    fn session(&self, user: &str) -> Raw {
        let users = self.users.lock().unwrap();
        let (name, password) = users.iter().find(|(name, _)| name == user).unwrap();
        Raw::login(self.process.ports[0], name, password)
    }

    /// Everything is below INBOX, and dots separate levels.
    fn path(&self, mailbox: &str) -> String {
        match mailbox {
            "INBOX" => mailbox.to_owned(),
            other => format!("INBOX.{}", modified_utf7(other).replace('/', ".")),
        }
    }
}

pub(crate) fn start() -> Running {
    persistently("Cyrus", try_start)
}

fn try_start() -> Result<Running, String> {
    let mut process = Process::prepare();
    let dir = process.dir.clone();
    let certificates = certificates(&dir);
    let bin = unpacked("cyrus").join("usr/lib/cyrus/bin");
    let names = [("@OWNER@", account(&dir)), ("@BIN@", bin.to_str().unwrap().to_owned())];
    for (file, text) in [("imapd.conf", include_str!("imapd.conf")), ("cyrus.conf", include_str!("cyrus.conf"))] {
        fs::write(dir.join(file), process.configured(text, &names)).unwrap();
    }
    for inner in ["conf", "run", "spool"] {
        fs::create_dir(dir.join(inner)).unwrap();
        give(&dir.join(inner), &dir);
    }
    let settings = environment().map(|(name, value)| format!("{name}={value}")).join(" ");
    let master = format!(
        "env {settings} {}/master -C {dir}/imapd.conf -M {dir}/cyrus.conf -p {dir}/run/master.pid",
        bin.display(),
        dir = dir.display()
    );
    process.start(&[master], &process.name.clone())?;
    Ok(Running { ports: process.ports, certificates, store: Box::new(Cyrus { process, users: Mutex::default() }) })
}

/// The directories of its libraries and its login mechanisms.
fn environment() -> [(&'static str, String); 2] {
    let root = unpacked("cyrus");
    let libraries = |place: &str| {
        let all = fs::read_dir(root.join(place)).unwrap().map(|entry| entry.unwrap().path());
        all.filter(|path| path.to_str().unwrap().ends_with("-linux-gnu")).collect::<Vec<PathBuf>>()
    };
    let dirs = [libraries("usr/lib"), libraries("lib")].concat();
    let join = |inner: &str| dirs.iter().map(|dir| dir.join(inner).display().to_string()).collect::<Vec<_>>().join(":");
    [("LD_LIBRARY_PATH", join("")), ("SASL_PATH", join("sasl2"))]
}

/// The account under which it runs: `nobody` if the tests run as root.
fn account(dir: &Path) -> String {
    let name = run(Command::new("id").args(["-un"]).args(is_root(dir).then_some("nobody")), "");
    String::from_utf8(name).unwrap().trim().to_owned()
}

fn give(path: &Path, dir: &Path) {
    if is_root(dir) {
        let number = |flag| {
            String::from_utf8(run(Command::new("id").args([flag, "nobody"]), "")).unwrap().trim().parse().unwrap()
        };
        chown(path, Some(number("-u")), Some(number("-g"))).unwrap();
    }
}

//! A POP3 server of the old kind, from unpacked packages: one process for each connection, in a root directory of its own, users in
//! `/etc/passwd`, and the mail of each in one mbox file to which other programs append. It needs root, as such servers do.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use crate::server::certificates::certificates;
use crate::server::process::{Process, owner};
use crate::server::root::{Accounts, append, copy_root};
use crate::server::{Mail, Running, Store};

const AUTHENTICATION: &str =
    "auth required pam_unix.so\naccount required pam_permit.so\nsession required pam_permit.so\n";
/// The beginning of each message; the date follows it.
const FROM: &str = "From sender@example.org Mon Mar  2 10:00:00 2026\n";

/// The differences between the servers of this kind.
#[derive(Clone, Copy)]
pub(crate) struct How {
    /// The name of its unpacked packages, and of its program.
    pub(crate) name: &'static str,
    /// The account under which it runs.
    pub(crate) account: &'static str,
    /// Whether the empty line that ends a message in an mbox is no part of the message.
    pub(crate) separates: bool,
}

struct Spool {
    root: PathBuf,
    process: Process,
    how: How,
    accounts: Accounts,
}

impl Store for Spool {
    fn add_user(&self, name: &str, password: &str) {
        self.accounts.add(name, password);
        let (uid, gid) = owner(&self.process.dir);
        let mailbox = self.mailbox(name);
        fs::write(&mailbox, "").unwrap();
        chown(mailbox, Some(uid), Some(gid)).unwrap();
    }

    fn log(&self) -> String {
        self.process.log()
    }

    fn mail(&self) -> &dyn Mail {
        self
    }
}

impl Mail for Spool {
    fn make_mailbox(&self, _: &str, mailbox: &str) {
        assert_eq!(mailbox, "INBOX", "there is no other");
    }

    fn deliver(&self, user: &str, _: &str, messages: &[Vec<u8>]) {
        let mut all = Vec::new();
        for message in messages {
            all.extend_from_slice(FROM.as_bytes());
            let text = String::from_utf8_lossy(message);
            assert!(!text.contains("\nFrom "), "this spool does not quote");
            for line in message.split_inclusive(|byte| *byte == b'\n') {
                match line.strip_suffix(b"\r\n") {
                    Some(line) => all.extend([line, b"\n"].concat()),
                    None => all.extend_from_slice(line),
                }
            }
            if self.how.separates {
                all.push(b'\n');
            }
        }
        append(&self.mailbox(user), &all);
    }

    fn stored(&self, user: &str, _: &str) -> Vec<Vec<u8>> {
        let file = fs::read(self.mailbox(user)).unwrap();
        let mut messages: Vec<Vec<u8>> = Vec::new();
        for line in file.split_inclusive(|byte| *byte == b'\n') {
            match messages.last_mut() {
                _ if line.starts_with(b"From ") => messages.push(Vec::new()),
                Some(message) => message.extend([line.strip_suffix(b"\n").unwrap_or(line), b"\r\n"].concat()),
                None => panic!("the mailbox of {user} does not begin with a message"),
            }
        }
        let separator: &[u8] = if self.how.separates { b"\r\n" } else { b"" };
        messages.into_iter().map(|message| message.strip_suffix(separator).unwrap().to_vec()).collect()
    }
}

impl Spool {
    fn mailbox(&self, user: &str) -> PathBuf {
        self.root.join("var/mail").join(user)
    }
}

pub(crate) fn try_start(how: How) -> Result<Running, String> {
    let How { name, account, .. } = how;
    let mut process = Process::prepare();
    let dir = process.dir.clone();
    let certificates = certificates(&dir);
    let root = copy_root(name, &dir, &["etc/pam.d", "var/empty", "var/mail", "var/lib/popa3d"]);
    let accounts = Accounts::new(&root, owner(&dir), account);
    // For the lock files of programs that deliver or collect.
    fs::set_permissions(root.join("var/mail"), fs::Permissions::from_mode(0o1777)).unwrap();
    let files = [
        ("pam.d/other", AUTHENTICATION.to_owned()),
        ("pam.d/popa3d", AUTHENTICATION.to_owned()),
        ("pam.d/solid-pop3d", AUTHENTICATION.to_owned()),
        ("spop3d.conf", include_str!("spop3d.conf").to_owned()),
    ];
    for (file, text) in files {
        fs::write(root.join("etc").join(file), text).unwrap();
    }
    let inetd = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/server/inetd.py");
    let pop3 = process.ports[2];
    let command = format!("python3 {} {pop3} {} /usr/sbin/{name}", inetd.display(), root.display());
    process.start_on(&[pop3], &[command], "+OK")?;
    Ok(Running { ports: process.ports, certificates, store: Box::new(Spool { root, process, how, accounts }) })
}

//! GNU Mailutils' imap4d and pop3d from unpacked packages, in a root directory of their own, with mail in Maildirs. (In mbox files
//! they write lines of their own into every message, and announce wrong sizes.)

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::server::certificates::certificates;
use crate::server::maildir::Maildirs;
use crate::server::process::{Process, owner, persistently};
use crate::server::raw::modified_utf7;
use crate::server::root::{Accounts, copy_root};
use crate::server::{Mail, Running, Store};

const CONFIG: &str = include_str!("mailutils.conf");

struct Mailutils {
    mail: Maildirs,
    accounts: Accounts,
    process: Process,
}

impl Store for Mailutils {
    fn add_user(&self, name: &str, password: &str) {
        self.accounts.add(name, password);
        self.mail.make_mailbox(name, "INBOX");
        self.mail.make_dir(&self.mail.home.join("home").join(name));
    }

    fn log(&self) -> String {
        self.process.log()
    }

    fn mail(&self) -> &dyn Mail {
        &self.mail
    }
}

pub(crate) fn start() -> Running {
    persistently("Mailutils", try_start)
}

fn try_start() -> Result<Running, String> {
    let mut process = Process::prepare();
    let dir = process.dir.clone();
    let certificates = certificates(&dir);
    let root = copy_root("mailutils", &dir, &["home", "var/mail", "var/lock/subsys/mail"]);
    let accounts = Accounts::new(&root, owner(&dir), "mailutils");
    for file in ["server.pem", "server.key", "ca.pem"] {
        fs::copy(dir.join(file), root.join("etc").join(file)).unwrap();
    }
    // The folder in which pop3d locks a mailbox, as its user.
    fs::set_permissions(root.join("var/lock/subsys/mail"), fs::Permissions::from_mode(0o1777)).unwrap();
    // It refuses a key that others may read.
    fs::set_permissions(root.join("etc/server.key"), fs::Permissions::from_mode(0o600)).unwrap();
    let [imap, imaps, pop3, pop3s] = process.ports;
    let imap4d = configure(&root, "imap4d", [imap, imaps], "id-fields (name, version, vendor);\n");
    let pop3d = configure(&root, "pop3d", [pop3, pop3s], "delete-expired no;\n");
    process.start(&[imap4d, pop3d], "OK")?;
    let mail = Maildirs { home: root, owner: owner(&dir), crlf: false, place };
    Ok(Running { ports: process.ports, certificates, store: Box::new(Mailutils { mail, accounts, process }) })
}

/// Writes the configuration, and returns the line that runs the program.
fn configure(root: &Path, program: &str, [plain, tls]: [u16; 2], own: &str) -> String {
    let servers = [(plain, "ondemand"), (tls, "connection")]
        .map(|(port, mode)| format!("server 127.0.0.1:{port} {{ tls-mode {mode}; }};\n"));
    let text = format!("{CONFIG}pidfile \"/etc/{program}.pid\";\n{own}{}", servers.concat());
    fs::write(root.join(format!("etc/{program}.conf")), text).unwrap();
    format!("chroot {} /usr/sbin/{program} --config-file=/etc/{program}.conf", root.display())
}

fn place(user: &str, mailbox: &str) -> String {
    match mailbox {
        "INBOX" => format!("var/mail/{user}"),
        other => format!("home/{user}/{}", modified_utf7(other)),
    }
}

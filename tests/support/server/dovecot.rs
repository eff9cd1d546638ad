//! Dovecot as Debian installs it. Every name is a user of it, with the common password; one has his own.

use std::fs;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::server::certificates::certificates;
use crate::server::maildir::{Maildirs, maildir_plus};
use crate::server::process::{Process, is_root, owner, persistently};
use crate::server::raw::modified_utf7;
use crate::server::token::{MASTER, TOKEN_KEY};
use crate::server::{Mail, NASTY_PASSWORD, NASTY_USER, PASSWORD, Running, Store};

const CONFIG: &str = include_str!("dovecot.conf");

/// Tokens are checked by their signature alone.
const OAUTH: &str = "introspection_mode = local
local_validation_key_dict = fs:posix:prefix=@DIR@/keys/
username_attribute = sub
issuers = https://issuer.test/
scope = mail
";

pub(crate) struct Dovecot {
    pub(crate) mail: Maildirs,
    pub(crate) process: Process,
}

impl Store for Dovecot {
    fn add_user(&self, _: &str, _: &str) {}

    fn log(&self) -> String {
        self.process.log()
    }

    fn mail(&self) -> &dyn Mail {
        &self.mail
    }
}

/// The directory of a mailbox: its name is in modified UTF-7.
pub(crate) fn place(user: &str, mailbox: &str) -> String {
    maildir_plus(user, &modified_utf7(mailbox))
}

pub(crate) fn start() -> Running {
    let found = Command::new("sh").args(["-c", "PATH=$PATH:/usr/sbin:/sbin; command -v dovecot"]).output().unwrap();
    assert!(
        found.status.success(),
        "the live tests need Dovecot (Debian: dovecot-imapd, dovecot-pop3d); see tests/run"
    );
    persistently("Dovecot", try_start)
}

fn try_start() -> Result<Running, String> {
    let mut process = Process::prepare();
    let dir = process.dir.clone();
    let certificates = certificates(&dir);
    let (uid, gid) = owner(&dir);
    let config = process.configured(
        CONFIG,
        &[
            ("@PASSWORD@", PASSWORD.to_owned()),
            ("@OWNER@", unprivileged(&process)),
            ("@CHROOT@", if is_root(&dir) { String::new() } else { "chroot =".to_owned() }),
            ("@UID@", uid.to_string()),
            ("@GID@", gid.to_string()),
        ],
    );
    fs::write(dir.join("dovecot.conf"), config).unwrap();
    fs::write(dir.join("users"), format!("{NASTY_USER}:{{PLAIN}}{NASTY_PASSWORD}\n")).unwrap();
    fs::write(dir.join("masters"), format!("{MASTER}:{{PLAIN}}{PASSWORD}\n")).unwrap();
    fs::write(dir.join("oauth2.conf"), OAUTH.replace("@DIR@", dir.to_str().unwrap())).unwrap();
    // Dovecot looks for a key by the token's issuer, its algorithm and its name.
    fs::create_dir_all(dir.join("keys/default/HS256")).unwrap();
    fs::write(dir.join("keys/default/HS256/default"), STANDARD.encode(TOKEN_KEY)).unwrap();
    for inner in ["run", "state"] {
        fs::create_dir(dir.join(inner)).unwrap();
    }
    let mail = Maildirs { home: dir.join("home"), owner: (uid, gid), crlf: true, place };
    mail.make();
    process.start(&[format!("dovecot -F -c {}", dir.join("dovecot.conf").display())], &process.name.clone())?;
    Ok(Running { ports: process.ports, certificates, store: Box::new(Dovecot { mail, process }) })
}

/// Without root, Dovecot's processes can only be the user's own.
fn unprivileged(process: &Process) -> String {
    if is_root(&process.dir) {
        return String::new();
    }
    let name = |flag| {
        let output = Command::new("id").arg(flag).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let (user, group) = (name("-un"), name("-gn"));
    format!("default_internal_user = {user}\ndefault_login_user = {user}\ndefault_internal_group = {group}")
}

//! Dovecot 2.4 from Debian 13's unpacked packages, in a root directory of its own, with Debian 13's libraries. Every name is a user of
//! it, as with the other Dovecot.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::server::certificates::certificates;
use crate::server::dovecot::{Dovecot, place};
use crate::server::maildir::Maildirs;
use crate::server::process::{Process, is_root, owner, persistently};
use crate::server::root::copy_root;
use crate::server::token::{MASTER, TOKEN_KEY};
use crate::server::{NASTY_PASSWORD, NASTY_USER, PASSWORD, Running};

const CONFIG: &str = include_str!("dovecot24.conf");

pub(crate) fn start() -> Running {
    persistently("Dovecot 2.4", try_start)
}

fn try_start() -> Result<Running, String> {
    let mut process = Process::prepare();
    let dir = process.dir.clone();
    assert!(is_root(&dir), "Dovecot 2.4 runs as root only, in a root directory of its own");
    let certificates = certificates(&dir);
    // It looks for a key by the token's issuer, its algorithm and its name.
    let root = copy_root("dovecot24", &dir, &["srv/run", "srv/state", "srv/keys/default/HS256", "var/lib/dovecot"]);
    let (uid, gid) = owner(&dir);
    let owner = [("@PASSWORD@", PASSWORD.to_owned()), ("@UID@", uid.to_string()), ("@GID@", gid.to_string())];
    let config = process.configured(CONFIG, &owner);
    let accounts = "root:x:0:0::/:/bin/false\ndovecot:x:5943:5943::/:/bin/false\ndovenull:x:5944:5944::/:/bin/false\n";
    let files = [
        ("etc/passwd", accounts.to_owned()),
        ("etc/group", "root:x:0:\ndovecot:x:5943:\ndovenull:x:5944:\n".to_owned()),
        ("etc/nsswitch.conf", "passwd: files\ngroup: files\n".to_owned()),
        ("srv/dovecot.conf", config),
        ("srv/users", format!("{NASTY_USER}:{{PLAIN}}{NASTY_PASSWORD}\n")),
        ("srv/masters", format!("{MASTER}:{{PLAIN}}{PASSWORD}\n")),
        ("srv/keys/default/HS256/default", STANDARD.encode(TOKEN_KEY)),
    ];
    for (file, text) in files {
        fs::write(root.join(file), text).unwrap();
    }
    let names = ["server", "expired", "wronghost"].map(|name| [format!("{name}.pem"), format!("{name}.key")]);
    for file in names.as_flattened().iter().map(String::as_str).chain(["ca.pem"]) {
        fs::copy(dir.join(file), root.join("srv").join(file)).unwrap();
    }
    let mail = Maildirs { home: root.join("srv/home"), owner: (uid, gid), crlf: true, place };
    mail.make();
    let command = format!("chroot {} /usr/sbin/dovecot -F -c /srv/dovecot.conf", root.display());
    process.start(&[command], &process.name.clone())?;
    Ok(Running { ports: process.ports, certificates, store: Box::new(Dovecot { mail, process }) })
}

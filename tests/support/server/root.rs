//! A server's own root directory: a copy of its unpacked packages, and the users in its `/etc/passwd`. It knows no particular server.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use crate::server::process::{is_root, run, unpacked};

/// Copies the packages unpacked under that name to `root` in `dir`, creates these directories there, and a `/dev/null`.
///
/// Devices cannot be made without root. A plain file is enough.
pub(crate) fn copy_root(name: &str, dir: &Path, inner: &[&str]) -> PathBuf {
    let root = dir.join("root");
    run(Command::new("cp").arg("-a").args([&unpacked(name), &root]), "");
    for inner in ["dev", "etc", "tmp"].iter().chain(inner) {
        fs::create_dir_all(root.join(inner)).unwrap();
    }
    fs::write(root.join("dev/null"), "").unwrap();
    fs::set_permissions(root.join("dev/null"), fs::Permissions::from_mode(0o666)).unwrap();
    root
}

/// The users of a server that looks them up in the system. Only root may run one.
pub(crate) struct Accounts {
    root: PathBuf,
    /// All of them.
    owner: (u32, u32),
    /// Held while the lists are written.
    lists: Mutex<()>,
}

impl Accounts {
    /// The one account, beside root, under which the server runs.
    pub(crate) fn new(root: &Path, owner: (u32, u32), account: &str) -> Self {
        assert!(is_root(root), "{account} runs as root only");
        let files = [
            ("passwd", format!("root:x:0:0::/:/bin/false\n{account}:x:5943:5943::/var/empty:/bin/false\n")),
            ("group", format!("root:x:0:\nmail:x:8:\nshadow:x:42:\n{account}:x:5943:\n")),
            ("shadow", "root:!:19000:0:99999:7:::\n".to_owned()),
            ("nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\n".to_owned()),
        ];
        for (file, text) in files {
            fs::write(root.join("etc").join(file), text).unwrap();
        }
        Self { root: root.to_owned(), owner, lists: Mutex::default() }
    }

    pub(crate) fn add(&self, name: &str, password: &str) {
        let hash = run(Command::new("openssl").args(["passwd", "-6", "-stdin"]), &format!("{password}\n"));
        let hash = String::from_utf8(hash).unwrap();
        let (uid, gid) = self.owner;
        let _held = self.lists.lock().unwrap();
        for (file, line) in [
            ("shadow", format!("{name}:{}:19000:0:99999:7:::\n", hash.trim())),
            ("passwd", format!("{name}:x:{uid}:{gid}::/home/{name}:/bin/sh\n")),
        ] {
            append(&self.root.join("etc").join(file), line.as_bytes());
        }
    }
}

pub(crate) fn append(path: &Path, bytes: &[u8]) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

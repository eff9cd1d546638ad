//! pymap, a server in Python, with mail in memory: every message stays unchanged. It speaks only IMAP, and TLS only by STARTTLS.
//! Every name is a user. A plain session of ours delivers mail and reads it back.

use std::path::Path;

use crate::server::certificates::certificates;
use crate::server::process::{Process, persistently, unpacked};
use crate::server::raw::{ByRaw, Raw};
use crate::server::{Mail, NASTY_PASSWORD, NASTY_USER, PASSWORD, Running, Store};

struct Pymap {
    process: Process,
}

impl Store for Pymap {
    fn add_user(&self, _: &str, _: &str) {}

    fn log(&self) -> String {
        self.process.log()
    }

    fn mail(&self) -> &dyn Mail {
        self
    }
}

impl ByRaw for Pymap {
    fn session(&self, user: &str) -> Raw {
        Raw::login(self.process.ports[0], user, PASSWORD)
    }
}

pub(crate) fn start() -> Running {
    persistently("pymap", try_start)
}

fn try_start() -> Result<Running, String> {
    let mut process = Process::prepare();
    let dir = process.dir.clone();
    let certificates = certificates(&dir);
    let imap = process.ports[0];
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/server/in_memory.py");
    let users = [PASSWORD, NASTY_USER, NASTY_PASSWORD].map(quoted).join(" ");
    let command = format!(
        "{}/bin/python {} {users} --host 127.0.0.1 --port {imap} --cert {dir}/server.pem --key {dir}/server.key dict",
        unpacked("pymap").display(),
        program.display(),
        dir = dir.display()
    );
    process.start_on(&[imap], &[command], "OK")?;
    Ok(Running { ports: process.ports, certificates, store: Box::new(Pymap { process }) })
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

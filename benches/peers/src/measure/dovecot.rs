//! A real Dovecot with a generated maildrop: own configuration and folder, a free port, ended when dropped.

use std::fs::{self, DirBuilder};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{DirBuilderExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Gid, Pid, Uid, User};

use super::child::beside;
use super::home;
use crate::cli::Result;

/// The owner of the mail if this runs as root: Dovecot refuses to open a mailbox as root.
const MAIL_OWNER: u32 = 5977;

/// A running server, ended when dropped.
#[derive(Debug)]
pub struct Dovecot {
    child: Child,
    scratch: PathBuf,
    /// Its port.
    pub port: u16,
    /// The number of its messages.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The checksum over all of them in order.
    pub checksum: String,
}

impl Dovecot {
    /// Makes the maildrop of `messages`, starts the server for POP3 and waits for its greeting. It makes nothing durable: its speed is not
    /// what is measured.
    pub fn start(messages: u64) -> Result<Self> {
        Self::serving("pop3", "never", messages)
    }

    /// The same for one protocol, with this `mail_fsync`.
    pub fn serving(protocol: &str, fsync: &str, messages: u64) -> Result<Self> {
        let scratch = scratch()?;
        let owner = if Uid::effective().is_root() {
            (MAIL_OWNER, MAIL_OWNER)
        } else {
            (Uid::effective().as_raw(), Gid::effective().as_raw())
        };
        let (bytes, checksum) = fill(&scratch, messages)?;
        give(&scratch.join("mail"), owner)?;
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let file = scratch.join("dovecot.conf");
        fs::write(&file, configuration(&scratch, (protocol, port), fsync, owner)?)?;
        let log = fs::File::create(scratch.join("start.log"))?;
        let child = Command::new("dovecot")
            .args(["-F", "-c"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .map_err(|error| format!("dovecot: {error} (Debian: apt-get install dovecot-pop3d)"))?;
        let mut dovecot = Self { child, scratch, port, messages, bytes, checksum };
        dovecot.wait_for_greeting()?;
        dovecot.import(&file)?;
        Ok(dovecot)
    }

    /// Imports the messages into mdbox, the fastest of Dovecot's stores: the server must be as fast as it can.
    fn import(&self, file: &Path) -> Result<()> {
        let from = format!("maildir:{}/mail/Maildir", self.scratch.display());
        let done =
            Command::new("doveadm").arg("-c").arg(file).args(["import", "-u", "bench", &from, "", "ALL"]).output()?;
        if done.status.success() {
            Ok(())
        } else {
            Err(format!("doveadm import: {}", String::from_utf8_lossy(&done.stderr).trim()).into())
        }
    }

    fn wait_for_greeting(&mut self) -> Result<()> {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(20) {
            if let Ok(stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) {
                stream.set_read_timeout(Some(Duration::from_secs(10)))?;
                let mut line = String::new();
                BufReader::new(stream).read_line(&mut line)?;
                if line.starts_with("+OK") || line.starts_with("* OK") {
                    return Ok(());
                }
            }
            if self.child.try_wait()?.is_some() {
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
        let said =
            ["start.log", "dovecot.log"].map(|name| fs::read_to_string(self.scratch.join(name)).unwrap_or_default());
        Err(format!("dovecot does not answer: {}", said.concat().trim()).into())
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // Its own children end with the master; its folder stays, as a `Home` does.
        let _ = kill(Pid::from_raw(self.child.id() as i32), Signal::SIGTERM);
        let _ = self.child.wait();
    }
}

/// A folder of our own that the mail's owner can enter.
fn scratch() -> Result<PathBuf> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let path = home::scratch()?.join(format!("dovecot-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    DirBuilder::new().mode(0o755).create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

/// Lets a process of its own write the messages: the bytes and the checksum that it prints.
fn fill(scratch: &Path, messages: u64) -> Result<(u64, String)> {
    let said = Command::new(beside("maildrop")?)
        .args(["maildir", "--count", &messages.to_string(), "--folder"])
        .arg(scratch.join("mail"))
        .output()?;
    if !said.status.success() {
        return Err(format!("maildrop: {}", String::from_utf8_lossy(&said.stderr).trim()).into());
    }
    let said = String::from_utf8(said.stdout)?;
    let value = |name: &str| said.lines().find_map(|line| line.strip_prefix(name)).ok_or("maildrop said too little");
    Ok((value("bytes ")?.parse()?, value("checksum ")?.to_owned()))
}

fn give(path: &Path, owner: (u32, u32)) -> Result<()> {
    chown(path, Some(owner.0), Some(owner.1))?;
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            give(&entry?.path(), owner)?;
        }
    }
    Ok(())
}

fn configuration(scratch: &Path, (protocol, port): (&str, u16), fsync: &str, (uid, gid): (u32, u32)) -> Result<String> {
    let dir = scratch.display();
    let unprivileged = if Uid::effective().is_root() { String::new() } else { unprivileged(protocol)? };
    Ok(format!(
        "base_dir = {dir}/run\nlisten = 127.0.0.1\nprotocols = {protocol}\nlog_path = {dir}/dovecot.log\nssl = no\ndisable_plaintext_auth = no\n\
         first_valid_uid = 1\nmail_max_userip_connections = 0\nmail_fsync = {fsync}\nmail_location = mdbox:{dir}/mail/mdbox\n\
         mdbox_rotate_size = 64M\npop3_no_flag_updates = yes\npop3_fast_size_lookups = yes\n\
         passdb {{\n  driver = static\n  args = password=bench\n}}\n\
         userdb {{\n  driver = static\n  args = uid={uid} gid={gid} home={dir}/mail\n}}\n\
         service {protocol}-login {{\n  inet_listener {protocol} {{\n    port = {port}\n  }}\n  inet_listener {protocol}s {{\n    port = 0\n  }}\n}}\n{unprivileged}"
    ))
}

/// What Dovecot needs to run as an ordinary user.
fn unprivileged(protocol: &str) -> Result<String> {
    let name = User::from_uid(Uid::effective())?.ok_or("this user has no name")?.name;
    let services =
        [&format!("{protocol}-login"), "anvil"].map(|service| format!("service {service} {{\n  chroot =\n}}\n"));
    Ok(format!("default_internal_user = {name}\ndefault_login_user = {name}\n{}", services.concat()))
}

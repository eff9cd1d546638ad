//! Courier from unpacked packages. Its paths are compiled in, so it runs in a root directory of its own, a copy for each
//! start. Its users are in a database of its own, to which each test's is added.

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

use crate::server::certificates::certificates;
use crate::server::maildir::{Maildirs, maildir_plus};
use crate::server::process::{Process, is_root, owner, persistently, run};
use crate::server::root::copy_root;
use crate::server::{Mail, Running, Store};

const ENVIRONMENT: &str = include_str!("courier.env");
const IMAP: &str = "/usr/lib/courier/courier/imaplogin /usr/bin/imapd Maildir";
const POP3: &str = "/usr/lib/courier/courier/courierpop3login /usr/lib/courier/courier/courierpop3d Maildir";

struct Courier {
    mail: Maildirs,
    root: Root,
    /// The lines of the two databases: the public data of the users, and their passwords.
    users: Mutex<[String; 2]>,
    process: Process,
}

impl Store for Courier {
    fn add_user(&self, name: &str, password: &str) {
        let (uid, gid) = inner_owner(&self.process);
        let hash = |kind: &str| {
            let hash = run(self.root.command("/usr/sbin/userdbpw").arg(kind), &format!("{password}\n"));
            String::from_utf8(hash).unwrap().trim().to_owned()
        };
        let mut users = self.users.lock().unwrap();
        users[0] += &format!("{name}\tuid={uid}|gid={gid}|home=/home/{name}|mail=/home/{name}/Maildir|_=\n");
        users[1] += &format!("{name}\tsystempw={}|hmac-md5pw={}|_=\n", hash("-md5"), hash("-hmac-md5"));
        for (file, lines) in ["userdb", "userdbshadow"].into_iter().zip(&*users) {
            let base = format!("/etc/courier/{file}");
            let make = ["-".to_owned(), format!("{base}.tmp"), format!("{base}.dat")];
            let program = "/usr/lib/courier/courier-authlib/makedatprog";
            run(self.root.command(program).args(make), &format!("{lines}.\n"));
        }
        self.mail.make_mailbox(name, "INBOX");
    }

    fn log(&self) -> String {
        self.process.log()
    }

    fn mail(&self) -> &dyn Mail {
        &self.mail
    }
}

pub(crate) fn start() -> Running {
    persistently("Courier", try_start)
}

fn try_start() -> Result<Running, String> {
    let mut process = Process::prepare();
    let dir = process.dir.clone();
    let certificates = certificates(&dir);
    let path = copy_root("courier", &dir, &["etc/courier", "home", "run/courier/authdaemon", "var"]);
    let root = Root { path, name_space: !is_root(&dir) };
    std::os::unix::fs::symlink("../run", root.path.join("var/run")).unwrap();
    let etc = root.path.join("etc");
    fs::copy(dir.join("server-both.pem"), etc.join("courier/server.pem")).unwrap();
    // STARTTLS is done by a process that becomes this user.
    let (uid, gid) = inner_owner(&process);
    fs::write(etc.join("passwd"), format!("root:x:0:0::/:/bin/false\ncourier:x:{uid}:{gid}::/:/bin/false\n")).unwrap();
    fs::write(etc.join("group"), format!("root:x:0:\ncourier:x:{gid}:\n")).unwrap();
    fs::write(etc.join("hosts"), "127.0.0.1 localhost\n").unwrap();
    // Devices cannot be made without root. A plain file is enough as salt for hashes.
    let mut salt = [0; 4096];
    fs::File::open("/dev/urandom").unwrap().read_exact(&mut salt).unwrap();
    fs::write(root.path.join("dev/urandom"), salt).unwrap();
    let authentication = "authmodulelist=\"authuserdb\"\nauthmodulelistorig=\"authuserdb\"\ndaemons=3\n\
        authdaemonvar=/run/courier/authdaemon\nDEBUG_LOGIN=0\nDEFAULTOPTIONS=\"\"\nLOGGEROPTS=\"\"\n";
    fs::write(etc.join("courier/authdaemonrc"), authentication).unwrap();

    let [imap, imaps, pop3, pop3s] = process.ports;
    let tls = "/usr/bin/couriertls -server -tcpd ";
    let listen = |how: &str, port: u16, server: &str| {
        let limits = "-maxprocs=1000 -maxperip=1000 -nodnslookup -noidentlookup";
        root.line(how, &format!("/usr/sbin/couriertcpd -address=127.0.0.1 {limits} {port} {server}"))
    };
    let commands = [
        root.line("", "/usr/lib/courier/courier-authlib/authdaemond"),
        listen("IMAP_STARTTLS=YES", imap, IMAP),
        listen("IMAP_TLS=1", imaps, &format!("{tls}{IMAP}")),
        listen("POP3_STARTTLS=YES", pop3, POP3),
        listen("POP3_TLS=1", pop3s, &format!("{tls}{POP3}")),
    ];
    let mail = Maildirs { home: root.path.join("home"), owner: owner(&dir), crlf: false, place: maildir_plus };
    process.start(&commands, " ")?;
    let socket = root.path.join("run/courier/authdaemon/socket");
    while !socket.exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    Ok(Running {
        ports: process.ports,
        certificates,
        store: Box::new(Courier { mail, root, users: Mutex::default(), process }),
    })
}

/// The owner of the mail, seen from inside: the one user that a name space has is number 0 there.
fn inner_owner(process: &Process) -> (u32, u32) {
    if is_root(&process.dir) { owner(&process.dir) } else { (0, 0) }
}

/// The root directory, entered by a user name space if the tests do not run as root.
struct Root {
    path: PathBuf,
    name_space: bool,
}

impl Root {
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("PATH=$PATH:/usr/sbin:/sbin; exec {}\"$@\"", self.enter()), "sh", program]);
        command
    }

    /// A line for `serve.sh`: this program, with nothing in its environment but Courier's settings and this one.
    fn line(&self, setting: &str, program: &str) -> String {
        let settings = ENVIRONMENT.lines().collect::<Vec<_>>().join(" ");
        format!("env -i {settings} {setting} {}{program}", self.enter())
    }

    fn enter(&self) -> String {
        let chroot = format!("chroot {} ", self.path.display());
        if self.name_space { format!("unshare -r {chroot}") } else { chroot }
    }
}

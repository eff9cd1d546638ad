//! dante (SOCKS5) and tinyproxy (HTTP CONNECT), each with one user and in a root directory of its own. There, the file of hosts has a name
//! that nobody else knows.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;

use crate::server::process::{Process, owner, persistently};
use crate::server::root::{Accounts, copy_root};

pub(crate) const USER: &str = "proxy-user";
/// tinyproxy takes only letters, digits and some marks.
pub(crate) const PASSWORD: &str = "pr0xy-s3cret.of_the_tests";
/// 127.0.0.1, for the proxies alone.
pub(crate) const NAME: &str = "only-the-proxies-know.test";

pub(crate) struct Proxies {
    pub(crate) socks5: u16,
    pub(crate) http: u16,
    process: Process,
}

impl Proxies {
    pub(crate) fn start() -> Self {
        persistently("dante or tinyproxy", || try_start(&[]))
    }

    /// The same, but tinyproxy makes tunnels to these ports only, and dante to none.
    pub(crate) fn start_for(ports: &[u16]) -> Self {
        persistently("dante or tinyproxy", || try_start(ports))
    }

    pub(crate) fn log(&self) -> String {
        self.process.log()
    }
}

fn try_start(ports: &[u16]) -> Result<Proxies, String> {
    let mut process = Process::prepare();
    let [socks5, http, ..] = process.ports;
    let rule = if ports.is_empty() { "pass" } else { "block" };
    let allowed: String = ports.iter().map(|port| format!("ConnectPort {port}\n")).collect();
    let login = format!("BasicAuth {USER} {PASSWORD}\n");
    let dante = include_str!("danted.conf").replace("@PORT@", &socks5.to_string()).replace("@RULE@", rule);
    let tinyproxy = include_str!("tinyproxy.conf").replace("@PORT@", &http.to_string()) + &login + &allowed;
    let dante = root(&process, "dante-server", "danted.conf", &dante);
    let tinyproxy = root(&process, "tinyproxy-bin", "tinyproxy.conf", &tinyproxy);
    let accounts = Accounts::new(&dante, owner(&process.dir), "danted");
    accounts.add(USER, PASSWORD);
    for root in [&dante, &tinyproxy] {
        let lists = "passwd: files\ngroup: files\nshadow: files\nhosts: files\n";
        fs::write(root.join("etc/nsswitch.conf"), lists).unwrap();
    }
    let commands = [
        format!("chroot {} /usr/sbin/danted -N 1 -f /etc/danted.conf", dante.display()),
        format!("chroot {} /usr/bin/tinyproxy -d -c /etc/tinyproxy.conf", tinyproxy.display()),
    ];
    let answers = || {
        // Each with what only its protocol has: no method is acceptable; a login is required.
        answer(socks5, b"\x05\x01\x77").starts_with(b"\x05\xff")
            && answer(http, b"CONNECT nowhere.invalid:1 HTTP/1.0\r\n\r\n").starts_with(b"HTTP/1.0 407")
    };
    process.start_when(&commands, answers)?;
    Ok(Proxies { socks5, http, process })
}

fn root(process: &Process, name: &str, file: &str, config: &str) -> PathBuf {
    // Both would be `root`.
    let dir = process.dir.join(name);
    fs::create_dir(&dir).unwrap();
    let root = copy_root(name, &dir, &["var/run", "var/empty"]);
    fs::write(root.join("etc").join(file), config).unwrap();
    fs::write(root.join("etc/hosts"), format!("127.0.0.1 localhost {NAME}\n")).unwrap();
    root
}

fn answer(port: u16, question: &[u8]) -> Vec<u8> {
    let mut answer = Vec::new();
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return answer };
    let _ = stream.set_read_timeout(Some(std::time::Duration::from_secs(2)));
    let _ = stream.write_all(question).and_then(|()| stream.read_to_end(&mut answer));
    let _ = stream.shutdown(Shutdown::Both);
    answer
}

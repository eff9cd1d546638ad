//! The library through Debian's dante and tinyproxy, to Dovecot. No other server is needed for it: what goes through a tunnel does not
//! depend on the proxy.

use std::env;
use std::process::Command;

use postroom::connector::{Proxy, Target};
use postroom::{Config, Error, Fault, Kind, Login, Protocol};
use tokio::task::spawn_blocking;

use crate::live::{config, fill, ids, login};
use crate::scratch::Scratch;
use crate::server::proxies::{NAME, PASSWORD, Proxies, USER};
use crate::server::{Brand, Server, User};

/// The name of the test below that runs itself, and what its second process gets.
const ITSELF: &str = "proxies::no_name_is_looked_up_but_by_the_proxy";
const SECOND: [&str; 4] =
    ["POSTROOM_PROXY_USER", "POSTROOM_PROXY_PORT", "POSTROOM_PROXY_PROTOCOL", "POSTROOM_PROXY_CA"];

async fn messages(protocol: Protocol, config: Config, login: Login) -> Result<usize, Error> {
    match protocol {
        Protocol::Imap => {
            let imap = postroom::Imap::connect(config, login).await?;
            let mut inbox = imap.into_folder("INBOX").await?;
            Ok(ids(&mut inbox).await.len())
        }
        Protocol::Pop3 => {
            let mut pop3 = postroom::Pop3::connect(config, login).await?;
            let count = ids(&mut pop3).await.len();
            pop3.quit().await?;
            Ok(count)
        }
    }
}

fn ports(protocol: Protocol, server: &Server) -> [u16; 2] {
    match protocol {
        Protocol::Imap => [server.imaps, server.imap],
        Protocol::Pop3 => [server.pop3s, server.pop3],
    }
}

const PROTOCOLS: [Protocol; 2] = [Protocol::Imap, Protocol::Pop3];

fn bare(proxies: &Proxies) -> [Proxy; 2] {
    [Proxy::socks5("127.0.0.1", proxies.socks5), Proxy::http("127.0.0.1", proxies.http)]
}

#[tokio::test]
#[ignore = "needs real servers; run by tests/run"]
async fn both_protocols_run_through_both_with_every_kind_of_tls() {
    let user = User::new(Brand::Dovecot);
    let proxies = spawn_blocking(Proxies::start).await.unwrap();
    fill(&user, 3);
    for proxy in bare(&proxies) {
        let proxy = proxy.login(USER, PASSWORD);
        for protocol in PROTOCOLS {
            let [tls, plain] = ports(protocol, &user.server);
            let tls = config(&user.server, NAME, tls).server_name("localhost");
            let upgraded = config(&user.server, NAME, plain).server_name("localhost").starttls();
            for config in [tls.clone(), tls, upgraded] {
                let count = messages(protocol, config.connect_by(proxy.clone()), login(&user)).await;
                assert_eq!(count.unwrap_or_else(|error| panic!("{error:#}\n{}", proxies.log())), 3);
            }
        }
    }
}

#[tokio::test]
#[ignore = "needs real servers; run by tests/run"]
async fn refusals_are_named() {
    let user = User::new(Brand::Dovecot);
    let proxies = spawn_blocking(Proxies::start).await.unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let failure = async |host: &str, port: u16, proxy: Proxy| {
        let config = config(&user.server, host, port).connect_by(proxy);
        messages(Protocol::Imap, config, login(&user)).await.unwrap_err()
    };
    for proxy in bare(&proxies) {
        for (proxy, words) in [
            (proxy.clone(), "asks for a user and a password"),
            (proxy.clone().login(USER, "n0t-this-one"), "does not accept the user and the password"),
        ] {
            let error = failure(NAME, user.server.imaps, proxy).await;
            assert_eq!((error.kind(), error.fault(), error.is_retryable()), (Kind::Io, Fault::Caller, false));
            assert!(error.to_string().contains(words), "{error:#}\n{}", proxies.log());
            assert!(!format!("{error:#} {error:?}").contains("n0t-this-one"));
        }
        let proxy = proxy.login(USER, PASSWORD);
        for (host, port) in [(NAME, closed), ("nobody-knows.test", 993)] {
            let error = failure(host, port, proxy.clone()).await;
            assert_eq!((error.kind(), error.is_retryable()), (Kind::Io, true), "{error:#}\n{}", proxies.log());
            assert!(
                error.to_string().contains(host) && error.to_string().contains("the proxy 127.0.0.1:"),
                "{error:#}"
            );
        }
    }
}

#[tokio::test]
#[ignore = "needs real servers; run by tests/run"]
async fn a_proxy_that_allows_other_servers_only_says_so() {
    let user = User::new(Brand::Dovecot);
    let proxies = spawn_blocking(|| Proxies::start_for(&[443])).await.unwrap();
    for proxy in bare(&proxies) {
        let config = config(&user.server, NAME, user.server.imaps).connect_by(proxy.login(USER, PASSWORD));
        let error = messages(Protocol::Imap, config, login(&user)).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (Kind::Io, false), "{error:#}\n{}", proxies.log());
        assert!(error.to_string().contains("does not allow connections to"), "{error:#}");
    }
}

/// The server has a name that only the proxies know. A second process, this test again, uses the proxy of its environment and must reach the
/// server, while `strace` writes down where it connects and sends to: to the proxy and nowhere else, so to no resolver. Without the proxy
/// the same process does ask one, which shows that `strace` would see it.
#[tokio::test]
#[ignore = "needs real servers; run by tests/run"]
async fn no_name_is_looked_up_but_by_the_proxy() {
    if env::var_os(SECOND[0]).is_some() {
        return second_process().await;
    }
    let user = User::new(Brand::Dovecot);
    let proxies = spawn_blocking(Proxies::start).await.unwrap();
    fill(&user, 3);
    let (socks5, http) = (proxies.socks5, proxies.http);
    for (scheme, port) in [("socks5h", socks5), ("socks5", socks5), ("http", http)] {
        for protocol in PROTOCOLS {
            let url = format!("{scheme}://{USER}:{PASSWORD}@127.0.0.1:{port}");
            let (output, calls) = traced(&user, protocol, &url).await;
            assert!(output.contains("3 messages"), "{scheme}: {output}\n{}", proxies.log());
            let places: Vec<_> = calls.lines().filter(|call| !call.contains("sa_family=AF_UNSPEC")).collect();
            let to_proxy = format!("sin_port=htons({port}), sin_addr=inet_addr(\"127.0.0.1\")");
            assert!(!places.is_empty() && places.iter().all(|call| call.contains(&to_proxy)), "{scheme}: {calls}");
        }
    }
    let (output, calls) = traced(&user, Protocol::Imap, "").await;
    assert!(output.contains("could not be looked up"), "{output}");
    assert!(!calls.is_empty(), "strace does not see how a name is looked up");
}

/// What the second process prints, and its calls that name a place.
async fn traced(user: &User, protocol: Protocol, url: &str) -> (String, String) {
    let scratch = Scratch::new();
    let (trace, ca) = (scratch.join("trace"), scratch.join("ca.pem"));
    std::fs::write(&ca, &user.server.ca_pem).unwrap();
    let values = [
        user.name.clone(),
        ports(protocol, &user.server)[0].to_string(),
        format!("{protocol:?}"),
        ca.display().to_string(),
    ];
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-e", "signal=none", "-o"]).arg(&trace);
    command.arg(env::current_exe().unwrap()).args(["--exact", ITSELF, "--ignored", "--nocapture"]);
    command.envs(SECOND.into_iter().zip(values)).env("ALL_PROXY", url).env("RES_OPTIONS", "timeout:1 attempts:1");
    for name in ["all_proxy", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"] {
        command.env_remove(name);
    }
    let output = spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let calls = std::fs::read_to_string(&trace).unwrap();
    // What is sent over a connected socket names no place.
    let calls: Vec<_> = calls.lines().filter(|call| call.contains("sa_family=")).collect();
    (String::from_utf8_lossy(&output.stdout).into_owned(), calls.join("\n"))
}

async fn second_process() {
    let [user, port, protocol, ca] = SECOND.map(|name| env::var(name).unwrap());
    let protocol = if protocol == "Imap" { Protocol::Imap } else { Protocol::Pop3 };
    let port: u16 = port.parse().unwrap();
    let mut config = Config::new(NAME).port(port).server_name("localhost").only_added_roots();
    config = config.add_root_pem(&std::fs::read(ca).unwrap()).unwrap();
    if let Some(proxy) = Proxy::from_env(&Target::new(NAME, port)).unwrap() {
        config = config.connect_by(proxy);
    }
    match messages(protocol, config, Login::password(user, crate::server::PASSWORD)).await {
        Ok(count) => println!("{count} messages"),
        Err(error) => println!("{error:#}"),
    }
}

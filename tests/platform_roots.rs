//! Trust in the operating system's roots. A process of its own for each root store: the environment names it, and a
//! test must not change its own environment.
#![cfg(all(
    feature = "testing",
    feature = "platform-roots",
    feature = "imap",
    any(feature = "aws-lc-rs", feature = "ring"),
    target_os = "linux"
))]
#![allow(clippy::unwrap_used, reason = "a panic in a test is a failed test")]

use std::path::Path;
use std::process::Command;

use postroom::testing::Server;
use postroom::{Config, Error, Imap, Kind, Login};

/// The port to connect to, set in the inner process only.
const PORT: &str = "POSTROOM_TEST_PLATFORM_ROOTS_PORT";

async fn session(config: Config) -> Result<(), Error> {
    Imap::connect(config, Login::password("alice", "alicepw")).await?.logout().await
}

/// Runs `the_systems_roots_decide` in a process whose system trusts only the certificates of this file, or what the machine trusts;
/// returns what it prints.
fn inner(port: u16, store: Option<&Path>) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "the_systems_roots_decide", "--nocapture"]).env(PORT, port.to_string());
    command.env_remove("SSL_CERT_DIR").env_remove("SSL_CERT_FILE");
    command.envs(store.map(|store| ("SSL_CERT_FILE", store)));
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_systems_roots_decide() {
    if let Ok(port) = std::env::var(PORT) {
        let config = Config::new("localhost").port(port.parse().unwrap()).platform_roots();
        let outcome = session(config).await.map_err(|error| error.kind());
        return println!("outcome: {outcome:?}");
    }
    let server = Server::builder().start().await.unwrap();
    let file = std::env::temp_dir().join(format!("postroom-platform-roots-{}.pem", std::process::id()));
    std::fs::write(&file, server.ca_pem()).unwrap();
    let (trusting, others) = (inner(server.imaps_port(), Some(&file)), inner(server.imaps_port(), None));
    std::fs::remove_file(&file).unwrap();
    assert!(trusting.contains("outcome: Ok(())"), "{trusting}");
    // The machine does not know the authority of this process.
    assert!(others.contains("outcome: Err(Tls)"), "{others}");
}

#[tokio::test]
async fn added_roots_are_trusted_beside_the_systems() {
    let server = Server::builder().start().await.unwrap();
    let config = Config::new("localhost").port(server.imaps_port());
    let error = session(config.clone().platform_roots()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Tls, "{error:?}");
    session(config.add_root_pem(server.ca_pem().as_bytes()).unwrap().platform_roots()).await.unwrap();
}

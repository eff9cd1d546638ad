//! The program that collects: this test binary once more, as its environment says, and what the library of faults is given.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use postroom::collect::{Collector, Delivery, Event, FileLedger, Ledger, Maildir, Mbox, Policy};
use postroom::pop3::Pop3;
use postroom::{Config, Login, Result};

use super::trial::Way;

const JOB: &str = "POSTROOM_TEST_COLLECT";

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Storage,
    Send,
}

/// What fails, and at which call of that kind, from 1; see `faults.c`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    pub(crate) at: usize,
    pub(crate) deed: &'static str,
}

/// A call that the library has counted.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    /// The file, or the first bytes that were sent.
    pub(crate) what: String,
}

impl Call {
    pub(crate) fn parse(line: &str) -> Self {
        let mut words = line.splitn(3, ' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        let kind = if word() == "storage" { Kind::Storage } else { Kind::Send };
        Self { kind, name: word(), what: word() }
    }

    /// Whether it can be done in part.
    pub(crate) fn writes(&self) -> bool {
        ["write", "pwrite", "writev", "send", "sendto", "sendmsg"].contains(&&*self.name)
    }
}

/// Runs it to its end. The work is in `dir`, the calls are written into `trace`.
pub(crate) fn run(way: Way, port: u16, dir: &Path, trace: &Path, fault: Option<Fault>) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "slow::aborts::child::collects", "--nocapture", "--test-threads=1"]);
    command.env(JOB, format!("{port} {} {} {} {}", way.mbox, way.deletes, way.sqlite, dir.display()));
    command.env("LD_PRELOAD", faults()).env("FAULT_ROOT", dir).env("FAULT_TRACE", trace);
    command.env("RUST_BACKTRACE", "0");
    if let Some(Fault { kind, at, deed }) = fault {
        let kind = if kind == Kind::Storage { "storage" } else { "send" };
        command.env("FAULT_KIND", kind).env("FAULT_AT", at.to_string()).env("FAULT_DEED", deed);
    }
    command.output().unwrap()
}

/// The library, compiled once.
fn faults() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("faults-{}.so", std::process::id()));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/faults.c");
        let compiled = Command::new("cc").args(["-O1", "-shared", "-fPIC", "-o"]).arg(&library).arg(source).output();
        let compiled = compiled.expect("these tests need a C compiler");
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        library
    })
}

/// Does nothing in a normal run of the tests.
#[test]
fn collects() {
    let Ok(job) = std::env::var(JOB) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (status, text) = match runtime.block_on(work(&job)) {
        Ok(failed) => (i32::from(failed > 0), format!("{failed} failed")),
        Err(error) => (1, format!("{error:?}")),
    };
    eprintln!("{text}");
    // Waits for no thread.
    std::process::exit(status);
}

/// How many messages failed.
async fn work(job: &str) -> Result<usize> {
    let words: Vec<_> = job.splitn(5, ' ').collect();
    let config = Config::new("127.0.0.1").port(words[0].parse().unwrap()).dangerous_plaintext();
    let dir = Path::new(words[4]);
    let policy = if words[2] == "true" { Policy::delete() } else { Policy::keep() };
    let delivery: Box<dyn Delivery> = match words[1] == "true" {
        true => Box::new(Mbox::open(dir.join("mbox")).await?),
        false => Box::new(Maildir::open(dir.join("mail")).await?),
    };
    let ledger: Box<dyn Ledger> = match words[3] == "true" {
        #[cfg(feature = "sqlite")]
        true => Box::new(postroom::collect::SqliteLedger::open(dir.join("ledger")).await?),
        _ => Box::new(FileLedger::open(dir.join("ledger")).await?),
    };
    collect(config, policy, ledger, delivery).await
}

async fn collect(config: Config, policy: Policy, ledger: impl Ledger, delivery: impl Delivery) -> Result<usize> {
    let mut collector = Collector::new("me", ledger, delivery).policy(policy);
    let mut mailbox = Pop3::connect(config, Login::password("me", "secret")).await?;
    let mut run = collector.run(&mut mailbox);
    while let Some(event) = run.next().await {
        if let Event::Failed { error, .. } = event {
            eprintln!("{error:?}");
        }
    }
    Ok(run.finish().await?.failed)
}
